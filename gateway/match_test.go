package gateway

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/mailout"
	"almasu/parser"
	"almasu/queue"
	"almasu/receipt"
)

// submitted is a soc-alfa with one report sent to the NCCIS.
func submitted(t *testing.T, c *clock) (*node, exchange.Letter) {
	t.Helper()
	n := open(t, "soc-alfa", c)
	s, err := n.g.Submit(t.Context(), Order{Document: incident("r-1", c.now()), Actor: "test"})
	n.must(err)
	if s.Refusal.Code != "" || len(s.Letters) != 1 {
		t.Fatalf("submission %+v", s)
	}
	n.send()
	return n, n.letters(queue.LetterFilter{Report: s.Position})[0]
}

// receiptFor is what the NCCIS says of a letter, as a document.
func receiptFor(l exchange.Letter, now time.Time, changes ...func(*exchange.ReceiptBody)) exchange.Document {
	body := exchange.ReceiptBody{Number: "NCCIS-2026-000007", OriginalMessageID: l.MessageID, ReceivedAt: now, DecidedAt: now,
		Verdict: exchange.VerdictAccepted, FirstVerdict: exchange.VerdictAccepted, Digest: &l.Digest, Reports: []exchange.Key{{ID: "r-1", Revision: 1}}}
	for _, change := range changes {
		change(&body)
	}
	return rendered(&exchange.Report{Kind: exchange.Receipt, ID: fmt.Sprint("rcpt-", now.UnixMicro()), Revision: 1, Reporter: "nccis", Addressee: "soc-alfa",
		GeneratedAt: now, Receipt: &body})
}

func fromNCCIS(t *testing.T, c *clock, docs ...exchange.Document) []byte {
	return mail{from: "nccis", to: "soc-alfa", auto: "auto-replied"}.seal(t, c.now(), docs...)
}

func TestReceiptClosesItsLetter(t *testing.T) {
	c := newClock()
	for _, v := range []exchange.Verdict{exchange.VerdictAccepted, exchange.VerdictRefused, exchange.VerdictDuplicate} {
		t.Run(string(v), func(t *testing.T) {
			n, l := submitted(t, c)
			code := exchange.Code("")
			if v == exchange.VerdictRefused {
				code = exchange.Invalid
			}
			a := n.take(fromNCCIS(t, c, receiptFor(l, c.now(), func(r *exchange.ReceiptBody) { r.Verdict, r.Code = v, code })), "")
			n.want(a, exchange.ArrivalReceipt, "")
			got, err := n.store.Letter(t.Context(), l.ID)
			n.must(err)
			if got.State != exchange.LetterClosed || got.Verdict != v || got.Number != "NCCIS-2026-000007" || got.ReceiptArrival != a.ID {
				t.Errorf("letter %+v", got)
			}
			if all := n.answers(a); len(all) != 0 {
				t.Errorf("a receipt is answered with %s", kinds(all))
			}
			if again := n.take(fromNCCIS(t, c, receiptFor(l, c.now())), ""); again.State != exchange.ArrivalReceipt || len(n.events("receipt-again")) != 1 {
				t.Errorf("the second receipt: %+v", again)
			}
		})
	}
}

