package gateway

import (
	"errors"
	"slices"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser"
	"almasu/queue"
	"almasu/rules/calendar"
)

// Clause 18: every quarter, by the 10th of the month that follows it, the SOC
// gives the NCCIS information on the incidents registered in the quarter and on
// the measures applied to eliminate their causes.

func secondQuarter() calendar.Quarter { return calendar.Quarter{Year: 2026, N: 2} }

// register hands an incident in, and sends it after a while (0: never).
func (p *pair) register(c *clock, at, id, measures string, sent time.Duration, changes ...func(*exchange.Report)) {
	p.Helper()
	c.set(at)
	p.submit(incident("report-"+id, c.now(), append([]func(*exchange.Report){func(r *exchange.Report) {
		r.Incident.IncidentID, r.Incident.Measures, r.Incident.ConfirmedAt, r.Incident.DetectedAt = id, measures, c.now(), c.now()
		r.Incident.Class.RSIT = "fraud/phishing"
	}}, changes...)...))
	if sent > 0 {
		c.pass(sent)
		p.hour()
	}
}

func (n *node) draft() QuarterlyDraft {
	n.Helper()
	d, err := n.g.Quarterly(n.Context(), secondQuarter())
	n.must(err)
	return d
}

func (n *node) approve() (Submission, error) {
	n.Helper()
	s, err := n.g.ApproveQuarterly(n.Context(), secondQuarter(), "Dana Omarova", "dana")
	if err == nil && s.Refusal.Code != "" {
		n.Fatalf("%+v %+v", s.Refusal, s.Problems)
	}
	return s, err
}

// quarterlies are the bodies of the quarterly reports that came in.
func (n *node) quarterlies() []exchange.QuarterlyBody {
	n.Helper()
	list, err := n.store.Reports(n.Context(), queue.ReportFilter{Kind: exchange.Quarterly, Document: true})
	n.must(err)
	var out []exchange.QuarterlyBody
	for _, r := range list {
		out = append(out, *parser.ParseFile(exchange.Document{Body: r.Document}, parser.Limits{}, n.clock.now()).Reports[0].Quarterly)
	}
	return out
}

