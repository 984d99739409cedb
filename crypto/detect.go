package crypto

import (
	"bytes"
	"slices"
	"strings"

	"almasu/crypto/pgpmime"
	"almasu/crypto/smime"
	"almasu/exchange"
	"almasu/internal/mimepart"
)

// sealedPart is one encrypted thing found in a message.
type sealedPart struct {
	form   exchange.Form
	part   *mimepart.Part // the part with the ciphertext
	smime  bool
	entity bool   // RFC 3156: a MIME entity must be inside
	name   string // file name without .pgp, .gpg, .asc
}

// found is what detection says of a message.
type found struct {
	sealed   []sealedPart
	findings []string
}

// maxSealed is how many encrypted parts of one message are looked at.
const maxSealed = 8

// detect looks for what is sealed below a node. top is true at the root of the
// message (or of what an outer signature covers); anything deeper is an
// encrypted attachment, whatever its label says.
func detect(p *mimepart.Part, top bool) found {
	var f found
	if f.walk(p, top); len(f.sealed) == 0 {
		f.sealedHTML(p, top)
	}
	return f
}

func (f *found) walk(p *mimepart.Part, top bool) {
	if s, ok := sealedAt(p, top); ok {
		f.sealed = append(f.sealed, s)
		if len(p.Children) > 2 && s.form == exchange.FormMIME {
			f.findings = append(f.findings, "parts-beside-encryption")
		}
		return
	}
	for _, c := range p.Children {
		f.walk(c, false)
	}
}

// sealedAt tells whether this very node is sealed.
func sealedAt(p *mimepart.Part, top bool) (sealedPart, bool) {
	form := func(atTop exchange.Form) exchange.Form {
		if top {
			return atTop
		}
		return exchange.FormAttachment
	}
	if smime.Detect(p) == smime.Enveloped {
		return sealedPart{form: form(exchange.FormMIME), part: p, smime: true, entity: top, name: smime.Name(p.FileName())}, true
	}
	if len(p.Children) > 0 {
		if c := ciphertextOf(p); c != nil {
			return sealedPart{form: form(exchange.FormMIME), part: c, entity: true}, true
		}
		return sealedPart{}, false
	}
	if p.MediaType == "multipart/encrypted" && isSealedText(p) { // its delimiters are lost
		return sealedPart{form: form(exchange.FormMIME), part: p, entity: true}, true
	}
	if isKeyOrSignature(p.MediaType) || p.MediaType == "text/html" {
		return sealedPart{}, false
	}
	if strings.HasPrefix(p.MediaType, "text/") || p.MediaType == "application/pgp" {
		if isSealedText(p) {
			return sealedPart{form: form(exchange.FormInline), part: p, name: plainName(p.FileName())}, true
		}
		return sealedPart{}, false
	}
	if mayHoldFile(p) && pgpmime.Sniff(beginning(p)) == pgpmime.LooksEncrypted {
		return sealedPart{form: exchange.FormAttachment, part: p, name: plainName(p.FileName())}, true
	}
	return sealedPart{}, false
}

// ciphertextOf finds the ciphertext of PGP/MIME: in multipart/encrypted (RFC
// 3156 section 4), and in the multipart/mixed that Exchange makes of it, with
// an empty text part before the two.
func ciphertextOf(p *mimepart.Part) *mimepart.Part {
	protocol := strings.ToLower(p.Params["protocol"])
	switch p.MediaType {
	case "multipart/encrypted":
		if protocol != "" && protocol != "application/pgp-encrypted" {
			return nil
		}
	case "multipart/mixed":
		if !rewritten(p) {
			return nil
		}
	default:
		return nil
	}
	for _, c := range p.Children {
		if len(c.Children) == 0 && !isVersion(c) && pgpmime.Sniff(beginning(c)) == pgpmime.LooksEncrypted {
			return c
		}
	}
	if last := p.Children[len(p.Children)-1]; p.MediaType == "multipart/encrypted" && len(last.Children) == 0 {
		return last // damaged beyond recognition: still the ciphertext
	}
	return nil
}

// rewritten recognises PGP/MIME that became multipart/mixed: the version part
// and one part of ciphertext, and nothing else that is not empty.
func rewritten(p *mimepart.Part) bool {
	versions, others := 0, 0
	for _, c := range p.Children {
		switch {
		case isVersion(c) || saysVersion(c):
			versions++
		case isBlank(c):
		default:
			others++
		}
	}
	return versions == 1 && others == 1
}

// isVersion: the control part that holds "Version: 1" (RFC 3156 section 4).
func isVersion(p *mimepart.Part) bool {
	if p.MediaType != "application/pgp-encrypted" || len(p.Children) > 0 {
		return false
	}
	return len(bytes.TrimSpace(beginning(p))) == 0 || saysVersion(p)
}

// saysVersion is the control part whose type was lost on the way.
func saysVersion(p *mimepart.Part) bool {
	if len(p.Children) > 0 {
		return false
	}
	b := bytes.TrimSpace(beginning(p))
	return bytes.HasPrefix(bytes.ToLower(b), []byte("version:")) && len(b) < 512 && !bytes.Contains(b, []byte("-----BEGIN"))
}

// isBlank: texts that show nothing, as Exchange puts before what it rewrote.
func isBlank(p *mimepart.Part) bool {
	if len(p.Children) > 0 {
		return !slices.ContainsFunc(p.Children, func(c *mimepart.Part) bool { return !isBlank(c) })
	}
	if !strings.HasPrefix(p.MediaType, "text/") || len(p.Body) > sniffSize {
		return false
	}
	b := beginning(p)
	if p.MediaType == "text/html" {
		b = shown(b)
	}
	return len(bytes.TrimSpace(b)) == 0
}

func isKeyOrSignature(mediaType string) bool {
	return mediaType == "application/pgp-keys" || mediaType == "application/pgp-signature"
}

// isSealedText: an armored encrypted message stands in the text.
func isSealedText(p *mimepart.Part) bool {
	if p.Get("Content-Transfer-Encoding") == "" && !bytes.Contains(p.Body, []byte("-----BEGIN PGP MESSAGE-----")) {
		return false
	}
	text, _ := p.Decode(0)
	return pgpmime.Sniff(text) == pgpmime.LooksEncrypted
}

// mayHoldFile: a leaf that by label or name may be an encrypted file.
func mayHoldFile(p *mimepart.Part) bool {
	name := strings.ToLower(p.FileName())
	if plainName(name) != name {
		return true
	}
	switch p.MediaType {
	case "application/octet-stream", "application/pgp-encrypted", "application/x-pgp-encrypted":
		return true
	}
	return false
}

// plainName is the name of the file inside: without .pgp, .gpg or .asc.
func plainName(name string) string {
	lower := strings.ToLower(name)
	for _, ext := range []string{".pgp", ".gpg", ".asc"} {
		if strings.HasSuffix(lower, ext) {
			return name[:len(name)-len(ext)]
		}
	}
	return name
}

// sniffSize is how much of a leaf is decoded to see what it is.
const sniffSize = 4 << 10

// beginning decodes the first octets of a leaf.
func beginning(p *mimepart.Part) []byte {
	head := *p
	if len(head.Body) > sniffSize {
		head.Body = head.Body[:sniffSize]
	}
	b, _ := head.Decode(0)
	return b
}
