package main

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// The built-in reading is printed as one object per rule, with the keys that
// others read.
func TestRulesShowDefault(t *testing.T) {
	d := newDesk("", time.Now())
	if text := d.must(t, newRulesCommand, "show", "--default"); !strings.Contains(text, `clause: "12.6"`) {
		t.Errorf("no file to start from: %s", text)
	}
	d.g.JSON = true
	clauses := map[string]bool{}
	for line := range strings.Lines(d.must(t, newRulesCommand, "show", "--default")) {
		var rule map[string]any
		if err := json.Unmarshal([]byte(line), &rule); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		for _, key := range []string{"id", "clause", "when", "tell", "part", "due", "confirm", "template"} {
			if _, there := rule[key]; !there {
				t.Errorf("rule %v has no %s", rule["id"], key)
			}
		}
		clauses[rule["clause"].(string)] = rule["confirm"].(bool)
	}
	if len(clauses) != 8 || !clauses["12.3"] || clauses["12.2"] {
		t.Errorf("clauses %v", clauses)
	}
}

// rulesSite is an NCCIS with a SOC and a prosecutor.
func rulesSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t, "nccis", "nccis", nil, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	put(t, s.path("participants", "soc-beta.yaml"), "id: soc-beta\nkind: soc\naddresses: [a@beta.example]\nassets: {cidrs: [192.0.2.0/24]}\n")
	put(t, s.path("participants", "soc-alfa.yaml"), "id: soc-alfa\nkind: soc\naddresses: [a@alfa.example]\n")
	put(t, s.path("participants", "prosecutor.yaml"), "id: prosecutor\nkind: prosecution\n")
	return s
}

func TestRulesTest(t *testing.T) {
	s := rulesSite(t)
	file := s.path("cases.yaml")
	put(t, file, `
cases:
  - name: in its network
    from: soc-alfa
    report: {kind: incident, tlp: "TLP:GREEN", objects: [{ip: [192.0.2.7]}], law_violations: [{field: prosecution}], victim: null, indicators: null, sources: null}
    notices: [{to: soc-beta, clause: "12.1", part: concerning}]
    proposals: [{to: prosecutor, clause: "12.5"}]
    due: ["9"]
`)
	if text := s.must(t, newRulesCommand, "test", file); text != "ok    in its network\n" {
		t.Errorf("says %q", text)
	}
	put(t, file, `
rules: [{id: nothing, clause: "9", kinds: [ping], when: "true"}]
cases:
  - {name: told nobody, from: soc-alfa, report: {kind: incident}, notices: [{to: soc-beta, clause: "12.1"}]}
  - {name: no such sender, from: soc-alpha, report: {kind: incident}}
  - {name: no such report, from: soc-alfa, report: {kind: incident, severity: enormous}}
`)
	err := s.do(newRulesCommand, "test", file)
	text := s.out.String()
	for _, want := range []string{"FAIL  told nobody\n      missing: notice to soc-beta under clause 12.1", `FAIL  no such sender`, `"soc-alpha" is not in`, "/severity"} {
		if !strings.Contains(text, want) {
			t.Errorf("says no %q: %s", want, text)
		}
	}
	if !errors.Is(err, errFailed) {
		t.Errorf("ends with %v", err)
	}
}

// A mistake in the configured rules stops whatever would decide by them.
func TestRulesFileOfTheConfiguration(t *testing.T) {
	s := rulesSite(t)
	put(t, s.path("rules.yaml"), "rules:\n- {id: one, clause: \"9\", kinds: [incident], when: severty == \"high\"}\n")
	config, err := os.ReadFile(s.path("almasu.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, s.path("almasu.yaml"), string(config)+"\nrules: rules.yaml\n")
	for name, do := range map[string]error{"rules show": s.do(newRulesCommand, "show"), "explain": s.do(newExplainCommand, "nothing.eml")} {
		if do == nil || !strings.Contains(do.Error(), `rules.yaml:2: rule one: when: unknown name "severty", did you mean "severity"?`) {
			t.Errorf("%s: %v", name, do)
		}
	}
}
