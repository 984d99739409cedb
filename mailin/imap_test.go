package mailin

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
)

func TestMessagesAreTakenAndMovedOnlyAfterTheDecision(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		for i := range 3 {
			h.add("INBOX", mail(fmt.Sprint("m", i+1), 100))
		}
		wake := make(chan struct{}, 1)
		stop := h.run(m, wake)
		<-h.waits
		if got := h.bodiesTaken(); len(got) != 3 || got[1] != mail("m2", 100) {
			t.Fatalf("taken: %q", got)
		}
		if got := h.in("INBOX"); len(got) != 3 {
			t.Fatalf("moved before the decision: %q left", got)
		}
		in := h.took[0].in
		if in.Source.Via != "imap" || in.Source.Mailbox != "main" || in.Source.UIDValidity != 1 || in.Size != 100 ||
			!in.ReceivedAt.Equal(in.Source.EntryDate) || !in.ReceivedAt.Equal(time.Now().Add(-time.Hour)) {
			t.Errorf("incoming %+v", in)
		}
		if h.ledger.last != 3 {
			t.Errorf("cursor %d, want 3", h.ledger.last)
		}
		h.ledger.decide(2)
		begun := time.Now()
		wake <- struct{}{}
		<-h.waits
		if d := time.Since(begun); d > 100*time.Millisecond {
			t.Errorf("moved after %v", d)
		}
		if in, done, held := h.in("INBOX"), h.in("Done"), h.in("Held"); len(in) != 0 ||
			!slices.Equal(done, []string{"*" + mail("m1", 100), "*" + mail("m3", 100)}) || !slices.Equal(held, []string{mail("m2", 100)}) {
			t.Errorf("INBOX %q\nDone %q\nHeld %q", in, done, held)
		}
		if left, _ := h.ledger.Settled(h.t.Context(), "main", 1); len(left) != 0 {
			t.Errorf("not marked as moved: %v", left)
		}
		if d := stop(); d != 0 {
			t.Errorf("stopped after %v", d)
		}
	})
}

func TestMailThatArrivesDuringIdleIsTakenAtOnce(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		stop := h.run(m, nil)
		<-h.waits
		synctest.Wait()
		begun := time.Now()
		h.add("INBOX", mail("now", 80))
		<-h.waits
		if d := time.Since(begun); d != 0 || len(h.bodiesTaken()) != 1 {
			t.Errorf("after %v taken %q", d, h.bodiesTaken())
		}
		stop()
	})
}

func TestServerThatIsSlowToTellIsAskedWhileMailKeepsComing(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		m.Timing.Eager = 0
		exists := regexp.MustCompile(`\* \d+ EXISTS\r\n`)
		h.hooks.write = func(_ int, b []byte) ([]byte, bool) { return exists.ReplaceAll(b, nil), false }
		stop := h.run(m, nil)
		<-h.waits
		h.add("INBOX", mail("first", 80))
		for len(h.bodiesTaken()) < 1 { // at the poll
			<-h.waits
		}
		for i := range 30 {
			<-time.After(time.Second)
			begun := time.Now()
			h.add("INBOX", mail(fmt.Sprint("next ", i), 80))
			for len(h.bodiesTaken()) < i+2 {
				<-h.waits
			}
			if d := time.Since(begun); d > 100*time.Millisecond {
				t.Fatalf("taken after %v", d)
			}
		}
		stop()
	})
}

func TestServerWithoutIdleIsPolled(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		h.hooks.write = func(_ int, b []byte) ([]byte, bool) {
			return []byte(strings.ReplaceAll(string(b), " IDLE", "")), false
		}
		stop := h.run(m, nil)
		<-h.waits
		begun := time.Now()
		h.add("INBOX", mail("later", 80))
		<-h.waits
		if d := time.Since(begun); d != time.Minute || len(h.bodiesTaken()) != 1 {
			t.Errorf("after %v taken %q", d, h.bodiesTaken())
		}
		stop()
	})
}

func TestServerThatRefusesIdleIsPolled(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		h.hooks.write = func(_ int, b []byte) ([]byte, bool) {
			if strings.HasPrefix(string(b), "+ idling") {
				return nil, true
			}
			return b, false
		}
		m.Timing.Poll = 10 * time.Second
		h.add("INBOX", mail("one", 80))
		stop := h.run(m, nil)
		<-h.waits
		for len(h.bodiesTaken()) == 0 {
			<-h.waits
		}
		stop()
	})
}

