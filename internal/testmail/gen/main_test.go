package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"almasu/internal/testmail"
	"almasu/internal/testpeer"
)

func TestGenerateWritesEveryCaseWithItsExpectation(t *testing.T) {
	testpeer.Need(t, "gpg", "gpgconf", "gpg-connect-agent")
	dir := filepath.Join(t.TempDir(), "try")
	if err := generate(dir, time.Now(), false); err != nil {
		t.Fatal(err)
	}
	for _, a := range testmail.Attacks() {
		for _, name := range []string{"attacks/" + a.File(), "controls/" + a.Control.File()} {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				t.Error(err)
			}
		}
	}
	head, err := os.Open(filepath.Join(dir, "cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer head.Close()
	lines := json.NewDecoder(head)
	lines.DisallowUnknownFields()
	for _, want := range testmail.Cases() {
		if want.Large {
			continue
		}
		var got testmail.Case
		if err := lines.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if got.Name != want.Name || got.Outcome != want.Outcome || got.Code != want.Code {
			t.Errorf("the head says %+v, want %+v", got, want)
		}
		if _, err := os.Stat(filepath.Join(dir, "cases", got.File())); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"almasu.yaml", "keys/nccis.asc", "participants/soc-alfa.yaml", "private/soc-alfa-current.asc"} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(bytes.TrimSpace(data)) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := generate(dir, time.Now(), false); err == nil {
		t.Error("a second run wrote over the first")
	}
}
