package gateway

import (
	"errors"
	"testing"

	"almasu/exchange"
	"almasu/queue"
)

func TestReleaseJudgesWithTodaysKeysAtTheTimeOfArrival(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c, func(w *World) { w.Keys = ring(t, "nccis", "soc-alfa") })
	n.accept(fromAlfa(t, c.now(), incident("r-1", c.now())), "") // null Return-Path: no neutral notice, which would be blocked
	n.judge()
	held := n.latest()
	n.want(held, exchange.ArrivalHeld, exchange.SignerUnknown)
	if err := n.g.Release(t.Context(), held, "duty"); err != nil {
		t.Fatal(err)
	}
	n.judge()
	n.want(n.latest(), exchange.ArrivalHeld, exchange.SignerUnknown) // nothing has changed
	if n.latest().Number != held.Number {
		t.Errorf("held as %s, then as %s", held.Number, n.latest().Number)
	}
	c.pass(20 * 24 * 60 * 60 * 1e9) // by now the signature is old
	n.world.Keys = ring(t, "nccis")
	n.g.Reload(n.world)
	n.must(n.g.Release(t.Context(), n.latest(), "duty"))
	n.judge()
	a := n.latest()
	n.want(a, exchange.ArrivalAccepted, "")
	if a.Number != "NCCIS-2026-000001" {
		t.Errorf("number %s", a.Number)
	}
	if err := n.g.Release(t.Context(), a, "duty"); !errors.Is(err, queue.ErrForbidden) {
		t.Errorf("an accepted message released: %v", err)
	}
}

func TestEnterMarksTheReportAndTellsNobody(t *testing.T) {
	c := newClock()
	corrected := incident("r-7", c.now())
	for name, test := range map[string]struct {
		raw []byte
		doc *exchange.Document
		id  string // "" is an error
	}{
		"its own payload":             {forged(t, c.now()), nil, "r-1"},
		"a file":                      {forged(t, c.now()), &corrected, "r-7"},
		"a file for what is in clear": {[]byte("From: x@y.example\r\n\r\nhello\r\n"), &corrected, "r-7"},
		"nothing that can be opened":  {damaged(forged(t, c.now())), nil, ""},
		"in clear, without a file":    {[]byte("From: x@y.example\r\n\r\nhello\r\n"), nil, ""},
		"a file that is no report":    {forged(t, c.now()), &exchange.Document{Body: []byte("x")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "nccis", c)
			a := n.take(test.raw, "")
			r, err := n.g.Enter(t.Context(), a, test.doc, "duty")
			if (err == nil) != (test.id != "") {
				t.Fatalf("error %v", err)
			}
			if test.id == "" {
				if n.latest().State != exchange.ArrivalHeld {
					t.Errorf("it is %s", n.latest().State)
				}
				return
			}
			stored, err := n.store.Report(t.Context(), 1)
			n.must(err)
			if !r.Entered || !stored.Entered || stored.Key.ID != test.id || stored.Number != a.Number || n.latest().State != exchange.ArrivalEntered {
				t.Errorf("stored %+v, arrival %s", stored, n.latest().State)
			}
			if all := n.letters(queue.LetterFilter{}); len(all) != 0 {
				t.Errorf("letters %s", kinds(all))
			}
			if e := n.events("entered"); len(e) != 1 || e[0].Actor != "duty" {
				t.Errorf("events %+v", e)
			}
			if _, err := n.g.Enter(t.Context(), n.latest(), test.doc, "duty"); !errors.Is(err, ErrNotHeld) {
				t.Errorf("entered twice: %v", err)
			}
			if _, err := n.g.Enter(t.Context(), a, test.doc, "duty"); err == nil {
				t.Error("entered twice by a colleague")
			}
		})
	}
}

func TestEnteredReportIsNotRememberedAsAccepted(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	doc := incident("r-1", c.now())
	_, err := n.g.Enter(t.Context(), n.take(forged(t, c.now()), ""), &doc, "duty")
	n.must(err)
	n.want(n.take(fromAlfa(t, c.now(), doc), ""), exchange.ArrivalAccepted, "") // what its sender really sends is judged afresh
}

func TestDeclineTellsOnlyWhoIsAuthenticated(t *testing.T) {
	c := newClock()
	elsewhere := incident("r-1", c.now(), func(r *exchange.Report) { r.Addressee = "soc-beta" })
	for name, test := range map[string]struct {
		raw      func(n *node) []byte
		poison   bool
		answered bool
	}{
		"forged":            {raw: func(*node) []byte { return forged(t, c.now()) }},
		"meant for another": {raw: func(*node) []byte { return mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now(), elsewhere) }},
		"in clear":          {raw: func(*node) []byte { return []byte("From: " + address("soc-alfa") + "\r\n\r\nhello\r\n") }},
		"damaged":           {raw: func(*node) []byte { return damaged(fromAlfa(t, c.now(), incident("r-1", c.now()))) }},
		"our own letter": {raw: func(n *node) []byte {
			a := n.take(fromAlfa(t, c.now(), incident("r-0", c.now())), "")
			return n.only(n.answers(a), exchange.LetterReceipt, "soc-alfa").Message
		}},
		"poison of a participant": {raw: func(*node) []byte { return fromAlfa(t, c.now(), incident("r-1", c.now())) }, poison: true, answered: true},
		"poison that answers somebody": {raw: func(*node) []byte {
			return mail{from: "soc-alfa", to: "nccis", auto: "auto-replied"}.seal(t, c.now())
		}, poison: true},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "nccis", c)
			raw := test.raw(n)
			n.accept(raw, "")
			if test.poison {
				n.poison()
			}
			n.judge()
			a := n.latest()
			if a.State != exchange.ArrivalHeld {
				t.Fatalf("%s %s", a.State, a.Code)
			}
			before := len(n.answers(a))
			answered, err := n.g.Decline(t.Context(), a, "duty", "asked by telephone")
			n.must(err)
			all := n.answers(a)
			if answered != test.answered || (len(all) > before) != test.answered {
				t.Fatalf("answered %t with %s", answered, kinds(all[before:]))
			}
			if answered {
				if r := n.receipt(all[before]); r.Verdict != exchange.VerdictRefused || r.Number != a.Number || all[before].To != "soc-alfa" {
					t.Errorf("receipt %+v", r)
				}
			}
			if n.latest().State != exchange.ArrivalDeclined || n.events("declined")[0].Actor != "duty" {
				t.Errorf("arrival %+v", n.latest())
			}
			if _, err := n.g.Decline(t.Context(), n.latest(), "duty", "again"); !errors.Is(err, ErrNotHeld) {
				t.Errorf("declined twice: %v", err)
			}
		})
	}
}
