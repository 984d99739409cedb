package mailin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

func TestConnectionCutAtEachPhase(t *testing.T) {
	for _, phase := range []struct{ name, at string }{
		{"greeting", "* OK"}, {"login", "T2 OK"}, {"select", "UIDVALIDITY"}, {"list", "RFC822.SIZE"}, {"small body", "Subject: m2"},
		{"large body", "Subject: big"}, {"idle", "+ idling"}, {"done", "IDLE completed"}, {"folder", "* LIST"}, {"create", "CREATE completed"}, {"seen", "STORE completed"},
		{"moved, reply lost", "COPYUID"},
	} {
		t.Run(phase.name, func(t *testing.T) {
			inHouse(t, withMove, func(h *house, m *Mailbox) {
				cuts := 0
				h.hooks.write = func(n int, b []byte) ([]byte, bool) {
					if i := strings.Index(string(b), phase.at); i >= 0 && cuts < 2 {
						cuts++
						return b[:i], true
					}
					return b, false
				}
				for i := range 4 {
					h.add("INBOX", mail(fmt.Sprint("m", i+1), 100))
				}
				h.add("INBOX", mail("big", 300<<10))
				wake := make(chan struct{}, 1)
				stop := h.run(m, wake)
				for deadline := time.Now().Add(10 * time.Minute); len(h.in("Done")) < 5 && time.Now().Before(deadline); {
					<-time.After(time.Second)
					h.ledger.decide()
					signal(wake)
				}
				if got := slices.Compact(h.bodiesTaken()); len(got) != 5 {
					t.Errorf("%d messages taken", len(got))
				}
				if len(h.ledger.rows) != 5 || len(h.in("INBOX")) != 0 || len(h.in("Done")) != 5 {
					t.Errorf("%d arrivals, %d in INBOX, %d in Done", len(h.ledger.rows), len(h.in("INBOX")), len(h.in("Done")))
				}
				if cuts == 0 {
					t.Errorf("the phase never came")
				}
				stop()
			})
		})
	}
}

func TestCleanEndInTheMiddleOfABodyIsNotTheWholeMessage(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		h.hooks.write = func(n int, b []byte) ([]byte, bool) {
			if i := strings.Index(string(b), "xxxx"); i >= 0 && n == 1 {
				return b[:i+4], true
			}
			return b, false
		}
		h.add("INBOX", mail("big", 400<<10))
		stop := h.run(m, nil)
		<-h.waits
		if len(h.took) != 1 || len(h.took[0].body) != 400<<10 || h.dials() != 2 {
			t.Errorf("taken %d over %d connections", len(h.took), h.dials())
		}
		stop()
	})
}

// silence makes the server fall silent on the first connection once *on is set.
func silence(on *bool) func(int, []byte) ([]byte, bool) {
	return func(n int, b []byte) ([]byte, bool) {
		if n == 1 && *on {
			return nil, false
		}
		return b, false
	}
}

func TestBlackHoleInIdleIsNoticed(t *testing.T) {
	for _, c := range []struct {
		poll, within time.Duration
	}{{time.Minute, 90 * time.Second}, {time.Hour, 5*time.Minute + 30*time.Second}} {
		t.Run(fmt.Sprint("poll ", c.poll), func(t *testing.T) {
			inHouse(t, withMove, func(h *house, m *Mailbox) {
				m.Timing.Poll = c.poll
				dead := false
				h.hooks.write = silence(&dead)
				stop := h.run(m, nil)
				<-h.waits
				synctest.Wait()
				dead = true
				begun := time.Now()
				h.add("INBOX", mail("m", 100))
				<-h.waits
				if d := time.Since(begun); d > c.within+2*time.Second || len(h.took) != 1 {
					t.Errorf("taken %d after %v", len(h.took), d)
				}
				if len(h.endings) != 1 || !errors.Is(h.endings[0].err, os.ErrDeadlineExceeded) {
					t.Errorf("endings %v", h.endings)
				}
				stop()
			})
		})
	}
}

func TestBlackHoleInABodyIsNoticed(t *testing.T) {
	for _, size := range []int{1000, 400 << 10} {
		inHouse(t, withMove, func(h *house, m *Mailbox) {
			dead := false
			h.hooks.write = func(n int, b []byte) ([]byte, bool) {
				dead = dead || n == 1 && strings.Contains(string(b), "Subject: m")
				return silence(&dead)(n, b)
			}
			h.add("INBOX", mail("m", size))
			begun := time.Now()
			stop := h.run(m, nil)
			<-h.waits
			if d := time.Since(begun); d > 62*time.Second || len(h.took) != 1 {
				t.Errorf("%d octets: taken %d after %v", size, len(h.took), d)
			}
			stop()
		})
	}
}

