package queue_test

import (
	"time"

	"almasu/exchange"
	"almasu/queue"
)

func leaseCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"oldest first":                       oldestFirst,
		"expired lease goes before newer":    expiredLease,
		"late worker commits":                lateWorker,
		"expired but still its own":          expiredButOwn,
		"renewed lease":                      renewedLease,
		"given back without counting":        givenBack,
		"failed before our eyes":             failed,
		"poison is counted over a restart":   poisonCounted,
		"released message starts anew":       released,
		"leased for nobody":                  leasedForNobody,
		"list and find":                      listAndFind,
		"octets PostgreSQL text cannot take": oddOctets,
	}
}

func oldestFirst(r *rig) {
	for uid := range uint32(3) {
		r.arrive(imap(3-uid), mail(int(uid)))
	}
	for want := int64(1); want <= 3; want++ {
		if a, _ := r.lease(); a.ID != want {
			r.Errorf("leased %d, want %d", a.ID, want)
		}
	}
}

func expiredLease(r *rig) {
	first := r.arrive(imap(1), mail(1))
	r.lease()
	r.arrive(imap(2), mail(2))
	r.clock.pass(31 * time.Second)
	a, _ := r.lease()
	if a.ID != first.ID || a.Attempts != 2 {
		r.Errorf("leased %d at attempt %d", a.ID, a.Attempts)
	}
}

func lateWorker(r *rig) {
	r.arrive(imap(1), mail(1))
	a, late := r.lease()
	r.clock.pass(31 * time.Second)
	_, lease := r.lease()
	number, err := r.store.Number(r.ctx, a.ID, "NCCIS")
	r.must(err)
	_, err = r.store.Commit(r.ctx, accepted(a.ID, late, number, "INC-1", 1))
	r.is(err, queue.ErrLeaseLost)
	r.is(r.store.Renew(r.ctx, a.ID, late, time.Minute), queue.ErrLeaseLost)
	r.is(r.store.Back(r.ctx, a.ID, late, r.clock.now()), queue.ErrLeaseLost)
	_, err = r.store.Commit(r.ctx, accepted(a.ID, lease, number, "INC-1", 1))
	r.must(err)
	_, err = r.store.Commit(r.ctx, accepted(a.ID, lease, number, "INC-2", 1))
	r.is(err, queue.ErrLeaseLost)
}

func expiredButOwn(r *rig) {
	r.arrive(imap(1), mail(1))
	a, lease := r.lease()
	r.clock.pass(time.Hour)
	_, err := r.store.Commit(r.ctx, exchange.Decision{Arrival: a.ID, Lease: lease, State: exchange.ArrivalReceipt})
	r.must(err)
}

func renewedLease(r *rig) {
	r.arrive(imap(1), mail(1))
	a, lease := r.lease()
	r.clock.pass(20 * time.Second)
	r.must(r.store.Renew(r.ctx, a.ID, lease, 30*time.Second))
	r.clock.pass(20 * time.Second)
	if other, _, _, err := r.store.LeaseArrival(r.ctx, "w", time.Second); other != nil || err != nil {
		r.Errorf("leased twice: %v, %v", other, err)
	}
}

func failed(r *rig) {
	r.arrive(imap(1), mail(1))
	a, lease := r.lease()
	r.must(r.store.Fail(r.ctx, a.ID, lease, r.clock.now().Add(time.Minute)))
	r.is(r.store.Fail(r.ctx, a.ID, lease, r.clock.now()), queue.ErrLeaseLost)
	if early, _, _, err := r.store.LeaseArrival(r.ctx, "w", time.Second); early != nil || err != nil {
		r.Errorf("leased before its time: %v, %v", early, err)
	}
	r.clock.pass(time.Minute)
	if a, _ = r.lease(); a.Attempts != 2 || a.Failures != 1 {
		r.Errorf("%d attempts, %d failures", a.Attempts, a.Failures)
	}
}

func givenBack(r *rig) {
	r.arrive(imap(1), mail(1))
	a, lease := r.lease()
	r.must(r.store.Back(r.ctx, a.ID, lease, r.clock.now().Add(time.Minute)))
	if early, _, _, err := r.store.LeaseArrival(r.ctx, "w", time.Second); early != nil || err != nil {
		r.Errorf("leased before its time: %v, %v", early, err)
	}
	r.clock.pass(time.Minute)
	a, lease = r.lease()
	if a.Attempts != 1 {
		r.Errorf("attempts %d", a.Attempts)
	}
	r.must(r.store.Back(r.ctx, a.ID, lease, time.Time{}))
	r.lease() // due at once
}

