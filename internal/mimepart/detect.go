package mimepart

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// KnownCharset reports whether DecodeText knows the charset; "" is none.
func KnownCharset(charset string) bool {
	_, err := DecodeText(nil, charset)
	return charset != "" && err == nil
}

// DetectCharset guesses the charset of a text that declares none, or one that
// nobody knows: by its byte order mark, by its being UTF-8, by the zeros of
// UTF-16, and failing that the one of the Cyrillic charsets under which it reads
// most like Kazakh or Russian. "" if it reads like nothing, or like damaged UTF-8.
func DetectCharset(body []byte) string {
	switch {
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("\xfe\xff")):
		return "utf-16"
	case len(body) > 1 && len(body)%2 == 0 && body[0] == 0 && body[1] != 0:
		return "utf-16be"
	case len(body) > 1 && len(body)%2 == 0 && body[0] != 0 && body[1] == 0:
		return "utf-16le"
	case utf8.Valid(body):
		return "utf-8"
	case damagedUTF8(body):
		return ""
	}
	best, most := "", 0
	for _, charset := range []string{"windows-1251", "kz-1048", "pt154", "koi8-r", "ibm866"} {
		if text, err := DecodeText(body, charset); err == nil {
			if n := readable(text); n > most {
				best, most = charset, n
			}
		}
	}
	return best
}

// damagedUTF8 reports a text that is UTF-8 but for a few octets. It must not
// pass as readable nonsense in a charset of single octets, where characters of
// several octets would be a rare accident.
func damagedUTF8(body []byte) bool {
	whole, broken := 0, 0
	for len(body) > 0 {
		r, size := utf8.DecodeRune(body)
		switch {
		case r == utf8.RuneError && size == 1:
			broken++
		case size > 1:
			whole++
		}
		body = body[size:]
	}
	return whole > broken
}

const (
	kazakh  = "әғқңөұүһіӘҒҚҢӨҰҮҺІ"
	russian = "абвгдежзийклмнопрстуфхцчшщъыьэюяёАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁ"
)

// readable counts what a Kazakh or Russian text has (small letters and the most
// frequent ones more), against what it has not: other letters, a capital after a
// small letter, signs inside of words.
func readable(text string) int {
	n := 0
	before := ' '
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
		case strings.ContainsRune(russian, r), strings.ContainsRune(kazakh, r):
			n += 2
			if strings.ContainsRune("оеаинтсрвлОЕАИНТСРВЛ", r) {
				n++
			}
			switch {
			case unicode.IsLower(r):
				n++
			case unicode.IsLower(before):
				n -= 6
			}
		case unicode.IsLetter(r):
			n -= 3
		case unicode.IsLetter(before):
			n--
		}
		before = r
	}
	return n
}
