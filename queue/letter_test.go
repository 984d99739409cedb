package queue_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

func letterCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"oldest due first":               lettersInOrder,
		"retry sends the same octets":    sameOctets,
		"sent by a late worker":          lateSender,
		"lease expires while sending":    senderDied,
		"fuse sets it into the future":   notBefore,
		"given up and retried":           givenUp,
		"life ended without an attempt":  lifeEnded,
		"one in a while only":            letterOncePer,
		"accepted receipts do not count": acceptedAreNoFuse,
		"blocked is never handed out":    blockedLetter,
		"sealed anew":                    sealedAnew,
		"found by its identities":        letterIdentities,
		"lists and counts":               letterLists,
		"all attempts are kept":          attemptsKept,
		"when the next is due":           nextDue,
		"a letter that begins elsewhere": letterBegins,
		"renewed while a relay is slow":  letterRenewed,
		"how the relays fared":           relaysFared,
	}
}

// post commits a submission with letters.
func (r *rig) post(letters ...exchange.Letter) {
	r.Helper()
	_, err := r.store.Commit(r.ctx, exchange.Decision{Letters: letters})
	r.must(err)
}

func (r *rig) leaseLetter() (*exchange.Letter, string) {
	r.Helper()
	l, lease, err := r.store.LeaseLetter(r.ctx, "sender", 30*time.Second)
	r.must(err)
	if l == nil {
		r.Fatal("no letter is due")
	}
	return l, lease
}

func (r *rig) noLetter() {
	r.Helper()
	if l, lease, err := r.store.LeaseLetter(r.ctx, "sender", 30*time.Second); l != nil || lease != "" || err != nil {
		r.Fatalf("letter %v, %v", l, err)
	}
}

func (r *rig) send(id int64, lease string) {
	r.Helper()
	r.must(r.store.Sent(r.ctx, id, lease, ok250()))
}

func ok250() exchange.Attempt {
	return exchange.Attempt{Outcome: exchange.OutcomeSent, At: time.Date(2026, 3, 10, 9, 5, 0, 0, time.UTC), Relay: "smtp.example:587", Outside: true,
		Code: 250, Enhanced: "2.0.0", Text: "queued", TLS: "TLS1.3"}
}

func greylisted() exchange.Attempt {
	return exchange.Attempt{Outcome: exchange.OutcomeLater, Relay: "smtp.example:587", Code: 450, Text: "come again", RelayFault: true}
}

func (r *rig) letterIs(id int64, state exchange.LetterState) exchange.Letter {
	r.Helper()
	l, err := r.store.Letter(r.ctx, id)
	r.must(err)
	if l.State != state {
		r.Errorf("letter %d is %s, want %s", id, l.State, state)
	}
	return l
}

func lettersInOrder(r *rig) {
	r.post(letter("<1@x>"), letter("<2@x>"))
	r.post(letter("<3@x>"))
	for want := int64(1); want <= 3; want++ {
		l, lease := r.leaseLetter()
		if l.ID != want {
			r.Errorf("letter %d, want %d", l.ID, want)
		}
		r.send(l.ID, lease)
	}
	r.noLetter()
}

func sameOctets(r *rig) {
	r.post(letter("<1@x>"))
	first, lease := r.leaseLetter()
	r.must(r.store.Later(r.ctx, first.ID, lease, r.clock.now().Add(time.Minute), greylisted()))
	r.reopen()
	r.noLetter()
	r.clock.pass(time.Minute)
	again, lease := r.leaseLetter()
	if string(again.Message) != string(first.Message) || again.MessageID != first.MessageID || again.Attempts != 1 || again.Reply != "450 come again" {
		r.Errorf("%+v", again)
	}
	r.send(again.ID, lease)
	l := r.letterIs(1, exchange.LetterSent)
	if l.Reply != "250 2.0.0 queued" || !l.Outside || l.Relay != "smtp.example:587" || !l.SentAt.Equal(ok250().At) || l.Attempts != 2 {
		r.Errorf("%+v", l)
	}
}

