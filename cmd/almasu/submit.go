package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os/user"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/queue"
)

func newSubmitCommand(g *globals) *cobra.Command {
	var how composing
	cmd := &cobra.Command{
		Use:   "submit [FILE]",
		Short: "Seal a report and hand it to the gateway for sending; without a file the fields are asked for",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && (how.update != "" || how.kind != "") {
				return usagef("name one document (- is standard input), or none and --kind or --update; `almasu example incident` prints one to start from")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return compose(cmd.Context(), g, how)
			}
			return submit(cmd.Context(), g, args[0], how.to)
		},
	}
	cmd.Flags().StringSliceVar(&how.to, "to", nil, "participant id to send to (default: the report's addressee, or the NCCIS)")
	cmd.Flags().StringVar(&how.kind, "kind", "", "without a file: the kind to ask for (incident, vulnerability, threat, request, answer)")
	cmd.Flags().StringVar(&how.update, "update", "", "without a file: the id of a report sent before that is to be updated")
	return cmd
}

// submit commits the report to the store; the running gateway sends it.
func submit(ctx context.Context, g *globals, file string, to []string) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	body, err := readInput(g, file, c.Limits.Document)
	if err != nil {
		return err
	}
	gw, done, err := openGateway(ctx, g, c)
	if err != nil {
		return err
	}
	defer done()
	s, err := gw.Submit(ctx, gateway.Order{Document: exchange.Document{Name: filepath.Base(file), Body: body}, To: to, Actor: osUser()})
	if err != nil {
		return err
	}
	return printSubmission(g, c, file, s)
}

// openGateway opens the store for one call of the gateway's own verbs, without
// its workers.
func openGateway(ctx context.Context, g *globals, c *config.Config) (*gateway.Gateway, func(), error) {
	store, err := openStore(ctx, c, false, g.Now)
	if err != nil {
		return nil, nil, fmt.Errorf("store: %w", err)
	}
	gw, err := gatewayOn(ctx, g, c, store)
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return gw, func() { store.Close() }, nil
}

// gatewayOn is a gateway without workers on an open store.
func gatewayOn(ctx context.Context, g *globals, c *config.Config, store *queue.Store) (*gateway.Gateway, error) {
	base, err := newBase(c)
	if err != nil {
		return nil, err
	}
	gw := gateway.New(store, nil, gateway.World{}, gatewayLimits(c.Limits), g.Now, discard())
	if err := gw.Follow(ctx, base); err != nil {
		return nil, err
	}
	gw.FetchWith(newFetching(c)) // what the running gateway kept
	return gw, nil
}

// discard is the log of commands that print their own result.
func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// osUser names the person behind a command for the journal.
func osUser() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}

// submitted is the JSON object of `almasu submit`.
type submitted struct {
	ID       string             `json:"id"`
	Kind     string             `json:"kind"`
	Revision int                `json:"revision"`
	Code     string             `json:"code"`
	Reason   string             `json:"reason"`
	Problems []exchange.Problem `json:"problems"`
	Letters  []submittedLetter  `json:"letters"`
	Due      []submittedDue     `json:"due"`
}

type submittedLetter struct {
	To        string `json:"to"`
	MessageID string `json:"message_id"`
	State     string `json:"state"`
}

type submittedDue struct {
	Clause string `json:"clause"`
	At     string `json:"at"`
}

func printSubmission(g *globals, c *config.Config, file string, s gateway.Submission) error {
	out := submitted{Code: string(s.Refusal.Code), Reason: s.Refusal.Reason, Problems: []exchange.Problem{},
		Letters: []submittedLetter{}, Due: []submittedDue{}}
	if s.Report != nil {
		out.ID, out.Kind, out.Revision = s.Report.ID, string(s.Report.Kind), s.Report.Revision
	}
	for _, p := range s.Problems {
		p.Text = g.problemText(p)
		out.Problems = append(out.Problems, p)
	}
	for _, l := range s.Letters {
		out.Letters = append(out.Letters, submittedLetter{l.To, l.MessageID, string(l.State)})
	}
	for _, d := range s.Due {
		out.Due = append(out.Due, submittedDue{d.Clause, d.At.In(c.Zone).Format(time.RFC3339)})
	}
	refused := out.Code != "" || s.Position == 0
	if g.JSON {
		if err := json.NewEncoder(g.Stdout).Encode(out); err != nil {
			return err
		}
	} else if refused {
		fmt.Fprintf(g.Stdout, "%s: not sent: %s %s\n", file, out.Code, out.Reason)
		printProblems(g.Stdout, g, s.Problems)
	} else {
		fmt.Fprintf(g.Stdout, "%s %s revision %d\n", out.Kind, out.ID, out.Revision)
		for _, l := range out.Letters {
			fmt.Fprintf(g.Stdout, "  to %s: %s %s\n", l.To, l.State, l.MessageID)
		}
		for _, d := range s.Due {
			fmt.Fprintf(g.Stdout, "  due under clause %s at %s, %s left\n", d.Clause, d.At.In(c.Zone).Format("15:04:05"), d.At.Sub(g.Now()).Round(time.Second))
		}
		fmt.Fprintf(g.Stdout, "  almasu status %s\n", out.ID)
	}
	if refused {
		return errFailed
	}
	return nil
}
