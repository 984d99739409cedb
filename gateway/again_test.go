package gateway

import (
	"sync"
	"testing"

	"almasu/exchange"
	"almasu/queue"
)

// A client whose connection broke tries again while the first try is under way.
func TestTheSameReportSubmittedAtOnce(t *testing.T) {
	c := newClock()
	n := open(t, "soc-alfa", c)
	doc := incident("r-1", c.now())
	var all sync.WaitGroup
	got := make(chan Submission, 8)
	for range cap(got) {
		all.Go(func() {
			s, err := n.g.Submit(t.Context(), Order{Document: doc, Actor: "test"})
			if err != nil {
				t.Error(err)
			}
			got <- s
		})
	}
	all.Wait()
	close(got)
	committed, again := 0, 0
	for s := range got {
		if s.Position != 0 {
			committed++
		}
		if s.Again != 0 && s.Refusal.Code == exchange.Conflict {
			again++
		}
	}
	if letters := n.letters(queue.LetterFilter{}); committed != 1 || again != 7 || len(letters) != 1 {
		t.Errorf("%d committed, %d known again, letters %s", committed, again, kinds(letters))
	}
}