func TestSlowServerIsWaitedForBeyondTheLibrarysFiveMinutes(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		h.hooks.drip = 5 * time.Second
		h.add("INBOX", mail("m", 400<<10)) // in pieces of 4 KiB
		begun := time.Now()
		stop := h.run(m, nil)
		<-h.waits
		if d := time.Since(begun); len(h.took) != 1 || h.dials() != 1 || d < 6*time.Minute {
			t.Errorf("taken %d over %d connections after %v", len(h.took), h.dials(), d)
		}
		stop()
	})
}

func TestSlowAcceptIsNotTheServersFault(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		h.acceptErr = func(in Incoming) error {
			if in.Size > 1000 {
				in.Body.Read(make([]byte, 1)) // the message has begun
			}
			<-time.After(8 * time.Minute)
			return nil
		}
		h.add("INBOX", mail("small", 100))
		h.add("INBOX", mail("large", 400<<10))
		stop := h.run(m, nil)
		<-h.waits
		if len(h.took) != 2 || h.dials() != 1 {
			t.Errorf("taken %d over %d connections", len(h.took), h.dials())
		}
		stop()
	})
}

func TestMessageThatBreaksTheConnectionWaits(t *testing.T) {
	for _, size := range []int{100, 400 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			inHouse(t, withMove, func(h *house, m *Mailbox) {
				h.hooks.write = func(n int, b []byte) ([]byte, bool) {
					return b, strings.Contains(string(b), "Subject: m2")
				}
				for i := range 6 {
					h.add("INBOX", mail(fmt.Sprint("m", i+1), size))
				}
				begun := time.Now()
				stop := h.run(m, nil)
				<-h.waits
				if d := time.Since(begun); len(h.took) < 5 || d > 20*time.Second {
					t.Errorf("after %v taken %d", d, len(h.took))
				}
				stop()
			})
		})
	}
}

func TestServerThatRefusesOneBody(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		h.hooks.fetch = func(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions, next func() error) error {
			if uids, is := set.(imap.UIDSet); is && uids.Contains(3) && len(o.BodySection) > 0 {
				return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeServerBug, Text: "cannot read it"}
			}
			return next()
		}
		for i := range 5 {
			h.add("INBOX", mail(fmt.Sprint("m", i+1), 100))
		}
		stop := h.run(m, nil)
		<-h.waits
		if len(h.took) != 4 || h.dials() != 1 || len(h.events) != 1 {
			t.Errorf("taken %d over %d connections, %q", len(h.took), h.dials(), h.events)
		}
		stop()
	})
}

func TestMessageDeletedMeanwhile(t *testing.T) {
	for _, size := range []int{100, 400 << 10, 4 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			inHouse(t, withMove, func(h *house, m *Mailbox) {
				m.MaxMessage = 1 << 20
				for i := range 3 {
					h.add("INBOX", mail(fmt.Sprint("m", i+1), size))
				}
				h.hooks.fetch = func(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions, next func() error) error {
					if uids, is := set.(imap.UIDSet); is && uids.Contains(2) && len(o.BodySection) > 0 {
						return nil // as if expunged by another client
					}
					return next()
				}
				if size == 100 { // in one batch: only the second is missing
					h.hooks.fetch = nil
					h.hooks.write = func(_ int, b []byte) ([]byte, bool) {
						return []byte(strings.ReplaceAll(string(b), "BODY[] {100}\r\n"+mail("m2", 100), "BODY[] NIL")), false
					}
				}
				stop := h.run(m, nil)
				<-h.waits
				if len(h.took) != 2 || h.dials() != 1 || len(h.events) != 0 {
					t.Errorf("taken %d over %d connections, %q", len(h.took), h.dials(), h.events)
				}
				stop()
			})
		})
	}
}

func TestDecidedEntryDeletedMeanwhile(t *testing.T) {
	for name, caps := range map[string][]imap.Cap{"move": withMove, "copy": {imap.CapUIDPlus}, "copy, expunge all": nil} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, caps, func(h *house, m *Mailbox) {
				h.ledger.validity, h.ledger.last = 1, 9
				h.ledger.rows = map[exchangeSource]*row{{Via: "imap", Mailbox: "main", UIDValidity: 1, UID: 9}: {state: "done"}}
				stop := h.run(m, nil)
				<-h.waits
				if left, _ := h.ledger.Settled(h.t.Context(), "main", 1); len(left) != 0 || len(h.endings) != 0 {
					t.Errorf("left %v, endings %v", left, h.endings)
				}
				stop()
			})
		})
	}
}

