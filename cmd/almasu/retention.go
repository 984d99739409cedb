package main

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/queue"
)

func newRetention(c *config.Config) queue.Retention {
	return queue.Retention{Periods: c.Retention.Periods(), Other: c.Retention.Other, Least: c.Limits.SigningAge}
}

func newRetentionCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "retention", Short: "How long bodies, raw mail and letters are kept, and their deletion"}
	cmd.AddCommand(retentionCommand(g, "preview", "What would be deleted now; deletes nothing", false),
		retentionCommand(g, "run", "Delete what has outlived its period; the gateway does it by itself every night", true))
	return cmd
}

// erasureStatus is the JSON object of both.
type erasureStatus struct {
	Deleted  bool           `json:"deleted"`
	Reports  map[string]int `json:"reports"`
	Mails    int            `json:"mails"`
	Letters  int            `json:"letters"`
	Measures int            `json:"measures"`
}

func retentionCommand(g *globals, use, short string, run bool) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: g.inStore(func(cmd *cobra.Command, _ []string, c *config.Config, store *queue.Store) error {
			var e queue.Erasure
			var err error
			words := "would be deleted"
			if run {
				words = "deleted"
				e, err = store.Erase(cmd.Context(), newRetention(c), osUser())
			} else {
				e, err = store.Expired(cmd.Context(), newRetention(c))
			}
			if err != nil {
				return err
			}
			if !g.JSON {
				for _, kind := range slices.Sorted(maps.Keys(e.Reports)) {
					if err := printOne(g, nil, "%s: bodies of %d reports of kind %s\n", words, e.Reports[kind], kind); err != nil {
						return err
					}
				}
			}
			return printOne(g, erasureStatus{run, e.Reports, e.Mails, e.Letters, e.Measures},
				"%s: the octets of %d mails and %d letters, %d notes on measures; rows of the register and the journal stay\n", words, e.Mails, e.Letters, e.Measures)
		}),
	}
}
