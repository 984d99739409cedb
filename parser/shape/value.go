package shape

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"almasu/exchange"
	"almasu/parser/tree"
)

// value judges one value.
func (t *Table) value(f *Faults, n *tree.Node, want *typ) {
	if n.Spoilt || f.Full() {
		return
	}
	switch want.kind {
	case anyValue:
	case aText:
		if is(f, n, tree.Text, "type-text") {
			t.text(f, n, want)
		}
	case anInteger, aNumber:
		number(f, n, want)
	case aBoolean:
		is(f, n, tree.Boolean, "type-boolean")
	case aDigits:
		digits(f, n, want)
	case anObject:
		if !is(f, n, tree.Object, "type-object") {
			return
		}
		if o := t.objects[want.object]; o != nil {
			t.members(f, n, o)
		}
	case aList:
		if is(f, n, tree.List, "type-list") {
			t.list(f, n, want)
		}
	}
}

func is(f *Faults, n *tree.Node, k tree.Kind, key string) bool {
	if n.Kind == k {
		return true
	}
	f.Add(n, exchange.ProblemType, key)
	return false
}

func (t *Table) text(f *Faults, n *tree.Node, want *typ) {
	length := int64(utf8.RuneCountInString(n.Value))
	switch {
	case want.enum != nil:
		if !slices.Contains(want.enum, n.Value) {
			f.Add(n, exchange.ProblemEnum, "enum", strings.Join(want.enum, ", "))
		}
	case want.min > 0 && length == 0:
		f.Add(n, exchange.ProblemRange, "range-empty")
	case want.bounded && length > want.max:
		f.Add(n, exchange.ProblemRange, "range-length", strconv.FormatInt(want.max, 10))
	case want.form.Judge != nil && !want.form.Judge(n.Value, want.arg):
		args := want.form.Args
		if want.form.Named {
			args = []string{want.arg}
		}
		f.Add(n, exchange.ProblemPattern, want.form.Key, args...)
	}
}

func number(f *Faults, n *tree.Node, want *typ) {
	key := "type-decimal"
	if want.kind == anInteger {
		key = "type-integer"
	}
	if !is(f, n, tree.Number, key) {
		return
	}
	v, ok := rational(n.Value)
	if !ok || want.kind == anInteger && !v.IsInt() {
		f.Add(n, exchange.ProblemType, key)
		return
	}
	bounds(f, n, v, want)
}

func bounds(f *Faults, n *tree.Node, v *big.Rat, want *typ) {
	switch {
	case !want.bounded:
	case v.Cmp(big.NewRat(want.min, 1)) < 0:
		f.Add(n, exchange.ProblemRange, "range-min", strconv.FormatInt(want.min, 10))
	case v.Cmp(big.NewRat(want.max, 1)) > 0:
		f.Add(n, exchange.ProblemRange, "range-max", strconv.FormatInt(want.max, 10))
	}
}

// digits: exports of one format write a count now as a string, now as a number.
func digits(f *Faults, n *tree.Node, want *typ) {
	plain := (n.Kind == tree.Number || n.Kind == tree.Text) && len(n.Value) <= 19 && strings.Trim(n.Value, "0123456789") == ""
	v, err := strconv.ParseUint(n.Value, 10, 64)
	if !plain || err != nil {
		f.Add(n, exchange.ProblemType, "type-digits")
		return
	}
	bounds(f, n, new(big.Rat).SetUint64(v), want)
}

// rational reads a JSON number exactly; an exponent beyond 400 is not read.
func rational(s string) (*big.Rat, bool) {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if e, err := strconv.Atoi(s[i+1:]); err != nil || e > 400 || e < -400 {
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

func (t *Table) list(f *Faults, n *tree.Node, want *typ) {
	count := int64(0)
	seen := map[string]bool{}
	for c := n.First; c != nil && !f.Full(); c = c.Next {
		count++
		t.value(f, c, want.item)
		if !want.unique {
			continue
		}
		text := Canonical(c)
		if seen[text] {
			f.Add(c, exchange.ProblemDuplicate, "duplicate-item")
		}
		seen[text] = true
	}
	if count < want.min {
		f.Add(n, exchange.ProblemCardinality, "cardinality-few", strconv.FormatInt(want.min, 10))
	}
	if want.bounded && count > want.max {
		f.Add(n, exchange.ProblemCardinality, "cardinality", strconv.FormatInt(want.max, 10))
	}
}

// Canonical writes a value so that equal values are written equally, whatever
// the order of their members.
func Canonical(n *tree.Node) string {
	var parts []string
	for c := n.First; c != nil; c = c.Next {
		name := ""
		if n.Kind == tree.Object {
			name = strconv.Quote(c.Name) + ":"
		}
		parts = append(parts, name+Canonical(c))
	}
	switch n.Kind {
	case tree.Object:
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	case tree.List:
		return "[" + strings.Join(parts, ",") + "]"
	case tree.Text:
		return strconv.Quote(n.Value)
	case tree.Number:
		if v, ok := rational(n.Value); ok {
			return v.RatString()
		}
	case tree.Null:
		return "null"
	}
	return n.Value
}
