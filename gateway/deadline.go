package gateway

import (
	"context"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

// watchDeadlines alarms once for every deadline that has passed unmet.
func (g *Gateway) watchDeadlines(ctx context.Context, _ string) (bool, error) {
	now := g.clock()
	if err := g.warnOfDeadlines(ctx, now); err != nil {
		return false, err
	}
	due, err := g.store.OpenDeadlines(ctx, now)
	if err != nil {
		return false, err
	}
	for _, d := range due {
		if strings.HasSuffix(d.Clause, proposed) { // open until a person decides
			continue
		}
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
		if err := g.miss(ctx, d); err != nil {
			return false, err
		}
	}
	return false, nil
}

// miss closes a deadline that was not met, and raises the alarm with it.
func (g *Gateway) miss(ctx context.Context, d exchange.Deadline) error {
	return g.store.SetDeadline(ctx, d.ID, exchange.DeadlineMissed, g.world.Load().called([]exchange.Alarm{g.missed(d)})...)
}

// keptInTime looks for a letter that did the duty in time, where a crash came
// between its 250 or its receipt and the deadline's settling.
func (g *Gateway) keptInTime(ctx context.Context, d exchange.Deadline) (bool, error) {
	if d.Report == 0 {
		return false, nil
	}
	letters, err := g.store.Letters(ctx, queue.LetterFilter{Report: d.Report})
	if d.Clause == forwarding {
		done, at := forwarded(letters)
		return done && !at.After(d.At), err
	}
	at := doneAt(letters, d.Clause)
	return !at.IsZero() && !at.After(d.At), err
}

// doneAt is when the first of the letters under a clause did its duty: a relay
// outside our control took it, or its addressee's receipt tells when it came
// . Zero: none has.
func doneAt(letters []exchange.Letter, clause string) (first time.Time) {
	earlier := func(at time.Time) {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	for _, l := range letters {
		if l.Clause != clause {
			continue
		}
		if l.Outside {
			earlier(l.SentAt)
		}
		if l.Verdict != exchange.VerdictRefused {
			earlier(l.PeerReceivedAt)
		}
	}
	return first
}

// meet settles the open deadlines of a letter's report: the duty was done at
// that moment. One done too late counts as missed.
func (g *Gateway) meet(ctx context.Context, l exchange.Letter, at time.Time) error {
	if l.Clause == "" || l.Report == 0 {
		return nil
	}
	if l.Clause == forwarding {
		letters, err := g.store.Letters(ctx, queue.LetterFilter{Report: l.Report})
		done, last := forwarded(letters)
		if err != nil || !done {
			return err
		}
		at = last
	}
	open, err := g.store.Deadlines(ctx, l.Report)
	if err != nil {
		return err
	}
	for _, d := range open {
		if d.Clause != l.Clause || d.State == exchange.DeadlineMet {
			continue
		}
		var err error
		switch late := at.After(d.At); {
		case late && d.State == exchange.DeadlineOpen:
			err = g.miss(ctx, d)
		case !late:
			err = g.store.SetDeadline(ctx, d.ID, exchange.DeadlineMet)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// forwarding is the clause under which a SOC passes on what the NCCIS sends.
// Its deadline is met when every addressee was served, also by a relay of our
// own; one without a key keeps it open, for delivery by another way.
const forwarding = "5"

// forwarded reports whether all letters of clause 5 about a report have gone,
// and when the last one did. For an addressee that asked for a digest its own
// wish counts, not our target: its notice is done when it is gathered. A letter
// that was sealed anew has a successor; all replaced means all in digests.
func forwarded(letters []exchange.Letter) (done bool, last time.Time) {
	for _, l := range letters {
		if l.Clause != forwarding {
			continue
		}
		at := l.SentAt
		if l.State == exchange.LetterReplaced || l.State == exchange.LetterGathered {
			at = l.CreatedAt
		}
		if at.IsZero() {
			return false, time.Time{}
		}
		if done = true; at.After(last) {
			last = at
		}
	}
	return done, last
}
