package stix

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"almasu/parser/shape"
)

var (
	typeLine  = regexp.MustCompile(`(?m)^([a-z][a-z0-9\-]*)(:| open)`)
	extension = regexp.MustCompile(`^(extension-definition--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9][a-z0-9\-]*-ext)$`)
	selector  = regexp.MustCompile(`^([a-z0-9_][A-Za-z0-9_\-]*)(\.(\[[0-9]{1,6}\]|[A-Za-z0-9_\-]+))*$`)
)

// forms are the types of STIX that are texts of a form (section 2).
func forms() map[string]shape.Form {
	all := map[string]shape.Form{
		"id":       {Key: "pattern-stix-id", Judge: func(s, _ string) bool { return identifier(s, "") }},
		"ref":      {Key: "pattern-stix-ref", Named: true, Judge: identifier},
		"stamp":    {Key: "pattern-stix-time", Judge: func(s, _ string) bool { _, ok := shape.Time(s); return ok && s[10] == 'T' && strings.HasSuffix(s, "Z") }},
		"property": {Key: "pattern-stix-property", Judge: matching(regexp.MustCompile(`^[a-z0-9_]{3,250}$`))},
		"extkey":   {Key: "pattern-stix-extension", Judge: func(s, _ string) bool { return extension.MatchString(s) || impactExtension(s) }},
		"hashkey":  {Key: "pattern-stix-property", Judge: matching(regexp.MustCompile(`^[A-Za-z0-9_\-]{3,250}$`))},
		"selector": {Key: "pattern-stix-selector", Judge: matching(selector)},
		"ipv4":     {Key: "pattern-ip", Judge: func(s, _ string) bool { return address(s, true) }},
		"ipv6":     {Key: "pattern-ip", Judge: func(s, _ string) bool { return address(s, false) }},
		"mac":      {Key: "pattern-mac", Judge: matching(regexp.MustCompile(`^[0-9a-f]{2}(:[0-9a-f]{2}){5}$`))},
	}
	for name, expression := range map[string]string{
		"relationship": `^[a-z0-9\-]+$`,
	} {
		all[name] = shape.Pattern(expression)
	}
	for name, digits := range map[string]int{"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128} {
		all[name] = shape.Digits(digits)
	}
	return all
}

func matching(re *regexp.Regexp) func(string, string) bool {
	return func(s, _ string) bool { return re.MatchString(s) }
}

// typeName reports the name of a type of objects (section 3.2): 3 to 250 of a-z,
// 0-9 and the hyphen.
func typeName(s string) bool {
	for i := range len(s) {
		if !letter(s[i]) && !digit(s[i]) && s[i] != '-' || s[i] == '_' || s[i] >= 'A' && s[i] <= 'Z' {
			return false
		}
	}
	return len(s) >= 3 && len(s) <= 250 && letter(s[0]) && s[len(s)-1] != '-'
}

// rfc4122 reports a UUID in lower case, of the variant of RFC 4122 and of one of
// its versions.
func rfc4122(s string) bool {
	return shape.UUID(s) && strings.ToLower(s) == s && s[14] >= '1' && s[14] <= '8' && strings.IndexByte("89ab", s[19]) >= 0
}

// identifier: "type--UUID" (section 2.9), of one of the types where some are
// named.
func identifier(s, types string) bool {
	kind, id, ok := strings.Cut(s, "--")
	return ok && typeName(kind) && rfc4122(id) &&
		(types == "" || slices.Contains(strings.Split(types, "|"), kind))
}

func address(s string, four bool) bool {
	host, _, network := strings.Cut(s, "/")
	if network {
		p, err := netip.ParsePrefix(s)
		return err == nil && p.Addr().Is4() == four
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Is4() == four && a.Zone() == ""
}
