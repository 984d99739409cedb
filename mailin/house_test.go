package mailin

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"go.uber.org/goleak"

	"almasu/exchange"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is an IMAP server in memory, reached through net.Pipe, with one user
// and faults to order, and a ledger. It lives inside a synctest bubble.
type house struct {
	t      *testing.T
	user   *imapmemserver.User
	server *imapserver.Server
	ln     *pipeListener
	ledger *ledger
	caps   imap.CapSet
	hooks  hooks

	mu        sync.Mutex
	took      []taken
	events    []string
	conns     int
	bodies    []imap.UID // UIDs whose body or header was asked for, in order
	waits     chan struct{}
	endings   []ending
	acceptErr func(in Incoming) error // before the body is read
}

type taken struct {
	in   Incoming
	body string
	at   time.Time
}

type ending struct {
	err  error
	wait time.Duration
}

// hooks change what the server does. conn counts connections from 1.
type hooks struct {
	write func(conn int, b []byte) (out []byte, cut bool) // what goes out to the client
	fetch func(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions, next func() error) error
	move  func(set imap.NumSet) error
	dial  func(n int) error
	plain func() error  // COPY
	drip  time.Duration // pause after each 4 KiB
}

const user, password = "exchange@nccis.example", "s3cret pass"

// inHouse runs a test in a bubble with a house of its own.
func inHouse(t *testing.T, caps []imap.Cap, f func(h *house, m *Mailbox)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &house{t: t, user: imapmemserver.NewUser(user, password), ln: newPipeListener(), ledger: newLedger(),
			caps: imap.CapSet{imap.CapIMAP4rev1: {}}, waits: make(chan struct{}, 1)}
		for _, c := range caps {
			h.caps[c] = struct{}{}
		}
		must(t, h.user.Create("INBOX", nil))
		h.server = imapserver.New(&imapserver.Options{NewSession: h.session, Caps: h.caps, InsecureAuth: true,
			Logger: log.New(io.Discard, "", 0)})
		served := make(chan error, 1)
		go func() { served <- h.server.Serve(h.ln) }()
		m := &Mailbox{Name: "main", Address: "127.0.0.1:143", TLS: TLSNone, Username: user, Password: password,
			Log: slog.New(slog.DiscardHandler), Dial: h.dial,
			Timing: Timing{Eager: -1}}
		m.Trace = Trace{
			Waiting: func(bool) {
				select {
				case h.waits <- struct{}{}:
				default:
				}
			},
			Disconnected: func(err error, wait time.Duration) {
				h.mu.Lock()
				h.endings = append(h.endings, ending{err, wait})
				h.mu.Unlock()
			},
			Skipped: func(s exchange.Source, err error) { h.note("skipped %d", s.UID) },
		}
		f(h, m)
		h.ln.Close()
		<-served
		h.server.Close()
	})
}

var withMove = []imap.Cap{imap.CapMove, imap.CapUIDPlus, imap.CapNamespace}

func (h *house) note(format string, v ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, fmt.Sprintf(format, v...))
}

func (h *house) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	h.mu.Lock()
	h.conns++
	n := h.conns
	h.mu.Unlock()
	if h.hooks.dial != nil {
		if err := h.hooks.dial(n); err != nil {
			return nil, err
		}
	}
	client, server := net.Pipe()
	return client, h.ln.give(ctx, &hookedConn{Conn: server, h: h, n: n})
}

func (h *house) session(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
	mem := imapmemserver.NewUserSession(h.user)
	base := &hookedSession{UserSession: mem, h: h}
	return base, nil, nil
}

// hookedSession is a session of the memory server with the hooks in front.
type hookedSession struct {
	*imapmemserver.UserSession
	h *house
}

func (s *hookedSession) Login(u, p string) error {
	if u != user || p != password {
		return imapserver.ErrAuthFailed
	}
	return nil
}

