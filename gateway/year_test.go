//go:build !race

package gateway

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/mailin"
	"almasu/mailout"
	"almasu/parser"
	"almasu/queue"
)

// The year of room rules asks the engine and the calendar alone. This one runs
// the gateway of the NCCIS over its store through a year of sealed mail:
// quarterly duties early, in time, disputable, late and never done, keys that
// end and are rolled over, proposals that people confirm, decline or leave, and
// times in which the gateway does not run. year_slow_test.go works out from the
// same happenings what must stand in the store.
const (
	yearSOCs    = 30
	yearReports = 600
)

type yearSpan struct{ from, to time.Time }

type yearSOC struct {
	id         string
	old, young ownKey    // young is zero where the key never ends
	ends       time.Time // of the old key; zero: never
	rolls      time.Time // from then on the young key is registered and signs
}

type yearIncident struct {
	soc                int
	id                 string
	confirmed, arrives time.Time
	violation          bool
	decided            time.Time // zero: nobody decides
	confirm            bool      // or decline
}

type yearPlan struct {
	zone       *time.Location
	start, end time.Time
	socs       []*yearSOC
	down       []yearSpan           // the gateway does not run
	delivered  map[string]time.Time // "18 2026-Q1 soc-3": absent: never
	incidents  []yearIncident
}

func planYear(t *testing.T, r *rand.Rand) *yearPlan {
	t.Helper()
	y := &yearPlan{zone: time.FixedZone("Asia/Almaty", 5*3600), delivered: map[string]time.Time{}}
	y.start, y.end = time.Date(2026, 1, 1, 0, 0, 0, 0, y.zone), time.Date(2026, 12, 31, 23, 0, 0, 0, y.zone)
	moment := func() time.Time { return y.start.Add(time.Duration(r.IntN(364*86400)) * time.Second) }
	for range 25 {
		from := moment()
		y.down = append(y.down, yearSpan{from, from.Add(time.Duration(1+r.IntN(60)) * time.Hour)})
	}
	// One stop over the end of a duty, and one over a whole first half of a month.
	y.down = append(y.down, yearSpan{time.Date(2026, 4, 10, 20, 30, 0, 0, y.zone), time.Date(2026, 4, 11, 3, 0, 0, 0, y.zone)},
		yearSpan{time.Date(2026, 6, 30, 12, 0, 0, 0, y.zone), time.Date(2026, 7, 13, 12, 30, 0, 0, y.zone)})
	for i := range yearSOCs {
		s := &yearSOC{id: fmt.Sprintf("soc-%d", i)}
		if i%2 == 0 {
			s.ends = moment().Truncate(time.Second)
			s.rolls = s.ends
			if i%4 == 0 {
				s.rolls = s.ends.Add(-time.Duration(r.IntN(40*24)) * time.Hour)
			}
		}
		s.keys(t, y.start.AddDate(-1, 0, 0))
		y.socs = append(y.socs, s)
	}
	for month := time.January; month <= time.October; month += 3 {
		quarter := fmt.Sprintf("2026-Q%d", int(month)/3+1)
		before := map[time.Month]string{time.January: "2025-Q4", time.April: "2026-Q1", time.July: "2026-Q2", time.October: "2026-Q3"}[month]
		for _, s := range y.socs {
			for clause, of := range map[string]string{"17": quarter, "18": before} {
				if day := []int{1, 3, 6, 8, 8, 9, 9, 10, 10, 11, 13, 24, 50, 0, 0}[r.IntN(15)]; day > 0 {
					y.delivered[clause+" "+of+" "+s.id] = time.Date(2026, month, day, r.IntN(24), r.IntN(60), r.IntN(60), 0, y.zone)
				}
			}
		}
	}
	for i := range yearReports {
		in := yearIncident{soc: r.IntN(yearSOCs), id: fmt.Sprintf("r-%d", i), confirmed: moment(), violation: r.IntN(8) == 0}
		in.arrives = in.confirmed.Add(time.Duration(r.IntN(20*60)) * time.Second)
		if in.violation && r.IntN(5) > 0 {
			in.decided, in.confirm = in.arrives.Add(time.Duration(1+r.IntN(60))*time.Hour), r.IntN(2) == 0
		}
		y.incidents = append(y.incidents, in)
	}
	return y
}

