package queue

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrations embed.FS

// migrateTries bounds how often a migration is tried again after losing a race
// with another process that opens the same store.
const migrateTries = 5

func (e engine) provider(db *sql.DB) (*goose.Provider, error) {
	dialect := goose.DialectSQLite3
	if e.name == "postgres" {
		dialect = goose.DialectPostgres
	}
	files, err := fs.Sub(migrations, "migrations/"+e.name)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true))
}

// migrate brings the tables up to date. Two processes may open a new store at
// the same moment: each migration is one transaction, so the loser finds the
// work done when it looks again.
func (e engine) migrate(ctx context.Context) error {
	p, err := e.provider(e.writers)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	for try := 1; ; try++ {
		if err = e.migrateOnce(ctx, p); err == nil || errors.Is(err, errNewer) || try == migrateTries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try) * 100 * time.Millisecond):
		}
	}
}

var errNewer = errors.New("the store was written by a newer Almasu: use that version, or restore a backup")

func (e engine) migrateOnce(ctx context.Context, p *goose.Provider) error {
	have, want, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read the version of the tables: %w", err)
	case have > want:
		return fmt.Errorf("tables version %d, this program knows %d: %w", have, want, errNewer)
	case have == want:
		return nil
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the tables from version %d to %d: %w", have, want, err)
	}
	return nil
}

// mustBeCurrent is migrate for a store that may not be written: it only
// compares versions.
func (e engine) mustBeCurrent(ctx context.Context) error {
	p, err := e.provider(e.readers)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	sources := p.ListSources()
	want := sources[len(sources)-1].Version
	var have int64
	if err := e.readers.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&have); err != nil {
		return fmt.Errorf("no tables of a store in it (%w): %w", fs.ErrNotExist, err)
	}
	switch {
	case have > want:
		return fmt.Errorf("tables version %d, this program knows %d: %w", have, want, errNewer)
	case have < want:
		return fmt.Errorf("tables version %d, this program needs %d: run almasu migrate", have, want)
	}
	return nil
}