func TestReceiptThatClosesNothing(t *testing.T) {
	c := newClock()
	beta := func(t *testing.T, doc exchange.Document) []byte {
		return mail{from: "soc-beta", to: "soc-alfa", auto: "auto-replied"}.seal(t, c.now(), doc)
	}
	as := func(t *testing.T, l exchange.Letter, change func(*exchange.ReceiptBody)) []byte {
		return fromNCCIS(t, c, receiptFor(l, c.now(), change))
	}
	for name, test := range map[string]struct {
		raw   func(t *testing.T, l exchange.Letter) []byte
		event string
	}{
		"held": {func(t *testing.T, l exchange.Letter) []byte {
			return as(t, l, func(r *exchange.ReceiptBody) { r.Verdict = exchange.VerdictHeld })
		}, "receipt"},
		"another digest": {func(t *testing.T, l exchange.Letter) []byte {
			return as(t, l, func(r *exchange.ReceiptBody) {
				r.Digest = &exchange.Digest{Algorithm: "sha256", Over: "entity", Value: "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="}
			})
		}, "receipt-mismatch"},
		"accepted without a digest": {func(t *testing.T, l exchange.Letter) []byte {
			return as(t, l, func(r *exchange.ReceiptBody) { r.Digest = nil })
		}, "receipt-mismatch"},
		"of another report": {func(t *testing.T, l exchange.Letter) []byte {
			return as(t, l, func(r *exchange.ReceiptBody) { r.Reports = []exchange.Key{{ID: "r-1", Revision: 2}} })
		}, "receipt-mismatch"},
		"an unknown Message-ID": {func(t *testing.T, l exchange.Letter) []byte {
			return as(t, l, func(r *exchange.ReceiptBody) { r.OriginalMessageID = "<x@soc-alfa.example>" })
		}, "receipt-mismatch"},
		"no Message-ID": {func(t *testing.T, l exchange.Letter) []byte {
			return as(t, l, func(r *exchange.ReceiptBody) { r.OriginalMessageID = "" })
		}, "receipt-mismatch"},
		"of another participant": {func(t *testing.T, l exchange.Letter) []byte {
			doc := receiptFor(l, c.now())
			parsed := parseOne(t, doc, c.now())
			parsed.Reporter, parsed.Addressee = "soc-beta", "soc-alfa"
			return beta(t, rendered(parsed))
		}, "receipt-mismatch"},
		"a notification alone": {func(t *testing.T, l exchange.Letter) []byte {
			return notification(t, c, "nccis", l.MessageID, l.Digest)
		}, "mdn"},
		"a notification by another hash": {func(t *testing.T, l exchange.Letter) []byte {
			return notification(t, c, "nccis", l.MessageID, exchange.Digest{Algorithm: "sha384", Over: "entity", Value: "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is"})
		}, "mdn"},
		"a notification of another digest": {func(t *testing.T, l exchange.Letter) []byte {
			return notification(t, c, "nccis", l.MessageID, exchange.Digest{Algorithm: l.Digest.Algorithm, Over: "entity", Value: "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="})
		}, "receipt-mismatch"},
		"a notification of another participant": {func(t *testing.T, l exchange.Letter) []byte {
			return notification(t, c, "soc-beta", l.MessageID, l.Digest)
		}, "receipt-mismatch"},
		"a notification of nothing of ours": {func(t *testing.T, l exchange.Letter) []byte {
			return notification(t, c, "nccis", "<x@soc-alfa.example>", l.Digest)
		}, "receipt-mismatch"},
		"words alone, by a machine": {func(t *testing.T, l exchange.Letter) []byte { return fromNCCIS(t, c) }, "receipt"},
	} {
		t.Run(name, func(t *testing.T) {
			n, l := submitted(t, c)
			a := n.take(test.raw(t, l), address("nccis"))
			n.want(a, exchange.ArrivalReceipt, "")
			got, err := n.store.Letter(t.Context(), l.ID)
			n.must(err)
			if got.State != exchange.LetterSent {
				t.Errorf("the letter is %s", got.State)
			}
			if len(n.events(test.event)) == 0 {
				t.Errorf("no journal event %s", test.event)
			}
			if all := n.answers(a); len(all) != 0 {
				t.Errorf("answered with %s", kinds(all))
			}
		})
	}
}

// notification is a sealed disposition notification of a participant.
func notification(t *testing.T, c *clock, from, messageID string, digest exchange.Digest) []byte {
	t.Helper()
	entity, err := receipt.MDN{ReportingUA: "x; y", FinalRecipient: address(from), OriginalMessageID: messageID, Digest: digest}.Entity(receipt.Style{})
	if err != nil {
		t.Fatal(err)
	}
	return mail{from: from, to: "soc-alfa", auto: "auto-replied", entity: entity}.seal(t, c.now())
}

// The first receipt counts. What the same letter is registered as is told once.
func TestSecondReceiptWithAnotherNumberIsLoud(t *testing.T) {
	c := newClock()
	n, l := submitted(t, c)
	n.take(fromNCCIS(t, c, receiptFor(l, c.now())), "")
	n.take(fromNCCIS(t, c, receiptFor(l, c.now(), func(r *exchange.ReceiptBody) { r.Verdict = exchange.VerdictDuplicate })), "")
	if len(n.events("receipt-mismatch")) != 0 {
		t.Error("a receipt that repeats the number is a mismatch")
	}
	n.take(fromNCCIS(t, c, receiptFor(l, c.now(), func(r *exchange.ReceiptBody) { r.Number = "NCCIS-2026-000008" })), "")
	if e := n.events("receipt-mismatch"); len(e) != 1 || e[0].Detail["reason"] != "the first receipt told another registration number" {
		t.Errorf("events %+v", e)
	}
	if got, err := n.store.Letter(t.Context(), l.ID); err != nil || got.Number != "NCCIS-2026-000007" {
		t.Errorf("the letter is registered as %s, %v", got.Number, err)
	}
}

func parseOne(t *testing.T, doc exchange.Document, now time.Time) *exchange.Report {
	t.Helper()
	p := parser.ParseFile(doc, parser.Limits{}, now)
	if len(p.Reports) != 1 || p.Refusal.Code != "" {
		t.Fatalf("%+v", p)
	}
	return p.Reports[0]
}

