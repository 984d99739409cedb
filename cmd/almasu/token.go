package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/queue"
	"almasu/web"
)

func newTokenCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "The programs that may use the HTTP API"}
	cmd.AddCommand(newTokenNewCommand(g), newTokenListCommand(g), newTokenRevokeCommand(g))
	return cmd
}

// tokenAsked is what `almasu token new` was asked for.
type tokenAsked struct {
	scopes, kinds, reporters []string
	consumer, expires        string
}

func newTokenNewCommand(g *globals) *cobra.Command {
	var ask tokenAsked
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Make a token: printed this once, stored as a hash alone",
		Long: "Make a token for one program. Scopes: submit (hand reports in, and follow those), read (follow all reports),\n" +
			"queue (take incoming reports with their documents). Without --scope: submit.",
		Args: cobra.ExactArgs(1),
		RunE: g.inStore(func(cmd *cobra.Command, args []string, c *config.Config, store *queue.Store) error {
			t, err := ask.token(args[0], c, g.Now())
			if err != nil {
				return err
			}
			secret, t := web.NewToken(t)
			if err := store.AddToken(cmd.Context(), t, osUser()); errors.Is(err, queue.ErrForbidden) {
				return fmt.Errorf("the name %s was given to a token before: take another, so that the journal stays clear", t.Name)
			} else if err != nil {
				return err
			}
			fmt.Fprintf(g.Stderr, "The token of %s, shown this once: give it to the program as the field `Authorization: Bearer TOKEN`.\n", t.Name)
			v := describeToken(t, c, g.Now())
			v.Token = secret
			return printOne(g, v, "%s\n", secret)
		}),
	}
	f := cmd.Flags()
	f.StringSliceVar(&ask.scopes, "scope", []string{string(exchange.ScopeSubmit)}, "submit, read, queue")
	f.StringSliceVar(&ask.kinds, "kinds", nil, "kinds of report it may submit and read (default: all)")
	f.StringSliceVar(&ask.reporters, "reporters", nil, "participants whose reports it may read (default: all)")
	f.StringVar(&ask.consumer, "consumer", "", "consumer of the report queue it takes reports for (default: its name)")
	f.StringVar(&ask.expires, "expires", "365d", "how long it is in force, as in 90d; never: without end")
	return cmd
}

// token checks what was asked for.
func (ask tokenAsked) token(name string, c *config.Config, now time.Time) (exchange.Token, error) {
	t := exchange.Token{Name: name, Consumer: ask.consumer, Reporters: ask.reporters, CreatedAt: now}
	if !exchange.ValidID(name) || strings.Contains(name, ":") {
		return t, usagef("%q is no name: use 1 to 64 of A-Z a-z 0-9 . _ -", name)
	}
	for _, s := range ask.scopes {
		if !slices.Contains(exchange.Scopes(), exchange.Scope(s)) {
			return t, usagef("%q is no scope: submit, read or queue", s)
		}
		t.Scopes = append(t.Scopes, exchange.Scope(s))
	}
	for _, k := range ask.kinds {
		if !slices.Contains(exchange.ReportKinds(), exchange.ReportKind(k)) {
			return t, usagef("%q is no kind of report", k)
		}
		t.Kinds = append(t.Kinds, exchange.ReportKind(k))
	}
	for _, id := range ask.reporters {
		if id != c.Identity.ID && !slices.ContainsFunc(c.Participants, func(p *config.Participant) bool { return p.ID == id }) {
			return t, usagef("%q is not in the participants register", id)
		}
	}
	if t.Has(exchange.ScopeQueue) && len(t.Kinds)+len(t.Reporters) > 0 {
		return t, usagef("a consumer of the report queue gets every report: --kinds and --reporters go with submit and read alone")
	}
	if t.Consumer == "" {
		t.Consumer = name
	}
	if !exchange.ValidID(t.Consumer) {
		return t, usagef("%q is no name of a consumer", t.Consumer)
	}
	if ask.expires != "never" {
		d, err := config.Duration(ask.expires)
		if err != nil {
			return t, usagef("--expires %s: %v", ask.expires, err)
		}
		t.Expires = now.Add(d)
	}
	return t, nil
}

// tokenView is the JSON object of a token; Token is there only when it is made.
type tokenView struct {
	Name      string   `json:"name"`
	Token     string   `json:"token,omitempty"`
	State     string   `json:"state"` // in force, expired, revoked
	Scopes    []string `json:"scopes"`
	Kinds     []string `json:"kinds"`
	Reporters []string `json:"reporters"`
	Consumer  string   `json:"consumer,omitempty"`
	CreatedAt string   `json:"created_at"`
	Expires   string   `json:"expires,omitempty"`
	RevokedAt string   `json:"revoked_at,omitempty"`
	UsedAt    string   `json:"used_at,omitempty"`
}

func describeToken(t exchange.Token, c *config.Config, now time.Time) tokenView {
	v := tokenView{Name: t.Name, State: "in force", Scopes: texts(t.Scopes), Kinds: texts(t.Kinds), Reporters: texts(t.Reporters),
		CreatedAt: stamp(t.CreatedAt, c), Expires: stamp(t.Expires, c), RevokedAt: stamp(t.RevokedAt, c), UsedAt: stamp(t.UsedAt, c)}
	if t.Has(exchange.ScopeQueue) {
		v.Consumer = t.Consumer
	}
	switch {
	case !t.RevokedAt.IsZero():
		v.State = "revoked"
	case !t.InForce(now):
		v.State = "expired"
	}
	return v
}

func texts[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

func newTokenListCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "The tokens with their rights, their end and their last use",
		Args:  cobra.NoArgs,
		RunE: g.inStore(func(cmd *cobra.Command, _ []string, c *config.Config, store *queue.Store) error {
			tokens, err := store.Tokens(cmd.Context())
			if err != nil {
				return err
			}
			for _, t := range tokens {
				v := describeToken(t, c, g.Now())
				if err := printOne(g, v, "%s %s: %s; kinds %s; reporters %s; until %s; used %s\n", v.Name, v.State, strings.Join(v.Scopes, ","),
					orAny(v.Kinds), orAny(v.Reporters), orNone(v.Expires), orNone(v.UsedAt)); err != nil {
					return err
				}
			}
			return nil
		}),
	}
}

func orAny(list []string) string {
	if len(list) == 0 {
		return "all"
	}
	return strings.Join(list, ",")
}

func newTokenRevokeCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke NAME",
		Short: "End a token at once, for good",
		Args:  cobra.ExactArgs(1),
		RunE: g.inStore(func(cmd *cobra.Command, args []string, _ *config.Config, store *queue.Store) error {
			err := store.RevokeToken(cmd.Context(), args[0], osUser())
			if errors.Is(err, queue.ErrNotFound) {
				return fmt.Errorf("no token in force is named %s: `almasu token list` prints them", args[0])
			}
			return err
		}),
	}
}
