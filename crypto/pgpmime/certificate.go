package pgpmime

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

// readKeys reads every key of a file, in whatever order public and private
// blocks stand in it.
func readKeys(data []byte) ([]*openpgp.Entity, error) {
	var out []*openpgp.Entity
	blocks := findBlocks(data)
	for _, b := range blocks {
		if b.kind != blockPublic && b.kind != blockPrivate {
			continue
		}
		list, err := openpgp.ReadKeyRing(b.reader())
		if err != nil {
			return nil, fmt.Errorf("no usable OpenPGP key in it: %w", err)
		}
		out = append(out, list...)
	}
	if len(blocks) == 0 {
		list, err := openpgp.ReadKeyRing(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("no usable OpenPGP key in it: %w", err)
		}
		out = list
	}
	if len(out) == 0 {
		return nil, errors.New("no OpenPGP key in it: it must be a key as gpg --export --armor writes it")
	}
	return out, nil
}

// ReadPublic reads a file that must hold one public key and nothing private.
func ReadPublic(data []byte) (Key, error) {
	list, err := readKeys(data)
	switch {
	case err != nil:
		return Key{}, err
	case len(list) != 1:
		return Key{}, fmt.Errorf("%d keys in it: it must be one", len(list))
	case list[0].PrivateKey != nil || len(privateKeys(list[0])) > 0:
		return Key{}, errors.New("it holds a private key, which is no longer secret: a new one has to be made")
	}
	settle(list[0])
	e := &entry{entity: list[0]}
	return e.describe(), nil
}

func dropPrivate(e *openpgp.Entity) {
	e.PrivateKey = nil
	for i := range e.Subkeys {
		e.Subkeys[i].PrivateKey = nil
	}
}

func privateKeys(e *openpgp.Entity) []*packet.PrivateKey {
	var out []*packet.PrivateKey
	if e.PrivateKey != nil && !e.PrivateKey.Dummy() {
		out = append(out, e.PrivateKey)
	}
	for _, s := range e.Subkeys {
		if s.PrivateKey != nil && !s.PrivateKey.Dummy() {
			out = append(out, s.PrivateKey)
		}
	}
	return out
}

func unlock(e *openpgp.Entity, passphrase []byte) error {
	locked := slices.ContainsFunc(privateKeys(e), func(k *packet.PrivateKey) bool { return k.Encrypted })
	if !locked {
		return nil
	}
	if len(passphrase) == 0 {
		return errors.New("it is locked and no passphrase is configured: set passphrase_file")
	}
	if err := e.DecryptPrivateKeys(passphrase); err != nil {
		return errors.New("the passphrase does not open it")
	}
	return nil
}

// merge adds to a certificate what another copy of it knows: private parts,
// newer self-signatures, revocations, subkeys.
func merge(dst, src *openpgp.Entity) {
	if dst.PrivateKey == nil && src.PrivateKey != nil {
		dst.PrivateKey = src.PrivateKey
	}
	dst.Revocations = append(dst.Revocations, src.Revocations...)
	dst.DirectSignatures = append(dst.DirectSignatures, src.DirectSignatures...)
	for name, id := range src.Identities {
		if known := dst.Identities[name]; known != nil {
			known.SelfCertifications = append(known.SelfCertifications, id.SelfCertifications...)
			known.Revocations = append(known.Revocations, id.Revocations...)
			continue
		}
		id.Primary = dst
		dst.Identities[name] = id
	}
	for _, s := range src.Subkeys {
		i := slices.IndexFunc(dst.Subkeys, func(d openpgp.Subkey) bool {
			return bytes.Equal(d.PublicKey.Fingerprint, s.PublicKey.Fingerprint)
		})
		if i < 0 {
			s.Primary = dst
			dst.Subkeys = append(dst.Subkeys, s)
			continue
		}
		d := &dst.Subkeys[i]
		d.Bindings = append(d.Bindings, s.Bindings...)
		d.Revocations = append(d.Revocations, s.Revocations...)
		if d.PrivateKey == nil {
			d.PrivateKey = s.PrivateKey
		}
	}
}

// settle verifies every self-signature of a certificate once. The library
// remembers the answers inside the certificate; doing it here is what makes
// the ring safe to share, and the answers independent of the time of the first
// question (the zero time asks about nothing but the mathematics).
func settle(e *openpgp.Entity) {
	config := libraryConfig(time.Time{})
	for _, sig := range e.Revocations {
		one := &openpgp.Entity{PrimaryKey: e.PrimaryKey, Revocations: []*packet.VerifiableSignature{sig}}
		one.Revoked(time.Time{})
	}
	for _, sig := range e.DirectSignatures {
		one := &openpgp.Entity{PrimaryKey: e.PrimaryKey, DirectSignatures: []*packet.VerifiableSignature{sig}}
		_, _ = one.LatestValidDirectSignature(time.Time{}, config)
	}
	for _, id := range e.Identities {
		for _, sig := range id.SelfCertifications {
			one := *id
			one.SelfCertifications = []*packet.VerifiableSignature{sig}
			_, _ = one.LatestValidSelfCertification(time.Time{}, config)
		}
		for _, sig := range id.Revocations {
			one := *id
			one.Revocations = []*packet.VerifiableSignature{sig}
			one.Revoked(nil, time.Time{}, config)
		}
	}
	for i := range e.Subkeys {
		for _, sig := range e.Subkeys[i].Bindings {
			one := e.Subkeys[i]
			one.Bindings = []*packet.VerifiableSignature{sig}
			_, _ = one.LatestValidBindingSignature(time.Time{}, config)
		}
		for _, sig := range e.Subkeys[i].Revocations {
			one := e.Subkeys[i]
			one.Revocations = []*packet.VerifiableSignature{sig}
			one.Revoked(nil, time.Time{})
		}
	}
}
