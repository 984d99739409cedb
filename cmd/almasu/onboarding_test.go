package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"almasu/config"
	"almasu/internal/loopmail"
)

// desk is where a command is tried: its clock, its input, what it printed.
type desk struct {
	g        *globals
	out, err bytes.Buffer
}

func newDesk(input string, now time.Time) *desk {
	d := &desk{}
	d.g = &globals{Language: "en", Stdin: strings.NewReader(input), Stdout: &d.out, Stderr: &d.err, Now: func() time.Time { return now }}
	return d
}

// do runs one command line of a constructor.
func (d *desk) do(command func(*globals) *cobra.Command, args ...string) error {
	d.out.Reset()
	cmd := command(d.g)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	return cmd.ExecuteContext(context.Background())
}

// must is do for what has to succeed.
func (d *desk) must(t *testing.T, command func(*globals) *cobra.Command, args ...string) string {
	t.Helper()
	if err := d.do(command, args...); err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, d.out.String(), d.err.String())
	}
	return d.out.String()
}

// site is one side of the exchange, set up by init.
type site struct {
	*desk
	dir string
}

// set up by flags alone, with a mail house on loopback, or at a closed port.
func newSite(t *testing.T, role, id string, house *loopmail.House, now time.Time) *site {
	t.Helper()
	dir := filepath.Join(t.TempDir(), id)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	address := "exchange@" + id + ".example"
	args := []string{"--yes", "--dir", dir, "--role", role, "--id", id, "--address", address, "--name-kk", "Алмасу " + id, "--relay-user", "-"}
	if house != nil {
		ca, password := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "mailbox.pass")
		put(t, ca, string(house.CA))
		put(t, password, "hunter2\n")
		if err := house.AddMailbox(address, "hunter2"); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--mailbox", house.IMAPAddress, "--mailbox-tls", "implicit", "--relay", house.SMTPAddress,
			"--ca-file", ca, "--mailbox-password-file", password)
	} else {
		args = append(args, "--mailbox", "127.0.0.1:1", "--relay", "127.0.0.1:1")
	}
	s := &site{newDesk("", now), dir}
	s.must(t, newInitCommand, args...)
	s.g.ConfigPath = s.path("almasu.yaml")
	return s
}

// another is a copy of the site in a folder of its own.
func (s *site) another(t *testing.T) *site {
	t.Helper()
	c := &site{newDesk("", s.g.Now()), filepath.Join(t.TempDir(), filepath.Base(s.dir))}
	if err := os.CopyFS(c.dir, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	for _, secret := range filesBelow(t, filepath.Join(c.dir, "keys")) {
		if err := os.Chmod(secret, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.g.ConfigPath = c.path("almasu.yaml")
	return c
}

func (s *site) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// card is the participant file for the other side.
func (s *site) card() string {
	return s.path("for-partners", "participant-"+filepath.Base(s.dir)+".yaml")
}

// checks runs check and returns its lines.
func (s *site) checks(t *testing.T, args ...string) (lines []checkLine, good bool) {
	t.Helper()
	s.g.JSON = true
	defer func() { s.g.JSON = false }()
	err := s.do(newCheckCommand, args...)
	var result struct {
		OK     bool
		Checks []checkLine
	}
	if jsonErr := json.Unmarshal(s.out.Bytes(), &result); jsonErr != nil {
		t.Fatalf("%v: %s", jsonErr, s.out.String())
	}
	if result.OK != (err == nil) {
		t.Errorf("ok %v, but the command returned %v", result.OK, err)
	}
	return result.Checks, result.OK
}

// find is the first line of a level whose name or text holds the words.
func find(lines []checkLine, level, words string) *checkLine {
	for i, l := range lines {
		if l.Level == level && strings.Contains(l.Name+": "+l.What, words) {
			return &lines[i]
		}
	}
	return nil
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newHouse opens a mail house for the length of a test.
func newHouse(t *testing.T) *loopmail.House {
	t.Helper()
	house, err := loopmail.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { house.Close() })
	return house
}

// TestFromNothingToChecked is the ten minutes of the README: init on both
// sides, the files exchanged, check without a failure on both.
func TestFromNothingToChecked(t *testing.T) {
	house, now := newHouse(t), time.Now()
	nccis, soc := newSite(t, "nccis", "nccis", house, now), newSite(t, "soc", "soc-alfa", house, now)

	lines, good := soc.checks(t)
	if good || find(lines, levelFail, "nobody to report to") == nil {
		t.Errorf("a SOC without the NCCIS passed: %+v", lines)
	}
	soc.must(t, newParticipantsCommand, "add", nccis.card())
	nccis.must(t, newParticipantsCommand, "add", soc.card())

	for _, s := range []*site{nccis, soc} {
		lines, good := s.checks(t, "--store")
		if !good {
			t.Errorf("check failed: %+v", lines)
		}
		for _, want := range []string{"configuration: ", "timezone: Asia/Almaty", "keys.openpgp: ", "participant ", "mailbox main: login",
			"mailbox main: select: INBOX", "mailbox main: folders", "relay 127.0.0.1", "store: "} {
			if find(lines, levelOK, want) == nil {
				t.Errorf("no good line %q in %+v", want, lines)
			}
		}
		if find(lines, levelWarn, "store_key: ") == nil || find(lines, levelWarn, "clause 16: ") == nil {
			t.Errorf("no warning of the store key or of clause 16: %+v", lines)
		}
		for _, l := range lines {
			if strings.Contains(strings.ToLower(l.What), "complies") || l.Level != levelOK && l.Remedy == "" {
				t.Errorf("line %+v", l)
			}
		}
	}
}

func TestCheckOpensTheStore(t *testing.T) {
	s := newSite(t, "nccis", "nccis", nil, time.Now())
	c, err := config.Load(s.g.ConfigPath)
	if err != nil {
		t.Fatal(err)
	}
	store, err := openStore(t.Context(), c, false, s.g.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	lines, _ := s.checks(t, "--store")
	if find(lines, levelOK, "store: all invariants hold") == nil {
		t.Errorf("lines %+v", lines)
	}
	s.must(t, newKeysCommand, "export", "--store-key", s.path("copy.key"))
	lines, _ = s.checks(t)
	if find(lines, levelOK, "store_key: ") == nil {
		t.Errorf("the copy of the store key was not noticed: %+v", lines)
	}
	put(t, s.path("keys", "store.key"), strings.Repeat("00", 31))
	if lines, good := s.checks(t); good || find(lines, levelFail, "store_key: ") == nil {
		t.Errorf("a broken store key was not noticed: %+v", lines)
	}
}
