package gateway

import (
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

// Clause 11: "at the NCCIS's request the SOC gives the NCCIS access to the
// information security monitoring systems it has". The request is registered and
// a person answers it; the gateway gives nothing by itself, whatever happens.
func TestClause11NothingIsAnsweredByItself(t *testing.T) {
	c := newClock()
	n := open(t, "soc-alfa", c)
	n.want(n.take(mail{from: "nccis", to: "soc-alfa"}.seal(t, c.now(), requestTo("nccis", "soc-alfa", "ACCESS-1", "11", c.now(), c.now().Add(time.Hour))), address("nccis")),
		exchange.ArrivalAccepted, "")
	for range 48 {
		c.pass(time.Hour)
		_, err := n.g.watchRequests(t.Context(), "test")
		n.must(err)
		n.send()
	}
	for _, l := range n.letters(queue.LetterFilter{}) {
		if l.Kind != exchange.LetterReceipt && l.Kind != exchange.LetterMDN {
			t.Errorf("a letter of kind %s went to %s", l.Kind, l.To)
		}
	}
	if open := n.requests(true); len(open) != 1 || open[0].Clause != "11" {
		t.Errorf("open %+v", open)
	}
	r, err := n.g.OpenRequest(t.Context(), "ACCESS-1", "nccis")
	n.must(err)
	if _, err := n.g.AnswerRequest(t.Context(), r, "declined", "by way of the platform", "dana"); err != nil {
		t.Fatal(err)
	}
	if len(n.requests(true)) != 0 {
		t.Error("still open after its answer")
	}
	answered, err := n.store.EventsOf(t.Context(), "request:1")
	n.must(err)
	if len(answered) != 2 || answered[1].Name != "request-answered" || answered[1].Detail["verdict"] != "declined" {
		t.Errorf("journal %+v", answered)
	}
}

// Letters about the register and about duties (clauses 13.1, 17, 18) are cards
// of the same kind; they ask for no answer.
func TestClause11LettersAboutTheRegisterAreNoRequests(t *testing.T) {
	c := newClock()
	n := open(t, "soc-alfa", c)
	for _, clause := range []string{"13.1", "17", "18"} {
		n.take(mail{from: "nccis", to: "soc-alfa"}.seal(t, c.now(), requestTo("nccis", "soc-alfa", "N-"+clause, clause, c.now(), time.Time{})), address("nccis"))
	}
	if open := n.requests(true); len(open) != 0 {
		t.Errorf("open %+v", open)
	}
}
