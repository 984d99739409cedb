package gateway

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/mailout/bounce"
	"almasu/parser"
	"almasu/receipt"
	"almasu/rules"
)

// Memory is what was accepted before (DESIGN section 4, "seen before").
type Memory interface {
	KnownContent(ctx context.Context, contentDigest string) (*exchange.Known, error)
	KnownReport(ctx context.Context, participant string, key exchange.Key) (*exchange.Known, error)
	LatestRevision(ctx context.Context, participant, reportID string) (int, error)
}

// Outcome is everything that was found out and decided about one message.
type Outcome struct {
	State     exchange.ArrivalState
	Opened    crypto.Opened
	Judgement exchange.Judgement
	Parsed    parser.Parsed
	Rules     rules.Decision
	// First is the message this one repeats, set for duplicates.
	First *exchange.Known
	// Delivery is set for delivery reports and automatic replies.
	Delivery *bounce.Report
	// Answers are the letters this message is answered with.
	Answers []Answer

	answerable bool // receipts, MDNs and automatic notices never are
}

// Answer is one letter that answers a message.
type Answer struct {
	Kind    exchange.LetterKind // receipt, mdn or neutral
	To      *exchange.Participant
	Verdict exchange.Verdict // receipts only
}

// Judge decides what becomes of a message: a function of its bytes, its time
// of arrival, the world and what was accepted before. It stores and sends
// nothing; `almasu explain` and the gateway share it. An error is transient:
// the same message may be judged again. Opened.Needs is filled also then.
func Judge(ctx context.Context, raw []byte, receivedAt time.Time, w *World, memory Memory) (Outcome, error) {
	opened, err := crypto.Open(raw, w.Keys, w.Crypto, receivedAt)
	if err != nil {
		return Outcome{Opened: opened}, err
	}
	o := Outcome{Opened: opened, answerable: true}
	if o.isDeliveryReport(w) {
		return o, nil
	}
	evidence := exchange.Evidence{Security: opened.Security, Outer: opened.Outer, Protected: opened.Protected, ReceivedAt: receivedAt}
	o.Judgement = exchange.Trust(evidence, w.Register, w.Trust)
	o.parse(evidence, w, receivedAt)
	if err := o.seenBefore(ctx, memory); err != nil {
		return Outcome{}, err
	}
	o.settle()
	if o.State == exchange.ArrivalAccepted {
		o.Rules = w.rules().Decide(rules.Case{Reports: o.Parsed.Reports, From: o.Judgement.Participant, At: receivedAt})
	}
	o.answer(w)
	return o, nil
}

// isDeliveryReport recognises a delivery report, and the automatic reply of a
// mailbox. Both are unauthenticated and therefore hints. What is encrypted is
// never one, but one may return our own sealed letter in it.
func (o *Outcome) isDeliveryReport(w *World) bool {
	root := o.Opened.OuterPart
	if root == nil || o.Opened.Security.Encrypted && !o.returnsLetter() {
		return false
	}
	report, ok := bounce.Parse(root, w.ours())
	if !ok {
		return false
	}
	o.State, o.Delivery, o.answerable = exchange.ArrivalDeliveryReport, &report, false
	o.Judgement.Refusal.Reason = reasonOf(report)
	return true
}

// returnsLetter: what is encrypted stands inside the mail, and nobody's
// signature in it but our own was established.
func (o *Outcome) returnsLetter() bool {
	s := o.Opened.Security
	switch s.Form {
	case exchange.FormAttachment:
		return o.Opened.OuterPart.MediaType == "multipart/report" || o.nobodys()
	case exchange.FormInline:
		return o.nobodys()
	}
	return false
}

func (o *Outcome) nobodys() bool {
	return o.Opened.Payload == nil && o.Opened.ProtectedPart == nil || o.Opened.Security.Owner == exchange.SelfSigner
}

// ours is how letters of ours are known again: by a Message-ID of 128 random
// bits under our domain.
func (w *World) ours() bounce.Ours {
	self := w.Register.Self()
	return bounce.Ours{Address: self.Address(), ID: func(id string) bool {
		random, domain, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">"), "@")
		if _, err := hex.DecodeString(random); err != nil || len(random) != 32 {
			return false
		}
		return slices.ContainsFunc(self.Addresses, func(a string) bool { return strings.EqualFold(a[strings.LastIndexByte(a, '@')+1:], domain) })
	}}
}

// reasonOf says in one line what a report says, for people.
func reasonOf(r bounce.Report) string {
	if r.Reply {
		return "automatic reply"
	}
	said := "delivery report (" + r.Dialect + ")"
	for i, one := range r.Recipients {
		if i == 3 {
			return said + ", ..."
		}
		said += ": " + strings.Join(slices.DeleteFunc([]string{one.Action, one.Class(), one.Status, one.Address}, func(s string) bool { return s == "" }), " ")
	}
	return said
}

// isMDN recognises a sealed disposition notification.
func (o *Outcome) isMDN() bool {
	if o.Opened.ProtectedPart == nil || o.Opened.Security.Covers != exchange.CoversAll {
		return false
	}
	if _, ok := receipt.ParseMDN(o.Opened.ProtectedPart); !ok {
		return false
	}
	o.answerable = false
	return true
}

