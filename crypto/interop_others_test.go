package crypto_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"almasu/crypto"
	"almasu/internal/testpeer"
)

// TestInteropSequoia is sq of Debian, both ways.
func TestInteropSequoia(t *testing.T) {
	sq := newTool(t, "sq")
	d := deskOf{"sq"}
	testpeer.Version(t, d.peer, string(sq.run(t, nil, "--version")))
	for _, suite := range []string{"cv25519", "rsa3k", "rsa4k"} {
		t.Run("key "+suite, func(t *testing.T) {
			if suite == "rsa4k" {
				testpeer.Slow(t)
			}
			ours, theirs := suite+"-ours.pgp", suite+"-theirs.pgp"
			for _, name := range []string{ours, theirs} {
				sq.run(t, nil, "key", "generate", "--cipher-suite", suite, "--userid", "<"+name+"@peer.example>", "--export", name)
				sq.write(t, name+".cert", sq.run(t, nil, "key", "extract-cert", name))
			}
			ring := peerRing(t, sq.read(t, ours), sq.read(t, theirs+".cert"))
			seal := func(args ...string) []byte {
				return sq.run(t, []byte(entity()), append([]string{"encrypt", "--signer-key", theirs, "--recipient-cert", ours + ".cert"}, args...)...)
			}
			t.Run("they seal", func(t *testing.T) { d.theySeal(t, ring, seal(), "key", suite, opens) })
			t.Run("we seal", func(t *testing.T) {
				d.weSeal(t, ring, "key", suite, func(message []byte) ([]byte, error) {
					return sq.run(t, message, "decrypt", "--recipient-key", theirs, "--signer-cert", ours+".cert", "--signatures", "1"), nil
				})
			})
			for _, compression := range []string{"none", "pad", "zip", "zlib", "bzip2"} {
				t.Run(compression, func(t *testing.T) {
					d.theySeal(t, ring, seal("--compression", compression), "compression", compression, opens)
				})
			}
			for _, mode := range []string{"all", "rest", "transport"} {
				t.Run(mode, func(t *testing.T) { d.theySeal(t, ring, seal("--mode", mode), "message", "mode "+mode, opens) })
			}
			t.Run("binary", func(t *testing.T) { d.theySeal(t, ring, seal("--binary"), "message", "binary", opens) })
		})
	}
}

// rnpDesk is rnp with one home in which both sides' keys are made.
type rnpDesk struct {
	deskOf
	rnp, keys tool
}

// pair makes two keys of a kind by the answers its menu wants, and the ring.
func (d rnpDesk) pair(t *testing.T, name, answers string) (ring *crypto.Keyring, ours, theirs string) {
	t.Helper()
	ours, theirs = name+"@nccis.example", name+"@peer.example"
	for _, uid := range []string{ours, theirs} {
		d.keys.run(t, []byte(answers), "--homedir", ".", "--expert", "--generate-key", "--userid", uid, "--password", "our passphrase")
	}
	secret := d.keys.run(t, nil, "--homedir", ".", "--export-key", "--secret", ours)
	return peerRing(t, secret, d.keys.run(t, nil, "--homedir", ".", "--export-key", theirs)), ours, theirs
}

func (d rnpDesk) seal(t *testing.T, ours, theirs string, args ...string) []byte {
	t.Helper()
	d.rnp.write(t, "plain", []byte(entity()))
	d.rnp.run(t, nil, append([]string{"--homedir", ".", "--sign", "--encrypt", "-u", theirs, "-r", ours, "--password", "our passphrase", "--overwrite", "--output", "sealed", "plain"}, args...)...)
	return d.rnp.read(t, "sealed")
}

func (d rnpDesk) open(t *testing.T) func([]byte) ([]byte, error) {
	return func(message []byte) ([]byte, error) {
		d.rnp.write(t, "letter.asc", message)
		cmd := exec.Command(d.rnp.path, "--homedir", ".", "--decrypt", "--password", "our passphrase", "--overwrite", "--output", "opened", "letter.asc")
		cmd.Dir = d.rnp.dir
		cmd.Env = append(os.Environ(), "HOME="+d.rnp.dir)
		if said, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(said), "Good signature") {
			return nil, fmt.Errorf("%w: %s", err, said)
		}
		return d.rnp.read(t, "opened"), nil
	}
}

