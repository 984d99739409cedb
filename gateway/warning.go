package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"almasu/exchange"
	"almasu/queue"
	"almasu/rules/calendar"
)

// warnOfDeadlines alarms before a deadline has passed: clause 9 after 5, 10 and
// 13 minutes, clause 5 after 45, changed contact data (clause 17) after 5. Each
// warning is told once, also across restarts; of those that a gateway has slept
// over only the latest is told.
func (g *Gateway) warnOfDeadlines(ctx context.Context, now time.Time) error {
	since := g.warned
	open, err := g.store.OpenDeadlines(ctx, now.Add(time.Hour))
	if err != nil {
		return err
	}
	for _, d := range open {
		clock, runs := clockOf(d)
		if !runs {
			continue
		}
		from := since
		if from.IsZero() { // what came before the report was here is no news
			r, err := g.store.Report(ctx, d.Report)
			if err != nil {
				return err
			}
			from = r.ReceivedAt
		}
		fired := slices.DeleteFunc(clock.Fired(from, now), func(a calendar.Alarm) bool { return a.Overdue }) // that one is watchDeadlines'
		if len(fired) == 0 {
			continue
		}
		if err := g.warn(ctx, d, fired[len(fired)-1]); err != nil {
			return err
		}
	}
	g.warned = now
	return nil
}

// warn tells one warning, and tries the next relay where it asks for that.
func (g *Gateway) warn(ctx context.Context, d exchange.Deadline, a calendar.Alarm) error {
	left := int(d.At.Sub(a.At) / time.Minute)
	err := g.raise(ctx, g.alarm(exchange.Alarm{Kind: exchange.AlarmDeadlineNear, Call: callOf(a.To), Clause: d.Clause, Due: d.At, Subject: aboutDeadline(d),
		Key: fmt.Sprintf("deadline:%d:%s", d.ID, a.After)}, "deadline near", "clause", d.Clause, "report", d.Report, "minutes left", left, "for", a.To))
	if err != nil || !slices.Contains(a.To, calendar.Relay) {
		return err
	}
	return g.hurry(ctx, d)
}

// callOf is whom a step of a clock calls.
func callOf(to []calendar.Whom) exchange.Call {
	switch {
	case slices.Contains(to, calendar.People):
		return exchange.CallPeople
	case slices.Contains(to, calendar.Duty):
		return exchange.CallDuty
	}
	return exchange.CallNobody
}

// hurry makes the letters that a deadline waits for due at once. One that waits
// begins with the relays that did not fail last; one that only a relay of our
// own has taken goes again by the next relay, if there is one: it knows the
// message at the other end as a duplicate.
func (g *Gateway) hurry(ctx context.Context, d exchange.Deadline) error {
	letters, err := g.store.Letters(ctx, queue.LetterFilter{Report: d.Report})
	if err != nil {
		return err
	}
	for _, l := range letters {
		again := l.State == exchange.LetterSent && !l.Outside && g.world.Load().Relays > 1
		if l.Clause != d.Clause || l.State != exchange.LetterWaiting && !again {
			continue
		}
		switch err := g.store.Hurry(ctx, l.ID); {
		case err == nil:
			g.log.Warn("letter hurried", "letter", l.ID, "clause", l.Clause, "was", l.State)
		case !errors.Is(err, queue.ErrForbidden): // it is on its way
			return err
		}
	}
	hint(g.outgoing)
	return nil
}

// aboutDeadline names what a deadline is about by our own handles.
func aboutDeadline(d exchange.Deadline) string {
	switch {
	case d.Report != 0:
		return fmt.Sprintf("report %d", d.Report)
	case d.Participant != "":
		return d.Participant + " " + d.Quarter
	}
	return fmt.Sprintf("deadline %d", d.ID)
}

// missed is the alarm of a deadline that has passed unmet.
func (g *Gateway) missed(d exchange.Deadline) exchange.Alarm {
	return g.alarm(exchange.Alarm{Kind: exchange.AlarmDeadlineMissed, Call: exchange.CallPeople, Clause: d.Clause, Due: d.At, Subject: aboutDeadline(d),
		Key: fmt.Sprintf("deadline:%d:missed", d.ID)}, "deadline missed", "clause", d.Clause, "report", d.Report, "participant", d.Participant,
		"quarter", d.Quarter, "was due", d.At.Format(time.RFC3339))
}

// clockOf is the clock that a deadline ends.
func clockOf(d exchange.Deadline) (calendar.Clock, bool) {
	start := map[string]func(from, stopped time.Time) calendar.Clock{"9": calendar.Report, forwarding: calendar.Forward,
		"17": calendar.ContactChange}[d.Clause]
	if start == nil || d.Quarter != "" { // those of a quarter have days, not minutes
		return calendar.Clock{}, false
	}
	period := start(d.At, time.Time{}).Due().Sub(d.At)
	return start(d.At.Add(-period), time.Time{}), true
}
