package smime

import (
	"strings"
	"time"

	"almasu/crypto/cms/algid"
)

// Key describes one certificate of the ring.
type Key struct {
	Owner       string
	Fingerprint string // SHA-256, upper-case hex
	Algorithm   string // "rsa2048", "p256"
	Subject     string
	Issuer      string // with the serial number
	Created     time.Time
	Expires     time.Time
	Revoked     bool // listed
	Private     bool // we hold the private key, or the file of a participant does
	Domestic    bool // counts as domestic, judged as of the beginning of its validity
}

// Keys lists the certificates in the order of the files.
func (r *Ring) Keys() []Key {
	var out []Key
	for _, e := range r.entries {
		out = append(out, Key{Owner: e.owner, Fingerprint: Fingerprint(e.cert), Algorithm: algorithm(e.key), Subject: printable(e.cert.Subject.String()),
			Issuer: IssuerSerial(e.cert), Created: e.cert.NotBefore, Expires: e.cert.NotAfter, Revoked: r.isListed(e.owner, e.cert),
			Private: e.private != nil || e.leaked, Domestic: r.domestic(e.cert, nil, e.cert.NotBefore.Add(time.Second))})
	}
	return out
}

func algorithm(k algid.Key) string { return strings.ToLower(strings.ReplaceAll(k.Name(), "-", "")) }

// Has says whether the owner has a certificate at all.
func (r *Ring) Has(owner string) bool {
	for _, e := range r.entries {
		if e.owner == owner {
			return true
		}
	}
	return false
}

// Names says whether the fingerprint is one of the owner's certificates.
func (r *Ring) Names(owner, fingerprint string) bool {
	for _, e := range r.entries {
		if e.owner == owner && Fingerprint(e.cert) == fingerprint {
			return true
		}
	}
	return false
}

// Certificate is the certificate with the fingerprint as DER, nil if there is none.
func (r *Ring) Certificate(fingerprint string) []byte {
	for _, e := range r.entries {
		if Fingerprint(e.cert) == fingerprint {
			return e.cert.Raw
		}
	}
	return nil
}

// With is the ring under another trust snapshot.
func (r *Ring) With(t Trust) *Ring {
	out := *r
	out.trust = t
	return &out
}
