package queue_test

import (
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"almasu/queue"
)

// A query that walks a whole table is no slower in a small test, and stops the
// gateway at a million rows.
func TestNoQueryWalksATable(t *testing.T) {
	r := newRig(t, sqliteDSN(t))
	for _, part := range []func(*rig){everyChange, knownHit, mailboxHit, listsHit, tokensHit} {
		part(r)
	}
	queries, err := r.store.Queries(r.ctx)
	r.must(err)
	db, err := sql.Open("sqlite", strings.TrimPrefix(r.dsn, "sqlite:"))
	r.must(err)
	for _, q := range queries {
		if !strings.HasPrefix(q, "SELECT") && !strings.HasPrefix(q, "UPDATE") && !strings.HasPrefix(q, "DELETE") {
			continue
		}
		for _, step := range plan(r, db, q) {
			walks := strings.HasPrefix(step, "SCAN") && !bounded(q)
			if walks || strings.Contains(step, "TEMP B-TREE") && !slices.ContainsFunc(fewRows(), func(p string) bool { return strings.Contains(q, p) }) {
				r.Errorf("%s\n\t%s", q, step)
			}
		}
	}
	for part, index := range hotIndexes() {
		i := slices.IndexFunc(queries, func(q string) bool { return strings.Contains(q, part) })
		if i < 0 {
			r.Errorf("no query has %q", part)
		} else if steps := plan(r, db, queries[i]); !strings.Contains(strings.Join(steps, "\n"), "INDEX "+index) {
			r.Errorf("%s\n\tnot by %s: %q", queries[i], index, steps)
		}
	}
	r.must(db.Close())
}

// hotIndexes says by which index the queries on the road of a message go.
func hotIndexes() map[string]string {
	return map[string]string{
		"UPDATE arrival SET ready = 1":                   "arrival_due",
		"(SELECT id FROM arrival WHERE ready = 1":        "arrival_ready",
		"WHERE via = 'imap' AND mailbox = $1 AND uid_va": "arrival_entry",
		"WHERE via = 'imap' AND mailbox = $1 AND sha256": "arrival_seen",
		"WHERE placed = 1":                               "arrival_place",
		"UPDATE letter SET ready = 1 WHERE ready = 2":    "letter_due",
		"(SELECT id FROM letter WHERE ready = 1":         "letter_ready",
		"SELECT count(*) FROM letter":                    "letter_answers",
		"WHERE content_digest = $1":                      "known_content",
		"SELECT text FROM number WHERE arrival":          "number_bound",
		"SELECT position, count FROM delivery":           "delivery_due",
		"FROM deadline WHERE state = 'open'":             "deadline_open",
	}
}

// bounded: the query follows an index in its own order and stops at its LIMIT,
// or the table has a few rows for good.
func bounded(q string) bool {
	first := strings.Contains(q, "ORDER BY id DESC LIMIT") || strings.Contains(q, "ORDER BY id LIMIT") || strings.Contains(q, "ready = 1 LIMIT 1") ||
		strings.Contains(q, "ORDER BY due_at LIMIT 1") || strings.Contains(q, "ORDER BY position LIMIT") || strings.Contains(q, "FROM report ORDER BY position DESC LIMIT")
	return first || slices.ContainsFunc(fewRows(), func(p string) bool { return strings.Contains(q, p) })
}

// fewRows are parts of queries on what never grows large: consumers, uploads
// under way, the deliveries a consumer has in hand, the reports of one message
// or of one id, and the deadlines of one report.
func fewRows() []string {
	return []string{"FROM consumer c", "FROM upload", "FROM delivery", "FROM known_report WHERE arrival", "report_id = $", "FROM deadline WHERE report", "FROM token ORDER BY name"}
}

func plan(r *rig, db *sql.DB, query string) []string {
	r.Helper()
	n := 0
	for strings.Contains(query, "$"+strconv.Itoa(n+1)) {
		n++
	}
	args := make([]any, n) // NULLs do
	rows, err := db.QueryContext(r.ctx, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		r.Fatalf("%s: %v", query, err)
	}
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		r.must(rows.Scan(&id, &parent, &unused, &step))
		steps = append(steps, step)
	}
	r.must(errors.Join(rows.Err(), rows.Close()))
	return steps
}

func knownHit(r *rig) {
	d := accepted(0, "", "", "INC-1", 1)
	_, err := r.store.KnownContent(r.ctx, d.Known.ContentDigest)
	r.must(err)
	if k, err := r.store.KnownReport(r.ctx, "soc-alfa", d.Known.Reports[0]); err != nil || k == nil {
		r.Errorf("%v, %v", k, err)
	}
	_, err = r.store.LatestRevision(r.ctx, "soc-alfa", "INC-1")
	r.must(err)
}

func mailboxHit(r *rig) {
	moved := imap(1)
	moved.UIDValidity = 2
	r.again(moved, mail(2))
	_, err := r.store.Settled(r.ctx, "main", 2)
	r.must(err)
	r.must(r.store.MarkMoved(r.ctx, "main", 2, 1))
	a := r.arrive(imap(77), mail(7000))
	got, lease := r.lease()
	for got.ID != a.ID {
		got, lease = r.lease()
	}
	r.must(r.store.Renew(r.ctx, a.ID, lease, 1))
	r.must(r.store.Back(r.ctx, a.ID, lease, r.clock.now()))
}

func listsHit(r *rig) {
	_, err := r.store.ArrivalByNumber(r.ctx, "NCCIS-2026-000001")
	r.must(err)
	_, err = r.store.Arrivals(r.ctx, "held", 50)
	r.must(err)
	_, err = r.store.Arrivals(r.ctx, "", 50)
	r.must(err)
	_, err = r.store.AnswersSince(r.ctx, "soc-alfa", "receipt", r.clock.now())
	r.must(err)
	_, err = r.store.NextDue(r.ctx)
	r.must(err)
	_, err = r.store.LetterByMessageID(r.ctx, "<INC-1.1.1@nccis.example>")
	r.must(err)
	_, err = r.store.LetterByEnvelopeID(r.ctx, "E<INC-1.1.1@nccis.example>")
	r.must(err)
	_, err = r.store.Attempts(r.ctx, 1)
	r.must(err)
	_, err = r.store.OpenDeadlines(r.ctx, r.clock.now())
	r.must(err)
	_, err = r.store.Deadlines(r.ctx, 1)
	r.must(err)
	_, err = r.store.Duties(r.ctx, queue.DutyFilter{Quarter: "2026-Q1", Clause: "17"})
	r.must(err)
	for _, f := range letterFilters() {
		_, err = r.store.Letters(r.ctx, f)
		r.must(err)
	}
	for _, f := range reportFilters() {
		_, err = r.store.Reports(r.ctx, f)
		r.must(err)
	}
}

func letterFilters() []queue.LetterFilter {
	return []queue.LetterFilter{{Limit: 50}, {State: "sent", Limit: 50}, {To: "soc-alfa", Limit: 50}, {To: "soc-alfa", Kind: "receipt", Newest: true, Limit: 50},
		{Arrival: 1}, {Report: 1}}

}

func reportFilters() []queue.ReportFilter {
	return []queue.ReportFilter{{Limit: 50}, {Newest: true, Limit: 50}, {Incoming: true, After: 1, Limit: 50}, {Participant: "soc-alfa", ID: "INC-1"}, {ID: "INC-1"},
		{Participant: "soc-alfa", Newest: true, Limit: 50},
		{Number: "NCCIS-2026-000001"}, {Arrival: 1, Document: true}}
}
