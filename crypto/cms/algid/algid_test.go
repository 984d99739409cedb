package algid

import (
	gocrypto "crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"testing"

	"almasu/crypto/cms/ber"
)

// algorithm reads a node back.
func algorithm(t testing.TB, n ber.Node) Algorithm {
	t.Helper()
	r := ber.NewReader(n.Bytes())
	a := Read(r, ber.Sequence)
	r.End()
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return a
}

func keyOf(t testing.TB, public any) Key {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey(spki)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Every scheme that can be chosen is read back from what it writes, and only
// its own key and message satisfy it.
func TestSchemes(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p224, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	message := []byte("message")
	for name, signer := range map[string]gocrypto.Signer{"rsa": rsaKey, "P-224": p224, "P-256": p256, "ed25519": edwards} {
		for _, hash := range []gocrypto.Hash{0, gocrypto.SHA224, gocrypto.SHA256, gocrypto.SHA384, gocrypto.SHA512} {
			for _, pss := range []bool{false, true} {
				key := keyOf(t, signer.Public())
				s, err := Choose(key, hash, pss)
				if err != nil {
					t.Fatal(name, err)
				}
				signature, err := s.Sign(rand.Reader, signer, message)
				if err != nil {
					t.Fatal(name, err)
				}
				back, err := SchemeOf(algorithm(t, s.Node()), s.Hash)
				if err != nil || back != s {
					t.Errorf("%s: %+v, %v", name, back, err)
				}
				if err := back.Verify(key, message, signature); err != nil {
					t.Errorf("%s %v: %v", name, hash, err)
				}
				if err := back.Verify(key, []byte("messagf"), signature); !errors.Is(err, ErrSignature) {
					t.Errorf("%s: another message: %v", name, err)
				}
				for _, other := range []gocrypto.Signer{rsaKey, p256, edwards} {
					if other := keyOf(t, other.Public()); other.Algorithm.ID != key.Algorithm.ID {
						if err := back.Verify(other, message, signature); !errors.Is(err, ErrKeyMismatch) {
							t.Errorf("%s with a key of %s: %v", name, other.Name(), err)
						}
					}
				}
			}
		}
	}
}

func TestKeys(t *testing.T) {
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	k := keyOf(t, &small.PublicKey)
	if !k.Weak() || k.Name() != "rsa-1024" {
		t.Errorf("%s %v", k.Name(), k.Weak())
	}
	oaep := ber.Seq(Node(RSAOAEP, ber.Node{}), ber.Bits(x509.MarshalPKCS1PublicKey(&small.PublicKey))).Bytes()
	k, err := ParseKey(oaep)
	if err != nil || k.Public == nil {
		t.Fatal(err)
	}
	s, _ := Choose(keyOf(t, &small.PublicKey), 0, false)
	if err := s.Verify(k, nil, nil); !errors.Is(err, ErrKeyMismatch) {
		t.Errorf("a key for encryption alone: %v", err)
	}
	gost := ber.Seq(Node("1.2.398.3.10.1.1.2.2", ber.Nil()), ber.Bits(make([]byte, 130))).Bytes()
	k, err = ParseKey(gost)
	if err != nil || k.Public != nil || k.Name() != "1.2.398.3.10.1.1.2.2" || len(k.Bits) != 130 {
		t.Errorf("%+v, %v", k, err)
	}
	if err := s.Verify(k, nil, nil); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
	for name, bad := range map[string]string{"nothing": "", "no bits": "3004300206 00", "RSA of nothing": hex.EncodeToString(ber.Seq(Node(RSAPSS, ber.Node{}), ber.Bits(nil)).Bytes()),
		"PSS with wrong parameters": hex.EncodeToString(ber.Seq(Node(RSAPSS, ber.Int(1)), ber.Bits(x509.MarshalPKCS1PublicKey(&small.PublicKey))).Bytes())} {
		b, _ := hex.DecodeString(bad)
		if k, err := ParseKey(b); err == nil {
			t.Errorf("%s: %+v", name, k)
		}
	}
}

func TestParameters(t *testing.T) {
	sha256, sha1 := DigestNode(gocrypto.SHA256), DigestNode(gocrypto.SHA1)
	cases := []struct {
		name string
		node ber.Node
		want error
	}{
		{"OAEP as we write it", OAEPNode(gocrypto.SHA256), nil},
		{"OAEP of SHA-1", OAEPNode(gocrypto.SHA1), nil},
		{"OAEP without parameters", Node(RSAOAEP, ber.Node{}), nil},
		{"OAEP with two digests", Node(RSAOAEP, ber.Seq(ber.Explicit(0, sha256), ber.Explicit(1, Node(MGF1, sha1)))), nil},
		{"OAEP with a label", Node(RSAOAEP, ber.Seq(ber.Explicit(2, Node(PSpecified, ber.Octets([]byte("x")))))), nil},
		{"OAEP with a label of another kind", Node(RSAOAEP, ber.Seq(ber.Explicit(2, Node("1.2.3", ber.Octets([]byte("x")))))), ErrParameters},
		{"OAEP with an endless label", Node(RSAOAEP, ber.Seq(ber.Explicit(2, Node(PSpecified, ber.Octets(make([]byte, 5000)))))), ErrParameters},
		{"OAEP with another mask", Node(RSAOAEP, ber.Seq(ber.Explicit(1, Node("1.2.3", sha1)))), ErrUnsupported},
		{"OAEP with an unknown digest", Node(RSAOAEP, ber.Seq(ber.Explicit(0, Node("1.2.3", ber.Node{})))), ErrUnsupported},
		{"OAEP with a number", Node(RSAOAEP, ber.Int(1)), ErrParameters},
		{"OAEP with something behind", Node(RSAOAEP, ber.Seq(ber.Explicit(9, ber.Int(1)))), ErrParameters},
	}
	for _, c := range cases {
		o, err := ParseOAEP(algorithm(t, c.node))
		if !errors.Is(err, c.want) || (err == nil) != (o != nil) {
			t.Errorf("%s: %+v, %v", c.name, o, err)
		}
	}
	if _, err := Digest(algorithm(t, Node("2.16.840.1.101.3.4.2.1", ber.Int(1)))); !errors.Is(err, ErrParameters) {
		t.Error(err)
	}
	if _, err := SchemeOf(algorithm(t, Node(RSA, ber.Nil())), 0); !errors.Is(err, ErrParameters) {
		t.Errorf("a certificate signed with rsaEncryption: %v", err)
	}
	if _, err := Choose(Key{}, gocrypto.MD5, false); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
	if !WeakDigest(gocrypto.MD5) || WeakDigest(gocrypto.SHA256) || DigestName(gocrypto.SHA3_256) != "" {
		t.Error("names")
	}
}
