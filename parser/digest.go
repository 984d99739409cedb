package parser

import "almasu/exchange"

// unfold turns a notice that gathers several into the reports that it holds:
// whoever gets a digest works with what it would have got one by one.
func unfold(reports []*exchange.Report) []*exchange.Report {
	if len(reports) != 1 || reports[0].Notice == nil || len(reports[0].Notice.Items) == 0 {
		return reports
	}
	whole := reports[0]
	var out []*exchange.Report
	for _, item := range whole.Notice.Items {
		one := *whole
		one.ID, one.Revision, one.TLP = item.Report, 1, item.TLP
		one.Notice = &exchange.NoticeBody{Clause: item.Clause, Edition: item.Edition, Purpose: whole.Notice.Purpose, Number: item.Number, Class: item.Class,
			Severity: item.Severity, DetectedAt: item.DetectedAt, ConfirmedAt: item.ConfirmedAt, Incident: item.Incident, Part: item.Part}
		out = append(out, &one)
	}
	return out
}
