package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"almasu/exchange"
)

// LeaseLetter takes the oldest waiting letter that is due, with its Message,
// for d; nil if none is. So the letters of one addressee leave in the order
// they were composed, unless one of them has to wait. A lease that ran out
// makes the letter due again. Whether its life has ended is for the caller to
// see (Expires) and to answer with Never.
func (s *Store) LeaseLetter(ctx context.Context, worker string, d time.Duration) (*exchange.Letter, string, error) {
	var l *exchange.Letter
	lease := newToken()
	err := s.writeSoft(ctx, "lease a letter", func(t *tx) error {
		l = nil
		if _, err := t.exec(`UPDATE letter SET ready = 1 WHERE ready = 2 AND due_at <= $1`, micro(t.now)); err != nil {
			return err
		}
		st, err := t.stmts.stmt(t.ctx, `UPDATE letter SET ready = 2, due_at = $1, lease = $2, worker = $3
			WHERE id = (SELECT id FROM letter WHERE ready = 1 ORDER BY id LIMIT 1)
			RETURNING `+letterColumns)
		if err != nil {
			return err
		}
		got, err := scanLetter(st.QueryRowContext(t.ctx, micro(t.now.Add(d)), lease, clean(worker)).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		l = &got
		return err
	})
	if err != nil || l == nil {
		return nil, "", err
	}
	if l.Message, err = s.look(ctx).message(l.ID); err != nil {
		return nil, "", fmt.Errorf("lease letter %d: %w", l.ID, err)
	}
	return l, lease, nil
}

// RenewLetter holds a letter's lease for another d from now.
func (s *Store) RenewLetter(ctx context.Context, id int64, lease string, d time.Duration) error {
	return s.writeSoft(ctx, fmt.Sprintf("renew the lease of letter %d", id), func(t *tx) error {
		return t.must(ErrLeaseLost, `UPDATE letter SET ready = 2, due_at = $1 WHERE id = $2 AND lease = $3 AND lease <> '' AND state = 'waiting'`,
			micro(t.now.Add(d)), id, lease)
	})
}

// Sent notes that a relay took the letter. tried are the attempts made, the
// last of them the one that counts.
func (s *Store) Sent(ctx context.Context, id int64, lease string, tried ...exchange.Attempt) error {
	return s.write(ctx, fmt.Sprintf("letter %d sent", id), func(t *tx) error {
		last, err := lastOf(tried)
		if err != nil {
			return err
		}
		if err := t.must(ErrLeaseLost, `UPDATE letter SET state = 'sent', ready = 0, lease = '', worker = '', attempts = attempts + 1,
				sent_at = $1, outside = $2, relay = $3, reply = $4,
				again_at = CASE WHEN wants_receipt = 1 AND patience > 0 THEN CAST($1 AS BIGINT) + patience ELSE 0 END, patience = patience * 3
			WHERE id = $5 AND lease = $6 AND lease <> '' AND state = 'waiting'`,
			micro(t.orNow(last.At)), asInt(last.Outside), clean(last.Relay), reply(last), id, lease); err != nil {
			return err
		}
		return t.tried(id, "letter-sent", tried)
	})
}

// Later keeps the letter waiting and makes it due again at next.
func (s *Store) Later(ctx context.Context, id int64, lease string, next time.Time, tried ...exchange.Attempt) error {
	return s.write(ctx, fmt.Sprintf("letter %d later", id), func(t *tx) error {
		last, err := lastOf(tried)
		if err != nil {
			return err
		}
		if err := t.must(ErrLeaseLost, `UPDATE letter SET ready = $1, due_at = $2, lease = '', worker = '', attempts = attempts + 1,
				relay = $3, reply = $4
			WHERE id = $5 AND lease = $6 AND lease <> '' AND state = 'waiting'`,
			t.line(next), micro(next), clean(last.Relay), reply(last), id, lease); err != nil {
			return err
		}
		t.wakes = true
		return t.tried(id, "letter-later", tried)
	})
}

// Never gives the letter up: every relay refused it for good, or its life has
// ended. tried may be empty in the second case.
func (s *Store) Never(ctx context.Context, id int64, lease string, tried ...exchange.Attempt) error {
	return s.write(ctx, fmt.Sprintf("letter %d never", id), func(t *tx) error {
		last, _ := lastOf(tried)
		if err := t.must(ErrLeaseLost, `UPDATE letter SET state = 'never', ready = 0, lease = '', worker = '', attempts = attempts + $1,
				relay = CASE WHEN $2 = '' THEN relay ELSE $2 END, reply = CASE WHEN $2 = '' THEN reply ELSE $3 END
			WHERE id = $4 AND lease = $5 AND lease <> '' AND state = 'waiting'`,
			asInt(len(tried) > 0), clean(last.Relay), reply(last), id, lease); err != nil {
			return err
		}
		return t.tried(id, "letter-never", tried)
	})
}

// Retry puts a letter that was given up, or whose delivery failed, back to
// waiting, due at once and with its life counted anew from now.
func (s *Store) Retry(ctx context.Context, id int64, actor string) error {
	return s.write(ctx, fmt.Sprintf("retry letter %d", id), func(t *tx) error {
		err := t.must(ErrForbidden, `UPDATE letter SET state = 'waiting', ready = 1, due_at = 0, again_at = 0, lease = '', attempts = 0,
				expires_at = CASE WHEN expires_at = 0 THEN 0 ELSE CAST($1 AS BIGINT) + (expires_at - created_at) END
			WHERE id = $2 AND erased_at = 0 AND (state = 'never' OR (state = 'sent' AND delivery = 'failed'))`, micro(t.now), id)
		if err != nil {
			return err
		}
		t.wakes = true
		return t.noteBy(actor, "letter-retry", letterObject(id))
	})
}

// NextDue is when the next waiting letter becomes due; a moment that is past
// if one is due now, zero if none waits.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) {
	v := s.look(ctx)
	var one, at int64
	ready, err := v.found(`SELECT 1 FROM letter WHERE ready = 1 LIMIT 1`, nil, &one)
	if err != nil || ready {
		return fromMicro(1), wrap("next letter due", err)
	}
	_, err = v.found(`SELECT due_at FROM letter WHERE ready = 2 ORDER BY due_at LIMIT 1`, nil, &at)
	return fromMicro(at), wrap("next letter due", err)
}

