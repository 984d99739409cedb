package testmail

import (
	"fmt"
	"slices"
	"strings"

	"almasu/exchange"
)

// Tree draws a mail in SOC Alfa's name: a tree of multiparts with signed texts
// of SOC Alfa's, words, and at most one report that it never signed. attack is
// sealed without a signature around it and must never be accepted; control is
// the same tree signed whole by SOC Alfa and must be, if reports is 1. draw
// returns a number below its limit.
func (w *World) Tree(name string, draw func(limit int) int) (attack, control *Case, reports int) {
	s := schemes()[draw(2)]
	t := &tree{draw: draw, leaves: []string{"report", "text", "html", "clear", "opaque", "forwarded", "exchanged"}}
	root := t.node(3)
	if root.kind == "report" || root.kind == "text" { // a tree of one part is no tree
		root = &branch{kind: "mixed", parts: []*branch{root}}
	}
	one := func(name string, honest bool) *Case {
		c := &Case{Name: name, Comment: root.String(), Outcome: Held, Claimed: "soc-alfa", Encryption: s.encryption(), build: func(m *maker) []byte {
			n := 0
			return m.sealedBy(s, honest, m.entityOf(root, &n))
		}}
		if honest {
			c.Outcome, c.Covers, c.Signature = Accepted, exchange.CoversAll, exchange.SignatureValid
		}
		c.complete()
		return c
	}
	return one(name, false), one("control-"+name, true), t.reports
}

// tree is what was drawn so far.
type tree struct {
	draw    func(int) int
	leaves  []string // kinds there may be
	reports int
	sealed  int // files sealed by the attacker
}

// Wrapped draws a mail in which SOC Alfa's sealed and signed report stands among
// words, reports in clear and files the attacker sealed. From SOC Beta (stolen)
// it must never be accepted; from SOC Alfa it must be, with that report alone,
// if whole is true.
func (w *World) Wrapped(name string, draw func(limit int) int) (stolen, own *Case, whole bool) {
	t := &tree{draw: draw, leaves: []string{"captured", "text", "html", "loose", "unsigned", "sealed-forwarded"}}
	root := &branch{kind: "mixed", parts: []*branch{t.node(3), t.node(2)}}
	one := func(name, from string) *Case {
		c := &Case{Name: name, Comment: root.String(), Outcome: Held, Claimed: from, build: func(m *maker) []byte {
			n := 0
			return m.mailFrom(w.Person(from).Address(), string(m.entityOf(root, &n)))
		}}
		if from == "soc-alfa" {
			c.Outcome, c.Covers, c.Signature = Accepted, exchange.CoversAll, exchange.SignatureValid
		}
		c.complete()
		return c
	}
	return one(name, "soc-beta"), one("own-"+name, "soc-alfa"), t.reports == 1 && t.sealed == 0
}

// branch is one part of a tree: a kind of leaf, or of multipart with its parts.
type branch struct {
	kind   string
	scheme int // of a signature
	parts  []*branch
}

// String shows the tree in a line.
func (b *branch) String() string {
	if len(b.parts) == 0 {
		return b.kind
	}
	var inside []string
	for _, p := range b.parts {
		inside = append(inside, p.String())
	}
	return b.kind + "(" + strings.Join(inside, " ") + ")"
}

func (t *tree) node(depth int) *branch {
	kinds := slices.Clone(t.leaves)
	if depth > 0 {
		kinds = append(kinds, "mixed", "alternative", "related")
	}
	b := &branch{kind: kinds[t.draw(len(kinds))], scheme: t.draw(2)}
	switch b.kind {
	case "unsigned":
		t.sealed++
	case "report", "captured":
		if t.reports++; t.reports > 1 {
			t.reports, b.kind = 1, "text"
		}
	case "mixed", "alternative", "related":
		for range 1 + t.draw(3) {
			b.parts = append(b.parts, t.node(depth-1))
		}
	}
	return b
}

// entityOf writes a tree as an entity; n counts the boundaries.
func (m *maker) entityOf(b *branch, n *int) []byte {
	s, alfa := schemes()[b.scheme], "soc-alfa/current"
	*n++
	c := m.card()
	c.reporter = "soc-alfa"
	entity := func(p part) []byte { return crlf(p.header + "\n\n" + p.body) }
	own := func(entity []byte) []byte { // a boundary of its own
		return []byte(strings.NewReplacer(`boundary="signed"`, fmt.Sprintf(`boundary="s%d"`, *n), "--signed", fmt.Sprintf("--s%d", *n)).Replace(string(entity)))
	}
	switch b.kind {
	case "report":
		return entity(m.report("soc-alfa"))
	case "captured":
		return entity(s.attach("report.json", s.file(m, c.json(), alfa)))
	case "loose":
		c.id += "-loose"
		return entity(jsonPart(c.json()))
	case "unsigned":
		c.id += "-unsigned"
		return entity(s.attach("other.json", s.file(m, c.json(), "")))
	case "sealed-forwarded":
		return append(crlf("Content-Type: message/rfc822\n\n"), m.mail(s.signed(m, note(), alfa))...)
	case "html":
		return crlf("Content-Type: text/html; charset=utf-8\n\n<p>Отчёт</p>\n")
	case "clear":
		return own(s.clear(m, note(), alfa))
	case "opaque":
		return s.opaque(m, note(), alfa)
	case "forwarded":
		return append(crlf("Content-Type: message/rfc822\n\n"), own(s.clear(m, note(), alfa))...)
	case "exchanged": // the signature is over another part
		return own([]byte(strings.Replace(string(s.clear(m, note(), alfa)), "повестка", "другая", 1)))
	case "mixed", "alternative", "related":
		boundary := fmt.Sprintf("m%d", *n)
		out := "Content-Type: multipart/" + b.kind + "; boundary=\"" + boundary + "\"\n\n"
		for _, p := range b.parts {
			out += "--" + boundary + "\n" + string(m.entityOf(p, n)) + "\n"
		}
		return crlf(out + "--" + boundary + "--\n")
	}
	return entity(textPart("Отчёт"))
}
