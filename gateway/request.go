package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/parser"
	"almasu/queue"
	"almasu/rules/calendar"
)

// ErrNoRequest says that no open request has that id.
var ErrNoRequest = errors.New("no open request of that id")

// answerWithin is how long an answer may take where neither the request nor
// the settings say: the order has no period (clauses 10.4 and 11).
const answerWithin = 24 * time.Hour

// answerBy is when a request wants its answer.
func (w *World) answerBy(r *exchange.RequestBody, asked time.Time) time.Time {
	switch {
	case !r.AnswerBy.IsZero():
		return r.AnswerBy
	case w.AnswerWithin > 0:
		return asked.Add(w.AnswerWithin)
	}
	return asked.Add(answerWithin)
}

// asked opens the requests among accepted reports and closes those that they
// answer. Nothing is answered by itself, access to monitoring (clause 11) least
// of all: a person does, with a card of kind answer.
func (g *Gateway) asked(w *World, d *exchange.Decision, a exchange.Arrival, o *Outcome, number string) {
	if o.State != exchange.ArrivalAccepted {
		return
	}
	from := o.Judgement.Participant.ID
	for _, r := range o.Parsed.Reports {
		switch {
		case r.Request != nil && r.Request.Asks():
			by := w.answerBy(r.Request, a.ReceivedAt)
			d.Requests = append(d.Requests, exchange.Inquiry{RequestID: r.ID, Number: number, Participant: from, Clause: clauseOf(r.Request), AskedAt: a.ReceivedAt, AnswerBy: by})
			d.Alarms = append(d.Alarms, g.alarm(exchange.Alarm{Kind: exchange.AlarmRequest, Call: exchange.CallDuty, Clause: clauseOf(r.Request), Due: by,
				Key: "request:" + number, Subject: number + " of " + from}, "request received", "number", number, "participant", from, "answer by", by.Format(time.RFC3339)))
		case r.Answer != nil:
			d.Answered = append(d.Answered, exchange.Answered{RequestID: r.Answer.Request, Participant: from, Outgoing: true, Verdict: r.Answer.Verdict})
		}
	}
}

// clauseOf is the clause a request rests on, if it is one: the field is the
// sender's own words.
func clauseOf(r *exchange.RequestBody) string {
	if slices.Contains([]string{"10", "10.1", "10.2", "10.3", "10.4", "10.5", "11"}, r.Clause) {
		return r.Clause
	}
	return ""
}

// asking opens the requests of our own, one for each addressee, and closes
// those that our answer names.
func (w *World) asking(d *exchange.Decision, r *exchange.Report, to []*exchange.Participant, now time.Time) {
	for _, p := range to {
		switch {
		case r.Request != nil && r.Request.Asks():
			d.Requests = append(d.Requests, exchange.Inquiry{RequestID: r.ID, Participant: p.ID, Outgoing: true, Clause: clauseOf(r.Request),
				AskedAt: now, AnswerBy: w.answerBy(r.Request, now)})
		case r.Answer != nil:
			d.Answered = append(d.Answered, exchange.Answered{RequestID: r.Answer.Request, Participant: p.ID, Verdict: r.Answer.Verdict})
		}
	}
}

// watchRequests warns when half of the period of a request is over, at three
// quarters, and alarms when it is over: at both ends, each once.
func (g *Gateway) watchRequests(ctx context.Context, _ string) (bool, error) {
	now := g.clock()
	open, err := g.store.Requests(ctx, queue.RequestFilter{Open: true})
	if err != nil {
		return false, err
	}
	for _, r := range open {
		fired := calendar.Answer(r.AskedAt, r.AnswerBy, time.Time{}).Fired(r.AskedAt, now)
		if len(fired) == 0 {
			continue
		}
		last := fired[len(fired)-1]
		key := fmt.Sprintf("request:%d:%s", r.ID, last.After)
		if g.requests.known(key) {
			continue
		}
		a := exchange.Alarm{Kind: exchange.AlarmDeadlineNear, Call: callOf(last.To), Clause: r.Clause, Due: r.AnswerBy, Key: key,
			Subject: fmt.Sprintf("request %d, report %d", r.ID, r.Report), At: now}
		if last.Overdue {
			a.Kind = exchange.AlarmDeadlineMissed
		}
		if err := g.raise(ctx, a); err != nil {
			return false, err
		}
		g.log.Warn("request not answered", "request", r.ID, "participant", r.Participant, "ours", r.Outgoing, "clause", r.Clause,
			"answer by", r.AnswerBy.Format(time.RFC3339), "overdue", last.Overdue)
		g.requests.add(key)
	}
	return false, nil
}

