package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/parser"
	"almasu/queue"
	"almasu/rules/calendar"
)

// QuarterlyDraft is the quarterly report of clause 18 as it stands: prepared
// from what was registered, and what became of it.
type QuarterlyDraft struct {
	Task    calendar.Task
	Body    exchange.QuarterlyBody
	Missing []MissingField
	Duty    *exchange.Duty         // nil: not watched
	Sent    *exchange.StoredReport // the last one handed in for this quarter; nil: none
	Changed bool                   // since it was handed in
	Letters []exchange.Letter      // that carried it
	// Decided is the last decision of a person: quarterly-approved or
	// quarterly-declined; its Name is "" where there was none.
	Decided exchange.Event
}

// MissingField is what an incident of a quarterly report still lacks.
type MissingField struct{ Incident, Field string }

// What keeps a quarterly report from being approved.
var (
	ErrQuarterRuns = errors.New("the quarter has not ended")
	ErrIncomplete  = errors.New("the quarterly report is not complete")
	ErrUnchanged   = errors.New("the quarterly report was sent as it is")
)

// Quarterly prepares the report of a quarter from the incidents registered in it.
func (g *Gateway) Quarterly(ctx context.Context, q calendar.Quarter) (QuarterlyDraft, error) {
	w := g.world.Load()
	draft := QuarterlyDraft{Task: calendar.Quarterly(q, w.Zone)}
	register, err := g.incidents(ctx, w)
	if err != nil {
		return draft, err
	}
	draft.Body = calendar.Compile(q, register, "", w.Zone)
	for _, i := range draft.Body.Incidents {
		for _, f := range []struct {
			name string
			lack bool
		}{{"measures", strings.TrimSpace(i.Measures) == ""}, {"severity", i.Severity == ""}, {"class", i.Class.RSIT == ""}} {
			if f.lack {
				draft.Missing = append(draft.Missing, MissingField{i.IncidentID, f.name})
			}
		}
	}
	duties, err := g.store.Duties(ctx, queue.DutyFilter{Clause: draft.Task.Clause, Quarter: q.String(), Participant: w.Register.Self().ID})
	if err != nil {
		return draft, err
	}
	if len(duties) == 1 {
		draft.Duty = &duties[0]
	}
	return draft, g.history(ctx, w, q, &draft)
}

// incidents is our register of incidents: one row for each, made of all reports
// about it. It was registered when the first of them was handed in.
func (g *Gateway) incidents(ctx context.Context, w *World) ([]exchange.QuarterlyIncident, error) {
	reports, err := g.store.Reports(ctx, queue.ReportFilter{Participant: w.Register.Self().ID, Kind: exchange.Incident, Outgoing: true, Document: true})
	if err != nil {
		return nil, err
	}
	added, err := g.store.Measures(ctx)
	if err != nil {
		return nil, err
	}
	var out []exchange.QuarterlyIncident
	places := map[string]int{}
	for _, stored := range reports {
		if len(stored.Document) == 0 {
			continue // deleted after its period, which is longer than any report goes back
		}
		parsed := parser.ParseFile(exchange.Document{Body: stored.Document, MediaType: stored.MediaType}, w.Parser, g.clock())
		if len(parsed.Reports) != 1 || parsed.Reports[0].Incident == nil {
			return nil, fmt.Errorf("report %s in the store cannot be read: %s", stored.Key.ID, parsed.Refusal.Code)
		}
		in := parsed.Reports[0].Incident
		at, known := places[in.IncidentID]
		if !known {
			at = len(out)
			places[in.IncidentID] = at
			out = append(out, exchange.QuarterlyIncident{IncidentID: in.IncidentID, RegisteredAt: stored.ReceivedAt.In(w.Zone).Truncate(time.Second),
				ConfirmedAt: in.ConfirmedAt})
		}
		letters, err := g.store.Letters(ctx, queue.LetterFilter{Report: stored.Position})
		if err != nil {
			return nil, err
		}
		update(&out[at], in, doneAt(letters, "9"), w.Zone)
	}
	for i := range out {
		complete(&out[i], added[out[i].IncidentID])
	}
	return out, nil
}

// update puts what a report says of an incident over what earlier ones said.
// The first report that was sent stops the clock of clause 9.
func update(i *exchange.QuarterlyIncident, in *exchange.IncidentBody, sent time.Time, zone *time.Location) {
	if !sent.IsZero() && (i.ReportedAt.IsZero() || sent.Before(i.ReportedAt)) {
		i.ReportedAt = sent.In(zone).Truncate(time.Millisecond)
	}
	if in.Class.RSIT != "" {
		i.Class = in.Class
	}
	i.Severity, i.Cause, i.Measures = cmp.Or(in.Severity, i.Severity), cmp.Or(in.Cause, i.Cause), cmp.Or(in.Measures, i.Measures)
	i.Status = cmp.Or(in.Status, i.Status)
	owner := ""
	if in.Victim != nil {
		owner = in.Victim.BIN
	}
	for _, o := range in.Objects {
		owner = cmp.Or(owner, o.Owner)
	}
	i.OwnerBIN = cmp.Or(owner, i.OwnerBIN)
}

// complete puts what a person added in its place: it was said for this report.
func complete(i *exchange.QuarterlyIncident, m exchange.Measure) {
	i.Cause, i.Measures, i.Status = cmp.Or(m.Cause, i.Cause), cmp.Or(m.Measures, i.Measures), cmp.Or(m.Status, i.Status)
	i.Severity, i.Class.RSIT = cmp.Or(m.Severity, i.Severity), cmp.Or(m.RSIT, i.Class.RSIT)
}

