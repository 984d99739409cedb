package testpeer_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"almasu/internal/testpeer"
)

// recorder is a test that notes how it ended.
type recorder struct {
	testing.TB
	skipped, failed bool
	said            string
}

// Helper implements testing.TB.
func (*recorder) Helper() {}

// Skip implements testing.TB.
func (r *recorder) Skip(args ...any) {
	r.skipped, r.said = true, args[0].(string)
	runtime.Goexit()
}

// Fatalf implements testing.TB.
func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = true
	runtime.Goexit()
}

func need(r *recorder, program string) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		testpeer.Need(r, program)
	}()
	<-done
}

func TestWhatIsMissingIsSkippedOrFailsAsTheEnvironmentSays(t *testing.T) {
	cases := []struct {
		name, required, program string
		skipped, failed         bool
	}{
		{"there", "", "sh", false, false},
		{"missing", "", "almasu-no-such-program", true, false},
		{"missing and required", "1", "almasu-no-such-program", false, true},
		{"missing and required of an ordinary user", "user", "almasu-no-such-program", false, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(testpeer.RequireVariable, c.required)
			r := &recorder{TB: t}
			need(r, c.program)
			if r.skipped != c.skipped || r.failed != c.failed {
				t.Errorf("skipped %v and failed %v, want %v and %v", r.skipped, r.failed, c.skipped, c.failed)
			}
			if c.skipped && !strings.Contains(r.said, c.program) {
				t.Errorf("it does not say what is missing: %s", r.said)
			}
		})
	}
}

func TestUntilWaitsAndGivesUp(t *testing.T) {
	tries := 0
	testpeer.Until(t, time.Minute, "the third try", func(context.Context) bool { tries++; return tries == 3 })
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		testpeer.Until(r, time.Millisecond, "what never comes", func(context.Context) bool { return false })
	}()
	<-done
	if !r.failed {
		t.Error("it waited for ever, or believed it")
	}
}
