package rules

import (
	"testing"
	"time"

	"almasu/exchange"
	"almasu/rules/calendar"
)

// Clause 17: the SOC sends the NCCIS its contact data, confirms them every
// quarter not later than the 10th of its first month, and informs immediately
// of a change. The days are in calendar/clause_17_test.go, the road from the
// card to the receipt in gateway/clause_17_test.go.

func contact(quarter string) *exchange.Report {
	return &exchange.Report{Kind: exchange.Contact, ID: "c-1", Reporter: "soc-alfa", Contact: &exchange.ContactBody{Quarter: quarter, Email: "a@soc-alfa.example"}}
}

// Contact data are for the NCCIS alone: no rule passes them on, whatever the
// marking, and no report of theirs starts the clock of clause 9.
func TestClause17ContactDataAreToldToNobodyElse(t *testing.T) {
	for _, role := range []exchange.ParticipantKind{exchange.KindNCCIS, exchange.KindSOC} {
		reg, people := town(t, role)
		for _, label := range []exchange.TLP{"", exchange.TLPClear, exchange.TLPRed} {
			r := contact("2026-Q4")
			r.TLP = label
			d := Default(reg).Decide(Case{Reports: []*exchange.Report{r}, From: people["soc-alfa"], At: moment()})
			if len(d.Notices)+len(d.Proposals)+len(d.Due) != 0 {
				t.Errorf("%s under %q: %v %v %v", role, label, told(d), proposed(d), d.Due)
			}
		}
	}
}

// A card does the duty of the quarter it names, whenever it was written.
func TestClause17WhichDutyACardDoes(t *testing.T) {
	zone := time.FixedZone("", 5*3600)
	for quarter, want := range map[string]string{"2026-Q4": "17 2026-Q4", "2027-Q1": "17 2027-Q1", "": "", "2026": "", "2026-Q5": ""} {
		task, is := calendar.TaskOf(contact(quarter), zone)
		if got := task.Clause + " " + task.Quarter.String(); is != (want != "") || is && got != want {
			t.Errorf("%q does %q, want %q", quarter, got, want)
		}
	}
	if _, is := calendar.TaskOf(incident("", nil), zone); is {
		t.Error("an incident does a duty of a quarter")
	}
	early, _ := calendar.TaskOf(contact("2026-Q4"), zone)
	if !early.Counts(time.Date(2026, 9, 20, 0, 0, 0, 0, zone)) {
		t.Error("contact data cannot be confirmed early")
	}
}

// Every day of a year has one contact duty, and its last day is a 10th.
func TestClause17EveryDayHasItsDuty(t *testing.T) {
	zone := time.FixedZone("", 5*3600)
	for day := time.Date(2026, 1, 1, 12, 0, 0, 0, zone); day.Year() == 2026; day = day.AddDate(0, 0, 1) {
		task := calendar.Tasks(day, zone)[0]
		last := task.Ends.Add(-time.Second)
		if task.Clause != "17" || !task.Quarter.Has(day, zone) || last.Day() != 10 || (last.Month()-1)%3 != 0 || last.Year() != 2026 {
			t.Fatalf("%s: %+v, last day %s", day.Format(time.DateOnly), task, last)
		}
		want := calendar.Overdue
		if day.Before(task.Ends) {
			want = calendar.Open
		}
		if got := task.State(time.Time{}, day); got != want {
			t.Errorf("%s: %s, want %s", day.Format(time.DateOnly), got, want)
		}
	}
}

// "Immediately" runs from the change, and by day as by night (no holidays, A-7).
func TestClause17Immediately(t *testing.T) {
	zone := time.FixedZone("", 5*3600)
	for _, changed := range []time.Time{moment(), time.Date(2027, 1, 1, 3, 0, 0, 0, zone), time.Date(2026, 12, 16, 23, 59, 0, 0, zone)} {
		clock := calendar.ContactChange(changed, time.Time{})
		if got := clock.Due().Sub(changed); got != 15*time.Minute || clock.Clause != "17" {
			t.Errorf("due %s after %s", got, changed)
		}
		fired := clock.Fired(changed, changed.Add(time.Hour))
		if len(fired) != 2 || fired[0].After != 5*time.Minute || fired[0].Overdue || !fired[1].Overdue {
			t.Errorf("alarms %+v", fired)
		}
		if told := calendar.ContactChange(changed, changed.Add(4*time.Minute)); len(told.Fired(changed, changed.Add(time.Hour))) != 0 || told.State(changed.Add(time.Hour)) != calendar.Met {
			t.Errorf("told after four minutes: %s", told.State(changed.Add(time.Hour)))
		}
	}
}