// quarterlyObject is what the journal calls the report of a quarter.
func quarterlyObject(q calendar.Quarter) string { return "quarterly:" + q.String() }

const quarterlyID = "quarterly-"

// history is what became of the report of a quarter so far.
func (g *Gateway) history(ctx context.Context, w *World, q calendar.Quarter, draft *QuarterlyDraft) error {
	events, err := g.store.EventsOf(ctx, quarterlyObject(q))
	if err != nil {
		return err
	}
	if len(events) > 0 {
		draft.Decided = events[len(events)-1]
	}
	sent, err := g.store.Reports(ctx, queue.ReportFilter{Participant: w.Register.Self().ID, Kind: exchange.Quarterly, Outgoing: true, Newest: true, Document: true})
	if err != nil {
		return err
	}
	for i := range sent {
		parsed := parser.ParseFile(exchange.Document{Body: sent[i].Document, MediaType: sent[i].MediaType}, w.Parser, g.clock())
		if len(parsed.Reports) != 1 || parsed.Reports[0].Quarterly == nil || parsed.Reports[0].Quarterly.Quarter != q.String() {
			continue
		}
		draft.Sent = &sent[i]
		draft.Changed = !sameContent(draft.Body, *parsed.Reports[0].Quarterly)
		draft.Letters, err = g.store.Letters(ctx, queue.LetterFilter{Report: sent[i].Position})
		return err
	}
	return nil
}

// sameContent compares two reports but for their approver.
func sameContent(a, b exchange.QuarterlyBody) bool {
	plain := func(q exchange.QuarterlyBody) exchange.QuarterlyBody {
		q.Approver, q.From, q.To = "", q.From.UTC(), q.To.UTC()
		q.Incidents = slices.Clone(q.Incidents)
		for i := range q.Incidents {
			in := &q.Incidents[i]
			in.RegisteredAt, in.ConfirmedAt, in.ReportedAt = in.RegisteredAt.UTC(), in.ConfirmedAt.UTC(), in.ReportedAt.UTC()
		}
		if len(q.Incidents) == 0 {
			q.Incidents = nil
		}
		return q
	}
	return reflect.DeepEqual(plain(a), plain(b))
}

// ApproveQuarterly sends the report of a quarter as it stands on a person's
// word; approver is the name that stands in it. Approval, report, letter and
// deadline are one transaction. Approved again after a change it goes as the
// next revision.
func (g *Gateway) ApproveQuarterly(ctx context.Context, q calendar.Quarter, approver, actor string) (Submission, error) {
	w, now := g.world.Load(), g.clock()
	draft, err := g.Quarterly(ctx, q)
	switch {
	case err != nil:
		return Submission{}, err
	case now.Before(draft.Task.Opens):
		return Submission{}, fmt.Errorf("%s: %w", q, ErrQuarterRuns)
	case len(draft.Missing) > 0:
		return Submission{}, fmt.Errorf("%s: %w", q, ErrIncomplete)
	case draft.Sent != nil && !draft.Changed && !refused(draft.Letters):
		return Submission{}, fmt.Errorf("%s: %w", q, ErrUnchanged)
	}
	key := exchange.Key{ID: quarterlyID + q.String(), Revision: 1}
	if draft.Sent != nil {
		key = exchange.Key{ID: draft.Sent.Key.ID, Revision: draft.Sent.Key.Revision + 1}
	}
	body := draft.Body
	body.Approver = approver
	return g.sendOwn(ctx, w, &exchange.Report{Kind: exchange.Quarterly, ID: key.ID, Revision: key.Revision, Quarterly: &body}, actor, now,
		exchange.Event{At: now, Name: "quarterly-approved", Object: quarterlyObject(q), Actor: actor, Detail: map[string]string{"approver": approver,
			"report": key.ID, "revision": strconv.Itoa(key.Revision), "incidents": strconv.Itoa(len(body.Incidents))}})
}

// refused reports whether the addressee refused what the letters carried.
func refused(letters []exchange.Letter) bool {
	return slices.ContainsFunc(letters, func(l exchange.Letter) bool { return l.Verdict == exchange.VerdictRefused })
}

// DeclineQuarterly notes that a person does not approve the report as it
// stands, and why. Nothing is sent, and the reminders go on.
func (g *Gateway) DeclineQuarterly(ctx context.Context, q calendar.Quarter, actor, reason string) error {
	return g.store.Journal(ctx, exchange.Event{At: g.clock(), Name: "quarterly-declined", Object: quarterlyObject(q), Actor: actor,
		Detail: map[string]string{"reason": reason}})
}

// ErrNoIncident: no incident of that id was registered.
var ErrNoIncident = errors.New("no such incident was registered here")

// CompleteIncident adds what a person says of an incident for the quarterly
// report: its cause, the measures, its status.
func (g *Gateway) CompleteIncident(ctx context.Context, m exchange.Measure) error {
	register, err := g.incidents(ctx, g.world.Load())
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(register, func(i exchange.QuarterlyIncident) bool { return i.IncidentID == m.Incident }) {
		return fmt.Errorf("%s: %w", m.Incident, ErrNoIncident)
	}
	return g.store.SetMeasure(ctx, m)
}
