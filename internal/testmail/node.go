package testmail

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"almasu/exchange"
)

// WriteNode writes the configuration of one participant's Almasu into a
// folder: almasu.yaml, its key, and a file with keys for every other
// participant; with certificates too if the world is certified. extra is YAML added at the end (mailboxes, relays, store, ...).
// It returns the path of almasu.yaml.
func (w *World) WriteNode(dir, id, extra string) (string, error) {
	self := w.Person(id)
	files := map[string]string{
		"keys/" + id + ".asc":  string(self.Keys[0].Private),
		"keys/" + id + ".pass": Passphrase + "\n",
	}
	for _, p := range w.People {
		if p == self || p.Kind == "" {
			continue
		}
		var keys, revoked []string
		for _, k := range p.Keys {
			name := p.ID + "-" + k.Role + ".asc"
			files["participants/"+name] = string(k.Public)
			keys = append(keys, name)
			if k.Role == "listed" {
				revoked = append(revoked, k.Fingerprint)
			}
		}
		var certificates []string
		for _, c := range p.Certificates {
			name := p.ID + "-" + c.Role + ".pem"
			files["participants/"+name] = string(c.PEM())
			certificates = append(certificates, name)
			if c.Role == "listed" {
				revoked = append(revoked, fmt.Sprintf("SERIAL:%X", c.X509.SerialNumber))
			}
		}
		files["participants/"+p.ID+".yaml"] = p.file(keys, certificates, revoked)
	}
	smime, trust := "", ""
	if c := self.Certificate("current"); c != nil {
		private, err := c.PrivatePEM()
		if err != nil {
			return "", err
		}
		files["keys/"+id+".pem"], files["trust/root.pem"] = string(private), string(w.Anchor().PEM())
		smime, trust = "  smime: [{file: keys/"+id+".pem}]\n", "trust: {anchors: [trust/root.pem]}\n"
	}
	role := "soc"
	if self.Kind == exchange.KindNCCIS {
		role = "nccis"
	}
	files["almasu.yaml"] = fmt.Sprintf(`role: %s
identity: {id: %s, name: {kk: %q, ru: %q, en: %q}, address: %s}
keys:
  openpgp: [{file: keys/%s.asc, passphrase_file: keys/%s.pass}]
%s%sparticipants: participants/*.yaml
`, role, id, self.Name, self.Name, self.Name, self.Address(), id, id, smime, trust) + extra
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return "", fmt.Errorf("write the configuration of %s: %w", id, err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return "", fmt.Errorf("write the configuration of %s: %w", id, err)
		}
	}
	return filepath.Join(dir, "almasu.yaml"), nil
}

// file is the participant's file of the register.
func (p *Person) file(keys, certificates, revoked []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "id: %s\nkind: %s\nname: {kk: %q, ru: %q, en: %q}\nnames: [%s]\n", p.ID, p.Kind, p.Name, p.Name, p.Name, p.FQDN)
	if p.BIN != "" {
		fmt.Fprintf(&b, "bin: %q\n", p.BIN)
	}
	if p.Phone != "" {
		fmt.Fprintf(&b, "phone: %q\n", p.Phone)
	}
	fmt.Fprintf(&b, "addresses: [%s]\nlanguage: %s\n", strings.Join(p.Addresses, ", "), p.Language)
	fmt.Fprintf(&b, "openpgp: [%s]\n", strings.Join(keys, ", "))
	if len(certificates) > 0 {
		fmt.Fprintf(&b, "smime: [%s]\n", strings.Join(certificates, ", "))
	}
	if len(revoked) > 0 {
		fmt.Fprintf(&b, "revoked: [%s]\n", strings.Join(revoked, ", "))
	}
	return b.String() + p.Extra
}
