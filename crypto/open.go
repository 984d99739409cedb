package crypto

import (
	gocrypto "crypto"
	"crypto/sha256"
	_ "crypto/sha512" // hashes a signature may name
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	_ "crypto/sha3"

	"almasu/crypto/pgpmime"
	"almasu/crypto/smime"
	"almasu/exchange"
	"almasu/internal/mimepart"
)

// opening is the work on one message.
type opening struct {
	ring    *pgpmime.Ring
	smime   *smime.Ring
	ownerOf func(address string) string
	limits  Limits
	at      time.Time
	out     Opened

	verified int   // signature parts looked at
	left     int64 // octets that may still be decrypted and decompressed, of all parts together
	err      error // transient
}

// spend takes what came out of a part off limits.decompressed.
func (o *opening) spend(octets int) { o.left = max(o.left-int64(octets), 1) }

// message walks the road of one message: signatures outside, what is sealed,
// what is inside of it.
func (o *opening) message(root *mimepart.Part) {
	node, outer := o.peel(root)
	f := detect(node, true)
	s := &o.out.Security
	s.Findings = append(s.Findings, f.findings...)
	if len(f.sealed) == 0 {
		o.clear(root, node, outer)
		return
	}
	for i := range outer {
		outer[i].outside = true
	}
	s.Encrypted, s.Form = true, f.sealed[0].form
	s.Encryption = exchange.EncryptionOpenPGP
	if f.sealed[0].smime {
		s.Encryption = exchange.EncryptionSMIME
	}
	if len(f.sealed) > 1 {
		s.Findings = append(s.Findings, "several-encrypted-parts")
		s.Form = exchange.FormAttachment
	}
	if len(f.sealed) > maxSealed {
		s.DecryptError = "it has more encrypted parts than are looked at"
		return
	}
	var opened []inside
	s.Integrity = true
	for _, p := range f.sealed {
		in, ok := o.unseal(p)
		s.Integrity = s.Integrity && in.integrity
		if !ok {
			o.signatureOnly(append(outer, in.plain...))
			return
		}
		opened = append(opened, in)
	}
	o.conclude(opened, outer)
}

// unseal opens one encrypted part. ok is false where it could not be opened;
// the reason is in the facts then.
func (o *opening) unseal(p sealedPart) (inside, bool) {
	s := &o.out.Security
	data, err := p.part.Decode(o.limits.Message)
	if err != nil && len(data) == 0 {
		s.DecryptError = "its transfer encoding cannot be undone"
		return inside{}, false
	}
	if p.smime {
		return o.unsealSMIME(p, data)
	}
	if around, messages := pgpmime.Outside(data); messages > 0 {
		if around {
			s.Findings = append(s.Findings, "text-around-armor")
		}
		if messages > 1 {
			s.Findings = append(s.Findings, "several-encrypted-parts")
			s.DecryptError = "several armored messages stand in one text: send one per mail"
			return inside{}, false
		}
	}
	m, err := o.ring.OpenMessage(data, o.left, o.at)
	o.spend(len(m.Content))
	s.Cipher = m.Cipher
	s.WeakCipher = s.WeakCipher || m.Weak
	in := inside{sealed: p, content: m.Content, integrity: m.Integrity}
	if err != nil {
		s.DecryptError = decryptReason(err, m)
		return in, false
	}
	if m.Withheld {
		return in, false
	}
	var signatures []seen
	for _, sig := range m.Signatures {
		signatures = append(signatures, seenPGP(sig, true))
	}
	if !m.Encrypted { // labelled as encrypted, and is not
		s.Encrypted, s.Encryption, s.Form = false, exchange.EncryptionNone, exchange.FormClear
		in.plain = signatures
		return in, false
	}
	o.interpret(&in, signatures)
	return in, true
}

// decryptReason is why a message was not opened: words of ours, and the key
// IDs it is encrypted to, which stand outside the encryption.
func decryptReason(err error, m pgpmime.Message) string {
	reason := err.Error()
	if errors.Is(err, pgpmime.ErrNoKey) && len(m.Recipients) > 0 {
		list := m.Recipients
		if len(list) > 8 {
			list = list[:8]
		}
		reason += " (it is encrypted to " + strings.Join(list, ", ") + ")"
	}
	if errors.Is(err, pgpmime.ErrCipher) && m.Cipher != "" {
		reason += " (" + m.Cipher + ")"
	}
	return reason
}

// signatureOnly states what an outside signature says of a message that could
// not be opened.
func (o *opening) signatureOnly(outer []seen) {
	chosen, findings := best(outer)
	describe(&o.out.Security, chosen, o.ring)
	o.out.Security.Findings = append(o.out.Security.Findings, findings...)
}

// digest is the message integrity check over content with the hash of a
// signature, SHA-256 where there is none.
func digest(hash, over string, content []byte) exchange.Digest {
	algorithms := map[string]gocrypto.Hash{"sha224": gocrypto.SHA224, "sha256": gocrypto.SHA256, "sha384": gocrypto.SHA384,
		"sha512": gocrypto.SHA512, "sha3-256": gocrypto.SHA3_256, "sha3-512": gocrypto.SHA3_512}
	h, ok := algorithms[hash]
	if !ok {
		h, hash = gocrypto.SHA256, "sha256"
	}
	sum := h.New()
	sum.Write(content)
	return exchange.Digest{Algorithm: hash, Value: base64.StdEncoding.EncodeToString(sum.Sum(nil)), Over: over}
}

func contentDigest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// digested is the contentDigest of content whose digest is known: large content
// is not hashed twice.
func digested(d exchange.Digest, content []byte) string {
	sum, err := base64.StdEncoding.DecodeString(d.Value)
	if err != nil || d.Algorithm != "sha256" {
		return contentDigest(content)
	}
	return hex.EncodeToString(sum)
}
