package card

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// Render writes a report as a card. The same report gives the same octets.
// What the reader would refuse in a single value, or for want of a required
// field, is an error that names the field and never its value; Format is not
// looked at.
func Render(r *exchange.Report, f exchange.Format) ([]byte, error) {
	top := theTable().kinds[r.Kind]
	if top == nil {
		return nil, fmt.Errorf("render card: unknown kind of report")
	}
	v := reflect.ValueOf(r).Elem()
	if bodyOf(v, top).IsNil() {
		return nil, fmt.Errorf("render card: the %s report %s has no body", r.Kind, r.ID)
	}
	var w writer
	switch f {
	case exchange.CardJSON:
		w = &jsonWriter{}
	case exchange.CardXML:
		w = &xmlWriter{}
	default:
		return nil, fmt.Errorf("render card: %s is not a format of cards", f)
	}
	w.begin()
	if err := render(w, top, v); err != nil {
		return nil, fmt.Errorf("render card %s: %w", r.ID, err)
	}
	return w.end(), nil
}

// writer puts fields down in one notation.
type writer interface {
	begin()
	end() []byte
	leaf(f *field, value string)           // a field, or an item of a repeated or JSON list
	open(name string, list, repeated bool) // a struct or list of that name
	close(name string, list, repeated bool)
}

func render(w writer, o *object, v reflect.Value) error {
	for i := range o.fields {
		f := &o.fields[i]
		if f.index == nil {
			w.leaf(f, Version)
			continue
		}
		c := f.in(v)
		if !f.required && c.IsZero() || f.list && c.Len() == 0 {
			continue
		}
		if err := renderField(w, f, c); err != nil {
			return err
		}
	}
	return nil
}

func renderField(w writer, f *field, c reflect.Value) error {
	if !f.list {
		return renderValue(w, f, f.name, c)
	}
	if c.Len() > mostItems {
		return fmt.Errorf("field %s: more than %d items", f.name, mostItems)
	}
	w.open(f.name, true, f.repeated())
	name := f.item
	if name == "" {
		name = f.name
	}
	for i := range c.Len() {
		if err := renderValue(w, f, name, c.Index(i)); err != nil {
			return err
		}
	}
	w.close(f.name, true, f.repeated())
	return nil
}

func renderValue(w writer, f *field, name string, c reflect.Value) error {
	if f.shape == anObject {
		w.open(name, false, f.list)
		if err := render(w, f.object, reflect.Indirect(c)); err != nil {
			return fmt.Errorf("in %s: %w", f.name, err)
		}
		w.close(name, false, f.list)
		return nil
	}
	s := lexical(f, c)
	if fl := f.set(s, reflect.New(c.Type()).Elem()); fl.code != "" {
		if s == "" {
			fl = flaw{exchange.ProblemRequired, "required", []string{f.name}}
		}
		return fmt.Errorf("field %s: %s", f.name, catalogue.Text(string(exchange.English), "problem."+fl.key, fl.args...))
	}
	named := *f
	named.name = name
	w.leaf(&named, s)
	return nil
}

// lexical writes a value as both notations have it.
func lexical(f *field, c reflect.Value) string {
	switch f.shape {
	case aText:
		return c.String()
	case anInteger:
		return itoa(c.Int())
	case aDecimal:
		return strconv.FormatFloat(c.Float(), 'f', -1, 64)
	case aTruth:
		return strconv.FormatBool(c.Bool())
	}
	return c.Interface().(time.Time).Format(time.RFC3339Nano)
}
