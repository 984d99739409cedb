package gateway

import (
	"context"
	"fmt"
	"slices"
	"time"

	"almasu/exchange"
)

// failure is an errand that has failed too long, as it was when it was looked at.
type failure struct {
	errand *errand
	what   string
	since  time.Time
	err    error
}

// alarmOfRevocation alarms once for what has failed too long. What joins it
// while the alarm stands is only logged: where a whole network is cut off, one
// alarm says so.
func (g *Gateway) alarmOfRevocation(ctx context.Context, now time.Time) error {
	e := &g.revocation
	failed, required := e.failed(now)
	if len(failed) == 0 {
		return nil
	}
	var a exchange.Alarm
	for _, one := range failed {
		about := []any{"certificate", one.what, "since", one.since.Format(time.RFC3339), "error", one.err,
			"hint", "`almasu check` tries each source; a CRL fetched by hand counts under trust.crls"}
		if e.alarmed || a.Kind != "" {
			g.log.Warn("revocation unknown as well", about...)
			continue
		}
		a = exchange.Alarm{Kind: exchange.AlarmRevocation, Call: exchange.CallDuty, Subject: fmt.Sprintf("%d certificates", len(failed)),
			Key: "revocation:" + one.what + ":" + one.since.UTC().Format(time.RFC3339)}
		if required {
			a.Call = exchange.CallPeople // messages wait for it
		}
		a = g.alarm(a, "revocation not known", about...)
	}
	if a.Kind != "" {
		if err := g.raise(ctx, a); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, one := range failed {
		one.errand.told = true
	}
	e.alarmed = true
	return nil
}

// failed lists what has failed for too long and was not told yet, the longest
// first. Where nothing fails any more that anybody still wants the alarm is over.
func (e *errands) failed(now time.Time) (out []failure, required bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	standing := false
	for _, one := range e.list {
		if now.Sub(one.wanted) > e.settings.unwanted() {
			continue
		}
		standing = standing || one.told
		if !one.told && !one.failing.IsZero() && now.Sub(one.failing) >= e.settings.Alarm {
			out = append(out, failure{one, one.what, one.failing, one.err})
		}
	}
	e.alarmed = e.alarmed && standing
	slices.SortFunc(out, func(a, b failure) int { return a.since.Compare(b.since) })
	return out, e.settings.Required
}
