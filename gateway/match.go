package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/mailout/bounce"
	"almasu/queue"
	"almasu/receipt"
)

// match ties what came back to the letter it is about: a receipt closes it, a
// disposition notification is noted, a delivery report is a hint. What matches
// nothing is noted and otherwise without effect.
func (g *Gateway) match(ctx context.Context, d *exchange.Decision, a exchange.Arrival, o *Outcome) error {
	switch o.State {
	case exchange.ArrivalDeliveryReport:
		return g.matchDelivery(ctx, d, o)
	case exchange.ArrivalReceipt:
		if m, ok := receipt.ParseMDN(o.Opened.ProtectedPart); ok {
			return g.matchMDN(ctx, d, a, o, m)
		}
		for _, r := range o.Parsed.Reports {
			if err := g.matchReceipt(ctx, d, a, o, r.Receipt); err != nil {
				return err
			}
		}
	}
	return nil
}

// matchReceipt closes the letter that an authenticated receipt names, if the
// receipt is its addressee's and tells the digest of what we sent. Anything
// else is a loud finding and closes nothing.
func (g *Gateway) matchReceipt(ctx context.Context, d *exchange.Decision, a exchange.Arrival, o *Outcome, r *exchange.ReceiptBody) error {
	if r == nil {
		return nil
	}
	l, err := g.store.LetterByMessageID(ctx, r.OriginalMessageID)
	if err != nil && !errors.Is(err, queue.ErrNotFound) {
		return err
	}
	reason := mismatch(l, err == nil, o.Judgement.Participant.ID, r)
	if reason == "" {
		if reason, err = g.otherReport(ctx, l, r); err != nil {
			return err
		}
	}
	if reason != "" {
		g.mismatched(d, a, o, reason, r.Number, r.OriginalMessageID)
		return nil
	}
	g.note(d, "receipt", map[string]string{"letter": fmt.Sprint(l.ID), "verdict": string(r.Verdict), "number": r.Number, "code": string(r.Code)})
	if r.Verdict == exchange.VerdictHeld { // the final receipt is still to come
		d.Waits = append(d.Waits, exchange.Wait{Letter: l.ID, Until: d.At.Add(heldPatience)})
		return nil
	}
	d.Closes = append(d.Closes, exchange.Close{Letter: l.ID, Arrival: a.ID, Verdict: r.Verdict, Number: r.Number, At: d.At,
		PeerReceivedAt: r.ReceivedAt, PeerDecidedAt: r.DecidedAt})
	if r.Verdict == exchange.VerdictRefused {
		d.Alarms = append(d.Alarms, g.alarm(aboutLetter(exchange.AlarmRefused, l, ""), "refused by its addressee", "letter", l.ID, "to", l.To,
			"clause", l.Clause, "number", r.Number, "code", r.Code))
	}
	if r.Verdict != exchange.VerdictAccepted {
		return nil
	}
	return g.proveOpened(ctx, d, l.MessageID)
}

// mismatched is the loud finding: alarm, log and journal.
func (g *Gateway) mismatched(d *exchange.Decision, a exchange.Arrival, o *Outcome, reason, number, messageID string) {
	d.Alarms = append(d.Alarms, g.alarm(exchange.Alarm{Kind: exchange.AlarmReceiptMismatch, Call: exchange.CallDuty,
		Key: fmt.Sprintf("receipt-mismatch:%d", a.ID), Subject: fmt.Sprintf("arrival %d from %s", a.ID, o.Judgement.Participant.ID)},
		"receipt does not match", "arrival", a.ID, "participant", o.Judgement.Participant.ID, "reason", reason))
	g.note(d, "receipt-mismatch", map[string]string{"reason": reason, "number": number, "message_id": messageID})
}

// matchMDN notes a disposition notification, which closes nothing. One that
// tells another digest than that of what was sent, by the same hash, is a loud
// finding like a receipt that does.
func (g *Gateway) matchMDN(ctx context.Context, d *exchange.Decision, a exchange.Arrival, o *Outcome, m receipt.MDN) error {
	l, err := g.store.LetterByMessageID(ctx, m.OriginalMessageID)
	if err != nil && !errors.Is(err, queue.ErrNotFound) {
		return err
	}
	switch {
	case err != nil:
		g.mismatched(d, a, o, "no letter of ours has this Message-ID", "", m.OriginalMessageID)
	case l.To != o.Judgement.Participant.ID:
		g.mismatched(d, a, o, "the letter went to another participant", "", m.OriginalMessageID)
	case m.Digest.Value != "" && m.Digest.Algorithm == l.Digest.Algorithm && m.Digest.Value != l.Digest.Value:
		g.mismatched(d, a, o, "the digest is not that of the letter sent", "", m.OriginalMessageID)
	default:
		g.note(d, "mdn", map[string]string{"letter": fmt.Sprint(l.ID), "message_id": m.OriginalMessageID, "disposition": m.Disposition})
	}
	return nil
}

