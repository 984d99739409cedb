package queue

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"almasu/exchange"
)

const viaIMAP = "imap"

const arrivalColumns = `id, via, mailbox, uid_validity, uid, entry_at, received_at, size, oversize, sha256, state, attempts,
	failures, number, code, reason, participant, message_id, sender, decided_at`

func scanArrival(scan func(...any) error, more ...any) (exchange.Arrival, error) {
	var a exchange.Arrival
	var entryAt, receivedAt, decidedAt int64
	var sum []byte
	err := scan(append([]any{&a.ID, &a.Source.Via, &a.Source.Mailbox, &a.Source.UIDValidity, &a.Source.UID, &entryAt, &receivedAt,
		&a.Size, &a.Oversize, &sum, &a.State, &a.Attempts, &a.Failures, &a.Number, &a.Code, &a.Reason, &a.Participant, &a.MessageID, &a.From,
		&decidedAt}, more...)...)
	if err != nil {
		return a, err
	}
	copy(a.SHA256[:], sum)
	a.Source.EntryDate, a.ReceivedAt, a.DecidedAt = fromMicro(entryAt), fromMicro(receivedAt), fromMicro(decidedAt)
	return a, nil
}

// arrivals runs a query for whole rows.
func (v view) arrivals(query string, args ...any) ([]exchange.Arrival, error) {
	var out []exchange.Arrival
	err := v.each(`SELECT `+arrivalColumns+` FROM arrival `+query, args, func(scan func(...any) error) error {
		a, err := scanArrival(scan)
		out = append(out, a)
		return err
	})
	return out, err
}

