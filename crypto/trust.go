package crypto

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"almasu/crypto/pki"
	"almasu/crypto/smime"
	"almasu/exchange"
)

// TrustFile is a file of certificates or a CRL.
type TrustFile struct {
	File string // for messages
	Data []byte
}

// TrustSet is what S/MIME certificates are judged by: a snapshot (DESIGN
// section 8, trust).
type TrustSet struct {
	Anchors, Intermediates, CRLs []TrustFile
	OCSP                         [][]byte    // answers, DER
	Domestic                     []TrustFile // anchors that count as domestic (clause 16)
	DomesticPolicies             []string    // policies that do, as object identifiers
	Revocation                   string      // require, prefer or off; "" is prefer
	Insecure3DES                 bool        // open 3DES
	Fetched                      bool        // what is missing is fetched (WithAnswers), so it is worth waiting for
	Taken                        time.Time   // when CRLs and OCSP answers were taken; zero: the time of the newest
}

// newSMIME reads the S/MIME side of a key ring.
func newSMIME(set KeySet, trust *smime.Trust) (*smime.Ring, error) {
	var err error
	if *trust, err = set.Trust.read(); err != nil {
		return nil, err
	}
	var sources []smime.Source
	for _, f := range set.SMIME {
		sources = append(sources, smime.Source{Owner: f.Owner, File: f.File, Data: f.Data, Passphrase: f.Passphrase, Private: f.Private})
	}
	return smime.NewRing(exchange.SelfSigner, sources, *trust, set.Revoked)
}

func (t TrustSet) read() (smime.Trust, error) {
	out := smime.Trust{DomesticPolicies: t.DomesticPolicies, Revocation: pki.Mode(t.Revocation), Insecure3DES: t.Insecure3DES,
		Fetched: t.Fetched, Taken: t.Taken}
	for _, list := range []struct {
		name  string
		files []TrustFile
		into  *[]*x509.Certificate
	}{{"anchors", t.Anchors, &out.Anchors}, {"intermediates", t.Intermediates, &out.Intermediates}, {"domestic", t.Domestic, &out.Domestic}} {
		for _, f := range list.files {
			certs, err := pki.Certificates(f.Data)
			if err != nil {
				return out, fmt.Errorf("trust.%s: read %s: %w", list.name, f.File, err)
			}
			*list.into = append(*list.into, certs...)
		}
	}
	for _, f := range t.CRLs {
		lists, err := pki.CRLs(f.Data)
		if err != nil {
			return out, fmt.Errorf("trust.crls: read %s: %w", f.File, err)
		}
		out.Snapshot.CRLs = append(out.Snapshot.CRLs, lists...)
	}
	for _, raw := range t.OCSP {
		answer, err := pki.ParseOCSP(raw)
		if err != nil {
			return out, fmt.Errorf("read an OCSP answer: %w", err)
		}
		out.Snapshot.OCSP = append(out.Snapshot.OCSP, answer)
	}
	if out.Taken.IsZero() {
		out.Taken = newest(out.Snapshot)
	}
	return out, nil
}

func newest(s pki.Snapshot) time.Time {
	var at time.Time
	for _, c := range s.CRLs {
		if c.ThisUpdate.After(at) {
			at = c.ThisUpdate
		}
	}
	for _, o := range s.OCSP {
		if o.ProducedAt.After(at) {
			at = o.ProducedAt
		}
	}
	return at
}

// Certificate is the certificate of the ring with the fingerprint as PEM, nil if
// there is none.
func (k *Keyring) Certificate(fingerprint string) []byte {
	der := k.smime.Certificate(fingerprint)
	if der == nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
