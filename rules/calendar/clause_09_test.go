package calendar

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func confirmed() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }

func names(alarms []Alarm) []string {
	var out []string
	for _, a := range alarms {
		word := "warning"
		if a.Overdue {
			word = "overdue"
		}
		out = append(out, fmt.Sprintf("%s %s %v", word, a.At.Sub(confirmed()), a.To))
	}
	return out
}

// Clause 9: warnings at 5, 10 and 13 minutes, overdue at 15, escalating to the
// next relay, then to people.
func TestClause9Alarms(t *testing.T) {
	all := []string{"warning 5m0s [relay]", "warning 10m0s [relay duty]", "warning 13m0s [relay people]", "overdue 15m0s [people]"}
	cases := []struct {
		name       string
		stop       time.Duration // -1: it never stops
		since, now time.Duration
		want       []string
	}{
		{"nothing yet", -1, 0, 5*time.Minute - 1, nil},
		{"at five minutes", -1, 0, 5 * time.Minute, all[:1]},
		{"seen before", -1, 5 * time.Minute, 9 * time.Minute, nil},
		{"after a stop of ours all that were missed", -1, 0, time.Hour, all},
		{"a reader that looks late sees each once", -1, 6 * time.Minute, 14 * time.Minute, all[1:3]},
		{"sent at once", 0, 0, time.Hour, nil},
		{"sent at the very moment of a warning", 10 * time.Minute, 0, time.Hour, all[:1]},
		{"sent just after it", 10*time.Minute + 1, 0, time.Hour, all[:2]},
		{"sent at the last moment", 15 * time.Minute, 0, time.Hour, all[:3]},
		{"sent a moment too late", 15*time.Minute + 1, 0, time.Hour, all},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			clock := Report(confirmed(), time.Time{})
			if c.stop >= 0 {
				clock.Stopped = confirmed().Add(c.stop)
			}
			if got := names(clock.Fired(confirmed().Add(c.since), confirmed().Add(c.now))); !slices.Equal(got, c.want) {
				t.Errorf("fired %v, want %v", got, c.want)
			}
		})
	}
}

func TestClause9State(t *testing.T) {
	for _, c := range []struct {
		stop, now time.Duration
		want      State
	}{
		{-1, 0, Open}, {-1, 15 * time.Minute, Open}, {-1, 15*time.Minute + 1, Overdue},
		{15 * time.Minute, time.Hour, Met}, {15*time.Minute + 1, time.Hour, Late},
	} {
		clock := Report(confirmed(), time.Time{})
		if c.stop >= 0 {
			clock.Stopped = confirmed().Add(c.stop)
		}
		if got := clock.State(confirmed().Add(c.now)); got != c.want {
			t.Errorf("stopped %s, now %s: %s, want %s", c.stop, c.now, got, c.want)
		}
	}
	if due := Report(confirmed(), time.Time{}).Due(); !due.Equal(confirmed().Add(NotifyWithin)) {
		t.Errorf("due %s", due)
	}
}

// What comes next is what fires next, until nothing is left.
func TestClause9Next(t *testing.T) {
	clock, now := Report(confirmed(), time.Time{}), confirmed()
	var seen []Alarm
	for a, more := clock.Next(now); more; a, more = clock.Next(now) {
		now = a.At
		seen = append(seen, a)
	}
	if !slices.Equal(names(seen), names(clock.Fired(confirmed(), now))) || len(seen) != 4 {
		t.Errorf("next %v", names(seen))
	}
	clock.Stopped = confirmed().Add(time.Minute)
	if a, more := clock.Next(confirmed()); more {
		t.Errorf("a stopped clock alarms: %v", a)
	}
}

// Clause 5: 60 minutes is our target, with an alarm.
func TestClause5Clock(t *testing.T) {
	clock := Forward(confirmed(), time.Time{})
	want := []string{"warning 45m0s [duty]", "overdue 1h0m0s [people]"}
	if got := names(clock.Fired(confirmed(), confirmed().Add(2*time.Hour))); !slices.Equal(got, want) || clock.Clause != "5" {
		t.Errorf("fired %v, want %v", got, want)
	}
}

// Clause 17: a change of contact data is told immediately.
func TestClause17ChangeClock(t *testing.T) {
	clock := ContactChange(confirmed(), confirmed().Add(16*time.Minute))
	if clock.State(confirmed().Add(time.Hour)) != Late || clock.Clause != "17" || len(clock.Fired(confirmed(), confirmed().Add(time.Hour))) != 2 {
		t.Errorf("%+v", clock)
	}
}
