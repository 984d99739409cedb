//go:build !race

package gateway

import (
	"fmt"
	"time"
)

// slow works the year of the NCCIS out from the words of the order, hour by
// hour with a wall clock, and nothing of the gateway, the rules or the calendar.
func (y *yearPlan) slow() []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, in := range y.incidents {
		y.slowIncident(say, in)
	}
	for month := time.January; month <= time.October; month += 3 {
		for _, s := range y.socs {
			y.slowDuty(say, "17", fmt.Sprintf("2026-Q%d", int(month)/3+1), s.id, month)
			y.slowDuty(say, "18", map[time.Month]string{1: "2025-Q4", 4: "2026-Q1", 7: "2026-Q2", 10: "2026-Q3"}[month], s.id, month)
		}
	}
	for _, s := range y.socs {
		y.slowKey(say, s)
	}
	return out
}

// up is the moment at which something is handled: at once, or at the first full
// hour at which the gateway runs again.
func (y *yearPlan) up(at time.Time) time.Time {
	off := func(at time.Time) bool {
		for _, s := range y.down {
			if at.Unix() >= s.from.Unix() && at.Unix() < s.to.Unix() {
				return true
			}
		}
		return false
	}
	for off(at) {
		at = time.Unix(at.Unix()-at.Unix()%3600+3600, 0)
	}
	return at
}

func (y *yearPlan) slowIncident(say func(string, ...any), in yearIncident) {
	if in.arrives.Unix() > y.end.Unix() {
		return
	}
	state := "met"
	if in.arrives.Unix() > in.confirmed.Unix()+15*60 {
		state = "missed"
	}
	say("nine %s %s", in.id, state)
	say("notice 12.2 %s knb %s", in.id, stampOf(y.up(in.arrives)))
	if in.violation {
		say("alarm decision-wanted duty 12.5 %s %s", in.id, stampOf(y.up(in.arrives)))
	}
	switch {
	case !in.violation:
	case in.decided.IsZero() || in.decided.Unix() > y.end.Unix():
		say("waits %s", in.id)
	case in.confirm:
		say("notice 12.5 %s prosecutor %s", in.id, stampOf(y.up(in.decided)))
	}
}

func (y *yearPlan) slowDuty(say func(string, ...any), clause, quarter, soc string, month time.Month) {
	about := clause + " " + quarter + " " + soc
	done, delivered := y.delivered[about]
	waiting, missed := "", false // a reminder that is to be told; whether the end was told
	first := time.Date(2026, month, 1, 0, 0, 0, 0, y.zone)
	for now := first; now.Month() < month+3 && now.Year() == 2026; now = now.Add(time.Hour) {
		day := now.YearDay() - first.YearDay() + 1
		if now.Hour() == 9 && day == 8 {
			waiting = "remind"
		}
		if now.Hour() == 9 && day >= 11 && (day-11)%7 == 0 {
			waiting = "follow-up"
		}
		if y.up(now).Unix() != now.Unix() {
			continue // it sleeps
		}
		here := delivered && done.Unix() <= now.Unix()
		if waiting != "" && !here {
			say("%s %s %s", waiting, about, stampOf(now))
		}
		waiting = ""
		intime := delivered && done.In(y.zone).Unix() < time.Date(2026, month, 11, 0, 0, 0, 0, y.zone).Unix()
		if !missed && day >= 11 && !intime && !here {
			missed = true
			say("missed %s %s", about, stampOf(now))
			say("alarm deadline-missed people %s %s %s %s", clause, soc, quarter, stampOf(now))
		}
	}
	switch local := done.In(y.zone); {
	case !delivered:
		say("duty %s missed -", about)
	case local.Month() == month && local.Day() <= 10:
		say("duty %s met %s", about, stampOf(done))
	default:
		say("duty %s missed %s", about, stampOf(done))
	}
}

// slowKey: 30, 14, 7 and 1 days before a key ends with none to follow it.
func (y *yearPlan) slowKey(say func(string, ...any), s *yearSOC) {
	if s.ends.IsZero() {
		return
	}
	told := map[int]bool{}
	for now := y.start; now.Unix() <= y.end.Unix(); now = now.Add(time.Hour) {
		if y.up(now).Unix() != now.Unix() || now.Unix() >= s.ends.Unix() || now.Unix() >= y.up(s.rolls).Unix() {
			continue
		}
		left := s.ends.Unix() - now.Unix()
		for _, days := range []int{1, 7, 14, 30} {
			if left <= int64(days)*86400 {
				if !told[days] {
					told[days] = true
					say("key-ends %s %d %s", s.id, days, stampOf(now))
					say("alarm key-ends duty %s %s", s.id, stampOf(now))
				}
				break
			}
		}
	}
}
