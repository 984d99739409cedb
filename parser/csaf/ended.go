package csaf

import (
	"strings"

	"almasu/parser/shape"
	"almasu/parser/tree"
)

// The profiles of documents that are no more in force (CSAF 2.1 section 4).
const (
	withdrawnProfile  = "csaf_withdrawn"
	supersededProfile = "csaf_superseded"
)

// testEnded makes the tests of the profiles that version 2.1 has beyond 2.0:
// 6.1.27.3 and 6.1.27.12, 6.1.27.14 to 6.1.27.19.
func (a *advisory) testEnded() {
	category := shape.Text(a.document, "category")
	if category == advisoryProfile {
		for _, v := range a.vulnerabilities {
			if status := shape.Get(v, "product_status"); status != nil && status.Child("known_affected") == nil {
				a.Semantic(v, "product_status", "semantic-csaf-27-12")
			}
		}
	}
	if category != withdrawnProfile && category != supersededProfile {
		return
	}
	d, root := a.document, a.Doc.Root
	for member, key := range map[string]string{"vulnerabilities": "semantic-csaf-27-3", "product_tree": "semantic-csaf-27-15"} {
		if root.Child(member) != nil {
			a.Semantic(root, member, key)
		}
	}
	described := func(n *tree.Node) bool { return shape.Text(n, "category") == "description" }
	if count(shape.Items(d, "notes"), described) == 0 {
		a.Semantic(d, "notes", "semantic-csaf-27-14")
	}
	if len(shape.Items(d, "tracking", "revision_history")) < 2 {
		a.Semantic(shape.Get(d, "tracking"), "revision_history", "semantic-csaf-27-16")
	}
	if lang := strings.ToLower(shape.Text(d, "lang")); lang != "" && lang != "en" && !strings.HasPrefix(lang, "en-") {
		return // the titles are those of the language then
	}
	title, key := "Reasoning for Withdrawal", "semantic-csaf-27-17"
	if category == supersededProfile {
		title, key = "Reasoning for Supersession", "semantic-csaf-27-18"
		successor := func(n *tree.Node) bool {
			return strings.HasPrefix(shape.Text(n, "summary"), "Superseding Document") && shape.Text(n, "category") != "self"
		}
		if count(shape.Items(d, "references"), successor) == 0 {
			a.Semantic(d, "references", "semantic-csaf-27-19")
		}
	}
	titled := func(n *tree.Node) bool { return shape.Text(n, "title") == title }
	if count(shape.Items(d, "notes"), titled) != 1 ||
		count(shape.Items(d, "notes"), func(n *tree.Node) bool { return titled(n) && described(n) }) != 1 {
		a.Semantic(d, "notes", key)
	}
}

func count(list []*tree.Node, is func(*tree.Node) bool) int {
	n := 0
	for _, x := range list {
		if is(x) {
			n++
		}
	}
	return n
}
