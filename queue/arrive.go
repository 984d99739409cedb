package queue

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"time"

	"almasu/exchange"
)

// uploadLife is how long the chunks of a message that never arrived whole are
// kept after the last of them.
const uploadLife = time.Hour

// Arrive stores an incoming message as it was received and returns when it is
// durable: only then may its source be told so. A mailbox entry that was read
// before is the same arrival (fresh is false), also when the mailbox changed
// its UIDVALIDITY; then the entry's new identity is noted. Messages from
// elsewhere are a new arrival each time. raw may be left unread where the
// arrival is known.
//
// With a.Oversize raw is the header alone and a.Size the size of the whole;
// the arrival is held at once as too-large, under a number of its own;
// a.MessageID and a.From say what its header tells.
func (s *Store) Arrive(ctx context.Context, a exchange.Arrival, raw io.Reader) (exchange.Arrival, bool, error) {
	op := fmt.Sprintf("store a message from %s %s", a.Source.Via, a.Source.Mailbox)
	if a.Source.Via == viaIMAP {
		if known, err := s.entry(s.look(ctx), a.Source); err != nil || known != nil {
			return deref(known), false, wrap(op, err)
		}
	}
	u := &upload{s: s, hash: sha256.New()}
	rest, err := u.read(ctx, raw)
	if err == nil {
		u.hash.Sum(a.SHA256[:0])
		if !a.Oversize || a.Size == 0 {
			a.Size = u.size
		}
		if a.ReceivedAt.IsZero() {
			a.ReceivedAt = s.now()
		}
		var fresh bool
		err = s.write(ctx, op, func(t *tx) (err error) {
			a, fresh, err = s.arrived(t, a, u, rest)
			return err
		})
		if err == nil {
			return a, fresh, nil
		}
	}
	if u.id != 0 {
		err = errors.Join(err, u.drop(context.WithoutCancel(ctx)))
	}
	return exchange.Arrival{}, false, wrap(op, err)
}

// arrived makes the row of a message whose octets are all there.
func (s *Store) arrived(t *tx, a exchange.Arrival, u *upload, rest []byte) (exchange.Arrival, bool, error) {
	known, err := s.recognise(t, a)
	if err != nil {
		return a, false, err
	}
	if known != nil {
		return *known, false, u.discard(t)
	}
	t.wakes = true
	a.State = exchange.ArrivalStored
	if a.Oversize {
		a.State, a.Code, a.Reason, a.DecidedAt = exchange.ArrivalHeld, exchange.TooLarge, "larger than limits.message: only its header was kept", t.now
	}
	src := a.Source
	err = t.one(`INSERT INTO arrival (via, mailbox, uid_validity, uid, entry_at, received_at, size, oversize, sha256, body,
			state, ready, due_at, code, reason, decided_at, placed, message_id, sender)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, $15, $16, $17, $18) RETURNING id`,
		[]any{src.Via, clean(src.Mailbox), int64(src.UIDValidity), int64(src.UID), micro(src.EntryDate), micro(a.ReceivedAt), a.Size,
			asInt(a.Oversize), a.SHA256[:], -u.id, string(a.State), asInt(!a.Oversize), string(a.Code), a.Reason, micro(a.DecidedAt),
			asInt(a.Oversize && src.Via == viaIMAP), clean(a.MessageID), clean(a.From)}, &a.ID)
	if err != nil {
		return a, false, err
	}
	if err := u.keep(t, a.ID, rest); err != nil {
		return a, false, err
	}
	if err := t.note("arrived", arrivalObject(a.ID), "via", src.Via, "mailbox", src.Mailbox, "size", strconv.FormatInt(a.Size, 10)); err != nil {
		return a, false, err
	}
	if a.Oversize {
		if a.Number, err = s.number(t, a.ID, SeriesHeld); err == nil {
			err = t.note("held", arrivalObject(a.ID), "code", string(a.Code), "number", a.Number)
		}
	}
	return a, true, err
}

// upload is a message on its way in. Its chunks are written as they come, each
// in a transaction of its own, so that a slow sender holds up nobody; they
// belong to nothing until the last transaction makes the arrival.
type upload struct {
	s    *Store
	hash hash.Hash
	size int64
	id   int64 // 0 while all of it is in memory
	seq  int64
}

