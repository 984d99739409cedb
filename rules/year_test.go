//go:build !race

package rules

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // as config brings it along

	"almasu/exchange"
	"almasu/rules/calendar"
)

const (
	yearSOCs    = 30
	yearOrgs    = 400
	yearReports = 20_000
)

// span is a time in which something does not work.
type span struct{ from, to time.Time }

// year is everything that happens in one: what the engine and the calendar are
// asked about, and what the slow calculation in year_slow_test.go is told.
type year struct {
	zone      *time.Location
	reports   []happening
	outages   [yearSOCs][]span     // the relays of a SOC are down
	noKey     map[string][]span    // nothing can be sealed to a participant: its key rolls over
	delivered map[string]time.Time // "18 2026-Q1 soc-3" -> when; absent: never
	changes   []change
}

// change is contact data of a SOC that change (clause 17).
type change struct {
	id               string
	soc              int
	changed, entered time.Time // when it happened, and when somebody said so
}

// happening is one incident.
type happening struct {
	soc      int
	report   *exchange.Report
	composed time.Time // the officer is done with it
}

func socID(i int) string     { return fmt.Sprintf("soc-%d", i) }
func orgID(i int) string     { return fmt.Sprintf("org-%d", i) }
func orgBIN(i int) string    { return fmt.Sprintf("77%010d", i) }
func orgNet(i int) string    { return fmt.Sprintf("10.%d.%d.", i%yearSOCs, i/yearSOCs) }
func orgDomain(i int) string { return fmt.Sprintf("org%d.soc%d.example", i, i%yearSOCs) }

// TestYear runs a year of 30 SOCs and 400 served organisations: every notice,
// proposal, deadline, warning, escalation and reminder must be that of an
// independent, slow, obvious calculation.
func TestYear(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Almaty")
	if err != nil {
		t.Fatal(err)
	}
	y := makeYear(zone, rand.New(rand.NewPCG(48, 2018)))
	fast, slow := y.fast(t), y.slow()
	slices.Sort(fast)
	slices.Sort(slow)
	count := map[string]int{}
	for _, line := range slow {
		words := strings.Fields(line)
		count[words[0]+" "+words[1]]++
	}
	t.Logf("%d events: %v", len(slow), count)
	if len(fast) != len(slow) {
		t.Errorf("%d events, want %d", len(fast), len(slow))
	}
	for i := range min(len(fast), len(slow)) {
		if fast[i] != slow[i] {
			t.Fatalf("first difference:\n  %s\nwant\n  %s", fast[i], slow[i])
		}
	}
}

func makeYear(zone *time.Location, r *rand.Rand) *year {
	y := &year{zone: zone, noKey: map[string][]span{}, delivered: map[string]time.Time{}}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, zone)
	moment := func() time.Time { return start.Add(time.Duration(r.IntN(365*86400)) * time.Second) }
	spans := func(n, longest int) []span {
		var out []span
		for range n {
			from := moment()
			out = append(out, span{from, from.Add(time.Duration(60+r.IntN(longest)) * time.Second)})
		}
		return out
	}
	for i := range yearSOCs {
		y.outages[i] = spans(40, 4*3600)
		y.noKey[socID(i)] = spans(4, 2*86400)
	}
	for i := range yearOrgs {
		y.noKey[orgID(i)] = spans(2, 86400)
	}
	for i := range yearReports {
		soc, confirmed := r.IntN(yearSOCs), moment()
		in := &exchange.IncidentBody{ConfirmedAt: confirmed, Class: exchange.Class{RSIT: "fraud/phishing"}}
		for range r.IntN(3) {
			in.Objects = append(in.Objects, anObject(r))
		}
		if r.IntN(10) == 0 {
			in.Violations = []exchange.Violation{{Field: []string{"information-security", "informatisation", "prosecution", "internal-affairs", "other"}[r.IntN(5)]}}
		}
		if r.IntN(20) == 0 {
			in.Impact = &exchange.Impact{Confidentiality: "none", Integrity: "none", Availability: []string{"none", "low"}[r.IntN(2)]}
		}
		label := []exchange.TLP{"", exchange.TLPRed, exchange.TLPAmberStrict, exchange.TLPAmber, exchange.TLPGreen, exchange.TLPClear}[r.IntN(6)]
		y.reports = append(y.reports, happening{soc, &exchange.Report{Kind: exchange.Incident, ID: fmt.Sprintf("r-%d", i), Reporter: socID(soc), TLP: label,
			Incident: in}, confirmed.Add(time.Duration(r.IntN(16*60)) * time.Second)})
	}
	for i := range 4 * yearSOCs {
		at := moment()
		y.changes = append(y.changes, change{fmt.Sprintf("c-%d", i), i % yearSOCs, at, at.Add(time.Duration(r.IntN(18*60)) * time.Second)})
	}
	y.quarterlies(r)
	return y
}

