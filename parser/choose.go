package parser

import (
	"bytes"
	"path"
	"strings"
	"unicode/utf8"

	"almasu/exchange"
	"almasu/internal/mimepart"
	"almasu/parser/card"
	"almasu/parser/iodef"
	"almasu/parser/tree"
)

// candidate is a document that may be the machine part.
type candidate struct {
	index       int
	tree        *tree.Document
	format      exchange.Format // recognised, "" if not
	declared    bool            // by media type or file name, not by content alone
	mislabelled bool            // declared as the other syntax
	oversize    bool            // only its beginning was looked at
	broken      bool            // not well-formed, or not read to its end
}

// choose finds the one machine part. Recognised reports come first; failing
// one, what is declared as JSON or XML but broken is told as such; failing
// that, a single JSON or XML document is a report in an unknown format.
func choose(seen []*candidate) (*candidate, exchange.Refusal) {
	var known, broken, others []*candidate
	for _, c := range seen {
		switch {
		case c.format != "":
			known = append(known, c)
		case c.declared && (c.broken || c.oversize):
			broken = append(broken, c)
		case c.declared:
			others = append(others, c)
		}
	}
	switch {
	case len(known) > 1:
		return nil, exchange.Refusal{Code: exchange.ManyReports, Reason: "more than one report document in the message"}
	case len(known) == 1:
		return known[0], exchange.Refusal{}
	case len(broken) > 0:
		return broken[0], exchange.Refusal{}
	case len(others) == 1:
		return others[0], exchange.Refusal{}
	case len(others) > 1:
		return nil, exchange.Refusal{Code: exchange.FormatUnknown, Reason: "several JSON or XML documents, none in a known report format"}
	}
	return nil, exchange.Refusal{Code: exchange.NoReport, Reason: "no report document in the message"}
}

// prefix is how much of an oversize document is looked at to recognise it.
const prefix = 64 << 10

// look reads a document that may be a report, nil if it can be none.
func look(doc exchange.Document, l Limits) *candidate {
	syntax, declared := syntaxOf(doc)
	if syntax == "" {
		return nil
	}
	c := &candidate{declared: declared}
	if begins := opening(doc.Body); begins != "" && begins != syntax {
		syntax, c.mislabelled = begins, true
	}
	body, charset := doc.Body, doc.Charset
	if int64(len(body)) > l.document() {
		c.oversize = true
		body = wholeRunes(body[:min(len(body), prefix)])
	}
	if syntax == tree.XML {
		c.tree = tree.ReadXML(body, charset, l.tree())
	} else {
		text, finding := plainJSON(doc, body)
		c.tree = tree.ReadJSON(text, l.tree())
		if finding != "" {
			c.tree.Findings = append(c.tree.Findings, finding)
		}
	}
	c.broken = !c.tree.Whole || c.tree.Broken()
	c.format = recognise(doc, c.tree)
	if c.format == "" && c.broken {
		c.format = marked(c.tree, doc.Body)
	}
	if c.format == "" {
		c.tree.Root = nil // not needed any more, and it may be large
	}
	return c
}

// syntaxOf is the notation a document is in: by media type, by file name, and
// for types that say nothing by content. declared is false for the last.
func syntaxOf(doc exchange.Document) (s tree.Syntax, declared bool) {
	switch t := doc.MediaType; {
	case t == "text/html" || strings.HasPrefix(t, "image/") || t == "application/xhtml+xml":
		return "", false
	case t == "application/json" || t == "text/json" || strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json"):
		return tree.JSON, true
	case t == "application/xml" || t == "text/xml" || strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+xml"):
		return tree.XML, true
	}
	switch strings.ToLower(path.Ext(doc.Name)) {
	case ".json":
		return tree.JSON, true
	case ".xml":
		return tree.XML, true
	}
	switch doc.MediaType {
	case "", "text/plain", "application/octet-stream":
		return opening(doc.Body), false
	}
	return "", false
}

// opening tells the notation by the first character, in UTF-8 or UTF-16.
func opening(body []byte) tree.Syntax {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		body = bytes.TrimPrefix(body, []byte(mark))
	}
	switch body = bytes.TrimLeft(body, " \t\r\n\x00"); {
	case bytes.HasPrefix(body, []byte("{")):
		return tree.JSON
	case bytes.HasPrefix(body, []byte("<")):
		return tree.XML
	}
	return ""
}

// marked is the format whose mark a document that could not be read shows, ""
// for none.
func marked(d *tree.Document, body []byte) exchange.Format {
	switch {
	case d.Syntax == tree.JSON && bytes.Contains(body, []byte(`"`+card.Marker+`"`)),
		d.Syntax == tree.XML && bytes.Contains(body, []byte(card.Namespace)):
		return card.Format(d.Syntax)
	case d.Syntax == tree.XML && bytes.Contains(body, []byte(iodef.Namespace)):
		return exchange.IODEFXML
	}
	return ""
}

// FindingDetected: the text part that is the machine part declares no charset,
// or one that nobody knows; the one it was read in was guessed.
const FindingDetected = "charset-detected"

// plainJSON undoes the charset of JSON. JSON is UTF-8 (RFC 8259 section 8.1),
// and its media types have no charset; one that is declared all the same, and
// known, rules what is no UTF-8. In a text part, as mail programs write it, the
// declared one rules, and only where none that is known is declared it is
// guessed.
func plainJSON(doc exchange.Document, body []byte) (text []byte, finding string) {
	charset, declared := doc.Charset, mimepart.KnownCharset(doc.Charset)
	if isText := strings.HasPrefix(doc.MediaType, "text/") && doc.MediaType != "text/json"; !isText {
		if !declared || utf8.Valid(body) && !bytes.ContainsRune(body, 0) { // zeros are UTF-16's
			return body, ""
		}
	} else if !declared {
		charset = mimepart.DetectCharset(body)
		if charset != "utf-8" {
			finding = FindingDetected
		}
	}
	decoded, err := mimepart.DecodeText(body, charset)
	if err != nil || charset == "" {
		return body, ""
	}
	if charset != "utf-8" { // the mark of UTF-16 goes with it
		decoded = strings.TrimPrefix(decoded, "\ufeff")
	}
	return []byte(decoded), finding
}

// wholeRunes takes away the beginning of a character that was cut off.
func wholeRunes(body []byte) []byte {
	for i := 1; i <= utf8.UTFMax && i <= len(body); i++ {
		if utf8.RuneStart(body[len(body)-i]) {
			if !utf8.FullRune(body[len(body)-i:]) {
				return body[:len(body)-i]
			}
			break
		}
	}
	return body
}
