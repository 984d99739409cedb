package iodef

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// writeXML writes the document, elements in the order they stand in.
func writeXML(root *node) []byte {
	w := &xmlWriter{
		text: strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;"),
		attr: strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\r", "&#xD;", "\n", "&#xA;", "\t", "&#x9;"),
	}
	w.out = append(w.out, `<?xml version="1.0" encoding="UTF-8"?>`...)
	top := *root
	top.attrs = append([][2]string{{"xmlns", Namespace}}, root.attrs...)
	for _, space := range []string{"http://www.w3.org/2000/09/xmldsig#", "urn:ietf:params:xml:ns:iodef-enum-1.0"} {
		top.attrs = append(top.attrs, [2]string{"xmlns:" + strings.TrimSuffix(spaces[space], ":"), space})
	}
	w.element(&top, 0)
	return append(w.out, '\n')
}

type xmlWriter struct {
	out        []byte
	text, attr *strings.Replacer
}

func (w *xmlWriter) element(n *node, depth int) {
	w.out = append(append(w.out, '\n'), strings.Repeat("  ", depth)...)
	w.out = append(append(w.out, '<'), n.name...)
	for _, a := range n.attrs {
		w.out = fmt.Appendf(w.out, ` %s="%s"`, a[0], w.attr.Replace(a[1]))
	}
	if len(n.kids) == 0 && n.text == "" {
		w.out = append(w.out, "/>"...)
		return
	}
	w.out = append(append(w.out, '>'), w.text.Replace(n.text)...)
	for _, k := range n.kids {
		w.element(k, depth+1)
	}
	if len(n.kids) > 0 {
		w.out = append(append(w.out, '\n'), strings.Repeat("  ", depth)...)
	}
	w.out = append(append(append(w.out, "</"...), n.name...), '>')
}

// writeJSON writes the same document by the naming rules of RFC 8727 section
// 4: the model says what is a list and what the content is called.
func writeJSON(root *node) ([]byte, error) {
	top := *root
	top.attrs = slices.Clone(root.attrs)
	top.attrs[0][1] = otherVersion
	w := &jsonWriter{model: theJSON()}
	if err := w.value(&top, jsonType{name: Root}); err != nil {
		return nil, err
	}
	return append(w.out, '\n'), nil
}

type jsonWriter struct {
	model *jsonModel
	out   []byte
	depth int
}

func (w *jsonWriter) line() {
	w.out = append(append(w.out, '\n'), strings.Repeat("  ", w.depth)...)
}

// quote writes a string, which fails on bad UTF-8 alone.
func (w *jsonWriter) quote(s string) error {
	out, err := jsontext.AppendQuote(w.out, s)
	if err != nil {
		return errUTF8
	}
	w.out = out
	return nil
}

var errUTF8 = errors.New("a text is not UTF-8")

func (w *jsonWriter) value(n *node, t jsonType) error {
	if two, ok := w.model.either[t.name]; ok {
		if t = two[0]; len(n.attrs) > 0 {
			t = two[1]
		}
	}
	o := w.model.objects[t.name]
	switch {
	case o != nil:
		return w.object(n, o)
	case strings.HasPrefix(t.name, "number"):
		w.out = append(w.out, n.text...)
	case n.name == "ds:DigestMethod":
		return w.quote(n.attrs[0][1])
	default:
		return w.quote(n.text)
	}
	return nil
}

// part is a member of an object: one value, or several of a list.
type part struct {
	name  string
	nodes []*node
}

func (w *jsonWriter) object(n *node, o *object) error {
	parts, err := members(n, o)
	if err != nil {
		return err
	}
	w.out = append(w.out, '{')
	w.depth++
	for i, p := range parts {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.line()
		if err := w.quote(p.name); err != nil {
			return err
		}
		w.out = append(w.out, ": "...)
		if err := w.member(p, o.member(p.name).typ); err != nil {
			return err
		}
	}
	w.depth--
	w.line()
	w.out = append(w.out, '}')
	return nil
}

func (w *jsonWriter) member(p part, t jsonType) error {
	if !t.list {
		return w.value(p.nodes[0], t)
	}
	w.out = append(w.out, '[')
	w.depth++
	for i, n := range p.nodes {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.line()
		if err := w.value(n, jsonType{name: t.name}); err != nil {
			return err
		}
	}
	w.depth--
	w.line()
	w.out = append(w.out, ']')
	return nil
}

// members sorts what an element holds into the members of its object.
func members(n *node, o *object) ([]part, error) {
	var parts []part
	add := func(name string, c *node) error {
		m := o.member(name)
		if m == nil {
			return fmt.Errorf("%s has no %s in JSON", o.name, name)
		}
		for i := range parts {
			if parts[i].name == name {
				parts[i].nodes = append(parts[i].nodes, c)
				return nil
			}
		}
		parts = append(parts, part{name, []*node{c}})
		return nil
	}
	for _, a := range n.attrs {
		if err := add(strings.TrimPrefix(a[0], "xml:"), &node{text: a[1]}); err != nil {
			return nil, err
		}
	}
	for _, name := range contents {
		if m := o.member(name); m != nil && m.required && len(n.kids) == 0 {
			if err := add(name, &node{text: n.text}); err != nil {
				return nil, err
			}
		}
	}
	for _, k := range n.kids {
		if err := settle(k, o, add); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// settle puts a child where JSON has it.
func settle(k *node, o *object, add func(string, *node) error) error {
	name := k.name[strings.IndexByte(k.name, ':')+1:]
	switch {
	case slices.Contains(wrappers, name):
		for _, inner := range k.kids {
			if err := settle(inner, o, add); err != nil {
				return err
			}
		}
		return nil
	case o.name == "Assessment" && strings.HasSuffix(name, "Impact"):
		return add("Impact", &node{kids: []*node{k}})
	case name == "SpecIndex":
		name = "specIndex"
	}
	return add(name, k)
}
