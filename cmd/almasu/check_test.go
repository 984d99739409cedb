package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"almasu/internal/catalogue"
)

// TestCheckSaysTextsThatExist: every key the lines name has its text.
func TestCheckSaysTextsThatExist(t *testing.T) {
	files, err := filepath.Glob("check*.go")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`k\.(?:ok|warn|fail)\([^,]+, "([a-z-]+)"|"check\.([a-z-]+[a-z])"|k\.clockFault\(\w+, "([a-z-]+)"`)
	found := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(source), -1) {
			found++
			if key := "check." + m[1] + m[2] + m[3]; !catalogue.Has(key) {
				t.Errorf("%s: no text %s", file, key)
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d texts found: has the way they are named changed?", found)
	}
	for _, q := range (&initAnswers{}).questions() {
		if !catalogue.Has("init.ask-" + q.name) {
			t.Errorf("no text for the question %s", q.name)
		}
	}
}

// TestCheckFindsWhatIsWrong breaks one thing after the other in a set-up that
// was good, with no server to talk to.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	sound := newSite(t, "nccis", "nccis", nil, time.Now())
	for name, c := range map[string]struct {
		broken func(t *testing.T, s *site)
		level  string
		want   string
	}{
		"setting-misspelt":               {func(t *testing.T, s *site) { s.add(t, "langage: kk\n") }, levelFail, "langage"},
		"configuration-gone":             {func(t *testing.T, s *site) { s.g.ConfigPath += ".gone" }, levelFail, "configuration: "},
		"key-file-broken":                {func(t *testing.T, s *site) { put(t, s.path("keys", "nccis.asc"), "nonsense") }, levelFail, "keys: "},
		"passphrase-wrong":               {func(t *testing.T, s *site) { put(t, s.path("keys", "nccis.pass"), "wrong") }, levelFail, "keys: "},
		"no-key-at-all":                  {func(t *testing.T, s *site) { s.edit(t, "keys:", "web:\n#") }, levelFail, "configuration: "},
		"mailbox-closed-port":            {func(t *testing.T, s *site) { put(t, s.path("keys", "mailbox.pass"), "x\n") }, levelFail, "mailbox main: connect"},
		"mailbox-password-not-filled-in": {func(*testing.T, *site) {}, levelFail, "mailbox main: the password file is empty"},
		"relay-closed-port":              {func(*testing.T, *site) {}, levelFail, "relay 127.0.0.1:1: "},
		"nobody-registered":              {func(*testing.T, *site) {}, levelFail, "participants: "},
		"clock-behind-our-key":           {func(_ *testing.T, s *site) { s.at(-24 * time.Hour) }, levelFail, "clock: "},
		"key-near-its-end":               {func(_ *testing.T, s *site) { s.at(keyLifetime - 10*24*time.Hour) }, levelWarn, "days left: 9"},
		"key-expired":                    {func(_ *testing.T, s *site) { s.at(keyLifetime + time.Hour) }, levelWarn, "expired on"},
		"nothing-signs-any-more":         {func(_ *testing.T, s *site) { s.at(keyLifetime + time.Hour) }, levelFail, "nothing can be signed"},
		"store-folder-gone":              {func(t *testing.T, s *site) { s.edit(t, "sqlite:almasu.db", "sqlite:gone/almasu.db") }, levelFail, "store: "},
		"certificate-no-pair": {func(t *testing.T, s *site) {
			s.add(t, "listen: {smtp: 127.0.0.1:2525, tls_cert: keys/nccis.pass, tls_key: keys/nccis.pass}\n")
		}, levelFail, "listen: "},
		"secret-open-to-all": {func(t *testing.T, s *site) {
			if err := os.Chmod(s.path("keys", "nccis.pass"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, levelWarn, "mode 0644"},
		"platform-not-covered": {func(t *testing.T, s *site) { s.edit(t, `platform_reference: ""`, "platform_reference: letter 7") }, levelOK, "not covered by this channel; platform_reference: letter 7"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sound.another(t)
			c.broken(t, s)
			lines, good := s.checks(t)
			l := find(lines, c.level, c.want)
			if l == nil {
				t.Fatalf("no %s line %q in %+v", c.level, c.want, lines)
			}
			if c.level != levelOK && l.Remedy == "" || c.level == levelFail && good {
				t.Errorf("good %v, line %+v", good, l)
			}
		})
	}
}

func (s *site) add(t *testing.T, text string) {
	t.Helper()
	settings, err := os.ReadFile(s.g.ConfigPath)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s.g.ConfigPath, string(settings)+text)
}

