package csaf

import (
	"slices"
	"strings"
	"time"

	"almasu/parser/shape"
	"almasu/parser/tree"
)

// deepestBranch is how many branches may stand in each other (6.1.34).
const deepestBranch = 30

// testLater makes the tests that version 2.1 has beyond those of 2.0: 6.1.34
// to 6.1.36, 6.1.38 to 6.1.45, 6.1.47 and 6.1.49 to 6.1.54. That times are
// written as 6.1.37 asks is of their form.
func (a *advisory) testLater() {
	if a.version.name != "2.1" {
		return
	}
	a.testSharing()
	a.testEnded()
	a.testSyntax()
	a.deep(shape.Get(a.Doc.Root, "product_tree"), 1)
	a.eachProduct(func(p *tree.Node) {
		helper := shape.Get(p, "product_identification_helper")
		a.samePackage(shape.Items(helper, "purls"))
		a.stars(shape.Items(helper, "model_numbers"), "semantic-csaf-43")
		a.stars(shape.Items(helper, "serial_numbers"), "semantic-csaf-44")
	})
	for _, v := range a.vulnerabilities {
		a.remediations(v)
		a.moments(v)
		a.testSSVC(v)
	}
}

func (a *advisory) deep(n *tree.Node, depth int) {
	for _, b := range shape.Items(n, "branches") {
		if depth > deepestBranch {
			a.Semantic(b, "", "semantic-csaf-34")
			return
		}
		a.deep(b, depth+1)
	}
}

// samePackage: the package URLs of one product differ in their qualifiers
// alone (6.1.42).
func (a *advisory) samePackage(urls []*tree.Node) {
	plain := func(n *tree.Node) string {
		rest, subpath, _ := strings.Cut(n.Value, "#")
		rest, _, _ = strings.Cut(rest, "?")
		return rest + "#" + subpath
	}
	for _, u := range urls {
		if plain(u) != plain(urls[0]) {
			a.Semantic(u, "", "semantic-csaf-42")
		}
	}
}

// stars: a model or serial number holds one star at most that is not escaped.
func (a *advisory) stars(numbers []*tree.Node, key string) {
	for _, n := range numbers {
		if strings.Count(strings.NewReplacer(`\\`, "", `\*`, "").Replace(n.Value), "*") > 1 {
			a.Semantic(n, "", key)
		}
	}
}

// remediations: none contradicts another of the same product (6.1.35), nor the
// product's status (6.1.36).
func (a *advisory) remediations(v *tree.Node) {
	status := map[string]string{}
	for word, names := range map[string][]string{"affected": {"first_affected", "known_affected", "last_affected"},
		"not affected": {"known_not_affected"}, "fixed": {"first_fixed", "fixed"}} {
		for _, name := range names {
			for _, p := range shape.Texts(v, "product_status", name) {
				status[p] = word
			}
		}
	}
	of := map[string][]string{} // categories by product
	for _, r := range shape.Items(v, "remediations") {
		category := shape.Text(r, "category")
		products := a.productsOf(r)
		slices.Sort(products)
		against, contrary := false, false
		for _, p := range slices.Compact(products) {
			against = against || slices.ContainsFunc(of[p], func(other string) bool { return exclusive(category, other) })
			contrary = contrary || slices.Contains(contradicted(status[p]), category)
			if !slices.Contains(of[p], category) {
				of[p] = append(of[p], category)
			}
		}
		if against {
			a.Semantic(r, "category", "semantic-csaf-35")
		}
		if contrary {
			a.Semantic(r, "category", "semantic-csaf-36")
		}
	}
}

// exclusive: two categories that no product can have both.
func exclusive(a, b string) bool {
	alone := []string{"none_available", "optional_patch"}
	fixes := []string{"no_fix_planned", "fix_planned", "vendor_fix"}
	return a != b && (slices.Contains(alone, a) || slices.Contains(alone, b) || slices.Contains(fixes, a) && slices.Contains(fixes, b))
}

// contradicted are the categories that a product of the status cannot have.
func contradicted(status string) []string {
	switch status {
	case "affected":
		return []string{"optional_patch"}
	case "not affected":
		return []string{"workaround", "mitigation", "vendor_fix", "none_available"}
	case "fixed":
		return []string{"none_available", "fix_planned", "no_fix_planned", "vendor_fix", "mitigation", "workaround"}
	}
	return nil
}

// moments: what a released document tells of lies not after its newest
// revision (6.1.45, 6.1.49, 6.1.51, 6.1.52), and an exploitation not after it
// was known (6.1.53).
func (a *advisory) moments(v *tree.Node) {
	var newest time.Time
	for _, r := range shape.Items(a.document, "tracking", "revision_history") {
		if at := shape.When(r, "date"); at.After(newest) {
			newest = at
		}
	}
	released := shape.Text(a.document, "tracking", "status") != "draft"
	late := func(n *tree.Node, name, key string) {
		if n != nil && released && shape.When(n, name).After(newest) {
			a.Semantic(n, name, key)
		}
	}
	if shape.Text(a.document, "distribution", "tlp", "label") == "CLEAR" {
		late(v, "disclosure_date", "semantic-csaf-45")
	}
	for _, m := range shape.Items(v, "metrics") {
		late(shape.Get(m, "content", "epss"), "timestamp", "semantic-csaf-51")
		late(shape.Get(m, "content", "ssvc_v1"), "timestamp", "semantic-csaf-49")
		late(shape.Get(m, "content", "ssvc_v2"), "timestamp", "semantic-csaf-49")
	}
	for _, e := range shape.Items(v, "first_known_exploitation_dates") {
		late(e, "date", "semantic-csaf-52")
		if shape.When(e, "exploitation_date").After(shape.When(e, "date")) {
			a.Semantic(e, "exploitation_date", "semantic-csaf-53")
		}
	}
}
