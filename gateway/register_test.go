package gateway

import (
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/mailout"
	"almasu/parser"
	"almasu/queue"
)

// rolling is the NCCIS with a soc-alfa that changes its key: old is the one in
// the register, young the one it asks for.
type rolling struct {
	*node
	old, young ownKey
	revoked    []string
}

type ownKey struct {
	private, public []byte
	fingerprint     string
}

func newOwnKey(t *testing.T, made time.Time, life time.Duration) ownKey {
	t.Helper()
	private, public, fp, err := crypto.NewOpenPGP("soc-alfa", address("soc-alfa"), nil, made, life)
	if err != nil {
		t.Fatal(err)
	}
	return ownKey{private, public, fp}
}

// roll opens the NCCIS; the old key of soc-alfa ends after life (0: never).
func roll(t *testing.T, c *clock, life time.Duration) *rolling {
	t.Helper()
	r := &rolling{node: open(t, "nccis", c), old: newOwnKey(t, c.now().AddDate(0, 0, -1), life), young: newOwnKey(t, c.now().Add(-time.Hour), 0)}
	if life != 0 {
		r.old = newOwnKey(t, c.now(), life)
	}
	r.must(r.g.Follow(t.Context(), r.base()))
	return r
}

func (r *rolling) base() Base {
	set := crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "nccis", Data: keys()["nccis"].private},
		{Owner: "soc-alfa", File: "alfa", Data: r.old.public}, {Owner: "soc-beta", File: "beta", Data: keys()["soc-beta"].public}},
		Revoked: map[string][]string{"soc-alfa": r.revoked}}
	return Base{Settings: r.world, Self: r.world.Register.Self(), Participants: r.world.Register.All(), Keys: set}
}

func (r *rolling) follow() {
	r.Helper()
	_, err := r.g.followRegister(r.Context(), "test")
	r.must(err)
}

func (r *rolling) watch() {
	r.Helper()
	_, err := r.g.watchKeys(r.Context(), "test")
	r.must(err)
}

// by is a key ring of soc-alfa with one of its keys.
func (r *rolling) by(k ownKey) *crypto.Keyring {
	r.Helper()
	ring, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: "own", Data: k.private},
		{Owner: "nccis", File: "nccis", Data: keys()["nccis"].public}}})
	r.must(err)
	return ring
}

// says is a message of soc-alfa, signed with one of its keys.
func (r *rolling) says(k ownKey, auto string, doc exchange.Document) exchange.Arrival {
	r.Helper()
	e := mailout.Envelope{From: address("soc-alfa"), To: address("nccis"), MessageID: mailout.NewMessageID("soc-alfa.example", nil),
		Date: r.clock.now(), Subject: canary, AutoSubmitted: auto}
	inner, err := mailout.Protect(e, parts(doc))
	r.must(err)
	sealed, err := crypto.Seal(inner, "nccis", r.by(k), r.clock.now())
	r.must(err)
	raw, err := mailout.Compose(e, sealed.Header, sealed.Body)
	r.must(err)
	return r.take(raw, address("soc-alfa"))
}

func (r *rolling) report(k ownKey, id string) exchange.Arrival {
	r.Helper()
	r.clock.pass(time.Second)
	return r.says(k, "auto-generated", incident(id, r.clock.now()))
}

// card is a contact card that confirms what the register says; change it.
func (r *rolling) card(id string, change func(*exchange.ContactBody)) exchange.Document {
	r.Helper()
	body, err := parser.Example(exchange.Contact, exchange.CardJSON, "soc-alfa", "nccis", id, r.clock.now())
	r.must(err)
	report := parser.ParseFile(exchange.Document{Body: body}, parser.Limits{}, r.clock.now()).Reports[0]
	p := r.g.world.Load().Register.ByID("soc-alfa")
	report.Contact.Email, report.Contact.Organisation.Name = p.Address(), p.Name
	report.Contact.Phone, report.Contact.OpenPGP = "+77010000000", ""
	change(report.Contact)
	return rendered(report)
}

