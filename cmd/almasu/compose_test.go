package main

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/config"
	"almasu/exchange"
	"almasu/queue"
)

// composingSOC is a SOC that knows the NCCIS, without its gateway running.
func composingSOC(t *testing.T, language string) *site {
	t.Helper()
	now := time.Now().Truncate(time.Second)
	soc, nccis := newSite(t, "soc", "soc-alfa", nil, now), newSite(t, "nccis", "nccis", nil, now)
	soc.must(t, newParticipantsCommand, "add", nccis.card())
	soc.g.Language = language
	return soc
}

// answers puts lines on the standard input.
func (s *site) answers(lines ...string) {
	s.err.Reset()
	s.g.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
}

// sent are the cards of the report's revisions as they were submitted.
func (s *site) sent(t *testing.T, id string) (cards []map[string]any) {
	t.Helper()
	_, store, err := s.g.openStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	reports, err := store.Reports(t.Context(), queue.ReportFilter{ID: id, Outgoing: true, Document: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		var card map[string]any
		if err := json.Unmarshal(r.Document, &card); err != nil {
			t.Fatalf("%v: %s", err, r.Document)
		}
		cards = append(cards, card)
	}
	return cards
}

// TestComposeAnIncidentAndItsUpdate walks the talk in each language, with the
// mistakes a hurried person makes.
func TestComposeAnIncidentAndItsUpdate(t *testing.T) {
	for language, words := range map[string]struct {
		class, severity, bad, yes, label, due, status string
	}{
		"kk": {"фишинг", "жоғары", "ауыр", "иә", "Маңыздылығы", "9-тармақ бойынша мерзім", "шешілді"},
		"ru": {"фишинг", "высокая", "ужасная", "да", "Критичность", "Срок по пункту 9", "решён"},
		"en": {"phishing", "high", "terrible", "yes", "Severity", "Due under clause 9", "resolved"},
	} {
		t.Run(language, func(t *testing.T) {
			s := composingSOC(t, language)
			s.g.JSON = true
			at := func(ago time.Duration) string {
				c, err := s.g.load()
				if err != nil {
					t.Fatal(err)
				}
				return s.g.Now().Add(-ago).In(c.Zone).Format("2006-01-02 15:04")
			}
			s.answers("", "yesterday", at(10*time.Minute), at(time.Hour), "", words.class, words.bad, words.severity, "10.1", "", "A letter", "in our name", "", "",
				"198.51.100.300", "198.51.100[.]7", "", "+77172000000", words.yes)
			s.must(t, newSubmitCommand)
			out := s.err.String()
			var made submitted
			if err := json.Unmarshal(s.out.Bytes(), &made); err != nil {
				t.Fatalf("%v\n%s", err, s.out.String())
			}
			for _, want := range []string{words.label, words.due, "A letter", "--watch", "RFC 3339"} {
				if !strings.Contains(out, want) {
					t.Errorf("the talk does not say %q:\n%s", want, out)
				}
			}
			cards := s.sent(t, made.ID)
			if len(cards) != 1 || cards[0]["severity"] != "high" || cards[0]["summary"] != "A letter\nin our name" || cards[0]["incident_id"] != made.ID ||
				cards[0]["language"] != language || cards[0]["contact"].(map[string]any)["phone"] != "+77172000000" {
				t.Fatalf("sent %v\n%s", cards, out)
			}

			s.answers("", "", "", "", "", "", "", "", "", words.status, at(time.Minute)+" cut off", "", "", "", words.yes)
			s.must(t, newSubmitCommand, "--update", made.ID)
			cards = s.sent(t, made.ID)
			if len(cards) != 2 {
				t.Fatalf("%d revisions\n%s", len(cards), s.err.String())
			}
			next := cards[1]
			if next["revision"] != float64(2) || next["incident_id"] != made.ID || next["status"] != "resolved" || next["summary"] != cards[0]["summary"] ||
				next["contact"].(map[string]any)["phone"] != "+77172000000" || len(next["sources"].([]any)) != 1 || len(next["actions_taken"].([]any)) != 1 {
				t.Errorf("the update is %v", next)
			}
			if !strings.Contains(s.err.String(), "["+words.class+"]") {
				t.Errorf("the update does not show what stands:\n%s", s.err.String())
			}
		})
	}
}

// TestComposeAndThinkBetter: whatever ends the talk early, nothing is sent.
func TestComposeAndThinkBetter(t *testing.T) {
	s := composingSOC(t, "en")
	at := s.g.Now().UTC().Add(-5 * time.Minute).Format(time.RFC3339)
	whole := []string{"title", "description", "", at, "", "", "", "", "", "no"}
	for name, test := range map[string]struct {
		args  []string
		lines []string
		want  string
	}{
		"no":              {[]string{"--kind", "vulnerability"}, whole, ""},
		"the input ends":  {[]string{"--kind", "vulnerability"}, whole[:3], "Nothing was sent"},
		"an unknown kind": {[]string{"--kind", "quarterly"}, nil, "not put together here"},
		"an unknown id":   {[]string{"--update", "r-404"}, nil, "r-404"},
	} {
		s.answers(test.lines...)
		err := s.do(newSubmitCommand, test.args...)
		if err == nil || test.want == "" && !errors.Is(err, errFailed) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v\n%s", name, err, s.err.String())
		}
	}
	if cards := s.sent(t, ""); len(cards) != 0 {
		t.Errorf("sent %v", cards)
	}
	s.answers(append(whole[:len(whole)-1], "yes")...)
	s.must(t, newSubmitCommand, "--kind", "vulnerability")
	if cards := s.sent(t, ""); len(cards) != 1 || cards[0]["kind"] != string(exchange.Vulnerability) {
		t.Errorf("sent %v", cards)
	}
}

