package iodef

import (
	"slices"
	"strings"

	"almasu/exchange"
	"almasu/parser/tree"
)

// jsonJudge judges a document as the JSON schema of RFC 8727 does, word for
// word: where its patterns are not anchored, neither are ours.
type jsonJudge struct {
	*faults
	model *jsonModel
}

// value judges one value of a type that is not a list, or a whole list.
func (j *jsonJudge) value(n *tree.Node, t jsonType) {
	switch {
	case n.Spoilt || j.full():
		return
	case t.list:
		j.list(n, t)
		return
	case j.model.objects[t.name] != nil:
		j.object(n, j.model.objects[t.name])
		return
	}
	if two, ok := j.model.either[t.name]; ok {
		if n.Kind == tree.Object {
			j.value(n, two[1])
			return
		}
		t = two[0]
	}
	if f := j.leaf(n, t.name); f.code != "" {
		j.add(n, n.At, f.code, f.key, f.args...)
	}
}

func (j *jsonJudge) leaf(n *tree.Node, typ string) flaw {
	switch typ {
	case "number", "number>=0":
		switch v, _ := number(n.Value); {
		case n.Kind != tree.Number:
			return flaw{exchange.ProblemType, "type-decimal", nil}
		case typ != "number" && v < 0:
			return flaw{exchange.ProblemRange, "range-min", []string{"0"}}
		}
		return flaw{}
	}
	if list := j.model.words[typ]; list != nil {
		if n.Kind != tree.Text || !slices.Contains(list, n.Value) {
			return flaw{exchange.ProblemEnum, "enum", []string{strings.Join(list, ", ")}}
		}
		return flaw{}
	}
	if n.Kind != tree.Text {
		return flaw{exchange.ProblemType, "type-text", nil}
	}
	if p := j.model.patterns[typ]; p != nil && !p.MatchString(n.Value) {
		return flaw{exchange.ProblemPattern, patternKey(typ), nil}
	}
	if typ == "date-time" && !isRFC3339(n.Value) {
		return flaw{exchange.ProblemPattern, "pattern-time", nil}
	}
	return flaw{}
}

func (j *jsonJudge) list(n *tree.Node, t jsonType) {
	if n.Kind != tree.List {
		j.add(n, n.At, exchange.ProblemType, "type-list")
		return
	}
	if n.First == nil && !t.empty {
		j.add(n, n.At, exchange.ProblemCardinality, "iodef-list-empty")
	}
	for c := n.First; c != nil && !j.full(); c = c.Next {
		j.value(c, jsonType{name: t.name})
	}
}

func (j *jsonJudge) object(n *tree.Node, o *object) {
	if n.Kind != tree.Object {
		code := exchange.ProblemType
		if o.loose { // the schema forgets to ask for an object
			code = exchange.ProblemSemantic
		}
		j.add(n, n.At, code, "type-object")
		return
	}
	present := func(name string) bool { return n.Child(name) != nil }
	for c := n.First; c != nil && !j.full(); c = c.Next {
		switch m := o.member(c.Name); {
		case m != nil:
			j.value(c, m.typ)
		case !o.open:
			j.add(c, c.NameAt, exchange.ProblemUnknown, "unknown-field")
		}
	}
	for _, m := range o.members {
		if m.required && !present(m.name) {
			j.missing(n, m.name, m.name)
		}
	}
	if o.rule != nil && !o.rule.holds(present) {
		j.broken(n, o.rule.failed(present), present)
	}
}

// broken tells which combination of members is asked for.
func (j *jsonJudge) broken(n *tree.Node, r *rule, present func(string) bool) {
	names := r.names()
	told := strings.Join(names, ", ")
	for _, m := range names {
		if present(m) {
			j.add(n, n.At, exchange.ProblemCardinality, "iodef-one-of", told)
			return
		}
	}
	j.missing(n, names[0], told)
}
