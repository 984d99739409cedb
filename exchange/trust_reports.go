package exchange

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// boundElsewhere: a binding exists that does not name us. What the signature
// does not cover cannot bind a message to us, but it can still speak against it.
func (e Evidence) boundElsewhere(self *Participant) bool {
	to := append(slices.Clone(e.Protected.To), e.Protected.Cc...)
	return e.Security.IntendedForOthers ||
		e.Protected.Present && len(to) > 0 && !slices.ContainsFunc(to, self.HasAddress)
}

// boundToUs: a fingerprint in the signature, or a protected To or Cc that the
// signature covers, names us.
func (e Evidence) boundToUs(self *Participant) bool {
	if e.Security.IntendedForUs {
		return true
	}
	return e.headerSigned() &&
		(slices.ContainsFunc(e.Protected.To, self.HasAddress) || slices.ContainsFunc(e.Protected.Cc, self.HasAddress))
}

// JudgeReports decides the rest of section 4 once the payload is parsed: the
// binding by the signed addressee, the reporter, and whether the participant
// may send this kind. j is what Trust said; the result carries the code that
// takes precedence over both. Call it for every message of an established
// participant, with no reports where none could be read: the binding is judged
// even so.
func JudgeReports(j Judgement, e Evidence, reg *Register, reports []*Report) Judgement {
	c := &collector{}
	c.add(j.Refusal.Code != "", j.Refusal.Code, j.Refusal.Reason)
	p := j.Participant
	c.add(p == nil && j.Refusal.Code == "", SignerMismatch, "no participant is established as the sender")
	if p != nil {
		j.Findings = merge(j.Findings, c.binding(e, p, reg.Self(), reports))
		c.add(e.Security.Outer && !outerTaken(p, reg, reports), SignaturePartial,
			"a signature outside the encryption is taken only for a card or IODEF of the signer's own")
		if j.untimed {
			j.Findings = merge(j.Findings, c.generated(e.ReceivedAt, j.limits, reports))
		}
	}
	for _, r := range reports {
		if p == nil {
			break
		}
		c.add(!OwnReport(p, reg, r), ReporterMismatch, "the report names another reporter than its signer "+p.ID)
		c.add(!p.MaySend(r.Kind), KindForbidden, "participant "+p.ID+" may not send reports of kind "+string(r.Kind))
		c.add(StateSecret(r.Marking), MarkingForbidden, "the report carries a state secret marking")
	}
	j.Refusal = c.refusal()
	if j.Refusal.Code.before(Stale) {
		j.Participant = heldParticipant(j, p)
	}
	j.Findings = merge(j.Findings, c.findings(j.Refusal))
	return j
}

// binding judges item 3: at least one mark names us and none names somebody
// else. It returns the finding of a participant whose unbound mail is taken.
func (c *collector) binding(e Evidence, p, self *Participant, reports []*Report) []string {
	c.add(e.boundElsewhere(self), WrongRecipient, "the signed message names another recipient than us")
	bound := e.boundToUs(self) || e.boundElsewhere(self)
	for _, r := range reports {
		if r.Addressee != "" {
			bound = true
			c.add(r.Addressee != self.ID, WrongRecipient, "the field addressee names another participant than us")
		}
	}
	if !bound && p.AcceptUnbound {
		return []string{string(RecipientUnbound)}
	}
	c.add(!bound, RecipientUnbound, "nothing signed names us as the recipient")
	return nil
}

// generated bounds the times of the signed reports against the arrival where the
// signature itself carries none (CMS without signed attributes): they are as
// much the signer's word as a signing time.
func (c *collector) generated(received time.Time, l TrustLimits, reports []*Report) []string {
	c.add(len(reports) == 0, Stale, "the signature carries no time")
	for _, r := range reports {
		c.add(r.GeneratedAt.IsZero(), Stale, "neither the signature nor the report carries a time")
		c.age(r.GeneratedAt, received, l)
	}
	return []string{"no-signing-time"}
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

// OwnReport judges item 4, the reporter: the report is the participant's own.
func OwnReport(p *Participant, reg *Register, r *Report) bool {
	switch r.Format {
	case CardJSON, CardXML:
		return r.Reporter == p.ID
	case IODEFXML, IODEFJSON:
		return slices.ContainsFunc(r.Reporters, func(n string) bool { return names(p, n) })
	case STIX, MISP, CSAF, XARF:
		return !namesAnother(p, reg, append([]string{r.Reporter}, r.Reporters...))
	}
	return false
}

// namesAnother: formats that carry other people's advisories must only not
// name another participant. We are one too.
func namesAnother(p *Participant, reg *Register, given []string) bool {
	others := append([]*Participant{reg.Self()}, reg.All()...)
	return slices.ContainsFunc(given, func(n string) bool {
		return !names(p, n) && slices.ContainsFunc(others, func(o *Participant) bool { return names(o, n) })
	})
}

func names(p *Participant, n string) bool {
	fold := func(s string) bool { return strings.EqualFold(s, n) }
	return n != "" && (n == p.ID || n == p.BIN || p.HasAddress(n) || slices.ContainsFunc(p.FQDNs, fold))
}

// outerTaken: a signature outside the encryption proves who posted the mail,
// not who wrote the report. Somebody else's ciphertext under it must not even
// be answered with what is wrong in it, so it takes reports of the signer's own.
func outerTaken(p *Participant, reg *Register, reports []*Report) bool {
	for _, r := range reports {
		switch r.Format {
		case CardJSON, CardXML, IODEFXML, IODEFJSON:
		default:
			return false
		}
		if !OwnReport(p, reg, r) {
			return false
		}
	}
	return len(reports) > 0
}

// StateSecret recognises the three degrees of state secrecy: such
// material must not pass through the gateway. "Құпия" alone is the confidential
// category of clause 8 in the order's words, but as a marking on a document it
// is a degree of secrecy too. The degree is looked for at the beginning, so
// that a number of the copy may follow it.
func StateSecret(marking string) bool {
	marking = strings.ReplaceAll(strings.ToLower(marking), "и\u0306", "й") // й in two characters
	words := strings.Join(strings.FieldsFunc(marking, func(r rune) bool { return !unicode.IsLetter(r) }), " ") + " "
	if words == "құпия " || strings.HasPrefix(words, "құпия дана ") { // "Құпия, 1-дана"; not "құпия ақпарат"
		return true
	}
	degrees := []string{"аса маңызды", "өте құпия", "особой важности", "совершенно секретно", "секретно",
		"of special importance", "top secret", "secret"}
	return slices.ContainsFunc(degrees, func(d string) bool { return strings.HasPrefix(words, d+" ") })
}
