package queue_test

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

func numberCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"asked twice":                              numberTwice,
		"asked by many at once":                    numberMany,
		"year of the zone":                         numberYear,
		"held after its number was taken":          numberVoid,
		"duplicate after its number was taken":     numberOfDuplicate,
		"held twice keeps its number":              heldTwice,
		"for nobody":                               numberForNobody,
		"late worker takes one for a held message": numberLate,
	}
}

func numberTwice(r *rig) {
	a := r.arrive(imap(1), mail(1))
	for range 2 {
		for _, series := range []string{"NCCIS", "H"} {
			n, err := r.store.Number(r.ctx, a.ID, series)
			r.must(err)
			if n != series+"-2026-000001" {
				r.Errorf("number %s", n)
			}
		}
		r.reopen()
	}
}

func numberMany(r *rig) {
	const n = 100
	for uid := range uint32(n) {
		r.arrive(imap(uid+1), mail(1))
	}
	got := make([]string, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			var err error
			if got[i], err = r.store.Number(r.ctx, int64(i+1), "NCCIS"); err != nil {
				r.Error(err)
			}
		})
	}
	all.Wait()
	slices.Sort(got)
	for i, have := range got {
		if want := fmt.Sprintf("NCCIS-2026-%06d", i+1); have != want {
			r.Fatalf("number %s, want %s", have, want)
		}
	}
}

func numberYear(r *rig) {
	a, b := r.arrive(imap(1), mail(1)), r.arrive(imap(2), mail(2))
	r.clock.pass(time.Date(2026, 12, 31, 18, 59, 59, 0, time.UTC).Sub(r.clock.now()))
	first, err := r.store.Number(r.ctx, a.ID, "NCCIS")
	r.must(err)
	r.clock.pass(time.Second) // 2027 in Almaty, still 2026 in UTC
	second, err := r.store.Number(r.ctx, b.ID, "NCCIS")
	r.must(err)
	if first != "NCCIS-2026-000001" || second != "NCCIS-2027-000001" {
		r.Errorf("numbers %s, %s", first, second)
	}
}

func numberVoid(r *rig) {
	r.arrive(imap(1), mail(1))
	a, lease := r.lease()
	_, err := r.store.Number(r.ctx, a.ID, "NCCIS")
	r.must(err)
	_, err = r.store.Commit(r.ctx, exchange.Decision{Arrival: a.ID, Lease: lease, State: exchange.ArrivalHeld, Code: exchange.NeedsPerson})
	r.must(err)
	got, err := r.store.ArrivalByNumber(r.ctx, "NCCIS-2026-000001")
	r.must(err)
	if got.ID != a.ID || got.Number != "H-2026-000001" {
		r.Errorf("%+v", got)
	}
	r.must(r.store.Release(r.ctx, a.ID, "dana"))
	if n, err := r.store.Number(r.ctx, a.ID, "NCCIS"); err != nil || n != "NCCIS-2026-000002" {
		r.Errorf("a void number was given again: %s, %v", n, err)
	}
}

func numberOfDuplicate(r *rig) {
	r.arrive(imap(1), mail(1))
	a, lease := r.lease()
	_, err := r.store.Number(r.ctx, a.ID, "NCCIS")
	r.must(err)
	_, err = r.store.Commit(r.ctx, exchange.Decision{Arrival: a.ID, Lease: lease, State: exchange.ArrivalDuplicate})
	r.must(err)
	if got, err := r.store.Arrival(r.ctx, a.ID); err != nil || got.Number != "" {
		r.Errorf("number %q, %v", got.Number, err)
	}
	_, err = r.store.Number(r.ctx, a.ID, "NCCIS")
	r.is(err, queue.ErrForbidden)
}

func heldTwice(r *rig) {
	a := r.hold(imap(1), exchange.Unsigned)
	r.must(r.store.Release(r.ctx, a.ID, "dana"))
	_, lease := r.lease()
	_, err := r.store.Commit(r.ctx, exchange.Decision{Arrival: a.ID, Lease: lease, State: exchange.ArrivalHeld, Code: exchange.Unsigned})
	r.must(err)
	if got, err := r.store.Arrival(r.ctx, a.ID); err != nil || got.Number != "H-2026-000001" {
		r.Errorf("number %s, %v", got.Number, err)
	}
}

func numberForNobody(r *rig) {
	_, err := r.store.Number(r.ctx, 1, "NCCIS")
	r.is(err, queue.ErrNotFound)
	if n, err := r.store.Number(r.ctx, 1, "OTHER"); err == nil {
		r.Errorf("a series of nobody: %s", n)
	}
	r.arrive(imap(1), mail(1))
	if n, err := r.store.Number(r.ctx, 1, "NCCIS"); err != nil || n != "NCCIS-2026-000001" {
		r.Errorf("the failed call left a gap: %s, %v", n, err)
	}
}

func numberLate(r *rig) {
	a := r.hold(imap(1), exchange.NeedsPerson)
	n, err := r.store.Number(r.ctx, a.ID, "NCCIS")
	r.must(err)
	if got, err := r.store.Arrival(r.ctx, a.ID); err != nil || got.Number != "H-2026-000001" {
		r.Errorf("the held message goes by %s, %v", got.Number, err)
	}
	r.must(r.store.Settle(r.ctx, a.ID, exchange.ArrivalDeclined, exchange.Decision{})) // a person's refusal needs it
	if got, err := r.store.Arrival(r.ctx, a.ID); err != nil || got.Number != n {
		r.Errorf("the declined message goes by %s, %v", got.Number, err)
	}
}
