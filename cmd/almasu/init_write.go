package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"almasu/config"
	"almasu/exchange"
	"almasu/internal/catalogue"
	"almasu/internal/safeio"
)

// initPlan is everything init is going to write, and what it has to say.
type initPlan struct {
	settings string // path of almasu.yaml
	files    []newFile
	folders  []string
	key      ownKey
	send     []string // files for the other side
	empty    []string // password files that wait for their password
	partner  string   // id, "" if there is none yet
}

// plan lays out the files. Nothing is written yet.
func (a *initAnswers) plan(g *globals, language exchange.Language) (*initPlan, error) {
	now := g.Now()
	label := exchange.Names{KK: a.nameKK, RU: a.nameRU, EN: a.nameEN}.In(exchange.English)
	key, err := newOwnKey(a.dir, fileName(a.id), label, a.address, now)
	if err != nil {
		return nil, err
	}
	storeKey := make([]byte, 32)
	rand.Read(storeKey)
	in := func(parts ...string) string { return filepath.Join(append([]string{a.dir}, parts...)...) }
	card := newFile{in("for-partners", "participant-"+fileName(a.id)+".yaml"),
		[]byte(participantText(language, a.id, a.role, a.names(), a.address, filepath.Base(key.public.path))), 0o644}
	p := &initPlan{settings: in("almasu.yaml"), key: key, folders: []string{in("keys"), in("participants"), in("for-partners")},
		send: []string{card.path, key.public.path}}
	p.files = []newFile{key.private, key.passphrase, {in("keys", "store.key"), []byte(hex.EncodeToString(storeKey) + "\n"), 0o600}, key.public, card}
	p.passwords(a)
	if err := p.partnerOf(a, language); err != nil {
		return nil, err
	}
	p.files = append(p.files, newFile{p.settings, []byte(a.settingsText(language)), 0o644})
	return p, nil
}

// passwords adds the password files that are not there.
func (p *initPlan) passwords(a *initAnswers) {
	done := map[string]bool{}
	for _, file := range []string{a.mailboxPasswordFile, a.relayPasswordFile} {
		if file == "" || done[file] || isReference(file) || fileIsThere(file) {
			continue
		}
		done[file] = true
		content := ""
		if typed := a.passwords[file]; typed != "" {
			content = typed + "\n"
		} else {
			p.empty = append(p.empty, file)
		}
		p.files = append(p.files, newFile{file, []byte(content), 0o600})
	}
}

// partnerOf adds the first participant: a participant file with its keys, or
// one made of its parts.
func (p *initPlan) partnerOf(a *initAnswers, language exchange.Language) error {
	pattern := filepath.Join(a.dir, "participants", "*.yaml")
	switch {
	case a.partner != "" && a.partner != none:
		partner, err := config.LoadParticipant(a.partner)
		if err != nil {
			return err
		}
		for _, file := range partner.OpenPGP {
			if _, _, err := publicKeysOf(partner.ID, file); err != nil {
				return err
			}
		}
		files, err := placeParticipant(partner, pattern)
		if err != nil {
			return err
		}
		p.partner, p.files = partner.ID, append(p.files, files...)
	case a.partnerID != "":
		_, key, err := publicKeysOf(a.partnerID, a.partnerKey)
		if err != nil {
			return err
		}
		kind := config.RoleNCCIS
		if a.role == string(config.RoleNCCIS) {
			kind = config.RoleSOC
		}
		name := fileName(a.partnerID)
		text := participantText(language, a.partnerID, string(kind), "{en: "+quoted(a.partnerID)+"}", a.partnerAddress, name+".asc")
		p.partner = a.partnerID
		p.files = append(p.files, newFile{filepath.Join(a.dir, "participants", name+".asc"), key, 0o644},
			newFile{filepath.Join(a.dir, "participants", name+".yaml"), []byte(text), 0o644})
	}
	return nil
}

// write makes the folders and files, the configuration last, and takes all of
// it back if what it wrote does not load.
func (p *initPlan) write() error {
	for _, f := range p.files {
		if fileIsThere(f.path) {
			return fmt.Errorf("%s is there already: nothing was written: choose another folder with --dir", f.path)
		}
	}
	for i, folder := range p.folders {
		mode := os.FileMode(0o755)
		if i == 0 {
			mode = 0o700 // keys
		}
		if err := safeio.Folder(folder, mode); err != nil {
			return err
		}
	}
	if err := writeAll(p.files); err != nil {
		return err
	}
	c, err := config.Load(p.settings)
	if err == nil {
		_, err = newWorld(c)
	}
	if err != nil {
		removeAll(p.files)
		return fmt.Errorf("what init wrote does not load and was taken back: %w", err)
	}
	return nil
}

func (p *initPlan) printJSON(g *globals) error {
	written := []string{}
	for _, f := range p.files {
		written = append(written, f.path)
	}
	return printJSON(g.Stdout, map[string]any{"config": p.settings, "written": written, "send": p.send,
		"fingerprint": p.key.fingerprint, "expires": p.key.expires.UTC().Format(time.RFC3339), "partner": p.partner, "empty_passwords": append([]string{}, p.empty...)})
}

// print says what was written, what goes to the other side, and what is next.
func (p *initPlan) print(g *globals, language exchange.Language) {
	say := func(name string, args ...string) {
		fmt.Fprintln(g.Stdout, catalogue.Text(string(language), "init."+name, args...))
	}
	item := func(name string, args ...string) {
		fmt.Fprint(g.Stdout, "  ")
		say(name, args...)
	}
	say("written")
	for _, f := range p.files {
		fmt.Fprintf(g.Stdout, "  %s\n", f.path)
	}
	fmt.Fprintln(g.Stdout)
	say("send")
	for _, f := range p.send {
		fmt.Fprintf(g.Stdout, "  %s\n", f)
	}
	say("fingerprint", p.key.fingerprint, p.key.expires.Format(time.DateOnly))
	say("receiver", filepath.Base(p.send[0]))
	fmt.Fprintln(g.Stdout)
	say("next")
	for _, f := range p.empty {
		item("next-password", f)
	}
	if p.partner == "" {
		item("next-partner", p.settings)
	}
	item("next-check", p.settings)
	item("next-run", p.settings)
	if os.Geteuid() == 0 {
		fmt.Fprintln(g.Stdout)
		say("root", filepath.Dir(p.settings))
	}
}
