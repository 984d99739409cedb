package crypto

import (
	"slices"
	"time"

	"almasu/crypto/pgpmime"
	"almasu/crypto/pki"
	"almasu/crypto/smime"
	"almasu/exchange"
)

// stateOf is the verdict on one signature, as far as the signature itself
// tells. The order is that of the refusal codes (DESIGN section 6): what is
// wrong with the mathematics comes before what is wrong with the key.
func stateOf(s pgpmime.Signature) exchange.SignatureState {
	switch {
	case !s.Known && s.Made.IsZero() && s.WeakHash:
		return exchange.SignatureWeak // of a version too old to read
	case !s.Known && s.KeyID != "":
		return exchange.SignatureUnknownSigner
	case !s.Known:
		return exchange.SignatureIsInvalid
	case s.WeakHash && (s.Verified || s.Hash != "sha1"):
		return exchange.SignatureWeak
	case !s.Verified:
		return exchange.SignatureIsInvalid
	case s.WeakKey:
		return exchange.SignatureWeak
	case s.Revoked:
		return exchange.SignatureRevoked
	case s.Expired:
		return exchange.SignatureExpired
	}
	return exchange.SignatureValid
}

// stateOfSMIME is the same for S/MIME. A right signature of a certificate that
// is nobody's here is by an unknown signer, or untrusted where not even its
// chain holds.
func stateOfSMIME(s smime.Signature) exchange.SignatureState {
	switch {
	case s.Unknown:
		return exchange.SignatureUnknownSigner
	case !s.Verified:
		return exchange.SignatureIsInvalid
	case s.Owner == "" && s.Untrusted:
		return exchange.SignatureUntrusted
	case s.Owner == "":
		return exchange.SignatureUnknownSigner
	case s.WeakHash, s.WeakKey:
		return exchange.SignatureWeak
	case s.Revoked:
		return exchange.SignatureRevoked
	case s.Expired:
		return exchange.SignatureExpired
	case s.Untrusted:
		return exchange.SignatureUntrusted
	}
	return exchange.SignatureValid
}

// signature is what the verdict needs of a signature, OpenPGP or S/MIME.
type signature struct {
	Signer   string // fingerprint of the primary key, key ID, or issuer and serial number
	Owner    string
	Hash     string
	Made     time.Time
	Intended []string // OpenPGP: fingerprints of intended recipients
	Covered  []byte
	Known    bool // the key is registered
	Right    bool // the mathematics is right, whoever's key it is
	Reason   string
	Findings []string
	Needs    []pki.Need
	Waiting  bool // no verdict before revocation data is there
}

// seen is one signature with the region of the payload it covers.
type seen struct {
	signature
	state   exchange.SignatureState
	whole   bool // covers every leaf of the payload
	outside bool // stands outside the encryption
	sender  bool // its owner's address stands in From
}

// seenPGP is an OpenPGP signature. Its key is named by the fingerprint of its
// primary key where we know it, else by its key ID.
func seenPGP(s pgpmime.Signature, whole bool) seen {
	out := signature{Signer: s.Fingerprint, Owner: s.Owner, Hash: s.Hash, Made: s.Made, Intended: s.Intended, Covered: s.Covered,
		Known: s.Known, Right: s.Known && s.Verified, Reason: s.Reason}
	if out.Signer == "" {
		out.Signer = s.KeyID
	}
	return seen{signature: out, state: stateOf(s), whole: whole}
}

func seenSMIME(s smime.Signature, whole bool) seen {
	return seen{state: stateOfSMIME(s), whole: whole, signature: signature{Signer: s.Signer, Owner: s.Owner, Hash: s.Hash, Made: s.Made,
		Covered: s.Covered, Known: s.Owner != "", Right: s.Verified, Reason: s.Reason, Findings: s.Findings, Needs: s.Needs, Waiting: s.Waiting}}
}

// better orders signatures: one that covers everything before one that does
// not, then by how much its verdict is worth, then that of the one in From, then
// in their own order.
func better(a, b seen) bool {
	if a.whole != b.whole {
		return a.whole
	}
	if worth(a.state) != worth(b.state) {
		return worth(a.state) > worth(b.state)
	}
	return a.sender && !b.sender
}

func worth(s exchange.SignatureState) int {
	order := []exchange.SignatureState{exchange.SignatureIsInvalid, exchange.SignatureUnknownSigner, exchange.SignatureUntrusted, exchange.SignatureWeak,
		exchange.SignatureRevoked, exchange.SignatureExpired, exchange.SignatureValid}
	return slices.Index(order, s)
}

// best picks the signature that counts: inside the encryption if there is any
// at all, outside only failing that. The others come back as findings.
func best(all []seen) (chosen *seen, findings []string) {
	at := -1
	for i := range all {
		switch {
		case at < 0, all[at].outside && !all[i].outside:
			at = i
		case all[i].outside && !all[at].outside:
		case better(all[i], all[at]):
			at = i
		}
	}
	for i, s := range all {
		if s.outside {
			findings = append(findings, "signature-outside")
		}
		if i != at {
			findings = append(findings, "other-signature: "+string(s.state)+" "+s.Signer)
		}
	}
	if at < 0 {
		return nil, nil
	}
	return &all[at], findings
}

// verified: the signature is right, by a key we know, over what it covers.
func (s *seen) verified() bool { return s != nil && s.Known && s.Right }

// describe fills the facts about the signature that counts.
func describe(out *exchange.Security, s *seen, ring *pgpmime.Ring) {
	if s == nil {
		return
	}
	out.Signed, out.Signature, out.Outer = true, s.state, s.outside
	out.Covers = exchange.CoversPart
	switch {
	case s.outside:
	case s.whole:
		out.Covers = exchange.CoversAll
	case s.state == exchange.SignatureValid:
		out.Signature = exchange.SignatureIsPartial
	}
	out.Signer, out.Owner, out.Hash = s.Signer, s.Owner, s.Hash
	out.SignedAt = s.Made
	if s.Reason != "" {
		out.Findings = append(out.Findings, "signature: "+s.Reason)
	}
	out.Findings = append(out.Findings, s.Findings...)
	// An intended recipient says something only where the signature that names
	// it is right, and inside of an encryption (RFC 9580 section 5.2.3.36).
	if s.verified() && !s.outside && out.Encrypted && len(s.Intended) > 0 {
		out.IntendedForUs = slices.ContainsFunc(s.Intended, ring.IsOwn)
		out.IntendedForOthers = !out.IntendedForUs
	}
}
