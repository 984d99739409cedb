package shape

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// IDN reports whether every label of a domain name that says so is an
// international one: "xn--" and Punycode (RFC 3492) of letters, marks and digits
// (RFC 5891 section 5.4 in short).
func IDN(name string) bool {
	for _, label := range strings.Split(name, ".") {
		if len(label) >= 4 && strings.EqualFold(label[:4], "xn--") && !punycode(label[4:]) {
			return false
		}
	}
	return true
}

// The parameters of Punycode (RFC 3492 section 5).
const (
	base        = 36
	tMin        = 1
	tMax        = 26
	skew        = 38
	damp        = 700
	initialBias = 72
	initialN    = 128
)

// punycode decodes one label as RFC 3492 section 6.2 has it.
func punycode(s string) bool {
	count := 0 // characters so far
	if plain := strings.LastIndexByte(s, '-'); plain >= 0 {
		count, s = plain, s[plain+1:]
	}
	if s == "" {
		return false // nothing in it but ASCII
	}
	n, i, bias := initialN, 0, initialBias
	for s != "" {
		before, weight := i, 1
		for k := base; ; k += base {
			if s == "" {
				return false
			}
			d := digit(s[0])
			s = s[1:]
			if d < 0 {
				return false
			}
			if i += d * weight; i > 1<<24 {
				return false
			}
			t := min(max(k-bias, tMin), tMax)
			if d < t {
				break
			}
			if weight *= base - t; weight > 1<<24 {
				return false
			}
		}
		count++
		bias = adapted(i-before, count, before == 0)
		n += i / count
		i = i%count + 1
		if n > utf8.MaxRune || !unicode.In(rune(n), unicode.L, unicode.M, unicode.N) && n != 0x200C && n != 0x200D && n != 0xB7 && n != 0x30FB {
			return false
		}
	}
	return true
}

func digit(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return int(c - 'a')
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= '0' && c <= '9':
		return int(c-'0') + 26
	}
	return -1
}

// adapted is the bias after a character (RFC 3492 section 6.1).
func adapted(delta, count int, first bool) int {
	if first {
		delta /= damp
	} else {
		delta /= 2
	}
	delta += delta / count
	k := 0
	for ; delta > (base-tMin)*tMax/2; k += base {
		delta /= base - tMin
	}
	return k + (base-tMin+1)*delta/(delta+skew)
}
