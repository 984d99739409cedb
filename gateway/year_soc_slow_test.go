//go:build !race

package gateway

import (
	"fmt"
	"slices"
	"time"
)

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
		case "5":
			y.slowClock(say, s, s.starts, []slowStep{{45, "duty", false}, {60, "people", true}})
		case "10":
			y.slowRequest(say, s)
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
	if taken.Unix() <= from.Unix()+steps[len(steps)-1].minutes*60 {
		say("state %s %s met", s.clause, s.id)
	} else {
		say("state %s %s missed", s.clause, s.id)
	}
}

// slowRequest: half of the time is over, three quarters, all of it; of what
// passed since the last look the last is told, until it is answered.
func (y *socYear) slowRequest(say func(string, ...any), s *sending) {
	period := s.by.Unix() - s.starts.Unix()
	told := int64(0)
	for _, at := range y.looks {
		if at.Unix() < s.handed.Unix() || !s.answered.IsZero() && at.Unix() > s.answered.Unix() {
			continue
		}
		passed := (at.Unix() - s.starts.Unix()) * 4 / period // quarters
		switch passed = min(passed, 4); {
		case passed < 2 || passed <= told:
		case passed == 4:
			say("alarm deadline-missed 10.4 %s people %s", s.id, stampOf(at))
		default:
			say("alarm deadline-near 10.4 %s duty %s", s.id, stampOf(at))
		}
		told = max(told, passed)
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
			say("alarm deadline-missed %s %s people %s", clause, about, stampOf(at))
		}
	}
}
