package shape

import (
	"encoding/base64"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Form is the form of a text. Key and Args are its problem's text; with Named
// the text names the form's argument.
type Form struct {
	Key   string
	Args  []string
	Named bool
	Judge func(value, arg string) bool
}

var (
	schemed  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.\-]*:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*$`)
	hostname = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?)*\.?$`)
	cve      = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,19}$`)
	cwe      = regexp.MustCompile(`^CWE-[1-9][0-9]{0,5}$`)
	country  = regexp.MustCompile(`^[A-Z]{2}$`)
	// RFC 5646 section 2.1, without the grandfathered tags.
	language = regexp.MustCompile(`^(?i)([a-z]{2,3}(-[a-z]{3}(-[a-z]{3}){0,2})?|[a-z]{4,8})(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(-[a-wy-z0-9](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?$|^(?i)x(-[a-z0-9]{1,8})+$`)
)

// Forms are the forms every table knows.
func Forms() map[string]Form {
	matches := func(re *regexp.Regexp) func(string, string) bool {
		return func(s, _ string) bool { return re.MatchString(s) }
	}
	return map[string]Form{
		"uri":      {Key: "pattern-uri", Judge: func(s, _ string) bool { return URI(s) }},
		"time":     {Key: "pattern-time", Judge: func(s, _ string) bool { _, ok := Time(s); return ok }},
		"date":     {Key: "pattern-date", Judge: func(s, _ string) bool { _, err := time.Parse(time.DateOnly, s); return err == nil }},
		"uuid":     {Key: "pattern-uuid", Judge: func(s, _ string) bool { return UUID(s) }},
		"email":    {Key: "pattern-email", Judge: func(s, _ string) bool { return Email(s) }},
		"hostname": {Key: "pattern-fqdn", Judge: func(s, _ string) bool { return Hostname(s) }},
		"ip":       {Key: "pattern-ip", Judge: func(s, _ string) bool { _, err := netip.ParseAddr(s); return err == nil }},
		"cve":      {Key: "pattern-cve", Judge: matches(cve)},
		"cwe":      {Key: "pattern-cwe", Judge: matches(cwe)},
		"cpe":      {Key: "pattern-cpe", Judge: func(s, _ string) bool { return CPE(s) }},
		"purl":     {Key: "pattern-purl", Judge: func(s, _ string) bool { return PURL(s) }},
		"country":  {Key: "enum-country", Judge: matches(country)},
		"base64":   {Key: "pattern-base64", Judge: func(s, _ string) bool { _, err := base64.StdEncoding.Strict().DecodeString(s); return err == nil }},
		"hex":      {Key: "pattern-hex", Judge: func(s, _ string) bool { return s != "" && len(s)%2 == 0 && hexadecimal(s) }},
		"lang":     {Key: "pattern-lang", Judge: matches(language)},
	}
}

// Digits is a form of so many hexadecimal digits.
func Digits(n int) Form {
	f := Pattern("^[0-9a-fA-F]{" + strconv.Itoa(n) + "}$")
	f.Judge = func(s, _ string) bool { return len(s) == n && hexadecimal(s) }
	return f
}

func hexadecimal(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// matching reports whether a text follows a mask in which 0 stands for a digit
// and every other character for itself.
func matching(s, mask string) bool {
	if len(s) != len(mask) {
		return false
	}
	for i := range len(s) {
		digit := s[i] >= '0' && s[i] <= '9'
		if mask[i] == '0' && !digit || mask[i] != '0' && s[i]|0x20 != mask[i]|0x20 {
			return false
		}
	}
	return true
}

// moment is the form of date-time (RFC 3339 section 5.6).
func moment(s string) bool {
	const whole = "0000-00-00T00:00:00"
	if len(s) <= len(whole) || !matching(s[:len(whole)], whole) {
		return false
	}
	zone := s[len(whole):]
	if zone[0] == '.' {
		rest := strings.TrimLeft(zone[1:], "0123456789")
		if len(rest) == len(zone)-1 {
			return false
		}
		zone = rest
	}
	return zone == "Z" || zone == "z" || matching(zone, "+00:00") && zone[0] == '+' || matching(zone, "-00:00") && zone[0] == '-'
}

// Pattern is a form given by a regular expression, which its text shows.
func Pattern(expression string) Form {
	re := regexp.MustCompile(expression)
	return Form{Key: "pattern", Args: []string{expression}, Judge: func(s, _ string) bool { return re.MatchString(s) }}
}

// URI reports an absolute URI (RFC 3986), in ASCII.
func URI(s string) bool {
	if !schemed.MatchString(s) {
		return false
	}
	_, err := url.Parse(s)
	return err == nil
}

// Hostname reports a name of DNS.
func Hostname(s string) bool { return len(s) <= 253 && hostname.MatchString(s) }

// UUID reports a UUID (RFC 9562).
func UUID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' &&
		hexadecimal(s[:8]) && hexadecimal(s[9:13]) && hexadecimal(s[14:18]) && hexadecimal(s[19:23]) && hexadecimal(s[24:])
}

// Email reports a bare mail address.
func Email(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && a.Name == "" && len(s) <= 320
}

// Time reads a time of RFC 3339 in the zone it is written in; a leap second
// counts as the second before.
func Time(s string) (time.Time, bool) {
	if !moment(s) {
		return time.Time{}, false
	}
	s = strings.ToUpper(s)
	if s[17:19] == "60" {
		s = s[:17] + "59" + s[19:]
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, false
	}
	if _, offset := t.Zone(); offset != 0 {
		return t.In(time.FixedZone("", offset)), true
	}
	return t.UTC(), true
}
