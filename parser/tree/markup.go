package tree

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// declaration is the XML declaration of XML 1.0 section 2.8.
var declaration = regexp.MustCompile(`^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')` +
	`(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"([A-Za-z][A-Za-z0-9._-]*)"|'([A-Za-z][A-Za-z0-9._-]*)'))?` +
	`(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>`)

// startsDeclaration reports whether the text means to begin with an XML
// declaration.
func startsDeclaration(text []byte) bool {
	return len(text) > 5 && bytes.HasPrefix(text, []byte("<?xml")) && bytes.IndexByte([]byte(blanks+"?"), text[5]) >= 0
}

// ncName is the name without a colon that the text begins with, "" if it
// begins with none (Namespaces in XML 1.0 section 3).
func ncName(text string) string {
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '.'):
			i++
		case c < utf8.RuneSelf:
			return text[:i]
		default:
			r, size := utf8.DecodeRuneInString(text[i:])
			if !nameStart(r) && (i == 0 || !nameInside(r)) {
				return text[:i]
			}
			i += size
		}
	}
	return text
}

// nameStart is NameStartChar of XML 1.0 section 2.3 (fifth edition), beyond ASCII.
func nameStart(r rune) bool {
	return r >= 0xC0 && r <= 0x2FF && r != 0xD7 && r != 0xF7 || r >= 0x370 && r <= 0x1FFF && r != 0x37E ||
		r == 0x200C || r == 0x200D || r >= 0x2070 && r <= 0x218F || r >= 0x2C00 && r <= 0x2FEF ||
		r >= 0x3001 && r <= 0xD7FF || r >= 0xF900 && r <= 0xFDCF || r >= 0xFDF0 && r <= 0xFFFD || r >= 0x10000 && r <= 0xEFFFF
}

// nameInside is what NameChar has besides, beyond ASCII.
func nameInside(r rune) bool {
	return r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

// qName reads a name with or without a prefix; size is 0 if there is none.
func qName(text string) (prefix, local string, size int) {
	local = ncName(text)
	size = len(local)
	if local != "" && size < len(text) && text[size] == ':' {
		prefix, local = local, ncName(text[size+1:])
		size += 1 + len(local)
	}
	if local == "" || size < len(text) && text[size] == ':' {
		return "", "", 0
	}
	return prefix, local, size
}

// expand resolves the references of a text or attribute value, and makes line
// ends one character (XML 1.0 sections 2.11, 3.3.3 and 4.1). Where it cannot,
// key says why and bad where.
func expand(s string, attribute bool) (text, key string, bad int) {
	special := "&\r"
	if attribute {
		special = "&\r\n\t"
	}
	next := strings.IndexAny(s, special)
	if next < 0 {
		return s, "", 0
	}
	var b strings.Builder
	b.Grow(len(s))
	at := 0
	for next >= 0 {
		b.WriteString(s[at : at+next])
		at += next
		switch s[at] {
		case '&':
			r, size, key := resolve(s[at:])
			if key != "" {
				return "", key, at
			}
			b.WriteRune(r)
			at += size
		case '\r':
			at++
			if strings.HasPrefix(s[at:], "\n") {
				at++
			}
			b.WriteByte(lineEnd(attribute))
		default:
			at++
			b.WriteByte(' ')
		}
		next = strings.IndexAny(s[at:], special)
	}
	b.WriteString(s[at:])
	return b.String(), "", 0
}

func lineEnd(attribute bool) byte {
	if attribute {
		return ' '
	}
	return '\n'
}

// oneLineEnd is a CDATA section as XML 1.0 section 2.11 has it read.
func oneLineEnd(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
}

// longestReference is more than any reference to a character has.
const longestReference = 64

// resolve reads the reference the text begins with.
func resolve(s string) (r rune, size int, key string) {
	end := strings.IndexByte(s[:min(len(s), longestReference)], ';')
	number := strings.HasPrefix(s, "&#")
	if end < 0 {
		if number {
			return 0, 0, "encoding-character"
		}
		return 0, 0, "xml-entity"
	}
	if !number {
		r, ok := entity(s[1:end])
		if !ok {
			return 0, 0, "xml-entity"
		}
		return r, end + 1, ""
	}
	digits, base := s[2:end], 10
	if strings.HasPrefix(digits, "x") {
		digits, base = digits[1:], 16
	}
	v, err := strconv.ParseUint(digits, base, 32)
	if err != nil || strings.ContainsAny(digits, "+_") || !legal(rune(min(v, utf8.MaxRune+1))) {
		return 0, 0, "encoding-character"
	}
	return rune(v), end + 1, ""
}

func entity(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	return 0, false
}

// legal is Char of XML 1.0 section 2.2.
func legal(r rune) bool {
	return r >= 0x20 && r <= 0xD7FF || r == '\t' || r == '\n' || r == '\r' || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}

// illegal returns where the first character stands that XML 1.0 (section 2.2)
// allows nowhere, -1 if none; such characters are refused in JSON too, so that
// every report can be written in both.
func illegal[T ~string | ~[]byte](s T) int {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x20 && c != '\t' && c != '\n' && c != '\r':
			return i
		case c == 0xEF && i+2 < len(s) && s[i+1] == 0xBF && s[i+2] >= 0xBE: // U+FFFE, U+FFFF
			return i
		}
	}
	return -1
}
