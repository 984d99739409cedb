package crypto

import (
	"bytes"
	"slices"
	"time"

	"almasu/crypto/pki"
)

// What a verdict on a certificate needs, what to ask for it, and what came back.
type (
	Need     = pki.Need
	Question = pki.Question
	Answer   = pki.Answer
)

// ErrStale is about an answer that is genuine and too old: a negative result.
var ErrStale = pki.ErrStale

// ListAt is the question for a CRL at a place that is configured.
func ListAt(url string) Question { return pki.ListAt(url) }

// Standing is what is known of the revocation of a certificate of the ring, and
// of those above it.
type Standing struct {
	Owner       string
	Fingerprint string
	State       string    // good, revoked, expired (the data is too old) or unknown
	Source      string    // crl or ocsp
	Until       time.Time // the data is fresh until then
	Needs       []Need
}

// Standings are those of all certificates that lead to an anchor at the time,
// ours included; none where trust.revocation is off or there is no anchor.
func (k *Keyring) Standings(at time.Time) []Standing {
	var out []Standing
	for _, s := range k.smime.Standings(at) {
		out = append(out, Standing{Owner: s.Owner, Fingerprint: s.Fingerprint, State: string(s.State), Source: s.Source, Until: s.Until, Needs: s.Needs})
	}
	return out
}

// Needs is what should be fetched so that the revocation of every certificate
// of the ring is known at the time, each certificate once.
func (k *Keyring) Needs(at time.Time) []Need {
	var out []Need
	for _, s := range k.smime.Standings(at) {
		for _, n := range s.Needs {
			same := func(o Need) bool { return bytes.Equal(o.Certificate.Raw, n.Certificate.Raw) }
			if !slices.ContainsFunc(out, same) {
				out = append(out, n)
			}
		}
	}
	return out
}

// WithAnswers is the ring with these CRLs and OCSP answers beside those it was
// made with, taken at a time; answers of an earlier call are dropped.
func (k *Keyring) WithAnswers(answers []Answer, taken time.Time) *Keyring {
	trust := k.trust
	trust.Taken = taken
	trust.Snapshot.CRLs, trust.Snapshot.OCSP = slices.Clone(trust.Snapshot.CRLs), slices.Clone(trust.Snapshot.OCSP)
	for _, a := range answers {
		if a.CRL != nil {
			trust.Snapshot.CRLs = append(trust.Snapshot.CRLs, a.CRL)
		}
		if a.OCSP != nil {
			trust.Snapshot.OCSP = append(trust.Snapshot.OCSP, a.OCSP)
		}
	}
	out := *k
	out.smime = k.smime.With(trust)
	return &out
}
