package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/parser"
	"almasu/queue"
	"almasu/rules"
)

// ErrNothingWaits says that no notice about the message waits for a person.
var ErrNothingWaits = errors.New("no notice waits for a person")

// proposed marks the deadlines that stand for notices a person must confirm:
// "12.5 proposed". They stay open until a person decides.
const proposed = " proposed"

// decideWithin is by when a person should decide: our target, the order has none.
const decideWithin = 24 * time.Hour

// propose adds what waits for a person to a decision: the report itself is
// accepted, and nothing goes to those addressees before.
func propose(d *exchange.Decision, number string, proposals []rules.Proposal) {
	byClause := map[string][]string{}
	for _, p := range proposals {
		byClause[p.Clause] = append(byClause[p.Clause], p.To.ID)
	}
	if len(byClause) > 0 {
		d.Alarms = append(d.Alarms, exchange.Alarm{Kind: exchange.AlarmDecisionWanted, Call: exchange.CallDuty, Clause: slices.Min(slices.Collect(maps.Keys(byClause))),
			Due: d.At.Add(decideWithin), Key: "decision-wanted:" + number, Subject: number})
	}
	for _, clause := range slices.Sorted(maps.Keys(byClause)) {
		d.Deadlines = append(d.Deadlines, exchange.Deadline{Clause: clause + proposed, At: d.At.Add(decideWithin), State: exchange.DeadlineOpen})
		d.Events = append(d.Events, exchange.Event{At: d.At, Name: "proposed", Object: fmt.Sprintf("arrival:%d", d.Arrival), Actor: "gateway",
			Detail: map[string]string{"number": number, "clause": clause, "to": strings.Join(byClause[clause], " ")}})
	}
}

// Pending is a message with notices that wait for a person.
type Pending struct {
	Arrival   exchange.Arrival
	Proposals []rules.Proposal
	Reports   []exchange.StoredReport
	Confirmed []string // who has confirmed so far, where it takes two

	decision  rules.Decision
	deadlines []int64
	choice    string // what they confirmed
}

// Pending lists the messages with notices that wait for a person, by number.
func (g *Gateway) Pending(ctx context.Context) ([]Pending, error) {
	open, err := g.store.OpenDeadlines(ctx, g.clock().Add(2*decideWithin))
	if err != nil {
		return nil, err
	}
	var out []Pending
	seen := map[int64]bool{}
	for _, d := range open {
		if !strings.HasSuffix(d.Clause, proposed) {
			continue
		}
		r, err := g.store.Report(ctx, d.Report)
		if err != nil {
			return nil, err
		}
		if seen[r.Arrival] {
			continue
		}
		seen[r.Arrival] = true
		p, err := g.PendingOf(ctx, r.Arrival)
		if err != nil && !errors.Is(err, ErrNothingWaits) {
			return nil, err
		}
		if err == nil {
			out = append(out, p)
		}
	}
	return out, nil
}

// PendingOf is what waits for a person about one message, worked out again
// with today's register and rules, as of its time of arrival.
func (g *Gateway) PendingOf(ctx context.Context, arrival int64) (Pending, error) {
	w, p := g.world.Load(), Pending{}
	var err error
	if p.Arrival, err = g.store.Arrival(ctx, arrival); err != nil {
		return p, err
	}
	if p.Reports, err = g.store.Reports(ctx, queue.ReportFilter{Arrival: arrival, Document: true}); err != nil || len(p.Reports) == 0 {
		return p, errors.Join(err, ErrNothingWaits)
	}
	open := map[string]bool{}
	deadlines, err := g.store.Deadlines(ctx, p.Reports[0].Position)
	if err != nil {
		return p, err
	}
	for _, d := range deadlines {
		if clause, is := strings.CutSuffix(d.Clause, proposed); is && d.State == exchange.DeadlineOpen {
			open[clause], p.deadlines = true, append(p.deadlines, d.ID)
		}
	}
	if len(open) == 0 {
		return p, ErrNothingWaits
	}
	first := p.Reports[0]
	parsed := parser.ParseFile(exchange.Document{Body: first.Document, MediaType: first.MediaType}, w.Parser, p.Arrival.ReceivedAt)
	p.decision = w.rules().Decide(rules.Case{Reports: parsed.Reports, From: w.Register.ByID(first.Participant), At: p.Arrival.ReceivedAt})
	for _, one := range p.decision.Proposals {
		if open[one.Clause] {
			p.Proposals = append(p.Proposals, one)
		}
	}
	return p, g.confirmations(ctx, &p)
}

