package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/mailin"
	"almasu/queue"
	"almasu/rules"
)

// Accept takes one incoming message: nil means that it is durable, and only
// then may the other side be told so. It is handed to room mailin as a
// function.
func (g *Gateway) Accept(ctx context.Context, in mailin.Incoming) error {
	if !in.Oversize && g.backlogged(ctx) {
		return mailin.ErrBusy
	}
	a := exchange.Arrival{Source: in.Source, ReceivedAt: in.ReceivedAt, Size: in.Size, Oversize: in.Oversize}
	body := in.Body
	if in.Oversize { // body is the header alone: what it tells is all an operator will see
		header, err := io.ReadAll(in.Body)
		if err != nil {
			return err
		}
		o := Oversize(header, 0)
		a.MessageID, body = o.messageID(), bytes.NewReader(header)
		if len(o.Opened.Outer.From) > 0 {
			a.From = o.Opened.Outer.From[0]
		}
	}
	a, fresh, err := g.store.Arrive(ctx, a, body)
	if err != nil {
		return err
	}
	if fresh {
		g.log.Info("arrived", "arrival", a.ID, "via", a.Source.Via, "size", a.Size)
		hint(g.incoming)
	}
	if a.State != exchange.ArrivalStored {
		g.decided.tell()
	}
	return nil
}

// receive is the road of one message (DESIGN section 2): judged, numbered,
// answered, and committed in one transaction. After a crash anywhere before
// the commit it is simply run again.
func (g *Gateway) receive(ctx context.Context, a exchange.Arrival, lease string, raw []byte) error {
	w, now := g.world.Load(), g.clock()
	o, err := Judge(ctx, raw, a.ReceivedAt, w, g.store)
	if waits := g.await(o.Opened.Needs, errors.Is(err, crypto.ErrRevocation), now); waits != nil {
		return waits
	}
	if err != nil {
		return transient(err)
	}
	number, err := g.number(ctx, a, &o, w)
	if err != nil {
		return transient(err)
	}
	d := decision(a, lease, &o, number, now)
	g.delivered(w, &d, a, &o)
	g.asked(w, &d, a, &o, number)
	if err := g.match(ctx, &d, a, &o); err != nil {
		return transient(err)
	}
	if d.Letters, err = g.letters(ctx, w, a, &o, number, now); err != nil {
		return transient(err)
	}
	if err := g.propose(w, &d, a, &o, number); err != nil {
		return transient(err)
	}
	g.proveSigner(&d, w, &o)
	d.Alarms = w.called(append(d.Alarms, g.tellBlocked(w, d.Letters, now)...))
	_, err = g.store.Commit(ctx, d)
	if errors.Is(err, queue.ErrConflict) {
		return transient(err) // another worker accepted the same content first: judge again
	}
	if err != nil {
		return err
	}
	g.tell(a, &o, number)
	return g.meetClosed(ctx, d.Closes)
}

