package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/internal/catalogue"
	"almasu/internal/testpeer"
	"almasu/parser"
	"almasu/queue"
	"almasu/web"
)

// webSite is a running SOC with its HTTP API.
type webSite struct {
	*relaySite
	url string
}

func newWebSite(t *testing.T) *webSite {
	s := newRunningSOC(t, "web: {address: \"127.0.0.1:0\"}\n")
	return &webSite{s, "http://" + s.node.web.socket.Addr().String()}
}

// token makes a token by the command line.
func (s *webSite) token(t *testing.T, args ...string) string {
	t.Helper()
	return strings.TrimSpace(s.must(t, newTokenCommand, append([]string{"new"}, args...)...))
}

// request sends one request; header is name, value, ...
func (s *webSite) request(t *testing.T, method, path, token, body string, header ...string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text), answer.Header
}

func card(t *testing.T, kind exchange.ReportKind, format exchange.Format, id string) string {
	t.Helper()
	body, err := parser.Example(kind, format, "soc-alfa", "nccis", id, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestWebFromDocumentToLetter(t *testing.T) {
	s := newWebSite(t)
	token := s.token(t, "siem", "--kinds", "incident,threat")
	good := card(t, exchange.Incident, exchange.CardJSON, "r-1")
	for _, test := range []struct {
		name, body string
		header     []string
		status     int
		want       []string // in the answer
	}{
		{"a card", good, []string{"Content-Type", "application/json"}, 202, []string{`"id":"r-1"`, `"clause":"9"`, `"status":"/api/v1/reports/r-1?revision=1"`}},
		{"the answer was lost", good, nil, 202, []string{`"id":"r-1"`}},
		{"a card in XML, without a type", card(t, exchange.Incident, exchange.CardXML, "r-2"), nil, 202, []string{`"id":"r-2"`}},
		{"IODEF, as curl -d sends it", card(t, exchange.Incident, exchange.IODEFXML, "r-3"), []string{"Content-Type", "application/x-www-form-urlencoded"}, 202, []string{`"r-3"`}},
		{"JSON said to be plain text", card(t, exchange.Incident, exchange.CardJSON, "r-4"), []string{"Content-Type", "text/plain; charset=utf-8"}, 202, []string{`"r-4"`}},
		{"a card written as text", textCard(), []string{"Content-Type", "text/plain; charset=utf-8"}, 202, []string{`"kind":"incident"`}},
		{"a wrong severity", strings.Replace(strings.Replace(good, `"high"`, `"terrible"`, 1), "r-1", "r-5", 1), []string{"Accept-Language", "en"}, 422,
			[]string{`"code":"invalid"`, `"path":"/severity"`, `"line":`, `"column":`, `"code":"enum"`, "urn:almasu:problem:invalid"}},
		{"no report", "the server was hacked", nil, 422, []string{`"code":"format-unknown"`}},
		{"nothing at all", "", nil, 422, []string{`"code":"format-unknown"`}},
		{"another reporter", strings.Replace(strings.Replace(good, `"soc-alfa"`, `"soc-beta"`, 1), "r-1", "r-6", 1), nil, 403, []string{"reporter-mismatch"}},
		{"a kind the token has no right to", card(t, exchange.Contact, exchange.CardJSON, "r-7"), nil, 403, []string{"kind-forbidden"}},
		{"other content under the same revision", strings.Replace(good, `"high"`, `"low"`, 1), nil, 409, []string{`"code":"conflict"`}},
		{"for somebody unknown", strings.Replace(strings.Replace(good, `"nccis"`, `"soc-beta"`, 1), "r-1", "r-8", 1), nil, 422, []string{`"code":"addressee"`}},
		{"compressed", good, []string{"Content-Encoding", "gzip"}, 415, []string{"media-type"}},
		{"a form", good, []string{"Content-Type", "multipart/form-data; boundary=x"}, 415, []string{"media-type"}},
	} {
		status, body, header := s.request(t, "POST", "/api/v1/reports", token, test.body, test.header...)
		if status != test.status {
			t.Errorf("%s: %d %s", test.name, status, body)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s: no %s in %s", test.name, want, body)
			}
		}
		if status != 202 && header.Get("Content-Type") != "application/problem+json" || strings.Contains(body, "hacked") || strings.Contains(body, "terrible") {
			t.Errorf("%s: %v %s", test.name, header, body)
		}
		if header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: an answer with CORS", test.name)
		}
	}
	if ids := s.committed(t); len(ids) != 5 || !slices.Equal(ids[:4], []string{"r-1", "r-2", "r-3", "r-4"}) {
		t.Errorf("committed %v", ids)
	}
	events, err := s.node.store.EventsOf(t.Context(), "report:r-1")
	if err != nil || len(events) == 0 || events[0].Name != "submitted" || events[0].Actor != "api:siem" {
		t.Errorf("the journal says %+v, %v", events, err)
	}
	s.must(t, newTokenCommand, "revoke", "siem")
	if status, body, _ := s.request(t, "POST", "/api/v1/reports", token, good); status != 401 {
		t.Errorf("a revoked token: %d %s", status, body)
	}
	if list := s.must(t, newTokenCommand, "list"); !strings.Contains(list, "siem revoked: submit; kinds incident,threat;") || strings.Contains(list, token) {
		t.Errorf("list: %s", list)
	}
}