// confirmations reads from the journal who has confirmed what so far.
func (g *Gateway) confirmations(ctx context.Context, p *Pending) error {
	events, err := g.store.EventsOf(ctx, fmt.Sprintf("arrival:%d", p.Arrival.ID))
	for _, e := range events {
		if e.Name != "proposal-confirmed" {
			continue
		}
		if to := e.Detail["to"]; to != p.choice {
			p.choice, p.Confirmed = to, nil // the last choice counts, and only who made it
		}
		if !slices.Contains(p.Confirmed, e.Actor) {
			p.Confirmed = append(p.Confirmed, e.Actor)
		}
	}
	return err
}

// choose turns a person's addressees into notices: those proposed, or others
// of the register. nil means all that are proposed.
func (p *Pending) choose(w *World, to []string) ([]rules.Notice, int, error) {
	var out []rules.Notice
	persons := 1
	for _, one := range p.Proposals {
		persons = max(persons, one.Persons) // changing the addressees takes as many
		if to == nil || slices.Contains(to, one.To.ID) {
			out = append(out, one.Notice)
		}
	}
	for _, id := range to {
		if slices.ContainsFunc(out, func(n rules.Notice) bool { return n.To.ID == id }) {
			continue
		}
		who := w.Register.ByID(id)
		if who == nil || who == w.Register.Self() {
			return nil, 0, fmt.Errorf("addressee %q is not in the participants register: `almasu participants list` shows who is", id)
		}
		chosen, err := w.rules().Chosen(p.decision, who)
		if err != nil {
			return nil, 0, err
		}
		out = append(out, chosen...)
	}
	if len(out) == 0 {
		return nil, 0, fmt.Errorf("%s: %w", p.Arrival.Number, ErrNothingWaits)
	}
	return out, persons, nil
}

// Confirm sends the notices that wait about a message: as proposed, or to the
// addressees given. Where the rule asks for two persons the first
// confirmation only counts; missing is how many are still needed.
func (g *Gateway) Confirm(ctx context.Context, arrival int64, to []string, actor, reason string) (sent []exchange.Letter, missing int, err error) {
	w, now := g.world.Load(), g.clock()
	p, err := g.PendingOf(ctx, arrival)
	if err != nil {
		return nil, 0, err
	}
	notices, persons, err := p.choose(w, to)
	if err != nil {
		return nil, 0, err
	}
	choice := choiceOf(notices)
	if choice != p.choice {
		p.Confirmed = nil
	}
	if !slices.Contains(p.Confirmed, actor) {
		p.Confirmed = append(p.Confirmed, actor)
	}
	event := exchange.Event{At: now, Name: "proposal-confirmed", Object: fmt.Sprintf("arrival:%d", arrival), Actor: actor,
		Detail: map[string]string{"number": p.Arrival.Number, "to": choice, "reason": reason}}
	if missing = persons - len(p.Confirmed); missing > 0 {
		return nil, missing, g.store.Journal(ctx, event)
	}
	d := exchange.Decision{At: now, Events: []exchange.Event{event}}
	before, err := g.store.Letters(ctx, queue.LetterFilter{Arrival: arrival, Kind: exchange.LetterNotice})
	if err != nil {
		return nil, 0, err
	}
	for i, n := range notices {
		l, err := w.noticeLetter(n, p.Arrival.Number, len(before)+i+1, now)
		if err != nil {
			return nil, 0, err
		}
		l.Arrival, l.Report = arrival, p.Reports[0].Position
		d.Letters = append(d.Letters, l)
	}
	if _, err := g.store.Commit(ctx, d); err != nil {
		return nil, 0, err
	}
	hint(g.outgoing)
	return d.Letters, 0, g.closeProposals(ctx, p)
}

// choiceOf names what is confirmed, "police 12.6, prosecutor 12.5".
func choiceOf(notices []rules.Notice) string {
	var out []string
	for _, n := range notices {
		out = append(out, n.To.ID+" "+n.Clause)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// Withhold declines the notices that wait: nobody is told, and the journal
// keeps who decided so and why.
func (g *Gateway) Withhold(ctx context.Context, arrival int64, actor, reason string) error {
	p, err := g.PendingOf(ctx, arrival)
	if err != nil {
		return err
	}
	event := exchange.Event{At: g.clock(), Name: "proposal-declined", Object: fmt.Sprintf("arrival:%d", arrival), Actor: actor,
		Detail: map[string]string{"number": p.Arrival.Number, "reason": reason}}
	if err := g.store.Journal(ctx, event); err != nil {
		return err
	}
	return g.closeProposals(ctx, p)
}

func (g *Gateway) closeProposals(ctx context.Context, p Pending) error {
	for _, id := range p.deadlines {
		if err := g.store.SetDeadline(ctx, id, exchange.DeadlineMet); err != nil {
			return err
		}
	}
	return nil
}