// heldPatience is how long a person there may take over a held message before
// it is sent again: the final receipt may have been lost.
const heldPatience = 24 * time.Hour

// mismatch says why a receipt does not belong to the letter it names, "" if it
// does. The receipt of a repeated message repeats the digest of the first, so
// that of a duplicate need not be the letter's own.
func mismatch(l exchange.Letter, found bool, participant string, r *exchange.ReceiptBody) string {
	switch {
	case !found:
		return "no letter of ours has this Message-ID"
	case l.To != participant:
		return "the letter went to another participant"
	case r.Digest == nil && r.Verdict == exchange.VerdictAccepted:
		return "the receipt carries no digest"
	case r.Digest != nil && r.Verdict != exchange.VerdictDuplicate && *r.Digest != l.Digest:
		return "the digest is not that of the letter sent"
	case l.State == exchange.LetterClosed && l.Verdict == exchange.VerdictAccepted && r.Verdict != exchange.VerdictRefused && r.Verdict != exchange.VerdictHeld &&
		r.Number != l.Number:
		return "the first receipt told another registration number"
	}
	return ""
}

// otherReport says that a receipt speaks of reports without the one that the
// letter carried, "" if it does not.
func (g *Gateway) otherReport(ctx context.Context, l exchange.Letter, r *exchange.ReceiptBody) (string, error) {
	if l.Kind != exchange.LetterReport || l.Report == 0 || len(r.Reports) == 0 {
		return "", nil
	}
	sent, err := g.store.Reports(ctx, queue.ReportFilter{After: l.Report - 1, Limit: 1})
	if err != nil || len(sent) == 0 || slices.Contains(r.Reports, sent[0].Key) {
		return "", err
	}
	return "the receipt is for another report than the letter carried", nil
}

// matchDelivery notes what a delivery report says of one of our letters. It
// counts only with our ENVID or Message-ID (128 random bits); `failed` puts
// the letter back for the next relay, `delivered` closes nothing.
func (g *Gateway) matchDelivery(ctx context.Context, d *exchange.Decision, o *Outcome) error {
	l, err := g.letterOf(ctx, o.Delivery.EnvelopeID, o.Delivery.MessageID)
	if errors.Is(err, queue.ErrNotFound) {
		d.Reason += ": matches no letter of ours"
		return nil
	}
	if err != nil {
		return err
	}
	if o.Delivery.Reply {
		g.log.Info("automatic reply", "letter", l.ID, "to", l.To)
		d.Events = append(d.Events, exchange.Event{At: d.At, Name: queue.ReplyEvent, Object: fmt.Sprintf("letter:%d", l.ID), Actor: "gateway",
			Detail: map[string]string{"arrival": fmt.Sprint(d.Arrival)}})
		return nil
	}
	for _, r := range about(o.Delivery.Recipients, l.Address) {
		if r.Action == "" {
			continue
		}
		h := exchange.Hint{Letter: l.ID, Action: r.Action, Status: r.Status, Text: r.Diagnostic, Class: r.Class(), Dialect: o.Delivery.Dialect, Address: r.Address}
		if r.Action == "failed" && l.State != exchange.LetterClosed { // what its addressee has opened did not fail
			d.Alarms = append(d.Alarms, g.alarm(aboutLetter(exchange.AlarmDeliveryFailed, l, fmt.Sprint(d.Arrival)),
				"delivery failed", "letter", l.ID, "to", l.To, "kind", l.Kind, "clause", l.Clause, "class", h.Class, "status", r.Status, "dialect", h.Dialect))
			h.Requeue = l.State == exchange.LetterSent && l.Attempts < maxBounces
		}
		d.Hints = append(d.Hints, h)
	}
	return nil
}

// about are the recipients of a report that the letter went to; where none has
// its address, it was passed on and all count.
func about(all []bounce.Recipient, address string) []bounce.Recipient {
	var own []bounce.Recipient
	for _, r := range all {
		if strings.EqualFold(r.Address, address) {
			own = append(own, r)
		}
	}
	if own == nil {
		return all
	}
	return own
}

// maxBounces bounds how often delivery reports may put one letter back to work.
const maxBounces = 10

func (g *Gateway) letterOf(ctx context.Context, envelopeID, messageID string) (exchange.Letter, error) {
	if envelopeID != "" {
		l, err := g.store.LetterByEnvelopeID(ctx, envelopeID)
		if !errors.Is(err, queue.ErrNotFound) {
			return l, err
		}
	}
	if messageID == "" {
		return exchange.Letter{}, queue.ErrNotFound
	}
	return g.store.LetterByMessageID(ctx, messageID)
}

func (g *Gateway) note(d *exchange.Decision, name string, detail map[string]string) {
	d.Events = append(d.Events, exchange.Event{At: d.At, Name: name, Object: fmt.Sprintf("arrival:%d", d.Arrival), Actor: "gateway", Detail: detail})
}
