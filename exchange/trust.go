package exchange

import (
	"slices"
	"strings"
	"time"
)

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
	// established, nil otherwise. Only then may it be answered in detail.
	Participant *Participant
	// Claimed is the participant (never ourselves) whose registered address
	// stands in From, established or not; a neutral notice goes to it.
	Claimed  *Participant
	Refusal  Refusal
	Findings []string
}

// Trust decides DESIGN section 4 items 1 to 3 as far as the message itself
// tells, before its payload is parsed. Binding by the field addressee and item
// 4 are JudgeReports' part.
func Trust(e Evidence, reg *Register, limits TrustLimits) Judgement {
	var j Judgement
	c := &collector{}
	s := e.Security
	from, fromReason := e.sender()
	if p := reg.ByAddress(from); p != nil && p != reg.Self() {
		j.Claimed = p
	}
	owner := reg.ByID(s.Owner)
	if s.Owner == SelfSigner {
		owner = nil
	}

	c.add(s.DecryptError != "", CannotDecrypt, s.DecryptError)
	c.add(!s.Encrypted, NotEncrypted, "the message is not encrypted")
	c.add(s.Encrypted && s.DecryptError == "" && !s.Integrity, WeakEncryption, "the encryption carries no integrity protection")
	c.add(s.Encrypted && s.WeakCipher, WeakEncryption, "the cipher "+s.Cipher+" is below policy")
	opened := s.DecryptError == "" && (!s.Encrypted || s.Integrity)
	c.add(opened && !s.Signed, Unsigned, "the message carries no signature")
	if s.Signed {
		c.signature(s, owner)
	}
	if s.Signed && s.Owner != "" {
		switch {
		case s.Owner == SelfSigner:
			c.add(true, SignerMismatch, "signed with our own key: a letter of ours came back")
		case owner == nil:
			c.add(true, SignerMismatch, "the signing key belongs to a participant that is not in the register")
		case fromReason != "":
			c.add(true, SignerMismatch, fromReason)
		case !owner.HasAddress(from):
			c.add(true, SignerMismatch, "the signer "+owner.ID+" and the address in From are not the same participant")
		}
	}
	if owner != nil && !c.has() && s.Signature == SignatureValid {
		j.Participant = owner
		c.add(!s.SignedAt.IsZero() && e.ReceivedAt.Sub(s.SignedAt) > limits.SigningAge, Stale, "the signature is older than limits.signing_age")
		c.add(s.SignedAt.IsZero() || s.SignedAt.Sub(e.ReceivedAt) > limits.SigningSkew, Stale, "the signing time lies ahead of the arrival by more than limits.signing_skew, or is missing")
	}
	c.add(e.boundElsewhere(reg.Self()), WrongRecipient, "the signed message names another recipient than us")

	j.Refusal = c.refusal()
	j.Findings = append(append([]string{}, s.Findings...), c.findings(j.Refusal)...)
	if e.headersDisagree() {
		j.Findings = append(j.Findings, "header-mismatch")
	}
	return j
}

