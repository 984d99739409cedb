package main

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/gateway"
	"almasu/internal/catalogue"
	"almasu/internal/testpeer"
	"almasu/queue"
)

// postman takes every letter as a relay outside our control does.
type postman struct {
	mu      sync.Mutex
	now     func() time.Time
	letters []exchange.Letter
}

// Send implements gateway.Sender.
func (p *postman) Send(_ context.Context, l exchange.Letter) []exchange.Attempt {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters = append(p.letters, l)
	return []exchange.Attempt{{Outcome: exchange.OutcomeSent, At: p.now(), Relay: "relay", Outside: true, Code: 250}}
}

// carry lets a site send what it has to send and the other one judge it.
func carry(t *testing.T, from, to *site, until ...func([]exchange.Duty) bool) {
	t.Helper()
	now := from.g.Now().Add(time.Minute) // what was leased while a message was judged comes back
	from.g.Now = func() time.Time { return now }
	c, store, err := from.g.openStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	w, err := worldOf(t.Context(), c, store)
	if err != nil {
		t.Fatal(err)
	}
	p := &postman{now: from.g.Now}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		gateway.New(store, p, w, gateway.Limits{Workers: 1}, from.g.Now, discard()).Run(ctx)
		close(ended)
	}()
	testpeer.Until(t, time.Minute, "nothing to wait to be sent", func(ctx context.Context) bool {
		waiting, err := store.Letters(ctx, queue.LetterFilter{State: exchange.LetterWaiting})
		duties, dutiesErr := store.Duties(ctx, queue.DutyFilter{})
		done := err == nil && dutiesErr == nil && len(waiting) == 0
		for _, f := range until {
			done = done && f(duties)
		}
		return done
	})
	stop()
	<-ended
	for _, l := range p.letters {
		if l.Address == "exchange@"+to.id()+".example" {
			judged(t, to, l.Message)
		}
	}
}

func (s *site) id() string {
	return strings.TrimSuffix(s.dir[strings.LastIndexByte(s.dir, '/')+1:], "/")
}

// at moves the clocks of sites.
func at(moment string, sites ...*site) {
	now, err := time.Parse(time.RFC3339, moment)
	if err != nil {
		panic(err)
	}
	for _, s := range sites {
		s.g.Now = func() time.Time { return now }
	}
}

// handIn submits an example incident under an id, without measures.
func handIn(t *testing.T, soc *site, id string) {
	t.Helper()
	var card map[string]any
	if err := json.Unmarshal([]byte(soc.must(t, newExampleCommand, "incident", "--reporter", "soc-alfa")), &card); err != nil {
		t.Fatal(err)
	}
	card["report_id"], card["incident_id"] = id, id
	delete(card, "measures")
	body, _ := json.Marshal(card)
	put(t, soc.path(id+".json"), string(body))
	soc.must(t, newSubmitCommand, soc.path(id+".json"))
}

func contains(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in\n%s", w, text)
		}
	}
	if strings.Contains(text, "duty.") {
		t.Errorf("a text is missing in\n%s", text)
	}
}

