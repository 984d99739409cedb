package pgpmime

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

// Key describes one certificate of the ring.
type Key struct {
	Owner, Fingerprint, Algorithm, UserID string
	Created, Expires                      time.Time // Expires zero: never
	Revoked, Private                      bool
	Unproven                              bool // only SealTo encrypts to it
}

// Keys lists the certificates in the order of the files.
func (r *Ring) Keys() []Key {
	var out []Key
	for _, e := range r.entries {
		out = append(out, e.describe())
	}
	return out
}

func (e *entry) describe() Key {
	pub := e.entity.PrimaryKey
	k := Key{Owner: e.owner, Fingerprint: fingerprint(pub), Algorithm: algorithm(pub), Created: pub.CreationTime.UTC(),
		Expires: e.end(), Private: len(privateKeys(e.entity)) > 0, Unproven: e.unproven}
	_, id := e.entity.PrimaryIdentity(time.Time{}, libraryConfig(time.Time{}))
	if id != nil {
		k.UserID = id.Name
	}
	k.Revoked = e.listed[k.Fingerprint] || len(e.entity.Revocations) > 0 && e.entity.Revoked(farFuture)
	return k
}

// farFuture is after every revocation: a key that will be revoked is revoked.
var farFuture = time.Unix(1<<33, 0)

// end is when the certificate stops being usable: at the end of its primary
// key, of its last encryption key, or of its last signing key, whichever comes
// first. Zero: never.
func (e *entry) end() time.Time {
	primary, err := e.entity.PrimarySelfSignature(time.Time{}, libraryConfig(time.Time{}))
	if err != nil {
		return time.Time{}
	}
	end := earlier(lifeEnd(e.entity.PrimaryKey, primary), e.lastEnd(func(p *packet.PublicKey, _ *packet.Signature) bool { return p.PubKeyAlgo.CanEncrypt() }))
	if primary.FlagsValid && !primary.FlagSign {
		end = earlier(end, e.lastEnd(func(p *packet.PublicKey, binding *packet.Signature) bool { return binding.FlagSign }))
	}
	return end
}

// lastEnd is when the last of the subkeys for a use ends; zero: never, or there
// is none.
func (e *entry) lastEnd(fits func(*packet.PublicKey, *packet.Signature) bool) (last time.Time) {
	for i := range e.entity.Subkeys {
		sub := &e.entity.Subkeys[i]
		binding, err := sub.LatestValidBindingSignature(time.Time{}, libraryConfig(time.Time{}))
		if err != nil || !fits(sub.PublicKey, binding) || sub.Revoked(binding, farFuture) {
			continue
		}
		t := lifeEnd(sub.PublicKey, binding)
		if t.IsZero() {
			return t
		}
		if t.After(last) {
			last = t
		}
	}
	return last
}

// earlier of two ends; zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func lifeEnd(p *packet.PublicKey, self *packet.Signature) time.Time {
	if self.KeyLifetimeSecs == nil || *self.KeyLifetimeSecs == 0 {
		return time.Time{}
	}
	return p.CreationTime.Add(time.Duration(*self.KeyLifetimeSecs) * time.Second).UTC()
}

func algorithm(p *packet.PublicKey) string {
	if curve, err := p.Curve(); err == nil {
		switch p.PubKeyAlgo {
		case packet.PubKeyAlgoEdDSA, packet.PubKeyAlgoEd25519, packet.PubKeyAlgoEd448:
			return strings.Replace(strings.ToLower(string(curve)), "curve", "ed", 1)
		}
		return strings.ToLower(string(curve))
	}
	name := map[packet.PublicKeyAlgorithm]string{packet.PubKeyAlgoRSA: "rsa", packet.PubKeyAlgoRSASignOnly: "rsa",
		packet.PubKeyAlgoDSA: "dsa"}[p.PubKeyAlgo]
	bits, err := p.BitLength()
	if name == "" || err != nil {
		return fmt.Sprintf("algorithm-%d", p.PubKeyAlgo)
	}
	return fmt.Sprintf("%s%d", name, (int(bits)+7)/8*8)
}

