// Package smime is where S/MIME (RFC 8551) will be opened. Today it recognises
// S/MIME and says that it cannot open it, so that such a mail is held with the
// true reason instead of passing for unencrypted. It refuses to guess at the
// content of a CMS object from its outside.
package smime

import (
	"errors"
	"strings"

	"almasu/internal/mimepart"
)

// ErrNotConfigured says why an S/MIME part is not opened.
var ErrNotConfigured = errors.New("it is S/MIME, which is not configured here: send it as OpenPGP, or ask for the certificate of the gateway")

// Kind is what an S/MIME part is by its label.
type Kind string

// The kinds (RFC 8551 section 3.2.2); Enveloped where the label does not say.
const (
	None      Kind = ""
	Enveloped Kind = "enveloped-data"
	Signed    Kind = "signed-data"
)

// Detect tells what S/MIME a part is. A multipart/signed with an S/MIME
// protocol is Signed; an opaque part is what its smime-type says.
func Detect(p *mimepart.Part) Kind {
	switch p.MediaType {
	case "multipart/signed":
		if isSignature(strings.ToLower(p.Params["protocol"])) {
			return Signed
		}
		return None
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
	default:
		if isSignature(p.MediaType) || !strings.HasSuffix(strings.ToLower(p.FileName()), ".p7m") {
			return None
		}
	}
	switch strings.ToLower(p.Params["smime-type"]) {
	case "signed-data", "certs-only":
		return Signed
	}
	return Enveloped
}

func isSignature(mediaType string) bool {
	return mediaType == "application/pkcs7-signature" || mediaType == "application/x-pkcs7-signature"
}
