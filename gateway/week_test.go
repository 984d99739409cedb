package gateway

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser"
	"almasu/queue"
)

// post carries mail between two gateways as the world does: of a hundred
// mails five are lost after the 250, five come twice, and those on the way
// together arrive in any order, some of them hours late.
type post struct {
	rng    *rand.Rand
	clock  *clock
	flying []flight

	passed, lost, twice, late int
}

type flight struct {
	at         time.Time
	to, sender string
	raw        []byte
}

func (p *post) carry(l exchange.Letter) {
	p.passed++
	copies := 1
	switch chance := p.rng.IntN(100); {
	case chance < 5:
		p.lost++
		return
	case chance < 10:
		p.twice++
		copies = 2
	}
	for range copies {
		delay := time.Duration(p.rng.IntN(180)) * time.Second
		if p.rng.IntN(100) < 5 {
			p.late++
			delay = time.Duration(p.rng.IntN(6*60)) * time.Minute
		}
		p.flying = append(p.flying, flight{p.clock.now().Add(delay), l.To, l.Sender, l.Message})
	}
}

// land gives out what has arrived by now, in order of arrival.
func (p *post) land(give func(flight)) {
	slices.SortStableFunc(p.flying, func(a, b flight) int { return a.at.Compare(b.at) })
	for len(p.flying) > 0 && !p.flying[0].at.After(p.clock.now()) {
		give(p.flying[0])
		p.flying = p.flying[1:]
	}
}

// week is two gateways with such a post between them, and what each was given
// to send.
type week struct {
	*pair
	clock *clock
	post  *post
	sent  map[string][]exchange.Key // by sender
}

func newWeek(t *testing.T, seed uint64) *week {
	c := newClock()
	w := &week{clock: c, post: &post{rng: rand.New(rand.NewPCG(seed, 48)), clock: c}, sent: map[string][]exchange.Key{}}
	waits := func(w *World) { w.ReceiptWait = 10 * time.Minute }
	w.pair = facing(t, c, map[string]func(*World){"nccis": waits, "soc-alfa": waits})
	for _, n := range w.nodes {
		n.relay.answer = func(l exchange.Letter) []exchange.Attempt {
			w.post.carry(l)
			return []exchange.Attempt{{Outcome: exchange.OutcomeSent, At: c.now(), Relay: "relay", Outside: true, Code: 250}}
		}
	}
	return w
}

// step walks every loop of both gateways once after the time has passed.
func (w *week) step(d time.Duration) {
	w.Helper()
	w.clock.pass(d)
	w.post.land(func(f flight) {
		if n := w.nodes[f.to]; n != nil {
			n.accept(f.raw, f.sender)
		}
	})
	for _, n := range w.nodes {
		n.judge()
		for _, loop := range []func() (bool, error){
			func() (bool, error) { return n.g.watchDeadlines(w.Context(), "test") },
			func() (bool, error) { return n.g.sendAgain(w.Context(), "test") },
		} {
			_, err := loop()
			n.must(err)
		}
		n.send()
	}
}

func (w *week) submit(from string, doc exchange.Document) {
	w.Helper()
	n := w.nodes[from]
	s, err := n.g.Submit(w.Context(), Order{Document: doc, Actor: "test"})
	n.must(err)
	if s.Refusal.Code != "" {
		w.Fatalf("not submitted: %+v %+v", s.Refusal, s.Problems)
	}
	w.sent[from] = append(w.sent[from], s.Report.Key())
}

// work is the traffic of five minutes: incidents and their updates from the
// SOC, vulnerabilities from the NCCIS.
func (w *week) work(i int) {
	if w.post.rng.IntN(100) < 8 {
		id := fmt.Sprintf("inc-%d", i)
		w.submit("soc-alfa", incident(id, w.clock.now()))
		if w.post.rng.IntN(4) == 0 { // at once: the two may overtake each other
			w.submit("soc-alfa", incident(id, w.clock.now(), func(r *exchange.Report) { r.Revision = 2 }))
		}
	}
	if w.post.rng.IntN(100) < 3 {
		body, err := parser.Example(exchange.Vulnerability, exchange.CardJSON, "nccis", "soc-alfa", fmt.Sprintf("vul-%d", i), w.clock.now())
		w.nodes["nccis"].must(err)
		w.submit("nccis", exchange.Document{Body: body})
	}
}

