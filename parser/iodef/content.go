package iodef

import (
	"slices"
	"strings"
)

// content is the content model of a class as an automaton (Glushkov): every
// place of an element in the model is a state. XSD asks models to be
// deterministic, so a state and a name lead to one state at most.
type content struct {
	places   []place
	first    []int
	last     []int
	nullable bool
}

// place is one mention of an element in a content model.
type place struct {
	name   string // "ds:Signature" for the elements of other namespaces; "any"
	typ    string // of a local element, "" for a global one
	follow []int
}

const start = -1 // the state before the first element

// fragment is a part of the model while it is being read.
type fragment struct {
	first, last []int
	nullable    bool
}

// newContent reads a content model as a DTD writes it, without blanks.
func newContent(s string) *content {
	c := &content{}
	f, _ := c.part(s)
	c.first, c.last, c.nullable = f.first, f.last, f.nullable
	return c
}

// part reads one element or group with its mark, and returns what follows it.
func (c *content) part(s string) (fragment, string) {
	var f fragment
	if strings.HasPrefix(s, "(") {
		f, s = c.group(s[1:])
	} else {
		end := strings.IndexAny(s, ",|)?*+")
		if end < 0 {
			end = len(s)
		}
		name, typ, _ := strings.Cut(s[:end], "=")
		at := len(c.places)
		c.places = append(c.places, place{name: name, typ: typ})
		f, s = fragment{first: []int{at}, last: []int{at}}, s[end:]
	}
	if s == "" || strings.IndexByte("?*+", s[0]) < 0 {
		return f, s
	}
	if s[0] != '?' {
		c.join(f.last, f.first)
	}
	f.nullable = f.nullable || s[0] != '+'
	return f, s[1:]
}

// group reads the inside of brackets.
func (c *content) group(s string) (fragment, string) {
	all, rest := c.part(s)
	choice := strings.HasPrefix(rest, "|")
	for !strings.HasPrefix(rest, ")") {
		var next fragment
		next, rest = c.part(rest[1:])
		if choice {
			all.first, all.last = append(all.first, next.first...), append(all.last, next.last...)
			all.nullable = all.nullable || next.nullable
			continue
		}
		c.join(all.last, next.first)
		if all.nullable {
			all.first = append(all.first, next.first...)
		}
		if next.nullable {
			all.last = append(all.last, next.last...)
		} else {
			all.last = next.last
		}
		all.nullable = all.nullable && next.nullable
	}
	return all, rest[1:]
}

func (c *content) join(from, to []int) {
	for _, p := range from {
		follow := slices.Clone(c.places[p].follow)
		for _, q := range to {
			if !slices.Contains(follow, q) {
				follow = append(follow, q)
			}
		}
		c.places[p].follow = follow
	}
}

// after are the places that can come next.
func (c *content) after(state int) []int {
	if state == start {
		return c.first
	}
	return c.places[state].follow
}

// step is the state after an element of that name, ok is false if none may
// stand here.
func (c *content) step(state int, name string) (next int, ok bool) {
	for _, p := range c.after(state) {
		if n := c.places[p].name; n == name || n == "any" {
			return p, true
		}
	}
	return state, false
}

// done reports whether the content may end here.
func (c *content) done(state int) bool {
	if state == start {
		return c.nullable
	}
	return slices.Contains(c.last, state)
}

// find is the first place of the name, beyond the state if there is one there.
func (c *content) find(name string, state int) (at int, ahead, known bool) {
	at = -1
	for i, p := range c.places {
		if p.name != name && p.name != "any" {
			continue
		}
		if i > state {
			return i, true, true
		}
		at, known = i, true
	}
	return at, false, known
}

// needed is the place that must be filled before anything beyond it, and the
// names that may fill it: what can come next is optional but for the last.
func (c *content) needed(state int) (at int, names []string) {
	next := c.after(state)
	if len(next) == 0 {
		return start, nil
	}
	at = slices.Max(next)
	for _, p := range next {
		if sameFollow(c.places[p].follow, c.places[at].follow) || p == at {
			names = append(names, c.places[p].name)
		}
	}
	return at, names
}

// sameFollow tells the alternatives of a choice: the same may follow them.
func sameFollow(a, b []int) bool {
	without := func(list []int) []int {
		list = slices.Clone(list)
		slices.Sort(list)
		return list
	}
	return slices.Equal(without(a), without(b))
}

// reaches reports whether an element at place to can come some time after one
// at place from.
func (c *content) reaches(from, to int) bool {
	seen := make([]bool, len(c.places))
	open := slices.Clone(c.after(from))
	for len(open) > 0 {
		p := open[len(open)-1]
		open = open[:len(open)-1]
		if p == to {
			return true
		}
		if !seen[p] {
			seen[p] = true
			open = append(open, c.places[p].follow...)
		}
	}
	return false
}
