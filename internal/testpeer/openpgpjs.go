package testpeer

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// OpenPGPJS is openpgp.js under Node.js, as scripts/peers --interop puts it into the
// folder .peers at the root of the module.
type OpenPGPJS struct {
	Version string
	library string
}

// JSJob is what openpgp.js is asked to do: Op is generate, seal or open. Config
// and Key go to the library as they are, enums by their names.
type JSJob struct {
	Op         string         `json:"op"`
	Config     map[string]any `json:"config,omitempty"`
	Key        map[string]any `json:"key,omitempty"`
	Address    string         `json:"address,omitempty"`
	Passphrase string         `json:"passphrase,omitempty"`
	Private    []byte         `json:"private,omitempty"`
	To         [][]byte       `json:"to,omitempty"`
	Content    []byte         `json:"content,omitempty"`
	Message    string         `json:"message,omitempty"` // armored
	Passwords  []string       `json:"passwords,omitempty"`
	Hidden     bool           `json:"hidden,omitempty"`
}

// JSResult is what came of it.
type JSResult struct {
	Private []byte   `json:"private"`
	Public  []byte   `json:"public"`
	Message []byte   `json:"message"`
	Content []byte   `json:"content"`
	Packets []string `json:"packets"` // tag and version of the packets of the message
}

//go:embed openpgpjs.mjs
var openpgpjs []byte

// NewOpenPGPJS finds the library, or skips the test.
func NewOpenPGPJS(tb testing.TB) *OpenPGPJS {
	tb.Helper()
	if _, err := program("node"); err != nil {
		LackingInterop(tb, "openpgp.js")
	}
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		library := filepath.Join(dir, ".peers", "node_modules", "openpgp")
		if about, err := os.ReadFile(filepath.Join(library, "package.json")); err == nil {
			js := &OpenPGPJS{library: library}
			if err := json.Unmarshal(about, js); err != nil {
				tb.Fatalf("read what openpgp.js says of itself: %v", err)
			}
			return js
		}
		up := filepath.Dir(dir)
		if up == dir {
			LackingInterop(tb, "openpgp.js")
		}
		dir = up
	}
}

// Run does one job. The error carries what Node.js said.
func (js *OpenPGPJS) Run(tb testing.TB, job JSJob) (JSResult, error) {
	tb.Helper()
	in, err := json.Marshal(job)
	if err != nil {
		tb.Fatal(err)
	}
	script := filepath.Join(tb.TempDir(), "peer.mjs")
	write(tb, script, string(openpgpjs), 0o600)
	cmd := exec.Command("node", script)
	cmd.Env = append(os.Environ(), "ALMASU_OPENPGPJS="+js.library)
	cmd.Stdin = bytes.NewReader(in)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	var result JSResult
	if err := cmd.Run(); err != nil {
		return result, fmt.Errorf("openpgp.js %s: %w\n%s", job.Op, err, said.String())
	}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		return result, fmt.Errorf("read the answer of openpgp.js: %w", err)
	}
	return result, nil
}
