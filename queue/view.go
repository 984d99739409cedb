package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

// view asks questions, either of the committed state (reads) or inside the
// writer's transaction (session). Statements are prepared once.
type view struct {
	ctx   context.Context
	stmts interface {
		stmt(ctx context.Context, query string) (*sql.Stmt, error)
	}
}

// tx is the writer's transaction as one call sees it.
type tx struct {
	view
	now  time.Time
	tail *tail // end of the journal, nil until it was looked up
	// wakes: there may be new work once this is committed.
	wakes bool
}

// one scans the only row of a query; sql.ErrNoRows if there is none.
func (v view) one(query string, args []any, dest ...any) error {
	st, err := v.stmts.stmt(v.ctx, query)
	if err != nil {
		return err
	}
	return st.QueryRowContext(v.ctx, args...).Scan(dest...)
}

// found is one for a row that need not exist.
func (v view) found(query string, args []any, dest ...any) (bool, error) {
	err := v.one(query, args, dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// each calls row for every row of a query.
func (v view) each(query string, args []any, row func(scan func(...any) error) error) error {
	st, err := v.stmts.stmt(v.ctx, query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(v.ctx, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// exec changes rows and says how many.
func (t *tx) exec(query string, args ...any) (int64, error) {
	st, err := t.stmts.stmt(t.ctx, query)
	if err != nil {
		return 0, err
	}
	r, err := st.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// line is where something due at a moment stands in the claim's line: 1 may be
// leased now, 2 later.
func (t *tx) line(due time.Time) int64 {
	if due.After(t.now) {
		return 2
	}
	return 1
}

// must is exec for a compare-and-set: no row means lost.
func (t *tx) must(lost error, query string, args ...any) error {
	n, err := t.exec(query, args...)
	if err == nil && n == 0 {
		return lost
	}
	return err
}

// reads prepares statements on the readers' connections.
type reads struct {
	db    *sql.DB
	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

func newReads(db *sql.DB) *reads { return &reads{db: db, stmts: map[string]*sql.Stmt{}} }

func (r *reads) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if st, ok := r.stmts[query]; ok {
		return st, nil
	}
	st, err := r.db.PrepareContext(ctx, query)
	if err == nil {
		r.stmts[query] = st
	}
	return st, err
}

func (r *reads) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, st := range r.stmts {
		_ = st.Close() // the database is closed next
	}
	clear(r.stmts)
}

// look is a view of what is committed.
func (s *Store) look(ctx context.Context) view { return view{ctx: ctx, stmts: s.reads} }

// missing turns a query without a row into ErrNotFound.
func missing(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", op, ErrNotFound)
	}
	return fmt.Errorf("%s: %w", op, err)
}
