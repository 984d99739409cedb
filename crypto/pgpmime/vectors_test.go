package pgpmime

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"almasu/internal/testpeer"
)

// vector reads a test vector of RFC 9580 appendix A.
func vector(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "rfc9580", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	grocery   = "What we need from the grocery store:\n\n- tofu\n- vegetables\n- noodles\n"
	version6  = "CB186C4F0609A697E4D52DFA6C722B0C1F1E27C18A56708F6525EC27BAD9ACC9"
	encrypts6 = "12C83F1E706F6308"
)

// vectorTime is some day after all of them were made.
var vectorTime = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)

func vectorRing(t testing.TB, key, passphrase string) *Ring {
	t.Helper()
	r, err := NewRing("self", []Source{{Owner: "self", File: key, Data: vector(t, key), Passphrase: []byte(passphrase)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A.1 and A.2: a bare version 4 key, and its signature over "OpenPGP".
func TestVectorVersion4(t *testing.T) {
	p, err := packet.Read(bytes.NewReader(unarmored(vector(t, "a1-key.asc"), blockPublic)))
	if err != nil {
		t.Fatal(err)
	}
	pub := p.(*packet.PublicKey)
	if got := fingerprint(pub); got != "C959BDBAFA32A2F89A153B678CFDE12197965A9A" {
		t.Error(got)
	}
	sig, hash, ok := readSignature(signaturePackets(vector(t, "a2-signature.asc"))[0])
	if !ok || hash != "sha256" || !mathematics(pub, sig, []byte("OpenPGP")) {
		t.Errorf("%v %s", ok, hash)
	}
	if sig, _, _ := readSignature(signaturePackets(vector(t, "a2-signature.asc"))[0]); mathematics(pub, sig, []byte("OpenPGp")) {
		t.Error("it signs something else too")
	}
}

// A.3 and A.4: the version 6 certificate with its secret key.
func TestVectorVersion6Key(t *testing.T) { holdsVersion6(t, vectorRing(t, "a4-secret-key.asc", "")) }

// A.5: the same locked with Argon2, which takes two gigabytes of memory.
func TestVectorLockedKey(t *testing.T) {
	testpeer.Slow(t)
	r := vectorRing(t, "a5-locked-secret-key.asc", "correct horse battery staple")
	holdsVersion6(t, r)
	opensVector(t, r)
	if _, err := NewRing("self", []Source{{Owner: "self", Data: vector(t, "a5-locked-secret-key.asc"), Passphrase: []byte("battery")}}, nil); err == nil {
		t.Error("a wrong passphrase unlocks it")
	}
}

func holdsVersion6(t *testing.T, r *Ring) {
	t.Helper()
	keys := r.Keys()
	if len(keys) != 1 || keys[0].Fingerprint != version6 || !keys[0].Private || keys[0].Algorithm != "ed25519" || keys[0].Revoked || !keys[0].Expires.IsZero() {
		t.Errorf("%+v", keys)
	}
}

// A.6 and A.7: signed in clear and in one message.
func TestVectorSigned(t *testing.T) {
	r := vectorRing(t, "a4-secret-key.asc", "")
	clear, err := r.OpenClear(vector(t, "a6-cleartext-signed.asc"), vectorTime)
	if err != nil {
		t.Fatal(err)
	}
	inline, err := r.OpenMessage(vector(t, "a7-inline-signed.asc"), 1<<20, vectorTime)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(bytes.ReplaceAll(clear.Content, []byte("\r\n"), []byte("\n"))); got+"\n" != grocery && got != grocery {
		t.Errorf("%q", got)
	}
	if string(inline.Content) != grocery {
		t.Errorf("%q", inline.Content)
	}
	for _, s := range append(clear.Signatures, inline.Signatures...) {
		if !s.Verified || s.Fingerprint != version6 || s.Hash != "sha512" || s.Expired || s.Reason != "" {
			t.Errorf("%+v", s)
		}
	}
	if n := len(clear.Signatures) + len(inline.Signatures); n != 2 {
		t.Errorf("%d signatures", n)
	}
}

// A.8: X25519, AEAD with OCB.
func TestVectorEncrypted(t *testing.T) { opensVector(t, vectorRing(t, "a4-secret-key.asc", "")) }

func opensVector(t *testing.T, r *Ring) {
	t.Helper()
	m, err := r.OpenMessage(vector(t, "a8-aead-ocb.asc"), 1<<20, vectorTime)
	if err != nil || string(m.Content) != "Hello, world!" || m.Cipher != "aes128-ocb" || !m.Integrity || len(m.Recipients) != 1 || m.Recipients[0] != encrypts6 {
		t.Errorf("%v %+v", err, m)
	}
}
