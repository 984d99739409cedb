package csaf

import (
	"slices"
	"strconv"
	"strings"

	"almasu/parser/shape"
	"almasu/parser/tree"
)

// number is a version: an integer, or by semantic versioning.
type number struct {
	parts      [3]int
	semantic   bool
	prerelease string
}

func parseNumber(s string) number {
	s, _, _ = strings.Cut(s, "+")
	main, prerelease, _ := strings.Cut(s, "-")
	n := number{prerelease: prerelease, semantic: strings.Contains(main, ".")}
	for i, p := range strings.Split(main, ".") {
		if i < 3 {
			n.parts[i], _ = strconv.Atoi(p)
		}
	}
	return n
}

// compare orders versions (semver.org section 11).
func (n number) compare(o number) int {
	for i := range n.parts {
		if n.parts[i] != o.parts[i] {
			return n.parts[i] - o.parts[i]
		}
	}
	switch {
	case n.prerelease == o.prerelease:
		return 0
	case n.prerelease == "":
		return 1
	case o.prerelease == "":
		return -1
	}
	a, b := strings.Split(n.prerelease, "."), strings.Split(o.prerelease, ".")
	for i := range min(len(a), len(b)) {
		x, errX := strconv.Atoi(a[i])
		y, errY := strconv.Atoi(b[i])
		switch {
		case a[i] == b[i]:
		case errX == nil && errY == nil:
			return x - y
		case errX == nil:
			return -1
		case errY == nil:
			return 1
		default:
			return strings.Compare(a[i], b[i])
		}
	}
	return len(a) - len(b)
}

// zero: "0" or "0.y.z", which are never released.
func (n number) zero() bool { return n.parts[0] == 0 }

// revisions are the items of the revision history in the order of their dates,
// those of one moment in the order of their numbers.
func (a *advisory) revisions() []*tree.Node {
	items := slices.Clone(shape.Items(a.document, "tracking", "revision_history"))
	slices.SortStableFunc(items, func(x, y *tree.Node) int {
		if c := shape.When(x, "date").Compare(shape.When(y, "date")); c != 0 {
			return c
		}
		return parseNumber(shape.Text(x, "number")).compare(parseNumber(shape.Text(y, "number")))
	})
	return items
}

// testTracking makes the tests of versions: 6.1.14, 6.1.16 to 6.1.22, 6.1.30.
func (a *advisory) testTracking() {
	tracking := shape.Get(a.document, "tracking")
	status, version := shape.Text(tracking, "status"), parseNumber(shape.Text(tracking, "version"))
	items := a.revisions()
	mixed := false
	seen := map[string]bool{}
	for i, item := range items {
		text := shape.Text(item, "number")
		n := parseNumber(text)
		if i > 0 && n.compare(parseNumber(shape.Text(items[i-1], "number"))) < 0 {
			a.Semantic(item, "number", "semantic-csaf-14")
		}
		if status != "draft" && n.zero() {
			a.Semantic(item, "number", "semantic-csaf-18")
		}
		if n.prerelease != "" {
			a.Semantic(item, "number", "semantic-csaf-19")
		}
		if seen[text] {
			a.Semantic(item, "number", "semantic-csaf-22")
		}
		seen[text] = true
		mixed = mixed || n.semantic != version.semantic
	}
	a.latest(tracking, items, version, status)
	if status != "draft" && (version.zero() || version.prerelease != "") {
		if version.prerelease != "" {
			a.Semantic(tracking, "version", "semantic-csaf-20")
		} else {
			a.Semantic(tracking, "version", "semantic-csaf-17")
		}
	}
	if mixed {
		a.Semantic(tracking, "version", "semantic-csaf-30")
		return
	}
	a.gaps(items)
}

// latest: the version of the document is that of its last revision (6.1.16);
// build metadata does not count, nor the pre-release of a draft.
func (a *advisory) latest(tracking *tree.Node, items []*tree.Node, version number, status string) {
	last := parseNumber(shape.Text(items[len(items)-1], "number"))
	if status == "draft" {
		last.prerelease, version.prerelease = "", ""
	}
	if last.compare(version) != 0 {
		a.Semantic(tracking, "version", "semantic-csaf-16")
	}
}

// gaps: the first numbers follow one another, from 0 or 1 (6.1.21).
func (a *advisory) gaps(items []*tree.Node) {
	previous := -1
	for i, item := range items {
		n := parseNumber(shape.Text(item, "number")).parts[0]
		if i == 0 && n > 1 || i > 0 && n > previous+1 {
			a.Semantic(item, "number", "semantic-csaf-21")
		}
		previous = max(previous, n)
	}
}