// CanSeal returns nil if a letter to the owner can be sealed at the time.
func (r *Ring) CanSeal(owner string, at time.Time) error {
	if _, err := r.encryptionKey(owner, at); err != nil {
		return err
	}
	if err := r.CanSign(at); err != nil {
		return err
	}
	if _, err := r.encryptionKey(r.self, at); err != nil {
		return err
	}
	return nil
}

// CanSign returns nil if we can sign at the time.
func (r *Ring) CanSign(at time.Time) error {
	_, _, err := r.signingKey(at)
	return err
}

// encryptionKey is the newest certificate of the owner that mail can be
// encrypted to and that is proven.
func (r *Ring) encryptionKey(owner string, at time.Time) (*openpgp.Entity, error) {
	return r.newestKey(owner, at, func(e *entry) bool { return !e.unproven })
}

// SealsTo is the fingerprint of the key that letters to the owner are sealed
// to at the time, "" if there is none.
func (r *Ring) SealsTo(owner string, at time.Time) string {
	e, err := r.encryptionKey(owner, at)
	if err != nil {
		return ""
	}
	return fingerprint(e.PrimaryKey)
}

func (r *Ring) newestKey(owner string, at time.Time, fits func(*entry) bool) (*openpgp.Entity, error) {
	var newest *openpgp.Entity
	reason := errors.New("no OpenPGP key is registered: add one under openpgp in the file of the participant")
	for _, e := range r.entries {
		if e.owner != owner {
			continue
		}
		if !fits(e) {
			reason = fmt.Errorf("key %s is not proven yet by an answer to a ping", fingerprint(e.entity.PrimaryKey))
			continue
		}
		if newest != nil && e.entity.PrimaryKey.CreationTime.Before(newest.PrimaryKey.CreationTime) {
			continue
		}
		key, err := e.entity.EncryptionKeyWithError(at, libraryConfig(at))
		switch {
		case e.listed[fingerprint(e.entity.PrimaryKey)]:
			err = errors.New("it is listed under revoked")
		case err == nil && e.listed[fingerprint(key.PublicKey)]:
			err = errors.New("its encryption subkey is listed under revoked")
		case err == nil && weakKey(key.PublicKey):
			err = errors.New("its encryption key is too weak")
		}
		if err != nil {
			reason = unusable(e, at, err)
			continue
		}
		newest = e.entity
	}
	if newest == nil {
		return nil, fmt.Errorf("no usable encryption key of %s: %w", owner, reason)
	}
	return newest, nil
}

// signingKey is our key that signs: the first in the order of the files that
// can. A new key beside the old one opens at once and signs once it is listed
// first.
func (r *Ring) signingKey(at time.Time) (*openpgp.Entity, *packet.PrivateKey, error) {
	reason := errors.New("no private OpenPGP key is configured: add one under keys.openpgp (almasu keys new)")
	for _, e := range r.entries {
		if e.owner != r.self {
			continue
		}
		key, ok := e.entity.SigningKey(at, libraryConfig(at))
		if !ok {
			_, err := e.entity.VerifyPrimaryKey(at, libraryConfig(at))
			reason = unusable(e, at, err)
			continue
		}
		if key.PrivateKey == nil || key.PrivateKey.Dummy() || key.PrivateKey.Encrypted {
			reason = unusable(e, at, errors.New("the private part is missing"))
			continue
		}
		if e.listed[fingerprint(e.entity.PrimaryKey)] || e.listed[fingerprint(key.PublicKey)] {
			reason = unusable(e, at, errors.New("it is listed under revoked"))
			continue
		}
		return e.entity, key.PrivateKey, nil
	}
	return nil, nil, fmt.Errorf("no key of ours can sign: %w", reason)
}

// unusable says why a key cannot be used at a time and what to do about it.
func unusable(e *entry, at time.Time, err error) error {
	hint := "replace it with a usable one"
	end := e.end()
	switch {
	case e.entity.Revoked(at):
		err, hint = errors.New("it is revoked"), "register the key that follows it"
	case !end.IsZero() && at.After(end):
		err = errors.New("it expired on " + end.Format(time.DateOnly))
		hint = "prolong it (gpg --quick-set-expire) and register it again, or replace it"
	case err == nil:
		err = errors.New("it has no subkey for this use")
	}
	return fmt.Errorf("key %s in %s: %w; %s", fingerprint(e.entity.PrimaryKey), e.file, err, hint)
}
