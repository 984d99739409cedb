package gateway

import (
	"context"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

// replies makes the relay answer one attempt after the other; the last one
// again and again.
func (n *node) replies(outcomes ...exchange.SendOutcome) {
	n.relay.answer = func(exchange.Letter) []exchange.Attempt {
		o := outcomes[0]
		if len(outcomes) > 1 {
			outcomes = outcomes[1:]
		}
		return []exchange.Attempt{{Outcome: o, At: n.clock.now(), Relay: "relay", Text: "reply " + string(o), Outside: true}}
	}
}

// prepared is a SOC whose report waits to be sent.
func prepared(t *testing.T, c *clock, changes ...func(*World)) *node {
	t.Helper()
	n := open(t, "soc-alfa", c, changes...)
	_, err := n.g.Submit(t.Context(), Order{Document: incident("r-1", c.now()), Actor: "test"})
	n.must(err)
	return n
}

func (n *node) letter() exchange.Letter {
	n.Helper()
	list := n.letters(queue.LetterFilter{Newest: true, Limit: 1})
	return list[0]
}

func TestLaterIsTriedAgainWithTheSameOctets(t *testing.T) {
	c := newClock()
	n := prepared(t, c)
	n.replies(exchange.OutcomeLater, exchange.OutcomeLater, exchange.OutcomeSent)
	var waits []time.Duration
	for range 3 {
		n.send()
		l := n.letter()
		if l.State != exchange.LetterWaiting {
			break
		}
		waits = append(waits, l.NextAt.Sub(c.now()))
		before := len(n.relay.letters)
		n.send()
		if len(n.relay.letters) != before {
			t.Error("tried again at once")
		}
		c.pass(l.NextAt.Sub(c.now()))
	}
	l := n.letter()
	if l.State != exchange.LetterSent || l.Attempts != 3 || len(waits) != 2 || waits[0] <= 0 || waits[1] > 2*time.Hour {
		t.Errorf("letter %+v after waits %v", l, waits)
	}
	for _, sent := range n.relay.letters {
		if string(sent.Message) != string(n.relay.letters[0].Message) {
			t.Error("the octets changed")
		}
	}
	if a, err := n.store.Attempts(t.Context(), l.ID); err != nil || len(a) != 3 {
		t.Errorf("attempts %+v, %v", a, err)
	}
}

func TestNeverAlarmsAndStays(t *testing.T) {
	c := newClock()
	n := prepared(t, c)
	n.replies(exchange.OutcomeNever)
	n.send()
	if l := n.letter(); l.State != exchange.LetterNever || !strings.Contains(n.log.String(), "level=ERROR msg=\"letter refused for good\"") {
		t.Errorf("%s; log %s", l.State, n.log)
	}
	n.must(n.store.Retry(t.Context(), n.letter().ID, "duty"))
	n.replies(exchange.OutcomeSent)
	n.send()
	if l := n.letter(); l.State != exchange.LetterSent {
		t.Errorf("after a retry: %s", l.State)
	}
}

func TestLifeOfALetterEnds(t *testing.T) {
	c := newClock()
	n := prepared(t, c)
	n.replies(exchange.OutcomeLater)
	for range 200 {
		n.send()
		c.pass(time.Hour)
	}
	l := n.letter()
	if l.State != exchange.LetterNever || !strings.Contains(l.Reply, "retry_life") || !strings.Contains(n.log.String(), "letter given up") {
		t.Errorf("letter %+v", l)
	}
	if first, last := n.relay.letters[0], n.relay.letters[len(n.relay.letters)-1]; first.MessageID != last.MessageID {
		t.Error("sealed anew within its life")
	}
}

func TestRelayAtFaultIsAnAlarmAndTheLetterStays(t *testing.T) {
	c := newClock()
	n := prepared(t, c)
	n.relay.answer = func(exchange.Letter) []exchange.Attempt {
		return []exchange.Attempt{{Outcome: exchange.OutcomeLater, At: c.now(), Relay: "one", RelayFault: true, Code: 535},
			{Outcome: exchange.OutcomeSent, At: c.now(), Relay: "two", Code: 250}}
	}
	n.send()
	if l := n.letter(); l.State != exchange.LetterSent || l.Relay != "two" || !strings.Contains(n.log.String(), "relay at fault") {
		t.Errorf("letter %+v", l)
	}
}

func TestStaleLetterIsSealedAnew(t *testing.T) {
	c := newClock()
	n := prepared(t, c, func(w *World) { w.RetryLife = 30 * 24 * time.Hour })
	n.replies(exchange.OutcomeLater)
	n.send()
	old := n.letter()
	c.pass(7*24*time.Hour + time.Minute)
	n.replies(exchange.OutcomeSent)
	n.send()
	was, err := n.store.Letter(t.Context(), old.ID)
	n.must(err)
	l := n.letter()
	if was.State != exchange.LetterReplaced || l.ID == old.ID || l.MessageID == old.MessageID || l.State != exchange.LetterSent {
		t.Fatalf("old %s, new %+v", was.State, l)
	}
	if l.Report != old.Report || l.Clause != old.Clause || l.To != old.To || l.WantsReceipt != old.WantsReceipt || !l.Expires.Equal(old.Expires) {
		t.Errorf("old %+v, new %+v", old, l)
	}
	o, before := n.read(l), n.read(old)
	if !o.Security.SignedAt.After(before.Security.SignedAt) || o.Protected.Subject != before.Protected.Subject {
		t.Errorf("signed at %s, subject %q, before %q", o.Security.SignedAt, o.Protected.Subject, before.Protected.Subject)
	}
	if r := n.report(l); r.ID != "r-1" {
		t.Errorf("report %+v", r)
	}
	// The NCCIS takes it, and takes the old one, should it still come, for a copy.
	nccis := open(t, "nccis", c)
	nccis.want(nccis.take(l.Message, ""), exchange.ArrivalAccepted, "")
	nccis.want(nccis.take(old.Message, ""), exchange.ArrivalDuplicate, "")
}

func TestLetterTakenUpAgainByHandIsNotSentStale(t *testing.T) {
	c := newClock()
	n := prepared(t, c)
	n.replies(exchange.OutcomeNever)
	n.send()
	c.pass(20 * 24 * time.Hour)
	n.must(n.store.Retry(t.Context(), n.letter().ID, "duty"))
	n.replies(exchange.OutcomeSent)
	n.send()
	nccis := open(t, "nccis", c)
	nccis.want(nccis.take(n.relay.letters[len(n.relay.letters)-1].Message, ""), exchange.ArrivalAccepted, "")
}

func TestReceiptsSealedAnewKeepTheirThread(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c, func(w *World) { w.RetryLife = 30 * 24 * time.Hour })
	a := n.take(fromAlfa(t, c.now(), incident("r-1", c.now())), address("soc-alfa"))
	c.pass(8 * 24 * time.Hour)
	n.send()
	if len(n.relay.letters) != 3 {
		t.Fatalf("sent %s", kinds(n.relay.letters))
	}
	for _, l := range n.relay.letters {
		p := n.read(l).ProtectedPart
		answers := l.Kind != exchange.LetterNotice
		if (strings.TrimSpace(p.Get("In-Reply-To")) == a.MessageID) != answers || (l.Sender == "") != (l.Kind == exchange.LetterMDN) || l.Arrival != a.ID ||
			(strings.TrimSpace(p.Get("Auto-Submitted")) == "auto-replied") != answers {
			t.Errorf("letter %+v: %+v", l, p.Fields)
		}
	}
}

