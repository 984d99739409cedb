package mailin

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/internal/testpeer"
)

// desk is a small gateway for real servers: it decides at once, or when told.
type desk struct {
	*ledger
	took  chan Incoming
	moved chan []uint32
	wake  chan struct{}

	mu     sync.Mutex
	bodies map[uint32]string
}

func newDesk() *desk {
	return &desk{ledger: newLedger(), took: make(chan Incoming, 10_000), moved: make(chan []uint32, 10_000), wake: make(chan struct{}, 1),
		bodies: map[uint32]string{}}
}

func (d *desk) accept(_ context.Context, in Incoming) error {
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return err
	}
	d.arrive(in, body)
	d.mu.Lock()
	d.bodies[in.Source.UID] = string(body)
	d.mu.Unlock()
	d.took <- in
	return nil
}

func dovecotMailbox(d *testpeer.Dovecot) *Mailbox {
	return &Mailbox{Name: "main", Address: d.IMAPS, TLS: TLSImplicit, RootCAs: d.CA.Pool, Username: user, Password: password,
		Log: slog.New(slog.DiscardHandler)}
}

// start runs the poller on a real server until the test ends.
func (d *desk) start(t *testing.T, m *Mailbox) {
	t.Helper()
	m.Trace.Moved = func(uids []uint32, _ string) { d.moved <- uids }
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx, d.accept, d.ledger, d.wake) }()
	t.Cleanup(func() { cancel(); <-done })
}

// want waits for n things from a channel.
func want[T any](t *testing.T, c <-chan T, n int, size func(T) int) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for n > 0 {
		select {
		case x := <-c:
			n -= size(x)
		case <-limit:
			t.Fatalf("%d are still missing after 30 s", n)
		}
	}
}

func one(Incoming) int { return 1 }
func idling(idle bool) int {
	if idle {
		return 1
	}
	return 0
}
func count(uids []uint32) int { return len(uids) }

func TestDovecot(t *testing.T) {
	server := testpeer.StartDovecot(t, map[string]string{user: password})
	for _, mode := range []TLSMode{TLSImplicit, TLSStart} {
		t.Run(string(mode), func(t *testing.T) {
			m, d := dovecotMailbox(server), newDesk()
			m.Name = string(mode)
			if mode == TLSStart {
				m.Address, m.TLS = server.IMAP, TLSStart
			}
			m.MaxMessage = 1 << 20
			m.Done, m.Held = "Almasu/Done "+string(mode), "Almasu/Held "+string(mode)
			var sent []string
			for i := range 100 {
				sent = append(sent, mail(fmt.Sprintf("%s %d", mode, i), 500+i*100))
			}
			sent = append(sent, mail(string(mode)+" large", 700<<10), mail(string(mode)+" over", 3<<20))
			for _, s := range sent[:60] {
				server.Deliver(t, []byte(s), user)
			}
			waiting := make(chan bool, 1000)
			m.Trace.Waiting = func(idle bool) { waiting <- idle }
			d.start(t, m)
			want(t, d.took, 60, one)
			want(t, waiting, 1, idling)
			for _, s := range sent[60:] { // while it idles
				server.Deliver(t, []byte(s), user)
			}
			want(t, d.took, len(sent)-60, one)
			d.decide()
			signal(d.wake)
			want(t, d.moved, len(sent), count)
			if left := server.Messages(t, user, "INBOX"); len(left) != 0 {
				t.Errorf("%d left in INBOX", len(left))
			}
			done, held := server.Messages(t, user, m.Done), server.Messages(t, user, m.Held)
			if len(done) != len(sent)-1 || len(held) != 1 || len(held[0]) < 3<<20 {
				t.Fatalf("done %d, held %d", len(done), len(held))
			}
			var got []string
			for _, body := range d.bodies {
				_, after, _ := strings.Cut(body, "Subject: ")
				got = append(got, "Subject: "+after)
			}
			slices.Sort(got)
			slices.Sort(sent)
			for i, s := range sent {
				if strings.Contains(s[:40], "over") {
					s = "Subject: " + string(mode) + " over\r\n\r\n"
				}
				if got[i] != s {
					t.Errorf("message %.30q is not what was sent", s)
				}
			}
		})
	}
}

func TestDovecotMessagesVanishAndStay(t *testing.T) {
	server := testpeer.StartDovecot(t, map[string]string{user: password})
	for i := range 10 {
		server.Deliver(t, []byte(mail(fmt.Sprint("m", i), 200)), user)
	}
	m, d := dovecotMailbox(server), newDesk()
	d.start(t, m)
	want(t, d.took, 10, one)
	server.Doveadm(t, "expunge", "-u", user, "mailbox", "INBOX", "uid", "3,5,7")
	d.decide(4)
	signal(d.wake)
	want(t, d.moved, 10, count)
	if done, held := server.Messages(t, user, "Done"), server.Messages(t, user, "Held"); len(done) != 6 || len(held) != 1 {
		t.Errorf("done %d, held %d", len(done), len(held))
	}
	if left, _ := d.Settled(t.Context(), "main", d.validity); len(left) != 0 {
		t.Errorf("not marked: %v", left)
	}
}

