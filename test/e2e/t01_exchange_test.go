package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"almasu/internal/testpeer"
)

// reportStatus is what this test reads of `almasu status ID --json`.
type reportStatus struct {
	ID        string `json:"id"`
	Direction string `json:"direction"`
	Number    string `json:"number"`
	Verdict   string `json:"verdict"`
	Letters   []struct {
		Kind      string `json:"kind"`
		To        string `json:"to"`
		State     string `json:"state"`
		MessageID string `json:"message_id"`
		Verdict   string `json:"verdict"`
		Number    string `json:"number"`
	} `json:"letters"`
}

// TestT01AnIncidentFromTheSOCToTheNCCISAndItsReceiptBack is the main job: both
// roles run, mail goes through real servers, and both ends know the story.
func TestT01AnIncidentFromTheSOCToTheNCCISAndItsReceiptBack(t *testing.T) {
	w := world(t)
	h := newHouse(t, true, nil)
	alfa, centre, knb := w.Person("soc-alfa"), w.Person("nccis"), w.Person("knb")
	nccis := newNode(t, "nccis", h.yaml(centre.Address()))
	soc := newNode(t, "soc-alfa", h.yaml(alfa.Address()))
	nccis.start()
	soc.start()

	var secrets []string
	for _, c := range []struct {
		id  string
		xml bool
	}{{"ALFA-1", false}, {"ALFA-2", true}} {
		document, secret := w.Document("soc-alfa", "nccis", c.id, c.xml)
		secrets = append(secrets, secret)
		file := filepath.Join(t.TempDir(), "report")
		if err := os.WriteFile(file, document, 0o600); err != nil {
			t.Fatal(err)
		}
		soc.must("submit", file)
	}
	for _, id := range []string{"ALFA-1", "ALFA-2"} {
		there := accepted(t, soc, id)
		here := status(t, nccis, id)
		if here == nil || here.Direction != "in" || here.Verdict != "accepted" {
			t.Fatalf("the NCCIS says of %s: %+v", id, here)
		}
		if there.Direction != "out" || there.Letters[0].Number != here.Number || !strings.HasPrefix(here.Number, "NCCIS-") {
			t.Errorf("the SOC knows %s as %+v, the NCCIS as %s", id, there.Letters, here.Number)
		}
	}
	nccis.settled(2)
	toldWithoutPlaintext(t, h, nccis, secrets)

	h.await(knb, "INBOX", 2)
	var told []string
	for _, l := range h.letters(knb, "nccis") {
		outerIsMute(t, l, centre)
		if l.field("kind") != "notice" || l.field("clause") != "12.2" {
			t.Errorf("the national security body got %v", l.card)
		}
		told = append(told, l.field("number"))
	}
	slices.Sort(told)
	if want := []string{status(t, nccis, "ALFA-1").Number, status(t, nccis, "ALFA-2").Number}; !slices.Equal(told, slices.Sorted(slices.Values(want))) {
		t.Errorf("it was told of %v, want %v", told, want)
	}
	if n := len(h.dovecot.Messages(t, w.Person("soc-beta").Address(), "INBOX")); n != 0 {
		t.Errorf("SOC Beta, which the reports do not concern, got %d letters", n)
	}
	soc.close()
	nccis.close()
}

// status is what a node says of a report, nil where it does not know it.
func status(t *testing.T, n *node, id string) *reportStatus {
	t.Helper()
	out, errs, code := n.almasu("status", id, "--json")
	if code != 0 {
		return nil
	}
	var all []reportStatus
	if err := json.Unmarshal([]byte(out), &all); err != nil || len(all) != 1 {
		t.Fatalf("status %s at %s: %v\n%s%s", id, n.id, err, out, errs)
	}
	return &all[0]
}

// accepted waits until the sender's node holds the accepting receipt.
func accepted(t *testing.T, n *node, id string) *reportStatus {
	t.Helper()
	var s *reportStatus
	testpeer.Until(t, storyWait, "the receipt for "+id, func(context.Context) bool {
		s = status(t, n, id)
		return s != nil && len(s.Letters) == 1 && s.Letters[0].State == "closed"
	})
	if s.Letters[0].Verdict != "accepted" {
		t.Errorf("the verdict on %s is %q", id, s.Letters[0].Verdict)
	}
	return s
}

// toldWithoutPlaintext makes sure that no secret stands in a mail on its way,
// in a mailbox, in what the gateway printed, or readable in its store.
func toldWithoutPlaintext(t *testing.T, h *house, n *node, secrets []string) {
	t.Helper()
	look := func(where string, data []byte) {
		for _, s := range secrets {
			if strings.Contains(string(data), s) {
				t.Errorf("%s holds the secret text %s", where, s)
			}
		}
	}
	look("the output of the gateway of "+n.id, []byte(n.said.String()))
	for _, p := range world(t).People {
		for _, a := range p.Addresses {
			for _, folder := range []string{"INBOX", "Done", "Held"} {
				for _, m := range h.dovecot.Messages(t, a, folder) {
					look("a mail in "+folder+" of "+a, m)
				}
			}
		}
	}
	for _, name := range []string{"almasu.db", "almasu.db-wal"} {
		data, err := os.ReadFile(filepath.Join(n.dir, name))
		if err != nil && !os.IsNotExist(err) {
			t.Error(err)
		}
		look("the store "+name, data)
	}
}