func TestThePollIsTheTruthNotTheCursor(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		h.ledger.validity, h.ledger.last = 1, 2 // says that both were taken, but has no arrivals
		h.add("INBOX", mail("lost", 80))
		h.add("INBOX", mail("also", 80))
		h.add("INBOX", mail("new", 80))
		stop := h.run(m, nil)
		<-h.waits
		if got := h.bodiesTaken(); len(got) != 3 {
			t.Errorf("taken %q", got)
		}
		if h.took[0].body != mail("new", 80) {
			t.Errorf("the new one did not come first")
		}
		stop()
	})
}

func TestOneBadMessageDoesNotStopTheLine(t *testing.T) {
	for _, size := range []int{100, 400 << 10} {
		t.Run(fmt.Sprint(size, " octets"), func(t *testing.T) {
			inHouse(t, withMove, func(h *house, m *Mailbox) {
				for i := range 5 {
					h.add("INBOX", mail(fmt.Sprint("m", i+1), size))
				}
				var tries atomic.Int32
				h.acceptErr = func(in Incoming) error {
					if in.Source.UID == 2 {
						tries.Add(1)
						return errors.New("this one never")
					}
					return nil
				}
				stop := h.run(m, nil)
				<-h.waits
				if got := h.bodiesTaken(); len(got) != 4 || tries.Load() != 1 || h.ledger.last != 1 {
					t.Fatalf("taken %d, tried %d times, cursor %d", len(got), tries.Load(), h.ledger.last)
				}
				<-h.waits // the next poll
				<-h.waits
				if len(h.bodiesTaken()) != 4 || tries.Load() != 3 || len(h.events) != 3 {
					t.Errorf("two polls later: taken %d, tried %d times, %q", len(h.bodiesTaken()), tries.Load(), h.events)
				}
				stop()
			})
		})
	}
}

func TestBusyLosesNothing(t *testing.T) {
	for _, c := range []struct {
		name string
		size int
		busy int // calls
	}{{"small, for a moment", 100, 7}, {"small, for long", 100, 2000}, {"large, for a moment", 400 << 10, 5}, {"large, for long", 400 << 10, 700}} {
		t.Run(c.name, func(t *testing.T) {
			inHouse(t, withMove, func(h *house, m *Mailbox) {
				for i := range 20 {
					h.add("INBOX", mail(fmt.Sprint("m", i+1), c.size))
				}
				left := c.busy
				h.acceptErr = func(in Incoming) error {
					h.mu.Lock()
					defer h.mu.Unlock()
					if left--; left >= 0 {
						return fmt.Errorf("budget: %w", ErrBusy)
					}
					return nil
				}
				stop := h.run(m, nil)
				<-h.waits
				if got := h.bodiesTaken(); len(slices.Compact(got)) != 20 || len(h.took) != 20 {
					t.Errorf("taken %d times %d messages", len(h.took), len(got))
				}
				if len(h.endings) != 0 || h.dials() != 1 {
					t.Errorf("connections %d, endings %v", h.dials(), h.endings)
				}
				if c.size > smallMessage && len(h.bodies) != 20 {
					t.Errorf("bodies fetched %d times, want 20: a busy gateway costs no transfer", len(h.bodies))
				}
				stop()
			})
		})
	}
}

func TestBusyInTheMiddleOfABody(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		h.add("INBOX", mail("big", 6<<20))
		h.add("INBOX", mail("next", 100))
		calls := 0
		h.acceptErr = func(in Incoming) error {
			if in.Size > 1000 {
				if calls++; calls == 1 {
					in.Body.Read(make([]byte, 1000))
					return ErrBusy
				}
			}
			return nil
		}
		stop := h.run(m, nil)
		for len(h.bodiesTaken()) < 2 {
			<-h.waits
		}
		if calls != 2 || h.dials() != 2 {
			t.Errorf("%d calls, %d connections", calls, h.dials())
		}
		stop()
	})
}

func TestWhatTheStoreKnowsIsNotFetchedAgain(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		h.add("INBOX", mail("big", 1<<20))
		asked := 0
		ctx, cancel := context.WithCancel(h.t.Context())
		done := make(chan error, 1)
		go func() {
			done <- m.Run(ctx, func(context.Context, Incoming) error { asked++; return nil }, h.ledger, nil)
		}()
		<-h.waits
		if asked != 1 || len(h.bodies) != 0 {
			t.Errorf("asked %d times, fetched %d", asked, len(h.bodies))
		}
		cancel()
		<-done
	})
}

