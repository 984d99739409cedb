package mailout

import (
	"encoding/base64"
	"net/mail"
	"strings"
	"unicode/utf8"
)

const (
	lineLength = 78  // RFC 5322 section 2.1.1: should not be exceeded
	lineLimit  = 998 // RFC 5322 section 2.1.1: must not be exceeded
	// maxReferences bounds the References field; the oldest and the newest
	// ids matter most (RFC 5322 section 3.6.4).
	maxReferences = 12
)

// writeField appends one header field, folded at white space so that no line
// is longer than lineLength where the value can be broken at all.
func writeField(b *strings.Builder, f field) {
	b.WriteString(f.name + ":")
	used := len(f.name) + 1
	for i, word := range words(f.value) {
		if i > 0 && used+len(word) > lineLength {
			b.WriteString("\r\n")
			used = 0
		}
		b.WriteString(word)
		used += len(word)
	}
	b.WriteString("\r\n")
}

// words cuts a value before each white space that is followed by a word, so
// that no continuation line is blank. Each piece keeps its white space; the
// first gets the space that stands after the colon.
func words(value string) []string {
	value = " " + strings.Trim(value, " \t")
	var out []string
	start := 0
	for i := 1; i < len(value); i++ {
		if isBlank(value[i]) && !isBlank(value[i-1]) {
			out = append(out, value[start:i])
			start = i
		}
	}
	return append(out, value[start:])
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// encodeText returns s as unstructured header text: as it is where it is plain
// ASCII, otherwise as encoded words (RFC 2047 section 2).
func encodeText(s string) string {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "\uFFFD")
	if isPlain(s) {
		return s
	}
	return encodedWords(s)
}

// isPlain: printable ASCII that no reader can take for encoded words and whose
// words fit a line.
func isPlain(s string) bool {
	for _, w := range words(s) {
		if len(w) > lineLength {
			return false
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return !strings.Contains(s, "=?") && !strings.Contains(s, "  ")
}

// encodedWords writes s as UTF-8 base64 encoded words of at most 64 octets,
// cut on rune boundaries and joined by single spaces: the first fits behind
// any field name used here, and each stays under the 75 octets of RFC 2047.
func encodedWords(s string) string {
	const chunk = 39 // octets of text: 52 of base64, 64 with the frame
	var out []string
	for len(s) > 0 {
		n := min(chunk, len(s))
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		out = append(out, "=?utf-8?B?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(out, " ")
}

// phrase returns a display name: encoded words, or a quoted string.
func phrase(name string) string {
	if encoded := encodeText(name); strings.HasPrefix(encoded, "=?") {
		return encoded
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.TrimSpace(name)) + `"`
}

// references joins the well-formed ids, the first and the newest ones.
func references(ids []string) string {
	var good []string
	for _, id := range ids {
		if isMessageID(id) {
			good = append(good, id)
		}
	}
	if len(good) > maxReferences {
		good = append(good[:1:1], good[len(good)-maxReferences+1:]...)
	}
	return strings.Join(good, " ")
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r <= 0x9f || r == 0x2028 || r == 0x2029 })
}

// isAddress: one bare address of printable ASCII without quoting, comment or
// route. Other addresses do not stand in the register.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= 254 && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`<>()",;:\`, r)
	})
}

// isMessageID: <id@domain>, printable ASCII, one line (RFC 5322 section 3.6.4).
// The right side is not looked at more closely: real ids are sloppy.
func isMessageID(s string) bool {
	if len(s) < 5 || len(s) > 500 || s[0] != '<' || s[len(s)-1] != '>' {
		return false
	}
	inside := s[1 : len(s)-1]
	return !strings.ContainsFunc(inside, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' })
}

func isToken(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}
