package gateway

import (
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
)

// forged is signed by a stranger in soc-alfa's name.
func forged(t testing.TB, now time.Time) []byte {
	return mail{from: "soc-alfa", to: "nccis", signer: "stranger", auto: "auto-generated"}.seal(t, now, incident("r-1", now))
}

func TestNeutralNoticeGoesToTheClaimedParticipantOnceAnHour(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	a := n.take(forged(t, c.now()), address("soc-alfa"))
	n.want(a, exchange.ArrivalHeld, exchange.SignerUnknown)
	if a.Participant != "" || !strings.HasPrefix(a.Number, "H-2026-") {
		t.Errorf("arrival %+v", a)
	}
	l := n.only(n.answers(a), exchange.LetterNeutral, "soc-alfa")
	o := n.read(l)
	if l.WantsReceipt || strings.TrimSpace(o.ProtectedPart.Get("Auto-Submitted")) != "auto-replied" || len(o.Payload) != 1 {
		t.Errorf("neutral notice %+v: %+v", l, o.ProtectedPart.Fields)
	}
	text := n.plain(l)
	if !strings.Contains(text, a.Number) || strings.Contains(text, canary) || strings.Contains(text, "r-1") || strings.Contains(text, string(exchange.SignerUnknown)) {
		t.Errorf("neutral notice says %q", text)
	}
	c.pass(59 * time.Minute)
	if all := n.answers(n.take(forged(t, c.now()), "")); len(all) != 0 {
		t.Errorf("a second one within the hour: %s", kinds(all))
	}
	if all := n.answers(n.take(mail{from: "soc-beta", to: "nccis", signer: "stranger"}.seal(t, c.now(), incident("r-2", c.now())), address("soc-beta"))); len(all) != 1 {
		t.Errorf("another participant is told for itself: %s", kinds(all))
	}
	c.pass(time.Minute + time.Second)
	if all := n.answers(n.take(forged(t, c.now()), address("soc-alfa"))); len(all) != 1 {
		t.Errorf("after an hour: %s", kinds(all))
	}
}

func TestHeldMessagesThatAreNotAnswered(t *testing.T) {
	c := newClock()
	plain := "To: " + address("nccis") + "\r\nMessage-ID: <x@y.example>\r\nSubject: hello\r\n\r\nhello\r\n"
	own := func(t *testing.T) []byte { // our own receipt comes back
		n := open(t, "nccis", c)
		a := n.take(fromAlfa(t, c.now(), incident("r-1", c.now())), "")
		return n.only(n.answers(a), exchange.LetterReceipt, "soc-alfa").Message
	}
	for name, test := range map[string]struct {
		raw        func(t *testing.T) []byte
		returnPath string
		code       exchange.Code
	}{
		"null Return-Path": {func(t *testing.T) []byte { return forged(t, c.now()) }, "", exchange.SignerUnknown},
		"an answer of a machine": {func(t *testing.T) []byte {
			return mail{from: "soc-alfa", to: "nccis", signer: "stranger", auto: "auto-replied"}.seal(t, c.now())
		}, "x@y.example", exchange.SignerUnknown},
		"a stranger in its own name": {func(t *testing.T) []byte { return []byte("From: someone@elsewhere.example\r\n" + plain) }, "x@y.example", exchange.NotEncrypted},
		"no From at all":             {func(*testing.T) []byte { return []byte(plain) }, "x@y.example", exchange.NotEncrypted},
		"our own letter":             {own, "x@y.example", exchange.SignerMismatch},
		"our own letter under another's From": {func(t *testing.T) []byte {
			return []byte(strings.Replace(string(own(t)), "From: "+address("nccis"), "From: "+address("soc-alfa"), 1))
		}, "x@y.example", exchange.SignerMismatch},
		"our own address in clear": {func(*testing.T) []byte { return []byte("From: " + address("nccis") + "\r\n" + plain) }, "x@y.example", exchange.NotEncrypted},
		"an empty mail":            {func(*testing.T) []byte { return []byte("\r\n") }, "x@y.example", exchange.NotEncrypted},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "nccis", c)
			a := n.take(test.raw(t), test.returnPath)
			n.want(a, exchange.ArrivalHeld, test.code)
			if all := n.answers(a); len(all) != 0 {
				t.Errorf("answered with %s", kinds(all))
			}
		})
	}
}

func TestNothingGoesOutInClear(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	for _, raw := range [][]byte{fromAlfa(t, c.now(), incident("r-1", c.now())), forged(t, c.now()),
		mail{from: "soc-beta", to: "nccis"}.seal(t, c.now()), []byte("From: " + address("soc-gamma") + "\r\nSubject: " + canary + "\r\n\r\n" + canary + "\r\n")} {
		n.take(raw, address("soc-alfa"))
	}
	n.send()
	if len(n.relay.letters) < 5 {
		t.Fatalf("sent %s", kinds(n.relay.letters))
	}
	for _, l := range n.relay.letters {
		o, err := crypto.Open(l.Message, ring(t, l.To), crypto.Limits{}, c.now())
		n.must(err)
		s := o.Security
		if !s.Encrypted || s.Form != exchange.FormMIME || strings.Contains(string(l.Message), canary) || strings.Contains(string(l.Message), "NCCIS-2026") {
			t.Errorf("letter %d to %s: %+v", l.ID, l.To, s)
		}
		if l.Address != address(l.To) || o.OuterPart.Get("Reply-To") != "" {
			t.Errorf("letter %d goes to %s", l.ID, l.Address)
		}
	}
}

func TestReplyToIsNeverFollowed(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	raw := append([]byte("Reply-To: someone@elsewhere.example\r\n"), fromAlfa(t, c.now(), incident("r-1", c.now()))...)
	for _, l := range n.answers(n.take(raw, "")) {
		if l.Address != address(l.To) {
			t.Errorf("letter to %s", l.Address)
		}
	}
}
