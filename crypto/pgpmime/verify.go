package pgpmime

import (
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"almasu/internal/mimepart"
)

// hashNames are the names of RFC 9580 section 9.5 by their number.
var hashNames = [...]string{1: "md5", 2: "sha1", 3: "ripemd160", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224",
	12: "sha3-256", 14: "sha3-512"}

func hashName(id byte) string {
	if int(id) < len(hashNames) {
		return hashNames[id]
	}
	return ""
}

func weakHash(name string) bool { return name == "md5" || name == "sha1" || name == "ripemd160" }

// verifyAll verifies the signature packets of one content, at most
// maxSignatures of them.
func (r *Ring) verifyAll(c signedContent, at time.Time) []Signature {
	var out []Signature
	for i, body := range c.signatures {
		if i == maxSignatures {
			out = append(out, Signature{Covered: c.content, Reason: "more signatures than are verified"})
			break
		}
		out = append(out, r.verify(body, c.content, at))
	}
	if c.onePass > len(c.signatures) {
		out = append(out, Signature{Covered: c.content, Reason: "a signature is announced that is not there"})
	}
	return out
}

// verify checks one signature packet over one content. The mathematics, the
// key's state and the algorithms are separate facts.
func (r *Ring) verify(body, content []byte, at time.Time) Signature {
	out := Signature{Covered: content}
	sig, hash, ok := readSignature(body)
	out.Hash, out.WeakHash = hash, weakHash(hash)
	if !ok {
		out.Reason = "the signature packet is malformed or of an unsupported version"
		return out
	}
	out.Made = sig.CreationTime.UTC()
	issuer, ok := issuerOf(sig)
	if !ok {
		out.Reason = "the signature names no key"
		return out
	}
	out.KeyID = keyID(issuer)
	if sig.SigType == packet.SigTypeText {
		out.Covered = mimepart.Canonical(content)
	}
	for _, i := range sig.IntendedRecipients {
		out.Intended = append(out.Intended, upperHex(i.Fingerprint))
	}
	e := r.byID[issuer]
	if e == nil {
		out.Reason = "the key is in nobody's file"
		return out
	}
	pub := keyByID(e.entity, issuer)
	if !sig.CheckKeyIdOrFingerprint(pub) || (sig.Version == 6) != (pub.Version == 6) { // RFC 9580 section 5.2
		out.Reason = "a key with the same key ID but another fingerprint or version"
		return out
	}
	out.Known, out.Owner, out.Fingerprint = true, e.owner, fingerprint(e.entity.PrimaryKey)
	out.judgeKey(e, pub, sig, at)
	if sig.SigType != packet.SigTypeText && sig.SigType != packet.SigTypeBinary {
		out.Reason = "it is no signature over a document"
	}
	if weakHash(hash) && hash != "sha1" {
		return out // not even computed
	}
	out.Verified = out.Reason == "" && mathematics(pub, sig, content)
	if !out.Verified && out.Reason == "" {
		out.Reason = "it is not a signature of this key over this content"
	}
	return out
}

func mathematics(pub *packet.PublicKey, sig *packet.Signature, content []byte) bool {
	h, err := sig.PrepareVerify()
	if err != nil {
		return false
	}
	if sig.SigType == packet.SigTypeText {
		_, _ = openpgp.NewCanonicalTextHash(h).Write(content)
	} else {
		_, _ = h.Write(content)
	}
	return pub.VerifySignature(h, sig) == nil
}

func keyByID(e *openpgp.Entity, id uint64) *packet.PublicKey {
	for _, p := range publicKeys(e) {
		if p.KeyId == id {
			return p
		}
	}
	return e.PrimaryKey
}

