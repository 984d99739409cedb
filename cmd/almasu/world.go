package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"almasu/config"
	"almasu/crypto"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/parser"
	"almasu/queue"
)

// newBase turns settings into what decisions depend on, as the files say it:
// the register, the keys, the rules and the limits, before the approved changes.
func newBase(c *config.Config) (gateway.Base, error) {
	keys, err := keySet(c)
	if err != nil {
		return gateway.Base{}, err
	}
	b := gateway.Base{Self: c.Self(), Keys: keys}
	if b.Rules, _, err = readRules(c.Rules); err != nil {
		return b, err
	}
	for _, p := range c.Participants {
		b.Participants = append(b.Participants, &p.Participant)
	}
	alarms, err := newAlarms(c)
	if err != nil {
		return b, err
	}
	l := c.Limits
	b.Settings = gateway.World{
		Crypto:         crypto.Limits{Depth: l.Depth, Parts: l.Parts, Message: l.Message, Decompressed: l.Decompressed},
		Parser:         parserLimits(c),
		Trust:          exchange.TrustLimits{SigningAge: l.SigningAge, SigningSkew: l.SigningSkew},
		Zone:           c.Zone,
		Languages:      languages(c.Language),
		AnswersPerHour: l.AnswersPerHour,
		RetryLife:      l.RetryLife,
		Alarms:         alarms,
		AnswerWithin:   c.Requests.AnswerWithin,
		Retention:      newRetention(c),
		Relays:         len(c.Relays),
		ReceiptWait:    l.ReceiptWait,
	}
	return b, nil
}

// parserLimits are the limits on documents and archives.
func parserLimits(c *config.Config) parser.Limits {
	l := c.Limits
	return parser.Limits{Document: l.Document, Depth: l.Depth, Items: l.Values, StringBytes: int(min(l.String, l.Document)),
		ArchiveEntries: l.ArchiveEntries, ArchiveBytes: l.ArchiveSize, ArchiveRatio: l.ArchiveRatio}
}

// newWorld is the world of the files and of these changes of the register.
func newWorld(c *config.Config, changes ...exchange.Change) (gateway.World, error) {
	b, err := newBase(c)
	if err != nil {
		return gateway.World{}, err
	}
	return b.With(changes)
}

// worldOf is the world of the files and the changes approved in a store.
func worldOf(ctx context.Context, c *config.Config, store *queue.Store) (gateway.World, error) {
	changes, err := store.Changes(ctx, queue.ChangeFilter{State: exchange.ChangeApproved})
	if err != nil {
		return gateway.World{}, err
	}
	return newWorld(c, changes...)
}

// changes reads the changes of the register if there is a store. A store that
// cannot be read is told, and the files count alone: what looks at the register
// must work while the store does not.
func (g *globals) changes(ctx context.Context, c *config.Config) []exchange.Change {
	store, err := openStore(ctx, c, true, g.Now)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var changes []exchange.Change
	if err == nil {
		defer store.Close()
		changes, err = store.Changes(ctx, queue.ChangeFilter{})
	}
	if err != nil {
		fmt.Fprintln(g.Stderr, "almasu: warning: changes of the register that came by mail are left out: store:", err)
	}
	return changes
}

func newKeyring(c *config.Config) (*crypto.Keyring, error) {
	set, err := keySet(c)
	if err != nil {
		return nil, err
	}
	return crypto.NewKeyring(set)
}

func keySet(c *config.Config) (crypto.KeySet, error) {
	set := crypto.KeySet{Revoked: map[string][]string{}}
	for _, k := range c.Keys.OpenPGP {
		data, passphrase, err := k.Read()
		if err != nil {
			return set, fmt.Errorf("keys.openpgp: %w", err)
		}
		set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: exchange.SelfSigner, File: k.File, Data: data, Passphrase: passphrase})
	}
	for _, p := range c.Participants {
		for _, file := range p.OpenPGP {
			data, err := config.ReadFile(file)
			if err != nil {
				return set, fmt.Errorf("participant %s: openpgp: %w", p.ID, err)
			}
			set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: p.ID, File: file, Data: data})
		}
		set.Revoked[p.ID] = p.Revoked
	}
	return set, addSMIME(c, &set)
}
