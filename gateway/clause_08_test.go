package gateway

import (
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

// Clause 8: what is exchanged is confidential, and "its obtaining, processing
// and use are limited to the purposes for which it is collected". It is sealed
// on its way and at rest, nothing is sent in clear, state secrets stay out, and
// it is not kept for ever.

// In the night after its period a body goes; what the register says of it stays.
func TestClause8NothingIsKeptForEver(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c, func(w *World) {
		w.Retention = queue.Retention{Periods: map[exchange.ReportKind]time.Duration{exchange.Incident: 30 * 24 * time.Hour}, Other: 30 * 24 * time.Hour, Least: w.Trust.SigningAge}
		w.Register = world(t, "nccis", map[string]*exchange.Participant{"nccis": people()["nccis"], "soc-alfa": people()["soc-alfa"]}).Register
	})
	a := n.take(mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now(), incident("r-1", c.now())), address("soc-alfa"))
	n.want(a, exchange.ArrivalAccepted, "")
	n.send()
	n.must(n.store.MarkMoved(t.Context(), "main", 1, n.uid))
	document := func() int {
		r, err := n.store.Report(t.Context(), 1)
		n.must(err)
		if r.Number != a.Number || r.Digest == "" {
			t.Errorf("the row of the register %+v", r)
		}
		return len(r.Document)
	}
	for hour := range 32 * 24 {
		_, err := n.g.eraseDaily(t.Context(), "test")
		n.must(err)
		if age := time.Duration(hour) * time.Hour; document() == 0 && age < 30*24*time.Hour {
			t.Fatalf("deleted after %s", age)
		}
		c.pass(time.Hour)
	}
	if document() != 0 {
		t.Error("kept after its period")
	}
	for _, id := range []string{"құпия", "Совершенно секретно", "ҚҰПИЯ"} {
		doc := incident("r-"+newMark(id), c.now(), func(r *exchange.Report) { r.Marking = id })
		if got := n.take(mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now(), doc), address("soc-alfa")); got.Code != exchange.MarkingForbidden {
			t.Errorf("marked %q: %s %q", id, got.State, got.Code)
		}
	}
}

// A marking is a field. Its words in the free text of a report are words: SOCs
// write of stolen secrets.
func TestClause8WordsOfATextAreNoMarking(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	doc := incident("r-1", c.now(), func(r *exchange.Report) {
		r.Incident.Summary = "құпия құжаттар, совершенно секретно, top secret"
	})
	n.want(n.take(mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now(), doc), address("soc-alfa")), exchange.ArrivalAccepted, "")
}

// newMark is an id that says which marking it was.
func newMark(mark string) string {
	out := []byte("m")
	for _, b := range []byte(mark) {
		out = append(out, "0123456789abcdef"[b>>4], "0123456789abcdef"[b&15])
	}
	return string(out[:min(len(out), 40)])
}
