package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/alarm"
	"almasu/internal/testpeer"
)

// TestT14AnAlarmReachesPeople: the running gateway tells an alarm by webhook and
// by command, once, also after it was killed.
func TestT14AnAlarmReachesPeople(t *testing.T) {
	const secret = "shared"
	var mu sync.Mutex
	var posted []alarm.Body
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, err := io.ReadAll(r.Body)
		var b alarm.Body
		var seconds int64
		if _, scan := fmt.Sscanf(r.Header.Get(alarm.SignatureHeader), "t=%d,", &seconds); err != nil || scan != nil || json.Unmarshal(body, &b) != nil ||
			r.Header.Get(alarm.SignatureHeader) != alarm.Sign([]byte(secret), time.Unix(seconds, 0), body) {
			t.Errorf("posted %s with %v", body, r.Header)
		}
		posted = append(posted, b)
		if len(posted) == 1 { // it is told again
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer hook.Close()
	dir := t.TempDir()
	out, script, key := filepath.Join(dir, "out"), filepath.Join(dir, "page"), filepath.Join(dir, "secret")
	for path, text := range map[string]string{script: "#!/bin/sh\necho \"$ALMASU_ALARM $ALMASU_KIND $1\" >> \"$2\"\n", key: secret + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	soc := newNode(t, "soc-alfa", fmt.Sprintf("alarms: {webhook: {url: %q, secret_file: %s}, command: [%s, page, %s]}\n", hook.URL, key, script, out))
	soc.start()
	soc.must("alarms", "test")
	testpeer.Until(t, storyWait, "the alarm to be told", func(context.Context) bool {
		return strings.Count(soc.must("alarms", "show", "A-1", "--json"), `"state":"told"`) == 2
	})
	soc.kill()
	soc.start()
	soc.must("alarms", "test")
	testpeer.Until(t, storyWait, "the second alarm to be told", func(context.Context) bool {
		return strings.Count(soc.must("alarms", "show", "A-2", "--json"), `"state":"told"`) == 2
	})
	mu.Lock()
	defer mu.Unlock()
	if len(posted) != 3 || posted[0].Alarm != "A-1" || posted[1] != posted[0] || posted[2].Alarm != "A-2" || posted[0].Gateway != "soc-alfa" {
		t.Errorf("posted %+v", posted)
	}
	text, err := os.ReadFile(out)
	if err != nil || string(text) != "A-1 test page\nA-2 test page\n" {
		t.Errorf("the command wrote %q (%v)", text, err)
	}
}
