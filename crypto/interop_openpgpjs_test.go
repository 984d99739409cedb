package crypto_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"almasu/internal/testpeer"
)

// jsDesk is openpgp.js with its settings. What it calls weak is allowed, so
// that the verdict is ours.
type jsDesk struct {
	deskOf
	js *testpeer.OpenPGPJS
}

type settings = map[string]any

func (d jsDesk) run(t *testing.T, job testpeer.JSJob) (testpeer.JSResult, error) {
	t.Helper()
	config := settings{"rejectCurves": true, "rejectPublicKeyAlgorithms": true, "rejectHashAlgorithms": true, "rejectMessageHashAlgorithms": true, "minRSABits": 1023}
	maps.Copy(config, job.Config)
	job.Config = config
	return d.js.Run(t, job)
}

func (d jsDesk) must(t *testing.T, job testpeer.JSJob) testpeer.JSResult {
	t.Helper()
	r, err := d.run(t, job)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pair are two keys of one kind: ours, with its private part locked, and the peer's.
type pair struct{ ours, theirs testpeer.JSResult }

func (d jsDesk) pair(t *testing.T, key, config settings) pair {
	t.Helper()
	job := testpeer.JSJob{Op: "generate", Key: key, Config: config, Address: "us@nccis.example", Passphrase: "our passphrase"}
	p := pair{ours: d.must(t, job)}
	job.Address, job.Passphrase = "peer@peer.example", ""
	p.theirs = d.must(t, job)
	return p
}

func (d jsDesk) seal(t *testing.T, p pair, config settings, edit func(*testpeer.JSJob)) []byte {
	t.Helper()
	job := testpeer.JSJob{Op: "seal", Config: config, Private: p.theirs.Private, To: [][]byte{p.theirs.Public, p.ours.Public}, Content: []byte(entity())}
	if edit != nil {
		edit(&job)
	}
	return d.must(t, job).Message
}

// both is one row of the matrix, both ways with keys of one kind.
func (d jsDesk) both(t *testing.T, key, config settings, group, what, want, cipher string) {
	t.Run(group+" "+what, func(t *testing.T) {
		if key["rsaBits"] == 4096 {
			testpeer.Slow(t)
		}
		p := d.pair(t, key, config)
		ring := peerRing(t, p.ours.Private, p.theirs.Public)
		t.Run("they seal", func(t *testing.T) {
			if s := d.theySeal(t, ring, d.seal(t, p, config, nil), group, what, want); cipher != "" && s.Cipher != cipher {
				t.Errorf("cipher %s, want %s", s.Cipher, cipher)
			}
		})
		if want != opens {
			return
		}
		t.Run("we seal", func(t *testing.T) {
			d.weSeal(t, ring, group, what, func(message []byte) ([]byte, error) {
				r, err := d.run(t, testpeer.JSJob{Op: "open", Private: p.theirs.Private, To: [][]byte{p.ours.Public}, Message: string(message)})
				if version2 := config["aeadProtect"] == true; err == nil && version2 != (r.Packets[len(r.Packets)-1] == "18.2") {
					t.Errorf("packets %q", r.Packets)
				}
				return r.Content, err
			})
		})
	})
}

// TestInteropOpenPGPJS is the second implementation of RFC 9580, both ways.
func TestInteropOpenPGPJS(t *testing.T) {
	js := testpeer.NewOpenPGPJS(t)
	d := jsDesk{deskOf{"openpgp.js"}, js}
	testpeer.Version(t, d.peer, js.Version)
	old, v6 := settings{}, settings{"v6Keys": true, "aeadProtect": true}
	kinds := []struct {
		name string
		key  settings
		want string
	}{
		{"RSA-2048", settings{"type": "rsa", "rsaBits": 2048}, opens}, {"RSA-4096", settings{"type": "rsa", "rsaBits": 4096}, opens},
		{"Ed25519, X25519", settings{"type": "curve25519"}, opens}, {"Ed448, X448", settings{"type": "curve448"}, opens},
		{"P-256", settings{"type": "ecc", "curve": "nistP256"}, opens}, {"P-384", settings{"type": "ecc", "curve": "nistP384"}, opens},
		{"P-521", settings{"type": "ecc", "curve": "nistP521"}, opens},
		{"brainpoolP256r1", settings{"type": "ecc", "curve": "brainpoolP256r1"}, opens}, {"brainpoolP384r1", settings{"type": "ecc", "curve": "brainpoolP384r1"}, opens},
		{"brainpoolP512r1", settings{"type": "ecc", "curve": "brainpoolP512r1"}, opens},
	}
	for _, k := range kinds {
		d.both(t, k.key, old, "key, version 4", k.name, k.want, "aes256-cfb-mdc")
		d.both(t, k.key, v6, "key, version 6", k.name, k.want, "aes256-gcm")
	}
	d.both(t, settings{"type": "ecc", "curve": "ed25519Legacy"}, old, "key, version 4", "EdDSA, ECDH Curve25519 (RFC 4880bis)", opens, "aes256-cfb-mdc")
	d.both(t, settings{"type": "ecc", "curve": "secp256k1"}, old, "key, version 4", "secp256k1", heldHash, "")
	fast := settings{"type": "curve25519"}
	for _, mode := range []string{"ocb", "gcm", "eax"} {
		for _, cipher := range []string{"aes128", "aes192", "aes256"} {
			c := settings{"v6Keys": true, "aeadProtect": true, "preferredAEADAlgorithm": mode, "preferredSymmetricAlgorithm": cipher}
			d.both(t, fast, c, "AEAD (SEIPD version 2)", cipher+"-"+mode, opens, cipher+"-"+mode)
		}
	}
	d.both(t, fast, settings{"aeadProtect": true}, "AEAD (SEIPD version 2)", "keys of version 4", opens, "aes256-gcm")
	d.messages(t, fast)
}

// messages are the rows about messages alone, with keys of version 4.
func (d jsDesk) messages(t *testing.T, key settings) {
	p := d.pair(t, key, nil)
	ring := peerRing(t, p.ours.Private, p.theirs.Public)
	one := func(group, what, want string, config settings, edit func(*testpeer.JSJob)) {
		t.Run(group+" "+what, func(t *testing.T) { d.theySeal(t, ring, d.seal(t, p, config, edit), group, what, want) })
	}
	for cipher, want := range map[string]string{"aes128": opens, "aes192": opens, "aes256": opens, "tripledes": heldCipher, "cast5": heldCipher} {
		q := d.pair(t, settings{"type": "rsa", "rsaBits": 2048}, settings{"preferredSymmetricAlgorithm": cipher})
		t.Run("cipher "+cipher, func(t *testing.T) {
			d.theySeal(t, peerRing(t, q.ours.Private, q.theirs.Public), d.seal(t, q, settings{"preferredSymmetricAlgorithm": cipher}, nil), "cipher, MDC (SEIPD version 1)", cipher, want)
		})
	}
	for _, hash := range []string{"sha256", "sha512", "sha3_256", "sha3_512"} {
		q, c := d.pair(t, settings{"type": "rsa", "rsaBits": 2048}, nil), settings{"preferredHashAlgorithm": hash}
		t.Run("hash "+hash, func(t *testing.T) {
			s := d.theySeal(t, peerRing(t, q.ours.Private, q.theirs.Public), d.seal(t, q, c, nil), "hash of the signature", hash, opens)
			if s.Hash != strings.ReplaceAll(hash, "_", "-") {
				t.Errorf("it is %s", s.Hash)
			}
		})
	}
	for _, compression := range []string{"uncompressed", "zip", "zlib"} {
		c := settings{"preferredCompressionAlgorithm": compression}
		q := d.pair(t, key, c)
		t.Run("compression "+compression, func(t *testing.T) {
			d.theySeal(t, peerRing(t, q.ours.Private, q.theirs.Public), d.seal(t, q, c, nil), "compression", compression, opens)
		})
	}
	one("message", "hidden recipients", opens, nil, func(j *testpeer.JSJob) { j.Hidden = true })
	one("message", "sealed under a password besides (iterated S2K)", opens, nil, func(j *testpeer.JSJob) { j.Passwords = []string{"x"} })
	one("message", "sealed under a password besides (Argon2)", opens, settings{"s2kType": "argon2"}, func(j *testpeer.JSJob) { j.Passwords = []string{"x"} })
	for s2k, aead := range map[string]bool{"iterated": false, "argon2": true} {
		config := settings{"s2kType": s2k, "aeadProtect": aead, "v6Keys": aead}
		q := d.pair(t, key, config)
		t.Run("our key locked by "+s2k, func(t *testing.T) {
			d.theySeal(t, peerRing(t, q.ours.Private, q.theirs.Public), d.seal(t, q, config, nil), "our private key locked by", fmt.Sprintf("%s S2K", s2k), opens)
		})
	}
}
