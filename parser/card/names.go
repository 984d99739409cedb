package card

import (
	"strings"

	"almasu/exchange"
	"almasu/parser/tree"
)

// names walks the table beside a path (tree.Names).
type names struct {
	xml    bool
	object *object
	list   *field // inside the XML element that holds a list
}

// Below implements tree.Names.
func (n names) Below(name string) (next tree.Names, repeats, known bool) {
	if n.list != nil {
		return names{xml: n.xml, object: n.list.object}, true, name == n.list.item
	}
	if n.object == nil {
		return nil, false, false
	}
	i, ok := n.object.byName[name]
	if !ok {
		return nil, false, false
	}
	f := &n.object.fields[i]
	if n.xml && f.list && !f.repeated() {
		return names{xml: true, list: f}, false, true
	}
	return names{xml: n.xml, object: f.object}, f.repeated(), true
}

// names is what is known at the root of the document being read.
func (r *reader) names() tree.Names {
	xml := r.doc.Syntax == tree.XML
	if r.doc.Root == nil || xml && r.doc.Root.Name != Root {
		return nil
	}
	return names{xml: xml, object: topOf(r.doc)}
}

// topOf is the table of the document's kind, or of the common fields.
func topOf(d *tree.Document) *object {
	t := theTable()
	if o := t.kinds[exchange.ReportKind(only(d, "kind"))]; o != nil {
		return o
	}
	return t.common
}

// isCardSpace reports whether a namespace is one of cards, whatever version.
func isCardSpace(space string) bool {
	return strings.HasPrefix(space, strings.TrimSuffix(Namespace, "1"))
}
