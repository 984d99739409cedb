package calendar

import (
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // as config brings it along
)

func almaty(t testing.TB) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Asia/Almaty")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// local reads a moment in Kazakhstan.
func local(t testing.TB, s string) time.Time {
	t.Helper()
	if s == "" {
		return time.Time{}
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05", s, almaty(t))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// Clause 17: every quarter, not later than the 10th of its first month. The
// 10th is within it, to its last second, in Kazakhstan.
func TestClause17States(t *testing.T) {
	cases := []struct {
		name, done, now string
		want            State
	}{
		{"the day before", "", "2026-09-30 23:59:59", NotYet},
		{"the first moment", "", "2026-10-01 00:00:00", Open},
		{"the last second", "", "2026-10-10 23:59:59", Open},
		{"the first after it", "", "2026-10-11 00:00:00", Overdue},
		{"confirmed at the last second", "2026-10-10 23:59:59", "2026-12-01 00:00:00", Met},
		{"confirmed a second later", "2026-10-11 00:00:00", "2026-12-01 00:00:00", Late},
		{"confirmed early", "2026-09-20 00:00:00", "2026-10-20 00:00:00", Met},
		{"a Saturday shifts nothing", "", "2026-10-11 08:00:00", Overdue}, // 10 October 2026 is one
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Contact(Quarter{2026, 4}, almaty(t)).State(local(t, c.done), local(t, c.now)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// The dates of the four quarters, in UTC: five hours before midnight since
// March 2024, six before that.
func TestClause17Dates(t *testing.T) {
	for q, want := range map[Quarter]string{
		{2026, 1}: "2026-01-10T19:00:00Z", {2026, 2}: "2026-04-10T19:00:00Z", {2026, 3}: "2026-07-10T19:00:00Z",
		{2026, 4}: "2026-10-10T19:00:00Z", {2024, 1}: "2024-01-10T18:00:00Z", {2024, 2}: "2024-04-10T19:00:00Z",
	} {
		if got := Contact(q, almaty(t)).Ends.UTC().Format(time.RFC3339); got != want {
			t.Errorf("%s ends %s, want %s", q, got, want)
		}
	}
}

func TestClause17Reminders(t *testing.T) {
	task := Contact(Quarter{2026, 4}, almaty(t))
	want := []string{"2026-10-01 09:00:00 prepare", "2026-10-05 09:00:00 remind", "2026-10-08 09:00:00 remind",
		"2026-10-10 09:00:00 last-day", "2026-10-11 00:00:00 overdue"}
	if got := said(task.Steps()); !slices.Equal(got, want) {
		t.Errorf("steps %v", got)
	}
	since, now := local(t, "2026-10-01 09:00:00"), local(t, "2026-10-08 09:00:00")
	if got := said(task.Pending(task.Steps(), time.Time{}, since, now)); !slices.Equal(got, want[1:3]) {
		t.Errorf("pending %v", got)
	}
	if got := said(task.Pending(task.Steps(), local(t, "2026-10-05 09:00:00"), since, now)); len(got) != 0 {
		t.Errorf("done at the very moment, and still reminded: %v", got)
	}
	if s, more := task.Next(task.Steps(), time.Time{}, now); !more || s.Name != "last-day" {
		t.Errorf("next %v", s)
	}
	if _, more := task.Next(task.Steps(), local(t, "2026-10-02 00:00:00"), now); more {
		t.Error("done, and still reminded")
	}
	follow := said(task.FollowUp())
	if len(follow) != 13 || follow[0] != "2026-10-08 09:00:00 remind" || follow[1] != "2026-10-11 09:00:00 follow-up" || follow[12] != "2026-12-27 09:00:00 follow-up" {
		t.Errorf("follow-up %v", follow)
	}
}

func said(steps []Step) []string {
	var out []string
	for _, s := range steps {
		out = append(out, s.At.Format("2006-01-02 15:04:05")+" "+s.Name)
	}
	return out
}

func TestQuarter(t *testing.T) {
	z := almaty(t)
	for s, want := range map[string]Quarter{"2026-09-30T18:59:59Z": {2026, 3}, "2026-09-30T19:00:00Z": {2026, 4}, "2025-12-31T19:00:00Z": {2026, 1},
		"2024-02-29T18:00:00Z": {2024, 1}} {
		at, _ := time.Parse(time.RFC3339, s)
		q := QuarterOf(at, z)
		if q != want || !q.Has(at, z) || q.Next().Has(at, z) || q.Next().Before() != q {
			t.Errorf("%s is in %s, want %s", s, q, want)
		}
		if back, err := ParseQuarter(q.String()); err != nil || back != q {
			t.Errorf("%s: %v", q, err)
		}
	}
	for _, s := range []string{"", "2026-Q5", "2026-Q0", "26-Q1", "2026-q1", " 2026-Q1"} {
		if q, err := ParseQuarter(s); err == nil {
			t.Errorf("%q is read as %s", s, q)
		}
	}
	if tasks := Tasks(local(t, "2026-01-09 00:00:00"), z); tasks[0].Quarter != (Quarter{2026, 1}) || tasks[1].Quarter != (Quarter{2025, 4}) {
		t.Errorf("tasks %v", tasks)
	}
}
