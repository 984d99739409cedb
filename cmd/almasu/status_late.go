package main

import (
	"context"
	"time"

	"almasu/config"
	"almasu/queue"
)

// lateStatus is the JSON object of one incident report that came, or was sent,
// later than 15 minutes from its confirmation (clause 9).
type lateStatus struct {
	ID          string `json:"id"`
	Participant string `json:"participant"`
	Number      string `json:"number,omitempty"`
	ConfirmedAt string `json:"confirmed_at"`
	Due         string `json:"due"`
	ReceivedAt  string `json:"received_at,omitempty"` // here; of our own reports: see almasu status ID
	Late        string `json:"late,omitempty"`
}

func describeLate(l queue.Late, c *config.Config) lateStatus {
	s := lateStatus{ID: l.Key.ID, Participant: l.Participant, Number: l.Number, ConfirmedAt: stamp(l.ConfirmedAt, c), Due: stamp(l.Due, c)}
	if !l.Outgoing {
		s.ReceivedAt, s.Late = stamp(l.ReceivedAt, c), l.ReceivedAt.Sub(l.Due).Round(time.Second).String()
	}
	return s
}

// statusOfLate lists the late reports of a time.
func statusOfLate(ctx context.Context, g *globals, c *config.Config, store *queue.Store, since time.Duration) error {
	late, err := store.LateReports(ctx, "9", g.Now().Add(-since), 0)
	for _, l := range late {
		s := describeLate(l, c)
		if err := printOne(g, s, "%s of %s %s: confirmed %s, due %s, received %s, late by %s\n", s.ID, s.Participant, s.Number, s.ConfirmedAt, s.Due,
			orNone(s.ReceivedAt), orNone(s.Late)); err != nil {
			return err
		}
	}
	return err
}

// countLate adds to the overview what is late and what is asked.
func countLate(ctx context.Context, g *globals, store *queue.Store, o *overview) error {
	late, err := store.LateReports(ctx, "9", g.Now().Add(-24*time.Hour), 0)
	if err != nil {
		return err
	}
	requests, err := store.Requests(ctx, queue.RequestFilter{Open: true})
	o.Late, o.Requests = len(late), len(requests)
	return err
}