func (v view) arrival(query string, args ...any) (*exchange.Arrival, error) {
	found, err := v.arrivals(query, args...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// entry finds the arrival of a mailbox entry by its identity.
func (s *Store) entry(v view, src exchange.Source) (*exchange.Arrival, error) {
	return v.arrival(`WHERE via = 'imap' AND mailbox = $1 AND uid_validity = $2 AND uid = $3`,
		clean(src.Mailbox), int64(src.UIDValidity), int64(src.UID))
}

// recognise finds the arrival a mailbox entry already is. After a change of
// UIDVALIDITY (RFC 3501 2.3.1.1) that is the oldest with the same content and
// entry date that was not seen again yet; it takes on the new identity and, as
// it stands in the folder, has to be moved from there if it is decided.
func (s *Store) recognise(t *tx, a exchange.Arrival) (*exchange.Arrival, error) {
	src := a.Source
	if src.Via != viaIMAP {
		return nil, nil
	}
	if known, err := s.entry(t.view, src); err != nil || known != nil {
		return known, err
	}
	known, err := t.arrival(`WHERE via = 'imap' AND mailbox = $1 AND sha256 = $2 AND entry_at = $3 AND uid_validity <> $4 ORDER BY id LIMIT 1`,
		clean(src.Mailbox), a.SHA256[:], micro(src.EntryDate), int64(src.UIDValidity))
	if err != nil || known == nil {
		return nil, err
	}
	_, err = t.exec(`UPDATE arrival SET uid_validity = $1, uid = $2, placed = CASE WHEN state = 'stored' THEN 0 ELSE 1 END WHERE id = $3`,
		int64(src.UIDValidity), int64(src.UID), known.ID)
	if err != nil {
		return nil, err
	}
	known.Source.UIDValidity, known.Source.UID = src.UIDValidity, src.UID
	return known, t.note("seen-again", arrivalObject(known.ID), "mailbox", src.Mailbox)
}

// LeaseArrival is ClaimArrival with the octets of the message.
func (s *Store) LeaseArrival(ctx context.Context, worker string, d time.Duration) (*exchange.Arrival, string, []byte, error) {
	a, lease, err := s.ClaimArrival(ctx, worker, d)
	if err != nil || a == nil {
		return nil, "", nil, err
	}
	raw, err := s.Raw(ctx, a.ID)
	if err != nil {
		back := s.Back(context.WithoutCancel(ctx), a.ID, lease, s.now().Add(d))
		return nil, "", nil, errors.Join(err, back)
	}
	return a, lease, raw, nil
}

// ClaimArrival takes the oldest message that waits for its decision for d; nil
// if none does. Raw reads its octets, once there is room for them. The attempt
// is counted in the store before the message is handed out: one that kills its
// worker is known by its Attempts. A lease that ran out puts the message back
// to work.
func (s *Store) ClaimArrival(ctx context.Context, worker string, d time.Duration) (*exchange.Arrival, string, error) {
	var a *exchange.Arrival
	lease := newToken()
	err := s.writeSoft(ctx, "lease a message", func(t *tx) error {
		a = nil
		if _, err := t.exec(`UPDATE arrival SET ready = 1 WHERE ready = 2 AND due_at <= $1`, micro(t.now)); err != nil {
			return err
		}
		st, err := t.stmts.stmt(t.ctx, `UPDATE arrival SET ready = 2, due_at = $1, lease = $2, worker = $3, attempts = attempts + 1
			WHERE id = (SELECT id FROM arrival WHERE ready = 1 ORDER BY id LIMIT 1)
			RETURNING `+arrivalColumns)
		if err != nil {
			return err
		}
		got, err := scanArrival(st.QueryRowContext(t.ctx, micro(t.now.Add(d)), lease, clean(worker)).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		a = &got
		return err
	})
	if err != nil || a == nil {
		return nil, "", err
	}
	return a, lease, nil
}

func newToken() string { return rand.Text() }

// Renew holds a lease for another d from now.
func (s *Store) Renew(ctx context.Context, arrival int64, lease string, d time.Duration) error {
	return s.writeSoft(ctx, fmt.Sprintf("renew the lease of arrival %d", arrival), func(t *tx) error {
		return t.must(ErrLeaseLost, `UPDATE arrival SET ready = 2, due_at = $1 WHERE id = $2 AND lease = $3 AND lease <> '' AND state = 'stored'`,
			micro(t.now.Add(d)), arrival, lease)
	})
}

// Back gives a message back that could not be judged for a passing reason: the
// attempt does not count, and it is not leased again before notBefore.
func (s *Store) Back(ctx context.Context, arrival int64, lease string, notBefore time.Time) error {
	return s.writeSoft(ctx, fmt.Sprintf("give arrival %d back", arrival), func(t *tx) error {
		t.wakes = true
		return t.must(ErrLeaseLost, `UPDATE arrival SET ready = $1, due_at = $2, lease = '', worker = '', attempts = attempts - 1
			WHERE id = $3 AND lease = $4 AND lease <> '' AND state = 'stored'`,
			t.line(notBefore), micro(notBefore), arrival, lease)
	})
}

// Fail gives a message back that this process could not judge: it panicked, or
// took longer than it may. Attempt and failure count.
func (s *Store) Fail(ctx context.Context, arrival int64, lease string, notBefore time.Time) error {
	return s.write(ctx, fmt.Sprintf("note that arrival %d failed", arrival), func(t *tx) error {
		t.wakes = true
		err := t.must(ErrLeaseLost, `UPDATE arrival SET ready = $1, due_at = $2, lease = '', worker = '', failures = failures + 1
			WHERE id = $3 AND lease = $4 AND lease <> '' AND state = 'stored'`,
			t.line(notBefore), micro(notBefore), arrival, lease)
		if err != nil {
			return err
		}
		return t.note("failed", arrivalObject(arrival))
	})
}

// Release puts a held message back to work with a clean count of attempts, to
// be judged again as of its arrival. Of an oversize message only the header is
// there: it cannot be released.
func (s *Store) Release(ctx context.Context, arrival int64, actor string) error {
	return s.write(ctx, fmt.Sprintf("release arrival %d", arrival), func(t *tx) error {
		err := t.must(ErrForbidden, `UPDATE arrival SET state = 'stored', ready = 1, due_at = 0, attempts = 0, failures = 0, code = '', reason = '',
				decided_at = 0, placed = CASE WHEN placed = 1 THEN 0 ELSE placed END
			WHERE id = $1 AND state = 'held' AND oversize = 0`, arrival)
		if err != nil {
			return err
		}
		t.wakes = true
		return t.noteBy(actor, "released", arrivalObject(arrival))
	})
}

// Arrival finds an incoming message by its id.
func (s *Store) Arrival(ctx context.Context, id int64) (exchange.Arrival, error) {
	a, err := s.look(ctx).arrival(`WHERE id = $1`, id)
	return oneArrival(fmt.Sprintf("arrival %d", id), a, err)
}

// ArrivalByNumber finds an incoming message by any number bound to it, void
// ones included.
func (s *Store) ArrivalByNumber(ctx context.Context, number string) (exchange.Arrival, error) {
	a, err := s.look(ctx).arrival(`WHERE id = (SELECT arrival FROM number WHERE text = $1)`, clean(number))
	return oneArrival(fmt.Sprintf("arrival numbered %q", number), a, err)
}

func oneArrival(op string, a *exchange.Arrival, err error) (exchange.Arrival, error) {
	if err == nil && a == nil {
		err = ErrNotFound
	}
	return deref(a), wrap(op, err)
}

// Arrivals lists incoming messages of a state ("" for any), newest first, at
// most limit (0 for all).
func (s *Store) Arrivals(ctx context.Context, state exchange.ArrivalState, limit int) ([]exchange.Arrival, error) {
	q, args := `WHERE state = $1 ORDER BY id DESC LIMIT $2`, []any{string(state), orAll(limit)}
	if state == "" {
		q, args = `ORDER BY id DESC LIMIT $1`, []any{orAll(limit)}
	}
	list, err := s.look(ctx).arrivals(q, args...)
	return list, wrap("list arrivals", err)
}

func orAll(limit int) int64 {
	if limit <= 0 {
		return 1 << 62
	}
	return int64(limit)
}
