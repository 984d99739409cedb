package cms

import (
	"bytes"
	gocrypto "crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// What can be wrong with signed or authenticated attributes.
var (
	ErrAttribute          = errors.New("a malformed attribute")
	ErrDuplicateAttribute = errors.New("an attribute stands there twice")
	ErrAttributeMissing   = errors.New("a required attribute is missing")
	ErrContentType        = errors.New("the content type attribute names another type")
	ErrMessageDigest      = errors.New("the message digest attribute does not fit the content")
	ErrSigningCertificate = errors.New("the signing certificate attribute names another certificate")
)

// The attributes that are known here (RFC 5652 section 11, RFC 8551, RFC 5035).
const (
	attrContentType   = "1.2.840.113549.1.9.3"
	attrMessageDigest = "1.2.840.113549.1.9.4"
	attrSigningTime   = "1.2.840.113549.1.9.5"
	attrCapabilities  = "1.2.840.113549.1.9.15"
	attrCertificate   = "1.2.840.113549.1.9.16.2.12"
	attrCertificateV2 = "1.2.840.113549.1.9.16.2.47"
)

// attributes are a SET OF Attribute as read. DER decides what was signed, not
// the order or the encoding on the wire (RFC 5652 section 5.4).
type attributes struct {
	list   []attribute
	strict bool // the wire was DER already
}

type attribute struct {
	id     string
	values []ber.Element // each as DER
	node   ber.Node
}

// parseAttributes reads a set under any tag. Each type may stand there once.
func parseAttributes(set ber.Element, l Limits) (attributes, error) {
	var a attributes
	if !set.Constructed || len(set.Raw) > maxAttributeBytes {
		return a, fmt.Errorf("%w: a set of %d bytes", ErrAttribute, len(set.Raw))
	}
	for r := ber.NewReader(set.Body); r.More(); {
		raw, err := ber.DER(r.Any().Raw)
		if err == nil {
			err = r.Err()
		}
		if err != nil {
			return a, fmt.Errorf("%w: %w", ErrAttribute, err)
		}
		one, err := parseAttribute(raw, l)
		if err != nil {
			return a, err
		}
		if a.values(one.id) != nil {
			return a, fmt.Errorf("%w: %s", ErrDuplicateAttribute, one.id)
		}
		if a.list = append(a.list, one); len(a.list) > l.Attributes {
			return a, tooMany("attributes", l.Attributes)
		}
	}
	if len(a.list) == 0 {
		return a, fmt.Errorf("%w: an empty set", ErrAttribute)
	}
	// Everything behind the tag, which is another one on the wire.
	a.strict = len(set.Raw) > 0 && bytes.Equal(a.der()[1:], set.Raw[1:])
	return a, nil
}

func parseAttribute(der []byte, l Limits) (attribute, error) {
	r := ber.NewReader(der)
	in := r.Enter(ber.Sequence)
	a := attribute{id: in.OID()}
	set := in.Enter(ber.Set)
	var nodes []ber.Node
	for set.More() {
		e := set.Any()
		a.values, nodes = append(a.values, e), append(nodes, ber.Raw(e.Raw))
	}
	in.End()
	r.End()
	if err := r.Err(); err != nil {
		return a, fmt.Errorf("%w: %w", ErrAttribute, err)
	}
	if len(a.values) == 0 || len(a.values) > l.Attributes {
		return a, fmt.Errorf("%w: %s with %d values", ErrAttribute, a.id, len(a.values))
	}
	a.node = ber.Seq(ber.ID(a.id), ber.SetOf(nodes...))
	return a, nil
}

// der is the set as DER under the tag SET OF: what a signature covers.
func (a attributes) der() []byte {
	nodes := make([]ber.Node, len(a.list))
	for i, one := range a.list {
		nodes[i] = one.node
	}
	return ber.SetOf(nodes...).Bytes()
}

func (a attributes) values(id string) []ber.Element {
	for _, one := range a.list {
		if one.id == id {
			return one.values
		}
	}
	return nil
}

// single is a reader at the only value of an attribute; nil if there is no such
// attribute.
func (a attributes) single(id string) (*ber.Reader, error) {
	switch v := a.values(id); len(v) {
	case 0:
		return nil, nil
	case 1:
		return ber.NewReader(v[0].Raw), nil
	default:
		return nil, fmt.Errorf("%w: %s with %d values", ErrAttribute, id, len(v))
	}
}

// contentType checks the attribute against the content (RFC 5652 section 11.1).
func (a attributes) contentType(want ContentType) error {
	r, err := a.single(attrContentType)
	if err != nil {
		return err
	}
	if r == nil {
		return fmt.Errorf("%w: content type", ErrAttributeMissing)
	}
	got := r.OID()
	if r.Err() != nil {
		return fmt.Errorf("%w: content type: %w", ErrAttribute, r.Err())
	}
	if ContentType(got) != want {
		return fmt.Errorf("%w: %s, the content is %s", ErrContentType, got, want)
	}
	return nil
}

// digest checks the message digest (RFC 5652 section 11.2).
func (a attributes) digest(want []byte) error {
	r, err := a.single(attrMessageDigest)
	if err != nil {
		return err
	}
	if r == nil {
		return fmt.Errorf("%w: message digest", ErrAttributeMissing)
	}
	got := r.Octets()
	if r.Err() != nil {
		return fmt.Errorf("%w: message digest: %w", ErrAttribute, r.Err())
	}
	if !bytes.Equal(got, want) {
		return ErrMessageDigest
	}
	return nil
}

// time is the signing time (RFC 5652 section 11.3), zero if there is none.
func (a attributes) time() (time.Time, error) {
	r, err := a.single(attrSigningTime)
	if r == nil || err != nil {
		return time.Time{}, err
	}
	t := r.Time()
	if r.Err() != nil {
		return time.Time{}, fmt.Errorf("%w: signing time: %w", ErrAttribute, r.Err())
	}
	return t, nil
}

// capabilities are the object identifiers of SMIMECapabilities (RFC 8551 section
// 2.5.2); a list that cannot be read is as good as none.
func (a attributes) capabilities() []string {
	r, err := a.single(attrCapabilities)
	if r == nil || err != nil {
		return nil
	}
	var ids []string
	for list := r.Enter(ber.Sequence); list.More(); {
		ids = append(ids, list.Enter(ber.Sequence).OID())
	}
	if r.Err() != nil {
		return nil
	}
	return ids
}

// certificate checks signingCertificate and signingCertificateV2 (RFC 5035): the
// first one listed is the signer's.
func (a attributes) certificate(cert *x509.Certificate) error {
	for _, id := range []string{attrCertificate, attrCertificateV2} {
		r, err := a.single(id)
		if err != nil {
			return err
		}
		if r == nil {
			continue
		}
		first := r.Enter(ber.Sequence).Enter(ber.Sequence).Enter(ber.Sequence)
		hash := gocrypto.SHA1
		if id == attrCertificateV2 {
			if hash = gocrypto.SHA256; first.Is(ber.Sequence) {
				if hash, err = algid.Digest(algid.Read(first, ber.Sequence)); err != nil {
					return fmt.Errorf("%w: signing certificate: %w", ErrAttribute, err)
				}
			}
		}
		sum := first.Octets()
		if r.Err() != nil {
			return fmt.Errorf("%w: signing certificate: %w", ErrAttribute, r.Err())
		}
		if !bytes.Equal(sum, algid.Sum(hash, cert.Raw)) {
			return ErrSigningCertificate
		}
	}
	return nil
}
