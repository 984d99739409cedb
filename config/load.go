package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Find returns the configuration file to load: the given one, else
// ./almasu.yaml, else /etc/almasu/almasu.yaml.
func Find(given string) (string, error) {
	return find(given, "almasu.yaml", "/etc/almasu/almasu.yaml")
}

func find(given string, places ...string) (string, error) {
	if given != "" {
		return given, nil
	}
	for _, place := range places {
		_, err := os.Stat(place)
		if err == nil {
			return place, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("find the configuration: %w", err)
		}
	}
	return "", fmt.Errorf("find the configuration: neither %s nor %s is there: make one with `almasu init`, or name it with --config: %w",
		places[0], places[1], fs.ErrNotExist)
}

// Load reads the configuration and everything it names. The error joins one
// *Mistake for each thing that is wrong (errors.Join), in the order of files
// and lines, or says why the file could not be read.
func Load(path string) (*Config, error) {
	data, err := readSettings(path)
	if err != nil {
		return nil, err
	}
	c, d := parse(path, data)
	d.filesExist()
	c.Trust.expand(d)
	mistakes := d.sorted()
	mistakes = append(mistakes, c.loadParticipants(d)...)
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	c.warn()
	return c, nil
}

// parse is Load without the file system: bytes in, settings and mistakes out.
func parse(path string, data []byte) (*Config, *decoder) {
	d := newDecoder(path)
	c := &Config{File: filepath.Join(d.dir, filepath.Base(path))}
	d.document(data, c)
	c.finish(d)
	return c, d
}

// expand replaces each pattern by the files that match it.
func (t *Trust) expand(d *decoder) {
	for _, list := range []*[]string{&t.Anchors, &t.Intermediates, &t.CRLs, &t.Domestic} {
		var files []string
		for _, pattern := range *list {
			matches, err := filepath.Glob(pattern)
			if err != nil || len(matches) == 0 {
				matches = []string{pattern}
			}
			files = append(files, matches...)
		}
		*list = files
	}
}

// warn collects what the operator should know though it stops nothing.
func (c *Config) warn() {
	refs := []string{c.StorePasswordFile, c.StoreKey.File, c.Listen.RelayUsers, c.Alarms.Webhook.SecretFile}
	for _, k := range c.Keys.OpenPGP {
		refs = append(refs, k.File, k.PassphraseFile)
	}
	for _, k := range c.Keys.SMIME {
		refs = append(refs, k.File, k.PassphraseFile, k.PKCS11.PINFile)
	}
	for _, m := range c.Mailboxes {
		refs = append(refs, m.PasswordFile)
	}
	for _, r := range c.Relays {
		refs = append(refs, r.PasswordFile)
	}
	for _, p := range c.Push {
		refs = append(refs, p.SecretFile)
	}
	seen := map[string]bool{}
	for _, ref := range refs {
		if w := SecretWarning(ref); w != "" && !seen[ref] {
			c.Warnings = append(c.Warnings, w)
		}
		seen[ref] = true
	}
	if storeHasPassword(c.Store) {
		c.Warnings = append(c.Warnings, "store: a password stands in the configuration; move it to store_password_file")
	}
}