// ask has the new key asked for and returns the change.
func (r *rolling) ask() exchange.Change {
	r.Helper()
	a := r.says(r.old, "", r.card("contact-1", func(c *exchange.ContactBody) { c.OpenPGP = string(r.young.public) }))
	r.want(a, exchange.ArrivalAccepted, "")
	for _, c := range r.changes() {
		if c.Kind == exchange.ChangeKey {
			return c
		}
	}
	r.Fatal("no key was asked for")
	return exchange.Change{}
}

func (r *rolling) changes() []exchange.Change {
	r.Helper()
	list, err := r.store.Changes(r.Context(), queue.ChangeFilter{})
	r.must(err)
	return list
}

func (r *rolling) approve(c exchange.Change) {
	r.Helper()
	r.must(r.store.SettleChange(r.Context(), c.ID, exchange.ChangeApproved, "dana", false))
	r.follow()
}

// opens says which of soc-alfa's keys open a letter.
func (r *rolling) opens(l exchange.Letter) (old, young bool) {
	r.Helper()
	for i, k := range []ownKey{r.old, r.young} {
		o, err := crypto.Open(l.Message, r.by(k), crypto.Limits{}, r.clock.now())
		r.must(err)
		*[]*bool{&old, &young}[i] = o.Security.DecryptError == "" && o.Security.Signature == exchange.SignatureValid
	}
	return old, young
}

func (r *rolling) lastTo(kind exchange.LetterKind) exchange.Letter {
	r.Helper()
	list := r.letters(queue.LetterFilter{To: "soc-alfa", Kind: kind})
	if len(list) == 0 {
		r.Fatal("no letter of kind " + kind)
	}
	return list[len(list)-1]
}

// answer is soc-alfa's receipt for a letter, signed with one of its keys.
func (r *rolling) answer(k ownKey, l exchange.Letter) {
	r.Helper()
	r.clock.pass(time.Second)
	body := exchange.ReceiptBody{Number: "SOC-ALFA-2026-000001", OriginalMessageID: l.MessageID, ReceivedAt: r.clock.now(), DecidedAt: r.clock.now(),
		Verdict: exchange.VerdictAccepted, FirstVerdict: exchange.VerdictAccepted, Digest: &l.Digest}
	a := r.says(k, "auto-replied", rendered(&exchange.Report{Kind: exchange.Receipt, ID: "rcpt-1", Revision: 1, Reporter: "soc-alfa", Addressee: "nccis",
		GeneratedAt: r.clock.now(), Receipt: &body}))
	r.want(a, exchange.ArrivalReceipt, "")
	r.follow()
}

func TestNewKeyOverItsWholeRoad(t *testing.T) {
	r := roll(t, newClock(), 0)
	change := r.ask()
	if change.Fingerprint != r.young.fingerprint || change.Old != r.old.fingerprint || change.Number == "" || change.State != exchange.ChangeProposed {
		t.Fatalf("%+v", change)
	}
	announced := r.lastTo(exchange.LetterRegister)
	if old, young := r.opens(announced); !old || young || announced.Address != address("soc-alfa") || !announced.WantsReceipt {
		t.Error("not announced to the key and the address of before")
	}
	r.follow()
	r.watch()
	r.want(r.report(r.young, "r-1"), exchange.ArrivalHeld, exchange.SignerUnknown) // asked for is not in force

	r.approve(change)
	r.want(r.report(r.old, "r-2"), exchange.ArrivalAccepted, "")
	if old, young := r.opens(r.lastTo(exchange.LetterReceipt)); !old || young {
		t.Error("sealed to a key that is not proven")
	}
	r.watch()
	r.watch()
	r.follow()
	ping := r.lastTo(exchange.LetterRegister)
	if old, young := r.opens(ping); old || !young || len(r.events("key-pinged")) != 1 {
		t.Error("no ping, or more than one, or not to the new key alone")
	}
	r.answer(r.young, ping)
	if c, err := r.store.Change(t.Context(), change.ID); err != nil || !c.Proven() {
		t.Errorf("%+v %v", c, err)
	}
	for _, k := range []ownKey{r.old, r.young} { // overlap
		r.want(r.report(k, "r-3"+k.fingerprint[:4]), exchange.ArrivalAccepted, "")
		if old, young := r.opens(r.lastTo(exchange.LetterReceipt)); old || !young {
			t.Error("not sealed to the new key")
		}
	}
}

