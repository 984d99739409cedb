package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/web"
)

func TestABusyTokenIsSlowedDownAlone(t *testing.T) {
	now := time.Now()
	h := open(t, func(s *web.Server) {
		s.Limits.PerMinute = 60
		s.Clock = func() time.Time { return now } // stands still: nothing is won back
	})
	busy, calm := h.token("busy", exchange.ScopeRead), h.token("calm", exchange.ScopeRead)
	slowed := 0
	for range 25 {
		if a := h.ask("GET", "/api/v1/reports", busy, ""); a.status == http.StatusTooManyRequests {
			slowed++
			if n, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || n < 1 || n > 60 {
				t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
			}
		} else {
			h.is("busy", a, 200)
		}
	}
	if slowed != 5 {
		t.Errorf("%d of 25 requests were slowed down, want 5", slowed)
	}
	h.is("calm", h.ask("GET", "/api/v1/reports", calm, ""), 200)
}

func TestSizes(t *testing.T) {
	h := open(t, func(s *web.Server) { s.Limits.Body, s.Limits.Header = 1000, 8<<10 })
	token := h.token("siem", exchange.ScopeSubmit)
	h.is("as large as it may be", h.ask("POST", "/api/v1/reports", token, "r-1\n"+strings.Repeat("x", 996)), 202)
	h.is("one more", h.ask("POST", "/api/v1/reports", token, "r-2\n"+strings.Repeat("x", 997)), 413, `"code":"too-large"`)
	r := h.request("POST", "/api/v1/reports", token, "")
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader("r-3\n"+strings.Repeat("x", 5000))), -1
	h.is("of unknown length", h.do(r), 413)
	c := h.raw("GET /healthz HTTP/1.1\nHost: %s\nX-Long: %s\n\n", h.addr, strings.Repeat("x", 20<<10))
	if text, err := io.ReadAll(c); err == nil && !strings.HasPrefix(string(text), "HTTP/1.1 431 ") {
		t.Errorf("a long header: %s", text)
	}
}

// hold keeps a Submit busy until the test lets go.
func hold(h **house, limits web.Limits) (change func(*web.Server), began chan string, letGo chan struct{}) {
	began, letGo = make(chan string, 100), make(chan struct{})
	return func(s *web.Server) {
		s.Limits = limits
		s.Submit = func(ctx context.Context, in web.Submission) (web.Submitted, error) {
			began <- in.Handed.Token
			select {
			case <-letGo:
			case <-ctx.Done():
			}
			return (*h).submit(ctx, in)
		}
	}, began, letGo
}

func TestMoreRequestsThanThereIsRoomFor(t *testing.T) {
	var h *house
	change, began, letGo := hold(&h, web.Limits{Requests: 3, PerToken: 2, Body: 100})
	h = open(t, change)
	first, second := h.token("first", exchange.ScopeSubmit), h.token("second", exchange.ScopeSubmit)
	answers := make(chan answer, 10)
	for i, token := range []string{first, first, second} {
		go func() { answers <- h.ask("POST", "/api/v1/reports", token, fmt.Sprintf("r-%d\n", i)) }()
		<-began
	}
	h.is("no room for anybody", h.ask("POST", "/api/v1/reports", second, "r-9\n"), 503, `"code":"busy"`)
	close(letGo)
	for range 3 {
		h.is("those that were in", <-answers, 202)
	}
	h.is("afterwards", h.ask("POST", "/api/v1/reports", first, "r-9\n"), 202)
}

func TestOneTokenDoesNotTakeAllPlaces(t *testing.T) {
	var h *house
	change, began, letGo := hold(&h, web.Limits{Requests: 9, PerToken: 2, Body: 100})
	h = open(t, change)
	first, second := h.token("first", exchange.ScopeSubmit), h.token("second", exchange.ScopeSubmit)
	answers := make(chan answer, 10)
	for i := range 2 {
		go func() { answers <- h.ask("POST", "/api/v1/reports", first, fmt.Sprintf("r-%d\n", i)) }()
		<-began
	}
	h.is("its third", h.ask("POST", "/api/v1/reports", first, "r-8\n"), 429)
	go func() { answers <- h.ask("POST", "/api/v1/reports", second, "r-9\n") }()
	if who := <-began; who != "second" {
		t.Errorf("%s came in", who)
	}
	close(letGo)
	for range 3 {
		h.is("those that were in", <-answers, 202)
	}
}

