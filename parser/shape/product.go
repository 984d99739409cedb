package shape

import (
	"net/url"
	"regexp"
	"strings"
)

const (
	cpePart  = `(\?*|\*?)([a-zA-Z0-9\-._]|\\[\\*?!"#$%&'()+,/:;<=>@\[\]^{|}~` + "`" + `])+(\?*|\*?)`
	cpeValue = `((` + cpePart + `)|[*\-])`
)

var (
	// NISTIR 7695 section 6.2: the formatted string of CPE 2.3.
	cpe23 = regexp.MustCompile(`^cpe:2\.3:[aho*\-](:` + cpeValue + `){5}(:([a-zA-Z]{2,3}(-([a-zA-Z]{2}|[0-9]{3}))?|[*\-]))(:` + cpeValue + `){4}$`)
	// The URI of CPE 2.2.
	cpe22 = regexp.MustCompile(`^[cC][pP][eE]:/[AHOaho]?(:[A-Za-z0-9._\-~%]*){0,6}$`)

	purlType = regexp.MustCompile(`^[A-Za-z.+\-][A-Za-z0-9.+\-]*$`)
	purlKey  = regexp.MustCompile(`^[A-Za-z._\-][A-Za-z0-9._\-]*$`)
)

// CPE reports a CPE name, as a formatted string of 2.3 or a URI of 2.2.
func CPE(s string) bool { return cpe23.MatchString(s) || cpe22.MatchString(s) }

// PURL reports a package URL: pkg:type/namespace/name@version?qualifiers#path.
func PURL(s string) bool {
	rest, ok := strings.CutPrefix(s, "pkg:")
	if !ok || !schemed.MatchString(s) {
		return false
	}
	rest, subpath, _ := strings.Cut(rest, "#")
	rest, qualifiers, qualified := strings.Cut(rest, "?")
	kind, path, ok := strings.Cut(strings.TrimLeft(rest, "/"), "/")
	if !ok || !purlType.MatchString(kind) || qualified && !purlQualifiers(qualifiers) || !escaped(subpath) {
		return false
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	name, version, _ := strings.Cut(segments[len(segments)-1], "@")
	if name == "" || strings.Contains(version, "@") && !strings.Contains(version, "%40") {
		return false
	}
	for _, s := range segments {
		if s == "" || !escaped(s) {
			return false
		}
	}
	return purlNamespace(strings.ToLower(kind), len(segments) > 1)
}

// purlNamespace: types whose names are nothing without a namespace, and those
// that have none.
func purlNamespace(kind string, given bool) bool {
	switch kind {
	case "github", "bitbucket", "maven", "composer", "swift", "golang", "huggingface":
		return given || kind == "golang" || kind == "composer" || kind == "huggingface"
	case "pypi", "nuget", "gem", "cargo", "cran", "hackage", "pub":
		return !given
	}
	return true
}

func purlQualifiers(s string) bool {
	seen := map[string]bool{}
	for _, q := range strings.Split(s, "&") {
		key, value, ok := strings.Cut(q, "=")
		key = strings.ToLower(key)
		if !ok || !purlKey.MatchString(key) || seen[key] || !escaped(value) {
			return false
		}
		seen[key] = true
	}
	return true
}

func escaped(s string) bool {
	_, err := url.PathUnescape(s)
	return err == nil
}
