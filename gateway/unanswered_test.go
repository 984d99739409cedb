package gateway

import (
	"testing"
	"time"

	"almasu/exchange"
)

func impatient(t *testing.T, id string) *node {
	return open(t, id, newClock(), func(w *World) { w.ReceiptWait = 10 * time.Minute })
}

// again lets time pass and the loop look, and returns how many letters went to
// the relay by then.
func (n *node) again(d time.Duration) int {
	n.Helper()
	n.clock.pass(d)
	_, err := n.g.sendAgain(n.Context(), "test")
	n.must(err)
	n.send()
	return len(n.relay.letters)
}

func TestAReportWithoutAReceiptGoesAgain(t *testing.T) {
	n := impatient(t, "soc-alfa")
	_, err := n.g.Submit(t.Context(), Order{Document: incident("r-1", n.clock.now()), Actor: "test"})
	n.must(err)
	n.send()
	for _, step := range []struct {
		pass time.Duration
		went int
	}{{9 * time.Minute, 1}, {time.Minute, 2}, {29 * time.Minute, 2}, {time.Minute, 3}, {89 * time.Minute, 3}, {time.Minute, 4}} {
		if went := n.again(step.pass); went != step.went {
			t.Fatalf("after %s more: sent %d times, want %d", step.pass, went, step.went)
		}
	}
	first, last := n.relay.letters[0], n.relay.letters[3]
	if first.MessageID != last.MessageID || string(first.Message) != string(last.Message) {
		t.Error("not the same octets")
	}
	for range 6 {
		n.again(24 * time.Hour)
	}
	most := len(n.relay.letters)
	if went := n.again(30 * 24 * time.Hour); went != most {
		t.Errorf("sent %d times after the end of its life, %d before", went, most)
	}
	l := n.letters(lettersTo("nccis"))[0]
	if l.State != exchange.LetterSent || len(n.events("letter-unanswered")) != 1 {
		t.Errorf("%s, %+v", l.State, n.events("letter-unanswered"))
	}
}

func TestANoticeGoesAgainOnlyToWhoeverAnswers(t *testing.T) {
	for name, answered := range map[string]bool{"never answered": false, "answered before": true} {
		t.Run(name, func(t *testing.T) {
			n := impatient(t, "nccis")
			take := func(id string) {
				n.take(mail{from: "soc-alfa", to: "nccis"}.seal(t, n.clock.now(), incident(id, n.clock.now())), address("soc-alfa"))
			}
			take("r-1")
			n.send()
			notice := n.only(n.letters(lettersTo("knb")), exchange.LetterNotice, "knb")
			if answered {
				_, err := n.store.Commit(t.Context(), exchange.Decision{At: n.clock.now(), Closes: []exchange.Close{{Letter: notice.ID, Verdict: exchange.VerdictAccepted}}})
				n.must(err)
				take("r-2")
				n.send()
			}
			before := len(n.relay.letters)
			want := before
			if answered {
				want++
			}
			if went := n.again(10 * time.Minute); went != want {
				t.Errorf("%d letters went, want %d", went, want)
			}
		})
	}
}
