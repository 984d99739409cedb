package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/internal/catalogue"
	"almasu/parser"
	"almasu/parser/plain"
)

func newValidateCommand(g *globals) *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Judge report documents: format, kind, and problems with their place",
		Args:  atLeastOneFile,
		RunE: func(_ *cobra.Command, files []string) error {
			when, err := timeFlag(at, g.Now())
			if err != nil {
				return err
			}
			return validate(g, files, when)
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "time of judgement, RFC 3339 (default: now)")
	return cmd
}

// validation is the JSON object of `almasu validate` (DESIGN section 7).
type validation struct {
	File     string             `json:"file"`
	Format   string             `json:"format"`
	Kind     string             `json:"kind"`
	Valid    bool               `json:"valid"`
	Problems []exchange.Problem `json:"problems"`
}

// maxDocument is the default of limits.document, octets.
const maxDocument = 4 << 20

// validate needs no configuration; one that is there sets the limits.
func validate(g *globals, files []string, at time.Time) error {
	limits := parser.Limits{}
	limit := int64(maxDocument)
	if path, err := config.Find(g.ConfigPath); err == nil {
		c, err := config.Load(path)
		if err != nil {
			return err
		}
		limits, limit = parserLimits(c), c.Limits.Document
	} else if g.ConfigPath != "" {
		return err
	}
	bad := false
	for _, file := range files {
		body, err := readInput(g, file, limit)
		if err != nil {
			fmt.Fprintf(g.Stderr, "almasu: %v\n", err)
			bad = true
			continue
		}
		v := validateDocument(g, file, body, limits, at)
		bad = bad || !v.Valid
		if err := printValidation(g, v); err != nil {
			return err
		}
	}
	if bad {
		return errFailed
	}
	return nil
}

// textDefaults are what a card written as text need not say: of the
// configuration, or made up where there is none.
func (g *globals) textDefaults(at time.Time) plain.Defaults {
	c, err := g.load()
	if err != nil {
		return plain.Defaults{Reporter: "reporter", Email: "reporter@reporter.example", Phone: "+77000000000",
			Language: exchange.English, Zone: time.Local, At: at, Now: at}
	}
	return ownDefaults(c, at)
}

func validateDocument(g *globals, file string, body []byte, limits parser.Limits, at time.Time) validation {
	parsed := parser.ParseFile(exchange.Document{Name: filepath.Base(file), Body: body}, limits, at)
	if parsed.Refusal.Code == exchange.FormatUnknown {
		if text := parser.ParseText(plain.Text{Body: string(body)}, g.textDefaults(at), limits); text.Refusal.Code != exchange.NoReport {
			parsed = text
		}
	}
	v := validation{File: file, Format: string(parsed.Format), Problems: []exchange.Problem{}}
	for _, p := range parsed.Problems {
		p.Text = g.problemText(p)
		v.Problems = append(v.Problems, p)
	}
	if len(parsed.Reports) > 0 {
		v.Kind = string(parsed.Reports[0].Kind)
	}
	v.Valid = parsed.Refusal.Code == "" && len(parsed.Problems) == 0
	if !v.Valid && len(v.Problems) == 0 {
		v.Problems = append(v.Problems, exchange.Problem{Path: "/", Code: exchange.ProblemSyntax,
			Text: catalogue.Text(g.language(), "refusal."+string(parsed.Refusal.Code))})
	}
	return v
}

func printValidation(g *globals, v validation) error {
	if g.JSON {
		out := json.NewEncoder(g.Stdout)
		out.SetEscapeHTML(false)
		return out.Encode(v)
	}
	verdict := "valid"
	if !v.Valid {
		verdict = "invalid"
	}
	fmt.Fprintf(g.Stdout, "%s: %s %s %s\n", v.File, verdict, v.Format, v.Kind)
	printProblems(g.Stdout, g, v.Problems)
	return nil
}

// language is the one texts are printed in: --lang, or English.
func (g *globals) language() string {
	if g.Language != "" {
		return g.Language
	}
	return string(exchange.English)
}

// problemText tells a problem in the language asked for.
func (g *globals) problemText(p exchange.Problem) string { return problemIn(g.language(), p) }

// problemIn tells a problem in a language.
func problemIn(language string, p exchange.Problem) string {
	if p.Key == "" || !catalogue.Has("problem."+p.Key) {
		return p.Text
	}
	return catalogue.Text(language, "problem."+p.Key, p.Args...)
}
