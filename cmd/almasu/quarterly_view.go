package main

import (
	"context"
	"strconv"

	"almasu/exchange"
	"almasu/gateway"
	"almasu/receipt"
	"almasu/rules/calendar"
)

// quarterlyView is the JSON object of `almasu quarterly show`.
type quarterlyView struct {
	Quarter   string                       `json:"quarter"`
	State     string                       `json:"state"` // not-yet, open, disputable, overdue, met, late, waived, unwatched
	Due       string                       `json:"due"`   // the last moment that nobody can dispute
	Ends      string                       `json:"ends"`  // the last moment in time
	From      string                       `json:"from"`
	To        string                       `json:"to"`
	Nil       bool                         `json:"nil"`
	Late      int                          `json:"late"`
	Incidents []exchange.QuarterlyIncident `json:"incidents"`
	Totals    []exchange.ClassTotal        `json:"totals"`
	Problems  []quarterlyProblem           `json:"problems"`
	Decision  *quarterlyDecision           `json:"decision"` // the last one, null where there was none
	Sent      *quarterlySent               `json:"sent"`     // null where it was not
	Changed   bool                         `json:"changed"`  // since it was sent
}

type quarterlyProblem struct {
	Incident string `json:"incident"`
	Missing  string `json:"missing"` // measures, severity, class
	Remedy   string `json:"remedy"`
}

type quarterlyDecision struct {
	What     string `json:"what"` // approved, declined
	By       string `json:"by"`
	At       string `json:"at"`
	Approver string `json:"approver,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

type quarterlySent struct {
	ID       string         `json:"id"`
	Revision int            `json:"revision"`
	Letters  []letterStatus `json:"letters"`
}

// standing is how our own duty stands on the board.
func (d office) standing(ctx context.Context, task calendar.Task) (gateway.BoardRow, error) {
	rows, err := d.gateway.Board(ctx, task)
	if err != nil || len(rows) == 0 {
		return gateway.BoardRow{Task: task, State: task.State(task.Opens, d.Now())}, err
	}
	return rows[0], nil
}

func (d office) showQuarterly(ctx context.Context, draft gateway.QuarterlyDraft) error {
	row, err := d.standing(ctx, draft.Task)
	if err != nil {
		return err
	}
	if d.JSON {
		return printJSON(d.Stdout, d.viewQuarterly(draft, row.State))
	}
	b := draft.Body
	d.head(draft.Task, row.State)
	d.say("period", receipt.Moment(d.language, b.From, d.config.Zone), receipt.Moment(d.language, b.To, d.config.Zone))
	d.say("count", strconv.Itoa(len(b.Incidents)), strconv.Itoa(b.Late))
	if b.Nil {
		d.say("nil")
	}
	for _, t := range b.Totals {
		d.say("total", t.RSIT, strconv.Itoa(t.Count))
	}
	for _, i := range b.Incidents {
		d.say("incident", i.IncidentID, d.minute(i.RegisteredAt), d.minute(i.ConfirmedAt), d.minute(i.ReportedAt), orNone(i.Class.RSIT),
			orNone(string(i.Severity)), orNone(i.Status))
		if i.Cause != "" {
			d.say("cause", oneLine(i.Cause))
		}
		if i.Measures != "" {
			d.say("measures", oneLine(i.Measures))
		}
	}
	if len(draft.Missing) > 0 {
		d.say("missing", strconv.Itoa(len(draft.Missing)))
	}
	for _, m := range draft.Missing {
		d.say("missing."+m.Field, m.Incident)
	}
	d.story(draft)
	return nil
}

// story says what people decided, what was sent, and what comes next.
func (d office) story(draft gateway.QuarterlyDraft) {
	q := draft.Task.Quarter.String()
	if e := draft.Decided; e.Name == "" {
		d.say("never-decided")
	} else {
		d.say("decided."+e.Name, e.Actor, receipt.Moment(d.language, e.At, d.config.Zone), e.Detail["reason"])
	}
	if draft.Sent != nil {
		d.say("sent", draft.Sent.Key.ID, strconv.Itoa(draft.Sent.Key.Revision))
		d.letters(draft.Letters)
	}
	switch {
	case d.Now().Before(draft.Task.Opens):
		d.say("next.runs", d.minute(draft.Task.Opens))
	case len(draft.Missing) > 0:
	case draft.Sent == nil:
		d.say("next.approve", q)
	case draft.Changed:
		d.say("changed", q)
	}
}

func (d office) viewQuarterly(draft gateway.QuarterlyDraft, state calendar.State) quarterlyView {
	b := draft.Body
	v := quarterlyView{Quarter: b.Quarter, State: string(state), Due: stamp(draft.Task.Undisputed.Add(-1e6), d.config), Ends: stamp(draft.Task.Ends.Add(-1e6), d.config),
		From: stamp(b.From, d.config), To: stamp(b.To, d.config), Nil: b.Nil, Late: b.Late, Incidents: append([]exchange.QuarterlyIncident{}, b.Incidents...),
		Totals: append([]exchange.ClassTotal{}, b.Totals...), Problems: []quarterlyProblem{}, Changed: draft.Changed}
	for _, m := range draft.Missing {
		v.Problems = append(v.Problems, quarterlyProblem{m.Incident, m.Field, "almasu quarterly complete " + m.Incident + " --" + m.Field})
	}
	if e := draft.Decided; e.Name != "" {
		v.Decision = &quarterlyDecision{What: e.Name[len("quarterly-"):], By: e.Actor, At: stamp(e.At, d.config), Approver: e.Detail["approver"], Reason: e.Detail["reason"]}
	}
	if draft.Sent != nil {
		v.Sent = &quarterlySent{ID: draft.Sent.Key.ID, Revision: draft.Sent.Key.Revision, Letters: []letterStatus{}}
		for _, l := range draft.Letters {
			v.Sent.Letters = append(v.Sent.Letters, describeLetter(l, d.config))
		}
	}
	return v
}
