package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
)

// globals is what every subcommand shares.
type globals struct {
	ConfigPath string // --config, "" for the default places
	JSON       bool   // --json
	Language   string // --lang: kk, ru, en; "" for the configuration's
	Stdin      io.Reader
	Stdout     io.Writer
	Stderr     io.Writer
	Now        func() time.Time
}

// Exit statuses (DESIGN section 7).
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// errFailed says that a command did its work and the answer is bad: what there
// is to say has been printed.
var errFailed = errors.New("failed")

// usageError marks a mistake in how a command was called.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// execute runs one command line and returns its exit status.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	g := &globals{Stdin: in, Stdout: out, Stderr: errOut, Now: time.Now}
	root := newRootCommand(g)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFailed):
		return exitFailed
	case errors.As(err, &usage):
		fmt.Fprintf(errOut, "almasu: %v\n", err)
		return exitUsage
	}
	fmt.Fprintf(errOut, "almasu: %v\n", err)
	return exitFailed
}

func newRootCommand(g *globals) *cobra.Command {
	root := &cobra.Command{
		Use:           "almasu",
		Short:         "Encrypted exchange by e-mail between SOCs and the NCCIS (Order No 48/НҚ, clause 13.1)",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q: almasu --help lists them", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&g.ConfigPath, "config", "", "configuration file (default ./almasu.yaml, then /etc/almasu/almasu.yaml)")
	flags.BoolVar(&g.JSON, "json", false, "print JSON")
	flags.StringVar(&g.Language, "lang", "", "language of what is printed: kk, ru or en (default: the configuration's)")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(subcommands(g)...)
	wrongArgumentsAreUsage(root)
	return root
}

// wrongArgumentsAreUsage gives mistakes in arguments the exit status of usage,
// in every command.
func wrongArgumentsAreUsage(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{fmt.Errorf("%w\n%s", err, cmd.UseLine())}
			}
			return nil
		}
	}
	if cmd.HasSubCommands() && cmd.RunE == nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q: %s --help lists them", args[0], cmd.CommandPath())
			}
			return cmd.Help()
		}
	}
	for _, sub := range cmd.Commands() {
		wrongArgumentsAreUsage(sub)
	}
}
