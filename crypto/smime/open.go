package smime

import (
	"errors"
	"fmt"

	"almasu/crypto/cms"
)

// ErrUnavailable: a token did not answer; the message may be tried again.
var ErrUnavailable = cms.ErrUnavailable

// Envelope is an encrypted message that was opened, or the facts about one
// that could not be.
type Envelope struct {
	Content []byte
	Cipher  string // "aes256-gcm", "" unknown
	// Authenticated: AES-GCM verified the content. Of anything else nothing may
	// be used that no signature inside covers.
	Authenticated bool
	Weak          bool // 3DES, which is opened only where that is configured
	// Withheld: it was not decrypted because its cipher is weak.
	Withheld bool
}

// Open decrypts enveloped-data or authEnveloped-data with our keys. limit
// bounds the content, octets. The facts come back along with an error; the
// text of the error may be shown.
func (r *Ring) Open(data []byte, limit int64) (Envelope, error) {
	raw, _ := Octets(data)
	keys := r.own()
	if len(keys) == 0 {
		return Envelope{}, errNoOwn
	}
	o, err := cms.Open(raw, keys, cms.OpenOptions{Limits: cms.Limits{Content: limit}, Insecure3DES: r.trust.Insecure3DES})
	e := Envelope{Cipher: string(o.Cipher), Weak: o.Cipher == cms.TripleDES}
	switch {
	case errors.Is(err, cms.ErrInsecureCipher):
		e.Withheld = true
		return e, nil
	case errors.Is(err, cms.ErrUnavailable):
		return e, err
	case err != nil:
		return e, told(err)
	case o.Type != cms.Data || !o.TypeProtected:
		return e, errors.New("the S/MIME message has another content than data in it")
	}
	e.Content, e.Authenticated = o.Content, o.Authenticated
	return e, nil
}

// told is an error in words of ours: nothing of the message in it.
func told(err error) error {
	for _, known := range []error{cms.ErrNotForUs, cms.ErrDecrypt, cms.ErrTooLarge, cms.ErrTrailingData, cms.ErrUnsupported, cms.ErrParameters,
		cms.ErrWrongType, cms.ErrMalformed} {
		if errors.Is(err, known) {
			return fmt.Errorf("S/MIME: %w", known)
		}
	}
	return errors.New("S/MIME: it cannot be opened")
}

// Decompress takes compressed-data apart (RFC 3274), of at most limit octets.
func Decompress(data []byte, limit int64) ([]byte, error) {
	raw, _ := Octets(data)
	kind, content, err := cms.Decompress(raw, cms.Limits{Content: limit})
	if err == nil && kind != cms.Data {
		err = cms.ErrWrongType
	}
	if err != nil {
		return nil, told(err)
	}
	return content, nil
}
