package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"almasu/config"
)

func TestInitAsksInRussian(t *testing.T) {
	dir := t.TempDir()
	answers := []string{"sok", "soc", "not an address", "exchange@alfa.example", "", "", "ОЦИБ \"Альфа\": главный", "SOC Alfa",
		"imap.alfa.example", "imap.alfa.example:993", "", "", "hunter2", "", "-", ""}
	d := newDesk(strings.Join(answers, "\n")+"\n", time.Now())
	d.g.Language = "ru"
	out := d.must(t, newInitCommand, "--dir", dir)
	for _, want := range []string{"Роль: soc", "Не подходит: напишите soc или nccis", "[soc-alfa]", "[smtp.alfa.example:587]"} {
		if !strings.Contains(d.err.String(), want) {
			t.Errorf("not asked %q:\n%s", want, d.err.String())
		}
	}
	for _, want := range []string{"for-partners/participant-soc-alfa.yaml", "for-partners/soc-alfa.asc", "Отпечаток ключа", "check", "participants add"} {
		if !strings.Contains(out, want) {
			t.Errorf("not told %q:\n%s", want, out)
		}
	}
	c, err := config.Load(filepath.Join(dir, "almasu.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Identity.Name.RU != `ОЦИБ "Альфа": главный` || c.Identity.ID != "soc-alfa" || c.Language != "ru" || len(c.Relays) != 1 || c.Relays[0].Username != "" {
		t.Errorf("loaded %+v", c)
	}
	password := filepath.Join(dir, "keys", "mailbox.pass")
	if got, _ := config.Secret(password); string(got) != "hunter2" {
		t.Errorf("password %q", got)
	}
	if strings.Contains(out+d.err.String(), "hunter2") {
		t.Error("the password was printed")
	}
	for _, secret := range []string{"mailbox.pass", "soc-alfa.asc", "soc-alfa.pass", "store.key"} {
		info, err := os.Stat(filepath.Join(dir, "keys", secret))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", secret, info.Mode(), err)
		}
	}
	settings, _ := os.ReadFile(filepath.Join(dir, "almasu.yaml"))
	if !strings.Contains(string(settings), "# свои ключи") {
		t.Errorf("no comments in Russian:\n%s", settings)
	}
}

func TestInitNeverOverwrites(t *testing.T) {
	for _, there := range []string{"almasu.yaml", "keys/soc.asc", "keys/store.key", "for-partners/participant-soc.yaml"} {
		t.Run(there, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, there)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			put(t, path, "mine")
			err := newDesk("", time.Now()).do(newInitCommand, "--yes", "--dir", dir, "--role", "soc", "--id", "soc", "--address", "a@b.example")
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("the file is not named: %v", err)
			}
			if got, _ := os.ReadFile(path); string(got) != "mine" {
				t.Errorf("overwritten: %q", got)
			}
			if files := filesBelow(t, dir); len(files) != 1 {
				t.Errorf("written all the same: %q", files)
			}
		})
	}
}

func TestInitWritesNothingOnMistakes(t *testing.T) {
	garbage := filepath.Join(t.TempDir(), "key.asc")
	put(t, garbage, "this is no key")
	for name, args := range map[string][]string{
		"role-missing":         {"--address", "a@b.example"},
		"role-unknown":         {"--role", "noc", "--address", "a@b.example"},
		"address-missing":      {"--role", "soc"},
		"address-broken":       {"--role", "soc", "--address", "a b"},
		"id-broken":            {"--role", "soc", "--address", "a@b.example", "--id", "a b"},
		"mailbox-without-port": {"--role", "soc", "--address", "a@b.example", "--mailbox", "imap"},
		"tls-unknown":          {"--role", "soc", "--address", "a@b.example", "--mailbox-tls", "ssl"},
		"ca-file-missing":      {"--role", "soc", "--address", "a@b.example", "--ca-file", "/no/such/ca.pem"},
		"partner-file-missing": {"--role", "soc", "--address", "a@b.example", "--partner", "/no/such/file.yaml"},
		"partner-incomplete":   {"--role", "soc", "--address", "a@b.example", "--partner-id", "nccis"},
		"partner-key-garbage":  {"--role", "soc", "--address", "a@b.example", "--partner-id", "nccis", "--partner-address", "x@y.example", "--partner-key", garbage},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := newDesk("", time.Now()).do(newInitCommand, append([]string{"--yes", "--dir", dir}, args...)...); err == nil {
				t.Error("no error")
			}
			if files := filesBelow(t, dir); len(files) != 0 {
				t.Errorf("left behind: %q", files)
			}
		})
	}
}

func TestInitUsageNamesEveryMissingFlag(t *testing.T) {
	err := newDesk("", time.Now()).do(newInitCommand, "--yes", "--dir", t.TempDir())
	var usage usageError
	if !errors.As(err, &usage) || !strings.Contains(err.Error(), "--role") || !strings.Contains(err.Error(), "--address") {
		t.Errorf("got %v", err)
	}
}

func TestInitInputEnds(t *testing.T) {
	err := newDesk("soc\n", time.Now()).do(newInitCommand, "--dir", t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "--address") {
		t.Errorf("got %v", err)
	}
}

// TestInitWithPartner: both ways to name the partner give a working pair.
func TestInitWithPartner(t *testing.T) {
	now := time.Now()
	nccis := newSite(t, "nccis", "nccis", nil, now)
	for name, args := range map[string][]string{
		"by-file":  {"--partner", nccis.card()},
		"by-parts": {"--partner-id", "nccis", "--partner-address", "exchange@nccis.example", "--partner-key", nccis.path("for-partners", "nccis.asc")},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d := newDesk("", now)
			d.must(t, newInitCommand, append([]string{"--yes", "--dir", dir, "--role", "soc", "--id", "soc-alfa", "--address", "exchange@soc-alfa.example"}, args...)...)
			c, err := config.Load(filepath.Join(dir, "almasu.yaml"))
			if err != nil || len(c.Participants) != 1 {
				t.Fatalf("%+v %v", c, err)
			}
			w, err := newWorld(c)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Keys.CanSeal("nccis", now); err != nil {
				t.Error(err)
			}
			if !c.Participants[0].Is("nccis") {
				t.Errorf("participant %+v", c.Participants[0])
			}
		})
	}
}

func TestInitPartnerWithOurID(t *testing.T) {
	nccis, dir := newSite(t, "nccis", "nccis", nil, time.Now()), t.TempDir()
	err := newDesk("", time.Now()).do(newInitCommand, "--yes", "--dir", dir, "--role", "soc", "--id", "nccis", "--address", "a@b.example", "--partner", nccis.card())
	if err == nil || len(filesBelow(t, dir)) != 0 {
		t.Errorf("%v, left %q", err, filesBelow(t, dir))
	}
}

func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestQuoted(t *testing.T) {
	for text, want := range map[string]string{
		"soc-alfa": "soc-alfa", "a@b.example": "a@b.example", "/etc/x.pem": "/etc/x.pem", "imap.example:993": "imap.example:993",
		"true": `"true"`, "No": `"No"`, "": `""`, "a: b": `"a: b"`, "12": `"12"`, "#x": `"#x"`, `"`: `"\""`, "Альфа": `"Альфа"`, "a ": `"a "`, "x:": `"x:"`,
	} {
		if got := quoted(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
