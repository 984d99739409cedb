package web

import (
	"context"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

// ReportStatus is where a report stands.
type ReportStatus struct {
	ID          string           `json:"id"`
	Revision    int              `json:"revision"`
	Kind        string           `json:"kind"`
	Participant string           `json:"participant" doc:"who reports"`
	Direction   string           `json:"direction" enum:"in,out"`
	Position    int64            `json:"position" doc:"in the store, in order of commit"`
	State       string           `json:"state" doc:"outgoing: how far its letters have come; incoming: what was decided"`
	Settled     bool             `json:"settled" doc:"nothing more is to be waited for"`
	Number      string           `json:"number,omitempty" doc:"registration number: ours of an incoming report, the addressee's of an outgoing one"`
	Verdict     string           `json:"verdict,omitempty" doc:"of the addressee's receipt"`
	ReceivedAt  string           `json:"received_at" format:"date-time" doc:"here"`
	ConfirmedAt string           `json:"confirmed_at,omitempty" format:"date-time" doc:"when the incident was confirmed: the start of clause 9"`
	Letters     []LetterStatus   `json:"letters"`
	Due         []DeadlineStatus `json:"due"`
}

// LetterStatus is one letter that carries a report.
type LetterStatus struct {
	ID         int64  `json:"id"`
	To         string `json:"to"`
	State      string `json:"state" enum:"waiting,blocked,sent,delivered,opened,refused,overdue,replaced"`
	MessageID  string `json:"message_id"`
	Attempts   int    `json:"attempts"`
	SentAt     string `json:"sent_at,omitempty" format:"date-time"`
	Reply      string `json:"reply,omitempty" doc:"last reply of a relay"`
	Delivery   string `json:"delivery,omitempty" doc:"what the last delivery report says; nobody vouches for it"`
	Class      string `json:"class,omitempty" enum:"hard,soft" doc:"of a failed or delayed delivery: whether trying again can help"`
	Diagnosis  string `json:"diagnosis,omitempty" doc:"status (RFC 3463) and words of that report"`
	Verdict    string `json:"verdict,omitempty" enum:"accepted,refused,duplicate,held"`
	Number     string `json:"number,omitempty" doc:"registration number at the addressee"`
	ReceivedAt string `json:"received_at,omitempty" format:"date-time" doc:"by the addressee, as its receipt tells"`
	DecidedAt  string `json:"decided_at,omitempty" format:"date-time" doc:"by the addressee, as its receipt tells"`
	ClosedAt   string `json:"closed_at,omitempty" format:"date-time" doc:"when the receipt was here"`
}

// DeadlineStatus is a moment by which something must have happened.
type DeadlineStatus struct {
	Clause string `json:"clause" doc:"of the order"`
	At     string `json:"at" format:"date-time"`
	State  string `json:"state" enum:"open,met,missed"`
	Left   int64  `json:"left_seconds" doc:"below zero once it has passed"`
}

// describeReport looks a report's letters and deadlines up.
func (a *api) describeReport(ctx context.Context, r exchange.StoredReport) (ReportStatus, error) {
	s := ReportStatus{ID: r.Key.ID, Revision: r.Key.Revision, Kind: string(r.Kind), Participant: r.Participant, Direction: "in", Position: r.Position,
		Number: r.Number, ConfirmedAt: a.stamp(r.ConfirmedAt), ReceivedAt: a.stamp(r.ReceivedAt), Letters: []LetterStatus{}, Due: []DeadlineStatus{}}
	deadlines, err := a.Store.Deadlines(ctx, r.Position)
	if err != nil {
		return s, err
	}
	now := a.Clock()
	for _, d := range deadlines {
		s.Due = append(s.Due, DeadlineStatus{d.Clause, a.stamp(d.At), d.State, int64(d.At.Sub(now) / time.Second)})
	}
	if !r.Outgoing {
		s.State, s.Settled = string(exchange.ArrivalAccepted), true
		if r.Entered {
			s.State = string(exchange.ArrivalEntered)
		}
		return s, nil
	}
	letters, err := a.Store.Letters(ctx, queue.LetterFilter{Report: r.Position, Kind: exchange.LetterReport})
	if err != nil {
		return s, err
	}
	s.Direction, s.Settled = "out", len(letters) > 0
	var steps []exchange.Tracking
	for _, l := range letters {
		step := l.Track(deadlines, now)
		steps = append(steps, step)
		s.Settled = s.Settled && step.Settled()
		if l.State == exchange.LetterClosed {
			s.Verdict, s.Number = string(l.Verdict), l.Number
		}
		v := LetterStatus{ID: l.ID, To: l.To, State: string(step), MessageID: l.MessageID, Attempts: l.Attempts,
			SentAt: a.stamp(l.SentAt), Reply: l.Reply, Delivery: l.Delivery, Verdict: string(l.Verdict), Number: l.Number,
			ReceivedAt: a.stamp(l.PeerReceivedAt), DecidedAt: a.stamp(l.PeerDecidedAt), ClosedAt: a.stamp(l.ClosedAt)}
		if err := a.diagnose(ctx, &v); err != nil {
			return s, err
		}
		s.Letters = append(s.Letters, v)
	}
	s.State = string(exchange.TrackAll(steps))
	return s, nil
}

// diagnose adds what the last delivery report says, if there was one.
func (a *api) diagnose(ctx context.Context, v *LetterStatus) error {
	if v.Delivery == "" {
		return nil
	}
	hints, err := a.Store.HintsOf(ctx, v.ID)
	for _, h := range hints {
		if !h.Reply {
			v.Class, v.Diagnosis = h.Class, strings.TrimSpace(h.Status+" "+h.Text)
		}
	}
	return err
}

func (a *api) stamp(t time.Time) string { return stamp(t, a.Zone) }

// stamp is a moment in a zone (RFC 3339), "" for none.
func stamp(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format("2006-01-02T15:04:05.000Z07:00")
}

// mayRead reports whether the token of the request may see a report: it handed
// it in itself, or has the right to see such reports.
func (c *call) mayRead(r exchange.StoredReport) (bool, error) {
	if c.token.MayRead(r.Kind, r.Participant) {
		return true, nil
	}
	return c.a.Store.HandedBy(c.r.Context(), c.token.Name, r.Position)
}

// find is the report that a request names by id or registration number, the
// last one of several that the token may see.
func (c *call) find() (exchange.StoredReport, error) {
	none := exchange.StoredReport{}
	id, revision, err := c.r.PathValue("id"), 0, error(nil)
	if revision, err = c.number("revision", 0); err != nil {
		return none, err
	}
	found, err := c.a.Store.Reports(c.r.Context(), queue.ReportFilter{ID: id})
	if err == nil && len(found) == 0 {
		found, err = c.a.Store.Reports(c.r.Context(), queue.ReportFilter{Number: id})
	}
	if err != nil {
		return none, err
	}
	for i := len(found) - 1; i >= 0; i-- {
		if revision != 0 && found[i].Key.Revision != revision {
			continue
		}
		if ok, err := c.mayRead(found[i]); err != nil || ok {
			return found[i], err
		}
	}
	return none, notFound()
}

func notFound() error { return refuse(404, "not-found") }
