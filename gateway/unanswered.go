package gateway

import (
	"context"
	"errors"
	"fmt"

	"almasu/exchange"
	"almasu/queue"
)

// sendAgain sends the same octets once more where no receipt has come: mail is
// lost after a 250, and so are receipts. Whoever has the letter already knows
// it as a duplicate and repeats its receipt (DESIGN section 4). An addressee
// that has never answered anything may have nobody who does: it gets reports
// again, but not notices.
func (g *Gateway) sendAgain(ctx context.Context, _ string) (bool, error) {
	now := g.clock()
	open, err := g.store.Unanswered(ctx, now)
	if err != nil {
		return false, err
	}
	for _, l := range open {
		answers, err := g.answers(ctx, l)
		if err != nil {
			return false, err
		}
		if answers && now.Before(l.Expires) {
			g.log.Warn("no receipt: sent again", "letter", l.ID, "kind", l.Kind, "to", l.To, "attempts", l.Attempts)
			err = g.store.Again(ctx, l.ID)
		} else {
			err = g.raise(ctx, g.alarm(aboutLetter(exchange.AlarmNoReceipt, l, fmt.Sprint(l.Attempts)),
				"no receipt came", "letter", l.ID, "kind", l.Kind, "to", l.To, "attempts", l.Attempts))
			if err == nil {
				err = g.store.GiveUp(ctx, l.ID)
			}
		}
		if err != nil && !errors.Is(err, queue.ErrForbidden) {
			return false, err
		}
	}
	if len(open) > 0 {
		hint(g.outgoing)
	}
	return false, nil
}

// answers reports whether a receipt is to be expected from the addressee.
func (g *Gateway) answers(ctx context.Context, l exchange.Letter) (bool, error) {
	if l.Kind == exchange.LetterReport {
		return true, nil
	}
	closed, err := g.store.Letters(ctx, queue.LetterFilter{To: l.To, State: exchange.LetterClosed, Limit: 1})
	return len(closed) > 0, err
}
