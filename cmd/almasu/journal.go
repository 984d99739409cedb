package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/queue"
)

func newJournalCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "journal", Short: "The append-only journal: one row an event, each with the hash of the row before"}
	cmd.AddCommand(&cobra.Command{
		Use:   "verify",
		Short: "Walk the journal and check every hash",
		Args:  cobra.NoArgs,
		RunE: g.inStore(func(cmd *cobra.Command, _ []string, _ *config.Config, store *queue.Store) error {
			if err := store.VerifyJournal(cmd.Context()); err != nil {
				return err
			}
			rows := 0
			if err := store.EachEvent(cmd.Context(), func(exchange.Event) error { rows++; return nil }); err != nil {
				return err
			}
			return printOne(g, map[string]any{"rows": rows, "valid": true}, "%d rows, every hash holds\n", rows)
		}),
	}, &cobra.Command{
		Use:   "export",
		Short: "Print the journal, one JSON object a row",
		Args:  cobra.NoArgs,
		RunE: g.inStore(func(cmd *cobra.Command, _ []string, _ *config.Config, store *queue.Store) error {
			out := json.NewEncoder(g.Stdout)
			return store.EachEvent(cmd.Context(), func(e exchange.Event) error {
				if err := out.Encode(e); err != nil {
					return fmt.Errorf("export row %d: %w", e.ID, err)
				}
				return nil
			})
		}),
	})
	return cmd
}
