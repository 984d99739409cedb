package pki

import (
	"bytes"
	gocrypto "crypto"
	"crypto/sha1"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// Errors of OCSP.
var (
	ErrResponder = errors.New("the responder has no authority over the certificate")
	ErrNonce     = errors.New("the answer is to another question: the nonce differs")
	ErrTryLater  = errors.New("the responder cannot answer now")
)

const (
	idBasicOCSP   = "1.3.6.1.5.5.7.48.1.1"
	idNonce       = "1.3.6.1.5.5.7.48.1.2"
	maxResponses  = 64
	maxResponders = 8
)

// OCSP is a successful answer of a responder (RFC 6960 section 4.2).
type OCSP struct {
	ProducedAt   time.Time
	Nonce        []byte // nil if there is none
	responderID  ber.Element
	responses    []singleResponse
	certificates []*x509.Certificate
	unknown      string // a critical extension that is not known
	tbs          []byte
	algorithm    algid.Algorithm
	signature    []byte
}

type singleResponse struct {
	hash              gocrypto.Hash
	name, key         []byte
	serial            *big.Int
	state             State
	revocation        Revocation
	thisUpdate, until time.Time
}

// ParseOCSP reads an answer. Nothing is verified. ErrTryLater if the responder
// says so, which is worth another try.
func ParseOCSP(raw []byte) (*OCSP, error) {
	if len(raw) > maxFile {
		return nil, fmt.Errorf("%w: an OCSP answer of %d bytes", ErrTooLarge, len(raw))
	}
	r := ber.NewReader(raw)
	in := r.Enter(ber.Sequence)
	status := in.IntAs(ber.Enumerated)
	switch {
	case r.Err() != nil:
	case status == 2 || status == 3: // internalError, tryLater
		return nil, fmt.Errorf("%w: status %d", ErrTryLater, status)
	case status != 0:
		return nil, fmt.Errorf("%w: the OCSP responder refused with status %d", ErrUnusable, status)
	}
	outer := in.Enter(ber.Context(0)).Enter(ber.Sequence)
	if id := outer.OID(); r.Err() == nil && id != idBasicOCSP {
		return nil, fmt.Errorf("%w: an OCSP answer of type %s", ErrUnsupported, id)
	}
	basic := ber.NewReader(outer.Octets())
	outer.End()
	in.End()
	r.End()
	if r.Err() != nil {
		return nil, fmt.Errorf("%w: an OCSP answer: %w", ErrMalformed, r.Err())
	}
	var o OCSP
	if o.readBasic(basic.Enter(ber.Sequence)); basic.Err() != nil {
		return nil, fmt.Errorf("%w: an OCSP answer: %w", ErrMalformed, basic.Err())
	}
	return &o, nil
}

func (o *OCSP) readBasic(in *ber.Reader) {
	tbs := in.Element(ber.Sequence)
	o.tbs, o.algorithm, o.signature = tbs.Raw, algid.Read(in, ber.Sequence), in.Bits()
	if in.Is(ber.Context(0)) {
		for list := in.Enter(ber.Context(0)).Enter(ber.Sequence); list.More() && len(o.certificates) < maxResponders; {
			if cert, err := x509.ParseCertificate(list.Any().Raw); err == nil {
				o.certificates = append(o.certificates, cert)
			}
		}
	}
	in.End()
	data := in.Sub(tbs)
	if data.Is(ber.Context(0)) {
		data.Any() // version
	}
	o.responderID = data.Any()
	o.ProducedAt = data.Time()
	for list := data.Enter(ber.Sequence); list.More(); {
		if o.responses = append(o.responses, o.readSingle(list.Enter(ber.Sequence))); len(o.responses) > maxResponses {
			in.Fail(fmt.Errorf("%w: more than %d answers in one", ErrTooLarge, maxResponses))
		}
	}
	if data.Is(ber.Context(1)) {
		extensions(data.Enter(ber.Context(1)), func(id string, critical bool, value *ber.Reader) {
			switch {
			case id == idNonce:
				o.Nonce = value.Octets()
			case critical:
				o.unknown = id
			}
		})
	}
	data.End()
}

func (o *OCSP) readSingle(in *ber.Reader) singleResponse {
	id := in.Enter(ber.Sequence)
	s := singleResponse{state: Unknown}
	s.hash, _ = algid.Digest(algid.Read(id, ber.Sequence)) // 0: fits no certificate
	s.name, s.key, s.serial = id.Octets(), id.Octets(), id.Big()
	id.End()
	switch status := in.Any(); status.Tag {
	case ber.Context(0):
		s.state = Good
	case ber.Context(1):
		s.state = Revoked
		info := in.Sub(status)
		s.revocation.At = info.Time()
		if info.Is(ber.Context(0)) {
			s.revocation.Reason = info.Enter(ber.Context(0)).IntAs(ber.Enumerated)
		}
	}
	s.thisUpdate = in.Time()
	if in.Is(ber.Context(0)) {
		s.until = in.Enter(ber.Context(0)).Time()
	}
	if in.Is(ber.Context(1)) {
		extensions(in.Enter(ber.Context(1)), func(id string, critical bool, _ *ber.Reader) {
			if critical {
				o.unknown = id
			}
		})
	}
	in.End()
	return s
}

// CheckNonce compares the nonce with the one that was asked with.
func (o *OCSP) CheckNonce(asked []byte) error {
	if subtle.ConstantTimeCompare(o.Nonce, asked) != 1 {
		return ErrNonce
	}
	return nil
}

// answer is what it says about a certificate, nil if nothing.
func (o *OCSP) answer(cert, issuer *x509.Certificate) *singleResponse {
	for i, s := range o.responses {
		if s.hash == 0 || s.serial.Cmp(cert.SerialNumber) != 0 {
			continue
		}
		key, err := algid.KeyOf(issuer)
		if err == nil && bytes.Equal(s.name, algid.Sum(s.hash, issuer.RawSubject)) && bytes.Equal(s.key, algid.Sum(s.hash, key.Bits)) {
			return &o.responses[i]
		}
	}
	return nil
}

// CheckResponder says whether the answer is signed by the issuer itself or by a
// responder that the issuer appointed: a certificate it signed directly, for
// OCSP signing, valid at the time (RFC 6960 section 4.2.2.2).
func (o *OCSP) CheckResponder(issuer *x509.Certificate, at time.Time) error {
	if o.unknown != "" {
		return fmt.Errorf("%w: an unknown critical extension %s", ErrUnusable, o.unknown)
	}
	if o.names(issuer) {
		return checkSignature(issuer, o.algorithm, o.tbs, o.signature)
	}
	if cert := o.delegate(issuer); cert != nil {
		switch {
		case !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
			return fmt.Errorf("%w: its certificate is not for OCSP signing", ErrResponder)
		case !bytes.Equal(cert.RawIssuer, issuer.RawSubject), checkCertificate(cert, issuer) != nil:
			return fmt.Errorf("%w: its certificate is not from the issuer", ErrResponder)
		case at.Before(cert.NotBefore) || at.After(cert.NotAfter):
			return fmt.Errorf("%w: its certificate is not valid at the time", ErrResponder)
		}
		return checkSignature(cert, o.algorithm, o.tbs, o.signature)
	}
	return fmt.Errorf("%w: its certificate is not there", ErrResponder)
}

// delegate is the certificate of the responder that signed, nil where that is
// the issuer itself or the certificate is not there.
func (o *OCSP) delegate(issuer *x509.Certificate) *x509.Certificate {
	if o.names(issuer) {
		return nil
	}
	if i := slices.IndexFunc(o.certificates, o.names); i >= 0 {
		return o.certificates[i]
	}
	return nil
}

// names says whether the responder identifier is the certificate's.
func (o *OCSP) names(cert *x509.Certificate) bool {
	switch o.responderID.Tag {
	case ber.Context(1):
		return bytes.Equal(o.responderID.Body, cert.RawSubject)
	case ber.Context(2):
		key, err := algid.KeyOf(cert)
		sum := sha1.Sum(key.Bits)
		return err == nil && bytes.Equal(ber.NewReader(o.responderID.Body).Octets(), sum[:])
	}
	return false
}

// checkCertificate verifies the signature on a certificate.
func checkCertificate(cert, issuer *x509.Certificate) error {
	in := ber.NewReader(cert.Raw).Enter(ber.Sequence)
	in.Any()
	algorithm, signature := algid.Read(in, ber.Sequence), in.Bits()
	if in.Err() != nil {
		return in.Err()
	}
	return checkSignature(issuer, algorithm, cert.RawTBSCertificate, signature)
}

// OCSPRequest asks about a certificate (RFC 6960 section 4.1); the nonce is 8 to
// 32 random bytes, or nil for none. Hash is SHA1, which every responder knows,
// or SHA256.
func OCSPRequest(cert, issuer *x509.Certificate, hash gocrypto.Hash, nonce []byte) ([]byte, error) {
	key, err := algid.KeyOf(issuer)
	if err != nil {
		return nil, err
	}
	if algid.DigestName(hash) == "" {
		return nil, fmt.Errorf("%w: asking OCSP with digest %v", ErrUnsupported, hash)
	}
	id := ber.Seq(algid.DigestNode(hash), ber.Octets(algid.Sum(hash, issuer.RawSubject)), ber.Octets(algid.Sum(hash, key.Bits)),
		ber.Big(cert.SerialNumber))
	extra := ber.Node{}
	if nonce != nil {
		extra = ber.Explicit(2, ber.Seq(ber.Seq(ber.ID(idNonce), ber.Octets(ber.Octets(nonce).Bytes()))))
	}
	return ber.Seq(ber.Seq(ber.Seq(ber.Seq(id)), extra)).Bytes(), nil
}
