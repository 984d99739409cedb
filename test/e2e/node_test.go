package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" // database/sql driver "sqlite"

	"almasu/internal/testmail"
	"almasu/internal/testpeer"
)

const (
	password  = "mailbox password"
	startWait = 60 * time.Second // until the gateway says that it runs
	stopWait  = 60 * time.Second
	storyWait = 3 * time.Minute // for what mail does on its own
)

// node is one participant's Almasu: a configuration, and the gateway when it
// runs.
type node struct {
	t      *testing.T
	id     string
	dir    string
	config string
	said   output // of every gateway process so far
	cmd    *exec.Cmd
	ended  chan struct{}
	err    error // how it ended; read after ended
}

// output collects what processes print.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

// String returns everything so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// newNode writes the configuration of a participant; extra is YAML.
func newNode(t *testing.T, id, extra string) *node {
	t.Helper()
	return nodeOf(t, world(t), id, extra)
}

// nodeOf is newNode in another world.
func nodeOf(t *testing.T, w *testmail.World, id, extra string) *node {
	t.Helper()
	n := &node{t: t, id: id, dir: t.TempDir()}
	config, err := w.WriteNode(n.dir, id, "store: sqlite:almasu.db\n"+extra)
	if err != nil {
		t.Fatal(err)
	}
	n.config = config
	t.Cleanup(func() {
		if n.cmd != nil {
			n.kill()
		}
		if t.Failed() {
			t.Logf("the gateway of %s said:\n%s", id, n.said.String())
		}
	})
	return n
}

// mailbox is the YAML of a node's mailbox in a Dovecot.
func mailbox(t *testing.T, d *testpeer.Dovecot, user string) string {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("mailboxes:\n  - {name: main, address: %q, tls: implicit, ca_file: %s, server_name: localhost, username: %s, password_file: %s}\n",
		d.IMAPS, d.CA.CAFile, user, secret)
}

// start starts `almasu run` and returns when it says that it runs.
func (n *node) start() {
	n.t.Helper()
	mark := len(n.said.String())
	n.launch()
	testpeer.Until(n.t, startWait, "the gateway of "+n.id+" to run", func(context.Context) bool {
		select {
		case <-n.ended:
			n.t.Fatalf("the gateway of %s ended: %v\n%s", n.id, n.err, n.said.String()[mark:])
		default:
		}
		return strings.Contains(n.said.String()[mark:], "msg=running")
	})
}

func (n *node) launch() {
	n.t.Helper()
	cmd := exec.Command(binary(n.t), "run", "--config", n.config)
	cmd.Dir, cmd.Stdout, cmd.Stderr = n.dir, &n.said, &n.said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		n.t.Fatalf("start the gateway of %s: %v", n.id, err)
	}
	ended := make(chan struct{})
	n.cmd, n.ended = cmd, ended
	go func() {
		n.err = cmd.Wait()
		close(ended)
	}()
}

// stop ends the gateway as a service manager does and demands a clean end.
func (n *node) stop() {
	n.t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		n.t.Errorf("stop the gateway of %s: %v", n.id, err)
	}
	select {
	case <-n.ended:
		if n.err != nil {
			n.t.Errorf("the gateway of %s ended with %v", n.id, n.err)
		}
	case <-time.After(stopWait):
		n.t.Errorf("the gateway of %s does not stop", n.id)
		n.kill()
	}
	n.cmd = nil
}

// kill is kill -9.
func (n *node) kill() {
	n.t.Helper()
	if err := n.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		n.t.Errorf("kill the gateway of %s: %v", n.id, err)
	}
	<-n.ended
	n.cmd = nil
}

// almasu runs one command of the node; what it printed and its exit status.
func (n *node) almasu(args ...string) (stdout, stderr string, status int) {
	n.t.Helper()
	cmd := exec.Command(binary(n.t), append(args, "--config", n.config)...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = n.dir, &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		n.t.Fatalf("run almasu %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// must is almasu with exit status 0.
func (n *node) must(args ...string) string {
	n.t.Helper()
	out, errs, status := n.almasu(args...)
	if status != 0 {
		n.t.Fatalf("almasu %s ended with %d:\n%s%s", strings.Join(args, " "), status, out, errs)
	}
	return out
}

// rows reads the store beside the running gateway, every column as text.
func (n *node) rows(query string, args ...any) [][]string {
	n.t.Helper()
	path := filepath.Join(n.dir, "almasu.db")
	if _, err := os.Stat(path); err != nil {
		return nil // not made yet
	}
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		n.t.Fatal(err)
	}
	defer db.Close()
	found, err := db.Query(query, args...)
	if err != nil {
		n.t.Fatalf("%s: %v", query, err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		n.t.Fatal(err)
	}
	var out [][]string
	for found.Next() {
		row := make([]string, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := found.Scan(into...); err != nil {
			n.t.Fatalf("%s: %v", query, err)
		}
		out = append(out, row)
	}
	if err := found.Err(); err != nil {
		n.t.Fatalf("%s: %v", query, err)
	}
	return out
}

// count is the number a query counts.
func (n *node) count(query string, args ...any) int {
	n.t.Helper()
	rows := n.rows(query, args...)
	if len(rows) == 0 {
		return 0
	}
	var number int
	if _, err := fmt.Sscan(rows[0][0], &number); err != nil {
		n.t.Fatalf("%s: %v", query, err)
	}
	return number
}

// decided waits until so many messages are decided, their answers sent or not.
func (n *node) decided(arrived int) {
	n.t.Helper()
	testpeer.Until(n.t, storyWait, "the messages at "+n.id+" to be decided", func(context.Context) bool {
		return n.count("SELECT count(*) FROM arrival WHERE state <> 'stored'") >= arrived
	})
}

// settled waits until so many messages have arrived, all are decided, and no
// letter waits any more.
func (n *node) settled(arrived int) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), storyWait)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if n.count("SELECT count(*) FROM arrival") >= arrived &&
			n.count("SELECT count(*) FROM arrival WHERE state = 'stored'") == 0 &&
			n.count("SELECT count(*) FROM letter WHERE state = 'waiting'") == 0 {
			return
		}
		select {
		case <-n.ended:
			n.t.Fatalf("the gateway of %s ended while it was waited for: %v", n.id, n.err)
		case <-ctx.Done():
			n.t.Fatalf("after %v not all of %d messages at %s are decided and answered: arrivals %v, letters %v, waiting %v", storyWait, arrived, n.id,
				n.rows("SELECT state, count(*) FROM arrival GROUP BY state"), n.rows("SELECT kind, state, count(*) FROM letter GROUP BY kind, state"),
				n.rows("SELECT id, ready, due_at, lease, attempts FROM letter WHERE state = 'waiting' LIMIT 5"))
		case <-tick.C:
		}
	}
}

// close is what ends every test: the gateway stops, and the invariants of the
// store hold.
func (n *node) close() {
	n.t.Helper()
	if n.cmd != nil {
		n.stop()
	}
	if out, errs, status := n.almasu("check", "--store"); status != 0 {
		n.t.Errorf("almasu check --store of %s ended with %d:\n%s%s", n.id, status, out, errs)
	}
	n.must("journal", "verify")
}
