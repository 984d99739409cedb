package queue

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"almasu/exchange"
)

// gatewayActor is the actor of what no person did.
const gatewayActor = "gateway"

// ErrJournal: a row of the journal was changed, removed or put in.
var ErrJournal = errors.New("the journal is broken")

// tail is the end of the journal within a transaction.
type tail struct {
	id   int64
	hash string
}

// Journal appends events that go with no other change of the store. It fills
// ID, Prev and Hash itself.
func (s *Store) Journal(ctx context.Context, events ...exchange.Event) error {
	return s.write(ctx, "write the journal", func(t *tx) error { return t.journal(events...) })
}

// note appends one event of the gateway's own; detail is name, value, ...
func (t *tx) note(name, object string, detail ...string) error {
	return t.noteBy(gatewayActor, name, object, detail...)
}

func (t *tx) noteBy(actor, name, object string, detail ...string) error {
	e := exchange.Event{Name: name, Object: object, Actor: actor}
	for i := 0; i+1 < len(detail); i += 2 {
		if detail[i+1] == "" {
			continue
		}
		if e.Detail == nil {
			e.Detail = map[string]string{}
		}
		e.Detail[detail[i]] = detail[i+1]
	}
	return t.journal(e)
}

// journal appends rows to the chain. Rows follow each other in the order of
// commit because writers exclude each other.
func (t *tx) journal(events ...exchange.Event) error {
	if len(events) == 0 {
		return nil
	}
	end := tail{}
	if t.tail != nil {
		end = *t.tail
	} else if _, err := t.found(`SELECT id, hash FROM journal ORDER BY id DESC LIMIT 1`, nil, &end.id, &end.hash); err != nil {
		return fmt.Errorf("end of the journal: %w", err)
	}
	query := strings.Builder{}
	query.WriteString(`INSERT INTO journal (id, at, name, object, actor, detail, prev, hash) VALUES `)
	args := make([]any, 0, 8*len(events))
	for i, e := range events {
		e = t.chained(e, end)
		end = tail{e.ID, e.Hash}
		detail, err := json.Marshal(e.Detail)
		if err != nil {
			return fmt.Errorf("journal detail: %w", err)
		}
		if i > 0 {
			query.WriteString(", ")
		}
		n := 8 * i
		fmt.Fprintf(&query, "($%d, $%d, $%d, $%d, $%d, $%d, $%d, $%d)", n+1, n+2, n+3, n+4, n+5, n+6, n+7, n+8)
		args = append(args, e.ID, micro(e.At), e.Name, e.Object, e.Actor, string(detail), e.Prev, e.Hash)
	}
	if _, err := t.exec(query.String(), args...); err != nil {
		return fmt.Errorf("append to the journal: %w", err)
	}
	t.tail = &end
	return nil
}

// chained is the event as it will be read again, with its place in the chain.
func (t *tx) chained(e exchange.Event, end tail) exchange.Event {
	if e.At.IsZero() {
		e.At = t.now
	}
	if e.Actor == "" {
		e.Actor = gatewayActor
	}
	e.Name, e.Object, e.Actor = clean(e.Name), clean(e.Object), clean(e.Actor)
	detail := make(map[string]string, len(e.Detail))
	for k, v := range e.Detail {
		detail[clean(k)] = clean(v)
	}
	e.ID, e.Prev, e.Detail = end.id+1, end.hash, detail
	e.Hash = eventHash(e)
	return e
}

// eventHash is SHA-256 over the row before's hash and the row: each field as
// its length (eight octets, big-endian) and its octets, in the order prev, id,
// time in microseconds, name, object, actor, then each key and value of the
// detail in order of the keys.
func eventHash(e exchange.Event) string {
	h := sha256.New()
	number := func(n int64) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
	}
	text := func(s string) {
		number(int64(len(s)))
		h.Write([]byte(s))
	}
	text(e.Prev)
	number(e.ID)
	number(micro(e.At))
	text(e.Name)
	text(e.Object)
	text(e.Actor)
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		text(k)
		text(e.Detail[k])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// journalPage is how many rows are read at a time: a long read would keep
// SQLite from emptying its write-ahead log.
const journalPage = 1000

const wholeJournal = `SELECT id, at, name, object, actor, detail, prev, hash FROM journal WHERE id > $1 ORDER BY id LIMIT $2`

// EachEvent calls f for every row of the journal, oldest first, until it
// returns an error.
func (s *Store) EachEvent(ctx context.Context, f func(exchange.Event) error) error {
	return s.look(ctx).eachEvent(wholeJournal, nil, f)
}

// EventsOf lists the journal's rows about one object, oldest first.
func (s *Store) EventsOf(ctx context.Context, object string) ([]exchange.Event, error) {
	var out []exchange.Event
	err := s.look(ctx).eachEvent(`SELECT id, at, name, object, actor, detail, prev, hash FROM journal
		WHERE id > $1 AND object = $3 ORDER BY id LIMIT $2`, []any{object}, func(e exchange.Event) error {
		out = append(out, e)
		return nil
	})
	return out, err
}

func (v view) eachEvent(query string, more []any, f func(exchange.Event) error) error {
	for after := int64(0); ; {
		var page []exchange.Event
		err := v.each(query, append([]any{after, journalPage}, more...), func(scan func(...any) error) error {
			e, err := scanEvent(scan)
			page = append(page, e)
			return err
		})
		if err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
		for _, e := range page {
			if err := f(e); err != nil {
				return err
			}
			after = e.ID
		}
		if len(page) < journalPage {
			return nil
		}
	}
}

func scanEvent(scan func(...any) error) (exchange.Event, error) {
	var e exchange.Event
	var at int64
	var detail string
	if err := scan(&e.ID, &at, &e.Name, &e.Object, &e.Actor, &detail, &e.Prev, &e.Hash); err != nil {
		return e, err
	}
	e.At = fromMicro(at)
	if err := json.Unmarshal([]byte(detail), &e.Detail); err != nil {
		return e, fmt.Errorf("row %d: detail: %w", e.ID, errors.Join(ErrJournal, err))
	}
	return e, nil
}

// VerifyJournal walks the journal and finds the first row that was changed,
// removed or put in. Rows cut off at its very end leave no trace here: compare
// the last hash with one kept elsewhere.
func (s *Store) VerifyJournal(ctx context.Context) error { return s.look(ctx).verifyJournal() }

func (v view) verifyJournal() error {
	end := tail{}
	return v.eachEvent(wholeJournal, nil, func(e exchange.Event) error {
		switch {
		case e.ID != end.id+1:
			return fmt.Errorf("row %d follows row %d: rows are missing: %w", e.ID, end.id, ErrJournal)
		case e.Prev != end.hash:
			return fmt.Errorf("row %d of %s names another row before it: %w", e.ID, e.At.Format(time.RFC3339), ErrJournal)
		case eventHash(e) != e.Hash:
			return fmt.Errorf("row %d of %s was changed: %w", e.ID, e.At.Format(time.RFC3339), ErrJournal)
		}
		end = tail{e.ID, e.Hash}
		return nil
	})
}
