package card

import (
	"encoding/base64"
	"maps"
	"math/big"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"almasu/exchange"
	syntax "almasu/parser/shape"
)

// form is the form of a text. Its pattern is written in what the regular
// expressions of Go, JSON Schema (ECMA 262) and XSD have in common, without
// anchors. deep looks at what no pattern can say.
type form struct {
	name    string
	pattern string
	longest int // characters
	free    bool
	re      *regexp.Regexp
	deep    func(string) flaw
}

// flaw is a mistake in one value: Key and Args of its text. The zero flaw is
// none.
type flaw struct {
	code exchange.ProblemCode
	key  string
	args []string
}

const (
	patternID    = `[A-Za-z0-9._:\-]{1,64}`
	patternLabel = `[A-Za-z0-9_]([A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?`
	patternFQDN  = `(` + patternLabel + `\.)+([A-Za-z]{2,63}|[Xx][Nn]-(-[A-Za-z0-9]+)+)`
	patternTime  = `(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])` +
		`T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+\-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))`
	// One line: no control characters, no line and paragraph separators.
	patternLine = `[^\x00-\x1f\x7f-\x9f` + "\u2028\u2029\ufffe\uffff]*"
	// Free text: tab, line feed and carriage return besides.
	patternText = `[^\x00-\x08\x0b\x0c\x0e-\x1f` + "\ufffe\uffff]*"
)

// forms lists the forms a card tag can name.
var forms = sync.OnceValue(func() map[string]*form {
	all := map[string]*form{}
	for _, f := range []form{
		{name: "line", pattern: patternLine, longest: 500, free: true, deep: notBlank},
		{name: "text", pattern: patternText, longest: 20_000, free: true, deep: notBlank},
		{name: "id", pattern: patternID, longest: 64},
		{name: "bin", pattern: `[0-9]{12}`, longest: 12, deep: binDigit},
		{name: "phone", pattern: `\+[1-9][0-9]{6,14}`, longest: 16, deep: kazakhPhone},
		{name: "email", pattern: "[A-Za-z0-9.!#$%&'*+/=?\\^_`{|}~\\-]{1,64}@" + patternFQDN, longest: 254, deep: mailAddress},
		{name: "ip", pattern: `[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?`, longest: 49, deep: ipOrNetwork},
		{name: "fqdn", pattern: patternFQDN, longest: 253, deep: international},
		{name: "url", pattern: `https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+`, longest: 2000, deep: webAddress},
		{name: "cve", pattern: `CVE-(19|20)[0-9]{2}-[0-9]{4,19}`, longest: 28},
		{name: "cwe", pattern: `CWE-[1-9][0-9]{0,5}`, longest: 10},
		{name: "sha", pattern: `[0-9a-f]{64}`, longest: 64},
		{name: "quarter", pattern: `20[0-9]{2}-Q[1-4]`, longest: 7},
		{name: "base64", pattern: `[A-Za-z0-9+/]+={0,2}`, longest: 20_000, deep: properBase64},
		{name: "time", pattern: patternTime, longest: 35},
	} {
		if !f.free { // the free forms are looked at by hand: faster, and the same
			f.re = regexp.MustCompile(`^(?:` + f.pattern + `)$`)
		}
		all[f.name] = &f
	}
	return all
})

// text judges one text by the rules of its field.
func (f *field) text(s string) flaw {
	switch {
	case f.enum != nil:
		for _, word := range f.enum {
			if s == word {
				return flaw{}
			}
		}
		if f.enumName != "" {
			return flaw{exchange.ProblemEnum, "enum-" + f.enumName, []string{strings.Join(f.enum, ", ")}}
		}
		return flaw{exchange.ProblemEnum, "enum", []string{strings.Join(f.enum, ", ")}}
	case s == "":
		return flaw{exchange.ProblemRange, "range-empty", nil}
	case utf8.RuneCountInString(s) > f.form.longest:
		return flaw{exchange.ProblemRange, "range-length", []string{itoa(int64(f.form.longest))}}
	}
	return f.form.judge(s)
}

func (f *form) judge(s string) flaw {
	sound := false
	if f.free {
		sound = utf8.ValidString(s) && strings.IndexFunc(s, f.barred) < 0
	} else {
		sound = f.re.MatchString(s)
	}
	switch {
	case !sound:
		return flaw{exchange.ProblemPattern, "pattern-" + f.name, nil}
	case f.deep != nil:
		return f.deep(s)
	}
	return flaw{}
}

