package gateway

import (
	"context"
	"time"
)

// eraseHour is when the daily job begins, on the clock of the exchange.
const eraseHour = 3

// eraseDaily deletes, once a night, the octets that have outlived their period
// (clause 8). A night that was slept over is made up for by the next one.
func (g *Gateway) eraseDaily(ctx context.Context, _ string) (bool, error) {
	w := g.world.Load()
	now := g.clock().In(w.Zone)
	night := time.Date(now.Year(), now.Month(), now.Day(), eraseHour, 0, 0, 0, w.Zone)
	if now.Before(night) || !now.Before(night.Add(time.Hour)) || !g.erased.Before(night) {
		return false, nil
	}
	e, err := g.store.Erase(ctx, w.Retention, "gateway")
	if err != nil {
		return false, err
	}
	g.erased = night
	if e.Total() > 0 {
		g.log.Info("deleted after their period", "reports", e.Reports, "mails", e.Mails, "letters", e.Letters, "measures", e.Measures)
	}
	return false, nil
}
