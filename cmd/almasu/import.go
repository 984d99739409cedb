package main

import (
	"context"
	"fmt"
	"os"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"almasu/mailin"
)

func newImportCommand(g *globals) *cobra.Command {
	received := ""
	cmd := &cobra.Command{
		Use:   "import DIR|MBOX|FILE",
		Short: "Take messages in from .eml files, an mbox or a Maildir; the running gateway judges them",
		Args:  cobra.ExactArgs(1),
		RunE:  func(cmd *cobra.Command, args []string) error { return importMail(cmd.Context(), g, args[0], received) },
	}
	cmd.Flags().StringVar(&received, "received", "", "time of arrival of the messages, RFC 3339 (default: now)")
	return cmd
}

// importMail stores every message durably; what could not be taken is named
// and fails the command.
func importMail(ctx context.Context, g *globals, path, received string) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	at, err := timeFlag(received, g.Now())
	if err != nil {
		return err
	}
	gw, done, err := openGateway(ctx, g, c)
	if err != nil {
		return err
	}
	defer done()
	in := mailin.Import{Path: path, MaxMessage: c.Limits.Message, Received: at,
		Failed: func(m mailin.FileMessage, err error) { fmt.Fprintf(g.Stderr, "almasu: %s: %v\n", m.File, err) }}
	if f, ok := g.Stderr.(*os.File); ok && !g.JSON && term.IsTerminal(int(f.Fd())) {
		in.Progress = progress(g)
	}
	taken, failed, err := in.Run(ctx, gw.Accept)
	if err != nil {
		return err
	}
	if err := printOne(g, map[string]int{"taken": taken, "failed": failed}, "taken: %d, failed: %d\n", taken, failed); err != nil {
		return err
	}
	if failed > 0 {
		return errFailed
	}
	return nil
}

// progress draws a bar by octets on a terminal.
func progress(g *globals) func(done, total int64) {
	var bar *progressbar.ProgressBar
	return func(done, total int64) {
		if bar == nil {
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(g.Stderr), progressbar.OptionShowBytes(true),
				progressbar.OptionSetDescription("import"), progressbar.OptionClearOnFinish())
		}
		_ = bar.Set64(done) // a bar that cannot be drawn stops nothing
	}
}
