package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/receipt"
	"almasu/rules/calendar"
)

func newContactCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "contact", Short: "Our contact data at the NCCIS (clause 17): confirm them each quarter, tell of a change at once"}
	cmd.AddCommand(newContactShowCommand(g), newContactConfirmCommand(g), newContactChangeCommand(g))
	return cmd
}

// contactView is the JSON object of `almasu contact show`.
type contactView struct {
	Quarter string                `json:"quarter"`
	State   string                `json:"state"`
	Due     string                `json:"due"`
	Card    *exchange.ContactBody `json:"card"`
	Sent    *quarterlySent        `json:"sent"`    // null where no card was sent yet
	Differs []string              `json:"differs"` // fields in which the configuration says something else
}

func newContactShowCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "What the NCCIS was told last, and how the confirmation of the quarter stands",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withSOC(cmd.Context(), g, func(ctx context.Context, d office) error { return d.showContact(ctx) })
		},
	}
}

func (d office) showContact(ctx context.Context) error {
	data, err := d.gateway.ContactData(ctx)
	if err != nil {
		return err
	}
	row, err := d.standing(ctx, calendar.Contact(d.current(), d.config.Zone))
	if err != nil {
		return err
	}
	differs := differsFromCard(d.config, data)
	if d.JSON {
		v := contactView{Quarter: row.Task.Quarter.String(), State: string(row.State), Due: stamp(row.Task.Ends.Add(-1e6), d.config), Card: data.Card, Differs: differs}
		if data.Sent.Key.ID != "" {
			v.Sent = &quarterlySent{ID: data.Sent.Key.ID, Revision: data.Sent.Key.Revision, Letters: []letterStatus{}}
			for _, l := range data.Letters {
				v.Sent.Letters = append(v.Sent.Letters, describeLetter(l, d.config))
			}
		}
		return printJSON(d.Stdout, v)
	}
	d.head(row.Task, row.State)
	key := "card"
	if data.Sent.Key.ID == "" {
		key = "card.none"
	}
	d.say(key, data.Card.Organisation.Name.In(d.language), data.Card.Email, orNone(data.Card.Phone))
	if data.Card.Duty != "" {
		d.say("card.duty", data.Card.Duty)
	}
	if data.Card.Deputy != "" {
		d.say("card.deputy", data.Card.Deputy)
	}
	d.letters(data.Letters)
	if len(differs) > 0 {
		d.say("differs", strings.Join(differs, ", "))
	}
	if row.State != calendar.Met && row.State != calendar.Late && row.State != gateway.DutyWaived {
		d.say("next.confirm", row.Task.Quarter.String())
	}
	return nil
}

// fromConfig puts what the configuration says of us into a card.
func fromConfig(c *config.Config, card exchange.ContactBody) exchange.ContactBody {
	card.Organisation.Name = c.Identity.Name.Over(card.Organisation.Name)
	card.Organisation.BIN = cmp.Or(c.Identity.BIN, card.Organisation.BIN)
	card.Email, card.Phone = c.Identity.Address, cmp.Or(c.Identity.Phone, card.Phone)
	return card
}

// differsFromCard names the fields in which the configuration says something
// else than the last card that was sent; none where there was none.
func differsFromCard(c *config.Config, data gateway.ContactData) []string {
	if data.Sent.Key.ID == "" {
		return []string{}
	}
	said := fromConfig(c, *data.Card)
	return append([]string{}, gateway.ContactDiffers(data.Card, &said)...)
}

func newContactConfirmCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "confirm [QUARTER]",
		Short: "Send the card that confirms the contact data of a quarter (default: the one that runs)",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSOC(cmd.Context(), g, func(ctx context.Context, d office) error {
				q, err := d.quarter(args, d.current())
				if err != nil {
					return err
				}
				if next := d.current().Next(); q.Start(d.config.Zone).After(next.Start(d.config.Zone)) {
					return usagef("%s cannot be confirmed yet: the next one is %s", q, next)
				}
				return d.sendContact(ctx, func(card *exchange.ContactBody) { card.Quarter, card.ChangeReason = q.String(), "" })
			})
		},
	}
}

// contactChange is what the command line says has changed.
type contactChange struct {
	phone, email, duty, deputy, reason, since string
	name                                      exchange.Names
}

