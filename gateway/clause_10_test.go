package gateway

import (
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

// Clause 10, item 4: data are collected "at the request of a national security
// body, the authorised body or the NCCIS". A request is a card; it has a clock
// of its own at both ends, and the card `answer` that names it closes it.

// requestTo is a request of one of the cast to another.
func requestTo(from, to, id, clause string, now, by time.Time) exchange.Document {
	return rendered(&exchange.Report{Kind: exchange.Request, ID: id, Revision: 1, Reporter: from, Addressee: to, GeneratedAt: now, Language: exchange.Russian,
		Request: &exchange.RequestBody{Clause: clause, Subject: canary, Text: canary, Authority: "order 5", AnswerBy: by}})
}

func (n *node) requests(open bool) []exchange.Inquiry {
	n.Helper()
	list, err := n.store.Requests(n.Context(), queue.RequestFilter{Open: open})
	n.must(err)
	return list
}

func TestClause10ARequestIsAnsweredByAPerson(t *testing.T) {
	c := newClock()
	soc, centre := open(t, "soc-alfa", c, withDuty(&hook{})), open(t, "nccis", c)
	s, err := centre.g.Submit(t.Context(), Order{Document: requestTo("nccis", "soc-alfa", "REQ-1", "10.4", c.now(), c.now().Add(4*time.Hour)), Typed: true, Actor: "dana"})
	centre.must(err)
	if s.Refusal.Code != "" || len(centre.requests(true)) != 1 {
		t.Fatalf("not asked: %+v", s)
	}
	letter, err := centre.store.Letter(t.Context(), centre.letters(queue.LetterFilter{Kind: exchange.LetterReport})[0].ID)
	centre.must(err)
	a := soc.take(letter.Message, address("nccis"))
	soc.want(a, exchange.ArrivalAccepted, "")
	asked := soc.requests(true)
	if len(asked) != 1 || asked[0].Participant != "nccis" || asked[0].Clause != "10.4" || !asked[0].AnswerBy.Equal(c.now().Add(4*time.Hour)) {
		t.Fatalf("requests %+v", asked)
	}
	if got := soc.kinds(); !slices.Equal(got, []string{"request-received duty"}) {
		t.Errorf("alarms %q", got)
	}
	c.pass(time.Hour)
	r, err := soc.g.OpenRequest(t.Context(), "REQ-1", "")
	soc.must(err)
	sent, err := soc.g.AnswerRequest(t.Context(), r, "done", "as asked", "dana")
	soc.must(err)
	if sent.Refusal.Code != "" || len(sent.Letters) != 1 || sent.Letters[0].To != "nccis" || len(soc.requests(true)) != 0 {
		t.Fatalf("answer %+v", sent)
	}
	centre.want(centre.take(sent.Letters[0].Message, address("soc-alfa")), exchange.ArrivalAccepted, "")
	if list := centre.requests(false); len(list) != 1 || list[0].Answer == 0 || list[0].Verdict != "done" || !list[0].AnsweredAt.Equal(c.now()) {
		t.Errorf("requests at the NCCIS %+v", list)
	}
}

// Nobody answers for another, and an answer to what was not asked closes
// nothing.
func TestClause10OnlyWhoWasAskedAnswers(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	_, err := n.g.Submit(t.Context(), Order{Document: requestTo("nccis", "soc-alfa", "REQ-1", "10.4", c.now(), time.Time{}), Actor: "dana"})
	n.must(err)
	for _, from := range []string{"soc-beta", "soc-alfa"} {
		for i, id := range []string{"REQ-2", "REQ-1"} {
			if from == "soc-alfa" && id == "REQ-1" {
				continue
			}
			doc := rendered(&exchange.Report{Kind: exchange.Answer, ID: from + id, Revision: 1, Reporter: from, Addressee: "nccis", GeneratedAt: c.now(),
				Language: exchange.Kazakh, Answer: &exchange.AnswerBody{Request: id, Verdict: "done", Text: "x"}})
			n.want(n.take(mail{from: from, to: "nccis"}.seal(t, c.now(), doc), address(from)), exchange.ArrivalAccepted, "")
			if len(n.requests(true)) != 1 {
				t.Errorf("answer %d of %s closed the request", i, from)
			}
		}
	}
}

// The clock runs at both ends: half, three quarters, over. It names no clause
// of its own making, and nothing of the text.
func TestClause10TheClockOfARequest(t *testing.T) {
	for name, own := range map[string]bool{"we asked": true, "we are asked": false} {
		t.Run(name, func(t *testing.T) {
			c, h := newClock(), &hook{}
			n := open(t, "soc-alfa", c, withDuty(h))
			if own {
				_, err := n.g.Submit(t.Context(), Order{Document: requestTo("soc-alfa", "nccis", "REQ-1", "10.4", c.now(), time.Time{}), Actor: "dana"})
				n.must(err)
			} else {
				n.take(mail{from: "nccis", to: "soc-alfa"}.seal(t, c.now(), requestTo("nccis", "soc-alfa", "REQ-1", "10.4", c.now(), time.Time{})), address("nccis"))
			}
			var at []string
			for hour := 0; hour <= 30; hour++ {
				before := len(n.kinds())
				_, err := n.g.watchRequests(t.Context(), "test")
				n.must(err)
				n.tell()
				for _, k := range n.kinds()[before:] {
					at = append(at, k+" "+c.now().Sub(newClock().at).String())
				}
				c.pass(time.Hour)
			}
			want := []string{"deadline-near duty 12h0m0s", "deadline-near duty 18h0m0s", "deadline-missed people 24h0m0s"}
			if !slices.Equal(at, want) {
				t.Errorf("alarms %q, want %q", at, want)
			}
			if len(h.told) != 1 || strings.Contains(h.told[0].Subject, "REQ") {
				t.Errorf("told %+v", h.told)
			}
		})
	}
}

// The occasion stands in the journal of every report that has one.
func TestClause10TheOccasionIsRecorded(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	for i, occasion := range []string{"10.1", "10.2", "10.3", "10.4", "10.5"} {
		doc := incident("r-"+occasion, c.now(), func(r *exchange.Report) { r.Incident.Occasion = occasion })
		a := n.take(mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now(), doc), address("soc-alfa"))
		found := false
		n.must(n.store.EachEvent(t.Context(), func(e exchange.Event) error {
			found = found || e.Name == "accepted" && e.Detail["number"] == a.Number && e.Detail["occasion"] == occasion
			return nil
		}))
		if !found {
			t.Errorf("report %d: occasion %s is not in the journal", i, occasion)
		}
	}
}
