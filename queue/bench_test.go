package queue_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/internal/testpg"
	"almasu/queue"
)

// BenchmarkRoad is the store's share of a message's road, 20 KB each, with 8
// workers: arrive, lease, look for known content, number, commit with a report
// and two letters, send both.
func BenchmarkRoad(b *testing.B) {
	dir := b.TempDir()
	b.Run("sqlite", func(b *testing.B) { road(b, sqliteDSN(b)) })
	million := "" // made once, for all turns
	b.Run("million", func(b *testing.B) {
		if million == "" {
			million = grown(b, filepath.Join(dir, "million.db"), 1_000_000)
		}
		road(b, million)
	})
	b.Run("postgres", func(b *testing.B) { road(b, testpg.Start(b, "fsync=on").Database(b)) })
}

func road(b *testing.B, dsn string) {
	o := options(nil)
	o.Clock, o.ChunkBytes = time.Now, 0
	s, err := queue.Open(b.Context(), dsn, o)
	if err != nil {
		b.Fatal(err)
	}
	raw := bytes.Repeat([]byte("x"), 20<<10)
	var uid atomic.Uint32
	var all sync.WaitGroup
	validity := uint32(time.Now().UnixMicro()) // a mailbox nobody has read yet
	b.ResetTimer()
	for range 8 {
		all.Go(func() {
			for {
				n := uid.Add(1)
				if int(n) > b.N {
					return
				}
				if err := oneRoad(b.Context(), s, validity, n, raw); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

func oneRoad(ctx context.Context, s *queue.Store, validity, uid uint32, raw []byte) error {
	head := fmt.Sprintf("X: %d %d\r\n\r\n", validity, uid)
	src := imap(uid)
	src.UIDValidity = validity
	_, _, err := s.Arrive(ctx, exchange.Arrival{Source: src}, strings.NewReader(head+string(raw)))
	if err != nil {
		return err
	}
	a, lease, _, err := s.LeaseArrival(ctx, "w", time.Minute)
	if err != nil || a == nil {
		return errors.Join(err, errors.New("nothing to lease"))
	}
	d := accepted(a.ID, lease, "", fmt.Sprint("INC-", a.ID), 1)
	if _, err := s.KnownContent(ctx, d.Known.ContentDigest); err != nil {
		return err
	}
	if _, err := s.LatestRevision(ctx, "soc-alfa", d.Known.Reports[0].ID); err != nil {
		return err
	}
	if d.Known.Number, err = s.Number(ctx, a.ID, "NCCIS"); err != nil {
		return err
	}
	d.Reports[0].Document = raw
	d.Letters = append(d.Letters, letter(fmt.Sprintf("<notice.%d@x>", a.ID)))
	for i := range d.Letters {
		d.Letters[i].Message, d.Letters[i].Expires = raw[:6<<10], time.Time{}
	}
	if _, err := s.Commit(ctx, d); err != nil {
		return err
	}
	for range d.Letters {
		l, lease, err := s.LeaseLetter(ctx, "w", time.Minute)
		if err != nil || l == nil {
			return errors.Join(err, errors.New("no letter"))
		}
		if err := s.Sent(ctx, l.ID, lease, ok250()); err != nil {
			return err
		}
	}
	return nil
}

// grown is a SQLite store that already holds n accepted messages, each with
// its report, letter and journal rows (small ones: it is the indexes that grow).
func grown(b *testing.B, file string, n int) string {
	dsn := "sqlite:" + file
	o := options(nil)
	o.Clock = time.Now
	s, err := queue.Open(b.Context(), dsn, o)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	db, err := sql.Open("sqlite", strings.TrimPrefix(dsn, "sqlite:"))
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) `
	for _, q := range []string{
		`PRAGMA cache_size = -600000`, `PRAGMA synchronous = OFF`, `PRAGMA journal_mode = OFF`,
		numbers + `INSERT INTO arrival (id, via, mailbox, uid_validity, uid, entry_at, received_at, size, oversize, sha256, body, state, ready, due_at, number, decided_at, placed)
			SELECT i, 'imap', 'main', 0, i, i, i, 1, 0, randomblob(32), 0, 'accepted', 0, 0, 'OLD-' || i, i, 2 FROM n`,
		numbers + `INSERT INTO chunk (body, seq, bytes) SELECT i, 0, randomblob(200) FROM n`,
		numbers + `INSERT INTO number (text, series, year, value, arrival, bound_at) SELECT 'OLD-' || i, 'OLD', 2025, i, i, i FROM n`,
		numbers + `INSERT INTO known (arrival, content_digest, report_digest, number, participant, sender, form, verdict, code, digest_alg, digest_value, digest_over, received_at)
			SELECT i, hex(randomblob(32)), 'd', 'OLD-' || i, 'soc-alfa', 'a', 'mime', 'accepted', '', 'sha256', 'v', 'entity', i FROM n`,
		numbers + `INSERT INTO known_report SELECT 'soc-alfa', hex(randomblob(8)), 1, i FROM n`,
		numbers + `INSERT INTO report (position, arrival, number, participant, outgoing, entered, kind, report_id, revision, format, media_type, digest,
			received_at, confirmed_at, sealed) SELECT i, i, 'OLD-' || i, 'soc-alfa', 0, 0, 'incident', hex(randomblob(8)), 1, 'card-json', 'm', 'd', i, 0, randomblob(200) FROM n`,
		`INSERT INTO counter (series, year, last) VALUES ('report-position', 0, $1)`,
		numbers + `INSERT INTO letter (id, kind, state, recipient, address, sender, message_id, envelope_id, clause, arrival, report, digest_alg, digest_value, digest_over,
			wants_receipt, created_at, expires_at, ready, due_at) SELECT i, 'receipt', 'closed', 'soc-alfa', 'a', '', hex(randomblob(16)), hex(randomblob(16)), '', i, i, '', '', '', 0, i, 0, 0, 0 FROM n`,
		numbers + `INSERT INTO letter_body SELECT i, randomblob(200) FROM n`,
		numbers + `INSERT INTO deadline (id, clause, report, at, state) SELECT i, '9', i, i, 'met' FROM n`,
		numbers + `INSERT INTO journal SELECT i, i, 'accepted', 'arrival:' || i, 'gateway', '{}', '', hex(randomblob(32)) FROM n`,
	} {
		args := []any{n}
		if !strings.Contains(q, "$1") {
			args = nil
		}
		if _, err := db.ExecContext(b.Context(), q, args...); err != nil {
			b.Fatalf("%s: %v", q, err)
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	return dsn
}
