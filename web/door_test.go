package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"
	"almasu/web"
)

func TestNobodyComesInByAnotherNameOrFromAnotherPage(t *testing.T) {
	h := open(t, func(s *web.Server) { s.Hosts = []string{"almasu.soc.example"} })
	token := h.token("siem", exchange.Scopes()...)
	_, port, _ := strings.Cut(h.addr, ":")
	for name, test := range map[string]struct {
		host   string
		header []string
		want   int
	}{
		"by address":                       {"", nil, 200},
		"localhost":                        {"localhost:" + port, nil, 200},
		"a configured name":                {"almasu.soc.example", nil, 200},
		"a configured name with a port":    {"ALMASU.soc.example:443", nil, 200},
		"a name that was made to point us": {"rebind.example:" + port, nil, 421},
		"a name below a configured one":    {"x.almasu.soc.example", nil, 421},
		"another port of this machine":     {"127.0.0.1:1", nil, 421},
		"another address":                  {"10.0.0.1:" + port, nil, 421},
		"its own page":                     {"", []string{"Origin", "http://" + h.addr}, 200},
		"somebody's page":                  {"", []string{"Origin", "http://evil.example"}, 403},
		"a page of another scheme":         {"", []string{"Origin", "https://" + h.addr}, 403},
		"a page without an origin":         {"", []string{"Origin", "null"}, 403},
		"another site":                     {"", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		"the same site":                    {"", []string{"Sec-Fetch-Site", "same-origin"}, 200},
	} {
		r := h.request("GET", "/api/v1/reports", token, "", test.header...)
		if test.host != "" {
			r.Host = test.host
		}
		a := h.do(r)
		h.is(name, a, test.want)
		if a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: header %v", name, a.header)
		}
	}
}

func TestPathsAndMethods(t *testing.T) {
	h := open(t, nil)
	token := h.token("siem", exchange.Scopes()...)
	for _, test := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/", 404, ""}, {"GET", "/api/v1/secrets", 404, ""}, {"GET", "/api/v1/reports/none", 404, ""},
		{"DELETE", "/api/v1/reports", 405, "POST, GET"}, {"OPTIONS", "/api/v1/reports", 405, "POST, GET"}, {"PUT", "/api/v1/reports/r-1", 405, "GET"},
		{"GET", "/healthz", 200, ""}, {"GET", "/api/v1/openapi.json", 200, ""},
		{"GET", "/api/v1/reports?limit=x", 400, ""}, {"GET", "/api/v1/reports?after=-1", 400, ""}, {"GET", "/api/v1/events?after=99999", 400, ""},
		{"GET", "/api/v1/reports/none?wait=soon", 400, ""}, {"POST", "/api/v1/reports?to=a%20b", 400, ""},
	} {
		a := h.ask(test.method, test.path, token, "")
		h.is(test.method+" "+test.path, a, test.status)
		if a.header.Get("Allow") != test.allow || test.status >= 400 && a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %v", test.method, test.path, a.header)
		}
	}
}

func TestATokenIsKnownOnlyWhileItIsInForce(t *testing.T) {
	h := open(t, nil)
	good := h.token("siem", exchange.ScopeRead)
	expired := h.make(exchange.Token{Name: "old", Scopes: exchange.Scopes(), Expires: time.Now().Add(-time.Second)})
	revoked := h.token("gone", exchange.ScopeRead)
	h.must(h.store.RevokeToken(t.Context(), "gone", "admin"))
	strange, _ := web.NewToken(exchange.Token{})
	last := good[:len(good)-1] + map[bool]string{true: "b", false: "a"}[good[len(good)-1] == 'a']
	for name, test := range map[string]struct {
		field string
		want  int
	}{
		"in force": {"Bearer " + good, 200}, "the scheme in small letters": {"bearer " + good, 200},
		"none": {"", 401}, "no scheme": {good, 401}, "another scheme": {"Basic " + good, 401}, "expired": {"Bearer " + expired, 401},
		"revoked": {"Bearer " + revoked, 401}, "of another house": {"Bearer " + strange, 401}, "its last letter is wrong": {"Bearer " + last, 401},
		"the public part alone": {"Bearer " + good[:12], 401}, "the hash": {"Bearer alm_x_", 401}, "endless": {"Bearer alm_x_" + strings.Repeat("a", 5000), 401},
	} {
		r := h.request("GET", "/api/v1/reports", "", "")
		if test.field != "" {
			r.Header.Set("Authorization", test.field)
		}
		a := h.do(r)
		h.is(name, a, test.want)
		if (a.header.Get("WWW-Authenticate") != "") != (test.want == 401) {
			t.Errorf("%s: %v", name, a.header)
		}
	}
	tokens, err := h.store.Tokens(t.Context())
	h.must(err)
	for _, k := range tokens {
		if k.UsedAt.IsZero() != (k.Name != "siem") {
			t.Errorf("%s was used at %v", k.Name, k.UsedAt)
		}
	}
	disk := h.storeFiles()
	for _, secret := range []string{good, expired, revoked, strange} {
		_, secret, _ = strings.Cut(strings.TrimPrefix(secret, "alm_"), "_")
		if strings.Contains(h.log.String(), secret) || bytes.Contains(disk, []byte(secret)) {
			t.Error("a token is in the log or in the store")
		}
	}
}

