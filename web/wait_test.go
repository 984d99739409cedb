package web_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/web"
)

func TestWaitForTheReceipt(t *testing.T) {
	h := open(t, nil)
	token := h.token("siem", exchange.ScopeSubmit)
	h.is("submit", h.ask("POST", "/api/v1/reports", token, "r-1\n"), 202, `"status":"/api/v1/reports/r-1?revision=1"`)
	h.is("at once", h.ask("GET", "/api/v1/reports/r-1", token, ""), 200, `"state":"waiting"`, `"settled":false`, `"left_seconds":8`)
	h.is("the time is over", h.ask("GET", "/api/v1/reports/r-1?wait=150ms", token, ""), 200, `"settled":false`)
	answers := make(chan answer, 1)
	go func() { answers <- h.ask("GET", "/api/v1/reports/r-1?wait=50", token, "") }()
	began := time.Now()
	h.receipt("r-1")
	h.is("the receipt", <-answers, 200, `"state":"opened"`, `"settled":true`, `"verdict":"accepted"`, `"number":"NCCIS-2026-000001"`)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it was told after %v", took)
	}
	h.is("by the number of a revision there is none of", h.ask("GET", "/api/v1/reports/r-1?revision=2", token, ""), 404)
}

func TestAWaitIsBounded(t *testing.T) {
	h := open(t, func(s *web.Server) { s.Limits.Wait = 100 * time.Millisecond })
	token := h.token("siem", exchange.ScopeSubmit)
	h.is("submit", h.ask("POST", "/api/v1/reports", token, "r-1\n"), 202)
	began := time.Now()
	h.is("a day", h.ask("GET", "/api/v1/reports/r-1?wait=24h", token, ""), 200, `"settled":false`)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestWhoWaitsIsAnsweredWhenTheServerEnds(t *testing.T) {
	h := open(t, func(s *web.Server) { s.Limits.Waiting = 2 })
	token := h.token("siem", exchange.ScopeSubmit)
	h.is("submit", h.ask("POST", "/api/v1/reports", token, "r-1\n"), 202)
	events := h.stream(token, "", "")
	events.next() // it stands
	answers := make(chan answer, 1)
	go func() {
		for {
			if a := h.ask("GET", "/api/v1/reports/r-1?wait=50s", token, ""); a.status != 503 { // the look below had its place
				answers <- a
				return
			}
		}
	}()
	h.until("both places to be taken", func() bool { return h.ask("GET", "/api/v1/reports/r-1?wait=1ms", token, "").status == 503 })
	if err := h.stop(); err != nil {
		t.Errorf("Serve: %v", err)
	}
	a := <-answers
	h.is("where it stands", a, 200, `"settled":false`)
	if events.scan.Scan() {
		t.Errorf("the stream goes on: %s", events.scan.Text())
	}
}

// stream is an open stream of events.
type stream struct {
	h    *house
	scan *bufio.Scanner
	end  func()
}

// event is one of them; kind "" is a comment.
type event struct {
	kind, id string
	report   web.ReportStatus
}

func (h *house) stream(token, query, last string) *stream {
	h.Helper()
	r := h.request("GET", "/api/v1/events"+query, token, "")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	got, err := http.DefaultClient.Do(r)
	h.must(err)
	if got.StatusCode != 200 || got.Header.Get("Content-Type") != "text/event-stream" {
		h.Fatalf("%d %v", got.StatusCode, got.Header)
	}
	h.Cleanup(func() { got.Body.Close() })
	s := &stream{h, bufio.NewScanner(got.Body), func() { got.Body.Close() }}
	s.scan.Split(func(data []byte, end bool) (int, []byte, error) {
		if i := bytes.Index(data, []byte("\n\n")); i >= 0 {
			return i + 2, data[:i], nil
		}
		return 0, nil, nil
	})
	return s
}

func (s *stream) next() (e event) {
	s.h.Helper()
	if !s.scan.Scan() {
		s.h.Fatalf("the stream ends: %v", s.scan.Err())
	}
	for line := range strings.Lines(s.scan.Text()) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "event":
			e.kind = value
		case "id":
			e.id = value
		case "data":
			if err := json.Unmarshal([]byte(value), &e.report); err != nil {
				s.h.Fatal(err)
			}
		}
	}
	return e
}

// report is the next event that is no comment.
func (s *stream) report() event {
	s.h.Helper()
	for {
		if e := s.next(); e.kind != "" {
			return e
		}
	}
}

