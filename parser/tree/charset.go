package tree

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"almasu/exchange"
	"almasu/internal/mimepart"
)

// FindingCharset: the charset of the MIME part and what the document says of
// itself differ.
const FindingCharset = "charset-differs"

// decode puts the document into UTF-8 (RFC 7303 section 3): a byte order mark
// says most, then the charset of the MIME part if it is one that is known, then
// the XML declaration; without any it is UTF-8, or the UTF-16 its zeros show
// (XML 1.0 appendix F). Where MIME and document disagree the document is
// still read, with a finding; a document that contradicts itself is not.
func (d *Document) decode(data []byte, mime string) bool {
	if mime != "" && !mimepart.KnownCharset(mime) {
		d.Findings = append(d.Findings, FindingCharset)
		mime = ""
	}
	mark, marked := markOf(data)
	d.Text = data[len(mark):]
	declared := declaredEncoding(d.Text)
	charset := mime
	switch {
	case marked != "":
		charset = marked
	case mime == "":
		charset = declared
	}
	if mime != "" && (!sameCharset(mime, charset) || declared != "" && !sameCharset(mime, declared)) {
		d.Findings = append(d.Findings, FindingCharset)
	}
	if sameCharset(charset, "utf-8") {
		if mime == "" && declared != "" && !sameCharset(declared, "utf-8") {
			d.fault(exchange.ProblemEncoding, "encoding-declared", nil, 0)
			return false
		}
		return true // readableXML looks whether it is
	}
	return d.transcode(data, charset, mime == "")
}

// transcode decodes a charset other than UTF-8.
func (d *Document) transcode(data []byte, charset string, selfDeclared bool) bool {
	text, err := mimepart.DecodeText(data, charset)
	if err != nil || strings.ContainsRune(text, utf8.RuneError) { // an octet that the charset has not
		d.Text = nil
		d.fault(exchange.ProblemEncoding, "encoding-charset", nil, 0)
		return false
	}
	d.Text = []byte(strings.TrimPrefix(text, "\ufeff"))
	if declared := declaredEncoding(d.Text); selfDeclared && declared != "" && !sameCharset(declared, charset) {
		d.fault(exchange.ProblemEncoding, "encoding-declared", nil, 0)
		return false
	}
	return true
}

// markOf returns the byte order mark and the charset it stands for; for UTF-16
// the mark stays with the text, whose decoder wants it.
func markOf(data []byte) (mark []byte, charset string) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return data[:3], "utf-8"
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return nil, "utf-16"
	case bytes.HasPrefix(data, []byte("<\x00")):
		return nil, "utf-16le"
	case bytes.HasPrefix(data, []byte("\x00<")):
		return nil, "utf-16be"
	}
	return nil, ""
}

// declaredEncoding is the encoding of the XML declaration in lower case, "" if
// there is none.
func declaredEncoding(text []byte) string {
	m := declaration.FindSubmatch(text)
	if m == nil {
		return ""
	}
	return strings.ToLower(string(append(m[1], m[2]...)))
}

// sameCharset compares two names; US-ASCII, and nothing at all, are UTF-8, and
// UTF-16 is the same in both octet orders.
func sameCharset(a, b string) bool {
	plain := func(s string) string {
		switch s = strings.ToLower(s); s {
		case "", "utf8", "us-ascii", "ascii":
			return "utf-8"
		case "utf-16le", "utf-16be":
			return "utf-16"
		}
		return s
	}
	return plain(a) == plain(b)
}
