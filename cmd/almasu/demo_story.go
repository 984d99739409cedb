package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/internal/loopmail"
	"almasu/parser"
	"almasu/queue"
)

// steps is the story in its order.
func (s *story) steps() []step {
	return []step{
		{"open", true, s.open},
		{"submit", true, s.submit},
		{"queued", true, s.queued},
		{"receipt", true, s.receipt},
		{"deadline", false, s.deadline},
		{"notice-security", false, func(ctx context.Context) ([]string, error) { return s.notice(ctx, demoSecurity, "12.2", true) }},
		{"notice-soc", false, func(ctx context.Context) ([]string, error) { return s.notice(ctx, demoOtherSOC, "12.1", false) }},
		{"xml", false, s.xml},
		{"forged", false, s.forged},
		{"damaged", false, s.damaged},
		{"plain", false, s.plain},
		{"repeated", false, s.repeated},
		{"next", false, s.next},
		{"moved", false, s.moved},
		{"consumer", false, s.consumer},
		{"sound", false, s.sound},
	}
}

// demoCanary stands in the reports' text and must never be seen outside.
const demoCanary = "kestrel-over-the-steppe"

// submitExample hands an example incident to the SOC's gateway.
func (s *story) submitExample(ctx context.Context, id string, f exchange.Format) (gateway.Submission, error) {
	doc, err := parser.Example(exchange.Incident, f, demoSOC, demoNCCIS, id, s.g.Now())
	if err != nil {
		return gateway.Submission{}, err
	}
	parsed := parser.ParseFile(exchange.Document{Body: doc}, parser.Limits{}, s.g.Now())
	if len(parsed.Reports) != 1 {
		return gateway.Submission{}, fmt.Errorf("the example is not valid: %v", parsed.Problems)
	}
	r := parsed.Reports[0]
	r.TLP = exchange.TLPAmber // an unmarked report concerns nobody else until a person says so
	r.Incident.Concerns, r.Incident.Summary = []string{demoOtherSOC}, demoCanary
	rendered, err := parser.Render(r, f)
	if err != nil {
		return gateway.Submission{}, err
	}
	sub, err := s.soc.node.gateway.Submit(ctx, gateway.Order{Document: rendered, Actor: "demo"})
	if err == nil && sub.Position == 0 {
		err = fmt.Errorf("not taken: %s %s %v", sub.Refusal.Code, sub.Refusal.Reason, sub.Problems)
	}
	return sub, err
}

func (s *story) submit(ctx context.Context) ([]string, error) {
	s.report = "demo-incident-1"
	sub, err := s.submitExample(ctx, s.report, exchange.CardJSON)
	if err != nil {
		return nil, err
	}
	err = s.until(ctx, "sealed mail at the SMTP server", func() (bool, error) { return len(s.mail(demoSOC, demoNCCIS)) > 0, nil })
	if err != nil {
		return nil, err
	}
	s.sealed = s.mail(demoSOC, demoNCCIS)[0]
	for _, secret := range []string{demoCanary, s.report, "incident"} {
		if bytes.Contains(s.sealed.Raw, []byte(secret)) {
			return nil, fmt.Errorf("the sealed mail shows %q", secret)
		}
	}
	return []string{fmt.Sprintf("%s: %d octets, sealed, Subject: [...]", sub.Letters[0].MessageID, len(s.sealed.Raw))}, nil
}

// arrival waits until the NCCIS has decided n messages in a state and returns
// the last of them.
func (s *story) arrival(ctx context.Context, state exchange.ArrivalState, n int) (a exchange.Arrival, err error) {
	err = s.until(ctx, fmt.Sprintf("message %d %s", n, state), func() (bool, error) {
		all, err := s.nccis.node.store.Arrivals(ctx, state, 0)
		if err != nil || len(all) < n {
			return false, err
		}
		for _, x := range all {
			if x.ID > a.ID {
				a = x
			}
		}
		return true, nil
	})
	return a, err
}

func (s *story) queued(ctx context.Context) ([]string, error) {
	a, err := s.arrival(ctx, exchange.ArrivalAccepted, 1)
	if err != nil {
		return nil, err
	}
	s.first = a.Number
	if a.Participant != demoSOC {
		return nil, fmt.Errorf("accepted from %q", a.Participant)
	}
	return []string{fmt.Sprintf("%s, signed by %s", a.Number, a.Participant)}, nil
}

// closed waits until the SOC's letter of a report was closed by its receipt.
func (s *story) closed(ctx context.Context, report string) (l exchange.Letter, err error) {
	store := s.soc.node.store
	err = s.until(ctx, "receipt for "+report, func() (bool, error) {
		reports, err := store.Reports(ctx, queue.ReportFilter{ID: report, Outgoing: true})
		if err != nil || len(reports) == 0 {
			return false, err
		}
		letters, err := store.Letters(ctx, queue.LetterFilter{Report: reports[0].Position})
		if err != nil || len(letters) == 0 {
			return false, err
		}
		l = letters[0]
		return l.State == exchange.LetterClosed, nil
	})
	return l, err
}

func (s *story) receipt(ctx context.Context) ([]string, error) {
	l, err := s.closed(ctx, s.report)
	if err != nil {
		return nil, err
	}
	if l.Verdict != exchange.VerdictAccepted || l.Number != s.first {
		return nil, fmt.Errorf("receipt says %s as %s, want accepted as %s", l.Verdict, l.Number, s.first)
	}
	return []string{fmt.Sprintf("%s as %s, back after %d ms", l.Verdict, l.Number, l.ClosedAt.Sub(l.CreatedAt).Milliseconds())}, nil
}

