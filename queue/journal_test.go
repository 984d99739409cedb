package queue_test

import (
	"database/sql"
	"errors"
	"strings"
	"sync"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

func journalCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"row changed":                    func(r *rig) { r.tamper(`UPDATE journal SET actor = 'nobody' WHERE id = 3`) },
		"detail changed":                 func(r *rig) { r.tamper(`UPDATE journal SET detail = '{"via":"smtp"}' WHERE id = 1`) },
		"row removed":                    func(r *rig) { r.tamper(`DELETE FROM journal WHERE id = 2`) },
		"first row removed":              func(r *rig) { r.tamper(`DELETE FROM journal WHERE id = 1`) },
		"row hashed anew":                func(r *rig) { r.tamper(`UPDATE journal SET hash = '00' WHERE id = 4`) },
		"time moved":                     func(r *rig) { r.tamper(`UPDATE journal SET at = at + 1 WHERE id = 2`) },
		"detail is not JSON":             func(r *rig) { r.tamper(`UPDATE journal SET detail = '{' WHERE id = 1`) },
		"every change writes a row":      everyChange,
		"a failed change writes none":    failedChange,
		"many writers, one chain":        oneChain,
		"events are read as written":     eventsRead,
		"deadlines":                      deadlines,
		"two stores append to one chain": twoStores,
	}
}

// outside runs a statement behind the store's back.
func (r *rig) outside(query string, args ...any) {
	r.Helper()
	driver, dsn := "pgx", r.dsn
	if path, ok := strings.CutPrefix(r.dsn, "sqlite:"); ok {
		driver, dsn = "sqlite", path
	}
	db, err := sql.Open(driver, dsn)
	r.must(err)
	_, err = db.ExecContext(r.ctx, query, args...)
	r.must(errors.Join(err, db.Close()))
}

func (r *rig) tamper(query string) {
	r.accept(imap(1), "INC-1", 1)
	r.outside(`CREATE TABLE kept AS SELECT * FROM journal`)
	r.outside(query)
	r.is(r.store.VerifyJournal(r.ctx), queue.ErrJournal)
	r.is(r.store.Check(r.ctx), queue.ErrJournal)
	r.outside(`DELETE FROM journal`)
	r.outside(`INSERT INTO journal SELECT * FROM kept`)
}

func (r *rig) events() []string {
	r.Helper()
	var names []string
	r.must(r.store.EachEvent(r.ctx, func(e exchange.Event) error {
		names = append(names, e.Name)
		return nil
	}))
	return names
}

func everyChange(r *rig) {
	r.accept(imap(1), "INC-1", 1)
	l, lease := r.leaseLetter()
	r.must(r.store.Later(r.ctx, l.ID, lease, r.clock.now(), greylisted()))
	_, lease = r.leaseLetter()
	r.must(r.store.Never(r.ctx, l.ID, lease))
	r.must(r.store.Retry(r.ctx, l.ID, "dana"))
	_, lease = r.leaseLetter()
	r.send(l.ID, lease)
	r.must(r.closeLetter(l.ID, exchange.VerdictAccepted))
	held := r.hold(imap(9), exchange.Unsigned)
	r.must(r.store.Release(r.ctx, held.ID, "dana"))
	got := r.take("siem", 1)
	r.must(r.store.Nack(r.ctx, "siem", 1, got[0].Token))
	r.must(r.store.Ack(r.ctx, "siem", 1, r.take("siem", 1)[0].Token))
	want := "arrived number-bound letter-composed accepted letter-later letter-never letter-retry letter-sent letter-closed submitted " +
		"arrived number-bound held released report-given-back report-acknowledged"
	if have := strings.Join(r.events(), " "); have != want {
		r.Errorf("journal\n%s\nwant\n%s", have, want)
	}
	list, err := r.store.EventsOf(r.ctx, "letter:1")
	if err != nil || len(list) != 6 || list[3].Name != "letter-retry" || list[3].Actor != "dana" || list[4].Actor != "gateway" {
		r.Errorf("%+v, %v", list, err)
	}
}

func failedChange(r *rig) {
	r.arrive(imap(1), mail(1))
	before := len(r.events())
	_, err := r.store.Number(r.ctx, 99, "NCCIS")
	r.is(err, queue.ErrNotFound)
	r.is(r.store.Release(r.ctx, 1, "dana"), queue.ErrForbidden)
	if after := len(r.events()); after != before {
		r.Errorf("%d rows, before %d", after, before)
	}
}

