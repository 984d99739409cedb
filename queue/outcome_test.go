package queue_test

import (
	"time"

	"almasu/exchange"
	"almasu/queue"
)

func outcomeCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"receipt closes the letter":              receiptCloses,
		"receipt before the relay's reply":       receiptEarly,
		"second receipt changes nothing":         receiptAgain,
		"receipt for a letter that was given up": receiptAfterNever,
		"receipt for no letter":                  receiptStray,
		"delivery report is a hint":              hints,
		"failed delivery goes to the next relay": hintRequeues,
		"failed delivery of a closed letter":     hintTooLate,
		"operator retries after failed delivery": retryAfterFailure,
	}
}

func (r *rig) closeLetter(id int64, verdict exchange.Verdict) error {
	_, err := r.store.Commit(r.ctx, exchange.Decision{Closes: []exchange.Close{{Letter: id, Verdict: verdict, Number: "NCCIS-2026-000009", At: r.clock.now()}}})
	return err
}

func (r *rig) sentLetter() {
	r.Helper()
	r.post(letter("<1@x>"))
	l, lease := r.leaseLetter()
	r.send(l.ID, lease)
}

func receiptCloses(r *rig) {
	r.sentLetter()
	r.arrive(imap(1), mail(1))
	a, lease := r.lease()
	there := r.clock.now().Add(-time.Minute)
	_, err := r.store.Commit(r.ctx, exchange.Decision{Arrival: a.ID, Lease: lease, State: exchange.ArrivalReceipt,
		Closes: []exchange.Close{{Letter: 1, Verdict: exchange.VerdictAccepted, Number: "NCCIS-2026-000009", PeerReceivedAt: there,
			PeerDecidedAt: there.Add(time.Second)}}})
	r.must(err)
	l := r.letterIs(1, exchange.LetterClosed)
	if l.Verdict != exchange.VerdictAccepted || l.Number != "NCCIS-2026-000009" || l.ReceiptArrival != a.ID || !l.ClosedAt.Equal(r.clock.now()) ||
		!l.PeerReceivedAt.Equal(there) || !l.PeerDecidedAt.Equal(there.Add(time.Second)) {
		r.Errorf("%+v", l)
	}
}

func receiptEarly(r *rig) {
	r.post(letter("<1@x>"))
	_, lease := r.leaseLetter()
	r.must(r.closeLetter(1, exchange.VerdictAccepted))
	r.is(r.store.Sent(r.ctx, 1, lease, ok250()), queue.ErrLeaseLost)
	r.letterIs(1, exchange.LetterClosed)
	r.clock.pass(time.Hour)
	r.noLetter()
}

func receiptAgain(r *rig) {
	r.sentLetter()
	r.must(r.closeLetter(1, exchange.VerdictAccepted))
	r.must(r.closeLetter(1, exchange.VerdictRefused))
	if l := r.letterIs(1, exchange.LetterClosed); l.Verdict != exchange.VerdictAccepted {
		r.Errorf("verdict %s", l.Verdict)
	}
}

func receiptAfterNever(r *rig) {
	r.post(letter("<1@x>"))
	_, lease := r.leaseLetter()
	r.must(r.store.Never(r.ctx, 1, lease))
	r.must(r.closeLetter(1, exchange.VerdictAccepted))
	r.letterIs(1, exchange.LetterClosed)
}

func receiptStray(r *rig) { r.is(r.closeLetter(1, exchange.VerdictAccepted), queue.ErrNotFound) }

func (r *rig) hint(h exchange.Hint) error {
	_, err := r.store.Commit(r.ctx, exchange.Decision{Hints: []exchange.Hint{h}})
	return err
}

func hints(r *rig) {
	r.sentLetter()
	r.must(r.hint(exchange.Hint{Letter: 1, Action: "delivered", Status: "2.0.0"}))
	if l := r.letterIs(1, exchange.LetterSent); l.Delivery != "delivered" {
		r.Errorf("delivery %q", l.Delivery)
	}
	r.is(r.hint(exchange.Hint{Letter: 2, Action: "failed"}), queue.ErrNotFound)
}

func hintRequeues(r *rig) {
	r.sentLetter()
	r.must(r.hint(exchange.Hint{Letter: 1, Action: "failed", Status: "5.1.1", Requeue: true}))
	r.letterIs(1, exchange.LetterWaiting)
	l, lease := r.leaseLetter()
	if l.MessageID != "<1@x>" || l.Delivery != "failed" {
		r.Errorf("%+v", l)
	}
	r.send(1, lease)
}

func hintTooLate(r *rig) {
	r.sentLetter()
	r.must(r.closeLetter(1, exchange.VerdictAccepted))
	r.must(r.hint(exchange.Hint{Letter: 1, Action: "failed", Requeue: true}))
	r.letterIs(1, exchange.LetterClosed)
	r.noLetter()
}

func retryAfterFailure(r *rig) {
	r.sentLetter()
	r.must(r.hint(exchange.Hint{Letter: 1, Action: "failed"}))
	r.letterIs(1, exchange.LetterSent)
	r.must(r.store.Retry(r.ctx, 1, "dana"))
	r.letterIs(1, exchange.LetterWaiting)
}
