package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

const demoWait = 20 * time.Second // without the race detector

// TestT06TheDemoTellsItsStoryAndLeavesNothingBehind runs the self-test that a
// newcomer runs first.
func TestT06TheDemoTellsItsStoryAndLeavesNothingBehind(t *testing.T) {
	program := binary(t)
	scratch, home := t.TempDir(), t.TempDir()
	cmd := exec.Command(program, "demo", "--check")
	cmd.Dir = home
	cmd.Env = append(os.Environ(), "TMPDIR="+scratch, "HOME="+home)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("demo --check: %v\n%s", err, out)
	}
	if took := time.Since(began); took > demoWait && raceFlag == "" {
		t.Errorf("it took %v, want under %v", took, demoWait)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	last := lines[len(lines)-1]
	if !regexp.MustCompile(`^[1-9][0-9]* passed, 0 failed$`).MatchString(last) {
		t.Errorf("the last line is %q", last)
	}
	for _, line := range lines[:len(lines)-1] {
		if !strings.HasPrefix(line, "ok  ") {
			t.Errorf("a line is %q", line)
		}
	}
	for _, dir := range []string{scratch, home} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("it left %v behind: %v", left, err)
		}
	}
}
