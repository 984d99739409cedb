package stix

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"almasu/parser/shape"
)

// comparison is one comparison of a pattern.
type comparison struct {
	path     string // "ipv4-addr:value", without quotes
	operator string
	value    string // of a string or number
	negated  bool
}

// pattern is a STIX pattern (section 9) that was read.
type pattern struct {
	comparisons []comparison
	// plain: it is one observation of comparisons joined by OR alone, so that
	// each comparison means something by itself.
	plain bool
}

const deepest = 32 // brackets of a pattern

// patternReader reads a pattern token by token.
type patternReader struct {
	rest    string // behind the token
	token   string // "" at the end
	depth   int
	failed  bool
	simple  bool
	found   []comparison
	observe int // observations
}

// parsePattern reads a pattern; ok is false if it is none.
func parsePattern(s string) (p pattern, ok bool) {
	r := &patternReader{simple: true, rest: s}
	r.advance()
	r.observations()
	return pattern{r.found, r.simple && r.observe == 1}, !r.failed && r.token == ""
}

func (r *patternReader) advance() {
	r.rest = strings.TrimSpace(r.rest)
	if r.token = ""; r.rest != "" {
		r.token = token(r.rest)
		r.failed = r.failed || r.token == ""
	}
	r.rest = r.rest[len(r.token):]
}

func (r *patternReader) peek() string { return r.token }

func (r *patternReader) next() string {
	t := r.token
	if t == "" {
		r.failed = true
		return ""
	}
	r.advance()
	return t
}

// mostComparisons are told apart; a pattern of more is one thing as a whole.
const mostComparisons = 10_000

func (r *patternReader) keep(c comparison) {
	if len(r.found) == mostComparisons {
		r.simple = false
		return
	}
	r.found = append(r.found, c)
}

// accept takes the token if it is one of those.
func (r *patternReader) accept(words ...string) bool {
	for _, w := range words {
		if r.peek() == w {
			r.next()
			return true
		}
	}
	return false
}

func (r *patternReader) expect(word string) {
	if !r.accept(word) {
		r.failed = true
	}
}

func (r *patternReader) enter() bool {
	r.depth++
	r.failed = r.failed || r.depth > deepest
	return !r.failed
}

func (r *patternReader) observations() {
	if !r.enter() {
		return
	}
	for {
		if r.accept("(") {
			r.observations()
			r.expect(")")
		} else {
			r.expect("[")
			r.observe++
			r.comparisons()
			r.expect("]")
		}
		r.qualifiers()
		if r.failed || !r.accept("AND", "OR", "FOLLOWEDBY") {
			break
		}
		r.simple = false
	}
	r.depth--
}

func (r *patternReader) qualifiers() {
	for !r.failed {
		switch {
		case r.accept("START"):
			r.constant("t")
			r.expect("STOP")
			r.constant("t")
		case r.accept("WITHIN"):
			r.constant("n")
			r.expect("SECONDS")
		case r.accept("REPEATS"):
			r.constant("n")
			r.expect("TIMES")
		default:
			return
		}
		r.simple = false
	}
}

func (r *patternReader) comparisons() {
	if !r.enter() {
		return
	}
	for {
		switch {
		case r.accept("("):
			r.comparisons()
			r.expect(")")
		case r.accept("EXISTS"):
			r.path()
			r.simple = false
		default:
			r.comparison()
		}
		if r.accept("AND") {
			r.simple = false
		} else if r.failed || !r.accept("OR") {
			break
		}
	}
	r.depth--
}

func (r *patternReader) comparison() {
	c := comparison{path: r.path()}
	c.negated = r.accept("NOT")
	switch c.operator = r.next(); c.operator {
	case "=", "==", "!=", "<>", "<", "<=", ">", ">=":
		c.value = r.constant("")
		r.keep(c)
	case "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET":
		c.value = r.constant("s")
		r.keep(c)
	case "IN":
		r.expect("(")
		for !r.failed {
			c.value = r.constant("")
			r.keep(c)
			if !r.accept(",") {
				break
			}
		}
		r.expect(")")
	default:
		r.failed = true
	}
}

// path is an object path: type ":" name, then names and indexes.
func (r *patternReader) path() string {
	path := r.next()
	if !typeName(path) {
		r.failed = true
	}
	r.expect(":")
	path += ":" + r.name()
	for !r.failed {
		switch {
		case r.accept("."):
			path += "." + r.name()
		case r.accept("["):
			if index := r.next(); index != "*" && strings.Trim(index, "0123456789") != "" && !strings.HasPrefix(index, "'") {
				r.failed = true
			}
			r.expect("]")
		default:
			return path
		}
	}
	return path
}

func (r *patternReader) name() string {
	t := r.next()
	if strings.HasPrefix(t, "'") {
		return unquote(t)
	}
	if t == "" || !strings.ContainsAny(t[:1], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") || strings.HasSuffix(t, "'") {
		r.failed = true
	}
	return t
}

// constant is a value; kind "s", "t" and "n" ask for a string, a time or a
// number.
func (r *patternReader) constant(kind string) string {
	t := r.next()
	sound := false
	switch {
	case t == "":
	case t[0] == '\'':
		sound = kind == "" || kind == "s"
	case strings.HasPrefix(t, "t'"):
		_, ok := shape.Time(unquote(t[1:]))
		sound = ok && (kind == "" || kind == "t") && strings.HasSuffix(t, "Z'")
	case strings.HasPrefix(t, "b'"):
		_, err := base64.StdEncoding.DecodeString(unquote(t[1:]))
		sound = err == nil && kind == ""
	case strings.HasPrefix(t, "h'"):
		_, err := hex.DecodeString(unquote(t[1:]))
		sound = err == nil && kind == ""
	case t == "true" || t == "false":
		sound = kind == ""
	case strings.ContainsAny(t[:1], "+-0123456789"):
		sound = kind == "" || kind == "n" && !strings.ContainsAny(t[:1], "-")
	}
	if !sound {
		r.failed = true
		return ""
	}
	if strings.HasSuffix(t, "'") {
		return unquote(t[strings.Index(t, "'"):])
	}
	return t
}

func unquote(s string) string {
	if len(s) < 2 {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// quote writes a string of a pattern.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
