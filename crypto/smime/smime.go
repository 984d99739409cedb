// Package smime is S/MIME in mail (RFC 8551) on top of crypto/cms and
// crypto/pki: what CMS object stands in a part, our certificates and those of
// the participants, opening, the verdict on signatures, sealing.
//
// It owns whose certificate is whose: the register is the truth, names and
// addresses in certificates are not looked at. It refuses to take a
// certificate of a mail for a participant's because of its name, to fetch
// anything, and to decide what a verdict means.
package smime

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"strings"

	"almasu/internal/mimepart"
)

// Kind is what S/MIME a part is.
type Kind string

// The kinds (RFC 8551 section 3.2.2).
const (
	None       Kind = ""
	Enveloped  Kind = "enveloped-data" // also authEnveloped-data
	Signed     Kind = "signed-data"
	Compressed Kind = "compressed-data"
)

// headSize is how much of a part is decoded to see what it is.
const headSize = 1 << 10

// Detect tells what S/MIME a part is. A multipart/signed with an S/MIME
// protocol is Signed. Of a leaf the first octets decide, where they cannot be
// read its label: many gateways write wrong ones.
func Detect(p *mimepart.Part) Kind {
	if p.MediaType == "multipart/signed" {
		if isSignature(strings.ToLower(p.Params["protocol"])) {
			return Signed
		}
		return None
	}
	name := strings.ToLower(p.FileName())
	if len(p.Children) > 0 || strings.HasPrefix(p.MediaType, "multipart/") || isSignature(p.MediaType) || isBundle(name) {
		return None
	}
	labelled := p.MediaType == "application/pkcs7-mime" || p.MediaType == "application/x-pkcs7-mime" || strings.HasSuffix(name, ".p7m")
	switch kind := sniffPart(p); {
	case strings.HasPrefix(p.MediaType, "text/") && !labelled:
		if armored(p.Body) >= 0 && p.MediaType != "text/html" {
			return kind
		}
		return None
	case kind == Enveloped, labelled && kind != None:
		return kind
	case !labelled:
		return None
	}
	switch strings.ToLower(p.Params["smime-type"]) {
	case "signed-data", "certs-only":
		return Signed
	case "compressed-data":
		return Compressed
	}
	return Enveloped
}

func isSignature(mediaType string) bool {
	return mediaType == "application/pkcs7-signature" || mediaType == "application/x-pkcs7-signature"
}

// isBundle: a detached signature or a file of certificates by its name.
func isBundle(name string) bool {
	for _, ext := range []string{".p7s", ".p7b", ".p7c", ".p7r"} {
		if strings.HasSuffix(name, ext) {
			return true
		}
	}
	return false
}

func sniffPart(p *mimepart.Part) Kind {
	head := *p
	if len(head.Body) > headSize && armored(head.Body) < 0 {
		head.Body = head.Body[:headSize]
	}
	b, _ := head.Decode(0)
	return Sniff(b)
}

// The content types by which a CMS object begins, as DER of their identifier.
var contentTypes = []struct {
	id   string
	kind Kind
}{
	{"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", Enveloped},
	{"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17", Enveloped},
	{"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", Signed},
	{"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09", Compressed},
}

// Sniff tells what CMS object begins here: DER or BER, armored, or in bare
// base64 whose label was lost. The beginning of the octets is enough.
func Sniff(b []byte) Kind {
	der, _ := Octets(b)
	if len(der) < 2 || der[0] != 0x30 {
		return None
	}
	at := 2
	if der[1]&0x80 != 0 {
		at += int(der[1] & 0x7f)
	}
	for _, t := range contentTypes {
		if at < len(der) && bytes.HasPrefix(der[at:], []byte(t.id)) {
			return t.kind
		}
	}
	return None
}

// labels are how openssl (PKCS7, CMS) and gpgsm (MESSAGE) armor CMS.
var labels = []string{"PKCS7-----", "CMS-----", "PKCS #7 SIGNED DATA-----", "ENCRYPTED MESSAGE-----", "SIGNED MESSAGE-----"}

// armored is where the first armor begins, at the beginning of a line; -1 if
// there is none.
func armored(b []byte) int {
	const begin = "-----BEGIN "
	for from := 0; ; from += len(begin) {
		at := bytes.Index(b[from:], []byte(begin))
		if at < 0 {
			return -1
		}
		from += at
		for _, l := range labels {
			if bytes.HasPrefix(b[from+len(begin):], []byte(l)) && (from == 0 || b[from-1] == '\n') {
				return from
			}
		}
	}
}

// Octets takes armor and bare base64 away. around says that something else
// stands before or behind the armor.
func Octets(b []byte) (der []byte, around bool) {
	if len(b) > 1 && b[0] == 0x30 && b[1] >= 0x80 { // a sequence of some length: no text
		return b, false
	}
	if at := armored(b); at >= 0 {
		if block, rest := pem.Decode(b[at:]); block != nil {
			return block.Bytes, len(bytes.TrimSpace(b[:at])) > 0 || len(bytes.TrimSpace(rest)) > 0
		}
	}
	if text := bytes.TrimLeft(b, " \t\r\n"); len(text) > 1 && text[0] == 'M' && isBase64(text[:min(len(text), 60)]) {
		bare := withoutSpace(text)
		out := make([]byte, base64.StdEncoding.DecodedLen(len(bare)))
		n, err := base64.StdEncoding.Decode(out, bare)
		if err == nil || n > 16 && len(b) <= headSize {
			return out[:n], false
		}
	}
	return b, false
}

func isBase64(b []byte) bool {
	for _, c := range b {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '=' || c <= ' ') {
			return false
		}
	}
	return true
}

func withoutSpace(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c > ' ' {
			out = append(out, c)
		}
	}
	return out
}

// Name is the name of the file inside: without .p7m.
func Name(name string) string {
	if strings.HasSuffix(strings.ToLower(name), ".p7m") {
		return name[:len(name)-4]
	}
	return name
}
