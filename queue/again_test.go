package queue_test

import (
	"time"

	"almasu/exchange"
	"almasu/queue"
)

func againCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"no receipt: the same octets go again":        againSameOctets,
		"each wait is three times the one before":     againLonger,
		"a receipt ends the wait":                     againAnswered,
		"a letter held there is waited for":           againHeld,
		"given up: sent, and not again by itself":     againGivenUp,
		"who asks for no receipt waits for none":      againUnasked,
		"delivery failed: not twice for one letter":   againFailed,
		"answered between the look and sending again": againTooLate,
	}
}

const patience = 10 * time.Minute

// asking sends a letter that asks for a receipt, at the moment of the clock.
func (r *rig) asking(change ...func(*exchange.Letter)) {
	r.Helper()
	l := letter("<1@x>")
	l.WantsReceipt, l.Patience = true, patience
	for _, c := range change {
		c(&l)
	}
	r.post(l)
	r.sendNow()
}

func (r *rig) sendNow() *exchange.Letter {
	r.Helper()
	l, lease := r.leaseLetter()
	sent := ok250()
	sent.At = r.clock.now()
	r.must(r.store.Sent(r.ctx, l.ID, lease, sent))
	return l
}

func (r *rig) unanswered(want int) {
	r.Helper()
	list, err := r.store.Unanswered(r.ctx, r.clock.now())
	r.must(err)
	if len(list) != want {
		r.Fatalf("%d letters without a receipt, want %d: %+v", len(list), want, list)
	}
}

func againSameOctets(r *rig) {
	r.asking()
	r.clock.pass(patience - time.Second)
	r.unanswered(0)
	r.clock.pass(time.Second)
	r.unanswered(1)
	r.must(r.store.Again(r.ctx, 1))
	r.unanswered(0)
	l := r.sendNow()
	if l.MessageID != "<1@x>" || string(l.Message) != string(letter("<1@x>").Message) || l.SentAt.IsZero() {
		r.Errorf("%+v", l)
	}
}

func againLonger(r *rig) {
	r.asking()
	for wait := patience; wait < 9*patience; wait *= 3 {
		r.clock.pass(wait - time.Second)
		r.unanswered(0)
		r.clock.pass(time.Second)
		r.unanswered(1)
		r.must(r.store.Again(r.ctx, 1))
		r.sendNow()
	}
}

func againAnswered(r *rig) {
	r.asking()
	r.must(r.closeLetter(1, exchange.VerdictAccepted))
	r.clock.pass(time.Hour)
	r.unanswered(0)
	r.is(r.store.Again(r.ctx, 1), queue.ErrForbidden)
}

func againHeld(r *rig) {
	r.asking()
	_, err := r.store.Commit(r.ctx, exchange.Decision{Waits: []exchange.Wait{{Letter: 1, Until: r.clock.now().Add(24 * time.Hour)}}})
	r.must(err)
	r.clock.pass(23 * time.Hour)
	r.unanswered(0)
	r.clock.pass(time.Hour)
	r.unanswered(1)
}

func againGivenUp(r *rig) {
	r.asking()
	r.clock.pass(time.Hour)
	r.must(r.store.GiveUp(r.ctx, 1))
	r.unanswered(0)
	r.letterIs(1, exchange.LetterSent)
	r.is(r.store.GiveUp(r.ctx, 1), queue.ErrForbidden)
	r.must(r.closeLetter(1, exchange.VerdictAccepted))
	r.letterIs(1, exchange.LetterClosed)
}

func againUnasked(r *rig) {
	r.asking(func(l *exchange.Letter) { l.WantsReceipt = false })
	r.clock.pass(time.Hour)
	r.unanswered(0)
}

func againFailed(r *rig) {
	r.asking()
	r.must(r.hint(exchange.Hint{Letter: 1, Action: "failed", Requeue: true}))
	r.clock.pass(time.Hour)
	r.unanswered(0)
	r.sendNow()
}

func againTooLate(r *rig) {
	r.asking()
	r.clock.pass(time.Hour)
	r.unanswered(1)
	r.must(r.closeLetter(1, exchange.VerdictAccepted))
	r.is(r.store.Again(r.ctx, 1), queue.ErrForbidden)
	r.letterIs(1, exchange.LetterClosed)
}