// read takes in the message and returns its last chunk, not yet written. No
// more than two chunks are in memory.
func (u *upload) read(ctx context.Context, raw io.Reader) (last []byte, err error) {
	for {
		chunk, err := io.ReadAll(io.LimitReader(raw, int64(u.s.o.ChunkBytes)))
		if err != nil {
			return nil, fmt.Errorf("read the message: %w", err)
		}
		u.hash.Write(chunk)
		u.size += int64(len(chunk))
		if len(chunk) == 0 {
			return last, nil
		}
		if last != nil {
			if err := u.put(ctx, last); err != nil {
				return nil, err
			}
		}
		last = chunk
		if len(chunk) < u.s.o.ChunkBytes {
			return last, nil
		}
	}
}

func (u *upload) put(ctx context.Context, chunk []byte) error {
	return u.s.writeSoft(ctx, "store a part of the message", func(t *tx) error {
		id := u.id
		if id == 0 {
			if err := t.one(`INSERT INTO upload (touched_at) VALUES ($1) RETURNING id`, []any{micro(t.now)}, &id); err != nil {
				return err
			}
		} else if err := t.must(errUploadGone, `UPDATE upload SET touched_at = $1 WHERE id = $2`, micro(t.now), id); err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO chunk (body, seq, bytes) VALUES ($1, $2, $3)`, -id, u.seq, chunk); err != nil {
			return err
		}
		u.id, u.seq = id, u.seq+1
		return nil
	})
}

var errUploadGone = errors.New("the message took too long to come in: its first parts are gone")

// keep writes the last chunk and gives all of them to the arrival.
func (u *upload) keep(t *tx, arrival int64, last []byte) error {
	body := arrival
	if u.id != 0 {
		body = -u.id
		if err := t.must(errUploadGone, `DELETE FROM upload WHERE id = $1`, u.id); err != nil {
			return err
		}
	}
	if last == nil {
		last = []byte{}
	}
	_, err := t.exec(`INSERT INTO chunk (body, seq, bytes) VALUES ($1, $2, $3)`, body, u.seq, last)
	return err
}

func (u *upload) discard(t *tx) error {
	if u.id == 0 {
		return nil
	}
	if _, err := t.exec(`DELETE FROM chunk WHERE body = $1`, -u.id); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM upload WHERE id = $1`, u.id)
	return err
}

func (u *upload) drop(ctx context.Context) error {
	return u.s.write(ctx, "drop an unfinished message", u.discard)
}

// dropStaleUploads removes what a crash or a broken connection left of
// messages that never arrived whole.
func (s *Store) dropStaleUploads(ctx context.Context) error {
	return s.write(ctx, "drop unfinished messages", func(t *tx) error {
		stale := micro(t.now.Add(-uploadLife))
		if _, err := t.exec(`DELETE FROM chunk WHERE body IN (SELECT -id FROM upload WHERE touched_at < $1)`, stale); err != nil {
			return err
		}
		_, err := t.exec(`DELETE FROM upload WHERE touched_at < $1`, stale)
		return err
	})
}

// Raw is the message as it was received; of an oversize one the header.
func (s *Store) Raw(ctx context.Context, arrival int64) ([]byte, error) {
	v, op := s.look(ctx), fmt.Sprintf("read the message of arrival %d", arrival)
	var body, size int64
	var oversize, erased bool
	if err := v.one(`SELECT body, size, oversize, CASE WHEN erased_at <> 0 THEN 1 ELSE 0 END FROM arrival WHERE id = $1`, []any{arrival},
		&body, &size, &oversize, &erased); err != nil {
		return nil, missing(op, err)
	}
	if erased {
		return nil, fmt.Errorf("%s: %w", op, ErrErased)
	}
	return s.raw(v, arrival, body, size, oversize)
}

func (s *Store) raw(v view, arrival, body, size int64, oversize bool) ([]byte, error) {
	if body == 0 {
		body = arrival
	}
	var out []byte
	if !oversize {
		out = make([]byte, 0, size)
	}
	err := v.each(`SELECT bytes FROM chunk WHERE body = $1 ORDER BY seq`, []any{body}, func(scan func(...any) error) error {
		var chunk []byte
		if err := scan(&chunk); err != nil {
			return err
		}
		out = append(out, chunk...)
		return nil
	})
	if err == nil && !oversize && int64(len(out)) != size {
		err = fmt.Errorf("%d of %d octets are there: run almasu check --store", len(out), size)
	}
	return out, wrap(fmt.Sprintf("read the message of arrival %d", arrival), err)
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", op, err)
}

func deref(a *exchange.Arrival) exchange.Arrival {
	if a == nil {
		return exchange.Arrival{}
	}
	return *a
}