// The duties of a quarter as people do them: the SOC looks at its report,
// completes, approves and sends it, confirms and changes its contact data; the
// NCCIS looks at the board.
func TestAQuarterAsPeopleDoIt(t *testing.T) {
	began := time.Date(2026, 8, 31, 10, 0, 0, 0, time.FixedZone("", 5*3600))
	nccis, soc := newSite(t, "nccis", "nccis", nil, began), newSite(t, "soc", "soc-alfa", nil, began)
	soc.must(t, newParticipantsCommand, "add", nccis.card())
	nccis.must(t, newParticipantsCommand, "add", soc.card())
	put(t, nccis.path("participants", "soc-beta.yaml"), "id: soc-beta\nkind: soc\naddresses: [a@soc-beta.example]\nphone: \"+77010000002\"\n")
	handIn(t, soc, "INC-1")
	carry(t, soc, nccis)

	at("2026-10-02T10:00:00+05:00", nccis, soc)
	carry(t, nccis, soc, func(d []exchange.Duty) bool { return len(d) == 4 }) // the calendar has taken them up
	for language, want := range map[string][]string{
		"en": {"Q3 2026: not delivered yet; due not later than 9 October 2026", "Incidents registered: 1", "INC-1: the measures applied", "Nobody has approved"},
		"ru": {"III квартал 2026 года: ещё не направлено; срок: не позднее 9 октября 2026 года", "Зарегистрировано инцидентов: 1", "принятые меры", "Ещё никем"},
		"kk": {"2026 жылғы 3-тоқсан: әлі жіберілген жоқ; мерзімі: 2026 жылғы 9 қазаннан кешіктірмей", "Тіркелген оқыс оқиғалар (инциденттер): 1", "қолданылған шаралар", "Әлі ешкім"},
	} {
		soc.g.Language = language
		contains(t, soc.must(t, newQuarterlyCommand, "show"), want...)
	}
	soc.g.Language = "en"
	if err := soc.do(newQuarterlyCommand, "approve"); err == nil || !strings.Contains(err.Error(), "not complete") {
		t.Errorf("approved: %v", err)
	}
	if err := soc.do(newQuarterlyCommand, "decline"); err == nil || !strings.Contains(err.Error(), "--reason") {
		t.Errorf("declined without a reason: %v", err)
	}
	soc.must(t, newQuarterlyCommand, "decline", "2026-Q3", "--reason", "measures of INC-1")
	contains(t, soc.must(t, newQuarterlyCommand, "show"), "Declined by "+osUser(), "measures of INC-1")
	for _, wrong := range [][]string{{"complete", "INC-9", "--measures", "x"}, {"complete", "INC-1"}, {"complete", "INC-1", "--status", "gone"}, {"show", "2026-3"}, {"approve", "2026-Q4"}} {
		if err := soc.do(newQuarterlyCommand, wrong...); err == nil {
			t.Errorf("%v succeeded:\n%s", wrong, soc.out.String())
		}
	}
	soc.must(t, newQuarterlyCommand, "complete", "INC-1", "--measures", "the filter was tightened", "--status", "resolved")
	contains(t, soc.must(t, newQuarterlyCommand, "approve", "--approver", "Dana Omarova"), "Dana Omarova", "quarterly-2026-Q3 revision 1", "clause 18: due 2026-10-10 23:59:59")
	carry(t, soc, nccis)
	carry(t, nccis, soc)
	contains(t, soc.must(t, newQuarterlyCommand, "show"), "delivered in time", "the filter was tightened", "Approved by", "receipt: accepted, number NCCIS-2026-")
	if err := soc.do(newQuarterlyCommand, "approve"); err == nil || !strings.Contains(err.Error(), "sent as it is") {
		t.Errorf("approved twice: %v", err)
	}
	soc.must(t, newQuarterlyCommand, "complete", "INC-1", "--cause", "a mail")
	contains(t, soc.must(t, newQuarterlyCommand, "show"), "It has changed since")

	contactData(t, nccis, soc)
	board(t, nccis, soc)
	soc.g.JSON = true
	var v quarterlyView
	if err := json.Unmarshal([]byte(soc.must(t, newQuarterlyCommand, "show")), &v); err != nil || v.State != "met" || v.Sent == nil || !v.Changed || v.Decision.What != "approved" || len(v.Incidents) != 1 {
		t.Errorf("%+v %v", v, err)
	}
}

