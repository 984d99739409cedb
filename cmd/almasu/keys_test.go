package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

func TestKeysNewChangesOver(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := newSite(t, "soc", "soc-alfa", nil, now)
	s.at(24 * time.Hour)
	out := s.must(t, newKeysCommand, "new")
	if !strings.Contains(out, "keys/soc-alfa-20261124.asc") || !strings.Contains(out, "AFTER") {
		t.Errorf("not told:\n%s", out)
	}
	if err := s.do(newKeysCommand, "new"); err == nil {
		t.Error("the key of the same day was overwritten")
	}
	// Do what was said.
	s.edit(t, "passphrase_file: keys/soc-alfa.pass}\n", "passphrase_file: keys/soc-alfa.pass}\n    - {file: keys/soc-alfa-20261124.asc, passphrase_file: keys/soc-alfa-20261124.pass}\n")
	s.g.JSON = true
	var keys []keyView
	if err := json.Unmarshal([]byte(s.must(t, newKeysCommand, "list")), &keys); err != nil || len(keys) != 2 {
		t.Fatalf("%v %+v", err, keys)
	}
	for _, k := range keys {
		if k.State != keyGood || k.Expires == nil || k.Fingerprint == "" {
			t.Errorf("key %+v", k)
		}
	}
	s.g.JSON = false
	all := s.must(t, newKeysCommand, "export")
	if strings.Count(all, "BEGIN PGP PUBLIC KEY BLOCK") != 2 || strings.Contains(all, "PRIVATE") {
		t.Errorf("exported:\n%s", all)
	}
	one := s.must(t, newKeysCommand, "export", strings.ToLower(keys[1].Fingerprint))
	want, err := os.ReadFile(s.path("for-partners", "soc-alfa-20261124.asc"))
	if err != nil || one != string(want) {
		t.Errorf("%v exported\n%s", err, one)
	}
	if err := s.do(newKeysCommand, "export", "0000"); err == nil {
		t.Error("a key nobody has was exported")
	}
}

func TestKeysExportWithoutPublicFile(t *testing.T) {
	s := newSite(t, "soc", "soc-alfa", nil, time.Now())
	if err := os.Remove(s.path("for-partners", "soc-alfa.asc")); err != nil {
		t.Fatal(err)
	}
	if err := s.do(newKeysCommand, "export"); err == nil || !strings.Contains(err.Error(), "gpg --armor --export") {
		t.Errorf("got %v", err)
	}
}

func TestStoreKeyCopyNeverOverwrites(t *testing.T) {
	s := newSite(t, "soc", "soc-alfa", nil, time.Now())
	s.must(t, newKeysCommand, "export", "--store-key", s.path("copy"))
	original, _ := os.ReadFile(s.path("keys", "store.key"))
	copied, _ := os.ReadFile(s.path("copy"))
	if len(original) == 0 || string(copied) != string(original) {
		t.Error("the copy is not the key")
	}
	if info, _ := os.Stat(s.path("copy")); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := s.do(newKeysCommand, "export", "--store-key", s.path("copy")); err == nil {
		t.Error("overwritten")
	}
}

func TestVersion(t *testing.T) {
	d := newDesk("", time.Now())
	if out := d.must(t, newVersionCommand); !strings.HasPrefix(out, "almasu ") {
		t.Errorf("version: %q", out)
	}
	d.g.JSON = true
	var v versionView
	if err := json.Unmarshal([]byte(d.must(t, newVersionCommand)), &v); err != nil || v.Go == "" {
		t.Errorf("%v %+v", err, v)
	}
}
