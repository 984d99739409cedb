package shape

import (
	"maps"
	"regexp"
	"strconv"
	"strings"
)

// New reads a table. A line that begins at the margin begins an object, an
// indented one is a member of it:
//
//	Name[: Base ...] [open] [min N] [max N]
//	  member[,member...][!] TYPE        "!": it must stand
//	  * TYPE  or  * @form TYPE          the members no line names
//
// Types: string, text (not empty), each with an optional (LONGEST); int,
// number and digits, each with an optional (MIN,MAX); bool; any; =WORD;
// enum(a|b); @form or @form:arg; [TYPE] with at least one item, [TYPE]* with
// any number, [TYPE](MIN,MAX), and a "u" at the end where items are unique;
// Name, an object of the table; object, any object. A "#" begins a comment.
//
// A table is part of the program: a mistake in it panics.
func New(source string, forms map[string]Form) *Table {
	t := &Table{objects: map[string]*object{}, forms: Forms()}
	maps.Copy(t.forms, forms)
	var o *object
	for line := range strings.Lines(source) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\n"), "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case line[0] != ' ' && line[0] != '\t':
			o = t.object(words)
		default:
			t.member(o, words)
		}
	}
	for name, o := range t.objects {
		for _, f := range o.fields {
			t.resolve(name, f.typ)
		}
		if o.values != nil {
			t.resolve(name, o.values)
		}
	}
	return t
}

func (t *Table) object(words []string) *object {
	name, based := strings.CutSuffix(words[0], ":")
	o := &object{name: name, byName: map[string]*field{}}
	t.objects[name] = o
	words = words[1:]
	for i := 0; i < len(words); i++ {
		switch w := words[i]; {
		case w == "open":
			o.open = true
		case w == "min":
			i++
			o.min = must(strconv.Atoi(words[i]))
		case w == "max":
			i++
			o.max = must(strconv.Atoi(words[i]))
		case based:
			o.inherit(t.objects[w])
		default:
			panic("shape: " + name + ": " + w)
		}
	}
	return o
}

func (o *object) inherit(base *object) {
	for _, f := range base.fields {
		o.add(f)
	}
	o.open = o.open || base.open
	if base.key.Judge != nil {
		o.key = base.key
	}
	if base.values != nil {
		o.values = base.values
	}
}

func (o *object) add(f *field) {
	if old := o.byName[f.name]; old != nil {
		*old = *f
		o.required()
		return
	}
	own := *f
	o.fields = append(o.fields, &own)
	o.byName[f.name] = &own
	o.required()
}

func (o *object) required() {
	o.names = nil
	for _, f := range o.fields {
		if f.required {
			o.names = append(o.names, f.name)
		}
	}
}

func (t *Table) member(o *object, words []string) {
	if words[0] == "*" {
		o.open = true
		if form, ok := strings.CutPrefix(words[1], "@"); ok && len(words) > 2 {
			o.key = t.form(form)
			words = words[1:]
		}
		o.values = t.typeOf(words[1])
		return
	}
	names, required := strings.CutSuffix(words[0], "!")
	typ := t.typeOf(strings.Join(words[1:], " "))
	for _, name := range strings.Split(names, ",") {
		o.add(&field{name: name, required: required, typ: typ})
	}
}

func (t *Table) form(name string) Form {
	f, ok := t.forms[name]
	if !ok {
		panic("shape: no form " + name)
	}
	return f
}

var (
	listType   = regexp.MustCompile(`^\[(.*)\](\*|\((\d+),(\d+)\))?(u?)$`)
	simpleType = regexp.MustCompile(`^(string|text|int|number|digits|bool|any|object)(\((-?\d+)(?:,(-?\d+))?\))?$`)
	kinds      = map[string]kind{"string": aText, "text": aText, "int": anInteger, "number": aNumber, "digits": aDigits,
		"bool": aBoolean, "any": anyValue, "object": anObject}
)

func (t *Table) typeOf(s string) *typ {
	if m := listType.FindStringSubmatch(s); m != nil {
		list := &typ{kind: aList, item: t.typeOf(m[1]), min: 1, unique: m[5] != ""}
		if m[2] == "*" {
			list.min = 0
		}
		if m[3] != "" {
			list.min, list.max, list.bounded = int64(must(strconv.Atoi(m[3]))), int64(must(strconv.Atoi(m[4]))), true
		}
		return list
	}
	if m := simpleType.FindStringSubmatch(s); m != nil {
		return simple(m)
	}
	if word, ok := strings.CutPrefix(s, "="); ok {
		return &typ{kind: aText, enum: []string{word}}
	}
	if inside, ok := strings.CutPrefix(s, "enum("); ok {
		return &typ{kind: aText, enum: strings.Split(strings.TrimSuffix(inside, ")"), "|")}
	}
	if name, ok := strings.CutPrefix(s, "@"); ok {
		name, arg, _ := strings.Cut(name, ":")
		return &typ{kind: aText, form: t.form(name), arg: arg}
	}
	return &typ{kind: anObject, object: s}
}

func simple(m []string) *typ {
	x := &typ{kind: kinds[m[1]]}
	if m[1] == "text" {
		x.min = 1
	}
	switch {
	case m[2] == "":
	case x.kind == aText:
		x.max, x.bounded = int64(must(strconv.Atoi(m[3]))), true
	default:
		x.min, x.max, x.bounded = int64(must(strconv.Atoi(m[3]))), int64(must(strconv.Atoi(m[4]))), true
	}
	return x
}

// resolve finds names of objects that the table has not.
func (t *Table) resolve(where string, x *typ) {
	if x.kind == aList {
		t.resolve(where, x.item)
	}
	if x.kind == anObject && x.object != "" && t.objects[x.object] == nil {
		panic("shape: " + where + ": no object " + x.object)
	}
}

func must(n int, err error) int {
	if err != nil {
		panic("shape: " + err.Error())
	}
	return n
}