func TestWebSpeaksTheClientsLanguage(t *testing.T) {
	s := newWebSite(t)
	token := s.token(t, "siem")
	wrong := strings.Replace(card(t, exchange.Incident, exchange.CardJSON, "r-1"), `"high"`, `"terrible"`, 1)
	texts := map[string]string{}
	for _, language := range []string{"kk", "ru", "en"} {
		_, body, header := s.request(t, "POST", "/api/v1/reports", token, wrong, "Accept-Language", "de, "+language+";q=0.9")
		var p web.ProblemDetails
		if err := json.Unmarshal([]byte(body), &p); err != nil || len(p.Problems) == 0 {
			t.Fatalf("%v: %s", err, body)
		}
		if p.Title != catalogue.Text(language, "refusal.invalid") || header.Get("Content-Language") != language {
			t.Errorf("%s: %q, %v", language, p.Title, header)
		}
		texts[p.Problems[0].Text] = language
	}
	if len(texts) != 3 {
		t.Errorf("the problem is told as %v", texts)
	}
}

func TestWebTheSameKeyTheSameAnswer(t *testing.T) {
	s := newWebSite(t)
	token, other := s.token(t, "siem"), s.token(t, "other")
	post := func(token, key, id string) (int, string) {
		status, body, _ := s.request(t, "POST", "/api/v1/reports", token, card0(t, id), "Idempotency-Key", key)
		return status, body
	}
	var answers sync.Map
	var all sync.WaitGroup
	for range 8 { // at once, as an impatient client does
		all.Go(func() {
			status, body := post(token, `"k-1"`, "r-1")
			answers.Store(body, status)
		})
	}
	all.Wait()
	count := 0
	answers.Range(func(body, status any) bool {
		count++
		if status != 202 {
			t.Errorf("%v %s", status, body)
		}
		return true
	})
	if count != 1 {
		t.Errorf("%d different answers to the same request", count)
	}
	if status, body := post(token, "k-1", "r-2"); status != 422 || !strings.Contains(body, "key-reused") {
		t.Errorf("the key with another body: %d %s", status, body)
	}
	if status, body := post(other, "k-1", "r-3"); status != 202 {
		t.Errorf("somebody else's key: %d %s", status, body)
	}
	if status, _, _ := s.request(t, "POST", "/api/v1/reports", token, "broken", "Idempotency-Key", "k-2"); status != 422 {
		t.Errorf("a document that is refused: %d", status)
	}
	if status, body := post(token, "k-2", "r-4"); status != 202 {
		t.Errorf("its key, corrected: %d %s", status, body)
	}
	if status, body := post(token, "", "r-5"); status != 400 {
		t.Errorf("an empty key: %d %s", status, body)
	}
	if ids := s.committed(t); !slices.Equal(ids, []string{"r-1", "r-3", "r-4"}) {
		t.Errorf("committed %v", ids)
	}
}

