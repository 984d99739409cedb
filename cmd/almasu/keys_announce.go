package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/parser"
	"almasu/queue"
)

// announcement is what the command line says of a contact card with a new key.
type announcement struct {
	fingerprint, phone, reason string
}

func newKeysAnnounceCommand(g *globals) *cobra.Command {
	var a announcement
	cmd := &cobra.Command{
		Use:   "announce [FINGERPRINT]",
		Short: "Send the NCCIS a contact card with our newest key (or the one named), signed with the key in use",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.fingerprint = strings.ToUpper(strings.ReplaceAll(args[0], " ", ""))
			}
			return keysAnnounce(cmd.Context(), g, a)
		},
	}
	cmd.Flags().StringVar(&a.phone, "phone", "", "24/7 telephone, +77012345678 (default: that of the last contact card, or identity.phone)")
	cmd.Flags().StringVar(&a.reason, "reason", "key rollover", "reason of the change, for the card")
	return cmd
}

func keysAnnounce(ctx context.Context, g *globals, a announcement) error {
	c, store, err := g.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if c.Role != config.RoleSOC {
		return errors.New("announce: the NCCIS sends no contact cards: hand its new key over with `almasu keys export`")
	}
	card, err := a.card(ctx, g, c, store)
	if err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	id := freshID(exchange.Contact, g)
	report := &exchange.Report{Kind: exchange.Contact, ID: id, Revision: 1, Reporter: c.Identity.ID, GeneratedAt: g.Now(), Language: c.Language, Contact: card}
	for _, p := range c.Participants {
		if p.Is(exchange.KindNCCIS) {
			report.Addressee = p.ID
		}
	}
	doc, err := parser.Render(report, exchange.CardJSON)
	if err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	gw, err := gatewayOn(ctx, g, c, store)
	if err != nil {
		return err
	}
	s, err := gw.Submit(ctx, gateway.Order{Document: doc, Typed: true, Actor: osUser()})
	if err != nil {
		return err
	}
	return printSubmission(g, c, doc.Name, s)
}

// card is our last contact card, or one of what the configuration says, with
// the key in it.
func (a announcement) card(ctx context.Context, g *globals, c *config.Config, store *queue.Store) (*exchange.ContactBody, error) {
	card := &exchange.ContactBody{Organisation: exchange.Organisation{Name: c.Identity.Name, BIN: c.Identity.BIN},
		Email: c.Identity.Address, Phone: c.Identity.Phone}
	last, err := store.Reports(ctx, queue.ReportFilter{Participant: c.Identity.ID, Kind: exchange.Contact, Outgoing: true, Newest: true, Limit: 1, Document: true})
	if err != nil {
		return nil, err
	}
	if len(last) == 1 {
		parsed := parser.ParseFile(exchange.Document{Body: last[0].Document}, parser.Limits{}, g.Now())
		if len(parsed.Reports) == 1 && parsed.Reports[0].Contact != nil {
			card = parsed.Reports[0].Contact
			card.PreviousHash = last[0].Digest
		}
	}
	if a.phone != "" {
		card.Phone = a.phone
	}
	if card.Phone == "" {
		return nil, usagef("a contact card must carry a telephone: give --phone, or set identity.phone")
	}
	card.ValidFrom, card.ChangeReason, card.Quarter = g.Now(), a.reason, ""
	return card, a.addKey(g, c, card)
}

// addKey puts the key into the card: the one named, or the newest good one.
func (a announcement) addKey(g *globals, c *config.Config, card *exchange.ContactBody) error {
	keys, err := newKeyring(c)
	if err != nil {
		return err
	}
	var chosen keyView
	card.Fingerprints = nil
	for _, k := range viewKeys(keys, exchange.SelfSigner, g.Now()) {
		if k.State != keyGood {
			continue
		}
		card.Fingerprints = append(card.Fingerprints, k.Fingerprint)
		if a.fingerprint == k.Fingerprint || a.fingerprint == "" && (chosen.Fingerprint == "" || k.Created.After(chosen.Created)) {
			chosen = k
		}
	}
	if chosen.Fingerprint == "" {
		return errors.New("no such good key of ours: `almasu keys list` names them; it must be listed under keys.openpgp so that we open what is sealed to it")
	}
	public := publicFile(filepath.Dir(c.File), chosen.Fingerprint)
	if public == nil {
		return fmt.Errorf("no public key file of %s in for-partners: put one there with `gpg --armor --export %s`", chosen.Fingerprint, chosen.Fingerprint)
	}
	card.OpenPGP = string(public)
	return nil
}
