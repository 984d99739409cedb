package gateway

import (
	"context"
	"errors"
	"time"

	"almasu/crypto"
	"almasu/revocation"
)

// fetchNext runs the errand that waited longest for its turn.
func (g *Gateway) fetchNext(ctx context.Context, _ string) (bool, error) {
	e := &g.revocation
	e.mu.Lock()
	var one *errand
	for _, o := range e.list {
		if o.waits && (one == nil || o.next.Before(one.next)) {
			one = o
		}
	}
	if one == nil {
		e.mu.Unlock()
		return false, nil
	}
	one.waits, one.running = false, true
	settings := e.settings
	e.mu.Unlock()
	err := g.run(ctx, one, settings)
	g.returned(one, err)
	return true, nil
}

// returned notes how an errand ended.
func (g *Gateway) returned(one *errand, err error) {
	now, e := g.clock(), &g.revocation
	e.mu.Lock()
	defer e.mu.Unlock()
	one.running, one.next, one.err = false, now.Add(e.settings.Retry), err
	one.asked++
	switch {
	case err == nil && one.told:
		g.log.Info("revocation known again", "certificate", one.what)
		fallthrough
	case err == nil:
		one.failing, one.told = time.Time{}, false
	case one.failing.IsZero():
		one.failing = now
		g.log.Warn("revocation not fetched", "certificate", one.what, "error", err, "next", one.next.Format(time.RFC3339))
	}
	hint(g.incoming)
}

// errNoSource is about a certificate that cannot be asked about.
var errNoSource = errors.New("nobody can be asked: its certificate names no OCSP responder and no CRL, or trust.fetch is off; write the CRL into trust.crls")

// run asks until the certificate is known to be good or revoked: a responder,
// or else its lists, and with those what changed since.
func (g *Gateway) run(ctx context.Context, one *errand, settings Fetching) error {
	if len(one.questions) == 0 || settings.Fetcher == nil {
		return errNoSource
	}
	var all []error
	settled := false
	questions := one.questions
	if one.need != nil {
		if one.need.Settled(g.revocation.atHand(one), g.clock().Add(settings.Ahead)) {
			return nil // by a list that was fetched for another certificate
		}
		questions = one.need.Questions() // each time with another nonce
	}
	for _, q := range questions {
		if settled && !q.Changes {
			continue
		}
		err := g.ask(ctx, q, settings)
		if err != nil {
			all = append(all, err)
		}
		if one.need == nil {
			return err
		}
		if settled = settled || one.need.Settled(g.revocation.atHand(one), g.clock()); settled && q.Body != nil {
			return nil
		}
	}
	if settled {
		return nil
	}
	if all == nil {
		all = append(all, errors.New("no answer is about the certificate"))
	}
	return errors.Join(all...)
}

// atHand are the answers to the questions of an errand.
func (e *errands) atHand(one *errand) []crypto.Answer {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []crypto.Answer
	for _, q := range one.questions {
		if a, ok := e.answers[q.Key]; ok {
			out = append(out, a)
		}
	}
	return out
}

// ask fetches one answer and puts it in force. What is genuine but too old is
// in force as well: it says so itself, and is a negative result.
func (g *Gateway) ask(ctx context.Context, q crypto.Question, settings Fetching) error {
	err := settings.Fetcher.Get(ctx, g.asking(q, settings.Ahead))
	if errors.Is(err, revocation.ErrNotKept) {
		g.log.Warn("revocation not kept", "url", q.URL, "error", err)
		return nil
	}
	if q.Again != nil && errors.Is(err, revocation.ErrAnswer) && g.revocation.missing(q.Key) {
		return errors.Join(err, g.ask(ctx, *q.Again, settings))
	}
	return err
}

func (e *errands) missing(key string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, ok := e.answers[key]
	return !ok
}

func (g *Gateway) asking(q crypto.Question, ahead time.Duration) revocation.Ask {
	return revocation.Ask{Key: q.Key, URL: q.URL, Body: q.Body, Judge: func(b []byte, fetched bool) error {
		now := g.clock()
		a, err := q.Read(b, now, fetched)
		if a.CRL != nil || a.OCSP != nil {
			g.learn(q.Key, a, now)
		}
		if err == nil && !fetched && a.Until.Before(now.Add(ahead)) {
			return crypto.ErrStale // good for now, and time to ask again
		}
		return err
	}}
}

// learn puts an answer in force, unless a newer one is: whoever sits on the way
// cannot take a revocation back by an old list.
func (g *Gateway) learn(key string, a crypto.Answer, now time.Time) {
	e := &g.revocation
	e.mu.Lock()
	defer e.mu.Unlock()
	if a.Made.Before(e.answers[key].Made) {
		return
	}
	e.answers[key], e.taken = a, now
	w := *g.world.Load()
	w.Keys = e.into(w.Keys)
	g.world.Store(&w)
}