func TestOversizeGivesTheHeaderAndGoesToHeld(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		m.MaxMessage = 10_000
		h.add("INBOX", mail("exact", 10_000))
		h.add("INBOX", mail("over", 10_001))
		stop := h.run(m, nil)
		<-h.waits
		h.ledger.decide()
		<-h.waits
		if len(h.took) != 2 {
			t.Fatalf("taken %d", len(h.took))
		}
		over := h.took[slices.IndexFunc(h.took, func(x taken) bool { return x.in.Oversize })]
		if over.in.Size != 10_001 || over.body != "Subject: over\r\n\r\n" {
			t.Errorf("oversize: size %d, body %q", over.in.Size, over.body)
		}
		if held, done := h.in("Held"), h.in("Done"); len(held) != 1 || len(held[0]) != 10_001 || len(done) != 1 {
			t.Errorf("held %d, done %d", len(held), len(done))
		}
		stop()
	})
}

// lying makes the server announce another RFC822.SIZE.
func lying(announce string, really int) func(int, []byte) ([]byte, bool) {
	return func(_ int, b []byte) ([]byte, bool) {
		return []byte(strings.ReplaceAll(string(b), fmt.Sprint("RFC822.SIZE ", really), "RFC822.SIZE "+announce)), false
	}
}

func TestServerThatLiesAboutTheSize(t *testing.T) {
	for _, c := range []struct {
		name     string
		announce string
		really   int
		oversize bool
	}{
		{"said small, is large", "100", 400 << 10, false},
		{"said small, is over the limit", "100", 3 << 20, true},
		{"said large, is over the limit", "500000", 3 << 20, true},
		{"said large, is small", "500000", 1000, false},
		{"said nothing", "0", 1000, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inHouse(t, withMove, func(h *house, m *Mailbox) {
				m.MaxMessage = 2 << 20
				h.hooks.write = lying(c.announce, c.really)
				h.add("INBOX", mail("x", c.really))
				h.add("INBOX", mail("next", 100))
				stop := h.run(m, nil)
				<-h.waits
				if len(h.took) != 2 || len(h.events) != 0 {
					t.Fatalf("taken %d, %q", len(h.took), h.events)
				}
				for _, x := range h.took {
					want := c.really
					if c.oversize {
						want = len("Subject: x\r\n\r\n")
					}
					if x.in.Source.UID == 1 && (x.in.Oversize != c.oversize || len(x.body) != want) {
						t.Errorf("oversize %v, %d octets, want %d", x.in.Oversize, len(x.body), want)
					}
				}
				stop()
			})
		})
	}
}

func TestUIDValidityChange(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		h.add("INBOX", mail("one", 100))
		h.add("INBOX", mail("two", 100))
		stop := h.run(m, nil)
		<-h.waits
		stop()
		at := time.Now().Add(-time.Hour)
		// the mailbox is restored from elsewhere: same mail, other numbers
		must(t, h.user.Delete("INBOX"))
		must(t, h.user.Create("INBOX", nil))
		for _, body := range []string{mail("two", 100), mail("one", 100), mail("three", 100)} {
			_, err := h.user.Append("INBOX", literal{strings.NewReader(body), int64(len(body))}, &imap.AppendOptions{Time: at})
			must(t, err)
		}
		stop = h.run(m, nil)
		<-h.waits
		if h.ledger.validity == 1 || h.ledger.last != 3 || len(h.ledger.rows) != 3 {
			t.Errorf("validity %d, cursor %d, %d arrivals", h.ledger.validity, h.ledger.last, len(h.ledger.rows))
		}
		h.ledger.decide()
		<-h.waits
		if got := h.in("Done"); len(got) != 3 || len(h.in("INBOX")) != 0 {
			t.Errorf("done %q", got)
		}
		stop()
	})
}

func TestAcceptIsCalledWithinItsBounds(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		m.Parallel = 3
		for i := range 30 {
			h.add("INBOX", mail(fmt.Sprint(i), 100))
		}
		now, most := 0, 0
		h.acceptErr = func(Incoming) error {
			h.mu.Lock()
			now++
			most = max(most, now)
			h.mu.Unlock()
			<-time.After(time.Second)
			h.mu.Lock()
			now--
			h.mu.Unlock()
			return nil
		}
		begun := time.Now()
		stop := h.run(m, nil)
		<-h.waits
		if most != 3 || time.Since(begun) != 10*time.Second {
			t.Errorf("%d at the same time, in %v", most, time.Since(begun))
		}
		stop()
	})
}
