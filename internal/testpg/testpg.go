// Package testpg starts a PostgreSQL of its own for a test: a new cluster in a
// temporary directory that listens on a socket in that directory and nowhere
// else, and is gone when the test ends.
//
// It refuses to touch a server that is already there, and it is imported by
// tests only.
package testpg

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // database/sql driver "pgx"

	"almasu/internal/testpeer"
)

// startWait bounds how long a server may take to come up.
const startWait = 60 * time.Second

// Server is a running PostgreSQL.
type Server struct {
	dir    string
	cmd    *exec.Cmd
	exited chan struct{}
	names  atomic.Int64
}

// Start starts a server and stops it when the test ends. Without PostgreSQL on
// the machine the test is skipped. settings are further "name=value" of
// postgresql.conf. The server does not wait for the disk (fsync=off) unless a
// setting says so: what tests kill is the client.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	bin, err := binaries()
	if err != nil {
		testpeer.Lacking(t, err.Error())
	}
	owner, err := account()
	if err != nil {
		testpeer.Lacking(t, err.Error())
	}
	dir, err := os.MkdirTemp("", "testpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the cluster: %v", err)
		}
	})
	if owner != nil {
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	s := &Server{dir: dir, exited: make(chan struct{})}
	if out, err := command(owner, dir, filepath.Join(bin, "initdb"), "-D", s.data(), "-U", "almasu", "-A", "trust", "-E", "UTF8",
		"--locale=C", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	if err := s.run(owner, bin, settings); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

// Database makes an empty database and returns its address.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	db, err := sql.Open("pgx", s.address("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	name := "t" + strconv.FormatInt(s.names.Add(1), 10)
	_, err = db.ExecContext(t.Context(), "CREATE DATABASE "+name)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatalf("make a database: %v", err)
	}
	return s.address(name)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) address(database string) string {
	q := url.Values{"host": {s.dir}, "port": {"5432"}, "sslmode": {"disable"}}
	return "postgres://almasu@/" + database + "?" + q.Encode()
}

// run starts the server and waits until it says that it takes connections.
func (s *Server) run(owner *syscall.Credential, bin string, settings []string) error {
	args := []string{"-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "lc_messages=C"}
	for _, v := range slices.Concat([]string{"fsync=off", "max_connections=60", "shared_buffers=32MB"}, settings) {
		args = append(args, "-c", v)
	}
	s.cmd = command(owner, s.dir, filepath.Join(bin, "postgres"), args...)
	s.cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	log, err := s.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	ready := make(chan error, 1)
	go func() {
		defer close(s.exited)
		ready <- awaitReady(log)
		_, _ = io.Copy(io.Discard, log) // until the server is gone
		_ = s.cmd.Wait()                // it was told to stop
	}()
	select {
	case err = <-ready:
	case <-time.After(startWait):
		err = errors.New("postgres did not come up in time")
	}
	if err != nil {
		s.stop()
	}
	return err
}

// stop ends the server at once: nothing in it is worth keeping.
func (s *Server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGQUIT) // it may be gone already
	<-s.exited
}

func awaitReady(log io.Reader) error {
	var said []string
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "ready to accept connections") {
			return nil
		}
		said = append(said, lines.Text())
	}
	return fmt.Errorf("postgres did not start:\n%s", strings.Join(said, "\n"))
}

// binaries finds the directory of the server programs: Debian keeps them out
// of PATH.
func binaries() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", errors.New("PostgreSQL is not installed (apt-get install postgresql): nothing in PATH or /usr/lib/postgresql")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// account is who the server runs as; nil for whoever runs the test. PostgreSQL
// refuses to run as root.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")
}

func command(owner *syscall.Credential, dir, name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	c.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
	return c
}