func newContactChangeCommand(g *globals) *cobra.Command {
	var c contactChange
	cmd := &cobra.Command{
		Use:   "change [--phone +77012345678] [--email ADDRESS] [--duty TEXT] [--deputy TEXT] [--since TIME] [--reason TEXT]",
		Short: "Tell the NCCIS at once what has changed; without options: what the configuration says now",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			since := time.Time{}
			if c.since != "" {
				var err error
				if since, err = time.Parse(time.RFC3339, c.since); err != nil {
					return usagef("--since %q: write it as 2026-11-23T10:00:00+05:00", c.since)
				}
			}
			return withSOC(cmd.Context(), g, func(ctx context.Context, d office) error { return d.changeContact(ctx, c, since) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.phone, "phone", "", "telephone that is answered 24/7/365")
	f.StringVar(&c.email, "email", "", "address the NCCIS writes to")
	f.StringVar(&c.duty, "duty", "", "duty shift")
	f.StringVar(&c.deputy, "deputy", "", "deputy")
	f.StringVar(&c.name.KK, "name-kk", "", "name of the organisation in Kazakh")
	f.StringVar(&c.name.RU, "name-ru", "", "name of the organisation in Russian")
	f.StringVar(&c.name.EN, "name-en", "", "name of the organisation in English")
	f.StringVar(&c.since, "since", "", "when it changed, RFC 3339 (default: now): the 15 minutes run from then")
	f.StringVar(&c.reason, "reason", "", "why, for the card")
	return cmd
}

func (d office) changeContact(ctx context.Context, c contactChange, since time.Time) error {
	data, err := d.gateway.ContactData(ctx)
	if err != nil {
		return err
	}
	said := *data.Card
	if c == (contactChange{reason: c.reason, since: c.since}) {
		said = fromConfig(d.config, said)
	}
	said.Phone, said.Email, said.Duty, said.Deputy = cmp.Or(c.phone, said.Phone), cmp.Or(c.email, said.Email), cmp.Or(c.duty, said.Duty), cmp.Or(c.deputy, said.Deputy)
	said.Organisation.Name = c.name.Over(said.Organisation.Name)
	differs := gateway.ContactDiffers(data.Card, &said)
	if len(differs) == 0 && data.Sent.Key.ID != "" {
		return usagef("nothing differs from the last card: say what has changed, as in --phone +77012345678; `almasu contact show` prints it")
	}
	return d.sendContact(ctx, func(card *exchange.ContactBody) {
		said.Fingerprints, said.OpenPGP = card.Fingerprints, card.OpenPGP
		*card = said
		card.Quarter, card.ValidFrom = "", since
		card.ChangeReason = cmp.Or(c.reason, strings.Join(differs, ", "))
	})
}

// sendContact sends the last card, changed.
func (d office) sendContact(ctx context.Context, change func(*exchange.ContactBody)) error {
	data, err := d.gateway.ContactData(ctx)
	if err != nil {
		return err
	}
	if data.Sent.Key.ID == "" {
		if data.Card.Fingerprints, err = goodFingerprints(d.globals, d.config); err != nil {
			return err
		}
	}
	data.Card.ValidFrom = time.Time{}
	data.Card.OpenPGP = "" // keys go by `almasu keys announce`
	change(data.Card)
	s, err := d.gateway.SendContact(ctx, data.Card, freshID(exchange.Contact, d.globals), osUser())
	if errors.Is(err, gateway.ErrNoPhone) {
		return usagef("%w: set identity.phone, or `almasu contact change --phone +77012345678`", err)
	}
	if err != nil {
		return err
	}
	if data.Card.Quarter != "" && !d.JSON && s.Refusal.Code == "" {
		fmt.Fprintf(d.Stdout, "%s: %s\n", d.text("name.17"), receipt.Quarter(d.language, data.Card.Quarter))
	}
	return d.handed(s)
}

// goodFingerprints are our own keys that are good now.
func goodFingerprints(g *globals, c *config.Config) ([]string, error) {
	keys, err := newKeyring(c)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, k := range viewKeys(keys, exchange.SelfSigner, g.Now()) {
		if k.State == keyGood {
			out = append(out, k.Fingerprint)
		}
	}
	return out, nil
}
