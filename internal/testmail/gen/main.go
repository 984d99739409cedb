// Command gen writes a folder to try Almasu by hand with: the configuration of
// an NCCIS with keys and participants, a message for every case of package
// testmail, and cases.jsonl, which says what must become of each:
//
//	go run ./internal/testmail/gen DIR
//	almasu explain --config DIR/almasu.yaml --json DIR/cases/*.eml
//
// Cases that name others under "after" have their fate only once those were
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
	if _, err := world.WriteNode(dir, testmail.SelfID, "store: sqlite:almasu.db\n"); err != nil {
		return err
	}
	if err := writeKeys(filepath.Join(dir, "private"), world); err != nil {
		return err
	}
	return writeCases(dir, world, large)
}

// writeKeys writes every private key, to import into a GnuPG home.
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
	}
	return os.WriteFile(filepath.Join(dir, "passphrase"), []byte(testmail.Passphrase+"\n"), 0o600)
}

func writeCases(dir string, world *testmail.World, large bool) (err error) {
	if err := os.MkdirAll(filepath.Join(dir, "cases"), 0o700); err != nil {
		return err
	}
	head, err := os.Create(filepath.Join(dir, "cases.jsonl"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, head.Close()) }()
	lines := json.NewEncoder(head)
	for _, c := range testmail.Cases() {
		if c.Large && !large {
			continue
		}
		message, err := world.Message(c)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "cases", c.File()), message, 0o600); err != nil {
			return err
		}
		if err := lines.Encode(c); err != nil {
			return err
		}
	}
	return nil
}
