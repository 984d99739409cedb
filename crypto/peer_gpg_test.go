package crypto_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/internal/testpeer"
)

// gpgWorld is a gpg home that holds our public key (made by us) and a private
// key of SOC Gamma (made by gpg), and our ring with Gamma's public key.
type gpgWorld struct {
	g     *testpeer.GnuPG
	ring  *crypto.Keyring
	gamma string // fingerprint
	ours  string
	at    time.Time
	dir   string
}

func newGPGWorld(t *testing.T, algorithm string, ours func() ([]byte, []byte, string, error)) *gpgWorld {
	t.Helper()
	if !testpeer.InstalledGnuPG() {
		t.Skip("gpg is not installed (apt-get install gnupg)")
	}
	w := &gpgWorld{g: testpeer.NewGnuPG(t), dir: t.TempDir()}
	private, public, fp, err := ours()
	if err != nil {
		t.Fatal(err)
	}
	w.ours = fp
	w.run(t, public, "", "--import")
	w.run(t, nil, "", "--quick-generate-key", "Gamma <g@gamma.example>", algorithm, "sign,cert", "never")
	listing := string(w.run(t, nil, "", "--with-colons", "--list-secret-keys"))
	for line := range strings.Lines(listing) {
		if f := strings.Split(line, ":"); f[0] == "fpr" && w.gamma == "" {
			w.gamma = f[9]
		}
	}
	encryption := "cv25519"
	if strings.HasPrefix(algorithm, "rsa") {
		encryption = algorithm
	}
	w.run(t, nil, "", "--quick-add-key", w.gamma, encryption, "encr", "never")
	gamma := w.run(t, nil, "", "--armor", "--export", w.gamma)
	w.at = time.Now().Add(time.Second).Truncate(time.Second)
	w.ring, err = crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{
		{Owner: exchange.SelfSigner, File: "self", Data: private, Passphrase: []byte("our passphrase")},
		{Owner: "soc-gamma", File: "gamma", Data: gamma}}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// ourKey makes our key a day ago, as almasu init does.
func ourKey() ([]byte, []byte, string, error) {
	return crypto.NewOpenPGP("ҰКО NCCIS", "exchange@nccis.example", []byte("our passphrase"), time.Now().AddDate(0, 0, -1), 365*24*time.Hour)
}

func (w *gpgWorld) run(t *testing.T, in []byte, pass string, args ...string) []byte {
	t.Helper()
	out, err := w.g.Run(in, pass, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestGnuPGSends: what gpg makes on the command line opens here.
func TestGnuPGSends(t *testing.T) {
	w := newGPGWorld(t, "ed25519", ourKey)
	seal := func(extra ...string) []string {
		return append(append([]string{"--armor", "-u", w.gamma, "--sign", "--encrypt"}, extra...), "-r", w.ours)
	}
	weak := func(cipher string) []string { return seal("--cipher-algo", cipher) }
	for _, tc := range []struct {
		name   string
		args   []string
		cipher string
		weak   bool
		opens  bool
		sign   exchange.SignatureState
	}{
		{"default", seal(), "aes256-cfb-mdc", false, true, exchange.SignatureValid},
		{"AES-128", seal("--cipher-algo", "AES"), "aes128-cfb-mdc", false, true, exchange.SignatureValid},
		{"text mode", seal("--textmode"), "aes256-cfb-mdc", false, true, exchange.SignatureValid},
		{"no compression", seal("-z", "0"), "aes256-cfb-mdc", false, true, exchange.SignatureValid},
		{"bzip2", seal("--compress-algo", "bzip2"), "aes256-cfb-mdc", false, true, exchange.SignatureValid},
		{"zip", seal("--compress-algo", "zip"), "aes256-cfb-mdc", false, true, exchange.SignatureValid},
		{"throw-keyids", seal("--throw-keyids"), "aes256-cfb-mdc", false, true, exchange.SignatureValid},
		{"hidden recipient", []string{"--armor", "-u", w.gamma, "--sign", "--encrypt", "-R", w.ours}, "aes256-cfb-mdc", false, true, exchange.SignatureValid},
		{"hidden after another", []string{"--armor", "-u", w.gamma, "--sign", "--encrypt", "-R", w.gamma, "-R", w.ours}, "aes256-cfb-mdc", false, true, exchange.SignatureValid},
		{"passphrase besides", append(seal(), "--symmetric"), "", false, true, exchange.SignatureValid},
		{"SHA-512", seal("--digest-algo", "SHA512"), "aes256-cfb-mdc", false, true, exchange.SignatureValid},
		{"unsigned", []string{"--armor", "--encrypt", "-r", w.ours}, "aes256-cfb-mdc", false, true, exchange.SignatureNone},
		{"3DES", weak("3DES"), "3des-cfb-mdc", true, true, exchange.SignatureValid},
		{"CAST5", weak("CAST5"), "cast5-cfb-mdc", true, true, exchange.SignatureValid},
		{"IDEA", weak("IDEA"), "idea-cfb-mdc", true, false, exchange.SignatureNone},
		{"Blowfish", weak("BLOWFISH"), "blowfish-cfb-mdc", true, false, exchange.SignatureNone},
	} {
		t.Run(tc.name, func(t *testing.T) {
			message := string(w.run(t, []byte(entity()), "passphrase", tc.args...))
			for name, raw := range map[string][]byte{
				"pgp/mime": mail("Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=enc\r\n\r\n--enc\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n" +
					"--enc\r\nContent-Type: application/octet-stream\r\n\r\n" + message + "\r\n--enc--\r\n"),
				"inline":     mail("Content-Type: text/plain\r\n\r\n" + message),
				"attachment": mail(attachment("mail.asc", []byte(message))),
			} {
				o, err := crypto.Open(raw, w.ring, crypto.Limits{}, w.at.Add(time.Minute))
				if err != nil {
					t.Fatal(err)
				}
				checkInvariants(t, o)
				s := o.Security
				if s.DecryptError != "" || !s.Integrity || s.WeakCipher != tc.weak || tc.cipher != "" && s.Cipher != tc.cipher || s.Signature != tc.sign {
					t.Fatalf("%s: %+v", name, s)
				}
				if tc.opens && tc.sign == exchange.SignatureValid && (!holds(o, report) || s.Owner != "soc-gamma" || s.Signer != w.gamma) || !tc.opens && o.Payload != nil {
					t.Errorf("%s: %+v %s", name, s, describePayload(o))
				}
			}
		})
	}
}

// TestGnuPGWithoutMDC: what gpg writes without integrity code is not opened.
func TestGnuPGWithoutMDC(t *testing.T) {
	w := newGPGWorld(t, "rsa3072", func() ([]byte, []byte, string, error) {
		return crypto.NewOpenPGPRSA(3072, "NCCIS", "exchange@nccis.example", []byte("our passphrase"), time.Now().AddDate(0, 0, -1), 0)
	})
	message, err := w.g.Run([]byte(entity()), "", "--armor", "--rfc2440", "--disable-mdc", "--cipher-algo", "AES256", "-u", w.gamma, "--sign", "--encrypt", "-r", w.ours)
	if err != nil {
		t.Fatal(err)
	}
	o, err := crypto.Open(mail("Content-Type: text/plain\r\n\r\n"+string(message)), w.ring, crypto.Limits{}, w.at)
	if err != nil {
		t.Fatal(err)
	}
	s := o.Security
	if bytes.Contains(message, []byte("BEGIN")) && s.Integrity { // this gpg writes the MDC whatever it is told
		t.Skip("this gpg cannot be told to leave the MDC out; handmade messages cover it")
	}
	if !s.Encrypted || s.Integrity || s.DecryptError != "" || o.Payload != nil {
		t.Errorf("%+v", s)
	}
}

// TestGnuPGSigns: signatures gpg makes, detached, clear and inside.
func TestGnuPGSigns(t *testing.T) {
	w := newGPGWorld(t, "rsa2048", ourKey)
	content := strings.TrimSuffix(entity(), "\r\n")
	detached := string(w.run(t, []byte(content), "", "--armor", "-u", w.gamma, "--detach-sign"))
	textual := string(w.run(t, []byte(content), "", "--armor", "-u", w.gamma, "--textmode", "--detach-sign"))
	weak := string(w.run(t, []byte(content), "", "--armor", "-u", w.gamma, "--digest-algo", "SHA1", "--detach-sign"))
	ripe := string(w.run(t, []byte(content), "", "--armor", "-u", w.gamma, "--digest-algo", "RIPEMD160", "--detach-sign"))
	wrap := func(sig string) string {
		return "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=sig\r\n\r\n--sig\r\n" + content +
			"\r\n--sig\r\nContent-Type: application/pgp-signature\r\n\r\n" + sig + "\r\n--sig--\r\n"
	}
	clear := string(w.run(t, []byte("- dashes\nblanks  \n-----BEGIN\nend\n"), "", "-u", w.gamma, "--clearsign"))
	inner := w.run(t, []byte(content), "", "-u", w.gamma, "--sign")
	seal := func(in string) string {
		return string(w.run(t, []byte(in), "", "--armor", "--encrypt", "-r", w.ours))
	}
	inline := "Content-Type: text/plain\r\n\r\n"
	for name, tc := range map[string]struct {
		mail string
		want exchange.SignatureState
	}{
		"detached":              {inline + seal(wrap(detached)), exchange.SignatureValid},
		"detached, text mode":   {inline + seal(wrap(textual)), exchange.SignatureValid},
		"detached, SHA-1":       {inline + seal(wrap(weak)), exchange.SignatureWeak},
		"detached, RIPEMD-160":  {inline + seal(wrap(ripe)), exchange.SignatureWeak},
		"detached, CR lost":     {inline + seal(strings.ReplaceAll(wrap(detached), "\r\n", "\n")), exchange.SignatureValid},
		"detached, changed":     {inline + seal(strings.Replace(wrap(detached), "R-1", "R-2", 1)), exchange.SignatureIsInvalid},
		"clear":                 {inline + seal(clear), exchange.SignatureValid},
		"clear, in clear":       {inline + clear, exchange.SignatureValid},
		"clear, changed":        {inline + seal(strings.Replace(clear, "blanks", "blank", 1)), exchange.SignatureIsInvalid},
		"sign, then encrypt":    {inline + seal(string(inner)), exchange.SignatureValid},
		"in clear, detached":    {wrap(detached), exchange.SignatureValid},
		"in clear, text mode":   {wrap(textual), exchange.SignatureValid},
		"in clear, damaged sig": {wrap(strings.Replace(detached, "\n\n", "\n\nAAAA", 1)), exchange.SignatureIsInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := crypto.Open(mail(tc.mail), w.ring, crypto.Limits{}, w.at.Add(time.Minute))
			if err != nil || o.Security.Signature != tc.want || o.Security.Covers != exchange.CoversAll {
				t.Fatalf("%v %+v", err, o.Security)
			}
			checkInvariants(t, o)
		})
	}
}

// TestGnuPGReceives: gpg imports our keys, opens our letters, verifies their
// signatures, and sees nothing it does not like.
func TestGnuPGReceives(t *testing.T) {
	for name, ours := range map[string]func() ([]byte, []byte, string, error){
		"Ed25519": ourKey,
		"RSA-3072": func() ([]byte, []byte, string, error) {
			return crypto.NewOpenPGPRSA(3072, "NCCIS", "exchange@nccis.example", []byte("our passphrase"), time.Now().AddDate(0, 0, -1), 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newGPGWorld(t, "ed25519", ours)
			sealed, err := crypto.Seal([]byte(entity()), "soc-gamma", w.ring, w.at)
			if err != nil {
				t.Fatal(err)
			}
			block := sealed.Body[bytes.Index(sealed.Body, []byte("-----BEGIN")):]
			out, status, err := w.g.Status(block, "", "--decrypt")
			if err != nil || string(out) != entity() {
				t.Fatalf("%v\n%s\n%q", err, strings.Join(status, "\n"), out)
			}
			has := func(prefix string) bool {
				return slices.ContainsFunc(status, func(l string) bool { return strings.HasPrefix(l, prefix) })
			}
			if !has("GOODMDC") || !has("VALIDSIG "+w.ours) || !has("DECRYPTION_OKAY") || has("BADSIG") || has("ERRSIG") {
				t.Error(strings.Join(status, "\n"))
			}
			w.verifies(t)
		})
	}
}

// verifies checks a multipart/signed of ours with gpg --verify.
func (w *gpgWorld) verifies(t *testing.T) {
	t.Helper()
	signed, err := crypto.SignEntity([]byte("Content-Type: text/plain\n\nrow with blanks  \nend\n"), w.ring, w.at)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(signed), "\r\n\r\n")
	boundary, rest, _ := strings.Cut(rest, "\r\n")
	content, rest, _ := strings.Cut(rest, "\r\n"+boundary+"\r\n")
	signature := rest[strings.Index(rest, "-----BEGIN"):]
	file := filepath.Join(w.dir, "content")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, status, err := w.g.Status([]byte(signature), "", "--verify", "-", file); err != nil {
		t.Errorf("%v\n%s", err, strings.Join(status, "\n"))
	}
}

// TestGnuPGTakesOurPrivateKey: what almasu init made is a key for gpg too.
func TestGnuPGTakesOurPrivateKey(t *testing.T) {
	if !testpeer.InstalledGnuPG() {
		t.Skip("gpg is not installed (apt-get install gnupg)")
	}
	for _, pass := range []string{"", "our passphrase"} {
		g := testpeer.NewGnuPG(t)
		private, _, fp, err := crypto.NewOpenPGP("NCCIS", "exchange@nccis.example", []byte(pass), time.Now().Add(-time.Hour), 365*24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Run(private, pass, "--import"); err != nil {
			t.Fatal(err)
		}
		message, err := g.Run([]byte("hi"), pass, "--armor", "--sign", "--encrypt", "-r", fp)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := g.Run(message, pass, "--decrypt"); err != nil || string(out) != "hi" {
			t.Errorf("%v %q", err, out)
		}
		if listing, err := g.Run(nil, "", "--with-colons", "--list-keys", fp); err != nil || !strings.Contains(string(listing), ":cv25519:") || !strings.Contains(string(listing), ":ed25519:") {
			t.Errorf("%v %s", err, listing)
		}
	}
}
