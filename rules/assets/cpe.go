package assets

import "strings"

// cpe reads a CPE name of either form into part, vendor, product, version;
// "*" stands for any, and so does what is missing.
func cpe(s string) (parts [4]string, ok bool) {
	s = strings.ToLower(s)
	rest, found := strings.CutPrefix(s, "cpe:2.3:")
	if !found {
		if rest, found = strings.CutPrefix(s, "cpe:/"); !found {
			return parts, false
		}
	}
	fields := split(rest)
	for i := range parts {
		parts[i] = "*"
		if i < len(fields) && fields[i] != "" {
			parts[i] = fields[i]
		}
	}
	return parts, true
}

// split cuts at the colons that no backslash stands before.
func split(s string) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ':':
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// uses reports whether a product that is used can be the product named: what
// either of them leaves open is not against it.
func uses(used, named [4]string) bool {
	for i := range used {
		if used[i] != "*" && named[i] != "*" && used[i] != named[i] {
			return false
		}
	}
	return true
}
