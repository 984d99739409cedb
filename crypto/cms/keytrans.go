package cms

import (
	gocrypto "crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"

	"almasu/crypto/cms/algid"
)

// ErrUnavailable is what a Decrypter or key exchanger wraps when it cannot be
// reached now (a token that does not answer). Open then stops with it, so that
// the caller tries again later instead of taking the message for damaged.
var ErrUnavailable = errors.New("the private key is not available at the moment")

// transport recovers a content key of `size` bytes that was encrypted with RSA
// (RFC 3370 section 4.2.1, RFC 8017).
func transport(k encryptedKey, private gocrypto.PrivateKey, size int, random io.Reader) ([]byte, error) {
	decrypter, ok := private.(gocrypto.Decrypter)
	if !ok {
		return nil, fmt.Errorf("%w: key transport to a key of type %T", ErrUnsupported, private)
	}
	if _, ok := decrypter.Public().(*rsa.PublicKey); !ok {
		return nil, fmt.Errorf("%w: key transport to a key of type %T", ErrUnsupported, decrypter.Public())
	}
	switch k.algorithm.ID {
	case algid.RSA:
		return sessionKey(decrypter, k.encrypted, size, random)
	case algid.RSAOAEP:
		o, err := algid.ParseOAEP(k.algorithm)
		if err != nil {
			return nil, err
		}
		key, err := decrypter.Decrypt(random, k.encrypted, o)
		if err != nil {
			return nil, failed(err)
		}
		return key, nil
	}
	return nil, fmt.Errorf("%w: key transport %s", ErrUnsupported, k.algorithm.ID)
}

// sessionKey opens PKCS#1 v1.5 without becoming an oracle (RFC 3218): whatever
// is wrong with the padding, a random key comes back and the content then fails
// like any damaged one.
func sessionKey(d gocrypto.Decrypter, encrypted []byte, size int, random io.Reader) ([]byte, error) {
	key := make([]byte, size)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("a random key: %w", err)
	}
	if private, ok := d.(*rsa.PrivateKey); ok {
		// Constant time in the padding; an error is only a ciphertext longer than the key.
		//lint:ignore SA1019 partners' programs use PKCS #1 v1.5; a wrong key looks like a damaged message
		if err := rsa.DecryptPKCS1v15SessionKey(random, private, encrypted, key); err != nil {
			return nil, ErrDecrypt
		}
		return key, nil
	}
	//lint:ignore SA1019 partners' programs use PKCS #1 v1.5; a wrong key looks like a damaged message
	got, err := d.Decrypt(random, encrypted, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: size})
	if err != nil && !errors.Is(err, ErrUnavailable) {
		// Tokens know plain PKCS#1 v1.5 alone.
		//lint:ignore SA1019 partners' programs use PKCS #1 v1.5; a wrong key looks like a damaged message
		got, err = d.Decrypt(random, encrypted, &rsa.PKCS1v15DecryptOptions{})
	}
	if errors.Is(err, ErrUnavailable) {
		return nil, err
	}
	if err != nil || len(got) != size {
		return key, nil
	}
	return got, nil
}

// failed: whatever a private key says to an encrypted key is ErrDecrypt, unless
// the key is not there.
func failed(err error) error {
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	return ErrDecrypt
}

// oaepHash is the digest of the RSA-OAEP that we write.
const oaepHash = gocrypto.SHA256

// transportTo encrypts a content key with RSA.
func transportTo(public *rsa.PublicKey, pkcs1v15 bool, key []byte, random io.Reader) ([]byte, error) {
	if pkcs1v15 {
		//lint:ignore SA1019 partners' programs use PKCS #1 v1.5; a wrong key looks like a damaged message
		return rsa.EncryptPKCS1v15(random, public, key)
	}
	return rsa.EncryptOAEP(oaepHash.New(), random, public, key, nil)
}
