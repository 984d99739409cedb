package testpeer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startLimit = 30 * time.Second       // a peer answers by then or is given up
	stopLimit  = 20 * time.Second       // after SIGTERM, before SIGKILL
	pollEvery  = 5 * time.Millisecond   // between two tries to connect
	startTries = 5                      // with fresh ports each: another process may take one
	dialLimit  = 500 * time.Millisecond // for one try to connect
)

// process is a peer in its own process group with everything it printed.
type process struct {
	name string
	cmd  *exec.Cmd
	out  lockedBuffer
	done chan struct{} // closed once Wait returned
	err  error         // of Wait; read after done
	// master finds a daemon that left the process group, 0 if there is none.
	master func() int
}

// lockedBuffer collects output while the test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns what was written so far.
func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// launch starts cmd in a process group of its own and waits for it in a
// goroutine that ends with the process.
func launch(name string, cmd *exec.Cmd) (*process, error) {
	p := &process{name: name, cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	cmd.WaitDelay = time.Second
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = syscall.SIGTERM
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// stop ends the process group and waits until the process is gone.
func (p *process) stop() error {
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
		p.signal(syscall.SIGKILL) // children that outlived their master
		return nil
	case <-time.After(stopLimit):
	}
	p.signal(syscall.SIGKILL)
	<-p.done
	return fmt.Errorf("%s did not stop within %v and was killed", p.name, stopLimit)
}

func (p *process) signal(s syscall.Signal) {
	if p.master != nil {
		// Our own group is only its starter, which waits for it and ends then.
		if pid := p.master(); pid > 0 && syscall.Kill(-pid, s) == nil && s == syscall.SIGTERM {
			return
		}
	}
	if err := syscall.Kill(-p.cmd.Process.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		_ = p.cmd.Process.Signal(s) // the group is gone or not ours: the process itself
	}
}

// ready waits until each address answers, or the process ends.
func (p *process) ready(ctx context.Context, addresses ...string) error {
	for _, a := range addresses {
		if err := p.answers(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) answers(ctx context.Context, address string) error {
	network := "tcp"
	if address[0] == '/' {
		network = "unix"
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		conn, err := net.DialTimeout(network, address, dialLimit)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended before it answered on %s: %v", p.name, address, p.err)
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer on %s: %w", p.name, address, err)
		case <-tick.C:
		}
	}
}

// startOnFreePorts calls start with n free loopback ports until the peer came
// up. A port is chosen by binding port 0; between that and the peer's own bind
// another process may take it, so a failure is tried again with fresh ports.
func startOnFreePorts(tb testing.TB, name string, n int, start func(ports []int) (*process, []string, error)) *process {
	tb.Helper()
	var last error
	for range startTries {
		ports, err := freePorts(n)
		if err != nil {
			tb.Fatalf("find %d free ports for %s: %v", n, name, err)
		}
		p, addresses, err := start(ports)
		if err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		last = p.ready(ctx, addresses...)
		cancel()
		if last == nil {
			tb.Cleanup(func() { p.end(tb) })
			return p
		}
		_ = p.stop() // it failed already; last says why
		last = fmt.Errorf("%w; it said:\n%s", last, p.out.String())
	}
	tb.Fatalf("%s could not be started %d times: %v", name, startTries, last)
	return nil
}

// end is the cleanup of a peer; what it printed is shown when the test failed.
func (p *process) end(tb testing.TB) {
	if err := p.stop(); err != nil {
		tb.Error(err)
	}
	if tb.Failed() {
		tb.Logf("%s said at last:\n%s", p.name, tail(p.out.String()))
	}
}

// tail is the end of a long text, from the beginning of a line.
func tail(text string) string {
	const most = 4 << 10
	if len(text) <= most {
		return text
	}
	text = text[len(text)-most:]
	return text[strings.IndexByte(text, '\n')+1:]
}

// freePorts returns n loopback ports that were free a moment ago. All are held
// until all are chosen, so they differ.
func freePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for range n {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// loopback is the address of a port.
func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// gone reports whether a process that is not our child has ended. One that
// nobody has reaped yet counts as gone.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false // no /proc here: the signal told all there is
	}
	after := stat[bytes.LastIndexByte(stat, ')')+1:] // the name may hold anything
	return bytes.HasPrefix(bytes.TrimSpace(after), []byte("Z"))
}

// asRoot reports whether the test itself runs as root.
func asRoot() bool { return os.Geteuid() == 0 }
