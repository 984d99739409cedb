package gateway

import (
	"testing"

	"almasu/exchange"
)

// After a crash every message that was in work is suspicious. Only the one
// that is judged, alone, may count another attempt: the others behind it would
// be held as poison by its fault.
func TestSuspiciousMessagesAreJudgedOneAtATime(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	n.accept(fromAlfa(t, c.now(), incident("r-1", c.now())), "")
	n.crash()
	n.g.suspect.Lock() // as if another one were under way
	more, err := n.g.judgeNext(t.Context(), "test")
	if !more || err != nil {
		t.Fatalf("more %t, error %v", more, err)
	}
	if a := n.latest(); a.Attempts != 1 || a.State != exchange.ArrivalStored {
		t.Errorf("given back as %s with %d attempts", a.State, a.Attempts)
	}
	if more, err := n.g.judgeNext(t.Context(), "test"); more || err != nil {
		t.Errorf("leased again at once: more %t, error %v", more, err)
	}
	n.g.suspect.Unlock()
	c.pass(scanEvery)
	n.judge()
	if a := n.latest(); a.State != exchange.ArrivalAccepted || a.Attempts != 2 {
		t.Errorf("%s after %d attempts", a.State, a.Attempts)
	}
	if !n.g.alone.TryLock() || !n.g.suspect.TryLock() {
		t.Error("it is still thought to be alone")
	}
}
