package gateway

import (
	"context"
	"fmt"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/queue"
)

// holdPoison holds a message that could not be decided in limits.attempts
// tries. If its sender can still be established, it is told `held`; the
// attempt to establish it may fail again and is then left alone.
func (g *Gateway) holdPoison(ctx context.Context, a exchange.Arrival, lease string, raw []byte) error {
	w, now := g.world.Load(), g.clock()
	o := Outcome{State: exchange.ArrivalHeld, answerable: true}
	err := g.safely(func() error {
		opened, err := crypto.Open(raw, w.Keys, w.Crypto, a.ReceivedAt)
		if err != nil {
			return err
		}
		o.Opened = opened
		evidence := exchange.Evidence{Security: opened.Security, Outer: opened.Outer, Protected: opened.Protected, ReceivedAt: a.ReceivedAt}
		o.Judgement = exchange.JudgeReports(exchange.Trust(evidence, w.Register, w.Trust), evidence, w.Register, nil)
		return nil
	})
	if err != nil || o.Judgement.Refusal.Code != "" || o.automatic() || o.isMDN() {
		o = Outcome{State: exchange.ArrivalHeld}
	}
	o.Judgement.Refusal = exchange.Refusal{Code: exchange.Internal,
		Reason: fmt.Sprintf("the message could not be handled in %d attempts", g.limits.Attempts)}
	o.answer(w)
	number, err := g.store.Number(ctx, a.ID, queue.SeriesHeld)
	if err != nil {
		return transient(err)
	}
	d := decision(a, lease, &o, number, now)
	err = g.safely(func() (err error) {
		d.Letters, err = g.letters(ctx, w, a, &o, number, now)
		return err
	})
	if err != nil { // it is held all the same, and its sender hears from a person
		g.log.Error("poison cannot be answered", "arrival", a.ID, "error", err)
		d.Letters = nil
	}
	d.Alarms = w.called([]exchange.Alarm{g.alarm(exchange.Alarm{Kind: exchange.AlarmPoison, Call: exchange.CallPeople, Key: "poison:" + number, Subject: number},
		"message not judged", "arrival", a.ID, "number", number)})
	if _, err = g.store.Commit(ctx, d); err != nil {
		return err
	}
	g.tell(a, &o, number)
	return nil
}

// backlogged reports whether intake should pause: too many messages wait for
// their decision. It is asked for every message, so it looks at most once a
// second.
func (g *Gateway) backlogged(ctx context.Context) bool {
	now := g.clock()
	g.backlog.Lock()
	defer g.backlog.Unlock()
	if now.Sub(g.backlog.at).Abs() >= time.Second {
		n, err := g.store.Backlog(ctx)
		g.backlog.at, g.backlog.full = now, err == nil && n >= g.limits.Backlog
	}
	return g.backlog.full
}
