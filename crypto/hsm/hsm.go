// Package hsm is private keys that stay in a token and are used by PKCS#11: they
// sign and decrypt, and never leave it. It owns the talk with the module of the
// token's maker, which is in the program only if it was built with the tag
// pkcs11. It refuses to take a token that does not answer for a message that
// cannot be opened (cms.ErrUnavailable: worth another try), and to tell a wrong
// padding from a wrong key.
package hsm

import (
	gocrypto "crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"almasu/crypto/cms"
)

// ErrNotBuilt says that the program cannot talk to tokens.
var ErrNotBuilt = errors.New("this almasu was built without PKCS#11: build it with `CGO_ENABLED=1 go build -tags pkcs11 ./cmd/almasu`")

// Token is where a key is.
type Token struct {
	Module string // path of the library of the token's maker
	Token  string // label of the token
	Label  string // of the private key
	PIN    []byte
}

// session is an open token with the key found in it. Its errors are those of the
// module.
type session interface {
	gocrypto.Signer
	gocrypto.Decrypter
	alive() error // nil: the token answers, whatever an operation said
	close()
}

// Key is a private key in a token: a gocrypto.Signer, and with RSA a
// gocrypto.Decrypter. The token is opened when it is needed first, and again
// after it was away. It may be shared.
type Key struct {
	token  Token
	public gocrypto.PublicKey
	open   func(Token) (session, error)
	held   *held
}

// held is the open token, apart from the key so that it outlives it by a moment.
type held struct {
	mu      sync.Mutex
	session session
}

// New is the key of a certificate's public key, *rsa or *ecdsa. It does not talk
// to the token: ErrNotBuilt is the only error about that.
func New(t Token, public gocrypto.PublicKey) (*Key, error) {
	if !Built {
		return nil, ErrNotBuilt
	}
	return newKey(t, public, open), nil
}

func newKey(t Token, public gocrypto.PublicKey, open func(Token) (session, error)) *Key {
	k := &Key{token: t, public: public, open: open, held: &held{}}
	// A reload makes other keys; the old ones are gone with their last message.
	runtime.AddCleanup(k, (*held).drop, k.held)
	return k
}

// Public is the public key of the certificate.
func (k *Key) Public() gocrypto.PublicKey { return k.public }

// Check opens the token and looks whether the key is there and the certificate's.
func (k *Key) Check() error {
	return k.use(func(s session) error { return s.alive() })
}

// Sign signs a digest.
func (k *Key) Sign(random io.Reader, digest []byte, o gocrypto.SignerOpts) (signature []byte, err error) {
	err = k.use(func(s session) error {
		var err error
		signature, err = s.Sign(random, digest, o)
		return err
	})
	return signature, err
}

// Decrypt opens what was encrypted with RSA. With a SessionKeyLen whatever is
// wrong in PKCS#1 v1.5 comes back as a random key of that length and no error, as
// crypto/rsa does it: nobody learns from us what the padding was (RFC 3218).
func (k *Key) Decrypt(random io.Reader, encrypted []byte, o gocrypto.DecrypterOpts) ([]byte, error) {
	//lint:ignore SA1019 partners' programs use PKCS #1 v1.5; a wrong key looks like a damaged message
	old, isOld := o.(*rsa.PKCS1v15DecryptOptions)
	if !isOld || old.SessionKeyLen == 0 {
		return k.decrypt(random, encrypted, o)
	}
	instead := make([]byte, old.SessionKeyLen)
	if _, err := io.ReadFull(random, instead); err != nil {
		return nil, fmt.Errorf("a random key: %w", err)
	}
	//lint:ignore SA1019 partners' programs use PKCS #1 v1.5; a wrong key looks like a damaged message
	key, err := k.decrypt(random, encrypted, &rsa.PKCS1v15DecryptOptions{}) // tokens know no other
	switch {
	case errors.Is(err, cms.ErrUnavailable):
		return nil, err
	case err != nil || len(key) != len(instead):
		return instead, nil
	}
	return key, nil
}

func (k *Key) decrypt(random io.Reader, encrypted []byte, o gocrypto.DecrypterOpts) (plain []byte, err error) {
	err = k.use(func(s session) error {
		var err error
		plain, err = s.Decrypt(random, encrypted, o)
		return err
	})
	return plain, err
}

// use does something with the token. If that fails, a token that does not answer
// any more is what is at fault; one that does has refused what it was given.
func (k *Key) use(do func(session) error) error {
	s, err := k.session()
	if err == nil {
		if err = do(s); err == nil {
			runtime.KeepAlive(k)
			return nil
		}
		if s.alive() == nil {
			return fmt.Errorf("token %q, key %q: %w", k.token.Token, k.token.Label, err)
		}
		k.held.drop()
	}
	return fmt.Errorf("token %q, key %q: %w: %w", k.token.Token, k.token.Label, cms.ErrUnavailable, err)
}

func (k *Key) session() (session, error) {
	k.held.mu.Lock()
	defer k.held.mu.Unlock()
	if k.held.session != nil {
		return k.held.session, nil
	}
	s, err := k.open(k.token)
	if err != nil {
		return nil, err
	}
	if own, ok := s.Public().(interface{ Equal(gocrypto.PublicKey) bool }); !ok || !own.Equal(k.public) {
		s.close()
		return nil, errors.New("the key in the token is not that of the certificate")
	}
	k.held.session = s
	return s, nil
}

func (h *held) drop() {
	h.mu.Lock()
	s := h.session
	h.session = nil
	h.mu.Unlock()
	if s != nil {
		s.close() // waits for whoever is at work with it
	}
}
