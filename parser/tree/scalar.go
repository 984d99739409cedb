package tree

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// quoted reads a string (RFC 8259 section 7).
func (r *jsonReader) quoted() (string, bool) {
	begin := r.at + 1
	for i := begin; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '"':
			r.at = i + 1
			return r.text[begin:i], true
		case c == '\\':
			return r.escaped(begin, i)
		case c < 0x20:
			return "", r.stop("json-syntax", i)
		}
	}
	return "", r.stop("json-end", len(r.text))
}

// escaped reads a string whose first escape stands at the place.
func (r *jsonReader) escaped(begin, at int) (string, bool) {
	var b strings.Builder
	for i := begin; i < len(r.text); {
		b.WriteString(r.text[i:at])
		i = at
		if i >= len(r.text) {
			break
		}
		switch c := r.text[i]; {
		case c == '"':
			r.at = i + 1
			return b.String(), true
		case c != '\\':
			return "", r.stop("json-syntax", i) // a control character
		}
		c, size, key := escape1(r.text[i:])
		if key != "" {
			return "", r.stop(key, i)
		}
		if size == 0 {
			break // cut off
		}
		b.WriteRune(c)
		i += size
		for at = i; at < len(r.text) && r.text[at] != '"' && r.text[at] != '\\' && r.text[at] >= 0x20; {
			at++
		}
	}
	return "", r.stop("json-end", len(r.text))
}

// escape1 reads the escape the text begins with; size is 0 where the text ends
// in it, key says why it is none.
func escape1(s string) (c rune, size int, key string) {
	if len(s) < 2 {
		return 0, 0, ""
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2, ""
	}
	if s[1] != 'u' {
		return 0, 0, "json-syntax"
	}
	c, ok := unit(s)
	switch {
	case !ok && len(s) < 6:
		return 0, 0, ""
	case !ok:
		return 0, 0, "json-syntax"
	case !utf16.IsSurrogate(c):
		return c, 6, ""
	}
	low, ok := unit(s[6:])
	if whole := utf16.DecodeRune(c, low); ok && whole != '\ufffd' {
		return whole, 12, ""
	}
	return 0, 0, "encoding-surrogate"
}

// unit reads an escape of four hexadecimal digits.
func unit(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(s[2:6], 16, 32)
	return rune(v), err == nil
}

// number reads a number (RFC 8259 section 6).
func (r *jsonReader) number() (string, bool) {
	begin, i := r.at, r.at
	digits := func() bool {
		from := i
		for i < len(r.text) && r.text[i] >= '0' && r.text[i] <= '9' {
			i++
		}
		return i > from
	}
	is := func(set string) bool {
		if i < len(r.text) && strings.IndexByte(set, r.text[i]) >= 0 {
			i++
			return true
		}
		return false
	}
	is("-")
	if !is("0") && !digits() {
		return "", r.stop("json-syntax", i)
	}
	if is(".") && !digits() {
		return "", r.stop("json-syntax", i)
	}
	if is("eE") {
		is("+-")
		if !digits() {
			return "", r.stop("json-syntax", i)
		}
	}
	r.at = i
	return r.text[begin:i], true
}

// word reads true, false or null.
func (r *jsonReader) word() (Kind, string, bool) {
	rest := r.text[r.at:]
	for _, w := range []string{"true", "false", "null"} {
		if strings.HasPrefix(rest, w) {
			r.at += len(w)
			if w == "null" {
				return Null, "", true
			}
			return Boolean, w, true
		}
		if strings.HasPrefix(w, rest) {
			return Null, "", r.stop("json-end", len(r.text))
		}
	}
	return Null, "", r.stop("json-syntax", r.at)
}
