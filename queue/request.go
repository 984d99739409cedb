package queue

import (
	"context"
	"fmt"

	"almasu/exchange"
)

const requestColumns = `id, report, request_id, number, participant, outgoing, clause, asked_at, answer_by, answer, answered_at, verdict`

// addRequests keeps the requests of a decision, and closes those that its
// report answers. report is the position of the first report of it.
func (t *tx) addRequests(d exchange.Decision, report int64) error {
	for _, r := range d.Requests {
		if r.Report == 0 {
			r.Report = report
		}
		err := t.one(`INSERT INTO request (report, request_id, number, participant, outgoing, clause, asked_at, answer_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`, []any{r.Report, clean(r.RequestID), r.Number, r.Participant, asInt(r.Outgoing),
			clean(r.Clause), micro(r.AskedAt), micro(r.AnswerBy)}, &r.ID)
		if err != nil {
			return fmt.Errorf("keep a request: %w", err)
		}
		if err := t.note("request", requestObject(r.ID), "participant", r.Participant, "clause", r.Clause, "number", r.Number, "report", orBlank(r.Report)); err != nil {
			return err
		}
	}
	for _, a := range d.Answered {
		if err := t.answer(a, report); err != nil {
			return fmt.Errorf("answer the request: %w", err)
		}
	}
	return nil
}

// answer closes the open requests of that name; one that names none is noted.
func (t *tx) answer(a exchange.Answered, report int64) error {
	open, err := t.requests(` WHERE request_id = $1 AND participant = $2 AND outgoing = $3 AND answer = 0 ORDER BY id`,
		clean(a.RequestID), a.Participant, asInt(a.Outgoing))
	if err != nil {
		return err
	}
	if len(open) == 0 {
		return t.note("answer-to-nothing", fmt.Sprintf("report:%d", report), "participant", a.Participant)
	}
	for _, r := range open {
		if _, err := t.exec(`UPDATE request SET answer = $1, answered_at = $2, verdict = $3 WHERE id = $4`, report, micro(t.now), a.Verdict, r.ID); err != nil {
			return err
		}
		if err := t.note("request-answered", requestObject(r.ID), "participant", a.Participant, "verdict", a.Verdict, "report", orBlank(report)); err != nil {
			return err
		}
	}
	return nil
}

// RequestFilter chooses requests; a zero field chooses all.
type RequestFilter struct {
	ID        int64
	RequestID string
	Open      bool // those that are not answered
}

// Requests lists requests, the earliest due first.
func (s *Store) Requests(ctx context.Context, f RequestFilter) ([]exchange.Inquiry, error) {
	var w where
	w.text("request_id", clean(f.RequestID))
	if f.ID != 0 {
		w.add("id =", f.ID)
	}
	if f.Open {
		w.add("answer =", 0)
	}
	list, err := s.look(ctx).requests(w.query("answer_by, id", false, 0), w.args...)
	return list, wrap("list requests", err)
}

func (v view) requests(query string, args ...any) ([]exchange.Inquiry, error) {
	var out []exchange.Inquiry
	err := v.each(`SELECT `+requestColumns+` FROM request`+query, args, func(scan func(...any) error) error {
		var r exchange.Inquiry
		var asked, by, answered int64
		err := scan(&r.ID, &r.Report, &r.RequestID, &r.Number, &r.Participant, &r.Outgoing, &r.Clause, &asked, &by, &r.Answer, &answered, &r.Verdict)
		r.AskedAt, r.AnswerBy, r.AnsweredAt = fromMicro(asked), fromMicro(by), fromMicro(answered)
		out = append(out, r)
		return err
	})
	return out, err
}

func requestRules() []rule {
	return []rule{
		{"a request is about a report, and answered by one", `SELECT 'request ' || q.id FROM request q
			WHERE NOT EXISTS (SELECT 1 FROM report r WHERE r.position = q.report)
			OR (q.answer <> 0 AND NOT EXISTS (SELECT 1 FROM report r WHERE r.position = q.answer)) OR (q.answer = 0) <> (q.answered_at = 0)`},
		{"what became of a request is in the journal", `SELECT 'request ' || q.id FROM request q
			WHERE NOT EXISTS (SELECT 1 FROM journal j WHERE j.object = 'request:' || q.id AND j.name = 'request')
			OR (q.answer <> 0 AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.object = 'request:' || q.id AND j.name = 'request-answered'))`},
	}
}

func requestObject(id int64) string { return fmt.Sprintf("request:%d", id) }
