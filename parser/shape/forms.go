package shape

import (
	"encoding/base64"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
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
	uuid     = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	hostname = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?)*\.?$`)
	cve      = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,19}$`)
	cwe      = regexp.MustCompile(`^CWE-[1-9][0-9]{0,5}$`)
	country  = regexp.MustCompile(`^[A-Z]{2}$`)
	hexText  = regexp.MustCompile(`^([0-9a-fA-F]{2})+$`)
	moment   = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+\-][0-9]{2}:[0-9]{2})$`)
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
		"uuid":     {Key: "pattern-uuid", Judge: matches(uuid)},
		"email":    {Key: "pattern-email", Judge: func(s, _ string) bool { return Email(s) }},
		"hostname": {Key: "pattern-fqdn", Judge: func(s, _ string) bool { return Hostname(s) }},
		"ip":       {Key: "pattern-ip", Judge: func(s, _ string) bool { _, err := netip.ParseAddr(s); return err == nil }},
		"cve":      {Key: "pattern-cve", Judge: matches(cve)},
		"cwe":      {Key: "pattern-cwe", Judge: matches(cwe)},
		"cpe":      {Key: "pattern-cpe", Judge: func(s, _ string) bool { return CPE(s) }},
		"purl":     {Key: "pattern-purl", Judge: func(s, _ string) bool { return PURL(s) }},
		"country":  {Key: "enum-country", Judge: matches(country)},
		"base64":   {Key: "pattern-base64", Judge: func(s, _ string) bool { _, err := base64.StdEncoding.Strict().DecodeString(s); return err == nil }},
		"hex":      {Key: "pattern-hex", Judge: matches(hexText)},
		"lang":     {Key: "pattern-lang", Judge: matches(language)},
	}
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
func UUID(s string) bool { return uuid.MatchString(s) }

// Email reports a bare mail address.
func Email(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && a.Name == "" && len(s) <= 320
}

// Time reads a time of RFC 3339 in the zone it is written in; a leap second
// counts as the second before.
func Time(s string) (time.Time, bool) {
	if !moment.MatchString(s) {
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
