package revocation

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func loopback() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func taken([]byte, bool) error { return nil }

func TestGetAndPost(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.Method+" "+r.Header.Get("Content-Type")+" "+string(body))
	})
	for want, body := range map[string][]byte{"GET  ": nil, "POST application/ocsp-request question": []byte("question")} {
		var got string
		err := New(Options{Networks: loopback()}).Get(t.Context(), Ask{URL: at, Body: body, Judge: func(b []byte, fetched bool) error {
			got = string(b)
			if !fetched {
				t.Error("nothing was kept")
			}
			return nil
		}})
		if err != nil || got != want {
			t.Errorf("%v %q, want %q", err, got, want)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	open := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 100)) })
	moved := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, open, http.StatusFound) })
	missing := serve(t, func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
	silent := make(chan struct{})
	hanging := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-silent:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(silent) })
	withPassword := strings.Replace(open, "http://", "http://user:secret@", 1)
	for _, c := range []struct {
		name, url string
		options   Options
		judge     func([]byte, bool) error
		want      error
		mentions  string
	}{
		{"an answer of the size allowed", open, Options{Networks: loopback(), Size: 100}, taken, nil, ""},
		{"one octet more", open, Options{Networks: loopback(), Size: 99}, taken, ErrLarge, ""},
		{"loopback that nobody opened", open, Options{}, taken, ErrTarget, "127.0.0.1"},
		{"loopback that is configured", open, Options{Hosts: []string{"127.0.0.1"}}, taken, nil, ""},
		{"a redirect", moved, Options{Networks: loopback()}, taken, ErrAnswer, "trust.fetch.crls"},
		{"no such file", missing, Options{Networks: loopback()}, taken, ErrAnswer, "404"},
		{"another scheme", "ldap://127.0.0.1/x", Options{Networks: loopback()}, taken, ErrTarget, ""},
		{"a password in the URL", withPassword, Options{Networks: loopback()}, taken, ErrTarget, ""},
		{"not genuine", open, Options{Networks: loopback()}, func([]byte, bool) error { return io.ErrUnexpectedEOF }, io.ErrUnexpectedEOF, ""},
		{"no answer in time", hanging, Options{Networks: loopback(), Timeout: 50 * time.Millisecond}, taken, os.ErrDeadlineExceeded, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := New(c.options).Get(t.Context(), Ask{URL: c.url, Judge: c.judge})
			var timeout interface{ Timeout() bool }
			late := errors.As(err, &timeout) && timeout.Timeout() && errors.Is(c.want, os.ErrDeadlineExceeded)
			if !errors.Is(err, c.want) && !late || c.want != nil && !strings.Contains(err.Error(), c.mentions) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

// TestAddresses: public ones alone, however they are written, unless a network
// was opened.
func TestAddresses(t *testing.T) {
	c := New(Options{Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}})
	for address, want := range map[string]bool{
		"93.184.216.34:80": true, "[2a00:1450::1]:80": true, "10.1.2.3:80": true, "[::ffff:10.1.2.3]:80": true,
		"10.2.0.1:80": false, "127.0.0.1:80": false, "[::1]:80": false, "192.168.0.1:80": false, "172.16.0.1:80": false, "169.254.169.254:80": false,
		"[fe80::1%eth0]:80": false, "[fd00::1]:80": false, "0.0.0.0:80": false, "[::]:80": false, "224.0.0.1:80": false, "255.255.255.255:80": false,
		"100.64.0.1:80": false, "[::ffff:127.0.0.1]:80": false, "[64:ff9b::7f00:1]:80": false, "[2002:7f00:1::]:80": false, "localhost:80": false,
	} {
		if err := c.permitted(address); (err == nil) != want || err != nil && !errors.Is(err, ErrTarget) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAnswersAreKept(t *testing.T) {
	visits := 0
	at := serve(t, func(w http.ResponseWriter, _ *http.Request) { visits++; _, _ = io.WriteString(w, "answer") })
	folder := filepath.Join(t.TempDir(), "deep", "cache")
	o := Options{Networks: loopback(), Folder: folder}
	ask := Ask{Key: "crl " + at, URL: at, Judge: taken}
	if New(o).Kept(ask) {
		t.Error("kept before it was asked")
	}
	for range 2 { // the second time a client after a restart
		if err := New(o).Get(t.Context(), ask); err != nil {
			t.Fatal(err)
		}
	}
	if visits != 1 {
		t.Errorf("%d visits", visits)
	}
	stale := ask
	stale.Judge = func(b []byte, fetched bool) error {
		if !fetched {
			return errors.New("stale")
		}
		return nil
	}
	if err := New(o).Get(t.Context(), stale); err != nil || visits != 2 {
		t.Errorf("%v, %d visits", err, visits)
	}
	spoilt := ask
	spoilt.Judge = func([]byte, bool) error { return errors.New("spoilt") }
	if err := New(o).Get(t.Context(), spoilt); err == nil {
		t.Error("what is not genuine was taken")
	}
	if b, ok := (cache{folder}).get(ask.Key, 100); !ok || !bytes.Equal(b, []byte("answer")) {
		t.Errorf("%q", b)
	}
	if err := New(o).Sweep(time.Now(), time.Hour); err != nil || !New(o).Kept(ask) {
		t.Errorf("swept too early: %v", err)
	}
	if err := New(o).Sweep(time.Now().Add(2*time.Hour), time.Hour); err != nil || New(o).Kept(ask) {
		t.Errorf("not swept: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := New(Options{Networks: loopback(), Folder: file}).Get(t.Context(), ask); !errors.Is(err, ErrNotKept) {
		t.Errorf("a folder that cannot be: %v", err)
	}
}

func TestProxy(t *testing.T) {
	var asked string
	proxy, err := url.Parse(serve(t, func(w http.ResponseWriter, r *http.Request) { asked = r.URL.String() }))
	if err != nil {
		t.Fatal(err)
	}
	if err := New(Options{Proxy: proxy}).Get(t.Context(), Ask{URL: "http://crl.example/a.crl", Judge: taken}); err != nil || asked != "http://crl.example/a.crl" {
		t.Errorf("%v, asked %q", err, asked)
	}
}
