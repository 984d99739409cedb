package gateway

import (
	"bytes"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
)

// pair is a SOC and the NCCIS facing each other: what one sends, the other
// takes in. damage may change what is on its way.
type pair struct {
	*testing.T
	nodes  map[string]*node
	damage func(from string, l exchange.Letter) [][]byte
	passed int
}

func facing(t *testing.T, c *clock, changes map[string]func(*World)) *pair {
	t.Helper()
	p := &pair{T: t, nodes: map[string]*node{}}
	for _, id := range []string{"nccis", "soc-alfa"} {
		change := changes[id]
		if change == nil {
			change = func(*World) {}
		}
		n := open(t, id, c, change)
		n.relay.answer = func(l exchange.Letter) []exchange.Attempt {
			copies := [][]byte{l.Message}
			if p.damage != nil {
				copies = p.damage(id, l)
			}
			p.passed++
			if other := p.nodes[l.To]; other != nil {
				for _, raw := range copies {
					other.accept(raw, l.Sender)
				}
			}
			return []exchange.Attempt{{Outcome: exchange.OutcomeSent, At: c.now(), Relay: "relay", Outside: true, Code: 250}}
		}
		p.nodes[id] = n
	}
	return p
}

// settle lets both run until neither has anything to do, with time passing for
// what waits, and fails if they do not come to rest.
func (p *pair) settle(c *clock, most int) {
	p.Helper()
	for range 60 {
		for _, n := range p.nodes {
			n.judge()
			n.send()
		}
		if p.passed > most {
			p.Fatalf("%d letters have passed and there is no end", p.passed)
		}
		c.pass(10 * time.Minute) // releases what the fuse holds back, and the hour of neutral notices
	}
	for id, n := range p.nodes {
		next, err := n.store.NextDue(p.Context())
		n.must(err)
		if !next.IsZero() {
			p.Errorf("%s still has letters to send at %s", id, next)
		}
	}
}

func (p *pair) submit(doc exchange.Document) {
	p.Helper()
	n := p.nodes["soc-alfa"]
	s, err := n.g.Submit(p.Context(), Order{Document: doc, Actor: "test"})
	n.must(err)
	if s.Refusal.Code != "" {
		p.Fatalf("not submitted: %+v %+v", s.Refusal, s.Problems)
	}
}

func TestTwoGatewaysComeToRest(t *testing.T) {
	twice := func(_ string, l exchange.Letter) [][]byte { return [][]byte{l.Message, l.Message} }
	stranger := func(of string) func(*World) { // keys of each other are out of date: nothing verifies
		return func(w *World) {
			set := crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: w.Register.Self().ID, Data: keys()[w.Register.Self().ID].private},
				{Owner: of, File: of, Data: keys()["spare"].public}}}
			k, err := crypto.NewKeyring(set)
			if err != nil {
				panic(err)
			}
			w.Keys = k
		}
	}
	for name, test := range map[string]struct {
		changes map[string]func(*World)
		damage  func(string, exchange.Letter) [][]byte
		report  func(*exchange.Report)
		passed  int // letters at most: the report, its receipt and MDN, the answers to copies
	}{
		"all is well":                           {passed: 4},
		"everything comes twice":                {damage: twice, passed: 6},
		"everything is damaged":                 {damage: func(_ string, l exchange.Letter) [][]byte { return [][]byte{damaged(l.Message)} }, passed: 2},
		"each knows only old keys of the other": {changes: map[string]func(*World){"nccis": stranger("soc-alfa"), "soc-alfa": stranger("nccis")}, passed: 2},
		"the NCCIS knows an old key of the SOC": {changes: map[string]func(*World){"nccis": stranger("soc-alfa")}, passed: 2},
		"the SOC knows an old key of the NCCIS": {changes: map[string]func(*World){"soc-alfa": stranger("nccis")}, passed: 4},
		"everything is refused":                 {changes: map[string]func(*World){"nccis": func(w *World) { w.Register.ByID("soc-alfa").Sends = []exchange.ReportKind{} }}, passed: 4},
		"both refuse everything": {changes: map[string]func(*World){
			"nccis":    func(w *World) { w.Parser.Document = 10 },
			"soc-alfa": func(w *World) { w.Register.ByID("nccis").Sends = []exchange.ReportKind{} }}, passed: 4},
		"bounced back to its sender": {damage: func(from string, l exchange.Letter) [][]byte {
			return [][]byte{bytes.Replace(l.Message, []byte("From: "+address(from)), []byte("From: "+l.Address), 1)}
		}, passed: 4},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			p := facing(t, c, test.changes)
			p.damage = test.damage
			p.submit(incident("r-1", c.now()))
			p.settle(c, test.passed+1) // and the notice to the national security body
			t.Logf("%d letters", p.passed)
		})
	}
}

func TestManyCopiesAreAnsweredAndNoAnswerIsAnswered(t *testing.T) {
	c := newClock()
	p := facing(t, c, nil)
	p.damage = func(_ string, l exchange.Letter) [][]byte {
		return [][]byte{l.Message, l.Message, l.Message, damaged(l.Message), l.Message}
	}
	for _, id := range []string{"r-1", "r-2", "r-3"} {
		p.submit(incident(id, c.now()))
	}
	p.settle(c, 40)
	soc := p.nodes["soc-alfa"]
	for _, l := range soc.letters(lettersTo("nccis")) {
		if l.Kind == exchange.LetterReport && l.State != exchange.LetterClosed {
			t.Errorf("letter %d is %s", l.ID, l.State)
		}
		if l.Kind != exchange.LetterReport && l.Kind != exchange.LetterNeutral {
			t.Errorf("the SOC answers with a %s", l.Kind)
		}
	}
	if list, err := p.nodes["nccis"].store.Reports(t.Context(), reportsAll()); err != nil || len(list) != 3 {
		t.Errorf("%d reports, %v", len(list), err)
	}
}

func TestTheStoryAsBothEndsTellIt(t *testing.T) {
	c := newClock()
	p := facing(t, c, nil)
	p.submit(incident("r-1", c.now()))
	p.settle(c, 5)
	soc, nccis := p.nodes["soc-alfa"], p.nodes["nccis"]
	l := soc.letters(lettersTo("nccis"))[0]
	arrivals, err := nccis.store.Arrivals(t.Context(), exchange.ArrivalAccepted, 0)
	nccis.must(err)
	if len(arrivals) != 1 || l.State != exchange.LetterClosed || l.Verdict != exchange.VerdictAccepted || l.Number != arrivals[0].Number {
		t.Errorf("letter %+v, arrivals %+v", l, arrivals)
	}
	d, err := soc.store.Deadlines(t.Context(), l.Report)
	soc.must(err)
	if len(d) != 1 || d[0].State != exchange.DeadlineMet {
		t.Errorf("deadlines %+v", d)
	}
	if len(soc.events("receipt")) != 3 || len(soc.events("receipt-mismatch")) != 0 { // receipt and notification came in, one matched
		t.Errorf("events %+v", soc.events("receipt"))
	}
}
