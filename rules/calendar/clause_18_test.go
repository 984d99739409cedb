package calendar

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"almasu/exchange"
)

// Clause 18: by the 10th of the month following the reporting quarter. Done by
// the end of the 9th nobody can dispute it; on the 10th it is disputable.
func TestClause18States(t *testing.T) {
	cases := []struct {
		name, done, now string
		want            State
	}{
		{"the quarter still runs", "", "2026-09-30 23:59:59", NotYet},
		{"the first moment", "", "2026-10-01 00:00:00", Open},
		{"the last second of the 9th", "", "2026-10-09 23:59:59", Open},
		{"the 10th begins", "", "2026-10-10 00:00:00", Disputable},
		{"the 10th ends", "", "2026-10-10 23:59:59", Disputable},
		{"the 11th", "", "2026-10-11 00:00:00", Overdue},
		{"sent on the 9th", "2026-10-09 23:59:59", "2026-11-01 00:00:00", Met},
		{"sent on the 10th", "2026-10-10 00:00:00", "2026-11-01 00:00:00", Disputable},
		{"sent on the 11th", "2026-10-11 00:00:00", "2026-11-01 00:00:00", Late},
		{"sent before the quarter ended", "2026-09-30 23:59:59", "2026-10-05 00:00:00", Open},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Quarterly(Quarter{2026, 3}, almaty(t)).State(local(t, c.done), local(t, c.now)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestClause18Reminders(t *testing.T) {
	task := Quarterly(Quarter{2026, 4}, almaty(t)) // falls into another year
	want := []string{"2027-01-01 09:00:00 prepare", "2027-01-05 09:00:00 remind", "2027-01-08 09:00:00 remind",
		"2027-01-09 09:00:00 last-day", "2027-01-10 09:00:00 disputable", "2027-01-11 00:00:00 overdue"}
	if got := said(task.Steps()); !slices.Equal(got, want) {
		t.Errorf("steps %v", got)
	}
	early := local(t, "2026-12-31 23:00:00")
	if got := said(task.Pending(task.Steps(), early, early, local(t, "2027-02-01 00:00:00"))); !slices.Equal(got, want) {
		t.Errorf("a report from before the end of its quarter silences %v", got)
	}
}

// registered in the quarter, whenever it happened; the first moment
// belongs to it, the last does not, in Kazakhstan.
func TestClause18Compile(t *testing.T) {
	z := almaty(t)
	incident := func(id, registered, class, measures string, reported time.Duration) exchange.QuarterlyIncident {
		at := local(t, registered)
		i := exchange.QuarterlyIncident{IncidentID: id, RegisteredAt: at, ConfirmedAt: at, Class: exchange.Class{RSIT: class}, Measures: measures}
		if reported >= 0 {
			i.ReportedAt = at.Add(reported)
		}
		return i
	}
	register := []exchange.QuarterlyIncident{
		incident("too-early", "2026-06-30 23:59:59", "fraud/phishing", "m", 0),
		incident("last", "2026-09-30 23:59:59", "fraud/phishing", "", 15*time.Minute+1),
		incident("first", "2026-07-01 00:00:00", "availability/ddos", "m", 15*time.Minute),
		incident("never", "2026-08-01 00:00:00", "fraud/phishing", "m", -1),
		incident("too-late", "2026-10-01 00:00:00", "fraud/phishing", "m", 0),
	}
	b := Compile(Quarter{2026, 3}, register, "Officer", z)
	var ids []string
	for _, i := range b.Incidents {
		ids = append(ids, i.IncidentID)
	}
	totals := []exchange.ClassTotal{{RSIT: "availability/ddos", Count: 1}, {RSIT: "fraud/phishing", Count: 2}}
	if !slices.Equal(ids, []string{"first", "never", "last"}) || b.Late != 2 || b.Nil || b.Quarter != "2026-Q3" || b.Approver != "Officer" ||
		!reflect.DeepEqual(b.Totals, totals) || !b.From.Equal(local(t, "2026-07-01 00:00:00")) || !b.To.Equal(local(t, "2026-10-01 00:00:00")) {
		t.Errorf("%v %+v", ids, b)
	}
	if got := Unready(b); !slices.Equal(got, []string{"last"}) {
		t.Errorf("unready %v", got)
	}
	if b := Compile(Quarter{2020, 1}, register, "Officer", z); !b.Nil || b.Late != 0 || len(b.Totals) != 0 {
		t.Errorf("A-8: a quarter without incidents: %+v", b)
	}
}

func TestClause18Board(t *testing.T) {
	task := Quarterly(Quarter{2026, 3}, almaty(t))
	delivered := map[string]time.Time{"soc-a": local(t, "2026-10-05 00:00:00"), "soc-b": local(t, "2026-10-10 12:00:00"), "soc-c": local(t, "2026-10-12 00:00:00")}
	var got []string
	for _, r := range Board(task, []string{"soc-a", "soc-b", "soc-c", "soc-d"}, delivered, local(t, "2026-10-20 00:00:00")) {
		got = append(got, r.SOC+" "+string(r.State))
	}
	if want := []string{"soc-d overdue", "soc-b disputable", "soc-c late", "soc-a met"}; !slices.Equal(got, want) {
		t.Errorf("board %v, want %v", got, want)
	}
}
