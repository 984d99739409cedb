package cms

import (
	gocrypto "crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// Errors of one signature, besides those of attributes.
var (
	ErrNoCertificate = errors.New("the signer's certificate is neither known nor in the message")
	ErrSignature     = algid.ErrSignature
	ErrKeyMismatch   = algid.ErrKeyMismatch
	ErrAmbiguous     = errors.New("the content could be the attributes of another signature")
)

// Finding is a doubt about a signature that is not wrong.
type Finding string

// The findings.
const (
	WeakDigest       Finding = "weak-digest"          // MD5 or SHA-1
	WeakKey          Finding = "weak-key"             // RSA below 2048 bits
	NoAttributes     Finding = "no-signed-attributes" // hence no signing time
	NoSigningTime    Finding = "no-signing-time"
	AttributesNotDER Finding = "attributes-not-der" // verified over their DER form all the same
	DigestNotListed  Finding = "digest-not-listed"  // in digestAlgorithms
	SeveralMatch     Finding = "several-certificates-match"
)

// Signature is what is known about one signer.
type Signature struct {
	Err          error // nil: the signature is right, over the whole content, by Certificate
	Signer       Identifier
	Certificate  *x509.Certificate // nil if it was not found
	FromMessage  bool              // the certificate came with the message, it was not among the known
	Digest       gocrypto.Hash     // 0 if it is not known here
	Scheme       string            // "rsa-pkcs1v15", "rsa-pss", "ecdsa", "ed25519"; else the object identifier
	Attributes   bool              // there are signed attributes
	SigningTime  time.Time         // as the signer claims; zero if not given
	Capabilities []string          // SMIMECapabilities, object identifiers
	Findings     []Finding
}

// Signed is a SignedData and the facts about its signatures.
type Signed struct {
	Type         ContentType
	Content      []byte // nil where the content was given from outside
	Detached     bool
	Certificates []*x509.Certificate // carried along; nothing is known about them
	Unreadable   int                 // certificates carried along that cannot be parsed
	CRLs         [][]byte            // carried along, encoded
	Signatures   []Signature         // at least one
}

// Verify checks every signature of a SignedData: over the content inside it, or
// over detached if that is not nil. A signer's certificate is looked for among
// the known ones and only then in the message.
//
// The error is about the message as a whole: ErrMalformed, ErrTrailingData,
// ErrTooLarge, ErrWrongType, ErrNoSigners, ErrBothContents, ErrNoContent. Each
// signature has its own Err. Signed is filled also on ErrNoSigners, which is
// what a mere bundle of certificates gets.
func Verify(raw, detached []byte, known []*x509.Certificate, l Limits) (Signed, error) {
	l = l.orDefaults()
	s, err := parseSigned(raw, l)
	if err != nil {
		return Signed{}, err
	}
	out := Signed{Type: s.contentType, Detached: !s.attached, Certificates: s.certificates, Unreadable: s.unreadable, CRLs: s.crls}
	switch {
	case len(s.signers) == 0:
		return out, ErrNoSigners
	case s.attached && detached != nil:
		return out, ErrBothContents
	case !s.attached && detached == nil:
		return out, ErrNoContent
	case s.attached:
		out.Content = s.content
	default:
		s.content = detached
	}
	sums := map[gocrypto.Hash][]byte{}
	for _, info := range s.signers {
		v := verifier{data: s, info: info, known: known, limits: l, sums: sums}
		v.result = Signature{Signer: info.id, Scheme: info.scheme.ID}
		v.result.Err = v.run()
		out.Signatures = append(out.Signatures, v.result)
	}
	return out, nil
}

// verifier goes through one SignerInfo.
type verifier struct {
	data   *signedData
	info   signerInfo
	known  []*x509.Certificate
	limits Limits
	sums   map[gocrypto.Hash][]byte // of the content, shared by all signers
	result Signature
}

func (v *verifier) note(f Finding) { v.result.Findings = append(v.result.Findings, f) }

func (v *verifier) run() error {
	candidates := v.candidates()
	if len(candidates) > 0 {
		v.result.Certificate = candidates[0]
	}
	digest, err := algid.Digest(v.info.digest)
	if err != nil {
		return err
	}
	v.result.Digest = digest
	if algid.WeakDigest(digest) {
		v.note(WeakDigest)
	}
	if !slices.Contains(v.data.digests, v.info.digest.ID) {
		v.note(DigestNotListed)
	}
	list, covered, err := v.covered(digest)
	if err != nil {
		return err
	}
	scheme, err := algid.SchemeOf(v.info.scheme, digest)
	if err != nil {
		return err
	}
	v.result.Scheme = scheme.Name()
	if len(candidates) == 0 {
		return ErrNoCertificate
	}
	for _, cert := range candidates {
		v.result.Certificate = cert
		if err = v.check(cert, scheme, list, covered); err == nil {
			break
		}
	}
	return err
}

// covered is what the signature is over: the attributes, which must fit the
// content, or the content itself.
func (v *verifier) covered(digest gocrypto.Hash) (attributes, []byte, error) {
	if v.info.attributes.Raw == nil {
		v.note(NoAttributes)
		if v.data.contentType != Data { // RFC 5652 section 5.3
			return attributes{}, nil, fmt.Errorf("%w: signed attributes, for a content of type %s", ErrAttributeMissing, v.data.contentType)
		}
		if v.looksLikeAttributes() {
			return attributes{}, nil, ErrAmbiguous
		}
		return attributes{}, v.data.content, nil
	}
	v.result.Attributes = true
	list, err := parseAttributes(v.info.attributes, v.limits)
	if err != nil {
		return list, nil, err
	}
	if !list.strict {
		v.note(AttributesNotDER)
	}
	v.result.Capabilities = list.capabilities()
	if v.result.SigningTime, err = list.time(); err != nil {
		return list, nil, err
	}
	if v.result.SigningTime.IsZero() {
		v.note(NoSigningTime)
	}
	if err := list.contentType(v.data.contentType); err != nil {
		return list, nil, err
	}
	if v.sums[digest] == nil {
		v.sums[digest] = algid.Sum(digest, v.data.content)
	}
	return list, list.der(), list.digest(v.sums[digest])
}

// looksLikeAttributes: a signature over attributes can be passed off as one
// without attributes over a content that is their encoding.
func (v *verifier) looksLikeAttributes() bool {
	if len(v.data.content) == 0 || v.data.content[0] != 0x31 {
		return false
	}
	e, rest, err := ber.Parse(v.data.content)
	if err != nil || len(rest) > 0 {
		return false
	}
	list, err := parseAttributes(e, v.limits)
	return err == nil && list.values(attrMessageDigest) != nil
}

func (v *verifier) check(cert *x509.Certificate, scheme algid.Scheme, list attributes, covered []byte) error {
	key, err := algid.KeyOf(cert)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	if err := scheme.Verify(key, covered, v.info.signature); err != nil {
		return err
	}
	if key.Weak() {
		v.note(WeakKey)
	}
	return list.certificate(cert)
}

// candidates are the certificates that bear the signer's name: a known one, or
// else those in the message.
func (v *verifier) candidates() []*x509.Certificate {
	for _, from := range [][]*x509.Certificate{v.known, v.data.certificates} {
		var found []*x509.Certificate
		for _, cert := range from {
			if v.info.id.Matches(cert) && !slices.ContainsFunc(found, cert.Equal) {
				found = append(found, cert)
			}
		}
		if len(found) > 1 {
			v.note(SeveralMatch)
		}
		if found != nil {
			return found[:min(len(found), v.limits.Attempts)]
		}
		v.result.FromMessage = true
	}
	v.result.FromMessage = false
	return nil
}