// anObject is an object of a random organisation, or a mixture of two.
func anObject(r *rand.Rand) exchange.Object {
	org := r.IntN(yearOrgs + 50) // beyond: known to nobody
	if org >= yearOrgs {
		return exchange.Object{Owner: orgBIN(org), IP: []string{"203.0.113.1"}}
	}
	switch r.IntN(4) {
	case 0:
		return exchange.Object{Owner: orgBIN(org)}
	case 1:
		return exchange.Object{IP: []string{orgNet(org) + "7"}}
	case 2:
		return exchange.Object{FQDN: []string{"www." + orgDomain(org)}}
	}
	return exchange.Object{Owner: orgBIN(org), IP: []string{orgNet(r.IntN(yearOrgs)) + "9"}}
}

// quarterlies says when each SOC does its duties of clauses 17 and 18: early,
// in time, on the 10th, late, or never.
func (y *year) quarterlies(r *rand.Rand) {
	for quarter := 1; quarter <= 4; quarter++ {
		for soc := range yearSOCs {
			for clause, of := range map[string]string{"17": fmt.Sprintf("2026-Q%d", quarter), "18": map[int]string{1: "2025-Q4", 2: "2026-Q1", 3: "2026-Q2", 4: "2026-Q3"}[quarter]} {
				day := []int{-3, 1, 2, 5, 8, 8, 9, 9, 9, 10, 10, 11, 12, 25, 60}[(soc+quarter*7+len(clause)+int(clause[1]))%15]
				if day == 60 {
					continue
				}
				at := time.Date(2026, time.Month(3*quarter-2), day, 9, 0, 0, 0, y.zone).Add(time.Duration(r.IntN(3)-1) * 7 * time.Hour)
				y.delivered[clause+" "+of+" "+socID(soc)] = at
			}
		}
	}
}

// after is the first moment from at on at which none of the spans is under way.
func after(at time.Time, spans []span) time.Time {
	for moved := true; moved; {
		moved = false
		for _, s := range spans {
			if !at.Before(s.from) && at.Before(s.to) {
				at, moved = s.to, true
			}
		}
	}
	return at
}

// registers are what the NCCIS knows, and what each SOC knows.
func registers(t *testing.T) (*exchange.Register, []*exchange.Register) {
	kind := func(id string, k exchange.ParticipantKind, a exchange.Assets) *exchange.Participant {
		return &exchange.Participant{ID: id, Kinds: []exchange.ParticipantKind{k}, Assets: a}
	}
	register := func(self *exchange.Participant, others ...*exchange.Participant) *exchange.Register {
		reg, err := exchange.NewRegister(self, others)
		if err != nil {
			t.Fatal(err)
		}
		return reg
	}
	people := []*exchange.Participant{kind("knb", exchange.KindNationalSecurity, exchange.Assets{}), kind("body-is", exchange.KindAuthorisedBodyIS, exchange.Assets{}),
		kind("body-inf", exchange.KindAuthorisedBodyInform, exchange.Assets{}), kind("prosecutor", exchange.KindProsecution, exchange.Assets{}),
		kind("police", exchange.KindInternalAffairs, exchange.Assets{})}
	var socs []*exchange.Register
	for i := range yearSOCs {
		served := []*exchange.Participant{kind("nccis", exchange.KindNCCIS, exchange.Assets{})}
		a := exchange.Assets{CIDRs: []string{fmt.Sprintf("10.%d.0.0/16", i)}, Domains: []string{fmt.Sprintf("soc%d.example", i)}}
		for o := i; o < yearOrgs; o += yearSOCs {
			a.BINs = append(a.BINs, orgBIN(o))
			served = append(served, kind(orgID(o), exchange.KindServedOrganisation, exchange.Assets{BINs: []string{orgBIN(o)},
				CIDRs: []string{orgNet(o) + "0/24"}, Domains: []string{orgDomain(o)}}))
		}
		people = append(people, kind(socID(i), exchange.KindSOC, a))
		socs = append(socs, register(kind(socID(i), exchange.KindSOC, exchange.Assets{}), served...))
	}
	return register(kind("nccis", exchange.KindNCCIS, exchange.Assets{}), people...), socs
}

