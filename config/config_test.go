package config

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
)

// TestDefaults holds the documented defaults (DESIGN section 8) against an
// almost empty configuration.
func TestDefaults(t *testing.T) {
	c, err := load(t, minimal, nil)
	if err != nil {
		t.Fatal(err)
	}
	const mib, day = 1 << 20, 24 * time.Hour
	want := Limits{Message: 50 * mib, Document: 4 * mib, Header: mib, InWork: 128 * mib, Decompressed: 200 * mib,
		Depth: 32, Parts: 200, Values: 10000, String: mib, ArchiveEntries: 100, ArchiveSize: 64 * mib, ArchiveRatio: 100, Attempts: 3, AnswersPerHour: 60, Connections: 64, Backlog: 100000, Workers: 8 * runtime.NumCPU(),
		RetryLife: 5 * day, ReceiptWait: 10 * time.Minute, SigningAge: 14 * day, SigningSkew: 10 * time.Minute, Poll: time.Minute}
	if c.Limits != want {
		t.Errorf("limits\n%+v want\n%+v", c.Limits, want)
	}
	dir := filepath.Dir(c.File)
	for what, got := range map[string][2]string{
		"language":   {string(c.Language), "kk"},
		"timezone":   {c.Zone.String(), "Asia/Almaty"},
		"store":      {c.Store, "sqlite:" + dir + "/almasu.db"},
		"store key":  {c.StoreKey.File, dir + "/almasu.db.key"},
		"revocation": {c.Trust.Revocation, "prefer"},
		"directory":  {c.Directory, dir + "/participants/*.yaml"},
		"name":       {c.Identity.Name.In(exchange.Kazakh), "nccis"},
		"rules":      {c.Rules, ""},
		"web":        {c.Web.Address, ""},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %q, want %q", what, got[0], got[1])
		}
	}
	if !c.StoreKey.Made {
		t.Error("the store key is not marked as one to be made")
	}
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "no participant file matches") {
		t.Errorf("warnings %q", c.Warnings)
	}
}

// TestDefaultsWrittenOut: writing every default down changes nothing.
func TestDefaultsWrittenOut(t *testing.T) {
	written := minimal + `
participants: participants/*.yaml
trust: {anchors: [], intermediates: [], crls: [], domestic: [], revocation: prefer}
limits: {message: 50MiB, document: 4MiB, header: 1MiB, in_work: 128MiB, depth: 32, parts: 200, decompressed: 200MiB, attempts: 3,
         retry_life: 5d, receipt_wait: 10m, signing_age: 14d, signing_skew: 10m, answers_per_hour: 60, connections: 64, backlog: 100000, poll: 1m}
store: sqlite:almasu.db
platform_reference: ""
language: kk
timezone: Asia/Almaty
rules:
`
	a, d := parse("x.yaml", []byte(minimal))
	b, e := parse("x.yaml", []byte(written))
	if len(d.mistakes)+len(e.mistakes) > 0 {
		t.Fatal(d.mistakes, e.mistakes)
	}
	for _, c := range []*Config{a, b} {
		c.Trust.expand(d)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("\n%+v\n%+v", a, b)
	}
}

