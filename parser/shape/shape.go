// Package shape judges JSON trees by tables of the objects a format knows: the
// names of their members, whether they must stand, and of what type they are.
//
// It owns the notation of those tables (see New), the types and forms that
// several formats share, and reading values back out of a tree. It refuses to
// know any format: tables and rules that no table can say are with the formats.
package shape

import (
	"strconv"

	"almasu/exchange"
	"almasu/parser/tree"
)

// Table is the objects of one format.
type Table struct {
	objects map[string]*object
	forms   map[string]Form
}

// object is one kind of JSON object.
type object struct {
	name     string
	open     bool // members it does not name may stand
	min, max int  // members; max 0 = any number
	fields   []*field
	byName   map[string]*field
	key      Form     // of the names, where any name may stand (a dictionary)
	values   *typ     // of the values of names not listed; nil = anything
	names    []string // of the required members
}

type field struct {
	name     string
	required bool
	typ      *typ
}

type kind uint8

const (
	anyValue kind = iota
	aText
	anInteger
	aNumber
	aBoolean
	aDigits // a whole number, as a number or as a string of digits
	anObject
	aList
)

// typ is the type of a value.
type typ struct {
	kind     kind
	enum     []string
	form     Form
	arg      string // of the form
	min, max int64  // length of a text, bounds of a number, items of a list
	bounded  bool   // max holds
	unique   bool
	item     *typ
	object   string
}

// Faults gathers the mistakes of one document.
type Faults struct {
	Doc  *tree.Document
	List []tree.Fault
}

// NewFaults begins with the faults the reader of the tree found.
func NewFaults(d *tree.Document) *Faults {
	return &Faults{Doc: d, List: append([]tree.Fault{}, d.Faults...)}
}

// Add notes a mistake in the value of a node.
func (f *Faults) Add(n *tree.Node, code exchange.ProblemCode, key string, args ...string) {
	f.at(n, n.At, code, key, args)
}

// AddName notes a mistake in the name of a member.
func (f *Faults) AddName(n *tree.Node, code exchange.ProblemCode, key string, args ...string) {
	f.at(n, n.NameAt, code, key, args)
}

// Semantic notes a mistake that no schema can say, at the member of the name
// where it stands, else at the node.
func (f *Faults) Semantic(n *tree.Node, name, key string, args ...string) {
	if c := n.Child(name); c != nil {
		n = c
	}
	f.Add(n, exchange.ProblemSemantic, key, args...)
}

// Missing notes that an object lacks a member.
func (f *Faults) Missing(n *tree.Node, name string) {
	if !f.Full() {
		f.List = append(f.List, tree.Fault{Code: exchange.ProblemRequired, Key: "required", Args: []string{name},
			Node: n, Missing: name, At: int(n.At)})
	}
}

// Full reports whether no more mistakes are worth collecting.
func (f *Faults) Full() bool { return tree.Full(f.List) }

func (f *Faults) at(n *tree.Node, at uint32, code exchange.ProblemCode, key string, args []string) {
	if !f.Full() {
		f.List = append(f.List, tree.Fault{Code: code, Key: key, Args: args, Node: n, At: int(at)})
	}
}

// Judge judges a value as an object of the name.
func (t *Table) Judge(f *Faults, n *tree.Node, name string) {
	if n.Spoilt {
		return
	}
	if n.Kind != tree.Object {
		f.Add(n, exchange.ProblemType, "type-object")
		return
	}
	t.members(f, n, t.objects[name])
}

// Has reports whether the table has an object of the name.
func (t *Table) Has(name string) bool { return t.objects[name] != nil }

// Lists reports whether the object names the member.
func (t *Table) Lists(object, member string) bool {
	o := t.objects[object]
	return o != nil && o.byName[member] != nil
}

func (t *Table) members(f *Faults, n *tree.Node, o *object) {
	count := 0
	for c := n.First; c != nil && !f.Full(); c = c.Next {
		count++
		field := o.byName[c.Name]
		switch {
		case field != nil:
			t.value(f, c, field.typ)
		case !o.open:
			f.AddName(c, exchange.ProblemUnknown, "unknown-field")
		default:
			if o.key.Judge != nil && !o.key.Judge(c.Name, "") {
				f.AddName(c, exchange.ProblemPattern, o.key.Key)
			}
			if o.values != nil {
				t.value(f, c, o.values)
			}
		}
	}
	for _, name := range o.names {
		if n.Child(name) == nil {
			f.Missing(n, name)
		}
	}
	if count < o.min {
		f.Add(n, exchange.ProblemCardinality, "cardinality-members", strconv.Itoa(o.min))
	}
	if o.max > 0 && count > o.max {
		f.Add(n, exchange.ProblemCardinality, "cardinality-many-members", strconv.Itoa(o.max))
	}
}
