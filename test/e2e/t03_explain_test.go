package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"almasu/exchange"
	"almasu/internal/testmail"
)

// explained is what this test reads of `almasu explain --json`.
type explained struct {
	File        string `json:"file"`
	Outcome     string `json:"outcome"`
	Code        string `json:"code"`
	Reason      string `json:"reason"`
	MessageID   string `json:"message_id"`
	Participant string `json:"participant"`
	Security    struct {
		Encrypted *bool  `json:"encrypted"`
		Signed    *bool  `json:"signed"`
		Signature string `json:"signature"`
		Signer    string `json:"signer"`
		Covers    string `json:"covers"`
	} `json:"security"`
	Reports []struct {
		ID string `json:"id"`
	} `json:"reports"`
	Answers []struct {
		Kind    string `json:"kind"`
		To      string `json:"to"`
		Verdict string `json:"verdict"`
	} `json:"answers"`
	Notices []struct {
		To string `json:"to"`
	} `json:"notices"`
}

// TestT03BadInputIsToldApartByExplain hands every case that needs no history
// to explain in one call, with an empty store.
func TestT03BadInputIsToldApartByExplain(t *testing.T) {
	w := world(t)
	nccis := newNode(t, "nccis", "")
	var cases []*testmail.Case
	var files []string
	dir := t.TempDir()
	for _, c := range testmail.Cases() {
		if len(c.After) > 0 {
			continue
		}
		cases = append(cases, c)
		files = append(files, writeCase(t, w, dir, c))
	}
	results := explain(t, nccis, files)
	if len(results) != len(cases) {
		t.Fatalf("explain told of %d messages, want %d", len(results), len(cases))
	}
	for i, c := range cases {
		t.Run(c.Name, func(t *testing.T) { judgeExplained(t, w, c, results[i]) })
	}
	if _, err := os.Stat(filepath.Join(nccis.dir, "almasu.db")); !os.IsNotExist(err) {
		t.Errorf("explain made a store: %v", err)
	}
}

// explain runs explain and checks that it echoes nothing.
func explain(t *testing.T, n *node, files []string) []explained {
	t.Helper()
	out, errs, status := n.almasu(append([]string{"explain", "--json"}, files...)...)
	if status != 0 {
		t.Fatalf("explain ended with %d:\n%s", status, errs)
	}
	for _, c := range testmail.Cases() {
		if strings.Contains(out+errs, c.Canary) {
			t.Errorf("explain echoes the text of %s", c.Name)
		}
	}
	lines := json.NewDecoder(strings.NewReader(out))
	var all []explained
	for lines.More() {
		var e explained
		if err := lines.Decode(&e); err != nil {
			t.Fatalf("explain printed no JSON: %v\n%s", err, out)
		}
		all = append(all, e)
	}
	return all
}

func writeCase(t *testing.T, w *testmail.World, dir string, c *testmail.Case) string {
	t.Helper()
	message, err := w.Message(c)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, c.File())
	if err := os.WriteFile(path, message, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func judgeExplained(t *testing.T, w *testmail.World, c *testmail.Case, e explained) {
	t.Helper()
	if e.Outcome != string(c.Outcome) || e.Code != string(c.Code) {
		t.Errorf("it is %s %s (%s), want %s %s: %s", e.Outcome, e.Code, e.Reason, c.Outcome, c.Code, c.Comment)
	}
	if e.Participant != c.Participant {
		t.Errorf("the participant is %q, want %q", e.Participant, c.Participant)
	}
	if e.MessageID != c.MessageID {
		t.Errorf("the Message-ID is %q, want %q", e.MessageID, c.MessageID)
	}
	if e.Security.Encrypted == nil || e.Security.Signed == nil {
		t.Error("security lacks a boolean")
	}
	if c.Signature != "" && e.Security.Signature != string(c.Signature) {
		t.Errorf("the signature is %q, want %q", e.Security.Signature, c.Signature)
	}
	if c.Signer != "" && c.Signature != exchange.SignatureUnknownSigner {
		person, role, _ := strings.Cut(c.Signer, "/")
		if want := w.Person(person).Key(role).Fingerprint; !strings.EqualFold(e.Security.Signer, want) {
			t.Errorf("the signer is %q, want %s", e.Security.Signer, want)
		}
	}
	judgeAnswers(t, w, c, e)
}

// judgeAnswers checks who would be told what (DESIGN section 4, answers).
func judgeAnswers(t *testing.T, w *testmail.World, c *testmail.Case, e explained) {
	t.Helper()
	var receipts, neutral int
	for _, a := range e.Answers {
		switch a.Kind {
		case "receipt":
			receipts++
			if a.To != c.Participant && a.To != w.Person(c.Participant).Address() || a.Verdict != string(c.Outcome) {
				t.Errorf("the receipt goes to %s as %s", a.To, a.Verdict)
			}
		case "neutral":
			neutral++
		}
	}
	if want := map[bool]int{true: 1}[c.Outcome != testmail.Held]; receipts != want {
		t.Errorf("%d receipts, want %d", receipts, want)
	}
	mayWarn := c.Outcome == testmail.Held && c.Claimed != ""
	if neutral > 1 || neutral == 1 && !mayWarn {
		t.Errorf("%d neutral notices to %v", neutral, e.Answers)
	}
	if len(e.Notices) > 0 && c.Outcome != testmail.Accepted {
		t.Errorf("notices of what is not accepted: %v", e.Notices)
	}
}
