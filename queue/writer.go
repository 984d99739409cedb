package queue

import (
	"context"
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
	hard bool // see engine.hard
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
func (w *writer) do(ctx context.Context, hard bool, f func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{ctx: ctx, run: f, hard: hard, done: make(chan struct{})}
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
	var next *job // taken from jobs, for a transaction of its own
	for {
		if next == nil {
			select {
			case <-w.quit:
				return
			case next = <-w.jobs:
			}
		}
		ctx, cancel := w.context()
		s, next = w.transaction(ctx, s, next)
		cancel()
	}
}

// transaction carries out one shared transaction and answers its callers. It
// returns the session to go on with, nil if its connection is in doubt, and the
// call that the next transaction begins with, if one was taken already.
func (w *writer) transaction(ctx context.Context, s *session, first *job) (_ *session, next *job) {
	t := &tx{now: w.clock()}
	group, err := []*job{first}, error(nil)
	if s == nil {
		s, err = newSession(ctx, w.engine)
	}
	if err == nil {
		t.view = view{ctx: ctx, stmts: s}
		group, next, err = w.group(t, s, first)
	}
	if err == nil && t.wakes {
		w.changed() // before the callers go on: what they ask next is no news any more
	}
	for _, j := range group {
		if err != nil && j.err == nil {
			j.err = err
		}
		close(j.done)
	}
	if err != nil {
		s.close()
		return nil, next
	}
	return s, next
}

// context of one transaction. A SQLite statement is not interrupted: it waits
// for nothing but the disk and the write lock, which has its own timeout.
func (w *writer) context() (context.Context, context.CancelFunc) {
	if w.engine.name == "sqlite" {
		return context.Background(), func() {}
	}
	return context.WithTimeout(context.Background(), groupTimeout)
}

// group runs first and every call that is waiting in one transaction. A soft
// transaction takes no hard call in: that one is returned as next. An error is a
// failure of the whole transaction.
func (w *writer) group(t *tx, s *session, first *job) (group []*job, next *job, err error) {
	group = []*job{first}
	if err := s.begin(t.ctx, w.engine, first.hard); err != nil {
		return group, nil, fmt.Errorf("begin: %w", err)
	}
	for j := first; j != nil; {
		if err := w.runOne(t, j); err != nil {
			return group, nil, err
		}
		if j = w.waiting(len(group)); j != nil && j.hard && !first.hard {
			next, j = j, nil
		}
		if j != nil {
			group = append(group, j)
		}
	}
	if _, err := s.exec(t.ctx, "COMMIT"); err != nil {
		return group, next, fmt.Errorf("commit: %w", err)
	}
	return group, next, nil
}

// waiting is a call that waits to be taken, nil if none does or the group is
// full.
func (w *writer) waiting(have int) *job {
	if have >= groupMax {
		return nil
	}
	select {
	case j := <-w.jobs:
		return j
	default:
		return nil
	}
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
