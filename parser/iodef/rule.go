package iodef

import "strings"

// rule is a combination of members that the JSON schema asks of an object.
type rule struct {
	op      string // req, not, all, any, one
	members []string
	parts   []*rule
}

// newRule reads "one(req(A),req(B))" and returns what follows it.
func newRule(s string) (*rule, string) {
	op, rest, _ := strings.Cut(s, "(")
	r := &rule{op: op}
	if op == "req" {
		inside, after, _ := strings.Cut(rest, ")")
		r.members = strings.Split(inside, ",")
		return r, after
	}
	for {
		var part *rule
		part, rest = newRule(rest)
		r.parts = append(r.parts, part)
		if rest[0] == ')' {
			return r, rest[1:]
		}
		rest = rest[1:]
	}
}

// holds judges the rule over the members present.
func (r *rule) holds(has func(string) bool) bool {
	if r.op == "req" {
		for _, m := range r.members {
			if !has(m) {
				return false
			}
		}
		return true
	}
	n := 0
	for _, p := range r.parts {
		if p.holds(has) {
			n++
		}
	}
	switch r.op {
	case "not":
		return n == 0
	case "any":
		return n > 0
	case "one":
		return n == 1
	}
	return n == len(r.parts)
}

// names lists every member the rule speaks of.
func (r *rule) names() []string {
	names := r.members
	for _, p := range r.parts {
		names = append(names, p.names()...)
	}
	return names
}

// failed is the innermost part that does not hold.
func (r *rule) failed(has func(string) bool) *rule {
	if r.op == "all" {
		for _, p := range r.parts {
			if !p.holds(has) {
				return p.failed(has)
			}
		}
	}
	return r
}
