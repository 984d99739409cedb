package csaf

import (
	"slices"

	"almasu/parser/shape"
	"almasu/parser/tree"
)

// testProfile makes the tests of the profile that the category names (6.1.27).
func (a *advisory) testProfile() {
	d, root := a.document, a.Doc.Root
	category := shape.Text(d, "category")
	is := func(profiles ...string) bool { return slices.Contains(profiles, category) }
	has := func(list []*tree.Node, words ...string) bool {
		return slices.ContainsFunc(list, func(n *tree.Node) bool { return slices.Contains(words, shape.Text(n, "category")) })
	}
	if is(informationalProfile, responseProfile) {
		if !has(shape.Items(d, "notes"), "description", "details", "general", "summary") {
			a.Semantic(d, "notes", "semantic-csaf-27-1")
		}
		external := func(n *tree.Node) bool { return n.Child("category") == nil || shape.Text(n, "category") == "external" }
		if !slices.ContainsFunc(shape.Items(d, "references"), external) {
			a.Semantic(d, "references", "semantic-csaf-27-2")
		}
	}
	if is(informationalProfile) && root.Child("vulnerabilities") != nil {
		a.Semantic(root, "vulnerabilities", "semantic-csaf-27-3")
	}
	if !is(advisoryProfile, vexProfile) {
		return
	}
	if root.Child("product_tree") == nil {
		a.Semantic(root, "product_tree", "semantic-csaf-27-4")
	}
	if root.Child("vulnerabilities") == nil {
		a.Semantic(root, "vulnerabilities", "semantic-csaf-27-11")
	}
	for _, v := range a.vulnerabilities {
		if v.Child("notes") == nil {
			a.Semantic(v, "notes", "semantic-csaf-27-5")
		}
		if is(advisoryProfile) && v.Child("product_status") == nil {
			a.Semantic(v, "product_status", "semantic-csaf-27-6")
		}
		if is(vexProfile) {
			a.vex(v)
		}
	}
}

// vex makes the tests of one vulnerability of a VEX document.
func (a *advisory) vex(v *tree.Node) {
	status := shape.Get(v, "product_status")
	if !slices.ContainsFunc([]string{"fixed", "known_affected", "known_not_affected", "under_investigation"},
		func(name string) bool { return shape.Get(status, name) != nil }) {
		a.Semantic(v, "product_status", "semantic-csaf-27-7")
	}
	if v.Child("cve") == nil && v.Child("ids") == nil {
		a.Semantic(v, "", "semantic-csaf-27-8")
	}
	explained, acted := map[string]bool{}, map[string]bool{}
	mark := func(into map[string]bool, n *tree.Node) {
		for _, p := range a.productsOf(n) {
			into[p] = true
		}
	}
	for _, f := range shape.Items(v, "flags") {
		mark(explained, f)
	}
	for _, t := range shape.Items(v, "threats") {
		if shape.Text(t, "category") == "impact" {
			mark(explained, t)
		}
	}
	for _, r := range shape.Items(v, "remediations") {
		mark(acted, r)
	}
	for _, p := range shape.Items(status, "known_not_affected") {
		if !explained[p.Value] {
			a.Semantic(p, "", "semantic-csaf-27-9")
		}
	}
	for _, p := range shape.Items(status, "known_affected") {
		if !acted[p.Value] {
			a.Semantic(p, "", "semantic-csaf-27-10")
		}
	}
}
