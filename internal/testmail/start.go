package testmail

import (
	"os"
	"testing"
	"time"

	"almasu/internal/testpeer"
)

// Start makes a world for one test, with certificates, and cleans up after it.
// Without gpg the test is skipped.
func Start(t testing.TB) *World {
	t.Helper()
	testpeer.Need(t, "gpg", "gpgconf", "gpg-connect-agent")
	dir, err := os.MkdirTemp("/tmp", "al-tm") // gpg-agent wants a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w, err := NewWorld(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.Certify(); err != nil {
		t.Fatal(err)
	}
	return w
}
