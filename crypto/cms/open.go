package cms

import (
	gocrypto "crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
)

// ErrNotForUs says that no encrypted key names a certificate of the keys given.
var ErrNotForUs = errors.New("the message is encrypted to other certificates")

// Key is a certificate with its private key: a gocrypto.Decrypter with an RSA
// key, an *ecdsa.PrivateKey, or an ecdh.KeyExchanger such as *ecdh.PrivateKey.
type Key struct {
	Certificate *x509.Certificate
	Private     gocrypto.PrivateKey
}

// OpenOptions are the choices of Open; the zero value is the safe one.
type OpenOptions struct {
	Limits       Limits
	Insecure3DES bool      // open 3DES too
	Rand         io.Reader // nil: crypto/rand

	// ReleaseUnauthenticated lets OpenReader give out CBC content as it comes,
	// before it is known whether its end is there. It never applies to AES-GCM.
	ReleaseUnauthenticated bool
}

// Opened is a decrypted content and how it was protected.
type Opened struct {
	Type          ContentType // what the content is: Data for S/MIME
	Content       []byte
	Cipher        Cipher
	Authenticated bool   // AES-GCM verified it; false: see the package comment
	TypeProtected bool   // Type is id-data, or an authenticated attribute
	Key           int    // which of the keys opened it
	Recipient     int    // which RecipientInfo, from 0
	Recipients    int    // how many there are
	KeyManagement string // object identifier of the key transport or agreement
}

// Open decrypts EnvelopedData or AuthEnvelopedData with the first of the keys
// that fits. Errors: ErrMalformed, ErrTrailingData, ErrTooLarge, ErrWrongType,
// ErrUnsupported, ErrParameters, ErrInsecureCipher, ErrNotForUs, ErrDecrypt, and
// ErrUnavailable, the only one that is worth another try. Opened is filled on an
// error as far as the message was read, without content.
func Open(raw []byte, keys []Key, o OpenOptions) (Opened, error) {
	l := o.Limits.orDefaults()
	e, err := parseEnvelope(raw, l)
	if err != nil {
		return Opened{}, err
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	return e.open(keys, o, l)
}

// open decrypts the content with the first key that fits.
func (e *envelope) open(keys []Key, o OpenOptions, l Limits) (Opened, error) {
	out, c, err := e.describe(o)
	if err != nil {
		return out, err
	}
	err = e.eachKey(keys, c.keySize, l.Attempts, o.Rand, func(cek []byte, k encryptedKey, own int) error {
		content, err := c.decrypt(cek, e.buffer(), e.attributes)
		if err != nil {
			return err
		}
		if int64(len(content)) > l.Content {
			return fmt.Errorf("%w: a content of %d bytes, at most %d", ErrTooLarge, len(content), l.Content)
		}
		out.Content, out.Key, out.Recipient, out.KeyManagement = content, own, k.recipient, k.algorithm.ID
		out.Authenticated = c.aead
		return nil
	})
	return out, err
}

// describe says what can be told before decrypting, and refuses a cipher that
// does not belong here: AuthEnvelopedData is AES-GCM, EnvelopedData never is.
func (e *envelope) describe(o OpenOptions) (Opened, contentCipher, error) {
	out := Opened{Type: e.contentType, Recipients: e.recipients, TypeProtected: e.contentType == Data || e.attributes != nil}
	c, err := parseCipher(e.algorithm)
	if err != nil {
		return out, c, err
	}
	out.Cipher = c.name
	switch {
	case c.aead != e.authenticated:
		return out, c, fmt.Errorf("%w: %s in the wrong kind of envelope", ErrMalformed, c.name)
	case c.aead && len(e.tag) != c.tag:
		return out, c, fmt.Errorf("%w: a tag of %d bytes where %d are announced", ErrMalformed, len(e.tag), c.tag)
	case c.name == TripleDES && !o.Insecure3DES:
		return out, c, fmt.Errorf("%w: %s", ErrInsecureCipher, c.name)
	}
	return out, c, nil
}

// buffer is the ciphertext in one piece with the tag behind it, in fresh memory.
func (e *envelope) buffer() []byte {
	buf := make([]byte, 0, e.size+int64(len(e.tag)))
	_ = e.ciphertext.EachSegment(func(b []byte) error { // parseEnvelope went through it
		buf = append(buf, b...)
		return nil
	})
	return append(buf, e.tag...)
}

// eachKey recovers the content key with each of our keys that the message names
// until try is content with one. The first error of a kind worth telling stays.
func (e *envelope) eachKey(keys []Key, size, attempts int, random io.Reader, try func(cek []byte, k encryptedKey, own int) error) error {
	result := fmt.Errorf("%w (%d of them)", ErrNotForUs, e.recipients)
	for _, match := range []func(Identifier, *x509.Certificate) bool{Identifier.Matches, Identifier.sameSerial} {
		for own, key := range keys {
			for _, k := range e.keys {
				if key.Certificate == nil || !match(k.id, key.Certificate) {
					continue
				}
				if attempts--; attempts < 0 {
					return result
				}
				cek, err := k.recover(key.Private, size, random)
				if err == nil {
					err = try(cek, k, own)
				}
				if err == nil || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrTooLarge) {
					return err
				}
				if errors.Is(result, ErrNotForUs) || errors.Is(err, ErrDecrypt) {
					result = err
				}
			}
		}
		if !errors.Is(result, ErrNotForUs) {
			return result
		}
	}
	return result
}

func (k encryptedKey) recover(private gocrypto.PrivateKey, size int, random io.Reader) ([]byte, error) {
	if k.agreement != nil {
		return agree(k, private)
	}
	return transport(k, private, size, random)
}
