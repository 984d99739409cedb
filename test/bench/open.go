package main

import (
	"bytes"
	gocrypto "crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"almasu/crypto"
	"almasu/exchange"
)

// opened is the line of one way to seal: what opening costs beside the bare
// operations of the standard library that it cannot do without.
type opened struct {
	Bench  string  `json:"bench"`
	Alg    string  `json:"alg"`
	Octets int     `json:"octets"` // of the entity inside
	Open   float64 `json:"open_us"`
	Bare   float64 `json:"bare_us"`
	Ratio  float64 `json:"ratio"` // bare to open
}

// sealing is one way to seal, with the bare operations of opening it.
type sealing struct {
	alg  string
	keys func(now time.Time) (ours, theirs crypto.KeySet, err error)
	bare func(octets int) (func() error, error)
}

// openings measures each way with a small and, where the asymmetric part does
// not drown it, a large entity, on one core, the two turn by turn.
func openings(octets int, d time.Duration) error {
	for _, s := range []sealing{
		{"openpgp-x25519", openPGPKeys(0), bareOpenPGP(bareX25519)}, {"openpgp-rsa3072", openPGPKeys(3072), bareOpenPGP(bareRSA(3072, false))},
		{"openpgp-rsa4096", openPGPKeys(4096), bareOpenPGP(bareRSA(4096, false))},
		{"smime-p256", certificates(p256), bareCMS(bareP256)}, {"smime-rsa3072", certificates(rsa3072), bareCMS(bareRSA(3072, true))},
	} {
		for _, n := range []int{octets, 5 << 20} {
			if err := s.measure(n, d); err != nil {
				return fmt.Errorf("open %s: %w", s.alg, err)
			}
		}
	}
	return nil
}

func (s sealing) measure(octets int, d time.Duration) error {
	now := time.Now()
	ours, theirs, err := s.keys(now.Add(-time.Hour))
	if err != nil {
		return err
	}
	ring, err := crypto.NewKeyring(ours)
	if err != nil {
		return err
	}
	sender, err := crypto.NewKeyring(theirs)
	if err != nil {
		return err
	}
	line := []byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab\r\n")
	entity := append([]byte("Content-Type: text/plain\r\n\r\n"), bytes.Repeat(line, octets/len(line))...)
	sealed, err := crypto.Seal(entity, nccis, sender, now)
	if err != nil {
		return err
	}
	raw := slices.Concat([]byte("From: "+socMail+"\r\n"), sealed.Header, []byte("\r\n"), sealed.Body)
	bare, err := s.bare(len(entity))
	if err != nil {
		return err
	}
	open := func() error {
		o, err := crypto.Open(raw, ring, crypto.Limits{}, now)
		if err == nil && (o.Security.Signature != exchange.SignatureValid || len(o.Payload) != 1) {
			err = fmt.Errorf("it does not open: %+v", o.Security)
		}
		return err
	}
	took, err := turns(d, open, bare)
	if err != nil {
		return err
	}
	return say(opened{Bench: "open", Alg: s.alg, Octets: len(entity), Open: round(took[0]), Bare: round(took[1]), Ratio: round(took[1] / took[0])})
}

// turns runs functions turn by turn for about d and gives the median of each in
// microseconds.
func turns(d time.Duration, functions ...func() error) ([]float64, error) {
	took := make([][]float64, len(functions))
	for begun := time.Now(); time.Since(begun) < d || len(took[0]) < 5; {
		for i, f := range functions {
			start := time.Now()
			if err := f(); err != nil {
				return nil, err
			}
			took[i] = append(took[i], float64(time.Since(start).Nanoseconds())/1000)
		}
	}
	out := make([]float64, len(functions))
	for i, list := range took {
		slices.Sort(list)
		out[i] = list[len(list)/2]
	}
	return out, nil
}

// bareOpenPGP adds to the asymmetric operations AES-256-CFB, the modification
// detection code and the hash of the signature.
func bareOpenPGP(asymmetric func() (func() error, error)) func(int) (func() error, error) {
	return func(octets int) (func() error, error) {
		private, err := asymmetric()
		if err != nil {
			return nil, err
		}
		sealed, plain := make([]byte, octets), make([]byte, octets)
		return func() error {
			block, err := aes.NewCipher(make([]byte, 32))
			if err != nil {
				return err
			}
			//lint:ignore SA1019 OpenPGP is CFB
			cipher.NewCFBDecrypter(block, make([]byte, 16)).XORKeyStream(plain, sealed)
			sha1.Sum(plain)
			sha256.Sum256(plain)
			return private()
		}, nil
	}
}

// bareCMS adds AES-256-GCM and the hash of the signature.
func bareCMS(asymmetric func() (func() error, error)) func(int) (func() error, error) {
	return func(octets int) (func() error, error) {
		private, err := asymmetric()
		if err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(make([]byte, 32))
		if err != nil {
			return nil, err
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		nonce := make([]byte, gcm.NonceSize())
		sealed, plain := gcm.Seal(nil, nonce, make([]byte, octets), nil), make([]byte, 0, octets)
		return func() error {
			out, err := gcm.Open(plain, nonce, sealed, nil)
			sha256.Sum256(out)
			return errors.Join(err, private())
		}, nil
	}
}

func bareX25519() (func() error, error) {
	ours, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	signature := ed25519.Sign(private, make([]byte, 32))
	return func() error {
		if !ed25519.Verify(public, make([]byte, 32), signature) {
			return errors.New("ed25519")
		}
		_, err := ours.ECDH(ours.PublicKey())
		return err
	}, nil
}

func bareP256() (func() error, error) {
	ours, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signature, err := ecdsa.SignASN1(rand.Reader, private, make([]byte, 32))
	return func() error {
		if !ecdsa.VerifyASN1(&private.PublicKey, make([]byte, 32), signature) {
			return errors.New("ecdsa")
		}
		_, err := ours.ECDH(ours.PublicKey())
		return err
	}, err
}

// bareRSA is one decryption, by OAEP or PKCS#1 v1.5, and one verification.
func bareRSA(bits int, oaep bool) func() (func() error, error) {
	return func() (func() error, error) {
		private, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			return nil, err
		}
		session := make([]byte, 35)
		digest := make([]byte, 32)
		signature, err := rsa.SignPKCS1v15(nil, private, gocrypto.SHA256, digest)
		if err != nil {
			return nil, err
		}
		if oaep {
			sealed, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &private.PublicKey, session, nil)
			return func() error {
				_, err := rsa.DecryptOAEP(sha256.New(), nil, private, sealed, nil)
				return errors.Join(err, rsa.VerifyPKCS1v15(&private.PublicKey, gocrypto.SHA256, digest, signature))
			}, err
		}
		//lint:ignore SA1019 OpenPGP is PKCS#1 v1.5
		sealed, err := rsa.EncryptPKCS1v15(rand.Reader, &private.PublicKey, session)
		return func() error {
			//lint:ignore SA1019 OpenPGP is PKCS#1 v1.5
			_, err := rsa.DecryptPKCS1v15(nil, private, sealed)
			return errors.Join(err, rsa.VerifyPKCS1v15(&private.PublicKey, gocrypto.SHA256, digest, signature))
		}, err
	}
}
