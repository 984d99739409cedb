package queue_test

import (
	"strings"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

func changeCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"a change is proposed with the decision":         changeProposed,
		"the same change asked again is one change":      changeAskedAgain,
		"only a proposed change is settled, and once":    changeSettledOnce,
		"a key is proven step by step":                   keyProven,
		"a key that is not approved is not proven":       keyNotApproved,
		"what comes into force moves the revision":       revisionMoves,
		"changes are listed in the order of settlement":  changesInOrder,
		"a decision that fails proposes nothing":         changeUndone,
		"a change that settled before is asked for anew": changeAskedAnew,
	}
}

// propose commits changes that an accepted arrival asked for.
func (r *rig) propose(arrival int64, changes ...exchange.Change) {
	r.Helper()
	for i := range changes {
		changes[i].Participant, changes[i].Arrival, changes[i].Number = "soc-alfa", arrival, "NCCIS-2026-000001"
	}
	_, err := r.store.Commit(r.ctx, exchange.Decision{Changes: changes})
	r.must(err)
}

func phone(n string) exchange.Change {
	return exchange.Change{Kind: exchange.ChangePhone, Old: "+77010000000", New: "+7701000000" + n}
}

func newKey(fp string) exchange.Change {
	return exchange.Change{Kind: exchange.ChangeKey, Old: "AAAA BBBB", New: "-----BEGIN " + fp, Fingerprint: fp, Report: "contact-1",
		ValidFrom: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}
}

func (r *rig) changes(f queue.ChangeFilter) []exchange.Change {
	r.Helper()
	list, err := r.store.Changes(r.ctx, f)
	r.must(err)
	return list
}

func (r *rig) change(id int64) exchange.Change {
	r.Helper()
	c, err := r.store.Change(r.ctx, id)
	r.must(err)
	return c
}

func changeProposed(r *rig) {
	r.arrive(imap(1), mail(1))
	a, lease := r.lease()
	number, err := r.store.Number(r.ctx, a.ID, "NCCIS")
	r.must(err)
	d := accepted(a.ID, lease, number, "CON-1", 1)
	key := newKey("CCCC")
	key.Participant, key.Number = "soc-alfa", number
	d.Changes = []exchange.Change{key}
	_, err = r.store.Commit(r.ctx, d)
	r.must(err)
	want := key
	want.ID, want.Arrival, want.State, want.ProposedAt = 1, a.ID, exchange.ChangeProposed, r.clock.now()
	if got := r.change(1); got != want {
		r.Errorf("got  %+v\nwant %+v", got, want)
	}
	events, err := r.store.EventsOf(r.ctx, "change:1")
	if err != nil || len(events) != 1 || events[0].Detail["fingerprint"] != "CCCC" || strings.Contains(events[0].Detail["new"], "BEGIN") {
		r.Errorf("%+v, %v", events, err)
	}
	_, err = r.store.Change(r.ctx, 2)
	r.is(err, queue.ErrNotFound)
}

func changeAskedAgain(r *rig) {
	a, _ := r.accept(imap(1), "CON-1", 1)
	r.propose(a.ID, phone("1"))
	r.propose(a.ID, phone("1"), phone("2"))
	if list := r.changes(queue.ChangeFilter{Participant: "soc-alfa"}); len(list) != 2 || list[1].New != phone("2").New {
		r.Errorf("%+v", list)
	}
	if events, err := r.store.EventsOf(r.ctx, "change:1"); err != nil || len(events) != 2 || events[1].Name != "change-asked-again" {
		r.Errorf("%+v, %v", events, err)
	}
}

func changeAskedAnew(r *rig) {
	a, _ := r.accept(imap(1), "CON-1", 1)
	r.propose(a.ID, phone("1"))
	r.must(r.store.SettleChange(r.ctx, 1, exchange.ChangeDeclined, "dana", false))
	r.propose(a.ID, phone("1"))
	if open := r.changes(queue.ChangeFilter{State: exchange.ChangeProposed}); len(open) != 1 || open[0].ID != 2 {
		r.Errorf("%+v", open)
	}
}

func changeSettledOnce(r *rig) {
	a, _ := r.accept(imap(1), "CON-1", 1)
	r.propose(a.ID, phone("1"), phone("2"))
	r.clock.pass(time.Hour)
	r.must(r.store.SettleChange(r.ctx, 1, exchange.ChangeApproved, "dana", false))
	r.must(r.store.SettleChange(r.ctx, 2, exchange.ChangeDeclined, "dana", true))
	for _, to := range []exchange.ChangeState{exchange.ChangeApproved, exchange.ChangeDeclined, exchange.ChangeProposed} {
		r.is(r.store.SettleChange(r.ctx, 1, to, "dana", false), queue.ErrForbidden)
	}
	r.is(r.store.SettleChange(r.ctx, 7, exchange.ChangeApproved, "dana", false), queue.ErrForbidden)
	c := r.change(1)
	if c.State != exchange.ChangeApproved || c.Actor != "dana" || !c.SettledAt.Equal(r.clock.now()) || c.Proven() {
		r.Errorf("%+v", c)
	}
	if c := r.change(2); c.State != exchange.ChangeDeclined || c.Proven() {
		r.Errorf("%+v", c)
	}
	if events, err := r.store.EventsOf(r.ctx, "change:1"); err != nil || len(events) != 2 || events[1].Name != "change-approved" || events[1].Actor != "dana" {
		r.Errorf("%+v, %v", events, err)
	}
}

