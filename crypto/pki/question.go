package pki

import (
	gocrypto "crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrStale is about data that is genuine and too old, or from the future.
var ErrStale = errors.New("the data is genuine, but not fresh")

// Question is one thing to fetch about a certificate: a CRL (GET), or an OCSP
// answer (POST of Body).
type Question struct {
	URL  string
	Body []byte // OCSP request; nil: a CRL
	Key  string // the same for the same question, whatever its nonce
	// Changes: it is a list of what changed since another one, which is of no use
	// without that and of use beside it.
	Changes bool
	// Again is the same question as an old responder knows it, with SHA-1: to be
	// asked where this one got an answer that cannot be used.
	Again *Question

	certificate, issuer *x509.Certificate
	nonce               []byte
}

// Answer is what came of a question: genuine data, and until when it is fresh.
type Answer struct {
	CRL  *CRL
	OCSP *OCSP
	Made time.Time // thisUpdate
	// Until is when it stops being fresh.
	Until time.Time
}

const nonceSize = 16 // bytes; the national authority takes 8 to 16

// Questions lists what to ask about a certificate until an answer can be used:
// OCSP, which is fresher, before lists. It is empty where the issuer is not
// established: no URL of a certificate is asked that leads to no anchor.
func (n Need) Questions() []Question {
	if n.Issuer == nil {
		return nil
	}
	var out []Question
	for _, u := range n.OCSP {
		if q, err := n.ocsp(u, gocrypto.SHA256); err == nil {
			if old, err := n.ocsp(u, gocrypto.SHA1); err == nil {
				q.Again = &old
			}
			out = append(out, q)
		}
	}
	for i, u := range slices.Concat(n.CRLs, n.Deltas) {
		out = append(out, Question{URL: u, Key: "crl " + u, Changes: i >= len(n.CRLs), certificate: n.Certificate, issuer: n.Issuer})
	}
	return out
}

// Name is the certificate that is asked about, for people: its serial number
// and issuer.
func (n Need) Name() string {
	return fmt.Sprintf("%X of %q", n.Certificate.SerialNumber, n.Certificate.Issuer.String())
}

// Settled says whether the answers tell what is to be known of the certificate
// at a time: that it is good, or revoked.
func (n Need) Settled(answers []Answer, at time.Time) bool {
	if n.Issuer == nil {
		return false
	}
	var s Snapshot
	for _, a := range answers {
		if a.CRL != nil {
			s.CRLs = append(s.CRLs, a.CRL)
		}
		if a.OCSP != nil {
			s.OCSP = append(s.OCSP, a.OCSP)
		}
	}
	state := s.about(n.Certificate, n.Issuer, clock{at, at}).State
	return state == Good || state == Revoked
}

// Fetchable says whether there is anything to ask.
func (n Need) Fetchable() bool { return n.Issuer != nil && len(n.OCSP)+len(n.CRLs) > 0 }

func (n Need) ocsp(url string, hash gocrypto.Hash) (Question, error) {
	sum := sha256.Sum256(slices.Concat(n.Issuer.RawSubjectPublicKeyInfo, n.Certificate.Raw, []byte(url)))
	q := Question{URL: url, Key: "ocsp " + hex.EncodeToString(sum[:]), certificate: n.Certificate, issuer: n.Issuer, nonce: make([]byte, nonceSize)}
	_, _ = rand.Read(q.nonce) // never fails (crypto/rand)
	var err error
	q.Body, err = OCSPRequest(n.Certificate, n.Issuer, hash, q.nonce)
	return q, err
}

// ListAt is the question for a CRL at a place that is configured, about whatever
// certificate.
func ListAt(url string) Question { return Question{URL: url, Key: "crl " + url} }

// Read judges what came back: ErrMalformed, ErrTryLater, ErrUnusable, ErrNonce,
// ErrResponder, ErrNotIssuer, a signature that is wrong, or ErrStale, with which
// the Answer is filled. fetched is false for what was kept from an earlier
// question and has the nonce of that.
func (q Question) Read(body []byte, now time.Time, fetched bool) (Answer, error) {
	if q.Body != nil {
		return q.readOCSP(body, now, fetched)
	}
	list, err := ParseCRL(body)
	if err != nil {
		return Answer{}, err
	}
	if q.issuer != nil {
		if err := list.CheckIssuer(q.issuer); err != nil {
			return Answer{}, err
		}
		if err := list.covers(q.certificate); err != nil {
			return Answer{}, err
		}
	}
	return Answer{CRL: list, Made: list.ThisUpdate, Until: list.NextUpdate}.fresh(now)
}

func (q Question) readOCSP(body []byte, now time.Time, fetched bool) (Answer, error) {
	o, err := ParseOCSP(body)
	if err != nil {
		return Answer{}, err
	}
	one := o.answer(q.certificate, q.issuer)
	if one == nil || one.state == Unknown {
		return Answer{}, fmt.Errorf("%w: the responder does not know the certificate", ErrUnusable)
	}
	// A responder that makes its answers ahead repeats no nonce: then only the
	// time it gives itself bounds a replay (RFC 9654 section 2.1).
	if fetched && (o.Nonce != nil || one.until.IsZero()) {
		if err := o.CheckNonce(q.nonce); err != nil {
			return Answer{}, err
		}
	}
	if err := o.CheckResponder(q.issuer, now); err != nil {
		return Answer{}, err
	}
	s := one.status(clock{now, now})
	return Answer{OCSP: o, Made: one.thisUpdate, Until: s.Until}.fresh(now)
}

func (a Answer) fresh(now time.Time) (Answer, error) {
	if now.After(a.Until) || a.Made.After(now.Add(skew)) {
		return a, fmt.Errorf("%w: it is for %s to %s", ErrStale, a.Made.Format(time.RFC3339), a.Until.Format(time.RFC3339))
	}
	return a, nil
}