func contactData(t *testing.T, nccis, soc *site) {
	t.Helper()
	contains(t, soc.must(t, newContactCommand, "show"), "No contact card was sent yet", "not delivered yet", "almasu contact confirm 2026-Q4")
	if err := soc.do(newContactCommand, "confirm"); err == nil || !strings.Contains(err.Error(), "identity.phone") {
		t.Errorf("confirmed without a telephone: %v", err)
	}
	contains(t, soc.must(t, newContactCommand, "change", "--phone", "+77012345678", "--duty", "night shift", "--reason", "moved"), "clause 17: due 2026-10-02 10:1")
	contains(t, soc.must(t, newContactCommand, "confirm"), "Q4 2026", "clause 17: due 2026-10-10 23:59:59")
	if err := soc.do(newContactCommand, "change"); err == nil || !strings.Contains(err.Error(), "nothing differs") {
		t.Errorf("changed nothing: %v", err)
	}
	if err := soc.do(newContactCommand, "confirm", "2027-Q4"); err == nil {
		t.Error("confirmed a quarter of next year")
	}
	config, err := os.ReadFile(soc.path("almasu.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, soc.path("almasu.yaml"), strings.Replace(string(config), "identity:\n", "identity:\n  phone: \"+77019999999\"\n", 1))
	contains(t, soc.must(t, newContactCommand, "show"), "night shift", "The configuration says something else (phone)")
	if lines, _ := soc.checks(t); find(lines, levelWarn, "other contact data than the configuration says: phone") == nil {
		t.Errorf("check says nothing of it: %+v", lines)
	}
	contains(t, soc.must(t, newContactCommand, "change"), "clause 17: due 2026-10-02 10:1")
	carry(t, soc, nccis)
	carry(t, nccis, soc)
	contains(t, soc.must(t, newContactCommand, "show"), "delivered in time", "+77019999999", "receipt: accepted")
	if err := nccis.do(newContactCommand, "show"); err == nil {
		t.Error("the NCCIS has contact data of clause 17")
	}
}

func board(t *testing.T, nccis, soc *site) {
	t.Helper()
	at("2026-10-11T09:00:00+05:00", nccis)
	carry(t, nccis, soc, func(all []exchange.Duty) bool {
		told := 0
		for _, d := range all {
			if d.State == exchange.DeadlineMissed && d.ToldAt.After(d.At) {
				told++
			}
		}
		return told == 2
	})
	contains(t, nccis.must(t, newBoardCommand, []string{}...), "Contact data (clause 17), Q4 2026", "soc-beta: OVERDUE, not delivered, reminded 2026-10-11 09:00, telephone +77010000002",
		"soc-alfa: delivered in time, 2026-10-02 10:0")
	contains(t, nccis.must(t, newStatusCommand, []string{}...), "duties overdue: 2")
	if lines, _ := nccis.checks(t); find(lines, levelWarn, "overdue (clauses 17 and 18): 2") == nil {
		t.Errorf("check says nothing of it: %+v", lines)
	}
	contains(t, nccis.must(t, newBoardCommand, "show", "soc-alfa"), "1 incidents", "is in the report")
	contains(t, nccis.must(t, newBoardCommand, "show", "soc-beta"), "no quarterly report")
	if err := nccis.do(newBoardCommand, "waive", "soc-beta", "17", "2026-Q4"); err == nil {
		t.Error("waived without a reason")
	}
	nccis.must(t, newBoardCommand, "waive", "soc-beta", "17", "2026-Q4", "--reason", "new in the register")
	nccis.g.JSON = true
	var rows []boardView
	if err := json.Unmarshal([]byte(nccis.must(t, newBoardCommand, []string{}...)), &rows); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range rows {
		got[r.Participant+" "+r.Clause] = r.State
	}
	if len(rows) != 4 || got["soc-alfa 17"] != "met" || got["soc-alfa 18"] != "met" || got["soc-beta 17"] != "waived" || got["soc-beta 18"] != "overdue" {
		t.Errorf("%v", got)
	}
	if err := json.Unmarshal([]byte(nccis.must(t, newBoardCommand, "--quarter", "2026-Q3")), &rows); err != nil || len(rows) != 4 || rows[0].Quarter != "2026-Q3" {
		t.Errorf("%+v %v", rows, err)
	}
}

// Every text these commands ask for is there.
func TestTextsOfDuties(t *testing.T) {
	key := regexp.MustCompile(`(?:d|o)\.(?:say|text)\("([a-z0-9.-]+)"[,)]`)
	for _, file := range []string{"duty.go", "quarterly.go", "quarterly_view.go", "contact.go", "board.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(source), -1) {
			if !catalogue.Has("duty." + m[1]) {
				t.Errorf("%s: no text %s", file, m[1])
			}
		}
	}
	for _, state := range []string{"not-yet", "open", "met", "disputable", "overdue", "late", "waived", "unwatched"} {
		if !catalogue.Has("duty.state." + state) {
			t.Errorf("no text for the state %s", state)
		}
	}
	for _, tr := range exchange.LetterTransitions() {
		if !catalogue.Has("duty.letter." + tr.To) {
			t.Errorf("no text for a letter that is %s", tr.To)
		}
	}
}
