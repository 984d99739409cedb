package crypto

import (
	"encoding/base64"
	"fmt"
	"time"

	"almasu/crypto/pgpmime"
	"almasu/exchange"
	"almasu/internal/mimepart"
)

// Sealed is a sealed entity, ready to stand in a mail.
type Sealed struct {
	// Header holds MIME-Version and Content-Type as lines with CRLF, without an
	// empty line after them.
	Header []byte
	Body   []byte
	// Digest is what the receiver will compute over the entity (RFC 3335).
	Digest exchange.Digest
}

// Seal signs the entity with our key and encrypts it to the owner and to
// ourselves, as OpenPGP or as S/MIME: what the owner's Profile prefers and both
// sides have keys for, else the other one.
//
// OpenPGP is one message as PGP/MIME (RFC 3156 section 6.2) whose signature
// names the owner's key as its intended recipient, so nobody who receives it
// lawfully can pass it on as meant for another. S/MIME is signed and then
// enveloped; what binds it is the protected header in the entity.
func Seal(entity []byte, to string, k *Keyring, at time.Time) (Sealed, error) {
	if k.byCertificate(to, at) {
		s, err := k.smime.Seal(entity, to, "", k.profiles[to].smime(), at)
		return sealed(pgpmime.Sealed(s), to, err)
	}
	s, err := k.ring.Seal(entity, to, at)
	return sealed(s, to, err)
}

// SealTo is Seal to the owner's key with the fingerprint, also while letters
// are not sealed to it yet: the ping that proves it.
func SealTo(entity []byte, to, fingerprint string, k *Keyring, at time.Time) (Sealed, error) {
	if k.smime.Names(to, fingerprint) {
		s, err := k.smime.Seal(entity, to, fingerprint, k.profiles[to].smime(), at)
		return sealed(pgpmime.Sealed(s), to, err)
	}
	s, err := k.ring.SealTo(entity, to, fingerprint, at)
	return sealed(s, to, err)
}

func sealed(s pgpmime.Sealed, to string, err error) (Sealed, error) {
	if err != nil {
		return Sealed{}, fmt.Errorf("seal a letter to %s: %w", to, err)
	}
	digest := exchange.Digest{Algorithm: s.Hash, Value: base64.StdEncoding.EncodeToString(s.Digest), Over: "entity"}
	return Sealed{Header: s.Header, Body: s.Body, Digest: digest}, nil
}

// SignEntity returns a multipart/signed entity around the given one, by OpenPGP
// (RFC 3156 section 5) if we have such a key, else by S/MIME. It brings the
// entity into canonical form first: CRLF, with OpenPGP no white space at line
// ends. Text in it must stand in a 7-bit transfer encoding already.
func SignEntity(entity []byte, k *Keyring, at time.Time) ([]byte, error) {
	out, err := k.ring.SignEntity(entity, at)
	if err != nil && k.smime.CanSign(at) == nil {
		out, _, err = k.smime.SignEntity(mimepart.Canonical(entity), at)
	}
	if err != nil {
		return nil, fmt.Errorf("sign an entity: %w", err)
	}
	return out, nil
}

// NewOpenPGP makes a key for our use: version 4, Ed25519 for signing and
// X25519 for encryption, in the packets gpg 2.2 reads. lifetime 0 is no end;
// an empty passphrase leaves the private part unlocked. Both parts come
// armored.
func NewOpenPGP(name, address string, passphrase []byte, at time.Time, lifetime time.Duration) (private, public []byte, fingerprint string, err error) {
	return newKey(pgpmime.NewKey{Name: name, Address: address, Passphrase: passphrase, Created: at, Lifetime: lifetime})
}

// NewOpenPGPRSA is NewOpenPGP with RSA keys of the given size (2048 to 8192
// bits), for partners whose software knows nothing newer.
func NewOpenPGPRSA(bits int, name, address string, passphrase []byte, at time.Time, lifetime time.Duration) (private, public []byte, fingerprint string, err error) {
	return newKey(pgpmime.NewKey{RSABits: bits, Name: name, Address: address, Passphrase: passphrase, Created: at, Lifetime: lifetime})
}

func newKey(n pgpmime.NewKey) (private, public []byte, fingerprint string, err error) {
	private, public, fingerprint, err = n.Generate()
	if err != nil {
		return nil, nil, "", fmt.Errorf("make an OpenPGP key for %s: %w", n.Address, err)
	}
	return private, public, fingerprint, nil
}