func TestLost250ThenReceipt(t *testing.T) {
	c := newClock()
	n := prepared(t, c)
	n.replies(exchange.OutcomeLater) // the reply after DATA was lost
	n.send()
	l := n.letter()
	n.take(fromNCCIS(t, c, receiptFor(l, c.now())), "")
	c.pass(time.Hour)
	n.send()
	if got := n.letter(); got.State != exchange.LetterClosed || len(n.relay.letters) != 1 {
		t.Errorf("the letter is %s, sent %d times", got.State, len(n.relay.letters))
	}
	if d, err := n.store.Deadlines(t.Context(), l.Report); err != nil || d[0].State != exchange.DeadlineMet {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestLetterOfAKilledSenderIsSentWithin30Seconds(t *testing.T) {
	c := newClock()
	n := prepared(t, c)
	l, _, err := n.store.LeaseLetter(t.Context(), "dies", n.g.limits.Lease)
	n.must(err)
	c.pass(30 * time.Second)
	n.send()
	if got, err := n.store.Letter(t.Context(), l.ID); err != nil || got.State != exchange.LetterSent {
		t.Errorf("the letter is %s, %v", got.State, err)
	}
}

func TestLeaseOfASlowRelayIsRenewed(t *testing.T) {
	c := newClock()
	n := prepared(t, c)
	n.g.limits.Lease = 30 * time.Millisecond // by the clock of the renewal; the store's stands still
	n.relay.answer = func(exchange.Letter) []exchange.Attempt {
		for seen := n.due(); !n.due().After(seen); { // the relay thinks until the lease was renewed
			c.pass(time.Millisecond)
		}
		return []exchange.Attempt{{Outcome: exchange.OutcomeSent, At: c.now(), Relay: "slow", Code: 250}}
	}
	n.send()
	if l := n.letter(); l.State != exchange.LetterSent || len(n.relay.letters) != 1 {
		t.Errorf("the letter is %s, sent %d times", l.State, len(n.relay.letters))
	}
}

// due is when the lease of the only letter ends.
func (n *node) due() time.Time {
	n.Helper()
	at, err := n.store.NextDue(context.Background())
	if err != nil {
		n.Error(err)
	}
	return at
}

func TestShutdownBeforeTheFirstRelayLosesNothing(t *testing.T) {
	c := newClock()
	n := prepared(t, c)
	n.relay.answer = func(exchange.Letter) []exchange.Attempt { return nil }
	ctx, cancel := context.WithCancel(t.Context())
	l, lease, err := n.store.LeaseLetter(ctx, "test", n.g.limits.Lease)
	n.must(err)
	cancel()
	if err := n.g.deliver(ctx, *l, lease); err == nil {
		t.Error("no error")
	}
	c.pass(n.g.limits.Lease)
	n.replies(exchange.OutcomeSent)
	n.send()
	if got := n.letter(); got.State != exchange.LetterSent {
		t.Errorf("the letter is %s", got.State)
	}
}

func TestFuseDelaysButNeverDropsAndNeverTheAcceptedReceipt(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c, func(w *World) { w.AnswersPerHour = 3 })
	raw := fromAlfa(t, c.now(), incident("r-1", c.now()))
	for range 6 {
		n.take(raw, "")
	}
	n.take(mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now()), "") // refused
	n.take(fromAlfa(t, c.now(), incident("r-2", c.now())), "")
	n.send()
	sent := map[exchange.Verdict]int{}
	count := func() {
		clear(sent)
		for _, l := range n.relay.letters {
			if l.Kind == exchange.LetterReceipt {
				sent[n.receipt(l).Verdict]++
			}
		}
	}
	count()
	if sent[exchange.VerdictAccepted] != 2 || sent[exchange.VerdictDuplicate]+sent[exchange.VerdictRefused] >= 6 || sent[exchange.VerdictDuplicate] == 0 {
		t.Errorf("within the hour: %v", sent)
	}
	if !strings.Contains(n.log.String(), "answers fuse") {
		t.Error("no alarm")
	}
	c.pass(time.Hour + time.Second)
	n.send()
	count()
	if sent[exchange.VerdictAccepted] != 2 || sent[exchange.VerdictDuplicate] != 5 || sent[exchange.VerdictRefused] != 1 {
		t.Errorf("after it: %v", sent)
	}
	other := n.take(mail{from: "soc-beta", to: "nccis"}.seal(t, c.now()), "")
	if l := n.only(n.answers(other), exchange.LetterReceipt, "soc-beta"); l.NextAt.After(c.now()) {
		t.Error("another participant waits too")
	}
}
