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
	gw, err := gatewayOn(ctx, g, c, store)
	if err != nil {
		return err
	}
	data, err := gw.ContactData(ctx)
	if err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	card := data.Card
	if a.phone != "" {
		card.Phone = a.phone
	}
	card.ValidFrom, card.ChangeReason, card.Quarter = g.Now(), a.reason, ""
	if err := a.addKey(g, c, card); err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	s, err := gw.SendContact(ctx, card, freshID(exchange.Contact, g), osUser())
	if errors.Is(err, gateway.ErrNoPhone) {
		return usagef("%w: give --phone, or set identity.phone", err)
	}
	if err != nil {
		return err
	}
	return printSubmission(g, c, "contact card", s)
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
