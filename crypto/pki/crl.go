package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync/atomic"
	"time"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// Errors of revocation data.
var (
	ErrNotIssuer     = errors.New("it is not from the issuer of the certificate")
	ErrWeakSignature = errors.New("a signature with a weak digest or key")
	ErrUnusable      = errors.New("revocation data that cannot be used")
)

// CRL is a certificate revocation list (RFC 5280 section 5). It is read with
// tolerance for what authorities write: the two names of its signature algorithm
// are compared by object identifier alone.
type CRL struct {
	Issuer     []byte // encoded name
	ThisUpdate time.Time
	NextUpdate time.Time // zero if not given: such a list never counts as fresh
	Number     *big.Int  // nil if not given
	keyID      []byte    // of the issuer
	tbs        []byte
	algorithm  algid.Algorithm
	signature  []byte
	entries    []byte
	scope      scope
	base       *big.Int // of a delta: the list it changes; nil: a whole list
	// checked is the issuer whose signature was found right last: a list is of
	// many MiB, and looked into for every message.
	checked atomic.Pointer[x509.Certificate]
}

// scope is the IssuingDistributionPoint.
type scope struct {
	users, authorities bool     // onlyContains...
	points             []string // URIs; nil: not said
	unusable           string   // why the list cannot be used for anything
}

// Revocation is one entry.
type Revocation struct {
	At     time.Time // the earlier of revocation date and invalidity date
	Reason int       // RFC 5280 section 5.3.1; 0 if not given
}

// ParseCRL reads a CRL, DER or PEM. Nothing is verified.
func ParseCRL(raw []byte) (*CRL, error) {
	if len(raw) > maxCRL {
		return nil, fmt.Errorf("%w: a CRL of %d bytes", ErrTooLarge, len(raw))
	}
	if block, _ := pem.Decode(raw); block != nil && block.Type == "X509 CRL" {
		raw = block.Bytes
	}
	r := ber.NewReader(raw)
	in := r.Enter(ber.Sequence)
	tbs := in.Element(ber.Sequence)
	c := CRL{tbs: tbs.Raw, algorithm: algid.Read(in, ber.Sequence), signature: in.Bits()}
	in.End()
	r.End()
	inner := c.readList(r.Sub(tbs))
	if r.Err() == nil && inner.ID != c.algorithm.ID {
		r.Fail(fmt.Errorf("two signature algorithms, %s and %s", inner.ID, c.algorithm.ID))
	}
	if r.Err() == nil {
		_, _, err := c.find(nil) // goes through all entries
		if err != nil {
			r.Fail(err)
		}
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("%w: a CRL: %w", ErrMalformed, err)
	}
	return &c, nil
}

// readList reads TBSCertList.
func (c *CRL) readList(in *ber.Reader) algid.Algorithm {
	if in.Is(ber.Integer) {
		in.Int()
	}
	inner := algid.Read(in, ber.Sequence)
	c.Issuer = in.Element(ber.Sequence).Raw
	c.ThisUpdate = in.Time()
	if in.Is(ber.UTCTime) || in.Is(ber.GeneralizedTime) {
		c.NextUpdate = in.Time()
	}
	if in.Is(ber.Sequence) {
		c.entries = in.Element(ber.Sequence).Body
	}
	if in.Is(ber.Context(0)) {
		extensions(in.Enter(ber.Context(0)), c.extension)
	}
	in.End()
	return inner
}

// extensions goes through Extensions (RFC 5280 section 4.1).
func extensions(r *ber.Reader, each func(id string, critical bool, value *ber.Reader)) {
	list := r.Enter(ber.Sequence)
	r.End()
	for list.More() {
		one := list.Enter(ber.Sequence)
		id, critical := one.OID(), false
		if one.Is(ber.Boolean) {
			critical = one.Bool()
		}
		value := ber.NewReader(one.Octets())
		one.End()
		if r.Err() != nil {
			return
		}
		if each(id, critical, value); value.Err() != nil {
			r.Fail(fmt.Errorf("extension %s: %w", id, value.Err()))
		}
	}
}

func (c *CRL) extension(id string, critical bool, value *ber.Reader) {
	switch id {
	case "2.5.29.20":
		c.Number = value.Big()
	case "2.5.29.35":
		if in := value.Enter(ber.Sequence); in.Is(ber.Context(0)) {
			c.keyID = in.OctetsAs(ber.Context(0))
		}
	case "2.5.29.27":
		c.base = value.Big()
	case "2.5.29.28":
		c.readScope(value.Enter(ber.Sequence))
	default:
		if critical {
			c.scope.unusable = "an unknown critical extension " + id
		}
	}
}

