package algid

import (
	gocrypto "crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"io"

	"almasu/crypto/cms/ber"
)

// Scheme is a way of signing: the padding or curve mathematics, with the digest.
type Scheme struct {
	kind kind
	Hash gocrypto.Hash // 0 for Ed25519, which digests for itself
	salt int           // PSS: bytes
}

type kind string

const (
	pkcs1   kind = "rsa-pkcs1v15"
	pss     kind = "rsa-pss"
	dsa     kind = "ecdsa"
	edwards kind = "ed25519"
)

// Name is "rsa-pkcs1v15", "rsa-pss", "ecdsa" or "ed25519".
func (s Scheme) Name() string { return string(s.kind) }

// Weak says whether the digest of the scheme is.
func (s Scheme) Weak() bool { return WeakDigest(s.Hash) }

// SchemeOf is the scheme that a signature algorithm names. Where it names no
// digest (rsaEncryption, id-ecPublicKey: what CMS permits) the one given is
// taken; where it names another than the one given, that is ErrParameters. A
// digest of 0 is one that is not given, as in certificates.
func SchemeOf(a Algorithm, digest gocrypto.Hash) (Scheme, error) {
	s, err := schemeOf(a, digest)
	if err != nil {
		return Scheme{}, err
	}
	if digest != 0 && s.Hash != 0 && s.Hash != digest {
		return Scheme{}, fmt.Errorf("%w: the signature is said to be over %s and over %s", ErrParameters, DigestName(s.Hash), DigestName(digest))
	}
	if s.Hash == 0 && s.kind != edwards {
		return Scheme{}, fmt.Errorf("%w: %s without a digest", ErrParameters, a.ID)
	}
	return s, nil
}

func schemeOf(a Algorithm, digest gocrypto.Hash) (Scheme, error) {
	switch a.ID {
	case RSAPSS:
		p, err := parsePSS(a.Params)
		if err != nil {
			return Scheme{}, err
		}
		return Scheme{kind: pss, Hash: p.Hash, salt: p.Salt}, nil
	case EC: // old senders name the key instead; its curve may stand beside it
		return Scheme{kind: dsa, Hash: digest}, nil
	}
	s := Scheme{}
	switch a.ID {
	case RSA:
		s = Scheme{kind: pkcs1, Hash: digest}
	case Ed25519:
		s = Scheme{kind: edwards}
	}
	for _, d := range digests {
		switch a.ID {
		case d.withRSA:
			s = Scheme{kind: pkcs1, Hash: d.hash}
		case d.withEC:
			s = Scheme{kind: dsa, Hash: d.hash}
		}
	}
	if s.kind == "" {
		return s, fmt.Errorf("%w: signature %s", ErrUnsupported, a.ID)
	}
	if !a.NoParams() {
		return s, fmt.Errorf("%w: %s", ErrParameters, a.ID)
	}
	return s, nil
}

// Verify checks the signature over a message. nil, or ErrSignature,
// ErrKeyMismatch, ErrUnsupported (the key).
func (s Scheme) Verify(key Key, message, signature []byte) error {
	if key.Public == nil {
		return fmt.Errorf("%w: key %s", ErrUnsupported, key.Algorithm.ID)
	}
	right := false
	switch public := key.Public.(type) {
	case *rsa.PublicKey:
		if s.kind != pkcs1 && s.kind != pss {
			return fmt.Errorf("%w: %s with an RSA key", ErrKeyMismatch, s.kind)
		}
		if err := s.fits(key); err != nil {
			return err
		}
		right = s.verifyRSA(public, message, signature)
	case *ecdsa.PublicKey:
		if s.kind != dsa {
			return fmt.Errorf("%w: %s with a key on %s", ErrKeyMismatch, s.kind, key.Name())
		}
		right = ecdsa.VerifyASN1(public, Sum(s.Hash, message), signature)
	case ed25519.PublicKey:
		if s.kind != edwards {
			return fmt.Errorf("%w: %s with an Ed25519 key", ErrKeyMismatch, s.kind)
		}
		right = ed25519.Verify(public, message, signature)
	default:
		return fmt.Errorf("%w: %s cannot sign", ErrKeyMismatch, key.Name())
	}
	if !right {
		return ErrSignature
	}
	return nil
}