// keys makes the SOC's keys. What a time stamp of OpenPGP holds are seconds.
func (s *yearSOC) keys(t *testing.T, made time.Time) {
	t.Helper()
	pair := func(at time.Time, life time.Duration) ownKey {
		private, public, fp, err := crypto.NewOpenPGP(s.id, address(s.id), nil, at, life)
		if err != nil {
			t.Fatal(err)
		}
		return ownKey{private, public, fp}
	}
	if s.ends.IsZero() {
		s.old = pair(made, 0)
		return
	}
	s.old, s.young = pair(made, s.ends.Sub(made)), pair(s.rolls.Add(-time.Hour), 0)
}

// signs is the key the SOC signs with at a moment.
func (s *yearSOC) signs(at time.Time) ownKey {
	if s.ends.IsZero() || at.Before(s.rolls) {
		return s.old
	}
	return s.young
}

func (y *yearPlan) runs(at time.Time) bool {
	return !slices.ContainsFunc(y.down, func(s yearSpan) bool { return !at.Before(s.from) && at.Before(s.to) })
}

// yearRun is the gateway that goes through it.
type yearRun struct {
	*node
	plan *yearPlan
}

// step is something that happens at a moment; where the gateway does not run,
// mail waits in the mailbox and people wait for it.
type yearStep struct {
	at time.Time
	do func()
}

func TestYearAtTheNCCIS(t *testing.T) {
	y := planYear(t, rand.New(rand.NewPCG(48, 2018)))
	c := newClock()
	c.at = y.start.AddDate(0, 0, -10)
	var others []*exchange.Participant
	for _, s := range y.socs {
		others = append(others, &exchange.Participant{ID: s.id, Kinds: []exchange.ParticipantKind{exchange.KindSOC}, Addresses: []string{address(s.id)}, Language: exchange.Kazakh})
	}
	for _, id := range []string{"knb", "prosecutor"} {
		others = append(others, people()[id])
	}
	r := &yearRun{plan: y}
	r.node = open(t, "nccis", c, func(w *World) {
		reg, err := exchange.NewRegister(people()["nccis"], others)
		if err != nil {
			t.Fatal(err)
		}
		w.Register, w.Keys = reg, y.ring(t, c.now())
	})
	r.born()
	steps := r.steps()
	for now := y.start; !now.After(y.end); now = now.Add(time.Hour) {
		runs := y.runs(now)
		for len(steps) > 0 && !steps[0].at.After(now) {
			if !runs && !y.runs(steps[0].at) {
				break // it waits
			}
			r.clockAt(later(steps[0].at, y.back(steps[0].at)))
			steps[0].do()
			r.judge()
			steps = steps[1:]
		}
		if runs {
			r.clockAt(now)
			r.look()
			_, err := r.g.watchKeys(t.Context(), "test")
			r.must(err)
			r.send()
		}
	}
	compareYears(t, r.found(), y.slow())
}

// back is when the gateway runs again, for what comes while it does not.
func (y *yearPlan) back(at time.Time) time.Time {
	for !y.runs(at) {
		at = at.Truncate(time.Hour).Add(time.Hour)
	}
	return at
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (r *yearRun) clockAt(at time.Time) {
	r.clock.mu.Lock()
	defer r.clock.mu.Unlock()
	r.clock.at = at
}

func (y *yearPlan) ring(t *testing.T, now time.Time) *crypto.Keyring {
	t.Helper()
	set := crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "nccis", Data: keys()["nccis"].private},
		{Owner: "knb", File: "knb", Data: keys()["knb"].public}, {Owner: "prosecutor", File: "prosecutor", Data: keys()["prosecutor"].public}}}
	for _, s := range y.socs {
		set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: s.id, File: s.id, Data: s.old.public})
		if !s.ends.IsZero() && !now.Before(s.rolls) {
			set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: s.id, File: s.id + "-young", Data: s.young.public})
		}
	}
	k, err := crypto.NewKeyring(set)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (r *yearRun) steps() []yearStep {
	var out []yearStep
	for what, at := range r.plan.delivered {
		words := strings.Fields(what)
		soc := r.plan.socs[slices.IndexFunc(r.plan.socs, func(s *yearSOC) bool { return s.id == words[2] })]
		out = append(out, yearStep{at, func() { r.mail(soc, at, duty(words[0], words[1], soc.id, at, r.plan.zone)) }})
	}
	for _, in := range r.plan.incidents {
		soc := r.plan.socs[in.soc]
		out = append(out, yearStep{in.arrives, func() { r.mail(soc, in.arrives, yearReport(in, soc.id)) }})
		if !in.decided.IsZero() {
			out = append(out, yearStep{in.decided, func() { r.decide(in) }})
		}
	}
	for _, s := range r.plan.socs {
		if !s.ends.IsZero() {
			out = append(out, yearStep{s.rolls, func() {
				w := r.world
				w.Keys = r.plan.ring(r.T, r.clock.now())
				r.g.Reload(w)
			}})
		}
	}
	slices.SortFunc(out, func(a, b yearStep) int { return a.at.Compare(b.at) })
	return out
}

