package queue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

// clock is a time that only the test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

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

var almaty = time.FixedZone("Asia/Almaty", 5*3600)

// rig is one store under test. Its invariants are checked when the test ends.
type rig struct {
	*testing.T
	ctx   context.Context
	store *queue.Store
	clock *clock
	dsn   string
	o     queue.Options
}

func options(c *clock) queue.Options {
	return queue.Options{DataKey: bytes.Repeat([]byte{7}, 32), Clock: c.now, NumberPrefix: "NCCIS", Zone: almaty, ChunkBytes: 1000}
}

func newRig(t *testing.T, dsn string) *rig {
	t.Helper()
	r := unchecked(t, dsn)
	t.Cleanup(r.end)
	return r
}

// unchecked is a rig for a test that breaks its store, or ends it itself.
func unchecked(t *testing.T, dsn string) *rig {
	t.Helper()
	c := &clock{at: time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)}
	r := &rig{T: t, ctx: t.Context(), clock: c, dsn: dsn, o: options(c)}
	r.open()
	return r
}

func (r *rig) end() {
	if err := r.store.Check(context.Background()); err != nil {
		r.Errorf("check at the end: %v", err)
	}
	if err := r.store.Close(); err != nil {
		r.Errorf("close: %v", err)
	}
}

func (r *rig) open() {
	r.Helper()
	var err error
	if r.store, err = queue.Open(r.ctx, r.dsn, r.o); err != nil {
		r.Fatal(err)
	}
}

// reopen closes the store and opens it again, as after a restart.
func (r *rig) reopen() {
	r.Helper()
	r.must(r.store.Close())
	r.open()
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) is(err, want error) {
	r.Helper()
	if !errors.Is(err, want) {
		r.Fatalf("error %v, want %v", err, want)
	}
}

func sqliteDSN(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "almasu.db") }

// mail is a message of some length that nobody else sent.
func mail(n int) string { return fmt.Sprintf("Subject: %d\r\n\r\n%s", n, strings.Repeat("x", n)) }

func imap(uid uint32) exchange.Source {
	return exchange.Source{Via: "imap", Mailbox: "main", UIDValidity: 1, UID: uid, EntryDate: time.Date(2026, 3, 10, 8, 0, int(uid), 0, time.UTC)}
}

func (r *rig) arrive(src exchange.Source, body string) exchange.Arrival {
	r.Helper()
	a, fresh, err := r.store.Arrive(r.ctx, exchange.Arrival{Source: src, ReceivedAt: r.clock.now()}, strings.NewReader(body))
	r.must(err)
	if !fresh {
		r.Fatalf("arrival %d of %+v is not fresh", a.ID, src)
	}
	return a
}

func (r *rig) lease() (*exchange.Arrival, string) {
	r.Helper()
	a, lease, _, err := r.store.LeaseArrival(r.ctx, "worker", 30*time.Second)
	r.must(err)
	if a == nil {
		r.Fatal("nothing to lease")
	}
	return a, lease
}

// accepted is a decision that accepts an arrival with one report and one
// receipt.
func accepted(a int64, lease, number, report string, revision int) exchange.Decision {
	key := exchange.Key{ID: report, Revision: revision}
	id := fmt.Sprintf("<%s.%d.%d@nccis.example>", report, revision, a)
	return exchange.Decision{Arrival: a, Lease: lease, State: exchange.ArrivalAccepted, Participant: "soc-alfa", MessageID: "<m@soc.example>", From: "a@soc.example",
		Known: &exchange.Known{Arrival: a, Number: number, Participant: "soc-alfa", From: "a@soc.example", Form: exchange.FormMIME, Verdict: exchange.VerdictAccepted,
			Digest: exchange.Digest{Algorithm: "sha256", Value: "AAAA", Over: "entity"}, Reports: []exchange.Key{key},
			ContentDigest: "content of " + id, ReportDigest: "report of " + id},
		Reports: []exchange.StoredReport{{Number: number, Participant: "soc-alfa", Kind: exchange.Incident, Key: key, Format: exchange.CardJSON,
			MediaType: "application/json", Document: []byte(`{"secret":"` + id + `"}`)}},
		Letters:   []exchange.Letter{letter(id)},
		Deadlines: []exchange.Deadline{{Clause: "9", At: time.Date(2026, 3, 10, 9, 15, 0, 0, time.UTC)}},
	}
}

func letter(id string) exchange.Letter {
	return exchange.Letter{Kind: exchange.LetterReceipt, To: "soc-alfa", Address: "a@soc.example", MessageID: id, EnvelopeID: "E" + id,
		Message: []byte("Message-ID: " + id + "\r\n\r\nsealed"), Expires: time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)}
}

// accept takes a message all the way to accepted.
func (r *rig) accept(src exchange.Source, report string, revision int) (exchange.Arrival, []int64) {
	r.Helper()
	r.arrive(src, mail(int(src.UID)+revision))
	a, lease := r.lease()
	number, err := r.store.Number(r.ctx, a.ID, "NCCIS")
	r.must(err)
	d := accepted(a.ID, lease, number, report, revision)
	d.Reports[0].ReceivedAt = r.clock.now()
	positions, err := r.store.Commit(r.ctx, d)
	r.must(err)
	got, err := r.store.Arrival(r.ctx, a.ID)
	r.must(err)
	return got, positions
}
