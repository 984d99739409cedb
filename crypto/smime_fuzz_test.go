package crypto_test

import (
	"strings"
	"testing"

	"almasu/crypto"
	"almasu/crypto/cms"
	"almasu/exchange"
)

// FuzzSMIME: whatever stands inside an envelope or around it, CBC content that
// nothing right covers is not handed out, and a valid signature is by somebody
// registered.
func FuzzSMIME(f *testing.F) {
	o := staff()
	opaque, split := opaqueEntity(entity(), o.alfa), splitSigned(entity(), o.alfa)
	for _, inner := range []string{opaque, split, entity(), report, compressedEntity(split), string(cmsSigned(report, cms.SignOptions{}, o.alfa))} {
		for way := range byte(4) {
			f.Add(way, []byte(inner))
		}
	}
	f.Fuzz(func(t *testing.T, way byte, inner []byte) {
		var message string
		switch way % 4 {
		case 0:
			message = gcm(string(inner))
		case 1:
			message = cbc(string(inner))
		case 2:
			message = fileAttached("x.json.p7m", enveloped(string(inner), cms.AES256CBC, o.self))
		default:
			message = string(inner)
		}
		opened, err := crypto.Open(mail(message), officeRing(), crypto.Limits{Decompressed: 1 << 20}, now)
		if err != nil {
			t.Fatal(err)
		}
		s := opened.Security
		right := s.Signature != exchange.SignatureNone && s.Signature != exchange.SignatureIsInvalid
		switch {
		case strings.HasSuffix(s.Cipher, "cbc") && (len(opened.Payload) > 0 || opened.Protected.Present || s.Integrity) && !right:
			t.Errorf("CBC content was handed out: %+v", s)
		case s.Signature == exchange.SignatureValid && s.Owner == "":
			t.Errorf("a valid signature of nobody: %+v", s)
		case opened.Protected.Present && !right:
			t.Errorf("a header nobody signed: %+v", s)
		}
	})
}
