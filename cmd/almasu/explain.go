package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/crypto"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/queue"
)

func newExplainCommand(g *globals) *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use:   "explain FILE...",
		Short: "What would happen to a raw message, step by step; nothing is sent, nothing is stored",
		Args:  atLeastOneFile,
		RunE: func(cmd *cobra.Command, files []string) error {
			when, err := timeFlag(at, g.Now())
			if err != nil {
				return err
			}
			return explain(cmd.Context(), g, files, when)
		},
	}
	cmd.Flags().StringVar(&at, "at", "", "time of arrival, RFC 3339 (default: now)")
	return cmd
}

func atLeastOneFile(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef("name at least one file (- is standard input)")
	}
	return nil
}

func timeFlag(value string, now time.Time) (time.Time, error) {
	if value == "" {
		return now, nil
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return t, usagef("%q is not a time of RFC 3339, such as 2026-11-23T10:00:00+05:00", value)
	}
	return t, nil
}

// explain judges each file by itself and prints what it found. It fails if a
// file could not be judged, never because a message was refused.
func explain(ctx context.Context, g *globals, files []string, at time.Time) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	w, memory, done, err := readMemory(ctx, g, c)
	if err != nil {
		return err
	}
	defer done()
	w.UseKept(newFetching(c), g.Now()) // reading alone: explain asks nobody
	failed := false
	for _, file := range files {
		e, err := explainFile(ctx, g, file, at, &w, memory, c.Limits.Message)
		if err != nil {
			fmt.Fprintf(g.Stderr, "almasu: %s: %v\n", file, err)
			failed = true
			continue
		}
		if e.Clause16 != nil {
			e.Clause16.PlatformReference = c.PlatformReference
		}
		if err := printExplanation(g, e); err != nil {
			return err
		}
	}
	if failed {
		return errFailed
	}
	return nil
}

// readMemory opens the store for reading if there is one: what was accepted
// before, and the approved changes of the register.
func readMemory(ctx context.Context, g *globals, c *config.Config) (gateway.World, gateway.Memory, func(), error) {
	store, err := openStore(ctx, c, true, g.Now)
	if errors.Is(err, fs.ErrNotExist) {
		w, err := newWorld(c)
		return w, nil, func() {}, err
	}
	if err != nil {
		return gateway.World{}, nil, nil, fmt.Errorf("store: %w", err)
	}
	w, err := worldOf(ctx, c, store)
	if err != nil {
		return w, nil, nil, errors.Join(err, store.Close())
	}
	return w, store, func() { store.Close() }, nil
}

var _ gateway.Memory = (*queue.Store)(nil)

func explainFile(ctx context.Context, g *globals, file string, at time.Time, w *gateway.World, memory gateway.Memory, limit int64) (gateway.Explanation, error) {
	raw, err := readInput(g, file, limit)
	if err != nil {
		return gateway.Explanation{}, err
	}
	if int64(len(raw)) > limit {
		return gateway.Explain(file, gateway.Oversize(raw, limit)), nil
	}
	o, err := gateway.Judge(ctx, raw, at, w, memory)
	if errors.Is(err, crypto.ErrRevocation) {
		return gateway.Explanation{}, fmt.Errorf("%w; the running gateway would wait for: %s", err, strings.Join(gateway.Explain(file, o).Security.Findings, ", "))
	}
	if err != nil {
		return gateway.Explanation{}, err
	}
	return gateway.Explain(file, o), nil
}

// readInput reads a file, or standard input for "-", up to one octet more
// than the limit.
func readInput(g *globals, file string, limit int64) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(io.LimitReader(g.Stdin, limit+1))
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit+1))
}

func printExplanation(g *globals, e gateway.Explanation) error {
	if g.JSON {
		out := json.NewEncoder(g.Stdout)
		out.SetEscapeHTML(false)
		return out.Encode(e)
	}
	row := func(name, format string, args ...any) {
		fmt.Fprintf(g.Stdout, "  %-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(g.Stdout, "%s: %s", e.File, e.Outcome)
	if e.Code != "" {
		fmt.Fprintf(g.Stdout, " (%s: %s)", e.Code, e.Reason)
	} else if e.Reason != "" {
		fmt.Fprintf(g.Stdout, " (%s)", e.Reason)
	}
	fmt.Fprintln(g.Stdout)
	row("from", "%s %s", e.From, bracketed(e.Participant))
	row("encrypted", "%t %s %s", e.Security.Encrypted, e.Security.Encryption, e.Security.Cipher)
	row("signed", "%t, %s, covers %s, by %s at %s", e.Security.Signed, e.Security.Signature, e.Security.Covers, orNone(e.Security.Signer), orNone(e.Security.SignedAt))
	for _, f := range e.Security.Findings {
		row("finding", "%s", f)
	}
	if x := e.Clause16; x != nil {
		row("clause 16", "domestic certificate: %s; the platform is not covered by this channel; platform_reference: %s", yesNo(x.Domestic), orNone(x.PlatformReference))
	}
	for _, r := range e.Reports {
		row("report", "%s %s revision %d, %s, reporter %s", r.Kind, r.ID, r.Revision, r.Format, r.Reporter)
	}
	for _, d := range e.Attachments {
		row("beside it", "%s %s", d.Name, bracketed(d.MediaType))
	}
	printProblems(g.Stdout, g, e.Problems)
	for _, a := range e.Answers {
		row("answer", "%s to %s %s", a.Kind, a.To, a.Verdict)
	}
	for _, n := range e.Notices {
		row("notice", "to %s under clause %s: %s", n.To, n.Clause, n.Reason)
	}
	for _, p := range e.Proposals {
		row("proposal", "to %s under clause %s: %s; waits for a person (%s)", p.To.ID, p.Clause, p.Reason, p.Halt)
	}
	for _, r := range e.Rules {
		matched := "not matched"
		if r.Matched {
			matched = "matched"
		}
		row("rule", "%s (clause %s) %s: %s", r.Rule.ID, r.Rule.Clause, matched, r.Why)
	}
	for _, d := range e.Due {
		row("due", "clause %s at %s", d.Clause, d.At)
	}
	return nil
}

func bracketed(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func printProblems(out io.Writer, g *globals, problems []exchange.Problem) {
	for _, p := range problems {
		place := ""
		if p.Line > 0 {
			place = fmt.Sprintf("%s line %d column %d: ", p.Path, p.Line, p.Column)
		}
		fmt.Fprintf(out, "  problem      %s%s: %s\n", place, p.Code, g.problemText(p))
	}
}
