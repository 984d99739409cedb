package queue

import (
	"context"
	"fmt"
	"time"

	"almasu/exchange"
)

// letterState finds the state of a letter that a decision speaks of.
func (t *tx) letterState(id int64) (state exchange.LetterState, delivery string, err error) {
	known, err := t.found(`SELECT state, delivery FROM letter WHERE id = $1`, []any{id}, &state, &delivery)
	if err == nil && !known {
		err = fmt.Errorf("letter %d: %w", id, ErrNotFound)
	}
	return state, delivery, err
}

// closeLetters closes letters by authenticated receipts. The first receipt
// counts; what cannot be closed any more is only noted.
func (t *tx) closeLetters(d exchange.Decision) error {
	for _, c := range d.Closes {
		state, _, err := t.letterState(c.Letter)
		if err != nil {
			return fmt.Errorf("close by a receipt: %w", err)
		}
		event := "letter-closed"
		if !mayMove(exchange.LetterTransitions(), state, exchange.LetterClosed) {
			event = "receipt-again"
		} else if err := t.closeLetter(d, c); err != nil {
			return fmt.Errorf("close letter %d: %w", c.Letter, err)
		}
		if err := t.note(event, letterObject(c.Letter), "verdict", string(c.Verdict), "number", c.Number, "arrival", orBlank(c.Arrival)); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) closeLetter(d exchange.Decision, c exchange.Close) error {
	if c.At.IsZero() {
		c.At = d.At
	}
	if c.Arrival == 0 {
		c.Arrival = d.Arrival
	}
	if c.Verdict == exchange.VerdictRefused {
		if err := t.undo(c.Letter); err != nil {
			return err
		}
	}
	_, err := t.exec(`UPDATE letter SET state = 'closed', ready = 0, again_at = 0, lease = '', worker = '', closed_at = $1, verdict = $2, number = $3,
		receipt_arrival = $4, peer_received_at = $5, peer_decided_at = $6 WHERE id = $7`, micro(c.At), string(c.Verdict), clean(c.Number), c.Arrival,
		micro(c.PeerReceivedAt), micro(c.PeerDecidedAt), c.Letter)
	return err
}

// secondLife is how long a letter that came back is tried at least: relays
// give up after days, when its own life has ended.
const secondLife = 24 * time.Hour

// hintLetters notes what delivery reports say. Such a report is not
// authenticated: the most it does is to have a letter sent once more.
func (t *tx) hintLetters(d exchange.Decision) error {
	for _, h := range d.Hints {
		state, _, err := t.letterState(h.Letter)
		if err != nil {
			return fmt.Errorf("delivery report: %w", err)
		}
		if _, err := t.exec(`UPDATE letter SET delivery = $1 WHERE id = $2`, clean(h.Action), h.Letter); err != nil {
			return fmt.Errorf("delivery report on letter %d: %w", h.Letter, err)
		}
		requeue := h.Requeue && state == exchange.LetterSent
		if requeue {
			if _, err := t.exec(`UPDATE letter SET state = 'waiting', ready = 1, due_at = 0, again_at = 0,
				expires_at = CASE WHEN expires_at < $1 THEN $1 ELSE expires_at END WHERE id = $2`, micro(t.now.Add(secondLife)), h.Letter); err != nil {
				return fmt.Errorf("send letter %d once more: %w", h.Letter, err)
			}
		}
		event := "delivery-" + h.Action
		if requeue {
			event = "letter-requeued"
		}
		if err := t.note(event, letterObject(h.Letter), "action", h.Action, "class", h.Class, "status", h.Status,
			"address", h.Address, "dialect", h.Dialect, "text", h.Text, "arrival", orBlank(d.Arrival)); err != nil {
			return err
		}
	}
	return nil
}

// Hinted is what a delivery report said of a letter, and when it came.
type Hinted struct {
	exchange.Hint
	At    time.Time
	Reply bool // an automatic reply, which says nothing of delivery
}

// HintsOf lists what came back about a letter without anybody vouching for it:
// delivery reports and automatic replies, oldest first.
func (s *Store) HintsOf(ctx context.Context, letter int64) ([]Hinted, error) {
	events, err := s.EventsOf(ctx, letterObject(letter))
	var out []Hinted
	for _, e := range events {
		d := e.Detail
		if d["action"] != "" || e.Name == ReplyEvent {
			out = append(out, Hinted{At: e.At, Reply: e.Name == ReplyEvent, Hint: exchange.Hint{Letter: letter, Action: d["action"], Class: d["class"],
				Status: d["status"], Address: d["address"], Dialect: d["dialect"], Text: d["text"], Requeue: e.Name == "letter-requeued"}})
		}
	}
	return out, wrap(fmt.Sprintf("delivery reports on letter %d", letter), err)
}

// ReplyEvent names the journal's rows about automatic replies to letters.
const ReplyEvent = "automatic-reply"

// replaceLetters retires letters that were sealed anew. Under a lease only its
// holder may; a letter on its way by another worker is not replaced.
func (t *tx) replaceLetters(d exchange.Decision) error {
	for _, r := range d.Replaces {
		err := t.must(ErrLeaseLost, `UPDATE letter SET state = 'replaced', ready = 0, lease = '', worker = ''
			WHERE id = $1 AND (state IN ('blocked', 'gathered') OR (state = 'waiting' AND (ready = 1 OR lease = $2)))`, r.Letter, r.Lease)
		if err != nil {
			return fmt.Errorf("replace letter %d: %w", r.Letter, err)
		}
		if err := t.note("letter-replaced", letterObject(r.Letter)); err != nil {
			return err
		}
	}
	return nil
}
