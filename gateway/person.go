package gateway

import (
	"context"
	"errors"
	"fmt"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/parser"
)

// ErrNotHeld says that a message is not held, or not any more.
var ErrNotHeld = errors.New("the message is not held")

// Release runs a held message again with today's register and keys, judged at
// its time of arrival (DESIGN section 4, "Held").
func (g *Gateway) Release(ctx context.Context, a exchange.Arrival, actor string) error {
	if a.Oversize {
		return fmt.Errorf("%s: only its header was taken in: raise limits.message and let it be sent again", a.Number)
	}
	if err := g.store.Release(ctx, a.ID, actor); err != nil {
		return err
	}
	hint(g.incoming)
	return nil
}

// Enter takes the report of a held message in on a person's word. It is marked
// as not authenticated and tells no stakeholder. doc replaces the message's
// own payload where that cannot be opened; nil to use the payload.
func (g *Gateway) Enter(ctx context.Context, a exchange.Arrival, doc *exchange.Document, actor string) (exchange.StoredReport, error) {
	var none exchange.StoredReport
	if a.State != exchange.ArrivalHeld {
		return none, ErrNotHeld
	}
	w, now := g.world.Load(), g.clock()
	parsed, err := g.entered(ctx, w, a, doc)
	if err != nil {
		return none, err
	}
	if parsed.Refusal.Code != "" || len(parsed.Reports) == 0 {
		return none, fmt.Errorf("%s: its report cannot be entered: %s; correct it in a file and name that with --file", a.Number, parsed.Refusal.Code)
	}
	r := parsed.Reports[0]
	stored := exchange.StoredReport{Arrival: a.ID, Number: a.Number, Participant: r.Reporter, Entered: true, Kind: r.Kind, Key: r.Key(),
		Format: parsed.Format, MediaType: parsed.Document.MediaType, Document: parsed.Document.Body,
		Digest: digestHex(parsed.Document.Body), ReceivedAt: a.ReceivedAt}
	if r.Incident != nil {
		stored.ConfirmedAt = r.Incident.ConfirmedAt
	}
	d := exchange.Decision{At: now, Code: a.Code, Reason: "entered by " + actor, Participant: a.Participant, MessageID: a.MessageID,
		From: a.From, Reports: []exchange.StoredReport{stored}, Events: []exchange.Event{{At: now, Name: "entered",
			Object: fmt.Sprintf("arrival:%d", a.ID), Actor: actor, Detail: map[string]string{"number": a.Number, "report": r.ID}}}}
	d.Deadlines = dutyDone(w, r, r.Reporter, a.ReceivedAt)
	return stored, g.store.Settle(ctx, a.ID, exchange.ArrivalEntered, d)
}

// entered parses what a person enters: the file given, or the message's own
// payload as far as it can be opened.
func (g *Gateway) entered(ctx context.Context, w *World, a exchange.Arrival, doc *exchange.Document) (parser.Parsed, error) {
	if doc != nil {
		return parser.ParseFile(*doc, w.Parser, a.ReceivedAt), nil
	}
	raw, err := g.store.Raw(ctx, a.ID)
	if err != nil {
		return parser.Parsed{}, err
	}
	opened, err := crypto.Open(raw, w.Keys, w.Crypto, a.ReceivedAt)
	if err != nil {
		return parser.Parsed{}, err
	}
	return parser.Parse(opened.Payload, w.Parser, a.ReceivedAt), nil
}

// Decline refuses a held message for good. Only a participant whose signature
// and From are established is told; anyone else hears nothing.
func (g *Gateway) Decline(ctx context.Context, a exchange.Arrival, actor, reason string) (answered bool, err error) {
	if a.State != exchange.ArrivalHeld {
		return false, ErrNotHeld
	}
	w, now := g.world.Load(), g.clock()
	d := exchange.Decision{At: now, Code: a.Code, Reason: reason, Participant: a.Participant, MessageID: a.MessageID, From: a.From,
		Events: []exchange.Event{{At: now, Name: "declined", Object: fmt.Sprintf("arrival:%d", a.ID), Actor: actor,
			Detail: map[string]string{"number": a.Number, "reason": reason}}}}
	if !a.Oversize {
		if d.Letters, err = g.declineLetters(ctx, w, a); err != nil {
			return false, err
		}
	}
	if err := g.store.Settle(ctx, a.ID, exchange.ArrivalDeclined, d); err != nil {
		return false, err
	}
	hint(g.outgoing)
	return len(d.Letters) > 0, nil
}

func (g *Gateway) declineLetters(ctx context.Context, w *World, a exchange.Arrival) ([]exchange.Letter, error) {
	raw, err := g.store.Raw(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	o, err := Judge(ctx, raw, a.ReceivedAt, w, g.store)
	code := o.Judgement.Refusal.Code
	unproven := code != "" && code.Fate() == exchange.FateHeld // whose it is may be known, that it was meant for us is not
	if err != nil || o.Judgement.Participant == nil || unproven || !o.answerable || o.Opened.Security.Owner == exchange.SelfSigner {
		return nil, err
	}
	o.Answers = []Answer{{Kind: exchange.LetterReceipt, To: o.Judgement.Participant, Verdict: exchange.VerdictRefused}}
	if o.Judgement.Refusal.Code == "" {
		o.Judgement.Refusal.Code = a.Code
	}
	return g.letters(ctx, w, a, &o, a.Number, g.clock())
}
