package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/parser"
	"almasu/rules"
)

func newRulesCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "The order as rules: who is told, in which part, by when"}
	cmd.AddCommand(newRulesShowCommand(g), newRulesTestCommand(g))
	return cmd
}

func newRulesShowCommand(g *globals) *cobra.Command {
	standard := false
	cmd := &cobra.Command{
		Use:   "show",
		Short: "The rules in force, or with --default the built-in reading, as a file to start from",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			set, file := rules.Builtin(), rules.BuiltinFile()
			if !standard {
				c, err := g.load()
				if err != nil {
					return err
				}
				if set, file, err = readRules(c.Rules); err != nil {
					return err
				}
			}
			if !g.JSON {
				_, err := g.Stdout.Write(file)
				return err
			}
			out := json.NewEncoder(g.Stdout)
			out.SetEscapeHTML(false)
			for _, r := range set.Rules {
				if r.Tell == nil {
					r.Tell = []string{}
				}
				if err := out.Encode(r); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&standard, "default", false, "the built-in reading of the order, whatever is configured")
	return cmd
}

// readRules reads a rules file; without one the built-in reading applies.
func readRules(path string) (*rules.Set, []byte, error) {
	if path == "" {
		return rules.Builtin(), rules.BuiltinFile(), nil
	}
	data, err := config.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("rules: %w", err)
	}
	set, err := rules.Load(path, data)
	return set, data, err
}

// newRules makes the rules of the configuration ready for its register.
func newRules(path string, register *exchange.Register) (*rules.Engine, error) {
	set, _, err := readRules(path)
	if err != nil {
		return nil, err
	}
	e, err := rules.NewEngine(set, register)
	if err != nil && path != "" {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return e, err
}

func newRulesTestCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "test FILE...",
		Short: "Run the cases of a rules file against its rules, or against those in force where it has none",
		Args:  atLeastOneFile,
		RunE: func(_ *cobra.Command, files []string) error {
			c, err := g.load()
			if err != nil {
				return err
			}
			w, err := newWorld(c)
			if err != nil {
				return err
			}
			failed := false
			for _, file := range files {
				t := rulesTest{g: g, file: file, register: w.Register, standard: w.Rules}
				ok, err := t.run()
				if err != nil {
					return err
				}
				failed = failed || !ok
			}
			if failed {
				return errFailed
			}
			return nil
		},
	}
}

// rulesTest runs the cases of one file.
type rulesTest struct {
	g        *globals
	file     string
	register *exchange.Register
	standard *rules.Engine
	engine   *rules.Engine
}

// caseResult is one line of `almasu rules test --json`.
type caseResult struct {
	File        string   `json:"file"`
	Name        string   `json:"name"`
	OK          bool     `json:"ok"`
	Differences []string `json:"differences"`
}

func (t *rulesTest) run() (bool, error) {
	data, err := config.ReadFile(t.file)
	if err != nil {
		return false, err
	}
	set, err := rules.Load(t.file, data)
	if err != nil {
		return false, err
	}
	if len(set.Cases) == 0 {
		return false, fmt.Errorf("%s has no cases: docs/RULES.md shows how to write them", t.file)
	}
	if t.engine = t.standard; set.Own {
		if t.engine, err = rules.NewEngine(set, t.register); err != nil {
			return false, fmt.Errorf("%s: %w", t.file, err)
		}
	}
	passed := true
	for _, x := range set.Cases {
		d, err := t.decide(x)
		result := caseResult{File: t.file, Name: x.Name, Differences: x.Differences(d)}
		if err != nil {
			result.Differences = []string{err.Error()}
		}
		result.OK = len(result.Differences) == 0
		passed = passed && result.OK
		if err := t.print(result); err != nil {
			return false, err
		}
	}
	return passed, nil
}

func (t *rulesTest) print(r caseResult) error {
	if r.OK {
		r.Differences = []string{}
		return printOne(t.g, r, "ok    %s\n", r.Name)
	}
	return printOne(t.g, r, "FAIL  %s\n      %s\n", r.Name, strings.Join(r.Differences, "\n      "))
}

// decide reads the report of a case and asks the rules.
func (t *rulesTest) decide(x rules.Example) (rules.Decision, error) {
	at, err := timeFlag(x.At, t.g.Now())
	if err != nil {
		return rules.Decision{}, err
	}
	from := t.register.ByID(x.From)
	if from == nil {
		return rules.Decision{}, fmt.Errorf("from: %q is not in the participants register", x.From)
	}
	var doc exchange.Document
	if x.File != "" {
		path := x.File
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(t.file), path)
		}
		if doc.Body, err = config.ReadFile(path); err != nil {
			return rules.Decision{}, err
		}
	} else {
		kind, _ := x.Report["kind"].(string)
		valid, err := parser.Example(exchange.ReportKind(kind), exchange.CardJSON, from.ID, t.register.Self().ID, "case", at)
		if err != nil {
			return rules.Decision{}, fmt.Errorf("report: %w", err)
		}
		if doc.Body, err = x.Card(valid); err != nil {
			return rules.Decision{}, err
		}
	}
	parsed := parser.ParseFile(doc, parser.Limits{}, at)
	if parsed.Refusal.Code != "" || len(parsed.Reports) == 0 {
		var problems []error
		for _, p := range parsed.Problems {
			problems = append(problems, fmt.Errorf("the report is not valid: %s: %s", p.Path, t.g.problemText(p)))
		}
		return rules.Decision{}, errors.Join(append(problems, fmt.Errorf("the report is refused: %s", parsed.Refusal.Code))...)
	}
	return t.engine.Decide(rules.Case{Reports: parsed.Reports, From: from, At: at}), nil
}
