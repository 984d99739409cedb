package cms

import (
	gocrypto "crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// SigningKey is who signs, and how. The zero choices suit the key: SHA-256 with
// RSA, the digest of the size of the curve with ECDSA, RSASSA-PSS where the
// certificate asks for it.
type SigningKey struct {
	Certificate *x509.Certificate
	Private     gocrypto.Signer
	Chain       []*x509.Certificate // sent along, without the root
	Hash        gocrypto.Hash       // 0: the one that suits the key
	PSS         bool                // RSASSA-PSS with a plain RSA key
	ByKeyID     bool                // name the certificate by its subject key identifier
}

// SignOptions are the choices of Sign.
type SignOptions struct {
	Time             time.Time   // signing time; required
	Detached         bool        // leave the content out: multipart/signed
	Type             ContentType // of the content; "" is Data
	OmitCertificates bool
	OmitAttributes   bool      // sign the content itself; Data only
	Rand             io.Reader // nil: crypto/rand
}

// Sign makes a SignedData with a signature by each key: contentType,
// messageDigest, signingTime and SMIMECapabilities are signed along. Each
// signature is verified with the certificate before it is let out, so that a
// key that does not belong to it, or a token gone wrong, is an error here.
func Sign(content []byte, keys []SigningKey, o SignOptions) ([]byte, error) {
	if o.Type == "" {
		o.Type = Data
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if err := o.check(keys); err != nil {
		return nil, err
	}
	version := 1
	if o.Type != Data {
		version = 3
	}
	var digests, infos, certs []ber.Node
	seen := map[string]bool{}
	add := func(list *[]ber.Node, n ber.Node) {
		if der := n.Bytes(); !seen[string(der)] {
			seen[string(der)] = true
			*list = append(*list, n)
		}
	}
	for _, k := range keys {
		s, err := k.sign(content, o)
		if err != nil {
			return nil, fmt.Errorf("signing as %q: %w", k.Certificate.Subject, err)
		}
		if k.ByKeyID {
			version = 3
		}
		infos = append(infos, s.info)
		add(&digests, algid.DigestNode(s.digest))
		for _, cert := range append([]*x509.Certificate{k.Certificate}, k.Chain...) {
			add(&certs, ber.Raw(cert.Raw))
		}
	}
	inner := ber.Node{}
	if !o.Detached {
		inner = ber.Explicit(0, ber.Octets(content))
	}
	carried := ber.Node{}
	if !o.OmitCertificates {
		carried = ber.ImplicitSetOf(0, certs...)
	}
	return wrapped(SignedData, ber.Seq(ber.Int(version), ber.SetOf(digests...), ber.Seq(ber.ID(string(o.Type)), inner),
		carried, ber.SetOf(infos...))), nil
}

func (o SignOptions) check(keys []SigningKey) error {
	switch {
	case len(keys) == 0:
		return fmt.Errorf("signing: %w", ErrNoSigners)
	case slices.ContainsFunc(keys, func(k SigningKey) bool { return k.Certificate == nil || k.Private == nil }):
		return errors.New("signing: a certificate or a private key is missing")
	case o.Time.IsZero() && !o.OmitAttributes:
		return errors.New("signing: no signing time is given")
	case o.OmitAttributes && o.Type != Data:
		return fmt.Errorf("signing: %w: content of type %s is signed with attributes", ErrAttributeMissing, o.Type)
	}
	return nil
}

// made is a SignerInfo and its digest.
type made struct {
	info   ber.Node
	digest gocrypto.Hash
}

func (k SigningKey) sign(content []byte, o SignOptions) (made, error) {
	key, err := algid.KeyOf(k.Certificate)
	if err != nil {
		return made{}, err
	}
	scheme, err := algid.Choose(key, k.Hash, k.PSS)
	if err != nil {
		return made{}, err
	}
	id, err := identify(k.Certificate, k.ByKeyID)
	if err != nil {
		return made{}, err
	}
	version := 1
	if k.ByKeyID {
		version = 3
	}
	digest := scheme.Hash
	if digest == 0 {
		digest = gocrypto.SHA512 // RFC 8419 section 3
	}
	covered, attributes := content, ber.Node{}
	if !o.OmitAttributes {
		list := signedAttributes(content, digest, o)
		covered, attributes = ber.SetOf(list...).Bytes(), ber.ImplicitSetOf(0, list...)
	}
	signature, err := scheme.Sign(o.Rand, k.Private, covered)
	if err != nil {
		return made{}, err
	}
	if err := scheme.Verify(key, covered, signature); err != nil {
		return made{}, fmt.Errorf("the private key does not belong to the certificate, or failed: %w", err)
	}
	return made{ber.Seq(ber.Int(version), id.node(), algid.DigestNode(digest), attributes, scheme.Node(), ber.Octets(signature)), digest}, nil
}

func signedAttributes(content []byte, digest gocrypto.Hash, o SignOptions) []ber.Node {
	one := func(id string, value ber.Node) ber.Node { return ber.Seq(ber.ID(id), ber.SetOf(value)) }
	return []ber.Node{
		one(attrContentType, ber.ID(string(o.Type))),
		one(attrMessageDigest, ber.Octets(algid.Sum(digest, content))),
		one(attrSigningTime, ber.Time(o.Time)),
		one(attrCapabilities, capabilities()),
	}
}

// capabilities is what we can open, best first (RFC 8551 section 2.5.2); what is
// opened only on demand is not offered.
func capabilities() ber.Node {
	var list []ber.Node
	for _, c := range ciphers {
		if c.name != TripleDES {
			list = append(list, algid.Node(c.id, ber.Node{}))
		}
	}
	return ber.Seq(list...)
}
