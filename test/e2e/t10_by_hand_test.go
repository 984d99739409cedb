package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"almasu/internal/testpeer"
)

// TestT10CutOffFromMailTheReportGoesByHandAndSoDoesItsReceipt: a SOC whose
// relays are all away writes the sealed message to a file, the NCCIS takes the
// file in, and the receipt, brought back the same way, closes the letter. When
// mail works again nothing is registered twice.
func TestT10CutOffFromMailTheReportGoesByHandAndSoDoesItsReceipt(t *testing.T) {
	w := world(t)
	h := newHouse(t, false, nil)
	away := freePort(t)
	dead := fmt.Sprintf("relays:\n  - {address: %q, tls: none}\n", away)
	soc, nccis := newNode(t, "soc-alfa", mailbox(t, h.dovecot, w.Person("soc-alfa").Address())+dead),
		newNode(t, "nccis", mailbox(t, h.dovecot, w.Person("nccis").Address())+dead)
	soc.start()
	nccis.start()

	document, secret := w.Document("soc-alfa", "nccis", "ALFA-1", false)
	file, stick := filepath.Join(t.TempDir(), "report.json"), filepath.Join(t.TempDir(), "stick")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		t.Fatal(err)
	}
	soc.must("submit", file)
	testpeer.Until(t, storyWait, "the relay to be called failing", func(context.Context) bool {
		return strings.Contains(soc.must("status"), "relay "+away+": last failed") || strings.Contains(soc.must("status"), away+": failing")
	})
	soc.must("letters", "export", "--waiting", "--out", stick)
	nccis.must("import", stick)
	testpeer.Until(t, storyWait, "the NCCIS to accept the report", func(context.Context) bool {
		s := status(t, nccis, "ALFA-1")
		return s != nil && s.Verdict == "accepted"
	})
	back := filepath.Join(t.TempDir(), "back")
	nccis.must("letters", "export", "--waiting", "--out", back)
	soc.must("import", mine(t, back, "soc-alfa"))
	if s := accepted(t, soc, "ALFA-1"); s.Letters[0].Number != status(t, nccis, "ALFA-1").Number {
		t.Errorf("the SOC was told %s, the NCCIS registered %s", s.Letters[0].Number, status(t, nccis, "ALFA-1").Number)
	}
	nccis.must("import", stick)
	testpeer.Until(t, storyWait, "the second copy to be known as one", func(context.Context) bool {
		return nccis.count("SELECT count(*) FROM arrival WHERE state = 'duplicate'") == 1
	})
	if n := nccis.count("SELECT count(*) FROM report"); n != 1 {
		t.Errorf("%d reports are registered", n)
	}
	toldWithoutPlaintext(t, h, soc, []string{secret})
	toldWithoutPlaintext(t, h, nccis, []string{secret})
	for _, n := range []*node{soc, nccis} { // `check` would fail, as it should, for want of a relay
		n.stop()
		n.must("journal", "verify")
	}
}

// mine leaves in the folder what is for one participant.
func mine(t *testing.T, dir, id string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), id+"-") {
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}
