package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"almasu/config"
	"almasu/crypto"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/queue"
)

// proposedOf finds the open changes that a contact card's number or a change's
// id names.
func proposedOf(ctx context.Context, store *queue.Store, name string) ([]exchange.Change, error) {
	list, err := store.Changes(ctx, queue.ChangeFilter{State: exchange.ChangeProposed, Number: name})
	if id, notID := strconv.ParseInt(name, 10, 64); err == nil && notID == nil {
		var c exchange.Change
		if c, err = store.Change(ctx, id); err == nil && c.State != exchange.ChangeProposed {
			return nil, fmt.Errorf("change %d is %s already", id, c.State)
		}
		list = []exchange.Change{c}
	}
	switch {
	case errors.Is(err, queue.ErrNotFound) || err == nil && len(list) == 0:
		return nil, fmt.Errorf("%s: no change waits under it: `almasu participants keys changes` lists them", name)
	case err != nil:
		return nil, err
	}
	return list, nil
}

// changesApprove puts changes in force: all that the name says, or none.
func changesApprove(ctx context.Context, g *globals, name string) error {
	c, store, err := g.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	list, err := proposedOf(ctx, store, name)
	if err != nil {
		return err
	}
	proven, err := trial(ctx, c, store, list)
	if err != nil {
		return err
	}
	for _, change := range list {
		if err := store.SettleChange(ctx, change.ID, exchange.ChangeApproved, osUser(), proven[change.ID]); err != nil {
			return err
		}
	}
	return printSettled(ctx, g, c, store, list)
}

// trial makes the world as it would be with the changes, and says which of
// their keys are in use already (a key that was prolonged): those need no ping.
func trial(ctx context.Context, c *config.Config, store *queue.Store, list []exchange.Change) (proven map[int64]bool, err error) {
	approved, err := store.Changes(ctx, queue.ChangeFilter{State: exchange.ChangeApproved})
	if err != nil {
		return nil, err
	}
	base, err := newBase(c)
	if err != nil {
		return nil, err
	}
	now, err := base.With(approved)
	if err != nil {
		return nil, err
	}
	proven = map[int64]bool{}
	for _, change := range list {
		proven[change.ID] = inUse(now.Keys, change)
		change.State = exchange.ChangeApproved
		approved = append(approved, change)
	}
	then, err := base.With(approved)
	if err != nil {
		return nil, err
	}
	return proven, without(then, list)
}

// without says which of the changes would have no effect.
func without(w gateway.World, list []exchange.Change) error {
	var all error
	for _, u := range w.Unapplied {
		if slices.ContainsFunc(list, func(c exchange.Change) bool { return c.ID == u.Change.ID }) {
			all = errors.Join(all, fmt.Errorf("change %d cannot be approved: %s", u.Change.ID, u.Reason))
		}
	}
	return all
}

func inUse(keys *crypto.Keyring, c exchange.Change) bool {
	return c.Kind == exchange.ChangeKey && slices.ContainsFunc(keys.Keys(), func(k crypto.KeyInfo) bool {
		return k.Owner == c.Participant && k.Fingerprint == c.Fingerprint && !k.Unproven && !k.Revoked
	})
}

func changesDecline(ctx context.Context, g *globals, name string) error {
	c, store, err := g.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	list, err := proposedOf(ctx, store, name)
	if err != nil {
		return err
	}
	for _, change := range list {
		if err := store.SettleChange(ctx, change.ID, exchange.ChangeDeclined, osUser(), false); err != nil {
			return err
		}
	}
	return printSettled(ctx, g, c, store, list)
}

func printSettled(ctx context.Context, g *globals, c *config.Config, store *queue.Store, list []exchange.Change) error {
	ping := false
	for i, change := range list {
		settled, err := store.Change(ctx, change.ID)
		if err != nil {
			return err
		}
		list[i] = settled
		ping = ping || settled.Kind == exchange.ChangeKey && settled.State == exchange.ChangeApproved && !settled.Proven()
	}
	views := viewChanges(list, c)
	if g.JSON {
		return printJSON(g.Stdout, views)
	}
	for _, v := range views {
		replaces := ""
		if v.Replaces != "" {
			replaces = ", beside or instead of " + strings.ReplaceAll(oneLine(v.Replaces), " ", ", ")
		}
		fmt.Fprintf(g.Stdout, "change %d, %s of %s: %s: %s%s\n", v.ID, v.Kind, v.Participant, v.State, oneLine(v.New), replaces)
	}
	if ping {
		fmt.Fprintln(g.Stdout, "Signatures of the new key are taken from now on. The running gateway seals a ping to it; once that is answered, and the key has signed, letters are sealed to it.")
	}
	return nil
}
