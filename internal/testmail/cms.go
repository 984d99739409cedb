package testmail

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // what must be refused
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// CMS (RFC 5652, RFC 5083) put together element by element, so that anything
// can be made of it that an honest program does not write. It shares no line
// with the room that reads it.

const (
	oidData         = "1.2.840.113549.1.7.1"
	oidSigned       = "1.2.840.113549.1.7.2"
	oidEnveloped    = "1.2.840.113549.1.7.3"
	oidAuthEnv      = "1.2.840.113549.1.9.16.1.23"
	oidContentType  = "1.2.840.113549.1.9.3"
	oidDigest       = "1.2.840.113549.1.9.4"
	oidSigningTime  = "1.2.840.113549.1.9.5"
	oidSHA256       = "2.16.840.1.101.3.4.2.1"
	oidSHA1         = "1.3.14.3.2.26"
	oidMD5          = "1.2.840.113549.2.5"
	oidRSA          = "1.2.840.113549.1.1.1"
	oidECDSASHA256  = "1.2.840.10045.4.3.2"
	oidECDSASHA1    = "1.2.840.10045.4.1"
	oidAES256CBC    = "2.16.840.1.101.3.4.1.42"
	oidAES256GCM    = "2.16.840.1.101.3.4.1.46"
	oidTripleDES    = "1.2.840.113549.3.7"
	oidCountersign  = "1.2.840.113549.1.9.6"
	oidSigningCert2 = "1.2.840.113549.1.9.16.2.47"
)

