package smime_test

import (
	"testing"

	"almasu/crypto/smime"
	"almasu/internal/mimepart"
)

func TestDetect(t *testing.T) {
	for header, want := range map[string]smime.Kind{
		"Content-Type: application/pkcs7-mime; smime-type=enveloped-data":                      smime.Enveloped,
		"Content-Type: application/pkcs7-mime; smime-type=authEnveloped-data; name=smime.p7m":  smime.Enveloped,
		"Content-Type: application/x-pkcs7-mime; name=smime.p7m":                               smime.Enveloped,
		"Content-Type: application/pkcs7-mime; smime-type=signed-data":                         smime.Signed,
		"Content-Type: application/pkcs7-mime; smime-type=certs-only":                          smime.Signed,
		"Content-Type: application/octet-stream; name=Report.P7M":                              smime.Enveloped,
		"Content-Type: application/octet-stream; name=report.p7s":                              smime.None,
		"Content-Type: application/pkcs7-signature; name=smime.p7m":                            smime.None,
		"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=a": smime.Signed,
		"Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=a":   smime.None,
		"Content-Type: text/plain": smime.None,
	} {
		p, err := mimepart.Parse([]byte(header+"\r\n\r\n"), mimepart.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := smime.Detect(p); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}
