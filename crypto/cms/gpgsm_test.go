package cms

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"os"
	"os/exec"
	"strings"
	"testing"

	"almasu/internal/testpeer"
)

// sm is gpgsm with a home of its own.
type sm struct {
	desk
	home string
}

// newSM imports the root and everybody named, with keys.
func newSM(t *testing.T, names ...string) sm {
	t.Helper()
	d := newDesk(t)
	testpeer.Need(t, "gpgsm")
	home, err := os.MkdirTemp("", "sm") // short: its sockets live there
	must(err)
	g := sm{d, home}
	t.Cleanup(func() {
		cmd := exec.Command("gpgconf", "--homedir", home, "--kill", "all")
		_ = cmd.Run()
		_ = os.RemoveAll(home)
	})
	root := sha1.Sum(people()["ca"].cert.Raw)
	must(os.WriteFile(home+"/trustlist.txt", []byte(strings.ToUpper(hex.EncodeToString(root[:]))+" S relax\n"), 0o600))
	must(os.WriteFile(home+"/gpg-agent.conf", []byte("allow-loopback-pinentry\n"), 0o600))
	if out, err := g.gpgsm("--import", "ca.pem"); err != nil {
		t.Skipf("gpgsm cannot be used here: %v %s", err, out)
	}
	for _, name := range names {
		if out, err := d.openssl("pkcs12", "-export", "-in", name+".pem", "-inkey", name+".key", "-out", name+".p12", "-passout", "pass:x", "-legacy"); err != nil {
			t.Fatalf("%v %s", err, out)
		}
		if out, err := g.gpgsm("--import", name+".p12"); err != nil {
			t.Skipf("gpgsm cannot import %s: %v %s", name, err, out)
		}
	}
	return g
}

func (g sm) command(args ...string) *exec.Cmd {
	cmd := exec.Command("gpgsm", append([]string{"--homedir", g.home, "--batch", "--disable-crl-checks", "--faked-system-time", "20261120T120000", "--no-tty",
		"--passphrase-fd", "0", "--pinentry-mode", "loopback"}, args...)...)
	cmd.Dir, cmd.Stdin = g.dir, strings.NewReader("x\n")
	return cmd
}

func (g sm) gpgsm(args ...string) ([]byte, error) {
	cmd := g.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return errs.Bytes(), err
	}
	return out.Bytes(), nil
}

// Both ways with gpgsm 2.2, which cannot open AES-GCM of anybody ("error getting
// IV: Buffer too short"), hence CBC for partners that use it.
func TestGpgsm(t *testing.T) {
	g := newSM(t, "rsa")
	rsa := people()["rsa"]
	version, err := g.gpgsm("--version")
	must(err)
	testpeer.Version(t, "gpgsm", string(version))
	for _, cipher := range []string{"default cipher, RSA", "AES128", "AES192", "AES256"} {
		testpeer.Cell(t, "gpgsm", testpeer.TheySeal, "cipher", cipher, "opens")
	}
	for _, cipher := range []string{"AES128", "AES192", "AES256"} {
		testpeer.Cell(t, "gpgsm", testpeer.WeSeal, "cipher", cipher, "opens, as aes-cbc by the participant's file")
	}
	for _, form := range []string{"RSA, attached", "RSA, SHA-512", "RSA, without certificates", "RSA, detached"} {
		testpeer.Cell(t, "gpgsm", testpeer.TheySeal, "signature", form, "verifies")
	}
	for _, form := range []string{"RSA, attached", "RSA, detached", "P-256, attached", "P-256, detached", "P-384, attached", "P-384, detached"} {
		testpeer.Cell(t, "gpgsm", testpeer.WeSeal, "signature", form, "verifies")
	}
	for _, args := range [][]string{nil, {"--cipher-algo", "AES128"}, {"--cipher-algo", "AES192"}, {"--cipher-algo", "AES256"}} {
		sealed, err := g.gpgsm(append(args, "--encrypt", "-r", "&"+grip(g, "rsa"), "content")...)
		if err != nil {
			t.Fatalf("gpgsm --encrypt: %v %s", err, sealed)
		}
		got, err := Open(sealed, []Key{rsa.key()}, OpenOptions{})
		if err != nil || !bytes.Equal(got.Content, content) {
			t.Errorf("%q: gpgsm encrypts, we open: %+v %v", args, got, err)
		}
	}
	for _, cipher := range []Cipher{AES128CBC, AES192CBC, AES256CBC} {
		sealed, err := Encrypt(content, []Recipient{{Certificate: people()["x25519"].cert}, {Certificate: rsa.cert, PKCS1v15: true}}, EncryptOptions{Cipher: cipher})
		must(err)
		g.write("sealed", sealed)
		out, err := g.gpgsm("--decrypt", "sealed")
		if err != nil || !bytes.Equal(out, content) {
			t.Errorf("%s: we encrypt, gpgsm opens: %v %s", cipher, err, out)
		}
	}
	for row, o := range map[string]EncryptOptions{"AES256-GCM": {Cipher: AES256GCM}, "RSA-OAEP": {Cipher: AES256CBC}} {
		testpeer.Cell(t, "gpgsm", testpeer.WeSeal, "cipher", row, "it cannot: set smime_cipher and smime_rsa for the participant")
		sealed, err := Encrypt(content, []Recipient{{Certificate: rsa.cert, PKCS1v15: row != "RSA-OAEP"}}, o)
		must(err)
		g.write("sealed", sealed)
		if out, err := g.gpgsm("--decrypt", "sealed"); err == nil {
			t.Errorf("%s: gpgsm reads it now: %q", row, out)
		}
	}
	for _, args := range [][]string{{"--sign"}, {"--digest-algo", "SHA512", "--sign"}, {"--include-certs", "0", "--sign"}, {"--detach-sign"}} {
		signed, err := g.gpgsm(append(args, "content")...)
		if err != nil {
			t.Fatalf("gpgsm --sign: %v %s", err, signed)
		}
		var detached []byte
		if args[0] == "--detach-sign" {
			detached = content
		}
		s, err := Verify(signed, detached, []*x509.Certificate{rsa.cert}, Limits{})
		if err != nil || s.Signatures[0].Err != nil || detached == nil && !bytes.Equal(s.Content, content) {
			t.Errorf("%q: gpgsm signs, we verify: %v %+v", args, err, s.Signatures)
		}
	}
	for _, who := range []string{"rsa", "p256", "p384"} {
		for _, o := range []SignOptions{{Time: noon}, {Time: noon, Detached: true}} {
			signed, err := Sign(content, []SigningKey{people()[who].signs()}, o)
			must(err)
			g.write("signed", signed)
			args := []string{"--verify", "signed"}
			if o.Detached {
				args = append(args, "content")
			}
			out, err := g.command(args...).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "Good signature") {
				t.Errorf("%s %+v: we sign, gpgsm verifies: %v %s", who, o, err, out)
			}
		}
	}
}

// grip is how gpgsm is told a certificate without a name in it.
func grip(g sm, name string) string {
	out, err := g.gpgsm("--with-colons", "--with-keygrip", "--list-keys", name)
	must(err)
	for line := range strings.Lines(string(out)) {
		if f := strings.Split(line, ":"); f[0] == "grp" {
			return f[9]
		}
	}
	return ""
}
