package gateway

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
)

// wrapped puts the ciphertext of a mail into another one, as an attachment.
func wrapped(raw []byte, from string) []byte {
	begin, end := bytes.Index(raw, []byte("-----BEGIN PGP MESSAGE-----")), bytes.Index(raw, []byte("-----END PGP MESSAGE-----"))
	armor := raw[begin : end+len("-----END PGP MESSAGE-----")]
	return []byte("From: " + address(from) + "\r\nTo: " + address("nccis") + "\r\nMessage-ID: <wrapped@x.example>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=w\r\n\r\n--w\r\nContent-Type: text/plain\r\n\r\nsee attachment\r\n--w\r\n" +
		"Content-Type: application/octet-stream; name=report.asc\r\n\r\n" + string(armor) + "\r\n--w--\r\n")
}

func underFrom(raw []byte, from string) []byte {
	return bytes.Replace(raw, []byte("From: "+address("soc-alfa")), []byte("From: "+address(from)), 1)
}

func TestSeenBefore(t *testing.T) {
	c := newClock()
	doc := incident("r-1", c.now(), func(r *exchange.Report) { r.Revision = 2 })
	first := fromAlfa(t, c.now(), doc)
	sealed := func(change func(*exchange.Report)) func() []byte {
		return func() []byte {
			return fromAlfa(t, c.now(), incident("r-1", c.now(), func(r *exchange.Report) { r.Revision = 2; change(r) }))
		}
	}
	for name, test := range map[string]struct {
		again func() []byte
		state exchange.ArrivalState
		code  exchange.Code
	}{
		"the same bytes":           {func() []byte { return first }, exchange.ArrivalDuplicate, ""},
		"the same report resealed": {func() []byte { return fromAlfa(t, c.now(), doc) }, exchange.ArrivalDuplicate, ""},
		"under another Message-ID": {func() []byte {
			return bytes.Replace(first, []byte("Message-ID: <"), []byte("Message-ID: <x"), 1)
		}, exchange.ArrivalDuplicate, ""},
		"changed under the same revision": {sealed(func(r *exchange.Report) { r.Incident.Severity = exchange.Low }), exchange.ArrivalRefused, exchange.Conflict},
		"an earlier revision":             {sealed(func(r *exchange.Report) { r.Revision = 1 }), exchange.ArrivalRefused, exchange.Superseded},
		"a later revision":                {sealed(func(r *exchange.Report) { r.Revision = 3 }), exchange.ArrivalAccepted, ""},
		"under another From":              {func() []byte { return underFrom(first, "soc-beta") }, exchange.ArrivalHeld, exchange.Replayed},
		"under a stranger's From":         {func() []byte { return underFrom(first, "elsewhere") }, exchange.ArrivalHeld, exchange.Replayed},
		"under two From":                  {func() []byte { return underFrom(first, "soc-alfa.example, x") }, exchange.ArrivalHeld, exchange.Replayed},
		"inside another mail":             {func() []byte { return wrapped(first, "soc-alfa") }, exchange.ArrivalHeld, exchange.Replayed},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			n := open(t, "nccis", c)
			before := n.take(first, address("soc-alfa"))
			n.want(before, exchange.ArrivalAccepted, "")
			told := n.receipt(n.only(n.answers(before), exchange.LetterReceipt, "soc-alfa"))
			c.pass(time.Minute)
			a := n.take(test.again(), address("soc-alfa"))
			if k, err := n.store.KnownReport(t.Context(), "soc-alfa", exchange.Key{ID: "r-1", Revision: 2}); name == "inside another mail" && (err != nil || k.Form == "") {
				t.Skip("room queue does not keep the form of what was accepted")
			}
			n.want(a, test.state, test.code)
			switch test.state {
			case exchange.ArrivalDuplicate:
				all := n.answers(a)
				if len(all) != 1 {
					t.Fatalf("letters %s, want one receipt", kinds(all))
				}
				r := n.receipt(n.only(all, exchange.LetterReceipt, "soc-alfa"))
				if r.Verdict != exchange.VerdictDuplicate || r.FirstVerdict != told.Verdict || r.Number != told.Number || *r.Digest != *told.Digest ||
					r.OriginalMessageID != a.MessageID {
					t.Errorf("receipt %+v, first %+v", r, told)
				}
				if a.Number != "" {
					t.Errorf("a duplicate took the number %s", a.Number)
				}
			case exchange.ArrivalRefused:
				r := n.receipt(n.only(n.answers(a), exchange.LetterReceipt, "soc-alfa"))
				if r.Verdict != exchange.VerdictRefused || r.Code != test.code || r.Number != a.Number {
					t.Errorf("receipt %+v", r)
				}
			case exchange.ArrivalHeld:
				for _, l := range n.answers(a) {
					if l.Kind != exchange.LetterNeutral {
						t.Errorf("a replay is answered with a %s to %s", l.Kind, l.To)
					}
				}
			}
		})
	}
}

