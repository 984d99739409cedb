package queue_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/internal/testpg"
	"almasu/queue"
)

// crashVariable makes the test program the one that is killed: its value is
// the store's address.
const crashVariable = "ALMASU_QUEUE_CRASH"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(crashVariable); dsn != "" {
		if err := untilKilled(dsn); err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestKilledAtAnyInstantSQLite(t *testing.T) { killed(t, sqliteDSN(t), 25) }

func TestKilledAtAnyInstantPostgres(t *testing.T) { killed(t, testpg.Start(t).Database(t), 10) }

// killed runs the store in another process and kills it, again and again. What
// that process was told is durable has to be there, once.
func killed(t *testing.T, dsn string, times int) {
	r := newRig(t, dsn)
	told := map[string]bool{}
	for range times {
		for _, line := range runAndKill(t, dsn, 1+rand.IntN(120)) {
			told[line] = true
		}
		r.must(r.store.Check(r.ctx))
	}
	t.Logf("%d acknowledgements", len(told))
	for line := range told {
		r.kept(line)
	}
	r.onceEach()
}

// runAndKill kills the other process once it has said so many lines, and
// returns all that it said.
func runAndKill(t *testing.T, dsn string, lines int) []string {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), crashVariable+"="+dsn)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for in := bufio.NewScanner(out); in.Scan(); {
		said = append(said, in.Text())
		if len(said) == lines {
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		if strings.HasPrefix(in.Text(), "failed") {
			t.Errorf("the other process: %s", in.Text())
		}
	}
	_ = c.Wait() // killed
	if stderr.Len() > 0 {
		t.Fatalf("the other process: %s", stderr.String())
	}
	return said
}

// kept finds out whether the store still says what the other process was told.
func (r *rig) kept(line string) {
	r.Helper()
	var what, text string
	var id int64
	if _, err := fmt.Sscan(line, &what, &id, &text); err != nil {
		r.Fatalf("%q: %v", line, err)
	}
	switch what {
	case "arrived": // arrived ID SIZE
		raw, err := r.store.Raw(r.ctx, id)
		if r.ok(err); fmt.Sprint(len(raw)) != text {
			r.Errorf("%s: %d octets", line, len(raw))
		}
	case "number": // number ARRIVAL NUMBER
		a, err := r.store.ArrivalByNumber(r.ctx, text)
		if r.ok(err); a.ID != id {
			r.Errorf("%s: it is arrival %d's", line, a.ID)
		}
	case "accepted", "held": // accepted ARRIVAL NUMBER
		a, err := r.store.Arrival(r.ctx, id)
		if r.ok(err); string(a.State) != what || a.Number != text {
			r.Errorf("%s: it is %s as %s", line, a.State, a.Number)
		}
	case "leased", "sent": // sent LETTER MESSAGE-ID
		l, err := r.store.Letter(r.ctx, id)
		if r.ok(err); l.MessageID != text || !strings.Contains(string(l.Message), text) || what == "sent" && l.State != exchange.LetterSent {
			r.Errorf("%s: %s, %s", line, l.MessageID, l.State)
		}
	case "acknowledged": // acknowledged POSITION CONSUMER
		for _, l := range r.take(text, 1<<30) {
			if l.Position == id {
				r.Errorf("%s: handed out again", line)
			}
		}
	default:
		r.Errorf("what is %q", line)
	}
}

// onceEach: a mailbox entry is one arrival, and an accepted one has one report
// and one letter.
func (r *rig) onceEach() {
	list, err := r.store.Arrivals(r.ctx, "", 0)
	r.must(err)
	entries := map[uint32]int{}
	for _, a := range list {
		entries[a.Source.UID]++
		reports, err := r.store.Reports(r.ctx, queue.ReportFilter{Arrival: a.ID})
		r.must(err)
		want := 0
		if a.State == exchange.ArrivalAccepted {
			want = 1
		}
		if len(reports) != want || entries[a.Source.UID] != 1 {
			r.Errorf("arrival %d is %s with %d reports; its entry is %d arrivals", a.ID, a.State, len(reports), entries[a.Source.UID])
		}
	}
}

// untilKilled is the other process: it takes in, decides and sends as fast as
// it can, and says what it was told is durable.
func untilKilled(dsn string) error {
	o := options(nil)
	o.Clock = time.Now
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := queue.Open(ctx, dsn, o)
	if err != nil {
		return err
	}
	errs := make(chan error)
	for _, work := range []func(context.Context, *queue.Store) error{takeIn, decide, decide, decide, sendOut, sendOut, consume} {
		go func() {
			for {
				if err := work(ctx, s); err != nil && !errors.Is(err, queue.ErrLeaseLost) {
					errs <- err
				}
			}
		}()
	}
	return <-errs
}

var lines sync.Mutex // the lines of one process do not mix

func say(what string, id int64, text any) {
	lines.Lock()
	defer lines.Unlock()
	fmt.Println(what, id, text)
}

func takeIn(ctx context.Context, s *queue.Store) error {
	validity, last, err := s.Cursor(ctx, "main")
	if err != nil {
		return err
	}
	src := imap(last + 1)
	src.UIDValidity = max(validity, 1)
	a, _, err := s.Arrive(ctx, exchange.Arrival{Source: src}, strings.NewReader(mail(int(src.UID)*37%3000)))
	if err != nil {
		return err
	}
	say("arrived", a.ID, a.Size)
	return s.SetCursor(ctx, "main", src.UIDValidity, src.UID)
}

// crashLease is short: the next process soon takes over what this one leaves.
const crashLease = 100 * time.Millisecond

func decide(ctx context.Context, s *queue.Store) error {
	a, lease, _, err := s.LeaseArrival(ctx, "w", crashLease)
	if err != nil || a == nil {
		return err
	}
	number, err := s.Number(ctx, a.ID, "NCCIS")
	if err != nil {
		return err
	}
	say("number", a.ID, number)
	d := accepted(a.ID, lease, number, fmt.Sprint("INC-", a.ID), 1)
	if a.ID%5 == 0 {
		d = exchange.Decision{Arrival: a.ID, Lease: lease, State: exchange.ArrivalHeld, Code: exchange.Unsigned}
	}
	if _, err := s.Commit(ctx, d); err != nil {
		return err
	}
	done, err := s.Arrival(ctx, a.ID)
	if err != nil {
		return err
	}
	say(string(done.State), done.ID, done.Number)
	return nil
}

func sendOut(ctx context.Context, s *queue.Store) error {
	l, lease, err := s.LeaseLetter(ctx, "w", crashLease)
	if err != nil || l == nil {
		return err
	}
	say("leased", l.ID, l.MessageID)
	if err := s.Sent(ctx, l.ID, lease, ok250()); err != nil {
		return err
	}
	say("sent", l.ID, l.MessageID)
	return nil
}

func consume(ctx context.Context, s *queue.Store) error {
	got, err := s.Lease(ctx, "siem", 3, crashLease)
	if err != nil {
		return err
	}
	for _, l := range got {
		if err := s.Ack(ctx, "siem", l.Position, l.Token); err != nil {
			return err
		}
		say("acknowledged", l.Position, "siem")
	}
	return nil
}