// card0 is the same document at each call.
func card0(t *testing.T, id string) string {
	t.Helper()
	body, err := parser.Example(exchange.Incident, exchange.CardJSON, "soc-alfa", "nccis", id, time.Now().Truncate(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestWebShowsATokenItsOwnReports(t *testing.T) {
	s := newWebSite(t)
	siem, desk, reader := s.token(t, "siem"), s.token(t, "desk"), s.token(t, "reader", "--scope", "read")
	threats := s.token(t, "threats", "--scope", "read", "--kinds", "threat")
	for id, token := range map[string]string{"r-siem": siem, "r-desk": desk} {
		if status, body, _ := s.request(t, "POST", "/api/v1/reports", token, card0(t, id)); status != 202 {
			t.Fatalf("%d %s", status, body)
		}
	}
	for _, test := range []struct {
		token, id string
		status    int
	}{{siem, "r-siem", 200}, {siem, "r-desk", 404}, {reader, "r-siem", 200}, {reader, "r-desk", 200}, {threats, "r-siem", 404}, {siem, "r-none", 404}, {"", "r-siem", 401}} {
		status, body, _ := s.request(t, "GET", "/api/v1/reports/"+test.id, test.token, "")
		if status != test.status {
			t.Errorf("%s: %d %s", test.id, status, body)
		}
	}
	for token, want := range map[string]int{siem: 1, desk: 1, reader: 2, threats: 0} {
		var list web.Reports
		_, body, _ := s.request(t, "GET", "/api/v1/reports", token, "")
		if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Reports) != want {
			t.Errorf("want %d: %v %s", want, err, body)
		}
	}
	if status, body, _ := s.request(t, "POST", "/api/v1/reports", reader, card0(t, "r-x")); status != 403 || !strings.Contains(body, `"code":"scope"`) {
		t.Errorf("a reader submits: %d %s", status, body)
	}
	// Whoever has the document may follow it.
	if status, body, _ := s.request(t, "POST", "/api/v1/reports", siem, card0(t, "r-desk"), "Idempotency-Key", "k"); status != 202 {
		t.Errorf("%d %s", status, body)
	}
	if status, _, _ := s.request(t, "GET", "/api/v1/reports/r-desk", siem, ""); status != 200 {
		t.Errorf("the same document handed in by a second one: %d", status)
	}
}

func TestTokenCommandRefuses(t *testing.T) {
	s := newSite(t, "soc", "soc-alfa", nil, time.Now())
	s.must(t, newTokenCommand, "new", "siem")
	s.must(t, newTokenCommand, "revoke", "siem")
	for name, args := range map[string][]string{
		"a scope nobody knows":      {"new", "x", "--scope", "all"},
		"a kind nobody knows":       {"new", "x", "--kinds", "secrets"},
		"an unknown reporter":       {"new", "x", "--reporters", "soc-omega"},
		"a consumer of some kinds":  {"new", "x", "--scope", "queue", "--kinds", "incident"},
		"a name with a colon":       {"new", "relay:x"},
		"a time that is none":       {"new", "x", "--expires", "soon"},
		"a name that was used":      {"new", "siem"},
		"to revoke what is not":     {"revoke", "x"},
		"to revoke a second time":   {"revoke", "siem"},
		"a name with a comma in it": {"new", "a,b"},
	} {
		if err := s.do(newTokenCommand, args...); err == nil {
			t.Errorf("%s: taken", name)
		} else if errors.Is(err, queue.ErrNotFound) {
			t.Errorf("%s: no remedy in %v", name, err)
		}
	}
}

func TestCheckTriesTheAPI(t *testing.T) {
	s := newWebSite(t)
	running := strings.TrimPrefix(s.url, "http://")
	config := func(address string) {
		text, err := os.ReadFile(s.g.ConfigPath)
		if err != nil {
			t.Fatal(err)
		}
		put(t, s.g.ConfigPath, regexp.MustCompile(`web: \{address: "[^"]*"`).ReplaceAllString(string(text), `web: {address: "`+address+`"`))
	}
	config(running)
	lines, _ := s.checks(t)
	if find(lines, levelWarn, "no token is in force") == nil || find(lines, levelOK, running+" answers") == nil {
		t.Errorf("%+v", lines)
	}
	s.token(t, "siem")
	config("127.0.0.1:0")
	lines, _ = s.checks(t)
	if find(lines, levelOK, "tokens in force: 1") == nil || find(lines, levelWarn, "no token") != nil {
		t.Errorf("%+v", lines)
	}
	config(strings.Replace(s.addr, "http://", "", 1)) // of the SMTP relay, which speaks first: the error is one of two
	lines, _ = s.checks(t)
	if l := find(lines, levelFail, "/healthz"); l == nil || l.Name != "web" || l.Remedy == "" {
		t.Errorf("%+v", lines)
	}
}

func TestCheckOfTheAPIBeforeTheFirstStart(t *testing.T) {
	s := newSite(t, "soc", "soc-alfa", nil, time.Now())
	s.add(t, "\nweb: {address: \"127.0.0.1:0\"}\n")
	lines, _ := s.checks(t)
	if find(lines, levelWarn, "no token is in force") == nil || find(lines, levelOK, "127.0.0.1:0 is free") == nil {
		t.Errorf("%+v", lines)
	}
}

func TestWebOverTLS(t *testing.T) {
	ca := testpeer.NewCA(t, "almasu.soc.example")
	s := newRunningSOC(t, fmt.Sprintf("web: {address: \"127.0.0.1:0\", tls_cert: %s, tls_key: %s, hosts: [almasu.soc.example]}\n", ca.CertFile, ca.KeyFile))
	addr := s.node.web.socket.Addr().String()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool}}, Timeout: 20 * time.Second}
	for name, test := range map[string]struct {
		host, origin string
		status       int
	}{"by address": {"", "", 200}, "by its name": {"almasu.soc.example", "https://almasu.soc.example", 200}, "from a page in clear": {"", "http://" + addr, 403}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+addr+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Host = test.host; test.origin != "" {
			r.Header.Set("Origin", test.origin)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		answer.Body.Close()
		if answer.StatusCode != test.status {
			t.Errorf("%s: %s", name, answer.Status)
		}
	}
	if answer, err := http.Get("http://" + addr + "/healthz"); err == nil {
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			t.Error("the API answers in clear beside TLS")
		}
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}}}
	if answer, err := old.Get("https://" + addr + "/healthz"); err == nil {
		answer.Body.Close()
		t.Error("TLS 1.1 is taken")
	}
	text, err := os.ReadFile(s.g.ConfigPath)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s.g.ConfigPath, strings.Replace(string(text), "web: {address: \"127.0.0.1:0\"", "web: {address: \""+addr+"\"", 1))
	if lines, _ := s.checks(t); find(lines, levelOK, addr+" answers") == nil {
		t.Errorf("check: %+v", lines)
	}
	other := testpeer.NewCA(t)
	put(t, s.g.ConfigPath, strings.NewReplacer(ca.CertFile, other.CertFile, ca.KeyFile, other.KeyFile, "127.0.0.1:0\"", addr+"\"").Replace(string(text)))
	if lines, _ := s.checks(t); find(lines, levelFail, "another certificate") == nil {
		t.Errorf("check with another certificate: %+v", lines)
	}
}