func (s *hookedSession) Fetch(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions) error {
	next := func() error { return s.UserSession.Fetch(w, set, o) }
	if uids, is := set.(imap.UIDSet); is && len(o.BodySection) > 0 {
		nums, _ := uids.Nums()
		s.h.mu.Lock()
		s.h.bodies = append(s.h.bodies, nums...)
		s.h.mu.Unlock()
	}
	if f := s.h.hooks.fetch; f != nil {
		return f(w, set, o, next)
	}
	return next()
}

func (s *hookedSession) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	if f := s.h.hooks.move; f != nil {
		if err := f(set); err != nil {
			return err
		}
	}
	return s.UserSession.Move(w, set, dest)
}

func (s *hookedSession) Copy(set imap.NumSet, dest string) (*imap.CopyData, error) {
	if f := s.h.hooks.plain; f != nil {
		if err := f(); err != nil {
			return nil, err
		}
	}
	return s.UserSession.Copy(set, dest)
}

// hookedConn is the server's end; its writes pass the hook.
type hookedConn struct {
	net.Conn
	h *house
	n int
}

// Write never fails: the server library keeps its lock for ever after a failed
// write in a literal. It sees the end of the connection when it reads.
func (c *hookedConn) Write(b []byte) (int, error) {
	out, cut := b, false
	if f := c.h.hooks.write; f != nil {
		out, cut = f(c.n, b)
	}
	for len(out) > 0 {
		n := min(4096, len(out))
		c.Conn.Write(out[:n])
		if out = out[n:]; c.h.hooks.drip > 0 && len(out) > 0 {
			<-time.After(c.h.hooks.drip)
		}
	}
	if cut {
		c.Conn.Close()
	}
	return len(b), nil
}

// SetWriteDeadline sets none: a patient server.
func (c *hookedConn) SetWriteDeadline(time.Time) error { return nil }

// run starts the poller; the returned function ends it and reports how long
// that took on the fake clock.
func (h *house) run(m *Mailbox, wake <-chan struct{}) (stop func() time.Duration) {
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx, h.accept, h.ledger, wake) }()
	return func() time.Duration {
		begun := time.Now()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			h.t.Errorf("Run ended with %v", err)
		}
		return time.Since(begun)
	}
}

// accept is a small gateway: it reads the whole body, then remembers it.
func (h *house) accept(ctx context.Context, in Incoming) error {
	if h.acceptErr != nil {
		if err := h.acceptErr(in); err != nil {
			return err
		}
	}
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	in.Body = nil
	h.mu.Lock()
	h.took = append(h.took, taken{in, string(body), time.Now()})
	h.mu.Unlock()
	h.ledger.arrive(in, body)
	return ctx.Err()
}

// add delivers a message to a folder.
func (h *house) add(folder, body string) {
	h.t.Helper()
	_, err := h.user.Append(folder, literal{strings.NewReader(body), int64(len(body))}, &imap.AppendOptions{Time: time.Now().Add(-time.Hour)})
	must(h.t, err)
}

type literal struct {
	io.Reader
	size int64
}

func (l literal) Size() int64 { return l.size }

// in returns the bodies in a folder, with "*" before those that are \Seen.
func (h *house) in(folder string) []string {
	h.t.Helper()
	s := imapmemserver.NewUserSession(h.user)
	defer s.Close()
	if _, err := s.Select(folder, nil); err != nil {
		return nil
	}
	var out []string
	client, server := net.Pipe()
	view := imapserver.New(&imapserver.Options{Caps: h.caps, InsecureAuth: true, Logger: log.New(io.Discard, "", 0),
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &hookedSession{UserSession: imapmemserver.NewUserSession(h.user), h: &house{}}, nil, nil
		}})
	ln := newPipeListener()
	go view.Serve(ln)
	must(h.t, ln.give(h.t.Context(), server))
	c := imapclient.New(client, nil)
	must(h.t, c.Login(user, password).Wait())
	_, err := c.Select(folder, nil).Wait()
	must(h.t, err)
	all := imap.SeqSet{}
	all.AddRange(1, 0)
	list, err := c.Fetch(all, &imap.FetchOptions{Flags: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
	must(h.t, err)
	for _, m := range list {
		seen := ""
		if flagged(m.Flags, imap.FlagSeen) {
			seen = "*"
		}
		out = append(out, seen+string(m.BodySection[0].Bytes))
	}
	c.Close()
	view.Close()
	ln.Close()
	slices.Sort(out)
	return out
}

func (h *house) dials() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conns
}

