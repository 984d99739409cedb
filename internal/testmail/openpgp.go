package testmail

import (
	"bytes"
	"compress/zlib"
	"crypto"
	"crypto/aes"
	"crypto/rand"
	_ "crypto/sha256" // the hashes a signature here can name
	_ "crypto/sha512"
	"fmt"
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

// handmade describes an OpenPGP message put together packet by packet, for
// what no honest program writes.
type handmade struct {
	signer   *Key      // nil: unsigned
	at       time.Time // of the signature
	intended []*Key    // intended-recipient fingerprints (RFC 9580 5.2.3.36)
	to       []*Key    // who can open it
	noMDC    bool      // tag 9, Symmetrically Encrypted Data without integrity protection
	compress bool
	change   func(*packet.Signature) // makes the signature odd before it is made
}

// message builds the OpenPGP message around content.
func (h handmade) message(content []byte) ([]byte, error) {
	inner, err := h.signed(content)
	if err != nil {
		return nil, err
	}
	if h.compress {
		if inner, err = compressed(inner); err != nil {
			return nil, err
		}
	}
	return h.encrypted(inner)
}

// signed is one-pass signature, literal data and signature (RFC 9580 10.3).
func (h handmade) signed(content []byte) ([]byte, error) {
	var b bytes.Buffer
	if h.signer == nil {
		err := literal(&b, content)
		return b.Bytes(), err
	}
	e, err := h.signer.entity()
	if err != nil {
		return nil, err
	}
	private := e.PrivateKey
	ops := &packet.OnePassSignature{Version: 3, SigType: packet.SigTypeBinary, Hash: crypto.SHA256,
		PubKeyAlgo: private.PubKeyAlgo, KeyId: private.KeyId, IsLast: true}
	if err := ops.Serialize(&b); err != nil {
		return nil, err
	}
	if err := literal(&b, content); err != nil {
		return nil, err
	}
	sig, err := h.signature(private, content)
	if err != nil {
		return nil, err
	}
	err = sig.Serialize(&b)
	return b.Bytes(), err
}

func (h handmade) signature(private *packet.PrivateKey, content []byte) (*packet.Signature, error) {
	id := private.KeyId
	sig := &packet.Signature{Version: private.Version, SigType: packet.SigTypeBinary, PubKeyAlgo: private.PubKeyAlgo,
		Hash: crypto.SHA256, CreationTime: h.at, IssuerKeyId: &id, IssuerFingerprint: private.Fingerprint}
	for _, k := range h.intended {
		e, err := k.entity()
		if err != nil {
			return nil, err
		}
		sig.IntendedRecipients = append(sig.IntendedRecipients,
			&packet.Recipient{KeyVersion: e.PrimaryKey.Version, Fingerprint: e.PrimaryKey.Fingerprint})
	}
	if h.change != nil {
		h.change(sig)
	}
	hash, err := sig.PrepareSign(nil)
	if err != nil {
		return nil, err
	}
	if _, err := hash.Write(content); err != nil {
		return nil, err
	}
	return sig, sig.Sign(hash, private, nil)
}

func literal(to *bytes.Buffer, content []byte) error {
	w, err := packet.SerializeLiteral(open{to}, true, "", 0)
	if err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return err
	}
	return w.Close()
}

// compressed is a compressed data packet (tag 8) of definite length.
func compressed(inner []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := packet.SerializeCompressed(open{&b}, packet.CompressionZLIB, &packet.CompressionConfig{Level: zlib.BestCompression})
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(inner); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// encrypted is the session key for each recipient and the sealed data.
func (h handmade) encrypted(inner []byte) ([]byte, error) {
	const cipher = packet.CipherAES256
	session := make([]byte, cipher.KeySize())
	if _, err := io.ReadFull(rand.Reader, session); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, k := range h.to {
		public, err := k.encryptionKey()
		if err != nil {
			return nil, err
		}
		if err := packet.SerializeEncryptedKey(&b, public, cipher, session, nil); err != nil {
			return nil, err
		}
	}
	if h.noMDC {
		return sed(b.Bytes(), session, inner)
	}
	w, err := packet.SerializeSymmetricallyEncrypted(open{&b}, cipher, false, packet.CipherSuite{}, session, nil)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(inner); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// sed appends the old packet without integrity protection: tag 9, CFB with
// resynchronisation (RFC 9580 5.7).
func sed(before, session, inner []byte) ([]byte, error) {
	block, err := aes.NewCipher(session)
	if err != nil {
		return nil, err
	}
	prefix := make([]byte, block.BlockSize())
	if _, err := io.ReadFull(rand.Reader, prefix); err != nil {
		return nil, err
	}
	stream, sealed := packet.NewOCFBEncrypter(block, prefix, packet.OCFBResync)
	body := make([]byte, len(inner))
	stream.XORKeyStream(body, inner)
	body = append(sealed, body...)
	head := []byte{0xC0 | 9, 255, byte(len(body) >> 24), byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}
	return append(append(before, head...), body...), nil
}

// encryptionKey is the subkey mail to the owner is sealed to.
func (k *Key) encryptionKey() (*packet.PublicKey, error) {
	e, err := k.entity()
	if err != nil {
		return nil, err
	}
	for _, sub := range e.Subkeys {
		if sub.PublicKey.PubKeyAlgo.CanEncrypt() {
			return sub.PublicKey, nil
		}
	}
	return nil, fmt.Errorf("key %s has no subkey for encryption", k.Fingerprint)
}

// goCrypto seals as a well-behaved program on go-crypto does: signed,
// encrypted, intended recipients named.
func goCrypto(content []byte, signer *Key, at time.Time, to ...*Key) ([]byte, error) {
	from, err := signer.entity()
	if err != nil {
		return nil, err
	}
	var recipients []*openpgp.Entity
	for _, k := range to {
		e, err := k.entity()
		if err != nil {
			return nil, err
		}
		recipients = append(recipients, e)
	}
	var b bytes.Buffer
	w, err := openpgp.Encrypt(&b, recipients, nil, []*openpgp.Entity{from}, nil,
		&packet.Config{Time: func() time.Time { return at }, DefaultCipher: packet.CipherAES256, DefaultHash: crypto.SHA256})
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// open is a buffer that packet writers may close.
type open struct{ *bytes.Buffer }

// Close implements io.Closer and does nothing.
func (open) Close() error { return nil }