func TestScopes(t *testing.T) {
	h := open(t, nil)
	tokens := map[exchange.Scope]string{}
	for _, s := range exchange.Scopes() {
		tokens[s] = h.token(string(s), s)
	}
	for _, test := range []struct {
		method, path string
		open         []exchange.Scope
	}{
		{"POST", "/api/v1/reports", []exchange.Scope{exchange.ScopeSubmit}},
		{"GET", "/api/v1/reports", []exchange.Scope{exchange.ScopeSubmit, exchange.ScopeRead}},
		{"GET", "/api/v1/reports/r-none", []exchange.Scope{exchange.ScopeSubmit, exchange.ScopeRead}},
		{"POST", "/api/v1/queue/lease", []exchange.Scope{exchange.ScopeQueue}},
		{"POST", "/api/v1/queue/ack", []exchange.Scope{exchange.ScopeQueue}},
		{"POST", "/api/v1/queue/nack", []exchange.Scope{exchange.ScopeQueue}},
	} {
		for scope, token := range tokens {
			a := h.ask(test.method, test.path, token, "")
			if may := strings.Contains(fmt.Sprint(test.open), string(scope)); may == (a.status == 403) || a.status == 401 {
				t.Errorf("%s %s with %s: %d", test.method, test.path, scope, a.status)
			}
		}
	}
}

func TestWhatFailsInsideStaysInside(t *testing.T) {
	const secret = "a decrypted word"
	fail := func(context.Context, web.Submission) (web.Submitted, error) {
		return web.Submitted{}, errors.New("disk full")
	}
	h := open(t, func(s *web.Server) {
		s.Submit = func(ctx context.Context, in web.Submission) (web.Submitted, error) {
			if string(in.Document.Body) == "panic" {
				panic(secret)
			}
			return fail(ctx, in)
		}
	})
	token := h.token("siem", exchange.ScopeSubmit)
	a := h.ask("POST", "/api/v1/reports", token, "x")
	h.is("an error", a, http.StatusServiceUnavailable, `"code":"unavailable"`)
	if strings.Contains(a.body, "disk") || a.header.Get("Retry-After") == "" || !strings.Contains(h.log.String(), "disk full") {
		t.Errorf("%v %s\n%s", a.header, a.body, h.log)
	}
	a = h.ask("POST", "/api/v1/reports", token, "panic")
	h.is("a panic", a, http.StatusInternalServerError)
	if strings.Contains(a.body+h.log.String(), secret) {
		t.Error("what the panic said is told")
	}
	h.is("afterwards", h.ask("GET", "/api/v1/reports", token, ""), 200)
}

func TestHealthTellsAStoreThatIsGone(t *testing.T) {
	h := open(t, func(s *web.Server) {
		closed, err := queue.Open(t.Context(), "sqlite:"+t.TempDir()+"/x.db", queue.Options{DataKey: bytes.Repeat([]byte{7}, 32)})
		if err == nil {
			err = closed.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		s.Store = closed
	})
	h.is("without a store", h.ask("GET", "/healthz", "", ""), http.StatusServiceUnavailable)
}
