package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"almasu/internal/catalogue"
)

func newDemoCommand(g *globals) *cobra.Command {
	check, verbose := false, false
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Both roles on loopback, with keys made on the spot and real IMAP and SMTP servers inside",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log := discard()
			if verbose {
				log = slog.New(slog.NewTextHandler(g.Stderr, nil))
			}
			return demo(cmd.Context(), g, check, log)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "the same story as a self-test: one line a step, exit status 0 or 1")
	cmd.Flags().BoolVar(&verbose, "verbose", false, "show the log of both nodes")
	return cmd
}

// stepLimit is how long one step of the story may take.
const stepLimit = 10 * time.Second

// demo tells the story in a folder of its own, which it removes at the end.
// Without check it runs on until it is interrupted.
func demo(ctx context.Context, g *globals, check bool, log *slog.Logger) (err error) {
	dir, err := os.MkdirTemp("", "almasu-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s := &story{g: g, dir: dir, log: log, check: check}
	defer s.end()
	failed := 0
	for _, step := range s.steps() {
		if !s.tell(ctx, step) {
			failed++
			if step.vital {
				break
			}
		}
	}
	passed := s.passed
	fmt.Fprintf(g.Stdout, "%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		return errFailed
	}
	if check {
		return nil
	}
	fmt.Fprintln(g.Stdout, catalogue.Text(g.language(), "demo.on", s.nccis.config.File, s.soc.config.File))
	<-ctx.Done()
	return nil
}

// step is one thing the story shows. key is its text in the catalogue
// ("demo.key"); do returns what to say beside it.
type step struct {
	key   string
	vital bool // without it the rest makes no sense
	do    func(ctx context.Context) (said []string, err error)
}

// tell does a step and prints its line.
func (s *story) tell(ctx context.Context, st step) bool {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	name := catalogue.Text(s.g.language(), "demo."+st.key)
	said, err := st.do(ctx)
	if err != nil {
		fmt.Fprintf(s.g.Stdout, "FAIL %s: %v\n", name, err)
		return false
	}
	s.passed++
	fmt.Fprintf(s.g.Stdout, "ok  %s\n", name)
	if !s.check {
		for _, line := range said {
			fmt.Fprintf(s.g.Stdout, "      %s\n", line)
		}
	}
	return true
}