// Attempts lists the attempts to send a letter, oldest first.
func (s *Store) Attempts(ctx context.Context, letter int64) ([]exchange.Attempt, error) {
	var out []exchange.Attempt
	err := s.look(ctx).each(`SELECT outcome, at, relay, outside, code, enhanced, text, tls, relay_fault FROM attempt WHERE letter = $1 ORDER BY seq`,
		[]any{letter}, func(scan func(...any) error) error {
			var a exchange.Attempt
			var at int64
			err := scan(&a.Outcome, &at, &a.Relay, &a.Outside, &a.Code, &a.Enhanced, &a.Text, &a.TLS, &a.RelayFault)
			a.At = fromMicro(at)
			out = append(out, a)
			return err
		})
	return out, wrap(fmt.Sprintf("attempts of letter %d", letter), err)
}

// tried keeps the attempts and writes what came of them into the journal.
func (t *tx) tried(letter int64, event string, tried []exchange.Attempt) error {
	for _, a := range tried {
		_, err := t.exec(`INSERT INTO attempt (letter, seq, outcome, at, relay, outside, code, enhanced, text, tls, relay_fault)
			VALUES ($1, (SELECT COALESCE(max(seq), 0) + 1 FROM attempt WHERE letter = $1), $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			letter, string(a.Outcome), micro(t.orNow(a.At)), clean(a.Relay), asInt(a.Outside), int64(a.Code), clean(a.Enhanced), clean(a.Text),
			clean(a.TLS), asInt(a.RelayFault))
		if err != nil {
			return fmt.Errorf("keep an attempt: %w", err)
		}
	}
	last, _ := lastOf(tried)
	return t.note(event, letterObject(letter), "relay", last.Relay, "reply", reply(last), "tls", last.TLS)
}

func (t *tx) orNow(at time.Time) time.Time {
	if at.IsZero() {
		return t.now
	}
	return at
}

func lastOf(tried []exchange.Attempt) (exchange.Attempt, error) {
	if len(tried) == 0 {
		return exchange.Attempt{}, errors.New("no attempt was made")
	}
	return tried[len(tried)-1], nil
}

// reply is an attempt's answer on one line: "250 2.0.0 queued as 4F2".
func reply(a exchange.Attempt) string {
	s := a.Text
	if a.Enhanced != "" {
		s = a.Enhanced + " " + s
	}
	if a.Code != 0 {
		s = strconv.Itoa(a.Code) + " " + s
	}
	return clean(s)
}
