package csaf

import (
	"regexp"
	"slices"
	"strings"

	"almasu/parser/shape"
	"almasu/parser/tree"
)

// collect finds where products and groups are defined.
func (a *advisory) collect() {
	a.eachProduct(func(p *tree.Node) {
		if id := shape.Text(p, "product_id"); a.products[id] == nil {
			a.products[id] = p
		}
	})
	for _, g := range shape.Items(a.Doc.Root, "product_tree", "product_groups") {
		if id := shape.Text(g, "group_id"); a.groups[id] == nil {
			a.groups[id] = shape.Texts(g, "product_ids")
		}
	}
}

// eachProduct visits every full product name.
func (a *advisory) eachProduct(visit func(*tree.Node)) {
	root := shape.Get(a.Doc.Root, "product_tree")
	a.eachBranch(root, func(b *tree.Node) {
		if p := shape.Get(b, "product"); p != nil {
			visit(p)
		}
	})
	for _, p := range shape.Items(root, "full_product_names") {
		visit(p)
	}
	for _, r := range shape.Items(root, "relationships") {
		if p := shape.Get(r, "full_product_name"); p != nil {
			visit(p)
		}
	}
}

func (a *advisory) eachBranch(n *tree.Node, visit func(*tree.Node)) {
	for _, b := range shape.Items(n, "branches") {
		visit(b)
		a.eachBranch(b, visit)
	}
}

// testProducts makes the tests of the product tree: 6.1.1 to 6.1.5, 6.1.13,
// 6.1.25 and 6.1.31.
func (a *advisory) testProducts() {
	products, groups := map[string]bool{}, map[string]bool{}
	a.eachProduct(func(p *tree.Node) {
		id := shape.Text(p, "product_id")
		if products[id] {
			a.Semantic(p, "product_id", "semantic-csaf-2")
		}
		products[id] = true
		a.helper(shape.Get(p, "product_identification_helper"))
	})
	for _, g := range shape.Items(a.Doc.Root, "product_tree", "product_groups") {
		id := shape.Text(g, "group_id")
		if groups[id] {
			a.Semantic(g, "group_id", "semantic-csaf-5")
		}
		groups[id] = true
	}
	a.references(a.Doc.Root)
	a.circles()
	a.eachBranch(shape.Get(a.Doc.Root, "product_tree"), func(b *tree.Node) {
		if shape.Text(b, "category") == "product_version" && isRange(shape.Text(b, "name")) {
			a.Semantic(b, "name", "semantic-csaf-31")
		}
	})
}

// referring are the members that name products or groups: 6.1.1 and 6.1.4.
func referring(name string) (products, groups bool) {
	switch name {
	case "product_ids", "product_reference", "relates_to_product_reference", "first_affected", "first_fixed", "fixed",
		"known_affected", "known_not_affected", "last_affected", "recommended", "under_investigation", "unknown", "products":
		return true, false
	case "group_ids":
		return false, true
	}
	return false, false
}

// references: what is named is defined.
func (a *advisory) references(n *tree.Node) {
	for c := n.First; c != nil && !a.Full(); c = c.Next {
		products, groups := referring(c.Name)
		if !products && !groups {
			a.references(c)
			continue
		}
		names := []*tree.Node{c}
		if c.Kind == tree.List {
			names = names[:0]
			for i := c.First; i != nil; i = i.Next {
				names = append(names, i)
			}
		}
		for _, name := range names {
			switch {
			case name.Kind != tree.Text:
			case products && a.products[name.Value] == nil:
				a.Semantic(name, "", "semantic-csaf-1")
			case groups && a.groups[name.Value] == nil:
				a.Semantic(name, "", "semantic-csaf-4")
			}
		}
	}
}

// circles: no product is defined by itself over relationships (6.1.3).
func (a *advisory) circles() {
	from := map[string][]string{}
	relations := shape.Items(a.Doc.Root, "product_tree", "relationships")
	for _, r := range relations {
		id := shape.Text(r, "full_product_name", "product_id")
		from[id] = append(from[id], shape.Text(r, "product_reference"), shape.Text(r, "relates_to_product_reference"))
	}
	state := map[string]int{} // 1 being visited, 2 done
	var circular func(id string) bool
	circular = func(id string) bool {
		switch state[id] {
		case 1:
			return true
		case 2:
			return false
		}
		state[id] = 1
		found := slices.ContainsFunc(from[id], circular)
		state[id] = 2
		return found
	}
	for _, r := range relations {
		if id := shape.Text(r, "full_product_name", "product_id"); state[id] == 0 && circular(id) {
			a.Semantic(shape.Get(r, "full_product_name"), "product_id", "semantic-csaf-3")
		}
	}
}

// helper: the package URL is one (6.1.13), and no hash algorithm stands twice
// for a file (6.1.25).
func (a *advisory) helper(h *tree.Node) {
	urls := shape.Items(h, "purls")
	if u := shape.Get(h, "purl"); u != nil {
		urls = append(urls, u)
	}
	for _, u := range urls {
		if !shape.PURL(u.Value) {
			a.Semantic(u, "", "semantic-csaf-13")
		}
	}
	for _, file := range shape.Items(h, "hashes") {
		seen := map[string]bool{}
		for _, hash := range shape.Items(file, "file_hashes") {
			algorithm := shape.Text(hash, "algorithm")
			if seen[algorithm] {
				a.Semantic(hash, "algorithm", "semantic-csaf-25")
			}
			seen[algorithm] = true
		}
	}
}

var rangeWords = regexp.MustCompile(`(?i)[<>]|(^|\s)(after|all|before|earlier|later|prior|versions)(\s|$)`)

// isRange: words and signs of ranges do not stand in one version (6.1.31).
func isRange(name string) bool { return rangeWords.MatchString(strings.TrimSpace(name)) }

// productsOf are the products an item names itself and over groups.
func (a *advisory) productsOf(n *tree.Node) []string {
	all := shape.Texts(n, "product_ids")
	for _, g := range shape.Texts(n, "group_ids") {
		all = append(all, a.groups[g]...)
	}
	return all
}
