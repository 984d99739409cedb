// Package gateway is the straight line: the only room that knows the order in
// which a message passes the others.
//
// It owns that order (receive.go, submit.go, deliver.go, deadline.go) and the
// workers that walk it. It refuses everything a room below can decide: it
// parses nothing, seals nothing by itself, keeps no durable state, and reads
// no configuration; it is handed values and the rooms.
package gateway

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/mailout"
	"almasu/parser"
	"almasu/queue"
	"almasu/rules"
)

// World is everything a decision depends on besides the message: the register,
// the keys and the settings. It is a snapshot; a reload puts another in place.
type World struct {
	Register  *exchange.Register
	Keys      *crypto.Keyring
	Crypto    crypto.Limits
	Parser    parser.Limits
	Trust     exchange.TrustLimits
	Rules     *rules.Engine // nil: the built-in reading of the order
	Zone      *time.Location
	Languages []exchange.Language // of letters, first one leads
	// AnswersPerHour is the fuse of DESIGN section 4: duplicates and refusals
	// beyond it are answered later, never dropped.
	AnswersPerHour int
	RetryLife      time.Duration // how long a letter is tried
	// ReceiptWait is how long a receipt is waited for before the letter is sent
	// again (Letter.Patience). 0: for ever.
	ReceiptWait time.Duration
	Alarms      Alarms
	// AnswerWithin is how long an answer to a request may take that names no
	// time. 0: a day.
	AnswerWithin time.Duration
	Retention    queue.Retention
	Relays       int // how many relays there are
	// Changes of the register that are approved, and those of them that have
	// no effect (Base.With).
	Changes   []exchange.Change
	Unapplied []exchange.Unapplied
}

// Sender hands one letter to the relays in order and says what came of each
// attempt; the last one is the result.
type Sender interface {
	Send(ctx context.Context, l exchange.Letter) []exchange.Attempt
}

// Limits bound the work in progress.
type Limits struct {
	Workers  int           // messages judged at the same time, default 2
	Senders  int           // letters sent at the same time, default 2
	InWork   int64         // octets of messages in work, default 128 MiB
	Attempts int           // a message is held as poison after that many, default 3
	Lease    time.Duration // a killed worker's message comes back after it, default 20 s
	Budget   time.Duration // for one message, default 2 min
	Backlog  int           // undecided messages before intake pauses, default 100,000
}

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Workers, 2)
	set(&l.Senders, 2)
	set(&l.Attempts, 3)
	set(&l.Backlog, 100_000)
	if l.InWork <= 0 {
		l.InWork = 128 << 20
	}
	if l.Lease <= 0 {
		l.Lease = 20 * time.Second
	}
	if l.Budget <= 0 {
		l.Budget = 2 * time.Minute
	}
	return l
}

// Gateway is one node in either role. Make it with New, run it with Run.
type Gateway struct {
	store  *queue.Store
	sender Sender
	limits Limits
	clock  func() time.Time
	log    *slog.Logger
	world  atomic.Pointer[World]
	budget *budget

	alone   sync.RWMutex // held for writing while a suspicious message is judged
	suspect sync.Mutex   // one such message at a time waits for that

	submitting sync.Mutex // held from the look for the same report to its commit

	backlog struct { // what backlogged saw last
		sync.Mutex
		at   time.Time
		full bool
	}

	register followed  // what the world is made of, and of which changes
	calendar time.Time // when the keys were looked at last
	erased   time.Time // the night of the last deletion; its loop has it
	requests told      // what watchRequests has raised; its loop has it
	warned   time.Time // up to when the clocks of clauses 5 and 9 were looked at; the deadlines' loop has it

	duties     struct{ looked, next time.Time } // when the calendar of quarters was looked at, and when it is next
	revocation errands

	decided  hints         // an arrival was decided (mailin moves entries)
	incoming chan struct{} // hint: an arrival was stored
	outgoing chan struct{} // hint: a letter waits
}

// New makes a gateway over an open store. clock is asked for the time of every
// decision.
func New(store *queue.Store, sender Sender, w World, limits Limits, clock func() time.Time, log *slog.Logger) *Gateway {
	g := &Gateway{store: store, sender: sender, limits: limits.withDefaults(), clock: clock, log: log,
		incoming: make(chan struct{}, 1), outgoing: make(chan struct{}, 1)}
	g.budget = newBudget(g.limits.InWork)
	g.revocation = errands{settings: Fetching{}.withDefaults(), list: map[string]*errand{}, answers: map[string]crypto.Answer{}, wake: make(chan struct{}, 1)}
	g.Reload(w)
	return g
}

// Reload puts another world in place; messages in work end under the old one.
func (g *Gateway) Reload(w World) {
	if w.Register != nil {
		w.Rules = w.rules()
	}
	g.revocation.mu.Lock()
	defer g.revocation.mu.Unlock()
	w.Keys, g.revocation.looked = g.revocation.into(w.Keys), time.Time{}
	g.world.Store(&w)
}

// rules is the engine of the world. Without one it is made for the occasion.
func (w *World) rules() *rules.Engine {
	if w.Rules == nil {
		return rules.Default(w.Register)
	}
	return w.Rules
}

// Decided hints that an arrival was decided and its mailbox entry can be moved.
// Each caller, one a mailbox, gets a channel of its own, for good.
func (g *Gateway) Decided() <-chan struct{} { return g.decided.subscribe() }

// hints tells any number of listeners.
type hints struct {
	mu   sync.Mutex
	list []chan struct{}
}

func (h *hints) subscribe() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := make(chan struct{}, 1)
	h.list = append(h.list, c)
	return c
}

func (h *hints) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.list {
		hint(c)
	}
}

func hint(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// series is the prefix of our registration numbers: identity.id in capitals.
func (w *World) series() string { return strings.ToUpper(w.Register.Self().ID) }

func (w *World) domain() string {
	a := w.Register.Self().Address()
	return a[strings.LastIndexByte(a, '@')+1:]
}

var _ Sender = (*mailout.Sender)(nil)