func oneChain(r *rig) {
	const n = 80
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if i%3 == 0 { // fails behind its savepoint and takes its rows along
				_, err := r.store.Commit(r.ctx, exchange.Decision{Hints: []exchange.Hint{{Letter: 99}}})
				if err == nil {
					r.Error("a hint for no letter")
				}
				return
			}
			r.ok(r.store.Journal(r.ctx, exchange.Event{Name: "a", Object: "x"}, exchange.Event{Name: "b", Object: "x"}))
		})
	}
	all.Wait()
	r.must(r.store.VerifyJournal(r.ctx))
	if got := len(r.events()); got != 2*(n-(n+2)/3) {
		r.Errorf("%d rows", got)
	}
}

func eventsRead(r *rig) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6789, time.UTC)
	r.must(r.store.Journal(r.ctx, exchange.Event{At: at, Name: "key-exported", Object: "key:1", Actor: "dana",
		Detail: map[string]string{"b": "<&\u2028>", "a": "Қазақ"}}, exchange.Event{Name: "plain", Object: "x"}))
	list, err := r.store.EventsOf(r.ctx, "key:1")
	if err != nil || len(list) != 1 {
		r.Fatalf("%v, %v", list, err)
	}
	e := list[0]
	if !e.At.Equal(at.Truncate(time.Microsecond)) || e.Actor != "dana" || e.Detail["a"] != "Қазақ" || e.Detail["b"] != "<&\u2028>" || len(e.Hash) != 64 || e.Prev != "" {
		r.Errorf("%+v", e)
	}
	stop := errors.New("enough")
	r.is(r.store.EachEvent(r.ctx, func(exchange.Event) error { return stop }), stop)
}

func deadlines(r *rig) {
	r.accept(imap(1), "INC-1", 1)
	r.accept(imap(2), "INC-2", 1)
	due := time.Date(2026, 3, 10, 9, 15, 0, 0, time.UTC)
	if list, err := r.store.OpenDeadlines(r.ctx, due.Add(-time.Microsecond)); err != nil || len(list) != 0 {
		r.Errorf("too early: %v, %v", list, err)
	}
	list, err := r.store.OpenDeadlines(r.ctx, due)
	if err != nil || len(list) != 2 || list[0].Report != 1 || list[0].Clause != "9" || !list[0].At.Equal(due) {
		r.Fatalf("%+v, %v", list, err)
	}
	r.must(r.store.SetDeadline(r.ctx, list[0].ID, "met"))
	r.must(r.store.SetDeadline(r.ctx, list[1].ID, "missed"))
	r.is(r.store.SetDeadline(r.ctx, list[0].ID, "missed"), queue.ErrForbidden)
	r.must(r.store.SetDeadline(r.ctx, list[1].ID, "met")) // the proof came late
	r.is(r.store.SetDeadline(r.ctx, list[1].ID, "missed"), queue.ErrForbidden)
	r.is(r.store.SetDeadline(r.ctx, list[1].ID, "open"), queue.ErrForbidden)
	if list, err = r.store.OpenDeadlines(r.ctx, due); err != nil || len(list) != 0 {
		r.Errorf("%+v, %v", list, err)
	}
}

func twoStores(r *rig) {
	second, err := queue.Open(r.ctx, r.dsn, r.o)
	r.must(err)
	for uid := range uint32(20) {
		r.arrive(imap(uid+1), mail(int(uid)))
	}
	var all sync.WaitGroup
	for _, s := range []*queue.Store{r.store, second} {
		all.Go(func() {
			for {
				a, lease, _, err := s.LeaseArrival(r.ctx, "w", time.Minute)
				if r.ok(err); a == nil {
					return
				}
				number, err := s.Number(r.ctx, a.ID, "NCCIS")
				r.ok(err)
				_, err = s.Commit(r.ctx, accepted(a.ID, lease, number, "INC-"+number, 1))
				r.ok(err)
			}
		})
	}
	all.Wait()
	r.must(second.Close())
	if list, err := r.store.Arrivals(r.ctx, exchange.ArrivalAccepted, 0); err != nil || len(list) != 20 {
		r.Errorf("%d accepted, %v", len(list), err)
	}
}
