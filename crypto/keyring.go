package crypto

import (
	gocrypto "crypto"
	"fmt"
	"time"

	"almasu/crypto/pgpmime"
	"almasu/crypto/smime"
	"almasu/exchange"
)

// KeyFile is one file of keys and whose they are.
type KeyFile struct {
	Owner      string // participant id, or exchange.SelfSigner
	File       string // for messages
	Data       []byte // armored or binary, any number of keys
	Passphrase []byte // for our own private keys
	// Private is our S/MIME key where it is in a token: Data then holds its
	// certificate alone. A gocrypto.Signer, and with RSA a gocrypto.Decrypter whose
	// errors are ErrUnavailable while the token does not answer.
	Private gocrypto.PrivateKey
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
	// SMIME are files of certificates (PEM, DER, PKCS#7), ours with their keys
	// (PEM or PKCS#12). Unproven and Spare mean nothing to them.
	SMIME []KeyFile
	// Trust is what certificates are judged by.
	Trust TrustSet
	// Profiles say, by owner, how its letters are sealed.
	Profiles map[string]Profile
	// Revoked lists, by owner, the fingerprints and serial numbers under
	// `revoked` in its file. They win over everything.
	Revoked map[string][]string
	// OwnerOf is the participant an address is registered for, "" for nobody. Of
	// two signatures that are worth the same it lets that of the sender count.
	// Nil knows nobody.
	OwnerOf func(address string) string
}

// Keyring holds our keys and the participants', read-only.
type Keyring struct {
	ring     *pgpmime.Ring
	smime    *smime.Ring
	trust    smime.Trust
	profiles map[string]Profile
	ownerOf  func(address string) string
}

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
	k := &Keyring{ring: ring, profiles: set.Profiles, ownerOf: set.OwnerOf}
	if k.smime, err = newSMIME(set, &k.trust); err != nil {
		return nil, fmt.Errorf("build the key ring: %w", err)
	}
	return k, nil
}

// KeyInfo describes one key or certificate of the ring.
type KeyInfo struct {
	Owner       string
	Fingerprint string // of the primary key, or the SHA-256 of the certificate, upper-case hex
	Algorithm   string // "ed25519", "rsa4096"
	UserID      string // or the subject of the certificate
	Created     time.Time
	Expires     time.Time // when it stops being usable; zero: never
	Revoked     bool      // in the certificate, or listed
	Private     bool      // we hold the private part
	Unproven    bool      // letters are not sealed to it yet
	SMIME       bool      // it is an X.509 certificate
	Issuer      string    // certificates: issuer and serial number
	Domestic    bool      // certificates: counts as domestic (trust.domestic)
}

// Keys lists the keys in the order of the files, OpenPGP first.
func (k *Keyring) Keys() []KeyInfo {
	var out []KeyInfo
	for _, i := range k.ring.Keys() {
		out = append(out, keyInfo(i))
	}
	for _, c := range k.smime.Keys() {
		out = append(out, KeyInfo{Owner: c.Owner, Fingerprint: c.Fingerprint, Algorithm: c.Algorithm, UserID: c.Subject, Created: c.Created,
			Expires: c.Expires, Revoked: c.Revoked, Private: c.Private, SMIME: true, Issuer: c.Issuer, Domestic: c.Domestic})
	}
	return out
}

func keyInfo(i pgpmime.Key) KeyInfo {
	return KeyInfo{Owner: i.Owner, Fingerprint: i.Fingerprint, Algorithm: i.Algorithm, UserID: i.UserID, Created: i.Created, Expires: i.Expires,
		Revoked: i.Revoked, Private: i.Private, Unproven: i.Unproven}
}

// LeftOut says which spare keys the ring does without, and why.
func (k *Keyring) LeftOut() []error { return k.ring.LeftOut() }

// ReadPublic describes the one public key that a participant sent of itself.
// Anything but one key, or a key with its private part, is an error.
func ReadPublic(data []byte) (KeyInfo, error) {
	key, err := pgpmime.ReadPublic(data)
	return keyInfo(key), err
}
