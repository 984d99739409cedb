package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decoder fills structs from YAML nodes. The tags of a field say it all:
// yaml its name, is what its text must be (see value.go; a|b|c is a closed
// list), default what stands there when nothing is written, required the
// remedy when it is missing.
type decoder struct {
	file     string
	dir      string          // what relative paths start from, absolute
	lines    map[string]int  // where each setting stands, by its path
	meant    map[string]bool // settings that an unknown key comes near to
	refs     []reference
	mistakes []*Mistake
}

// reference is a file that a setting names.
type reference struct {
	path, setting string
	line          int
}

func newDecoder(file string) *decoder {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		dir = filepath.Dir(file) // the working directory is gone
	}
	return &decoder{file: file, dir: dir, lines: map[string]int{}, meant: map[string]bool{}}
}

// line is where a setting stands, or failing that what it stands in.
func (d *decoder) line(path string) int {
	for path != "" {
		if l, ok := d.lines[path]; ok {
			return l
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

// has reports whether a setting was written, rightly or wrongly.
func (d *decoder) has(path string) bool {
	_, ok := d.lines[path]
	return ok || d.meant[path]
}

// document decodes the one document of a file into *into.
func (d *decoder) document(data []byte, into any) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		d.wrong(1, "the file is empty", "see `almasu init` for one to start from")
	case err != nil:
		d.syntax(err)
		return
	}
	v := reflect.ValueOf(into).Elem()
	if len(doc.Content) == 1 {
		d.structure(doc.Content[0], v, "")
	} else {
		d.defaults(v, "")
	}
	if err == nil {
		if err := dec.Decode(&second); err == nil {
			d.wrong(second.Line, "a second document begins here", "keep one document in one file")
		} else if !errors.Is(err, io.EOF) {
			d.syntax(err)
		}
	}
}

// syntax turns the YAML library's complaint into a mistake with its line.
func (d *decoder) syntax(err error) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	d.wrong(line, "this is not YAML: "+text, "check the indentation and the quotes around here")
}

// setting is one field of a struct, as its tags describe it.
type setting struct {
	name, is, standard, required string
	index                        []int
}

func settings(t reflect.Type) []setting {
	var out []setting
	for _, f := range reflect.VisibleFields(t) {
		name := f.Tag.Get("yaml")
		if name == "" {
			name, _, _ = strings.Cut(f.Tag.Get("json"), ",")
		}
		if name == "" || name == "-" {
			continue
		}
		out = append(out, setting{name, f.Tag.Get("is"), f.Tag.Get("default"), f.Tag.Get("required"), f.Index})
	}
	return out
}

// structure decodes a mapping into the struct v.
func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	n = resolved(n)
	d.lines[path] = n.Line
	known := settings(v.Type())
	if n.Kind != yaml.MappingNode {
		d.wrong(n.Line, fmt.Sprintf("%s is %s", shown(path), kindOf(n)), "write it as key: value pairs ("+names(known)+")")
		d.defaults(v, path)
		return
	}
	values := d.keys(n, known, path)
	for _, s := range known {
		at := join(path, s.name)
		value, written := values[s.name]
		if written && !isNull(value) && (s.required == "" || resolved(value).Value != "" || resolved(value).Kind != yaml.ScalarNode) {
			d.value(value, v.FieldByIndex(s.index), s, at)
			continue
		}
		d.absent(v.FieldByIndex(s.index), s, at)
		if s.required != "" && !d.meant[at] {
			d.wrong(n.Line, shown(at)+" is missing", s.required)
		}
	}
}

// keys pairs the keys of a mapping with their values and refuses those that
// are unknown or stand twice. The setting an unknown key comes near to is
// not called missing as well: one mistake, one message.
func (d *decoder) keys(n *yaml.Node, known []setting, path string) map[string]*yaml.Node {
	values := map[string]*yaml.Node{}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := resolved(n.Content[i])
		isKnown := false
		for _, s := range known {
			isKnown = isKnown || s.name == key.Value
		}
		switch first, twice := lines[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			d.wrong(key.Line, "a key must be a plain word", "")
		case twice:
			d.wrong(key.Line, fmt.Sprintf("key %q stands here again, first in line %d", key.Value, first), "remove one of the two")
		case !isKnown:
			d.wrong(key.Line, fmt.Sprintf("unknown key %q", key.Value), didYouMean(key.Value, list(known)))
			if near := nearest(key.Value, list(known)); near != "" {
				d.meant[join(path, near)] = true
			}
		default:
			values[key.Value] = n.Content[i+1]
		}
		if _, twice := lines[key.Value]; !twice {
			lines[key.Value] = key.Line
		}
	}
	return values
}

// value decodes a node into a field of any of the types settings have.
func (d *decoder) value(n *yaml.Node, v reflect.Value, s setting, path string) {
	n = resolved(n)
	d.lines[path] = n.Line
	scalar := isScalarType(v.Type())
	switch {
	case !scalar && v.Kind() == reflect.Slice:
		d.sequence(n, v, s, path)
	case !scalar:
		d.structure(n, v, path)
	case n.Kind != yaml.ScalarNode:
		d.wrong(n.Line, fmt.Sprintf("%s is %s", shown(path), kindOf(n)), "write one value")
	default:
		d.scalar(n, v, s, path)
	}
}

func (d *decoder) sequence(n *yaml.Node, v reflect.Value, s setting, path string) {
	if n.Kind != yaml.SequenceNode {
		d.wrong(n.Line, fmt.Sprintf("%s is %s", shown(path), kindOf(n)), "write it as a list: [...] or one \"- \" line for each")
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		if isNull(resolved(item)) {
			d.wrong(item.Line, "an entry of "+shown(path)+" is empty", "fill it in or remove the line")
			continue
		}
		d.value(item, out.Index(i), s, at)
	}
	v.Set(out)
}

// scalar checks the text of a node and sets the field.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value, s setting, path string) {
	_, isBool := v.Interface().(bool)
	_, isBoolPointer := v.Interface().(*bool)
	if (n.ShortTag() == "!!bool") != (isBool || isBoolPointer) {
		if isBool || isBoolPointer {
			d.wrong(n.Line, fmt.Sprintf("%s is %q", shown(path), clip(n.Value)), "write true or false")
		} else {
			d.wrong(n.Line, shown(path)+" is true or false", "put the text in quotes if that is what it says")
		}
		return
	}
	d.text(n.Value, v, s, path, n.Line)
}

func (d *decoder) text(text string, v reflect.Value, s setting, path string, line int) {
	converted, err := convert(text, v.Type(), s.is, d.dir)
	if err != nil {
		var bad *badValue
		errors.As(err, &bad)
		d.wrong(line, shown(path)+": "+bad.what, bad.remedy)
		return
	}
	v.Set(reflect.ValueOf(converted).Convert(v.Type()))
	if f, ok := converted.(string); ok && line > 0 && isFile(s.is, f) {
		d.refs = append(d.refs, reference{f, shown(path), line})
	}
}

// absent fills in the default of a setting nobody wrote.
func (d *decoder) absent(v reflect.Value, s setting, path string) {
	switch {
	case s.standard != "":
		d.text(s.standard, v, s, path, 0)
	case v.Kind() == reflect.Struct && !isScalarType(v.Type()):
		d.defaults(v, path)
	}
}

func (d *decoder) defaults(v reflect.Value, path string) {
	for _, s := range settings(v.Type()) {
		d.absent(v.FieldByIndex(s.index), s, join(path, s.name))
	}
}