func (s *story) deadline(ctx context.Context) (said []string, err error) {
	err = s.until(ctx, "clause 9 met", func() (bool, error) {
		deadlines, err := s.soc.node.store.Deadlines(ctx, 1)
		for _, d := range deadlines {
			said = []string{fmt.Sprintf("clause %s due %s: %s", d.Clause, d.At.Format(time.TimeOnly), d.State)}
			return d.State == exchange.DeadlineMet, err
		}
		return false, err
	})
	return said, err
}

// notice opens what a stakeholder got, with its own key, and checks who signed
// it, under which clause it came, and that it shows no more than its part.
func (s *story) notice(ctx context.Context, to, clause string, whole bool) ([]string, error) {
	err := s.until(ctx, "notice to "+to, func() (bool, error) { return len(s.mail(demoNCCIS, to)) > 0, nil })
	if err != nil {
		return nil, err
	}
	keys, err := s.reader(to)
	if err != nil {
		return nil, err
	}
	opened, err := crypto.Open(s.mail(demoNCCIS, to)[0].Raw, keys, crypto.Limits{}, s.g.Now())
	if err != nil {
		return nil, err
	}
	if opened.Security.Signature != exchange.SignatureValid || opened.Security.Owner != demoNCCIS || !opened.Security.IntendedForUs {
		return nil, fmt.Errorf("signature %s by %q", opened.Security.Signature, opened.Security.Owner)
	}
	parsed := parser.Parse(opened.Payload, parser.Limits{}, s.g.Now())
	if len(parsed.Reports) != 1 || parsed.Reports[0].Notice == nil || len(parsed.Problems) > 0 {
		return nil, fmt.Errorf("no valid notice in it: %s %v", parsed.Refusal.Code, parsed.Problems)
	}
	n := parsed.Reports[0].Notice
	shown := false
	for _, part := range opened.Payload {
		shown = shown || bytes.Contains(part.Body, []byte(demoCanary))
	}
	if n.Clause != clause || n.Number != s.first || shown != whole {
		return nil, fmt.Errorf("clause %s, number %s, incident text shown: %t", n.Clause, n.Number, shown)
	}
	return []string{fmt.Sprintf("%s: clause %s, %s, %s", to, n.Clause, n.Number, map[bool]string{true: "the whole incident", false: "number, class, severity and times alone"}[whole])}, nil
}

func (s *story) xml(ctx context.Context) ([]string, error) {
	if _, err := s.submitExample(ctx, "demo-incident-2", exchange.CardXML); err != nil {
		return nil, err
	}
	l, err := s.closed(ctx, "demo-incident-2")
	if err == nil && l.Verdict != exchange.VerdictAccepted {
		err = fmt.Errorf("receipt says %s", l.Verdict)
	}
	return []string{"demo-incident-2 as " + l.Number}, err
}

// next shows that what was held before stopped nothing.
func (s *story) next(ctx context.Context) ([]string, error) {
	if _, err := s.submitExample(ctx, "demo-incident-3", exchange.CardJSON); err != nil {
		return nil, err
	}
	l, err := s.closed(ctx, "demo-incident-3")
	if err == nil && l.Verdict != exchange.VerdictAccepted {
		err = fmt.Errorf("receipt says %s", l.Verdict)
	}
	return []string{"demo-incident-3 as " + l.Number}, err
}

// moved waits until every entry has left the NCCIS's inbox for its folder.
func (s *story) moved(ctx context.Context) ([]string, error) {
	box := demoAddress(demoNCCIS)
	count := func(folder string) int { return s.house.Count(box, folder) }
	err := s.until(ctx, "an empty inbox", func() (bool, error) { return count("INBOX") == 0 && count("Held") == 3, nil })
	if err != nil {
		return nil, fmt.Errorf("%w: inbox %d, done %d, held %d", err, count("INBOX"), count("Done"), count("Held"))
	}
	return []string{fmt.Sprintf("Done %d, Held %d", count("Done"), count("Held"))}, nil
}

// consumer takes the reports out as another system would.
func (s *story) consumer(ctx context.Context) ([]string, error) {
	store := s.nccis.node.store
	var numbers []string
	for {
		leased, err := store.Lease(ctx, "demo", 10, time.Minute)
		if err != nil {
			return nil, err
		}
		if len(leased) == 0 {
			break
		}
		for _, l := range leased {
			numbers = append(numbers, l.Number+" "+l.Key.ID)
			if err := store.Ack(ctx, "demo", l.Position, l.Token); err != nil {
				return nil, err
			}
		}
	}
	if len(numbers) != 3 {
		return nil, fmt.Errorf("want 3 reports, got %v", numbers)
	}
	return numbers, nil
}

// sound checks the invariants of both stores and walks both journals.
func (s *story) sound(ctx context.Context) ([]string, error) {
	var errs []error
	for _, n := range []*demoNode{s.nccis, s.soc} {
		errs = append(errs, n.node.store.Check(ctx), n.node.store.VerifyJournal(ctx))
	}
	return nil, errors.Join(errs...)
}

func (s *story) deliver(raw []byte, from string) error {
	return s.house.Deliver(loopmail.Mail{From: from, To: demoAddress(demoNCCIS), Raw: raw})
}
