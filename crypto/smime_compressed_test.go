package crypto_test

import (
	"bytes"
	"compress/zlib"
	"strings"
	"testing"

	"almasu/crypto"
	"almasu/crypto/cms"
	"almasu/crypto/cms/ber"
)

// TestCompressed: compressed-data (RFC 3274) inside and outside of the
// signature, and a bomb.
func TestCompressed(t *testing.T) {
	o := staff()
	for name, message := range map[string]string{
		"compressed, signed":            gcm(opaqueEntity(compressedEntity(entity()), o.alfa)),
		"signed, compressed":            gcm(compressedEntity(opaqueEntity(entity(), o.alfa))),
		"signed, compressed, CBC":       cbc(compressedEntity(splitSigned(entity(), o.alfa))),
		"compressed outside everything": compressedEntity(gcm(opaqueEntity(entity(), o.alfa))),
	} {
		t.Run(name, func(t *testing.T) { checkFacts(t, openWith(t, mail(message), officeRing()), goodFacts) })
	}
	bomb := gcm(compressedEntity("Content-Type: text/plain\r\n\r\n" + strings.Repeat("0", 1<<20)))
	opened, err := crypto.Open(mail(bomb), officeRing(), crypto.Limits{Decompressed: 64 << 10}, now)
	if err != nil || len(opened.Payload) != 1 || len(opened.Payload[0].Body) > 64<<10 {
		t.Errorf("%v %d", err, len(opened.Payload))
	}
}

func compressedEntity(entity string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(entity))
	_ = w.Close()
	return pkcs7("compressed-data", ber.Seq(ber.ID(string(cms.CompressedData)), ber.Explicit(0, ber.Seq(ber.Int(0),
		ber.Seq(ber.ID("1.2.840.113549.1.9.16.3.8")), ber.Seq(ber.ID(string(cms.Data)), ber.Explicit(0, ber.Octets(b.Bytes())))))).Bytes())
}