// arrived holds what one side registered against what the other sent.
func (w *week) arrived(from, to string) {
	w.Helper()
	n := w.nodes[to]
	list, err := n.store.Reports(w.Context(), queue.ReportFilter{Incoming: true})
	n.must(err)
	numbers, highest := map[exchange.Key]string{}, map[string]int{}
	for _, r := range list {
		if r.Participant != from {
			continue
		}
		if numbers[r.Key] != "" {
			w.Errorf("%s registered %+v twice", to, r.Key)
		}
		numbers[r.Key], highest[r.Key.ID] = r.Number, max(highest[r.Key.ID], r.Key.Revision)
	}
	for _, key := range w.sent[from] {
		overtaken := key.Revision < highest[key.ID]
		if numbers[key] == "" && !overtaken {
			w.Errorf("%s never registered %+v", to, key)
		}
		delete(numbers, key)
	}
	for key := range numbers {
		w.Errorf("%s registered %+v, which %s did not send", to, key, from)
	}
}

// matched holds the letters of one side against the other's register.
func (w *week) matched(from, to string) {
	w.Helper()
	sender, other := w.nodes[from], w.nodes[to]
	for _, l := range sender.letters(queue.LetterFilter{To: to, Kind: exchange.LetterReport}) {
		if l.State != exchange.LetterClosed {
			w.Errorf("%s: letter %d (report %d) is %s", from, l.ID, l.Report, l.State)
			continue
		}
		reports, err := other.store.Reports(w.Context(), queue.ReportFilter{Number: l.Number})
		other.must(err)
		mine, err := sender.store.Report(w.Context(), l.Report)
		sender.must(err)
		switch {
		case l.Verdict == exchange.VerdictRefused && len(reports) == 0: // superseded by the next revision
		case len(reports) == 1 && reports[0].Key == mine.Key:
		default:
			w.Errorf("%s: letter %d of %+v was closed as %s with number %s, of %+v", from, l.ID, mine.Key, l.Verdict, l.Number, reports)
		}
	}
	if loud := sender.events("receipt-mismatch"); len(loud) != 0 {
		w.Errorf("%s: %d receipts that do not match: %+v", from, len(loud), loud[0])
	}
	held, err := sender.store.Arrivals(w.Context(), exchange.ArrivalHeld, 0)
	sender.must(err)
	if len(held) != 0 {
		w.Errorf("%s holds %d messages, one for %s", from, len(held), held[0].Reason)
	}
}

// TestAWeekOfBadPost: a week of traffic both ways over a post that loses,
// doubles, delays and shuffles. Nothing is lost, registered twice or answered
// for ever, and each receipt finds its letter.
func TestAWeekOfBadPost(t *testing.T) {
	w := newWeek(t, 20261127)
	for i := range 7 * 24 * 12 {
		w.work(i)
		w.step(5 * time.Minute)
	}
	for range 6 * 24 { // the life of a letter
		w.step(time.Hour)
	}
	before := w.post.passed
	for range 24 {
		w.step(time.Hour)
	}
	if w.post.passed != before || len(w.post.flying) != 0 {
		t.Errorf("no rest: %d letters in the last day, %d on the way", w.post.passed-before, len(w.post.flying))
	}
	w.arrived("soc-alfa", "nccis")
	w.arrived("nccis", "soc-alfa")
	w.matched("soc-alfa", "nccis")
	w.matched("nccis", "soc-alfa")
	reports := len(w.sent["soc-alfa"]) + len(w.sent["nccis"])
	if most := 6 * reports; w.post.passed > most {
		t.Errorf("%d letters for %d reports, at most %d", w.post.passed, reports, most)
	}
	t.Logf("%d reports, %d letters: %d lost, %d twice, %d hours late", reports, w.post.passed, w.post.lost, w.post.twice, w.post.late)
}