func TestEventsTellEachChangeAndMissNone(t *testing.T) {
	h := open(t, nil)
	token, other := h.token("siem", exchange.ScopeSubmit), h.token("other", exchange.ScopeSubmit)
	s := h.stream(token, "", "")
	s.next()
	h.is("another's", h.ask("POST", "/api/v1/reports", other, "r-other\n"), 202)
	h.is("mine", h.ask("POST", "/api/v1/reports", token, "r-1\n"), 202)
	first := s.report()
	if first.kind != "report" || first.report.ID != "r-1" || first.report.State != "waiting" || first.id == "" {
		t.Errorf("%+v", first)
	}
	s.end()
	h.receipt("r-1") // while nobody listens
	h.is("mine", h.ask("POST", "/api/v1/reports", token, "r-2\n"), 202)
	s = h.stream(token, "", first.id)
	got := map[string]string{}
	for len(got) < 2 {
		e := s.report()
		got[e.report.ID] = e.report.State
	}
	if got["r-1"] != "opened" || got["r-2"] != "waiting" {
		t.Errorf("after coming back: %v", got)
	}
}

func TestEventsOfOneReportBeginWithWhereItStands(t *testing.T) {
	h := open(t, nil)
	token := h.token("reader", exchange.ScopeRead)
	siem := h.token("siem", exchange.ScopeSubmit)
	for _, id := range []string{"r-1", "r-2"} {
		h.is(id, h.ask("POST", "/api/v1/reports", siem, id+"\n"), 202)
	}
	s := h.stream(token, "?report=r-2", "")
	if e := s.report(); e.report.ID != "r-2" || e.report.State != "waiting" {
		t.Errorf("%+v", e)
	}
	h.receipt("r-1")
	h.receipt("r-2")
	if e := s.report(); e.report.ID != "r-2" || e.report.State != "opened" || !e.report.Settled {
		t.Errorf("%+v", e)
	}
}

func TestTheReportQueue(t *testing.T) {
	h := open(t, nil)
	token := h.token("desk", exchange.ScopeQueue)
	take := func(path, body string) []web.LeasedReport {
		a := h.ask("POST", "/api/v1/queue/lease"+path, token, body)
		h.is("lease", a, 200)
		return decode[web.Leases](h, a.body).Reports
	}
	if got := take("", ""); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	waiting := make(chan []web.LeasedReport, 1)
	go func() { waiting <- take("?wait=50s", `{"count":2,"seconds":30}`) }()
	h.arrive("r-1", []byte(`{"x":1}`))
	got := <-waiting
	if len(got) != 1 || got[0].ID != "r-1" || string(got[0].Document) != `{"x":1}` || got[0].Participant != "soc-beta" || got[0].Number == "" {
		t.Fatalf("%+v", got)
	}
	settle := func(l web.LeasedReport) string {
		text, err := json.Marshal(web.SettleRequest{Position: l.Position, Token: l.Token})
		h.must(err)
		return string(text)
	}
	h.is("give back", h.ask("POST", "/api/v1/queue/nack", token, settle(got[0])), 204)
	again := take("", "{}")
	if len(again) != 1 || again[0].Delivery != 2 {
		t.Fatalf("%+v", again)
	}
	h.is("an old token", h.ask("POST", "/api/v1/queue/ack", token, settle(got[0])), 409, "lease-lost")
	h.is("acknowledge", h.ask("POST", "/api/v1/queue/ack", token, settle(again[0])), 204)
	h.is("twice", h.ask("POST", "/api/v1/queue/ack", token, settle(again[0])), 409)
	if got := take("", ""); len(got) != 0 {
		t.Errorf("after ack: %+v", got)
	}
	for name, body := range map[string]string{"too many": `{"count":5}`, "for ever": `{"seconds":999999}`, "no JSON": `count=1`, "an unknown field": `{"kount":1}`,
		"too large": `{"count":` + strings.Repeat(" ", 5000) + `1}`} {
		h.is(name, h.ask("POST", "/api/v1/queue/lease", token, body), 400)
	}
}

func TestABounceIsShownWithItsClass(t *testing.T) {
	h := open(t, nil)
	token := h.token("siem", exchange.ScopeSubmit)
	h.is("submit", h.ask("POST", "/api/v1/reports", token, "r-1\n"), 202)
	l, err := h.store.LetterByMessageID(t.Context(), "<r-1@soc.example>")
	h.must(err)
	s := h.stream(token, "", "")
	s.next()
	_, err = h.store.Commit(t.Context(), exchange.Decision{Hints: []exchange.Hint{{Letter: l.ID, Action: "failed", Class: "hard", Status: "5.1.1", Text: "550 5.1.1 unknown",
		Address: "exchange@nccis.example", Dialect: "postfix"}}})
	h.must(err)
	h.is("status", h.ask("GET", "/api/v1/reports/r-1", token, ""), 200, `"delivery":"failed"`, `"class":"hard"`, `"diagnosis":"5.1.1 550 5.1.1 unknown"`, `"settled":false`)
	if e := s.report(); len(e.report.Letters) != 1 || e.report.Letters[0].Class != "hard" {
		t.Errorf("the stream says %+v", e.report)
	}
}
