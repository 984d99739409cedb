package smime

import (
	"crypto/x509"
	"errors"
	"time"

	"almasu/crypto/pki"
)

// Standing is what is known of the revocation of one certificate of the ring and
// of those above it.
type Standing struct {
	Owner       string
	Fingerprint string
	State       pki.State
	Until       time.Time // the data is fresh until then, the first of the chain to end
	Source      string    // of that: "crl" or "ocsp"
	Needs       []pki.Need
}

// Standings are those of ours and the participants' certificates whose chain
// leads to an anchor at the time. Without anchors nothing is asked: nobody
// vouches for the URLs in a certificate.
func (r *Ring) Standings(at time.Time) []Standing {
	if len(r.trust.Anchors) == 0 || r.mode() == pki.Off {
		return nil
	}
	var out []Standing
	for _, e := range r.entries {
		q := r.query(at, r.trust.Anchors, nil)
		q.Revocation = pki.Require
		chain, err := pki.Validate(e.cert, q)
		s := Standing{Owner: e.owner, Fingerprint: Fingerprint(e.cert), State: pki.Good, Needs: chain.Needs}
		switch {
		case err == nil:
		case errors.Is(err, pki.ErrRevoked):
			s.State = pki.Revoked
		case errors.Is(err, pki.ErrRevocationExpired):
			s.State = pki.Expired
		case errors.Is(err, pki.ErrRevocationUnknown):
			s.State = pki.Unknown
		default:
			continue // not valid at all: that is told elsewhere
		}
		for _, one := range chain.Statuses {
			if !one.Until.IsZero() && (s.Until.IsZero() || one.Until.Before(s.Until)) {
				s.Until, s.Source = one.Until, one.Source
			}
		}
		out = append(out, s)
	}
	return out
}

// withdrawn says whether our own certificate is revoked, as far as is known.
func (r *Ring) withdrawn(cert *x509.Certificate, at time.Time) bool {
	if r.isListed(r.self, cert) {
		return true
	}
	if len(r.trust.Anchors) == 0 || r.mode() == pki.Off {
		return false
	}
	_, err := pki.Validate(cert, r.query(at, r.trust.Anchors, nil))
	return errors.Is(err, pki.ErrRevoked)
}

func (r *Ring) mode() pki.Mode {
	if r.trust.Revocation == "" {
		return pki.Prefer
	}
	return r.trust.Revocation
}
