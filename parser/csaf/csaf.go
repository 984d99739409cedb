// Package csaf is the Common Security Advisory Framework, versions 2.0 and 2.1
// (OASIS): it reads advisories strictly into reports of the exchange, each
// document one report of kind vulnerability.
//
// It owns the tables of both schemas and the mandatory tests of section 6.1:
// all of version 2.0, 6.1.1 to 6.1.33, and those of version 2.1 up to 6.1.53 but
// for the decision points of SSVC and ranges of versions. It refuses to write
// advisories, to make the optional and informative tests, to fetch anything, and
// to repeat in a problem what the document says.
package csaf

import (
	"regexp"
	"strings"
	"sync"
	"time"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/shape"
	"almasu/parser/tree"
)

// version is what a document is read as.
type version struct {
	name  string
	table *shape.Table
}

var (
	version20 = sync.OnceValue(func() version {
		return version{"2.0", newTable(only20, "open",
			"architecture|host_name|language|legacy|patch_level|product_family|product_name|product_version|product_version_range|service_pack|specification|vendor",
			"coordinator|discoverer|other|translator|user|vendor")}
	})
	version21 = sync.OnceValue(func() version {
		return version{"2.1", newTable(only21, "",
			"architecture|host_name|language|patch_level|platform|product_family|product_name|product_version|product_version_range|service_pack|specification|vendor",
			"coordinator|discoverer|multiplier|other|translator|user|vendor")}
	})
)

func newTable(own, open, branches, publishers string) *shape.Table {
	text := strings.NewReplacer("OPEN", open, "BRANCHES", branches, "PUBLISHERS", publishers).Replace(shared) + own
	if open == "" { // version 2.1 has a test of its own for times (6.1.37)
		text = strings.ReplaceAll(text, "@time", "@strict")
	}
	return shape.New(text, map[string]shape.Form{
		"version":    {Key: "pattern-csaf-version", Judge: func(s, _ string) bool { return versionText.MatchString(s) }},
		"category":   shape.Pattern(`^[^\s\-_.](.*[^\s\-_.])?$`),
		"trackid":    shape.Pattern(`^\S(.*\S)?$`),
		"hash":       shape.Pattern(`^[0-9a-fA-F]{32,}$`),
		"lowhash":    shape.Pattern(`^[0-9a-f]{32,}$`),
		"algorithm":  shape.Pattern(`^[0-9a-z][0-9a-z\-]*$`),
		"cweversion": shape.Pattern(`^[1-9][0-9]*\.([0-9]|([1-9][0-9]+))(\.[0-9]+)?$`),
		"strict":     {Key: "pattern-csaf-time", Judge: func(s, _ string) bool { _, ok := shape.Time(s); return ok && strictTime.MatchString(s) }},
		"fraction":   shape.Pattern(`^(0\.[0-9]+|1\.0+)$`),
	})
}

// strictTime: T and Z are capitals, and no second is the 60th.
var strictTime = regexp.MustCompile(`^[^a-z]{17}[0-5][^a-z]*$`)

var versionText = regexp.MustCompile(`^(0|[1-9][0-9]*)$|^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)` +
	`(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z\-][0-9a-zA-Z\-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z\-][0-9a-zA-Z\-]*))*)?(\+[0-9a-zA-Z\-]+(\.[0-9a-zA-Z\-]+)*)?$`)

// Read validates a document that was read to its end and returns its report.
// now bounds the times that must lie in the past. With problems the report is
// what Identify says.
func Read(d *tree.Document, now time.Time) ([]*exchange.Report, []exchange.Problem) {
	a := newAdvisory(d)
	var reports []*exchange.Report
	if d.Whole && d.Root != nil {
		a.judge()
		if len(a.List) == 0 {
			a.past(now)
		}
		if len(a.List) == 0 {
			reports = []*exchange.Report{a.report()}
		}
	}
	if problems := d.Problems(a.List, a.version.table.Names("Root")); len(problems) > 0 {
		return Identify(d), problems
	}
	return reports, nil
}

// past: what has happened lies not in the future. A disclosure may.
func (a *advisory) past(now time.Time) {
	check := func(n *tree.Node, name string) {
		if n != nil && shape.When(n, name).Sub(now) > card.Skew {
			a.Semantic(n, name, "semantic-future", "10")
		}
	}
	check(shape.Get(a.document, "tracking"), "current_release_date")
	check(shape.Get(a.document, "tracking"), "initial_release_date")
	for _, v := range a.vulnerabilities {
		check(v, "discovery_date")
	}
}

// Identify returns the report with as much of its identity as is beyond doubt,
// also of a document that is invalid or broken.
func Identify(d *tree.Document) []*exchange.Report {
	a := newAdvisory(d)
	if a.document == nil {
		return nil
	}
	if r := a.identity(); r.ID != "" {
		return []*exchange.Report{r}
	}
	return nil
}

// advisory is one document being read.
type advisory struct {
	*shape.Faults
	version         version
	document        *tree.Node
	vulnerabilities []*tree.Node
	products        map[string]*tree.Node // where each product_id is defined first
	groups          map[string][]string   // the products of each group
}

func newAdvisory(d *tree.Document) *advisory {
	a := &advisory{Faults: shape.NewFaults(d), version: version20(), products: map[string]*tree.Node{}, groups: map[string][]string{}}
	if d.Root == nil || d.Root.Kind != tree.Object {
		return a
	}
	a.document = shape.Get(d.Root, "document")
	if shape.Text(a.document, "csaf_version") == "2.1" {
		a.version = version21()
	}
	a.vulnerabilities = shape.Items(d.Root, "vulnerabilities")
	return a
}

// judge validates the document: the schema first, and once it holds the
// mandatory tests, which take it for granted.
func (a *advisory) judge() {
	root := a.Doc.Root
	if v := shape.Get(a.document, "csaf_version"); v != nil && v.Value != "2.0" && v.Value != "2.1" {
		a.Add(v, exchange.ProblemEnum, "enum", "2.0, 2.1")
		return
	}
	a.version.table.Judge(a.Faults, root, "Root")
	if len(a.List) > 0 {
		return
	}
	a.collect()
	a.testProducts()
	a.testTracking()
	a.testDocument()
	for _, v := range a.vulnerabilities {
		a.testVulnerability(v)
	}
	a.testAcross()
	a.testProfile()
	a.testLater()
}