func TestServerWithoutMove(t *testing.T) {
	for name, caps := range map[string][]imap.Cap{"with UIDPLUS": {imap.CapUIDPlus}, "with nothing": nil} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, caps, func(h *house, m *Mailbox) {
				var free atomic.Bool
				h.hooks.plain = func() error {
					if !free.Load() {
						return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeOverQuota, Text: "full"}
					}
					return nil
				}
				h.add("INBOX", mail("m1", 100))
				h.add("INBOX", mail("m2", 100))
				stop := h.run(m, nil)
				<-h.waits
				h.ledger.decide()
				<-h.waits
				if got := h.in("INBOX"); len(got) != 2 {
					t.Fatalf("lost from a full mailbox: %q left", got)
				}
				free.Store(true)
				<-h.waits
				if in, done := h.in("INBOX"), h.in("Done"); len(in) != 0 || len(done) != 2 {
					t.Errorf("INBOX %q Done %q", in, done)
				}
				stop()
			})
		})
	}
}

func TestNothingOfOthersIsExpunged(t *testing.T) {
	inHouse(t, nil, func(h *house, m *Mailbox) {
		h.add("INBOX", mail("ours", 100))
		stop := h.run(m, nil)
		<-h.waits
		h.acceptErr = func(Incoming) error { return errors.New("not now") }
		_, err := h.user.Append("INBOX", literal{strings.NewReader("theirs"), 6}, &imap.AppendOptions{Flags: []imap.Flag{imap.FlagDeleted}})
		must(t, err)
		<-h.waits
		h.ledger.decide()
		<-h.waits
		<-h.waits
		if in, done := h.in("INBOX"), h.in("Done"); len(in) != 2 || len(done) != 1 {
			t.Errorf("INBOX %q Done %q: copied once and nothing expunged is right", in, done)
		}
		stop()
	})
}

func TestOneEntryThatCannotBeMoved(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		h.hooks.move = func(set imap.NumSet) error {
			if set.(imap.UIDSet).Contains(3) {
				return &imap.Error{Type: imap.StatusResponseTypeNo, Text: "locked"}
			}
			return nil
		}
		for i := range 7 {
			h.add("INBOX", mail(fmt.Sprint("m", i+1), 100))
		}
		stop := h.run(m, nil)
		<-h.waits
		h.ledger.decide()
		<-h.waits
		if in, done := h.in("INBOX"), h.in("Done"); len(in) != 1 || len(done) != 6 || h.dials() != 1 {
			t.Errorf("INBOX %q, %d in Done", in, len(done))
		}
		stop()
	})
}

func TestFolderRemovedWhileRunning(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		wake := make(chan struct{}, 1)
		stop := h.run(m, wake)
		<-h.waits
		for range 2 {
			h.add("INBOX", mail("m", 100))
			<-h.waits
			h.ledger.decide()
			wake <- struct{}{}
			<-h.waits
			if len(h.in("Done")) != 1 || len(h.in("INBOX")) != 0 {
				t.Errorf("Done %q INBOX %q", h.in("Done"), h.in("INBOX"))
			}
			must(t, h.user.Delete("Done"))
		}
		stop()
	})
}

func TestReconnectingBacksOffAndStartsAgain(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		h.hooks.dial = func(n int) error {
			if n <= 14 || n == 16 {
				return &net.OpError{Op: "dial", Err: errors.New("refused")}
			}
			return nil
		}
		h.hooks.write = func(n int, b []byte) ([]byte, bool) { return b, n == 15 && strings.HasPrefix(string(b), "+ idling") }
		stop := h.run(m, nil)
		<-h.waits
		for h.dials() < 17 {
			<-h.waits
		}
		for i, e := range h.endings {
			full := min(time.Second<<i, 5*time.Minute)
			if i >= 14 {
				full = time.Second << (i - 14)
			}
			if e.wait < full/2 || e.wait > full {
				t.Errorf("wait %d is %v, want between %v and %v", i, e.wait, full/2, full)
			}
			var fault *StepError
			if i < 14 && (!errors.As(e.err, &fault) || fault.Step != StepConnect) {
				t.Errorf("ending %d: %v", i, e.err)
			}
		}
		stop()
	})
}

