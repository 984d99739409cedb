package hsm

import (
	"bytes"
	gocrypto "crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"testing"

	"almasu/crypto/cms"
)

// fake is a token made of a key in memory.
type fake struct {
	*rsa.PrivateKey
	away   bool // no operation succeeds
	closed int
}

var errDevice = errors.New("CKR_DEVICE_REMOVED")

func (f *fake) alive() error {
	if f.away {
		return errDevice
	}
	return nil
}

func (f *fake) close() { f.closed++ }

func (f *fake) Sign(random io.Reader, digest []byte, o gocrypto.SignerOpts) ([]byte, error) {
	if f.away {
		return nil, errDevice
	}
	return f.PrivateKey.Sign(random, digest, o)
}

func (f *fake) Decrypt(random io.Reader, b []byte, o gocrypto.DecrypterOpts) ([]byte, error) {
	if f.away {
		return nil, errDevice
	}
	//lint:ignore SA1019 what partners' programs send
	if o, ok := o.(*rsa.PKCS1v15DecryptOptions); ok && o.SessionKeyLen > 0 {
		return nil, errors.New("tokens know no session keys")
	}
	return f.PrivateKey.Decrypt(random, b, o)
}

func newFake(t *testing.T) *fake {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &fake{PrivateKey: key}
}

// TestNoOracle: a wrong padding and a wrong length look like a right one, to
// another key.
func TestNoOracle(t *testing.T) {
	f := newFake(t)
	k := newKey(Token{}, f.Public(), func(Token) (session, error) { return f, nil })
	want := bytes.Repeat([]byte{7}, 32)
	encrypt := func(b []byte) []byte {
		//lint:ignore SA1019 what partners' programs send
		out, err := rsa.EncryptPKCS1v15(rand.Reader, &f.PublicKey, b)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	//lint:ignore SA1019 what partners' programs send
	options := &rsa.PKCS1v15DecryptOptions{SessionKeyLen: 32}
	got, err := k.Decrypt(rand.Reader, encrypt(want), options)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x %v", got, err)
	}
	seen := map[string]bool{}
	for name, b := range map[string][]byte{"padding": bytes.Repeat([]byte{1}, 256), "too short": encrypt(want[:16]), "too long": encrypt(append(want, 1)), "no ciphertext": {1}} {
		got, err := k.Decrypt(rand.Reader, b, options)
		if err != nil || len(got) != 32 || bytes.Equal(got, want) || seen[string(got)] {
			t.Errorf("%s: %x %v", name, got, err)
		}
		seen[string(got)] = true
	}
}

// TestAwayAndBack: a token that does not answer is worth another try, and is
// opened anew; one that refuses what it is given is not at fault.
func TestAwayAndBack(t *testing.T) {
	f := newFake(t)
	opened, absent := 0, true
	k := newKey(Token{Token: "t"}, f.Public(), func(Token) (session, error) {
		if opened++; absent {
			return nil, errDevice
		}
		return f, nil
	})
	digest := make([]byte, 32)
	sign := func() error { _, err := k.Sign(rand.Reader, digest, gocrypto.SHA256); return err }
	open := func() error {
		//lint:ignore SA1019 what partners' programs send
		_, err := k.Decrypt(rand.Reader, digest, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: 32})
		return err
	}
	for _, f := range []func() error{sign, open, k.Check} {
		if err := f(); !errors.Is(err, cms.ErrUnavailable) || !errors.Is(err, errDevice) {
			t.Errorf("absent: %v", err)
		}
	}
	absent = false
	for _, f := range []func() error{sign, open, k.Check} {
		if err := f(); err != nil {
			t.Errorf("there: %v", err)
		}
	}
	if opened != 4 {
		t.Errorf("opened %d times", opened)
	}
	if _, err := k.Sign(rand.Reader, digest[:3], gocrypto.SHA256); err == nil || errors.Is(err, cms.ErrUnavailable) {
		t.Errorf("a digest of another length: %v", err)
	}
	f.away = true
	for _, f := range []func() error{sign, open, k.Check} {
		if err := f(); !errors.Is(err, cms.ErrUnavailable) {
			t.Errorf("away: %v", err)
		}
	}
	if f.closed == 0 {
		t.Error("the session of a token that was away is not given up")
	}
	f.away = false
	if err := sign(); err != nil {
		t.Errorf("back: %v", err)
	}
	other := newKey(Token{}, newFake(t).Public(), func(Token) (session, error) { return f, nil })
	if err := other.Check(); !errors.Is(err, cms.ErrUnavailable) {
		t.Errorf("the key of another certificate: %v", err)
	}
}

// TestBuilt: a program without the tag says so at once.
func TestBuilt(t *testing.T) {
	if _, err := New(Token{}, newFake(t).Public()); Built == errors.Is(err, ErrNotBuilt) {
		t.Errorf("built %t: %v", Built, err)
	}
}
