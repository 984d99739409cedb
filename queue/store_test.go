package queue_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

func storeCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"wrong data key":                wrongKey,
		"sealed at rest":                sealedAtRest,
		"document moved to another row": documentMoved,
		"opened for reading":            readOnly,
		"newer version":                 newerVersion,
		"closed":                        closed,
		"hints":                         wakeHints,
		"several open a store at once":  openTogether,
		"reading needs no data key":     readWithoutKey,
	}
}

func wrongKey(r *rig) {
	o := r.o
	o.DataKey = bytes.Repeat([]byte{8}, 32)
	_, err := queue.Open(r.ctx, r.dsn, o)
	r.is(err, queue.ErrWrongKey)
}

func sealedAtRest(r *rig) {
	_, p := r.accept(imap(1), "INC-1", 1)
	got, err := r.store.Report(r.ctx, p[0])
	r.must(err)
	if !bytes.Contains(got.Document, []byte("secret")) {
		r.Fatalf("%q", got.Document)
	}
	path, ok := strings.CutPrefix(r.dsn, "sqlite:")
	if !ok {
		return // the same bytes go to the other engine
	}
	for _, name := range []string{path, path + "-wal"} {
		b, err := os.ReadFile(name)
		r.must(err)
		if bytes.Contains(b, []byte("secret")) {
			r.Errorf("a report body stands in %s in the clear", filepath.Base(name))
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			r.Errorf("%s has mode %v, %v", filepath.Base(name), info.Mode(), err)
		}
	}
}

func documentMoved(r *rig) {
	r.accept(imap(1), "INC-1", 1)
	r.accept(imap(2), "INC-2", 1)
	r.outside(`CREATE TABLE kept AS SELECT * FROM report WHERE position = 1`)
	r.outside(`UPDATE report SET sealed = (SELECT sealed FROM report WHERE position = 2) WHERE position = 1`)
	if got, err := r.store.Report(r.ctx, 1); err == nil {
		r.Errorf("opened %q", got.Document)
	}
	r.is(r.store.Check(r.ctx), queue.ErrDamaged)
	r.outside(`UPDATE report SET sealed = (SELECT sealed FROM kept) WHERE position = 1`)
}

func readOnly(r *rig) {
	r.accept(imap(1), "INC-1", 1)
	o := r.o
	o.ReadOnly = true
	reader, err := queue.Open(r.ctx, r.dsn, o)
	r.must(err)
	defer func() { r.must(reader.Close()) }()
	if k, err := reader.KnownReport(r.ctx, "soc-alfa", exchange.Key{ID: "INC-1", Revision: 1}); err != nil || k == nil {
		r.Errorf("%v, %v", k, err)
	}
	r.must(reader.Check(r.ctx))
	_, _, err = reader.Arrive(r.ctx, exchange.Arrival{Source: imap(9)}, strings.NewReader("x"))
	r.is(err, queue.ErrReadOnly)
	_, _, _, err = reader.LeaseArrival(r.ctx, "w", time.Second)
	r.is(err, queue.ErrReadOnly)
}

func readWithoutKey(r *rig) {
	r.accept(imap(1), "INC-1", 1)
	reader, err := queue.Open(r.ctx, r.dsn, queue.Options{ReadOnly: true})
	r.must(err)
	defer func() { r.must(reader.Close()) }()
	r.must(reader.Check(r.ctx))
	if list, err := reader.Reports(r.ctx, queue.ReportFilter{}); err != nil || len(list) != 1 {
		r.Errorf("%v, %v", list, err)
	}
	if _, err := reader.Report(r.ctx, 1); err == nil {
		r.Error("a document opened without its key")
	}
}

