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
		if n.Value != "" || n.HasElements() || n.HasCDATA() {
			j.add(n, n.At, exchange.ProblemType, "iodef-empty")
		}
	default:
		if collapse(n.Value) != "" || n.HasCDATA() {
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
