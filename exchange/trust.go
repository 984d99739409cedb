package exchange

import (
	"slices"
	"time"
)

// This file and trust_reports.go are the trust decision (DESIGN section 4, items
// 1 to 4). It works on facts alone and fails closed: a fact that is missing,
// unknown or contradicts another holds the message.

// Evidence is all the trust decision looks at besides the register: what the
// cryptography found, both header blocks, and when the message arrived.
type Evidence struct {
	Security   Security
	Outer      Headers
	Protected  Headers
	ReceivedAt time.Time
}

// TrustLimits bound the signing time against the arrival.
type TrustLimits struct {
	SigningAge  time.Duration // limits.signing_age
	SigningSkew time.Duration // limits.signing_skew
}

// Judgement is what the trust decision says of a message.
type Judgement struct {
	// Participant is who the message is from once signature and From are
	// established, nil otherwise. Only it may be answered in detail, and only
	// where the code's fate allows that: a message held for its binding keeps
	// its Participant for the operator's eyes.
	Participant *Participant
	// Claimed is the participant (never ourselves) whose registered address
	// stands in From, established or not; a neutral notice goes to it. Nil for
	// our own letters reflected back: those are never answered.
	Claimed *Participant
	// Signer is the participant whose valid signature and From the message
	// carries, whatever else stands against it: for the operator's eyes alone.
	Signer   *Participant
	Refusal  Refusal
	Findings []string

	// untimed: the signature carries no time, so that of the signed reports is
	// held against limits.
	untimed bool
	limits  TrustLimits
}

// Trust decides DESIGN section 4 items 1 to 3 as far as the message itself
// tells, before its payload is parsed. Binding by the field addressee and item
// 4 are JudgeReports' part: no judgement is an acceptance before it went there.
func Trust(e Evidence, reg *Register, limits TrustLimits) Judgement {
	var j Judgement
	c := &collector{}
	s := e.Security
	owner := reg.ByID(s.Owner)
	own := s.Owner == SelfSigner || owner == reg.Self()
	if own {
		owner = nil
	}
	from, fromReason := e.sender()
	if p := reg.ByAddress(from); p != reg.Self() && !own {
		j.Claimed = p
	}

	c.encryption(s)
	if s.Signed {
		c.signature(s, owner)
	}
	if s.Signed && s.Owner != "" {
		c.signer(e, owner, own, from, fromReason)
	}
	j.Signer = signerOf(e, owner, from)
	if j.Signer != nil && !c.has() {
		j.Participant = owner
		if j.untimed, j.limits = s.SignedAt.IsZero(), limits; !j.untimed {
			c.age(s.SignedAt, e.ReceivedAt, limits)
		}
	}
	c.add(e.boundElsewhere(reg.Self()), WrongRecipient, "the signed message names another recipient than us")

	j.Refusal = c.refusal()
	j.Findings = merge(s.Findings, c.findings(j.Refusal))
	if e.headersDisagree() {
		j.Findings = merge(j.Findings, []string{"header-mismatch"})
	}
	return j
}

// signerOf is the owner of a valid signature over all of the message, if its
// address is the one in From.
func signerOf(e Evidence, owner *Participant, from string) *Participant {
	s := e.Security
	if owner == nil || !s.Signed || s.Signature != SignatureValid || s.Covers != CoversAll && !s.Outer || !owner.HasAddress(from) {
		return nil
	}
	return owner
}

// sender is the one address of the protected From, or failing that of the
// outer one; a reason where it is not exactly one. A protected header that the
// signature does not cover, or that travels in an encrypted attachment, does
// not say who posted the mail: there the outer From counts.
func (e Evidence) sender() (addr, reason string) {
	h := e.Outer
	if e.headerSigned() && len(e.Protected.From) > 0 && e.Security.Form != FormAttachment {
		h = e.Protected
	}
	switch len(h.From) {
	case 1:
		return h.From[0], ""
	case 0:
		return "", "no usable From address"
	}
	return "", "more than one From address"
}

// headerSigned: there is a protected header, and the signature inside the
// encryption covers it.
func (e Evidence) headerSigned() bool {
	return e.Protected.Present && e.Security.Covers == CoversAll && !e.Security.Outer
}

func (e Evidence) headersDisagree() bool {
	p := e.Protected
	if !p.Present || len(p.From) != 1 {
		return false
	}
	return len(e.Outer.From) != 1 || !SameAddress(e.Outer.From[0], p.From[0])
}

