package queue_test

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"almasu/queue"
)

func consumerCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"order of commit":                        consumerOrder,
		"given back goes first, blocks nobody":   consumerNack,
		"expired goes first":                     consumerExpired,
		"acknowledged never again":               consumerAck,
		"each consumer gets all":                 consumersApart,
		"our own submissions are not handed out": consumerOutgoing,
		"bad requests":                           consumerBad,
		"many consumers at once":                 consumersRace,
	}
}

func (r *rig) reports(n int) {
	r.Helper()
	for i := range n {
		r.accept(imap(uint32(i+1)), fmt.Sprintf("INC-%d", i+1), 1)
	}
}

func (r *rig) take(consumer string, n int) []queue.Leased {
	r.Helper()
	got, err := r.store.Lease(r.ctx, consumer, n, time.Minute)
	r.must(err)
	return got
}

func positions(ls []queue.Leased) []int64 {
	var out []int64
	for _, l := range ls {
		out = append(out, l.Position)
	}
	return out
}

func (r *rig) gets(consumer string, n int, want ...int64) []queue.Leased {
	r.Helper()
	got := r.take(consumer, n)
	if !slices.Equal(positions(got), want) {
		r.Fatalf("%s got %v, want %v", consumer, positions(got), want)
	}
	return got
}

func consumerOrder(r *rig) {
	r.gets("siem", 5)
	r.reports(3)
	first := r.gets("siem", 2, 1, 2)
	if string(first[0].Document) == "" || first[0].Key.ID != "INC-1" || first[0].Delivery != 1 || !first[0].Expires.Equal(r.clock.now().Add(time.Minute)) {
		r.Errorf("%+v", first[0])
	}
	r.gets("siem", 5, 3)
	r.gets("siem", 5)
}

func consumerNack(r *rig) {
	r.reports(4)
	got := r.gets("siem", 2, 1, 2)
	r.must(r.store.Nack(r.ctx, "siem", 1, got[0].Token))
	r.is(r.store.Nack(r.ctx, "siem", 1, got[0].Token), queue.ErrLeaseLost)
	r.is(r.store.Ack(r.ctx, "siem", 1, got[0].Token), queue.ErrLeaseLost)
	r.is(r.store.Ack(r.ctx, "siem", 1, ""), queue.ErrLeaseLost)
	if again := r.gets("siem", 2, 1, 3); again[0].Delivery != 2 {
		r.Errorf("delivery %d", again[0].Delivery)
	}
}

func consumerExpired(r *rig) {
	r.reports(3)
	old := r.gets("siem", 2, 1, 2)
	r.clock.pass(time.Minute)
	r.must(r.store.Ack(r.ctx, "siem", 1, old[0].Token)) // expired, but nobody has a newer one
	newer := r.gets("siem", 3, 2, 3)
	r.is(r.store.Ack(r.ctx, "siem", 2, old[1].Token), queue.ErrLeaseLost)
	r.must(r.store.Ack(r.ctx, "siem", 2, newer[0].Token))
}

func consumerAck(r *rig) {
	r.reports(3)
	for _, l := range r.gets("siem", 3, 1, 2, 3) {
		r.must(r.store.Ack(r.ctx, "siem", l.Position, l.Token))
		r.is(r.store.Ack(r.ctx, "siem", l.Position, l.Token), queue.ErrLeaseLost)
	}
	r.clock.pass(time.Hour)
	r.reopen()
	r.gets("siem", 3)
	list, err := r.store.Consumers(r.ctx)
	if err != nil || !slices.Equal(list, []queue.Consumer{{Name: "siem", High: 3}}) {
		r.Errorf("%+v, %v", list, err)
	}
}

func consumersApart(r *rig) {
	r.reports(2)
	for _, l := range r.gets("siem", 2, 1, 2) {
		r.must(r.store.Ack(r.ctx, "siem", l.Position, l.Token))
	}
	got := r.gets("webhook", 2, 1, 2)
	r.is(r.store.Ack(r.ctx, "siem", 1, got[0].Token), queue.ErrLeaseLost)
	r.must(r.store.Nack(r.ctx, "webhook", 1, got[0].Token))
	list, err := r.store.Consumers(r.ctx)
	if err != nil || !slices.Equal(list, []queue.Consumer{{Name: "siem", High: 2}, {Name: "webhook", High: 2, Leased: 1, Back: 1}}) {
		r.Errorf("%+v, %v", list, err)
	}
}

func consumerOutgoing(r *rig) {
	d := accepted(0, "", "", "OUR-1", 1)
	d.Known, d.Reports[0].Outgoing = nil, true
	_, err := r.store.Commit(r.ctx, d)
	r.must(err)
	r.reports(1)
	r.gets("siem", 5, 2)
}

func consumerBad(r *rig) {
	for _, name := range []string{"", "with space", "\x00"} {
		if _, err := r.store.Lease(r.ctx, name, 1, time.Minute); err == nil {
			r.Errorf("consumer %q", name)
		}
	}
	if _, err := r.store.Lease(r.ctx, "siem", 0, time.Minute); err == nil {
		r.Error("no reports wanted")
	}
	if _, err := r.store.Lease(r.ctx, "siem", 1, 0); err == nil {
		r.Error("no time wanted")
	}
}

func consumersRace(r *rig) {
	r.reports(20)
	var mu sync.Mutex
	times := map[int64]int{}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				got, err := r.store.Lease(r.ctx, "siem", 3, time.Minute)
				if r.ok(err); len(got) == 0 {
					return
				}
				for _, l := range got {
					r.ok(r.store.Ack(r.ctx, "siem", l.Position, l.Token))
					mu.Lock()
					times[l.Position]++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	for p := range int64(20) {
		if times[p+1] != 1 {
			r.Errorf("report %d was handed out %d times", p+1, times[p+1])
		}
	}
}
