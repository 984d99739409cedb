package gateway

import "testing"

func TestEveryMailboxIsHinted(t *testing.T) {
	var h hints
	h.tell() // nobody listens yet
	a, b := h.subscribe(), h.subscribe()
	h.tell()
	h.tell() // a second hint before the first is taken is the same hint
	for name, c := range map[string]<-chan struct{}{"a": a, "b": b} {
		select {
		case <-c:
		default:
			t.Errorf("%s was not told", name)
		}
		select {
		case <-c:
			t.Errorf("%s was told twice", name)
		default:
		}
	}
}
