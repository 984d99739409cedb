package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/mailout"
	"almasu/parser"
	"almasu/receipt"
	"almasu/rules"
)

// Submission is what became of a document handed in to be sent.
type Submission struct {
	Report   *exchange.Report
	Position int64 // of the report in the store
	Problems []exchange.Problem
	Refusal  exchange.Refusal // "" when it was committed
	Letters  []exchange.Letter
	Due      []rules.Due
	To       []string // participant ids, as far as they were found
	// Again: the refusal is a conflict with this very document, which was
	// submitted before to the same addressees, as the report at this position.
	// Whoever lost the first answer may take it as said.
	Again int64
}

// Order asks for one document to be sent.
type Order struct {
	Document exchange.Document
	// To names the addressees; nil: the report's own addressee or, without
	// one, the NCCIS.
	To    []string
	Typed bool                  // a person wrote it, not a system (RFC 3834)
	Actor string                // operating system user, for the journal
	Kinds []exchange.ReportKind // the actor may submit these alone; nil: all
	// Handed is by which token the document came, nil without one; the store
	// learns it together with the report (queue.ErrKeyUsed).
	Handed *exchange.Handed
	// Judge asks what would become of the document: nothing is sealed or kept.
	Judge bool
	// Events go into the journal with it: who approved it.
	Events []exchange.Event
}

// ErrAddressee says that a report cannot go to whom the order names, or names
// nobody.
var ErrAddressee = errors.New("addressee")

// Submit is the road of one report going out (DESIGN section 2): our own
// document is parsed like any other, its deadlines are set, and it is sealed
// and committed before anything is sent. A document that is wrong in itself
// comes back with its problems and no error.
func (g *Gateway) Submit(ctx context.Context, order Order) (Submission, error) {
	w, now := g.world.Load(), g.clock()
	parsed := w.parseOwn(order.Document, now)
	s := Submission{Problems: parsed.Problems, Refusal: parsed.Refusal}
	if s.Refusal.Code == "" && len(parsed.Reports) != 1 {
		s.Refusal = exchange.Refusal{Code: exchange.ManyReports, Reason: "submit one report at a time"}
	}
	if s.Refusal.Code != "" {
		return s, nil
	}
	s.Report = parsed.Reports[0]
	if s.Refusal = maySubmit(s.Report, w.Register); s.Refusal.Code != "" {
		return s, nil
	}
	if len(order.Kinds) > 0 && !slices.Contains(order.Kinds, s.Report.Kind) {
		s.Refusal = exchange.Refusal{Code: exchange.KindForbidden, Reason: "this user may not submit reports of kind " + string(s.Report.Kind)}
		return s, nil
	}
	addressees, err := addressees(s.Report, order.To, w.Register)
	if err != nil {
		return s, err
	}
	for _, p := range addressees {
		s.To = append(s.To, p.ID)
	}
	g.submitting.Lock()
	defer g.submitting.Unlock()
	if err = g.submittedBefore(ctx, &s, parsed.Document, addressees); err != nil || s.Refusal.Code != "" {
		if order.Judge {
			return s, err
		}
		return s, errors.Join(err, g.handAgain(ctx, s, order.Handed))
	}
	d := exchange.Decision{At: now, Participant: w.Register.Self().ID, Handed: order.Handed,
		Reports: []exchange.StoredReport{outgoing(parsed, w, now)}}
	if err := g.due(ctx, w, &s, &d, addressees, now); err != nil || order.Judge {
		return s, err
	}
	w.asking(&d, s.Report, addressees, now)
	for _, p := range addressees {
		letter, err := g.reportLetter(w, p, s.Report, parsed.Document, order.Typed, now)
		if err != nil {
			return s, err
		}
		d.Letters = append(d.Letters, letter)
	}
	d.Events = []exchange.Event{{At: now, Name: "submitted", Object: "report:" + s.Report.ID, Actor: order.Actor,
		Detail: map[string]string{"kind": string(s.Report.Kind), "revision": fmt.Sprint(s.Report.Revision), "occasion": occasionOf(s.Report)}}}
	d.Events = append(d.Events, order.Events...)
	d.Alarms = w.called(g.tellBlocked(w, d.Letters, now))
	positions, err := g.store.Commit(ctx, d)
	if err != nil {
		return s, err
	}
	s.Position, s.Letters = positions[0], d.Letters
	hint(g.outgoing)
	return s, nil
}

