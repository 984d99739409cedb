package iodef

import (
	"slices"
	"strings"

	"almasu/exchange"
	"almasu/parser/tree"
)

// children judges which elements stand in an element, and each of them.
func (j *xmlJudge) children(n *tree.Node, c *content) {
	state, before := start, len(j.list)
	var seen []int
	var odd *tree.Node // the first that stood where the model has none
	for e := n.First; e != nil && !j.full(); e = e.Next {
		if e.Kind != tree.Element {
			continue
		}
		name := modelName(j.doc, e)
		next, ok := c.step(state, name)
		if !ok {
			odd = first(odd, e)
			next, ok = j.misplaced(n, e, c, state, name, seen)
		}
		if ok {
			state, seen = next, append(seen, next)
			j.child(e, c.places[next])
		} else if at, _, known := c.find(name, start); known {
			j.child(e, c.places[at])
		}
	}
	for !c.done(state) && !j.full() {
		at, names := c.needed(state)
		j.lacking(n, c, names, seen)
		odd = first(odd, n)
		state = at
	}
	if odd != nil && len(j.list) == before && !j.full() {
		j.add(odd, odd.NameAt, exchange.ProblemOrder, "iodef-order")
	}
}

func first(a, b *tree.Node) *tree.Node {
	if a != nil {
		return a
	}
	return b
}

func (j *xmlJudge) child(e *tree.Node, p place) {
	switch {
	case p.name == "any":
		j.wild(e)
	case p.typ != "":
		j.typed(e, p.typ)
	default:
		j.typed(e, j.model.elements[p.name])
	}
}

// misplaced tells why an element may not stand here, and where to go on; false
// if the element is to be passed over.
func (j *xmlJudge) misplaced(n, e *tree.Node, c *content, state int, name string, seen []int) (int, bool) {
	at, ahead, known := c.find(name, state)
	if !known {
		j.add(e, e.NameAt, exchange.ProblemUnknown, "unknown-element")
		return state, false
	}
	if ahead && !c.done(state) && c.reaches(state, at) {
		for range c.places { // something before it is missing
			need, names := c.needed(state)
			if !j.follows(e, names) {
				j.lacking(n, c, names, seen)
			}
			state = need
			if next, ok := c.step(state, name); ok {
				return next, true
			}
		}
	}
	switch {
	case slices.Contains(seen, at) && !c.reaches(at, at):
		j.add(e, e.NameAt, exchange.ProblemCardinality, "iodef-once")
	case state != start && c.reaches(at, state):
		j.add(e, e.NameAt, exchange.ProblemOrder, "order", strings.TrimPrefix(c.places[state].name, "any"))
	default:
		j.add(e, e.NameAt, exchange.ProblemCardinality, "iodef-beside")
	}
	return state, false
}

// follows reports whether one of the names stands after the element: then it
// is not missing but out of order, and that is told where it stands.
func (j *xmlJudge) follows(e *tree.Node, names []string) bool {
	for e = e.Next; e != nil; e = e.Next {
		if e.Kind == tree.Element && slices.Contains(names, modelName(j.doc, e)) {
			return true
		}
	}
	return false
}

// lacking tells what must stand in the element.
func (j *xmlJudge) lacking(n *tree.Node, c *content, names []string, seen []int) {
	if slices.Contains(names, "any") || len(names) == 0 {
		return
	}
	for _, s := range seen { // out of order, and told as that
		if slices.Contains(names, c.places[s].name) {
			return
		}
	}
	j.missing(n, names[0], strings.Join(names, ", "))
}

func attrOf(n *tree.Node, name string) *tree.Node {
	for a := n.First; a != nil; a = a.Next {
		if a.Kind == tree.Attribute && a.Name == name && !a.Foreign {
			return a
		}
	}
	return nil
}
