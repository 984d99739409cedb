//go:build pkcs11

package hsm

import (
	gocrypto "crypto"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ThalesGroup/crypto11"
)

// Built says whether the program can talk to tokens.
const Built = true

// How much of a token one key uses, and how long it waits for a session.
const (
	maxSessions = 8
	maxWait     = 10 * time.Second
)

// token is the key in an open token.
type token struct {
	crypto11.Signer
	context *crypto11.Context
	label   []byte
}

func open(t Token) (session, error) {
	context, err := crypto11.Configure(&crypto11.Config{Path: t.Module, TokenLabel: t.Token, Pin: string(t.PIN), MaxSessions: maxSessions,
		PoolWaitTimeout: maxWait})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", t.Module, err)
	}
	key, err := find(context, []byte(t.Label))
	if err != nil {
		return nil, errors.Join(err, context.Close())
	}
	return &token{key, context, []byte(t.Label)}, nil
}

// find is the key pair with the label: the public part stands in the token, too.
func find(context *crypto11.Context, label []byte) (crypto11.Signer, error) {
	pair, err := context.FindKeyPair(nil, label)
	if err == nil && pair == nil {
		err = errors.New("it is not there")
	}
	if err != nil {
		return nil, fmt.Errorf("find the key pair with the label %q: %w", label, err)
	}
	return pair, nil
}

func (t *token) alive() error {
	_, err := find(t.context, t.label)
	return err
}

func (t *token) close() { _ = t.context.Close() } // it is given up in any case

// Decrypt is the token's, where its key decrypts at all.
func (t *token) Decrypt(random io.Reader, encrypted []byte, o gocrypto.DecrypterOpts) ([]byte, error) {
	d, ok := t.Signer.(gocrypto.Decrypter)
	if !ok {
		return nil, errors.New("the key is not for decryption")
	}
	return d.Decrypt(random, encrypted, o)
}
