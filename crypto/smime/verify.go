package smime

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"almasu/crypto/cms"
	"almasu/crypto/cms/algid"
	"almasu/crypto/pki"
)

// Signature is what is known of one signer over one content.
type Signature struct {
	Signer  string // issuer and serial number, or the key identifier
	Owner   string // whose certificate it is, "" if nobody's
	Hash    string // "sha256"
	Made    time.Time
	Covered []byte // the content

	Verified  bool // right for certificate and content, whoever's it is
	WeakHash  bool // MD5, SHA-1
	WeakKey   bool // RSA below 2048 bits
	Revoked   bool // listed, or by CRL or OCSP at arrival
	Expired   bool // at arrival, or not valid yet when it was made
	Untrusted bool // its chain does not hold
	Unknown   bool // there is no certificate to verify it with
	Reason    string
	Findings  []string
	// Waiting: the verdict needs revocation data that is required and missing.
	Waiting bool
	Needs   []pki.Need
}

// maxSigners is how many signers of one message are verified.
const maxSigners = 8

// Verify checks a signed-data, over detached if that is not nil. content is
// what it covers. A message that is broken as a whole gets one signature that
// says so.
func (r *Ring) Verify(data, detached []byte, limit int64, at time.Time) (out []Signature, content []byte) {
	raw, around := Octets(data)
	s, err := cms.Verify(raw, detached, r.certificates(), cms.Limits{Content: limit, Signers: maxSigners})
	content = detached
	if content == nil {
		content = s.Content
	}
	switch {
	case err != nil:
		return []Signature{{Reason: broken(err), Covered: content}}, content
	case around:
		return []Signature{{Reason: "text stands around the armor", Covered: content}}, content
	case s.Type != cms.Data:
		return []Signature{{Reason: "another content than data is signed"}}, nil
	}
	for _, one := range s.Signatures {
		v := Signature{Signer: name(one), Hash: algid.DigestName(one.Digest), Made: one.SigningTime, Covered: content, Verified: one.Err == nil,
			WeakHash: slices.Contains(one.Findings, cms.WeakDigest), WeakKey: slices.Contains(one.Findings, cms.WeakKey)}
		for _, f := range one.Findings {
			if f != cms.WeakDigest && f != cms.WeakKey {
				v.Findings = append(v.Findings, string(f))
			}
		}
		if one.Err != nil {
			v.Unknown, v.Reason = errors.Is(one.Err, cms.ErrNoCertificate), broken(one.Err)
		}
		if one.Certificate != nil {
			r.attribute(&v, one.Certificate, s.Certificates, at)
		}
		out = append(out, v)
	}
	return out, content
}

// attribute says whose signature it is and what its certificate is worth.
func (r *Ring) attribute(v *Signature, cert *x509.Certificate, more []*x509.Certificate, at time.Time) {
	e := r.find(cert)
	if e != nil {
		v.Owner = e.owner
	}
	if !v.Verified {
		return
	}
	var worth verdict
	switch {
	case e == nil:
		worth = r.stranger(cert, more, at)
	case e.owner == r.self:
	default:
		if worth = r.judge(e, cert, forSigning, more, at); !v.Made.IsZero() && v.Made.Before(cert.NotBefore) && worth.reason == "" {
			worth.expired, worth.reason = true, "the certificate was not valid yet when the signature was made"
		}
	}
	v.Revoked, v.Expired, v.Untrusted = worth.revoked, worth.expired, worth.untrusted
	v.Reason, v.Needs, v.Waiting = worth.reason, worth.needs, worth.waiting
	v.Findings = append(v.Findings, worth.findings...)
	if r.domestic(cert, more, at) {
		v.Findings = append(v.Findings, "domestic: yes")
	} else {
		v.Findings = append(v.Findings, "domestic: no")
	}
}

// name is issuer and serial number of the certificate, or what the message
// names it by: text of the sender's, cut and without control characters.
func name(s cms.Signature) string {
	if s.Certificate != nil {
		return IssuerSerial(s.Certificate)
	}
	return printable(s.Signer.String())
}

// IssuerSerial names a certificate: "CN=Authority,O=...+1A2B", the serial
// number in upper-case hex.
func IssuerSerial(cert *x509.Certificate) string {
	return printable(cert.Issuer.String()) + "+" + fmt.Sprintf("%X", cert.SerialNumber)
}

const maxName = 200 // letters

func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if letters := []rune(s); len(letters) > maxName {
		return string(letters[:maxName]) + "..."
	}
	return s
}

// broken says what is wrong with a signature in words of ours.
func broken(err error) string {
	for _, known := range []error{cms.ErrNoSigners, cms.ErrBothContents, cms.ErrNoContent, cms.ErrNoCertificate, cms.ErrSignature, cms.ErrKeyMismatch,
		cms.ErrAmbiguous, cms.ErrDuplicateAttribute, cms.ErrAttributeMissing, cms.ErrContentType, cms.ErrMessageDigest, cms.ErrSigningCertificate,
		cms.ErrAttribute, cms.ErrTooLarge, cms.ErrTrailingData, cms.ErrUnsupported, cms.ErrParameters, cms.ErrWrongType, cms.ErrMalformed} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "it cannot be read"
}
