package pki

import (
	"bytes"
	gocrypto "crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"almasu/crypto/cms"
	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// Certificates reads every certificate of a file: PEM (certificates and PKCS#7
// among any text), DER, one after the other, or PKCS#7.
func Certificates(file []byte) ([]*x509.Certificate, error) {
	store, err := Load(file, nil)
	if err != nil {
		return nil, err
	}
	if len(store.Certificates) == 0 {
		return nil, fmt.Errorf("%w: there is no certificate in it", ErrMalformed)
	}
	return store.Certificates, nil
}

// CRLs reads every CRL of a file: DER, PEM (one or several, also among
// certificates) or PKCS#7.
func CRLs(file []byte) ([]*CRL, error) {
	raw := [][]byte{file}
	bundle := bytes.Contains(file, []byte("-----BEGIN "))
	if e, _, err := ber.Parse(file); err == nil && e.Tag == ber.Sequence && ber.NewReader(e.Body).Is(ber.OID) {
		bundle = true
	}
	if bundle {
		if len(file) > maxCRL {
			return nil, fmt.Errorf("%w: a file of %d bytes", ErrTooLarge, len(file))
		}
		var s Store
		var err error
		if bytes.Contains(file, []byte("-----BEGIN ")) {
			s, err = loadPEM(file, nil)
		} else {
			err = s.addPKCS7(file)
		}
		if err != nil {
			return nil, err
		}
		raw = s.CRLs
	}
	var out []*CRL
	for _, one := range raw {
		list, err := ParseCRL(one)
		if err != nil {
			return nil, err
		}
		out = append(out, list)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: there is no CRL in it", ErrMalformed)
	}
	return out, nil
}

// Store is what a file of keys and certificates holds.
type Store struct {
	Keys         []PrivateKey
	Certificates []*x509.Certificate
	CRLs         [][]byte // encoded
}

// PrivateKey is a key as stored.
type PrivateKey struct {
	Algorithm string              // object identifier
	Key       gocrypto.PrivateKey // *rsa, *ecdsa, ed25519, *ecdh; nil if the algorithm is not known here
	PKCS8     []byte              // as DER, for algorithms that are not known here
	LocalID   []byte              // PKCS#12: what binds it to its certificate
	ids       [][]byte            // of certificates with that LocalID: their encoding
}

// Identity is a private key with its certificate.
type Identity struct {
	Certificate *x509.Certificate
	Private     PrivateKey
}

// Load reads PEM, DER, PKCS#7 or PKCS#12. The passphrase opens PKCS#12 and
// encrypted PEM keys.
func Load(file, passphrase []byte) (Store, error) {
	if len(file) > maxFile {
		return Store{}, fmt.Errorf("%w: a file of %d bytes", ErrTooLarge, len(file))
	}
	if bytes.Contains(file, []byte("-----BEGIN ")) {
		return loadPEM(file, passphrase)
	}
	var s Store
	e, _, err := ber.Parse(file)
	if err != nil || e.Tag != ber.Sequence {
		return s, fmt.Errorf("%w: neither PEM nor DER", ErrMalformed)
	}
	switch first := ber.NewReader(e.Body); {
	case first.Is(ber.OID):
		err = s.addPKCS7(file)
	case first.Is(ber.Integer):
		return PKCS12(file, passphrase)
	default:
		err = s.addCertificates(file)
	}
	return s, err
}

func (s *Store) addCertificates(der []byte) error {
	for len(der) > 0 {
		e, rest, err := ber.Parse(der)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		cert, err := x509.ParseCertificate(e.Raw)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		if s.Certificates = append(s.Certificates, cert); len(s.Certificates) > maxItems {
			return fmt.Errorf("%w: more than %d certificates", ErrTooLarge, maxItems)
		}
		der = rest
	}
	return nil
}

func (s *Store) addPKCS7(raw []byte) error {
	certs, crls, err := cms.Certificates(raw, cms.Limits{Certificates: maxItems})
	if err != nil {
		return fmt.Errorf("a PKCS#7 bundle: %w", err)
	}
	s.Certificates, s.CRLs = append(s.Certificates, certs...), append(s.CRLs, crls...)
	return nil
}

func loadPEM(file, passphrase []byte) (Store, error) {
	var s Store
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		if err := s.addPEM(block, passphrase); err != nil {
			return s, fmt.Errorf("PEM %s: %w", block.Type, err)
		}
		if len(s.Keys)+len(s.Certificates)+len(s.CRLs) > maxItems {
			return s, fmt.Errorf("%w: more than %d items", ErrTooLarge, maxItems)
		}
	}
	return s, nil
}

