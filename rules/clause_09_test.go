package rules

import (
	"testing"
	"time"

	"almasu/exchange"
)

// Clause 9: within 15 minutes from the moment of confirmation. The clock of
// it, its warnings and its end are in calendar/clause_09_test.go.
func TestClause9Due(t *testing.T) {
	r := incident("", nil)
	r.Incident.DetectedAt = moment().Add(-3 * time.Hour) // detection starts no clock
	for _, role := range []exchange.ParticipantKind{exchange.KindSOC, exchange.KindNCCIS} {
		reg, people := town(t, role)
		d := Default(reg).Decide(Case{Reports: []*exchange.Report{r, {Kind: exchange.Ping}}, From: people["soc-alfa"], At: moment().Add(time.Hour)})
		if len(d.Due) != 1 || d.Due[0].Clause != "9" || d.Due[0].Reason != ReasonConfirmation || !d.Due[0].At.Equal(moment().Add(NotifyWithin)) {
			t.Errorf("%s: due %+v", role, d.Due)
		}
	}
}

func TestClause9HasNoClockWithoutAConfirmation(t *testing.T) {
	reg, people := town(t, exchange.KindSOC)
	r := incident("", func(in *exchange.IncidentBody) { in.ConfirmedAt = time.Time{} })
	if d := Decide([]*exchange.Report{r, {Kind: exchange.Incident}}, people["soc-alfa"], reg); len(d.Due) != 0 {
		t.Errorf("due %+v", d.Due)
	}
}

// The period of 15 minutes is the edition of 2023: an earlier day has none.
func TestClause9BelongsToItsEdition(t *testing.T) {
	reg, people := town(t, exchange.KindSOC)
	e := Default(reg)
	almaty := time.FixedZone("", 5*3600)
	for day, want := range map[string]struct {
		at      time.Time
		edition string
		due     int
	}{
		"before the order":    {time.Date(2018, 5, 10, 23, 59, 59, 0, almaty), "", 0},
		"first edition":       {time.Date(2018, 5, 11, 0, 0, 0, 0, almaty), "2018-03-19", 0},
		"second edition":      {time.Date(2021, 5, 12, 0, 0, 0, 0, almaty), "2021-05-12", 0},
		"the last second":     {time.Date(2023, 3, 30, 23, 59, 59, 0, almaty), "2021-05-12", 0},
		"third edition":       {time.Date(2023, 3, 31, 0, 0, 0, 0, almaty), Edition, 1},
		"after the prepared":  {moment(), Edition, 1},
		"no time: the newest": {time.Time{}, Edition, 1},
	} {
		d := e.Decide(Case{Reports: []*exchange.Report{incident("", nil)}, From: people["soc-alfa"], At: want.at})
		if d.Edition != want.edition || len(d.Due) != want.due {
			t.Errorf("%s: edition %q, due %v", day, d.Edition, d.Due)
		}
	}
}

// A period of one's own, from another clock.
func TestDueOfARulesFile(t *testing.T) {
	reg, people := town(t, exchange.KindNCCIS)
	e := engine(t, reg, `rules: [{id: answer, clause: "10.4", kinds: [request], when: "true", due: 90m}]`)
	d := e.Decide(Case{Reports: []*exchange.Report{{Kind: exchange.Request, Request: &exchange.RequestBody{}}}, From: people["knb"], At: moment()})
	if len(d.Due) != 1 || d.Due[0].Reason != "90-minutes-from-arrival" || !d.Due[0].At.Equal(moment().Add(90*time.Minute)) {
		t.Errorf("due %+v", d.Due)
	}
}