// told are keys of alarms that this process has raised: those of a loop that
// looks at them every second.
type told map[string]bool

func (t told) known(key string) bool { return t[key] }

func (t *told) add(key string) {
	if *t == nil || len(*t) > 10_000 {
		*t = told{}
	}
	(*t)[key] = true
}

// OpenRequest finds the open request with that report id that somebody has
// made to us. Where several have the same, from chooses.
func (g *Gateway) OpenRequest(ctx context.Context, id, from string) (exchange.Inquiry, error) {
	open, err := g.store.Requests(ctx, queue.RequestFilter{RequestID: id, Open: true})
	if err != nil {
		return exchange.Inquiry{}, err
	}
	open = slices.DeleteFunc(open, func(r exchange.Inquiry) bool { return r.Outgoing || from != "" && r.Participant != from })
	switch len(open) {
	case 0:
		return exchange.Inquiry{}, fmt.Errorf("%s: %w: `almasu requests list` prints them", id, ErrNoRequest)
	case 1:
		return open[0], nil
	}
	return exchange.Inquiry{}, fmt.Errorf("%s: several participants have asked under this id: name one with --from", id)
}

// AnswerRequest seals a person's answer to an open request, for whoever asked.
func (g *Gateway) AnswerRequest(ctx context.Context, r exchange.Inquiry, verdict, text, actor string) (Submission, error) {
	w, now := g.world.Load(), g.clock()
	report := exchange.Report{Kind: exchange.Answer, ID: clipID(fmt.Sprintf("answer-%d-%d", r.ID, now.Unix())), Revision: 1, Reporter: w.Register.Self().ID, Addressee: r.Participant,
		GeneratedAt: now.In(w.Zone).Truncate(time.Millisecond), Answer: &exchange.AnswerBody{Request: r.RequestID, Verdict: verdict, Text: text}}
	if to := w.Register.ByID(r.Participant); to != nil {
		report.Language = to.Language
	}
	doc, err := parser.Render(&report, exchange.CardJSON)
	if err != nil {
		return Submission{}, fmt.Errorf("answer %s: %w", r.RequestID, err)
	}
	return g.Submit(ctx, Order{Document: doc, To: []string{r.Participant}, Typed: true, Actor: actor})
}

// DocumentOf reads what a request says.
func (g *Gateway) DocumentOf(ctx context.Context, r exchange.Inquiry) (*exchange.Report, error) {
	stored, err := g.store.Report(ctx, r.Report)
	if err != nil {
		return nil, err
	}
	whole, err := g.store.Reports(ctx, queue.ReportFilter{Arrival: stored.Arrival, ID: stored.Key.ID, Outgoing: stored.Outgoing, Document: true})
	for _, one := range whole {
		if one.Position != r.Report {
			continue
		}
		for _, report := range parser.ParseFile(exchange.Document{Body: one.Document, MediaType: one.MediaType}, g.world.Load().Parser, one.ReceivedAt).Reports {
			if report.ID == r.RequestID {
				return report, nil
			}
		}
	}
	return nil, errors.Join(err, fmt.Errorf("request %d: its document cannot be read any more", r.ID))
}

// occasions are the cases of clause 10 in which the data of a message were
// collected, "10.1 10.3".
func (o *Outcome) occasions() string {
	var out []string
	for _, r := range o.Parsed.Reports {
		if occasion := occasionOf(r); occasion != "" && !slices.Contains(out, occasion) {
			out = append(out, occasion)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// occasionOf is the case of clause 10 that a report names: an incident's own,
// and for a request and its answer that of the request.
func occasionOf(r *exchange.Report) string {
	switch {
	case r.Incident != nil:
		return r.Incident.Occasion
	case r.Request != nil && r.Request.Asks():
		return clauseOf(r.Request)
	}
	return ""
}