// barred reports a character that a free form does not allow; it says in Go
// what patternLine and patternText say.
func (f *form) barred(c rune) bool {
	switch {
	case c == '\t' || c == '\n' || c == '\r':
		return f.name == "line"
	case c < 0x20 || c == 0xFFFE || c == 0xFFFF:
		return true
	case c >= 0x7f && c <= 0x9f || c == 0x2028 || c == 0x2029:
		return f.name == "line"
	}
	return false
}

func notBlank(s string) flaw {
	if strings.TrimSpace(s) == "" {
		return flaw{exchange.ProblemSemantic, "semantic-blank", nil}
	}
	return flaw{}
}

// binDigit checks the last digit of a BIN or IIN (DOMAIN 5.4).
func binDigit(s string) flaw {
	if d, ok := checkDigit(s[:11]); !ok || s[11] != d {
		return flaw{exchange.ProblemSemantic, "semantic-bin", nil}
	}
	return flaw{}
}

// checkDigit is the twelfth digit to the first eleven; ok is false for numbers
// that are not issued.
func checkDigit(eleven string) (digit byte, ok bool) {
	sum := func(first int) int {
		s := 0
		for i := range 11 {
			s += int(eleven[i]-'0') * ((first+i-1)%11 + 1)
		}
		return s % 11
	}
	s := sum(1)
	if s == 10 {
		s = sum(3)
	}
	return byte('0' + s%10), s < 10
}

// kazakhPhone: a number that begins with +7 has ten digits after it (DOMAIN 5.5).
func kazakhPhone(s string) flaw {
	if strings.HasPrefix(s, "+7") && len(s) != len("+7")+10 {
		return flaw{exchange.ProblemPattern, "pattern-phone", nil}
	}
	return flaw{}
}

// international: what says it is an international name is one.
func international(s string) flaw {
	if !syntax.IDN(s) {
		return flaw{exchange.ProblemSemantic, "semantic-idn", nil}
	}
	return flaw{}
}

func mailAddress(s string) flaw {
	local, _, _ := strings.Cut(s, "@")
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return flaw{exchange.ProblemPattern, "pattern-email", nil}
	}
	return flaw{}
}

func ipOrNetwork(s string) flaw {
	var err error
	if strings.Contains(s, "/") {
		_, err = netip.ParsePrefix(s)
	} else {
		_, err = netip.ParseAddr(s)
	}
	if err != nil {
		return flaw{exchange.ProblemPattern, "pattern-ip", nil}
	}
	return flaw{}
}

func webAddress(s string) flaw {
	if u, err := url.Parse(s); err != nil || u.Hostname() == "" {
		return flaw{exchange.ProblemPattern, "pattern-url", nil}
	}
	return flaw{}
}

func properBase64(s string) flaw {
	if _, err := base64.StdEncoding.Strict().DecodeString(s); err != nil {
		return flaw{exchange.ProblemPattern, "pattern-base64", nil}
	}
	return flaw{}
}

// moment reads a time of card v1: RFC 3339 with seconds and zone. The location
// is the offset written, whatever the machine's own zone is.
func moment(s string) (time.Time, flaw) {
	bad := flaw{exchange.ProblemPattern, "pattern-time", nil}
	if !forms()["time"].re.MatchString(s) {
		return time.Time{}, bad
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, bad
	}
	if _, offset := t.Zone(); offset != 0 {
		return t.In(time.FixedZone("", offset)), flaw{}
	}
	return t.UTC(), flaw{}
}

// number judges a number by the rules of its field. JSON may write it in any
// way ("1.0" is an integer, as JSON Schema has it).
func (f *field) number(s string) (*big.Rat, flaw) {
	v, ok := rational(s)
	if !ok || f.shape == anInteger && !v.IsInt() {
		return nil, flaw{exchange.ProblemType, typeKey(f.shape), nil}
	}
	switch {
	case v.Cmp(big.NewRat(f.min, 1)) < 0:
		return nil, flaw{exchange.ProblemRange, "range-min", []string{itoa(f.min)}}
	case v.Cmp(big.NewRat(f.max, 1)) > 0:
		return nil, flaw{exchange.ProblemRange, "range-max", []string{itoa(f.max)}}
	}
	if f.shape != aDecimal {
		return v, flaw{}
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(f.digits)), nil)
	if !new(big.Rat).Mul(v, new(big.Rat).SetInt(scale)).IsInt() {
		return nil, flaw{exchange.ProblemRange, "range-digits", []string{itoa(int64(f.digits))}}
	}
	return v, flaw{}
}

// formNames lists the forms in alphabetical order.
func formNames() []string { return slices.Sorted(maps.Keys(forms())) }

// wordListNames lists the closed lists in alphabetical order.
func wordListNames() []string { return slices.Sorted(maps.Keys(wordLists())) }