// readScope: RFC 5280 section 5.2.5.
func (c *CRL) readScope(in *ber.Reader) {
	flag := func(e ber.Element) bool { return len(e.Body) == 1 && e.Body[0] != 0 }
	for in.More() {
		switch e := in.Any(); e.Tag {
		case ber.Context(0):
			c.scope.points = []string{}
			point := in.Sub(e)
			if !point.Is(ber.Context(0)) {
				c.scope.unusable = "a distribution point by a relative name"
				return
			}
			c.scope.points = uris(point.Enter(ber.Context(0)))
		case ber.Context(1):
			c.scope.users = flag(e)
		case ber.Context(2):
			c.scope.authorities = flag(e)
		case ber.Context(3):
			c.scope.unusable = "a list for some reasons alone"
		case ber.Context(4), ber.Context(5):
			if flag(e) {
				c.scope.unusable = "an indirect list, or one of attribute certificates"
			}
		}
	}
}

// find looks for a serial number; with nil it only checks every entry.
func (c *CRL) find(serial *big.Int) (Revocation, bool, error) {
	if serial != nil && !bytes.Contains(c.entries, serial.Bytes()) {
		return Revocation{}, false, nil // most certificates, without a walk through all of it
	}
	r := ber.NewReader(c.entries)
	for r.More() {
		in := r.Enter(ber.Sequence)
		number := in.Element(ber.Integer).Body
		if serial != nil && !bytes.Equal(bytes.TrimLeft(number, "\x00"), serial.Bytes()) {
			continue
		}
		if v := readRevocation(in); serial != nil && r.Err() == nil {
			return v, true, nil
		}
	}
	return Revocation{}, false, r.Err()
}

func readRevocation(in *ber.Reader) Revocation {
	v := Revocation{At: in.Time()}
	if !in.More() {
		return v
	}
	extensions(in, func(id string, critical bool, value *ber.Reader) {
		switch id {
		case "2.5.29.21":
			v.Reason = value.IntAs(ber.Enumerated)
		case "2.5.29.24":
			if t := value.Time(); t.Before(v.At) {
				v.At = t
			}
		default:
			if critical { // RFC 5280 section 5.3: the list is then of no use
				value.Fail(fmt.Errorf("%w: unknown and critical", ErrUnusable))
			}
		}
	})
	return v
}

// CheckIssuer says whether the CRL is signed by the certificate, and whether
// that may sign CRLs.
func (c *CRL) CheckIssuer(issuer *x509.Certificate) error {
	if !bytes.Equal(c.Issuer, issuer.RawSubject) || c.keyID != nil && len(issuer.SubjectKeyId) > 0 && !bytes.Equal(c.keyID, issuer.SubjectKeyId) {
		return ErrNotIssuer
	}
	if issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCRLSign == 0 {
		return fmt.Errorf("%w: the issuer may not sign CRLs", ErrUnusable)
	}
	if c.checked.Load() == issuer {
		return nil
	}
	err := checkSignature(issuer, c.algorithm, c.tbs, c.signature)
	if err == nil {
		c.checked.Store(issuer)
	}
	return err
}

// covers says whether the list is about the certificate.
func (c *CRL) covers(cert *x509.Certificate) error {
	authority := cert.BasicConstraintsValid && cert.IsCA
	switch {
	case c.scope.unusable != "":
		return fmt.Errorf("%w: %s", ErrUnusable, c.scope.unusable)
	case c.scope.users && authority, c.scope.authorities && !authority:
		return fmt.Errorf("%w: a list for other certificates", ErrUnusable)
	case c.scope.points != nil && !c.scope.names(slices.Concat(cert.CRLDistributionPoints, freshest(cert))):
		return fmt.Errorf("%w: a list of another distribution point", ErrUnusable)
	}
	return nil
}

// names says whether the list is one for any of the points, as they stand in a
// certificate or as they were meant.
func (s scope) names(points []string) bool {
	own := append(urls(s.points), s.points...)
	return slices.ContainsFunc(append(urls(points), points...), func(p string) bool { return slices.Contains(own, p) })
}

// checkSignature verifies what an authority signed.
func checkSignature(by *x509.Certificate, algorithm algid.Algorithm, message, signature []byte) error {
	key, err := algid.KeyOf(by)
	if err != nil {
		return err
	}
	scheme, err := algid.SchemeOf(algorithm, 0)
	if err != nil {
		return err
	}
	if scheme.Weak() || key.Weak() {
		return ErrWeakSignature
	}
	return scheme.Verify(key, message, signature)
}
