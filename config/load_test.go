package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "1"), filepath.Join(dir, "2")
	if got, err := find("given", first, second); err != nil || got != "given" {
		t.Error(got, err)
	}
	if _, err := find("", first, second); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	put(t, second, "")
	if got, err := find("", first, second); err != nil || got != second {
		t.Error(got, err)
	}
	put(t, first, "")
	if got, err := find("", first, second); err != nil || got != first {
		t.Error(got, err)
	}
}

func TestLoadMissingFile(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "almasu.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("a folder was loaded")
	}
}

// TestFolderWithPatternLetters: the folder of the configuration is no pattern.
func TestFolderWithPatternLetters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[1]*")
	if err := os.MkdirAll(filepath.Join(dir, "participants"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "almasu.yaml"), minimal)
	put(t, filepath.Join(dir, "participants", "a.yaml"), "id: own\nkind: own-unit\n")
	c, err := Load(filepath.Join(dir, "almasu.yaml"))
	if err != nil || len(c.Participants) != 1 {
		t.Errorf("%+v %v", c, err)
	}
}

// TestZoneData: older or newer rules of the zone would move every deadline.
func TestZoneData(t *testing.T) {
	fixed := func(offset int) func(string) (*time.Location, error) {
		return func(string) (*time.Location, error) { return time.FixedZone("x", offset*3600), nil }
	}
	for name, c := range map[string]struct {
		load func(string) (*time.Location, error)
		want string
	}{
		"good":            {time.LoadLocation, ""},
		"data-of-2023":    {fixed(6), "older than 2024"},
		"always-plus-5":   {fixed(5), "29 February 2024"},
		"no-data-of-zone": {func(string) (*time.Location, error) { return nil, errors.New("none") }, "no time zone"},
		"no-almaty-in-there": {func(n string) (*time.Location, error) {
			return nil, map[bool]error{true: fs.ErrNotExist}[n == "Asia/Almaty"]
		}, "no Asia/Almaty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := zone("Asia/Qyzylorda", c.load)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.yaml", "testdata/full/participants/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("keys: &k {openpgp: *k}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, d := parse("x.yaml", data)
		_, e := parseParticipant("x.yaml", data)
		for _, m := range append(d.mistakes, e.mistakes...) {
			if m.Line < 1 || m.What == "" || strings.ContainsAny(m.Error(), "\n\x00") {
				t.Errorf("mistake %+v", m)
			}
		}
		if len(d.mistakes) == 0 && (c.Role == "" || c.Identity.ID == "" || c.Zone == nil || c.Limits.Message < 1) {
			t.Errorf("loaded without a mistake: %+v", c)
		}
	})
}