// due sets the deadlines that the report has to keep: by the rules, and under
// clauses 17 and 18.
func (g *Gateway) due(ctx context.Context, w *World, s *Submission, d *exchange.Decision, to []*exchange.Participant, now time.Time) error {
	s.Due = w.rules().Decide(rules.Case{Reports: []*exchange.Report{s.Report}, From: w.Register.Self(), At: now}).Due
	for _, due := range s.Due {
		d.Deadlines = append(d.Deadlines, exchange.Deadline{Clause: due.Clause, At: due.At, State: exchange.DeadlineOpen})
	}
	duties, err := g.ownDuties(ctx, w, s.Report, to, now)
	for _, duty := range duties {
		d.Deadlines = append(d.Deadlines, duty)
		s.Due = append(s.Due, rules.Due{Clause: duty.Clause, Reason: rules.ReasonQuarter, At: duty.At})
	}
	return err
}

// maySubmit checks that the report is ours to send.
func maySubmit(r *exchange.Report, reg *exchange.Register) exchange.Refusal {
	self := reg.Self()
	switch {
	case (r.Format == exchange.CardJSON || r.Format == exchange.CardXML) && r.Reporter != self.ID:
		return exchange.Refusal{Code: exchange.ReporterMismatch, Reason: "the field reporter must be our own id, " + self.ID}
	case !exchange.OwnReport(self, reg, r):
		return exchange.Refusal{Code: exchange.ReporterMismatch, Reason: "the report names another reporter than us, " + self.ID}
	case !self.MaySend(r.Kind):
		return exchange.Refusal{Code: exchange.KindForbidden, Reason: "our role may not send reports of kind " + string(r.Kind)}
	case exchange.StateSecret(r.Marking):
		return exchange.Refusal{Code: exchange.MarkingForbidden, Reason: "state secret material must not pass through the gateway"}
	}
	return exchange.Refusal{}
}

