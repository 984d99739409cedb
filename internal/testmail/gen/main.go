// Command gen writes a folder to try Almasu by hand with: the configuration of
// an NCCIS with keys, certificates and participants, the messages of package
// testmail, and what must become of each, one JSON object a line:
//
//	cases/     cases.jsonl     good mail and bad
//	attacks/   attacks.jsonl   what an attacker sends, by family (docs/THREATS.md)
//	controls/  controls.jsonl  the same constructions done honestly
//	honest/    honest.jsonl    as partners' programs write it and networks leave it
//
//	go run ./internal/testmail/gen DIR
//	almasu explain --config DIR/almasu.yaml --json DIR/attacks/*.eml
//
// Messages that name others under "after" have their fate only once those were
// taken in by `almasu run` or `almasu import`.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"almasu/internal/testmail"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/testmail/gen DIR")
		os.Exit(2)
	}
	if err := generate(os.Args[1], time.Now(), true); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// generate fills dir, which must not exist or be empty; large says whether the
// messages of many megabytes are made too.
func generate(dir string, now time.Time, large bool) (err error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name a folder of its own", dir)
	}
	home, err := os.MkdirTemp("/tmp", "al-gen")
	if err != nil {
		return fmt.Errorf("make a folder for the keys: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	world, err := testmail.NewWorld(home, now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, world.Close()) }()
	if err := world.Certify(); err != nil {
		return err
	}
	if _, err := world.WriteNode(dir, testmail.SelfID, "store: sqlite:almasu.db\n"); err != nil {
		return err
	}
	if err := writeKeys(filepath.Join(dir, "private"), world); err != nil {
		return err
	}
	var attacks, controls []*testmail.Case
	for _, a := range testmail.Attacks() {
		attacks, controls = append(attacks, &a.Case), append(controls, a.Control)
	}
	for name, cases := range map[string][]*testmail.Case{"cases": testmail.Cases(), "attacks": attacks, "controls": controls, "honest": testmail.Honest()} {
		if err := writeCases(dir, name, world, cases, large); err != nil {
			return err
		}
	}
	return nil
}

// writeKeys writes every private key, to import into a GnuPG home or to use with
// openssl; those of certificates are not guarded.
func writeKeys(dir string, world *testmail.World) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, p := range world.People {
		for _, k := range p.Keys {
			if err := os.WriteFile(filepath.Join(dir, p.ID+"-"+k.Role+".asc"), k.Private, 0o600); err != nil {
				return err
			}
		}
		for _, c := range p.Certificates {
			private, err := c.PrivatePEM()
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, p.ID+"-"+c.Role+".pem"), private, 0o600); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, "passphrase"), []byte(testmail.Passphrase+"\n"), 0o600)
}

func writeCases(dir, name string, world *testmail.World, cases []*testmail.Case, large bool) (err error) {
	if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
		return err
	}
	head, err := os.Create(filepath.Join(dir, name+".jsonl"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, head.Close()) }()
	lines := json.NewEncoder(head)
	for _, c := range cases {
		if c.Large && !large {
			continue
		}
		message, err := world.Message(c)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name, c.File()), message, 0o600); err != nil {
			return err
		}
		if err := lines.Encode(c); err != nil {
			return err
		}
	}
	return nil
}
