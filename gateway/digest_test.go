package gateway

import (
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"
	"almasu/rules"
)

// gathering is an NCCIS that tells soc-beta of everything, not urgently, and
// the national security body at once; both want a digest.
func gathering(t *testing.T, c *clock, g exchange.Gathering) *node {
	t.Helper()
	return open(t, "nccis", c, func(w *World) {
		set, err := rules.Load("x", []byte(`rules:
  - {id: news, clause: "12.1", role: nccis, kinds: [incident], when: "true", tell: [soc-beta], part: headline, template: notice, purpose: response}
  - {id: kb, clause: "12.2", role: nccis, kinds: [incident], when: "true", tell: [national-security], part: whole, urgent: true, template: notice, purpose: response}
`))
		if err != nil {
			t.Fatal(err)
		}
		cast := people()
		cast["soc-beta"].Digest, cast["knb"].Digest = g, g
		w.Register = world(t, "nccis", cast).Register
		if w.Rules, err = rules.NewEngine(set, w.Register); err != nil {
			t.Fatal(err)
		}
	})
}

func (n *node) takes(t *testing.T, id string) {
	t.Helper()
	doc := incident(id, n.clock.now(), func(r *exchange.Report) { r.TLP = exchange.TLPGreen })
	n.want(n.take(mail{from: "soc-alfa", to: "nccis"}.seal(t, n.clock.now(), doc), address("soc-alfa")), exchange.ArrivalAccepted, "")
}

func (n *node) digests() {
	n.Helper()
	_, err := n.g.sendDigests(n.Context(), "test")
	n.must(err)
}

// Nothing waits longer than the addressee asked for; what is urgent does not
// wait; and the receiving gateway works with a digest as with its notices.
func TestDigestGathersWhatIsNotUrgent(t *testing.T) {
	c := newClock()
	n := gathering(t, c, exchange.Gathering{On: true, Every: 30 * time.Minute})
	for _, id := range []string{"r-1", "r-2", "r-3"} {
		n.takes(t, id)
		c.pass(9 * time.Minute)
		n.digests()
	}
	if got := len(n.letters(queue.LetterFilter{Kind: exchange.LetterNotice, To: "knb", State: exchange.LetterWaiting})); got != 3 {
		t.Errorf("%d urgent notices wait for their relay, want 3", got)
	}
	if got := len(n.letters(queue.LetterFilter{Kind: exchange.LetterNotice, To: "soc-beta", State: exchange.LetterGathered})); got != 3 {
		t.Fatalf("%d notices are gathered, want 3", got)
	}
	c.pass(3 * time.Minute) // 30 after the first
	n.digests()
	n.g = New(n.store, n.relay, n.world, Limits{}, c.now, n.g.log) // a restart adds nothing
	n.digests()
	sent := n.letters(queue.LetterFilter{To: "soc-beta", State: exchange.LetterWaiting})
	if len(sent) != 1 || len(n.letters(queue.LetterFilter{State: exchange.LetterGathered})) != 0 {
		t.Fatalf("letters to soc-beta %+v", sent)
	}
	whole, err := n.store.Letter(t.Context(), sent[0].ID)
	n.must(err)
	beta := open(t, "soc-beta", c)
	a := beta.take(whole.Message, address("nccis"))
	beta.want(a, exchange.ArrivalAccepted, "")
	reports, err := beta.store.Reports(t.Context(), queue.ReportFilter{Arrival: a.ID})
	beta.must(err)
	if len(reports) != 3 || reports[0].Key.ID == reports[1].Key.ID || reports[0].Kind != exchange.Notice {
		t.Errorf("reports there %+v", reports)
	}
}

// A daily digest leaves at its hour on the clock of the exchange.
func TestDigestDaily(t *testing.T) {
	c := newClock() // 14:00 in Almaty
	n := gathering(t, c, exchange.Gathering{On: true, Daily: 8 * time.Hour})
	n.takes(t, "r-1")
	for hour := range 24 {
		n.digests()
		waits := len(n.letters(queue.LetterFilter{State: exchange.LetterGathered})) == 1
		if early := hour < 18; early != waits {
			t.Errorf("%d hours later: waits %t", hour, waits)
		}
		c.pass(time.Hour)
	}
}

func TestWhenADigestLeaves(t *testing.T) {
	zone := time.FixedZone("Asia/Almaty", 5*3600)
	at := func(text string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for name, test := range map[string]struct {
		g         exchange.Gathering
		now, want string
	}{
		"later today":     {exchange.Gathering{On: true, Daily: 8 * time.Hour}, "2026-03-10 07:59", "2026-03-10 08:00"},
		"at that hour":    {exchange.Gathering{On: true, Daily: 8 * time.Hour}, "2026-03-10 08:00", "2026-03-11 08:00"},
		"on New Year":     {exchange.Gathering{On: true, Daily: 0}, "2026-12-31 23:59", "2027-01-01 00:00"},
		"every half hour": {exchange.Gathering{On: true, Every: 30 * time.Minute}, "2026-03-10 23:45", "2026-03-11 00:15"},
	} {
		if got := test.g.Next(at(test.now), zone); !got.Equal(at(test.want)) {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	if !(exchange.Gathering{}).Next(at("2026-03-10 08:00"), zone).IsZero() {
		t.Error("gathered though nobody asked")
	}
}
