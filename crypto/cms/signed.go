package cms

import (
	"crypto/x509"
	"errors"
	"fmt"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// Errors of a SignedData as a whole.
var (
	ErrNoSigners    = errors.New("nobody signed it")
	ErrBothContents = errors.New("there is a content inside and another one outside")
	ErrNoContent    = errors.New("the content that was signed is missing")
)

// signedData is a SignedData as read.
type signedData struct {
	digests      []string
	contentType  ContentType
	attached     bool
	content      []byte
	certificates []*x509.Certificate
	unreadable   int // certificates that the standard library cannot parse
	crls         [][]byte
	signers      []signerInfo
}

// signerInfo is a SignerInfo as read (RFC 5652 section 5.3).
type signerInfo struct {
	id         Identifier
	digest     algid.Algorithm
	attributes ber.Element // Raw is nil where there are none
	scheme     algid.Algorithm
	signature  []byte
}

// parseSigned reads the structure (RFC 5652 section 5.1).
func parseSigned(raw []byte, l Limits) (*signedData, error) {
	_, in, err := open(raw, SignedData)
	if err != nil {
		return nil, err
	}
	var s signedData
	in.Int() // the version follows from what is there
	for set := in.Enter(ber.Set); set.More(); {
		if s.digests = append(s.digests, algid.Read(set, ber.Sequence).ID); len(s.digests) > l.Signers {
			return nil, tooMany("digest algorithms", l.Signers)
		}
	}
	s.readContent(in.Enter(ber.Sequence))
	if int64(len(s.content)) > l.Content {
		return nil, fmt.Errorf("%w: a content of %d bytes, at most %d", ErrTooLarge, len(s.content), l.Content)
	}
	if err := s.readCertificates(in, l); err != nil {
		return nil, err
	}
	for set := in.Enter(ber.Set); set.More(); {
		if s.signers = append(s.signers, readSigner(set.Enter(ber.Sequence))); len(s.signers) > l.Signers {
			return nil, tooMany("signers", l.Signers)
		}
	}
	in.End()
	return &s, malformed("SignedData", in.Err())
}

func (s *signedData) readContent(in *ber.Reader) {
	s.contentType = ContentType(in.OID())
	if in.More() {
		content := in.Enter(ber.Context(0))
		s.content, s.attached = content.Octets(), true
		content.End()
	}
	in.End()
}

// readCertificates reads certificates and CRLs. Attribute certificates and other
// formats are passed over; so is a certificate that cannot be parsed, since the
// signer's may be known from elsewhere.
func (s *signedData) readCertificates(in *ber.Reader, l Limits) error {
	n := 0
	for _, tag := range []ber.Tag{ber.Context(0), ber.Context(1)} {
		if !in.Is(tag) {
			continue
		}
		for set := in.Enter(tag); set.More(); n++ {
			if n >= l.Certificates {
				return tooMany("certificates and CRLs", l.Certificates)
			}
			e := set.Any()
			switch {
			case e.Tag != ber.Sequence:
			case tag == ber.Context(1):
				s.crls = append(s.crls, e.Raw)
			default:
				if cert, err := parseCertificate(e.Raw); err == nil {
					s.certificates = append(s.certificates, cert)
				} else {
					s.unreadable++
				}
			}
		}
	}
	return nil
}

// parseCertificate also takes a certificate that was wrapped in BER on its way;
// what its authority signed is DER.
func parseCertificate(raw []byte) (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(raw)
	if err == nil {
		return cert, nil
	}
	der, berErr := ber.DER(raw)
	if berErr != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func readSigner(in *ber.Reader) signerInfo {
	var s signerInfo
	in.Int()
	if in.Is(ber.Context(0)) {
		s.id.KeyID = in.OctetsAs(ber.Context(0))
	} else {
		s.id = readIssuerSerial(in)
	}
	s.digest = algid.Read(in, ber.Sequence)
	if in.Is(ber.Context(0)) {
		s.attributes = in.Any()
	}
	s.scheme = algid.Read(in, ber.Sequence)
	s.signature = in.Octets()
	if in.Is(ber.Context(1)) {
		in.Any() // unsigned attributes: nobody vouches for them
	}
	in.End()
	return s
}

// Certificates are those that a SignedData carries, as a bundle (.p7b) does,
// together with its CRLs. Nothing is verified.
func Certificates(raw []byte, l Limits) ([]*x509.Certificate, [][]byte, error) {
	s, err := parseSigned(raw, l.orDefaults())
	if err != nil {
		return nil, nil, err
	}
	return s.certificates, s.crls, nil
}
