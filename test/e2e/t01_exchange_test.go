package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"almasu/internal/testmail"
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
	noticesReachTheBody(t, h, nccis, knb, centre)
	receiptsAndNotifications(t, h, alfa, centre)

	// Two gateways that face each other fall silent when the story is told.
	// What the relay reports of deliveries is taken in and answered by nobody.
	soc.settled(4)
	if other := soc.rows("SELECT state, code FROM arrival WHERE state NOT IN ('receipt', 'delivery-report')"); len(other) > 0 {
		t.Errorf("the SOC took answers for %v", other)
	}
	if n := soc.count("SELECT count(*) FROM arrival WHERE state = 'receipt'"); n != 4 {
		t.Errorf("the SOC took in %d receipts and notifications, want 4", n)
	}
	if n := nccis.count("SELECT count(*) FROM arrival WHERE state <> 'delivery-report'"); n != 2 {
		t.Errorf("%d messages came to the NCCIS, want the 2 reports", n)
	}
	if n := soc.count("SELECT count(*) FROM letter"); n != 2 {
		t.Errorf("the SOC wrote %d letters, want its 2 reports", n)
	}
	toldWithoutPlaintext(t, h, nccis, secrets)
	toldWithoutPlaintext(t, h, soc, secrets)
	soc.close()
	nccis.close()
}

// noticesReachTheBody: the national security body got one notice of each
// incident and nobody else any.
func noticesReachTheBody(t *testing.T, h *house, nccis *node, knb, centre *testmail.Person) {
	t.Helper()

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
	if n := len(h.dovecot.Messages(t, world(t).Person("soc-beta").Address(), "INBOX")); n != 0 {
		t.Errorf("SOC Beta, which the reports do not concern, got %d letters", n)
	}
}

// receiptsAndNotifications: for each report one receipt card and one signed
// disposition notification with the same digest (RFC 3335, RFC 8098).
func receiptsAndNotifications(t *testing.T, h *house, alfa, centre *testmail.Person) {
	t.Helper()
	testpeer.Until(t, storyWait, "two receipts and two disposition notifications", func(context.Context) bool {
		return len(h.letters(alfa, "nccis")) >= 4
	})
	digests := map[string]string{} // by the Message-ID answered
	var notifications []*letter
	for _, l := range h.letters(alfa, "nccis") {
		outerIsMute(t, l, centre)
		if l.leaves["message/disposition-notification"] != nil {
			notifications = append(notifications, l)
			continue
		}
		digest, _ := l.card["digest"].(map[string]any)
		value, _ := digest["value"].(string)
		digests[l.field("original_message_id")] = value
	}
	if len(digests) != 2 || len(notifications) != 2 {
		t.Fatalf("the SOC got %d receipts and %d notifications, want 2 of each", len(digests), len(notifications))
	}
	for _, l := range notifications {
		text := string(l.leaves["message/disposition-notification"])
		answered := regexp.MustCompile(`(?mi)^Original-Message-ID:\s*(<[^>]+>)`).FindStringSubmatch(text)
		mic := regexp.MustCompile(`(?mi)^Received-Content-MIC:\s*([A-Za-z0-9+/=]+)\s*,`).FindStringSubmatch(text)
		if answered == nil || mic == nil || digests[answered[1]] != mic[1] {
			t.Errorf("a notification says otherwise than the receipts %v:\n%s", digests, text)
		}
		if l.outer.Get("Return-Path") != "<>" {
			t.Errorf("a notification came from %q, not from the null reverse-path", l.outer.Get("Return-Path"))
		}
	}
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