func TestDovecotFoldersWithKazakhNames(t *testing.T) {
	server := testpeer.StartDovecot(t, map[string]string{user: password})
	server.Deliver(t, []byte(mail("m", 200)), user)
	m, d := dovecotMailbox(server), newDesk()
	m.Done = "Алмасу/Өңделген & бітті"
	for round := range 2 { // makes the folder, then finds it
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		m.Trace.Moved = func(uids []uint32, _ string) { d.moved <- uids }
		go func() { done <- m.Run(ctx, d.accept, d.ledger, d.wake) }()
		want(t, d.took, 1, one)
		d.decide()
		signal(d.wake)
		want(t, d.moved, 1, count)
		cancel()
		<-done
		if got := server.Doveadm(t, "mailbox", "status", "-u", user, "messages", m.Done); !strings.Contains(got, fmt.Sprint("messages=", round+1)) {
			t.Errorf("round %d: %s", round, got)
		}
		server.Deliver(t, []byte(mail("m", 200)), user)
	}
	if p := m.Probe(t.Context()); !p.DoneThere {
		t.Errorf("the probe does not find the folder: %+v", p)
	}
}

func TestDovecotProbe(t *testing.T) {
	server := testpeer.StartDovecot(t, map[string]string{user: password})
	server.Deliver(t, []byte(mail("m", 200)), user)
	p := dovecotMailbox(server).Probe(t.Context())
	if p.Failed() != nil || !p.Idle || !p.Move || !p.UIDPlus || p.Entries != 1 || p.UIDValidity == 0 || p.DoneThere || p.HeldThere {
		t.Errorf("%+v: %v", p, p.Failed())
	}
}

// TestMemoryOfALargeMessage streams 60 MB from Dovecot; the message must never
// be in memory as a whole.
func TestMemoryOfALargeMessage(t *testing.T) {
	server := testpeer.StartDovecot(t, map[string]string{user: password})
	const size = 60 << 20
	server.Deliver(t, []byte("Subject: big\r\n\r\n"+strings.Repeat(strings.Repeat("x", 70)+"\r\n", size/72)), user)
	m := dovecotMailbox(server)
	m.MaxMessage = 2 * size
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak uint64
	var got int64
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		done <- m.Run(ctx, func(_ context.Context, in Incoming) error {
			buf := make([]byte, 64<<10)
			for i := 0; ; i++ {
				n, err := in.Body.Read(buf)
				got += int64(n)
				if i%500 == 0 {
					runtime.ReadMemStats(&now)
					peak = max(peak, now.HeapAlloc)
				}
				if err == io.EOF {
					cancel()
					return nil
				}
				if err != nil {
					return err
				}
			}
		}, newLedger(), nil)
	}()
	<-done
	if got < size-72 {
		t.Errorf("%d octets of %d", got, size)
	}
	if peak > before.HeapAlloc+16<<20 {
		t.Errorf("heap grew from %d to %d MiB", before.HeapAlloc>>20, peak>>20)
	}
}

func TestDovecotUIDValidityChange(t *testing.T) {
	server := testpeer.StartDovecot(t, map[string]string{user: password})
	for i := range 5 {
		server.Deliver(t, []byte(mail(fmt.Sprint("m", i), 200)), user)
	}
	m, d := dovecotMailbox(server), newDesk()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx, d.accept, d.ledger, nil) }()
	want(t, d.took, 5, one)
	cancel()
	<-done
	was := d.validity
	server.Doveadm(t, "mailbox", "update", "-u", user, "--uid-validity", "77777", "INBOX")
	d.start(t, m)
	want(t, d.took, 5, one)
	d.decide()
	signal(d.wake)
	want(t, d.moved, 5, count)
	if d.validity != 77777 || was == 77777 || len(d.rows) != 5 {
		t.Errorf("validity %d (was %d), %d arrivals", d.validity, was, len(d.rows))
	}
}

func TestPostfixHandsOverByLMTP(t *testing.T) {
	testpeer.Need(t, "postfix")
	// Postfix runs as another user: the test's own folder would be closed to it.
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	relay := testpeer.StartPostfix(t, map[string]string{"nccis.example": "lmtp:inet:" + ln.Addr().String()})
	l := &Listener{Name: "lmtp", LMTP: true, Hostname: "nccis.example", Address: user, Log: slog.New(slog.DiscardHandler)}
	d := newDesk()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	bodies := make(chan string, 10)
	go func() {
		done <- l.Serve(ctx, ln, func(ctx context.Context, in Incoming) error {
			b, err := io.ReadAll(in.Body)
			if err == nil {
				bodies <- string(b)
				d.took <- in
			}
			return err
		})
	}()
	relay.Deliver(t, []byte("Return-Path: <forged@x>\r\nSubject: x\r\n\r\n"+strings.Repeat("y", 5000)+"\r\n"), "soc@alfa.example", user)
	want(t, d.took, 1, one)
	body := <-bodies
	if !strings.HasPrefix(body, "Return-Path: <soc@alfa.example>\r\n") || strings.Contains(body, "forged") || !strings.Contains(body, "Subject: x\r\n") {
		t.Errorf("%.300q", body)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