// A key is proven by both: that it opened the ping, and that it signs.
func TestHalfAProofIsNone(t *testing.T) {
	r := roll(t, newClock(), 0)
	r.approve(r.ask())
	r.watch()
	r.answer(r.old, r.lastTo(exchange.LetterRegister)) // soc-alfa opens with both, and signs with the old one yet
	sealsTo := func() string { return r.g.world.Load().Keys.SealsTo("soc-alfa", r.clock.now()) }
	if sealsTo() != r.old.fingerprint {
		t.Error("a key that never signed")
	}
	r.clock.pass(2 * pingEvery)
	r.watch()
	if len(r.events("key-pinged")) != 1 {
		t.Error("it has opened a ping already")
	}
	r.want(r.report(r.young, "r-1"), exchange.ArrivalAccepted, "")
	r.follow()
	if sealsTo() != r.young.fingerprint {
		t.Error("not proven by a report")
	}
}

func TestKeyThatSignsButNeverOpensIsNotSealedTo(t *testing.T) {
	r := roll(t, newClock(), 0)
	r.approve(r.ask())
	r.want(r.report(r.young, "r-1"), exchange.ArrivalAccepted, "")
	r.follow()
	if r.g.world.Load().Keys.SealsTo("soc-alfa", r.clock.now()) != r.old.fingerprint {
		t.Error("sealed to a key that opened nothing")
	}
	for range 10 { // a ping a day, for a week
		r.watch()
		r.follow()
		r.clock.pass(pingEvery)
	}
	if n := len(r.events("key-pinged")); n != 7 {
		t.Errorf("%d pings", n)
	}
}

func TestRevokedInTheFileWins(t *testing.T) {
	r := roll(t, newClock(), 0)
	change := r.ask()
	r.revoked = []string{r.young.fingerprint}
	r.must(r.g.Follow(t.Context(), r.base()))
	r.approve(change)
	r.want(r.report(r.young, "r-1"), exchange.ArrivalHeld, exchange.KeyRevoked)
	if w := r.g.world.Load(); len(w.Unapplied) != 1 || !strings.Contains(w.Unapplied[0].Reason, "revoked") || !strings.Contains(r.log.String(), "without effect") {
		t.Errorf("%+v", w.Unapplied)
	}
	r.watch()
	if len(r.events("key-pinged")) != 0 {
		t.Error("a revoked key was pinged")
	}
	again := r.says(r.old, "", r.card("contact-2", func(c *exchange.ContactBody) { c.OpenPGP = string(r.young.public) }))
	r.want(again, exchange.ArrivalAccepted, "")
	if len(r.events("key-not-usable")) != 1 {
		t.Error("a revoked key was asked for in silence")
	}
}

// A letter to a participant whose key is dead is held, and goes out when the
// new key is in force.
func TestBlockedLetterGoesToTheApprovedKey(t *testing.T) {
	r := roll(t, newClock(), 10*24*time.Hour)
	change := r.ask()
	r.send()
	r.clock.pass(11 * 24 * time.Hour)
	body, err := parser.Example(exchange.Request, exchange.CardJSON, "nccis", "soc-alfa", "req-1", r.clock.now())
	r.must(err)
	s, err := r.g.Submit(t.Context(), Order{Document: exchange.Document{Body: body}, Actor: "test"})
	r.must(err)
	if s.Refusal.Code != "" || len(s.Letters) != 1 || s.Letters[0].State != exchange.LetterBlocked || !strings.Contains(r.log.String(), `msg="letter blocked" to=soc-alfa`) {
		t.Fatalf("%+v\n%s", s, r.log)
	}
	sent := func() []exchange.Letter {
		_, err := r.g.unblock(t.Context(), "test")
		r.must(err)
		r.relay.letters = nil
		r.send()
		return r.relay.letters
	}
	r.approve(change)
	if got := sent(); len(got) != 0 {
		t.Fatalf("sent to a key that is not proven: %s", kinds(got))
	}
	r.watch()
	ping := sent()
	if len(ping) != 1 {
		t.Fatalf("no ping alone: %s", kinds(ping))
	}
	r.answer(r.young, ping[0])
	got := sent()
	if len(got) != 1 || got[0].Kind != exchange.LetterReport {
		t.Fatalf("not released: %s", kinds(got))
	}
	if old, young := r.opens(got[0]); old || !young {
		t.Error("not sealed to the new key")
	}
}