// tlv is one element: identifier octet, length, content.
func tlv(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	head := []byte{tag}
	switch n := len(body); {
	case n < 0x80:
		head = append(head, byte(n))
	case n < 0x100:
		head = append(head, 0x81, byte(n))
	case n < 0x10000:
		head = append(head, 0x82, byte(n>>8), byte(n))
	default:
		head = append(head, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(head, body...)
}

func seq(parts ...[]byte) []byte     { return tlv(0x30, parts...) }
func octets(b []byte) []byte         { return tlv(0x04, b) }
func number(n int64) []byte          { return bigNumber(big.NewInt(n)) }
func bigNumber(n *big.Int) []byte    { return must(asn1.Marshal(n)) }
func algorithm(oid string) []byte    { return seq(objectID(oid)) }
func withNull(oid string) []byte     { return seq(objectID(oid), []byte{5, 0}) }
func explicit(content []byte) []byte { return tlv(0xa0, content) }

// setOf sorts, as DER wants it.
func setOf(parts ...[]byte) []byte {
	parts = slices.Clone(parts)
	slices.SortFunc(parts, bytes.Compare)
	return tlv(0x31, parts...)
}

func objectID(s string) []byte {
	var id asn1.ObjectIdentifier
	n := 0
	for _, c := range s + "." {
		if c == '.' {
			id, n = append(id, n), 0
			continue
		}
		n = n*10 + int(c-'0')
	}
	return must(asn1.Marshal(id))
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic("testmail: " + err.Error()) // the values are constants of the tests
	}
	return b
}

// signer is one SignerInfo to be made.
type signer struct {
	by     *Certificate
	at     time.Time
	as     *Certificate                  // whose name stands in it; nil: by
	bare   bool                          // no signed attributes
	attrs  func(map[string][]byte)       // changes their values; a deleted one is left out
	twice  string                        // an attribute that stands there twice
	sha1   bool                          // SHA-1 instead of SHA-256
	after  func(signature []byte) []byte // changes the signature
	extras []byte                        // unsigned attributes, the content of [1]
}

// signedData is a SignedData to be made.
type signedData struct {
	content     []byte
	contentType string // "" is data
	detached    bool
	signers     []signer
	extra       []*Certificate // carried along besides the signers'
	noCerts     bool
	noDigests   bool // the digests of the signers are not announced
}

func attribute(oid string, value []byte) []byte { return seq(objectID(oid), tlv(0x31, value)) }

func (s signer) info(content []byte, contentType string) ([]byte, error) {
	hash, digest := crypto.SHA256, algorithm(oidSHA256)
	if s.sha1 {
		hash, digest = crypto.SHA1, algorithm(oidSHA1)
	}
	sum := func(b []byte) []byte { h := hash.New(); h.Write(b); return h.Sum(nil) }
	covered, attributes := content, []byte(nil)
	if !s.bare {
		values := map[string][]byte{oidContentType: objectID(contentType), oidDigest: octets(sum(content)),
			oidSigningTime: must(asn1.Marshal(s.at.UTC()))}
		if s.attrs != nil {
			s.attrs(values)
		}
		var list [][]byte
		for oid, value := range values {
			list = append(list, attribute(oid, value))
			if oid == s.twice {
				list = append(list, attribute(oid, value))
			}
		}
		covered = setOf(list...)
		attributes = append([]byte{0xa0}, covered[1:]...)
	}
	signature, err := s.by.Key.Sign(rand.Reader, sum(covered), hash)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if s.after != nil {
		signature = s.after(signature)
	}
	named := s.by
	if s.as != nil {
		named = s.as
	}
	scheme := algorithm(oidECDSASHA256)
	if _, isRSA := s.by.Key.(*rsa.PrivateKey); isRSA {
		scheme = withNull(oidRSA)
	} else if s.sha1 {
		scheme = algorithm(oidECDSASHA1)
	}
	parts := [][]byte{number(1), issuerSerial(named), digest, attributes, scheme, octets(signature)}
	if s.extras != nil {
		parts = append(parts, tlv(0xa1, s.extras))
	}
	return seq(parts...), nil
}

func issuerSerial(c *Certificate) []byte {
	return seq(c.X509.RawIssuer, bigNumber(c.X509.SerialNumber))
}

func (d signedData) bytes() ([]byte, error) {
	contentType := oidData
	if d.contentType != "" {
		contentType = d.contentType
	}
	var infos, digests, certs [][]byte
	for _, s := range d.signers {
		info, err := s.info(d.content, contentType)
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
		certs = append(certs, s.by.X509.Raw)
		digests = [][]byte{algorithm(oidSHA256)}
		if s.sha1 {
			digests = [][]byte{algorithm(oidSHA1)}
		}
	}
	for _, c := range d.extra {
		certs = append(certs, c.X509.Raw)
	}
	content := seq(objectID(contentType), explicit(octets(d.content)))
	if d.detached {
		content = seq(objectID(contentType))
	}
	if d.noDigests {
		digests = nil
	}
	parts := [][]byte{number(1), tlv(0x31, digests...), content}
	if !d.noCerts && len(certs) > 0 {
		parts = append(parts, tlv(0xa0, certs...))
	}
	parts = append(parts, tlv(0x31, infos...))
	return seq(objectID(oidSigned), explicit(seq(parts...))), nil
}

// envelope is an EnvelopedData (AES-256-CBC) or AuthEnvelopedData (AES-256-GCM)
// to be made, for holders of RSA certificates.
type envelope struct {
	to        []*Certificate
	gcm       bool
	tripleDES bool
	tag       int                        // octets of the GCM tag, 0 is 16
	cipher    string                     // written as the algorithm instead of what it is
	outer     string                     // written as the content type instead of what it is
	inner     string                     // type of the content, "" is data
	change    func(sealed []byte) []byte // of the encrypted content, tag not included
}

func (e envelope) bytes(content []byte) ([]byte, error) {
	session, cipherID := make([]byte, 32), oidAES256CBC
	newCipher := aes.NewCipher
	if e.tripleDES {
		session, cipherID, newCipher = session[:24], oidTripleDES, des.NewTripleDESCipher
	}
	_, _ = rand.Read(session)
	block, err := newCipher(session)
	if err != nil {
		return nil, err
	}
	var recipients [][]byte
	for _, c := range e.to {
		public, ok := c.X509.PublicKey.(*rsa.PublicKey)
		if !ok {
			return nil, fmt.Errorf("envelope: the key of %s is not RSA", c.X509.Subject)
		}
		//lint:ignore SA1019 what most partners still send
		sealed, err := rsa.EncryptPKCS1v15(rand.Reader, public, session)
		if err != nil {
			return nil, fmt.Errorf("envelope: %w", err)
		}
		recipients = append(recipients, seq(number(0), issuerSerial(c), withNull(oidRSA), octets(sealed)))
	}
	inner, kind := oidData, oidEnveloped
	if e.inner != "" {
		inner = e.inner
	}
	var sealed, tag, parameters []byte
	nonce := bytes.Repeat([]byte{0}, block.BlockSize())
	_, _ = rand.Read(nonce)
	if e.gcm {
		kind, cipherID = oidAuthEnv, oidAES256GCM
		sealed, tag, parameters, err = gcmSealed(block, nonce[:12], content, e.tag)
	} else {
		missing := len(nonce) - len(content)%len(nonce)
		sealed, parameters = append(bytes.Clone(content), bytes.Repeat([]byte{byte(missing)}, missing)...), octets(nonce)
		cipher.NewCBCEncrypter(block, nonce).CryptBlocks(sealed, sealed)
	}
	if err != nil {
		return nil, err
	}
	if e.change != nil {
		sealed = e.change(sealed)
	}
	if e.cipher != "" {
		cipherID = e.cipher
	}
	if e.outer != "" {
		kind = e.outer
	}
	parts := [][]byte{number(0), tlv(0x31, recipients...), seq(objectID(inner), seq(objectID(cipherID), parameters), tlv(0x80, sealed))}
	if kind == oidAuthEnv {
		parts = append(parts, octets(tag))
	}
	return seq(objectID(kind), explicit(seq(parts...))), nil
}

func gcmSealed(block cipher.Block, nonce, content []byte, size int) (sealed, tag, parameters []byte, err error) {
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, nil, nil, err
	}
	whole := aead.Seal(nil, nonce, content, nil)
	sealed, tag = whole[:len(content)], whole[len(content):]
	parameters = seq(octets(nonce), number(16))
	if size > 0 {
		tag, parameters = tag[:size], seq(octets(nonce), number(int64(size)))
	}
	return sealed, tag, parameters, nil
}
