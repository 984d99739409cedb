package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"almasu/internal/testmail"
)

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
