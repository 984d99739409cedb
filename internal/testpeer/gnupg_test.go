package testpeer_test

import (
	"strings"
	"testing"
	"time"

	"almasu/internal/testpeer"
)

func TestGnuPGSignsAtAnotherTime(t *testing.T) {
	g := testpeer.NewGnuPG(t)
	born := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	if _, err := g.WithTime(born).Run(nil, "secret", "--quick-generate-key", "A <a@soc.example>", "ed25519", "sign", "never"); err != nil {
		t.Fatal(err)
	}
	signed, err := g.WithTime(born.AddDate(0, 1, 0)).Run([]byte("text\n"), "secret", "--clearsign")
	if err != nil {
		t.Fatal(err)
	}
	out, status, err := g.Status(signed, "", "--decrypt")
	if err != nil {
		t.Fatal(err)
	}
	if string(out) != "text\n" || !strings.Contains(strings.Join(status, "\n"), "VALIDSIG") {
		t.Errorf("got %q and %q", out, status)
	}
	if !strings.Contains(strings.Join(status, "\n"), "2025-02-02") {
		t.Errorf("the signature was not made at the faked time: %q", status)
	}
}

func TestGnuPGSaysWhyItFailed(t *testing.T) {
	g := testpeer.NewGnuPG(t)
	if _, err := g.Run([]byte("no message"), "", "--decrypt"); err == nil || !strings.Contains(err.Error(), "no valid OpenPGP data") {
		t.Errorf("the error is %v", err)
	}
}
