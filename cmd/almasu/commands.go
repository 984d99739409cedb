package main

import "github.com/spf13/cobra"

// subcommands is the table of contents of the command line.
func subcommands(g *globals) []*cobra.Command {
	return []*cobra.Command{}
}
