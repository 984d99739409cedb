package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"almasu/internal/testmail"
)

// explained is what the tests read of `almasu explain --json`.
type explained = testmail.Explained

// TestT03BadInputIsToldApartByExplain hands every case that needs no history
// to explain in one call, with an empty store.
func TestT03BadInputIsToldApartByExplain(t *testing.T) {
	w := world(t)
	nccis := newNode(t, "nccis", "")
	var cases []*testmail.Case
	for _, c := range testmail.Cases() {
		if len(c.After) == 0 {
			cases = append(cases, c)
		}
	}
	judgeAll(t, w, nccis, t.TempDir(), cases)
	if _, err := os.Stat(filepath.Join(nccis.dir, "almasu.db")); !os.IsNotExist(err) {
		t.Errorf("explain made a store: %v", err)
	}
}

// explain runs explain and checks that it echoes nothing.
func explain(t *testing.T, n *node, files []string) []explained {
	t.Helper()
	out, errs, status := n.almasu(append([]string{"explain", "--json"}, files...)...)
	if status != 0 {
		t.Fatalf("explain ended with %d:\n%s", status, errs)
	}
	for _, word := range testmail.Canaries() {
		if strings.Contains(out+errs, word) {
			t.Errorf("explain echoes %s", word)
		}
	}
	all, err := testmail.ReadExplained(out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return all
}

func writeCase(t *testing.T, w *testmail.World, dir string, c *testmail.Case) string {
	t.Helper()
	message, err := w.Message(c)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, c.File())
	if err := os.WriteFile(path, message, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
