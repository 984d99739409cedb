package pgpmime

import (
	"bytes"
	gocrypto "crypto"
	"crypto/rand"
	_ "crypto/sha256" // the hashes we sign with
	_ "crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"almasu/internal/mimepart"
)

// Sealed is a PGP/MIME entity and the digest of what was signed.
type Sealed struct {
	Header, Body []byte // header lines with CRLF; body without the empty line before it
	Hash         string // of the signature
	Digest       []byte // that hash over the entity
}

// Seal signs the entity in canonical form and encrypts it to the owner's key
// and to ours, in one message (RFC 3156 section 6.2). Encryption is AES-256
// with MDC, or what the recipient's key prefers among AES, because gpg 2.2
// reads nothing newer; with AEAD where the recipient's key says that it reads
// version 2 (RFC 9580 section 5.2.3.32).
func (r *Ring) Seal(entity []byte, owner string, at time.Time) (Sealed, error) {
	to, err := r.encryptionKey(owner, at)
	if err != nil {
		return Sealed{}, err
	}
	return r.sealTo(entity, to, at)
}

// SealTo is Seal to the one key of the owner with the fingerprint, proven or
// not.
func (r *Ring) SealTo(entity []byte, owner, fp string, at time.Time) (Sealed, error) {
	to, err := r.newestKey(owner, at, func(e *entry) bool { return fingerprint(e.entity.PrimaryKey) == fp })
	if err != nil {
		return Sealed{}, err
	}
	return r.sealTo(entity, to, at)
}

func (r *Ring) sealTo(entity []byte, to *openpgp.Entity, at time.Time) (Sealed, error) {
	ours, err := r.encryptionKey(r.self, at)
	if err != nil {
		return Sealed{}, err
	}
	entity = mimepart.Canonical(entity)
	signature, hash, err := r.sign(entity, packet.SigTypeBinary, to, at)
	if err != nil {
		return Sealed{}, err
	}
	var message bytes.Buffer
	message.Grow(len(entity) + len(entity)/64 + 4096)
	w, err := encrypting(&message, to, ours, signature, at)
	if err != nil {
		return Sealed{}, fmt.Errorf("encrypt: %w", err)
	}
	for rest := entity; len(rest) > 0; { // in pieces: the library copies what it is given
		n := min(len(rest), 64<<10)
		if _, err := w.Write(rest[:n]); err != nil {
			return Sealed{}, fmt.Errorf("encrypt: %w", err)
		}
		rest = rest[n:]
	}
	if err := w.Close(); err != nil {
		return Sealed{}, fmt.Errorf("encrypt: %w", err)
	}
	sum := hash.New()
	sum.Write(entity)
	header, body := encryptedEntity(message.Bytes())
	return Sealed{Header: header, Body: body, Hash: hashFor(hash), Digest: sum.Sum(nil)}, nil
}

// encrypting begins a message to the recipient and to us, with the signature.
func encrypting(out *bytes.Buffer, to, ours *openpgp.Entity, signature []byte, at time.Time) (io.WriteCloser, error) {
	params := &openpgp.EncryptParams{OutsideSig: signature, Config: libraryConfig(at)}
	recipients := []*openpgp.Entity{to}
	self, err := to.PrimarySelfSignature(at, params.Config)
	switch {
	case to == ours:
	case err == nil && self.SEIPDv2: // ours opens it, whatever it announces to others
		key, err := ours.EncryptionKeyWithError(at, params.Config)
		if err != nil {
			return nil, err
		}
		params.SessionKey = make([]byte, suiteKeySize(self))
		_, _ = rand.Read(params.SessionKey) // never fails (crypto/rand)
		if err := packet.SerializeEncryptedKeyAEAD(out, key.PublicKey, 0, true, params.SessionKey, params.Config); err != nil {
			return nil, err
		}
	default:
		recipients = append(recipients, ours)
	}
	return openpgp.EncryptWithParams(out, recipients, nil, params)
}

// suiteKeySize is the key length of the AEAD suite that the library takes for a
// recipient: AES-256 where its key lists it with any mode, else AES-128, which
// everybody reads (RFC 9580 section 5.2.3.15).
func suiteKeySize(self *packet.Signature) int {
	for _, suite := range self.PreferredCipherSuites {
		if mode := packet.AEADMode(suite[1]); packet.CipherFunction(suite[0]) == packet.CipherAES256 && mode >= packet.AEADModeEAX && mode <= packet.AEADModeGCM {
			return packet.CipherAES256.KeySize()
		}
	}
	return packet.CipherAES128.KeySize()
}

