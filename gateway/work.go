package gateway

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

// scanEvery is how often the workers look without being hinted: hints get
// lost, the scan is the truth.
const scanEvery = time.Second

// Run walks both roads until the context ends: workers that judge what
// arrived, senders that send what waits, and the clock of the deadlines. It
// returns when all of them have stopped.
func (g *Gateway) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for i := range g.limits.Workers {
		all.Go(func() { g.loop(ctx, g.incoming, workerName("judge", i), g.judgeNext) })
	}
	for i := range g.limits.Senders {
		all.Go(func() { g.loop(ctx, g.outgoing, workerName("send", i), g.sendNext) })
	}
	all.Go(func() { g.loop(ctx, nil, "deadlines", g.watchDeadlines) })
	all.Go(func() { g.loop(ctx, nil, "alarms", g.tellAlarms) })
	all.Go(func() { g.loop(ctx, nil, "requests", g.watchRequests) })
	all.Go(func() { g.loop(ctx, nil, "digests", g.sendDigests) })
	all.Go(func() { g.loop(ctx, nil, "retention", g.eraseDaily) })
	all.Go(func() { g.loop(ctx, nil, "blocked", g.unblock) })
	all.Go(func() { g.loop(ctx, nil, "unanswered", g.sendAgain) })
	all.Go(func() { g.loop(ctx, nil, "register", g.followRegister) })
	all.Go(func() { g.loop(ctx, nil, "keys", g.watchKeys) })
	all.Go(func() { g.loop(ctx, nil, "duties", g.watchDuties) })
	all.Go(func() { g.loop(ctx, nil, "revocation", g.watchRevocation) })
	for i := range fetchers {
		all.Go(func() { g.loop(ctx, g.revocation.wake, workerName("fetch", i), g.fetchNext) })
	}
	all.Wait()
	return ctx.Err()
}

// fetchers is how many services of authorities are asked at the same time: one
// that does not answer keeps the others waiting no longer than that.
const fetchers = 4

func workerName(what string, i int) string { return fmt.Sprintf("%s-%d-%d", what, os.Getpid(), i) }

// loop calls next until it says that there is nothing left, then waits for a
// hint or the scan. A failing store slows it down; it never ends the loop.
func (g *Gateway) loop(ctx context.Context, wake chan struct{}, name string, next func(context.Context, string) (bool, error)) {
	tick := time.NewTicker(scanEvery)
	defer tick.Stop()
	last := ""
	for ctx.Err() == nil {
		more, err := next(ctx, name)
		if err != nil && ctx.Err() == nil && err.Error() != last { // the same failure is told once
			last = err.Error()
			g.log.Error("worker", "name", name, "error", err)
		}
		if err == nil {
			last = ""
		}
		if more && err == nil {
			hint(wake) // there may be more: wake a colleague
			continue
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-tick.C:
		}
	}
}

// judgeNext leases the next arrival and walks it down the road. One that was
// tried before without an end may have killed the process: it is judged alone,
// so that it takes nobody with it and no other attempt is counted by its fault.
func (g *Gateway) judgeNext(ctx context.Context, worker string) (bool, error) {
	g.alone.RLock()
	a, lease, err := g.store.ClaimArrival(ctx, worker, g.limits.Lease)
	if err != nil || a == nil {
		g.alone.RUnlock()
		return false, err
	}
	if a.Attempts <= 1 {
		defer g.alone.RUnlock()
		return true, g.work(ctx, *a, lease, func() {})
	}
	g.alone.RUnlock()
	if !g.suspect.TryLock() { // another one is under way
		return true, g.store.Back(ctx, a.ID, lease, g.clock().Add(scanEvery/10))
	}
	defer g.suspect.Unlock()
	defer g.alone.Unlock()
	return true, g.work(ctx, *a, lease, g.alone.Lock)
}

// work holds the lease of one message while it waits for its turn and for
// memory and while it is judged.
func (g *Gateway) work(ctx context.Context, a exchange.Arrival, lease string, turn func()) error {
	held, release := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() {
		g.renew(held, fmt.Sprintf("arrival %d", a.ID), func() error { return g.store.Renew(held, a.ID, lease, g.limits.Lease) })
	})
	turn()
	err := g.judge(ctx, a, lease)
	release()
	renewing.Wait()
	return g.giveBack(ctx, a, lease, err)
}

// judge reads a message once there is room for it and judges it in its time.
func (g *Gateway) judge(ctx context.Context, a exchange.Arrival, lease string) error {
	done, err := g.budget.take(ctx, a.Size)
	if err != nil {
		return transient(err)
	}
	defer done()
	raw, err := g.store.Raw(ctx, a.ID)
	if err != nil {
		return transient(err)
	}
	working, stop := context.WithTimeout(ctx, g.limits.Budget)
	defer stop()
	err = g.safely(func() error { return g.handle(working, a, lease, raw) })
	if err != nil && ctx.Err() == nil && working.Err() != nil {
		err = fmt.Errorf("%w of %s: %w", errBudget, g.limits.Budget, err)
	}
	return err
}

// lostLeases is how many leases that were simply lost weigh as much as one
// failure that was seen. A message may kill the process it is judged in, but a
// process is killed for other reasons as well, and then every message that was
// in work loses its lease.
const lostLeases = 5

func (g *Gateway) handle(ctx context.Context, a exchange.Arrival, lease string, raw []byte) error {
	if a.Failures >= g.limits.Attempts || a.Attempts > g.limits.Attempts*lostLeases {
		return g.holdPoison(ctx, a, lease, raw)
	}
	return g.receive(ctx, a, lease, raw)
}

// renew keeps the lease of what is in work until the context ends.
func (g *Gateway) renew(ctx context.Context, what string, again func() error) {
	tick := time.NewTicker(g.limits.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := again(); err != nil && ctx.Err() == nil {
				g.log.Warn("lease not renewed", "of", what, "error", err)
			}
		}
	}
}

// errBudget says that a message took longer than it may. That is how poison
// shows, whatever failed in the end.
var errBudget = errors.New("the message exceeded its budget")

// giveBack returns a message that was not decided: after a transient failure
// without counting the attempt, otherwise as a failure (poison).
func (g *Gateway) giveBack(ctx context.Context, a exchange.Arrival, lease string, err error) error {
	var passing errTransient
	var later errLater
	switch {
	case errors.As(err, &later):
		return g.store.Back(context.WithoutCancel(ctx), a.ID, lease, later.at)
	case err == nil || errors.Is(err, queue.ErrLeaseLost):
		return nil
	case errors.Is(err, queue.ErrConflict):
		return g.store.Back(ctx, a.ID, lease, g.clock())
	case ctx.Err() != nil || errors.As(err, &passing) && !errors.Is(err, errUnwritable) && !errors.Is(err, errBudget):
		back := g.store.Back(context.WithoutCancel(ctx), a.ID, lease, g.clock().Add(5*time.Second))
		return errors.Join(fmt.Errorf("arrival %d: %w", a.ID, err), back)
	}
	failed := g.store.Fail(context.WithoutCancel(ctx), a.ID, lease, g.clock().Add(5*time.Second))
	return errors.Join(fmt.Errorf("arrival %d, failure %d of %d: %w", a.ID, a.Failures+1, g.limits.Attempts, err), failed)
}
