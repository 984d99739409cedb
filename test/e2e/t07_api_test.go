package e2e

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/internal/testpeer"
	"almasu/web"
)

// The generator of the client and the library its output needs. They are
// fetched when the test runs and are no part of the project.
const (
	generator = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2"
	runtime   = "github.com/oapi-codegen/runtime@v1.9.0"
)

// apiAddress is where the HTTP API of a running node listens, as it says.
func (n *node) apiAddress() string {
	n.t.Helper()
	found := regexp.MustCompile(`msg="HTTP API" address=(\S+)`).FindStringSubmatch(n.said.String())
	if found == nil {
		n.t.Fatalf("the gateway of %s does not say where its HTTP API is", n.id)
	}
	return "http://" + found[1]
}

// TestT07AGeneratedClientSubmitsAndWaitsForTheReceipt: a program built on
// nothing but the OpenAPI document hands a report in at the SOC, waits until
// the receipt is there, and takes the report from the queue of the NCCIS.
func TestT07AGeneratedClientSubmitsAndWaitsForTheReceipt(t *testing.T) {
	w := world(t)
	h := newHouse(t, false, nil)
	const api = "web: {address: \"127.0.0.1:0\"}\n"
	pushed := newPushTarget(t)
	nccis := newNode(t, "nccis", h.yaml(w.Person("nccis").Address())+api+pushed.yaml())
	soc := newNode(t, "soc-alfa", h.yaml(w.Person("soc-alfa").Address())+api)
	nccis.start()
	soc.start()
	siem := strings.TrimSpace(soc.must("token", "new", "siem", "--kinds", "incident"))
	desk := strings.TrimSpace(nccis.must("token", "new", "desk", "--scope", "queue"))

	program := generatedClient(t, soc.apiAddress())
	document, secret := w.Document("soc-alfa", "nccis", "ALFA-API", false)
	file := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), storyWait)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, soc.apiAddress(), siem, nccis.apiAddress(), desk, file)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the client: %v\n%s", err, errs.String())
	}
	var said struct{ State, Verdict, Number string }
	if err := json.Unmarshal(out, &said); err != nil || said.State != "opened" || said.Verdict != "accepted" || !strings.HasPrefix(said.Number, "NCCIS-") {
		t.Errorf("the client says %s (%v)", out, err)
	}
	if here := status(t, nccis, "ALFA-API"); here == nil || here.Number != said.Number {
		t.Errorf("the NCCIS knows %+v, the client %s", here, said.Number)
	}
	if n := soc.count("SELECT count(*) FROM report"); n != 1 {
		t.Errorf("the SOC has %d reports, want the one", n)
	}
	if by := soc.rows("SELECT actor FROM journal WHERE name = 'submitted'"); len(by) != 1 || by[0][0] != "api:siem" {
		t.Errorf("the journal names %v", by)
	}
	testpeer.Until(t, storyWait, "the report to be pushed", func(context.Context) bool { return len(pushed.reports()) > 0 })
	if got := pushed.reports(); len(got) != 1 || got[0].ID != "ALFA-API" || got[0].Number != said.Number || !bytes.Contains(got[0].Document, []byte(secret)) {
		t.Errorf("pushed %+v", got)
	}
	for _, n := range []*node{soc, nccis} {
		if said := n.said.String(); strings.Contains(said, siem) || strings.Contains(said, desk) || strings.Contains(said, secret) {
			t.Errorf("a token or a word of the report stands in the log of %s", n.id)
		}
		n.close()
	}
}

// pushTarget takes what a gateway pushes, if it is signed.
type pushTarget struct {
	t      *testing.T
	server *httptest.Server
	secret string
	mu     sync.Mutex
	got    []web.QueuedReport
}

func newPushTarget(t *testing.T) *pushTarget {
	p := &pushTarget{t: t, secret: "shared by the two"}
	p.server = httptest.NewServer(p)
	t.Cleanup(p.server.Close)
	return p
}

func (p *pushTarget) yaml() string {
	file := filepath.Join(p.t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(p.secret+"\n"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return fmt.Sprintf("push:\n  - {name: board, url: %q, secret_file: %s}\n", p.server.URL, file)
}

// ServeHTTP implements http.Handler.
func (p *pushTarget) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	seconds, signature, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("X-Almasu-Signature"), "t="), ",v1=")
	mac := hmac.New(sha256.New, []byte(p.secret))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	var report web.QueuedReport
	if err != nil || hex.EncodeToString(mac.Sum(nil)) != signature || json.Unmarshal(body, &report) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, report)
}

func (p *pushTarget) reports() []web.QueuedReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got)
}

// generatedClient generates a client from the document that a node serves and
// builds testdata/apiclient on it.
func generatedClient(t *testing.T, url string) string {
	t.Helper()
	dir := t.TempDir()
	document := filepath.Join(dir, "openapi.json")
	fetch(t, url+"/api/v1/openapi.json", document)
	source, err := os.ReadFile(filepath.Join("testdata", "apiclient", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"main.go": source, "go.mod": []byte("module apiclient\n\ngo 1.26\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "api"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := goTool(t, dir, "install", generator); err != nil {
		testpeer.Lacking(t, "the generator of clients cannot be fetched: "+err.Error())
	}
	if err := goTool(t, dir, "get", runtime); err != nil {
		testpeer.Lacking(t, "the library of generated clients cannot be fetched: "+err.Error())
	}
	generate := exec.Command(filepath.Join(dir, "bin", "oapi-codegen"), "-generate", "types,client", "-package", "api", "-o", filepath.Join("api", "api.go"), document)
	generate.Dir = dir
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("generate a client: %v\n%s", err, out)
	}
	if err := goTool(t, dir, "build", "-o", "client", "."); err != nil {
		t.Fatalf("build the client: %v", err)
	}
	return filepath.Join(dir, "client")
}

// goTool runs the go command in a module of its own.
func goTool(t *testing.T, dir string, args ...string) error {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOBIN="+filepath.Join(dir, "bin"), "GOFLAGS=-mod=mod")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return errors.New(strings.TrimSpace(string(out)))
	}
	return nil
}

// fetch writes what a URL answers into a file.
func fetch(t *testing.T, url, to string) {
	t.Helper()
	client := http.Client{Timeout: 30 * time.Second}
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, answer.Status, err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