// sign makes a signature packet over content. to, if given, is named as the
// intended recipient (RFC 9580 section 5.2.3.36).
func (r *Ring) sign(content []byte, kind packet.SignatureType, to *openpgp.Entity, at time.Time) ([]byte, gocrypto.Hash, error) {
	_, private, err := r.signingKey(at)
	if err != nil {
		return nil, 0, err
	}
	hash := hashOf(&private.PublicKey)
	id := private.KeyId
	sig := &packet.Signature{Version: private.Version, SigType: kind, PubKeyAlgo: private.PubKeyAlgo, Hash: hash,
		CreationTime: at, IssuerKeyId: &id, IssuerKeyVersion: uint8(private.Version), IssuerFingerprint: private.Fingerprint}
	if to != nil {
		sig.IntendedRecipients = []*packet.Recipient{{KeyVersion: to.PrimaryKey.Version, Fingerprint: to.PrimaryKey.Fingerprint}}
	}
	config := libraryConfig(at)
	h, err := sig.PrepareSign(config)
	if err != nil {
		return nil, 0, fmt.Errorf("sign: %w", err)
	}
	_, _ = h.Write(content)
	if err := sig.Sign(h, private, config); err != nil {
		return nil, 0, fmt.Errorf("sign: %w", err)
	}
	var out bytes.Buffer
	if err := sig.Serialize(&out); err != nil {
		return nil, 0, fmt.Errorf("sign: %w", err)
	}
	return out.Bytes(), hash, nil
}

// hashOf is the hash a key signs with: as strong as the key needs, SHA-256
// otherwise.
func hashOf(p *packet.PublicKey) gocrypto.Hash {
	if p.PubKeyAlgo == packet.PubKeyAlgoEd448 {
		return gocrypto.SHA512
	}
	curve, err := p.Curve()
	if err != nil {
		return gocrypto.SHA256
	}
	switch curve {
	case packet.Curve448, packet.CurveNistP521, packet.CurveBrainpoolP512:
		return gocrypto.SHA512
	case packet.CurveNistP384, packet.CurveBrainpoolP384:
		return gocrypto.SHA384
	}
	return gocrypto.SHA256
}

func hashFor(h gocrypto.Hash) string {
	return strings.ToLower(strings.Replace(h.String(), "SHA-", "sha", 1))
}

// encryptedEntity is RFC 3156 section 4 around an OpenPGP message.
func encryptedEntity(message []byte) (header, body []byte) {
	b := boundary()
	header = []byte("MIME-Version: 1.0\r\n" +
		"Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\r\n boundary=\"" + b + "\"\r\n")
	var out bytes.Buffer
	out.Grow(armoredSize(len(message)) + 512)
	out.WriteString("--" + b + "\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n" +
		"--" + b + "\r\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\r\n" +
		"Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n")
	writeArmor(&out, blockMessage, message)
	out.WriteString("\r\n--" + b + "--\r\n")
	return header, out.Bytes()
}

// SignEntity wraps an entity into multipart/signed (RFC 3156 section 5): the
// entity in canonical form, without white space at line ends.
func (r *Ring) SignEntity(entity []byte, at time.Time) ([]byte, error) {
	entity = stripTrailing(mimepart.Canonical(entity))
	signature, hash, err := r.sign(entity, packet.SigTypeBinary, nil, at)
	if err != nil {
		return nil, err
	}
	b := boundary()
	var out bytes.Buffer
	out.WriteString("Content-Type: multipart/signed; micalg=\"pgp-" + hashFor(hash) + "\";\r\n" +
		" protocol=\"application/pgp-signature\"; boundary=\"" + b + "\"\r\n\r\n--" + b + "\r\n")
	out.Write(entity)
	out.WriteString("\r\n--" + b + "\r\nContent-Type: application/pgp-signature; name=\"signature.asc\"\r\n\r\n")
	out.Write(armor(blockSignature, signature))
	out.WriteString("\r\n--" + b + "--\r\n")
	return out.Bytes(), nil
}

// stripTrailing removes blanks before line ends, as RFC 3156 section 5 step 4
// demands of what is signed.
func stripTrailing(b []byte) []byte {
	if !bytes.Contains(b, []byte(" \r\n")) && !bytes.Contains(b, []byte("\t\r\n")) {
		return b
	}
	lines := bytes.Split(b, []byte("\r\n"))
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], " \t")
	}
	return bytes.Join(lines, []byte("\r\n"))
}

// boundary is a fresh one; "=_" cannot stand in base64 or quoted-printable.
func boundary() string {
	var b [18]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return "=_" + hex.EncodeToString(b[:])
}
