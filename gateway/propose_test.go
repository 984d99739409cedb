package gateway

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/rules"
)

// violating is an incident report with a suspected violation, which concerns
// soc-beta under a marking that stops it.
func violating(r *exchange.Report) {
	r.Incident.Violations = []exchange.Violation{{Field: "prosecution"}}
	r.TLP, r.Incident.Concerns = exchange.TLPAmberStrict, []string{"soc-beta"}
}

// waiting takes in such a report: it is accepted, what is automatic goes, and two
// notices wait.
func waiting(t *testing.T, set *rules.Set) (*node, exchange.Arrival) {
	t.Helper()
	c := newClock()
	n := open(t, "nccis", c, func(w *World) {
		if set == nil {
			return
		}
		var err error
		if w.Rules, err = rules.NewEngine(set, w.Register); err != nil {
			t.Fatal(err)
		}
	})
	a := n.take(fromAlfa(t, c.now(), incident("r-1", c.now(), violating)), "")
	n.want(a, exchange.ArrivalAccepted, "")
	if got := kinds(n.answers(a)); strings.Contains(got, "prosecutor") || strings.Contains(got, "soc-beta") || !strings.Contains(got, "notice to knb") {
		t.Fatalf("before anybody confirmed: %s", got)
	}
	return n, a
}

func (n *node) waits() []string {
	n.Helper()
	pending, err := n.g.Pending(n.Context())
	n.must(err)
	var out []string
	for _, p := range pending {
		for _, one := range p.Proposals {
			out = append(out, p.Arrival.Number+" "+one.To.ID+" "+one.Clause+" "+string(one.Halt))
		}
	}
	return out
}

func TestNothingGoesBeforeAPersonConfirms(t *testing.T) {
	n, a := waiting(t, nil)
	want := []string{"NCCIS-2026-000001 soc-beta 12.1 marking-stops-it", "NCCIS-2026-000001 prosecutor 12.5 rule-asks-for-a-person"}
	if got := n.waits(); !slices.Equal(got, want) {
		t.Fatalf("waits %q", got)
	}
	n.clock.pass(23 * time.Hour)
	n.send()
	sent, missing, err := n.g.Confirm(n.Context(), a.ID, nil, "officer", "the article is named in the report")
	n.must(err)
	if missing != 0 || len(sent) != 2 || len(n.waits()) != 0 {
		t.Errorf("sent %d, missing %d, still waits %q", len(sent), missing, n.waits())
	}
	whole := n.report(n.only(n.answers(a), exchange.LetterNotice, "prosecutor")).Notice
	if whole.Clause != "12.5" || whole.Incident == nil || whole.Number != a.Number {
		t.Errorf("to the prosecutor: %+v", whole)
	}
	letter := n.only(n.answers(a), exchange.LetterNotice, "soc-beta")
	if part := n.report(letter); part.TLP != exchange.TLPAmberStrict || part.Notice.Incident != nil || strings.Contains(n.plain(letter), canary) {
		t.Errorf("to the SOC: %+v", part.Notice)
	}
	e := n.events("proposal-confirmed")
	if len(e) != 1 || e[0].Actor != "officer" || e[0].Detail["to"] != "prosecutor 12.5, soc-beta 12.1" || e[0].Detail["reason"] == "" {
		t.Errorf("journal %+v", e)
	}
	if _, _, err := n.g.Confirm(n.Context(), a.ID, nil, "officer", ""); !errors.Is(err, ErrNothingWaits) {
		t.Errorf("confirmed twice: %v", err)
	}
}

func TestAProposalWaitsHoweverLong(t *testing.T) {
	n, _ := waiting(t, nil)
	n.clock.pass(30 * time.Hour)
	if _, err := n.g.watchDeadlines(n.Context(), ""); err != nil || len(n.waits()) != 2 {
		t.Errorf("waits %q, %v", n.waits(), err)
	}
}

func TestAPersonChangesTheAddressees(t *testing.T) {
	n, a := waiting(t, nil)
	for _, wrong := range []string{"nobody", "nccis", "soc-gamma"} {
		if _, _, err := n.g.Confirm(n.Context(), a.ID, []string{wrong}, "officer", "x"); err == nil {
			t.Errorf("%s could be chosen", wrong)
		}
	}
	sent, _, err := n.g.Confirm(n.Context(), a.ID, []string{"prosecutor"}, "officer", "the SOC knows already")
	n.must(err)
	if len(sent) != 1 || sent[0].To != "prosecutor" || len(n.waits()) != 0 {
		t.Errorf("sent %s, waits %q", kinds(sent), n.waits())
	}
}

