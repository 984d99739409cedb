package cms

import (
	"bytes"
	gocrypto "crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"encoding/binary"
	"fmt"
	"hash"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// agreements are the schemes of ECDH: standard and cofactor, which are the same
// on the curves here (RFC 5753 section 7.1.4), and those with HKDF (RFC 8418).
var agreements = []struct {
	id   string
	hash gocrypto.Hash
	hkdf bool
}{
	{"1.3.132.1.11.1", gocrypto.SHA256, false},
	{"1.3.132.1.11.2", gocrypto.SHA384, false},
	{"1.3.132.1.11.3", gocrypto.SHA512, false},
	{"1.3.132.1.11.0", gocrypto.SHA224, false},
	{"1.3.133.16.840.63.0.2", gocrypto.SHA1, false},
	{"1.3.132.1.14.1", gocrypto.SHA256, false},
	{"1.3.132.1.14.2", gocrypto.SHA384, false},
	{"1.3.132.1.14.3", gocrypto.SHA512, false},
	{"1.3.132.1.14.0", gocrypto.SHA224, false},
	{"1.3.133.16.840.63.0.3", gocrypto.SHA1, false},
	{"1.2.840.113549.1.9.16.3.19", gocrypto.SHA256, true},
	{"1.2.840.113549.1.9.16.3.20", gocrypto.SHA384, true},
	{"1.2.840.113549.1.9.16.3.21", gocrypto.SHA512, true},
}

// agree recovers a content key that was wrapped under a key agreed with the
// sender's ephemeral one.
func agree(k encryptedKey, private gocrypto.PrivateKey) ([]byte, error) {
	if k.agreement.static {
		return nil, fmt.Errorf("%w: key agreement with the sender's own certificate", ErrUnsupported)
	}
	own, err := exchanger(private)
	if err != nil {
		return nil, err
	}
	public, err := ephemeral(own.Curve(), k.agreement)
	if err != nil {
		return nil, err
	}
	wrap := wrapAlgorithm(k.algorithm)
	size, err := wrapSize(wrap)
	if err != nil {
		return nil, err
	}
	secret, err := own.ECDH(public)
	if err != nil {
		return nil, failed(err)
	}
	kek, err := derive(k.algorithm.ID, secret, k.agreement.ukm, wrap.Raw, size)
	if err != nil {
		return nil, err
	}
	return unwrap(kek, k.encrypted)
}

// exchanger is the private key for ECDH: its own, or one on a curve of ECDSA.
func exchanger(private gocrypto.PrivateKey) (ecdh.KeyExchanger, error) {
	switch p := private.(type) {
	case ecdh.KeyExchanger:
		return p, nil
	case *ecdsa.PrivateKey:
		key, err := p.ECDH()
		if err != nil {
			return nil, fmt.Errorf("%w: key agreement with a key on %s", ErrUnsupported, p.Curve.Params().Name)
		}
		return key, nil
	}
	return nil, fmt.Errorf("%w: key agreement with a key of type %T", ErrUnsupported, private)
}

// curves have an object identifier and a point size; X25519 is its own algorithm.
var curves = []struct {
	curve    ecdh.Curve
	elliptic elliptic.Curve
	id       string
}{
	{ecdh.P256(), elliptic.P256(), "1.2.840.10045.3.1.7"},
	{ecdh.P384(), elliptic.P384(), "1.3.132.0.34"},
	{ecdh.P521(), elliptic.P521(), "1.3.132.0.35"},
}

// ephemeral is the sender's key, which must lie on our curve: NewPublicKey
// refuses what does not. Its parameters may be absent, NULL, or name the curve
// (RFC 5753 section 3.1.1).
func ephemeral(curve ecdh.Curve, a *agreement) (*ecdh.PublicKey, error) {
	point := a.public
	if curve == ecdh.X25519() {
		if a.algorithm.ID != algid.X25519 || a.algorithm.Params != nil {
			return nil, fmt.Errorf("%w: an originator key of %s for X25519", ErrParameters, a.algorithm.ID)
		}
	} else if err := onCurve(curve, a.algorithm); err != nil {
		return nil, err
	} else if len(point) > 0 && point[0] != 4 {
		point = uncompressed(curve, point)
	}
	public, err := curve.NewPublicKey(point)
	if err != nil {
		return nil, ErrDecrypt
	}
	return public, nil
}

func onCurve(curve ecdh.Curve, a algid.Algorithm) error {
	if a.ID != algid.EC {
		return fmt.Errorf("%w: an originator key of %s for a key on %v", ErrParameters, a.ID, curve)
	}
	if a.NoParams() {
		return nil
	}
	for _, c := range curves {
		if c.curve == curve && bytes.Equal(a.Params, ber.ID(c.id).Bytes()) {
			return nil
		}
	}
	return fmt.Errorf("%w: an originator key on another curve than %v", ErrParameters, curve)
}

// uncompressed is the point in full (SEC 1 section 2.3.4); nil if there is none.
func uncompressed(curve ecdh.Curve, point []byte) []byte {
	for _, c := range curves {
		if c.curve != curve {
			continue
		}
		x, y := elliptic.UnmarshalCompressed(c.elliptic, point)
		if x == nil {
			return nil
		}
		size := (c.elliptic.Params().BitSize + 7) / 8
		full := append(make([]byte, 0, 1+2*size), 4)
		full = append(full, x.FillBytes(make([]byte, size))...)
		return append(full, y.FillBytes(make([]byte, size))...)
	}
	return nil
}

// wrapAlgorithm is the key wrap, which stands in the parameters of the scheme.
func wrapAlgorithm(a algid.Algorithm) algid.Algorithm {
	r := ber.NewReader(a.Params)
	wrap := algid.Read(r, ber.Sequence)
	r.End()
	der, err := ber.DER(wrap.Raw)
	if r.Err() != nil || err != nil {
		return algid.Algorithm{}
	}
	wrap.Raw = der // as it goes into the key derivation
	return wrap
}

// derive makes the key-encryption key (RFC 5753 section 7.2; with HKDF, RFC 8418
// section 2.2, where ukm is the salt as well).
func derive(scheme string, secret, ukm, wrap []byte, size int) ([]byte, error) {
	var entity ber.Node
	if ukm != nil {
		entity = ber.Explicit(0, ber.Octets(ukm))
	}
	bits := binary.BigEndian.AppendUint32(nil, uint32(size)*8)
	shared := ber.Seq(ber.Raw(wrap), entity, ber.Explicit(2, ber.Octets(bits))).Bytes()
	for _, a := range agreements {
		if a.id != scheme {
			continue
		}
		if a.hkdf {
			return hkdf.Key(a.hash.New, secret, ukm, string(shared), size)
		}
		return x963(a.hash.New, secret, shared, size), nil
	}
	return nil, fmt.Errorf("%w: key agreement %s", ErrUnsupported, scheme)
}

// x963 is the key derivation function of ANSI X9.63 (SEC 1 section 3.6.1).
func x963(h func() hash.Hash, secret, shared []byte, size int) []byte {
	var out []byte
	for counter := uint32(1); len(out) < size; counter++ {
		d := h()
		d.Write(secret)
		d.Write(binary.BigEndian.AppendUint32(nil, counter))
		d.Write(shared)
		out = d.Sum(out)
	}
	return out[:size]
}