func TestClause18FromTheRegisterToTheReceipt(t *testing.T) {
	c := newClock()
	p := facing(t, c, nil)
	soc, centre := p.nodes["soc-alfa"], p.nodes["nccis"]
	soc.born()
	centre.born()
	p.register(c, "2026-03-31 23:59:59", "INC-0", "m", time.Minute) // registered in the quarter before
	p.register(c, "2026-04-01 00:00:00", "INC-1", "first said so", time.Minute)
	p.register(c, "2026-05-10 12:00:00", "INC-2", "", 16*time.Minute)
	p.register(c, "2026-06-30 23:59:59", "INC-3", "m", time.Minute, func(r *exchange.Report) { r.Incident.Class.RSIT = "availability/ddos" })
	p.register(c, "2026-07-01 00:00:00", "INC-4", "m", time.Minute)
	c.set("2026-07-01 08:00:00")
	p.days(c, "2026-07-01 09:00:00")
	p.register(c, "2026-07-02 10:00:00", "INC-1", "as it ended", time.Minute, func(r *exchange.Report) { r.ID = "update-of-1" })
	p.days(c, "2026-07-05 10:00:00")

	d := soc.draft()
	var ids []string
	for _, i := range d.Body.Incidents {
		ids = append(ids, i.IncidentID)
	}
	if !slices.Equal(ids, []string{"INC-1", "INC-2", "INC-3"}) || d.Body.Late != 1 || d.Body.Incidents[0].Measures != "as it ended" ||
		!slices.Equal(d.Body.Totals, []exchange.ClassTotal{{RSIT: "availability/ddos", Count: 1}, {RSIT: "fraud/phishing", Count: 2}}) {
		t.Fatalf("%v %+v", ids, d.Body)
	}
	if !slices.Equal(d.Missing, []MissingField{{"INC-2", "measures"}}) {
		t.Errorf("missing %v", d.Missing)
	}
	if _, err := soc.approve(); !errors.Is(err, ErrIncomplete) {
		t.Fatalf("approved without measures: %v", err)
	}
	soc.must(soc.g.DeclineQuarterly(t.Context(), secondQuarter(), "aset", "INC-2 lacks its measures"))
	if d := soc.draft(); d.Decided.Name != "quarterly-declined" || d.Decided.Actor != "aset" {
		t.Errorf("%+v", d.Decided)
	}
	if err := soc.g.CompleteIncident(t.Context(), exchange.Measure{Incident: "INC-9", Actor: "aset", Measures: canary}); !errors.Is(err, ErrNoIncident) {
		t.Errorf("an unknown incident: %v", err)
	}
	soc.must(soc.g.CompleteIncident(t.Context(), exchange.Measure{Incident: "INC-2", Actor: "aset", Measures: canary, Status: "resolved"}))
	s, err := soc.approve()
	soc.must(err)
	p.hour()
	p.days(c, "2026-07-20 00:00:00")

	got := centre.quarterlies()
	if len(got) != 1 || !sameContent(got[0], d.Body) && got[0].Incidents[1].Measures != canary || got[0].Approver != "Dana Omarova" {
		t.Errorf("%+v", got)
	}
	l, err := soc.store.Letters(t.Context(), queue.LetterFilter{Report: s.Position})
	soc.must(err)
	if len(l) != 1 || l[0].State != exchange.LetterClosed || l[0].Verdict != exchange.VerdictAccepted || l[0].Clause != "18" {
		t.Errorf("%+v", l)
	}
	events, err := soc.store.EventsOf(t.Context(), quarterlyObject(secondQuarter()))
	soc.must(err)
	if last := events[len(events)-1]; last.Name != "quarterly-approved" || last.Actor != "dana" || last.Detail["approver"] != "Dana Omarova" {
		t.Errorf("%+v", last)
	}
	for _, n := range p.nodes {
		if d := n.duty("18", "2026-Q2", "soc-alfa"); d.State != exchange.DeadlineMet || d.Report == 0 {
			t.Errorf("%s: %+v", n.id, d)
		}
		if got := n.reminders("18", "2026-Q2", "soc-alfa"); n.id == "nccis" && len(got) != 0 || n.id == "soc-alfa" && !slices.Equal(got, []string{"07-01 09:00 prepare", "07-05 09:01 remind"}) {
			t.Errorf("%s reminded at %v", n.id, got)
		}
	}
}

// A correction goes as the next revision; the first delivery is the one that
// counts. What did not change is not sent again.
func TestClause18Correction(t *testing.T) {
	c := newClock()
	p := facing(t, c, nil)
	soc, centre := p.nodes["soc-alfa"], p.nodes["nccis"]
	p.register(c, "2026-05-10 12:00:00", "INC-1", "m", time.Minute)
	c.set("2026-07-05 07:00:00")
	p.days(c, "2026-07-05 10:00:00")
	first, err := soc.approve()
	soc.must(err)
	p.hour()
	if _, err := soc.approve(); !errors.Is(err, ErrUnchanged) {
		t.Errorf("sent again: %v", err)
	}
	c.set("2026-07-15 10:00:00")
	soc.must(soc.g.CompleteIncident(t.Context(), exchange.Measure{Incident: "INC-1", Actor: "aset", Measures: "more was done"}))
	if d := soc.draft(); !d.Changed || d.Sent == nil {
		t.Errorf("%+v", d)
	}
	second, err := soc.approve()
	soc.must(err)
	p.hour()
	if got := centre.quarterlies(); second.Report.Revision != 2 || second.Report.ID != first.Report.ID || len(got) != 2 || got[1].Incidents[0].Measures != "more was done" {
		t.Errorf("%+v %+v", second.Report, got)
	}
	for _, n := range p.nodes {
		if d := n.duty("18", "2026-Q2", "soc-alfa"); d.State != exchange.DeadlineMet || d.Key.Revision != 1 {
			t.Errorf("%s: %+v", n.id, d)
		}
	}
}

