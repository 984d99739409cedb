package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"almasu/exchange"
	"almasu/parser"
)

func newConvertCommand(g *globals) *cobra.Command {
	to := ""
	cmd := &cobra.Command{
		Use:   "convert --to FORMAT FILE",
		Short: "Show a report in another format; docs/FORMATS.md says what maps where and what is lost",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			if to == "" {
				return usagef("name the format with --to: card-json, card-xml, iodef-xml, iodef-json, stix or misp")
			}
			return convert(g, files[0], exchange.Format(to))
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "card-json, card-xml, iodef-xml, iodef-json, stix or misp")
	return cmd
}

// convert refuses a document that is not valid: half of a report in another
// format would pass for the whole.
func convert(g *globals, file string, to exchange.Format) error {
	body, err := readInput(g, file, maxDocument)
	if err != nil {
		return err
	}
	parsed := parser.ParseFile(exchange.Document{Name: filepath.Base(file), Body: body}, parser.Limits{}, g.Now())
	if parsed.Refusal.Code != "" || len(parsed.Problems) > 0 {
		fmt.Fprintf(g.Stderr, "almasu: %s: not valid, so not converted\n", file)
		printProblems(g.Stderr, g, parsed.Problems)
		return errFailed
	}
	for _, r := range parsed.Reports {
		doc, err := parser.Render(r, to)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if _, err := g.Stdout.Write(append(doc.Body, '\n')); err != nil {
			return err
		}
	}
	return nil
}
