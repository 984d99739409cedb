package gateway

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/mailin"
	"almasu/queue"
)

// clock is a time that only the test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// canary stands in the free text of every report: it must be seen nowhere but
// where the whole report is somebody's due.
const canary = "kestrel-over-the-steppe"

// people is the cast; every test gets its own.
func people() map[string]*exchange.Participant {
	out := map[string]*exchange.Participant{}
	add := func(id string, l exchange.Language, kinds ...exchange.ParticipantKind) {
		out[id] = &exchange.Participant{ID: id, Kinds: kinds, Language: l, Addresses: []string{address(id)},
			Name: exchange.Names{KK: id + " kk", RU: id + " ru", EN: id + " en"}}
	}
	add("nccis", exchange.Kazakh, exchange.KindNCCIS)
	add("soc-alfa", exchange.Russian, exchange.KindSOC)
	add("soc-beta", exchange.Kazakh, exchange.KindSOC)
	add("soc-gamma", exchange.English, exchange.KindSOC)
	add("knb", exchange.Kazakh, exchange.KindNationalSecurity)
	add("prosecutor", exchange.Russian, exchange.KindProsecution)
	return out
}

func address(id string) string { return "exchange@" + id + ".example" }

type keyPair struct{ private, public []byte }

// keys are made once for the whole test binary; stranger and spare belong to
// nobody of the register.
var keys = sync.OnceValue(func() map[string]keyPair {
	out := map[string]keyPair{}
	for _, id := range []string{"nccis", "soc-alfa", "soc-beta", "soc-gamma", "knb", "prosecutor", "stranger", "spare"} {
		private, public, _, err := crypto.NewOpenPGP(id, address(id), nil, newClock().at.AddDate(-1, 0, 0), 0)
		if err != nil {
			panic(err)
		}
		out[id] = keyPair{private, public}
	}
	return out
})

// ring is the key ring of one of the cast: its own key and everybody's public
// one, but those it lacks.
func ring(t testing.TB, self string, lacks ...string) *crypto.Keyring {
	t.Helper()
	set := crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: exchange.SelfSigner, File: self, Data: keys()[self].private}}}
	for id := range people() {
		if id != self && !slices.Contains(lacks, id) {
			set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: id, File: id, Data: keys()[id].public})
		}
	}
	k, err := crypto.NewKeyring(set)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// world is what a node decides by; change it before it is used.
func world(t testing.TB, self string, cast map[string]*exchange.Participant) World {
	t.Helper()
	var others []*exchange.Participant
	for _, id := range []string{"nccis", "soc-alfa", "soc-beta", "soc-gamma", "knb", "prosecutor"} {
		if id != self && cast[id] != nil {
			others = append(others, cast[id])
		}
	}
	reg, err := exchange.NewRegister(cast[self], others)
	if err != nil {
		t.Fatal(err)
	}
	return World{Register: reg, Keys: ring(t, self), Zone: time.FixedZone("Asia/Almaty", 5*3600),
		Trust:          exchange.TrustLimits{SigningAge: 14 * 24 * time.Hour, SigningSkew: 10 * time.Minute},
		AnswersPerHour: 60, RetryLife: 5 * 24 * time.Hour}
}

// relay is a Sender that keeps what it was given.
type relay struct {
	mu      sync.Mutex
	letters []exchange.Letter
	// answer decides an attempt; nil is a 250 outside our control.
	answer func(exchange.Letter) []exchange.Attempt
	clock  *clock
}

func (r *relay) Send(_ context.Context, l exchange.Letter) []exchange.Attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.letters = append(r.letters, l)
	if r.answer != nil {
		return r.answer(l)
	}
	return []exchange.Attempt{{Outcome: exchange.OutcomeSent, At: r.clock.now(), Relay: "relay:587", Outside: true, Code: 250}}
}

// node is one gateway on a store of its own, driven step by step.
type node struct {
	*testing.T
	id    string
	g     *Gateway
	store *queue.Store
	relay *relay
	clock *clock
	world World
	log   *bytes.Buffer
	uid   uint32
}

// open starts a node; its store is checked when the test ends.
func open(t *testing.T, id string, c *clock, changes ...func(*World)) *node {
	t.Helper()
	w := world(t, id, people())
	for _, change := range changes {
		change(&w)
	}
	n := &node{T: t, id: id, clock: c, relay: &relay{clock: c}, world: w, log: &bytes.Buffer{}}
	var err error
	n.store, err = queue.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "store.db"), queue.Options{
		DataKey: bytes.Repeat([]byte{7}, 32), Clock: c.now, NumberPrefix: w.series(), Zone: w.Zone})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		if err := n.store.Check(ctx); err != nil {
			t.Errorf("%s: check at the end: %v", id, err)
		}
		if err := n.store.VerifyJournal(ctx); err != nil {
			t.Errorf("%s: journal at the end: %v", id, err)
		}
		if err := n.store.Close(); err != nil {
			t.Errorf("%s: close: %v", id, err)
		}
		if bytes.Contains(n.log.Bytes(), []byte(canary)) {
			t.Errorf("%s: the log shows decrypted text", id)
		}
	})
	n.g = New(n.store, n.relay, w, Limits{}, c.now, slog.New(slog.NewTextHandler(n.log, nil)))
	return n
}

func (n *node) must(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

// accept takes one message in as mailin would, from the mailbox.
func (n *node) accept(raw []byte, returnPath string) {
	n.Helper()
	n.uid++
	raw = append([]byte("Return-Path: <"+returnPath+">\r\n"), raw...)
	n.must(n.g.Accept(n.Context(), mailin.Incoming{Source: exchange.Source{Via: "imap", Mailbox: "main", UIDValidity: 1, UID: n.uid,
		EntryDate: n.clock.now()}, ReceivedAt: n.clock.now(), Size: int64(len(raw)), Body: bytes.NewReader(raw)}))
}

// judge walks the receiving road until nothing waits.
func (n *node) judge() {
	n.Helper()
	for {
		more, err := n.g.judgeNext(n.Context(), "test")
		n.must(err)
		if !more {
			return
		}
	}
}

// send walks the sending road until nothing is due.
func (n *node) send() {
	n.Helper()
	for {
		more, err := n.g.sendNext(n.Context(), "test")
		n.must(err)
		if !more {
			return
		}
	}
}

// take accepts and judges one message and returns what it became.
func (n *node) take(raw []byte, returnPath string) exchange.Arrival {
	n.Helper()
	n.accept(raw, returnPath)
	n.judge()
	return n.latest()
}

func (n *node) latest() exchange.Arrival {
	n.Helper()
	list, err := n.store.Arrivals(n.Context(), "", 1)
	n.must(err)
	return list[0]
}

// want fails unless the arrival has the state and the code.
func (n *node) want(a exchange.Arrival, state exchange.ArrivalState, code exchange.Code) {
	n.Helper()
	if a.State != state || a.Code != code {
		n.Fatalf("arrival %d is %s %q (%s), want %s %q", a.ID, a.State, a.Code, a.Reason, state, code)
	}
}
