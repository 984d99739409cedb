package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"almasu/config"
	"almasu/exchange"
	"almasu/internal/safeio"
	"almasu/mailout"
	"almasu/queue"
)

// load reads the configuration the command line names.
func (g *globals) load() (*config.Config, error) {
	path, err := config.Find(g.ConfigPath)
	if err != nil {
		return nil, err
	}
	return config.Load(path)
}

// languages lists all three with the configured one first.
func languages(first exchange.Language) []exchange.Language {
	out := []exchange.Language{first}
	for _, l := range exchange.Languages() {
		if l != first {
			out = append(out, l)
		}
	}
	return out
}

// storeKey reads the data key that seals report bodies at rest. Where the
// setting is absent it is made beside the store at the first start.
func storeKey(c *config.Config) ([]byte, error) {
	if c.StoreKey.Made {
		if _, err := os.Stat(c.StoreKey.File); errors.Is(err, fs.ErrNotExist) {
			if err := makeStoreKey(c.StoreKey.File); err != nil && !errors.Is(err, fs.ErrExist) { // another process was faster
				return nil, err
			}
		}
	}
	text, err := config.Secret(c.StoreKey.File)
	if err != nil {
		return nil, fmt.Errorf("store_key: %w", err)
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("store_key %s: must hold 64 hexadecimal digits: `openssl rand -hex 32` makes one", c.StoreKey.File)
	}
	return key, nil
}

func makeStoreKey(path string) error {
	key := make([]byte, 32)
	rand.Read(key)
	if err := safeio.Folder(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return safeio.Create(path, []byte(hex.EncodeToString(key)+"\n"), 0o600)
}

// openStore opens the store for reading and writing, or, for explain, for
// reading alone.
func openStore(ctx context.Context, c *config.Config, readOnly bool, now func() time.Time) (*queue.Store, error) {
	if path, ok := sqlitePath(c.Store); ok && readOnly {
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
	}
	key, err := storeKey(c)
	if err != nil {
		return nil, err
	}
	dsn, err := c.StoreDSN()
	if err != nil {
		return nil, err
	}
	return queue.Open(ctx, dsn, queue.Options{DataKey: key, Clock: now, Zone: c.Zone,
		NumberPrefix: strings.ToUpper(c.Identity.ID), ReadOnly: readOnly})
}

func sqlitePath(dsn string) (string, bool) {
	const scheme = "sqlite:"
	if len(dsn) > len(scheme) && dsn[:len(scheme)] == scheme {
		return dsn[len(scheme):], true
	}
	return "", false
}

// newSender makes the way out from the configured relays.
func newSender(c *config.Config, now func() time.Time, log *slog.Logger) (*mailout.Sender, error) {
	s := &mailout.Sender{Clock: now}
	for _, r := range c.Relays {
		relay, err := newRelay(r, c.Identity.Address)
		if err != nil {
			return nil, err
		}
		s.Relays = append(s.Relays, relay)
	}
	return s, nil
}
