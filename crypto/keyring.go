package crypto

import (
	"fmt"
	"time"

	"almasu/crypto/pgpmime"
	"almasu/exchange"
)

// KeyFile is one file of keys and whose they are.
type KeyFile struct {
	Owner      string // participant id, or exchange.SelfSigner
	File       string // for messages
	Data       []byte // armored or binary, any number of keys
	Passphrase []byte // for our own private keys
	// Unproven keys of a participant verify its signatures; letters are not
	// sealed to them, only SealTo is (a ping). The same key in a file of the
	// register is not unproven.
	Unproven bool
	// Spare keys come last and give way: what does not fit to the others is
	// left out (LeftOut). They come from approved changes of the register.
	Spare bool
}

// KeySet is everything a key ring is made from.
type KeySet struct {
	OpenPGP []KeyFile
	// Revoked lists, by owner, the fingerprints under `revoked` in its file.
	// They win over everything.
	Revoked map[string][]string
}

// Keyring holds our keys and the participants', read-only.
type Keyring struct{ ring *pgpmime.Ring }

// NewKeyring reads and checks the keys. Our private keys are unlocked here.
// The same key under two owners is an error that names both files.
func NewKeyring(set KeySet) (*Keyring, error) {
	var sources []pgpmime.Source
	for _, f := range set.OpenPGP {
		sources = append(sources, pgpmime.Source{Owner: f.Owner, File: f.File, Data: f.Data, Passphrase: f.Passphrase,
			Unproven: f.Unproven, Spare: f.Spare})
	}
	ring, err := pgpmime.NewRing(exchange.SelfSigner, sources, set.Revoked)
	if err != nil {
		return nil, fmt.Errorf("build the key ring: %w", err)
	}
	return &Keyring{ring: ring}, nil
}

// KeyInfo describes one key (certificate) of the ring.
type KeyInfo struct {
	Owner       string
	Fingerprint string // of the primary key, upper-case hex
	Algorithm   string // "ed25519", "rsa4096"
	UserID      string
	Created     time.Time
	Expires     time.Time // when it stops being usable; zero: never
	Revoked     bool      // in the certificate, or listed
	Private     bool      // we hold the private part
	Unproven    bool      // letters are not sealed to it yet
}

// Keys lists the keys in the order of the files.
func (k *Keyring) Keys() []KeyInfo {
	var out []KeyInfo
	for _, i := range k.ring.Keys() {
		out = append(out, KeyInfo(i))
	}
	return out
}

// CanSeal returns nil if something can be sealed to the owner at the time, or
// why not, with what to do about it.
func (k *Keyring) CanSeal(owner string, at time.Time) error { return k.ring.CanSeal(owner, at) }

// CanSign returns nil if we can sign at the time, or why not.
func (k *Keyring) CanSign(at time.Time) error { return k.ring.CanSign(at) }

// SealsTo is the fingerprint of the key that letters to the owner are sealed
// to at the time, "" if there is none.
func (k *Keyring) SealsTo(owner string, at time.Time) string { return k.ring.SealsTo(owner, at) }

// LeftOut says which spare keys the ring does without, and why.
func (k *Keyring) LeftOut() []error { return k.ring.LeftOut() }

// ReadPublic describes the one public key that a participant sent of itself.
// Anything but one key, or a key with its private part, is an error.
func ReadPublic(data []byte) (KeyInfo, error) {
	key, err := pgpmime.ReadPublic(data)
	return KeyInfo(key), err
}
