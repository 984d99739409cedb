package cms

import (
	"crypto/aes"
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"almasu/crypto/cms/algid"
)

// wraps are the AES key wraps (RFC 3565 section 2.3.2) and their key in bytes.
var wraps = []struct {
	id   string
	size int
}{
	{"2.16.840.1.101.3.4.1.45", 32},
	{"2.16.840.1.101.3.4.1.25", 24},
	{"2.16.840.1.101.3.4.1.5", 16},
}

func wrapSize(a algid.Algorithm) (int, error) {
	for _, w := range wraps {
		if w.id == a.ID && a.NoParams() {
			return w.size, nil
		}
	}
	return 0, fmt.Errorf("%w: key wrap %q", ErrUnsupported, a.ID)
}

// wrapCheck is what every wrapped key begins with (RFC 3394 section 2.2.3.1).
const wrapCheck = 0xa6a6a6a6a6a6a6a6

// wrap encrypts a key under a key (RFC 3394 section 2.2.1); the key is a whole
// number of 8 bytes, at least two.
func wrap(kek, key []byte) ([]byte, error) {
	if len(key)%8 != 0 || len(key) < 16 {
		return nil, fmt.Errorf("%w: wrapping a key of %d bytes", ErrUnsupported, len(key))
	}
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, err
	}
	n := len(key) / 8
	out := append(make([]byte, 8, 8+len(key)), key...)
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], wrapCheck)
	for t := 0; t < 6*n; t++ {
		r := out[8*(t%n+1):][:8]
		copy(b[8:], r)
		block.Encrypt(b[:], b[:])
		binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])^uint64(t+1))
		copy(r, b[8:])
	}
	copy(out, b[:8])
	return out, nil
}

// unwrap is the inverse (RFC 3394 section 2.2.2); whatever is wrong is ErrDecrypt.
func unwrap(kek, wrapped []byte) ([]byte, error) {
	if len(wrapped)%8 != 0 || len(wrapped) < 24 || len(wrapped) > 128 {
		return nil, ErrDecrypt
	}
	block, err := aes.NewCipher(kek)
	if err != nil {
		return nil, ErrDecrypt
	}
	n := len(wrapped)/8 - 1
	out := append([]byte(nil), wrapped[8:]...)
	var b [16]byte
	copy(b[:8], wrapped[:8])
	for t := 6*n - 1; t >= 0; t-- {
		r := out[8*(t%n):][:8]
		binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])^uint64(t+1))
		copy(b[8:], r)
		block.Decrypt(b[:], b[:])
		copy(r, b[8:])
	}
	check := binary.BigEndian.AppendUint64(nil, wrapCheck)
	if subtle.ConstantTimeCompare(b[:8], check) != 1 {
		return nil, ErrDecrypt
	}
	return out, nil
}
