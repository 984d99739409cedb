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

// The year of one SOC: what it sends under clauses 9, 17 and 18 while its relay
// is down now and then, and whom its gateway alarms. The relay's own book says
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
	quarter       string // 18
	want          string // of an approval: how many incidents and how many late
	incidents     int
	lateIncidents int
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
	y := &socYear{node: open(t, "soc-alfa", c), zone: time.FixedZone("Asia/Almaty", 5*3600), taken: map[int64]time.Time{}, quarts: map[string]*sending{}}
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
		if y.taken[l.Report].IsZero() {
			y.taken[l.Report] = now
		}
		return []exchange.Attempt{{Outcome: exchange.OutcomeSent, At: now, Relay: "relay", Outside: true, Code: 250}}
	}
	y.live()
	compareYears(t, y.found(), y.slow())
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
	for _, s := range y.out {
		for at := s.handed.Truncate(30 * time.Second); at.Before(s.handed.Add(30 * time.Minute)); at = at.Add(30 * time.Second) {
			looks = append(looks, at)
		}
	}
	slices.SortFunc(looks, func(a, b time.Time) int { return a.Compare(b) })
	y.looks = slices.CompactFunc(looks, func(a, b time.Time) bool { return a.Equal(b) })
	waiting := y.out
	for _, at := range y.looks {
		for len(waiting) > 0 && waiting[0].handed.Before(at) {
			y.moveTo(waiting[0].handed)
			y.hand(waiting[0])
			waiting = waiting[1:]
		}
		y.moveTo(at)
		y.look()
		y.send()
	}
}

func (y *socYear) moveTo(at time.Time) {
	y.clock.mu.Lock()
	defer y.clock.mu.Unlock()
	y.clock.at = at
}

func (y *socYear) hand(s *sending) {
	y.Helper()
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

// slow works it out again, look by look.
func (y *socYear) slow() []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	firstCard := true
	for _, s := range y.out {
		switch s.clause {
		case "9":
			y.slowClock(say, s, s.starts, []slowStep{{5, "log", false}, {10, "duty", false}, {13, "people", false}, {15, "people", true}})
		case "17":
			from := s.starts
			if firstCard { // nothing was told before that could have changed
				from, firstCard = s.handed, false
			}
			y.slowClock(say, s, from, []slowStep{{5, "duty", false}, {15, "people", true}})
		case "18":
			y.slowReport(say, s)
		}
	}
	for month := time.January; month <= time.October; month += 3 {
		quarter := fmt.Sprintf("2026-Q%d", int(month)/3+1)
		before := map[time.Month]string{time.January: "2025-Q4", time.April: "2026-Q1", time.July: "2026-Q2", time.October: "2026-Q3"}[month]
		y.slowDays(say, "17", quarter, month, []int{1, 5, 8, 10}) // it confirms none: it only tells of changes
		y.slowDays(say, "18", before, month, []int{1, 5, 8, 9, 10})
	}
	return out
}

type slowStep struct {
	minutes int64
	call    string
	missed  bool
}

// slowClock: at each look the last step that passed since the look before is
// told, as long as the relay has not taken the report; the end is told even if
// the gateway looked late.
func (y *socYear) slowClock(say func(string, ...any), s *sending, from time.Time, steps []slowStep) {
	taken := y.taken[s.position]
	last := time.Time{}
	for _, at := range y.looks {
		if at.Unix() < s.handed.Unix() {
			last = at
			continue
		}
		if !taken.IsZero() && at.Unix() > taken.Unix() {
			break
		}
		told := slowStep{}
		over := false
		for _, step := range steps {
			moment := from.Unix() + step.minutes*60
			if step.missed && moment <= at.Unix() {
				over = true
			} else if !step.missed && moment <= at.Unix() && moment > last.Unix() {
				told = step
			}
		}
		if told.minutes > 0 {
			say("alarm deadline-near %s %s %s %s", s.clause, s.id, told.call, stampOf(at))
		}
		if over {
			say("alarm deadline-missed %s %s people %s", s.clause, s.id, stampOf(at))
			break
		}
		last = at
	}
	if taken.Unix() <= from.Unix()+15*60 {
		say("state %s %s met", s.clause, s.id)
	} else {
		say("state %s %s missed", s.clause, s.id)
	}
}

// slowReport counts what was registered in the quarter, by the calendar on the
// wall, and what the relay took too late.
func (y *socYear) slowReport(say func(string, ...any), s *sending) {
	months := map[string][3]time.Month{"2026-Q1": {1, 2, 3}, "2026-Q3": {7, 8, 9}}[s.quarter]
	n, late := 0, 0
	for _, in := range y.out {
		if month := in.handed.In(y.zone).Month(); in.clause == "9" && month != 0 && slices.Contains(months[:], month) {
			n++
			if taken := y.taken[in.position]; taken.IsZero() || taken.Unix() > in.starts.Unix()+15*60 {
				late++
			}
		}
	}
	say("report %s: %d incidents, %d late", s.quarter, n, late)
	state := "missed"
	if y.taken[s.position].In(y.zone).Day() <= 10 {
		state = "met"
	}
	say("state 18 %s %s", s.id, state)
}

// slowDays: on these days of the month at 9, until it is sent; on the 11th it
// is missed.
func (y *socYear) slowDays(say func(string, ...any), clause, quarter string, month time.Month, days []int) {
	taken := time.Time{}
	if s := y.quarts[quarter]; clause == "18" && s != nil {
		taken = y.taken[s.position]
	}
	for _, day := range append(days, 11) {
		at := time.Date(2026, month, day, 9, 0, 0, 0, y.zone)
		if day == 11 {
			at = time.Date(2026, month, day, 0, 0, 0, 0, y.zone)
		}
		if !taken.IsZero() && taken.Unix() < at.Unix() {
			return
		}
		say("alarm quarterly-duty %s %s duty %s", clause, quarter, stampOf(at))
		if day == 11 {
			about := "soc-alfa " + quarter
			if s := y.quarts[quarter]; s != nil && s.handed.Unix() < at.Unix() {
				about = s.id
			}
			say("alarm deadline-missed %s %s people %s", clause, strings.TrimSpace(about), stampOf(at))
		}
	}
}
