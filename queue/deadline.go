package queue

import (
	"context"
	"fmt"
	"time"

	"almasu/exchange"
)

const deadlineColumns = `id, clause, report, at, state, participant, quarter, told_at`

// scanDeadline reads a deadline and whatever the query has after its columns.
func scanDeadline(scan func(...any) error, more ...any) (exchange.Deadline, error) {
	var d exchange.Deadline
	var at, toldAt int64
	err := scan(append([]any{&d.ID, &d.Clause, &d.Report, &at, &d.State, &d.Participant, &d.Quarter, &toldAt}, more...)...)
	d.At, d.ToldAt = fromMicro(at), fromMicro(toldAt)
	return d, err
}

// OpenDeadlines lists the open deadlines up to and including a moment, the
// earliest first.
func (s *Store) OpenDeadlines(ctx context.Context, before time.Time) ([]exchange.Deadline, error) {
	return s.deadlines(ctx, `WHERE state = 'open' AND at <= $1 ORDER BY at, id`, micro(before))
}

// Deadlines lists the deadlines of a report by their time.
func (s *Store) Deadlines(ctx context.Context, report int64) ([]exchange.Deadline, error) {
	return s.deadlines(ctx, `WHERE report = $1 ORDER BY at, id`, report)
}

// Deadline finds a deadline by its id. ErrNotFound: there is none.
func (s *Store) Deadline(ctx context.Context, id int64) (exchange.Deadline, error) {
	list, err := s.deadlines(ctx, `WHERE id = $1`, id)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("deadline %d: %w", id, ErrNotFound)
	}
	if err != nil {
		return exchange.Deadline{}, err
	}
	return list[0], nil
}

func (s *Store) deadlines(ctx context.Context, query string, arg int64) ([]exchange.Deadline, error) {
	var out []exchange.Deadline
	err := s.look(ctx).each(`SELECT `+deadlineColumns+` FROM deadline `+query, []any{arg}, func(scan func(...any) error) error {
		d, err := scanDeadline(scan)
		out = append(out, d)
		return err
	})
	return out, wrap("list deadlines", err)
}

// SetDeadline closes an open deadline as met or missed. One that was missed
// may still become met: the proof that it was done in time can come late. The
// alarms are raised in the same transaction.
func (s *Store) SetDeadline(ctx context.Context, id int64, state string, alarms ...exchange.Alarm) error {
	op := fmt.Sprintf("set deadline %d to %s", id, state)
	if state != exchange.DeadlineMet && state != exchange.DeadlineMissed {
		return fmt.Errorf("%s: use met or missed: %w", op, ErrForbidden)
	}
	return s.write(ctx, op, func(t *tx) error {
		if err := t.must(ErrForbidden, `UPDATE deadline SET state = $1 WHERE id = $2 AND (state = 'open' OR (state = 'missed' AND $1 = 'met'))`, state, id); err != nil {
			return err
		}
		if _, err := t.raise(alarms); err != nil {
			return err
		}
		return t.note("deadline-"+state, fmt.Sprintf("deadline:%d", id))
	})
}

// Late is a report whose period under a clause ended before it came.
type Late struct {
	exchange.StoredReport
	Due time.Time
}

// LateReports lists the reports whose period under a clause was missed, the
// latest first. Those before since are left out.
func (s *Store) LateReports(ctx context.Context, clause string, since time.Time, limit int) ([]Late, error) {
	due := map[int64]time.Time{}
	var positions []int64
	v := s.look(ctx)
	err := v.each(`SELECT report, at FROM deadline WHERE state = 'missed' AND clause = $1 AND at >= $2 AND report <> 0 AND quarter = ''
		ORDER BY at DESC, id DESC LIMIT $3`, []any{clause, micro(since), orAll(limit)}, func(scan func(...any) error) error {
		var position, at int64
		err := scan(&position, &at)
		positions, due[position] = append(positions, position), fromMicro(at)
		return err
	})
	var out []Late
	for _, position := range positions {
		list, more := v.reports(` WHERE position = $1`, []any{position}, false, s)
		for _, r := range list {
			out = append(out, Late{r, due[position]})
		}
		if err == nil {
			err = more
		}
	}
	return out, wrap("list late reports", err)
}