func (s *site) edit(t *testing.T, from, to string) {
	t.Helper()
	settings, err := os.ReadFile(s.g.ConfigPath)
	if err != nil || !strings.Contains(string(settings), from) {
		t.Fatalf("no %q in the settings: %v", from, err)
	}
	put(t, s.g.ConfigPath, strings.Replace(string(settings), from, to, 1))
}

// at moves the clock of the site.
func (s *site) at(d time.Duration) {
	now := s.g.Now().Add(d)
	s.g.Now = func() time.Time { return now }
}

// TestCheckParticipants: whom nothing can be sealed to is told, and why.
func TestCheckParticipants(t *testing.T) {
	now := time.Now()
	s := newSite(t, "nccis", "nccis", nil, now)
	put(t, s.path("participants", "knb.yaml"), "id: knb\nkind: national-security\naddresses: [k@knb.example]\n")
	put(t, s.path("participants", "own.yaml"), "id: own\nkind: own-unit\n")
	put(t, s.path("participants", "soc.yaml"), "id: soc-alfa\nkind: soc\naddresses: [a@alfa.example]\nopenpgp: [soc-alfa.asc]\n")
	alfa := newSite(t, "soc", "soc-alfa", nil, now)
	key, err := os.ReadFile(alfa.path("for-partners", "soc-alfa.asc"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, s.path("participants", "soc-alfa.asc"), string(key))

	lines, _ := s.checks(t)
	for _, want := range []struct{ level, words string }{
		{levelWarn, "participant knb: has no usable key"}, {levelWarn, "participant own: has no address"}, {levelOK, "participant soc-alfa: key "},
	} {
		if find(lines, want.level, want.words) == nil {
			t.Errorf("no %s line %q in %+v", want.level, want.words, lines)
		}
	}
	s.at(keyLifetime - 5*24*time.Hour)
	if lines, _ := s.checks(t); find(lines, levelWarn, "participant soc-alfa: key ") == nil {
		t.Errorf("no warning of the key near its end: %+v", lines)
	}
}

func TestCheckPrintsForPeople(t *testing.T) {
	s := newSite(t, "soc", "soc-alfa", nil, time.Now())
	for language, want := range map[string][]string{
		"en": {"ok    configuration: ", "FAIL  participants: ", "      remedy: ", "warnings"},
		"ru": {"ok    configuration: ", "      что делать: ", "отказов"},
		"kk": {"      түзету: ", "қамтылмайды"},
	} {
		s.g.Language = language
		if err := s.do(newCheckCommand); err == nil {
			t.Error("passed without a mailbox")
		}
		for _, words := range want {
			if !strings.Contains(s.out.String(), words) {
				t.Errorf("%s: no %q in\n%s", language, words, s.out.String())
			}
		}
	}
}

// TestCheckWrongServer: a certificate nobody trusts, and a wrong password.
func TestCheckWrongServer(t *testing.T) {
	house := newHouse(t)
	s := newSite(t, "nccis", "nccis", house, time.Now())
	put(t, s.path("mailbox.pass"), "wrong\n")
	lines, _ := s.checks(t)
	if l := find(lines, levelFail, "mailbox main: login"); l == nil || !strings.Contains(l.Remedy, "password_file") {
		t.Errorf("lines %+v", lines)
	}
	for _, l := range lines {
		if strings.Contains(l.What+l.Remedy, "hunter2") {
			t.Errorf("a secret was printed: %+v", l)
		}
	}
	other := newHouse(t)
	put(t, s.path("ca.pem"), string(other.CA))
	lines, _ = s.checks(t)
	if find(lines, levelFail, "mailbox main: tls") == nil || find(lines, levelFail, "relay ") == nil {
		t.Errorf("an unknown authority was accepted: %+v", lines)
	}
}