// addressees finds whom the report goes to.
func addressees(r *exchange.Report, to []string, reg *exchange.Register) ([]*exchange.Participant, error) {
	if len(to) == 0 && r.Addressee != "" {
		to = []string{r.Addressee}
	}
	if len(to) == 0 {
		for _, p := range reg.ByKind(exchange.KindNCCIS) {
			to = append(to, p.ID)
		}
	}
	var out []*exchange.Participant
	for _, id := range to {
		p := reg.ByID(id)
		switch {
		case p == nil || p == reg.Self():
			return nil, fmt.Errorf("%w %q is not in the participants register: `almasu participants list` shows who is", ErrAddressee, id)
		case r.Addressee != "" && r.Addressee != p.ID:
			return nil, fmt.Errorf("%w %[3]s: the report's field addressee is %[2]s: it would be refused there as wrong-recipient", ErrAddressee, r.Addressee, p.ID)
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: the report names none: use --to ID, or register the NCCIS", ErrAddressee)
	}
	return out, nil
}

func outgoing(parsed parser.Parsed, w *World, now time.Time) exchange.StoredReport {
	r := parsed.Reports[0]
	s := exchange.StoredReport{Participant: w.Register.Self().ID, Outgoing: true, Kind: r.Kind, Key: r.Key(), Format: parsed.Format,
		MediaType: parsed.Document.MediaType, Document: parsed.Document.Body, Digest: digestHex(parsed.Document.Body), ReceivedAt: now}
	if r.Incident != nil {
		s.ConfirmedAt = r.Incident.ConfirmedAt
	}
	return s
}

// reportLetter seals a report for its addressee. It asks for a receipt and
// says whether a person or a system wrote it (RFC 3834).
func (g *Gateway) reportLetter(w *World, p *exchange.Participant, r *exchange.Report, doc exchange.Document, typed bool, now time.Time) (exchange.Letter, error) {
	l := draft{kind: exchange.LetterReport, to: p, auto: "auto-generated", ask: true}
	if typed {
		l.auto = ""
	}
	if p.Is(exchange.KindNCCIS) { // whoever else is told, the duty is towards the NCCIS
		l.clause = map[exchange.ReportKind]string{exchange.Incident: "9", exchange.Contact: "17", exchange.Quarterly: "18"}[r.Kind]
	}
	l.say(receipt.For(r, w.style(p)), &doc)
	return w.seal(l, now)
}

// draft is a letter before it is sealed.
type draft struct {
	kind       exchange.LetterKind
	to         *exchange.Participant
	entity     []byte // MIME entity, CRLF
	subject    string // stands inside the encryption only
	inReplyTo  string
	auto       string // Auto-Submitted (RFC 3834), "" where a person typed it
	ask        bool   // asks for a receipt
	nullSender bool
	clause     string
	gather     time.Time // when it leaves with a digest, zero: at once
	key        string    // fingerprint of a new key, for the ping that proves it
}

// seal makes the final bytes of a letter: every retry sends them as they are.
// Where the addressee has no usable key the letter is blocked and sealed to
// ourselves alone: not lost, and never sent in clear.
func (w *World) seal(l draft, now time.Time) (exchange.Letter, error) {
	self := w.Register.Self()
	to := l.to.Address()
	if to == "" { // nowhere to send it: it is kept for ourselves, below
		to = self.Address()
	}
	e := mailout.Envelope{From: self.Address(), To: to, MessageID: mailout.NewMessageID(w.domain(), nil),
		EnvelopeID: mailout.NewEnvelopeID(nil), Date: now.In(w.Zone), Subject: l.subject, InReplyTo: l.inReplyTo,
		References: []string{l.inReplyTo}, AutoSubmitted: l.auto, AskReceipt: l.ask}
	out := exchange.Letter{Kind: l.kind, State: exchange.LetterWaiting, To: l.to.ID, Address: l.to.Address(), Sender: self.Address(),
		MessageID: e.MessageID, EnvelopeID: e.EnvelopeID, Clause: l.clause, WantsReceipt: l.ask,
		CreatedAt: now, NextAt: now, Expires: now.Add(w.RetryLife)}
	if l.nullSender {
		out.Sender = ""
	}
	if l.ask {
		out.Patience = w.ReceiptWait
	}
	inner, err := mailout.Protect(e, l.entity)
	if err != nil {
		return out, fmt.Errorf("letter to %s: %w", l.to.ID, err)
	}
	owner := l.to.ID
	if l.key == "" && w.Keys.CanSeal(owner, now) != nil || out.Address == "" {
		owner, out.State = exchange.SelfSigner, exchange.LetterBlocked
	}
	if !l.gather.IsZero() {
		owner, out.State, out.NextAt = exchange.SelfSigner, exchange.LetterGathered, l.gather
	}
	sealed, err := w.sealed(inner, owner, l.key, now)
	if err != nil {
		return out, fmt.Errorf("letter to %s: %w", l.to.ID, err)
	}
	out.Digest = sealed.Digest
	out.Message, err = mailout.Compose(e, sealed.Header, sealed.Body)
	return out, err
}

func (w *World) sealed(entity []byte, owner, key string, now time.Time) (crypto.Sealed, error) {
	if key != "" && owner != exchange.SelfSigner {
		return crypto.SealTo(entity, owner, key, w.Keys, now)
	}
	return crypto.Seal(entity, owner, w.Keys, now)
}