func TestContactCardAsksForWhatIsDifferent(t *testing.T) {
	r := roll(t, newClock(), 0)
	a := r.says(r.old, "", r.card("contact-1", func(c *exchange.ContactBody) {
		c.Email, c.Phone, c.Organisation.Name = "new@soc-alfa.example", "+77010000009", exchange.Names{EN: "Alfa"}
	}))
	r.want(a, exchange.ArrivalAccepted, "")
	list := r.changes()
	if len(list) != 3 || list[0].New != "new@soc-alfa.example" || list[1].New != "+77010000009" || !strings.Contains(list[2].New, "en: Alfa") {
		t.Fatalf("%+v", list)
	}
	for _, c := range list {
		r.approve(c)
	}
	p := r.g.world.Load().Register.ByID("soc-alfa")
	if p.Address() != "new@soc-alfa.example" || !p.HasAddress(address("soc-alfa")) || p.Phone != "+77010000009" || p.Name.EN != "Alfa" || p.Name.RU != "soc-alfa ru" {
		t.Errorf("%+v", p)
	}
	r.want(r.report(r.old, "r-1"), exchange.ArrivalAccepted, "")
	if l := r.lastTo(exchange.LetterReceipt); l.Address != "new@soc-alfa.example" {
		t.Errorf("answered at %s", l.Address)
	}
	r.says(r.old, "", r.card("contact-2", func(c *exchange.ContactBody) { c.Phone = "+77010000009" }))
	if len(r.changes()) != 3 {
		t.Errorf("a card that confirms the register asks for %+v", r.changes()[3:])
	}
}

func TestKeyThatCannotBeTakenIsNotProposed(t *testing.T) {
	for name, key := range map[string][]byte{"of another": keys()["soc-beta"].public, "ours": keys()["nccis"].public,
		"private": keys()["spare"].private, "garbage": []byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxxxx\n-----END PGP PUBLIC KEY BLOCK-----\n")} {
		t.Run(name, func(t *testing.T) {
			r := roll(t, newClock(), 0)
			r.want(r.says(r.old, "", r.card("contact-1", func(c *exchange.ContactBody) { c.OpenPGP = string(key) })), exchange.ArrivalAccepted, "")
			for _, c := range r.changes() {
				if c.Kind == exchange.ChangeKey {
					t.Errorf("%+v", c)
				}
			}
			if len(r.events("key-not-usable")) != 1 {
				t.Error("nobody is told")
			}
		})
	}
}

func TestKeyThatEndsIsSpokenOfOnceAtEachMilestone(t *testing.T) {
	r := roll(t, newClock(), 40*24*time.Hour)
	told := 0
	for hours := range 40 * 24 {
		if hours%6 == 0 {
			r.g.calendar = time.Time{} // as after a restart
			r.watch()
			if n := len(r.events(keyEnds)); n != told {
				told = n
				l := r.lastTo(exchange.LetterRegister)
				if old, _ := r.opens(l); !old {
					t.Error("the participant cannot read it")
				}
			}
		}
		r.clock.pass(time.Hour)
	}
	var days []string
	for _, e := range r.events(keyEnds) {
		days = append(days, e.Detail["days"])
	}
	if got := strings.Join(days, " "); got != "30 14 7 1" || len(r.letters(queue.LetterFilter{To: "soc-alfa", Kind: exchange.LetterRegister})) != 4 {
		t.Errorf("spoken of at %q", got)
	}
	if strings.Count(r.log.String(), "key ends soon") != 4 {
		t.Error("the operator is not told")
	}
}
