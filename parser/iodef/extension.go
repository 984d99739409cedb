package iodef

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

// extension are the fields of card v1 that travel in the AdditionalData of one
// thing, under FormatID. What is not well said there is told as semantic.
type extension struct {
	m  *mapper
	in thing
	by map[string][]thing
}

func (m *mapper) extension(in thing) extension {
	e := extension{m: m, in: in, by: map[string][]thing{}}
	for _, a := range in.all("AdditionalData") {
		if a.attr("formatid") == FormatID {
			e.by[a.attr("name")] = append(e.by[a.attr("name")], a)
		}
	}
	return e
}

// one is the field that may stand once.
func (e extension) one(name string) thing {
	found := e.by[name]
	if len(found) == 0 {
		return thing{}
	}
	if len(found) > 1 {
		e.m.semantic(found[1].n, "iodef-extension-twice", name)
	}
	return found[0]
}

// text is a field of text, as it stands.
func (e extension) text(name string) string { return e.one(name).text() }

// bad tells that the field is not what it must be.
func (e extension) bad(x thing, name string) { e.m.semantic(x.n, "iodef-extension", name) }

// id is a field that holds an id.
func (e extension) id(name string) string {
	x := e.one(name)
	if s := x.word(); !x.here() || exchange.ValidID(s) {
		return s
	}
	e.bad(x, name)
	return ""
}

// ids is a list of ids.
func (e extension) ids(name string) []string {
	var list []string
	for _, x := range e.by[name] {
		if s := x.word(); exchange.ValidID(s) {
			list = append(list, s)
		} else {
			e.bad(x, name)
		}
	}
	return list
}

// enum is a field that holds one of the words.
func (e extension) enum(name string, words ...string) string {
	x := e.one(name)
	if s := x.word(); !x.here() || slices.Contains(words, s) {
		return s
	}
	e.bad(x, name)
	return ""
}

func (e extension) truth(name string) bool {
	return e.enum(name, "true", "false") == "true"
}

func (e extension) moment(name string) time.Time {
	x := e.one(name)
	t := x.moment()
	if x.here() && t.IsZero() {
		e.bad(x, name)
	}
	return t
}

// integer is a whole number from least, the default where it is absent.
func (e extension) integer(name string, least, otherwise int) int {
	x := e.one(name)
	if !x.here() {
		return otherwise
	}
	n, err := strconv.ParseInt(x.word(), 10, 32)
	if err != nil || int(n) < least {
		e.bad(x, name)
		return otherwise
	}
	return int(n)
}

// object reads a field of dtype json into a struct, strictly; false if it is
// absent or not sound.
func (e extension) object(x thing, name string, into any) bool {
	if !x.here() {
		return false
	}
	dec := json.NewDecoder(strings.NewReader(x.text()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil || dec.More() {
		e.bad(x, name)
		return false
	}
	return true
}

// semantic notes a rule that the schema cannot say. What is absent is the
// schema's to tell, and what is spoilt is told.
func (m *mapper) semantic(n *tree.Node, key string, args ...string) {
	if n == nil || n.Spoilt {
		return
	}
	m.add(n, n.At, exchange.ProblemSemantic, key, args...)
}
