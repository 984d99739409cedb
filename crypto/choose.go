package crypto

import (
	"fmt"
	"time"

	"almasu/crypto/smime"
	"almasu/exchange"
)

// Profile is how a participant wants its letters sealed, by its file.
type Profile struct {
	PreferSMIME bool   // by certificate, even where there is an OpenPGP key
	Cipher      string // S/MIME content cipher: "" is aes256-gcm; aes256-cbc, aes128-cbc
	PKCS1v15    bool   // S/MIME: the old RSA key transport instead of RSA-OAEP
}

func (p Profile) smime() smime.Profile { return smime.Profile{Cipher: p.Cipher, PKCS1v15: p.PKCS1v15} }

// byCertificate: letters to the owner go out as S/MIME. OpenPGP comes first
// unless its file says otherwise; what cannot seal gives way to what can.
func (k *Keyring) byCertificate(owner string, at time.Time) bool {
	if !k.smime.Has(owner) {
		return false
	}
	pgp, certificate := k.ring.CanSeal(owner, at), k.smime.CanSeal(owner, at)
	if pgp == nil && !k.hasOpenPGP(exchange.SelfSigner) {
		return true // OpenPGP keys of theirs are of no use without one of ours
	}
	if pgp == nil && certificate == nil {
		return k.profiles[owner].PreferSMIME
	}
	return certificate == nil || pgp != nil && !k.hasOpenPGP(owner)
}

func (k *Keyring) hasOpenPGP(owner string) bool {
	for _, i := range k.ring.Keys() {
		if i.Owner == owner {
			return true
		}
	}
	return false
}

// CanSeal returns nil if something can be sealed to the owner at the time, or
// why not, with what to do about it.
func (k *Keyring) CanSeal(owner string, at time.Time) error {
	pgp := k.ring.CanSeal(owner, at)
	if pgp == nil || !k.smime.Has(owner) {
		return pgp
	}
	certificate := k.smime.CanSeal(owner, at)
	if certificate != nil && k.hasOpenPGP(owner) {
		return fmt.Errorf("%w; %w", pgp, certificate)
	}
	return certificate
}

// CanSign returns nil if we can sign at the time, or why not.
func (k *Keyring) CanSign(at time.Time) error {
	pgp := k.ring.CanSign(at)
	if pgp == nil || !k.smime.Has(exchange.SelfSigner) {
		return pgp
	}
	certificate := k.smime.CanSign(at)
	if certificate != nil && k.hasOpenPGP(exchange.SelfSigner) {
		return fmt.Errorf("%w; %w", pgp, certificate)
	}
	return certificate
}

// SealsTo is the fingerprint of the key or certificate that letters to the
// owner are sealed to at the time, "" if there is none.
func (k *Keyring) SealsTo(owner string, at time.Time) string {
	if k.byCertificate(owner, at) {
		return k.smime.SealsTo(owner, at)
	}
	return k.ring.SealsTo(owner, at)
}
