package iodef

import (
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"almasu/exchange"
)

// flaw is a mistake in one value: Key and Args of its text. The zero flaw is
// none.
type flaw struct {
	code exchange.ProblemCode
	key  string
	args []string
}

// The built-in types of XML Schema part 2, as far as libxml2 and the standard
// agree on what IODEF uses of them.
var (
	xsLanguage = regexp.MustCompile(`^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$`)
	xsInteger  = regexp.MustCompile(`^[+-]?0*[0-9]{1,24}$`) // more than 24 digits are counted by nobody
	xsFloat    = regexp.MustCompile(`^([+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]*)?|-?INF|NaN)$`)
	xsDateTime = regexp.MustCompile(`^-?([0-9]{4}|[1-9][0-9]{4,17})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?` +
		`(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?$`)
	rfc3339 = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))$`)
	// RFC 3986, with what is escaped in an IRI already put in its place.
	xsURI = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9+.\-]*:(?://` + uriAuthority + `(?:/` + uriChar + `*)*|/?(?:` + uriChar + `+(?:/` + uriChar + `*)*)?)` +
		`|//` + uriAuthority + `(?:/` + uriChar + `*)*|/(?:` + uriChar + `+(?:/` + uriChar + `*)*)?|(?:` + uriFirst + `+(?:/` + uriChar + `*)*)?)` +
		`(?:\?(?:` + uriChar + `|[/?])*)?(?:#(?:` + uriChar + `|[/?\[\]])*)?$`)
)

const (
	uriFirst     = `(?:[A-Za-z0-9\-._~!$&'()*+,;=@]|%[0-9A-Fa-f]{2})`
	uriChar      = `(?:` + uriFirst + `|:)`
	uriHost      = `(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*`
	uriAuthority = `(?:(?:` + uriHost + `|:)*@)?(?:\[[^\]]*\]|` + uriHost + `)(?::([0-9]+))?`
)

// check judges a value of a simple type.
func (m *xmlModel) check(typ, value string) flaw {
	s := m.simple[typ]
	if s == nil {
		return builtIn(typ, value)
	}
	written := value
	if s.base != "string" {
		value = collapse(value)
	}
	switch {
	case s.words != nil && !slices.Contains(s.words, value):
		return flaw{exchange.ProblemEnum, "enum", []string{strings.Join(s.words, ", ")}}
	case s.pattern != nil && !s.pattern.MatchString(value):
		return flaw{exchange.ProblemPattern, patternKey(typ), nil}
	case s.above:
		if f := builtIn(s.base, written); f.code != "" {
			return f
		}
		n, err := strconv.ParseFloat(strings.Replace(value, "INF", "Inf", 1), 32)
		switch {
		case math.IsNaN(n):
			return flaw{exchange.ProblemSemantic, "iodef-positive", nil} // not less, says libxml2
		case (err == nil || errors.Is(err, strconv.ErrRange)) && n <= 0:
			return flaw{exchange.ProblemRange, "iodef-positive", nil}
		}
	}
	return flaw{}
}

func builtIn(typ, value string) flaw {
	if typ == "string" {
		return flaw{}
	}
	written := value
	value = collapse(value)
	ok, code, key := true, exchange.ProblemPattern, patternKey(typ)
	switch typ {
	case "language":
		ok = xsLanguage.MatchString(value)
	case "integer":
		ok, code, key = xsInteger.MatchString(value), exchange.ProblemType, "type-integer"
	case "float":
		if ok, code = xsFloat.MatchString(value) && (written == value || !strings.Contains("-INF NaN", value)), exchange.ProblemType; ok && strings.IndexByte("eE+-", value[len(value)-1]) >= 0 {
			return flaw{exchange.ProblemSemantic, key, nil} // an exponent of no digits: libxml2 lets it pass
		}
	case "dateTime":
		ok = isDateTime(written) // libxml2 wants no white space around it
	case "anyURI":
		ok = isURI(value)
	case "ID", "IDREF":
		ok = isNCName(value)
	}
	if !ok {
		return flaw{code, key, nil}
	}
	return flaw{}
}

// isDateTime judges an xs:dateTime: the zone is optional there, the year may
// have more than four digits, and 24:00:00 is the end of a day.
func isDateTime(s string) bool {
	m := xsDateTime.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v }
	year, month, day, hour, minute, second := n(1), n(2), n(3), n(4), n(5), n(6)
	if year == 0 || month < 1 || month > 12 || day < 1 || minute > 59 || second > 59 || hour > 24 {
		return false
	}
	days := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		days++
	}
	return day <= days && (hour < 24 || minute == 0 && second == 0 && strings.Trim(m[7], ".0") == "")
}

// isURI judges an xs:anyURI: what an IRI would escape counts as a character.
func isURI(s string) bool {
	s = strings.Map(func(c rune) rune {
		if c <= ' ' || c >= 0x7f || strings.ContainsRune("<>\"{}|\\^`", c) {
			return '_'
		}
		return c
	}, s)
	m := xsURI.FindStringSubmatch(s)
	for _, port := range m[min(1, len(m)):] {
		if _, err := strconv.ParseInt(port, 10, 32); port != "" && err != nil {
			return false
		}
	}
	return m != nil
}

// isNCName judges an xs:ID (Namespaces in XML, NCName).
func isNCName(s string) bool {
	for i, c := range s {
		start := c == '_' || unicode.IsLetter(c)
		if !start && (i == 0 || !unicode.IsDigit(c) && c != '.' && c != '-' && c != 0xB7 && !unicode.In(c, unicode.Mn, unicode.Mc, unicode.Lm)) {
			return false
		}
	}
	return s != ""
}

// collapse undoes white space as XSD does for all types but string.
func collapse(s string) string {
	if strings.IndexByte(s, ' ') < 0 && strings.IndexByte(s, '\n') < 0 && !strings.ContainsAny(s, "\t\r") {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(" \t\r\n", c) }), " ")
}

// number is the value of a number as XML or JSON writes it; ok is false for
// what is no finite number.
func number(s string) (v float64, ok bool) {
	v, err := strconv.ParseFloat(collapse(s), 64)
	return v, err == nil && !math.IsInf(v, 0) && !math.IsNaN(v)
}

// isRFC3339 judges a date-time of the JSON schema (RFC 3339 section 5.6).
func isRFC3339(s string) bool {
	m := rfc3339.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v }
	if _, err := time.Parse("2006-01-02", m[1]); err != nil || n(2) > 23 || n(3) > 59 || n(4) > 60 || n(7) > 23 || n(8) > 59 {
		return false
	}
	if n(4) < 60 {
		return true
	}
	// A leap second ends a day of UTC.
	minutes := n(2)*60 + n(3)
	switch m[6] {
	case "+":
		minutes -= n(7)*60 + n(8)
	case "-":
		minutes += n(7)*60 + n(8)
	}
	return (minutes+24*60)%(24*60) == 24*60-1
}

// patternKey is the text for a value that is not of the type, of either schema.
func patternKey(typ string) string {
	switch typ {
	case "language", "lang":
		return "iodef-language"
	case "anyURI", "URLtype":
		return "iodef-anyuri"
	case "ID", "IDREF", "IDtype":
		return "iodef-id"
	case "PortlistType":
		return "iodef-portlist"
	case "TimezoneType", "TimeZonetype":
		return "iodef-timezone"
	case "float":
		return "iodef-float"
	}
	return "iodef-datetime"
}
