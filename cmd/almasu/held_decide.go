package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/queue"
)

// pendingStatus is the JSON object of a message with notices that wait for a
// person.
type pendingStatus struct {
	arrivalStatus
	Proposals []proposalStatus `json:"proposals"`
	Confirmed []string         `json:"confirmed"` // by whom so far
}

type proposalStatus struct {
	To      string `json:"to"`
	Clause  string `json:"clause"`
	Part    string `json:"part"`
	Reason  string `json:"reason"`
	Why     string `json:"why"` // it waits
	Persons int    `json:"persons"`
}

// printPending lists the messages with notices that wait for a person. The
// report itself is accepted.
func printPending(ctx context.Context, g *globals, c *config.Config, store *queue.Store) error {
	w, err := worldOf(ctx, c, store)
	if err != nil {
		return err
	}
	pending, err := gateway.New(store, nil, w, gatewayLimits(c.Limits), g.Now, discard()).Pending(ctx)
	if err != nil {
		return err
	}
	for _, p := range pending {
		s := pendingStatus{arrivalStatus: describeArrival(p.Arrival, c), Confirmed: append([]string{}, p.Confirmed...)}
		s.Code, s.Reason = string(exchange.NeedsPerson), "notices wait for a person: almasu held confirm, change or decline"
		var words []string
		for _, one := range p.Proposals {
			s.Proposals = append(s.Proposals, proposalStatus{one.To.ID, one.Clause, string(one.Part), string(one.Reason), string(one.Halt), one.Persons})
			words = append(words, fmt.Sprintf("%s under clause %s (%s)", one.To.ID, one.Clause, one.Halt))
		}
		if err := printOne(g, s, "%s %s, from %s %s, received %s: tell %s?\n", s.Number, s.Code, orNone(s.From), bracketed(s.Participant),
			s.ReceivedAt, strings.Join(words, ", ")); err != nil {
			return err
		}
	}
	return nil
}

func newHeldConfirmCommand(g *globals) *cobra.Command {
	reason := ""
	cmd := &cobra.Command{
		Use:   "confirm NUMBER",
		Short: "Send the notices that wait about a message, as proposed",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return confirmHeld(cmd.Context(), g, args[0], nil, reason)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the journal")
	return cmd
}

func newHeldChangeCommand(g *globals) *cobra.Command {
	var to []string
	reason := ""
	cmd := &cobra.Command{
		Use:   "change NUMBER --to ID... --reason TEXT",
		Short: "Send the notices that wait about a message to these addressees instead",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(to) == 0 {
				return usagef("name the addressees with --to ID; `almasu held decline` tells nobody")
			}
			if reason == "" {
				return usagef("say why with --reason: the journal keeps it")
			}
			return confirmHeld(cmd.Context(), g, args[0], to, reason)
		},
	}
	cmd.Flags().StringSliceVar(&to, "to", nil, "participant ids")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the journal")
	return cmd
}

func confirmHeld(ctx context.Context, g *globals, number string, to []string, reason string) error {
	return withHeld(ctx, g, number, func(ctx context.Context, h heldMessage) error {
		sent, missing, err := h.gateway.Confirm(ctx, h.arrival.ID, to, osUser(), reason)
		if err != nil {
			return fmt.Errorf("%s: %w", h.arrival.Number, err)
		}
		if missing > 0 {
			_, err = fmt.Fprintf(g.Stdout, "%s: noted; %d more must confirm the same, as another operating system user\n", h.arrival.Number, missing)
			return err
		}
		var told []string
		for _, l := range sent {
			told = append(told, l.To+" under clause "+l.Clause)
		}
		_, err = fmt.Fprintf(g.Stdout, "%s: goes to %s\n", h.arrival.Number, strings.Join(told, ", "))
		return err
	})
}

func newHeldDeclineCommand(g *globals) *cobra.Command {
	reason := ""
	cmd := &cobra.Command{
		Use:   "decline NUMBER --reason TEXT",
		Short: "Send none of the notices that wait about a message",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if reason == "" {
				return usagef("say why with --reason: the journal keeps it")
			}
			return withHeld(cmd.Context(), g, args[0], func(ctx context.Context, h heldMessage) error {
				if err := h.gateway.Withhold(ctx, h.arrival.ID, osUser(), reason); err != nil {
					return fmt.Errorf("%s: %w", h.arrival.Number, err)
				}
				_, err := fmt.Fprintf(g.Stdout, "%s: declined; nobody else is told\n", h.arrival.Number)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the journal")
	return cmd
}
