package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// settingsText is almasu.yaml with a short comment over each section, in the
// language of the person who asked for it.
func (a *initAnswers) settingsText(language exchange.Language) string {
	var b strings.Builder
	comment := func(name string) { fmt.Fprintf(&b, "# %s\n", catalogue.Text(string(language), "init."+name)) }
	comment("yaml-head")
	fmt.Fprintf(&b, "role: %s\nidentity:\n  id: %s\n  name: %s\n  address: %s\n\n", a.role, quoted(a.id), a.names(), quoted(a.address))
	comment("yaml-keys")
	name := fileName(a.id)
	fmt.Fprintf(&b, "keys:\n  openpgp:\n    - {file: %s, passphrase_file: %s}\n\n", quoted("keys/"+name+".asc"), quoted("keys/"+name+".pass"))
	comment("yaml-participants")
	b.WriteString("participants: participants/*.yaml\n\n")
	comment("yaml-mailboxes")
	fmt.Fprintf(&b, "mailboxes:\n  - name: main\n    address: %s\n    username: %s\n    password_file: %s\n%s    folder: INBOX\n    done: Done\n    held: Held\n\n",
		quoted(a.mailbox), quoted(a.mailboxUser), quoted(a.fromDir(a.mailboxPasswordFile)), a.tlsLines(a.mailboxTLS))
	comment("yaml-relays")
	fmt.Fprintf(&b, "relays:\n  - address: %s\n%s%s\n", quoted(a.relay), a.relayLogin(), a.tlsLines(a.relayTLS))
	comment("yaml-store")
	b.WriteString("store: sqlite:almasu.db\n")
	comment("yaml-store-key")
	b.WriteString("store_key: {file: keys/store.key}\n\n")
	comment("yaml-platform")
	fmt.Fprintf(&b, "platform_reference: \"\"\n\nlanguage: %s\ntimezone: Asia/Almaty\n", language)
	return b.String()
}

// tlsLines are how the connection to a mail server is protected, where it is
// not as the port says and the system trusts.
func (a *initAnswers) tlsLines(mode string) string {
	lines := ""
	if mode != "" {
		lines += "    tls: " + quoted(mode) + "\n"
	}
	if a.caFile != "" {
		lines += "    ca_file: " + quoted(a.fromDir(a.caFile)) + "\n"
	}
	return lines
}

func (a *initAnswers) relayLogin() string {
	if a.relayUser == "" || a.relayUser == none {
		return ""
	}
	return fmt.Sprintf("    username: %s\n    password_file: %s\n", quoted(a.relayUser), quoted(a.fromDir(a.relayPasswordFile)))
}

func (a *initAnswers) names() string {
	var parts []string
	for _, n := range []struct{ language, name string }{{"kk", a.nameKK}, {"ru", a.nameRU}, {"en", a.nameEN}} {
		if n.name != "" {
			parts = append(parts, n.language+": "+quoted(n.name))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// participantText is a participant file for the other side, or for a partner
// whose parts were given one by one.
func participantText(language exchange.Language, id, kind, names, address, key string) string {
	return fmt.Sprintf("# %s\nid: %s\nkind: %s\nname: %s\naddresses: [%s]\nlanguage: %s\nopenpgp: [%s]\n",
		catalogue.Text(string(language), "init.yaml-participant-head", id), quoted(id), kind, names, quoted(address), language, quoted(key))
}

// fromDir is a path as the configuration writes it: relative if it stands
// below the folder of the configuration, else absolute.
func (a *initAnswers) fromDir(path string) string {
	if isReference(path) {
		return path
	}
	dir, err := filepath.Abs(a.dir)
	if err != nil {
		return path
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if inside, err := filepath.Rel(dir, full); err == nil && filepath.IsLocal(inside) {
		return inside
	}
	return full
}

// quoted writes a text so that YAML reads it back as it is: plain where that
// is safe, else as a JSON string, which YAML is a superset of.
func quoted(s string) string {
	plain := regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./@:-]*[A-Za-z0-9]$`)
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off":
	default:
		if plain.MatchString(s) {
			return s
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return string(text)
}
