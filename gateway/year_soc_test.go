//go:build !race

package gateway

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"
	"almasu/rules/calendar"
)

// The year of one SOC: what it sends under clauses 5, 9, 17 and 18 while its
// relay is down now and then, what it is asked under clause 10, and whom its
// gateway alarms. The relay's own book says
// when a letter was taken; from that, from when the gateway looked and from the
// words of the order slowAlarms works out what must stand in the store.
const socReports = 250

// sending is one report of the SOC's year.
type sending struct {
	id            string
	clause        string
	starts        time.Time // confirmed, or changed
	handed        time.Time
	position      int64
	quarter       string    // 18
	incidents     int       // 18: as the report says
	lateIncidents int       // 18
	by, answered  time.Time // 10: when the answer is wanted, and when it is given (zero: never)
}

type socYear struct {
	*node
	zone   *time.Location
	end    time.Time
	down   []yearSpan
	out    []*sending
	looks  []time.Time         // in their order
	taken  map[int64]time.Time // by the relay: position -> when
	quarts map[string]*sending // the approval of a quarter
}

func TestYearAtASOC(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1718))
	c := newClock()
	c.set("2025-12-20 00:00:00")
	y := &socYear{node: open(t, "soc-alfa", c, serving(t)), zone: time.FixedZone("Asia/Almaty", 5*3600), taken: map[int64]time.Time{}, quarts: map[string]*sending{}}
	y.born()
	y.end = time.Date(2026, 12, 31, 23, 0, 0, 0, y.zone)
	y.plan(r)
	y.relay.answer = func(l exchange.Letter) []exchange.Attempt {
		now := c.now()
		for _, s := range y.down {
			if !now.Before(s.from) && now.Before(s.to) {
				return []exchange.Attempt{{Outcome: exchange.OutcomeLater, At: now, Relay: "relay", Outside: true, Code: 451}}
			}
		}
		if y.taken[l.Report].IsZero() && l.Clause != "" {
			y.taken[l.Report] = now
		}
		return []exchange.Attempt{{Outcome: exchange.OutcomeSent, At: now, Relay: "relay", Outside: true, Code: 250}}
	}
	y.live()
	compareYears(t, y.found(), y.slow())
}

// serving makes soc-beta an organisation that the SOC serves.
func serving(t *testing.T) func(*World) {
	return func(w *World) {
		cast := people()
		cast["soc-beta"].Kinds, cast["soc-beta"].Assets = []exchange.ParticipantKind{exchange.KindServedOrganisation}, exchange.Assets{CIDRs: []string{"192.0.2.0/24"}}
		reg, err := exchange.NewRegister(cast["soc-alfa"], []*exchange.Participant{cast["nccis"], cast["soc-beta"]})
		if err != nil {
			t.Fatal(err)
		}
		w.Register = reg
	}
}

func (y *socYear) plan(r *rand.Rand) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, y.zone)
	moment := func() time.Time { return start.Add(time.Duration(r.IntN(364*86400/60))*time.Minute + 7*time.Second) }
	for range 40 {
		from := moment()
		y.down = append(y.down, yearSpan{from, from.Add(time.Duration(1+r.IntN(400)) * time.Minute)})
	}
	for i := range socReports {
		at := moment()
		y.out = append(y.out, &sending{id: fmt.Sprintf("r-%d", i), clause: "9", starts: at, handed: at.Add(time.Duration(r.IntN(17)) * time.Minute)})
		if i%3 == 0 { // while the relay is down
			s := y.down[r.IntN(len(y.down))]
			y.out[i].starts = s.from.Add(time.Duration(r.IntN(10)) * time.Minute)
			y.out[i].handed = y.out[i].starts.Add(time.Minute)
		}
	}
	for i := range 20 {
		at := moment()
		y.out = append(y.out, &sending{id: fmt.Sprintf("c-%d", i), clause: "17", starts: at, handed: at.Add(time.Duration(r.IntN(17)) * time.Minute)})
	}
	for i := range 60 {
		at := moment()
		if i%2 == 0 {
			at = y.down[r.IntN(len(y.down))].from.Add(time.Minute)
		}
		y.out = append(y.out, &sending{id: fmt.Sprintf("t-%d", i), clause: "5", starts: at, handed: at})
	}
	for i := range 60 {
		at := moment()
		in := &sending{id: fmt.Sprintf("a-%d", i), clause: "10", starts: at, handed: at, by: at.Add(time.Duration(4+r.IntN(70)) * time.Hour)}
		if i%4 > 0 {
			in.answered = at.Add(time.Duration(float64(in.by.Sub(at))*(0.1+1.1*r.Float64())).Truncate(time.Second) + 11*time.Second)
		}
		y.out = append(y.out, in)
	}
	for month, quarter := range map[time.Month]string{time.January: "2025-Q4", time.April: "2026-Q1", time.July: "2026-Q2", time.October: "2026-Q3"} {
		if month == time.July { // never
			continue
		}
		day := map[time.Month]int{time.January: 4, time.April: 9, time.October: 12}[month]
		at := time.Date(2026, month, day, 11, 0, 7, 0, y.zone)
		y.out = append(y.out, &sending{id: "q-" + quarter, clause: "18", starts: at, handed: at, quarter: quarter})
	}
	slices.SortFunc(y.out, func(a, b *sending) int { return a.handed.Compare(b.handed) })
}

