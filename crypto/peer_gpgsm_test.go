package crypto_test

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"os"
	"os/exec"
	"strings"
	"testing"

	"almasu/crypto"
	"almasu/internal/mimepart"
	"almasu/internal/testpeer"
)

// TestGpgsm: whole mails both ways with gpgsm 2.2, which reads neither AES-GCM
// nor RSA-OAEP; its profile says so.
func TestGpgsm(t *testing.T) {
	d := newDesk(t)
	testpeer.Need(t, "gpgsm")
	o := staff()
	home, err := os.MkdirTemp("", "sm") // short: its sockets live there
	must(err)
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	root := sha1.Sum(o.root.cert.Raw)
	must(os.WriteFile(home+"/trustlist.txt", []byte(strings.ToUpper(hex.EncodeToString(root[:]))+" S relax\n"), 0o600))
	must(os.WriteFile(home+"/gpg-agent.conf", []byte("allow-loopback-pinentry\n"), 0o600))
	gpgsm := func(args ...string) ([]byte, error) {
		cmd := exec.Command("gpgsm", append([]string{"--homedir", home, "--batch", "--disable-crl-checks", "--faked-system-time", now.Format("20060102T150405"),
			"--no-tty", "--passphrase-fd", "0", "--pinentry-mode", "loopback"}, args...)...)
		cmd.Dir, cmd.Stdin = d.dir, strings.NewReader("x\n")
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			return append(errs.Bytes(), out.Bytes()...), err
		}
		return append(out.Bytes(), errs.Bytes()...), nil
	}
	d.run("openssl", nil, strings.Fields("pkcs12 -export -in alfa.pem -inkey alfa.key -out alfa.p12 -passout pass:x -legacy")...)
	for _, file := range []string{"root.pem", "self.pem", "alfa.p12"} {
		if out, err := gpgsm("--import", file); err != nil {
			t.Skipf("gpgsm cannot import %s here: %v %s", file, err, out)
		}
	}
	t.Run("they seal", func(t *testing.T) {
		d.write("entity", []byte(entity()))
		if out, err := gpgsm("--yes", "--output", "signed", "--base64", "-u", "CN=Alfa,O=Алмасу", "--sign", "entity"); err != nil {
			t.Skipf("gpgsm cannot sign here: %v %s", err, out)
		}
		signed, err := os.ReadFile(d.dir + "/signed")
		must(err)
		d.write("inner", []byte("Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\n"+string(signed)))
		for form, header := range map[string]string{"--base64": "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n", "--armor": "Content-Type: text/plain\r\n\r\n"} {
			if out, err := gpgsm("--yes", "--output", "sealed", form, "-r", "CN=NCCIS,O=Алмасу", "--encrypt", "inner"); err != nil {
				t.Fatalf("gpgsm --encrypt: %v %s", err, out)
			}
			sealed, err := os.ReadFile(d.dir + "/sealed")
			must(err)
			checkFacts(t, openWith(t, mail(header+string(sealed)), officeRing()), goodFacts)
		}
	})
	t.Run("we seal", func(t *testing.T) {
		set := o.keySet()
		set.Profiles = map[string]crypto.Profile{"soc-alfa": {Cipher: "aes256-cbc", PKCS1v15: true}}
		sealed, err := crypto.Seal([]byte(entity()), "soc-alfa", certRing(set), now)
		must(err)
		d.write("sealed", sealed.Body)
		// It complains about every recipient that it is not, and goes on.
		out, _ := gpgsm("--assume-base64", "--yes", "--output", "opened", "--decrypt", "sealed")
		opened, err := os.ReadFile(d.dir + "/opened")
		if err != nil {
			t.Fatalf("gpgsm --decrypt: %v %s", err, out)
		}
		p, err := mimepart.Parse(opened, mimepart.Limits{})
		must(err)
		signature, err := p.Children[1].Decode(0)
		must(err)
		d.write("content", p.Children[0].Raw)
		d.write("signature", signature)
		if out, err := gpgsm("--verify", "signature", "content"); err != nil || !strings.Contains(string(out), "Good signature") {
			t.Errorf("gpgsm --verify: %v %s", err, out)
		}
	})
}
