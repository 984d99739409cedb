package main

import (
	"crypto/rand"
	"encoding/hex"
	"slices"

	"github.com/spf13/cobra"

	"almasu/exchange"
	"almasu/parser"
)

func newExampleCommand(g *globals) *cobra.Command {
	format, reporter, addressee := string(exchange.CardJSON), "", ""
	cmd := &cobra.Command{
		Use:   "example KIND",
		Short: "Print a valid document to start from, with a fresh id and times",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(exchange.ReportKinds(), exchange.ReportKind(args[0])) {
				return usagef("name one kind of report: %v", exchange.ReportKinds())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			kind := exchange.ReportKind(args[0])
			defaultParties(g, kind, &reporter, &addressee)
			doc, err := parser.Example(kind, exchange.Format(format), reporter, addressee, freshID(kind, g), g.Now())
			if err != nil {
				return usageError{err}
			}
			_, err = g.Stdout.Write(append(doc, '\n'))
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", format, "card-json, card-xml, iodef-xml, iodef-json, stix or misp")
	cmd.Flags().StringVar(&reporter, "reporter", "", "participant id of the reporter (default: the configuration's identity)")
	cmd.Flags().StringVar(&addressee, "addressee", "", "participant id it is for (default: the NCCIS of the configuration)")
	return cmd
}

// defaultParties fills in who reports to whom from the configuration, if there
// is one, and names that fit the kind if there is none.
func defaultParties(g *globals, kind exchange.ReportKind, reporter, addressee *string) {
	self, other := "soc-alfa", "nccis"
	if kind == exchange.Notice {
		self, other = other, self
	}
	if c, err := g.load(); err == nil {
		self = c.Identity.ID
		for _, p := range c.Participants {
			if p.Is(exchange.KindNCCIS) {
				other = p.ID
			}
		}
	}
	if *reporter == "" {
		*reporter = self
	}
	if *addressee == "" && *reporter != other {
		*addressee = other
	}
}

func freshID(kind exchange.ReportKind, g *globals) string {
	var b [4]byte
	rand.Read(b[:])
	return string(kind[:3]) + "-" + g.Now().UTC().Format("20060102") + "-" + hex.EncodeToString(b[:])
}
