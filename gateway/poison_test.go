package gateway

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"almasu/exchange"
	"almasu/mailin"
	"almasu/queue"
)

// crash leases the next message as a worker that then dies.
func (n *node) crash() {
	n.Helper()
	a, _, _, err := n.store.LeaseArrival(n.Context(), "dies", n.g.limits.Lease)
	n.must(err)
	if a == nil {
		n.Fatal("nothing to lease")
	}
	n.clock.pass(n.g.limits.Lease)
}

// poison has the next message fail as often as it may.
func (n *node) poison() {
	n.Helper()
	for range n.g.limits.Attempts {
		a, lease, _, err := n.store.LeaseArrival(n.Context(), "fails", n.g.limits.Lease)
		n.must(err)
		if a == nil {
			n.Fatal("nothing to lease")
		}
		n.must(n.store.Fail(n.Context(), a.ID, lease, n.clock.now()))
	}
}

// A process may be killed for many reasons: what was in work then is not held
// for it, unless it is there every time.
func TestLostLeasesWeighLess(t *testing.T) {
	c := newClock()
	for name, test := range map[string]struct {
		crashes int
		state   exchange.ArrivalState
	}{
		"killed now and then": {3*lostLeases - 1, exchange.ArrivalAccepted},
		"killed every time":   {3 * lostLeases, exchange.ArrivalHeld},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "nccis", c)
			n.accept(fromAlfa(t, c.now(), incident("r-1", c.now())), "")
			for range test.crashes {
				n.crash()
			}
			n.judge()
			if a := n.latest(); a.State != test.state || a.Failures != 0 {
				t.Errorf("%s %s after %d failures", a.State, a.Code, a.Failures)
			}
		})
	}
}

func TestPoisonIsHeldAfterItsAttempts(t *testing.T) {
	c := newClock()
	for name, test := range map[string]struct {
		raw  func() []byte
		told string
	}{
		"of an established participant": {func() []byte { return fromAlfa(t, c.now(), incident("r-1", c.now())) }, "soc-alfa"},
		"of nobody we know":             {func() []byte { return forged(t, c.now()) }, ""},
		"an answer of a machine": {func() []byte {
			return mail{from: "soc-alfa", to: "nccis", auto: "auto-replied"}.seal(t, c.now(), incident("r-1", c.now()))
		}, ""},
		"octets without meaning": {func() []byte { return bytes.Repeat([]byte{0xff, 0}, 500) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "nccis", c)
			n.accept(test.raw(), address("soc-alfa"))
			n.accept(fromAlfa(t, c.now(), incident("r-2", c.now())), "")
			n.poison()
			n.judge()
			a, err := n.store.Arrival(t.Context(), 1)
			n.must(err)
			n.want(a, exchange.ArrivalHeld, exchange.Internal)
			n.want(n.latest(), exchange.ArrivalAccepted, "")
			var told []string
			for _, l := range n.answers(a) {
				if l.Kind == exchange.LetterMDN {
					continue
				}
				r := n.receipt(l)
				if r.Verdict != exchange.VerdictHeld || r.Number != a.Number || r.Code != exchange.Internal {
					t.Errorf("receipt %+v", r)
				}
				told = append(told, l.To)
			}
			if got := strings.Join(told, " "); got != test.told {
				t.Errorf("told %q, want %q", got, test.told)
			}
		})
	}
}

func TestReleasedPoisonIsJudgedAgainAndToldOnce(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	n.accept(mail{from: "soc-alfa", to: "nccis", ask: true}.seal(t, c.now(), incident("r-1", c.now())), address("soc-alfa"))
	n.poison()
	n.judge()
	held := n.latest()
	n.want(held, exchange.ArrivalHeld, exchange.Internal)
	n.must(n.g.Release(t.Context(), held, "duty"))
	n.judge()
	a := n.latest()
	n.want(a, exchange.ArrivalAccepted, "")
	mdns := 0
	for _, l := range n.answers(a) {
		if l.Kind == exchange.LetterMDN {
			mdns++
		}
	}
	if mdns != 1 || a.Number == held.Number || !strings.HasPrefix(held.Number, "H-") {
		t.Errorf("%d notifications; held %s, then %s", mdns, held.Number, a.Number)
	}
}

func TestPanicCountsAsAnAttemptAndStopsNothing(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	n.accept(fromAlfa(t, c.now(), incident("r-1", c.now())), "")
	sick := n.world
	sick.Keys = nil // whoever opens a message panics
	for range n.g.limits.Attempts {
		n.g.Reload(sick)
		if more, err := n.g.judgeNext(t.Context(), "test"); !more || err == nil {
			t.Fatalf("more %t, error %v", more, err)
		}
		c.pass(5 * time.Second)
	}
	n.judge() // holds it, and even then opening it panics
	a := n.latest()
	n.want(a, exchange.ArrivalHeld, exchange.Internal)
	if len(n.answers(a)) != 0 || !strings.Contains(n.log.String(), "panic") {
		t.Errorf("answers %s; log %s", kinds(n.answers(a)), n.log)
	}
	n.g.Reload(n.world)
	n.want(n.take(fromAlfa(t, c.now(), incident("r-2", c.now())), ""), exchange.ArrivalAccepted, "")
}

