package cms

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"strings"
	"unicode"
)

// issuerName is an encoded name for people: control characters removed, in
// hexadecimal if it cannot be read.
func issuerName(der []byte) string {
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &rdns); err != nil || len(rest) > 0 {
		return hex.EncodeToString(der[:min(len(der), 64)])
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, rdns.String())
}
