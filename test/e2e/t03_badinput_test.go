package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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

// dropped is one message put into the mailbox.
type dropped struct {
	c        *testmail.Case
	sentinel bool
}

// TestT03BadInputAmongGoodMail drops every case into the mailbox, each between
// good ones, and looks at everything that must and must not come of it.
func TestT03BadInputAmongGoodMail(t *testing.T) {
	w := world(t)
	h := newHouse(t, false, nil)
	centre := w.Person("nccis")
	nccis := newNode(t, "nccis", h.yaml(centre.Address()))
	nccis.start()

	var sent []dropped
	drop := func(c *testmail.Case, sentinel bool) {
		message, err := w.Message(c)
		if err != nil {
			t.Fatal(err)
		}
		h.send(message, centre.Address())
		sent = append(sent, dropped{c, sentinel})
	}
	dir := t.TempDir()
	for i, c := range testmail.Cases() {
		if len(c.After) > 0 { // what it hangs on must be decided, and explain must know of it
			nccis.settled(len(sent))
			e := explain(t, nccis, []string{writeCase(t, w, dir, c)})[0]
			if e.Outcome != string(c.Outcome) || e.Code != string(c.Code) {
				t.Errorf("explain of %s says %s %s (%s), want %s %s: %s", c.Name, e.Outcome, e.Code, e.Reason, c.Outcome, c.Code, c.Comment)
			}
		}
		drop(c, false)
		drop(testmail.Another(fmt.Sprintf("between-%d", i)), true)
	}
	nccis.settled(len(sent))
	numbers := judgeStore(t, nccis, sent)
	judgeFolders(t, h, centre, sent)
	judgeLetters(t, h, nccis, sent, numbers)

	var secrets []string
	for _, d := range sent {
		clear := strings.HasPrefix(d.c.Name, "plain-") || d.c.Name == "oversize"
		if !clear {
			secrets = append(secrets, d.c.Canary)
		}
	}
	toldWithoutPlaintext(t, h, nccis, secrets)
	nccis.close()
}

// stored is the row of one message in the store.
type stored struct{ state, code, participant, messageID, number string }

// storedFor finds the rows of what was sent, by Message-ID in order of arrival:
// a mail server may number deliveries in another order than they were made.
// What has no Message-ID in the store is told apart by its code.
func storedFor(t *testing.T, n *node, sent []dropped) []stored {
	t.Helper()
	rows := n.rows("SELECT state, code, participant, message_id, number FROM arrival ORDER BY id")
	if len(rows) != len(sent) {
		t.Fatalf("%d messages went in, %d stand in the store", len(sent), len(rows))
	}
	key := func(id, code string) string {
		if id == "" {
			return code
		}
		return id
	}
	byKey := map[string][]stored{}
	for _, r := range rows {
		k := key(r[3], r[1])
		byKey[k] = append(byKey[k], stored{r[0], r[1], r[2], r[3], r[4]})
	}
	out := make([]stored, len(sent))
	for i, d := range sent {
		k := d.c.MessageID
		if len(byKey[k]) == 0 {
			k = string(d.c.Code)
		}
		if len(byKey[k]) == 0 {
			t.Errorf("%s is not in the store", d.c.Name)
			continue
		}
		out[i], byKey[k] = byKey[k][0], byKey[k][1:]
	}
	return out
}

// judgeStore compares the store with the expectations and returns the numbers
// by place.
func judgeStore(t *testing.T, n *node, sent []dropped) []string {
	t.Helper()
	var numbers, accepted []string
	for i, s := range storedFor(t, n, sent) {
		c := sent[i].c
		if s.state != string(c.Outcome) || s.code != string(c.Code) {
			t.Errorf("%s became %s %s, want %s %s: %s", c.Name, s.state, s.code, c.Outcome, c.Code, c.Comment)
		}
		if s.participant != c.Participant {
			t.Errorf("%s is from %q, want %q", c.Name, s.participant, c.Participant)
		}
		prefix := map[testmail.Outcome]string{testmail.Accepted: "NCCIS-", testmail.Refused: "NCCIS-", testmail.Held: "H-"}[c.Outcome]
		if !strings.HasPrefix(s.number, prefix) || prefix == "" && s.number != "" {
			t.Errorf("%s has the number %q", c.Name, s.number)
		}
		numbers = append(numbers, s.number)
		if c.Outcome == testmail.Accepted {
			accepted = append(accepted, c.ReportID)
		}
	}
	withoutGaps(t, numbers)
	queued := queuedIDs(t, n)
	slices.Sort(accepted)
	if !slices.Equal(queued, accepted) {
		t.Errorf("the queue holds %v, want %v", queued, accepted)
	}
	return numbers
}

// queuedIDs lists the report ids in the queue, sorted.
func queuedIDs(t *testing.T, n *node) []string {
	t.Helper()
	var queued []string
	lines := json.NewDecoder(strings.NewReader(n.must("queue", "list", "--json")))
	for lines.More() {
		var r struct {
			ID string `json:"id"`
		}
		if err := lines.Decode(&r); err != nil {
			t.Fatal(err)
		}
		queued = append(queued, r.ID)
	}
	slices.Sort(queued)
	return queued
}

