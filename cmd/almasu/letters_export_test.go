package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLetterByOtherMeans(t *testing.T) {
	now := time.Now()
	soc, nccis := newSite(t, "soc", "soc-alfa", nil, now), newSite(t, "nccis", "nccis", nil, now)
	soc.must(t, newParticipantsCommand, "add", nccis.card())
	nccis.must(t, newParticipantsCommand, "add", soc.card())
	put(t, soc.path("card.json"), soc.must(t, newExampleCommand, "incident", "--reporter", "soc-alfa"))
	soc.must(t, newSubmitCommand, soc.path("card.json"), "--to", "nccis")

	file := soc.path("letter.eml")
	soc.must(t, newLettersCommand, "export", "1", "--out", file)
	raw := soc.must(t, newLettersCommand, "show", "1", "--raw")
	if text, err := os.ReadFile(file); err != nil || string(text) != raw || strings.Contains(raw, "severity") {
		t.Fatalf("%v: the file is not the sealed letter", err)
	}
	if out := nccis.must(t, newExplainCommand, file); !strings.Contains(out, "accepted") {
		t.Errorf("explain there:\n%s", out)
	}
	dir := soc.path("stick")
	soc.must(t, newLettersCommand, "export", "--waiting", "--out", dir)
	if text, err := os.ReadFile(filepath.Join(dir, "nccis-000001.eml")); err != nil || string(text) != raw {
		t.Errorf("%v: the folder has not the sealed letter", err)
	}
	if out := soc.must(t, newLettersCommand, "export", "--waiting", "--out", dir); out != "" {
		t.Errorf("what was written before is written again: %s", out)
	}
	nccis.must(t, newImportCommand, file)
	if out := soc.must(t, newJournalCommand, "export"); !strings.Contains(out, "exported") {
		t.Errorf("journal:\n%s", out)
	}
	for name, args := range map[string][]string{
		"an existing file is kept": {"export", "1", "--out", file},
		"no file":                  {"export", "1"},
		"neither letter nor all":   {"export", "--out", soc.path("other.eml")},
		"both":                     {"export", "1", "--waiting", "--out", soc.path("other")},
		"no such letter":           {"export", "77", "--out", soc.path("other.eml")},
		"no number":                {"export", "x", "--out", soc.path("other.eml")},
	} {
		if err := soc.do(newLettersCommand, args...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
