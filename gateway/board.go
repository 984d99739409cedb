package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"almasu/exchange"
	"almasu/parser"
	"almasu/queue"
	"almasu/rules/calendar"
)

// Two states of a duty that only the board knows.
const (
	DutyWaived    calendar.State = "waived"    // a person decided that it is not owed
	DutyUnwatched calendar.State = "unwatched" // it ended before this store began, or the SOC came later
)

// BoardRow is one SOC and one duty of a quarter.
type BoardRow struct {
	Task        calendar.Task
	Participant *exchange.Participant
	State       calendar.State
	Duty        *exchange.Duty // nil: not taken up
	Delivered   time.Time      // zero: not delivered
	Revision    int            // the latest of the report that did it, 0 where none did
}

// Reminded: the SOC was reminded, and not only taken up.
func (r BoardRow) Reminded() bool {
	return r.Duty != nil && slices.ContainsFunc(append(r.Task.FollowUp(), r.Task.Steps()...), func(s calendar.Step) bool { return s.At.Equal(r.Duty.ToldAt) })
}

// DueNow are the duties of the quarter of a moment: the contact data of it, and
// the report on the one before.
func (g *Gateway) DueNow() []calendar.Task {
	return calendar.Tasks(g.clock(), g.world.Load().Zone)
}

// DutiesOf are the duties that bear the name of a quarter.
func (g *Gateway) DutiesOf(q calendar.Quarter) []calendar.Task {
	zone := g.world.Load().Zone
	return []calendar.Task{calendar.Contact(q, zone), calendar.Quarterly(q, zone)}
}

// Board says of each SOC whether it did a duty, those who have not first. A SOC
// sees itself alone.
func (g *Gateway) Board(ctx context.Context, task calendar.Task) ([]BoardRow, error) {
	w, now := g.world.Load(), g.clock()
	duties, err := g.store.Duties(ctx, queue.DutyFilter{Clause: task.Clause, Quarter: task.Quarter.String()})
	if err != nil {
		return nil, err
	}
	var ids []string
	delivered := map[string]time.Time{}
	for _, p := range w.owing() {
		ids = append(ids, p.ID)
	}
	for _, d := range duties {
		if delivered[d.Participant], err = g.doneSince(ctx, w, d); err != nil {
			return nil, err
		}
	}
	var out []BoardRow
	for _, r := range calendar.Board(task, ids, delivered, now) {
		row := BoardRow{Task: task, Participant: w.Register.ByID(r.SOC), State: r.State, Delivered: r.Delivered}
		if r.SOC == w.Register.Self().ID {
			row.Participant = w.Register.Self()
		}
		if i := slices.IndexFunc(duties, func(d exchange.Duty) bool { return d.Participant == r.SOC }); i >= 0 {
			row.Duty = &duties[i]
			if row.Revision, err = g.latest(ctx, duties[i]); err != nil {
				return nil, err
			}
		}
		switch {
		case row.Duty == nil && r.State == calendar.Overdue:
			row.State = DutyUnwatched
		case row.Duty != nil && row.Duty.Waived():
			row.State = DutyWaived
		}
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(a, b BoardRow) int { return settled(a) - settled(b) })
	return out, nil
}

// settled puts what nobody has to look after last.
func settled(r BoardRow) int {
	if r.State == DutyWaived || r.State == DutyUnwatched {
		return 1
	}
	return 0
}

// latest is the newest revision of the report that did a duty.
func (g *Gateway) latest(ctx context.Context, d exchange.Duty) (revision int, err error) {
	if d.Report == 0 {
		return 0, nil
	}
	all, err := g.store.Reports(ctx, queue.ReportFilter{Participant: d.Participant, ID: d.Key.ID})
	for _, r := range all {
		revision = max(revision, r.Key.Revision)
	}
	return revision, err
}

// ErrNoDuty: that duty is not watched here.
var ErrNoDuty = errors.New("no such duty is watched here")

// Waive settles a duty that is not owed, on a person's word.
func (g *Gateway) Waive(ctx context.Context, task calendar.Task, participant, actor, reason string) error {
	list, err := g.store.Duties(ctx, queue.DutyFilter{Clause: task.Clause, Quarter: task.Quarter.String(), Participant: participant})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("clause %s for %s of %s: %w", task.Clause, task.Quarter, participant, ErrNoDuty)
	}
	if err != nil {
		return err
	}
	return g.store.Waive(ctx, list[0].ID, actor, reason)
}

// Unreported compares the latest quarterly report of a SOC with the incidents
// that came in from it during the quarter: their ids that the report does not
// name. It is a question to the SOC, no verdict: one that was registered in the
// last minutes of a quarter may come in with the next.
func (g *Gateway) Unreported(ctx context.Context, participant string, q calendar.Quarter) ([]string, *exchange.QuarterlyBody, error) {
	w := g.world.Load()
	var last *exchange.QuarterlyBody
	read := func(kind exchange.ReportKind, each func(exchange.StoredReport, *exchange.Report)) error {
		list, err := g.store.Reports(ctx, queue.ReportFilter{Participant: participant, Kind: kind, Incoming: true, Document: true})
		for _, stored := range list {
			parsed := parser.ParseFile(exchange.Document{Body: stored.Document, MediaType: stored.MediaType}, w.Parser, stored.ReceivedAt)
			for _, r := range parsed.Reports {
				each(stored, r)
			}
		}
		return err
	}
	if err := read(exchange.Quarterly, func(_ exchange.StoredReport, r *exchange.Report) {
		if r.Quarterly != nil && r.Quarterly.Quarter == q.String() {
			last = r.Quarterly
		}
	}); err != nil || last == nil {
		return nil, nil, err
	}
	var out []string
	err := read(exchange.Incident, func(stored exchange.StoredReport, r *exchange.Report) {
		named := func(i exchange.QuarterlyIncident) bool { return i.IncidentID == r.Incident.IncidentID }
		if r.Incident != nil && q.Has(stored.ReceivedAt, w.Zone) && stored.Key.Revision == 1 && !slices.ContainsFunc(last.Incidents, named) &&
			!slices.Contains(out, r.Incident.IncidentID) {
			out = append(out, r.Incident.IncidentID)
		}
	})
	return out, last, err
}
