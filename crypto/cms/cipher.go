package cms

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
	"errors"
	"fmt"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// Errors of opening.
var (
	ErrDecrypt        = errors.New("the content cannot be decrypted: it is damaged or not for this key")
	ErrInsecureCipher = errors.New("an outdated content cipher")
)

// Cipher is a content cipher by its name.
type Cipher string

// The content ciphers. AES-GCM is authenticated, the others are not.
const (
	AES128GCM Cipher = "aes128-gcm"
	AES192GCM Cipher = "aes192-gcm"
	AES256GCM Cipher = "aes256-gcm"
	AES128CBC Cipher = "aes128-cbc"
	AES192CBC Cipher = "aes192-cbc"
	AES256CBC Cipher = "aes256-cbc"
	TripleDES Cipher = "3des-cbc" // opened only by OpenOptions.Insecure3DES, never made
)

// ciphers are the content ciphers with their identifiers (RFC 3565, 5084, 3370)
// and the length of the key in bytes.
var ciphers = []struct {
	name    Cipher
	id      string
	keySize int
	aead    bool
}{
	{AES256GCM, "2.16.840.1.101.3.4.1.46", 32, true},
	{AES192GCM, "2.16.840.1.101.3.4.1.26", 24, true},
	{AES128GCM, "2.16.840.1.101.3.4.1.6", 16, true},
	{AES256CBC, "2.16.840.1.101.3.4.1.42", 32, false},
	{AES192CBC, "2.16.840.1.101.3.4.1.22", 24, false},
	{AES128CBC, "2.16.840.1.101.3.4.1.2", 16, false},
	{TripleDES, "1.2.840.113549.3.7", 24, false},
}

const (
	nonceSize = 12 // of what we make (RFC 5084 section 3.2)
	tagSize   = 16
)

// contentCipher is a cipher with its parameters, as a message names it.
type contentCipher struct {
	name    Cipher
	keySize int
	aead    bool
	iv      []byte // or nonce
	tag     int    // AES-GCM: its length in bytes
}

func parseCipher(a algid.Algorithm) (contentCipher, error) {
	for _, k := range ciphers {
		if k.id != a.ID {
			continue
		}
		c := contentCipher{name: k.name, keySize: k.keySize, aead: k.aead}
		r := ber.NewReader(a.Params)
		if c.aead { // GCMParameters, RFC 5084 section 3.2
			in := r.Enter(ber.Sequence)
			c.iv, c.tag = in.Octets(), 12
			if in.More() {
				c.tag = in.Int()
			}
			in.End()
		} else {
			c.iv = r.Octets()
		}
		r.End()
		if err := r.Err(); err != nil {
			return c, fmt.Errorf("%w: %s: %w", ErrParameters, c.name, err)
		}
		return c, c.check()
	}
	return contentCipher{}, fmt.Errorf("%w: content cipher %s", ErrUnsupported, a.ID)
}

func (c contentCipher) check() error {
	switch {
	case !c.aead && c.name == TripleDES && len(c.iv) != des.BlockSize, !c.aead && c.name != TripleDES && len(c.iv) != aes.BlockSize:
		return fmt.Errorf("%w: %s with an initial vector of %d bytes", ErrParameters, c.name, len(c.iv))
	case c.aead && (c.tag < 12 || c.tag > tagSize || len(c.iv) == 0 || len(c.iv) > 64):
		return fmt.Errorf("%w: %s with a tag of %d bytes and a nonce of %d", ErrParameters, c.name, c.tag, len(c.iv))
	case c.aead && c.tag != tagSize && len(c.iv) != nonceSize:
		return fmt.Errorf("%w: %s with both a short tag and a nonce of %d bytes", ErrUnsupported, c.name, len(c.iv))
	}
	return nil
}

func (c contentCipher) node() ber.Node {
	for _, k := range ciphers {
		if k.name != c.name {
			continue
		}
		if c.aead {
			return algid.Node(k.id, ber.Seq(ber.Octets(c.iv), ber.Int(c.tag)))
		}
		return algid.Node(k.id, ber.Octets(c.iv))
	}
	return ber.Node{}
}

func (c contentCipher) gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if c.tag != tagSize {
		return cipher.NewGCMWithTagSize(block, c.tag)
	}
	return cipher.NewGCMWithNonceSize(block, len(c.iv))
}

func (c contentCipher) block(key []byte) (cipher.Block, error) {
	if c.name == TripleDES {
		return des.NewTripleDESCipher(key)
	}
	return aes.NewCipher(key)
}

// decrypt turns buf, the ciphertext with the tag behind it if there is one, into
// the content, in place. Every failure is ErrDecrypt.
func (c contentCipher) decrypt(key, buf, additional []byte) ([]byte, error) {
	if len(key) != c.keySize {
		return nil, ErrDecrypt
	}
	if c.aead {
		gcm, err := c.gcm(key)
		if err != nil {
			return nil, ErrDecrypt
		}
		out, err := gcm.Open(buf[:0], c.iv, buf, additional)
		if err != nil {
			return nil, ErrDecrypt
		}
		return out, nil
	}
	block, err := c.block(key)
	if err != nil || len(buf) == 0 || len(buf)%block.BlockSize() != 0 {
		return nil, ErrDecrypt
	}
	cipher.NewCBCDecrypter(block, c.iv).CryptBlocks(buf, buf)
	n, ok := unpad(buf[len(buf)-block.BlockSize():])
	if !ok {
		clear(buf)
		return nil, ErrDecrypt
	}
	return buf[:len(buf)-n], nil
}

// unpad is the number of padding bytes in the last block (RFC 5652 section 6.3).
// It looks at every byte, whatever the first ones say.
func unpad(last []byte) (int, bool) {
	n := int(last[len(last)-1])
	good := subtle.ConstantTimeLessOrEq(1, n) & subtle.ConstantTimeLessOrEq(n, len(last))
	for i, b := range last {
		padding := subtle.ConstantTimeLessOrEq(len(last)-n, i)
		good &= subtle.ConstantTimeSelect(padding, subtle.ConstantTimeByteEq(b, byte(n)), 1)
	}
	return n, good == 1
}

// encrypt is the ciphertext of content, and the tag apart from it.
func (c contentCipher) encrypt(key, content, additional []byte) (ciphertext, tag []byte, err error) {
	if c.aead {
		gcm, err := c.gcm(key)
		if err != nil {
			return nil, nil, err
		}
		out := gcm.Seal(make([]byte, 0, len(content)+c.tag), c.iv, content, additional)
		return out[:len(content)], out[len(content):], nil
	}
	block, err := c.block(key)
	if err != nil {
		return nil, nil, err
	}
	n := block.BlockSize() - len(content)%block.BlockSize()
	out := append(make([]byte, 0, len(content)+n), content...)
	for range n {
		out = append(out, byte(n))
	}
	cipher.NewCBCEncrypter(block, c.iv).CryptBlocks(out, out)
	return out, nil, nil
}
