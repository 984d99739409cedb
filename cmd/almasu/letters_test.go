package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

// TestLettersShowHowFarTheyHaveCome: waiting, bounced, answered by a machine,
// late; in the list, for one letter, and beside the report.
func TestLettersShowHowFarTheyHaveCome(t *testing.T) {
	s := newSite(t, "soc", "soc-alfa", nil, time.Now())
	c, err := s.g.load()
	if err != nil {
		t.Fatal(err)
	}
	store, err := openStore(t.Context(), c, false, s.g.Now)
	if err != nil {
		t.Fatal(err)
	}
	submit := func(id string, due time.Duration) exchange.Letter {
		p, err := store.Commit(t.Context(), exchange.Decision{Participant: "soc-alfa",
			Reports: []exchange.StoredReport{{Participant: "soc-alfa", Outgoing: true, Kind: exchange.Incident, Key: exchange.Key{ID: id, Revision: 1}, Format: exchange.CardJSON, Document: []byte("{}")}},
			Letters: []exchange.Letter{{Kind: exchange.LetterReport, To: "nccis", Address: "exchange@nccis.example", MessageID: "<" + id + "@soc-alfa.example>", Message: []byte("x"),
				Clause: "9", WantsReceipt: true, Expires: s.g.Now().Add(time.Hour)}},
			Deadlines: []exchange.Deadline{{Clause: "9", At: s.g.Now().Add(due)}}})
		if err != nil {
			t.Fatal(err)
		}
		l, err := store.Letters(t.Context(), queue.LetterFilter{Report: p[0]})
		if err != nil || len(l) != 1 {
			t.Fatalf("%v %v", l, err)
		}
		return l[0]
	}
	bounced := submit("r-bounced", 10*time.Minute)
	submit("r-late", -time.Minute)
	submit("r-fresh", 10*time.Minute)
	l, lease, err := store.LeaseLetter(t.Context(), "test", time.Minute)
	if err != nil || l.ID != bounced.ID {
		t.Fatalf("%+v %v", l, err)
	}
	if err := store.Sent(t.Context(), l.ID, lease, exchange.Attempt{Outcome: exchange.OutcomeSent, At: s.g.Now(), Relay: "relay.example:25", Code: 250}); err != nil {
		t.Fatal(err)
	}
	_, err = store.Commit(t.Context(), exchange.Decision{
		Hints:  []exchange.Hint{{Letter: bounced.ID, Action: "failed", Class: "hard", Status: "5.1.1", Address: "exchange@nccis.example", Dialect: "exim", Text: "550 unknown"}},
		Events: []exchange.Event{{Name: queue.ReplyEvent, Object: fmt.Sprintf("letter:%d", bounced.ID)}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want []string
		not  string
	}{
		{[]string{"list"}, []string{"nccis: sent, refused", "nccis: waiting, overdue", "nccis: waiting, waiting"}, ""},
		{[]string{"list", "--track", "overdue"}, []string{"waiting, overdue"}, "refused"},
		{[]string{"show", fmt.Sprint(bounced.ID)}, []string{"sent, refused", "failed hard 5.1.1 exchange@nccis.example 550 unknown (delivery report, exim)", "reply (automatic)"}, ""},
	} {
		out := s.must(t, newLettersCommand, test.args...)
		for _, want := range test.want {
			if !strings.Contains(out, want) {
				t.Errorf("%v: no %q in\n%s", test.args, want, out)
			}
		}
		if test.not != "" && strings.Contains(out, test.not) {
			t.Errorf("%v: %q in\n%s", test.args, test.not, out)
		}
	}
	if out := s.must(t, newStatusCommand, "r-bounced"); !strings.Contains(out, "to nccis: sent, refused") || !strings.Contains(out, "delivery report: failed") {
		t.Errorf("status: %s", out)
	}
	s.g.JSON = true
	var shown struct {
		Track string
		Hints []hintStatus
	}
	if err := json.Unmarshal([]byte(s.must(t, newLettersCommand, "show", fmt.Sprint(bounced.ID))), &shown); err != nil || shown.Track != "refused" || len(shown.Hints) != 2 || shown.Hints[0].Class != "hard" {
		t.Errorf("%+v %v", shown, err)
	}
}
