package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"
	"almasu/web"
)

// house is a server over a store of its own; what it submits is committed with
// one letter.
type house struct {
	*testing.T
	store *queue.Store
	file  string
	addr  string
	log   *logged
	stop  func() error // ends Serve and says what it returned
}

// logged collects what the server logs.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns everything so far.
func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func open(t *testing.T, change func(*web.Server)) *house {
	t.Helper()
	h := &house{T: t, file: filepath.Join(t.TempDir(), "almasu.db"), log: &logged{}}
	var err error
	h.store, err = queue.Open(t.Context(), "sqlite:"+h.file, queue.Options{DataKey: bytes.Repeat([]byte{7}, 32), NumberPrefix: "NCCIS"})
	h.must(err)
	s := &web.Server{Role: "soc", Language: exchange.English, Zone: time.UTC, Clock: time.Now, Store: h.store, Submit: h.submit,
		Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if change != nil {
		change(s)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	h.addr = ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, ln) }()
	h.stop = sync.OnceValue(func() error {
		cancel()
		return <-served
	})
	t.Cleanup(func() {
		if err := errors.Join(h.stop(), h.store.Check(context.Background()), h.store.Close()); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// submit takes any document; its first line is the id of the report.
func (h *house) submit(ctx context.Context, s web.Submission) (web.Submitted, error) {
	id, _, _ := strings.Cut(string(s.Document.Body), "\n")
	p, err := h.store.Commit(ctx, exchange.Decision{Participant: "soc-alfa", Handed: &s.Handed,
		Reports: []exchange.StoredReport{{Participant: "soc-alfa", Outgoing: true, Kind: exchange.Incident, Key: exchange.Key{ID: id, Revision: 1}, Format: exchange.CardJSON,
			Document: s.Document.Body, ReceivedAt: time.Now()}},
		Letters: []exchange.Letter{{Kind: exchange.LetterReport, To: "nccis", Address: "exchange@nccis.example", MessageID: "<" + id + "@soc.example>", Message: []byte("sealed"),
			WantsReceipt: true, Clause: "9", NextAt: time.Now().Add(time.Hour), Expires: time.Now().Add(24 * time.Hour)}},
		Deadlines: []exchange.Deadline{{Clause: "9", At: time.Now().Add(15 * time.Minute)}},
		Events:    []exchange.Event{{Name: "submitted", Object: "report:" + id, Actor: s.Actor}}})
	if err != nil {
		return web.Submitted{}, err
	}
	return web.Submitted{Position: p[0]}, nil
}

// receipt closes the letter of a report.
func (h *house) receipt(id string) {
	h.Helper()
	l, err := h.store.LetterByMessageID(h.Context(), "<"+id+"@soc.example>")
	h.must(err)
	_, err = h.store.Commit(h.Context(), exchange.Decision{Closes: []exchange.Close{{Letter: l.ID, Verdict: exchange.VerdictAccepted, Number: "NCCIS-2026-000001"}}})
	h.must(err)
}

// arrive puts an incoming report into the store.
func (h *house) arrive(id string, document []byte) {
	h.Helper()
	_, _, err := h.store.Arrive(h.Context(), exchange.Arrival{Source: exchange.Source{Via: "file", Mailbox: id}, ReceivedAt: time.Now()}, strings.NewReader(id))
	h.must(err)
	a, lease, _, err := h.store.LeaseArrival(h.Context(), "test", time.Minute)
	h.must(err)
	number, err := h.store.Number(h.Context(), a.ID, "NCCIS")
	h.must(err)
	_, err = h.store.Commit(h.Context(), exchange.Decision{Arrival: a.ID, Lease: lease, State: exchange.ArrivalAccepted, Participant: "soc-beta",
		Reports: []exchange.StoredReport{{Number: number, Participant: "soc-beta", Kind: exchange.Incident, Key: exchange.Key{ID: id, Revision: 1},
			Format: exchange.CardJSON, MediaType: "application/json", Document: document}}})
	h.must(err)
}

// token makes a token with these scopes.
func (h *house) token(name string, scopes ...exchange.Scope) string {
	h.Helper()
	return h.make(exchange.Token{Name: name, Consumer: name, Scopes: scopes})
}

func (h *house) make(t exchange.Token) string {
	h.Helper()
	secret, t := web.NewToken(t)
	h.must(h.store.AddToken(h.Context(), t, "admin"))
	return secret
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// is reports a wrong status, or a body without the words.
func (h *house) is(name string, a answer, status int, words ...string) {
	h.Helper()
	if a.status != status {
		h.Errorf("%s: %d %s, want %d", name, a.status, a.body, status)
	}
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			h.Errorf("%s: no %q in %s", name, w, a.body)
		}
	}
}

func (h *house) request(method, path, token, body string, header ...string) *http.Request {
	h.Helper()
	r, err := http.NewRequestWithContext(h.Context(), method, "http://"+h.addr+path, strings.NewReader(body))
	h.must(err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func (h *house) do(r *http.Request) answer {
	h.Helper()
	got, err := http.DefaultClient.Do(r)
	h.must(err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	h.must(err)
	return answer{got.StatusCode, got.Header, string(text)}
}

func (h *house) ask(method, path, token, body string, header ...string) answer {
	h.Helper()
	return h.do(h.request(method, path, token, body, header...))
}

// until asks again and again whether something has come true.
func (h *house) until(what string, came func() bool) {
	h.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for !came() {
		select {
		case <-tick.C:
		case <-end:
			h.Fatalf("waited in vain for %s", what)
		}
	}
}

func decode[T any](h *house, text string) T {
	h.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		h.Fatalf("%v: %s", err, text)
	}
	return v
}

// raw opens a connection and sends the beginning of a request.
func (h *house) raw(text string, args ...any) net.Conn {
	h.Helper()
	c, err := net.Dial("tcp", h.addr)
	h.must(err)
	h.Cleanup(func() { c.Close() })
	_, err = fmt.Fprintf(c, strings.ReplaceAll(text, "\n", "\r\n"), args...)
	h.must(err)
	return c
}

// storeFiles is all that the store has on disk.
func (h *house) storeFiles() (all []byte) {
	h.Helper()
	for _, name := range []string{h.file, h.file + "-wal"} {
		b, err := os.ReadFile(name)
		h.must(err)
		all = append(all, b...)
	}
	return all
}