// sender is the one address of the protected From, or failing that of the
// outer one; a reason where it is not exactly one. An encrypted attachment has
// no protected header: what stands around it proves nothing, so the outer From
// must still be the signer's.
func (e Evidence) sender() (addr, reason string) {
	h := e.Outer
	if e.Protected.Present && len(e.Protected.From) > 0 {
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

func (e Evidence) headersDisagree() bool {
	p := e.Protected
	if !p.Present || len(p.From) != 1 {
		return false
	}
	return len(e.Outer.From) != 1 || !SameAddress(e.Outer.From[0], p.From[0])
}

// boundElsewhere: a binding exists that does not name us.
func (e Evidence) boundElsewhere(self *Participant) bool {
	if e.Security.IntendedForOthers {
		return true
	}
	to := e.protectedRecipients()
	return len(to) > 0 && !slices.ContainsFunc(to, self.HasAddress)
}

func (e Evidence) protectedRecipients() []string {
	if !e.Protected.Present || e.Security.Covers != CoversAll {
		return nil
	}
	return append(slices.Clone(e.Protected.To), e.Protected.Cc...)
}

// JudgeReports decides the rest of section 4 once the payload is parsed: the
// binding by the signed addressee, the reporter, and whether the participant
// may send this kind. j is what Trust said; the result carries the code that
// takes precedence over both.
func JudgeReports(j Judgement, e Evidence, reg *Register, reports []*Report) Judgement {
	c := &collector{}
	c.add(j.Refusal.Code != "", j.Refusal.Code, j.Refusal.Reason)
	bound := e.Security.IntendedForUs || len(e.protectedRecipients()) > 0
	for _, r := range reports {
		if r.Addressee != "" {
			bound = true
			c.add(r.Addressee != reg.Self().ID, WrongRecipient, "the field addressee names another participant than us")
		}
	}
	p := j.Participant
	if !bound && p != nil && p.AcceptUnbound {
		j.Findings = append(j.Findings, string(RecipientUnbound))
	} else {
		c.add(!bound, RecipientUnbound, "nothing signed names us as the recipient")
	}
	for _, r := range reports {
		if p == nil {
			break
		}
		c.add(!ownReport(p, reg, r), ReporterMismatch, "the report names another reporter than its signer "+p.ID)
		c.add(!p.MaySend(r.Kind), KindForbidden, "participant "+p.ID+" may not send reports of kind "+string(r.Kind))
		c.add(e.Security.Outer && !outerAllowed(r.Format), SignaturePartial, "a signature outside the encryption is taken for card and IODEF only")
		c.add(stateSecret(r.Marking), MarkingForbidden, "the report carries a state secret marking")
	}
	j.Refusal = c.refusal()
	if j.Refusal.Code.before(Stale) {
		j.Participant = heldParticipant(j, p)
	}
	j.Findings = append(j.Findings, c.findings(j.Refusal)...)
	return j
}

// heldParticipant keeps the established sender of a message that is held only
// for its binding: the operator sees whose it is, but it is not answered.
func heldParticipant(j Judgement, p *Participant) *Participant {
	switch j.Refusal.Code {
	case RecipientUnbound, WrongRecipient, Replayed:
		return p
	}
	return nil
}

func ownReport(p *Participant, reg *Register, r *Report) bool {
	switch r.Format {
	case CardJSON, CardXML:
		return r.Reporter == p.ID
	case IODEFXML, IODEFJSON:
		return slices.ContainsFunc(r.Reporters, func(n string) bool { return names(p, n) })
	}
	// Formats that carry other people's advisories must only not name another
	// participant.
	for _, n := range r.Reporters {
		for _, other := range reg.All() {
			if other != p && names(other, n) {
				return false
			}
		}
	}
	return true
}

func names(p *Participant, n string) bool {
	fold := func(s string) bool { return strings.EqualFold(s, n) }
	return n != "" && (n == p.ID || n == p.BIN || p.HasAddress(n) || slices.ContainsFunc(p.FQDNs, fold))
}

func outerAllowed(f Format) bool {
	return f == CardJSON || f == CardXML || f == IODEFXML || f == IODEFJSON
}

// stateSecret recognises the three degrees of state secrecy: such
// material must not pass through the gateway. "Құпия" alone is the confidential
// category of clause 8 in the order's words, but as a marking on a document it
// is a degree of secrecy too.
func stateSecret(marking string) bool {
	switch strings.ToLower(strings.Join(strings.Fields(marking), " ")) {
	case "аса маңызды", "өте құпия", "құпия", "особой важности", "совершенно секретно", "секретно",
		"of special importance", "top secret", "secret":
		return true
	}
	return false
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

// signature maps the verdict on the signature to its codes.
func (c *collector) signature(s Security, owner *Participant) {
	accepted := owner != nil && owner.AcceptOuterSignature
	c.add(s.Outer && !accepted, SignaturePartial, "the signature stands outside the encryption: it proves who posted the mail, not who wrote the report")
	c.add(s.Covers != CoversAll && !s.Outer, SignaturePartial, "the signature does not cover the whole payload")
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
