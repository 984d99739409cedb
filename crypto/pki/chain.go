package pki

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// What can be wrong with a certificate.
var (
	ErrUntrusted         = errors.New("the certificate does not lead to a trusted authority")
	ErrExpired           = errors.New("the certificate, or one above it, has expired")
	ErrNotYetValid       = errors.New("the certificate, or one above it, is not valid yet")
	ErrUsage             = errors.New("the certificate is not for this use")
	ErrConstraint        = errors.New("the certificate breaks a constraint of its authorities")
	ErrRevoked           = errors.New("the certificate, or one above it, is revoked")
	ErrRevocationExpired = errors.New("the revocation data about the certificate is too old")
	ErrRevocationUnknown = errors.New("nothing is known about the revocation of the certificate")
)

// Mode is how much the state of revocation matters.
type Mode string

// The modes. In both Prefer and Require a revoked certificate is refused, and
// so is one about which there is only data that is too old.
const (
	Require Mode = "require" // it must be known to be good
	Prefer  Mode = "prefer"  // not knowing anything is a finding
	Off     Mode = "off"     // it is not looked at
)

// Query is what a certificate is judged by.
type Query struct {
	At            time.Time // the time asked about; required
	Now           time.Time // the time of asking; zero: At
	Anchors       []*x509.Certificate
	Intermediates []*x509.Certificate
	KeyUsage      x509.KeyUsage      // at least one of these bits, if the certificate has the extension; 0: any
	ExtKeyUsages  []x509.ExtKeyUsage // one of these; nil: emailProtection
	Policies      []x509.OID         // each certificate below the anchor bears one of these (above the first also anyPolicy); nil: any
	Revocation    Mode               // "" is Require
	Snapshot      Snapshot
}

// Chain is how a certificate leads to an anchor.
type Chain struct {
	Certificates []*x509.Certificate // the certificate first, the anchor last
	Statuses     []Status            // of each but the anchor; nil with Off
	Needs        []Need              // what to fetch, and to ask again
	Unknown      bool                // accepted although the revocation of one is unknown
}

// Validate builds the chain of a certificate at a time and looks up revocation
// (RFC 5280 section 6, RFC 8550). Chain is filled on an error as far as it goes;
// Needs says what data could change the answer: the caller fetches it and asks
// again before it takes ErrRevocationUnknown, ErrRevocationExpired or
// ErrUntrusted for final.
func Validate(cert *x509.Certificate, q Query) (Chain, error) {
	if q.At.IsZero() {
		return Chain{}, errors.New("validating a certificate: no time is given")
	}
	if q.Now.IsZero() {
		q.Now = q.At
	}
	if q.KeyUsage != 0 && cert.KeyUsage != 0 && cert.KeyUsage&q.KeyUsage == 0 {
		return Chain{}, fmt.Errorf("%w: key usage", ErrUsage)
	}
	chains, err := cert.Verify(q.options())
	if err != nil {
		out := Chain{}
		if err = named(err, cert, q.At); errors.Is(err, ErrUntrusted) {
			if n := needs(cert, nil); n.Issuers != nil {
				out.Needs = []Need{n}
			}
		}
		return out, err
	}
	var first Chain
	var firstErr error
	for i, certs := range chains {
		out := Chain{Certificates: certs}
		if err = out.policies(q.Policies); err == nil {
			err = out.revocation(q)
		}
		if err == nil {
			return out, nil
		}
		if i == 0 || errors.Is(err, ErrRevoked) && !errors.Is(firstErr, ErrRevoked) {
			first, firstErr = out, err
		}
	}
	return first, firstErr
}

func (q Query) options() x509.VerifyOptions {
	o := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: q.At,
		KeyUsages: q.ExtKeyUsages, CertificatePolicies: q.Policies}
	if o.KeyUsages == nil {
		o.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
	}
	for _, c := range q.Anchors {
		o.Roots.AddCert(c)
	}
	for _, c := range q.Intermediates {
		o.Intermediates.AddCert(c)
	}
	return o
}

// named gives the error of the standard library one of our names.
func named(err error, cert *x509.Certificate, at time.Time) error {
	name := ErrUntrusted
	var invalid x509.CertificateInvalidError
	var critical x509.UnhandledCriticalExtension
	var constraint x509.ConstraintViolationError
	switch {
	case errors.As(err, &critical), errors.As(err, &constraint):
		name = ErrConstraint
	case errors.As(err, &invalid):
		switch invalid.Reason {
		case x509.Expired:
			if name = ErrExpired; invalid.Cert != nil && at.Before(invalid.Cert.NotBefore) || at.Before(cert.NotBefore) {
				name = ErrNotYetValid
			}
		case x509.IncompatibleUsage:
			name = ErrUsage
		case x509.TooManyIntermediates, x509.NotAuthorizedToSign, x509.CANotAuthorizedForThisName, x509.CANotAuthorizedForExtKeyUsage,
			x509.NameConstraintsWithoutSANs, x509.UnconstrainedName, x509.TooManyConstraints, x509.NoValidChains:
			name = ErrConstraint
		}
	}
	return fmt.Errorf("%w: %w", name, err)
}

// policies demands an explicit policy (RFC 5280 section 6.1.1, input (e)), which
// the standard library does only where a certificate demands it. Mappings are
// not followed.
func (c *Chain) policies(wanted []x509.OID) error {
	if wanted == nil {
		return nil
	}
	anyPolicy := func(id x509.OID) bool { return id.String() == "2.5.29.32.0" }
	for i, cert := range c.Certificates[:max(len(c.Certificates)-1, 1)] {
		if !slices.ContainsFunc(cert.Policies, func(id x509.OID) bool { return i > 0 && anyPolicy(id) || slices.ContainsFunc(wanted, id.Equal) }) {
			return fmt.Errorf("%w: %q bears none of the policies asked for", ErrConstraint, cert.Subject)
		}
	}
	return nil
}

// revocation looks up each certificate below the anchor.
func (c *Chain) revocation(q Query) error {
	if q.Revocation == Off {
		return nil
	}
	var result error
	for i, cert := range c.Certificates[:len(c.Certificates)-1] {
		issuer := c.Certificates[i+1]
		s := q.Snapshot.about(cert, issuer, clock{q.At, q.Now})
		c.Statuses = append(c.Statuses, s)
		if s.State == Expired || s.State == Unknown {
			c.Needs = append(c.Needs, needs(cert, issuer))
		}
		switch {
		case s.State == Revoked:
			return fmt.Errorf("%w: %q on %s", ErrRevoked, cert.Subject, s.Revocation.At.Format(time.RFC3339))
		case s.State == Expired && result == nil:
			result = fmt.Errorf("%w: %q, fresh until %s", ErrRevocationExpired, cert.Subject, s.Until.Format(time.RFC3339))
		case s.State == Unknown && q.Revocation == Prefer:
			c.Unknown = true
		case s.State == Unknown && result == nil:
			result = fmt.Errorf("%w: %q", ErrRevocationUnknown, cert.Subject)
		}
	}
	return result
}