func TestWhatPassesIsNoAttempt(t *testing.T) {
	for name, test := range map[string]struct {
		err      error
		attempts int
	}{
		"transient":                 {transient(errors.New("token")), 0},
		"a letter nobody can write": {transient(errUnwritable), 1},
		"over its budget":           {errors.Join(errBudget, transient(context.DeadlineExceeded)), 1},
		"anything else":             {errors.New("x"), 1},
		"somebody accepted it":      {transient(queue.ErrConflict), 0},
		"the lease is lost":         {queue.ErrLeaseLost, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			n := open(t, "nccis", c)
			n.accept(fromAlfa(t, c.now(), incident("r-1", c.now())), "")
			a, lease, _, err := n.store.LeaseArrival(t.Context(), "test", time.Minute)
			n.must(err)
			err = n.g.giveBack(t.Context(), *a, lease, test.err)
			if quiet := errors.Is(test.err, queue.ErrConflict) || errors.Is(test.err, queue.ErrLeaseLost); quiet != (err == nil) {
				t.Errorf("told %v", err)
			}
			if got := n.latest().Attempts; got != test.attempts {
				t.Errorf("%d attempts, want %d", got, test.attempts)
			}
		})
	}
}

func TestMessageOverItsBudgetCountsAsAnAttempt(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	n.accept(fromAlfa(t, c.now(), incident("r-1", c.now())), "")
	n.g.limits.Budget = 1 // nanosecond
	if _, err := n.g.judgeNext(t.Context(), "test"); !errors.Is(err, errBudget) {
		t.Errorf("told %v", err)
	}
	if got := n.latest().Attempts; got != 1 {
		t.Errorf("%d attempts", got)
	}
}

func TestBacklogMakesIntakePause(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	n.g = New(n.store, n.relay, n.world, Limits{Backlog: 2}, c.now, slog.New(slog.DiscardHandler))
	in := func(id string, oversize bool) error {
		raw := fromAlfa(t, c.now(), incident(id, c.now()))
		n.uid++
		return n.g.Accept(t.Context(), mailin.Incoming{Source: exchange.Source{Via: "imap", Mailbox: "main", UIDValidity: 1, UID: n.uid},
			ReceivedAt: c.now(), Size: int64(len(raw)), Oversize: oversize, Body: bytes.NewReader(raw)})
	}
	n.must(in("r-1", false))
	n.must(in("r-2", false))
	c.pass(time.Second)
	if err := in("r-3", false); !errors.Is(err, mailin.ErrBusy) {
		t.Errorf("with a full backlog: %v, want ErrBusy", err)
	}
	n.must(in("r-4", true)) // a header alone needs no work
	n.judge()
	c.pass(time.Second)
	n.must(in("r-3", false))
	n.judge()
}

func TestOversizeIsHeldByItsSize(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	head := []byte("From: " + address("soc-alfa") + "\r\nMessage-ID: <big@soc-alfa.example>\r\n\r\n")
	n.must(n.g.Accept(t.Context(), mailin.Incoming{Source: exchange.Source{Via: "imap", Mailbox: "main", UIDValidity: 1, UID: 77},
		ReceivedAt: c.now(), Size: 60 << 20, Oversize: true, Body: bytes.NewReader(head)}))
	n.judge()
	a := n.latest()
	n.want(a, exchange.ArrivalHeld, exchange.TooLarge)
	if err := n.g.Release(t.Context(), a, "duty"); err == nil {
		t.Error("released, though only its header is there")
	}
	if _, err := n.g.Enter(t.Context(), a, nil, "duty"); err == nil {
		t.Error("entered without a document")
	}
}

func TestShutdownGivesTheLeaseBack(t *testing.T) {
	c := newClock()
	t.Run("while it waits for memory", func(t *testing.T) {
		n := open(t, "nccis", c)
		n.accept(fromAlfa(t, c.now(), incident("r-1", c.now())), "")
		n.g.budget = newBudget(1)
		done, err := n.g.budget.take(t.Context(), 1)
		n.must(err)
		defer done()
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan error)
		go func() { _, err := n.g.judgeNext(ctx, "test"); got <- err }()
		for n.latest().Attempts == 0 { // until it is leased
			runtime.Gosched()
		}
		cancel()
		if err := <-got; err == nil {
			t.Error("no error")
		}
		if a := n.latest(); a.Attempts != 0 {
			t.Errorf("%d attempts are counted", a.Attempts)
		}
	})
	t.Run("while it is judged", func(t *testing.T) {
		n := open(t, "nccis", c)
		n.accept(fromAlfa(t, c.now(), incident("r-1", c.now())), "")
		ctx, cancel := context.WithCancel(t.Context())
		a, lease, raw, err := n.store.LeaseArrival(ctx, "test", time.Minute)
		n.must(err)
		cancel()
		err = n.g.handle(ctx, *a, lease, raw)
		if err == nil {
			t.Fatal("judged after the end")
		}
		_ = n.g.giveBack(ctx, *a, lease, err)
		if a := n.latest(); a.Attempts != 0 || a.State != exchange.ArrivalStored {
			t.Errorf("%+v", a)
		}
		c.pass(5 * time.Second)
		n.judge()
		n.want(n.latest(), exchange.ArrivalAccepted, "")
	})
}

func TestRunStopsWithItsContext(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- n.g.Run(ctx) }()
	n.accept(fromAlfa(t, c.now(), incident("r-1", c.now())), "")
	<-n.g.Decided()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
	n.want(n.latest(), exchange.ArrivalAccepted, "")
}

func TestLoopTellsTheSameFailureOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		g := New(nil, nil, World{}, Limits{}, time.Now, slog.New(slog.NewTextHandler(&log, nil)))
		ctx, cancel := context.WithTimeout(t.Context(), 10500*time.Millisecond)
		defer cancel()
		calls := 0
		g.loop(ctx, nil, "x", func(context.Context, string) (bool, error) { calls++; return false, errors.New("disk full") })
		if calls != 11 || strings.Count(log.String(), "disk full") != 1 {
			t.Errorf("%d calls, log %s", calls, log.String())
		}
	})
}
