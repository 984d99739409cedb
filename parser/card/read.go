package card

import (
	"reflect"
	"strconv"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

// reader turns one tree into a report and faults.
type reader struct {
	doc    *tree.Document
	now    time.Time
	report *exchange.Report
	faults []tree.Fault
}

func (r *reader) fault(n *tree.Node, at uint32, f flaw) {
	if !tree.Full(r.faults) {
		r.faults = append(r.faults, tree.Fault{Code: f.code, Key: f.key, Args: f.args, Node: n, At: int(at)})
	}
}

// card reads the whole. A card of another version is judged no further: its
// fields need not be ours.
func (r *reader) card() {
	root := r.doc.Root
	if r.doc.Syntax == tree.XML && (root.Name != Root || r.doc.Space != Namespace) {
		r.fault(root, root.At, flaw{exchange.ProblemEnum, "enum-namespace", []string{Namespace}})
		return
	}
	if c := root.Child(Marker); c != nil && only(r.doc, Marker) != Version {
		r.fault(c, c.At, flaw{exchange.ProblemEnum, "enum-version", []string{Version}})
		return
	}
	top := topOf(r.doc)
	v := reflect.ValueOf(r.report).Elem()
	r.object(root, top, v)
	if top == theTable().common || len(r.faults) > 0 && tree.Full(r.faults) {
		return
	}
	r.commonMeaning(root)
	body := reflect.Indirect(bodyOf(v, top))
	if body.IsValid() {
		r.meaning(root, body.Addr().Interface())
	}
}

// bodyOf is the body pointer in the report that the table's kind names.
func bodyOf(report reflect.Value, top *object) reflect.Value {
	last := top.fields[len(top.fields)-1]
	return report.Field(last.index[0])
}

// object reads the members or elements of a node into a struct.
func (r *reader) object(n *tree.Node, o *object, v reflect.Value) {
	if n.Kind != tree.Object && n.Kind != tree.Element {
		r.fault(n, n.At, flaw{exchange.ProblemType, "type-object", nil})
		return
	}
	if n.Kind == tree.Element && (collapse(n.Value) != "" || n.HasCDATA()) {
		r.fault(n, n.At, flaw{exchange.ProblemType, "type-elements", nil})
	}
	seen := make([]*tree.Node, len(o.fields))
	last, ordered := 0, true
	for c := n.First; c != nil && !tree.Full(r.faults); c = c.Next {
		i, known := o.byName[c.Name]
		if !known || c.Foreign || c.Kind == tree.Attribute {
			r.unknown(c, o)
			continue
		}
		f := &o.fields[i]
		if seen[i] != nil && (c.Kind != tree.Element || !f.repeated()) {
			if c.Kind == tree.Element { // the JSON reader told it already
				r.fault(c, c.NameAt, flaw{exchange.ProblemDuplicate, "duplicate-element", nil})
			}
			continue
		}
		if c.Kind == tree.Element && i < last && ordered {
			ordered = false // one displaced element displaces all that follow: told once
			r.fault(c, c.NameAt, flaw{exchange.ProblemOrder, "order", []string{o.fields[last].name}})
		}
		seen[i], last = c, max(last, i)
		r.field(c, f, v)
	}
	for i, f := range o.fields {
		if f.required && seen[i] == nil && !tree.Full(r.faults) {
			r.faults = append(r.faults, tree.Fault{Code: exchange.ProblemRequired, Key: "required",
				Args: []string{f.name}, Node: n, Missing: f.name, At: int(n.At)})
		}
	}
}

// unknown tells a member, element or attribute the table has not. Below an
// unknown kind nothing is known, so nothing can be called unknown.
func (r *reader) unknown(c *tree.Node, o *object) {
	root := c.Up == r.doc.Root
	switch {
	case c.Spoilt && c.Kind == tree.Attribute:
	case c.Kind == tree.Attribute && root && c.Name == "xsi:schemaLocation":
	case c.Kind == tree.Attribute:
		r.fault(c, c.NameAt, flaw{exchange.ProblemUnknown, "unknown-attribute", nil})
	case root && o == theTable().common:
	case c.Kind == tree.Element:
		r.fault(c, c.NameAt, flaw{exchange.ProblemUnknown, "unknown-element", nil})
	default:
		r.fault(c, c.NameAt, flaw{exchange.ProblemUnknown, "unknown-field", nil})
	}
}

// field reads one field of a struct from its node.
func (r *reader) field(c *tree.Node, f *field, v reflect.Value) {
	switch {
	case c.Spoilt:
	case !f.list:
		if f.index == nil { // the marker is judged by then
			r.leaf(c, f, reflect.Value{})
			return
		}
		r.value(c, f, f.in(v))
	case f.repeated() && c.Kind == tree.Element:
		r.item(c, f, f.in(v))
	case c.Kind != tree.List && c.Kind != tree.Element:
		r.fault(c, c.At, flaw{exchange.ProblemType, "type-list", nil})
	default:
		r.items(c, f, f.in(v))
	}
}

// items reads a JSON list, or the XML element that holds one.
func (r *reader) items(list *tree.Node, f *field, into reflect.Value) {
	if list.Kind == tree.Element && (collapse(list.Value) != "" || list.HasCDATA()) {
		r.fault(list, list.At, flaw{exchange.ProblemType, "type-elements", nil})
	}
	for c := list.First; c != nil && !tree.Full(r.faults); c = c.Next {
		if c.Kind == tree.Attribute || c.Kind == tree.Element && (c.Name != f.item || c.Foreign) {
			r.unknown(c, nil)
			continue
		}
		if !r.item(c, f, into) {
			return
		}
	}
}

// item appends one item to a list; false once the list is too long.
func (r *reader) item(c *tree.Node, f *field, into reflect.Value) bool {
	have := into.Len()
	if have > mostItems {
		return false
	}
	into.Grow(1)
	into.SetLen(have + 1)
	into.Index(have).SetZero()
	if have == mostItems { // one too many stays in place, so that it is told once
		r.fault(c, c.At, flaw{exchange.ProblemCardinality, "cardinality", []string{strconv.Itoa(mostItems)}})
		return false
	}
	if !c.Spoilt {
		r.value(c, f, into.Index(have))
	}
	return true
}

// value reads one value: a struct, or a leaf.
func (r *reader) value(c *tree.Node, f *field, into reflect.Value) {
	if f.shape != anObject {
		r.leaf(c, f, into)
		return
	}
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	before := len(r.faults)
	r.object(c, f.object, into)
	if len(r.faults) == before {
		r.meaning(c, into.Addr().Interface())
	}
}
