package stix

import "strings"

// token is the first token of a pattern, "" if it begins with none: a string or
// constant, a name, a number, an operator (section 9.2).
func token(s string) string {
	if n := quoted(s); n > 0 {
		return s[:n]
	}
	switch c := s[0]; {
	case letter(c):
		n := 1
		for n < len(s) && (letter(s[n]) || digit(s[n]) || s[n] == '-') {
			n++
		}
		return s[:n]
	case digit(c), (c == '+' || c == '-') && len(s) > 1 && digit(s[1]):
		n := 1
		for n < len(s) && digit(s[n]) {
			n++
		}
		if n+1 < len(s) && s[n] == '.' && digit(s[n+1]) {
			for n++; n < len(s) && digit(s[n]); {
				n++
			}
		}
		return s[:n]
	}
	for _, sign := range []string{"<=", ">=", "==", "!=", "<>"} {
		if strings.HasPrefix(s, sign) {
			return sign
		}
	}
	if strings.IndexByte("=<>()[],.:*", s[0]) >= 0 {
		return s[:1]
	}
	return ""
}

// quoted is the length of the string or constant (of time, binary or hex) the
// text begins with, 0 if it begins with none.
func quoted(s string) int {
	n := 0
	if len(s) > 1 && strings.IndexByte("tbh", s[0]) >= 0 {
		n = 1
	}
	if s[n] != '\'' {
		return 0
	}
	for n++; n < len(s); n++ {
		switch s[n] {
		case '\\':
			n++
		case '\'':
			return n + 1
		}
	}
	return 0
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
