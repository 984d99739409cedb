package tree

import (
	"bytes"
	"regexp"
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

// longTag returns where the first tag stands that is longer than any tag of a
// report needs to be, -1 if none: encoding/xml holds all attributes of a tag
// at once.
func longTag(text []byte) int {
	for at := 0; at < len(text); {
		next := bytes.IndexByte(text[at:], '<')
		if next < 0 {
			return -1
		}
		at += next
		size := markupLength(text[at:])
		if size > longestTag && text[at+1] != '!' && text[at+1] != '?' {
			return at
		}
		at += size
	}
	return -1
}

// markupLength is the length of the markup that the text begins with.
func markupLength(text []byte) int {
	for _, m := range []struct{ begin, end string }{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}} {
		if bytes.HasPrefix(text, []byte(m.begin)) {
			if end := bytes.Index(text[len(m.begin):], []byte(m.end)); end >= 0 {
				return len(m.begin) + end + len(m.end)
			}
			return len(text)
		}
	}
	var quote byte
	for i, c := range text {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return len(text)
}

// attributePlaces returns how far into the tag its first n attributes begin.
func attributePlaces(tag []byte, n int) []int {
	var places []int
	i := 1
	for i < len(tag) && bytes.IndexByte([]byte(blanks+"/>"), tag[i]) < 0 {
		i++
	}
	for len(places) < n {
		for i < len(tag) && bytes.IndexByte([]byte(blanks), tag[i]) >= 0 {
			i++
		}
		if i >= len(tag) || tag[i] == '>' || tag[i] == '/' {
			break
		}
		places = append(places, i)
		quote := bytes.IndexAny(tag[i:], `"'`)
		if quote < 0 {
			break
		}
		i += quote
		end := bytes.IndexByte(tag[i+1:], tag[i])
		if end < 0 {
			break
		}
		i += end + 2
	}
	return places
}

// reference returns where the reference begins that reading stopped in, -1 if
// it did not stop in one. The longest that could be meant has 64 octets.
func reference(text []byte, from, at int) int {
	at = min(at, len(text))
	from = max(from, at-64)
	if from >= at {
		return -1
	}
	amp := bytes.LastIndexByte(text[from:at], '&')
	if amp < 0 {
		return -1
	}
	amp += from
	if end := bytes.IndexByte(text[amp:at], ';'); end >= 0 && amp+end < at-1 {
		return -1
	}
	return amp
}
