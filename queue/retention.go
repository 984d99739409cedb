package queue

import (
	"context"
	"fmt"
	"slices"
	"time"

	"almasu/exchange"
)

// Retention is how long octets are kept: bodies of reports, raw mail and the
// octets of letters. The rows of the register and the journal stay for ever.
type Retention struct {
	Periods map[exchange.ReportKind]time.Duration // of reports, the mail that brought them and the letters about them; 0 or none: for ever
	Other   time.Duration                         // of mail and letters without a report; 0: for ever
	// Least is what nothing is deleted within, whatever the periods say.
	Least time.Duration
}

// Erasure is what has outlived its period, or was deleted.
type Erasure struct {
	Reports  map[string]int // by kind
	Mails    int
	Letters  int
	Measures int
}

// Total counts everything.
func (e Erasure) Total() int {
	n := e.Mails + e.Letters + e.Measures
	for _, reports := range e.Reports {
		n += reports
	}
	return n
}

// What must be true of a row before its octets go: its work is done. $1 is the
// row, $2 the moment before which it must have come.
const (
	reportDone = `erased_at = 0 AND received_at < $2
		AND NOT EXISTS (SELECT 1 FROM arrival a WHERE a.id = report.arrival AND a.state IN ('stored', 'held'))
		AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.position = report.position)
		AND NOT (outgoing = 0 AND EXISTS (SELECT 1 FROM consumer c WHERE c.high < report.position))
		AND NOT EXISTS (SELECT 1 FROM deadline d WHERE d.report = report.position AND d.state = 'open')
		AND NOT EXISTS (SELECT 1 FROM request q WHERE q.answer = 0 AND q.report = report.position)
		AND NOT EXISTS (SELECT 1 FROM change c WHERE c.arrival = report.arrival AND c.arrival <> 0 AND c.state = 'proposed')
		AND NOT EXISTS (SELECT 1 FROM letter l WHERE l.report <> 0 AND l.report = report.position AND ` + unfinished + `)`
	unfinished = `(l.state IN ('waiting', 'blocked', 'gathered', 'never') OR l.again_at > 0)`
	// A message is deleted with its reports: it holds them.
	mailDone = `erased_at = 0 AND state NOT IN ('stored', 'held') AND placed <> 1
		AND (received_at < $2 OR EXISTS (SELECT 1 FROM report r WHERE r.arrival <> 0 AND r.arrival = arrival.id))
		AND NOT EXISTS (SELECT 1 FROM report r WHERE r.arrival <> 0 AND r.arrival = arrival.id AND r.erased_at = 0)
		AND NOT EXISTS (SELECT 1 FROM change c WHERE c.arrival = arrival.id AND c.state = 'proposed')
		AND NOT EXISTS (SELECT 1 FROM letter l WHERE l.arrival <> 0 AND l.arrival = arrival.id AND ` + unfinished + `)`
	letterDone = `erased_at = 0 AND (created_at < $2 OR report <> 0) AND state NOT IN ('waiting', 'blocked', 'gathered', 'never') AND again_at = 0
		AND NOT EXISTS (SELECT 1 FROM report r WHERE letter.report <> 0 AND r.position = letter.report AND r.erased_at = 0)`
)

// sort is one sort of rows with octets.
type lot struct {
	name, table, key, done, more string
	erase                        []string // $1 the row, $2 now
}

func lots() []lot {
	return []lot{
		{"report", "report", "position", reportDone, ` AND kind = $3`, []string{`UPDATE report SET sealed = $3, erased_at = $2 WHERE position = $1`}},
		{"mail", "arrival", "id", mailDone, "", []string{
			`DELETE FROM chunk WHERE body = (SELECT CASE WHEN body = 0 THEN id ELSE body END FROM arrival WHERE id = $1)`,
			`UPDATE arrival SET erased_at = $2 WHERE id = $1`}},
		{"letter", "letter", "id", letterDone, "", []string{`DELETE FROM letter_body WHERE letter = $1`, `UPDATE letter SET erased_at = $2 WHERE id = $1`}},
	}
}

