package card

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// The numbers of XML: as XSD writes them, without exponents.
var (
	xmlInteger = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)
	xmlDecimal = regexp.MustCompile(`^(0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]+)$`)
)

// rational reads a JSON number exactly. One with an exponent beyond 400 is not
// read at all: it would only cost memory.
func rational(s string) (*big.Rat, bool) {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if e, err := strconv.Atoi(s[i+1:]); err != nil || e > 400 || e < -400 {
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

// integer reads a whole number that fits int64.
func integer(s string) (int64, bool) {
	v, ok := rational(s)
	if !ok || !v.IsInt() || !v.Num().IsInt64() {
		return 0, false
	}
	return v.Num().Int64(), true
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// collapse takes away the white space around a value of XML, as XSD does for
// all types but free text.
func collapse(s string) string { return strings.Trim(s, " \t\r\n") }
