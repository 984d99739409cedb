package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"almasu/exchange"
	"almasu/gateway"
	"almasu/rules/calendar"
)

func newQuarterlyCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "quarterly", Short: "The quarterly report of clause 18: look at it, complete it, approve and send it"}
	cmd.AddCommand(newQuarterlyShowCommand(g), newQuarterlyCompleteCommand(g), newQuarterlyApproveCommand(g), newQuarterlyDeclineCommand(g))
	return cmd
}

// withQuarterly does something about the report of a quarter: the one named, or
// the one of the quarter that ended last.
func withQuarterly(ctx context.Context, g *globals, args []string, do func(context.Context, office, calendar.Quarter) error) error {
	return withSOC(ctx, g, func(ctx context.Context, d office) error {
		q, err := d.quarter(args, d.current().Before())
		if err != nil {
			return err
		}
		return do(ctx, d, q)
	})
}

func newQuarterlyShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "show [QUARTER]",
		Aliases: []string{"prepare"},
		Short:   "The report as it stands, prepared from what was registered in the quarter (default: the one that ended last)",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withQuarterly(cmd.Context(), g, args, func(ctx context.Context, d office, q calendar.Quarter) error {
				draft, err := d.gateway.Quarterly(ctx, q)
				if err != nil {
					return err
				}
				return d.showQuarterly(ctx, draft)
			})
		},
	}
}

func newQuarterlyCompleteCommand(g *globals) *cobra.Command {
	m := exchange.Measure{}
	severity := ""
	cmd := &cobra.Command{
		Use:   "complete INCIDENT --measures TEXT [--cause TEXT] [--status resolved]",
		Short: "Add to an incident what its report does not say; kept sealed, with who said it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m.Incident, m.Actor, m.Severity = args[0], osUser(), exchange.Severity(severity)
			if m.Measures == "" && m.Cause == "" && m.Status == "" && m.Severity == "" && m.RSIT == "" {
				return usagef("say what is to be added: --measures, --cause, --status, --severity or --class")
			}
			for _, f := range []struct{ flag, value, list string }{
				{"status", m.Status, "new in-progress forwarded resolved"}, {"severity", severity, "low medium high"}} {
				if f.value != "" && !slices.Contains(strings.Fields(f.list), f.value) {
					return usagef("--%s %q: must be one of %s", f.flag, f.value, strings.ReplaceAll(f.list, " ", ", "))
				}
			}
			return withSOC(cmd.Context(), g, func(ctx context.Context, d office) error {
				if err := d.gateway.CompleteIncident(ctx, m); err != nil {
					return fmt.Errorf("%w; `almasu quarterly show` lists the incidents", err)
				}
				d.say("completed", m.Incident, d.current().Before().String())
				return nil
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&m.Measures, "measures", "", "measures applied to eliminate the cause")
	f.StringVar(&m.Cause, "cause", "", "cause of the incident")
	f.StringVar(&m.Status, "status", "", "new, in-progress, forwarded or resolved")
	f.StringVar(&severity, "severity", "", "low, medium or high")
	f.StringVar(&m.RSIT, "class", "", "class, as in fraud/phishing")
	return cmd
}

func newQuarterlyApproveCommand(g *globals) *cobra.Command {
	approver := ""
	cmd := &cobra.Command{
		Use:   "approve [QUARTER] [--approver NAME]",
		Short: "Approve the report as it stands and send it; once more after a change sends the next revision",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if approver == "" {
				approver = fullName()
			}
			return withQuarterly(cmd.Context(), g, args, func(ctx context.Context, d office, q calendar.Quarter) error {
				s, err := d.gateway.ApproveQuarterly(ctx, q, approver, osUser())
				switch {
				case errors.Is(err, gateway.ErrIncomplete), errors.Is(err, gateway.ErrQuarterRuns), errors.Is(err, gateway.ErrUnchanged):
					return fmt.Errorf("%w: `almasu quarterly show %s` says more", err, q)
				case err != nil:
					return err
				}
				if !d.JSON && s.Refusal.Code == "" {
					d.say("approved", osUser(), approver)
				}
				return d.handed(s)
			})
		},
	}
	cmd.Flags().StringVar(&approver, "approver", "", "name that stands in the report (default: yours, as the system knows it)")
	return cmd
}

func newQuarterlyDeclineCommand(g *globals) *cobra.Command {
	reason := ""
	cmd := &cobra.Command{
		Use:   "decline [QUARTER] --reason TEXT",
		Short: "Do not approve the report as it stands; the journal keeps who and why",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if reason == "" {
				return usagef("say why with --reason: the journal keeps it")
			}
			return withQuarterly(cmd.Context(), g, args, func(ctx context.Context, d office, q calendar.Quarter) error {
				if err := d.gateway.DeclineQuarterly(ctx, q, osUser(), reason); err != nil {
					return err
				}
				d.say("declined")
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the journal")
	return cmd
}

// fullName is the person's name as the system knows it, else the user's.
func fullName() string {
	if u, err := user.Current(); err == nil && u.Name != "" {
		if name, _, _ := strings.Cut(u.Name, ","); strings.TrimSpace(name) != "" { // GECOS
			return strings.TrimSpace(name)
		}
	}
	return osUser()
}
