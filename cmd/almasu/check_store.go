package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"almasu/config"
	"almasu/gateway"
	"almasu/queue"
)

// storeKey looks at the key that seals the store: that it is there if the
// store is, and that a copy of it was taken.
func (k *checker) storeKey(c *config.Config) {
	const name = "store_key"
	_, err := os.Stat(c.StoreKey.File)
	isFile := err == nil
	if errors.Is(err, fs.ErrNotExist) && c.StoreKey.Made && !storeIsThere(c) {
		return // made with the store
	}
	if c.StoreKey.Made && !isFile {
		k.fail(name, "store-key-missing", c.StoreKey.File+": "+fs.ErrNotExist.Error())
		return
	}
	if _, err := storeKey(c); err != nil {
		k.fail(name, "store-key-missing", err.Error())
		return
	}
	if _, err := os.Stat(exportedMark(c)); isFile && errors.Is(err, fs.ErrNotExist) {
		k.warn(name, "store-key-not-exported", c.StoreKey.File)
		return
	}
	k.ok(name, "store-key-ok", c.StoreKey.File)
}

func storeIsThere(c *config.Config) bool {
	path, isFile := sqlitePath(c.Store)
	if !isFile {
		return true
	}
	_, err := os.Stat(path)
	return err == nil
}

// store opens the store for reading and, if asked to, walks all of it.
func (k *checker) store(ctx context.Context, c *config.Config, now func() time.Time, whole bool) {
	const name = "store"
	if path, isFile := sqlitePath(c.Store); isFile && !storeIsThere(c) {
		if err := writable(filepath.Dir(path)); err != nil {
			k.fail(name, "store-folder", path, err.Error())
			return
		}
		k.ok(name, "store-new", path)
		return
	}
	s, err := openStore(ctx, c, true, now)
	if err != nil {
		k.fail(name, "store-failed", err.Error())
		return
	}
	defer s.Close()
	k.ok(name, "store-ok", storeName(c))
	if err := k.duties(ctx, c, s, now); err != nil {
		k.fail(name, "store-failed", err.Error())
		return
	}
	if !whole {
		return
	}
	if err := errors.Join(s.Check(ctx), s.VerifyJournal(ctx)); err != nil {
		k.fail(name, "store-broken", err.Error())
		return
	}
	k.ok(name, "store-sound")
}

// duties looks at what clauses 17 and 18 ask for: what is overdue, and contact
// data that have changed without the NCCIS being told.
func (k *checker) duties(ctx context.Context, c *config.Config, s *queue.Store, now func() time.Time) error {
	n, err := overdue(ctx, s)
	if n > 0 {
		k.warn("clauses 17, 18", "duties-overdue", strconv.Itoa(n))
	}
	if err != nil || c.Role != config.RoleSOC {
		return err
	}
	w, err := worldOf(ctx, c, s)
	if err != nil {
		return nil // the lines about keys and the register say so
	}
	data, err := gateway.New(s, nil, w, gatewayLimits(c.Limits), now, discard()).ContactData(ctx)
	if differs := differsFromCard(c, data); err == nil && len(differs) > 0 {
		k.warn("clause 17", "contact-differs", strings.Join(differs, ", "))
	}
	return err
}

// storeName is the store without what may be secret in its address.
func storeName(c *config.Config) string {
	if path, isFile := sqlitePath(c.Store); isFile {
		return path
	}
	return "PostgreSQL"
}

// writable makes sure that we may make files in a folder.
func writable(folder string) error {
	f, err := os.CreateTemp(folder, ".almasu-check-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
