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
	typeName  = regexp.MustCompile(`^[a-z][a-z0-9\-]{1,248}[a-z0-9]$`)
	stamp     = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$`)
	extension = regexp.MustCompile(`^(extension-definition--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z0-9][a-z0-9\-]*-ext)$`)
	selector  = regexp.MustCompile(`^([a-z0-9_][A-Za-z0-9_\-]*)(\.(\[[0-9]{1,6}\]|[A-Za-z0-9_\-]+))*$`)
)

// forms are the types of STIX that are texts of a form (section 2).
func forms() map[string]shape.Form {
	all := map[string]shape.Form{
		"id":       {Key: "pattern-stix-id", Judge: func(s, _ string) bool { return identifier(s, "") }},
		"ref":      {Key: "pattern-stix-ref", Named: true, Judge: identifier},
		"stamp":    {Key: "pattern-stix-time", Judge: func(s, _ string) bool { _, ok := shape.Time(s); return ok && stamp.MatchString(s) }},
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
		"md5":          `^[0-9a-fA-F]{32}$`, "sha1": `^[0-9a-fA-F]{40}$`,
		"sha256": `^[0-9a-fA-F]{64}$`, "sha512": `^[0-9a-fA-F]{128}$`,
	} {
		all[name] = shape.Pattern(expression)
	}
	return all
}

func matching(re *regexp.Regexp) func(string, string) bool {
	return func(s, _ string) bool { return re.MatchString(s) }
}

// rfc4122 is a UUID of the variant of RFC 4122, and of one of its versions.
var rfc4122 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// identifier: "type--UUID" (section 2.9), of one of the types where some are
// named.
func identifier(s, types string) bool {
	kind, id, ok := strings.Cut(s, "--")
	return ok && typeName.MatchString(kind) && rfc4122.MatchString(id) &&
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
