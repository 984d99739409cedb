package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/crypto"
	"almasu/exchange"
	"almasu/gateway"
)

func newParticipantsCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "participants",
		Short: "The register: who may send to us and who is told",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newParticipantsListCommand(g),
		&cobra.Command{Use: "show ID", Short: "One participant with its keys", Args: argument("ID"),
			RunE: func(cmd *cobra.Command, args []string) error { return participantsShow(cmd.Context(), g, args[0]) }},
		&cobra.Command{Use: "add FILE", Short: "Check a participant file and copy it, with its keys, into the register", Args: argument("FILE"),
			RunE: func(_ *cobra.Command, args []string) error { return participantsAdd(g, args[0]) }},
		newParticipantKeysCommand(g))
	return cmd
}

func newParticipantsListCommand(g *globals) *cobra.Command {
	transport := ""
	cmd := &cobra.Command{Use: "list", Short: "All participants, one a line", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if transport != "" {
				return participantsTransport(cmd.Context(), g, transport)
			}
			return participantsList(cmd.Context(), g)
		}}
	cmd.Flags().StringVar(&transport, "transport", "", "print a Postfix transport map instead: every address of another participant, with this transport")
	return cmd
}

// participantsTransport prints the map that hands mail to participants over to
// the filter.
func participantsTransport(ctx context.Context, g *globals, transport string) error {
	r, err := g.register(ctx)
	if err != nil {
		return err
	}
	for _, v := range r.views {
		if v.ID == r.config.Identity.ID {
			continue
		}
		for _, address := range v.Addresses {
			if _, err := fmt.Fprintf(g.Stdout, "%s %s\n", address, transport); err != nil {
				return err
			}
		}
	}
	return nil
}

// argument asks for exactly one argument.
func argument(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("give exactly one %s", name)
		}
		return nil
	}
}

// participantView is a participant as it is printed.
type participantView struct {
	ID             string                     `json:"id"`
	Kinds          []exchange.ParticipantKind `json:"kinds"`
	Name           exchange.Names             `json:"name"`
	FQDNs          []string                   `json:"names,omitempty"`
	BIN            string                     `json:"bin,omitempty"`
	Addresses      []string                   `json:"addresses"`
	Phone          string                     `json:"phone,omitempty"`
	Language       exchange.Language          `json:"language"`
	Format         string                     `json:"format,omitempty"`
	Sends          []exchange.ReportKind      `json:"sends"`
	Unbound        bool                       `json:"accepts_unbound"`
	OuterSignature bool                       `json:"accepts_outer_signature"`
	File           string                     `json:"file"`
	Sealable       bool                       `json:"sealable"` // a letter can be sealed to it now
	Keys           []keyView                  `json:"keys"`
}

func viewParticipant(p *config.Participant, keys *crypto.Keyring, at time.Time) participantView {
	v := participantView{ID: p.ID, Kinds: p.Kinds, Name: p.Name, FQDNs: p.FQDNs, BIN: p.BIN, Addresses: append([]string{}, p.Addresses...),
		Phone: p.Phone, Language: p.Language, Format: p.Format, Sends: []exchange.ReportKind{}, Unbound: p.AcceptUnbound,
		OuterSignature: p.AcceptOuterSignature, File: p.File, Sealable: keys.CanSeal(p.ID, at) == nil, Keys: viewKeys(keys, p.ID, at)}
	for _, kind := range exchange.ReportKinds() {
		if p.MaySend(kind) {
			v.Sends = append(v.Sends, kind)
		}
	}
	return v
}

// registered is the register as it is in force: the files with the approved
// changes.
type registered struct {
	config  *config.Config
	views   []participantView
	changes []exchange.Change // all there are
}

func (g *globals) register(ctx context.Context) (registered, error) {
	c, err := g.load()
	if err != nil {
		return registered{}, err
	}
	r := registered{config: c, changes: g.changes(ctx, c)}
	w, err := newWorld(c, r.changes...)
	if err != nil {
		return r, err
	}
	r.views = []participantView{}
	for _, p := range c.Participants {
		r.views = append(r.views, viewParticipant(inForce(p, w), w.Keys, g.Now()))
	}
	return r, nil
}

// inForce is a participant's file with the approved changes.
func inForce(p *config.Participant, w gateway.World) *config.Participant {
	changed := *p
	if now := w.Register.ByID(p.ID); now != nil {
		changed.Participant = *now
	}
	return &changed
}

func participantsList(ctx context.Context, g *globals) error {
	r, err := g.register(ctx)
	if err != nil {
		return err
	}
	if g.JSON {
		return printJSON(g.Stdout, r.views)
	}
	language := g.speaks(r.config)
	w := tabwriter.NewWriter(g.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tKIND\tADDRESS\tKEY\tNAME")
	for _, v := range r.views {
		key := "none usable"
		for _, k := range v.Keys {
			if v.Sealable && k.State == keyGood {
				key = "until " + k.until()
				break
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", v.ID, words(v.Kinds), firstOf(v.Addresses), key, v.Name.In(language))
	}
	return w.Flush()
}

func participantsShow(ctx context.Context, g *globals, id string) error {
	r, err := g.register(ctx)
	if err != nil {
		return err
	}
	for _, v := range r.views {
		if v.ID != id {
			continue
		}
		if g.JSON {
			return printJSON(g.Stdout, v)
		}
		return v.print(g.Stdout, g.speaks(r.config))
	}
	return fmt.Errorf("no participant %q: `almasu participants list` names them", id)
}

func (v participantView) print(out io.Writer, language exchange.Language) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	line("id", v.ID)
	line("kinds", words(v.Kinds))
	line("name", v.Name.In(language))
	line("names", strings.Join(v.FQDNs, ", "))
	line("bin", v.BIN)
	line("addresses", strings.Join(v.Addresses, ", "))
	line("phone", v.Phone)
	line("language", string(v.Language))
	line("format", v.Format)
	line("sends", words(v.Sends))
	if v.Unbound {
		line("unbound", "accept")
	}
	if v.OuterSignature {
		line("outer_signature", "accept")
	}
	line("file", v.File)
	for _, k := range v.Keys {
		line("key", k.line())
	}
	if len(v.Keys) == 0 {
		line("key", "none: nothing can be sealed to it")
	}
	return w.Flush()
}

func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func words[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return strings.Join(out, ",")
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return list[0]
}
