package crypto_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/internal/testpeer"
)

// gpgDesk is gpg with one home in which both sides' keys are made.
type gpgDesk struct {
	deskOf
	g *testpeer.GnuPG
}

func newGPGDesk(t *testing.T) gpgDesk {
	t.Helper()
	d := gpgDesk{deskOf{"gpg"}, testpeer.NewGnuPG(t)}
	testpeer.Version(t, d.peer, string(d.run(t, nil, "--version")))
	return d
}

func (d gpgDesk) run(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	out, err := d.g.Run(in, "our passphrase", args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// gpgPair are two keys of one kind in the home, by fingerprint, and the ring
// with our private and their public one.
type gpgPair struct{ ours, theirs string }

func (d gpgDesk) pair(t *testing.T, primary, encryption string) gpgPair {
	t.Helper()
	made := func(address string) string {
		_, status, err := d.g.WithTime(time.Now().Add(-time.Minute)).Status(nil, "our passphrase", "--quick-generate-key", address, primary, "sign,cert", "never")
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(status, func(l string) bool { return strings.HasPrefix(l, "KEY_CREATED ") })
		fp := strings.Fields(status[i])[2]
		if _, err := d.g.WithTime(time.Now().Add(-time.Minute)).Run(nil, "our passphrase", "--quick-add-key", fp, encryption, "encr", "never"); err != nil {
			t.Fatal(err)
		}
		return fp
	}
	name := strings.ToLower(primary)
	return gpgPair{made("us-" + name + "@nccis.example"), made("peer-" + name + "@peer.example")}
}

func (d gpgDesk) seal(t *testing.T, p gpgPair, args ...string) []byte {
	t.Helper()
	return d.run(t, []byte(entity()), append(append([]string{"-u", p.theirs, "--sign", "--encrypt"}, args...), "-r", p.theirs, "-r", p.ours)...)
}

// open has gpg decrypt a letter of ours and verify that we signed it.
func (d gpgDesk) open(p gpgPair) func([]byte) ([]byte, error) {
	return func(message []byte) ([]byte, error) {
		out, status, err := d.g.Status(message, "our passphrase", "--decrypt")
		if err == nil && !slices.ContainsFunc(status, func(l string) bool { return strings.HasPrefix(l, "VALIDSIG "+p.ours) }) {
			err = errors.New(strings.Join(status, "\n"))
		}
		return out, err
	}
}

// TestInteropGnuPG is GnuPG of Debian, both ways.
func TestInteropGnuPG(t *testing.T) {
	d := newGPGDesk(t)
	for _, k := range []struct{ name, primary, encryption, want string }{
		{"RSA-2048", "rsa2048", "rsa2048", opens}, {"RSA-3072", "rsa3072", "rsa3072", opens}, {"RSA-4096", "rsa4096", "rsa4096", opens},
		{"RSA-1024", "rsa1024", "rsa1024", heldHash},
		{"EdDSA, ECDH Curve25519", "ed25519", "cv25519", opens},
		{"P-256", "nistp256", "nistp256", opens}, {"P-384", "nistp384", "nistp384", opens}, {"P-521", "nistp521", "nistp521", opens},
		{"brainpoolP256r1", "brainpoolP256r1", "brainpoolP256r1", opens}, {"brainpoolP384r1", "brainpoolP384r1", "brainpoolP384r1", opens},
		{"brainpoolP512r1", "brainpoolP512r1", "brainpoolP512r1", opens},
		{"secp256k1", "secp256k1", "secp256k1", heldHash}, {"DSA-2048, ElGamal-2048", "dsa2048", "elg2048", heldHash},
	} {
		t.Run("key "+k.name, func(t *testing.T) {
			if k.primary == "rsa4096" {
				testpeer.Slow(t)
			}
			p := d.pair(t, k.primary, k.encryption)
			ring := peerRing(t, d.run(t, nil, "--export-secret-keys", "--armor", p.ours), d.run(t, nil, "--export", p.theirs))
			t.Run("they seal", func(t *testing.T) { d.theySeal(t, ring, d.seal(t, p), "key", k.name, k.want) })
			if k.want == opens {
				t.Run("we seal", func(t *testing.T) { d.weSeal(t, ring, "key", k.name, d.open(p)) })
			}
		})
	}
	p := d.pair(t, "rsa2048", "cv25519")
	d.messages(t, p)
	d.preferences(t, p)
}

// messages are the rows about messages alone.
func (d gpgDesk) messages(t *testing.T, p gpgPair) {
	ring := peerRing(t, d.run(t, nil, "--export-secret-keys", p.ours), d.run(t, nil, "--export", p.theirs))
	row := func(group, what, want string, args ...string) {
		t.Run(group+" "+what, func(t *testing.T) { d.theySeal(t, ring, d.seal(t, p, args...), group, what, want) })
	}
	for _, c := range []struct{ cipher, want string }{{"AES", opens}, {"AES192", opens}, {"AES256", opens}, {"3DES", heldCipher}, {"CAST5", heldCipher},
		{"IDEA", heldCipher}, {"BLOWFISH", heldCipher}, {"TWOFISH", notOpened}, {"CAMELLIA128", notOpened}, {"CAMELLIA192", notOpened}, {"CAMELLIA256", notOpened}} {
		row("cipher", c.cipher, c.want, "--cipher-algo", c.cipher)
	}
	for _, h := range []struct{ hash, want string }{{"SHA1", heldHash}, {"RIPEMD160", heldHash}, {"SHA224", opens}, {"SHA256", opens}, {"SHA384", opens}, {"SHA512", opens}} {
		row("hash of the signature", h.hash, h.want, "--digest-algo", h.hash)
	}
	for _, c := range []string{"uncompressed", "zip", "zlib", "bzip2"} {
		row("compression", c, opens, "--compress-algo", c)
	}
	row("message", "armored", opens, "--armor")
	row("message", "text mode", opens, "--textmode")
	row("message", "hidden recipients", opens, "--throw-keyids")
	row("message", "sealed under a passphrase besides", opens, "--symmetric")
	row("message", "signed by two keys", opens, "-u", p.ours)
	row("message", "with notation and policy", opens, "--sig-notation", "a@b.example=c", "--sig-policy-url", "https://b.example/")
	row("message", "with a critical notation", notVerified, "--sig-notation", "!a@b.example=c")
	row("message", "with a critical policy", opens, "--sig-policy-url", "!https://b.example/")
	row("message", "integrity protection off (RFC 4880 section 5.7)", heldCipher, "--rfc2440", "--disable-mdc", "--cipher-algo", "AES256", "--compress-algo", "zip")
}

// preferences: we seal with what the peer's key prefers among what we seal with.
func (d gpgDesk) preferences(t *testing.T, p gpgPair) {
	for _, c := range []struct{ prefs, cipher string }{{"AES256 AES192 AES SHA512 ZLIB", "AES-256"}, {"AES SHA256 ZIP", "AES-128"}} {
		t.Run("prefers "+c.cipher, func(t *testing.T) {
			d.run(t, []byte("setpref "+c.prefs+"\ny\nsave\n"), "--no-batch", "--command-fd", "0", "--edit-key", p.theirs)
			ring := peerRing(t, d.run(t, nil, "--export-secret-keys", p.ours), d.run(t, nil, "--export", p.theirs))
			d.weSeal(t, ring, "cipher the key prefers", c.cipher, d.open(p))
		})
	}
}

// TestInteropGnuPG1 is what clients wrote before RFC 4880 was a habit: old
// packets, signatures of version 3, no integrity protection.
func TestInteropGnuPG1(t *testing.T) {
	one := newTool(t, "gpg1")
	d := newGPGDesk(t)
	d.peer = "gpg 1.4"
	p := d.pair(t, "rsa2048", "rsa2048")
	old := func(in []byte, args ...string) []byte {
		return one.run(t, in, append([]string{"--batch", "--yes", "--no-tty", "--homedir", one.dir, "--trust-model", "always", "--passphrase", "our passphrase"}, args...)...)
	}
	testpeer.Version(t, d.peer, string(old(nil, "--version")))
	old(d.run(t, nil, "--export", p.ours), "--import")
	old(d.run(t, nil, "--export-secret-keys", p.theirs), "--import")
	ring := peerRing(t, d.run(t, nil, "--export-secret-keys", p.ours), d.run(t, nil, "--export", p.theirs))
	for _, row := range []struct {
		what, want string
		args       []string
	}{
		{"as it is", opens, nil}, {"signature of version 3", opens, []string{"--force-v3-sigs"}},
		{"signature of version 3, text mode", opens, []string{"--force-v3-sigs", "--textmode"}},
		{"signature of version 3, SHA-1", heldHash, []string{"--force-v3-sigs", "--digest-algo", "SHA1"}},
		{"signature of version 3, MD5", heldHash, []string{"--force-v3-sigs", "--digest-algo", "MD5"}},
		{"RFC 1991 (PGP 2)", heldCipher, []string{"--rfc1991", "--cipher-algo", "AES256"}},
		{"integrity protection off", heldCipher, []string{"--disable-mdc"}}, {"integrity protection forced", opens, []string{"--force-mdc"}},
	} {
		t.Run(row.what, func(t *testing.T) {
			message := old([]byte(entity()), append(append([]string{"-u", p.theirs, "--sign", "--encrypt"}, row.args...), "-r", p.ours)...)
			d.theySeal(t, ring, message, "message", row.what, row.want)
		})
	}
	t.Run("we seal", func(t *testing.T) {
		d.weSeal(t, ring, "message", "as it is", func(message []byte) ([]byte, error) {
			one.write(t, "letter", message)
			out, err := exec.Command(one.path, "--batch", "--no-tty", "--homedir", one.dir, "--trust-model", "always", "--passphrase", "our passphrase", "--decrypt", one.dir+"/letter").Output()
			return out, err
		})
	})
}
