package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/queue"
)

func newRequestsCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "requests", Short: "Requests of clauses 10.4 and 11: who asked, until when, and the answers"}
	cmd.AddCommand(newRequestsListCommand(g), newRequestsShowCommand(g), newRequestsAnswerCommand(g))
	return cmd
}

// requestStatus is the JSON object of one request.
type requestStatus struct {
	ID          string `json:"id"`
	Direction   string `json:"direction"` // in: we are asked; out: we asked
	Participant string `json:"participant"`
	Clause      string `json:"clause"`
	Number      string `json:"number,omitempty"`
	State       string `json:"state"` // open, overdue, answered, late
	AskedAt     string `json:"asked_at"`
	AnswerBy    string `json:"answer_by"`
	AnsweredAt  string `json:"answered_at,omitempty"`
	Verdict     string `json:"verdict,omitempty"`
	Subject     string `json:"subject,omitempty"`
	Text        string `json:"text,omitempty"`
	Authority   string `json:"authority,omitempty"`
}

func describeRequest(r exchange.Inquiry, c *config.Config, now time.Time) requestStatus {
	s := requestStatus{ID: r.RequestID, Direction: "in", Participant: r.Participant, Clause: r.Clause, Number: r.Number, State: "open",
		AskedAt: stamp(r.AskedAt, c), AnswerBy: stamp(r.AnswerBy, c), AnsweredAt: stamp(r.AnsweredAt, c), Verdict: r.Verdict}
	if r.Outgoing {
		s.Direction = "out"
	}
	switch {
	case r.Answer == 0 && now.After(r.AnswerBy):
		s.State = "overdue"
	case r.Answer != 0 && r.AnsweredAt.After(r.AnswerBy):
		s.State = "late"
	case r.Answer != 0:
		s.State = "answered"
	}
	return s
}

func newRequestsListCommand(g *globals) *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Open requests, made to us and by us, the earliest due first",
		Args:  cobra.NoArgs,
		RunE: g.inStore(func(cmd *cobra.Command, _ []string, c *config.Config, store *queue.Store) error {
			list, err := store.Requests(cmd.Context(), queue.RequestFilter{Open: !all})
			for _, r := range list {
				s := describeRequest(r, c, g.Now())
				if err := printOne(g, s, "%s %s %s%s: %s, answer by %s %s\n", s.ID, map[string]string{"in": "from", "out": "to"}[s.Direction], s.Participant,
					underClause(s.Clause), s.State, s.AnswerBy, s.Verdict); err != nil {
					return err
				}
			}
			return err
		}),
	}
	cmd.Flags().BoolVar(&all, "all", false, "answered ones too")
	return cmd
}

func newRequestsShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "What a request says, and where it stands",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withOffice(cmd.Context(), g, func(ctx context.Context, o office) error {
				list, err := o.store.Requests(ctx, queue.RequestFilter{RequestID: args[0]})
				if err == nil && len(list) == 0 {
					err = fmt.Errorf("request %s: %w: `almasu requests list --all` prints them", args[0], queue.ErrNotFound)
				}
				for _, r := range list {
					err = errors.Join(err, showRequest(ctx, o, r))
				}
				return err
			})
		},
	}
}

func showRequest(ctx context.Context, o office, r exchange.Inquiry) error {
	s := describeRequest(r, o.config, o.Now())
	report, err := o.gateway.DocumentOf(ctx, r)
	if err == nil && report.Request != nil {
		s.Subject, s.Text, s.Authority = report.Request.Subject, report.Request.Text, report.Request.Authority
	}
	if o.JSON {
		return errors.Join(json.NewEncoder(o.Stdout).Encode(s), err)
	}
	fmt.Fprintf(o.Stdout, "%s %s %s%s: %s %s\n  asked      %s\n  answer by  %s\n", s.ID, map[string]string{"in": "from", "out": "to"}[s.Direction], s.Participant,
		underClause(s.Clause), s.State, s.Verdict, s.AskedAt, s.AnswerBy)
	for _, line := range [][2]string{{"number", s.Number}, {"answered", s.AnsweredAt}, {"authority", s.Authority}, {"subject", s.Subject}, {"text", s.Text}} {
		if line[1] != "" {
			fmt.Fprintf(o.Stdout, "  %-10s %s\n", line[0], strings.Map(oneByOne, line[1]))
		}
	}
	if s.Direction == "in" && s.Verdict == "" {
		fmt.Fprintf(o.Stdout, "  almasu requests answer %s --verdict done|partly|declined --text TEXT\n", s.ID)
	}
	return err
}

// oneByOne keeps what a participant wrote from moving the cursor.
func oneByOne(r rune) rune {
	if r != '\n' && !unicode.IsPrint(r) {
		return ' '
	}
	return r
}

func newRequestsAnswerCommand(g *globals) *cobra.Command {
	verdict, text, from := "", "", ""
	verdicts := []string{"done", "partly", "declined"}
	cmd := &cobra.Command{
		Use:   "answer ID --verdict done|partly|declined --text TEXT",
		Short: "Answer a request with a sealed card to whoever asked; nothing is answered by itself",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(verdicts, verdict) {
				return usagef("say with --verdict what became of it: done, partly or declined")
			}
			if text == "" {
				return usagef("write the answer with --text")
			}
			return withOffice(cmd.Context(), g, func(ctx context.Context, o office) error {
				r, err := o.gateway.OpenRequest(ctx, args[0], from)
				if err != nil {
					return err
				}
				s, err := o.gateway.AnswerRequest(ctx, r, verdict, text, osUser())
				if err != nil {
					return err
				}
				return printSubmission(g, o.config, args[0], s)
			})
		},
	}
	cmd.Flags().StringVar(&verdict, "verdict", "", "done, partly or declined")
	cmd.Flags().StringVar(&text, "text", "", "what the answer says")
	cmd.Flags().StringVar(&from, "from", "", "who asked, where two participants used the same id")
	return cmd
}
