package web_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"almasu/web"
)

// receiver is the other end of a push: it answers as the test says.
type receiver struct {
	h      *house
	server *httptest.Server
	mu     sync.Mutex
	got    []web.QueuedReport
	keys   []string
	answer func(r web.QueuedReport, nth int) int // status; nth delivery seen here
}

func (h *house) receiver(answer func(r web.QueuedReport, nth int) int) *receiver {
	r := &receiver{h: h, answer: answer}
	r.server = httptest.NewServer(r)
	h.Cleanup(r.server.Close)
	return r
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	var report web.QueuedReport
	if err != nil || json.Unmarshal(body, &report) != nil || q.Header.Get("X-Almasu-Signature") != "signed "+string(body[:10]) {
		r.h.Errorf("posted %q with %v: %v", body, q.Header, err)
	}
	r.mu.Lock()
	nth := 1
	for _, g := range r.got {
		if g.Position == report.Position {
			nth++
		}
	}
	r.got, r.keys = append(r.got, report), append(r.keys, q.Header.Get("Idempotency-Key"))
	status := r.answer(report, nth)
	r.mu.Unlock()
	if status == http.StatusFound {
		w.Header().Set("Location", "http://elsewhere.example/")
	}
	w.WriteHeader(status)
}

// ids are the reports posted so far, in order.
func (r *receiver) ids() (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.got {
		ids = append(ids, g.ID)
	}
	return ids
}

// push runs a pusher until the test ends.
func (h *house) push(url string, again time.Duration) {
	h.Helper()
	p := &web.Pusher{Name: "siem", URL: url, Gateway: "nccis", Timeout: 10 * time.Second, Again: again, Zone: time.UTC, Clock: time.Now, Store: h.store,
		Sign: func(_ time.Time, body []byte) string { return "signed " + string(body[:10]) }, Log: slog.New(slog.NewTextHandler(h.log, nil))}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	h.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			h.Error(err)
		}
	})
}

// settled waits until nothing is leased or given back and so many were posted.
func (h *house) settled(n int, r *receiver) {
	h.Helper()
	h.until("the consumer to have taken everything", func() bool {
		consumers, err := h.store.Consumers(h.Context())
		h.must(err)
		return len(r.ids()) >= n && len(consumers) == 1 && consumers[0].Leased == 0 && consumers[0].Back == 0
	})
}

func TestPushInOrderAndOnceAcknowledged(t *testing.T) {
	h := open(t, nil)
	r := h.receiver(func(web.QueuedReport, int) int { return http.StatusAccepted })
	h.arrive("r-1", []byte(`{"x":1}`))
	h.push(r.server.URL, time.Minute)
	h.arrive("r-2", []byte("<x/>"))
	h.arrive("r-3", nil)
	h.settled(3, r)
	if ids := r.ids(); !slices.Equal(ids, []string{"r-1", "r-2", "r-3"}) {
		t.Errorf("posted %v", ids)
	}
	if first := r.got[0]; string(first.Document) != `{"x":1}` || first.Number == "" || first.Participant != "soc-beta" || r.keys[0] != `"nccis:1"` {
		t.Errorf("%+v %v", first, r.keys)
	}
}

// While nobody answers everything waits and keeps its order.
func TestPushToAnAddressThatIsDown(t *testing.T) {
	for name, status := range map[string]int{"500": 500, "429": 429, "404": 404, "a redirection": 302} {
		t.Run(name, func(t *testing.T) {
			h := open(t, nil)
			r := h.receiver(func(_ web.QueuedReport, nth int) int { return map[bool]int{true: status, false: 200}[nth == 1] })
			h.arrive("r-1", nil)
			h.push(r.server.URL, time.Second)
			h.settled(2, r)
			if ids := r.ids(); !slices.Equal(ids, []string{"r-1", "r-1"}) || r.keys[0] != r.keys[1] || r.got[1].Delivery != 2 {
				t.Errorf("posted %v %v", ids, r.keys)
			}
		})
	}
}

// What is refused for itself blocks nobody and comes again.
func TestPushedReportThatIsRefused(t *testing.T) {
	h := open(t, nil)
	r := h.receiver(func(q web.QueuedReport, _ int) int { return map[bool]int{true: 422, false: 204}[q.ID == "r-1"] })
	h.arrive("r-1", nil)
	h.arrive("r-2", nil)
	h.push(r.server.URL, time.Minute)
	h.until("the second report", func() bool { return slices.Contains(r.ids(), "r-2") })
	h.until("its acknowledgement", func() bool {
		consumers, err := h.store.Consumers(t.Context())
		h.must(err)
		return len(consumers) == 1 && consumers[0].High == 2 && consumers[0].Leased == 1
	})
	if ids := r.ids(); !slices.Equal(ids, []string{"r-1", "r-2"}) {
		t.Errorf("posted %v", ids)
	}
	if got, err := h.store.Lease(t.Context(), "siem", 1, time.Second); err != nil || len(got) != 0 {
		t.Errorf("a refused report is handed out before its time: %v %v", got, err)
	}
}