// expired lists the rows of a sort that have outlived their period, at most
// `limit` above `after`.
func (v view) expired(o lot, kind string, before time.Time, after int64, limit int) ([]int64, error) {
	args := []any{after, micro(before)}
	if o.more != "" {
		args = append(args, kind)
	}
	args = append(args, limit)
	var out []int64
	err := v.each(fmt.Sprintf(`SELECT %s FROM %s WHERE %s > $1 AND %s%s ORDER BY %s LIMIT $%d`, o.key, o.table, o.key, o.done, o.more, o.key, len(args)), args,
		func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			out = append(out, id)
			return err
		})
	return out, err
}

// batch is how many rows one transaction deletes, so that other writers never
// wait long.
const batch = 50

// Expired counts what has outlived its period, and deletes nothing. Mail and
// letters that wait for a report of theirs are counted once it is gone.
func (s *Store) Expired(ctx context.Context, r Retention) (Erasure, error) {
	return s.sweep(ctx, r, func(lot, string, []int64) error { return nil }, func(before time.Time) (n int, err error) {
		err = s.look(ctx).one(`SELECT count(*) FROM measure WHERE at < $1`, []any{micro(before)}, &n)
		return n, wrap("count measures", err)
	})
}

// Erase deletes the octets that have outlived their period, a few at a time,
// and writes each row into the journal. What is unfinished stays: held, unsent,
// not acknowledged by a consumer, with an open deadline or request.
func (s *Store) Erase(ctx context.Context, r Retention, actor string) (Erasure, error) {
	e, err := s.sweep(ctx, r, func(o lot, kind string, ids []int64) error {
		for part := range slices.Chunk(ids, batch) {
			if err := s.erase(ctx, o, kind, part, actor); err != nil {
				return err
			}
		}
		return nil
	}, func(before time.Time) (int, error) { return s.forget(ctx, before, actor) })
	if err == nil && e.Total() > 0 && s.engine.name == "sqlite" {
		err = s.shrink(ctx)
	}
	return e, err
}

// sweep goes through every sort, page by page.
func (s *Store) sweep(ctx context.Context, r Retention, do func(o lot, kind string, ids []int64) error, forget func(before time.Time) (int, error)) (Erasure, error) {
	e := Erasure{Reports: map[string]int{}}
	now := s.now()
	page := func(o lot, kind string, period time.Duration, count func(int)) error {
		var before time.Time // for ever
		if period > 0 {
			before = now.Add(-max(period, r.Least))
		}
		for after := int64(0); ; {
			ids, err := s.look(ctx).expired(o, kind, before, after, journalPage)
			if err != nil || len(ids) == 0 {
				return wrap("look for what has outlived its period", err)
			}
			if err := do(o, kind, ids); err != nil {
				return err
			}
			count(len(ids))
			after = ids[len(ids)-1]
		}
	}
	if period := r.Periods[exchange.Incident]; period > 0 {
		n, err := forget(now.Add(-max(period, r.Least)))
		if err != nil {
			return e, err
		}
		e.Measures = n
	}
	for _, o := range lots() {
		kinds, periods := []exchange.ReportKind{""}, map[exchange.ReportKind]time.Duration{"": r.Other}
		if o.more != "" {
			kinds, periods = exchange.ReportKinds(), r.Periods
		}
		for _, kind := range kinds {
			err := page(o, string(kind), periods[kind], func(n int) {
				switch o.name {
				case "mail":
					e.Mails += n
				case "letter":
					e.Letters += n
				default:
					e.Reports[string(kind)] += n
				}
			})
			if err != nil {
				return e, err
			}
		}
	}
	return e, nil
}