func poisonCounted(r *rig) {
	r.arrive(imap(1), mail(1))
	for want := 1; want <= 3; want++ {
		r.reopen() // the worker died
		if a, _ := r.lease(); a.Attempts != want {
			r.Errorf("attempt %d, want %d", a.Attempts, want)
		}
		r.clock.pass(31 * time.Second)
	}
}

func (r *rig) hold(src exchange.Source, code exchange.Code) exchange.Arrival {
	r.Helper()
	r.arrive(src, mail(int(src.UID)))
	a, lease := r.lease()
	_, err := r.store.Commit(r.ctx, exchange.Decision{Arrival: a.ID, Lease: lease, State: exchange.ArrivalHeld, Code: code, Reason: "why"})
	r.must(err)
	got, err := r.store.Arrival(r.ctx, a.ID)
	r.must(err)
	return got
}

func released(r *rig) {
	held := r.hold(imap(1), exchange.SignerUnknown)
	if held.Number != "H-2026-000001" || held.Reason != "why" || held.DecidedAt.IsZero() {
		r.Errorf("held as %+v", held)
	}
	r.must(r.store.Release(r.ctx, held.ID, "dana"))
	r.is(r.store.Release(r.ctx, held.ID, "dana"), queue.ErrForbidden)
	if moved, err := r.store.Settled(r.ctx, "main", 1); err != nil || len(moved) != 0 {
		r.Errorf("to move %v, %v", moved, err)
	}
	a, lease := r.lease()
	if a.Attempts != 1 || a.Code != "" || !a.DecidedAt.IsZero() || !a.ReceivedAt.Equal(held.ReceivedAt) {
		r.Errorf("released as %+v", a)
	}
	number, err := r.store.Number(r.ctx, a.ID, "NCCIS")
	r.must(err)
	_, err = r.store.Commit(r.ctx, accepted(a.ID, lease, number, "INC-1", 1))
	r.must(err)
	for _, n := range []string{"H-2026-000001", "NCCIS-2026-000001"} {
		if got, err := r.store.ArrivalByNumber(r.ctx, n); err != nil || got.ID != a.ID || got.Number != "NCCIS-2026-000001" {
			r.Errorf("%s finds %+v, %v", n, got, err)
		}
	}
}

func leasedForNobody(r *rig) {
	if a, lease, raw, err := r.store.LeaseArrival(r.ctx, "w", time.Second); a != nil || lease != "" || raw != nil || err != nil {
		r.Errorf("%v %q %q %v", a, lease, raw, err)
	}
	r.arrive(imap(1), mail(1))
	_, err := r.store.Commit(r.ctx, exchange.Decision{Arrival: 1, State: exchange.ArrivalReceipt})
	r.is(err, queue.ErrLeaseLost) // never leased: the empty token is nobody's
}

func listAndFind(r *rig) {
	_, err := r.store.Arrival(r.ctx, 1)
	r.is(err, queue.ErrNotFound)
	_, err = r.store.ArrivalByNumber(r.ctx, "H-2026-000001")
	r.is(err, queue.ErrNotFound)
	_, err = r.store.Raw(r.ctx, 1)
	r.is(err, queue.ErrNotFound)
	r.hold(imap(1), exchange.Unsigned)
	r.hold(imap(2), exchange.Unsigned)
	r.arrive(imap(3), mail(3))
	for state, want := range map[exchange.ArrivalState]int{"": 3, exchange.ArrivalHeld: 2, exchange.ArrivalStored: 1, exchange.ArrivalAccepted: 0} {
		if list, err := r.store.Arrivals(r.ctx, state, 0); err != nil || len(list) != want {
			r.Errorf("%q: %d arrivals, want %d, %v", state, len(list), want, err)
		}
	}
	if list, err := r.store.Arrivals(r.ctx, exchange.ArrivalHeld, 1); err != nil || len(list) != 1 || list[0].ID != 2 {
		r.Errorf("newest held: %v, %v", list, err)
	}
}

func oddOctets(r *rig) {
	r.arrive(exchange.Source{Via: "import", Mailbox: "bad\x00\xffname"}, mail(1))
	a, lease := r.lease()
	_, err := r.store.Commit(r.ctx, exchange.Decision{Arrival: a.ID, Lease: lease, State: exchange.ArrivalHeld, Code: exchange.Malformed,
		Reason: "nul \x00", From: "\xff@x", MessageID: "<\x00\xc3\x28>",
		Events: []exchange.Event{{Name: "held", Object: "arrival:1", Actor: "\x00", Detail: map[string]string{"k\x00": "\xff"}}}})
	r.must(err)
	_, err = r.store.LetterByMessageID(r.ctx, "<\x00\xff>")
	r.is(err, queue.ErrNotFound)
}
