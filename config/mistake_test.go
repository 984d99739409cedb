package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the expected messages anew")

// TestMistakes loads one file per mistake; the expected messages stand beside it.
func TestMistakes(t *testing.T) {
	golden(t, "testdata/mistakes", func(path string) error { _, err := Load(path); return err })
}

func TestParticipantMistakes(t *testing.T) {
	golden(t, "testdata/participant-mistakes", func(path string) error { _, err := LoadParticipant(path); return err })
}

func golden(t *testing.T, dir string, load func(path string) error) {
	files, err := filepath.Glob(dir + "/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", dir, err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			err := load(file)
			if err == nil {
				t.Fatal("loaded without an error")
			}
			got := strings.ReplaceAll(err.Error(), here+"/", "") + "\n"
			want := strings.TrimSuffix(file, ".yaml") + ".want"
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			expected, err := os.ReadFile(want)
			if err != nil || got != string(expected) {
				t.Errorf("got\n%swant\n%s(%v)", got, expected, err)
			}
			if strings.Contains(got, "hunter2") {
				t.Error("a secret stands in the error")
			}
		})
	}
}

// twoFiles loads a configuration with these participant files.
func load(t *testing.T, main string, participants map[string]string) (*Config, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "participants"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range participants {
		put(t, filepath.Join(dir, "participants", name), text)
	}
	path := filepath.Join(dir, "almasu.yaml")
	put(t, path, main)
	return Load(path)
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const minimal = "role: nccis\nidentity: {id: nccis, address: exchange@nccis.example}\n"

// TestBetweenFiles: an id or an address in two files breaks the trust decision.
func TestBetweenFiles(t *testing.T) {
	const alfa = "id: soc-alfa\nkind: soc\naddresses: [a@alfa.example]\n"
	for name, c := range map[string]struct {
		second string
		want   []string // file:line and words of each message
	}{
		"same-id":          {"id: soc-alfa\nkind: soc\naddresses: [b@beta.example]\n", []string{"b.yaml:1: id soc-alfa stands in "}},
		"same-address":     {"id: soc-beta\nkind: soc\naddresses: [b@beta.example,\n  a@ALFA.example]\n", []string{"b.yaml:4: address a@alfa.example stands in "}},
		"our-own-id":       {"id: nccis\nkind: soc\naddresses: [b@beta.example]\n", []string{"b.yaml:1: id nccis stands in "}},
		"our-own-address":  {"id: b\nkind: soc\naddresses: [exchange@nccis.example]\n", []string{"b.yaml:3: address exchange@nccis.example stands in "}},
		"address-repeated": {"id: b\nkind: soc\naddresses: [b@b.example, b@b.example]\n", []string{"b.yaml:3: address b@b.example stands in "}},
		"both-wrong":       {"id: soc-alfa\nkind: nun\n", []string{"b.yaml:1: id", "b.yaml:2: kind"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, minimal, map[string]string{"a.yaml": alfa, "b.yaml": c.second})
			got := each(err)
			for _, want := range c.want {
				found := false
				for _, m := range got {
					found = found || strings.Contains(m, want)
				}
				if !found {
					t.Errorf("no %q in %q", want, got)
				}
			}
		})
	}
}

func each(err error) []string {
	var many interface{ Unwrap() []error }
	if !errors.As(err, &many) {
		return nil
	}
	var out []string
	for _, e := range many.Unwrap() {
		out = append(out, e.Error())
	}
	return out
}

func TestMistakesOfAllFilesAtOnce(t *testing.T) {
	_, err := load(t, minimal+"language: kz\n", map[string]string{"a.yaml": "id: a\nkind: x\n", "b.yaml": "kind: soc\naddresses: [a@a.example]\n"})
	if got := each(err); len(got) != 3 {
		t.Errorf("want 3 mistakes, got %q", got)
	}
	var m *Mistake
	if !errors.As(err, &m) || m.Line != 3 || m.Remedy == "" {
		t.Errorf("the first mistake is %+v", m)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"mailboxes", "relays", "limits"}
	for written, want := range map[string]string{
		"mailboxs": "mailboxes", "MAILBOXES": "mailboxes", "realys": "relays", "limit": "limits",
		"colour": "", "": "", strings.Repeat("x", 1000): "",
	} {
		if got := nearest(written, known); got != want {
			t.Errorf("%q: got %q, want %q", written, got, want)
		}
	}
}
