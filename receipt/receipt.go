// Package receipt is what a letter says, both ends: the words of receipts,
// notices, reports and neutral notices in Kazakh, Russian and English, the
// MIME entity that carries them beside the machine part, and the disposition
// notification (RFC 8098, RFC 3335) with its reader. Build and Parse are
// inverses.
//
// It is pure: values in, octets out, the same each time. It refuses to seal,
// to send, to number and to decide who is told, and it repeats nothing of a
// peer's message beyond identifiers.
package receipt

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// Style is how a letter is worded.
type Style struct {
	Languages []exchange.Language // one block of text each, in this order; Kazakh if empty
	Zone      *time.Location      // times are shown in it; UTC if nil
	From, To  exchange.Names      // the sender's and the addressee's names
	Template  exchange.Template   // the addressee's own words, nil for none
}

func (s Style) languages() []exchange.Language {
	if len(s.Languages) == 0 {
		return []exchange.Language{exchange.Kazakh}
	}
	return s.Languages
}

func (s Style) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// Wording is the human half of a letter.
type Wording struct {
	Subject   string // the real subject, one line, in the first language
	Text      string // lines end with \n; a block for each language
	Languages []exchange.Language
}

// Entity builds the MIME entity to be protected and sealed: multipart/mixed of
// the text for people and the machine part, or the text alone where doc is
// nil. It is in CRLF form, seven bits, without trailing white space, so that
// no relay changes what was signed (RFC 3156 section 5); the same input gives
// the same octets.
func Entity(w Wording, doc *exchange.Document) []byte {
	text := textPart(w)
	if doc == nil {
		return text
	}
	return multipart("mixed", nil, text, documentPart(*doc))
}

// multipart joins parts. The boundary is drawn from the content and holds
// "=_", which neither base64 nor quoted-printable can produce (RFC 2045
// section 6.7).
func multipart(subtype string, params map[string]string, parts ...[]byte) []byte {
	hash := sha256.New()
	for _, p := range parts {
		hash.Write(p)
		hash.Write([]byte{0})
	}
	boundary := "=_" + hex.EncodeToString(hash.Sum(nil))[:40]
	all := map[string]string{"boundary": boundary}
	for k, v := range params {
		all[k] = v
	}
	var b bytes.Buffer
	b.WriteString("Content-Type: " + mediaType("multipart/"+subtype, all) + "\r\n")
	for _, p := range parts {
		b.WriteString("\r\n--" + boundary + "\r\n")
		b.Write(p)
	}
	b.WriteString("\r\n--" + boundary + "--\r\n")
	return b.Bytes()
}

// mediaType formats a media type with one parameter a line, so that no header
// line is long.
func mediaType(t string, params map[string]string) string {
	return strings.ReplaceAll(mime.FormatMediaType(t, params), "; ", ";\r\n ")
}

func textPart(w Wording) []byte {
	lines := strings.Split(strings.TrimRight(w.Text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t\r")
	}
	text := []byte(strings.Join(lines, "\r\n") + "\r\n")
	var languages []string
	for _, l := range w.Languages {
		languages = append(languages, string(l))
	}
	var b bytes.Buffer
	b.WriteString("Content-Type: text/plain; charset=utf-8\r\n")
	if len(languages) > 0 {
		b.WriteString("Content-Language: " + strings.Join(languages, ", ") + "\r\n")
	}
	b.WriteString("Content-Disposition: inline\r\n")
	encoding, body := encode(text)
	b.WriteString("Content-Transfer-Encoding: " + encoding + "\r\n\r\n")
	b.Write(body)
	return b.Bytes()
}

func documentPart(doc exchange.Document) []byte {
	params := map[string]string{}
	if doc.Charset != "" {
		params["charset"] = doc.Charset
	}
	t := mediaType(doc.MediaType, params)
	if t == "" {
		t = "application/octet-stream"
	}
	disposition := "attachment"
	if doc.Name != "" {
		disposition = mediaType("attachment", map[string]string{"filename": clean(doc.Name, 100)})
	}
	var b bytes.Buffer
	b.WriteString("Content-Type: " + t + "\r\nContent-Disposition: " + disposition +
		"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	b.Write(base64Lines(doc.Body))
	return b.Bytes()
}

// encode chooses quoted-printable where the text stays readable in it, which
// is English; Cyrillic is shorter as base64. A line that begins with "From "
// or a dot is no line to sign: base64 too.
func encode(text []byte) (string, []byte) {
	for _, c := range text {
		if c > '~' {
			return "base64", base64Lines(text)
		}
	}
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write(text); err != nil || w.Close() != nil { // a bytes.Buffer does not fail
		return "base64", base64Lines(text)
	}
	for line := range bytes.SplitSeq(b.Bytes(), []byte("\r\n")) {
		if bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(".")) {
			return "base64", base64Lines(text)
		}
	}
	return "quoted-printable", b.Bytes()
}

func base64Lines(body []byte) []byte {
	const line = 57 // octets a line: 76 of base64
	out := make([]byte, 0, len(body)*4/3+len(body)/line*2+8)
	for len(body) > 0 {
		n := min(line, len(body))
		out = base64.StdEncoding.AppendEncode(out, body[:n])
		out = append(out, '\r', '\n')
		body = body[n:]
	}
	return out
}

// say is a text of the subject "letter" in the catalogue.
func say(l exchange.Language, key string, args ...string) string {
	return catalogue.Text(string(l), "letter."+key, args...)
}

// Purpose is the line of clause 15 in a language.
func Purpose(l exchange.Language) string { return say(l, "purpose") }
