package queue

import (
	"context"
	"fmt"
	"time"

	"almasu/exchange"
)

// Unanswered lists the letters that were sent, ask for a receipt and were
// waited for until now without one, the longest waited for first, without
// their Message.
func (s *Store) Unanswered(ctx context.Context, now time.Time) ([]exchange.Letter, error) {
	list, err := s.look(ctx).letters(` WHERE again_at > 0 AND again_at <= $1 ORDER BY again_at LIMIT 200`, micro(now))
	return list, wrap("letters without a receipt", err)
}

// Again puts a letter to which no receipt has come back to waiting, due at
// once, with the same octets. ErrForbidden if it was answered meanwhile.
func (s *Store) Again(ctx context.Context, id int64) error {
	return s.write(ctx, fmt.Sprintf("send letter %d again", id), func(t *tx) error {
		err := t.must(ErrForbidden, `UPDATE letter SET state = 'waiting', ready = 1, due_at = 0, again_at = 0
			WHERE id = $1 AND state = 'sent' AND again_at > 0`, id)
		if err != nil {
			return err
		}
		t.wakes = true
		return t.note("letter-again", letterObject(id))
	})
}

// Hurry sends what a deadline waits for without delay: a waiting letter is due
// at once, one that a relay of our own has taken goes again, by the next relay.
// ErrForbidden if it is on its way, or done.
func (s *Store) Hurry(ctx context.Context, id int64) error {
	return s.write(ctx, fmt.Sprintf("hurry letter %d", id), func(t *tx) error {
		err := t.must(ErrForbidden, `UPDATE letter SET state = 'waiting', ready = 1, due_at = 0, again_at = 0
			WHERE id = $1 AND ((state = 'waiting' AND ready = 2 AND lease = '') OR (state = 'sent' AND outside = 0))`, id)
		if err != nil {
			return err
		}
		t.wakes = true
		return t.note("letter-hurried", letterObject(id))
	})
}

// GiveUp ends the wait for a letter's receipt: it stays sent and open, and is
// not sent again by itself. ErrForbidden if it was answered meanwhile.
func (s *Store) GiveUp(ctx context.Context, id int64) error {
	return s.write(ctx, fmt.Sprintf("wait no longer for the receipt of letter %d", id), func(t *tx) error {
		if err := t.must(ErrForbidden, `UPDATE letter SET again_at = 0 WHERE id = $1 AND state = 'sent' AND again_at > 0`, id); err != nil {
			return err
		}
		return t.note("letter-unanswered", letterObject(id))
	})
}

// waitForLetters puts off sending again what its addressee has said it has.
func (t *tx) waitForLetters(d exchange.Decision) error {
	for _, w := range d.Waits {
		if _, err := t.exec(`UPDATE letter SET again_at = $1 WHERE id = $2 AND state = 'sent' AND again_at > 0`, micro(w.Until), w.Letter); err != nil {
			return fmt.Errorf("wait for the receipt of letter %d: %w", w.Letter, err)
		}
	}
	return nil
}