func full(t *testing.T) *Config {
	t.Helper()
	c, err := Load("testdata/full/almasu.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// at is the absolute path of a file of the full example.
func at(t *testing.T, file string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata/full", file))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFullExample(t *testing.T) {
	c := full(t)
	want := Limits{Message: 25 << 20, Document: 2 << 20, Header: 64 << 10, InWork: 1 << 30, Decompressed: 99 << 20,
		Depth: 16, Parts: 100, Values: 5000, String: 64 << 10, ArchiveEntries: 10, ArchiveSize: 1 << 20, ArchiveRatio: 20, Attempts: 5, AnswersPerHour: 6, Connections: 8, Backlog: 500, Workers: 3,
		RetryLife: 48 * time.Hour, ReceiptWait: 20 * time.Minute, SigningAge: 36 * time.Hour, SigningSkew: 90 * time.Second, Poll: 30 * time.Second}
	if c.Limits != want {
		t.Errorf("limits %+v", c.Limits)
	}
	id := Identity{ID: "nccis", Name: exchange.Names{KK: "АҚҮҮО", RU: "НКЦИБ", EN: "NCCIS"}, Address: "exchange@nccis.example",
		FQDNs: []string{"nccis.example"}, BIN: "010140000012", Phone: "+77172559997"}
	if !reflect.DeepEqual(c.Identity, id) {
		t.Errorf("identity %+v", c.Identity)
	}
	if got := c.Self(); !got.Is(exchange.KindNCCIS) || got.Address() != "exchange@nccis.example" {
		t.Errorf("self %+v", got)
	}
	if c.Keys.SMIME[0] != (CertKey{File: at(t, "keys/nccis.p12"), PassphraseFile: "env:ALMASU_P12"}) {
		t.Errorf("key %+v", c.Keys.SMIME[0])
	}
	if got := c.Trust.Domestic; !slices.Equal(got, []string{at(t, "trust/root.pem"), "1.2.398.3.3.2"}) {
		t.Errorf("domestic %q", got)
	}
	if got := c.Trust.Anchors; !slices.Equal(got, []string{at(t, "trust/root.pem")}) {
		t.Errorf("anchors %q", got)
	}
	if c.Listen.LMTP != "/run/almasu/lmtp.sock" || c.Listen.SMTP != "127.0.0.1:2525" {
		t.Errorf("listen %+v", c.Listen)
	}
	if c.StoreKey != (StoreKey{File: at(t, "keys/store.key")}) {
		t.Errorf("store key %+v", c.StoreKey)
	}
}

func TestWarnings(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "key"), "x")
	if err := os.Chmod(filepath.Join(dir, "key"), 0o644); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "almasu.yaml"), minimal+"keys: {openpgp: [{file: key, passphrase_file: \"env:P\"}]}\n"+
		"store: postgres://u:hunter2@db/d\nstore_key: {file: \"env:K\"}\n")
	c, err := Load(filepath.Join(dir, "almasu.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(c.Warnings, "\n")
	for _, want := range []string{"mode 0644", "store_password_file", "no participant file"} {
		if !strings.Contains(all, want) {
			t.Errorf("no warning of %q: %s", want, all)
		}
	}
	if strings.Contains(all, "hunter2") {
		t.Error("a secret stands in a warning")
	}
}

func TestTLSByPortAndFolders(t *testing.T) {
	c := full(t)
	var got []string
	for _, m := range c.Mailboxes {
		got = append(got, strings.Join([]string{m.Name, m.TLS, m.ServerName, m.Folder, m.Done, m.Held}, " "))
	}
	for _, r := range c.Relays {
		got = append(got, r.TLS+" "+r.RequireTLS)
	}
	want := []string{"main implicit x INBOX Done Held", "second none ::1 Exchange Done Held",
		"third starttls imap.example INBOX Archive/Done Held", "starttls off", "implicit prefer", "none off"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestFullParticipants(t *testing.T) {
	c := full(t)
	if len(c.Participants) != 2 {
		t.Fatalf("%d participants", len(c.Participants))
	}
	want := &Participant{Participant: exchange.Participant{ID: "soc-alfa", Kinds: []exchange.ParticipantKind{exchange.KindSOC},
		Name: exchange.Names{KK: "Альфа АҚЖО", RU: "ОЦИБ Альфа", EN: "SOC Alfa"}, FQDNs: []string{"soc.alfa.example"}, BIN: "123456789012",
		Addresses: []string{"exchange@alfa.example", "second@alfa.example"}, Phone: "+77012345678", Language: exchange.Russian,
		Format: "iodef-xml", Sends: []exchange.ReportKind{exchange.Incident, exchange.Ping}, AcceptUnbound: true, AcceptOuterSignature: true,
		Assets: exchange.Assets{BINs: []string{"987654321098"}, CIDRs: []string{"192.0.2.0/24", "2001:db8::1/128"}, ASNs: []int{9198, 64500},
			Domains: []string{"alfa.example", "bank.example"}, URLs: []string{"https://portal.example/alfa"},
			Products: []string{"cpe:2.3:a:nginx:nginx:*"}, Sectors: []string{"energy"}}},
		File: at(t, "participants/10-soc-alfa.yaml"), OpenPGP: []string{at(t, "keys/alfa.asc")},
		SMIME: []string{at(t, "trust/root.pem")}, Revoked: []string{"0123456789ABCDEF0123456789ABCDEF01234567"}}
	if !reflect.DeepEqual(c.Participants[0], want) {
		t.Errorf("\n%+v want\n%+v", c.Participants[0], want)
	}
	knb := c.Participants[1]
	if knb.Language != exchange.Kazakh || knb.Sends == nil || knb.Name.EN != "knb" || len(knb.Kinds) != 2 {
		t.Errorf("knb %+v", knb)
	}
	if _, err := exchange.NewRegister(c.Self(), []*exchange.Participant{&knb.Participant}); err != nil {
		t.Error(err)
	}
}

func TestStoreDSN(t *testing.T) {
	t.Setenv("PGPASSWORD", "p@ss/word")
	if got, err := full(t).StoreDSN(); err != nil || got != "postgres://almasu:p%40ss%2Fword@db.example/almasu" {
		t.Errorf("%q %v", got, err)
	}
	if got, err := (&Config{Store: "sqlite:/x"}).StoreDSN(); err != nil || got != "sqlite:/x" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := (&Config{Store: "postgres://h/d", StorePasswordFile: "env:ALMASU_NO_SUCH_VARIABLE"}).StoreDSN(); err == nil {
		t.Error("no error for a password that is not there")
	}
}

func TestOutside(t *testing.T) {
	for host, want := range map[string]bool{
		"smtp.example": true, "8.8.8.8": true, "2a00::1": true, "nccis.example.org": true,
		"localhost": false, "127.0.0.1": false, "::1": false, "10.1.2.3": false, "192.168.1.1": false, "fd00::1": false,
		"nccis.example": false, "MAIL.nccis.example.": false, "mailhub": false, "mail.lan": false,
	} {
		if got := outside(host, "exchange@nccis.example"); got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
	c := full(t)
	if !c.Relays[0].Outside || !c.Relays[1].Outside || c.Relays[2].Outside {
		t.Errorf("relays %+v", c.Relays)
	}
}

func TestSMIMESettingsOfAParticipant(t *testing.T) {
	const head = "id: soc-alfa\nkind: soc\naddresses: [a@alfa.example]\n"
	p, d := parseParticipant("p.yaml", []byte(head+"seal_with: smime\nsmime_cipher: aes256-cbc\nsmime_rsa: pkcs1\nrevoked: [\"serial: 1a:2B\"]\n"))
	if len(d.mistakes) > 0 || p.SealWith != "smime" || p.SMIMECipher != "aes256-cbc" || p.SMIMERSA != "pkcs1" || !slices.Equal(p.Revoked, []string{"SERIAL:1A2B"}) {
		t.Errorf("%v %+v", d.mistakes, p)
	}
	for _, wrong := range []string{"smime_cipher: 3des", "smime_rsa: none", "seal_with: pgp", "revoked: [1A2B]", "revoked: [\"serial:xyz\"]"} {
		if _, d := parseParticipant("p.yaml", []byte(head+wrong+"\n")); len(d.mistakes) != 1 {
			t.Errorf("%s: %v", wrong, d.mistakes)
		}
	}
}
