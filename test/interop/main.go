// Command interop runs the tests that are cells of the interop matrix and
// prints the matrix as docs/INTEROP.md (make interop). What stands in a cell is
// what its test asserts, and only where the test passed; the tests say it with
// testpeer.Cell.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"almasu/internal/testpeer"
)

// The packages and tests of the matrix.
var command = []string{"go", "test", "-json", "-count", "1", "-timeout", "20m", "-run", "Interop|Openssl|Gpgsm|TripleDES|Vector", "./crypto", "./crypto/cms", "./crypto/pgpmime"}

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), testpeer.RequireInterop+"=1", testpeer.RequireVariable+"=1")
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the tests: %w", err)
	}
	m, err := read(events)
	if err != nil {
		return err
	}
	testErr := cmd.Wait()
	if len(m.rows) == 0 {
		return fmt.Errorf("no test is a cell of the matrix: %w", testErr)
	}
	m.print(out)
	if testErr != nil {
		return fmt.Errorf("run %s: %w (what failed stands as FAILS)", strings.Join(command, " "), testErr)
	}
	return nil
}

// event is what this program reads of a line of `go test -json`.
type event struct{ Action, Package, Test, Key, Value string }

// cell is one entry, known once its test has ended.
type cell struct{ way, outcome string }

// row is a thing of a group, with what came of it each way.
type row struct {
	group, what string
	cells       map[string][]string // by way: the different outcomes
}

type matrix struct {
	peers    []string // in order of appearance
	versions map[string]string
	rows     map[string][]*row // by peer
}

// read collects the cells of the tests that ended.
func read(events io.Reader) (*matrix, error) {
	m := &matrix{versions: map[string]string{}, rows: map[string][]*row{}}
	pending := map[string][]string{}
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("read the output of go test: %w", err)
		}
		name := e.Package + " " + e.Test
		switch {
		case e.Action == "attr" && e.Key == testpeer.InteropCell:
			pending[name] = append(pending[name], e.Value)
		case e.Action == "attr" && e.Key == testpeer.InteropVersion:
			peer, version, _ := strings.Cut(e.Value, "|")
			m.versions[peer] = version
		case e.Action == "pass", e.Action == "fail":
			for _, value := range pending[name] {
				m.add(strings.Split(value, "|"), e.Action == "pass")
			}
			if e.Action == "fail" {
				fmt.Fprintln(os.Stderr, "FAIL", name)
			}
			delete(pending, name)
		}
	}
	return m, lines.Err()
}

// add takes up peer, way, group, what and outcome of one test.
func (m *matrix) add(f []string, passed bool) {
	peer, c := f[0], cell{f[1], f[4]}
	if !passed {
		c.outcome = "FAILS"
	}
	if m.rows[peer] == nil {
		m.peers = append(m.peers, peer)
	}
	i := slices.IndexFunc(m.rows[peer], func(r *row) bool { return r.group == f[2] && r.what == f[3] })
	if i < 0 {
		i = len(m.rows[peer])
		m.rows[peer] = append(m.rows[peer], &row{f[2], f[3], map[string][]string{}})
	}
	cells := m.rows[peer][i].cells
	if !slices.Contains(cells[c.way], c.outcome) {
		cells[c.way] = append(cells[c.way], c.outcome)
	}
}

const about = `# Interop matrix

Printed by ` + "`make interop`" + `, which runs each peer both ways and writes what the tests saw; do not edit. "opens" is: decrypted,
integrity checked, the signature verified, the report read. "held: code" is what must become of it here, with the refusal
code. A dash: the peer does not offer it, or only one way is a choice of the peer. Mail as whole messages is tested besides
(crypto/peer_*_test.go).

What is weak here by decision is weak in the matrix: ciphers with a block of 64 bits, MD5, SHA-1 and RIPEMD-160 in signatures, DSA,
ElGamal, secp256k1, RSA below 2048 bits, messages without integrity protection. Twofish, Camellia and SM4 are not supported. We seal with
AES-256 and MDC, with AES-128 where a key prefers it, and with AEAD (SEIPD version 2) where the key of the partner announces it.
`

func (m *matrix) print(out io.Writer) {
	fmt.Fprint(out, about)
	slices.Sort(m.peers)
	for _, peer := range m.peers {
		fmt.Fprintf(out, "\n## %s\n\n%s\n\n| | %s | %s |\n|---|---|---|\n", peer, m.versions[peer], testpeer.TheySeal, testpeer.WeSeal)
		rows := m.rows[peer]
		order := groups(rows)
		slices.SortStableFunc(rows, func(a, b *row) int {
			if a.group != b.group {
				return slices.Index(order, a.group) - slices.Index(order, b.group)
			}
			return strings.Compare(a.what, b.what)
		})
		for _, r := range rows {
			fmt.Fprintf(out, "| %s: %s | %s | %s |\n", r.group, r.what, entry(r.cells[testpeer.TheySeal]), entry(r.cells[testpeer.WeSeal]))
		}
	}
}

// groups are the groups in the order of their first rows.
func groups(rows []*row) []string {
	var out []string
	for _, r := range rows {
		if !slices.Contains(out, r.group) {
			out = append(out, r.group)
		}
	}
	return out
}

func entry(outcomes []string) string {
	if len(outcomes) == 0 {
		return "-"
	}
	slices.Sort(outcomes)
	return strings.Join(outcomes, "; ")
}
