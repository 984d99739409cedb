package calendar

import (
	"cmp"
	"slices"
	"time"

	"almasu/exchange"
)

// NotifyWithin is the period of clause 9, as the quarterly report counts it.
const NotifyWithin = 15 * time.Minute

// Compile makes the quarterly report of clause 18 from the register of
// incidents: what was registered in the quarter, whenever it happened,
// with the measures of each. A quarter without incidents gives a report that
// says so. A person approves it before it is sent.
func Compile(q Quarter, register []exchange.QuarterlyIncident, approver string, zone *time.Location) exchange.QuarterlyBody {
	body := exchange.QuarterlyBody{Quarter: q.String(), From: q.Start(zone), To: q.End(zone), Approver: approver}
	for _, i := range register {
		if q.Has(i.RegisteredAt, zone) {
			body.Incidents = append(body.Incidents, i)
		}
	}
	slices.SortStableFunc(body.Incidents, func(a, b exchange.QuarterlyIncident) int {
		return cmp.Or(a.RegisteredAt.Compare(b.RegisteredAt), cmp.Compare(a.IncidentID, b.IncidentID))
	})
	counts := map[string]int{}
	for _, i := range body.Incidents {
		counts[i.Class.RSIT]++
		if i.ReportedAt.IsZero() || i.ReportedAt.After(i.ConfirmedAt.Add(NotifyWithin)) {
			body.Late++
		}
	}
	for class, n := range counts {
		body.Totals = append(body.Totals, exchange.ClassTotal{RSIT: class, Count: n})
	}
	slices.SortFunc(body.Totals, func(a, b exchange.ClassTotal) int { return cmp.Compare(a.RSIT, b.RSIT) })
	body.Nil = len(body.Incidents) == 0
	return body
}

// Unready lists the incidents of a quarterly report that still lack the
// measures applied to eliminate their cause: clause 18 asks for them.
func Unready(b exchange.QuarterlyBody) []string {
	var out []string
	for _, i := range b.Incidents {
		if i.Measures == "" {
			out = append(out, i.IncidentID)
		}
	}
	return out
}
