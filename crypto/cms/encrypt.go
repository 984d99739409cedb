package cms

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// Recipient is a certificate to encrypt to. RSA-OAEP with SHA-256 and naming by
// issuer and serial number are the defaults.
type Recipient struct {
	Certificate *x509.Certificate
	PKCS1v15    bool // RSA key transport as old mail programs read it
	ByKeyID     bool // name the certificate by its subject key identifier
}

// EncryptOptions are the choices of Encrypt.
type EncryptOptions struct {
	Cipher Cipher      // "" is AES256GCM
	Type   ContentType // of the content; "" is Data
	Rand   io.Reader   // nil: crypto/rand
}

// Encrypt makes AuthEnvelopedData (AES-GCM) or EnvelopedData (AES-CBC) that each
// of the recipients can open. The key usage of their certificates is respected;
// whether they are valid is for the caller to know.
func Encrypt(content []byte, to []Recipient, o EncryptOptions) ([]byte, error) {
	if len(to) == 0 || slices.ContainsFunc(to, func(r Recipient) bool { return r.Certificate == nil }) {
		return nil, errors.New("encrypting: no recipient is given, or one without a certificate")
	}
	if o.Type == "" {
		o.Type = Data
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	c, key, err := newCipher(o)
	if err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	var infos []ber.Node
	version := 0
	for _, r := range to {
		info, v, err := r.info(key, o.Rand)
		if err != nil {
			return nil, fmt.Errorf("encrypting to %q: %w", r.Certificate.Subject, err)
		}
		infos = append(infos, info)
		if v != 0 {
			version = 2 // RFC 5652 section 6.1
		}
	}
	var protected []ber.Node
	var additional []byte
	if c.aead && o.Type != Data { // RFC 5083 section 2.1
		protected = []ber.Node{ber.Seq(ber.ID(attrContentType), ber.SetOf(ber.ID(string(o.Type))))}
		additional = ber.SetOf(protected...).Bytes()
	}
	ciphertext, tag, err := c.encrypt(key, content, additional)
	if err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	inner := ber.Seq(ber.ID(string(o.Type)), c.node(), ber.Implicit(0, ciphertext))
	if !c.aead {
		return wrapped(EnvelopedData, ber.Seq(ber.Int(version), ber.SetOf(infos...), inner)), nil
	}
	attributes := ber.Node{}
	if protected != nil {
		attributes = ber.ImplicitSetOf(1, protected...)
	}
	return wrapped(AuthEnvelopedData, ber.Seq(ber.Int(0), ber.SetOf(infos...), inner, attributes, ber.Octets(tag))), nil
}

// newCipher draws a content key and an initial vector.
func newCipher(o EncryptOptions) (contentCipher, []byte, error) {
	if o.Cipher == "" {
		o.Cipher = AES256GCM
	}
	for _, k := range ciphers {
		if k.name != o.Cipher || k.name == TripleDES {
			continue
		}
		c := contentCipher{name: k.name, keySize: k.keySize, aead: k.aead, iv: make([]byte, 16)}
		if c.aead {
			c.iv, c.tag = c.iv[:nonceSize], tagSize
		}
		key := make([]byte, c.keySize)
		if _, err := io.ReadFull(o.Rand, key); err != nil {
			return c, nil, fmt.Errorf("a random key: %w", err)
		}
		if _, err := io.ReadFull(o.Rand, c.iv); err != nil {
			return c, nil, fmt.Errorf("a random initial vector: %w", err)
		}
		return c, key, nil
	}
	return contentCipher{}, nil, fmt.Errorf("%w: content cipher %q", ErrUnsupported, o.Cipher)
}

// info is the RecipientInfo, and its version.
func (r Recipient) info(key []byte, random io.Reader) (ber.Node, int, error) {
	public, err := algid.KeyOf(r.Certificate)
	if err != nil {
		return ber.Node{}, 0, err
	}
	id, err := identify(r.Certificate, r.ByKeyID)
	if err != nil {
		return ber.Node{}, 0, err
	}
	usage, needed := r.Certificate.KeyUsage, x509.KeyUsageKeyAgreement
	p, isRSA := public.Public.(*rsa.PublicKey)
	if isRSA {
		needed = x509.KeyUsageKeyEncipherment
	}
	if usage != 0 && usage&needed == 0 {
		return ber.Node{}, 0, errors.New("the key usage of the certificate does not allow encryption to it")
	}
	if !isRSA {
		info, err := r.agreement(public, id, key, random)
		return info, 3, err
	}
	if public.Algorithm.ID == algid.RSAPSS || r.PKCS1v15 && public.Algorithm.ID != algid.RSA {
		return ber.Node{}, 0, fmt.Errorf("%w: the key is bound to %s", algid.ErrKeyMismatch, public.Algorithm.ID)
	}
	encrypted, err := transportTo(p, r.PKCS1v15, key, random)
	if err != nil {
		return ber.Node{}, 0, err
	}
	version, how := 0, algid.OAEPNode(oaepHash)
	if r.ByKeyID {
		version = 2
	}
	if r.PKCS1v15 {
		how = algid.Node(algid.RSA, ber.Nil())
	}
	return ber.Seq(ber.Int(version), id.node(), how, ber.Octets(encrypted)), version, nil
}

// agreement is a KeyAgreeRecipientInfo with a fresh key of ours (RFC 5753
// section 3.1, RFC 8418): the digest of the size of the curve, a wrap as strong
// as the content cipher.
func (r Recipient) agreement(public algid.Key, id Identifier, key []byte, random io.Reader) (ber.Node, error) {
	theirs, scheme, err := agreementWith(public)
	if err != nil {
		return ber.Node{}, err
	}
	ours, err := theirs.Curve().GenerateKey(random)
	if err != nil {
		return ber.Node{}, err
	}
	secret, err := ours.ECDH(theirs)
	if err != nil {
		return ber.Node{}, err
	}
	how := ber.Node{}
	for _, w := range wraps {
		if w.size == len(key) {
			how = algid.Node(w.id, ber.Node{})
		}
	}
	kek, err := derive(scheme, secret, nil, how.Bytes(), len(key))
	if err != nil {
		return ber.Node{}, err
	}
	encrypted, err := wrap(kek, key)
	if err != nil {
		return ber.Node{}, err
	}
	name := id.node()
	if r.ByKeyID {
		name = ber.Explicit(0, ber.Octets(id.KeyID))
	}
	originator := ber.Explicit(1, algid.Node(public.Algorithm.ID, ber.Node{}), ber.Bits(ours.PublicKey().Bytes()))
	return ber.Explicit(1, ber.Int(3), ber.Explicit(0, originator), algid.Node(scheme, how),
		ber.Seq(ber.Seq(name, ber.Octets(encrypted)))), nil
}

// agreementWith is the recipient's key for ECDH and the scheme that suits it.
func agreementWith(public algid.Key) (*ecdh.PublicKey, string, error) {
	switch p := public.Public.(type) {
	case *ecdh.PublicKey:
		return p, "1.2.840.113549.1.9.16.3.19", nil
	case *ecdsa.PublicKey:
		key, err := p.ECDH()
		if err != nil {
			return nil, "", fmt.Errorf("%w: encrypting to a key on %s", ErrUnsupported, public.Name())
		}
		switch key.Curve() {
		case ecdh.P384():
			return key, "1.3.132.1.11.2", nil
		case ecdh.P521():
			return key, "1.3.132.1.11.3", nil
		}
		return key, "1.3.132.1.11.1", nil
	}
	return nil, "", fmt.Errorf("%w: encrypting to a key of %s", ErrUnsupported, public.Name())
}