// meetClosed settles the deadlines of letters that a receipt closed: where no
// relay outside our control took them, the addressee's own time of receipt
// counts.
func (g *Gateway) meetClosed(ctx context.Context, closes []exchange.Close) error {
	for _, c := range closes {
		l, err := g.store.Letter(ctx, c.Letter)
		if err == nil && c.Verdict != exchange.VerdictRefused && !c.PeerReceivedAt.IsZero() {
			err = g.meet(ctx, l, c.PeerReceivedAt)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// number binds a registration number: accepted and refused messages take one
// of ours, held ones one of their own series; the others take none.
func (g *Gateway) number(ctx context.Context, a exchange.Arrival, o *Outcome, w *World) (string, error) {
	switch o.State {
	case exchange.ArrivalAccepted, exchange.ArrivalRefused:
		return g.store.Number(ctx, a.ID, w.series())
	case exchange.ArrivalHeld:
		return g.store.Number(ctx, a.ID, queue.SeriesHeld)
	}
	return "", nil
}

// decision is what one outcome changes in the store, without the letters.
func decision(a exchange.Arrival, lease string, o *Outcome, number string, now time.Time) exchange.Decision {
	d := exchange.Decision{At: now, Arrival: a.ID, Lease: lease, State: o.State, Code: o.Judgement.Refusal.Code,
		Reason: o.Judgement.Refusal.Reason, MessageID: o.messageID()}
	if len(o.Opened.Outer.From) > 0 {
		d.From = o.Opened.Outer.From[0]
	}
	p := o.Judgement.Participant
	if shown := o.sender(); shown != nil {
		d.Participant = shown.ID
	}
	if o.State == exchange.ArrivalAccepted {
		d.Reports = storedReports(a, o, number)
		d.Known = &exchange.Known{Arrival: a.ID, Number: number, Participant: p.ID, From: d.From, Form: o.Opened.Security.Form,
			Verdict: exchange.VerdictAccepted, Digest: o.Opened.Digest, ReceivedAt: a.ReceivedAt, Reports: o.keys(),
			ContentDigest: o.Opened.ContentDigest, ReportDigest: digestHex(o.Parsed.Document.Body)}
		for _, due := range o.Rules.Due {
			dl := arrivalDeadline(due, a.ReceivedAt)
			d.Deadlines = append(d.Deadlines, dl)
			if dl.State == exchange.DeadlineMissed {
				d.Events = append(d.Events, lateEvent(a, o, number, due.At, now))
			}
		}
		propose(&d, number, o.Rules.Proposals)
	}
	d.Events = append(d.Events, exchange.Event{At: now, Name: string(o.State), Object: fmt.Sprintf("arrival:%d", a.ID), Actor: "gateway",
		Detail: map[string]string{"number": number, "code": string(d.Code), "participant": d.Participant, "occasion": o.occasions()}})
	return d
}

// arrivalDeadline records at the receiving side whether a report came within
// its period: the clock of clause 9 stopped when it arrived here at the latest.
// Every other deadline is ours to keep.
func arrivalDeadline(due rules.Due, received time.Time) exchange.Deadline {
	state := exchange.DeadlineOpen
	if due.Clause == "9" {
		state = exchange.DeadlineMet
		if received.After(due.At) {
			state = exchange.DeadlineMissed
		}
	}
	return exchange.Deadline{Clause: due.Clause, At: due.At, State: state}
}

// lateEvent writes down that a report came after its period (clause 9): by how
// much, and when it was signed, which is the earliest it can have been sent.
func lateEvent(a exchange.Arrival, o *Outcome, number string, due, now time.Time) exchange.Event {
	return exchange.Event{At: now, Name: "report-late", Object: fmt.Sprintf("arrival:%d", a.ID), Actor: "gateway", Detail: map[string]string{
		"number": number, "clause": "9", "participant": o.Judgement.Participant.ID, "due": due.UTC().Format(time.RFC3339),
		"signed": o.Opened.Security.SignedAt.UTC().Format(time.RFC3339), "received": a.ReceivedAt.UTC().Format(time.RFC3339),
		"late": a.ReceivedAt.Sub(due).Round(time.Second).String()}}
}

func storedReports(a exchange.Arrival, o *Outcome, number string) []exchange.StoredReport {
	var out []exchange.StoredReport
	for _, r := range o.Parsed.Reports {
		s := exchange.StoredReport{Arrival: a.ID, Number: number, Participant: o.Judgement.Participant.ID, Kind: r.Kind, Key: r.Key(),
			Format: o.Parsed.Format, MediaType: o.Parsed.Document.MediaType, Document: o.Parsed.Document.Body,
			Digest: digestHex(o.Parsed.Document.Body), ReceivedAt: a.ReceivedAt}
		if r.Incident != nil {
			s.ConfirmedAt = r.Incident.ConfirmedAt
		}
		out = append(out, s)
	}
	return out
}

// keys are the reports by id and revision; what could not be identified in a
// document that is refused has none.
func (o *Outcome) keys() []exchange.Key {
	var keys []exchange.Key
	for _, r := range o.Parsed.Reports {
		if key := r.Key(); exchange.ValidID(key.ID) && key.Revision > 0 {
			keys = append(keys, key)
		}
	}
	return keys
}

// messageID is the Message-ID the sender knows its message by.
func (o *Outcome) messageID() string {
	if o.Opened.Outer.MessageID != "" {
		return o.Opened.Outer.MessageID
	}
	return o.Opened.Protected.MessageID
}

func digestHex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// tell writes the business log: one line per message, identifiers only.
func (g *Gateway) tell(a exchange.Arrival, o *Outcome, number string) {
	participant := ""
	if o.Judgement.Participant != nil {
		participant = o.Judgement.Participant.ID
	}
	g.log.Info("decided", "arrival", a.ID, "outcome", o.State, "code", o.Judgement.Refusal.Code, "number", number,
		"participant", participant, "reason", o.Judgement.Refusal.Reason, "took", g.clock().Sub(a.ReceivedAt).Round(time.Millisecond))
	g.decided.tell()
	hint(g.outgoing)
}

// errTransient marks a failure that says nothing against the message: it is
// given back and judged again, and the attempt is not counted.
type errTransient struct{ error }

func (e errTransient) Unwrap() error { return e.error }

func transient(err error) error { return errTransient{err} }

// errUnwritable says that a letter cannot be written with what the message
// says. Another try would end the same, so the attempt counts.
var errUnwritable = errors.New("the letter cannot be written")

// safely runs one message and turns a panic into an error, so that a poisonous
// message cannot stop the line. The trace goes to the log without the message.
func (g *Gateway) safely(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			g.log.Error("panic while a message was judged", "trace", string(bytes.TrimSpace(debug.Stack())))
			err = errors.New("panic while the message was judged; the log has the trace")
		}
	}()
	return work()
}
