// Package tree reads JSON and XML strictly into one generic tree whose nodes
// know where they stand, and turns faults found there into problems with a
// path, a line and a column.
//
// It owns what is true of every document whatever it says: encoding, syntax,
// duplicate names, depth and size. It refuses to know any report format: what
// a name means is asked of a Names. Nothing a sender chose ever reaches a
// problem's text; a step of a path that the schema does not know is given by
// its position only.
package tree

import (
	"almasu/exchange"
)

// Kind is what a node is.
type Kind uint8

// The kinds of nodes: the six of JSON (true and false are one), and the two of
// XML.
const (
	Object Kind = iota + 1
	List
	Text
	Number
	Boolean
	Null
	Element
	Attribute
)

// Syntax is the notation a document is written in.
type Syntax string

// The syntaxes.
const (
	JSON Syntax = "json"
	XML  Syntax = "xml"
)

// Node is one value of a JSON document, or one element or attribute of an XML
// document. It costs about 80 octets; the strings of names are shared.
type Node struct {
	// Name is the member's name, or the local name of the element or
	// attribute; "" for the items of a JSON list and the JSON root. Attributes
	// of the XML Schema instance namespace carry the prefix "xsi:".
	Name string
	// Value is the text of a string (unescaped), number (as written), boolean
	// or attribute, or the text of an element; white space between elements is
	// left out.
	Value    string
	Up       *Node
	First    *Node // first child
	Next     *Node // next sibling
	last     *Node
	At       uint32 // octets before the value in Document.Text
	NameAt   uint32 // octets before its name; At where it has none
	Kind     Kind
	space    uint16 // of an element or attribute, in Document.spaces
	Foreign  bool   // an element or attribute in another namespace than the root element
	Spoilt   bool   // a fault already speaks of this value; Value is not to be used
	hasChild bool   // an element that holds elements
	hasCDATA bool   // an element with a CDATA section, be it empty
}

// Child returns the first child with the name (in the root's namespace), nil
// if there is none.
func (n *Node) Child(name string) *Node {
	if n == nil {
		return nil
	}
	for c := n.First; c != nil; c = c.Next {
		if c.Name == name && !c.Foreign && c.Kind != Attribute {
			return c
		}
	}
	return nil
}

// HasElements reports whether an XML element holds other elements.
func (n *Node) HasElements() bool { return n.hasChild }

// HasCDATA reports whether a CDATA section stands in an XML element. libxml2
// takes one for text even where there is nothing but white space in it.
func (n *Node) HasCDATA() bool { return n.hasCDATA }

func (n *Node) add(c *Node) {
	c.Up = n
	if n.last == nil {
		n.First = c
	} else {
		n.last.Next = c
	}
	n.last = c
	n.hasChild = n.hasChild || c.Kind == Element
}

// Limits bound a document; a zero value means the default.
type Limits struct {
	Depth       int // nesting of objects and lists, or of elements: 32
	Values      int // nodes of the tree, besides one for every 16 octets of the document: 10,000
	StringBytes int // octets of one string, unescaped: 1 MiB
}

// The defaults and the bounds that no setting changes.
const (
	defaultDepth       = 32
	defaultValues      = 10_000
	defaultStringBytes = 1 << 20
	octetsPerValue     = 16
	longestNumber      = 64   // characters of a number
	mostAttributes     = 1000 // of one XML element
	mostFaults         = 100  // faults kept of one document
)

func (l Limits) orDefault() Limits {
	if l.Depth <= 0 {
		l.Depth = defaultDepth
	}
	if l.Values <= 0 {
		l.Values = defaultValues
	}
	if l.StringBytes <= 0 {
		l.StringBytes = defaultStringBytes
	}
	return l
}

// Document is what a reader made of the octets.
type Document struct {
	Syntax   Syntax
	Text     []byte // the document in UTF-8, without a byte order mark
	Root     *Node  // as far as it could be read, nil if nothing could
	Space    string // XML: namespace of the root element
	spaces   []string
	Faults   []Fault
	Findings []string
	// Whole: the document was read to its end. Otherwise the last fault says
	// why not.
	Whole   bool
	TooDeep bool // reading ended at limits.depth
}

// SpaceOf is the namespace of an XML element or attribute, "" if it has none.
func (d *Document) SpaceOf(n *Node) string {
	if int(n.space) >= len(d.spaces) {
		return ""
	}
	return d.spaces[n.space]
}

// Broken reports whether the document is not well-formed, or holds what no
// document may (a document type declaration, a second root).
func (d *Document) Broken() bool {
	for _, f := range d.Faults {
		if f.Code == exchange.ProblemSyntax || f.Code == exchange.ProblemEncoding {
			return true
		}
	}
	return false
}

// Fault is one mistake and its place. Key and Args are those of the problem's
// text in the catalogue; Args never hold anything of the document.
type Fault struct {
	Code    exchange.ProblemCode
	Key     string
	Args    []string
	Node    *Node  // nil for the document as a whole
	Missing string // name of the field that Node lacks
	At      int    // octets before it in Document.Text
}

// Full reports whether no more faults are worth collecting (100).
func Full(faults []Fault) bool { return len(faults) >= mostFaults }

func (d *Document) fault(code exchange.ProblemCode, key string, n *Node, at int, args ...string) {
	if !Full(d.Faults) {
		d.Faults = append(d.Faults, Fault{Code: code, Key: key, Args: args, Node: n, At: at})
	}
}

// arena hands out nodes that were made many at a time.
type arena struct{ free []Node }

func (a *arena) node() *Node {
	if len(a.free) == 0 {
		a.free = make([]Node, 64)
	}
	n := &a.free[0]
	a.free = a.free[1:]
	return n
}

// budget counts nodes against Limits.Values.
type budget struct{ left int }

func newBudget(l Limits, size int) budget { return budget{l.Values + size/octetsPerValue} }

func (b *budget) spend() bool {
	b.left--
	return b.left >= 0
}