// erase deletes a few rows' octets in one transaction. What has got new work
// since it was looked for stays.
func (s *Store) erase(ctx context.Context, o lot, kind string, ids []int64, actor string) error {
	return s.write(ctx, "delete what has outlived its period", func(t *tx) error {
		for _, id := range ids {
			var still int64
			done := fmt.Sprintf(`SELECT %s FROM %s WHERE %s = $1 AND %s`, o.key, o.table, o.key, o.done)
			if is, err := t.found(done, []any{id, micro(t.now)}, &still); err != nil || !is {
				if err != nil {
					return err
				}
				continue
			}
			for _, q := range o.erase {
				args := []any{id, micro(t.now), []byte{}}
				if _, err := t.exec(q, args[:placeholders(q)]...); err != nil {
					return fmt.Errorf("%s %d: %w", o.name, id, err)
				}
			}
			object := map[string]string{"report": reportRow(id), "mail": arrivalObject(id), "letter": letterObject(id)}[o.name]
			if err := t.noteBy(actor, "erased", object, "kind", kind); err != nil {
				return err
			}
		}
		return nil
	})
}

// forget deletes what people added to incidents that have outlived theirs.
func (s *Store) forget(ctx context.Context, before time.Time, actor string) (n int, err error) {
	err = s.write(ctx, "delete measures", func(t *tx) error {
		gone, err := t.exec(`DELETE FROM measure WHERE at < $1`, micro(before))
		if n = int(gone); err != nil || n == 0 {
			return err
		}
		return t.noteBy(actor, "erased", "measures", "count", fmt.Sprint(n))
	})
	return n, err
}

// placeholders is how many arguments a query of erase has.
func placeholders(q string) (n int) {
	for i, c := range q {
		if c == '$' {
			n = max(n, int(q[i+1]-'0'))
		}
	}
	return n
}

// shrinkPages is how much one step gives back to the file system, 4 MiB: other
// writers get their turn in between.
const shrinkPages = 1000

// shrink gives the pages that are free back to the file system. A database
// made before this could be done keeps them for what comes.
func (s *Store) shrink(ctx context.Context) error {
	var before, free int64
	for {
		if err := s.look(ctx).one(`PRAGMA freelist_count`, nil, &free); err != nil {
			return wrap("give free space back", err)
		}
		if free == 0 || free == before {
			return nil
		}
		before = free
		err := s.writeSoft(ctx, "give free space back", func(t *tx) error {
			return t.each(fmt.Sprintf(`PRAGMA incremental_vacuum(%d)`, shrinkPages), nil, func(func(...any) error) error { return nil })
		})
		if err != nil {
			return err
		}
	}
}

func erasedRules() []rule {
	return []rule{
		{"what was deleted after its period is gone, and in the journal", `SELECT 'report ' || position FROM report WHERE erased_at <> 0
			AND (length(sealed) <> 0 OR NOT EXISTS (SELECT 1 FROM journal j WHERE j.object = 'report:' || report.position AND j.name = 'erased'))
			UNION ALL SELECT 'arrival ' || id FROM arrival WHERE erased_at <> 0
			AND (EXISTS (SELECT 1 FROM chunk c WHERE c.body = CASE WHEN arrival.body = 0 THEN arrival.id ELSE arrival.body END)
			OR NOT EXISTS (SELECT 1 FROM journal j WHERE j.object = 'arrival:' || arrival.id AND j.name = 'erased'))
			UNION ALL SELECT 'letter ' || id FROM letter WHERE erased_at <> 0
			AND (EXISTS (SELECT 1 FROM letter_body b WHERE b.letter = letter.id)
			OR NOT EXISTS (SELECT 1 FROM journal j WHERE j.object = 'letter:' || letter.id AND j.name = 'erased'))`},
		{"only what is finished was deleted", `SELECT 'letter ' || id FROM letter WHERE erased_at <> 0 AND state IN ('waiting', 'blocked')
			UNION ALL SELECT 'arrival ' || id FROM arrival WHERE erased_at <> 0 AND state IN ('stored', 'held')`},
	}
}
