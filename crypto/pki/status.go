package pki

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// State is what is known about the revocation of a certificate.
type State string

// The states.
const (
	Good    State = "good"
	Revoked State = "revoked" // at or before the time asked about
	Expired State = "expired" // there is data about it, but too old: a negative result
	Unknown State = "unknown" // nothing usable
)

// Snapshot is the revocation data at hand.
type Snapshot struct {
	CRLs []*CRL
	OCSP []*OCSP
}

// Status is the revocation of one certificate at a time.
type Status struct {
	State      State
	Source     string // "crl", "ocsp", ""
	Revocation Revocation
	Until      time.Time // the data is fresh until then
	Unusable   []error   // why data about it was left aside
}

// Need is what could be fetched to know more about a certificate.
type Need struct {
	Certificate *x509.Certificate
	Issuer      *x509.Certificate // nil where the issuer itself is what is missing
	CRLs        []string          // URLs
	Deltas      []string          // of lists of what changed since (RFC 5280 section 4.2.1.15)
	OCSP        []string
	Issuers     []string // never fetched by themselves: nobody vouches for them yet
}

// clock is the time asked about and the time of asking, which differ when an
// old message is judged again.
type clock struct{ at, now time.Time }

const (
	skew = 5 * time.Minute // that an authority's clock may be ahead
	// maxOCSPAge is how long an answer without nextUpdate counts, which RFC 6960
	// section 2.4 leaves open.
	maxOCSPAge = 24 * time.Hour
)

// rank: what is believed first.
func (s State) rank() int { return slices.Index([]State{Revoked, Good, Expired, Unknown}, s) }

// about looks up a certificate in everything at hand. A revocation counts even
// if the data is old.
func (s Snapshot) about(cert, issuer *x509.Certificate, c clock) Status {
	best := Status{State: Unknown}
	consider := func(next Status, err error) {
		if err != nil {
			best.Unusable = append(best.Unusable, err)
			return
		}
		if next.State.rank() < best.State.rank() || next.State == best.State && next.Until.After(best.Until) {
			next.Unusable = best.Unusable
			best = next
		}
	}
	for _, o := range s.OCSP {
		if a := o.answer(cert, issuer); a != nil {
			err := o.CheckResponder(issuer, c.now)
			if err == nil {
				err = s.standing(o, issuer, c)
			}
			consider(a.status(c), err)
		}
	}
	for _, l := range s.CRLs {
		if l.delta() {
			continue
		}
		err := l.CheckIssuer(issuer)
		if errors.Is(err, ErrNotIssuer) {
			continue
		}
		if err == nil {
			err = l.covers(cert)
		}
		next, broken := s.status(l, cert, issuer, c)
		if broken != nil {
			err = broken
		}
		consider(next, err)
	}
	return best
}

// standing: no list at hand says that the responder was deposed. It is not
// fetched for a responder: its certificate is short-lived, or marked so that
// nobody asks (RFC 6960 section 4.2.2.2.1).
func (s Snapshot) standing(o *OCSP, issuer *x509.Certificate, c clock) error {
	responder := o.delegate(issuer)
	if responder == nil {
		return nil
	}
	for _, l := range s.CRLs {
		if l.CheckIssuer(issuer) != nil {
			continue
		}
		if v, found, err := l.find(responder.SerialNumber); err == nil && found && v.Reason != removeFromCRL && !v.At.After(c.now) {
			return fmt.Errorf("%w: its certificate is revoked", ErrResponder)
		}
	}
	return nil
}

func (a singleResponse) status(c clock) Status {
	s := Status{State: a.state, Source: "ocsp", Revocation: a.revocation, Until: a.until}
	if s.Until.IsZero() {
		s.Until = a.thisUpdate.Add(maxOCSPAge)
	}
	return s.judged(a.thisUpdate, c)
}

// judged: revoked after the time asked about is good then; good in data that
// was too old then is not.
func (s Status) judged(thisUpdate time.Time, c clock) Status {
	if s.State == Revoked && s.Revocation.At.After(c.at) {
		s.State = Good
	}
	if s.State == Good && (c.at.After(s.Until) || thisUpdate.After(c.now.Add(skew))) {
		s.State = Expired
	}
	return s
}

// needs says where data about a certificate can be had.
func needs(cert, issuer *x509.Certificate) Need {
	n := Need{Certificate: cert, Issuer: issuer, CRLs: urls(cert.CRLDistributionPoints), Deltas: urls(freshest(cert)), OCSP: urls(cert.OCSPServer)}
	if issuer == nil {
		n = Need{Certificate: cert, Issuers: urls(cert.IssuingCertificateURL)}
	}
	return n
}

// urls keeps what can be fetched by HTTP. One production certificate of the
// national authority has two URLs with line breaks in one string.
func urls(list []string) []string {
	var out []string
	for _, s := range list {
		for _, field := range strings.Fields(s) {
			field = strings.TrimPrefix(field, "URL=")
			u, err := url.Parse(field)
			if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && !slices.Contains(out, field) {
				out = append(out, field)
			}
		}
	}
	return out
}
