package queue

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"almasu/exchange"
)

// ErrDamaged: an invariant of the store does not hold.
var ErrDamaged = errors.New("the store is not in order")

// rule is one invariant: a query for what breaks it.
type rule struct {
	name  string
	query string // one text per offender
}

// rules are the invariants of Check that a query can tell. A name is a
// sentence that is true of a store in order.
func rules() []rule {
	return append([]rule{
		{"an arrival is in a state of exchange", `SELECT 'arrival ' || id FROM arrival WHERE state NOT IN (` + states(exchange.ArrivalTransitions()) + `)`},
		{"a stored arrival is undecided; any other is decided and not leased", `SELECT 'arrival ' || id FROM arrival
			WHERE (state = 'stored' AND (decided_at <> 0 OR ready NOT IN (1, 2))) OR (state <> 'stored' AND (decided_at = 0 OR lease <> '' OR ready <> 0)) OR attempts < 0`},
		{"all octets of an arrival are there", `SELECT 'arrival ' || a.id FROM arrival a
			LEFT JOIN (SELECT body, count(*) AS n, max(seq) AS top, sum(length(bytes)) AS size FROM chunk GROUP BY body) c
			ON c.body = CASE WHEN a.body = 0 THEN a.id ELSE a.body END
			WHERE a.erased_at = 0 AND (c.body IS NULL OR c.n <> c.top + 1 OR (a.oversize = 0 AND c.size <> a.size))`},
		{"octets belong to an arrival or to one that is coming in", `SELECT 'chunk ' || c.seq || ' of ' || c.body FROM chunk c
			WHERE NOT EXISTS (SELECT 1 FROM arrival a WHERE a.id = c.body AND a.body = 0)
			AND NOT EXISTS (SELECT 1 FROM arrival a WHERE a.body = c.body AND a.body <> 0)
			AND NOT EXISTS (SELECT 1 FROM upload u WHERE u.id = -c.body)`},
		{"every arrival's coming in is in the journal", `SELECT 'arrival ' || a.id FROM arrival a
			WHERE NOT EXISTS (SELECT 1 FROM journal j WHERE j.object = 'arrival:' || a.id AND j.name = 'arrived')`},
	}, slices.Concat(numberRules(), reportRules(), letterRules(), changeRules(), tokenRules(), dutyRules(), alarmRules(), requestRules(), erasedRules())...)
}

func numberRules() []rule {
	return []rule{
		{"numbers have no gaps", `SELECT c.series || ' of ' || c.year FROM counter c WHERE c.series <> '` + seriesPosition + `'
			AND (c.last <> (SELECT count(*) FROM number n WHERE n.series = c.series AND n.year = c.year)
			OR c.last <> (SELECT COALESCE(max(n.value), 0) FROM number n WHERE n.series = c.series AND n.year = c.year))`},
		{"a number was counted, and stands for an arrival", `SELECT 'number ' || n.text FROM number n
			WHERE NOT EXISTS (SELECT 1 FROM counter c WHERE c.series = n.series AND c.year = n.year)
			OR NOT EXISTS (SELECT 1 FROM arrival a WHERE a.id = n.arrival) OR n.value < 1
			OR n.text NOT LIKE n.series || '-' || n.year || '-%'`},
		{"an arrival shows a number that is bound to it", `SELECT 'arrival ' || a.id FROM arrival a WHERE a.number <> ''
			AND NOT EXISTS (SELECT 1 FROM number n WHERE n.text = a.number AND n.arrival = a.id AND n.voided_at = 0)`},
		{"an accepted or refused arrival has a registration number", `SELECT 'arrival ' || a.id FROM arrival a
			WHERE a.state IN ('accepted', 'refused') AND NOT EXISTS (SELECT 1 FROM number n WHERE n.text = a.number AND n.series <> '` + SeriesHeld + `')`},
		{"a held arrival has a number of the held series", `SELECT 'arrival ' || a.id FROM arrival a
			WHERE a.state = 'held' AND NOT EXISTS (SELECT 1 FROM number n WHERE n.arrival = a.id AND n.series = '` + SeriesHeld + `')`},
		{"a registration number nobody was told is void", `SELECT 'number ' || n.text FROM number n JOIN arrival a ON a.id = n.arrival
			WHERE n.series <> '` + SeriesHeld + `' AND n.voided_at = 0 AND a.state IN ('duplicate', 'receipt', 'delivery-report')`},
	}
}

