package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/queue"
)

func newHeldCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "held", Short: "Messages that wait for a person"}
	cmd.AddCommand(newHeldListCommand(g), newHeldShowCommand(g), newHeldReleaseCommand(g), newHeldEnterCommand(g), newHeldRefuseCommand(g),
		newHeldConfirmCommand(g), newHeldChangeCommand(g), newHeldDeclineCommand(g))
	return cmd
}

func newHeldListCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "What is held, and why",
		Args:  cobra.NoArgs,
		RunE: g.inStore(func(cmd *cobra.Command, _ []string, c *config.Config, store *queue.Store) error {
			held, err := store.Arrivals(cmd.Context(), exchange.ArrivalHeld, 0)
			if err != nil {
				return err
			}
			for _, a := range held {
				if err := printHeld(g, c, a); err != nil {
					return err
				}
			}
			return printPending(cmd.Context(), g, c, store)
		}),
	}
}

func printHeld(g *globals, c *config.Config, a exchange.Arrival) error {
	return printOne(g, describeArrival(a, c), "%s %s, from %s %s, received %s: %s\n", a.Number, a.Code, orNone(a.From), bracketed(a.Participant),
		stamp(a.ReceivedAt, c), a.Reason)
}

func newHeldShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "show NUMBER",
		Short: "One held message, judged again with today's register and keys; nothing is changed",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withHeld(cmd.Context(), g, args[0], func(ctx context.Context, h heldMessage) error {
				if err := printHeld(g, h.config, h.arrival); err != nil || h.arrival.Oversize {
					return err
				}
				raw, err := h.store.Raw(ctx, h.arrival.ID)
				if err != nil {
					return err
				}
				o, err := gateway.Judge(ctx, raw, h.arrival.ReceivedAt, &h.world, h.store)
				if err != nil {
					return err
				}
				return printExplanation(g, gateway.Explain(h.arrival.Number, o))
			})
		},
	}
}

func newHeldReleaseCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "release NUMBER",
		Short: "Judge it again, for example after a key was added; it is accepted only if it holds now",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withHeld(cmd.Context(), g, args[0], func(ctx context.Context, h heldMessage) error {
				if err := h.gateway.Release(ctx, h.arrival, osUser()); err != nil {
					return err
				}
				_, err := fmt.Fprintf(g.Stdout, "%s: released; the running gateway judges it again\n", h.arrival.Number)
				return err
			})
		},
	}
}

func newHeldEnterCommand(g *globals) *cobra.Command {
	file := ""
	cmd := &cobra.Command{
		Use:   "enter NUMBER",
		Short: "Take its report in on your word: marked as not authenticated, nobody is told",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withHeld(cmd.Context(), g, args[0], func(ctx context.Context, h heldMessage) error {
				var doc *exchange.Document
				if file != "" {
					body, err := readInput(g, file, h.config.Limits.Document)
					if err != nil {
						return err
					}
					doc = &exchange.Document{Name: filepath.Base(file), Body: body}
				}
				r, err := h.gateway.Enter(ctx, h.arrival, doc, osUser())
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(g.Stdout, "%s: entered as %s %s revision %d, not authenticated\n", h.arrival.Number, r.Kind, r.Key.ID, r.Key.Revision)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "enter this document instead of the message's own")
	return cmd
}

func newHeldRefuseCommand(g *globals) *cobra.Command {
	reason := ""
	cmd := &cobra.Command{
		Use:   "refuse NUMBER --reason TEXT",
		Short: "Refuse it for good; only an authenticated participant is told",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if reason == "" {
				return usagef("say why with --reason: the journal keeps it")
			}
			return withHeld(cmd.Context(), g, args[0], func(ctx context.Context, h heldMessage) error {
				answered, err := h.gateway.Decline(ctx, h.arrival, osUser(), reason)
				if err != nil {
					return err
				}
				told := "nobody is told: its sender is not authenticated"
				if answered {
					told = h.arrival.Participant + " is told"
				}
				_, err = fmt.Fprintf(g.Stdout, "%s: refused; %s\n", h.arrival.Number, told)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the journal")
	return cmd
}

// heldMessage is one held message with what is needed to act on it.
type heldMessage struct {
	arrival exchange.Arrival
	config  *config.Config
	store   *queue.Store
	world   gateway.World
	gateway *gateway.Gateway
}

// withHeld finds a held message by its number, or by its arrival id.
func withHeld(ctx context.Context, g *globals, number string, do func(context.Context, heldMessage) error) error {
	c, store, err := g.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	a, err := store.ArrivalByNumber(ctx, number)
	if id, notID := strconv.ParseInt(number, 10, 64); errors.Is(err, queue.ErrNotFound) && notID == nil {
		a, err = store.Arrival(ctx, id)
	}
	if err != nil {
		return fmt.Errorf("%s: %w; `almasu held list` shows what is held", number, err)
	}
	w, err := worldOf(ctx, c, store)
	if err != nil {
		return err
	}
	return do(ctx, heldMessage{a, c, store, w, gateway.New(store, nil, w, gatewayLimits(c.Limits), g.Now, discard())})
}
