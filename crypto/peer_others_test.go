package crypto_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/internal/testpeer"
)

// tool runs a peer program in a folder of its own.
type tool struct {
	path, dir string
}

func newTool(t *testing.T, name string) tool {
	t.Helper()
	testpeer.Need(t, name)
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return tool{path, t.TempDir()}
}

func (x tool) run(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(x.path, args...)
	cmd.Dir = x.dir
	cmd.Env = append(os.Environ(), "HOME="+x.dir)
	cmd.Stdin = bytes.NewReader(in)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(x.path), strings.Join(args, " "), err, said.String())
	}
	return out.Bytes()
}

func (x tool) write(t *testing.T, name string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(x.dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func (x tool) read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(x.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// peerRing has our private key and a peer's public key.
func peerRing(t *testing.T, private, peer []byte) *crypto.Keyring {
	t.Helper()
	ring, err := crypto.NewKeyring(crypto.KeySet{OpenPGP: []crypto.KeyFile{
		{Owner: exchange.SelfSigner, File: "self", Data: private, Passphrase: []byte("our passphrase")}, {Owner: "peer", File: "peer", Data: peer}}})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// opensFromPeer holds a message of a peer against what it must be.
func opensFromPeer(t *testing.T, ring *crypto.Keyring, message []byte, cipher string) exchange.Security {
	t.Helper()
	o, err := crypto.Open(mail(attachment("mail.pgp", message)), ring, crypto.Limits{}, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	s := o.Security
	if s.DecryptError != "" || !s.Integrity || s.WeakCipher || s.Cipher != cipher || s.Signature != exchange.SignatureValid || s.Owner != "peer" || !holds(o, report) {
		t.Fatalf("%+v\n%s", s, describePayload(o))
	}
	return s
}

func TestSequoia(t *testing.T) {
	sq := newTool(t, "sq")
	private, public, _, err := ourKey()
	if err != nil {
		t.Fatal(err)
	}
	sq.write(t, "ours.pgp", public)
	sq.run(t, nil, "key", "generate", "--userid", "<peer@peer.example>", "--export", "peer.pgp")
	cert := sq.run(t, nil, "key", "extract-cert", "peer.pgp")
	sq.write(t, "peer.cert", cert)
	ring := peerRing(t, private, cert)
	for _, compression := range []string{"pad", "none", "zip", "bzip2"} {
		message := sq.run(t, []byte(entity()), "encrypt", "--compression", compression, "--signer-key", "peer.pgp", "--recipient-cert", "ours.pgp")
		s := opensFromPeer(t, ring, message, "aes256-cfb-mdc")
		if s.IntendedForOthers {
			t.Errorf("%+v", s)
		}
	}
	sealed, err := crypto.Seal([]byte(entity()), "peer", ring, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	block := sealed.Body[bytes.Index(sealed.Body, []byte("-----BEGIN")):]
	out := sq.run(t, block, "decrypt", "--recipient-key", "peer.pgp", "--signer-cert", "ours.pgp", "--signatures", "1")
	if string(out) != entity() {
		t.Errorf("%q", out)
	}
}

func TestRNP(t *testing.T) {
	rnp := newTool(t, "rnp")
	keys := newTool(t, "rnpkeys")
	keys.dir = rnp.dir
	private, public, fp, err := ourKey()
	if err != nil {
		t.Fatal(err)
	}
	keys.run(t, nil, "--homedir", ".", "--generate-key", "--userid", "peer@peer.example", "--password", "", "--cipher", "AES256", "--numbits", "3072")
	keys.run(t, nil, "--homedir", ".", "--import", keys.write(t, "ours.asc", public))
	cert := keys.run(t, nil, "--homedir", ".", "--export-key", "peer@peer.example")
	ring := peerRing(t, private, cert)
	rnp.write(t, "plain", []byte(entity()))
	for cipher, extra := range map[string][]string{"aes256-cfb-mdc": nil, "aes256-ocb": {"--aead=OCB"}, "aes256-eax": {"--aead=EAX"}} {
		args := append([]string{"--homedir", ".", "--sign", "--encrypt", "--cipher", "AES256", "-u", "peer@peer.example", "-r", fp, "--password", "", "--overwrite", "--output", "sealed", "plain"}, extra...)
		rnp.run(t, nil, args...)
		opensFromPeer(t, ring, rnp.read(t, "sealed"), cipher)
	}
	sealed, err := crypto.Seal([]byte(entity()), "peer", ring, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	rnp.write(t, "letter.asc", sealed.Body[bytes.Index(sealed.Body, []byte("-----BEGIN")):])
	rnp.run(t, nil, "--homedir", ".", "--decrypt", "--password", "", "--overwrite", "--output", "opened", "letter.asc")
	if string(rnp.read(t, "opened")) != entity() {
		t.Error("rnp opened something else")
	}
}
