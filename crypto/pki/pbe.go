package pki

import (
	gocrypto "crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/pbkdf2"
	"fmt"
	"unicode/utf16"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// Object identifiers of password-based encryption (RFC 8018, RFC 9579).
const (
	idPBES2  = "1.2.840.113549.1.5.13"
	idPBKDF2 = "1.2.840.113549.1.5.12"
	idPBMAC1 = "1.2.840.113549.1.5.14"
)

// oldPBE are the schemes of RFC 7292 appendix C: 3DES and RC2, keys from the
// derivation of PKCS#12.
var oldPBE = []struct {
	id      string
	keySize int
	block   func(key []byte) (cipher.Block, error)
}{
	{"1.2.840.113549.1.12.1.3", 24, des.NewTripleDESCipher},
	{"1.2.840.113549.1.12.1.4", 16, func(k []byte) (cipher.Block, error) {
		return des.NewTripleDESCipher(append(append([]byte{}, k...), k[:8]...))
	}},
	{"1.2.840.113549.1.12.1.5", 16, newRC2},
	{"1.2.840.113549.1.12.1.6", 5, newRC2},
}

// newCiphers are those of PBES2.
var newCiphers = []struct {
	id      string
	keySize int
	block   func(key []byte) (cipher.Block, error)
}{
	{"2.16.840.1.101.3.4.1.42", 32, aes.NewCipher},
	{"2.16.840.1.101.3.4.1.22", 24, aes.NewCipher},
	{"2.16.840.1.101.3.4.1.2", 16, aes.NewCipher},
	{"1.2.840.113549.3.7", 24, des.NewTripleDESCipher},
}

// openPKCS8 opens an EncryptedPrivateKeyInfo (RFC 5958 section 3).
func openPKCS8(raw, passphrase []byte) (PrivateKey, error) {
	r := ber.NewReader(raw)
	in := r.Enter(ber.Sequence)
	algorithm, encrypted := algid.Read(in, ber.Sequence), in.Octets()
	in.End()
	r.End()
	if r.Err() != nil {
		return PrivateKey{}, fmt.Errorf("%w: an encrypted private key: %w", ErrMalformed, r.Err())
	}
	plain, err := decryptPBE(algorithm, encrypted, passphrase)
	if err != nil {
		return PrivateKey{}, err
	}
	key, err := parsePKCS8(plain)
	if err != nil && key.Algorithm == "" {
		return key, ErrPassphrase // padding that was right by chance
	}
	return key, err
}

// decryptPBE decrypts under a passphrase. A wrong one is ErrPassphrase.
func decryptPBE(a algid.Algorithm, encrypted, passphrase []byte) ([]byte, error) {
	if a.ID == idPBES2 {
		return decryptPBES2(a, encrypted, passphrase)
	}
	for _, scheme := range oldPBE {
		if scheme.id != a.ID {
			continue
		}
		r := ber.NewReader(a.Params)
		in := r.Enter(ber.Sequence)
		salt, iterations := in.Octets(), in.Int()
		if err := parameters(r, iterations); err != nil {
			return nil, err
		}
		for _, secret := range spellings(passphrase) {
			key := derivePKCS12(gocrypto.SHA1, secret, salt, 1, iterations, scheme.keySize)
			iv := derivePKCS12(gocrypto.SHA1, secret, salt, 2, iterations, 8)
			block, err := scheme.block(key)
			if err != nil {
				return nil, err
			}
			if plain, err := decryptCBC(block, iv, encrypted); err == nil {
				return plain, nil
			}
		}
		return nil, ErrPassphrase
	}
	return nil, fmt.Errorf("%w: encryption %s", ErrUnsupported, a.ID)
}

func parameters(r *ber.Reader, iterations int) error {
	if r.Err() != nil {
		return fmt.Errorf("%w: parameters of encryption: %w", ErrMalformed, r.Err())
	}
	if iterations < 1 || iterations > maxIterations {
		return fmt.Errorf("%w: %d iterations", ErrTooLarge, iterations)
	}
	return nil
}

func decryptPBES2(a algid.Algorithm, encrypted, passphrase []byte) ([]byte, error) {
	r := ber.NewReader(a.Params)
	in := r.Enter(ber.Sequence)
	derivation, scheme := algid.Read(in, ber.Sequence), algid.Read(in, ber.Sequence)
	in.End()
	if err := parameters(r, 1); err != nil {
		return nil, err
	}
	for _, c := range newCiphers {
		if c.id != scheme.ID {
			continue
		}
		key, err := pbkdf2Key(derivation, passphrase, c.keySize)
		if err != nil {
			return nil, err
		}
		block, err := c.block(key)
		if err != nil {
			return nil, err
		}
		iv := ber.NewReader(scheme.Params)
		vector := iv.Octets()
		if err := parameters(iv, 1); err != nil {
			return nil, err
		}
		return decryptCBC(block, vector, encrypted)
	}
	return nil, fmt.Errorf("%w: encryption %s", ErrUnsupported, scheme.ID)
}

// hmacs are the pseudo-random functions of PBKDF2.
var hmacs = []struct {
	id   string
	hash gocrypto.Hash
}{
	{"1.2.840.113549.2.7", gocrypto.SHA1},
	{"1.2.840.113549.2.8", gocrypto.SHA224},
	{"1.2.840.113549.2.9", gocrypto.SHA256},
	{"1.2.840.113549.2.10", gocrypto.SHA384},
	{"1.2.840.113549.2.11", gocrypto.SHA512},
}

func hmacOf(a algid.Algorithm) (gocrypto.Hash, error) {
	for _, h := range hmacs {
		if h.id == a.ID {
			return h.hash, nil
		}
	}
	return 0, fmt.Errorf("%w: key derivation with %s", ErrUnsupported, a.ID)
}

// pbkdf2Key: RFC 8018 appendix A.2.
func pbkdf2Key(a algid.Algorithm, passphrase []byte, size int) ([]byte, error) {
	if a.ID != idPBKDF2 {
		return nil, fmt.Errorf("%w: key derivation %s", ErrUnsupported, a.ID)
	}
	r := ber.NewReader(a.Params)
	in := r.Enter(ber.Sequence)
	salt, iterations := in.Octets(), in.Int()
	if in.Is(ber.Integer) {
		if n := in.Int(); n != size && in.Err() == nil {
			return nil, fmt.Errorf("%w: a key of %d bytes where %d are needed", ErrMalformed, n, size)
		}
	}
	hash := gocrypto.SHA1
	if in.More() {
		var err error
		if hash, err = hmacOf(algid.Read(in, ber.Sequence)); err != nil && in.Err() == nil {
			return nil, err
		}
	}
	in.End()
	if err := parameters(r, iterations); err != nil {
		return nil, err
	}
	return pbkdf2.Key(hash.New, string(passphrase), salt, iterations, size)
}

// checkPBMAC1: RFC 9579.
func (m mac) checkPBMAC1(content, passphrase []byte) error {
	r := ber.NewReader(m.algorithm.Params)
	in := r.Enter(ber.Sequence)
	derivation, function := algid.Read(in, ber.Sequence), algid.Read(in, ber.Sequence)
	in.End()
	if err := parameters(r, 1); err != nil {
		return err
	}
	hash, err := hmacOf(function)
	if err != nil {
		return err
	}
	key, err := pbkdf2Key(derivation, passphrase, hash.Size())
	if err != nil {
		return err
	}
	if !hmac.Equal(sumMAC(hash, key, content), m.digest) {
		return ErrPassphrase
	}
	return nil
}

func decryptCBC(block cipher.Block, iv, encrypted []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(iv) != size || len(encrypted) == 0 || len(encrypted)%size != 0 {
		return nil, fmt.Errorf("%w: encrypted data of %d bytes", ErrMalformed, len(encrypted))
	}
	out := make([]byte, len(encrypted))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, encrypted)
	n := int(out[len(out)-1])
	if n < 1 || n > size {
		return nil, ErrPassphrase
	}
	for _, b := range out[len(out)-n:] {
		if int(b) != n {
			return nil, ErrPassphrase
		}
	}
	return out[:len(out)-n], nil
}

// spellings are the passphrase as PKCS#12 writes it: UTF-16 with a zero behind
// it; an empty one also as nothing at all.
func spellings(passphrase []byte) [][]byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(string(passphrase))) {
		out = append(out, byte(u>>8), byte(u))
	}
	out = append(out, 0, 0)
	if len(passphrase) == 0 {
		return [][]byte{out, nil}
	}
	return [][]byte{out}
}
