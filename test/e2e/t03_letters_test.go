package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/internal/testmail"
)

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