func lateSender(r *rig) {
	r.post(letter("<1@x>"))
	l, late := r.leaseLetter()
	r.clock.pass(31 * time.Second)
	_, lease := r.leaseLetter()
	r.is(r.store.Sent(r.ctx, l.ID, late, ok250()), queue.ErrLeaseLost)
	r.is(r.store.Later(r.ctx, l.ID, late, r.clock.now(), greylisted()), queue.ErrLeaseLost)
	r.is(r.store.Never(r.ctx, l.ID, late, greylisted()), queue.ErrLeaseLost)
	r.is(r.store.RenewLetter(r.ctx, l.ID, late, time.Minute), queue.ErrLeaseLost)
	r.send(l.ID, lease)
	r.is(r.store.Sent(r.ctx, l.ID, lease, ok250()), queue.ErrLeaseLost)
	r.is(r.store.Sent(r.ctx, l.ID, "", ok250()), queue.ErrLeaseLost)
}

func senderDied(r *rig) {
	r.post(letter("<1@x>"), letter("<2@x>"))
	r.leaseLetter()
	r.reopen()
	if l, _ := r.leaseLetter(); l.ID != 2 {
		r.Errorf("letter %d is leased twice", l.ID)
	}
	r.clock.pass(31 * time.Second)
	if l, _ := r.leaseLetter(); l.ID != 1 {
		r.Errorf("letter %d first", l.ID)
	}
}

func notBefore(r *rig) {
	delayed := letter("<1@x>")
	delayed.NextAt = r.clock.now().Add(time.Hour)
	r.post(delayed, letter("<2@x>"))
	if l, _ := r.leaseLetter(); l.ID != 2 {
		r.Errorf("letter %d", l.ID)
	}
	r.noLetter()
}

func givenUp(r *rig) {
	r.post(letter("<1@x>"))
	l, lease := r.leaseLetter()
	r.is(r.store.Retry(r.ctx, l.ID, "dana"), queue.ErrForbidden)
	r.must(r.store.Never(r.ctx, l.ID, lease, greylisted()))
	r.letterIs(1, exchange.LetterNever)
	r.noLetter()
	r.clock.pass(24 * time.Hour)
	r.must(r.store.Retry(r.ctx, l.ID, "dana"))
	again, lease := r.leaseLetter()
	if again.Attempts != 0 || !again.Expires.Equal(l.Expires.Add(24*time.Hour)) {
		r.Errorf("retried %+v, first expired %v", again, l.Expires)
	}
	r.send(1, lease)
	r.is(r.store.Retry(r.ctx, 1, "dana"), queue.ErrForbidden)
}

func lifeEnded(r *rig) {
	r.post(letter("<1@x>"))
	_, lease := r.leaseLetter()
	r.must(r.store.Later(r.ctx, 1, lease, r.clock.now(), greylisted()))
	_, lease = r.leaseLetter()
	r.must(r.store.Never(r.ctx, 1, lease))
	if l := r.letterIs(1, exchange.LetterNever); l.Reply != "450 come again" || l.Attempts != 1 {
		r.Errorf("%+v: its last reply was lost", l)
	}
}

func blockedLetter(r *rig) {
	blocked := letter("<1@x>")
	blocked.State = exchange.LetterBlocked
	r.post(blocked)
	r.noLetter()
	if l := r.letterIs(1, exchange.LetterBlocked); len(l.Message) == 0 { // sealed to ourselves
		r.Error("its content is lost")
	}
	empty := letter("<3@x>")
	empty.Message = nil
	_, err := r.store.Commit(r.ctx, exchange.Decision{Letters: []exchange.Letter{empty}})
	r.is(err, queue.ErrForbidden)
	_, err = r.store.Commit(r.ctx, exchange.Decision{Letters: []exchange.Letter{letter("<2@x>")}, Replaces: []exchange.Replace{{Letter: 1}}})
	r.must(err)
	r.letterIs(1, exchange.LetterReplaced)
	if l, _ := r.leaseLetter(); l.ID != 2 {
		r.Errorf("letter %d", l.ID)
	}
}

