package gateway

import (
	"context"
	"time"

	"almasu/exchange"
	"almasu/rules/calendar"
)

// warnOfDeadlines alarms before a deadline has passed: clause 9 after 5, 10 and
// 13 minutes, clause 5 after 45, changed contact data (clause 17) after 5. Each warning is told once by a running
// gateway; one that starts later tells those whose time comes from then on.
func (g *Gateway) warnOfDeadlines(ctx context.Context, now time.Time) error {
	since := g.warned
	if g.warned = now; since.IsZero() {
		since = now.Add(-scanEvery)
	}
	open, err := g.store.OpenDeadlines(ctx, now.Add(time.Hour))
	for _, d := range open {
		clock, runs := clockOf(d)
		if !runs {
			continue
		}
		for _, a := range clock.Fired(since, now) {
			if !a.Overdue { // that one is watchDeadlines'
				g.log.Warn("deadline near", "clause", d.Clause, "report", d.Report, "minutes left", int(d.At.Sub(a.At)/time.Minute), "for", a.To)
			}
		}
	}
	return err
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
