package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newMigrateCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the tables of the store up to date; `almasu run` does so at its start",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, store, err := g.openStore(cmd.Context())
			if err != nil {
				return err
			}
			if err := store.Close(); err != nil {
				return err
			}
			_, err = fmt.Fprintf(g.Stdout, "store of %s: up to date\n", c.File)
			return err
		},
	}
}
