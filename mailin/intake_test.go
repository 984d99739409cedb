package mailin

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// tray is an intake under test with its folders.
type tray struct {
	*Intake
	t     *testing.T
	took  []string
	wrong []string
	err   error
}

func newTray(t *testing.T) *tray {
	dir := t.TempDir()
	r := &tray{t: t}
	r.Intake = &Intake{Inbox: filepath.Join(dir, "inbox"), Sent: filepath.Join(dir, "sent"), Refused: filepath.Join(dir, "refused"),
		Poll: time.Second, MaxFile: 100, Log: slog.New(slog.DiscardHandler)}
	r.Submit = func(_ context.Context, name string, body []byte) ([]string, error) {
		if r.err == nil {
			r.took = append(r.took, name+"="+string(body))
		}
		return r.wrong, r.err
	}
	for _, d := range []string{r.Inbox, r.Sent, r.Refused} {
		must(t, os.Mkdir(d, 0o755))
	}
	return r
}

func (r *tray) put(name, body string) {
	must(r.t, os.WriteFile(filepath.Join(r.Inbox, name), []byte(body), 0o644))
}

func (r *tray) names(folder string) (names []string) {
	entries, err := os.ReadDir(folder)
	must(r.t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// looks looks a number of times in a row.
func (r *tray) looks(n int, between func(int)) {
	seen := map[string]sight{}
	for k := range n {
		var err error
		seen, err = r.look(r.t.Context(), seen)
		must(r.t, err)
		if between != nil {
			between(k)
		}
	}
}

func TestFileIsTakenWhenComplete(t *testing.T) {
	r := newTray(t)
	r.put("a.json", "{")
	r.looks(4, func(k int) {
		if k == 0 {
			r.put("a.json", "{}") // still written
		}
		if k < 2 && len(r.took) != 0 {
			t.Errorf("taken after look %d", k)
		}
	})
	if !slices.Equal(r.took, []string{"a.json={}"}) || !slices.Equal(r.names(r.Sent), []string{"a.json"}) || r.names(r.Inbox) != nil {
		t.Errorf("took %q, sent %q, inbox %q", r.took, r.names(r.Sent), r.names(r.Inbox))
	}
}

func TestFilesThatAreLeftAlone(t *testing.T) {
	r := newTray(t)
	for _, name := range []string{".hidden", "a.tmp", "b.json.part", "c~", "empty"} {
		r.put(name, strings.Repeat("x", map[bool]int{true: 0, false: 1}[name == "empty"]))
	}
	must(t, os.Mkdir(filepath.Join(r.Inbox, "folder"), 0o755))
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte("secret"), 0o600))
	must(t, os.Symlink(secret, filepath.Join(r.Inbox, "link.json")))
	r.looks(5, nil)
	if r.took != nil || len(r.names(r.Inbox)) != 7 {
		t.Errorf("took %q, inbox %q", r.took, r.names(r.Inbox))
	}
	if r.looks(emptyLooks+1, nil); !slices.Equal(r.took, []string{"empty="}) {
		t.Errorf("the empty file: %q", r.took)
	}
}

func TestFileRefused(t *testing.T) {
	r := newTray(t)
	r.wrong = []string{"invalid", "/severity: wrong"}
	for range 2 {
		r.put("a.json", strings.Repeat("x", 200))
		r.looks(2, nil)
	}
	if want := []string{"a.2.json", "a.2.json.problems.txt", "a.json", "a.json.problems.txt"}; !slices.Equal(r.names(r.Refused), want) {
		t.Errorf("refused %q", r.names(r.Refused))
	}
	text, err := os.ReadFile(filepath.Join(r.Refused, "a.2.json.problems.txt"))
	must(t, err)
	if string(text) != "invalid\n/severity: wrong\n" {
		t.Errorf("%q", text)
	}
	if len(r.took[0]) != len("a.json=")+101 {
		t.Errorf("handed over %d octets", len(r.took[0]))
	}
}

func TestFileStaysWhileTheStoreFails(t *testing.T) {
	r := newTray(t)
	r.err = errors.New("disk full")
	r.put("a.json", "{}")
	r.looks(5, func(k int) {
		if k == 3 {
			r.err = nil
		}
	})
	if !slices.Equal(r.took, []string{"a.json={}"}) || !slices.Equal(r.names(r.Sent), []string{"a.json"}) {
		t.Errorf("took %q", r.took)
	}
}

func TestIntakeRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newTray(t)
		must(t, os.RemoveAll(r.Sent)) // made at the start
		r.put("a.json", "{}")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		must(t, r.Run(ctx))
		if !slices.Equal(r.names(r.Sent), []string{"a.json"}) {
			t.Errorf("sent %q", r.names(r.Sent))
		}
	})
}

// TestFileWithALongName: it can be refused, with its problems beside.
func TestFileWithALongName(t *testing.T) {
	r := newTray(t)
	r.wrong = []string{"invalid"}
	name := strings.Repeat("ұ", 120) + ".json"
	r.put(name, "{}")
	r.looks(2, nil)
	got := r.names(r.Refused)
	if len(got) != 2 || !strings.HasSuffix(got[0], ".json") || got[1] != got[0]+".problems.txt" || r.names(r.Inbox) != nil {
		t.Errorf("refused %q, inbox %q", got, r.names(r.Inbox))
	}
}

// TestFileSwappedUnderItsName: what stands there when it is opened is not what
// was looked at.
func TestFileSwappedUnderItsName(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte("secret"), 0o600))
	for name, swap := range map[string]func(path string) error{
		"another file":   func(path string) error { return os.WriteFile(path, []byte("{other}"), 0o644) },
		"a link":         func(path string) error { return os.Symlink(secret, path) },
		"a link within":  func(path string) error { return os.Symlink("other.json", path) },
		"a pipe":         func(path string) error { return syscall.Mkfifo(path, 0o644) },
		"a folder":       func(path string) error { return os.Mkdir(path, 0o755) },
		"nothing at all": func(string) error { return nil },
	} {
		r := newTray(t)
		r.put("a.json", "{}")
		r.put("other.json", "{\"other\"}")
		inbox, err := os.OpenRoot(r.Inbox)
		must(t, err)
		defer inbox.Close()
		path := filepath.Join(r.Inbox, "a.json")
		info, err := inbox.Lstat("a.json")
		must(t, err)
		must(t, os.Remove(path))
		must(t, swap(path))
		if err := r.take(t.Context(), inbox, "a.json", info); err == nil || r.took != nil {
			t.Errorf("%s: took %q, %v", name, r.took, err)
		}
	}
}

// TestFileThatGrowsWhileItIsRead is not handed over.
func TestFileThatGrowsWhileItIsRead(t *testing.T) {
	r := newTray(t)
	r.put("a.json", "{")
	inbox, err := os.OpenRoot(r.Inbox)
	must(t, err)
	defer inbox.Close()
	info, err := inbox.Lstat("a.json")
	must(t, err)
	f, err := os.OpenFile(filepath.Join(r.Inbox, "a.json"), os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	defer f.Close()
	_, err = f.WriteString("}")
	must(t, err)
	if err := r.take(t.Context(), inbox, "a.json", info); err == nil || r.took != nil {
		t.Errorf("took %q, %v", r.took, err)
	}
}
