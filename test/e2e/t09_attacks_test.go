package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"almasu/internal/testmail"
)

// TestT09NothingForgedIsAccepted hands every attack, its honest control and all
// honest mail to the binary: explain in one call, and for what hangs on
// controls accepted before once more after these were imported.
func TestT09NothingForgedIsAccepted(t *testing.T) {
	w := testmail.Start(t)
	nccis := nodeOf(t, w, "nccis", "")
	dir, history := t.TempDir(), filepath.Join(t.TempDir(), "new")
	if err := os.MkdirAll(history, 0o700); err != nil {
		t.Fatal(err)
	}
	var first, later []*testmail.Case
	attacks := testmail.Attacks()
	for _, a := range attacks {
		first = append(first, a.Control)
		if len(a.After) == 0 {
			first = append(first, &a.Case)
			continue
		}
		later = append(later, &a.Case)
		writeCase(t, w, history, a.Control)
	}
	honest := testmail.Honest()
	first = append(first, honest...)

	results := judgeAll(t, w, nccis, dir, first)
	nccis.must("import", history) // what hangs on history is judged after it was accepted
	nccis.start()
	nccis.decided(len(later))
	nccis.stop()
	results = append(results, judgeAll(t, w, nccis, dir, later)...)

	outcome := map[string]string{}
	for i, c := range append(first, later...) {
		outcome[c.Name] = results[i].Outcome
	}
	forged, refused := 0, 0
	for _, a := range attacks {
		if outcome[a.Name] == string(testmail.Accepted) {
			forged++
		}
		if outcome[a.Control.Name] != string(testmail.Accepted) {
			refused++
		}
	}
	t.Logf("%d attacks, %d honest mails besides the controls: %d forgeries accepted, %d controls refused", len(attacks), len(honest), forged, refused)
	if forged > 0 || refused > 0 {
		t.Errorf("%d forgeries accepted, %d controls refused", forged, refused)
	}
}

// judgeAll lets explain judge cases in one call and holds each against what must
// come of it.
func judgeAll(t *testing.T, w *testmail.World, n *node, dir string, cases []*testmail.Case) []explained {
	t.Helper()
	var files []string
	for _, c := range cases {
		files = append(files, writeCase(t, w, dir, c))
	}
	results := explain(t, n, files)
	if len(results) != len(cases) {
		t.Fatalf("explain told of %d messages, want %d", len(results), len(cases))
	}
	for i, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			for _, wrong := range w.Check(c, results[i]) {
				t.Error(wrong)
			}
		})
	}
	return results
}
