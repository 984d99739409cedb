package iodef

import (
	"slices"
	"strings"

	"almasu/exchange"
	"almasu/parser/tree"
)

// walk goes through every instance of a class in the document, extensions of
// others aside.
type walk struct {
	*mapper
	ids  map[string]bool
	refs []*tree.Node
	ext  *tree.Node      // first value of a private extension
	good map[string]bool // domain names that were looked at
}

// filled are the classes that must hold something (RFC 7970, each in its own
// section: "at least one ... MUST be present").
var filled = []string{"Contact", "RelatedActivity", "ThreatActor", "Campaign", "Method", "SoftwareType", "Reference", "EventData",
	"Service", "ServiceName", "RecordData", "HashData", "AttackPhase", "Observable", "BulkObservableFormat", "Assessment.Impact"}

// thing judges one instance and goes on to those in it.
func (w *walk) thing(x thing, class string) {
	if w.full() {
		return
	}
	if x.xml() {
		w.xmlThing(x, class)
		return
	}
	w.jsonThing(x, class)
}

func (w *walk) xmlThing(x thing, typ string) {
	m := theXML()
	c := m.classes[typ]
	if r := rules[x.n.Name]; r != nil {
		r(w, x)
	}
	if c == nil {
		if typ == "dateTime" && isDateTime(x.word()) && !zoned.MatchString(x.word()) {
			w.semantic(x.n, "iodef-zone")
		}
		return
	}
	var names []string
	for a := x.n.First; a != nil; a = a.Next {
		if a.Kind == tree.Attribute && !a.Foreign {
			names = append(names, a.Name)
		}
	}
	w.attributes(x, names)
	if slices.Contains(filled, typ) && !x.n.HasElements() {
		w.semantic(x.n, "iodef-hollow")
	}
	if typ == "IndicatorID" {
		w.ids[x.word()] = true
	}
	if c.content == nil {
		return
	}
	for e := x.n.First; e != nil; e = e.Next {
		if e.Kind != tree.Element || e.Foreign {
			continue
		}
		if at, _, known := c.content.find(e.Name, start); known {
			typ := c.content.places[at].typ
			if typ == "" {
				typ = m.elements[e.Name]
			}
			w.thing(thing{x.doc, e}, typ)
		}
	}
}

func (w *walk) jsonThing(x thing, typ string) {
	o := theJSON().objects[typ]
	if o == nil || x.n.Kind != tree.Object {
		return
	}
	name, _, _ := strings.Cut(typ, ".")
	if r := rules[name]; r != nil {
		r(w, x)
	}
	class := theXML().classes[typ]
	var names []string
	inside := false
	for c := x.n.First; c != nil; c = c.Next {
		m := o.member(c.Name)
		if m == nil {
			continue
		}
		if c.Kind == tree.Text || m.name == "uid-ref" {
			names = append(names, m.name)
		}
		inside = inside || class == nil || class.attr(m.name) == nil
		if r := rules[m.name]; r != nil && theJSON().objects[m.typ.name] == nil && c.Kind == tree.Text {
			r(w, thing{x.doc, c})
		}
		switch c.Kind {
		case tree.Object:
			w.thing(thing{x.doc, c}, m.typ.name)
		case tree.List:
			for item := c.First; item != nil; item = item.Next {
				w.thing(thing{x.doc, item}, m.typ.name)
			}
		}
	}
	w.attributes(x, names)
	if slices.Contains(filled, typ) && !inside {
		w.semantic(x.n, "iodef-hollow")
	}
	if typ == "IndicatorID" {
		w.ids[x.word()] = true
	}
}

// attributes judges the attributes of any class by their names.
func (w *walk) attributes(x thing, names []string) {
	for _, name := range names {
		n := x.attribute(name)
		if n == nil {
			continue
		}
		switch value := collapse(n.Value); {
		case n.Spoilt:
		case name == "observable-id":
			if w.ids[value] && !x.xml() {
				w.add(n, n.At, exchange.ProblemSemantic, "iodef-id-twice")
			}
			w.ids[value] = true
		case name == "uid-ref":
			for _, ref := range (thing{x.doc, n.Up}).children(name) {
				w.refs = append(w.refs, ref.n)
			}
			if x.xml() {
				w.refs = append(w.refs, n)
			}
		case value == extValue:
			if w.ext == nil {
				w.ext = n
			}
			if x.attr("ext-"+name) == "" && w.extensible(x, "ext-"+name) {
				w.semantic(n, "iodef-ext-missing", "ext-"+name) // section 5.1.1
			}
		case strings.HasPrefix(name, "ext-") && x.attr(name[len("ext-"):]) != extValue:
			w.semantic(n, "iodef-ext-alone", name[len("ext-"):]) // section 5.1.1
		}
	}
}

// extensible: the JSON schema forgets one of the attributes for extensions.
func (w *walk) extensible(x thing, name string) bool {
	return x.xml() || x.n.Name != "HashData" && (x.n.Up == nil || x.n.Up.Name != "HashData") || name != "ext-scope"
}

// end judges what only the whole document shows.
func (w *walk) end() {
	for _, n := range w.refs {
		if !n.Spoilt && !w.ids[collapse(n.Value)] {
			w.semantic(n, "iodef-reference")
		}
	}
	if w.ext != nil && w.top().attribute("private-enum-name") == nil {
		w.semantic(w.ext, "iodef-private-enum") // section 5.3
	}
}
