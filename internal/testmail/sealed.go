package testmail

import (
	"encoding/base64"
	"regexp"
	"strings"
)

var armourBlock = regexp.MustCompile(`(?s)-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----\r?\n`)

// SealedPart finds the OpenPGP message in a mail, plainly or under base64; nil
// if there is none.
func SealedPart(mail []byte) []byte {
	if block := armourBlock.Find(mail); block != nil {
		return block
	}
	for _, paragraph := range strings.Split(strings.ReplaceAll(string(mail), "\r\n", "\n"), "\n\n") {
		text, _, _ := strings.Cut(paragraph, "\n--")
		data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "\n", ""))
		if err != nil || len(data) < 100 {
			continue
		}
		if block := armourBlock.Find(data); block != nil {
			return block
		}
		return data
	}
	return nil
}
