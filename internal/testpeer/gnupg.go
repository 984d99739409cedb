package testpeer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// GnuPG is one GNUPGHOME with its own agent. At is the time it believes in
// (--faked-system-time); zero is the real time.
type GnuPG struct {
	Home string
	At   time.Time
}

// NewGnuPG makes an empty home in a short path. Its agent is stopped and
// waited for when the test ends.
func NewGnuPG(tb testing.TB) *GnuPG {
	tb.Helper()
	Need(tb, "gpg", "gpgconf", "gpg-connect-agent")
	g, err := OpenGnuPG(shortDir(tb, "gh"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := g.Close(); err != nil {
			tb.Error(err)
		}
	})
	return g
}

// OpenGnuPG uses a folder with a short path as home, for programs that are no
// tests; Close stops its agent. The agent is spared the measuring of its key
// stretching, which takes seconds at every start: the keys guard nothing.
func OpenGnuPG(home string) (*GnuPG, error) {
	conf := filepath.Join(home, "gpg-agent.conf")
	if err := os.WriteFile(conf, []byte("s2k-count 65536\n"), 0o600); err != nil {
		return nil, fmt.Errorf("make the GnuPG home %s: %w", home, err)
	}
	return &GnuPG{Home: home}, nil
}

// Close stops the agent of the home and waits until it is gone.
func (g *GnuPG) Close() error { return g.stop() }

// InstalledGnuPG reports whether gpg can be started.
func InstalledGnuPG() bool {
	_, err := program("gpg")
	return err == nil
}

// WithTime returns the same home at another time.
func (g *GnuPG) WithTime(at time.Time) *GnuPG { return &GnuPG{Home: g.Home, At: at} }

// Run runs gpg in batch mode with the passphrase given by loopback ("" is
// none) and returns its standard output. The error carries what gpg said.
func (g *GnuPG) Run(stdin []byte, passphrase string, args ...string) ([]byte, error) {
	out, _, err := g.run(stdin, passphrase, args)
	return out, err
}

// Status runs gpg like Run and returns what it reported on its status lines
// (--status-fd), one per element without the "[GNUPG:] " prefix, beside the
// output. A non-zero exit is an error; the status lines are returned with it.
func (g *GnuPG) Status(stdin []byte, passphrase string, args ...string) ([]byte, []string, error) {
	out, said, err := g.run(stdin, passphrase, append([]string{"--status-fd", "2"}, args...))
	var lines []string
	for line := range strings.Lines(said) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "[GNUPG:] "); ok {
			lines = append(lines, rest)
		}
	}
	return out, lines, err
}

func (g *GnuPG) run(stdin []byte, passphrase string, args []string) ([]byte, string, error) {
	path, err := program("gpg")
	if err != nil {
		return nil, "", err
	}
	all := []string{"--batch", "--yes", "--no-tty", "--homedir", g.Home}
	all = append(all, "--pinentry-mode", "loopback", "--passphrase", passphrase, "--trust-model", "always")
	if !g.At.IsZero() {
		all = append(all, "--faked-system-time", g.At.UTC().Format("20060102T150405")+"!")
	}
	cmd := exec.Command(path, append(all, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "GNUPGHOME="+g.Home)
	cmd.Stdin = bytes.NewReader(stdin)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return out.Bytes(), said.String(), fmt.Errorf("gpg %s: %w\n%s", strings.Join(args, " "), err, said.String())
	}
	return out.Bytes(), said.String(), nil
}

// stop ends the agent and waits until its process is gone.
func (g *GnuPG) stop() error {
	if _, err := os.Stat(filepath.Join(g.Home, "S.gpg-agent")); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	pid, err := g.agent()
	if err != nil || pid == 0 {
		return err
	}
	if out, err := exec.Command("gpgconf", "--homedir", g.Home, "--kill", "all").CombinedOutput(); err != nil {
		return fmt.Errorf("stop the gpg-agent: %w: %s", err, out)
	}
	tick, limit := time.NewTicker(pollEvery), time.After(stopLimit)
	defer tick.Stop()
	for !gone(pid) {
		select {
		case <-tick.C:
		case <-limit:
			return errors.Join(fmt.Errorf("gpg-agent %d did not stop within %v", pid, stopLimit),
				syscall.Kill(pid, syscall.SIGKILL))
		}
	}
	return nil
}

// agent asks for the agent's process id; 0 if none runs.
func (g *GnuPG) agent() (int, error) {
	out, err := exec.Command("gpg-connect-agent", "--homedir", g.Home, "--no-autostart", "GETINFO pid", "/bye").Output()
	if err != nil {
		return 0, fmt.Errorf("ask the gpg-agent for its process id: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "D "); ok {
			return strconv.Atoi(rest)
		}
	}
	return 0, nil
}
