package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"almasu/exchange"
)

// addDuty takes up a duty of a quarter, or notes what was delivered for it. A
// duty that is open already is left as it is; the first delivery counts, but a
// SOC's own report that was not sent yet (state open) is replaced by a later
// one. What was late stays late, what was waived stays waived.
func (t *tx) addDuty(d exchange.Decision, dl exchange.Deadline) error {
	if dl.ToldAt.IsZero() {
		dl.ToldAt = d.At
	}
	_, err := t.exec(`INSERT INTO deadline (clause, report, at, state, participant, quarter, told_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (quarter, clause, participant) WHERE quarter <> '' DO UPDATE SET report = excluded.report,
			state = CASE WHEN excluded.state = 'open' OR deadline.state = 'met' THEN deadline.state ELSE excluded.state END
		WHERE excluded.report <> 0 AND (deadline.report = 0 OR (excluded.state = 'open' AND deadline.state <> 'met'))`,
		dl.Clause, dl.Report, micro(dl.At), dl.State, dl.Participant, dl.Quarter, micro(dl.ToldAt))
	return err
}

// remind writes down up to when somebody was reminded of a duty.
func (t *tx) remind(d exchange.Decision) error {
	for _, r := range d.Reminders {
		err := t.must(ErrForbidden, `UPDATE deadline SET told_at = $1 WHERE id = $2 AND told_at = $3 AND quarter <> ''`,
			micro(r.At), r.Deadline, micro(r.Before))
		if err != nil {
			return fmt.Errorf("remind of deadline %d: %w", r.Deadline, err)
		}
	}
	return nil
}

// undo takes back that a letter did a duty of a quarter: its addressee refused
// what it carried.
func (t *tx) undo(letter int64) error {
	n, err := t.exec(`UPDATE deadline SET state = CASE WHEN state = 'met' THEN 'open' ELSE state END, report = 0
		WHERE quarter <> '' AND report <> 0 AND report = (SELECT report FROM letter WHERE id = $1)`, letter)
	if err != nil || n == 0 {
		return err
	}
	return t.note("duty-refused", letterObject(letter))
}

// DutyFilter chooses duties of quarters; a zero field chooses all.
type DutyFilter struct {
	Clause      string
	Quarter     string
	Participant string
	State       string
}

// Duties lists the duties of quarters by quarter, clause and participant.
func (s *Store) Duties(ctx context.Context, f DutyFilter) ([]exchange.Duty, error) {
	w := where{terms: []string{"quarter <> ''"}}
	w.text("quarter", f.Quarter)
	w.text("clause", f.Clause)
	w.text("d.participant", f.Participant)
	w.text("state", f.State)
	var out []exchange.Duty
	query := `SELECT d.id, clause, d.report, at, state, d.participant, quarter, told_at, COALESCE(r.received_at, 0), COALESCE(r.number, ''),
		COALESCE(r.report_id, ''), COALESCE(r.revision, 0) FROM deadline d LEFT JOIN report r ON r.position = d.report`
	err := s.look(ctx).each(query+w.query("quarter, clause, d.participant", false, 0), w.args, func(scan func(...any) error) error {
		var d exchange.Duty
		var receivedAt int64
		var err error
		d.Deadline, err = scanDeadline(scan, &receivedAt, &d.Number, &d.Key.ID, &d.Key.Revision)
		d.ReceivedAt = fromMicro(receivedAt)
		out = append(out, d)
		return err
	})
	return out, wrap("list duties of a quarter", err)
}

// Waive settles a duty that nothing was delivered for: a person decided that it
// is not owed, and the journal keeps who and why.
func (s *Store) Waive(ctx context.Context, deadline int64, actor, reason string) error {
	return s.write(ctx, fmt.Sprintf("waive deadline %d", deadline), func(t *tx) error {
		if err := t.must(ErrForbidden, `UPDATE deadline SET state = 'met' WHERE id = $1 AND quarter <> '' AND report = 0 AND state <> 'met'`, deadline); err != nil {
			return err
		}
		return t.noteBy(actor, "duty-waived", fmt.Sprintf("deadline:%d", deadline), "reason", reason)
	})
}

// Began is when the store was first written to; zero for one that never was.
func (s *Store) Began(ctx context.Context) (time.Time, error) {
	var at int64
	_, err := s.look(ctx).found(`SELECT at FROM journal ORDER BY id LIMIT 1`, nil, &at)
	return fromMicro(at), wrap("look for the beginning of the journal", err)
}

// SetMeasure keeps what a person adds to an incident, sealed at rest; a field
// left empty keeps what was said before.
func (s *Store) SetMeasure(ctx context.Context, m exchange.Measure) error {
	return s.write(ctx, "measures of incident "+m.Incident, func(t *tx) error {
		var sealed []byte
		known, err := t.found(`SELECT sealed FROM measure WHERE incident = $1`, []any{clean(m.Incident)}, &sealed)
		if err != nil {
			return err
		}
		if known {
			old, err := s.measure(m.Incident, sealed)
			if err != nil {
				return err
			}
			m.Cause, m.Measures, m.Status = cmp.Or(m.Cause, old.Cause), cmp.Or(m.Measures, old.Measures), cmp.Or(m.Status, old.Status)
			m.Severity, m.RSIT = cmp.Or(m.Severity, old.Severity), cmp.Or(m.RSIT, old.RSIT)
		}
		plain, err := json.Marshal(m)
		if err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO measure (incident, at, actor, sealed) VALUES ($1, $2, $3, $4)
			ON CONFLICT (incident) DO UPDATE SET at = excluded.at, actor = excluded.actor, sealed = excluded.sealed`,
			clean(m.Incident), micro(t.now), clean(m.Actor), s.seal(measureRow(m.Incident), plain)); err != nil {
			return err
		}
		return t.noteBy(m.Actor, "measures-entered", "incident:"+m.Incident)
	})
}

// Measures is what people added, by incident.
func (s *Store) Measures(ctx context.Context) (map[string]exchange.Measure, error) {
	out := map[string]exchange.Measure{}
	err := s.look(ctx).each(`SELECT incident, at, actor, sealed FROM measure`, nil, func(scan func(...any) error) error {
		var incident, actor string
		var at int64
		var sealed []byte
		if err := scan(&incident, &at, &actor, &sealed); err != nil {
			return err
		}
		m, err := s.measure(incident, sealed)
		m.Incident, m.At, m.Actor = incident, fromMicro(at), actor
		out[incident] = m
		return err
	})
	return out, wrap("list measures", err)
}

func (s *Store) measure(incident string, sealed []byte) (m exchange.Measure, err error) {
	plain, err := s.unseal(measureRow(incident), sealed)
	if err == nil {
		err = json.Unmarshal(plain, &m)
	}
	return m, err
}

func measureRow(incident string) string { return "measure:" + clean(incident) }

func dutyRules() []rule {
	return []rule{
		{"a duty of a quarter is of clause 17 or 18 and somebody's", `SELECT 'deadline ' || id FROM deadline
			WHERE quarter <> '' AND (clause NOT IN ('17', '18') OR participant = '' OR told_at = 0)`},
		{"a duty of a quarter is done by a report of its participant", `SELECT 'deadline ' || d.id FROM deadline d JOIN report r ON r.position = d.report
			WHERE d.quarter <> '' AND (r.participant <> d.participant OR r.kind <> CASE WHEN d.clause = '17' THEN 'contact' ELSE 'quarterly' END)`},
		{"measures are of somebody", `SELECT 'measures of ' || incident FROM measure WHERE actor = '' OR at = 0`},
	}
}
