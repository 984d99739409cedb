package mimepart

import (
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseParams reads a field of the form value; name=value ... (RFC 2045
// section 5.1) with the continuations and charsets of RFC 2231. It is lenient:
// unquoted specials are taken up to the next semicolon, the first of two equal
// names counts, what is no parameter is skipped. clean is false where it had
// to be.
func parseParams(s string) (value string, params map[string]string, clean bool) {
	s = stripComments(s)
	value, rest, _ := strings.Cut(s, ";")
	value = strings.ToLower(strings.TrimSpace(value))
	params = map[string]string{}
	clean = true
	ext := map[string]*extended{}
	for rest != "" {
		var name, v string
		var ok bool
		name, v, rest, ok = cutParam(rest)
		if !ok {
			clean = clean && name == ""
			continue
		}
		if base, section, found := strings.Cut(name, "*"); found {
			e := ext[base]
			if e == nil {
				e = &extended{sections: map[int]piece{}}
				ext[base] = e
			}
			e.add(section, v)
			continue
		}
		if _, twice := params[name]; twice {
			clean = false
			continue
		}
		params[name] = v
	}
	for base, e := range ext {
		params[base] = e.join() // RFC 2231 wins over the plain form
	}
	return value, params, clean
}

// cutParam takes one parameter off the front of s.
func cutParam(s string) (name, value, rest string, ok bool) {
	s = strings.TrimLeft(s, " \t;")
	i := strings.IndexAny(s, "=;")
	if i < 0 || s[i] == ';' {
		if i < 0 {
			return strings.TrimSpace(s), "", "", false
		}
		return strings.TrimSpace(s[:i]), "", s[i+1:], false
	}
	name = strings.ToLower(strings.TrimSpace(s[:i]))
	s = strings.TrimLeft(s[i+1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return name, strings.TrimSpace(value), rest, name != ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		case '"':
			_, rest, _ = strings.Cut(s[i+1:], ";")
			return name, b.String(), rest, name != ""
		default:
			b.WriteByte(s[i])
		}
	}
	return name, b.String(), "", name != ""
}

// stripComments drops (comments) outside of quotes.
func stripComments(s string) string {
	if !strings.Contains(s, "(") {
		return s
	}
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			if depth == 0 {
				b.WriteString(s[i : i+2])
			}
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
			b.WriteByte(c)
		case c == '(' && !quoted:
			depth++
		case c == ')' && !quoted && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}

type piece struct {
	text    string
	encoded bool
}

// extended collects the sections of one RFC 2231 parameter.
type extended struct{ sections map[int]piece }

func (e *extended) add(section, v string) {
	encoded := strings.HasSuffix(section, "*") || section == ""
	n := 0
	if number := strings.TrimSuffix(section, "*"); number != "" {
		var err error
		if n, err = strconv.Atoi(number); err != nil || n < 0 {
			return
		}
	}
	if _, twice := e.sections[n]; !twice {
		e.sections[n] = piece{v, encoded}
	}
}

func (e *extended) join() string {
	var b strings.Builder
	charset := ""
	for i := 0; ; i++ {
		p, ok := e.sections[i]
		if !ok {
			break
		}
		text := p.text
		if p.encoded {
			if i == 0 {
				if f := strings.SplitN(text, "'", 3); len(f) == 3 {
					charset, text = f[0], f[2]
				}
			}
			text = unpercent(text)
		}
		b.WriteString(text)
	}
	if charset == "" {
		return b.String()
	}
	s, err := DecodeText([]byte(b.String()), charset)
	if err != nil {
		return strings.ToValidUTF8(b.String(), "?")
	}
	return s
}

func unpercent(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// FileName is the name the part gives itself: filename of its disposition or
// name of its type, decoded (RFC 2231, and RFC 2047 as many mailers write it),
// without path, control and direction-changing characters. "" if it has none.
func (p *Part) FileName() string {
	_, params, _ := parseParams(p.Get("Content-Disposition"))
	name := params["filename"]
	if name == "" {
		name = p.Params["name"]
	}
	if name == "" {
		return ""
	}
	if !utf8.ValidString(name) { // octets as they are, which no standard allows and some programs write
		if text, err := DecodeText([]byte(name), DetectCharset([]byte(name))); err == nil {
			name = text
		}
	}
	return CleanName(DecodeHeader(name))
}

// CleanName is the last part of a file name from outside, without control and
// direction-changing characters, blanks and dots around it, 255 octets at most.
func CleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, name)
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Trim(name, " .")
	for len(name) > 255 {
		r := []rune(name)
		name = string(r[1:]) // keep the end: it carries the extension
	}
	if name == "/" {
		return ""
	}
	return name
}
