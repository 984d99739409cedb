package queue

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
)

// session is the writer's connection with its prepared statements.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	level string // engine.soft or engine.hard, "" at first
}

// begin begins a transaction. The level is set outside of it and never as a
// prepared statement: SQLite carries such a PRAGMA out when it compiles it.
func (s *session) begin(ctx context.Context, e engine, hard bool) error {
	level := e.soft
	if hard {
		level = e.hard
	}
	if s.level != level {
		if _, err := s.conn.ExecContext(ctx, level); err != nil {
			return err
		}
		s.level = level
	}
	for _, q := range e.begin {
		if _, err := s.exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func newSession(ctx context.Context, e engine) (*session, error) {
	conn, err := e.writers.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &session{conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

func (s *session) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := s.stmts[query]; ok {
		return st, nil
	}
	st, err := s.conn.PrepareContext(ctx, query)
	if err == nil {
		s.stmts[query] = st
	}
	return st, err
}

func (s *session) exec(ctx context.Context, query string) (sql.Result, error) {
	st, err := s.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx)
}

// close gives the connection up. A transaction that is still open on it is
// rolled back; if that fails the connection is thrown away.
func (s *session) close() {
	if s == nil {
		return
	}
	for _, st := range s.stmts {
		_ = st.Close() // the connection goes next
	}
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn }) // makes database/sql close it
	_ = s.conn.Close()
}
