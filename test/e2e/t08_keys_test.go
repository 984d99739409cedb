package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"almasu/internal/testpeer"
)

// keyChange is what this test reads of `almasu participants keys changes --json`.
type keyChange struct {
	ID       int64  `json:"id"`
	Kind     string `json:"kind"`
	State    string `json:"state"`
	New      string `json:"new"`
	Replaces string `json:"replaces"`
	Number   string `json:"number"`
	Proven   bool   `json:"proven"`
	OpenedAt string `json:"opened_at"`
	SignedAt string `json:"signed_at"`
}

// TestT08ANewKeyIsAnnouncedApprovedProvenAndUsed walks the whole change of a
// SOC's key by the commands of both sides, with mail through real servers.
func TestT08ANewKeyIsAnnouncedApprovedProvenAndUsed(t *testing.T) {
	w := world(t)
	h := newHouse(t, false, nil)
	nccis, soc := newNode(t, "nccis", h.yaml(w.Person("nccis").Address())), newNode(t, "soc-alfa", h.yaml(w.Person("soc-alfa").Address()))
	nccis.start()
	soc.start()
	var made struct{ Fingerprint, File string }
	decode(t, soc.must("keys", "new", "--json"), &made)
	name := strings.TrimSuffix(filepath.Base(made.File), ".asc")
	oldKey, newKey := "{file: keys/soc-alfa.asc, passphrase_file: keys/soc-alfa.pass}", "{file: keys/"+name+".asc, passphrase_file: keys/"+name+".pass}"
	soc.reconfigure("["+oldKey+"]", "["+oldKey+", "+newKey+"]")
	if list := soc.must("keys", "list"); !strings.Contains(list, made.Fingerprint) {
		t.Fatalf("keys list:\n%s", list)
	}
	if exported := soc.must("keys", "export", made.Fingerprint); !strings.Contains(exported, "BEGIN PGP PUBLIC KEY BLOCK") || strings.Contains(exported, "PRIVATE") {
		t.Errorf("keys export:\n%s", exported)
	}
	soc.must("keys", "announce", "--phone", "+77172000000")

	asked := nccis.change(made.Fingerprint, func(c keyChange) bool { return c.State == "proposed" })
	if old := w.Person("soc-alfa").Keys[0].Fingerprint; !strings.Contains(asked.Replaces, old) {
		t.Errorf("it replaces %q, want %s among them", asked.Replaces, old)
	}
	if shown := nccis.must("participants", "keys", "soc-alfa"); !strings.Contains(shown, made.Fingerprint) || !strings.Contains(shown, "proposed") {
		t.Errorf("participants keys:\n%s", shown)
	}
	nccis.must("participants", "keys", "approve", asked.Number)
	opened := nccis.change(made.Fingerprint, func(c keyChange) bool { return c.OpenedAt != "" })
	if opened.Proven || opened.SignedAt != "" {
		t.Errorf("proven before the key has signed: %+v", opened)
	}
	soc.reconfigure("["+oldKey+", "+newKey+"]", "["+newKey+", "+oldKey+"]")
	document, _ := w.Document("soc-alfa", "nccis", "ALFA-1", false)
	file := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		t.Fatal(err)
	}
	soc.must("submit", file)
	accepted(t, soc, "ALFA-1")
	nccis.change(made.Fingerprint, func(c keyChange) bool { return c.Proven })
	events := nccis.must("journal", "export")
	for _, want := range []string{`"change-approved"`, `"ping"`, `"key:` + made.Fingerprint + `"`} {
		if !strings.Contains(events, want) {
			t.Errorf("the journal says nothing of %s", want)
		}
	}
	soc.close()
	nccis.close()
}

// TestT08ALetterToADeadKeyIsHeldAndReleased: while the national security body
// has no usable key its notice waits, is told of, and goes when a key is there.
func TestT08ALetterToADeadKeyIsHeldAndReleased(t *testing.T) {
	w := world(t)
	h := newHouse(t, false, nil)
	knb := w.Person("knb")
	nccis, soc := newNode(t, "nccis", h.yaml(w.Person("nccis").Address())), newNode(t, "soc-alfa", h.yaml(w.Person("soc-alfa").Address()))
	file := filepath.Join(nccis.dir, "participants", "knb.yaml")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(good, "revoked: ["+knb.Keys[0].Fingerprint+"]\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	nccis.start()
	soc.start()
	document, secret := w.Document("soc-alfa", "nccis", "ALFA-1", false)
	report := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(report, document, 0o600); err != nil {
		t.Fatal(err)
	}
	soc.must("submit", report)
	accepted(t, soc, "ALFA-1")
	testpeer.Until(t, storyWait, "the notice to be held", func(context.Context) bool {
		return strings.Contains(nccis.must("status"), "knb has no usable key or address: 1 letters are held")
	})
	testpeer.Until(t, storyWait, "the operator to be told", func(context.Context) bool {
		return strings.Contains(nccis.said.String(), `"letter blocked" to=knb`) && strings.Contains(nccis.must("alarms", "list"), "letters to knb")
	})
	if n := len(h.dovecot.Messages(t, knb.Address(), "INBOX")); n != 0 {
		t.Fatalf("%d letters went out", n)
	}
	if err := os.WriteFile(file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	nccis.reload()
	h.await(knb, "INBOX", 1)
	if l := h.letters(knb, "nccis")[0]; l.field("kind") != "notice" || l.field("clause") != "12.2" {
		t.Errorf("what came is %v", l.card)
	}
	toldWithoutPlaintext(t, h, nccis, []string{secret})
	soc.close()
	nccis.close()
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// change waits until the change to a key is as it must be.
func (n *node) change(fingerprint string, is func(keyChange) bool) (found keyChange) {
	n.t.Helper()
	testpeer.Until(n.t, storyWait, "the change to key "+fingerprint, func(context.Context) bool {
		var list []keyChange
		decode(n.t, n.must("participants", "keys", "changes", "--json"), &list)
		for _, c := range list {
			if c.New == fingerprint && is(c) {
				found = c
				return true
			}
		}
		return false
	})
	return found
}

// reconfigure changes the configuration file and has the running gateway read it.
func (n *node) reconfigure(old, replacement string) {
	n.t.Helper()
	text, err := os.ReadFile(n.config)
	if err != nil {
		n.t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		n.t.Fatalf("%q does not stand in\n%s", old, text)
	}
	if err := os.WriteFile(n.config, []byte(strings.Replace(string(text), old, replacement, 1)), 0o600); err != nil {
		n.t.Fatal(err)
	}
	n.reload()
}

// reload is SIGHUP, waited for.
func (n *node) reload() {
	n.t.Helper()
	mark := len(n.said.String())
	if err := n.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		n.t.Fatal(err)
	}
	testpeer.Until(n.t, startWait, "the gateway of "+n.id+" to read its configuration again", func(context.Context) bool {
		return strings.Contains(n.said.String()[mark:], "msg=reloaded")
	})
}