func TestPause(t *testing.T) {
	m := (&Mailbox{}).withDefaults()
	login := &StepError{Step: StepLogin, Err: &imap.Error{Type: imap.StatusResponseTypeNo}}
	for _, c := range []struct {
		failures int
		err      error
		random   float64
		want     time.Duration
	}{
		{0, io.EOF, 1, time.Second}, {0, io.EOF, 0, time.Second / 2}, {3, io.EOF, 0.5, 6 * time.Second}, {1 << 40, io.EOF, 1, 5 * time.Minute},
		{0, login, 1, 30 * time.Second}, {2, login, 1, 2 * time.Minute},
	} {
		if got := m.pause(c.failures, c.err, func() float64 { return c.random }); got != c.want {
			t.Errorf("%d failures, %v, random %v: %v, want %v", c.failures, c.err, c.random, got, c.want)
		}
	}
}

func TestCancelStopsAtOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		ready func(h *house, m *Mailbox)
	}{
		{"idle", func(*house, *Mailbox) {}},
		{"poll", func(h *house, _ *Mailbox) {
			h.hooks.write = func(_ int, b []byte) ([]byte, bool) { return []byte(strings.ReplaceAll(string(b), " IDLE", "")), false }
		}},
		{"back-off", func(h *house, _ *Mailbox) { h.hooks.dial = func(int) error { return io.ErrClosedPipe } }},
		{"silent greeting", func(h *house, _ *Mailbox) { dead := true; h.hooks.write = silence(&dead) }},
		{"silent in a large body", func(h *house, _ *Mailbox) {
			h.add("INBOX", mail("m", 400<<10))
			dead := false
			h.hooks.write = func(n int, b []byte) ([]byte, bool) {
				dead = dead || strings.Contains(string(b), "Subject: m")
				return silence(&dead)(n, b)
			}
		}},
		{"silent in a small body", func(h *house, _ *Mailbox) {
			h.add("INBOX", mail("m", 100))
			dead := false
			h.hooks.write = func(n int, b []byte) ([]byte, bool) {
				dead = dead || strings.Contains(string(b), "Subject: m")
				return silence(&dead)(n, b)
			}
		}},
		{"busy", func(h *house, _ *Mailbox) {
			h.add("INBOX", mail("m", 100))
			h.acceptErr = func(Incoming) error { return ErrBusy }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inHouse(t, withMove, func(h *house, m *Mailbox) {
				c.ready(h, m)
				stop := h.run(m, nil)
				<-time.After(10 * time.Second)
				if d := stop(); d != 0 {
					t.Errorf("stopped after %v", d)
				}
			})
		})
	}
}

func TestWakeHints(t *testing.T) {
	t.Run("a flood of them moves in time", func(t *testing.T) {
		inHouse(t, withMove, func(h *house, m *Mailbox) {
			h.add("INBOX", mail("m", 100))
			wake := make(chan struct{}, 1)
			stop := h.run(m, wake)
			<-h.waits
			h.ledger.decide()
			begun := time.Now()
			for time.Since(begun) < time.Second {
				signal(wake)
				<-time.After(5 * time.Millisecond)
			}
			if len(h.in("INBOX")) != 0 {
				t.Error("not moved")
			}
			stop()
		})
	})
	t.Run("a closed channel", func(t *testing.T) {
		inHouse(t, withMove, func(h *house, m *Mailbox) {
			wake := make(chan struct{})
			close(wake)
			h.add("INBOX", mail("m", 100))
			stop := h.run(m, wake)
			<-h.waits
			h.ledger.decide()
			<-h.waits
			if len(h.in("INBOX")) != 0 {
				t.Error("not moved at the poll")
			}
			stop()
		})
	})
}

func TestLedgerThatFailsEndsTheSessionNotTheRun(t *testing.T) {
	inHouse(t, withMove, func(h *house, m *Mailbox) {
		h.add("INBOX", mail("m", 100))
		l := &flakyLedger{ledger: h.ledger, left: 6}
		ctx, cancel := context.WithCancel(h.t.Context())
		done := make(chan error, 1)
		go func() { done <- m.Run(ctx, h.accept, l, nil) }()
		<-h.waits
		h.ledger.decide()
		<-time.After(5 * time.Minute)
		if len(h.in("Done")) != 1 || len(h.endings) == 0 {
			t.Errorf("Done %q, endings %v", h.in("Done"), h.endings)
		}
		cancel()
		<-done
	})
}
