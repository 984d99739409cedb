package alarm_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"almasu/alarm"
	"almasu/exchange"
)

var zone = time.FixedZone("Asia/Almaty", 5*3600)

func an() exchange.Alarm {
	at := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	return exchange.Alarm{ID: 17, Kind: exchange.AlarmDeadlineNear, Call: exchange.CallPeople, Clause: "9", Subject: "report 12", At: at, Due: at.Add(2 * time.Minute)}
}

func hook(url string) *alarm.Webhook {
	return &alarm.Webhook{URL: url, Secret: []byte("shared"), Gateway: "soc-alfa", Zone: zone, Timeout: time.Second,
		Clock: func() time.Time { return time.Unix(1773133200, 0) }}
}

// The receiver can prove by the shared secret who posted what and when.
func TestWebhookIsSigned(t *testing.T) {
	var header http.Header
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body)
	}))
	defer s.Close()
	if err := hook(s.URL).Tell(t.Context(), an()); err != nil {
		t.Fatal(err)
	}
	if want := alarm.Sign([]byte("shared"), time.Unix(1773133200, 0), body); header.Get(alarm.SignatureHeader) != want || header.Get(alarm.AlarmHeader) != "A-17" {
		t.Errorf("headers %v, want the signature %s", header, want)
	}
	if other := alarm.Sign([]byte("other"), time.Unix(1773133200, 0), body); header.Get(alarm.SignatureHeader) == other {
		t.Error("the signature does not depend on the secret")
	}
	var got alarm.Body
	want := alarm.Body{Alarm: "A-17", Gateway: "soc-alfa", Kind: "deadline-near", Call: "people", Clause: "9", Subject: "report 12",
		Due: "2026-03-10T14:02:00+05:00", At: "2026-03-10T14:00:00+05:00"}
	if err := json.Unmarshal(body, &got); err != nil || got != want {
		t.Errorf("body %+v (%v), want %+v", got, err, want)
	}
}

func TestWebhookFailsUnlessTaken(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"an error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"a redirection": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
		"no answer": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body) // only then is the end of the connection noticed
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(answer)
			defer s.Close()
			h := hook(s.URL)
			h.Timeout = 100 * time.Millisecond
			if h.Tell(t.Context(), an()) == nil {
				t.Error("counts as told")
			}
		})
	}
}

func TestWebhookAddress(t *testing.T) {
	for text, good := range map[string]bool{"https://hook.example/x": true, "http://127.0.0.1:9/x": true, "http://[::1]/": true, "http://localhost/": true,
		"http://hook.example/": false, "ftp://127.0.0.1/": false, "https://user:pass@hook.example/": false, "": false} {
		if err := alarm.CheckURL(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// The command gets the alarm and its arguments as they are, and nothing of our
// own environment.
func TestCommandGetsTheAlarmAlone(t *testing.T) {
	t.Setenv("MAILBOX_PASSWORD", "secret")
	out := filepath.Join(t.TempDir(), "out")
	c := alarm.Command{Run: []string{script(t, `env > "$1"; printf '%s' "$2" >> "$1"`), out, "$(id); x"}, Gateway: "soc-alfa", Zone: zone}
	if err := c.Tell(t.Context(), an()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ALMASU_ALARM=A-17", "ALMASU_KIND=deadline-near", "ALMASU_CLAUSE=9", "ALMASU_SUBJECT=report 12", "$(id); x"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "secret") {
		t.Error("our environment reached the command")
	}
}

func TestCommandFails(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"it fails":             {`echo no line; exit 3`, "exit status 3: no line"},
		"it takes too long":    {`sleep 60 & sleep 60`, "stopped after"},
		"it talks without end": {`yes alarm | head -c 2000000; exit 1`, "..."},
	} {
		t.Run(name, func(t *testing.T) {
			c := alarm.Command{Run: []string{script(t, test.text)}, Timeout: 2 * time.Second, Zone: zone}
			begun := time.Now()
			err := c.Tell(context.Background(), an())
			if err == nil || name != "it talks without end" && !strings.Contains(err.Error(), test.want) || len(err.Error()) > 600 {
				t.Errorf("%v, want %q", err, test.want)
			}
			if time.Since(begun) > 20*time.Second {
				t.Error("what the command started kept it")
			}
		})
	}
}
