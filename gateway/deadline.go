package gateway

import (
	"context"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

// watchDeadlines alarms once for every deadline that has passed unmet.
func (g *Gateway) watchDeadlines(ctx context.Context, _ string) (bool, error) {
	now := g.clock()
	due, err := g.store.OpenDeadlines(ctx, now)
	if err != nil {
		return false, err
	}
	for _, d := range due {
		kept, err := g.keptInTime(ctx, d)
		if err != nil {
			return false, err
		}
		if kept {
			if err := g.store.SetDeadline(ctx, d.ID, exchange.DeadlineMet); err != nil {
				return false, err
			}
			continue
		}
		g.log.Error("deadline missed", "clause", d.Clause, "report", d.Report, "was due", d.At.Format(time.RFC3339))
		if err := g.store.SetDeadline(ctx, d.ID, exchange.DeadlineMissed); err != nil {
			return false, err
		}
	}
	return false, nil
}

// keptInTime looks for a letter that did the duty in time, where a crash came
// between its 250 or its receipt and the deadline's settling.
func (g *Gateway) keptInTime(ctx context.Context, d exchange.Deadline) (bool, error) {
	if d.Report == 0 {
		return false, nil
	}
	letters, err := g.store.Letters(ctx, queue.LetterFilter{Report: d.Report})
	intime := func(at time.Time) bool { return !at.IsZero() && !at.After(d.At) }
	for _, l := range letters {
		told := intime(l.PeerReceivedAt) && l.Verdict != exchange.VerdictRefused
		if l.Clause == d.Clause && (l.Outside && intime(l.SentAt) || told) {
			return true, err
		}
	}
	return false, err
}

// meet settles the open deadlines of a letter's report: the duty was done at
// that moment. One done too late counts as missed.
func (g *Gateway) meet(ctx context.Context, l exchange.Letter, at time.Time) error {
	if l.Clause == "" || l.Report == 0 {
		return nil
	}
	open, err := g.store.Deadlines(ctx, l.Report)
	if err != nil {
		return err
	}
	for _, d := range open {
		if d.Clause != l.Clause || d.State == exchange.DeadlineMet {
			continue
		}
		state := exchange.DeadlineMet
		if at.After(d.At) {
			state = exchange.DeadlineMissed
		}
		if d.State == state {
			continue
		}
		if err := g.store.SetDeadline(ctx, d.ID, state); err != nil {
			return err
		}
	}
	return nil
}
