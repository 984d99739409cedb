package gateway

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/internal/testpeer"
)

// responder starts `openssl ocsp` with an index of certificates: V or R, and the
// serial number.
func (h *hall) responder(port int, index string, args ...string) (stop func()) {
	h.Helper()
	dir := h.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		h.must(os.WriteFile(path, b, 0o600))
		return path
	}
	ctx, cancel := context.WithCancel(h.Context())
	command := append([]string{"ocsp", "-port", fmt.Sprint(port), "-index", write("index.txt", []byte(index)), "-CA", write("root.pem", h.root),
		"-rsigner", write("signer.pem", h.root), "-rkey", write("signer.key", h.key)}, args...)
	cmd := exec.CommandContext(ctx, "openssl", command...)
	out, err := cmd.StderrPipe() // where it says that it listens
	h.must(err)
	h.must(cmd.Start())
	ready := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "waiting") {
				ready <- true
			}
		}
		close(ready)
	}()
	if !<-ready {
		h.Fatal("openssl ocsp did not start")
	}
	return func() { cancel(); _ = cmd.Wait() }
}

// indexed is a line of openssl's index: valid, or revoked an hour ago.
func (h *hall) indexed(id string, revoked bool) string {
	c := h.certs[id]
	stamp := func(t time.Time) string { return t.UTC().Format("060102150405Z") }
	if revoked {
		return fmt.Sprintf("R\t%s\t%s\t%X\tunknown\t/CN=%s\n", stamp(c.NotAfter), stamp(time.Now().Add(-time.Hour)), c.SerialNumber, id)
	}
	return fmt.Sprintf("V\t%s\t\t%04X\tunknown\t/CN=%s\n", stamp(c.NotAfter), c.SerialNumber, id)
}

// TestOCSPOfOpenssl asks a real responder over the network: good, revoked, and
// one it does not know.
func TestOCSPOfOpenssl(t *testing.T) {
	testpeer.Need(t, "openssl")
	h := newHall(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	port := l.Addr().(*net.TCPAddr).Port
	h.must(l.Close())
	url := fmt.Sprintf("http://127.0.0.1:%d/", port)
	h.certs["soc-alfa"] = h.issue("soc-alfa", 0x4d3, h.keys["soc-alfa"], h.ca, h.signer, "", url)
	h.paper["soc-alfa"] = pemOf(h.certs["soc-alfa"].Raw)
	for i, c := range []struct {
		name, index string
		args        []string
		state       exchange.ArrivalState
		code        exchange.Code
	}{
		{"good", h.indexed("soc-alfa", false), []string{"-nmin", "5"}, exchange.ArrivalAccepted, ""},
		{"good, without nextUpdate", h.indexed("soc-alfa", false), nil, exchange.ArrivalAccepted, ""},
		{"revoked", h.indexed("soc-alfa", true), []string{"-nmin", "5"}, exchange.ArrivalHeld, exchange.KeyRevoked},
		{"not known to it", h.indexed("nccis", false), []string{"-nmin", "5"}, exchange.ArrivalStored, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			stop := h.responder(port, c.index, c.args...)
			defer stop()
			n := open(t, "nccis", h.clock, func(w *World) { w.Keys = h.ring("require") })
			n.g.FetchWith(h.fetching(""))
			n.accept(h.report(fmt.Sprintf("r-%d", i), h.certs["soc-alfa"]), address("soc-alfa"))
			a := n.settle()
			if a.State != c.state || a.Code != c.code {
				t.Errorf("%s %s %s\n%s", a.State, a.Code, a.Reason, n.log)
			}
		})
	}
}
