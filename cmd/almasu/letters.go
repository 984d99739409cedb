package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/queue"
)

func newLettersCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "letters", Short: "What goes out: waiting, sent, given up"}
	cmd.AddCommand(newLettersListCommand(g), newLettersShowCommand(g), newLettersRetryCommand(g), newLettersPreviewCommand(g), newLettersExportCommand(g))
	return cmd
}

func newLettersListCommand(g *globals) *cobra.Command {
	state, to, track, limit := "", "", "", 50
	cmd := &cobra.Command{
		Use:   "list",
		Short: "The letters, newest first",
		Args:  cobra.NoArgs,
		RunE: g.inStore(func(cmd *cobra.Command, _ []string, c *config.Config, store *queue.Store) error {
			letters, err := store.Letters(cmd.Context(), queue.LetterFilter{State: exchange.LetterState(state), To: to, Newest: true, Limit: limit})
			if err != nil {
				return err
			}
			for _, l := range letters {
				v, err := g.tracked(cmd.Context(), store, l, c)
				if err != nil {
					return err
				}
				if track != "" && v.Track != track {
					continue
				}
				if err := printOne(g, v, "%d %s to %s: %s, %s, %d attempts %s %s\n", l.ID, l.Kind, l.To, l.State, v.Track, l.Attempts, l.Verdict, l.Reply); err != nil {
					return err
				}
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&state, "state", "", "waiting, sent, closed, never, blocked, gathered or replaced")
	cmd.Flags().StringVar(&to, "to", "", "participant id")
	cmd.Flags().StringVar(&track, "track", "", "of those listed only the ones that are waiting, blocked, sent, delivered, opened, refused, overdue or replaced")
	cmd.Flags().IntVar(&limit, "limit", limit, "at most so many (0: all)")
	return cmd
}

func newLettersShowCommand(g *globals) *cobra.Command {
	raw := false
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "One letter with every attempt to send it; --raw prints its sealed octets",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := letterID(args[0])
			if err != nil {
				return err
			}
			c, store, err := g.openStore(cmd.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			l, err := store.Letter(cmd.Context(), id)
			if err != nil {
				return err
			}
			if raw {
				_, err := g.Stdout.Write(l.Message)
				return err
			}
			attempts, err := store.Attempts(cmd.Context(), id)
			if err != nil {
				return err
			}
			v, err := g.tracked(cmd.Context(), store, l, c)
			if err != nil {
				return err
			}
			hints, err := store.HintsOf(cmd.Context(), id)
			if err != nil {
				return err
			}
			if g.JSON {
				return json.NewEncoder(g.Stdout).Encode(struct {
					letterStatus
					Tried []exchange.Attempt `json:"tried"`
					Hints []hintStatus       `json:"hints"`
				}{v, attempts, describeHints(hints, c)})
			}
			fmt.Fprintf(g.Stdout, "%d %s to %s <%s>: %s, %s %s\n  %s, %d octets, made %s\n", l.ID, l.Kind, l.To, l.Address, l.State, v.Track, l.Verdict,
				l.MessageID, len(l.Message), stamp(l.CreatedAt, c))
			for _, a := range attempts {
				fmt.Fprintf(g.Stdout, "  %s %s by %s: %d %s\n", stamp(a.At, c), a.Outcome, a.Relay, a.Code, a.Text)
			}
			for _, h := range describeHints(hints, c) {
				fmt.Fprintf(g.Stdout, "  %s\n", h)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&raw, "raw", false, "print the message as it goes out")
	return cmd
}

// hintStatus is one delivery report or automatic reply. Nobody vouches for it.
type hintStatus struct {
	At      string `json:"at"`
	Action  string `json:"action"` // failed, delayed, delivered, relayed, expanded; reply
	Class   string `json:"class"`  // hard, soft
	Status  string `json:"status"`
	Address string `json:"address"`
	Dialect string `json:"dialect"`
	Text    string `json:"text"`
}

func describeHints(hints []queue.Hinted, c *config.Config) []hintStatus {
	out := []hintStatus{}
	for _, h := range hints {
		s := hintStatus{At: stamp(h.At, c), Action: h.Action, Class: h.Class, Status: h.Status, Address: h.Address, Dialect: h.Dialect, Text: h.Text}
		if h.Reply {
			s.Action = "reply"
		}
		out = append(out, s)
	}
	return out
}

// String is the line for people.
func (h hintStatus) String() string {
	words := slices.DeleteFunc([]string{h.At, h.Action, h.Class, h.Status, h.Address, h.Text}, func(s string) bool { return s == "" })
	by := "automatic"
	if h.Dialect != "" {
		by = "delivery report, " + h.Dialect
	}
	return strings.Join(words, " ") + " (" + by + ")"
}

func newLettersRetryCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "retry ID",
		Short: "Put a letter that was given up back to work, with the same octets",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := letterID(args[0])
			if err != nil {
				return err
			}
			_, store, err := g.openStore(cmd.Context())
			if err != nil {
				return err
			}
			defer store.Close()
			err = store.Retry(cmd.Context(), id, osUser())
			if errors.Is(err, queue.ErrForbidden) {
				return fmt.Errorf("letter %d is not given up: `almasu letters show %d` says where it stands", id, id)
			}
			return err
		},
	}
}

func letterID(arg string) (int64, error) {
	id, err := strconv.ParseInt(arg, 10, 64)
	if err != nil {
		return 0, usagef("%q is no letter: `almasu letters list` prints their ids", arg)
	}
	return id, nil
}
