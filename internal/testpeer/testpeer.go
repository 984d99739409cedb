// Package testpeer starts the neighbours of Almasu for tests: Dovecot (IMAP,
// IMAPS, LMTP), Postfix and GnuPG from the operating system's packages, each
// on loopback with its own files in a temporary folder, and a certificate
// authority for them.
//
// It owns those processes: a starter returns when the peer answers, and the
// test's cleanup stops it and waits until it is gone. It refuses to touch a
// peer that somebody else started, to listen anywhere but on loopback, and to
// know anything of mail formats or of Almasu itself.
//
// Where a peer is not installed the test is skipped with what is missing; with
// ALMASU_REQUIRE_PEERS=1 in the environment it fails instead, with
// ALMASU_REQUIRE_PEERS=user too unless only root could start the peer.
package testpeer

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// RequireVariable is the environment variable that turns a skip for a missing
// peer into a failure when it is "1", or "user".
const RequireVariable = "ALMASU_REQUIRE_PEERS"

// Need makes sure that the programs are installed. Where one is missing the
// test is skipped, or fails when peers are required.
func Need(tb testing.TB, programs ...string) {
	tb.Helper()
	var missing []string
	for _, p := range programs {
		if _, err := program(p); err != nil {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		Lacking(tb, "not installed: "+strings.Join(missing, ", ")+"; install it with scripts/peers")
	}
}

// Lacking skips the test for what is missing, or fails it when peers are
// required.
func Lacking(tb testing.TB, what string) {
	tb.Helper()
	if required := os.Getenv(RequireVariable); required == "1" || required == "user" {
		tb.Fatalf("a peer is required (%s=%s) but %s", RequireVariable, required, what)
	}
	tb.Skip(what)
}

// LackingRoot is Lacking for what only root can do: "user" does not ask for it.
func LackingRoot(tb testing.TB, what string) {
	tb.Helper()
	if os.Getenv(RequireVariable) == "user" {
		tb.Skip(what)
	}
	Lacking(tb, what)
}

// program finds an executable on PATH or where Debian keeps daemons, which an
// ordinary user's PATH does not name.
func program(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/lib/dovecot"} {
		if found, sbinErr := exec.LookPath(filepath.Join(dir, name)); sbinErr == nil {
			return found, nil
		}
	}
	return "", err
}

// shortDir makes a folder with a short path: sockets inside must stay under
// the 108 octets of a socket address, which the name of a test can exceed. It
// is removed when the test ends.
func shortDir(tb testing.TB, prefix string) string {
	tb.Helper()
	dir, err := os.MkdirTemp("/tmp", "al-"+prefix)
	if err != nil {
		tb.Fatalf("make a folder for %s: %v", prefix, err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Errorf("remove the folder of %s: %v", prefix, err)
		}
	})
	return dir
}

// write writes one file of a peer's configuration.
func write(tb testing.TB, path, content string, mode os.FileMode) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatalf("make the folder of %s: %v", path, err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		tb.Fatalf("write %s: %v", path, err)
	}
}

// Until polls a condition on real state until it holds, and fails the test
// with what was waited for when the limit passes first. The context ends with
// the wait.
func Until(tb testing.TB, limit time.Duration, what string, holds func(context.Context) bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !holds(ctx) {
		select {
		case <-ctx.Done():
			tb.Fatalf("waited %v for %s", limit, what)
		case <-tick.C:
		}
	}
}
