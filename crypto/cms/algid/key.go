package algid

import (
	gocrypto "crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"almasu/crypto/cms/ber"
)

// Key is a SubjectPublicKeyInfo. The standard library leaves the key of a
// certificate nil for id-RSASSA-PSS and id-RSAES-OAEP.
type Key struct {
	Algorithm Algorithm
	Bits      []byte             // the public key itself, which key identifiers are the hash of
	Public    gocrypto.PublicKey // *rsa, *ecdsa, ed25519 or *ecdh (X25519); nil if Algorithm is not known here
	PSS       *PSS               // id-RSASSA-PSS with parameters: what its signatures are bound to
}

// KeyOf is the public key of a certificate.
func KeyOf(cert *x509.Certificate) (Key, error) { return ParseKey(cert.RawSubjectPublicKeyInfo) }

// ParseKey reads a SubjectPublicKeyInfo. Of an algorithm that is not known only
// Algorithm and Bits are filled; an error is a key that is broken.
func ParseKey(spki []byte) (Key, error) {
	r := ber.NewReader(spki)
	in := r.Enter(ber.Sequence)
	k := Key{Algorithm: Read(in, ber.Sequence), Bits: in.Bits()}
	in.End()
	r.End()
	err := r.Err()
	if err != nil {
		return k, fmt.Errorf("a public key: %w", err)
	}
	switch k.Algorithm.ID {
	case RSAPSS:
		if k.Algorithm.Params != nil {
			if k.PSS, err = parsePSS(k.Algorithm.Params); err != nil {
				return k, fmt.Errorf("a public key: %w", err)
			}
		}
		fallthrough
	case RSAOAEP:
		k.Public, err = publicRSA(k.Bits)
	case RSA, EC, Ed25519, X25519:
		k.Public, err = x509.ParsePKIXPublicKey(spki)
	}
	if err != nil {
		k.Public = nil
		return k, fmt.Errorf("a public key of %s: %w", k.Algorithm.ID, err)
	}
	return k, nil
}

func publicRSA(bits []byte) (gocrypto.PublicKey, error) {
	key, err := x509.ParsePKCS1PublicKey(bits)
	if err != nil {
		return nil, err
	}
	return key, nil
}

// Weak says whether the key is too short to rely on: RSA below 2048 bits, a
// curve below 224.
func (k Key) Weak() bool {
	switch p := k.Public.(type) {
	case *rsa.PublicKey:
		return p.N.BitLen() < 2048
	case *ecdsa.PublicKey:
		return p.Curve.Params().BitSize < 224
	}
	return false
}

// Name says what the key is, for people: "rsa-2048", "P-256", "x25519", or the
// object identifier.
func (k Key) Name() string {
	switch p := k.Public.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("rsa-%d", p.N.BitLen())
	case *ecdsa.PublicKey:
		return p.Curve.Params().Name
	case ed25519.PublicKey:
		return "ed25519"
	case *ecdh.PublicKey:
		return "x25519"
	}
	return k.Algorithm.ID
}
