package iodef

import (
	"slices"
	"strings"

	"almasu/exchange"
	"almasu/parser/tree"
)

const xmlSpace = "http://www.w3.org/XML/1998/namespace"

// spaces are the namespaces of the elements that IODEF takes from elsewhere,
// with the prefixes of the model.
var spaces = map[string]string{
	"http://www.w3.org/2000/09/xmldsig#":    "ds:",
	"urn:ietf:params:xml:ns:iodef-sci-1.0":  "sci:",
	"urn:ietf:params:xml:ns:iodef-enum-1.0": "enum:",
}

func isIODEFSpace(space string) bool {
	return strings.HasPrefix(space, "urn:ietf:params:xml:ns:iodef-") && spaces[space] == ""
}

// modelName is the name of an element in the model, "" if it has none there.
func modelName(d *tree.Document, n *tree.Node) string {
	if !n.Foreign {
		return n.Name
	}
	if prefix := spaces[d.SpaceOf(n)]; prefix != "" {
		return prefix + n.Name
	}
	return ""
}

// xmlJudge judges a document as the XSD does.
type xmlJudge struct {
	*faults
	model *xmlModel
	ids   map[string]bool // of the attributes of type ID
}

// element judges an element of a complex type and all that it holds.
func (j *xmlJudge) element(n *tree.Node, c *class) {
	j.attributes(n, c)
	if c.name == "IndicatorReference" {
		j.reference(n)
	}
	switch {
	case c.simple != "":
		j.value(n, c.simple)
	case c.mixed:
		j.lax(n)
	case c.empty:
		if n.Value != "" || n.HasElements() {
			j.add(n, n.At, exchange.ProblemType, "iodef-empty")
		}
	default:
		if collapse(n.Value) != "" {
			j.add(n, n.At, exchange.ProblemType, "type-elements")
		}
		j.children(n, c.content)
	}
}

// typed judges an element whose type is known by name.
func (j *xmlJudge) typed(n *tree.Node, typ string) {
	switch c := j.model.classes[typ]; {
	case c != nil:
		j.element(n, c)
	case typ == "anyType":
		j.anything(n)
	default:
		j.attributes(n, &class{})
		j.value(n, typ)
	}
}

// anything judges an element that may hold whatever it likes (xs:anyType, and
// what stands in an extension and is not declared): of its attributes xml:lang
// is known, and elements of IODEF inside it are judged.
func (j *xmlJudge) anything(n *tree.Node) {
	for a := n.First; a != nil; a = a.Next {
		if a.Kind == tree.Attribute && a.Name == "lang" && j.doc.SpaceOf(a) == xmlSpace {
			j.attribute(n, a, &attr{name: "xml:lang", typ: "language"})
		}
	}
	j.lax(n)
}

// lax judges the elements inside an extension: those that are declared must be
// as declared (processContents="lax").
func (j *xmlJudge) lax(n *tree.Node) {
	for c := n.First; c != nil && !j.full(); c = c.Next {
		if c.Kind == tree.Element {
			j.wild(c)
		}
	}
}

func (j *xmlJudge) wild(n *tree.Node) {
	if typ, ok := j.model.elements[modelName(j.doc, n)]; ok {
		j.typed(n, typ)
		return
	}
	j.anything(n)
}

// value judges an element of a simple type.
func (j *xmlJudge) value(n *tree.Node, typ string) {
	switch {
	case n.HasElements():
		j.add(n, n.At, exchange.ProblemType, "type-plain")
	case !n.Spoilt:
		if f := j.model.check(typ, n.Value); f.code != "" {
			j.add(n, n.At, f.code, f.key, f.args...)
		}
	}
}

func (j *xmlJudge) attributes(n *tree.Node, c *class) {
	var seen []string
	for a := n.First; a != nil; a = a.Next {
		if a.Kind != tree.Attribute || a.Spoilt {
			continue
		}
		name := a.Name
		if a.Foreign {
			switch {
			case j.doc.SpaceOf(a) == xmlSpace:
				name = "xml:" + name
			case name == "xsi:schemaLocation" || name == "xsi:noNamespaceSchemaLocation": // not followed
				continue
			default:
				name = ""
			}
		}
		known := c.attr(name)
		if known == nil {
			j.add(a, a.NameAt, exchange.ProblemUnknown, "unknown-attribute")
			continue
		}
		seen = append(seen, name)
		j.attribute(n, a, known)
	}
	for _, a := range c.attrs {
		if a.required && !slices.Contains(seen, a.name) {
			j.missing(n, "@"+a.name, "@"+a.name)
		}
	}
}

