package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"almasu/config"
	"almasu/crypto"
	"almasu/exchange"
	"almasu/internal/safeio"
)

// newFile is a file that is going to be made.
type newFile struct {
	path string
	data []byte
	mode fs.FileMode
}

func participantsAdd(g *globals, file string) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	p, err := config.LoadParticipant(file)
	if err != nil {
		return err
	}
	if err := fits(c, p); err != nil {
		return err
	}
	files, err := placeParticipant(p, c.Directory)
	if err != nil {
		return err
	}
	keys, err := newKeyring(withParticipant(c, p))
	if err != nil {
		return fmt.Errorf("add %s: %w", file, err)
	}
	for _, k := range keys.Keys() {
		if k.Owner == p.ID && k.Private {
			return fmt.Errorf("add %s: a private key of %s is among its keys: ask for the public one, and tell them that this one is no longer secret", file, p.ID)
		}
	}
	if err := writeAll(files); err != nil {
		return err
	}
	view := viewParticipant(p, keys, g.Now())
	view.File = files[len(files)-1].path
	if g.JSON {
		return printJSON(g.Stdout, view)
	}
	for _, f := range files {
		fmt.Fprintln(g.Stdout, "written", f.path)
	}
	for _, k := range view.Keys {
		fmt.Fprintln(g.Stdout, "key", k.line())
	}
	if err := keys.CanSeal(p.ID, g.Now()); err != nil {
		fmt.Fprintln(g.Stdout, "warning: nothing can be sealed to it yet:", err)
	}
	fmt.Fprintln(g.Stdout, "Compare the fingerprint with the participant by telephone, then tell a running gateway: kill -HUP (systemctl reload almasu)")
	return nil
}

// fits makes sure that id and addresses are not in the register yet.
func fits(c *config.Config, p *config.Participant) error {
	var all []*exchange.Participant
	for _, other := range c.Participants {
		all = append(all, &other.Participant)
	}
	if _, err := exchange.NewRegister(c.Self(), append(all, &p.Participant)); err != nil {
		return fmt.Errorf("add %s: %w", p.File, err)
	}
	return nil
}

func withParticipant(c *config.Config, p *config.Participant) *config.Config {
	with := *c
	with.Participants = append(append([]*config.Participant{}, c.Participants...), p)
	return &with
}

// placeParticipant lays out the copies of a participant file and of its keys
// in the folder of the register. The paths in the file are made to fit; if
// they fit already its bytes stay as they are.
func placeParticipant(p *config.Participant, pattern string) ([]newFile, error) {
	data, err := config.ReadFile(p.File)
	if err != nil {
		return nil, err
	}
	folder := unescaped(filepath.Dir(pattern))
	var files []newFile
	renamed := map[string]string{}
	for _, key := range append(append([]string{}, p.OpenPGP...), p.SMIME...) {
		content, err := config.ReadFile(key)
		if err != nil {
			return nil, fmt.Errorf("add %s: %w", p.File, err)
		}
		target := filepath.Join(folder, filepath.Base(key))
		renamed[key] = filepath.Base(key)
		if have, err := os.ReadFile(target); err == nil && bytes.Equal(have, content) {
			continue // the key was put there by hand before
		}
		files = append(files, newFile{target, content, 0o644})
	}
	if data, err = config.RepointKeys(data, filepath.Dir(p.File), renamed); err != nil {
		return nil, fmt.Errorf("add %s: %w", p.File, err)
	}
	name := filepath.Base(p.File)
	if ok, _ := filepath.Match(filepath.Base(pattern), name); !ok {
		name = p.ID + ".yaml"
	}
	if ok, _ := filepath.Match(filepath.Base(pattern), name); !ok {
		return nil, fmt.Errorf("add %s: the pattern %s (setting participants) would not find it: rename the file to fit", p.File, pattern)
	}
	return append(files, newFile{filepath.Join(folder, name), data, 0o644}), nil
}

// unescaped undoes what config does to the letters of a pattern in a folder.
func unescaped(folder string) string {
	var out []byte
	for i := 0; i < len(folder); i++ {
		if folder[i] == '\\' && i+1 < len(folder) {
			i++
		}
		out = append(out, folder[i])
	}
	return string(out)
}

// writeAll makes all the files or none: it refuses before the first one if
// any of them is there, and takes back what it wrote if one fails.
func writeAll(files []newFile) error {
	seen := map[string]bool{}
	for _, f := range files {
		if _, err := os.Lstat(f.path); err == nil || seen[f.path] {
			return fmt.Errorf("%s is there already: nothing was written: move it away or choose another folder: %w", f.path, fs.ErrExist)
		}
		seen[f.path] = true
	}
	for i, f := range files {
		err := safeio.Folder(filepath.Dir(f.path), 0o755)
		if err == nil {
			err = safeio.Create(f.path, f.data, f.mode)
		}
		if err != nil {
			removeAll(files[:i])
			return err
		}
	}
	return nil
}

func removeAll(files []newFile) {
	for _, f := range files {
		os.Remove(f.path)
	}
}

// publicKeysOf reads public key files as a ring of one participant, so that
// what is wrong with them is found before they are copied.
func publicKeysOf(owner, file string) (*crypto.Keyring, []byte, error) {
	data, err := config.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	keys, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{{Owner: owner, File: file, Data: data}}})
	if err != nil {
		return nil, nil, err
	}
	for _, k := range keys.Keys() {
		if k.Private {
			return nil, nil, fmt.Errorf("%s holds a private key: ask its owner for the public one, and tell them that this one is no longer secret", file)
		}
	}
	return keys, data, nil
}
