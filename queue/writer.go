package queue

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync"
	"time"
)

// groupMax bounds how many calls share one transaction. PostgreSQL keeps the
// savepoints of a transaction in memory up to 64.
const groupMax = 60

// groupTimeout bounds one shared transaction on a database over the network.
const groupTimeout = time.Minute

// writer is the one goroutine that writes. Calls that wait while a transaction
// is being made durable share the next one, each behind its own savepoint: one
// that fails is undone alone.
type writer struct {
	engine  engine
	clock   func() time.Time
	changed func()

	jobs    chan *job
	quit    chan struct{}
	once    sync.Once
	stopped chan struct{}
}

type job struct {
	ctx  context.Context
	run  func(*tx) error
	err  error
	done chan struct{}
}

func startWriter(e engine, clock func() time.Time, changed func()) *writer {
	w := &writer{engine: e, clock: clock, changed: changed,
		jobs: make(chan *job), quit: make(chan struct{}), stopped: make(chan struct{})}
	go w.loop()
	return w
}

// do hands f over and waits until it is durable or has failed. A context that
// ends stops a call that has not begun; one that has begun is waited for, so
// that its outcome is never in doubt.
func (w *writer) do(ctx context.Context, f func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{ctx: ctx, run: f, done: make(chan struct{})}
	select {
	case <-w.quit:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case w.jobs <- j:
		<-j.done
		return j.err
	}
}

func (w *writer) stop() {
	w.once.Do(func() { close(w.quit) })
	<-w.stopped
}

func (w *writer) loop() {
	defer close(w.stopped)
	var s *session
	defer func() { s.close() }()
	for {
		select {
		case <-w.quit:
			return
		case first := <-w.jobs:
			ctx, cancel := w.context()
			s = w.transaction(ctx, s, first)
			cancel()
		}
	}
}

// transaction carries out one shared transaction and answers its callers. It
// returns the session to go on with, nil if its connection is in doubt.
func (w *writer) transaction(ctx context.Context, s *session, first *job) *session {
	t := &tx{now: w.clock()}
	group, err := []*job{first}, error(nil)
	if s == nil {
		s, err = newSession(ctx, w.engine)
	}
	if err == nil {
		t.view = view{ctx: ctx, stmts: s}
		group, err = w.group(t, s, first)
	}
	for _, j := range group {
		if err != nil && j.err == nil {
			j.err = err
		}
		close(j.done)
	}
	if err != nil {
		s.close()
		return nil
	}
	if t.wakes {
		w.changed()
	}
	return s
}

// context of one transaction. A SQLite statement is not interrupted: it waits
// for nothing but the disk and the write lock, which has its own timeout.
func (w *writer) context() (context.Context, context.CancelFunc) {
	if w.engine.name == "sqlite" {
		return context.Background(), func() {}
	}
	return context.WithTimeout(context.Background(), groupTimeout)
}

// group runs first and every call that is waiting in one transaction. An error
// is a failure of the whole transaction.
func (w *writer) group(t *tx, s *session, first *job) ([]*job, error) {
	group := []*job{first}
	for _, q := range w.engine.begin {
		if _, err := s.exec(t.ctx, q); err != nil {
			return group, fmt.Errorf("begin: %w", err)
		}
	}
	if err := w.runOne(t, first); err != nil {
		return group, err
	}
	for len(group) < groupMax {
		select {
		case j := <-w.jobs:
			group = append(group, j)
			if err := w.runOne(t, j); err != nil {
				return group, err
			}
			continue
		default:
		}
		break
	}
	if _, err := s.exec(t.ctx, "COMMIT"); err != nil {
		return group, fmt.Errorf("commit: %w", err)
	}
	return group, nil
}

// runOne runs one call behind a savepoint; an error is a failure to undo it.
func (w *writer) runOne(t *tx, j *job) error {
	if j.err = j.ctx.Err(); j.err != nil {
		return nil
	}
	if _, err := t.exec("SAVEPOINT one"); err != nil {
		j.err = err
		return err
	}
	tail := t.tail
	if j.err = j.run(t); j.err == nil {
		_, err := t.exec("RELEASE SAVEPOINT one")
		return err
	}
	t.tail = tail
	if _, err := t.exec("ROLLBACK TO SAVEPOINT one"); err != nil {
		return err
	}
	_, err := t.exec("RELEASE SAVEPOINT one")
	return err
}

// session is the writer's connection with its prepared statements.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
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
