package crypto_test

import (
	gocrypto "crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"testing"

	"almasu/crypto"
	"almasu/crypto/cms"
	"almasu/exchange"
)

// inToken is a private key that is only a Signer and a Decrypter, as one in a
// token is.
type inToken struct {
	key  *rsa.PrivateKey
	away bool
}

func (k *inToken) Public() gocrypto.PublicKey { return k.key.Public() }

func (k *inToken) Sign(random io.Reader, digest []byte, o gocrypto.SignerOpts) ([]byte, error) {
	if k.away {
		return nil, fmt.Errorf("sign: %w", cms.ErrUnavailable)
	}
	return k.key.Sign(random, digest, o)
}

func (k *inToken) Decrypt(random io.Reader, b []byte, o gocrypto.DecrypterOpts) ([]byte, error) {
	if k.away {
		return nil, fmt.Errorf("decrypt: %w", cms.ErrUnavailable)
	}
	return k.key.Decrypt(random, b, o)
}

// TestKeyInAToken: it seals and opens like any other; while it does not answer,
// nothing is said against a message.
func TestKeyInAToken(t *testing.T) {
	o := staff()
	token := &inToken{key: o.self.key.(*rsa.PrivateKey)}
	set := o.keySet()
	set.SMIME[0].Data, set.SMIME[0].Private = o.self.pem(), token
	k := certRing(set)
	message := mail(gcm(opaqueEntity(entity(), o.alfa)))
	checkFacts(t, openWith(t, message, k), goodFacts)
	if _, err := crypto.Seal([]byte(entity()), "soc-alfa", k, now); err != nil {
		t.Error(err)
	}
	token.away = true
	if _, err := crypto.Open(message, k, crypto.Limits{}, now); !errors.Is(err, cms.ErrUnavailable) {
		t.Errorf("opening without the token: %v", err)
	}
	if _, err := crypto.Seal([]byte(entity()), "soc-alfa", k, now); !errors.Is(err, cms.ErrUnavailable) {
		t.Errorf("sealing without the token: %v", err)
	}
}

// TestCurveKeyInAToken signs and cannot open: nothing is sealed to it.
func TestCurveKeyInAToken(t *testing.T) {
	o := staff()
	own := certify(o.root, "NCCIS", curveKey(), nil)
	set := o.keySet()
	set.SMIME[0] = crypto.KeyFile{Owner: exchange.SelfSigner, File: "token.pem", Data: own.pem(), Private: struct{ gocrypto.Signer }{own.key}}
	k := certRing(set)
	if err := k.CanSign(now); err != nil {
		t.Error(err)
	}
	if k.CanSeal(exchange.SelfSigner, now) == nil {
		t.Error("sealed to a key that cannot open")
	}
	set.SMIME[0].Private = struct{ gocrypto.Signer }{curveKey()}
	if _, err := crypto.NewKeyring(set); err == nil {
		t.Error("the key of another certificate was taken")
	}
}
