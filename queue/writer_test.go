package queue

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"almasu/internal/testpg"
)

func openForTest(t *testing.T, dsn string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn, Options{DataKey: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// What is answered as durable rests on this setting alone.
func TestHardTransactionsWaitForTheDisk(t *testing.T) {
	for name, c := range map[string]struct{ dsn, ask, soft, hard string }{
		"sqlite":   {"sqlite:" + filepath.Join(t.TempDir(), "a.db"), "PRAGMA synchronous", "1", "2"},
		"postgres": {"", "SHOW synchronous_commit", "off", "on"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.dsn == "" {
				c.dsn = testpg.Start(t).Database(t)
			}
			s := openForTest(t, c.dsn)
			for _, hard := range []bool{true, false, false, true, true, false, true} {
				want := c.soft
				if hard {
					want = c.hard
				}
				var got string
				err := s.writeAs(t.Context(), "ask", hard, func(tx *tx) error { return tx.stmts.(*session).conn.QueryRowContext(tx.ctx, c.ask).Scan(&got) })
				if err != nil || got != want {
					t.Errorf("hard %v: %s is %s, %v", hard, c.ask, got, err)
				}
			}
		})
	}
}

// hold keeps the writer busy until release is closed.
func hold(s *Store) (holding, release chan struct{}) {
	holding, release = make(chan struct{}), make(chan struct{})
	go func() {
		_ = s.writeSoft(context.Background(), "hold", func(*tx) error { // it cannot fail
			close(holding)
			<-release
			return nil
		})
	}()
	return holding, release
}

func TestCallsThatWaitShareATransaction(t *testing.T) {
	s := openForTest(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db"))
	holding, release := hold(s)
	<-holding
	boom := errors.New("boom")
	var all sync.WaitGroup
	results := make([]error, 30)
	for i := range results {
		all.Go(func() {
			results[i] = s.write(t.Context(), "one", func(tx *tx) error {
				if _, err := tx.exec(`INSERT INTO setting (name, value) VALUES ($1, $2)`, i, []byte{}); err != nil {
					return err
				}
				if i%3 == 0 {
					return boom
				}
				return nil
			})
		})
	}
	close(release)
	all.Wait()
	for i, err := range results {
		if (i%3 == 0) != errors.Is(err, boom) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	var kept int
	if err := s.look(t.Context()).one(`SELECT count(*) FROM setting WHERE name <> $1`, []any{keyProof}, &kept); err != nil || kept != 20 {
		t.Errorf("%d rows are kept, want 20, %v", kept, err)
	}
}

func TestCallsThatWaitAtCloseAreAnswered(t *testing.T) {
	s := openForTest(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db"))
	holding, release := hold(s)
	<-holding
	answered := make(chan error)
	for range 10 {
		go func() { answered <- s.write(context.Background(), "late", func(*tx) error { return nil }) }()
	}
	closing := make(chan error)
	go func() { closing <- s.Close() }()
	close(release)
	for range 10 {
		if err := <-answered; err != nil && !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	}
	if err := <-closing; err != nil {
		t.Error(err)
	}
}

func TestWriterTakesANewConnection(t *testing.T) {
	s := openForTest(t, testpg.Start(t).Database(t))
	fail := s.write(t.Context(), "end the connection", func(tx *tx) error {
		_, err := tx.exec(`SELECT pg_terminate_backend(pg_backend_pid())`)
		return err
	})
	if fail == nil {
		t.Error("the connection outlived its end")
	}
	if err := s.write(t.Context(), "again", func(tx *tx) error { return tx.note("again", "x") }); err != nil {
		t.Error(err)
	}
}

func TestContextThatEndsBeforeItsTurn(t *testing.T) {
	s := openForTest(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db"))
	holding, release := hold(s)
	<-holding
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	err := s.write(ctx, "never", func(*tx) error { t.Error("it ran"); return nil })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	close(release)
}

func TestMissingRowIsNotFound(t *testing.T) {
	if err := missing("x", sql.ErrNoRows); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if err := missing("x", nil); err != nil {
		t.Error(err)
	}
}
