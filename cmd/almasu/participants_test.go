package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"almasu/config"
)

func TestParticipantsAddListShowKeys(t *testing.T) {
	now := time.Now()
	nccis, soc := newSite(t, "nccis", "nccis", nil, now), newSite(t, "soc", "soc-alfa", nil, now)
	out := nccis.must(t, newParticipantsCommand, "add", soc.card())
	for _, want := range []string{nccis.path("participants", "soc-alfa.asc"), nccis.path("participants", "participant-soc-alfa.yaml"), "telephone"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	copied, _ := os.ReadFile(nccis.path("participants", "participant-soc-alfa.yaml"))
	original, _ := os.ReadFile(soc.card())
	if string(copied) != string(original) {
		t.Errorf("a file that fits was changed:\n%s", copied)
	}
	if out := nccis.must(t, newParticipantsCommand, "list"); !strings.Contains(out, "soc-alfa") || !strings.Contains(out, "until ") {
		t.Errorf("list:\n%s", out)
	}
	show := nccis.must(t, newParticipantsCommand, "show", "soc-alfa")
	keys := nccis.must(t, newParticipantsCommand, "keys", "soc-alfa")
	own := soc.must(t, newKeysCommand, "list")
	fingerprint := strings.Fields(strings.Split(own, "\n")[1])[1]
	if !strings.Contains(show, fingerprint) || !strings.Contains(keys, fingerprint) || !strings.Contains(show, "incident") {
		t.Errorf("%s not in\n%s\n%s", fingerprint, show, keys)
	}
	nccis.g.JSON = true
	var view participantView
	if err := json.Unmarshal([]byte(nccis.must(t, newParticipantsCommand, "show", "soc-alfa")), &view); err != nil {
		t.Fatal(err)
	}
	if view.ID != "soc-alfa" || !view.Sealable || len(view.Keys) != 1 || view.Keys[0].Fingerprint != fingerprint {
		t.Errorf("view %+v", view)
	}
	var views []participantView
	if err := json.Unmarshal([]byte(nccis.must(t, newParticipantsCommand, "list")), &views); err != nil || len(views) != 1 {
		t.Errorf("%v %+v", err, views)
	}
	for _, command := range []string{"show", "keys"} {
		if err := nccis.do(newParticipantsCommand, command, "nobody"); err == nil {
			t.Errorf("%s of a stranger", command)
		}
	}
}

func TestParticipantsAddRefuses(t *testing.T) {
	now := time.Now()
	nccis, soc := newSite(t, "nccis", "nccis", nil, now), newSite(t, "soc", "soc-alfa", nil, now)
	nccis.must(t, newParticipantsCommand, "add", soc.card())
	before := filesBelow(t, nccis.dir)
	dir := t.TempDir()
	public, err := os.ReadFile(soc.path("for-partners", "soc-alfa.asc"))
	if err != nil {
		t.Fatal(err)
	}
	private, err := os.ReadFile(soc.path("keys", "soc-alfa.asc"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "public.asc"), string(public))
	put(t, filepath.Join(dir, "private.asc"), string(private))
	put(t, filepath.Join(dir, "soc-alfa.asc"), "another key of that name")
	put(t, filepath.Join(dir, "garbage.asc"), "garbage")
	for name, c := range map[string]struct{ text, want string }{
		"same-id":           {"id: soc-alfa\nkind: soc\naddresses: [b@beta.example]\n", "soc-alfa"},
		"same-address":      {"id: soc-beta\nkind: soc\naddresses: [exchange@soc-alfa.example]\n", "exchange@soc-alfa.example"},
		"our-address":       {"id: soc-beta\nkind: soc\naddresses: [exchange@nccis.example]\n", "exchange@nccis.example"},
		"key-of-another":    {"id: soc-beta\nkind: soc\naddresses: [b@beta.example]\nopenpgp: [public.asc]\n", "soc-alfa"},
		"private-key":       {"id: soc-beta\nkind: soc\naddresses: [b@beta.example]\nopenpgp: [private.asc]\n", "private"},
		"garbage-key":       {"id: soc-beta\nkind: soc\naddresses: [b@beta.example]\nopenpgp: [garbage.asc]\n", "garbage.asc"},
		"key-file-name-has": {"id: soc-beta\nkind: soc\naddresses: [b@beta.example]\nopenpgp: [soc-alfa.asc]\n", "soc-alfa.asc"},
		"mistake":           {"id: soc-beta\nkind: sock\naddresses: [b@beta.example]\n", "did you mean"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, name+".yaml")
			put(t, file, c.text)
			err := nccis.do(newParticipantsCommand, "add", file)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if after := filesBelow(t, nccis.dir); len(after) != len(before) {
				t.Errorf("written all the same: %q", after)
			}
		})
	}
	if err := nccis.do(newParticipantsCommand, "add"); err == nil {
		t.Error("added nothing")
	}
}

// TestParticipantsAddRepoints: the key of a file that came from elsewhere is
// found in its new place, and the comments stay.
func TestParticipantsAddRepoints(t *testing.T) {
	now := time.Now()
	nccis, soc := newSite(t, "nccis", "nccis", nil, now), newSite(t, "soc", "soc-alfa", nil, now)
	file := filepath.Join(t.TempDir(), "alfa.txt")
	put(t, file, "# keep me\nid: soc-alfa\nkind: soc\naddresses: [exchange@soc-alfa.example]\nopenpgp:\n  - "+soc.path("for-partners", "soc-alfa.asc")+"\n")
	nccis.must(t, newParticipantsCommand, "add", file)
	text, err := os.ReadFile(nccis.path("participants", "soc-alfa.yaml"))
	if err != nil || !strings.Contains(string(text), "# keep me") {
		t.Errorf("%v\n%s", err, text)
	}
	c, err := config.Load(nccis.g.ConfigPath)
	if err != nil || c.Participants[0].OpenPGP[0] != nccis.path("participants", "soc-alfa.asc") {
		t.Errorf("%v %+v", err, c)
	}
}

func TestWriteAllTakesBack(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "file"), "")
	files := []newFile{{filepath.Join(dir, "a"), []byte("a"), 0o644}, {filepath.Join(dir, "file", "below"), []byte("b"), 0o644}}
	if err := writeAll(files); err == nil || fileIsThere(files[0].path) {
		t.Errorf("err %v, first file there: %v", err, fileIsThere(files[0].path))
	}
	twice := []newFile{files[0], files[0]}
	if err := writeAll(twice); err == nil || fileIsThere(files[0].path) {
		t.Errorf("the same file twice: %v", err)
	}
}
