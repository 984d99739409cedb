package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/gateway"
	"almasu/mailin"
	"almasu/queue"
)

// silent is a relay that is never there.
type silent struct{}

func (silent) Send(context.Context, exchange.Letter) []exchange.Attempt { return nil }

// judged takes a SOC's letter in at the NCCIS and waits until it is decided.
func judged(t *testing.T, nccis *site, message []byte) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	c, store, err := nccis.g.openStore(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	w, err := worldOf(ctx, c, store)
	if err != nil {
		t.Fatal(err)
	}
	gw := gateway.New(store, silent{}, w, gateway.Limits{Workers: 1}, nccis.g.Now, discard())
	in := mailin.Incoming{Source: exchange.Source{Via: "import", Mailbox: "test"}, ReceivedAt: nccis.g.Now(), Size: int64(len(message)), Body: strings.NewReader(string(message))}
	if err := gw.Accept(ctx, in); err != nil {
		t.Fatal(err)
	}
	decided, done := gw.Decided(), make(chan error)
	go func() { done <- gw.Run(ctx) }()
	<-decided
	stop()
	<-done
}

func TestHeldConfirmChangeDecline(t *testing.T) {
	now := time.Now()
	nccis, soc := newSite(t, "nccis", "nccis", nil, now), newSite(t, "soc", "soc-alfa", nil, now)
	soc.must(t, newParticipantsCommand, "add", nccis.card())
	nccis.must(t, newParticipantsCommand, "add", soc.card())
	put(t, nccis.path("participants", "prosecutor.yaml"), "id: prosecutor\nkind: prosecution\naddresses: [a@prosecutor.example]\n")
	put(t, nccis.path("participants", "police.yaml"), "id: police\nkind: internal-affairs\naddresses: [a@police.example]\n")
	for _, id := range []string{"one", "two", "three"} {
		example := soc.must(t, newExampleCommand, "incident", "--reporter", "soc-alfa")
		var card map[string]any
		if err := json.Unmarshal([]byte(example), &card); err != nil {
			t.Fatal(err)
		}
		card["report_id"], card["law_violations"], card["addressee"] = id, []any{map[string]any{"field": "prosecution"}}, "nccis"
		body, _ := json.Marshal(card)
		put(t, soc.path(id+".json"), string(body))
		soc.must(t, newSubmitCommand, soc.path(id+".json"))
	}
	_, store, err := soc.g.openStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	letters, err := store.Letters(t.Context(), queue.LetterFilter{Kind: exchange.LetterReport})
	if err != nil || len(letters) != 3 {
		t.Fatalf("%d letters, %v", len(letters), err)
	}
	for _, l := range letters {
		whole, err := store.Letter(t.Context(), l.ID)
		if err != nil {
			t.Fatal(err)
		}
		judged(t, nccis, whole.Message)
	}
	store.Close()
	list := nccis.must(t, newHeldCommand, "list")
	if strings.Count(list, "needs-person") != 3 || !strings.Contains(list, "tell prosecutor under clause 12.5 (rule-asks-for-a-person)?") {
		t.Fatalf("list says %s", list)
	}
	if text := nccis.must(t, newHeldCommand, "confirm", "NCCIS-"+now.Format("2006")+"-000001"); !strings.Contains(text, "goes to prosecutor under clause 12.5") {
		t.Errorf("confirm says %s", text)
	}
	if text := nccis.must(t, newHeldCommand, "change", "2", "--to", "police", "--reason", "theirs"); !strings.Contains(text, "goes to police under clause 12.6") {
		t.Errorf("change says %s", text)
	}
	if err := nccis.do(newHeldCommand, "decline", "3"); err == nil || !strings.Contains(err.Error(), "--reason") {
		t.Errorf("declined without a reason: %v", err)
	}
	nccis.must(t, newHeldCommand, "decline", "3", "--reason", "none")
	if list := nccis.must(t, newHeldCommand, "list"); strings.TrimSpace(list) != "" {
		t.Errorf("still waits: %s", list)
	}
	// replay: under rules of one's own the police would have been asked about too
	put(t, nccis.path("other.yaml"), "rules: [{id: p, clause: \"12.6\", kinds: [incident], when: \"true\", tell: [internal-affairs], part: whole, confirm: true}]\n")
	text := nccis.must(t, newReplayCommand, "--since", now.AddDate(0, 0, -1).Format(time.DateOnly), "--rules", nccis.path("other.yaml"))
	if strings.Count(text, "  + police 12.6 whole proposed\n") != 3 || strings.Count(text, "  - prosecutor 12.5 whole proposed\n") != 3 {
		t.Errorf("replay says %s", text)
	}
	if text := nccis.must(t, newReplayCommand, "--since", now.AddDate(0, 0, 1).Format(time.DateOnly), "--rules", nccis.path("other.yaml")); text != "" {
		t.Errorf("replay of tomorrow says %s", text)
	}
}
