package gateway

import (
	"almasu/exchange"
	"almasu/mailout/bounce"
	"almasu/receipt"
)

// answer decides which letters answer the message (DESIGN section 4,
// "Answers"). A receipt goes to the participant that was established; a
// neutral notice to the one whose address stands in From of a message that
// could not be authenticated.
func (o *Outcome) answer(w *World) {
	if !o.answerable || o.Opened.Security.Owner == exchange.SelfSigner {
		return
	}
	p := o.Judgement.Participant
	switch o.State {
	case exchange.ArrivalAccepted:
		o.receipt(p, exchange.VerdictAccepted)
	case exchange.ArrivalRefused:
		o.receipt(p, exchange.VerdictRefused)
	case exchange.ArrivalDuplicate:
		o.Answers = append(o.Answers, Answer{Kind: exchange.LetterReceipt, To: p, Verdict: exchange.VerdictDuplicate})
	case exchange.ArrivalHeld:
		code := o.Judgement.Refusal.Code
		if p != nil && (code == exchange.Internal || code == exchange.NeedsPerson) {
			o.receipt(p, exchange.VerdictHeld)
		} else if o.Judgement.Claimed != nil && !bounce.Automatic(o.Opened.OuterPart) {
			o.Answers = append(o.Answers, Answer{Kind: exchange.LetterNeutral, To: o.Judgement.Claimed})
		}
	}
}

// receipt adds a receipt and, where RFC 8098 and DESIGN section 5 allow it,
// an MDN. A repeated message gets no second MDN.
func (o *Outcome) receipt(p *exchange.Participant, v exchange.Verdict) {
	o.Answers = append(o.Answers, Answer{Kind: exchange.LetterReceipt, To: p, Verdict: v})
	if receipt.MayAnswerMDN(o.Opened.OuterPart, o.Opened.ProtectedPart, p) {
		o.Answers = append(o.Answers, Answer{Kind: exchange.LetterMDN, To: p})
	}
}