// exampleSent is a SOC that has submitted an example.
func exampleSent(t *testing.T) (*site, submitted) {
	t.Helper()
	s := composingSOC(t, "en")
	put(t, s.path("r.json"), s.must(t, newExampleCommand, "incident", "--reporter", "soc-alfa"))
	s.g.JSON = true
	s.must(t, newSubmitCommand, s.path("r.json"))
	var made submitted
	if err := json.Unmarshal(s.out.Bytes(), &made); err != nil {
		t.Fatal(err)
	}
	return s, made
}

// TestComposeAsksForTheUpdate: without flags the reports last sent are offered.
func TestComposeAsksForTheUpdate(t *testing.T) {
	s, made := exampleSent(t)
	s.answers(append([]string{made.ID}, append(make([]string, 13), "yes")...)...)
	s.must(t, newSubmitCommand)
	if cards := s.sent(t, made.ID); len(cards) != 2 || cards[1]["revision"] != float64(2) || cards[1]["incident_id"] != cards[0]["incident_id"] ||
		len(cards[1]["objects"].([]any)) != len(cards[0]["objects"].([]any)) {
		t.Errorf("sent %v\n%s", cards, s.err.String())
	}
}

// TestWatchSaysHowLongIsLeft: the line of a report that waits, and of one that
// is late.
func TestWatchSaysHowLongIsLeft(t *testing.T) {
	s, made := exampleSent(t)
	_, store, err := s.g.openStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for _, test := range []struct {
		later              time.Duration
		language, want     string
		accepted, finished bool
	}{
		{0, "en", made.ID + " r1; nccis: waiting to be sent; 9m0s left under clause 9", false, false},
		{8 * time.Minute, "ru", made.ID + " r1; nccis: ждёт отправки; по пункту 9 осталось 1m0s", false, false},
		{12 * time.Minute, "en", made.ID + " r1; nccis: overdue, no receipt; 11m0s late under clause 9", false, false},
	} {
		s.at(test.later)
		got, err := watched(t.Context(), s.g, store, made.ID, test.language)
		if err != nil || got.line() != test.want || got.accepted != test.accepted || got.step.Settled() != test.finished {
			t.Errorf("after %v: %q %+v %v", test.later, got.line(), got, err)
		}
	}
	if err := watch(t.Context(), s.g, &config.Config{Language: exchange.English}, store, "r-404", time.Hour); err == nil || !strings.Contains(err.Error(), "r-404") {
		t.Errorf("an unknown report: %v", err)
	}
}

// TestComposeAtTheNCCIS: it is asked for whom it writes.
func TestComposeAtTheNCCIS(t *testing.T) {
	now := time.Now()
	nccis, soc := newSite(t, "nccis", "nccis", nil, now), newSite(t, "soc", "soc-alfa", nil, now)
	nccis.must(t, newParticipantsCommand, "add", soc.card())
	nccis.answers("request", "soc-404", "soc-alfa", "10.4", "logs", "send them", "", "", "yes")
	nccis.must(t, newSubmitCommand)
	if !strings.Contains(nccis.out.String(), "to soc-alfa: waiting") || strings.Contains(nccis.err.String(), "incident") {
		t.Errorf("%s\n%s", nccis.out.String(), nccis.err.String())
	}
}

// TestComposeSlowly: what happened while the person was asked is not in the
// future.
func TestComposeSlowly(t *testing.T) {
	s := composingSOC(t, "en")
	var mu sync.Mutex
	now := s.g.Now()
	s.g.Now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(7 * time.Minute)
		return now
	}
	s.answers("", now.UTC().Format(time.RFC3339), "", "phishing", "low", "10.1", "slow", "", "", "", "", "+77172000000", "yes")
	s.must(t, newSubmitCommand)
	if cards := s.sent(t, ""); len(cards) != 1 {
		t.Errorf("sent %v\n%s", cards, s.err.String())
	}
}