func TestTheSameMailboxEntryIsTheSameArrival(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	raw := fromAlfa(t, c.now(), incident("r-1", c.now()))
	a := n.take(raw, "")
	n.uid-- // the entry is read again
	if again := n.take(raw, ""); again.ID != a.ID {
		t.Errorf("arrival %d, want %d again", again.ID, a.ID)
	}
	if all := n.letters(lettersTo("soc-alfa")); len(all) != 1 {
		t.Errorf("answered %d times", len(all))
	}
}

func TestRefusedAndHeldMessagesAreNotRemembered(t *testing.T) {
	c := newClock()
	t.Run("refused, then corrected under the same revision", func(t *testing.T) {
		n := open(t, "nccis", c)
		bad := incident("r-1", c.now())
		bad.Body = bytes.Replace(bad.Body, []byte(`"high"`), []byte(`"terrible"`), 1)
		n.want(n.take(fromAlfa(t, c.now(), bad), ""), exchange.ArrivalRefused, exchange.Invalid)
		n.want(n.take(fromAlfa(t, c.now(), incident("r-1", c.now())), ""), exchange.ArrivalAccepted, "")
	})
	t.Run("refused twice is refused twice, under two numbers", func(t *testing.T) {
		n := open(t, "nccis", c)
		raw := fromAlfa(t, c.now(), incident("r-1", c.now(), func(r *exchange.Report) { r.Marking = "Секретно" }))
		first, second := n.take(raw, ""), n.take(raw, "")
		n.want(second, exchange.ArrivalRefused, exchange.MarkingForbidden)
		if first.Number == second.Number {
			t.Errorf("number %s twice", first.Number)
		}
	})
	t.Run("first posted by another, then by its owner", func(t *testing.T) {
		n := open(t, "nccis", c)
		raw := fromAlfa(t, c.now(), incident("r-1", c.now()))
		first := n.take(underFrom(raw, "soc-beta"), "") // the protected From is soc-alfa's
		n.want(first, exchange.ArrivalAccepted, "")
		a := n.take(raw, "")
		n.want(a, exchange.ArrivalDuplicate, "")
		if r := n.receipt(n.only(n.answers(a), exchange.LetterReceipt, "soc-alfa")); r.Number != first.Number {
			t.Errorf("receipt %+v", r)
		}
	})
	t.Run("damaged, then whole", func(t *testing.T) {
		n := open(t, "nccis", c)
		raw := fromAlfa(t, c.now(), incident("r-1", c.now()))
		n.want(n.take(damaged(raw), ""), exchange.ArrivalHeld, exchange.CannotDecrypt)
		n.want(n.take(raw, ""), exchange.ArrivalAccepted, "")
	})
}

// damaged changes one character of the ciphertext.
func damaged(raw []byte) []byte {
	raw = bytes.Clone(raw)
	begin, end := bytes.Index(raw, []byte("-----BEGIN PGP MESSAGE-----")), bytes.Index(raw, []byte("-----END PGP MESSAGE-----"))
	for i := begin + (end-begin)*3/4; i < end; i++ {
		if raw[i] >= 'a' && raw[i] < 'z' {
			raw[i]++
			break
		}
	}
	return raw
}

func TestTwoReportersMayUseTheSameID(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	n.want(n.take(fromAlfa(t, c.now(), incident("r-1", c.now())), ""), exchange.ArrivalAccepted, "")
	other := incident("r-1", c.now(), func(r *exchange.Report) { r.Reporter = "soc-beta"; r.Incident.Severity = exchange.Low })
	n.want(n.take(mail{from: "soc-beta", to: "nccis"}.seal(t, c.now(), other), ""), exchange.ArrivalAccepted, "")
}

func TestSecondWorkerWithTheSameContentMakesADuplicate(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	raw := fromAlfa(t, c.now(), incident("r-1", c.now()))
	n.accept(raw, "")
	n.accept(raw, "")
	// The first is judged and waits before its commit while the second passes.
	a, lease, octets, err := n.store.LeaseArrival(t.Context(), "slow", time.Minute)
	n.must(err)
	o, err := Judge(t.Context(), octets, a.ReceivedAt, &n.world, n.store)
	n.must(err)
	number, err := n.store.Number(t.Context(), a.ID, "NCCIS")
	n.must(err)
	n.judge()
	n.want(n.latest(), exchange.ArrivalAccepted, "")
	_, err = n.store.Commit(t.Context(), decision(*a, lease, &o, number, c.now()))
	n.must(n.g.giveBack(t.Context(), *a, lease, err))
	n.judge()
	slow, err := n.store.Arrival(t.Context(), a.ID)
	n.must(err)
	n.want(slow, exchange.ArrivalDuplicate, "")
	if slow.Attempts > 1 || slow.Number != "" || !strings.HasSuffix(n.latest().Number, "000002") {
		t.Errorf("%+v and %+v", slow, n.latest())
	}
}
