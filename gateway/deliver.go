package gateway

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"almasu/exchange"
	"almasu/mailout"
)

// sendNext leases the next letter that is due and hands it to the relays. The
// lease is short and renewed: a killed sender's letter must not lose the
// minutes of clause 9.
func (g *Gateway) sendNext(ctx context.Context, worker string) (bool, error) {
	l, lease, err := g.store.LeaseLetter(ctx, worker, g.limits.Lease)
	if err != nil || l == nil {
		return false, err
	}
	working, stop := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		g.renew(working, fmt.Sprintf("letter %d", l.ID), func() error { return g.store.RenewLetter(working, l.ID, lease, g.limits.Lease) })
	})
	err = g.deliver(ctx, *l, lease)
	stop()
	renewing.Wait()
	return true, err
}

// deliver is the road of one letter: sent, later or never (DESIGN section 5).
func (g *Gateway) deliver(ctx context.Context, l exchange.Letter, lease string) error {
	now := g.clock()
	if now.After(l.Expires) {
		if err := g.raise(ctx, g.alarm(aboutLetter(exchange.AlarmLetterNever, l, fmt.Sprint(l.Attempts)),
			"letter given up", "letter", l.ID, "to", l.To, "kind", l.Kind, "reply", l.Reply)); err != nil {
			return err
		}
		return g.store.Never(ctx, l.ID, lease, exchange.Attempt{Outcome: exchange.OutcomeNever, At: now, Relay: l.Relay,
			Text: "limits.retry_life has ended; last reply: " + l.Reply})
	}
	if w := g.world.Load(); now.Sub(l.CreatedAt) > w.Trust.SigningAge/2 {
		return g.sealAnew(ctx, w, l, lease, now)
	}
	attempts := g.sender.Send(ctx, l)
	if len(attempts) == 0 { // the context ended before the first relay
		return ctx.Err()
	}
	ctx = context.WithoutCancel(ctx)
	return errors.Join(g.tellFaults(ctx, attempts), g.conclude(ctx, l, lease, attempts))
}

// tellFaults alarms for relays that are at fault, each once an hour.
func (g *Gateway) tellFaults(ctx context.Context, attempts []exchange.Attempt) error {
	var alarms []exchange.Alarm
	for _, a := range attempts {
		if a.RelayFault {
			alarms = append(alarms, g.alarm(exchange.Alarm{Kind: exchange.AlarmRelayFault, Call: exchange.CallPeople, Subject: "relay " + a.Relay,
				Key: "relay:" + a.Relay + ":" + a.At.UTC().Format("2006-01-02T15")}, "relay at fault", "relay", a.Relay, "code", a.Code, "reply", a.Text))
		}
	}
	return g.raise(ctx, alarms...)
}

// conclude writes down what the last attempt came to. It must not be cut off
// by a shutdown: a 250 that is not written down means a second copy.
func (g *Gateway) conclude(ctx context.Context, l exchange.Letter, lease string, attempts []exchange.Attempt) error {
	last := attempts[len(attempts)-1]
	switch last.Outcome {
	case exchange.OutcomeSent:
		if err := g.store.Sent(ctx, l.ID, lease, attempts...); err != nil {
			return err
		}
		g.log.Info("letter sent", "letter", l.ID, "kind", l.Kind, "to", l.To, "relay", last.Relay, "tls", last.TLS)
		if last.Outside || l.Clause == forwarding {
			return g.meet(ctx, l, last.At) // the first 250 outside our control
		}
		return nil
	case exchange.OutcomeNever:
		if err := g.raise(ctx, g.alarm(aboutLetter(exchange.AlarmLetterNever, l, fmt.Sprint(l.Attempts)),
			"letter refused for good", "letter", l.ID, "kind", l.Kind, "to", l.To, "code", last.Code, "reply", last.Text)); err != nil {
			return err
		}
		return g.store.Never(ctx, l.ID, lease, attempts...)
	}
	next := last.At.Add(mailout.Backoff(l.Attempts, rand.Float64))
	g.log.Warn("letter waits", "letter", l.ID, "kind", l.Kind, "to", l.To, "relay", last.Relay, "code", last.Code,
		"reply", last.Text, "next", next.Format(time.RFC3339))
	return g.store.Later(ctx, l.ID, lease, next, attempts...)
}
