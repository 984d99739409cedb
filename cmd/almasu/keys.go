package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/crypto"
	"almasu/exchange"
	"almasu/internal/safeio"
)

// keyLifetime is how long a key we make is valid.
const keyLifetime = 2 * 365 * 24 * time.Hour

// keyWarning is how long before its end a key is warned of.
const keyWarning = 30 * 24 * time.Hour

func newKeysCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Our own keys",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	export := &cobra.Command{Use: "export [FINGERPRINT]", Short: "Print our public keys, or copy the key of the store", Args: cobra.MaximumNArgs(1)}
	copyTo := export.Flags().String("store-key", "", "copy the key that seals the store into this new file, to be kept in a safe")
	export.RunE = func(_ *cobra.Command, args []string) error {
		if *copyTo != "" {
			return exportStoreKey(g, *copyTo)
		}
		return keysExport(g, args)
	}
	cmd.AddCommand(
		&cobra.Command{Use: "list", Short: "Our own keys and how long they are valid", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return keysList(g) }},
		&cobra.Command{Use: "new", Short: "Make a new key beside the ones we have, and say how to change over", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return keysNew(g) }},
		newKeysAnnounceCommand(g), export)
	return cmd
}

func keysList(g *globals) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	keys, err := newKeyring(c)
	if err != nil {
		return err
	}
	return printKeys(g, viewKeys(keys, exchange.SelfSigner, g.Now()))
}

// ownKey is a fresh key of ours as files.
type ownKey struct {
	name, fingerprint string
	expires           time.Time
	private           newFile
	passphrase        newFile
	public            newFile
}

// newOwnKey makes a key named name for who we are: the private part and its
// passphrase for the folder keys, the public part for the folder for-partners.
func newOwnKey(dir, name, label, address string, now time.Time) (ownKey, error) {
	secret := make([]byte, 24)
	rand.Read(secret)
	passphrase := base64.RawURLEncoding.EncodeToString(secret)
	private, public, fingerprint, err := crypto.NewOpenPGP(label, address, []byte(passphrase), now, keyLifetime)
	if err != nil {
		return ownKey{}, fmt.Errorf("make a key for %s: %w", address, err)
	}
	return ownKey{
		name: name, fingerprint: fingerprint, expires: now.Add(keyLifetime),
		private:    newFile{filepath.Join(dir, "keys", name+".asc"), private, 0o600},
		passphrase: newFile{filepath.Join(dir, "keys", name+".pass"), []byte(passphrase + "\n"), 0o600},
		public:     newFile{filepath.Join(dir, "for-partners", name+".asc"), public, 0o644},
	}, nil
}

func keysNew(g *globals) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	now := g.Now().UTC()
	name := fileName(c.Identity.ID) + "-" + now.Format("20060102")
	key, err := newOwnKey(filepath.Dir(c.File), name, c.Identity.Name.In(exchange.English), c.Identity.Address, now)
	if err != nil {
		return err
	}
	if err := writeAll([]newFile{key.private, key.passphrase, key.public}); err != nil {
		return err
	}
	if g.JSON {
		return printJSON(g.Stdout, map[string]string{"fingerprint": key.fingerprint, "expires": key.expires.Format(time.RFC3339),
			"file": key.private.path, "passphrase_file": key.passphrase.path, "public": key.public.path})
	}
	fmt.Fprintf(g.Stdout, `written %s
written %s
written %s
fingerprint %s, until %s

To change over without losing a message:
1. Write it into keys.openpgp of %s AFTER the key in use, so that we open what is sealed to either:
     - {file: keys/%s.asc, passphrase_file: keys/%s.pass}
   and tell a running gateway: kill -HUP (systemctl reload almasu)
2. Send %s to every partner (a SOC to the NCCIS: almasu keys announce) and compare the fingerprint by telephone.
3. Once each partner has added or approved it, write it BEFORE the old key: from then on it signs.
4. Keep the old key: it opens earlier mail.
`, key.private.path, key.passphrase.path, key.public.path, key.fingerprint, key.expires.Format(time.DateOnly), c.File, name, name, key.public.path)
	return nil
}

// fileName is an id as part of a file name: a colon is none on every system.
func fileName(id string) string { return strings.TrimLeft(strings.ReplaceAll(id, ":", "_"), ".") }

// keysExport prints the public part of our keys, armored. It was written into
// the folder for-partners when the key was made.
func keysExport(g *globals, only []string) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	keys, err := newKeyring(c)
	if err != nil {
		return err
	}
	found := false
	for _, k := range viewKeys(keys, exchange.SelfSigner, g.Now()) {
		if len(only) == 1 && !strings.EqualFold(strings.ReplaceAll(only[0], " ", ""), k.Fingerprint) {
			continue
		}
		public := keys.Certificate(k.Fingerprint)
		if public == nil {
			public = publicFile(filepath.Dir(c.File), k.Fingerprint)
		}
		if public == nil {
			return fmt.Errorf("export %s: no public key file of it in for-partners: print it with `gpg --armor --export %s`, from where the key was made", k.Fingerprint, k.Fingerprint)
		}
		if _, err := g.Stdout.Write(public); err != nil {
			return err
		}
		found = true
	}
	if !found {
		return errors.New("export: no such key of ours: `almasu keys list` names them")
	}
	return nil
}

// publicFile finds the public key file of a fingerprint among those made for
// the partners, nil if there is none.
func publicFile(dir, fingerprint string) []byte {
	files, err := os.ReadDir(filepath.Join(dir, "for-partners"))
	if err != nil {
		return nil
	}
	for _, f := range files {
		keys, data, err := publicKeysOf("export", filepath.Join(dir, "for-partners", f.Name()))
		if err != nil {
			continue // a participant file, or something that was put there
		}
		for _, k := range keys.Keys() {
			if k.Fingerprint == fingerprint {
				return data
			}
		}
	}
	return nil
}

// exportedMark stands beside the store key once a copy of it was made.
func exportedMark(c *config.Config) string { return c.StoreKey.File + ".exported" }

func exportStoreKey(g *globals, to string) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	key, err := storeKey(c)
	if err != nil {
		return err
	}
	if err := safeio.Create(to, []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		return fmt.Errorf("copy the store key: %w", err)
	}
	if _, err := os.Stat(c.StoreKey.File); err == nil {
		note := fmt.Sprintf("copied %s to %s\n", g.Now().UTC().Format(time.RFC3339), to)
		if err := safeio.Replace(exportedMark(c), []byte(note), 0o600); err != nil {
			return fmt.Errorf("note the copy of the store key: %w", err)
		}
	}
	fmt.Fprintf(g.Stdout, "written %s: keep it away from this machine and from the backups of the store\n", to)
	return nil
}
