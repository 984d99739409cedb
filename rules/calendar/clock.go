// Package calendar owns the periods of the order: the clocks of clauses 5, 9
// and 17 that run in minutes, and the quarterly duties of clauses 17 and 18.
// Everything is worked out from facts and `now`. It refuses to read a clock, to
// shift a day for a weekend or a holiday, and to send anything.
package calendar

import "time"

// Whom an alarm is for.
type Whom string

// Those an alarm can be for, in the order of escalation.
const (
	Relay  Whom = "relay"  // the next one is tried
	Duty   Whom = "duty"   // mail to the duty addresses
	People Whom = "people" // mail, webhook and command hook
)

// Alarm is one moment of a clock at which somebody is told.
type Alarm struct {
	Clause  string
	At      time.Time
	After   time.Duration // since the clock started
	Overdue bool          // the period is over; the others are warnings
	To      []Whom
}

// Clock is a period that runs from one moment until it is stopped.
type Clock struct {
	Clause  string
	Start   time.Time
	Stopped time.Time // zero while it runs
	steps   []step
}

type step struct {
	after time.Duration
	to    []Whom
}

// Report is the clock of clause 9: it starts at the confirmation and stops at
// the first 250 of a relay outside our control. Warnings after 5, 10 and
// 13 minutes, overdue after 15.
func Report(confirmed, stopped time.Time) Clock {
	return Clock{"9", confirmed, stopped, []step{{5 * time.Minute, []Whom{Relay}}, {10 * time.Minute, []Whom{Relay, Duty}},
		{13 * time.Minute, []Whom{Relay, People}}, {15 * time.Minute, []Whom{People}}}}
}

// Forward is the clock of clause 5: from arrival to the last addressee served.
// The order names no period; 60 minutes is our target.
func Forward(arrived, served time.Time) Clock {
	return Clock{"5", arrived, served, []step{{45 * time.Minute, []Whom{Duty}}, {60 * time.Minute, []Whom{People}}}}
}

// ContactChange is the clock of clause 17 for changed contact data, which are
// told "immediately". The order names no minutes: within 15 is our target.
func ContactChange(changed, told time.Time) Clock {
	return Clock{"17", changed, told, []step{{5 * time.Minute, []Whom{Duty}}, {15 * time.Minute, []Whom{People}}}}
}

// Answer is the clock of a request (clauses 10.4 and 11): from when it was
// asked to when it wants its answer. The order names no period.
func Answer(asked, by, answered time.Time) Clock {
	period := max(by.Sub(asked), time.Minute)
	return Clock{"10", asked, answered, []step{{period / 2, []Whom{Duty}}, {period / 4 * 3, []Whom{Duty}}, {period, []Whom{People}}}}
}

// Due is when the period ends. What happens at that very moment is in time.
func (c Clock) Due() time.Time { return c.Start.Add(c.steps[len(c.steps)-1].after) }

// alarm is the nth alarm of the clock.
func (c Clock) alarm(n int) Alarm {
	s := c.steps[n]
	return Alarm{Clause: c.Clause, At: c.Start.Add(s.after), After: s.after, Overdue: n == len(c.steps)-1, To: s.to}
}

// silenced reports whether the clock had stopped by the time of an alarm.
func (c Clock) silenced(a Alarm) bool { return !c.Stopped.IsZero() && !c.Stopped.After(a.At) }

// Fired lists the alarms of the time after `since` up to and with `now`.
func (c Clock) Fired(since, now time.Time) []Alarm {
	var out []Alarm
	for n := range c.steps {
		if a := c.alarm(n); a.At.After(since) && !a.At.After(now) && !c.silenced(a) {
			out = append(out, a)
		}
	}
	return out
}

// Next is the alarm that comes next if nothing happens; none once the clock
// has stopped or the period is over.
func (c Clock) Next(now time.Time) (Alarm, bool) {
	for n := range c.steps {
		if a := c.alarm(n); a.At.After(now) && c.Stopped.IsZero() {
			return a, true
		}
	}
	return Alarm{}, false
}

// State is how a clock or a quarterly duty stands.
type State string

// The states.
const (
	NotYet     State = "not-yet"    // the time for it has not come
	Open       State = "open"       // it can be done in time
	Met        State = "met"        // it was done in time
	Disputable State = "disputable" // the 10th of clause 18: "10-на дейін" can be read both ways
	Overdue    State = "overdue"    // it is not done and the period is over
	Late       State = "late"       // it was done after its period
)

// State says how the clock stands.
func (c Clock) State(now time.Time) State {
	switch due := c.Due(); {
	case !c.Stopped.IsZero() && c.Stopped.After(due):
		return Late
	case !c.Stopped.IsZero():
		return Met
	case now.After(due):
		return Overdue
	}
	return Open
}
