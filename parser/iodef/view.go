package iodef

import (
	"slices"
	"strings"
	"time"

	"almasu/parser/tree"
)

// otherVersion is what RFC 7970 section 4.4 and RFC 8727 call version 2.00.
const otherVersion = "2.0"

// thing is one instance of a class, in either notation; the zero thing is
// absent, and asking it gives nothing.
type thing struct {
	doc *tree.Document
	n   *tree.Node
}

func (x thing) here() bool { return x.n != nil }

func (x thing) xml() bool { return x.doc != nil && x.doc.Syntax == tree.XML }

// wrappers are the classes of XML that JSON leaves out (RFC 8727 section 4).
var wrappers = []string{"Flow", "Record", "IndicatorData", "ApplicationHeader"}

// all are the instances of the class at the end of a path of class names.
func (x thing) all(path ...string) []thing {
	if !x.here() || len(path) == 0 {
		return nil
	}
	if !x.xml() && slices.Contains(wrappers, path[0]) {
		return x.all(path[1:]...)
	}
	var found []thing
	for _, c := range x.children(path[0]) {
		if len(path) == 1 {
			found = append(found, c)
		} else {
			found = append(found, c.all(path[1:]...)...)
		}
	}
	return found
}

func (x thing) children(name string) []thing {
	var found []thing
	for c := x.n.First; c != nil; c = c.Next {
		switch {
		case c.Spoilt || c.Kind == tree.Attribute:
		case c.Kind == tree.Element && modelName(x.doc, c) != name, c.Kind != tree.Element && c.Name != name:
		case c.Kind == tree.List:
			for item := c.First; item != nil; item = item.Next {
				if !item.Spoilt {
					found = append(found, thing{x.doc, item})
				}
			}
		default:
			found = append(found, thing{x.doc, c})
		}
	}
	return found
}

// one is the first of all, or the zero thing.
func (x thing) one(path ...string) thing {
	if found := x.all(path...); len(found) > 0 {
		return found[0]
	}
	return thing{}
}

// impacts are the impacts of an Assessment; JSON puts each in an object.
func (x thing) impacts(name string) []thing {
	if x.xml() {
		return x.all(name)
	}
	return x.all("Impact", name)
}

// attr is the value of an attribute, white space collapsed, "" if absent.
func (x thing) attr(name string) string {
	if n := x.attribute(name); n != nil && !n.Spoilt {
		return collapse(n.Value)
	}
	return ""
}

func (x thing) attribute(name string) *tree.Node {
	if !x.here() {
		return nil
	}
	if !x.xml() {
		return x.n.Child(strings.TrimPrefix(name, "xml:"))
	}
	for a := x.n.First; a != nil; a = a.Next {
		if a.Kind != tree.Attribute {
			continue
		}
		if own, global := strings.CutPrefix(name, "xml:"); a.Name == own && global == a.Foreign && (!global || x.doc.SpaceOf(a) == xmlSpace) {
			return a
		}
	}
	return nil
}

// contents are the names that the JSON notation gives to the content of an
// element that has attributes.
var contents = []string{"value", "id", "handle"}

// text is the content, "" if it is none of text.
func (x thing) text() string {
	if n := x.textNode(); n != nil && !n.Spoilt && !n.HasElements() {
		return n.Value
	}
	return ""
}

func (x thing) textNode() *tree.Node {
	if !x.here() {
		return nil
	}
	if x.n.Kind == tree.Object {
		for _, name := range contents {
			if c := x.n.Child(name); c != nil {
				return c
			}
		}
		return nil
	}
	if x.n.Kind == tree.List {
		return nil
	}
	return x.n
}

// word is the content without white space around it.
func (x thing) word() string { return collapse(x.text()) }

// lang is the language said of the thing.
func (x thing) lang() string { return x.attr("xml:lang") }

// moment is a time, zero if it is none, or one without a zone.
func (x thing) moment() time.Time {
	s := x.word()
	if i := strings.IndexByte(s, 'T'); strings.Contains(s, "T24:00:00") && i > 0 {
		t := parseTime(strings.Replace(s, "T24:", "T00:", 1))
		if t.IsZero() {
			return t
		}
		return t.AddDate(0, 0, 1)
	}
	return parseTime(strings.ToUpper(s))
}

// parseTime reads a time as card v1 keeps it: in the zone it is written in.
func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	if _, offset := t.Zone(); offset != 0 {
		return t.In(time.FixedZone("", offset))
	}
	return t.UTC()
}
