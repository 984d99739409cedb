package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"almasu/exchange"
	"almasu/gateway"
	"almasu/parser"
	"almasu/queue"
	"almasu/rules"
)

func newReplayCommand(g *globals) *cobra.Command {
	var since, file string
	cmd := &cobra.Command{
		Use:   "replay --since TIME --rules FILE",
		Short: "Who would have been told of the stored reports under other rules; nothing is sent, nothing is stored",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := sinceFlag(since)
			if err != nil {
				return err
			}
			if file == "" {
				return usagef("name the other rules with --rules FILE")
			}
			return replay(cmd.Context(), g, from, file)
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "reports received from this time on: RFC 3339, or a day such as 2026-11-23")
	cmd.Flags().StringVar(&file, "rules", "", "the other rules file")
	return cmd
}

func sinceFlag(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, usagef("say from when on with --since, such as --since 2026-11-01")
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("--since %q: write it as 2026-11-01 or 2026-11-01T09:00:00+05:00", s)
}

// replayed is one report under both rules.
type replayed struct {
	Number    string   `json:"number"`
	Report    string   `json:"report"`
	Revision  int      `json:"revision"`
	Received  string   `json:"received_at"`
	Edition   string   `json:"edition"`
	Notices   []string `json:"notices"`   // under the other rules: "soc-beta 12.1 concerning"
	Proposals []string `json:"proposals"` // that a person would have to confirm
	More      []string `json:"more"`      // not under the rules in force
	Less      []string `json:"less"`      // only under the rules in force
}

func replay(ctx context.Context, g *globals, since time.Time, file string) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	store, err := openStore(ctx, c, true, g.Now)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer store.Close()
	w, err := worldOf(ctx, c, store)
	if err != nil {
		return err
	}
	other, err := newRules(file, w.Register)
	if err != nil {
		return err
	}
	const page = 500
	for position := int64(0); ; {
		list, err := store.Reports(ctx, queue.ReportFilter{Incoming: true, After: position, Limit: page})
		if err != nil {
			return err
		}
		for _, r := range list {
			position = r.Position
			if r.ReceivedAt.Before(since) || r.Entered {
				continue
			}
			whole, err := store.Report(ctx, r.Position)
			if err != nil {
				return err
			}
			if err := printReplayed(g, compare(whole, &w, other, stamp(r.ReceivedAt, c))); err != nil {
				return err
			}
		}
		if len(list) < page {
			return nil
		}
	}
}

// compare decides about a stored report under the rules in force and under the
// other ones.
func compare(r exchange.StoredReport, w *gateway.World, other *rules.Engine, received string) replayed {
	out := replayed{Number: r.Number, Report: r.Key.ID, Revision: r.Key.Revision, Received: received}
	parsed := parser.ParseFile(exchange.Document{Body: r.Document, MediaType: r.MediaType}, w.Parser, r.ReceivedAt)
	of := rules.Case{From: w.Register.ByID(r.Participant), At: r.ReceivedAt}
	for _, one := range parsed.Reports {
		if one.Key() == r.Key {
			of.Reports = append(of.Reports, one)
		}
	}
	was, now := w.Rules.Decide(of), other.Decide(of)
	out.Edition, out.Notices, out.Proposals = now.Edition, []string{}, []string{}
	before, after := tellings(was), tellings(now)
	for _, n := range now.Notices {
		out.Notices = append(out.Notices, telling(n))
	}
	for _, p := range now.Proposals {
		out.Proposals = append(out.Proposals, telling(p.Notice))
	}
	out.More, out.Less = missingFrom(after, before), missingFrom(before, after)
	return out
}

func telling(n rules.Notice) string { return fmt.Sprintf("%s %s %s", n.To.ID, n.Clause, n.Part) }

// tellings are all that a decision tells and proposes.
func tellings(d rules.Decision) []string {
	var out []string
	for _, n := range d.Notices {
		out = append(out, telling(n))
	}
	for _, p := range d.Proposals {
		out = append(out, telling(p.Notice)+" proposed")
	}
	return out
}

// missingFrom lists what of a list the others do not have.
func missingFrom(list, others []string) []string {
	out := []string{}
	for _, s := range list {
		if !slices.Contains(others, s) {
			out = append(out, s)
		}
	}
	return out
}

func printReplayed(g *globals, r replayed) error {
	if g.JSON {
		return printOne(g, r, "")
	}
	fmt.Fprintf(g.Stdout, "%s %s revision %d, received %s: %d told, %d proposed\n", r.Number, r.Report, r.Revision, r.Received, len(r.Notices), len(r.Proposals))
	for _, s := range r.More {
		fmt.Fprintf(g.Stdout, "  + %s\n", s)
	}
	for _, s := range r.Less {
		fmt.Fprintf(g.Stdout, "  - %s\n", s)
	}
	return nil
}
