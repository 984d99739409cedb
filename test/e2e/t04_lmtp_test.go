package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"almasu/internal/testmail"
	"almasu/internal/testpeer"
)

// TestT04PostfixHandsOverByLMTPAndKeepsWhatWeCannotTake sends through Postfix
// into the LMTP listener, also while the gateway is down.
func TestT04PostfixHandsOverByLMTPAndKeepsWhatWeCannotTake(t *testing.T) {
	w := world(t)
	if !testpeer.CanStartPostfix() {
		testpeer.Need(t, "postfix")
		testpeer.LackingRoot(t, "Postfix can be started by root only")
	}
	port := freePort(t)
	h := newHouse(t, true, map[string]string{"nccis.example": "lmtp:inet:" + port})
	centre, beta := w.Person("nccis"), w.Person("soc-beta")
	nccis := newNode(t, "nccis", fmt.Sprintf("listen: {lmtp: %q}\n", port)+h.relays())
	nccis.start()

	hand := func(name string) {
		message, err := w.Message(testmail.Another(name))
		if err != nil {
			t.Fatal(err)
		}
		h.postfix.Deliver(t, message, beta.Address(), centre.Address())
	}
	hand("while-it-runs")
	nccis.settled(1)
	nccis.stop()
	hand("while-it-is-down")
	testpeer.Until(t, storyWait, "Postfix to defer the message", func(context.Context) bool {
		return strings.Contains(h.postfix.Log(t), "status=deferred")
	})
	nccis.start()
	nccis.settled(2)
	h.await(beta, "INBOX", 2)
	for _, l := range h.letters(beta, testmail.SelfID) {
		if l.field("verdict") != "accepted" {
			t.Errorf("the receipt says %v", l.card)
		}
	}
	if n := nccis.count("SELECT count(*) FROM arrival WHERE via = 'lmtp' AND state = 'accepted'"); n != 2 {
		t.Errorf("%d messages were accepted by LMTP, want 2", n)
	}
	if strings.Contains(h.postfix.Log(t), "status=bounced") {
		t.Errorf("Postfix bounced a message:\n%s", h.postfix.Log(t))
	}
	nccis.close()
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