// withoutGaps checks that each series counts from 1 without a gap.
func withoutGaps(t *testing.T, numbers []string) {
	t.Helper()
	series := map[string][]int{}
	for _, number := range numbers {
		if number == "" {
			continue
		}
		cut := strings.LastIndexByte(number, '-')
		value, err := strconv.Atoi(number[cut+1:])
		if err != nil {
			t.Errorf("the number %q: %v", number, err)
		}
		series[number[:cut]] = append(series[number[:cut]], value)
	}
	for name, values := range series {
		slices.Sort(values)
		if values[0] != 1 || values[len(values)-1] != len(values) || len(slices.Compact(values)) != len(values) {
			t.Errorf("the series %s has gaps or repeats: %v", name, values)
		}
	}
}

// judgeFolders checks that every message lies in the folder of its fate.
func judgeFolders(t *testing.T, h *house, centre *testmail.Person, sent []dropped) {
	t.Helper()
	held := 0
	for _, d := range sent {
		if d.c.Outcome == testmail.Held {
			held++
		}
	}
	h.await(centre, "Held", held)
	h.await(centre, "Done", len(sent)-held)
	for folder, want := range map[string]int{"INBOX": 0, "Held": held, "Done": len(sent) - held} {
		if n := len(h.dovecot.Messages(t, centre.Address(), folder)); n != want {
			t.Errorf("%s holds %d messages, want %d", folder, n, want)
		}
	}
}

// judgeLetters opens everything that was sent and compares it with what had to
// be sent: a receipt for each answer, notices of accepted incidents only, and
// at most one neutral notice to each participant.
func judgeLetters(t *testing.T, h *house, n *node, sent []dropped, numbers []string) {
	t.Helper()
	w := world(t)
	receipts := map[string][]*letter{} // by participant and Message-ID answered
	for _, p := range w.People {
		if p.ID == testmail.SelfID {
			continue
		}
		neutral := 0
		for _, l := range h.letters(p, testmail.SelfID) {
			outerIsMute(t, l, w.Person(testmail.SelfID))
			noEcho(t, l, sent)
			switch {
			case l.field("kind") == "receipt":
				key := p.ID + " " + l.field("original_message_id")
				receipts[key] = append(receipts[key], l)
			case l.field("kind") == "notice" && p.ID == "knb":
			case l.card == nil:
				neutral++
			default:
				t.Errorf("%s got %v", p.ID, l.card)
			}
		}
		if neutral > 1 {
			t.Errorf("%s got %d neutral notices within the hour", p.ID, neutral)
		}
		if p.Kind == "" && len(h.dovecot.Messages(t, p.Address(), "INBOX")) > 0 {
			t.Errorf("the stranger %s got a letter", p.ID)
		}
	}
	matchReceipts(t, sent, numbers, receipts)
	incidents := n.count("SELECT count(*) FROM report WHERE kind = 'incident'")
	if got := len(h.dovecot.Messages(t, w.Person("knb").Address(), "INBOX")); got != incidents {
		t.Errorf("the national security body got %d notices of %d incidents", got, incidents)
	}
}

// noEcho: nothing but the notice of an accepted incident carries the sender's
// words, and what was not accepted is told to nobody.
func noEcho(t *testing.T, l *letter, sent []dropped) {
	t.Helper()
	for _, d := range sent {
		mayStand := l.field("kind") == "notice" && d.c.Outcome == testmail.Accepted
		if strings.Contains(string(l.plain), d.c.Canary) && !mayStand {
			t.Errorf("a letter of kind %q to %s echoes the text of %s", l.field("kind"), l.outer.Get("To"), d.c.Name)
		}
	}
}

func matchReceipts(t *testing.T, sent []dropped, numbers []string, receipts map[string][]*letter) {
	t.Helper()
	firstNumber := map[string]string{} // report id of an accepted one -> number
	for i, d := range sent {
		if d.c.Outcome == testmail.Held {
			continue
		}
		key := d.c.Participant + " " + d.c.MessageID
		var l *letter
		for j, candidate := range receipts[key] {
			if candidate.field("verdict") == string(d.c.Outcome) {
				l = candidate
				receipts[key] = slices.Delete(receipts[key], j, j+1)
				break
			}
		}
		if l == nil {
			t.Errorf("%s: no receipt with the verdict %s answers it", d.c.Name, d.c.Outcome)
			continue
		}
		want := numbers[i]
		switch d.c.Outcome {
		case testmail.Accepted:
			if _, known := firstNumber[d.c.ReportID]; !known {
				firstNumber[d.c.ReportID] = want
			}
		case testmail.Duplicate:
			want = firstNumber[d.c.ReportID]
			if l.field("first_verdict") != "accepted" {
				t.Errorf("%s: the first verdict is told as %q", d.c.Name, l.field("first_verdict"))
			}
		}
		if l.field("number") != want || l.field("code") != string(d.c.Code) {
			t.Errorf("%s: the receipt says %s %s, want %s %s", d.c.Name, l.field("number"), l.field("code"), want, d.c.Code)
		}
		timesInOrder(t, d.c.Name, l)
	}
	for key, left := range receipts {
		if len(left) > 0 {
			t.Errorf("%d receipts too many to %s", len(left), key)
		}
	}
}

// timesInOrder: received, then decided, both told with their zone.
func timesInOrder(t *testing.T, name string, l *letter) {
	t.Helper()
	received, err := time.Parse(time.RFC3339Nano, l.field("received_at"))
	if err != nil {
		t.Errorf("%s: received_at: %v", name, err)
	}
	decided, err := time.Parse(time.RFC3339Nano, l.field("decided_at"))
	if err != nil || decided.Before(received.Truncate(time.Second)) {
		t.Errorf("%s: decided at %v, received at %v: %v", name, decided, received, err)
	}
}
