package crypto_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"almasu/crypto"
	"almasu/exchange"
)

// desk is a folder where openssl works.
type desk struct {
	t   *testing.T
	dir string
}

func newDesk(t *testing.T) desk {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: the matrix with it is not run")
	}
	d := desk{t, t.TempDir()}
	o := staff()
	for name, h := range map[string]*holder{"root": o.root, "self": o.self, "alfa": o.alfa, "beta": o.beta} {
		d.write(name+".pem", h.pem())
		d.write(name+".key", h.private())
	}
	return d
}

func (d desk) write(name string, b []byte) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), b, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d desk) run(program string, in []byte, args ...string) []byte {
	d.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdin = d.dir, bytes.NewReader(in)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		d.t.Fatalf("%s %q: %v\n%s", program, args, err, errs.String())
	}
	return out.Bytes()
}

func (d desk) cms(in []byte, args string) []byte {
	return d.run("openssl", in, append([]string{"cms"}, strings.Fields(args)...)...)
}

// TestOpensslSealsWeOpen: whole mails as `openssl cms` writes them.
func TestOpensslSealsWeOpen(t *testing.T) {
	d := newDesk(t)
	k := officeRing()
	for _, sign := range []string{"-sign -signer alfa.pem -inkey alfa.key", "-sign -nodetach -signer alfa.pem -inkey alfa.key",
		"-sign -signer beta.pem -inkey beta.key -md sha384", "-sign -nodetach -nocerts -keyid -signer alfa.pem -inkey alfa.key -md sha512",
		"-sign -nodetach -signer alfa.pem -inkey alfa.key -keyopt rsa_padding_mode:pss", "-sign -nodetach -binary -signer beta.pem -inkey beta.key",
		"-sign -crlfeol -signer alfa.pem -inkey alfa.key"} {
		signed := d.cms([]byte(entity("From: alfa@alfa.example\r\nTo: nccis@nccis.example\r\n")), sign)
		for _, encrypt := range []string{"-aes-256-cbc", "-aes-128-cbc", "-aes-192-cbc", "-aes-256-gcm", "-aes-128-gcm", "-aes-256-cbc -stream",
			"-aes-256-gcm -recip self.pem -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256"} {
			t.Run(sign+" "+encrypt, func(t *testing.T) {
				if !strings.Contains(encrypt, "-recip") {
					encrypt += " -recip self.pem"
				}
				message := append([]byte("From: alfa@alfa.example\nTo: nccis@nccis.example\n"), d.cms(signed, "-encrypt "+encrypt)...)
				opened := openWith(t, message, k)
				s := opened.Security
				if s.Signature != exchange.SignatureValid || s.Covers != exchange.CoversAll || !s.Integrity || s.Form != exchange.FormMIME || s.DecryptError != "" {
					t.Fatalf("%+v", s)
				}
				if owner := map[bool]string{true: "soc-alfa", false: "soc-beta"}[strings.Contains(sign, "alfa")]; s.Owner != owner {
					t.Errorf("owner %s", s.Owner)
				}
				if len(opened.Payload) != 2 || !strings.Contains(string(opened.Payload[1].Body), `"R-1"`) || !opened.Protected.Present {
					t.Errorf("%v", opened.Payload)
				}
			})
		}
	}
}

// TestOpenssl3DES is opened only by the setting that says insecure.
func TestOpenssl3DES(t *testing.T) {
	d := newDesk(t)
	message := append([]byte("From: alfa@alfa.example\n"),
		d.cms(d.cms([]byte(entity()), "-sign -signer alfa.pem -inkey alfa.key"), "-encrypt -des3 -recip self.pem")...)
	s := openWith(t, message, officeRing()).Security
	if !s.WeakCipher || s.Cipher != "3des-cbc" || s.Signed || s.Integrity {
		t.Errorf("%+v", s)
	}
	set := staff().keySet()
	set.Trust.Insecure3DES = true
	checkFacts(t, openWith(t, message, certRing(set)), goodFacts)
}

// TestWeSealOpensslOpens: `openssl cms -decrypt | openssl cms -verify`.
func TestWeSealOpensslOpens(t *testing.T) {
	d := newDesk(t)
	for name, profile := range map[string]crypto.Profile{"": {}, "CBC": {Cipher: "aes256-cbc"}, "PKCS#1": {PKCS1v15: true}, "CBC and PKCS#1": {Cipher: "aes128-cbc", PKCS1v15: true}} {
		for id, file := range map[string]string{"soc-alfa": "alfa", "soc-beta": "beta"} {
			t.Run(file+" "+name, func(t *testing.T) {
				set := staff().keySet()
				set.Profiles = map[string]crypto.Profile{id: profile}
				sealed, err := crypto.Seal([]byte(entity("Subject: hidden\r\n")), id, certRing(set), now)
				if err != nil {
					t.Fatal(err)
				}
				message := bytes.Join([][]byte{[]byte("From: nccis@nccis.example\r\n"), sealed.Header, []byte("\r\n"), sealed.Body}, nil)
				for _, reader := range []string{file, "self"} {
					inner := d.cms(message, "-decrypt -recip "+reader+".pem -inkey "+reader+".key")
					content := d.cms(inner, "-verify -CAfile root.pem -no_check_time")
					if string(content) != entity("Subject: hidden\r\n") {
						t.Errorf("%s reads %q", reader, content)
					}
				}
			})
		}
	}
}

// TestOwnKeyFromPKCS12 as openssl writes it, new and old.
func TestOwnKeyFromPKCS12(t *testing.T) {
	d := newDesk(t)
	for _, args := range []string{"", "-legacy"} {
		p12 := d.run("openssl", nil, strings.Fields("pkcs12 -export -in self.pem -inkey self.key -certfile root.pem -passout pass:secret "+args)...)
		set := staff().keySet()
		set.SMIME[0] = crypto.KeyFile{Owner: exchange.SelfSigner, File: "self.p12", Data: p12, Passphrase: []byte("secret")}
		k := certRing(set)
		checkFacts(t, openWith(t, mail(gcm(opaqueEntity(entity(), staff().alfa))), k), goodFacts)
		if err := k.CanSign(now); err != nil {
			t.Error(err)
		}
		set.SMIME[0].Passphrase = []byte("wrong")
		if _, err := crypto.NewKeyring(set); err == nil || strings.Contains(err.Error(), "wrong") && !strings.Contains(err.Error(), "passphrase is wrong") {
			t.Errorf("a wrong passphrase: %v", err)
		}
	}
}

// TestCurvesOfOurs: our own certificate may be on any curve.
func TestCurvesOfOurs(t *testing.T) {
	o := staff()
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		must(err)
		us := certify(o.root, "Us", key, nil)
		set := o.keySet()
		set.SMIME[0].Data = us.private()
		k := certRing(set)
		sealed, err := crypto.Seal([]byte(entity()), "soc-alfa", k, now)
		if err != nil {
			t.Fatal(err)
		}
		opened := openWith(t, append(append(append([]byte("From: a@b.example\r\n"), sealed.Header...), "\r\n"...), sealed.Body...), k)
		if s := opened.Security; s.Owner != exchange.SelfSigner || s.Signature != exchange.SignatureValid || opened.Digest != sealed.Digest {
			t.Errorf("%s: %+v", curve.Params().Name, s)
		}
	}
}