// judgeKey fills the facts about the key. Its newest self-signature speaks for
// it, as in gpg: a key that was prolonged is valid for what it signed before.
// Both instants count, the signing time and the arrival (DESIGN section 4).
func (s *Signature) judgeKey(e *entry, pub *packet.PublicKey, sig *packet.Signature, at time.Time) {
	config := libraryConfig(at)
	s.WeakKey = weakKey(pub) || weakKey(e.entity.PrimaryKey)
	s.Revoked = e.listed[fingerprint(pub)] || e.listed[fingerprint(e.entity.PrimaryKey)] ||
		e.entity.Revoked(at) || e.entity.Revoked(sig.CreationTime)
	primary, err := e.entity.PrimarySelfSignature(time.Time{}, config)
	if err != nil {
		if !s.Revoked {
			s.Reason = "the certificate has no valid self-signature"
		}
		return
	}
	binding, key := primary, e.entity.PrimaryKey
	signs := !primary.FlagsValid || primary.FlagSign // a primary key without flags may do anything, as in gpg
	for i := range e.entity.Subkeys {
		sub := &e.entity.Subkeys[i]
		if sub.PublicKey != pub {
			continue
		}
		key = pub
		if binding, err = sub.LatestValidBindingSignature(time.Time{}, config); err != nil {
			s.Reason = "the subkey is not bound to its certificate"
			return
		}
		s.Revoked = s.Revoked || sub.Revoked(binding, at) || sub.Revoked(binding, sig.CreationTime)
		signs = binding.FlagsValid && binding.FlagSign // only with the flag its signature of the primary key is checked
	}
	if !signs {
		s.Reason = "the key is not made for signing"
	}
	if sig.CreationTime.Before(key.CreationTime) {
		s.Reason = "the signature is older than its key"
	}
	for _, n := range sig.Notations {
		if n.IsCritical {
			s.Reason = "the signature carries a critical notation nobody here knows"
		}
	}
	for _, t := range []time.Time{sig.CreationTime, at} {
		s.Expired = s.Expired || e.expired(primary, t) || lapsed(key.CreationTime, binding.KeyLifetimeSecs, t) ||
			lapsed(binding.CreationTime, binding.SigLifetimeSecs, t)
	}
	s.Expired = s.Expired || lapsed(sig.CreationTime, sig.SigLifetimeSecs, at)
}

// expired says whether the primary key is past its end at a time; a v4 key may
// state its end in a direct-key signature as well.
func (e *entry) expired(primary *packet.Signature, t time.Time) bool {
	born := e.entity.PrimaryKey.CreationTime
	if lapsed(born, primary.KeyLifetimeSecs, t) || lapsed(primary.CreationTime, primary.SigLifetimeSecs, t) {
		return true
	}
	direct, err := e.entity.LatestValidDirectSignature(time.Time{}, libraryConfig(t))
	return err == nil && lapsed(born, direct.KeyLifetimeSecs, t)
}

func lapsed(from time.Time, seconds *uint32, t time.Time) bool {
	return seconds != nil && *seconds != 0 && t.After(from.Add(time.Duration(*seconds)*time.Second))
}

const minRSABits = 2047 // a modulus of 2048 bits may have its top bit clear

func weakKey(p *packet.PublicKey) bool {
	switch p.PubKeyAlgo {
	case packet.PubKeyAlgoDSA, packet.PubKeyAlgoElGamal:
		return true
	case packet.PubKeyAlgoRSA, packet.PubKeyAlgoRSASignOnly, packet.PubKeyAlgoRSAEncryptOnly:
		bits, err := p.BitLength()
		return err != nil || bits < minRSABits
	}
	curve, err := p.Curve()
	return err == nil && curve == packet.CurveSecP256k1
}

// VerifyDetached verifies a detached signature (armored or binary) over
// content as it stands (RFC 3156 section 5).
func (r *Ring) VerifyDetached(signature, content []byte, at time.Time) []Signature {
	c := signedContent{content: content, signatures: signaturePackets(signature)}
	if len(c.signatures) == 0 {
		return []Signature{{Covered: content, Reason: "the signature part holds no signature"}}
	}
	return r.verifyAll(c, at)
}

// signaturePackets lists the bodies of the signature packets in a signature
// block; anything else in it makes it worthless.
func signaturePackets(data []byte) [][]byte {
	data = unarmored(data, blockSignature, blockMessage)
	var out [][]byte
	for len(data) > 0 && len(out) <= maxSignatures {
		tag, body, rest, err := nextPacket(data)
		if err != nil {
			return out
		}
		if tag == tagSignature {
			out = append(out, body)
		} else if !ignorable(tag) {
			return nil
		}
		data = rest
	}
	return out
}
