package gateway

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/internal/mimepart"
	"almasu/rules"
)

// Explanation is the JSON object of `almasu explain` (DESIGN section 7). Its
// shape is fixed: others test against it.
type Explanation struct {
	File        string              `json:"file"`
	Outcome     string              `json:"outcome"`
	Code        string              `json:"code"`
	Reason      string              `json:"reason"`
	MessageID   string              `json:"message_id"`
	From        string              `json:"from"`
	Participant string              `json:"participant"`
	Security    ExplainedSecurity   `json:"security"`
	Reports     []ExplainedReport   `json:"reports"`
	Problems    []exchange.Problem  `json:"problems"`
	Answers     []ExplainedAnswer   `json:"answers"`
	Notices     []ExplainedNotice   `json:"notices"`
	Due         []ExplainedDeadline `json:"due"`
	// Clause16 stands there for a message signed with a certificate.
	Clause16 *ExplainedClause16 `json:"clause_16,omitempty"`

	// For people only: what stands beside the report and is listed, every rule
	// with the reason why it matched or not, and the notices that wait for a
	// person.
	Attachments []exchange.Document `json:"-"`
	Rules       []rules.Considered  `json:"-"`
	Proposals   []rules.Proposal    `json:"-"`
}

// ExplainedSecurity is what the cryptography found.
type ExplainedSecurity struct {
	Encrypted  bool     `json:"encrypted"`
	Encryption string   `json:"encryption"`
	Cipher     string   `json:"cipher"`
	Signed     bool     `json:"signed"`
	Signature  string   `json:"signature"`
	Signer     string   `json:"signer"`
	SignedAt   string   `json:"signed_at"`
	Covers     string   `json:"covers"`
	Findings   []string `json:"findings"`
}

// ExplainedReport names one report of the message.
type ExplainedReport struct {
	Kind     string `json:"kind"`
	ID       string `json:"id"`
	Revision int    `json:"revision"`
	Format   string `json:"format"`
	Reporter string `json:"reporter"`
}

// ExplainedAnswer is one letter the message would be answered with.
type ExplainedAnswer struct {
	Kind    string `json:"kind"`
	To      string `json:"to"`
	Verdict string `json:"verdict,omitempty"`
}

// ExplainedNotice is one stakeholder who would be told.
type ExplainedNotice struct {
	To     string `json:"to"`
	Clause string `json:"clause"`
	Reason string `json:"reason"`
}

// ExplainedClause16 is what can be said about clause 16. It asks for a domestic
// encryption certificate and for the platform of the NCCIS; this channel is not
// the platform, so nothing here says that the clause is fulfilled.
type ExplainedClause16 struct {
	Domestic          bool   `json:"domestic"`           // the signer's certificate counts as domestic (trust.domestic)
	Platform          bool   `json:"platform"`           // always false: this channel is not the platform
	PlatformReference string `json:"platform_reference"` // as configured
}

// ExplainedDeadline is one deadline the message sets.
type ExplainedDeadline struct {
	Clause string `json:"clause"`
	At     string `json:"at"`
}

