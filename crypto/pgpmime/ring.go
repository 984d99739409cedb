package pgpmime

import (
	"bytes"
	gocrypto "crypto"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

// Source is one key file: one or more keys, armored or binary.
type Source struct {
	Owner      string // participant, or Ring's self owner
	File       string // for messages
	Data       []byte
	Passphrase []byte // unlocks our own keys
	// Unproven keys verify signatures, and only SealTo encrypts to them.
	Unproven bool
	// Spare keys give way: one that does not fit is left out and listed by
	// LeftOut. The sources after the first spare one must be spare too.
	Spare bool
}

// Ring holds our keys and the participants'. It is read-only once built.
type Ring struct {
	self    string
	entries []*entry
	byID    map[uint64]*entry // by key ID of primary keys and subkeys
	leftOut []error
}

// entry is one certificate and whose it is.
type entry struct {
	owner, file string
	entity      *openpgp.Entity
	listed      map[string]bool // fingerprints listed as revoked
	unproven    bool            // every source of it is
}

// libraryConfig is how the library is asked at a time: gpg's reading of keys
// without flags, no look at the wall clock.
func libraryConfig(at time.Time) *packet.Config {
	return &packet.Config{
		Time:                                func() time.Time { return at },
		DefaultHash:                         gocrypto.SHA256,
		DefaultCipher:                       packet.CipherAES256,
		InsecureAllowAllKeyFlagsWhenMissing: true,
	}
}

// NewRing reads the key files. self is the owner whose private keys are kept
// and unlocked; private parts in a participant's file are dropped. revoked
// lists, by owner, fingerprints that are not to be trusted any more. A key (or
// subkey, or key ID) of two owners is an error: a signature must name one.
func NewRing(self string, sources []Source, revoked map[string][]string) (*Ring, error) {
	r := &Ring{self: self, byID: map[uint64]*entry{}}
	for _, s := range sources {
		err := r.read(s, fingerprints(revoked[s.Owner]))
		if err != nil && s.Spare {
			r.leftOut = append(r.leftOut, err)
		} else if err != nil {
			return nil, err
		}
	}
	for _, e := range r.entries {
		settle(e.entity)
	}
	return r, nil
}

// LeftOut says which spare keys the ring does without, and why.
func (r *Ring) LeftOut() []error { return r.leftOut }

func (r *Ring) read(s Source, listed map[string]bool) error {
	entities, err := readKeys(s.Data)
	if err != nil {
		return fmt.Errorf("read key file %s of %s: %w", s.File, s.Owner, err)
	}
	private := false
	for _, e := range entities {
		private = private || e.PrivateKey != nil
		if s.Owner != r.self {
			dropPrivate(e)
		} else if err := unlock(e, s.Passphrase); err != nil {
			return fmt.Errorf("unlock key %s in %s: %w", fingerprint(e.PrimaryKey), s.File, err)
		}
		if err := r.add(&entry{owner: s.Owner, file: s.File, entity: e, listed: listed, unproven: s.Unproven}); err != nil {
			return err
		}
	}
	if s.Owner == r.self && !private {
		return fmt.Errorf("key file %s holds no private key: keys.openpgp needs our private key (gpg --export-secret-keys --armor)", s.File)
	}
	return nil
}

func (r *Ring) add(e *entry) error {
	for _, pub := range publicKeys(e.entity) {
		other := r.byID[pub.KeyId]
		if other == nil {
			continue
		}
		if other.owner != e.owner {
			return fmt.Errorf("key %s stands both in %s (%s) and in %s (%s): a key must belong to one participant",
				fingerprint(pub), other.file, other.owner, e.file, e.owner)
		}
		if !slices.ContainsFunc(publicKeys(other.entity), func(p *packet.PublicKey) bool { return bytes.Equal(p.Fingerprint, pub.Fingerprint) }) {
			return fmt.Errorf("key %s in %s has the key ID of another key in %s: one of them must go", fingerprint(pub), e.file, other.file)
		}
	}
	if known := r.byID[e.entity.PrimaryKey.KeyId]; known != nil && bytes.Equal(known.entity.PrimaryKey.Fingerprint, e.entity.PrimaryKey.Fingerprint) {
		merge(known.entity, e.entity)
		known.unproven = known.unproven && e.unproven
		e = known
	} else {
		r.entries = append(r.entries, e)
	}
	for _, pub := range publicKeys(e.entity) {
		r.byID[pub.KeyId] = e
	}
	return nil
}

func publicKeys(e *openpgp.Entity) []*packet.PublicKey {
	out := []*packet.PublicKey{e.PrimaryKey}
	for _, s := range e.Subkeys {
		out = append(out, s.PublicKey)
	}
	return out
}

func fingerprint(p *packet.PublicKey) string { return upperHex(p.Fingerprint) }

func upperHex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

func keyID(id uint64) string { return fmt.Sprintf("%016X", id) }

// fingerprints reads a list as people write it: any case, with spaces or 0x.
func fingerprints(list []string) map[string]bool {
	out := map[string]bool{}
	for _, f := range list {
		f = strings.ToUpper(strings.Join(strings.Fields(f), ""))
		out[strings.TrimPrefix(f, "0X")] = true
	}
	return out
}

// IsOwn reports whether the fingerprint is one of our keys or subkeys.
func (r *Ring) IsOwn(fp string) bool {
	return slices.ContainsFunc(r.entries, func(e *entry) bool {
		return e.owner == r.self && slices.ContainsFunc(publicKeys(e.entity), func(p *packet.PublicKey) bool { return fingerprint(p) == fp })
	})
}

// ownID reports whether a key ID is one of our keys or subkeys.
func (r *Ring) ownID(id uint64) bool {
	e := r.byID[id]
	return e != nil && e.owner == r.self
}
