package card

import (
	"reflect"

	"almasu/exchange"
	"almasu/parser/tree"
)

// leaf reads a text, number, truth value or time.
func (r *reader) leaf(c *tree.Node, f *field, into reflect.Value) {
	s, ok := r.lexical(c, f)
	if !ok {
		return
	}
	fl := f.set(s, into)
	if fl.code != "" {
		r.fault(c, c.At, fl)
	}
}

// lexical is the value as written, once its node is of the right type.
func (r *reader) lexical(c *tree.Node, f *field) (string, bool) {
	if c.Kind != tree.Element {
		if c.Kind != jsonKind(f.shape) {
			r.fault(c, c.At, flaw{exchange.ProblemType, typeKey(f.shape), nil})
			return "", false
		}
		return c.Value, true
	}
	for a := c.First; a != nil; a = a.Next {
		if a.Kind == tree.Attribute {
			r.unknown(a, nil)
		}
	}
	if c.HasElements() {
		r.fault(c, c.At, flaw{exchange.ProblemType, "type-plain", nil})
		return "", false
	}
	s := c.Value
	if f.form == nil || !f.form.free {
		s = collapse(s)
	}
	if bad := xmlNumber(f.shape, s); bad {
		r.fault(c, c.At, flaw{exchange.ProblemType, typeKey(f.shape), nil})
		return "", false
	}
	return s, true
}

// jsonKind is what JSON writes a leaf as.
func jsonKind(s shape) tree.Kind {
	switch s {
	case anInteger, aDecimal:
		return tree.Number
	case aTruth:
		return tree.Boolean
	}
	return tree.Text
}

// xmlNumber reports a number that is not written as XSD has it.
func xmlNumber(s shape, text string) bool {
	switch s {
	case anInteger:
		return len(text) > 64 || !xmlInteger.MatchString(text)
	case aDecimal:
		return len(text) > 64 || !xmlDecimal.MatchString(text)
	}
	return false
}

func typeKey(s shape) string {
	switch s {
	case anInteger:
		return "type-integer"
	case aDecimal:
		return "type-decimal"
	case aTruth:
		return "type-boolean"
	case anObject:
		return "type-object"
	}
	return "type-text"
}

// set judges the value and puts it in place; into may be the zero Value, then
// it only judges.
func (f *field) set(s string, into reflect.Value) (fl flaw) {
	switch f.shape {
	case aText:
		if fl = f.text(s); fl.code == "" && into.IsValid() {
			into.SetString(s)
		}
	case aTruth:
		if s != "true" && s != "false" {
			return flaw{exchange.ProblemType, "type-boolean", nil}
		}
		into.SetBool(s == "true")
	case aTime:
		t, bad := moment(s)
		if bad.code != "" {
			return bad
		}
		into.Set(reflect.ValueOf(t))
	default:
		v, bad := f.number(s)
		if bad.code != "" {
			return bad
		}
		if f.shape == anInteger {
			into.SetInt(v.Num().Int64())
		} else {
			n, _ := v.Float64()
			into.SetFloat(n)
		}
	}
	return fl
}