func sealedAnew(r *rig) {
	r.post(letter("<1@x>"))
	_, lease := r.leaseLetter()
	anew := func(id, lease string) error {
		_, err := r.store.Commit(r.ctx, exchange.Decision{Letters: []exchange.Letter{letter(id)}, Replaces: []exchange.Replace{{Letter: 1, Lease: lease}}})
		return err
	}
	r.is(anew("<2@x>", ""), queue.ErrLeaseLost) // somebody is sending it
	r.is(anew("<2@x>", "other"), queue.ErrLeaseLost)
	r.must(anew("<2@x>", lease))
	r.is(r.store.Sent(r.ctx, 1, lease, ok250()), queue.ErrLeaseLost)
	r.is(anew("<3@x>", lease), queue.ErrLeaseLost)
}

func letterIdentities(r *rig) {
	r.post(letter("<1@x>"))
	for _, find := range []func() (exchange.Letter, error){
		func() (exchange.Letter, error) { return r.store.Letter(r.ctx, 1) },
		func() (exchange.Letter, error) { return r.store.LetterByMessageID(r.ctx, "<1@x>") },
		func() (exchange.Letter, error) { return r.store.LetterByEnvelopeID(r.ctx, "E<1@x>") },
	} {
		if l, err := find(); err != nil || l.ID != 1 || len(l.Message) == 0 || l.To != "soc-alfa" || l.State != exchange.LetterWaiting {
			r.Errorf("%+v, %v", l, err)
		}
	}
	_, err := r.store.Letter(r.ctx, 2)
	r.is(err, queue.ErrNotFound)
	_, err = r.store.LetterByEnvelopeID(r.ctx, "")
	r.is(err, queue.ErrNotFound)
}

func letterLists(r *rig) {
	other := letter("<2@x>")
	other.To, other.Kind = "soc-beta", exchange.LetterNotice
	r.post(letter("<1@x>"), other)
	r.clock.pass(time.Hour)
	r.post(letter("<3@x>"))
	_, lease := r.leaseLetter()
	r.send(1, lease)
	for want, f := range map[string]queue.LetterFilter{
		"[1 2 3]": {},
		"[3 2]":   {Newest: true, Limit: 2},
		"[2 3]":   {State: exchange.LetterWaiting},
		"[1 3]":   {To: "soc-alfa", Kind: exchange.LetterReceipt},
		"[]":      {Arrival: 7},
	} {
		list, err := r.store.Letters(r.ctx, f)
		r.must(err)
		ids := []int64{}
		for _, l := range list {
			ids = append(ids, l.ID)
		}
		if fmt.Sprint(ids) != want {
			r.Errorf("%+v: %v, want %s", f, ids, want)
		}
	}
	since := r.clock.now().Add(-time.Hour)
	for want, at := range map[int]time.Time{2: since, 1: since.Add(time.Microsecond)} {
		if n, err := r.store.AnswersSince(r.ctx, "soc-alfa", exchange.LetterReceipt, at); n != want || err != nil {
			r.Errorf("since %v: %d, want %d, %v", at, n, want, err)
		}
	}
}

func attemptsKept(r *rig) {
	r.post(letter("<1@x>"))
	_, lease := r.leaseLetter()
	first := greylisted()
	first.At = r.clock.now()
	r.must(r.store.Sent(r.ctx, 1, lease, first, ok250()))
	if got, err := r.store.Attempts(r.ctx, 1); err != nil || !slices.Equal(got, []exchange.Attempt{first, ok250()}) {
		r.Errorf("%+v, %v", got, err)
	}
	r.post(letter("<2@x>"))
	_, lease = r.leaseLetter()
	if err := r.store.Sent(r.ctx, 2, lease); err == nil {
		r.Error("sent without an attempt")
	}
}

