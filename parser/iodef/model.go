package iodef

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
)

//go:generate go test . -run TestModels -update

//go:embed model_xml.txt
var xmlText string

//go:embed model_json.txt
var jsonText string

// xmlModel is what the XSD says.
type xmlModel struct {
	elements map[string]string // global element -> type
	classes  map[string]*class // complex types
	simple   map[string]*simple
}

// class is a complex type.
type class struct {
	name    string
	simple  string // type of a simple content, "" if it holds elements
	mixed   bool   // any content, texts and elements (ExtensionType)
	empty   bool   // nothing at all
	content *content
	attrs   []attr
}

type attr struct {
	name     string // "xml:lang" is the only one with a prefix
	typ      string
	required bool
	fixed    string
}

func (c *class) attr(name string) *attr {
	for i := range c.attrs {
		if c.attrs[i].name == name {
			return &c.attrs[i]
		}
	}
	return nil
}

// simple is a simple type made from a built-in one.
type simple struct {
	base    string
	words   []string
	pattern *regexp.Regexp
	above   bool // greater than zero
}

// theXML is read once from the text of the model, and only read afterwards.
var theXML = sync.OnceValue(func() *xmlModel {
	m := &xmlModel{elements: map[string]string{}, classes: map[string]*class{}, simple: map[string]*simple{}}
	for line := range strings.Lines(xmlText) {
		w := strings.Fields(line)
		switch w[0] {
		case "element":
			m.elements[w[1]] = w[2]
		case "words":
			m.simple[w[1]] = &simple{base: w[2], words: w[3:]}
		case "pattern":
			// What XSD calls a digit is one of any script.
			p := strings.ReplaceAll(w[3], `\d`, `\p{Nd}`)
			m.simple[w[1]] = &simple{base: w[2], pattern: regexp.MustCompile(`^(?:` + p + `)$`)}
		case "above":
			m.simple[w[1]] = &simple{base: w[2], above: true}
		case "class":
			m.classes[w[1]] = newClass(w[1], w[2], w[3:])
		}
	}
	return m
})

func newClass(name, holds string, attrs []string) *class {
	c := &class{name: name}
	switch {
	case holds == "()":
		c.empty = true
	case holds == "#mixed":
		c.mixed = true
	case strings.HasPrefix(holds, "#"):
		c.simple = holds[1:]
	default:
		c.content = newContent(holds)
	}
	for _, a := range attrs {
		i := strings.LastIndexAny(a, ":!")
		typ, fixed, _ := strings.Cut(a[i+1:], "=")
		c.attrs = append(c.attrs, attr{name: a[:i], typ: typ, required: a[i] == '!', fixed: fixed})
	}
	return c
}

// jsonModel is what the JSON schema says.
type jsonModel struct {
	objects  map[string]*object
	words    map[string][]string
	patterns map[string]*regexp.Regexp
	either   map[string][2]jsonType
}

// object is an object of the JSON schema.
type object struct {
	name    string
	loose   bool // a value that is no object passes
	open    bool // other members pass
	members []member
	rule    *rule
}

type member struct {
	name     string
	typ      jsonType
	required bool
}

func (o *object) member(name string) *member {
	for i := range o.members {
		if o.members[i].name == name {
			return &o.members[i]
		}
	}
	return nil
}

// jsonType is the type of a value: a built-in one or one of the model.
type jsonType struct {
	name  string
	list  bool
	empty bool // the list may be empty
}

func newJSONType(s string) jsonType {
	inner, ok := strings.CutPrefix(s, "[")
	if !ok {
		return jsonType{name: s}
	}
	name, tail, _ := strings.Cut(inner, "]")
	return jsonType{name: name, list: true, empty: tail == "*"}
}

// theJSON is read once from the text of the model, and only read afterwards.
var theJSON = sync.OnceValue(func() *jsonModel {
	m := &jsonModel{objects: map[string]*object{}, words: map[string][]string{}, patterns: map[string]*regexp.Regexp{},
		either: map[string][2]jsonType{}}
	for line := range strings.Lines(jsonText) {
		w := strings.Fields(line)
		switch kind, open := strings.CutSuffix(w[0], "-open"); kind {
		case "object", "loose":
			m.objects[w[1]] = newObject(w[1], kind == "loose", open, w[2:])
		case "words":
			m.words[w[1]] = w[2:]
		case "pattern":
			m.patterns[w[1]] = regexp.MustCompile(w[2])
		case "either":
			m.either[w[1]] = [2]jsonType{newJSONType(w[2]), newJSONType(w[3])}
		case "rule": // stands after the objects
			m.objects[w[1]].rule, _ = newRule(w[2])
		}
	}
	return m
})

func newObject(name string, loose, open bool, members []string) *object {
	o := &object{name: name, loose: loose, open: open}
	for _, s := range members {
		i := strings.IndexAny(s, ":!")
		o.members = append(o.members, member{name: s[:i], typ: newJSONType(s[i+1:]), required: s[i] == '!'})
	}
	return o
}