// a quarter without incidents has a report that says so. A-6: done by the
// end of the 9th nobody disputes it, the 10th can be disputed, the 11th is late.
func TestClause18NilReportAndItsDays(t *testing.T) {
	for at, want := range map[string]struct {
		deadline string
		state    calendar.State
	}{
		"2026-07-01 00:00:00": {exchange.DeadlineMet, calendar.Met},
		"2026-07-09 23:59:59": {exchange.DeadlineMet, calendar.Met},
		"2026-07-10 00:00:00": {exchange.DeadlineMet, calendar.Disputable},
		"2026-07-10 23:59:59": {exchange.DeadlineMet, calendar.Disputable},
		"2026-07-11 00:00:00": {exchange.DeadlineMissed, calendar.Late},
	} {
		t.Run(at, func(t *testing.T) {
			c := newClock()
			p := facing(t, c, nil)
			for _, n := range p.nodes {
				n.born()
			}
			c.set("2026-06-30 22:00:00")
			p.days(c, at)
			_, err := p.nodes["soc-alfa"].approve()
			p.nodes["soc-alfa"].must(err)
			p.hour()
			d := p.nodes["nccis"].duty("18", "2026-Q2", "soc-alfa")
			body := p.nodes["nccis"].quarterlies()
			if state := calendar.Quarterly(secondQuarter(), p.nodes["nccis"].world.Zone).State(d.ReceivedAt, c.now()); d.State != want.deadline || state != want.state || !body[0].Nil {
				t.Errorf("%+v %s, want %+v", d, state, want)
			}
			if own := p.nodes["soc-alfa"].duty("18", "2026-Q2", "soc-alfa"); own.State != want.deadline {
				t.Errorf("the SOC says %+v", own)
			}
		})
	}
}

// Before its end a quarter cannot be reported on: our own command refuses, and
// one that comes in all the same is taken, noted, and does not count.
func TestClause18BeforeTheEndOfItsQuarter(t *testing.T) {
	c := newClock()
	p := facing(t, c, nil)
	centre := p.nodes["nccis"]
	centre.born()
	c.set("2026-06-30 23:59:59")
	if _, err := p.nodes["soc-alfa"].approve(); !errors.Is(err, ErrQuarterRuns) {
		t.Errorf("approved: %v", err)
	}
	d := p.nodes["soc-alfa"].draft()
	d.Body.Approver = "x"
	p.submit(rendered(&exchange.Report{Kind: exchange.Quarterly, ID: "q", Revision: 1, Reporter: "soc-alfa", GeneratedAt: c.now(), Quarterly: &d.Body}))
	p.hour()
	c.set("2026-07-08 09:00:00")
	p.hour()
	if d := centre.duty("18", "2026-Q2", "soc-alfa"); d.State != exchange.DeadlineOpen || d.Report != 0 || len(centre.quarterlies()) != 1 {
		t.Errorf("%+v", d)
	}
	if got := centre.reminders("18", "2026-Q2", "soc-alfa"); len(got) != 1 {
		t.Errorf("reminded at %v", got)
	}
}

// What the NCCIS refuses was not delivered: the duty is owed again and can be
// done again.
func TestClause18RefusedIsOwedAgain(t *testing.T) {
	c := newClock()
	p := facing(t, c, map[string]func(*World){"nccis": func(w *World) { w.Parser.Document = 10 }})
	soc, centre := p.nodes["soc-alfa"], p.nodes["nccis"]
	soc.born()
	c.set("2026-07-01 07:00:00")
	p.days(c, "2026-07-05 10:00:00")
	_, err := soc.approve()
	soc.must(err)
	p.hour()
	if d := soc.duty("18", "2026-Q2", "soc-alfa"); d.State != exchange.DeadlineOpen || d.Report != 0 {
		t.Errorf("%+v", d)
	}
	alarms, err := soc.store.Alarms(t.Context(), queue.AlarmFilter{})
	soc.must(err)
	if !slices.ContainsFunc(alarms, func(a exchange.Alarm) bool { return a.Kind == exchange.AlarmRefused && a.Clause == "18" }) {
		t.Errorf("nobody was called: %+v", alarms)
	}
	w := centre.world
	w.Parser.Document = 0
	centre.g.Reload(w)
	c.set("2026-07-08 09:00:00")
	p.hour()
	if got := soc.reminders("18", "2026-Q2", "soc-alfa"); got[len(got)-1] != "07-08 09:00 remind" {
		t.Errorf("reminded at %v", got)
	}
	s, err := soc.approve()
	soc.must(err)
	p.hour()
	if d := soc.duty("18", "2026-Q2", "soc-alfa"); d.State != exchange.DeadlineMet || s.Report.Revision != 2 {
		t.Errorf("%+v", d)
	}
}
