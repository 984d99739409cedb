package main

import (
	"strings"
	"testing"
	"time"

	"almasu/crypto/hsm"
)

// TestTokenWithoutPKCS11: a program that cannot talk to tokens says so, and how
// to get one that can; one that can says that there is none.
func TestTokenWithoutPKCS11(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := newSite(t, "nccis", "nccis", nil, now)
	put(t, s.path("keys", "token.pem"), string(newPapers(t, now, "nccis")["nccis"].cert))
	put(t, s.path("pin"), "1234")
	put(t, s.path("module.so"), "no module")
	s.edit(t, "keys:\n", "keys:\n  smime: [{pkcs11: {module: module.so, token: almasu, label: gateway, pin_file: pin}, cert: keys/token.pem}]\n")
	lines, good := s.checks(t)
	want := "built without PKCS#11"
	if hsm.Built {
		want = "the token does not answer"
	}
	if l := find(lines, levelFail, want); good || l == nil || l.Remedy == "" || strings.Contains(l.What, "1234") {
		t.Errorf("%+v", lines)
	}
}
