package cms

import (
	"fmt"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// envelope is an EnvelopedData or AuthEnvelopedData as read.
type envelope struct {
	authenticated bool
	recipients    int
	keys          []encryptedKey
	contentType   ContentType
	algorithm     algid.Algorithm
	ciphertext    ber.Element
	size          int64
	attributes    []byte // authAttrs as DER under SET OF: what is authenticated besides
	tag           []byte
}

// encryptedKey is the content-encryption key for one recipient.
type encryptedKey struct {
	recipient int // which RecipientInfo, from 0
	id        Identifier
	algorithm algid.Algorithm
	encrypted []byte
	agreement *agreement // nil for key transport
}

// agreement is what the recipients of one KeyAgreeRecipientInfo share.
type agreement struct {
	algorithm algid.Algorithm // of the originator's key
	public    []byte
	static    bool // the originator is named by a certificate instead
	ukm       []byte
}

// parseEnvelope reads the outside of the message (RFC 5652 section 6.1, RFC 5083
// section 2.1).
func parseEnvelope(raw []byte, l Limits) (*envelope, error) {
	t, in, err := open(raw, EnvelopedData, AuthEnvelopedData)
	if err != nil {
		return nil, err
	}
	e := envelope{authenticated: t == AuthEnvelopedData}
	in.Int() // the version follows from what is there
	if in.Is(ber.Context(0)) {
		in.Any() // originatorInfo: certificates that nothing here needs
	}
	if err := e.readRecipients(in.Enter(ber.Set), l); err != nil {
		return nil, err
	}
	inner := in.Enter(ber.Sequence)
	e.contentType = ContentType(inner.OID())
	e.algorithm = algid.Read(inner, ber.Sequence)
	if !inner.More() && in.Err() == nil {
		return nil, malformed("EncryptedContentInfo", fmt.Errorf("%w: the content is not in the message", ErrUnsupported))
	}
	e.ciphertext = inner.Element(ber.Context(0))
	inner.End()
	if e.authenticated {
		err = e.readAuthentication(in, l)
	} else if in.Is(ber.Context(1)) {
		in.Any() // unprotectedAttrs: nobody vouches for them
	}
	in.End()
	if err == nil {
		err = malformed("EnvelopedData", in.Err())
	}
	if err != nil {
		return nil, err
	}
	if e.size, err = octets(e.ciphertext); err != nil {
		return nil, malformed("EncryptedContentInfo", err)
	}
	if e.size > l.Content+tagSize {
		return nil, fmt.Errorf("%w: an encrypted content of %d bytes, at most %d", ErrTooLarge, e.size, l.Content)
	}
	return &e, nil
}

// octets is the length of a string in segments.
func octets(e ber.Element) (n int64, err error) {
	err = e.EachSegment(func(b []byte) error {
		n += int64(len(b))
		return nil
	})
	return n, err
}

// readAuthentication reads authAttrs and the tag. The content type must be an
// authenticated attribute unless it is id-data (RFC 5083 section 2.1).
func (e *envelope) readAuthentication(in *ber.Reader, l Limits) error {
	if in.Is(ber.Context(1)) {
		set := in.Element(ber.Context(1))
		list, err := parseAttributes(set, l)
		if err != nil {
			return err
		}
		if err := list.contentType(e.contentType); err != nil {
			return err
		}
		e.attributes = list.der()
	}
	e.tag = in.Octets()
	if in.Is(ber.Context(2)) {
		in.Any() // unauthAttrs
	}
	return nil
}

func (e *envelope) readRecipients(set *ber.Reader, l Limits) error {
	for ; set.More(); e.recipients++ {
		if e.recipients >= l.Recipients || len(e.keys) > l.Recipients {
			return tooMany("recipients", l.Recipients)
		}
		switch {
		case set.Is(ber.Sequence):
			e.readTransport(set.Enter(ber.Sequence))
		case set.Is(ber.Context(1)):
			e.readAgreement(set.Enter(ber.Context(1)), l)
		default:
			set.Any() // by shared key, by password, by other means: not for certificates
		}
	}
	return malformed("RecipientInfo", set.Err())
}

// readTransport: RFC 5652 section 6.2.1.
func (e *envelope) readTransport(in *ber.Reader) {
	k := encryptedKey{recipient: e.recipients}
	in.Int()
	if in.Is(ber.Context(0)) {
		k.id.KeyID = in.OctetsAs(ber.Context(0))
	} else {
		k.id = readIssuerSerial(in)
	}
	k.algorithm = algid.Read(in, ber.Sequence)
	k.encrypted = in.Octets()
	in.End()
	e.keys = append(e.keys, k)
}

// readAgreement: RFC 5652 section 6.2.2.
func (e *envelope) readAgreement(in *ber.Reader, l Limits) {
	var a agreement
	in.Int()
	originator := in.Enter(ber.Context(0))
	if originator.Is(ber.Context(1)) {
		key := originator.Enter(ber.Context(1))
		a.algorithm = algid.Read(key, ber.Sequence)
		a.public = key.Bits()
		key.End()
	} else {
		originator.Any()
		a.static = true
	}
	originator.End()
	if in.Is(ber.Context(1)) {
		ukm := in.Enter(ber.Context(1))
		a.ukm = ukm.Octets()
		ukm.End()
	}
	algorithm := algid.Read(in, ber.Sequence)
	list := in.Enter(ber.Sequence)
	in.End()
	for list.More() && len(e.keys) <= l.Recipients {
		one := list.Enter(ber.Sequence)
		k := encryptedKey{recipient: e.recipients, algorithm: algorithm, agreement: &a}
		if one.Is(ber.Context(0)) {
			id := one.Enter(ber.Context(0))
			k.id.KeyID = id.Octets() // a date and other attributes may follow
		} else {
			k.id = readIssuerSerial(one)
		}
		k.encrypted = one.Octets()
		one.End()
		e.keys = append(e.keys, k)
	}
}
