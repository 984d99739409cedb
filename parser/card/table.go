package card

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"almasu/exchange"
)

// shape is what one value of a field is.
type shape uint8

const (
	aText shape = iota + 1
	anInteger
	aDecimal
	aTruth
	aTime
	anObject
)

// field is one field of card v1 and its rules.
type field struct {
	name     string
	index    []int // in exchange.Report, or in the struct; nil for the marker
	shape    shape
	list     bool
	required bool
	form     *form    // of a text, nil for a closed list
	enum     []string // the closed list
	enumName string   // of a list too long to be told in a problem, "" otherwise
	min, max int64    // of an integer or decimal
	digits   int      // of a decimal, after the point
	item     string   // XML element of a list's items; "": the field's own, repeated
	object   *object
}

// object is a struct of the table.
type object struct {
	name   string // of the Go type, or of the kind
	fields []field
	byName map[string]int
}

// table is the whole of card v1: for every kind the fields at the top, and the
// common ones alone for a card whose kind is not known.
type table struct {
	kinds  map[exchange.ReportKind]*object
	common *object
}

// The bounds that hold without a tag.
const (
	mostItems = 10_000    // items of a list
	mostWhole = 1<<53 - 1 // integers: what every JSON reader can hold
	tagName   = "card"    // the struct tag of the rules
	wireName  = "json"    // the struct tag of the names
)

// theTable is derived from package exchange once and only read afterwards.
var theTable = sync.OnceValue(func() *table {
	b := &builder{objects: map[reflect.Type]*object{}}
	report := reflect.TypeFor[exchange.Report]()
	marker := field{name: Marker, shape: aText, required: true, enum: []string{Version}}
	common := append([]field{marker}, b.fields(report)...)
	t := &table{kinds: map[exchange.ReportKind]*object{}, common: newObject("common", common)}
	for _, kind := range exchange.ReportKinds() {
		body, ok := report.FieldByNameFunc(func(n string) bool { return strings.ToLower(n) == string(kind) })
		if !ok {
			panic("card: exchange.Report has no body for kind " + kind)
		}
		fields := append([]field{}, common...)
		for _, f := range b.fields(body.Type.Elem()) {
			f.index = append([]int{body.Index[0]}, f.index...)
			fields = append(fields, f)
		}
		t.kinds[kind] = newObject(string(kind), fields)
	}
	return t
})

func newObject(name string, fields []field) *object {
	o := &object{name: name, fields: fields, byName: map[string]int{}}
	for i, f := range fields {
		if _, twice := o.byName[f.name]; twice {
			panic("card: two fields " + f.name + " in " + name)
		}
		o.byName[f.name] = i
	}
	return o
}

// builder turns structs into objects, each type once.
type builder struct{ objects map[reflect.Type]*object }

func (b *builder) object(t reflect.Type) *object {
	if o, ok := b.objects[t]; ok {
		return o
	}
	o := newObject(t.Name(), b.fields(t))
	b.objects[t] = o
	return o
}

func (b *builder) fields(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get(wireName), ",")
		if name == "" || name == "-" {
			continue
		}
		f := field{name: name, index: []int{i}, min: -mostWhole, max: mostWhole}
		f.rules(t.Field(i).Tag.Get(tagName))
		b.shape(&f, t.Field(i).Type)
		if f.shape == aText && f.form == nil && f.enum == nil {
			panic(fmt.Sprintf("card: %s.%s has no form", t.Name(), name))
		}
		fields = append(fields, f)
	}
	return fields
}

func (b *builder) shape(f *field, t reflect.Type) {
	optional := false
	switch t.Kind() {
	case reflect.Slice:
		f.list, t, optional = true, t.Elem(), true
	case reflect.Pointer:
		t, optional = t.Elem(), true
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		f.shape = aTime
	case t.Kind() == reflect.Struct:
		if !f.required && !optional {
			panic("card: the struct " + f.name + " must be required or a pointer: there is no way to leave it out")
		}
		f.shape, f.object = anObject, b.object(t)
	case t.Kind() == reflect.String:
		f.shape = aText
	case t.Kind() == reflect.Int:
		f.shape = anInteger
	case t.Kind() == reflect.Float64:
		f.shape = aDecimal
	case t.Kind() == reflect.Bool:
		f.shape = aTruth
	default:
		panic("card: no shape for " + t.String())
	}
}

// rules reads the card tag.
func (f *field) rules(tag string) {
	for _, rule := range strings.Split(tag, ",") {
		word, value, _ := strings.Cut(rule, "=")
		switch word {
		case "":
		case "required":
			f.required = true
		case "enum":
			f.enum = strings.Split(value, "|")
		case "item":
			f.item = value
		case "min":
			f.min = whole(value)
		case "max":
			f.max = whole(value)
		case "digits":
			f.digits = int(whole(value))
		default:
			if words, ok := wordLists()[word]; ok {
				f.enum, f.enumName = words, word
			} else if f.form = forms()[word]; f.form == nil {
				panic("card: unknown rule " + word)
			}
		}
	}
}

func whole(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic("card: a rule wants a whole number, not " + s)
	}
	return n
}

// in is the place of the field in a struct of the table, made on the way.
func (f *field) in(v reflect.Value) reflect.Value {
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v
}

// repeated reports whether a list stands in XML as its own element repeated.
func (f *field) repeated() bool { return f.list && f.item == "" }
