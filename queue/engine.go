package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // database/sql driver "pgx"
	_ "modernc.org/sqlite"             // database/sql driver "sqlite"
)

// engine is what differs between the two databases.
type engine struct {
	name string // "sqlite" or "postgres"
	// begin opens a transaction that excludes every other writer, of this
	// process and of others: SQLite by its write lock, PostgreSQL by an
	// advisory lock. The order of positions, numbers and journal rows is then
	// the order of commit, and what a transaction has read stays true.
	begin []string
	// soft and hard set how the next transaction is committed: a soft one
	// survives the death of the process at once, and a loss of power as soon as
	// a hard one follows it; a hard one survives both.
	soft, hard string
	writers    *sql.DB // one connection, nil with ReadOnly
	readers    *sql.DB
}

// immutableMode after a mode: the file is not written by anybody meanwhile.
const immutableMode = "+immutable"

// lockKey is the advisory lock of PostgreSQL writers: "almasu" in ASCII.
const lockKey = 0x616c6d617375

func openEngine(ctx context.Context, dsn string, readOnly bool) (engine, error) {
	switch {
	case strings.HasPrefix(dsn, "sqlite:"):
		return openSQLite(ctx, strings.TrimPrefix(dsn, "sqlite:"), readOnly)
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		return openPostgres(ctx, dsn, readOnly)
	}
	return engine{}, errors.New("unknown kind of store: use sqlite:PATH or postgres://USER@HOST/DATABASE")
}

// openSQLite: durability rests on synchronous=FULL, which makes a commit in WAL
// mode wait for its fsync.
func openSQLite(ctx context.Context, path string, readOnly bool) (engine, error) {
	if path == "" || strings.HasPrefix(path, ":") {
		return engine{}, errors.New("no file named: use sqlite:PATH")
	}
	if readOnly {
		if err := mustExist(path); err != nil {
			return engine{}, err
		}
	}
	e := engine{name: "sqlite", begin: []string{"BEGIN IMMEDIATE"},
		soft: "PRAGMA synchronous = NORMAL", hard: "PRAGMA synchronous = FULL"}
	common := []string{"busy_timeout(20000)", "synchronous(FULL)", "journal_size_limit(67108864)"}
	var err error
	if !readOnly {
		if err := makePrivate(path); err != nil {
			return engine{}, err
		}
		// auto_vacuum counts for a new file alone: what retention deletes can be
		// given back to the file system.
		pragmas := append([]string{"busy_timeout(20000)", "auto_vacuum(INCREMENTAL)", "journal_mode(WAL)", "wal_autocheckpoint(4000)", "temp_store(MEMORY)"}, common...)
		if e.writers, err = openDB(ctx, "sqlite", sqliteDSN(path, "rw", pragmas), 1); err != nil {
			return engine{}, err
		}
	}
	mode := "rw"
	if readOnly {
		mode = "ro"
	}
	common = append(common, "query_only(1)")
	e.readers, err = openDB(ctx, "sqlite", sqliteDSN(path, mode, common), 4)
	if err != nil && readOnly && unused(path) {
		// A reader makes the files it shares with a writer, if there are none.
		// Where it may not, nobody else can be writing either.
		e.readers, err = openDB(ctx, "sqlite", sqliteDSN(path, mode+immutableMode, common), 4)
	}
	if err != nil {
		return engine{}, errors.Join(err, e.close())
	}
	return e, nil
}

// unused reports whether no process has the database open, and it was closed
// in order: the write-ahead log is gone.
func unused(path string) bool {
	_, err := os.Stat(path + "-wal")
	return errors.Is(err, fs.ErrNotExist)
}

func sqliteDSN(path, mode string, pragmas []string) string {
	mode, immutable := strings.CutSuffix(mode, immutableMode)
	q := url.Values{"mode": {mode}, "_pragma": pragmas}
	if immutable {
		q.Set("immutable", "1")
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

// makePrivate creates the file, if it is not there, readable by its owner
// only: raw mail stands in it. SQLite gives its -wal and -shm the same mode.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func mustExist(path string) error {
	switch info, err := os.Stat(path); {
	case err != nil:
		return err
	case info.Size() == 0:
		return fmt.Errorf("%s is empty: %w", path, fs.ErrNotExist)
	}
	return nil
}

func openPostgres(ctx context.Context, dsn string, readOnly bool) (engine, error) {
	e := engine{name: "postgres", begin: []string{"BEGIN", fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", lockKey)},
		soft: "SET synchronous_commit = off", hard: "SET synchronous_commit = on"}
	var err error
	if !readOnly {
		if e.writers, err = openDB(ctx, "pgx", dsn, 1); err != nil {
			return engine{}, err
		}
	}
	reading, err := withParameter(dsn, "default_transaction_read_only", "on")
	if err != nil {
		return engine{}, errors.Join(err, e.close())
	}
	if e.readers, err = openDB(ctx, "pgx", reading, 8); err != nil {
		return engine{}, errors.Join(err, e.close())
	}
	return e, nil
}

func withParameter(dsn, name, value string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", errors.New("the address is not a URL: use postgres://USER@HOST/DATABASE")
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

func openDB(ctx context.Context, driver, dsn string, connections int) (*sql.DB, error) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func (e engine) close() error {
	var errs []error
	for _, db := range []*sql.DB{e.readers, e.writers} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// redact names a store without the password in its address.
func redact(dsn string) string {
	if strings.HasPrefix(dsn, "sqlite:") {
		return dsn
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "(an address that is not a URL)"
	}
	u.RawQuery = ""
	return u.Redacted()
}
