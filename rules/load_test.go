package rules

import (
	"os"
	"strings"
	"testing"

	"almasu/exchange"
)

// Each case is one mistake in a rules file and what must be said of it.
func TestMistakes(t *testing.T) {
	rule := func(lines string) string {
		return "rules:\n  - id: one\n    clause: \"9\"\n    kinds: [incident]\n" + lines
	}
	cases := []struct{ name, file, want string }{
		{"unknown fact", rule("    when: severty == \"high\"\n"), `test.yaml:5: rule one: when: unknown name "severty", did you mean "severity"? (character 1 of "severty == \"high\"")`},
		{"unknown fact in a block", rule("    when: |\n      severity == \"high\"\n      and konfirmed\n"), `test.yaml:6: rule one: when: unknown name "konfirmed"`},
		{"a number compared with a word", rule("    when: concerned == \"two\"\n"), "test.yaml:5: rule one: when: invalid operation: == (mismatched types int and string)"},
		{"no condition of yes or no", rule("    when: severity\n"), "test.yaml:5: rule one: when: expected bool, but got string"},
		{"no expression", rule("    when: severity ==\n"), "test.yaml:5: rule one: when: unexpected token EOF"},
		{"a word that severity never is", rule("    when: severity == \"hihg\"\n"), `test.yaml:5: rule one: when: severity is never "hihg", did you mean "high"?`},
		{"a word that violations never has", rule("    when: '\"infosec\" in violations'\n"), `violations is never "infosec", `},
		{"a word of a list that kind never is", rule("    when: kind in [\"incident\", \"thread\"]\n"), `kind is never "thread", did you mean "threat"?`},
		{"the clock of this machine", rule("    when: now().Year() > 2020\n"), `unknown name "now"`},
		{"no condition", rule("    due: 15m\n"), `test.yaml:2: rule one: when: is missing, write "true" for always`},
		{"unknown key", rule("    when: \"true\"\n    tel: [soc]\n"), `test.yaml:6: unknown key "tel", did you mean "tell"?`},
		{"the same key twice", rule("    when: \"true\"\n    when: \"false\"\n"), "test.yaml:6: mapping key \"when\" already defined at line 5"},
		{"unknown section", "rulez: []\n", `test.yaml:1: unknown key "rulez", did you mean "rules"?`},
		{"no YAML", "rules: [\n", "test.yaml:1: "},
		{"two documents", "rules: []\n---\nrules: []\n", "a second document begins here"},
		{"a clause as a number", "rules:\n- {id: one, clause: 12.30, kinds: [incident], when: \"true\"}\n", ""},
		{"no clause", "rules:\n- {id: one, clause: twelve, kinds: [incident], when: \"true\"}\n", `test.yaml:2: rule one: clause "twelve"`},
		{"an id twice", rule("    when: \"true\"\n") + "  - {id: one, clause: \"9\", kinds: [incident], when: \"true\"}\n", `test.yaml:6: a rule needs an id of its own`},
		{"no kinds", "rules:\n- {id: one, clause: \"9\", when: \"true\"}\n", "test.yaml:2: rule one: kinds is missing"},
		{"unknown kind", "rules:\n- id: one\n  clause: \"9\"\n  kinds: [incident,\n    incidnet]\n  when: \"true\"\n", `test.yaml:5: rule one: kinds[1] "incidnet" is not known, did you mean "incident"?`},
		{"unknown role", rule("    when: \"true\"\n    role: sok\n"), `test.yaml:6: rule one: role "sok" is not known, did you mean "soc"?`},
		{"unknown edition", rule("    when: \"true\"\n    since: \"2023-03-30\"\n"), `rule one: since "2023-03-30" is not known, did you mean "2023-03-31"?`},
		{"unknown part", rule("    when: \"true\"\n    part: hole\n"), `part "hole" is not known, did you mean "whole"?`},
		{"unknown clock", rule("    when: \"true\"\n    due: 15m\n    clock: detected\n"), `clock "detected" is not known`},
		{"no period", rule("    when: \"true\"\n    due: 15 min\n"), `test.yaml:6: rule one: due "15 min" is no period`},
		{"a period of nothing", rule("    when: \"true\"\n    due: 0s\n"), `due "0s" is no period`},
		{"a clock without a period", rule("    when: \"true\"\n    clock: confirmed\n"), "a clock without due"},
		{"a request is never confirmed", "rules:\n- {id: one, clause: \"9\", kinds: [request], when: \"true\", due: 1h, clock: confirmed}\n", "only an incident is confirmed"},
		{"an addressee that is no id", rule("    when: \"true\"\n    part: headline\n    tell: [\"a b\"]\n"), `test.yaml:7: rule one: tell "a b" is neither`},
		{"no part", rule("    when: \"true\"\n    tell: [soc]\n"), "test.yaml:6: rule one: part is missing"},
		{"the whole to a SOC", "rules:\n- {id: one, clause: \"12.1\", kinds: [incident], when: \"true\", tell: [soc], part: whole}\n", "clause 12.1 gives nobody the whole of a report"},
		{"the whole to a SOC under another's clause", "rules:\n- {id: one, clause: \"12.2\", kinds: [incident], when: \"true\", tell: [soc], part: whole}\n", "clause 12.2 is about national-security, not soc"},
		{"persons without confirm", rule("    when: \"true\"\n    persons: 2\n"), "persons is 1 or 2, and needs confirm: true"},
		{"three persons", rule("    when: \"true\"\n    confirm: true\n    persons: 3\n"), "persons is 1 or 2"},
		{"a day that is none", "editions:\n- {id: a, act: x, in_force: \"2023-02-30\"}\n", `test.yaml:2: in_force "2023-02-30" is no day`},
		{"editions in disorder", "editions:\n- {id: a, in_force: \"2023-03-31\"}\n- {id: b, in_force: \"2021-05-12\"}\n", "test.yaml:3: edition b is in force from 2021-05-12, not after"},
		{"an edition twice", "editions:\n- {id: a}\n- {id: a}\n", "test.yaml:3: an edition needs an id of its own"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load("test.yaml", []byte(c.file))
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("says %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestMistakesAreToldAllAtOnce(t *testing.T) {
	_, err := Load("test.yaml", []byte("rules:\n- {id: one, clause: \"9\", kinds: [incident], when: nope}\n- {id: two, clause: \"9\", kinds: [incident], when: nor}\n"))
	if err == nil || strings.Count(err.Error(), "test.yaml:") != 2 {
		t.Errorf("%v", err)
	}
}

func TestAddresseesAreOfTheRegister(t *testing.T) {
	reg, _ := town(t, exchange.KindNCCIS)
	for tell, want := range map[string]string{"soc-bета": "neither", "soc-betta": `did you mean "soc-beta"?`, "self": "neither"} {
		s, err := Load("x", []byte(`rules: [{id: one, clause: "12.1", kinds: [incident], when: "true", part: headline, tell: [`+tell+`]}]`))
		if err == nil {
			_, err = NewEngine(s, reg)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", tell, err)
		}
	}
	s, err := Load("x", []byte(`rules: [{id: one, clause: "12.5", kinds: [incident], when: "true", part: whole, tell: [police]}]`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewEngine(s, reg); err == nil || !strings.Contains(err.Error(), "clause 12.5 is about prosecution, and police is none") {
		t.Errorf("%v", err)
	}
}

// The built-in reading is a rules file like any other.
func TestTheBuiltInReadingIsAFile(t *testing.T) {
	data, err := os.ReadFile("builtin.yaml")
	if err != nil || string(data) != string(BuiltinFile()) {
		t.Fatal(err)
	}
	s, err := Load("copy.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	clauses := map[string]bool{}
	for _, r := range s.Rules {
		clauses[r.Clause] = true
		if confirm := r.Clause > "12.2" && r.Clause < "13"; confirm != r.Confirm {
			t.Errorf("rule %s: confirm %t", r.ID, r.Confirm)
		}
	}
	for _, c := range []string{"5", "9", "12.1", "12.2", "12.3", "12.4", "12.5", "12.6"} {
		if !clauses[c] {
			t.Errorf("clause %s has no rule", c)
		}
	}
	if empty, err := Load("empty.yaml", nil); err != nil || len(empty.Rules) != len(s.Rules) || len(empty.Editions) != 4 {
		t.Errorf("an empty file is not the built-in reading: %v %v", empty, err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(BuiltinFile())
	f.Add([]byte("rules: [{id: one, clause: \"9\", kinds: [incident], when: \"concerned > 1 and 'x' in violations\"}]"))
	f.Add([]byte("cases: [{name: x, report: {a: [1]}, due: [\"9\"]}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Load("fuzz.yaml", data)
		if err != nil {
			return
		}
		reg, people := town(t, exchange.KindNCCIS)
		e, err := NewEngine(s, reg)
		if err != nil {
			return
		}
		r := incident(exchange.TLPClear, func(in *exchange.IncidentBody) { in.Concerns = []string{"soc-beta"} })
		for _, n := range e.Decide(Case{Reports: []*exchange.Report{r}, From: people["soc-alfa"]}).Notices {
			if n.Part == Whole && !n.To.Is(bodies[n.Clause]) {
				t.Errorf("%s gets the whole under clause %s", n.To.ID, n.Clause)
			}
		}
	})
}
