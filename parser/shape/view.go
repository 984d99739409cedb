package shape

import (
	"strconv"
	"time"

	"almasu/parser/tree"
)

// Get is the member at the end of a path of names, nil if there is none or it
// is not to be used.
func Get(n *tree.Node, path ...string) *tree.Node {
	for _, name := range path {
		if n = n.Child(name); n == nil || n.Spoilt {
			return nil
		}
	}
	return n
}

// Text is the text, number or truth value at the end of a path, "" if none.
func Text(n *tree.Node, path ...string) string {
	n = Get(n, path...)
	if n == nil || n.Kind != tree.Text && n.Kind != tree.Number && n.Kind != tree.Boolean {
		return ""
	}
	return n.Value
}

// Int is the whole number at the end of a path, also one written as a text; 0
// if none.
func Int(n *tree.Node, path ...string) int {
	i, _ := strconv.Atoi(Text(n, path...))
	return i
}

// When is the time at the end of a path, zero if none.
func When(n *tree.Node, path ...string) time.Time {
	t, _ := Time(Text(n, path...))
	return t
}

// Items are the items of the list at the end of a path.
func Items(n *tree.Node, path ...string) []*tree.Node {
	n = Get(n, path...)
	if n == nil || n.Kind != tree.List {
		return nil
	}
	var items []*tree.Node
	for c := n.First; c != nil; c = c.Next {
		if !c.Spoilt {
			items = append(items, c)
		}
	}
	return items
}

// Texts are the texts in the list at the end of a path.
func Texts(n *tree.Node, path ...string) []string {
	var texts []string
	for _, c := range Items(n, path...) {
		if c.Kind == tree.Text {
			texts = append(texts, c.Value)
		}
	}
	return texts
}

// names walks the objects beside a path (tree.Names).
type names struct {
	table   *Table
	objects []*object
}

// Names is what is known at an object that is one of those named.
func (t *Table) Names(objects ...string) tree.Names {
	n := names{table: t}
	for _, name := range objects {
		n.objects = append(n.objects, t.objects[name])
	}
	return n
}

// Below implements tree.Names.
func (n names) Below(name string) (next tree.Names, repeats, known bool) {
	below := names{table: n.table}
	for _, o := range n.objects {
		f := o.byName[name]
		if f == nil {
			continue
		}
		known = true
		x := f.typ
		for x.kind == aList {
			x = x.item
		}
		if o := n.table.objects[x.object]; o != nil {
			below.objects = append(below.objects, o)
		}
	}
	return below, false, known
}
