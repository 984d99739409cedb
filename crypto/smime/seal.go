package smime

import (
	"bytes"
	gocrypto "crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"almasu/crypto/cms"
	"almasu/crypto/cms/algid"
	"almasu/internal/mimepart"
)

// Profile is how a participant wants its letters, by its file.
type Profile struct {
	Cipher   string // "" is aes256-gcm; aes256-cbc, aes128-cbc for old programs
	PKCS1v15 bool   // RSA key transport of old programs instead of RSA-OAEP
}

// Sealed is an S/MIME entity and the digest of what was signed.
type Sealed struct {
	Header, Body []byte // header lines with CRLF; body without the empty line before it
	Hash         string // of the signature
	Digest       []byte // that hash over the entity
}

// Seal signs the entity in canonical form (multipart/signed, so that it stays
// as it stands) and encrypts it to the owner and to ourselves. Where fingerprint
// is not "" it is that certificate of the owner's that it is sealed to.
func (r *Ring) Seal(entity []byte, owner, fingerprint string, p Profile, at time.Time) (Sealed, error) {
	to, err := r.recipient(owner, fingerprint, at)
	if err != nil {
		return Sealed{}, err
	}
	ours, err := r.recipient(r.self, "", at)
	if err != nil {
		return Sealed{}, err
	}
	entity = mimepart.Canonical(entity)
	signed, hash, err := r.SignEntity(entity, at)
	if err != nil {
		return Sealed{}, err
	}
	recipients := []cms.Recipient{{Certificate: to.cert, PKCS1v15: p.PKCS1v15}}
	if to != ours {
		recipients = append(recipients, cms.Recipient{Certificate: ours.cert, PKCS1v15: p.PKCS1v15})
	}
	message, err := cms.Encrypt(signed, recipients, cms.EncryptOptions{Cipher: cms.Cipher(p.Cipher)})
	if err != nil {
		return Sealed{}, err
	}
	kind := "authEnveloped-data"
	if t, err := cms.Detect(message); err == nil && t == cms.EnvelopedData {
		kind = "enveloped-data"
	}
	sum := hash.New()
	sum.Write(entity)
	return Sealed{Hash: algid.DigestName(hash), Digest: sum.Sum(nil), Body: lines(message),
		Header: []byte("MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=" + kind + ";\r\n name=\"smime.p7m\"\r\n" +
			"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\n")}, nil
}

// SignEntity wraps an entity in canonical form into multipart/signed (RFC 8551
// section 3.5.3), with signing time and capabilities signed along.
func (r *Ring) SignEntity(entity []byte, at time.Time) ([]byte, gocrypto.Hash, error) {
	signer, err := r.signer(at)
	if err != nil {
		return nil, 0, err
	}
	scheme, err := algid.Choose(signer.key, 0, false)
	if err != nil {
		return nil, 0, fmt.Errorf("sign with our certificate %s: %w", Fingerprint(signer.cert), err)
	}
	hash := scheme.Hash
	if hash == 0 {
		hash = gocrypto.SHA512 // Ed25519, RFC 8419 section 3
	}
	key := cms.SigningKey{Certificate: signer.cert, Private: signer.private.(gocrypto.Signer), Chain: r.chainOf(signer.cert)}
	signature, err := cms.Sign(entity, []cms.SigningKey{key}, cms.SignOptions{Time: at, Detached: true})
	if err != nil {
		return nil, 0, err
	}
	micalg := map[gocrypto.Hash]string{gocrypto.SHA256: "sha-256", gocrypto.SHA384: "sha-384", gocrypto.SHA512: "sha-512"}[hash]
	var random [18]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	b := "=_" + hex.EncodeToString(random[:])
	var out bytes.Buffer
	out.Grow(len(entity) + 2*len(signature) + 1024)
	out.WriteString("Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg=" + micalg + "; boundary=\"" + b +
		"\"\r\n\r\n--" + b + "\r\n")
	out.Write(entity)
	out.WriteString("\r\n--" + b + "\r\nContent-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\n" +
		"Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n")
	out.Write(lines(signature))
	out.WriteString("--" + b + "--\r\n")
	return out.Bytes(), hash, nil
}

// chainOf are the authorities above our certificate, without the root.
func (r *Ring) chainOf(cert *x509.Certificate) []*x509.Certificate {
	var out []*x509.Certificate
	for range 4 {
		next := issuerOf(cert, append(r.authorities[:len(r.authorities):len(r.authorities)], r.trust.Intermediates...))
		if next == nil || bytes.Equal(next.RawIssuer, next.RawSubject) {
			break
		}
		out, cert = append(out, next), next
	}
	return out
}

func issuerOf(cert *x509.Certificate, among []*x509.Certificate) *x509.Certificate {
	for _, c := range among {
		if bytes.Equal(c.RawSubject, cert.RawIssuer) && cert.CheckSignatureFrom(c) == nil {
			return c
		}
	}
	return nil
}

// lines is base64 in lines of 76.
func lines(b []byte) []byte {
	text := base64.StdEncoding.EncodeToString(b)
	var out bytes.Buffer
	out.Grow(len(text) + len(text)/38 + 2)
	for len(text) > 0 {
		n := min(76, len(text))
		out.WriteString(text[:n])
		out.WriteString("\r\n")
		text = text[n:]
	}
	return out.Bytes()
}