func reportRules() []rule {
	return []rule{
		{"positions of reports have no gaps", `SELECT 'reports' FROM (SELECT count(*) AS n, COALESCE(max(position), 0) AS top FROM report) r
			WHERE n <> top OR n <> COALESCE((SELECT last FROM counter WHERE series = '` + seriesPosition + `' AND year = 0), 0)`},
		{"a report that came in belongs to an accepted or entered arrival", `SELECT 'report ' || r.position FROM report r WHERE r.arrival <> 0
			AND NOT EXISTS (SELECT 1 FROM arrival a WHERE a.id = r.arrival AND a.state IN ('accepted', 'entered'))`},
		{"known content belongs to an accepted or entered arrival", `SELECT 'known content of arrival ' || k.arrival FROM known k
			WHERE NOT EXISTS (SELECT 1 FROM arrival a WHERE a.id = k.arrival AND a.state IN ('accepted', 'entered'))`},
		{"a known report belongs to known content of its participant", `SELECT 'known report ' || r.report_id || ' of ' || r.participant FROM known_report r
			WHERE NOT EXISTS (SELECT 1 FROM known k WHERE k.arrival = r.arrival AND k.participant = r.participant)`},
		{"a delivery is of an incoming report that was handed to a consumer", `SELECT 'report ' || d.position || ' for ' || d.consumer FROM delivery d
			WHERE NOT EXISTS (SELECT 1 FROM consumer c WHERE c.name = d.consumer AND c.high >= d.position)
			OR NOT EXISTS (SELECT 1 FROM report r WHERE r.position = d.position AND r.outgoing = 0)
			OR (d.token = '') <> (d.until_at = 0)`},
		{"a deadline is open, met or missed, and about a report", `SELECT 'deadline ' || d.id FROM deadline d
			WHERE d.state NOT IN ('open', 'met', 'missed')
			OR (d.report <> 0 AND NOT EXISTS (SELECT 1 FROM report r WHERE r.position = d.report))`},
	}
}

func letterRules() []rule {
	return []rule{
		{"a letter is in a state of exchange", `SELECT 'letter ' || id FROM letter WHERE state NOT IN (` + states(exchange.LetterTransitions()) + `)`},
		{"a waiting letter, and no other, is leased or due", `SELECT 'letter ' || id FROM letter WHERE (state <> 'waiting' AND (lease <> '' OR ready <> 0)) OR (state = 'waiting' AND ready NOT IN (1, 2))`},
		{"only a sent letter without its receipt goes again", `SELECT 'letter ' || id FROM letter WHERE again_at <> 0 AND (state <> 'sent' OR wants_receipt = 0)`},
		{"a letter has its octets", `SELECT 'letter ' || l.id FROM letter l
			WHERE l.erased_at = 0 AND NOT EXISTS (SELECT 1 FROM letter_body b WHERE b.letter = l.id)`},
		{"octets and attempts belong to a letter", `SELECT 'letter ' || x.letter FROM (SELECT letter FROM letter_body UNION SELECT letter FROM attempt) x
			WHERE NOT EXISTS (SELECT 1 FROM letter l WHERE l.id = x.letter)`},
		{"a sent letter has its time and its attempt, a closed one its time", `SELECT 'letter ' || l.id FROM letter l
			WHERE l.state = 'sent' AND (l.sent_at = 0 OR NOT EXISTS (SELECT 1 FROM attempt t WHERE t.letter = l.id))
			OR (l.state = 'closed') <> (l.closed_at <> 0)`},
		{"a letter answers an arrival and carries a report that are there", `SELECT 'letter ' || l.id FROM letter l
			WHERE (l.arrival <> 0 AND NOT EXISTS (SELECT 1 FROM arrival a WHERE a.id = l.arrival))
			OR (l.report <> 0 AND NOT EXISTS (SELECT 1 FROM report r WHERE r.position = l.report))
			OR (l.receipt_arrival <> 0 AND NOT EXISTS (SELECT 1 FROM arrival a WHERE a.id = l.receipt_arrival))`},
		{"every letter's making is in the journal", `SELECT 'letter ' || l.id FROM letter l
			WHERE NOT EXISTS (SELECT 1 FROM journal j WHERE j.object = 'letter:' || l.id AND j.name = 'letter-composed')`},
	}
}

