package crypto

import (
	"bytes"
	"html"
	"strings"

	"almasu/crypto/pgpmime"
	"almasu/exchange"
	"almasu/internal/mimepart"
)

// sealedHTML finds inline OpenPGP in HTML, as a mail program leaves it that
// knows no plain text. It is looked for only where nothing else is sealed: the
// text beside an HTML alternative holds the same.
func (f *found) sealedHTML(p *mimepart.Part, top bool) {
	for _, c := range p.Children {
		f.sealedHTML(c, false)
	}
	if len(p.Children) > 0 || p.MediaType != "text/html" {
		return
	}
	page, _ := p.Decode(0)
	if !bytes.Contains(page, []byte("-----BEGIN PGP MESSAGE-----")) {
		return
	}
	text := textOf(page)
	if pgpmime.Sniff(text) != pgpmime.LooksEncrypted {
		return
	}
	form := exchange.FormAttachment
	if top {
		form = exchange.FormInline
	}
	plain := &mimepart.Part{Raw: p.Raw, Body: text, MediaType: "text/plain", Params: map[string]string{}, Path: p.Path}
	f.sealed = append(f.sealed, sealedPart{form: form, part: plain, name: plainName(p.FileName())})
}

// textOf takes the tags off a page: those that end a line end one, all others
// leave nothing.
func textOf(page []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(page))
	for len(page) > 0 {
		text, rest, tag := bytes.Cut(page, []byte("<"))
		out.WriteString(html.UnescapeString(string(text)))
		if !tag {
			break
		}
		name, after, closed := bytes.Cut(rest, []byte(">"))
		if !closed {
			break
		}
		switch tag, _, _ := strings.Cut(strings.ToLower(strings.Trim(string(name[:min(len(name), 16)]), "/ ")), " "); strings.TrimRight(tag, "/") {
		case "br", "p", "div", "pre", "tr", "li", "blockquote", "body":
			out.WriteByte('\n')
		}
		page = after
	}
	return bytes.ReplaceAll(out.Bytes(), []byte("\u00a0"), []byte(" "))
}

// shown is the text of a page without its head.
func shown(page []byte) []byte {
	lower := bytes.ToLower(page)
	if at, end := bytes.Index(lower, []byte("<head")), bytes.Index(lower, []byte("</head>")); at >= 0 && end > at {
		page = append(bytes.Clone(page[:at]), page[end:]...)
	}
	return textOf(page)
}
