package gateway

import (
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/queue"
)

// Two gateways change over to a new key of the SOC: the card is proposed, the
// announcement and the ping are taken and answered by the other gateway itself,
// and once the new key is listed first it has signed and letters go to it.
func TestRolloverBetweenTwoGateways(t *testing.T) {
	c := newClock()
	p := facing(t, c, nil)
	r := &rolling{node: p.nodes["nccis"], old: newOwnKey(t, c.now().AddDate(0, 0, -1), 0), young: newOwnKey(t, c.now(), 0)}
	r.must(r.g.Follow(t.Context(), r.base()))
	soc := p.nodes["soc-alfa"]
	lists := func(own ...ownKey) {
		set := crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: "nccis", File: "nccis", Data: keys()["nccis"].public}}}
		for _, k := range own {
			set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: exchange.SelfSigner, File: "own", Data: k.private})
		}
		soc.must(soc.g.Follow(t.Context(), Base{Settings: soc.world, Self: soc.world.Register.Self(), Participants: soc.world.Register.All(), Keys: set}))
	}
	lists(r.old, r.young)
	s, err := soc.g.Submit(t.Context(), Order{Document: r.card("contact-1", func(b *exchange.ContactBody) { b.OpenPGP = string(r.young.public) }), Actor: "test"})
	soc.must(err)
	if s.Refusal.Code != "" {
		t.Fatalf("%+v", s)
	}
	p.settle(c, 60)
	announced := r.lastTo(exchange.LetterRegister)
	if announced.State != exchange.LetterClosed || announced.Verdict != exchange.VerdictAccepted {
		t.Errorf("the SOC's gateway says of the announcement: %s %s", announced.State, announced.Verdict)
	}
	if list := soc.must2(soc.store.Reports(t.Context(), queue.ReportFilter{Kind: exchange.Request})); len(list) != 1 {
		t.Errorf("%d requests stand in the queue of the SOC", len(list))
	}
	change := r.changes()[0]
	r.approve(change)
	r.watch()
	p.settle(c, 60)
	r.follow()
	if got := r.g.world.Load().Keys.SealsTo("soc-alfa", c.now()); got != r.old.fingerprint {
		t.Error("the SOC signs with its old key yet")
	}
	lists(r.young, r.old)
	_, err = soc.g.Submit(t.Context(), Order{Document: incident("r-1", c.now()), Actor: "test"})
	soc.must(err)
	p.settle(c, 60)
	r.follow()
	if got := r.g.world.Load().Keys.SealsTo("soc-alfa", c.now()); got != r.young.fingerprint {
		t.Errorf("sealed to %s", got)
	}
	if l := r.lastTo(exchange.LetterReceipt); l.State != exchange.LetterSent {
		t.Errorf("%+v", l.State)
	}
}

func (n *node) must2(list []exchange.StoredReport, err error) []exchange.StoredReport {
	n.Helper()
	n.must(err)
	return list
}

// The end of our own key is the shift's business, at every milestone, and
// nobody else's.
func TestOwnKeyThatEndsIsToldToTheShift(t *testing.T) {
	c := newClock()
	r := roll(t, c, 0)
	mine, following := newOwnKey(t, c.now(), 40*24*time.Hour), newOwnKey(t, c.now(), 0)
	base := r.base()
	base.Keys.OpenPGP[0] = crypto.KeyFile{Owner: exchange.SelfSigner, File: "own", Data: mine.private}
	r.must(r.g.Follow(t.Context(), base))
	for range 36 {
		r.watch()
		c.pass(24 * time.Hour)
	}
	base.Keys.OpenPGP = append(base.Keys.OpenPGP, crypto.KeyFile{Owner: exchange.SelfSigner, File: "next", Data: following.private})
	r.must(r.g.Follow(t.Context(), base)) // in time for the last day
	for range 3 {
		r.watch()
		c.pass(24 * time.Hour)
	}
	list, err := r.store.Alarms(t.Context(), queue.AlarmFilter{})
	r.must(err)
	var told []string
	for _, a := range list {
		if a.Kind == exchange.AlarmKeyEnds {
			told = append(told, a.Key[len(a.Key)-2:])
			if a.Call != exchange.CallDuty || !strings.Contains(a.Subject, mine.fingerprint) {
				t.Errorf("%+v", a)
			}
		}
	}
	slices.Sort(told)
	if got := strings.Join(told, " "); got != "14 30 :7" {
		t.Errorf("told at %q", got)
	}
	if n := len(r.letters(queue.LetterFilter{Kind: exchange.LetterRegister})); n != 0 {
		t.Errorf("%d letters about our own key", n)
	}
}
