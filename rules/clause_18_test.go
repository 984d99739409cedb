package rules

import (
	"fmt"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/rules/calendar"
)

// Clause 18: every quarter, by the 10th of the month following the reporting
// quarter, the SOC gives the NCCIS information on the incidents registered in
// it and on the measures applied to eliminate their causes. The days are in
// calendar/clause_18_test.go, the road from the register to the receipt in
// gateway/clause_18_test.go.

func quarterly(quarter string) *exchange.Report {
	return &exchange.Report{Kind: exchange.Quarterly, ID: "q-1", Reporter: "soc-alfa", TLP: exchange.TLPClear, Quarterly: &exchange.QuarterlyBody{Quarter: quarter, Nil: true}}
}

func TestClause18TheReportIsToldToNobodyElse(t *testing.T) {
	for _, role := range []exchange.ParticipantKind{exchange.KindNCCIS, exchange.KindSOC} {
		reg, people := town(t, role)
		d := Default(reg).Decide(Case{Reports: []*exchange.Report{quarterly("2026-Q3")}, From: people["soc-alfa"], At: moment()})
		if len(d.Notices)+len(d.Proposals)+len(d.Due) != 0 {
			t.Errorf("%s: %v %v %v", role, told(d), proposed(d), d.Due)
		}
	}
}

// A report does the duty of its quarter once that has ended, to the moment, in
// Kazakhstan.
func TestClause18WhichDutyAReportDoes(t *testing.T) {
	zone := time.FixedZone("", 5*3600)
	task, is := calendar.TaskOf(quarterly("2026-Q3"), zone)
	if !is || task.Clause != "18" || task.Quarter != (calendar.Quarter{Year: 2026, N: 3}) {
		t.Fatalf("%+v %t", task, is)
	}
	end := time.Date(2026, 9, 30, 19, 0, 0, 0, time.UTC)
	if task.Counts(end.Add(-time.Microsecond)) || !task.Counts(end) || !task.Counts(end.AddDate(1, 0, 0)) {
		t.Error("it counts from another moment than the end of the quarter")
	}
}

// The duty of a day is the report on the quarter before, also over the turn of
// the year; the contact data of the same days are those of the quarter itself.
func TestClause18TheQuarterBefore(t *testing.T) {
	zone := time.FixedZone("", 5*3600)
	for day, want := range map[string]string{"2026-01-05": "2025-Q4", "2026-04-05": "2026-Q1", "2026-07-05": "2026-Q2", "2026-10-05": "2026-Q3", "2026-12-31": "2026-Q3"} {
		at, err := time.ParseInLocation(time.DateOnly, day, zone)
		if err != nil {
			t.Fatal(err)
		}
		tasks := calendar.Tasks(at, zone)
		if got := tasks[1]; got.Clause != "18" || got.Quarter.String() != want || got.Quarter.Next() != tasks[0].Quarter {
			t.Errorf("%s: %s %s, want %s", day, got.Clause, got.Quarter, want)
		}
	}
}

// Two SOCs with the same days of delivery stand the same on the board, and
// who owes comes first; the order of the register changes nothing.
func TestClause18BoardOfManySOCs(t *testing.T) {
	zone := time.FixedZone("", 5*3600)
	task := calendar.Quarterly(calendar.Quarter{Year: 2026, N: 3}, zone)
	delivered, ids := map[string]time.Time{}, []string{}
	for i := range 30 {
		id := fmt.Sprintf("soc-%02d", i)
		ids = append(ids, id)
		if day := i % 15; day > 0 {
			delivered[id] = time.Date(2026, 10, day, 12, 0, 0, 0, zone)
		}
	}
	count := map[calendar.State]int{}
	last := -1
	order := []calendar.State{calendar.Overdue, calendar.Disputable, calendar.Late, calendar.Met}
	for _, row := range calendar.Board(task, ids, delivered, time.Date(2026, 10, 20, 0, 0, 0, 0, zone)) {
		count[row.State]++
		place := 0
		for i, s := range order {
			if s == row.State {
				place = i
			}
		}
		if place < last {
			t.Errorf("%s with %s stands after what is better", row.SOC, row.State)
		}
		last = place
	}
	want := map[calendar.State]int{calendar.Overdue: 2, calendar.Disputable: 2, calendar.Late: 8, calendar.Met: 18}
	for s, n := range want {
		if count[s] != n {
			t.Errorf("%d are %s, want %d", count[s], s, n)
		}
	}
}