// live goes through the year: hour by hour, and every half minute for half an
// hour after something was handed in.
func (y *socYear) live() {
	var looks []time.Time
	for at := time.Date(2026, 1, 1, 0, 0, 0, 0, y.zone); !at.After(y.end); at = at.Add(time.Hour) {
		looks = append(looks, at)
	}
	steps := []yearStep{}
	for _, s := range y.out {
		steps = append(steps, yearStep{s.handed, func() { y.hand(s) }})
		window, cadence := 30*time.Minute, 30*time.Second
		switch s.clause {
		case "5":
			window, cadence = 80*time.Minute, 5*time.Minute
		case "10":
			window = 0
			if !s.answered.IsZero() {
				steps = append(steps, yearStep{s.answered, func() { y.answers(s) }})
			}
		}
		for at := s.handed.Truncate(cadence); at.Before(s.handed.Add(window)); at = at.Add(cadence) {
			looks = append(looks, at)
		}
	}
	slices.SortStableFunc(steps, func(a, b yearStep) int { return a.at.Compare(b.at) })
	slices.SortFunc(looks, func(a, b time.Time) int { return a.Compare(b) })
	y.looks = slices.CompactFunc(looks, func(a, b time.Time) bool { return a.Equal(b) })
	for _, at := range y.looks {
		for len(steps) > 0 && steps[0].at.Before(at) {
			y.moveTo(steps[0].at)
			steps[0].do()
			steps = steps[1:]
		}
		y.moveTo(at)
		y.look()
		_, err := y.g.watchRequests(y.Context(), "test")
		y.must(err)
		y.send()
	}
}

func (y *socYear) moveTo(at time.Time) {
	y.clock.mu.Lock()
	defer y.clock.mu.Unlock()
	y.clock.at = at
}

// comes takes in what the NCCIS sends.
func (y *socYear) comes(s *sending) {
	y.Helper()
	r := &exchange.Report{ID: s.id, Revision: 1, Reporter: "nccis", Addressee: "soc-alfa", GeneratedAt: s.handed, TLP: exchange.TLPGreen}
	if s.clause == "5" {
		r.Kind, r.Threat = exchange.Threat, &exchange.ThreatBody{ThreatID: s.id, Title: "x", Description: "x", ObservedAt: s.handed,
			Objects: []exchange.Object{{IP: []string{"192.0.2.7"}}}}
	} else {
		r.Kind, r.Request = exchange.Request, &exchange.RequestBody{Clause: "10.4", Subject: "x", Text: "x", AnswerBy: s.by}
	}
	y.want(y.take(mail{from: "nccis", to: "soc-alfa", auto: "auto-generated"}.seal(y.T, s.handed, rendered(r)), address("nccis")), exchange.ArrivalAccepted, "")
	list, err := y.store.Reports(y.Context(), queue.ReportFilter{ID: s.id})
	y.must(err)
	s.position = list[0].Position
}

func (y *socYear) answers(s *sending) {
	y.Helper()
	asked, err := y.g.OpenRequest(y.Context(), s.id, "nccis")
	y.must(err)
	_, err = y.g.AnswerRequest(y.Context(), asked, "done", "x", "dana")
	y.must(err)
}

func (y *socYear) hand(s *sending) {
	y.Helper()
	if s.clause == "5" || s.clause == "10" {
		y.comes(s)
		return
	}
	var sub Submission
	var err error
	switch s.clause {
	case "9":
		sub, err = y.g.Submit(y.Context(), Order{Document: incident(s.id, s.starts, func(r *exchange.Report) {
			r.Incident.IncidentID, r.Incident.ConfirmedAt, r.Incident.DetectedAt = s.id, s.starts, s.starts
		}), Actor: "test"})
	case "17":
		var data ContactData
		data, err = y.g.ContactData(y.Context())
		y.must(err)
		data.Card.Phone, data.Card.Duty, data.Card.Quarter, data.Card.ValidFrom = "+77010000000", s.id, "", s.starts
		sub, err = y.g.SendContact(y.Context(), data.Card, s.id, "test")
	case "18":
		var q calendar.Quarter
		q, err = calendar.ParseQuarter(s.quarter)
		y.must(err)
		sub, err = y.g.ApproveQuarterly(y.Context(), q, "Dana", "dana")
		y.quarts[s.quarter] = s
	}
	y.must(err)
	if sub.Refusal.Code != "" {
		y.Fatalf("%s: %+v %+v", s.id, sub.Refusal, sub.Problems)
	}
	if q := sub.Report.Quarterly; q != nil {
		s.incidents, s.lateIncidents = len(q.Incidents), q.Late
	}
	s.position = sub.Position
}

// found is what stands in the store at the end of the year.
func (y *socYear) found() []string {
	y.Helper()
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	ids := map[string]string{}
	for _, s := range y.out {
		ids[fmt.Sprintf("report %d", s.position)] = s.id
		deadlines, err := y.store.Deadlines(y.Context(), s.position)
		y.must(err)
		for _, d := range deadlines {
			say("state %s %s %s", d.Clause, s.id, d.State)
		}
		if s.clause == "18" {
			say("report %s: %d incidents, %d late", s.quarter, s.incidents, s.lateIncidents)
		}
	}
	alarms, err := y.store.Alarms(y.Context(), queue.AlarmFilter{})
	y.must(err)
	for _, a := range alarms {
		subject := a.Subject
		if _, position, request := strings.Cut(subject, ", "); request { // "request 3, report 12"
			subject = position
		}
		if id, is := ids[subject]; is {
			subject = id
		}
		switch a.Kind {
		case exchange.AlarmDeadlineNear, exchange.AlarmDeadlineMissed, exchange.AlarmQuarterly:
			say("alarm %s %s %s %s %s", a.Kind, a.Clause, subject, a.Call, stampOf(a.At))
		}
	}
	return out
}
