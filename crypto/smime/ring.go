package smime

import (
	gocrypto "crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"almasu/crypto/cms"
	"almasu/crypto/cms/algid"
	"almasu/crypto/pki"
)

// Source is one file of certificates, ours with their private keys.
type Source struct {
	Owner      string // participant, or Ring's self owner
	File       string // for messages
	Data       []byte
	Passphrase []byte // opens our own keys
	// Private is our key where it is not in Data, which then holds its
	// certificate: a gocrypto.Signer that is a token's.
	Private gocrypto.PrivateKey
}

// Ring holds our certificates and the participants', read-only once built.
type Ring struct {
	self    string
	entries []*entry
	// authorities are certificates of files that issued others of the same
	// file: a way to an anchor, nobody's identity.
	authorities []*x509.Certificate
	listed      map[string]map[string]bool // by owner: what stands under revoked
	trust       Trust
}

// entry is one certificate and whose it is.
type entry struct {
	owner, file string
	cert        *x509.Certificate
	key         algid.Key
	private     gocrypto.PrivateKey // ours
	leaked      bool                // a participant's file holds its private key
}

// NewRing reads the files. revoked lists, by owner, fingerprints (SHA-1 or
// SHA-256) and serial numbers, in hexadecimal, that are not to be trusted any
// more. A certificate, a public key, or an issuer and serial number of two
// owners is an error: a signature must name one.
func NewRing(self string, sources []Source, trust Trust, revoked map[string][]string) (*Ring, error) {
	r := &Ring{self: self, trust: trust, listed: map[string]map[string]bool{}}
	for owner, list := range revoked {
		r.listed[owner] = map[string]bool{}
		for _, f := range list {
			r.listed[owner][normal(f)] = true
		}
	}
	for _, s := range sources {
		if err := r.read(s); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// normal is hexadecimal as people write it, in one form.
func normal(s string) string {
	s = strings.ToUpper(strings.NewReplacer(" ", "", ":", "", "\t", "").Replace(s))
	return strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(s, "SERIAL"), "0X"), "0")
}

func (r *Ring) read(s Source) error {
	store, err := pki.Load(s.Data, s.Passphrase)
	if err != nil {
		return fmt.Errorf("read the certificates in %s of %s: %w", s.File, s.Owner, err)
	}
	if len(store.Certificates) == 0 {
		return fmt.Errorf("read the certificates in %s of %s: there is none in it", s.File, s.Owner)
	}
	private := map[*x509.Certificate]gocrypto.PrivateKey{}
	if s.Private != nil {
		store.Keys = append(store.Keys, pki.PrivateKey{Key: s.Private})
	}
	if s.Owner == r.self || len(store.Keys) > 0 {
		pairs, err := store.Identities()
		if err != nil {
			return fmt.Errorf("read our key %s: %w: keys.smime needs the private key with its certificate", s.File, err)
		}
		for _, p := range pairs {
			private[p.Certificate] = p.Private.Key
		}
	}
	for _, cert := range store.Certificates {
		_, paired := private[cert]
		if s.Owner == r.self && !paired || !paired && issuedOther(cert, store.Certificates) {
			r.authorities = append(r.authorities, cert)
			continue
		}
		e := &entry{owner: s.Owner, file: s.File, cert: cert, leaked: paired && s.Owner != r.self}
		if e.key, err = algid.KeyOf(cert); err != nil {
			return fmt.Errorf("read the certificates in %s of %s: %w", s.File, s.Owner, err)
		}
		if s.Owner == r.self {
			e.private = private[cert]
		}
		if err := r.add(e); err != nil {
			return err
		}
	}
	return nil
}

// issuedOther: the certificate is an authority of another one in its file.
func issuedOther(cert *x509.Certificate, all []*x509.Certificate) bool {
	return cert.IsCA && slices.ContainsFunc(all, func(c *x509.Certificate) bool {
		return !c.Equal(cert) && string(c.RawIssuer) == string(cert.RawSubject) && string(c.RawSubject) != string(cert.RawSubject)
	})
}

func (r *Ring) add(e *entry) error {
	for _, other := range r.entries {
		named := other.cert.SerialNumber.Cmp(e.cert.SerialNumber) == 0 && string(other.cert.RawIssuer) == string(e.cert.RawIssuer)
		switch same := other.cert.Equal(e.cert); {
		case other.owner != e.owner && (named || sameKey(other.cert, e.cert)):
			return fmt.Errorf("certificate %s stands both in %s (%s) and in %s (%s), or its key or number does: a certificate must belong to one participant",
				Fingerprint(e.cert), other.file, other.owner, e.file, e.owner)
		case same:
			return nil
		case named:
			return fmt.Errorf("certificate %s in %s has issuer and serial number of another one in %s: one of them must go", Fingerprint(e.cert), e.file, other.file)
		}
	}
	r.entries = append(r.entries, e)
	return nil
}

func sameKey(a, b *x509.Certificate) bool {
	return string(a.RawSubjectPublicKeyInfo) == string(b.RawSubjectPublicKeyInfo)
}

// Fingerprint is the SHA-256 of a certificate, upper-case hex.
func Fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// isListed: the certificate, or one of the same key and owner, stands under
// revoked.
func (r *Ring) isListed(owner string, cert *x509.Certificate) bool {
	list := r.listed[owner]
	if len(list) == 0 {
		return false
	}
	for _, c := range append(r.of(owner, cert), cert) {
		short := sha1.Sum(c.Raw)
		if list[normal(Fingerprint(c))] || list[normal(hex.EncodeToString(short[:]))] || list[normal(fmt.Sprintf("%X", c.SerialNumber))] {
			return true
		}
	}
	return false
}

// of are the owner's certificates with the key of this one.
func (r *Ring) of(owner string, cert *x509.Certificate) []*x509.Certificate {
	var out []*x509.Certificate
	for _, e := range r.entries {
		if e.owner == owner && sameKey(e.cert, cert) {
			out = append(out, e.cert)
		}
	}
	return out
}

// find is the entry of the certificate, or failing that one with its key: a
// certificate renewed for the same key is still its owner's. nil if there is
// none.
func (r *Ring) find(cert *x509.Certificate) *entry {
	var byKey *entry
	for _, e := range r.entries {
		if e.cert.Equal(cert) {
			return e
		}
		if byKey == nil && sameKey(e.cert, cert) {
			byKey = e
		}
	}
	return byKey
}

func (r *Ring) certificates() []*x509.Certificate {
	var out []*x509.Certificate
	for _, e := range r.entries {
		out = append(out, e.cert)
	}
	return out
}

// own are our keys that open.
func (r *Ring) own() []cms.Key {
	var out []cms.Key
	for _, e := range r.entries {
		if e.owner == r.self && e.private != nil {
			out = append(out, cms.Key{Certificate: e.cert, Private: e.private})
		}
	}
	return out
}

// errNoOwn says why an S/MIME part is not opened.
var errNoOwn = errors.New("it is S/MIME, and no S/MIME key of ours is configured: write one into keys.smime, or ask for OpenPGP")
