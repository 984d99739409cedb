package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/queue"
)

// queuedReport is one report as a consumer gets it.
type queuedReport struct {
	Position    int64  `json:"position"`
	Number      string `json:"number"`
	Participant string `json:"participant"`
	Kind        string `json:"kind"`
	ID          string `json:"id"`
	Revision    int    `json:"revision"`
	Format      string `json:"format"`
	ReceivedAt  string `json:"received_at"`
	Entered     bool   `json:"entered"` // by a person, not authenticated
	Token       string `json:"token,omitempty"`
	Expires     string `json:"expires,omitempty"`
	MediaType   string `json:"media_type"`
	Document    string `json:"document,omitempty"` // base64 of the octets as received
}

func describeReport(r exchange.StoredReport, c *config.Config) queuedReport {
	return queuedReport{Position: r.Position, Number: r.Number, Participant: r.Participant, Kind: string(r.Kind), ID: r.Key.ID,
		Revision: r.Key.Revision, Format: string(r.Format), ReceivedAt: stamp(r.ReceivedAt, c), Entered: r.Entered, MediaType: r.MediaType,
		Document: base64.StdEncoding.EncodeToString(r.Document)}
}

func newQueueCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "queue", Short: "The report queue: consumers take leases, acknowledge or give back"}
	cmd.AddCommand(newQueueListCommand(g), newQueueLeaseCommand(g), newQueueSettleCommand(g, "ack", (*queue.Store).Ack),
		newQueueSettleCommand(g, "nack", (*queue.Store).Nack))
	return cmd
}

func newQueueListCommand(g *globals) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "The reports in order of arrival",
		Args:  cobra.NoArgs,
		RunE: g.inStore(func(cmd *cobra.Command, _ []string, c *config.Config, store *queue.Store) error {
			reports, err := store.Reports(cmd.Context(), queue.ReportFilter{Incoming: true, Limit: limit})
			if err != nil {
				return err
			}
			for _, r := range reports {
				if err := printOne(g, describeReport(r, c), "%d %s %s %s %s revision %d, %s, received %s\n", r.Position, r.Number, r.Participant,
					r.Kind, r.Key.ID, r.Key.Revision, r.Format, stamp(r.ReceivedAt, c)); err != nil {
					return err
				}
			}
			return nil
		}),
	}
	cmd.Flags().IntVar(&limit, "limit", 0, "at most so many (0: all)")
	return cmd
}

func newQueueLeaseCommand(g *globals) *cobra.Command {
	consumer, count, period := "default", 1, time.Minute
	cmd := &cobra.Command{
		Use:   "lease",
		Short: "Take the next reports; each one is yours until its lease ends",
		Long:  "Take the next reports for a named consumer. Prints one JSON object a line, the document in base64.\nAcknowledge each with `almasu queue ack --consumer NAME POSITION TOKEN`.",
		Args:  cobra.NoArgs,
		RunE: g.inStore(func(cmd *cobra.Command, _ []string, c *config.Config, store *queue.Store) error {
			leased, err := store.Lease(cmd.Context(), consumer, count, period)
			if err != nil {
				return err
			}
			for _, l := range leased {
				r := describeReport(l.StoredReport, c)
				r.Token, r.Expires = l.Token, stamp(l.Expires, c)
				if err := json.NewEncoder(g.Stdout).Encode(r); err != nil {
					return err
				}
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&consumer, "consumer", consumer, "name of the consumer; each one gets every report")
	cmd.Flags().IntVar(&count, "count", count, "at most so many")
	cmd.Flags().DurationVar(&period, "for", period, "how long the lease lasts")
	return cmd
}

type settle func(*queue.Store, context.Context, string, int64, string) error

func newQueueSettleCommand(g *globals, verb string, do settle) *cobra.Command {
	consumer := "default"
	cmd := &cobra.Command{
		Use:   verb + " POSITION TOKEN",
		Short: map[string]string{"ack": "Acknowledge a leased report: never delivered again to this consumer", "nack": "Give a leased report back: it is next again"}[verb],
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			position, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return usagef("%q is not a position: `almasu queue lease` prints it", args[0])
			}
			_, store, err := g.openStore(cmd.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			if err := do(store, cmd.Context(), consumer, position, args[1]); err != nil {
				return fmt.Errorf("%s %d: %w", verb, position, err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&consumer, "consumer", consumer, "name of the consumer")
	return cmd
}