// duty is the card that does a duty of a quarter.
func duty(clause, quarter, soc string, at time.Time, zone *time.Location) *exchange.Report {
	r := &exchange.Report{ID: clause + "-" + quarter, Revision: 1, Reporter: soc, Addressee: "nccis", GeneratedAt: at}
	if clause == "17" {
		r.Kind, r.Contact = exchange.Contact, &exchange.ContactBody{Organisation: exchange.Organisation{Name: exchange.Names{KK: soc}}, Email: address(soc),
			Phone: "+77010000000", ValidFrom: at, Quarter: quarter}
		return r
	}
	var year, n int
	fmt.Sscanf(quarter, "%d-Q%d", &year, &n)
	from := time.Date(year, time.Month(3*n-2), 1, 0, 0, 0, 0, zone)
	r.Kind, r.Quarterly = exchange.Quarterly, &exchange.QuarterlyBody{Quarter: quarter, From: from, To: from.AddDate(0, 3, 0), Nil: true, Approver: "x"}
	return r
}

func yearReport(in yearIncident, soc string) *exchange.Report {
	body, err := parser.Example(exchange.Incident, exchange.CardJSON, soc, "nccis", in.id, in.confirmed)
	if err != nil {
		panic(err)
	}
	r := parser.ParseFile(exchange.Document{Body: body}, parser.Limits{}, in.confirmed).Reports[0]
	r.TLP, r.Incident.ConfirmedAt, r.Incident.Objects, r.Incident.Victim, r.Incident.Organisation = exchange.TLPGreen, in.confirmed, nil, nil, nil
	if in.violation {
		r.Incident.Violations = []exchange.Violation{{Field: "prosecution"}}
	}
	return r
}

// mail is a sealed mail of a SOC that lay in the mailbox since a moment.
func (r *yearRun) mail(s *yearSOC, at time.Time, report *exchange.Report) {
	r.Helper()
	own, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "own", Data: s.signs(at).private},
		{Owner: "nccis", File: "nccis", Data: keys()["nccis"].public}}})
	r.must(err)
	e := mailout.Envelope{From: address(s.id), To: address("nccis"), MessageID: mailout.NewMessageID("soc.example", nil), Date: at, Subject: "x", AutoSubmitted: "auto-generated"}
	inner, err := mailout.Protect(e, parts(rendered(report)))
	r.must(err)
	sealed, err := crypto.Seal(inner, "nccis", own, at)
	r.must(err)
	raw, err := mailout.Compose(e, sealed.Header, sealed.Body)
	r.must(err)
	r.uid++
	r.must(r.g.Accept(context.Background(), mailin.Incoming{Source: exchange.Source{Via: "imap", Mailbox: "main", UIDValidity: 1, UID: r.uid, EntryDate: at},
		ReceivedAt: at, Size: int64(len(raw)), Body: bytes.NewReader(raw)}))
}

// decide is what a person does about a proposal.
func (r *yearRun) decide(in yearIncident) {
	r.Helper()
	list, err := r.store.Reports(r.Context(), queue.ReportFilter{ID: in.id})
	r.must(err)
	if len(list) != 1 {
		r.Fatalf("%d reports %s", len(list), in.id)
	}
	if in.confirm {
		_, _, err = r.g.Confirm(r.Context(), list[0].Arrival, nil, "dana", "")
	} else {
		err = r.g.Withhold(r.Context(), list[0].Arrival, "dana", "no")
	}
	r.must(err)
}

