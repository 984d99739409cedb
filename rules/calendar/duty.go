package calendar

import (
	"cmp"
	"slices"
	"time"

	"almasu/exchange"
)

// Task is one quarterly duty of a SOC.
type Task struct {
	Clause  string  // "17", "18"
	Quarter Quarter // confirmed (17), or reported on (18)
	// Opens is when it can first be done in whole; Undisputed and Ends are the
	// moments from which on it is disputable, and overdue.
	Opens, Undisputed, Ends time.Time
	month                   Quarter // in whose first month it falls
	zone                    *time.Location
}

// Contact is the duty to confirm the contact data of a quarter: "not later
// than the 10th of the first month", and the 10th is within it (clause 17).
func Contact(q Quarter, zone *time.Location) Task {
	return Task{"17", q, q.Start(zone), q.day(11, 0, zone), q.day(11, 0, zone), q, zone}
}

// Quarterly is the duty to report on a quarter: "10-на дейін" of the month
// that follows. Done by the end of the 9th nobody can dispute it; the 10th
// itself can be read both ways (clause 18, A-6).
func Quarterly(q Quarter, zone *time.Location) Task {
	next := q.Next()
	return Task{"18", q, next.Start(zone), next.day(10, 0, zone), next.day(11, 0, zone), next, zone}
}

// TaskOf is the duty that a report does: a contact card that confirms the data
// of a quarter, or a quarterly report.
func TaskOf(r *exchange.Report, zone *time.Location) (Task, bool) {
	quarter, task := "", Contact
	switch {
	case r.Contact != nil:
		quarter = r.Contact.Quarter
	case r.Quarterly != nil:
		quarter, task = r.Quarterly.Quarter, Quarterly
	}
	q, err := ParseQuarter(quarter)
	if err != nil {
		return Task{}, false
	}
	return task(q, zone), true
}

// Counts reports whether what was done at a moment does the duty, however
// late: a quarterly report from before the end of its quarter cannot be whole.
func (t Task) Counts(done time.Time) bool { return t.Clause != "18" || !done.Before(t.Opens) }

// Tasks are the duties of the days around a moment: those that open in its
// quarter.
func Tasks(now time.Time, zone *time.Location) []Task {
	q := QuarterOf(now, zone)
	return []Task{Contact(q, zone), Quarterly(q.Before(), zone)}
}

// State says how the duty stands, done at the moment given (zero: not done).
// A quarterly report from before its quarter ended cannot be whole and does
// not count; contact data may be confirmed early.
func (t Task) State(done, now time.Time) State {
	if !t.Counts(done) {
		done = time.Time{}
	}
	switch {
	case !done.IsZero() && done.Before(t.Undisputed):
		return Met
	case !done.IsZero() && done.Before(t.Ends):
		return Disputable
	case !done.IsZero():
		return Late
	case now.Before(t.Opens):
		return NotYet
	case now.Before(t.Undisputed):
		return Open
	case now.Before(t.Ends):
		return Disputable
	}
	return Overdue
}

// Step is a moment of a quarterly duty at which somebody is reminded.
type Step struct {
	Clause  string
	Quarter Quarter
	At      time.Time
	Name    string // prepare, remind, last-day, disputable, overdue, follow-up
}

// Steps are the moments of a duty at the SOC that owes it: prepared on the 1st,
// reminded on the 5th and 8th, the last day, the day that can be disputed, and
// overdue. At 9 in the morning, but for the end itself.
func (t Task) Steps() []Step {
	last := 10
	if t.Clause == "18" {
		last = 9
	}
	out := []Step{t.step(1, "prepare"), t.step(5, "remind"), t.step(8, "remind"), t.step(last, "last-day")}
	if t.Clause == "18" {
		out = append(out, t.step(10, "disputable"))
	}
	return append(out, Step{t.Clause, t.Quarter, t.Ends, "overdue"})
}

// FollowUp are the moments at which the NCCIS reminds a SOC that has not
// delivered: the 8th, the 11th, and every week of the quarter after that.
func (t Task) FollowUp() []Step {
	out := []Step{t.step(8, "remind")}
	for day := 11; ; day += 7 {
		s := t.step(day, "follow-up")
		if !s.At.Before(t.month.End(t.zone)) {
			return out
		}
		out = append(out, s)
	}
}

func (t Task) step(day int, name string) Step {
	return Step{t.Clause, t.Quarter, t.month.day(day, 9, t.zone), name}
}

// Pending are the steps of the time after `since` up to and with `now`, while
// the duty is not done. One done at the very moment of a step needs none.
func (t Task) Pending(steps []Step, done, since, now time.Time) []Step {
	var out []Step
	for _, s := range steps {
		if s.At.After(since) && !s.At.After(now) && !t.doneBy(done, s.At) {
			out = append(out, s)
		}
	}
	return out
}

// Next is the step that comes next while the duty is not done.
func (t Task) Next(steps []Step, done, now time.Time) (Step, bool) {
	for _, s := range steps {
		if s.At.After(now) && !t.doneBy(done, s.At) {
			return s, true
		}
	}
	return Step{}, false
}

func (t Task) doneBy(done, at time.Time) bool {
	return !done.IsZero() && !done.After(at) && t.Counts(done)
}

// Row is one SOC on the board of a duty at the NCCIS.
type Row struct {
	SOC       string
	State     State
	Delivered time.Time // zero: not delivered
}

// Board says who has delivered and who has not, those who have not first.
func Board(t Task, socs []string, delivered map[string]time.Time, now time.Time) []Row {
	var out []Row
	for _, id := range socs {
		out = append(out, Row{id, t.State(delivered[id], now), delivered[id]})
	}
	order := []State{Overdue, Disputable, Open, NotYet, Late, Met}
	slices.SortStableFunc(out, func(a, b Row) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.State), slices.Index(order, b.State)), cmp.Compare(a.SOC, b.SOC))
	})
	return out
}