// Explain puts an outcome into words. file is named as the caller gave it.
func Explain(file string, o Outcome) Explanation {
	e := Explanation{File: file, Outcome: string(o.State), Code: string(o.Judgement.Refusal.Code),
		Reason: o.Judgement.Refusal.Reason, MessageID: o.Opened.Outer.MessageID,
		Security: explainSecurity(o), Reports: []ExplainedReport{}, Problems: []exchange.Problem{},
		Answers: []ExplainedAnswer{}, Notices: []ExplainedNotice{}, Due: []ExplainedDeadline{}}
	if len(o.Opened.Outer.From) > 0 {
		e.From = o.Opened.Outer.From[0]
	}
	if p := o.sender(); p != nil {
		e.Participant = p.ID
	}
	for _, r := range o.Parsed.Reports {
		e.Reports = append(e.Reports, ExplainedReport{string(r.Kind), r.ID, r.Revision, string(r.Format), r.Reporter})
	}
	e.Problems, e.Attachments = append(e.Problems, o.Parsed.Problems...), o.Parsed.Attachments
	if slices.Contains(e.Security.Findings, smimeDomestic+"yes") || slices.Contains(e.Security.Findings, smimeDomestic+"no") {
		e.Clause16 = &ExplainedClause16{Domestic: slices.Contains(e.Security.Findings, smimeDomestic+"yes")}
	}
	for _, a := range o.Answers {
		e.Answers = append(e.Answers, ExplainedAnswer{string(a.Kind), a.To.ID, string(a.Verdict)})
	}
	for _, n := range o.Rules.Notices {
		e.Notices = append(e.Notices, ExplainedNotice{n.To.ID, n.Clause, string(n.Reason)})
	}
	e.Rules, e.Proposals = o.Rules.Considered(), o.Rules.Proposals
	for _, d := range o.Rules.Due {
		e.Due = append(e.Due, ExplainedDeadline{d.Clause, d.At.Format(time.RFC3339)})
	}
	return e
}

// sender is whom an operator is shown as the sender: the participant that was
// established, or the one that signed a message held for something else.
func (o *Outcome) sender() *exchange.Participant {
	if o.Judgement.Participant != nil {
		return o.Judgement.Participant
	}
	return o.Judgement.Signer
}

func explainSecurity(o Outcome) ExplainedSecurity {
	s := o.Opened.Security
	x := ExplainedSecurity{Encrypted: s.Encrypted, Encryption: string(s.Encryption), Cipher: s.Cipher, Signed: s.Signed,
		Signature: string(s.Signature), Signer: s.Signer, Covers: string(s.Covers), Findings: []string{}}
	if x.Encryption == "" {
		x.Encryption = string(exchange.EncryptionNone)
	}
	if x.Signature == "" {
		x.Signature = string(exchange.SignatureNone)
	}
	if x.Covers == "" {
		x.Covers = string(exchange.CoversNone)
	}
	if !s.SignedAt.IsZero() {
		x.SignedAt = s.SignedAt.UTC().Format(time.RFC3339)
	}
	seen := map[string]bool{}
	for _, f := range slices.Concat(s.Findings, o.Judgement.Findings, needed(o.Opened.Needs)) {
		if !seen[f] {
			seen[f] = true
			x.Findings = append(x.Findings, f)
		}
	}
	return x
}

// smimeDomestic begins the finding about the signer's certificate.
const smimeDomestic = "domestic: "

// needed are the findings about revocation that is not known: where it can be
// asked for.
func needed(needs []crypto.Need) []string {
	var out []string
	for _, n := range needs {
		for _, q := range n.Questions() {
			how := "OCSP"
			if q.Body == nil {
				how = "CRL"
			}
			out = append(out, "revocation-needed: "+how+" "+q.URL)
		}
	}
	return out
}

// Oversize is the outcome of a message over limits.message: held by its size
// alone, before anything but its header is looked at.
func Oversize(raw []byte, limit int64) Outcome {
	var o Outcome
	o.State = exchange.ArrivalHeld
	o.Judgement.Refusal = exchange.Refusal{Code: exchange.TooLarge, Reason: fmt.Sprintf("the message is larger than limits.message, %d octets", limit)}
	raw = mimepart.Begin(raw)
	head := raw
	for _, blank := range []string{"\r\n\r\n", "\n\n"} {
		if i := bytes.Index(raw, []byte(blank)); i >= 0 && i < len(head) {
			head = raw[:i+len(blank)]
		}
	}
	if part, err := mimepart.Parse(head, mimepart.Limits{}); err == nil {
		o.Opened.Outer.MessageID = strings.TrimSpace(part.Get("Message-ID"))
		o.Opened.Outer.From, _ = mimepart.Addresses(part.Values("From"))
	}
	return o
}