// Check finds out whether the store is in order, in one snapshot and without
// writing. It reads everything, so it takes its time on a large store. The
// invariants:
//
//   - those of rules, by their names;
//   - the octets of every arrival have its size and SHA-256;
//   - every report opens under the data key and has its digest (left out when
//     no data key was given);
//   - the journal is a whole chain (VerifyJournal).
//
// The error names every rule that does not hold with its first offenders.
func (s *Store) Check(ctx context.Context) error {
	o := &sql.TxOptions{ReadOnly: true}
	if s.engine.name == "postgres" {
		o.Isolation = sql.LevelRepeatableRead
	}
	snapshot, err := s.engine.readers.BeginTx(ctx, o)
	if err != nil {
		return fmt.Errorf("check the store: %w", err)
	}
	v := view{ctx: ctx, stmts: preparer{snapshot, map[string]*sql.Stmt{}}}
	var errs []error
	for _, r := range rules() {
		errs = append(errs, v.check(r))
	}
	errs = append(errs, s.checkMessages(v), s.checkDocuments(v), v.verifyJournal(), snapshot.Rollback())
	return errors.Join(errs...)
}

// preparer lets a view ask within a transaction.
type preparer struct {
	tx    *sql.Tx
	stmts map[string]*sql.Stmt
}

func (p preparer) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := p.stmts[query]; ok {
		return st, nil
	}
	st, err := p.tx.PrepareContext(ctx, query)
	if err == nil {
		p.stmts[query] = st
	}
	return st, err
}

// offenders is how many are named for each rule.
const offenders = 5

func (v view) check(r rule) error {
	var found []string
	err := v.each(r.query+" LIMIT $1", []any{offenders}, func(scan func(...any) error) error {
		var who string
		err := scan(&who)
		found = append(found, who)
		return err
	})
	if err != nil {
		return fmt.Errorf("check that %s: %w", r.name, err)
	}
	if len(found) == 0 {
		return nil
	}
	return fmt.Errorf("%w: broken rule %q: %s", ErrDamaged, r.name, strings.Join(found, ", "))
}

func (s *Store) checkMessages(v view) error {
	return v.eachID(`SELECT id FROM arrival WHERE id > $1 AND erased_at = 0 ORDER BY id LIMIT $2`, func(id int64) error {
		var body, size int64
		var oversize bool
		var want []byte
		if err := v.one(`SELECT body, size, oversize, sha256 FROM arrival WHERE id = $1`, []any{id}, &body, &size, &oversize, &want); err != nil {
			return err
		}
		raw, err := s.raw(v, id, body, size, oversize)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		if sum := sha256.Sum256(raw); string(sum[:]) != string(want) {
			return fmt.Errorf("%w: the octets of arrival %d were changed", ErrDamaged, id)
		}
		return nil
	})
}

func (s *Store) checkDocuments(v view) error {
	if s.aead == nil {
		return nil
	}
	return v.eachID(`SELECT position FROM report WHERE position > $1 AND erased_at = 0 ORDER BY position LIMIT $2`, func(position int64) error {
		list, err := v.reports(` WHERE position = $1`, []any{position}, true, s)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		for _, r := range list {
			if sum := sha256.Sum256(r.Document); hex.EncodeToString(sum[:]) != r.Digest {
				return fmt.Errorf("%w: the document of report %d has another digest", ErrDamaged, position)
			}
		}
		return nil
	})
}

// eachID calls f for every id of a table, page by page; it goes on after an
// error of f and returns the first ones.
func (v view) eachID(query string, f func(int64) error) error {
	var errs []error
	for after := int64(0); len(errs) < offenders; {
		var page []int64
		err := v.each(query, []any{after, journalPage}, func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			page = append(page, id)
			return err
		})
		if err != nil || len(page) == 0 {
			return errors.Join(append(errs, err)...)
		}
		for _, id := range page {
			if err := f(id); err != nil && len(errs) < offenders {
				errs = append(errs, err)
			}
		}
		after = page[len(page)-1]
	}
	return errors.Join(errs...)
}

// states lists the states of a table of exchange for IN (...).
func states(table []exchange.Transition) string {
	seen := map[string]bool{}
	var list []string
	for _, t := range table {
		if !seen[t.To] {
			seen[t.To] = true
			list = append(list, "'"+t.To+"'")
		}
	}
	return strings.Join(list, ", ")
}