func TestAutomaticAnswerThatCannotBeReadIsNotAnswered(t *testing.T) {
	c := newClock()
	for name, doc := range map[string]exchange.Document{
		"a broken receipt":    {MediaType: "application/json", Body: []byte(`{"almasu":"card/1","kind":"receipt",`)},
		"an invalid receipt":  {MediaType: "application/json", Body: []byte(`{"almasu":"card/1","kind":"receipt"}`)},
		"of a later version":  {MediaType: "application/json", Body: []byte(`{"almasu":"card/9","kind":"acknowledgement"}`)},
		"an unknown document": {MediaType: "application/xml", Body: []byte(`<x/>`)},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "soc-alfa", c)
			a := n.take(mail{from: "nccis", to: "soc-alfa", auto: "auto-replied", ask: true}.seal(t, c.now(), doc), address("nccis"))
			if a.State != exchange.ArrivalRefused {
				t.Errorf("%s %s", a.State, a.Code)
			}
			if all := n.answers(a); len(all) != 0 {
				t.Errorf("answered with %s", kinds(all))
			}
		})
	}
}

func TestReportOfAMachineThatMarksItsMailAsReplyIsTaken(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	a := n.take(mail{from: "soc-alfa", to: "nccis", auto: "auto-replied"}.seal(t, c.now(), incident("r-1", c.now())), "")
	n.want(a, exchange.ArrivalAccepted, "")
	n.only(n.answers(a), exchange.LetterReceipt, "soc-alfa")
}

// dsn is a delivery report about a letter, with what it returns.
func dsn(envelopeID, action string, returned ...byte) []byte {
	third := "Content-Type: text/rfc822-headers\r\n\r\nSubject: [...]\r\n"
	if len(returned) > 0 {
		third = "Content-Type: message/rfc822\r\n\r\n" + string(returned)
	}
	return []byte("From: MAILER-DAEMON@relay.example\r\nTo: x@y.example\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=d\r\n\r\n--d\r\nContent-Type: text/plain\r\n\r\nsorry\r\n" +
		"--d\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\nOriginal-Envelope-Id: " + envelopeID +
		"\r\n\r\nFinal-Recipient: rfc822; exchange@nccis.example\r\nAction: " + action + "\r\nStatus: 5.1.1\r\n\r\n--d\r\n" + third + "\r\n--d--\r\n")
}

func TestDeliveryReportIsAHint(t *testing.T) {
	c := newClock()
	for name, test := range map[string]struct {
		raw   func(l exchange.Letter) []byte
		state exchange.LetterState
		hint  string
	}{
		"failed, by ENVID":       {func(l exchange.Letter) []byte { return dsn(l.EnvelopeID, "failed") }, exchange.LetterWaiting, "failed"},
		"failed, returned whole": {func(l exchange.Letter) []byte { return dsn("", "failed", l.Message...) }, exchange.LetterWaiting, "failed"},
		"delivered":              {func(l exchange.Letter) []byte { return dsn(l.EnvelopeID, "delivered") }, exchange.LetterSent, "delivered"},
		"delayed":                {func(l exchange.Letter) []byte { return dsn(l.EnvelopeID, "delayed") }, exchange.LetterSent, "delayed"},
		"an unknown action":      {func(l exchange.Letter) []byte { return dsn(l.EnvelopeID, "pondered") }, exchange.LetterWaiting, "failed"},
		"a foreign ENVID":        {func(exchange.Letter) []byte { return dsn(mailout.NewEnvelopeID(nil), "failed") }, exchange.LetterSent, ""},
		"no id at all":           {func(exchange.Letter) []byte { return dsn("", "failed") }, exchange.LetterSent, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n, l := submitted(t, c)
			a := n.take(test.raw(l), "")
			n.want(a, exchange.ArrivalDeliveryReport, "")
			got, err := n.store.Letter(t.Context(), l.ID)
			n.must(err)
			if got.State != test.state || got.Delivery != test.hint {
				t.Errorf("the letter is %s, hint %q", got.State, got.Delivery)
			}
			if len(n.answers(a)) != 0 {
				t.Error("a delivery report is answered")
			}
		})
	}
}

func TestFailedDeliveriesAreTriedABoundedNumberOfTimes(t *testing.T) {
	c := newClock()
	n, l := submitted(t, c)
	for range 3 * maxBounces {
		n.take(dsn(l.EnvelopeID, "failed"), "")
		n.send()
	}
	if got := len(n.relay.letters); got != maxBounces {
		t.Errorf("sent %d times, want %d", got, maxBounces)
	}
	for _, sent := range n.relay.letters {
		if string(sent.Message) != string(l.Message) || sent.MessageID != l.MessageID {
			t.Error("a repetition of other octets")
		}
	}
}

func TestDeliveryReportDoesNotReopenAClosedLetter(t *testing.T) {
	c := newClock()
	n, l := submitted(t, c)
	n.take(fromNCCIS(t, c, receiptFor(l, c.now())), "")
	n.take(dsn(l.EnvelopeID, "failed"), "")
	if got, err := n.store.Letter(t.Context(), l.ID); err != nil || got.State != exchange.LetterClosed {
		t.Errorf("%s, %v", got.State, err)
	}
	if alarms, err := n.store.Alarms(t.Context(), queue.AlarmFilter{}); err != nil || slices.ContainsFunc(alarms, func(a exchange.Alarm) bool { return a.Kind == exchange.AlarmDeliveryFailed }) {
		t.Errorf("people are called for a letter that was opened: %+v, %v", alarms, err)
	}
}