// TestInteropRNP is rnp of Debian, both ways.
func TestInteropRNP(t *testing.T) {
	d := rnpDesk{deskOf{"rnp"}, newTool(t, "rnp"), newTool(t, "rnpkeys")}
	d.keys.dir = d.rnp.dir
	testpeer.Version(t, d.peer, string(d.rnp.run(t, nil, "--version")))
	for _, k := range []struct{ name, answers, want string }{
		{"RSA-2048", "1\n2048\n", opens}, {"RSA-4096", "1\n4096\n", opens}, {"EdDSA, ECDH Curve25519", "22\n", opens},
		{"P-256", "19\n1\n", opens}, {"P-384", "19\n2\n", opens}, {"P-521", "19\n3\n", opens},
		{"brainpoolP256r1", "19\n4\n", opens}, {"brainpoolP384r1", "19\n5\n", opens}, {"brainpoolP512r1", "19\n6\n", opens},
		{"secp256k1", "19\n7\n", heldHash}, {"DSA-2048, ElGamal-2048", "16\n2048\n", heldHash}, {"DSA-2048, RSA-2048", "17\n2048\n", heldHash},
	} {
		t.Run("key "+k.name, func(t *testing.T) {
			if strings.Contains(k.name, "4096") || strings.Contains(k.name, "DSA-2048, E") {
				testpeer.Slow(t)
			}
			ring, ours, theirs := d.pair(t, strings.NewReplacer(" ", "", ",", "-").Replace(k.name), k.answers)
			t.Run("they seal", func(t *testing.T) { d.theySeal(t, ring, d.seal(t, ours, theirs), "key", k.name, k.want) })
			if k.want == opens {
				t.Run("we seal", func(t *testing.T) { d.weSeal(t, ring, "key", k.name, d.open(t)) })
			}
		})
	}
	ring, ours, theirs := d.pair(t, "messages", "1\n2048\n")
	row := func(group, what, want string, args ...string) {
		t.Run(group+" "+what, func(t *testing.T) { d.theySeal(t, ring, d.seal(t, ours, theirs, args...), group, what, want) })
	}
	for _, c := range []struct{ cipher, want string }{{"AES128", opens}, {"AES192", opens}, {"AES256", opens}, {"TRIPLEDES", heldCipher}, {"CAST5", heldCipher}, {"IDEA", heldCipher},
		{"BLOWFISH", heldCipher}, {"TWOFISH", notOpened}, {"CAMELLIA128", notOpened}, {"CAMELLIA192", notOpened}, {"CAMELLIA256", notOpened}, {"SM4", notOpened}} {
		row("cipher", c.cipher, c.want, "--cipher", c.cipher)
	}
	for _, aead := range []string{"OCB", "EAX"} {
		for _, cipher := range []string{"AES128", "AES192", "AES256"} {
			row("AEAD (packet 20)", cipher+"-"+aead, opens, "--cipher", cipher, "--aead="+aead)
		}
	}
	for _, h := range []struct{ hash, want string }{{"MD5", heldHash}, {"SHA1", heldHash}, {"RIPEMD160", heldHash}, {"SHA224", opens}, {"SHA256", opens}, {"SHA384", opens},
		{"SHA512", opens}, {"SHA3-256", opens}, {"SHA3-512", opens}, {"SM3", notVerified}} {
		row("hash of the signature", h.hash, h.want, "--hash", h.hash)
	}
	for _, c := range []string{"zip", "zlib", "bzip"} {
		row("compression", c, opens, "--"+c, "-z", "6")
	}
	row("compression", "none", opens, "-z", "0")
	row("message", "armored", opens, "--armor")
	row("message", "sealed under a password besides", opens, "--passwords", "1")
	row("message", "without a literal packet", notOpened, "--no-wrap")
}
