package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/queue"
)

func newParticipantKeysCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "keys [ID]", Short: "The public keys of the participants, and the changes that contact cards ask for", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return participantsKeys(cmd.Context(), g, args) }}
	const what = "NUMBER|CHANGE"
	cmd.AddCommand(
		&cobra.Command{Use: "changes [ID]", Short: "Every change of the register that was asked for by mail", Args: cobra.MaximumNArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return changesList(cmd.Context(), g, args) }},
		&cobra.Command{Use: "approve " + what, Short: "Put a change in force, after its fingerprint or value was confirmed by telephone", Args: argument(what),
			RunE: func(cmd *cobra.Command, args []string) error { return changesApprove(cmd.Context(), g, args[0]) }},
		&cobra.Command{Use: "decline " + what, Short: "Refuse a change; nothing of it comes into force", Args: argument(what),
			RunE: func(cmd *cobra.Command, args []string) error { return changesDecline(cmd.Context(), g, args[0]) }})
	return cmd
}

// changeView is a change of the register as it is printed.
type changeView struct {
	ID          int64                `json:"id"`
	Participant string               `json:"participant"`
	Kind        exchange.ChangeKind  `json:"kind"`
	State       exchange.ChangeState `json:"state"`
	New         string               `json:"new"`      // for a key its fingerprint
	Replaces    string               `json:"replaces"` // for a key the fingerprints in use when it was asked for
	ValidFrom   string               `json:"valid_from,omitempty"`
	Number      string               `json:"number"` // of the contact card
	Report      string               `json:"report_id"`
	ProposedAt  string               `json:"proposed_at"`
	SettledAt   string               `json:"settled_at,omitempty"`
	Actor       string               `json:"actor,omitempty"`
	Proven      bool                 `json:"proven"` // letters are sealed to the key
	OpenedAt    string               `json:"opened_at,omitempty"`
	SignedAt    string               `json:"signed_at,omitempty"`
}

func viewChange(c exchange.Change, cfg *config.Config) changeView {
	v := changeView{ID: c.ID, Participant: c.Participant, Kind: c.Kind, State: c.State, New: c.New, Replaces: c.Old,
		ValidFrom: stamp(c.ValidFrom, cfg), Number: c.Number, Report: c.Report, ProposedAt: stamp(c.ProposedAt, cfg),
		SettledAt: stamp(c.SettledAt, cfg), Actor: c.Actor, Proven: c.Proven(), OpenedAt: stamp(c.OpenedAt, cfg), SignedAt: stamp(c.SignedAt, cfg)}
	if c.Kind == exchange.ChangeKey {
		v.New = c.Fingerprint
	}
	return v
}

func viewChanges(list []exchange.Change, cfg *config.Config) []changeView {
	views := []changeView{}
	for _, c := range list {
		views = append(views, viewChange(c, cfg))
	}
	return views
}

// state says how far a change is, for people.
func (v changeView) state() string {
	switch {
	case v.State != exchange.ChangeApproved || v.Kind != exchange.ChangeKey || v.Proven:
		return string(v.State)
	case v.OpenedAt != "":
		return "approved, opened our ping, has not signed yet"
	case v.SignedAt != "":
		return "approved, has signed, has not answered our ping yet"
	}
	return "approved, not proven by our ping yet"
}

func printChanges(out io.Writer, views []changeView) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHANGE\tNUMBER\tPARTICIPANT\tKIND\tNEW\tREPLACES\tSTATE")
	for _, v := range views {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", v.ID, v.Number, v.Participant, v.Kind, oneLine(v.New), orNone(oneLine(v.Replaces)), v.state())
	}
	return w.Flush()
}

// participantsKeys prints the keys, and for people the changes that are not
// done with. As JSON it is the keys alone: the changes have a list of their own.
func participantsKeys(ctx context.Context, g *globals, only []string) error {
	r, err := g.register(ctx)
	if err != nil {
		return err
	}
	keys := []keyView{}
	found := len(only) == 0
	for _, v := range r.views {
		if len(only) == 0 || v.ID == only[0] {
			keys = append(keys, v.Keys...)
			found = true
		}
	}
	if !found {
		return fmt.Errorf("no participant %q: `almasu participants list` names them", only[0])
	}
	if err := printKeys(g, keys); err != nil || g.JSON {
		return err
	}
	open := slices.DeleteFunc(slices.Clone(r.changes), func(c exchange.Change) bool {
		done := c.State == exchange.ChangeDeclined || c.State == exchange.ChangeApproved && (c.Kind != exchange.ChangeKey || c.Proven())
		return done || len(only) == 1 && c.Participant != only[0]
	})
	if len(open) == 0 {
		return nil
	}
	fmt.Fprintln(g.Stdout, "\nAsked for by contact cards; compare by telephone, then: almasu participants keys approve|decline NUMBER|CHANGE")
	return printChanges(g.Stdout, viewChanges(open, r.config))
}

func changesList(ctx context.Context, g *globals, only []string) error {
	c, store, err := g.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	f := queue.ChangeFilter{}
	if len(only) == 1 {
		f.Participant = only[0]
	}
	list, err := store.Changes(ctx, f)
	if err != nil {
		return err
	}
	if g.JSON {
		return printJSON(g.Stdout, viewChanges(list, c))
	}
	return printChanges(g.Stdout, viewChanges(list, c))
}

// unprovenSince names approved keys that no ping has proven in a day.
func unprovenSince(changes []exchange.Change, now time.Time) []exchange.Change {
	return slices.DeleteFunc(slices.Clone(changes), func(c exchange.Change) bool {
		return c.Kind != exchange.ChangeKey || c.State != exchange.ChangeApproved || c.Proven() || now.Sub(c.SettledAt) < 24*time.Hour
	})
}