// fast asks the engine and the calendar.
func (y *year) fast(t *testing.T) []string {
	reg, socs := registers(t)
	nccis, engines := Default(reg), []*Engine{}
	for _, s := range socs {
		engines = append(engines, Default(s))
	}
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, h := range y.reports {
		sent := after(h.composed, y.outages[h.soc])
		own := engines[h.soc].Decide(Case{Reports: []*exchange.Report{h.report}, From: reg.ByID(socID(h.soc)), At: h.composed})
		clock := calendar.Report(h.report.Incident.ConfirmedAt, sent)
		if len(own.Notices) != 0 || len(own.Due) != 1 || !own.Due[0].At.Equal(clock.Due()) {
			t.Fatalf("%s at its SOC: %v, due %v", h.report.ID, told(own), own.Due)
		}
		alarms(say, h.report.ID, clock, sent.Add(time.Hour))
		d := nccis.Decide(Case{Reports: []*exchange.Report{h.report}, From: reg.ByID(socID(h.soc)), At: sent})
		for _, p := range d.Proposals {
			say("proposal %s %s %s %s", p.Clause, h.report.ID, p.To.ID, p.Halt)
		}
		for _, n := range d.Notices {
			at := after(sent, y.noKey[n.To.ID])
			say("notice %s %s %s %s %s", n.Clause, h.report.ID, n.To.ID, n.Part, at.UTC())
			if n.Clause == "12.1" {
				y.forward(say, nccis, engines, n, at)
			}
		}
	}
	for _, c := range y.changes {
		sent := after(c.entered, y.outages[c.soc])
		alarms(say, c.id, calendar.ContactChange(c.changed, sent), sent.Add(time.Hour))
	}
	y.duties(say)
	return out
}

func alarms(say func(string, ...any), about string, clock calendar.Clock, end time.Time) {
	for _, a := range clock.Fired(clock.Start, end) {
		say("alarm %s %s %s %t %v", clock.Clause, about, a.At.UTC(), a.Overdue, a.To)
	}
	say("state %s %s %s", clock.Clause, about, clock.State(end))
}

// forward is clause 5 at the SOC that was told.
func (y *year) forward(say func(string, ...any), nccis *Engine, engines []*Engine, n Notice, at time.Time) {
	var soc int
	fmt.Sscanf(n.To.ID, "soc-%d", &soc)
	part := nccis.Part(n)
	e := engines[soc]
	told := &exchange.Report{Kind: exchange.Notice, ID: "n-" + n.Report.ID, Reporter: "nccis", TLP: n.Report.TLP, Notice: &exchange.NoticeBody{Clause: n.Clause, Part: &part}}
	d := e.Decide(Case{Reports: []*exchange.Report{told}, From: e.register.ByID("nccis"), At: at})
	served := at
	for _, f := range d.Notices {
		sent := after(at, y.noKey[f.To.ID])
		if sent.After(served) {
			served = sent
		}
		say("notice %s %s %s %s %s by %s", f.Clause, n.Report.ID, f.To.ID, f.Part, sent.UTC(), f.Due.UTC())
	}
	if len(d.Due) > 0 {
		alarms(say, n.Report.ID+" "+n.To.ID, calendar.Forward(at, served), served.Add(2*time.Hour))
	}
}

// duties are clauses 17 and 18, at the SOC that owes them and at the NCCIS.
func (y *year) duties(say func(string, ...any)) {
	from, to := time.Date(2026, 1, 1, 0, 0, 0, 0, y.zone).Add(-time.Second), time.Date(2026, 12, 31, 23, 59, 59, 0, y.zone)
	for q := (calendar.Quarter{Year: 2026, N: 1}); q.Year == 2026; q = q.Next() {
		for _, task := range calendar.Tasks(q.Start(y.zone), y.zone) {
			for soc := range yearSOCs {
				about := fmt.Sprintf("%s %s %s", task.Clause, task.Quarter, socID(soc))
				done := y.delivered[about]
				for _, s := range task.Pending(task.Steps(), done, from, to) {
					say("step %s %s %s", about, s.At.UTC(), s.Name)
				}
				for _, s := range task.Pending(task.FollowUp(), done, from, to) {
					say("follow %s %s %s", about, s.At.UTC(), s.Name)
				}
				say("duty %s %s", about, task.State(done, to))
			}
		}
	}
}