func (s Scheme) verifyRSA(public *rsa.PublicKey, message, signature []byte) bool {
	if s.kind == pkcs1 {
		return rsa.VerifyPKCS1v15(public, s.Hash, Sum(s.Hash, message), signature) == nil
	}
	// A salt of length 0 is what Go's option of value 0 does not mean.
	o := rsa.PSSOptions{SaltLength: s.salt}
	if s.salt == 0 {
		o.SaltLength = rsa.PSSSaltLengthAuto
	}
	return rsa.VerifyPSS(public, s.Hash, Sum(s.Hash, message), signature, &o) == nil
}

// fits: a key that is bound to RSASSA-PSS, or to parameters of it, signs in no
// other way (RFC 4055 section 1.2); one for OAEP does not sign at all.
func (s Scheme) fits(key Key) error {
	switch {
	case key.Algorithm.ID == RSAOAEP:
		return fmt.Errorf("%w: a key for RSAES-OAEP", ErrKeyMismatch)
	case key.Algorithm.ID == RSAPSS && s.kind != pss:
		return fmt.Errorf("%w: the key is for RSASSA-PSS alone", ErrKeyMismatch)
	case key.PSS != nil && (key.PSS.Hash != s.Hash || key.PSS.Salt > s.salt):
		return fmt.Errorf("%w: the key binds RSASSA-PSS to %s and a salt of at least %d bytes", ErrKeyMismatch, DigestName(key.PSS.Hash), key.PSS.Salt)
	}
	return nil
}

// Choose is the scheme in which a key signs. A hash of 0 is the one that suits
// the key; wantPSS takes RSASSA-PSS for an RSA key that leaves the choice.
func Choose(key Key, hash gocrypto.Hash, wantPSS bool) (Scheme, error) {
	if hash != 0 && (DigestName(hash) == "" || WeakDigest(hash)) {
		return Scheme{}, fmt.Errorf("%w: signing with digest %v", ErrUnsupported, hash)
	}
	switch public := key.Public.(type) {
	case *rsa.PublicKey:
		if hash == 0 {
			hash = gocrypto.SHA256
			if key.PSS != nil {
				hash = key.PSS.Hash
			}
		}
		s := Scheme{kind: pkcs1, Hash: hash}
		if wantPSS || key.Algorithm.ID == RSAPSS {
			s = Scheme{kind: pss, Hash: hash, salt: hash.Size()}
			if key.PSS != nil {
				s.salt = max(s.salt, key.PSS.Salt)
			}
		}
		return s, s.fits(key)
	case *ecdsa.PublicKey:
		if hash == 0 {
			hash = gocrypto.SHA256
			if size := public.Curve.Params().BitSize; size > 384 {
				hash = gocrypto.SHA512
			} else if size > 256 {
				hash = gocrypto.SHA384
			}
		}
		return Scheme{kind: dsa, Hash: hash}, nil
	case ed25519.PublicKey:
		return Scheme{kind: edwards}, nil
	}
	return Scheme{}, fmt.Errorf("%w: signing with a key of %s", ErrUnsupported, key.Algorithm.ID)
}

// Sign signs a message.
func (s Scheme) Sign(random io.Reader, signer gocrypto.Signer, message []byte) ([]byte, error) {
	switch s.kind {
	case edwards:
		return signer.Sign(random, message, gocrypto.Hash(0))
	case pss:
		return signer.Sign(random, Sum(s.Hash, message), &rsa.PSSOptions{SaltLength: s.salt, Hash: s.Hash})
	}
	return signer.Sign(random, Sum(s.Hash, message), s.Hash)
}

// Node names the scheme in a SignerInfo: rsaEncryption with NULL for PKCS#1
// v1.5, which every receiver knows (RFC 3370 section 3.2).
func (s Scheme) Node() ber.Node {
	switch s.kind {
	case pkcs1:
		return Node(RSA, ber.Nil())
	case pss:
		return Node(RSAPSS, PSS{s.Hash, s.salt}.node())
	case edwards:
		return Node(Ed25519, ber.Node{})
	}
	for _, d := range digests {
		if d.hash == s.Hash {
			return Node(d.withEC, ber.Node{})
		}
	}
	return ber.Node{}
}