// collector gathers every code that applies, with its first reason.
type collector struct {
	codes   []Code
	reasons map[Code]string
}

func (c *collector) add(applies bool, code Code, reason string) {
	if !applies {
		return
	}
	if c.reasons == nil {
		c.reasons = map[Code]string{}
	}
	if _, known := c.reasons[code]; !known {
		c.reasons[code] = reason
		c.codes = append(c.codes, code)
	}
}

func (c *collector) has() bool { return len(c.codes) > 0 }

// encryption judges item 1, the sealing and that there is a signature at all.
func (c *collector) encryption(s Security) {
	c.add(s.DecryptError != "", CannotDecrypt, s.DecryptError)
	c.add(!s.Encrypted, NotEncrypted, "the message is not encrypted")
	c.add(s.Encrypted && s.DecryptError == "" && !s.Integrity, WeakEncryption, "the encryption carries no integrity protection")
	c.add(s.Encrypted && s.WeakCipher, WeakEncryption, "the cipher "+s.Cipher+" is below policy")
	opened := s.DecryptError == "" && (!s.Encrypted || s.Integrity)
	c.add(opened && !s.Signed, Unsigned, "the message carries no signature")
}

// signer judges item 2: the key's owner is in the register and From is its
// address. The outer From of an encrypted attachment was taken by sender; a
// From inside the attachment must not be somebody else's either.
func (c *collector) signer(e Evidence, owner *Participant, own bool, from, fromReason string) {
	switch {
	case own:
		c.add(true, SignerMismatch, "signed with our own key: a letter of ours came back")
	case owner == nil:
		c.add(true, SignerMismatch, "the signing key belongs to a participant that is not in the register")
	case fromReason != "":
		c.add(true, SignerMismatch, fromReason)
	case !owner.HasAddress(from) || e.Protected.Present && slices.ContainsFunc(e.Protected.From, func(a string) bool { return !owner.HasAddress(a) }):
		c.add(true, SignerMismatch, "the signer "+owner.ID+" and the address in From are not the same participant")
	}
}

// age bounds the signing time against the arrival (DESIGN section 6, stale).
func (c *collector) age(signed, received time.Time, l TrustLimits) {
	c.add(received.Sub(signed) > l.SigningAge, Stale, "the signature is older than limits.signing_age")
	c.add(signed.Sub(received) > l.SigningSkew, Stale, "the signing time lies ahead of the arrival by more than limits.signing_skew")
}

// signature maps the verdict on the signature to its codes.
func (c *collector) signature(s Security, owner *Participant) {
	outer := s.Outer && owner != nil && owner.AcceptOuterSignature
	c.add(s.Outer && !outer, SignaturePartial, "the signature stands outside the encryption: it proves who posted the mail, not who wrote the report")
	c.add(s.Outer && s.Form == FormAttachment, SignaturePartial, "an encrypted attachment must carry its own signature inside the encryption")
	c.add(s.Covers != CoversAll && !(outer && s.Covers == CoversPart), SignaturePartial, "the signature does not cover the whole payload")
	switch s.Signature {
	case SignatureValid:
		c.add(s.Owner == "", SignerUnknown, "the signing key belongs to no participant")
	case SignatureUnknownSigner:
		c.add(true, SignerUnknown, "the signing key belongs to no participant")
	case SignatureUntrusted:
		c.add(true, ChainUntrusted, "the certificate chain does not end at a trusted anchor")
	case SignatureExpired:
		c.add(true, KeyExpired, "the signing key had expired")
	case SignatureRevoked:
		c.add(true, KeyRevoked, "the signing key is revoked")
	case SignatureWeak:
		c.add(true, WeakSignature, "the signature uses an algorithm below policy")
	case SignatureIsPartial:
		c.add(true, SignaturePartial, "the signature does not cover the whole payload")
	default:
		c.add(true, SignatureInvalid, "the signature does not verify")
	}
}

func (c *collector) refusal() Refusal {
	first, _ := First(c.codes...)
	return Refusal{Code: first, Reason: c.reasons[first]}
}

func (c *collector) findings(r Refusal) []string {
	_, others := First(c.codes...)
	var out []string
	for _, o := range others {
		if o != r.Code {
			out = append(out, string(o))
		}
	}
	return out
}

// merge appends what is new of b to a copy of a.
func merge(a, b []string) []string {
	out := append(make([]string, 0, len(a)+len(b)), a...)
	for _, f := range b {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}
