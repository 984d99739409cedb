package queue_test

import (
	"time"

	"almasu/exchange"
	"almasu/queue"
)

func requestCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"a request stays open until its own answer": requestStaysOpen,
	}
}

// ask keeps a request of our own to soc-a and soc-b.
func (r *rig) ask(id string) {
	r.Helper()
	d := exchange.Decision{Reports: []exchange.StoredReport{report(id, 1)}}
	for _, to := range []string{"soc-a", "soc-b"} {
		d.Requests = append(d.Requests, exchange.Inquiry{RequestID: id, Participant: to, Outgoing: true, Clause: "10.4", AskedAt: r.clock.now(),
			AnswerBy: r.clock.now().Add(time.Hour)})
	}
	_, err := r.store.Commit(r.ctx, d)
	r.must(err)
}

func (r *rig) openRequests(want int) []exchange.Inquiry {
	r.Helper()
	list, err := r.store.Requests(r.ctx, queue.RequestFilter{Open: true})
	r.must(err)
	if len(list) != want {
		r.Fatalf("open requests %+v, want %d", list, want)
	}
	return list
}

func requestStaysOpen(r *rig) {
	r.ask("REQ-1")
	r.ask("REQ-2")
	revision := 0
	answer := func(id, from string, outgoing bool) {
		r.Helper()
		revision++
		_, err := r.store.Commit(r.ctx, exchange.Decision{Reports: []exchange.StoredReport{report("ANS-"+id+from, revision)},
			Answered: []exchange.Answered{{RequestID: id, Participant: from, Outgoing: outgoing, Verdict: "done"}}})
		r.must(err)
	}
	answer("REQ-1", "soc-c", true)  // nobody asked it
	answer("REQ-1", "soc-a", false) // it is our request, not its
	answer("REQ-9", "soc-a", true)  // no such request
	r.openRequests(4)
	answer("REQ-1", "soc-a", true)
	r.openRequests(3)
	answer("REQ-1", "soc-a", true) // again: nothing is open
	r.reopen()
	for _, q := range r.openRequests(3) {
		if q.RequestID == "REQ-1" && q.Participant != "soc-b" || q.AnswerBy.Sub(q.AskedAt) != time.Hour {
			r.Errorf("open %+v", q)
		}
	}
	list, err := r.store.Requests(r.ctx, queue.RequestFilter{RequestID: "REQ-1"})
	r.must(err)
	for _, q := range list {
		if q.Participant == "soc-a" && (q.Answer == 0 || q.AnsweredAt.IsZero() || q.Verdict != "done") {
			r.Errorf("answered %+v", q)
		}
	}
}

func report(id string, revision int) exchange.StoredReport {
	return exchange.StoredReport{Participant: "soc-alfa", Outgoing: true, Kind: exchange.Request, Key: exchange.Key{ID: id, Revision: revision}, Document: []byte(id)}
}