// found is what stands in the store at the end of the year.
func (r *yearRun) found() []string {
	r.Helper()
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	duties, err := r.store.Duties(r.Context(), queue.DutyFilter{})
	r.must(err)
	byID := map[string]exchange.Duty{}
	for _, d := range duties {
		byID[fmt.Sprintf("deadline:%d", d.ID)] = d
		say("duty %s %s %s %s %s", d.Clause, d.Quarter, d.Participant, d.State, stampOf(d.ReceivedAt))
	}
	reminded := 0
	r.must(r.store.EachEvent(r.Context(), func(e exchange.Event) error {
		switch d, isDuty := byID[e.Object]; {
		case e.Name == "deadline-missed" && isDuty:
			say("missed %s %s %s %s", d.Clause, d.Quarter, d.Participant, stampOf(e.At))
		case strings.HasPrefix(e.Object, "duty:") && e.Detail["participant"] != "":
			reminded++
			say("%s %s %s %s", strings.Replace(e.Name, "duty-", "", 1), strings.TrimPrefix(e.Object, "duty:"), e.Detail["participant"], stampOf(e.At))
		case e.Name == keyEnds:
			say("key-ends %s %s %s", e.Detail["owner"], e.Detail["days"], stampOf(e.At))
		}
		return nil
	}))
	r.letters(say, reminded)
	r.alarms(say)
	pending, err := r.g.Pending(r.Context())
	r.must(err)
	for _, p := range pending {
		say("waits %s", p.Reports[0].Key.ID)
	}
	return out
}

func (r *yearRun) alarms(say func(string, ...any)) {
	r.Helper()
	numbers := map[string]string{}
	reports, err := r.store.Reports(r.Context(), queue.ReportFilter{Kind: exchange.Incident})
	r.must(err)
	for _, one := range reports {
		numbers[one.Number] = one.Key.ID
	}
	alarms, err := r.store.Alarms(r.Context(), queue.AlarmFilter{})
	r.must(err)
	for _, a := range alarms {
		switch a.Kind {
		case exchange.AlarmDeadlineMissed:
			say("alarm %s %s %s %s %s", a.Kind, a.Call, a.Clause, a.Subject, stampOf(a.At))
		case exchange.AlarmKeyEnds:
			say("alarm %s %s %s %s", a.Kind, a.Call, a.Subject[strings.LastIndexByte(a.Subject, ' ')+1:], stampOf(a.At))
		case exchange.AlarmDecisionWanted:
			say("alarm %s %s %s %s %s", a.Kind, a.Call, a.Clause, numbers[a.Subject], stampOf(a.At))
		case exchange.AlarmDeadlineNear, exchange.AlarmQuarterly:
			say("alarm %s that is none of the NCCIS: %+v", a.Kind, a)
		}
	}
}

func (r *yearRun) letters(say func(string, ...any), reminded int) {
	r.Helper()
	ids := map[int64]string{}
	reports, err := r.store.Reports(r.Context(), queue.ReportFilter{Kind: exchange.Incident})
	r.must(err)
	for _, one := range reports {
		ids[one.Position] = one.Key.ID
		deadlines, err := r.store.Deadlines(r.Context(), one.Position)
		r.must(err)
		for _, d := range deadlines {
			if d.Clause == "9" {
				say("nine %s %s", one.Key.ID, d.State)
			}
		}
	}
	letters, err := r.store.Letters(r.Context(), queue.LetterFilter{})
	r.must(err)
	for _, l := range letters {
		switch l.Kind {
		case exchange.LetterNotice:
			say("notice %s %s %s %s", l.Clause, ids[l.Report], l.To, stampOf(l.CreatedAt))
		case exchange.LetterReminder:
			if reminded--; l.Address != address(l.To) || l.State != exchange.LetterSent && l.State != exchange.LetterWaiting {
				r.Errorf("reminder %+v", l)
			}
		}
	}
	if reminded != 0 {
		r.Errorf("%d reminders in the journal have no letter", reminded)
	}
}

func stampOf(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// compareYears fails at the first difference.
func compareYears(t *testing.T, found, slow []string) {
	t.Helper()
	slices.Sort(found)
	slices.Sort(slow)
	count := map[string]int{}
	for _, line := range slow {
		count[strings.Fields(line)[0]]++
	}
	t.Logf("%d events: %v", len(slow), count)
	if len(found) != len(slow) {
		t.Errorf("%d events, want %d", len(found), len(slow))
	}
	for i := range min(len(found), len(slow)) {
		if found[i] != slow[i] {
			t.Fatalf("first difference:\n  %s\nwant\n  %s", found[i], slow[i])
		}
	}
}