func (r *rig) prove(p exchange.Proof) error {
	_, err := r.store.Commit(r.ctx, exchange.Decision{At: r.clock.now(), Proofs: []exchange.Proof{p}})
	return err
}

func keyProven(r *rig) {
	a, _ := r.accept(imap(1), "CON-1", 1)
	r.propose(a.ID, newKey("CCCC"), newKey("DDDD"))
	r.must(r.store.SettleChange(r.ctx, 1, exchange.ChangeApproved, "dana", false))
	r.must(r.store.SettleChange(r.ctx, 2, exchange.ChangeApproved, "dana", true))
	if !r.change(2).Proven() {
		r.Error("a key in use before needs no proof")
	}
	r.must(r.prove(exchange.Proof{Change: 1, Ping: "<ping@nccis.example>"}))
	if c, err := r.store.ChangeByPing(r.ctx, "<ping@nccis.example>"); err != nil || c.ID != 1 || c.PingAt.IsZero() {
		r.Errorf("%+v, %v", c, err)
	}
	r.is(r.prove(exchange.Proof{Change: 1, Ping: "<other@nccis.example>"}), queue.ErrForbidden) // another node was first
	_, err := r.store.ChangeByPing(r.ctx, "")
	r.is(err, queue.ErrNotFound)
	r.must(r.prove(exchange.Proof{Change: 1, Opened: true}))
	opened := r.change(1).OpenedAt
	if r.change(1).Proven() {
		r.Error("half a proof is none")
	}
	r.clock.pass(time.Minute)
	r.must(r.prove(exchange.Proof{Change: 1, Opened: true, Signed: true}))
	if c := r.change(1); !c.Proven() || !c.OpenedAt.Equal(opened) || c.Ping != "<ping@nccis.example>" {
		r.Errorf("%+v", c)
	}
}

func keyNotApproved(r *rig) {
	a, _ := r.accept(imap(1), "CON-1", 1)
	r.propose(a.ID, newKey("CCCC"), phone("1"))
	r.is(r.prove(exchange.Proof{Change: 1, Signed: true}), queue.ErrForbidden)
	r.must(r.store.SettleChange(r.ctx, 2, exchange.ChangeApproved, "dana", false))
	r.is(r.prove(exchange.Proof{Change: 2, Signed: true}), queue.ErrForbidden)
}

func revisionMoves(r *rig) {
	last := int64(0)
	moved := func(what string) {
		r.Helper()
		now, err := r.store.ChangesRevision(r.ctx)
		if err != nil || now <= last {
			r.Errorf("%s: revision %d after %d, %v", what, now, last, err)
		}
		last = now
	}
	if n, err := r.store.ChangesRevision(r.ctx); err != nil || n != 0 {
		r.Errorf("%d, %v", n, err)
	}
	a, _ := r.accept(imap(1), "CON-1", 1)
	r.propose(a.ID, newKey("CCCC"), phone("1"))
	r.must(r.store.SettleChange(r.ctx, 2, exchange.ChangeDeclined, "dana", false))
	if n, err := r.store.ChangesRevision(r.ctx); err != nil || n != 0 {
		r.Errorf("%d, %v: nothing is in force", n, err)
	}
	r.must(r.store.SettleChange(r.ctx, 1, exchange.ChangeApproved, "dana", false))
	moved("approved")
	r.must(r.prove(exchange.Proof{Change: 1, Opened: true}))
	moved("opened")
	r.must(r.prove(exchange.Proof{Change: 1, Signed: true}))
	moved("signed")
}

func changesInOrder(r *rig) {
	a, _ := r.accept(imap(1), "CON-1", 1)
	r.propose(a.ID, phone("1"), phone("2"), phone("3"))
	for _, id := range []int64{3, 1} {
		r.clock.pass(time.Second)
		r.must(r.store.SettleChange(r.ctx, id, exchange.ChangeApproved, "dana", false))
	}
	list := r.changes(queue.ChangeFilter{State: exchange.ChangeApproved, Number: "NCCIS-2026-000001"})
	if len(list) != 2 || list[0].ID != 3 || list[1].ID != 1 {
		r.Errorf("%+v", list)
	}
	if list := r.changes(queue.ChangeFilter{Number: "NCCIS-2026-000002"}); len(list) != 0 {
		r.Errorf("%+v", list)
	}
}

func changeUndone(r *rig) {
	r.arrive(imap(1), mail(1))
	a, lease := r.lease()
	d := accepted(a.ID, lease, "", "CON-1", 1) // no number is bound
	d.Changes = []exchange.Change{newKey("CCCC")}
	if _, err := r.store.Commit(r.ctx, d); err == nil {
		r.Error("committed")
	}
	if list := r.changes(queue.ChangeFilter{}); len(list) != 0 {
		r.Errorf("%+v", list)
	}
}