func nextDue(r *rig) {
	if at, err := r.store.NextDue(r.ctx); !at.IsZero() || err != nil {
		r.Errorf("nothing waits: %v, %v", at, err)
	}
	r.post(letter("<1@x>"))
	if at, err := r.store.NextDue(r.ctx); at.IsZero() || at.After(r.clock.now()) || err != nil {
		r.Errorf("one is due: %v, %v", at, err)
	}
	_, lease := r.leaseLetter()
	later := r.clock.now().Add(time.Hour)
	r.must(r.store.Later(r.ctx, 1, lease, later, greylisted()))
	if at, err := r.store.NextDue(r.ctx); !at.Equal(later) || err != nil {
		r.Errorf("one is set back: %v, %v", at, err)
	}
}

func letterBegins(r *rig) {
	sent, empty := letter("<1@x>"), letter("<2@x>")
	sent.State, empty.Message = exchange.LetterSent, nil
	for _, l := range []exchange.Letter{sent, empty} {
		_, err := r.store.Commit(r.ctx, exchange.Decision{Letters: []exchange.Letter{l}})
		r.is(err, queue.ErrForbidden)
	}
}

func letterRenewed(r *rig) {
	r.post(letter("<1@x>"))
	_, lease := r.leaseLetter()
	r.clock.pass(20 * time.Second)
	r.must(r.store.RenewLetter(r.ctx, 1, lease, 30*time.Second))
	r.clock.pass(20 * time.Second)
	r.noLetter()
	r.send(1, lease)
}

func letterOncePer(r *rig) {
	once := func(id, to string) {
		l := letter(id)
		l.To, l.Kind, l.OncePer = to, exchange.LetterNeutral, time.Hour
		r.post(l)
	}
	once("<1@x>", "soc-alfa")
	once("<2@x>", "soc-alfa") // left out
	once("<3@x>", "soc-beta")
	r.clock.pass(time.Hour + time.Microsecond)
	once("<4@x>", "soc-alfa")
	list, err := r.store.Letters(r.ctx, queue.LetterFilter{Kind: exchange.LetterNeutral})
	r.must(err)
	var ids []string
	for _, l := range list {
		ids = append(ids, l.MessageID)
	}
	if got := strings.Join(ids, " "); got != "<1@x> <3@x> <4@x>" {
		r.Errorf("%s", got)
	}
}

func acceptedAreNoFuse(r *rig) {
	for i, verdict := range []exchange.Verdict{exchange.VerdictAccepted, exchange.VerdictRefused, ""} {
		l := letter(fmt.Sprintf("<%d@x>", i))
		l.Verdict = verdict
		r.post(l)
	}
	if n, err := r.store.AnswersSince(r.ctx, "soc-alfa", exchange.LetterReceipt, time.Time{}); n != 2 || err != nil {
		r.Errorf("%d answers, %v", n, err)
	}
}

func relaysFared(r *rig) {
	r.post(letter("<1@x>"), letter("<2@x>"))
	_, lease := r.leaseLetter()
	busy := greylisted()
	busy.Relay, busy.At = "first.example:587", r.clock.now()
	r.must(r.store.Sent(r.ctx, 1, lease, busy, ok250()))
	_, lease = r.leaseLetter()
	busy.At = r.clock.now().Add(time.Minute)
	r.must(r.store.Later(r.ctx, 2, lease, r.clock.now(), busy))
	got, err := r.store.Relays(r.ctx)
	r.must(err)
	want := []queue.RelayHealth{{Relay: "first.example:587", Failed: 2, LastFail: busy.At, Reply: "450 come again"},
		{Relay: "smtp.example:587", Sent: 1, LastSent: ok250().At, Reply: "250 queued"}}
	if !slices.EqualFunc(got, want, func(a, b queue.RelayHealth) bool {
		return a.Relay == b.Relay && a.Sent == b.Sent && a.Failed == b.Failed && a.LastSent.Equal(b.LastSent) && a.LastFail.Equal(b.LastFail) && a.Reply == b.Reply
	}) {
		r.Errorf("%+v\nwant %+v", got, want)
	}
}
