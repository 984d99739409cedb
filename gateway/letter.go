package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/internal/catalogue"
	"almasu/parser"
	"almasu/queue"
	"almasu/receipt"
	"almasu/rules"
)

// letters composes and seals everything a decided message is answered with and
// whom it is told to.
func (g *Gateway) letters(ctx context.Context, w *World, a exchange.Arrival, o *Outcome, number string, now time.Time) ([]exchange.Letter, error) {
	var out []exchange.Letter
	for _, answer := range o.Answers {
		l, err := g.answerLetter(ctx, w, a, o, answer, number, now)
		if err != nil {
			return nil, err
		}
		if l != nil {
			out = append(out, *l)
		}
	}
	for i, n := range o.Rules.Notices {
		l, err := w.noticeLetter(n, number, i+1, now)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	for i := range out {
		out[i].Arrival = a.ID
	}
	return out, nil
}

func (g *Gateway) answerLetter(ctx context.Context, w *World, a exchange.Arrival, o *Outcome, answer Answer, number string, now time.Time) (*exchange.Letter, error) {
	l := draft{kind: answer.Kind, to: answer.To, inReplyTo: identifier(o.messageID()), auto: "auto-replied"}
	switch answer.Kind {
	case exchange.LetterReceipt:
		body := receiptBody(a, o, answer.Verdict, number, now)
		doc, err := w.render(answer.To, &exchange.Report{Kind: exchange.Receipt, Receipt: &body}, receiptID(body, now), now)
		if err != nil {
			return nil, err
		}
		l.say(receipt.For(&exchange.Report{Kind: exchange.Receipt, Receipt: &body}, w.style(answer.To)), &doc)
	case exchange.LetterMDN:
		before, err := g.store.Letters(ctx, queue.LetterFilter{Arrival: a.ID, Kind: exchange.LetterMDN, Limit: 1})
		if err != nil || len(before) > 0 {
			return nil, err // once per arrival, also when it was held and released
		}
		entity, err := w.mdn(answer.To, o)
		if err != nil {
			return nil, err
		}
		l.entity, l.subject, l.nullSender = entity, receipt.MDNSubject(answer.To.Language), true
	case exchange.LetterNeutral:
		told, err := g.store.AnswersSince(ctx, answer.To.ID, exchange.LetterNeutral, now.Add(-neutralOnce))
		if err != nil || told > 0 {
			return nil, err // at most one an hour
		}
		l.say(receipt.Neutral(number, a.ReceivedAt, w.style(answer.To)), nil)
	}
	sealed, err := w.seal(l, now)
	if err != nil {
		return nil, err
	}
	sealed.Verdict = answer.Verdict
	if answer.Kind == exchange.LetterNeutral {
		sealed.OncePer = neutralOnce
	}
	sealed.NextAt, err = g.fuse(ctx, w, answer, now)
	return &sealed, err
}

// neutralOnce is how often a participant may be told that something in its
// name was not accepted. Commit has the last word: many workers decide at once.
const neutralOnce = time.Hour

// fuse delays answers to a participant whose duplicates and refusals pile up
// (DESIGN section 4). It never delays the receipt of an accepted report, and
// it drops nothing.
func (g *Gateway) fuse(ctx context.Context, w *World, answer Answer, now time.Time) (time.Time, error) {
	if answer.Kind != exchange.LetterReceipt || answer.Verdict == exchange.VerdictAccepted || w.AnswersPerHour <= 0 {
		return now, nil
	}
	n, err := g.store.AnswersSince(ctx, answer.To.ID, exchange.LetterReceipt, now.Add(-time.Hour))
	if err != nil || n < w.AnswersPerHour {
		return now, err
	}
	return now.Add(time.Hour), g.raise(ctx, g.alarm(exchange.Alarm{Kind: exchange.AlarmAnswersFuse, Call: exchange.CallDuty, Subject: answer.To.ID,
		Key: "answers-fuse:" + answer.To.ID + ":" + now.UTC().Format("2006-01-02T15")}, "answers fuse", "participant", answer.To.ID, "answers in the last hour", n))
}

// receiptBody is what a receipt says of a message. A duplicate repeats the
// first number, digest and verdict.
func receiptBody(a exchange.Arrival, o *Outcome, v exchange.Verdict, number string, now time.Time) exchange.ReceiptBody {
	body := exchange.ReceiptBody{Number: number, OriginalMessageID: identifier(o.messageID()), Reports: o.keys(), SentAt: o.Opened.Security.SignedAt,
		ReceivedAt: a.ReceivedAt, DecidedAt: now, Verdict: v, FirstVerdict: v, Code: o.Judgement.Refusal.Code, Problems: translated(o.Parsed.Problems, o.Judgement.Participant)}
	digest := o.Opened.Digest
	if v == exchange.VerdictDuplicate {
		body.Number, body.FirstVerdict, digest = o.First.Number, o.First.Verdict, o.First.Digest
	}
	if digest.Value != "" {
		body.Digest = &digest
	}
	return body
}

// identifier is a Message-ID that can be repeated to its sender: printable
// ASCII of a bounded length. What is none is left out, because a peer's own
// words must not keep us from answering it.
func identifier(id string) string {
	if len(id) > maxIdentifier || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return id
}

const maxIdentifier = 250

// receiptID makes the report id of a receipt: number and moment, so that the
// answers to a repeated message differ.
func receiptID(b exchange.ReceiptBody, now time.Time) string {
	return fmt.Sprintf("%s-%d", b.Number, now.UnixMicro())
}

// noticeLetter tells a stakeholder of a report in the part that is its due; it
// is the nth notice about the message.
func (w *World) noticeLetter(n rules.Notice, number string, nth int, now time.Time) (exchange.Letter, error) {
	body := w.noticeBody(n, number)
	report := exchange.Report{Kind: exchange.Notice, TLP: n.Report.TLP, Notice: &body}
	doc, err := w.render(n.To, &report, fmt.Sprintf("%s-%d", number, nth), now)
	if err != nil {
		return exchange.Letter{}, err
	}
	l := draft{kind: exchange.LetterNotice, to: n.To, auto: "auto-generated", ask: true, clause: n.Clause, gather: w.gathersAt(n, now)}
	l.say(receipt.For(&report, w.style(n.To)), &doc)
	return w.seal(l, now)
}

// noticeBody holds number, class, severity and times of an incident; the
// incident itself only where the whole of it is the addressee's due (clause 12
// items 2 to 6), and otherwise the part that concerns it (clauses 5 and 12.1).
func (w *World) noticeBody(n rules.Notice, number string) exchange.NoticeBody {
	body := headline(n.Report)
	body.Clause, body.Edition, body.Purpose, body.Number = n.Clause, n.Edition, receipt.Purpose(n.To.Language), number
	switch n.Part {
	case rules.Whole:
		body.Incident = n.Report.Incident
		if in := n.Report.Incident; in != nil {
			class := in.Class
			body.Class = &class
		}
	case rules.Concerning:
		part := w.rules().Part(n)
		body.Part = &part
	}
	return body
}

// headline is what may be told of a report to whoever is told of it at all.
func headline(r *exchange.Report) exchange.NoticeBody {
	var body exchange.NoticeBody
	switch {
	case r.Incident != nil:
		in := r.Incident
		body.Class, body.Severity, body.DetectedAt, body.ConfirmedAt = &exchange.Class{RSIT: in.Class.RSIT}, in.Severity, in.DetectedAt, in.ConfirmedAt
	case r.Threat != nil:
		if c := r.Threat.Class; c != nil {
			body.Class = &exchange.Class{RSIT: c.RSIT}
		}
		body.Severity, body.DetectedAt = r.Threat.Severity, r.Threat.ObservedAt
	case r.Vulnerability != nil:
		body.DetectedAt = r.Vulnerability.FoundAt
	case r.Notice != nil:
		n := r.Notice
		body.Severity, body.DetectedAt, body.ConfirmedAt = n.Severity, n.DetectedAt, n.ConfirmedAt
		if n.Class != nil {
			body.Class = &exchange.Class{RSIT: n.Class.RSIT}
		}
	}
	return body
}

// render writes one of our own cards in the form the addressee prefers.
func (w *World) render(to *exchange.Participant, r *exchange.Report, id string, now time.Time) (exchange.Document, error) {
	r.ID, r.Revision, r.Reporter, r.Addressee = clipID(id), 1, w.Register.Self().ID, to.ID
	r.GeneratedAt, r.Language = now.In(w.Zone).Truncate(time.Millisecond), to.Language
	format := exchange.CardJSON
	if to.Format == string(exchange.CardXML) {
		format = exchange.CardXML
	}
	doc, err := parser.Render(r, format)
	if err != nil {
		return doc, fmt.Errorf("render %s for %s: %w: %w", r.Kind, to.ID, errUnwritable, err)
	}
	return doc, nil
}

// clipID keeps an id within its 64 characters.
func clipID(id string) string { return id[:min(len(id), 64)] }

// translated words the problems in the participant's language.
func translated(problems []exchange.Problem, p *exchange.Participant) []exchange.Problem {
	out := make([]exchange.Problem, len(problems))
	for i, problem := range problems {
		if key := "problem." + problem.Key; p != nil && p.Language != "" && catalogue.Has(key) {
			problem.Text = catalogue.Text(string(p.Language), key, problem.Args...)
		}
		out[i] = problem
	}
	return out
}

// say gives a letter its words and its machine part.
func (l *draft) say(words receipt.Wording, doc *exchange.Document) {
	l.subject, l.entity = words.Subject, receipt.Entity(words, doc)
}

// style words letters to a participant: its own language first.
func (w *World) style(to *exchange.Participant) receipt.Style {
	s := receipt.Style{Zone: w.Zone, From: w.Register.Self().Name, To: to.Name, Template: to.Template}
	for _, l := range append([]exchange.Language{to.Language}, w.Languages...) {
		if l != "" && !slices.Contains(s.Languages, l) {
			s.Languages = append(s.Languages, l)
		}
	}
	return s
}

// mdn is the disposition notification for an authenticated message, with the
// digest of what was received (RFC 8098, RFC 3335). Seal signs and encrypts it
// in one operation (RFC 3156 section 6.2).
func (w *World) mdn(to *exchange.Participant, o *Outcome) ([]byte, error) {
	m := receipt.MDN{ReportingUA: w.domain() + "; Almasu", FinalRecipient: w.Register.Self().Address(),
		OriginalMessageID: o.messageID(), Digest: o.Opened.Digest}
	return m.Entity(w.style(to))
}
