package testpeer

import (
	"os"
	"strings"
	"testing"
)

// The names of the attributes that test/interop reads from `go test -json`.
const (
	InteropCell    = "interop-cell"
	InteropVersion = "interop-version"
)

// Ways of the interop matrix: what a peer made is read here, and the other way.
const (
	TheySeal = "theirs, read here"
	WeSeal   = "ours, read there"
)

// RequireInterop is the environment variable that asks for the whole matrix
// when it is "1": the rows that take seconds each, and openpgp.js, which comes
// from npm and not from the system's packages.
const RequireInterop = "ALMASU_REQUIRE_INTEROP"

// LackingInterop skips the test for openpgp.js where npm could not bring it, or
// fails it where the whole matrix is asked for.
func LackingInterop(tb testing.TB, what string) {
	tb.Helper()
	what += " is not there: scripts/peers --interop installs it"
	if os.Getenv(RequireInterop) == "1" {
		tb.Fatal(what)
	}
	tb.Skip(what)
}

// Slow skips a row that takes long, unless the whole matrix is asked for.
func Slow(tb testing.TB) {
	tb.Helper()
	if os.Getenv(RequireInterop) != "1" {
		tb.Skip("a slow row of the interop matrix: make interop runs it")
	}
}

// Cell notes that this test is one cell of the interop matrix
// (docs/INTEROP.md): with a peer, one way, about one thing of a group. outcome
// is what the test asserts; it stands in the matrix only if the test passes.
func Cell(tb testing.TB, peer, way, group, what, outcome string) {
	tb.Helper()
	tb.Attr(InteropCell, strings.Join([]string{peer, way, group, what, outcome}, "|"))
}

// Version notes which version of a peer the matrix is about.
func Version(tb testing.TB, peer, version string) {
	tb.Helper()
	line, _, _ := strings.Cut(strings.TrimSpace(version), "\n")
	tb.Attr(InteropVersion, peer+"|"+line)
}