func TestAPersonDeclines(t *testing.T) {
	n, a := waiting(t, nil)
	before := len(n.answers(a))
	n.must(n.g.Withhold(n.Context(), a.ID, "officer", "no violation"))
	e := n.events("proposal-declined")
	if len(n.waits()) != 0 || len(n.answers(a)) != before || len(e) != 1 || e[0].Actor != "officer" || e[0].Detail["reason"] != "no violation" {
		t.Errorf("waits %q, letters %s, journal %+v", n.waits(), kinds(n.answers(a)), e)
	}
	if err := n.g.Withhold(n.Context(), a.ID, "officer", "again"); !errors.Is(err, ErrNothingWaits) {
		t.Errorf("declined twice: %v", err)
	}
}

func TestTwoPersons(t *testing.T) {
	set, err := rules.Load("x", []byte(`rules: [{id: p, clause: "12.5", kinds: [incident], when: "true", tell: [prosecution], part: whole, confirm: true, persons: 2},
  {id: knb, clause: "12.2", kinds: [incident], when: "true", tell: [national-security], part: whole}]`))
	if err != nil {
		t.Fatal(err)
	}
	n, a := waiting(t, set)
	for i, step := range []struct {
		actor   string
		to      []string
		missing int
	}{{"first", nil, 1}, {"first", nil, 1}, {"second", []string{"knb"}, 1}, {"first", nil, 1}, {"second", nil, 0}} {
		sent, missing, err := n.g.Confirm(n.Context(), a.ID, step.to, step.actor, "")
		n.must(err)
		if missing != step.missing || (len(sent) > 0) != (missing == 0) {
			t.Errorf("step %d: sent %d, missing %d, want %d", i, len(sent), missing, step.missing)
		}
	}
}

// Clause 5: what the NCCIS sends a SOC goes on to whom it serves, each its own
// part, within the hour; one without a key is kept, never sent in clear.
func TestASOCForwardsWhatTheNCCISSends(t *testing.T) {
	c := newClock()
	assets := func(w *World) {
		if p := w.Register.ByID("soc-beta"); p.ID != w.Register.Self().ID {
			p.Assets.Domains = []string{"beta.example"}
		}
		if w.Register.Self().ID == "soc-beta" {
			gamma := w.Register.ByID("soc-gamma")
			gamma.Kinds, gamma.Assets.Domains = []exchange.ParticipantKind{exchange.KindServedOrganisation}, []string{"gamma.beta.example"}
		}
	}
	nccis := open(t, "nccis", c, assets)
	first := nccis.take(fromAlfa(t, c.now(), incident("r-1", c.now(), func(r *exchange.Report) {
		r.TLP, r.Incident.Objects = exchange.TLPAmber, []exchange.Object{{FQDN: []string{"www.gamma.beta.example", "www.other.beta.example", "x.alfa.example"}}}
	})), "")
	notice := nccis.only(nccis.answers(first), exchange.LetterNotice, "soc-beta")

	soc := open(t, "soc-beta", c, assets)
	a := soc.take(notice.Message, "")
	soc.want(a, exchange.ArrivalAccepted, "")
	letter := soc.only(soc.answers(a), exchange.LetterNotice, "soc-gamma")
	r := soc.report(letter)
	if p := r.Notice.Part; r.Notice.Clause != "5" || r.TLP != exchange.TLPAmber || p == nil || len(p.Objects) != 1 ||
		!slices.Equal(p.Objects[0].FQDN, []string{"www.gamma.beta.example"}) || p.Withheld.Objects != 1 || !letter.WantsReceipt {
		t.Errorf("forwarded %+v", r.Notice)
	}
	state := func() string {
		d, err := soc.store.Deadlines(t.Context(), 1)
		soc.must(err)
		if len(d) != 1 || d[0].Clause != "5" || !d[0].At.Equal(a.ReceivedAt.Add(time.Hour)) {
			t.Fatalf("deadlines %+v", d)
		}
		return d[0].State
	}
	if s := state(); s != exchange.DeadlineOpen {
		t.Errorf("before it went: %s", s)
	}
	c.pass(time.Minute)
	soc.send()
	if s := state(); s != exchange.DeadlineMet {
		t.Errorf("after it went: %s", s)
	}
}
