package smime

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"almasu/crypto/pki"
)

// Trust is what certificates are judged by (docs/decisions/007): a snapshot.
type Trust struct {
	Anchors          []*x509.Certificate
	Intermediates    []*x509.Certificate
	Domestic         []*x509.Certificate // anchors that count as domestic (clause 16)
	DomesticPolicies []string            // policies that do, as object identifiers
	Revocation       pki.Mode            // "" is pki.Prefer
	Snapshot         pki.Snapshot
	Taken            time.Time // when the snapshot was taken; zero: when it is asked
	// Fetched says that what is missing is fetched: where it is required, data
	// that has grown old is then waited for like data that is not there.
	Fetched      bool
	Insecure3DES bool // open 3DES
}

// verdict is what a certificate is worth for a use at a time.
type verdict struct {
	revoked, expired, untrusted bool
	reason                      string
	findings                    []string
	needs                       []pki.Need
	// waiting: the participant's certificate is good but for its revocation,
	// which is required and not known yet.
	waiting bool
}

const (
	forSigning    = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	forEncryption = x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement
)

// judge says what the certificate of a participant is worth. It is pinned: the
// file of its owner holds it, or its key. Without anchors that is enough; with
// them its chain must hold, too. more are certificates that came along.
func (r *Ring) judge(e *entry, cert *x509.Certificate, usage x509.KeyUsage, more []*x509.Certificate, at time.Time) verdict {
	if r.isListed(e.owner, cert) {
		return verdict{revoked: true, reason: "the certificate is listed under revoked"}
	}
	if cert.KeyUsage != 0 && cert.KeyUsage&usage == 0 || !purposeFits(cert) {
		return verdict{untrusted: true, reason: pki.ErrUsage.Error()}
	}
	if len(r.trust.Anchors) == 0 {
		return r.judgePinned(e, cert, at)
	}
	chain, err := pki.Validate(cert, r.query(at, r.trust.Anchors, more))
	v := verdict{needs: chain.Needs}
	if chain.Unknown {
		v.findings = append(v.findings, "revocation-unknown")
	}
	switch {
	case err == nil:
	case errors.Is(err, pki.ErrRevoked):
		v.revoked, v.reason = true, pki.ErrRevoked.Error()
	case errors.Is(err, pki.ErrExpired), errors.Is(err, pki.ErrNotYetValid):
		v.expired, v.reason = true, "the certificate, or one above it, is outside its validity"
	case errors.Is(err, pki.ErrRevocationUnknown), errors.Is(err, pki.ErrRevocationExpired) && r.awaits(chain):
		v.waiting, v.untrusted, v.reason = true, true, pki.ErrRevocationUnknown.Error()
	default:
		v.untrusted, v.reason = true, firstOf(err)
	}
	return v
}

// awaits: fresh data is required, and there is a place to fetch it from.
func (r *Ring) awaits(c pki.Chain) bool {
	return r.mode() == pki.Require && r.trust.Fetched && slices.ContainsFunc(c.Needs, pki.Need.Fetchable)
}

// judgePinned judges without anchors: by its own dates, those of the pinned
// certificate where a renewed one came, and by CRLs of authorities we hold.
func (r *Ring) judgePinned(e *entry, cert *x509.Certificate, at time.Time) verdict {
	for _, c := range []*x509.Certificate{e.cert, cert} {
		if at.Before(c.NotBefore) || at.After(c.NotAfter) {
			return verdict{expired: true, reason: "the certificate is outside its validity"}
		}
	}
	if holders := slices.Concat(r.trust.Intermediates, r.authorities); len(holders) > 0 {
		if _, err := pki.Validate(cert, r.query(at, holders, nil)); errors.Is(err, pki.ErrRevoked) {
			return verdict{revoked: true, reason: pki.ErrRevoked.Error()}
		}
	}
	return verdict{findings: []string{"certificate-pinned"}}
}

func (r *Ring) query(at time.Time, anchors, more []*x509.Certificate) pki.Query {
	now := at
	if r.trust.Taken.After(at) {
		now = r.trust.Taken // an old message is judged again
	}
	return pki.Query{At: at, Now: now, Anchors: anchors, Intermediates: slices.Concat(r.trust.Intermediates, r.authorities, more),
		ExtKeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, Revocation: r.mode(), Snapshot: r.trust.Snapshot}
}

// purposeFits: extended key usage permits mail (RFC 8550 section 4.4.4), or
// names a role of the national authority, whose certificates for information
// systems have nothing else.
func purposeFits(cert *x509.Certificate) bool {
	if len(cert.ExtKeyUsage) == 0 && len(cert.UnknownExtKeyUsage) == 0 {
		return true
	}
	for _, u := range cert.ExtKeyUsage {
		if u == x509.ExtKeyUsageEmailProtection || u == x509.ExtKeyUsageAny {
			return true
		}
	}
	for _, id := range cert.UnknownExtKeyUsage {
		if s := id.String(); strings.HasPrefix(s, "1.2.398.3.3.4.") || strings.HasPrefix(s, "1.2.398.3.17.3.") {
			return true
		}
	}
	return false
}

// stranger says whether the chain of a certificate that is nobody's here at
// least holds.
func (r *Ring) stranger(cert *x509.Certificate, more []*x509.Certificate, at time.Time) verdict {
	if len(r.trust.Anchors) == 0 {
		return verdict{}
	}
	q := r.query(at, r.trust.Anchors, more)
	q.Revocation = pki.Off
	if _, err := pki.Validate(cert, q); err != nil {
		return verdict{untrusted: true, reason: firstOf(err)}
	}
	return verdict{}
}

// domestic: the certificate leads to an anchor that counts as domestic, or
// bears such a policy and leads to an anchor at all (clause 16).
func (r *Ring) domestic(cert *x509.Certificate, more []*x509.Certificate, at time.Time) bool {
	leads := func(anchors []*x509.Certificate) bool {
		q := r.query(at, anchors, more)
		q.Revocation = pki.Off
		_, err := pki.Validate(cert, q)
		return len(anchors) > 0 && err == nil
	}
	if leads(r.trust.Domestic) {
		return true
	}
	return slices.ContainsFunc(cert.Policies, func(id x509.OID) bool { return slices.Contains(r.trust.DomesticPolicies, id.String()) }) &&
		leads(r.trust.Anchors)
}

// firstOf is the name of an error of chains, without what a certificate says
// of itself.
func firstOf(err error) string {
	for _, known := range []error{pki.ErrUntrusted, pki.ErrUsage, pki.ErrConstraint, pki.ErrRevocationExpired} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return fmt.Sprintf("%v", pki.ErrUntrusted)
}