func TestDocumentsInMemoryAreBounded(t *testing.T) {
	var h *house
	change, began, letGo := hold(&h, web.Limits{Body: 1000, InWork: 2000})
	h = open(t, change)
	first, second, third := h.token("first", exchange.ScopeSubmit), h.token("second", exchange.ScopeSubmit), h.token("third", exchange.ScopeSubmit)
	body := func(id string) string { return id + "\n" + strings.Repeat("x", 900) }
	answers := make(chan answer, 10)
	go func() { answers <- h.ask("POST", "/api/v1/reports", first, body("r-1")) }()
	<-began
	h.is("more than half for one", h.ask("POST", "/api/v1/reports", first, body("r-2")), 503)
	go func() { answers <- h.ask("POST", "/api/v1/reports", second, body("r-3")) }()
	<-began
	h.is("more than all", h.ask("POST", "/api/v1/reports", third, body("r-4")), 503)
	close(letGo)
	for range 2 {
		h.is("those that were in", <-answers, 202)
	}
	h.is("afterwards", h.ask("POST", "/api/v1/reports", first, body("r-5")), 202)
}

func TestASlowSenderIsCutOff(t *testing.T) {
	h := open(t, func(s *web.Server) {
		s.Limits = web.Limits{Requests: 1, BodyTime: 300 * time.Millisecond, Body: 1000, InWork: 1000}
	})
	token := h.token("siem", exchange.ScopeSubmit)
	for name, text := range map[string]string{
		"in the middle of the header": "POST /api/v1/reports HTTP/1.1\nHost: " + h.addr + "\nX-Slow: ",
		"in the middle of the body": "POST /api/v1/reports HTTP/1.1\nHost: " + h.addr + "\nAuthorization: Bearer " + token +
			"\nContent-Length: 900\n\nr-1\n",
	} {
		c := h.raw("%s", strings.ReplaceAll(text, "\n", "\r\n"))
		h.must(c.SetReadDeadline(time.Now().Add(20 * time.Second)))
		if _, err := io.ReadAll(c); err != nil {
			if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
				t.Errorf("%s: the connection is still open", name)
			}
		}
	}
	h.until("the place to be free again", func() bool { return h.ask("POST", "/api/v1/reports", token, "r-2\n").status == 202 })
}

func TestASlowReaderIsCutOff(t *testing.T) {
	h := open(t, func(s *web.Server) {
		s.Limits = web.Limits{Waiting: 1, BodyTime: 200 * time.Millisecond, ReplyTime: 200 * time.Millisecond}
	})
	token := h.token("consumer", exchange.ScopeQueue)
	document := []byte(strings.Repeat("x", 4<<20))
	for i := range 4 {
		h.arrive(fmt.Sprintf("r-%d", i), document)
	}
	ask := `{"count":4,"seconds":3600}`
	c := h.raw("POST /api/v1/queue/lease?wait=1s HTTP/1.1\nHost: %s\nAuthorization: Bearer %s\nContent-Length: %d\n\n%s", h.addr, token, len(ask), ask)
	if _, err := bufio.NewReaderSize(c, 16).ReadString('\n'); err != nil { // the answer has begun; nothing more is read
		t.Fatal(err)
	}
	h.until("the place to be free again", func() bool {
		return h.ask("POST", "/api/v1/queue/lease?wait=1ms", token, "").status == 200
	})
}

func TestConnectionsAreBounded(t *testing.T) {
	h := open(t, func(s *web.Server) { s.Limits.Connections = 2 })
	first, second := h.raw("GET /healthz"), h.raw("GET /healthz")
	third := h.raw("GET /healthz HTTP/1.1\nHost: %s\nConnection: close\n\n", h.addr)
	answered := make(chan error, 1)
	go func() {
		_, err := io.ReadAll(third)
		answered <- err
	}()
	select {
	case <-answered:
		t.Error("a third connection was answered while two were open")
	case <-time.After(50 * time.Millisecond):
	}
	first.Close()
	if err := <-answered; err != nil {
		t.Errorf("the third connection once there was room: %v", err)
	}
	second.Close()
}
