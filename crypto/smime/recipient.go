package smime

import (
	gocrypto "crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"almasu/crypto/cms/algid"
	"almasu/crypto/pki"
)

// CanSign returns nil if we can sign at the time, or why not.
func (r *Ring) CanSign(at time.Time) error {
	_, err := r.signer(at)
	return err
}

// signer is our first certificate that may sign at the time.
func (r *Ring) signer(at time.Time) (*entry, error) {
	reason := errors.New("no S/MIME key of ours is configured: write one into keys.smime")
	for _, e := range r.entries {
		if _, ok := e.private.(gocrypto.Signer); e.owner != r.self || !ok {
			continue
		}
		switch {
		case e.cert.KeyUsage != 0 && e.cert.KeyUsage&forSigning == 0:
			reason = fmt.Errorf("our certificate %s is not for signing", Fingerprint(e.cert))
		case at.Before(e.cert.NotBefore) || at.After(e.cert.NotAfter):
			reason = fmt.Errorf("our certificate %s is valid from %s to %s", Fingerprint(e.cert), e.cert.NotBefore.Format(time.DateOnly), e.cert.NotAfter.Format(time.DateOnly))
		case e.key.Weak():
			reason = fmt.Errorf("our certificate %s has a key that is too short", Fingerprint(e.cert))
		case r.withdrawn(e.cert, at):
			reason = fmt.Errorf("our certificate %s is revoked", Fingerprint(e.cert))
		default:
			return e, nil
		}
	}
	return nil, reason
}

// CanSeal returns nil if something can be sealed to the owner at the time, or
// why not, with what to do about it.
func (r *Ring) CanSeal(owner string, at time.Time) error {
	if err := r.CanSign(at); err != nil {
		return err
	}
	if _, err := r.recipient(r.self, "", at); err != nil {
		return err
	}
	_, err := r.recipient(owner, "", at)
	return err
}

// SealsTo is the fingerprint of the certificate that letters to the owner are
// sealed to, "" if there is none.
func (r *Ring) SealsTo(owner string, at time.Time) string {
	e, err := r.recipient(owner, "", at)
	if err != nil || r.CanSeal(owner, at) != nil {
		return ""
	}
	return Fingerprint(e.cert)
}

// recipient is the newest certificate of the owner that can be encrypted to.
func (r *Ring) recipient(owner, fingerprint string, at time.Time) (*entry, error) {
	var newest *entry
	reason := errors.New("it has no certificate: ask for one and write it under smime in its file")
	if owner == r.self {
		reason = errors.New("no S/MIME key of ours is configured: write one into keys.smime")
	}
	for _, e := range r.entries {
		if e.owner != owner || fingerprint != "" && Fingerprint(e.cert) != fingerprint {
			continue
		}
		if err := r.canEncrypt(e, at); err != nil {
			hint := "ask for a new one"
			if errors.Is(err, pki.ErrRevocationUnknown) {
				hint = "`almasu check` tries the services of its authority"
			}
			reason = fmt.Errorf("certificate %s: %w: %s", Fingerprint(e.cert), err, hint)
			continue
		}
		if newest == nil || e.cert.NotBefore.After(newest.cert.NotBefore) {
			newest = e
		}
	}
	if newest == nil {
		return nil, fmt.Errorf("nothing can be sealed to %s by S/MIME: %w", owner, reason)
	}
	return newest, nil
}

// opens: with an RSA key in a token or not, with others only where we hold the
// key itself.
func opens(e *entry) bool {
	switch e.private.(type) {
	case *ecdsa.PrivateKey, ecdh.KeyExchanger:
		return true
	}
	_, isRSA := e.key.Public.(*rsa.PublicKey)
	return isRSA
}

func (r *Ring) canEncrypt(e *entry, at time.Time) error {
	needed := x509.KeyUsageKeyAgreement
	switch e.key.Public.(type) {
	case *rsa.PublicKey:
		needed = x509.KeyUsageKeyEncipherment
		if e.key.Algorithm.ID == algid.RSAPSS {
			return errors.New("its key is for signing only")
		}
	case nil, ed25519.PublicKey:
		return errors.New("its key cannot be encrypted to here")
	}
	if e.cert.KeyUsage != 0 && e.cert.KeyUsage&needed == 0 {
		return errors.New("its key usage does not permit encryption")
	}
	if e.key.Weak() {
		return errors.New("its key is too short")
	}
	if e.owner == r.self {
		if !opens(e) {
			return errors.New("its private key is in a token that cannot agree on keys: only RSA keys in tokens open messages")
		}
		if at.Before(e.cert.NotBefore) || at.After(e.cert.NotAfter) {
			return errors.New("it is outside its validity")
		}
		if r.withdrawn(e.cert, at) {
			return pki.ErrRevoked
		}
		return nil
	}
	v := r.judge(e, e.cert, forEncryption, nil, at)
	if v.waiting {
		return pki.ErrRevocationUnknown
	}
	if v.reason != "" {
		return errors.New(v.reason)
	}
	return nil
}