func newerVersion(r *rig) {
	r.outside(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, $1)`, true)
	if _, err := queue.Open(r.ctx, r.dsn, r.o); err == nil || !strings.Contains(err.Error(), "9999") {
		r.Errorf("opened a newer store: %v", err)
	}
	o := r.o
	o.ReadOnly = true
	if _, err := queue.Open(r.ctx, r.dsn, o); err == nil {
		r.Error("opened a newer store for reading")
	}
	r.outside(`DELETE FROM goose_db_version WHERE version_id = 9999`)
}

func closed(r *rig) {
	r.must(r.store.Close())
	r.must(r.store.Close())
	_, _, err := r.store.Arrive(r.ctx, exchange.Arrival{Source: exchange.Source{Via: "lmtp"}}, strings.NewReader("x"))
	r.is(err, queue.ErrClosed)
	r.open()
}

func wakeHints(r *rig) {
	mine, stop := r.store.Watch()
	awake := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	r.arrive(imap(1), mail(1))
	r.arrive(imap(2), mail(2))
	if !awake(mine) || !awake(r.store.Wake()) {
		r.Error("an arrival wakes nobody")
	}
	if awake(mine) {
		r.Error("two commits are one hint")
	}
	r.lease()
	r.lease()
	if a, _, _, err := r.store.LeaseArrival(r.ctx, "w", time.Minute); a != nil || err != nil {
		r.Errorf("%v, %v", a, err)
	}
	if awake(mine) || awake(r.store.Wake()) {
		r.Error("an empty lease wakes whoever asked: it would never rest")
	}
	stop()
	r.arrive(imap(3), mail(3))
	if awake(mine) {
		r.Error("woken after stop")
	}
}

func openTogether(r *rig) {
	r.must(r.store.Close())
	r.wipe()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			s, err := queue.Open(r.ctx, r.dsn, r.o)
			if err != nil {
				r.Error(err)
				return
			}
			r.ok(s.Close())
		})
	}
	all.Wait()
	r.open()
}

// wipe brings the store's address back to where there is nothing yet.
func (r *rig) wipe() {
	r.Helper()
	if path, ok := strings.CutPrefix(r.dsn, "sqlite:"); ok {
		r.must(os.Remove(path))
		return
	}
	r.outside(`DROP SCHEMA public CASCADE`)
	r.outside(`CREATE SCHEMA public`)
}

func TestOpenMistakes(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	key := bytes.Repeat([]byte{1}, 32)
	for name, c := range map[string]struct {
		dsn     string
		o       queue.Options
		want    error
		mention string
	}{
		"nothing to read":        {dsn: "sqlite:" + filepath.Join(dir, "none.db"), o: queue.Options{ReadOnly: true}, want: fs.ErrNotExist},
		"empty file to read":     {dsn: "sqlite:" + empty, o: queue.Options{ReadOnly: true}, want: fs.ErrNotExist},
		"no data key":            {dsn: "sqlite:" + filepath.Join(dir, "a.db"), mention: "data key"},
		"short data key":         {dsn: "sqlite:" + filepath.Join(dir, "a.db"), o: queue.Options{DataKey: key[:31]}, mention: "32"},
		"unknown engine":         {dsn: "mysql://x", o: queue.Options{DataKey: key}, mention: "sqlite:PATH"},
		"no path":                {dsn: "sqlite:", o: queue.Options{DataKey: key}, mention: "sqlite:PATH"},
		"in memory":              {dsn: "sqlite::memory:", o: queue.Options{DataKey: key}, mention: "sqlite:PATH"},
		"directory missing":      {dsn: "sqlite:" + filepath.Join(dir, "no", "a.db"), o: queue.Options{DataKey: key}, want: fs.ErrNotExist},
		"prefix in small":        {dsn: "sqlite:" + filepath.Join(dir, "a.db"), o: queue.Options{DataKey: key, NumberPrefix: "nccis"}, mention: "nccis"},
		"prefix of the held":     {dsn: "sqlite:" + filepath.Join(dir, "a.db"), o: queue.Options{DataKey: key, NumberPrefix: "H"}, mention: `"H"`},
		"no server":              {dsn: "postgres://u:hush@/db?host=" + dir, o: queue.Options{DataKey: key}, mention: "open store"},
		"address that is no URL": {dsn: "postgres://u:hush%zz@/db", o: queue.Options{DataKey: key}, mention: "open store"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := queue.Open(t.Context(), c.dsn, c.o)
			if err == nil {
				t.Fatal(errors.Join(errors.New("opened"), s.Close()))
			}
			if c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.mention) {
				t.Errorf("error %v", err)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

// A path may hold what means something else in a URL.
func TestPathsAreNotURLs(t *testing.T) {
	for _, name := range []string{"a b.db", "50%.db", "a?mode=memory.db", "a#b.db", "қауіп.db"} {
		path := filepath.Join(t.TempDir(), name)
		newRig(t, "sqlite:"+path)
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An inspector may look at a copy on a medium that cannot be written.
func TestReadFromWhereNothingMayBeWritten(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere: run as another user")
	}
	r := unchecked(t, sqliteDSN(t))
	r.furnished()
	r.end()
	path := strings.TrimPrefix(r.dsn, "sqlite:")
	r.must(os.Chmod(path, 0o400))
	r.must(os.Chmod(filepath.Dir(path), 0o500))
	defer func() { r.must(os.Chmod(filepath.Dir(path), 0o700)) }() // so that it can be removed
	o := r.o
	o.ReadOnly = true
	reader, err := queue.Open(t.Context(), r.dsn, o)
	r.must(err)
	r.must(reader.Check(t.Context()))
	r.must(reader.Close())
}
