package rules

import (
	"encoding/json"
	"strings"
	"testing"

	"almasu/exchange"
)

func TestExplainListsEveryRuleAndWhy(t *testing.T) {
	reg, people := town(t, exchange.KindNCCIS)
	r := incident("", func(in *exchange.IncidentBody) {
		in.Concerns, in.Violations = []string{"soc-beta", "bank"}, []exchange.Violation{{Field: "prosecution"}}
	})
	d := Default(reg).Decide(Case{Reports: []*exchange.Report{r}, From: people["soc-alfa"], At: moment()})
	want := map[string]string{
		"report-in-15-minutes":           "true always",
		"forward-what-concerns":          "false it is a rule of role soc",
		"soc-concerned":                  "true may_affect_operability is true; 1 proposed, TLP:AMBER+STRICT stops it until a person confirms",
		"national-security-bodies":       "true always; 2 told",
		"violation-information-security": "false violations is [prosecution]",
		"violation-informatisation":      "false violations is [prosecution]",
		"violation-prosecution":          "true violations is [prosecution]; 1 proposed, a person must confirm",
		"violation-internal-affairs":     "false violations is [prosecution]",
	}
	all := d.Considered()
	if len(all) != len(want) {
		t.Errorf("%d rules, want %d", len(all), len(want))
	}
	for _, c := range all {
		got := "false "
		if c.Matched {
			got = "true "
		}
		if got += c.Why; got != want[c.Rule.ID] || c.Report != "r-1" {
			t.Errorf("%s: %s\nwant %s", c.Rule.ID, got, want[c.Rule.ID])
		}
	}
	if len(Decision{}.Considered()) != 0 {
		t.Error("no decision has nothing to explain")
	}
}

func TestExplainSaysWhyNobodyIsTold(t *testing.T) {
	reg, people := town(t, exchange.KindNCCIS)
	e := engine(t, reg, `
rules:
  - {id: kind, clause: "12.1", kinds: [threat], when: "true", tell: [soc], part: headline}
  - {id: edition, clause: "12.1", kinds: [incident], when: "true", until: "2021-05-12", tell: [soc], part: headline}
  - {id: nobody, clause: "12.1", kinds: [incident], when: "true", tell: [soc], part: concerning}
  - {id: label, clause: "12.1", kinds: [incident], when: severity == "", tell: [soc], part: headline}
  - {id: none, clause: "12.1", kinds: [incident], when: "true", tell: [own-unit], part: headline}
  - {id: broken, clause: "12.1", kinds: [incident], when: 'violations[3] == "other"', tell: [soc], part: headline}
`)
	d := e.Decide(Case{Reports: []*exchange.Report{incident(exchange.TLPAmber, nil)}, From: people["soc-alfa"], At: moment()})
	want := map[string]string{
		"kind":    "it is about [threat], not incident",
		"edition": "it is not in the edition in force, 2023-03-31",
		"nobody":  "always; it concerns none of them",
		"label":   `severity is ""; 3 not told, TLP:AMBER does not reach them`,
		"none":    "always; 1 not told, TLP:AMBER does not reach them",
		"broken":  `its condition cannot be worked out for this report: violations[3] == "other"`,
	}
	for _, c := range d.Considered() {
		if c.Matched || c.Why != want[c.Rule.ID] {
			t.Errorf("%s: %t %s\nwant %s", c.Rule.ID, c.Matched, c.Why, want[c.Rule.ID])
		}
	}
	if len(d.Notices)+len(d.Proposals) != 0 {
		t.Errorf("told %v", told(d))
	}
}

// Every fact of the page can be used, and says what it says there.
func TestFacts(t *testing.T) {
	reg, people := town(t, exchange.KindNCCIS)
	r := incident(exchange.TLPGreen, func(in *exchange.IncidentBody) {
		in.Class, in.Severity, in.Occasion, in.Status = exchange.Class{RSIT: "fraud/phishing", National: "F1"}, exchange.High, "10.2", "new"
		in.Victim = &exchange.Organisation{BIN: "555555555555", Sector: "energy", Critical: true}
		in.Impact = &exchange.Impact{PersonalData: true, UsersAffected: 7, DowntimeMinutes: 9}
		in.HelpRequested = "please"
	})
	r.Language = exchange.Kazakh
	conditions := []string{`kind == "incident"`, `about == "incident"`, `role == "nccis"`, `sender == "soc-alfa"`, `"soc" in sender_kinds`, `concerned == 1`,
		`tlp == "TLP:GREEN"`, `marked`, `language == "kk"`, `class == "fraud/phishing"`, `class_group == "fraud"`, `national_class == "F1"`,
		`severity == "high"`, `status == "new"`, `occasion == "10.2"`, `clause == ""`, `may_affect_operability`, `critical`, `personal_data`,
		`users_affected == 7`, `downtime_minutes == 9`, `help_requested`, `len(violations) == 0`, `"energy" in sectors`, `"555555555555" in bins`,
		`cve == nil`, `cvss == 0`, `exploit_known == ""`, `exploited_here == ""`, `minutes_since_confirmation == 0`}
	if len(conditions) != len(factNames()) {
		t.Errorf("%d conditions for %d facts", len(conditions), len(factNames()))
	}
	for i, when := range conditions {
		text, _ := json.Marshal(when)
		e := engine(t, reg, `rules: [{id: one, clause: "9", kinds: [incident], due: 1h, when: `+string(text)+`}]`)
		if d := e.Decide(Case{Reports: []*exchange.Report{r}, From: people["soc-alfa"], At: moment()}); len(d.Due) != 1 {
			t.Errorf("%s is not true: %s", when, d.Considered()[0].Why)
		}
		if name := factNames()[i]; !strings.Contains(when, name) {
			t.Errorf("%s does not try %s", when, name)
		}
	}
}

func TestCasesOfARulesFile(t *testing.T) {
	reg, people := town(t, exchange.KindNCCIS)
	s, err := Load("x", []byte(`
cases:
  - name: right
    from: soc-alfa
    report: {kind: incident, concerns: [soc-beta], tlp: "TLP:GREEN", victim: null}
    notices: [{to: soc-beta, clause: "12.1", part: concerning}, {to: knb, clause: "12.2"}, {to: both, clause: "12.2"}]
    due: ["9 2026-11-23T15:15:00+05:00"]
  - name: wrong
    notices: [{to: soc-beta, clause: "12.1", part: whole}, {to: knb, clause: "12.2"}]
    proposals: [{to: police, clause: "12.6"}]
    due: ["18"]
`))
	if err != nil {
		t.Fatal(err)
	}
	card, err := s.Cases[0].Card([]byte(`{"kind":"incident","report_id":"x","victim":{"bin":"1"},"concerns":[]}`))
	if err != nil || string(card) != `{"concerns":["soc-beta"],"kind":"incident","report_id":"x","tlp":"TLP:GREEN"}` {
		t.Errorf("%s %v", card, err)
	}
	r := incident(exchange.TLPGreen, func(in *exchange.IncidentBody) { in.Concerns = []string{"soc-beta"} })
	d := Default(reg).Decide(Case{Reports: []*exchange.Report{r}, From: people["soc-alfa"], At: moment()})
	same(t, "right", s.Cases[0].Differences(d), nil)
	same(t, "wrong", s.Cases[1].Differences(d), []string{
		"missing: notice to soc-beta under clause 12.1 whole",
		"not expected: notice to soc-beta under clause 12.1, concerning",
		"not expected: notice to both under clause 12.2, whole",
		"missing: proposal to police under clause 12.6 ",
		"missing: due 18",
		"not expected: due 9 2026-11-23T10:15:00Z",
	})
}