func (j *xmlJudge) attribute(n, a *tree.Node, known *attr) {
	f := j.model.check(known.typ, a.Value)
	switch {
	case f.code != "":
	case known.fixed != "" && a.Value != known.fixed && a.Value != otherVersion: // RFC 7970 section 4.4 says 2.0
		f = flaw{exchange.ProblemEnum, "enum", []string{known.fixed}}
	case known.typ == "ID":
		if id := collapse(a.Value); j.ids[id] {
			f = flaw{exchange.ProblemDuplicate, "iodef-id-twice", nil}
		} else {
			j.ids[id] = true
		}
	}
	if f.code != "" {
		j.add(a, a.At, f.code, f.key, f.args...)
	}
}

// reference: the key of IndicatorReference wants exactly one of its two
// references (RFC 7970 section 3.29.7).
func (j *xmlJudge) reference(n *tree.Node) {
	uid, euid := attrOf(n, "uid-ref"), attrOf(n, "euid-ref")
	if (uid == nil) == (euid == nil) {
		j.add(n, n.At, exchange.ProblemCardinality, "iodef-one-of", "uid-ref, euid-ref")
	}
}

// children judges which elements stand in an element, and each of them.
func (j *xmlJudge) children(n *tree.Node, c *content) {
	state, before := start, len(j.list)
	var seen []int
	var odd *tree.Node // the first that stood where the model has none
	for e := n.First; e != nil && !j.full(); e = e.Next {
		if e.Kind != tree.Element {
			continue
		}
		name := modelName(j.doc, e)
		next, ok := c.step(state, name)
		if !ok {
			odd = first(odd, e)
			next, ok = j.misplaced(n, e, c, state, name, seen)
		}
		if ok {
			state, seen = next, append(seen, next)
			j.child(e, c.places[next])
		} else if at, _, known := c.find(name, start); known {
			j.child(e, c.places[at])
		}
	}
	for !c.done(state) && !j.full() {
		at, names := c.needed(state)
		j.lacking(n, c, names, seen)
		odd = first(odd, n)
		state = at
	}
	if odd != nil && len(j.list) == before && !j.full() {
		j.add(odd, odd.NameAt, exchange.ProblemOrder, "iodef-order")
	}
}

func first(a, b *tree.Node) *tree.Node {
	if a != nil {
		return a
	}
	return b
}

func (j *xmlJudge) child(e *tree.Node, p place) {
	switch {
	case p.name == "any":
		j.wild(e)
	case p.typ != "":
		j.typed(e, p.typ)
	default:
		j.typed(e, j.model.elements[p.name])
	}
}

// misplaced tells why an element may not stand here, and where to go on; false
// if the element is to be passed over.
func (j *xmlJudge) misplaced(n, e *tree.Node, c *content, state int, name string, seen []int) (int, bool) {
	at, ahead, known := c.find(name, state)
	if !known {
		j.add(e, e.NameAt, exchange.ProblemUnknown, "unknown-element")
		return state, false
	}
	if ahead && !c.done(state) && c.reaches(state, at) {
		for range c.places { // something before it is missing
			need, names := c.needed(state)
			if !j.follows(e, names) {
				j.lacking(n, c, names, seen)
			}
			state = need
			if next, ok := c.step(state, name); ok {
				return next, true
			}
		}
	}
	switch {
	case slices.Contains(seen, at) && !c.reaches(at, at):
		j.add(e, e.NameAt, exchange.ProblemCardinality, "iodef-once")
	case state != start && c.reaches(at, state):
		j.add(e, e.NameAt, exchange.ProblemOrder, "order", strings.TrimPrefix(c.places[state].name, "any"))
	default:
		j.add(e, e.NameAt, exchange.ProblemCardinality, "iodef-beside")
	}
	return state, false
}

// follows reports whether one of the names stands after the element: then it
// is not missing but out of order, and that is told where it stands.
func (j *xmlJudge) follows(e *tree.Node, names []string) bool {
	for e = e.Next; e != nil; e = e.Next {
		if e.Kind == tree.Element && slices.Contains(names, modelName(j.doc, e)) {
			return true
		}
	}
	return false
}

// lacking tells what must stand in the element.
func (j *xmlJudge) lacking(n *tree.Node, c *content, names []string, seen []int) {
	if slices.Contains(names, "any") || len(names) == 0 {
		return
	}
	for _, s := range seen { // out of order, and told as that
		if slices.Contains(names, c.places[s].name) {
			return
		}
	}
	j.missing(n, names[0], strings.Join(names, ", "))
}

func attrOf(n *tree.Node, name string) *tree.Node {
	for a := n.First; a != nil; a = a.Next {
		if a.Kind == tree.Attribute && a.Name == name && !a.Foreign {
			return a
		}
	}
	return nil
}