func (s *Store) addPEM(b *pem.Block, passphrase []byte) error {
	if strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED") {
		return fmt.Errorf("%w: a key encrypted in the old way of PEM; write it anew with `openssl pkcs8 -topk8`", ErrUnsupported)
	}
	var key PrivateKey
	var err error
	switch b.Type {
	case "CERTIFICATE", "X509 CERTIFICATE":
		return s.addCertificates(b.Bytes)
	case "TRUSTED CERTIFICATE": // openssl puts its own data behind it
		e, _, err := ber.Parse(b.Bytes)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		return s.addCertificates(e.Raw)
	case "PKCS7", "CMS":
		return s.addPKCS7(b.Bytes)
	case "X509 CRL":
		s.CRLs = append(s.CRLs, b.Bytes)
		return nil
	case "PRIVATE KEY":
		key, err = parsePKCS8(b.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		key, err = openPKCS8(b.Bytes, passphrase)
	case "RSA PRIVATE KEY":
		key.Algorithm = algid.RSA
		key.Key, err = x509.ParsePKCS1PrivateKey(b.Bytes)
	case "EC PRIVATE KEY":
		key.Algorithm = algid.EC
		key.Key, err = x509.ParseECPrivateKey(b.Bytes)
	default:
		return nil // "EC PARAMETERS" and the like
	}
	if err == nil {
		s.Keys = append(s.Keys, key)
	}
	return err
}

// parsePKCS8 reads a PrivateKeyInfo (RFC 5958).
func parsePKCS8(raw []byte) (PrivateKey, error) {
	der, err := ber.DER(raw)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("%w: a private key: %w", ErrMalformed, err)
	}
	r := ber.NewReader(der)
	in := r.Enter(ber.Sequence)
	in.Int()
	a := algid.Read(in, ber.Sequence)
	key := PrivateKey{Algorithm: a.ID, PKCS8: der}
	inner := in.Octets()
	if err := r.Err(); err != nil {
		return key, fmt.Errorf("%w: a private key: %w", ErrMalformed, err)
	}
	switch a.ID {
	case algid.RSAPSS, algid.RSAOAEP:
		key.Key, err = x509.ParsePKCS1PrivateKey(inner)
	case algid.RSA, algid.EC, algid.Ed25519, algid.X25519:
		key.Key, err = x509.ParsePKCS8PrivateKey(der)
	}
	if err != nil {
		return key, fmt.Errorf("%w: a private key of %s", ErrMalformed, a.ID)
	}
	return key, nil
}

// Identities pairs each key with the certificates for it: by the public key, or
// by the local identifier where the algorithm is not known here.
func (s Store) Identities() ([]Identity, error) {
	var out []Identity
	for _, k := range s.Keys {
		n := len(out)
		for _, cert := range s.Certificates {
			if k.belongs(cert) {
				out = append(out, Identity{cert, k})
			}
		}
		if n == len(out) {
			return nil, fmt.Errorf("%w: a private key of %s without its certificate", ErrMalformed, k.Algorithm)
		}
	}
	if out == nil {
		return nil, errors.New("there is no private key in it")
	}
	return out, nil
}

func (k PrivateKey) belongs(cert *x509.Certificate) bool {
	if own, ok := k.Key.(interface{ Public() gocrypto.PublicKey }); ok {
		key, err := algid.KeyOf(cert)
		public, comparable := own.Public().(interface{ Equal(gocrypto.PublicKey) bool })
		return err == nil && key.Public != nil && comparable && public.Equal(key.Public)
	}
	for _, id := range k.ids {
		if bytes.Equal(id, cert.Raw) {
			return true
		}
	}
	return false
}
