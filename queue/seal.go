package queue

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
)

// sealVersion leads every sealed document: AES-256-GCM, random nonce.
const sealVersion = 1

func newSeal(key []byte) (cipher.AEAD, error) {
	if len(key) == 0 {
		return nil, nil // a reader that asks for no document
	}
	if len(key) != 32 {
		return nil, fmt.Errorf("data key of %d octets: must be 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal encrypts a value for the row it stands in: moved to another row it does
// not open.
func (s *Store) seal(row string, plain []byte) []byte {
	return s.aead.Seal([]byte{sealVersion}, nil, plain, []byte(row))
}

func (s *Store) unseal(row string, sealed []byte) ([]byte, error) {
	switch {
	case s.aead == nil:
		return nil, fmt.Errorf("open %s: no data key was given", row)
	case len(sealed) == 0 || sealed[0] != sealVersion:
		return nil, fmt.Errorf("open %s: not sealed in a way this program knows", row)
	}
	plain, err := s.aead.Open(nil, nil, sealed[1:], []byte(row))
	if err != nil {
		return nil, fmt.Errorf("open %s: wrong data key, or the row was changed", row)
	}
	return plain, nil
}

func reportRow(position int64) string { return "report:" + strconv.FormatInt(position, 10) }

const keyProof = "setting:data-key"

// checkKey leaves a sealed proof in a new store and opens that of an old one,
// so that a wrong key is found at the start and not at the first report.
func (s *Store) checkKey(ctx context.Context) error {
	return s.write(ctx, "check the data key", func(t *tx) error {
		var proof []byte
		known, err := t.found(`SELECT value FROM setting WHERE name = $1`, []any{keyProof}, &proof)
		if err != nil {
			return err
		}
		if known {
			if _, err := s.unseal(keyProof, proof); err != nil {
				return errors.Join(ErrWrongKey, err)
			}
			return nil
		}
		_, err = t.exec(`INSERT INTO setting (name, value) VALUES ($1, $2)`, keyProof, s.seal(keyProof, []byte(rand.Text())))
		return err
	})
}