// bodiesTaken lists what accept took, sorted.
func (h *house) bodiesTaken() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]string, 0, len(h.took))
	for _, m := range h.took {
		out = append(out, m.body)
	}
	slices.Sort(out)
	return out
}

// ledger is room queue's part, in memory.
type ledger struct {
	mu       sync.Mutex
	validity uint32
	last     uint32
	rows     map[exchange.Source]*row
}

type row struct {
	digest [32]byte
	state  string // "", done, held
	moved  bool
	times  int
}

func newLedger() *ledger { return &ledger{rows: map[exchange.Source]*row{}} }

func (l *ledger) arrive(in Incoming, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := sha256.Sum256(body)
	for src, r := range l.rows {
		same := src == in.Source
		again := src.UIDValidity != in.Source.UIDValidity && r.digest == sum && src.EntryDate.Equal(in.Source.EntryDate)
		if same || again {
			delete(l.rows, src)
			l.rows[in.Source] = r
			r.times++
			r.moved = r.moved && same
			return
		}
	}
	r := &row{digest: sum, times: 1}
	if in.Oversize {
		r.state = "held"
	}
	l.rows[in.Source] = r
}

// decide settles all undecided rows; held for those whose UID is named.
func (l *ledger) decide(held ...uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for src, r := range l.rows {
		if r.state == "" {
			if r.state = "done"; slices.Contains(held, src.UID) {
				r.state = "held"
			}
		}
	}
}

func (l *ledger) Cursor(context.Context, string) (uint32, uint32, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.validity, l.last, nil
}

func (l *ledger) SetCursor(_ context.Context, _ string, validity, last uint32) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.validity, l.last = validity, last
	return nil
}

func (l *ledger) Settled(_ context.Context, mailbox string, validity uint32) ([]exchange.Moved, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []exchange.Moved
	for src, r := range l.rows {
		if src.Mailbox == mailbox && src.UIDValidity == validity && r.state != "" && !r.moved {
			out = append(out, exchange.Moved{UID: src.UID, Held: r.state == "held"})
		}
	}
	slices.SortFunc(out, func(a, b exchange.Moved) int { return cmp.Compare(a.UID, b.UID) })
	return out, nil
}

func (l *ledger) MarkMoved(_ context.Context, mailbox string, validity, uid uint32) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for src, r := range l.rows {
		if src.Mailbox == mailbox && src.UIDValidity == validity && src.UID == uid {
			r.moved = true
		}
	}
	return nil
}

// pipeListener accepts the far ends of net.Pipe.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) give(ctx context.Context, c net.Conn) error {
	select {
	case l.conns <- c:
		return nil
	case <-l.closed:
		return net.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mail(subject string, octets int) string {
	head := "Subject: " + subject + "\r\n\r\n"
	return head + string(bytes.Repeat([]byte("x"), max(0, octets-len(head)-2))) + "\r\n"
}

type exchangeSource = exchange.Source

// flakyLedger fails for a number of calls.
type flakyLedger struct {
	*ledger
	mu   sync.Mutex
	left int
}

func (l *flakyLedger) fails() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left--; l.left >= 0 && l.left%2 == 0 {
		return errors.New("disk full")
	}
	return nil
}

func (l *flakyLedger) Cursor(ctx context.Context, mailbox string) (uint32, uint32, error) {
	if err := l.fails(); err != nil {
		return 0, 0, err
	}
	return l.ledger.Cursor(ctx, mailbox)
}

func (l *flakyLedger) Settled(ctx context.Context, mailbox string, validity uint32) ([]exchange.Moved, error) {
	if err := l.fails(); err != nil {
		return nil, err
	}
	return l.ledger.Settled(ctx, mailbox, validity)
}