// parse reads the payload of an established sender. What nobody vouches for is
// not parsed; a message held only for its binding is, because the signed
// addressee may be that binding. The rest of section 4 is judged whatever came
// of the parsing: a message bound to nobody is not answered, not even for its
// mistakes.
func (o *Outcome) parse(e exchange.Evidence, w *World, at time.Time) {
	defer func() {
		o.refuse(o.Opened.Refusal)
		o.refuse(o.Parsed.Refusal)
	}()
	if o.Judgement.Participant == nil {
		return
	}
	if !o.isMDN() && o.Opened.Refusal.Code == "" {
		o.Parsed = parser.Parse(o.Opened.Payload, w.Parser, at)
	}
	o.Judgement = exchange.JudgeReports(o.Judgement, e, w.Register, o.Parsed.Reports)
	o.Judgement.Findings = append(o.Judgement.Findings, o.Parsed.Findings...)
	for _, r := range o.Parsed.Reports {
		if r.Kind == exchange.Receipt {
			o.answerable = false
		}
	}
	if !o.automatic() {
		return
	}
	switch o.Parsed.Refusal.Code {
	case "":
	case exchange.NoReport:
		o.answerable, o.Parsed.Refusal = false, exchange.Refusal{}
	default: // an answer we cannot read: two gateways would tell each other so for ever
		o.answerable = false
	}
}

// automatic reports whether the signed header says that the message answers
// another one (RFC 3834): it is never answered itself.
func (o *Outcome) automatic() bool {
	p := o.Opened.ProtectedPart
	return p != nil && strings.HasPrefix(strings.ToLower(strings.TrimSpace(p.Get("Auto-Submitted"))), "auto-replied")
}

// refuse adds a refusal; the code that takes precedence wins, the other
// becomes a finding.
func (o *Outcome) refuse(r exchange.Refusal) {
	if r.Code == "" {
		return
	}
	have := o.Judgement.Refusal
	first, others := exchange.First(have.Code, r.Code)
	if first == r.Code && first != have.Code {
		o.Judgement.Refusal = r
	}
	for _, code := range others {
		o.Judgement.Findings = append(o.Judgement.Findings, string(code))
	}
}

// seenBefore compares an established sender's message with what was accepted
// before: duplicate, replayed, conflict or superseded.
func (o *Outcome) seenBefore(ctx context.Context, memory Memory) error {
	p := o.Judgement.Participant
	if p == nil || memory == nil || o.Opened.ContentDigest == "" {
		return nil
	}
	known, err := memory.KnownContent(ctx, o.Opened.ContentDigest)
	if err != nil {
		return err
	}
	if known != nil {
		if reason := o.replay(known, p); reason != "" {
			o.refuse(exchange.Refusal{Code: exchange.Replayed, Reason: reason})
		} else if o.Judgement.Refusal.Code == "" {
			o.First = known
		}
		return nil
	}
	if o.Judgement.Refusal.Code != "" || !o.answerable {
		return nil
	}
	return o.seenReports(ctx, memory, p)
}

// replay says why known signed content is a replay and not a repetition by its
// sender: it came under another outer From, or wrapped in another mail.
func (o *Outcome) replay(known *exchange.Known, p *exchange.Participant) string {
	from := o.Opened.Outer.From
	switch {
	case known.Participant != p.ID:
		return "content accepted from another participant before"
	case len(from) != 1 || !p.HasAddress(from[0]):
		return "content accepted before came again under another From"
	case known.Form != "" && known.Form != o.Opened.Security.Form:
		return "content accepted before came again inside another mail"
	}
	return ""
}

// seenReports compares by id and revision. One message is accepted or refused
// as a whole: it repeats another only if all of its reports do.
func (o *Outcome) seenReports(ctx context.Context, memory Memory, p *exchange.Participant) error {
	var first *exchange.Known
	repeated := 0
	for _, r := range o.Parsed.Reports {
		known, err := memory.KnownReport(ctx, p.ID, r.Key())
		if err != nil {
			return err
		}
		latest, err := memory.LatestRevision(ctx, p.ID, r.ID)
		if err != nil {
			return err
		}
		switch {
		case known != nil && known.ReportDigest == digestHex(o.Parsed.Document.Body):
			first, repeated = known, repeated+1
		case known != nil:
			o.refuse(exchange.Refusal{Code: exchange.Conflict, Reason: "the same id and revision was accepted with other content"})
		case latest > r.Revision:
			o.refuse(exchange.Refusal{Code: exchange.Superseded, Reason: "a later revision of this report was accepted before"})
		}
	}
	if repeated > 0 && repeated == len(o.Parsed.Reports) {
		o.First = first
	} else if repeated > 0 {
		o.refuse(exchange.Refusal{Code: exchange.Conflict, Reason: "one of several reports was accepted before"})
	}
	return nil
}

// settle turns the codes into a state. What an unestablished sender sent is
// held whatever stands against it.
func (o *Outcome) settle() {
	code := o.Judgement.Refusal.Code
	switch {
	case code == "" && o.Judgement.Participant == nil:
		o.State = exchange.ArrivalHeld
		o.Judgement.Refusal = exchange.Refusal{Code: exchange.Internal, Reason: "no participant was established"}
	case code == "" && !o.answerable:
		o.State = exchange.ArrivalReceipt
	case code == "" && o.First != nil:
		o.State = exchange.ArrivalDuplicate
	case code == "":
		o.State = exchange.ArrivalAccepted
	case code.Fate() == exchange.FateRefused && o.Judgement.Participant != nil:
		o.State = exchange.ArrivalRefused
	default:
		o.State = exchange.ArrivalHeld
	}
}
