package queue

import (
	"context"
	"time"

	"almasu/exchange"
)

// RelayHealth is what the latest attempts say of one relay.
type RelayHealth struct {
	Relay    string
	Sent     int       // attempts it took
	Failed   int       // attempts it did not take
	LastSent time.Time // zero: none of them
	LastFail time.Time
	Reply    string // of the latest attempt
}

// healthLetters is how many of the latest letters are looked at.
const healthLetters = 500

// Relays tells how each relay fared with the latest letters that were tried,
// by the name of the relay. It answers at once however many letters there are.
func (s *Store) Relays(ctx context.Context) ([]RelayHealth, error) {
	var out []RelayHealth
	at := map[string]int{}
	err := s.look(ctx).each(`SELECT relay, outcome, at, code, text FROM attempt
		WHERE letter > (SELECT COALESCE(max(id), 0) - $1 FROM letter) ORDER BY letter, seq`, []any{healthLetters},
		func(scan func(...any) error) error {
			var relay, outcome, text string
			var moment, code int64
			if err := scan(&relay, &outcome, &moment, &code, &text); err != nil || relay == "" {
				return err
			}
			i, known := at[relay]
			if !known {
				i = len(out)
				at[relay], out = i, append(out, RelayHealth{Relay: relay})
			}
			out[i].note(outcome, fromMicro(moment), code, text)
			return nil
		})
	return out, wrap("health of the relays", err)
}

func (h *RelayHealth) note(outcome string, at time.Time, code int64, text string) {
	last := &h.LastFail
	if outcome == string(exchange.OutcomeSent) {
		last = &h.LastSent
		h.Sent++
	} else {
		h.Failed++
	}
	if !at.Before(h.LastSent) && !at.Before(h.LastFail) {
		h.Reply = reply(exchange.Attempt{Code: int(code), Text: text})
	}
	if at.After(*last) {
		*last = at
	}
}
