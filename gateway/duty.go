package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"almasu/exchange"
	"almasu/queue"
	"almasu/receipt"
	"almasu/rules/calendar"
)

// watchDuties takes up the duties of the quarter (clauses 17 and 18) and
// reminds of those that are not done: the NCCIS by a sealed letter to the SOC,
// a SOC its own people.
func (g *Gateway) watchDuties(ctx context.Context, _ string) (bool, error) {
	w, now := g.world.Load(), g.clock()
	if !now.Before(g.duties.looked) && now.Before(g.duties.next) {
		return false, nil
	}
	var all error
	for _, task := range calendar.Tasks(now, w.Zone) {
		all = errors.Join(all, g.watchDuty(ctx, w, task, now))
	}
	if all == nil {
		g.duties.looked, g.duties.next = now, w.nextLook(now)
	}
	return false, all
}

// nextLook is when a step of the calendar comes next, within the hour: the
// register may get another SOC.
func (w *World) nextLook(now time.Time) time.Time {
	next := now.Add(calendarEvery)
	for _, task := range calendar.Tasks(now, w.Zone) {
		for _, s := range w.steps(task) {
			if s.At.After(now) && s.At.Before(next) {
				next = s.At
			}
		}
	}
	if end := calendar.QuarterOf(now, w.Zone).End(w.Zone); end.Before(next) {
		next = end
	}
	return next
}

// steps are the moments at which we remind of a duty, in our role.
func (w *World) steps(t calendar.Task) []calendar.Step {
	if w.Register.Self().Is(exchange.KindNCCIS) {
		return t.FollowUp()
	}
	return t.Steps()
}

// owing are the SOCs whose duties we watch: at the NCCIS all of the register,
// at a SOC itself.
func (w *World) owing() []*exchange.Participant {
	switch self := w.Register.Self(); {
	case self.Is(exchange.KindNCCIS):
		return w.Register.ByKind(exchange.KindSOC)
	case self.Is(exchange.KindSOC):
		return []*exchange.Participant{self}
	}
	return nil
}

func (g *Gateway) watchDuty(ctx context.Context, w *World, task calendar.Task, now time.Time) error {
	filter := queue.DutyFilter{Clause: task.Clause, Quarter: task.Quarter.String()}
	rows, err := g.store.Duties(ctx, filter)
	if err != nil {
		return err
	}
	fresh, err := g.takeUp(ctx, w, task, rows, now)
	if fresh && err == nil {
		rows, err = g.store.Duties(ctx, filter)
	}
	for _, d := range rows {
		if to := w.Register.ByID(d.Participant); to != nil && to.Is(exchange.KindSOC) {
			err = errors.Join(err, g.remindOf(ctx, w, task, d, to, now))
		}
	}
	return err
}

// takeUp makes the rows of a duty that are not there yet. After its end none is
// made for who came into the register since, nor in a store that is younger:
// what was done before is not known here.
func (g *Gateway) takeUp(ctx context.Context, w *World, task calendar.Task, rows []exchange.Duty, now time.Time) (bool, error) {
	var missing []exchange.Deadline
	for _, p := range w.owing() {
		if !slices.ContainsFunc(rows, func(d exchange.Duty) bool { return d.Participant == p.ID }) {
			missing = append(missing, dutyOf(task, p.ID, exchange.DeadlineOpen))
		}
	}
	if len(missing) == 0 {
		return false, nil
	}
	began, err := g.store.Began(ctx)
	if err != nil {
		return false, err
	}
	before := !began.IsZero() && !began.After(task.Opens) // we were there, and may have slept
	taken := slices.ContainsFunc(rows, func(d exchange.Duty) bool { return !d.ToldAt.Before(task.Opens) })
	if !now.Before(task.Ends) && (taken || began.IsZero() || !began.Before(task.Ends)) {
		return false, nil
	}
	for i := range missing {
		missing[i].ToldAt = now
		if before && !taken {
			missing[i].ToldAt = task.Opens // what was missed is told
		}
	}
	_, err = g.store.Commit(ctx, exchange.Decision{At: now, Deadlines: missing, Events: []exchange.Event{{At: now, Name: "duty-taken-up",
		Object: "duty:" + task.Clause + " " + task.Quarter.String(), Actor: "gateway", Detail: map[string]string{"participants": fmt.Sprint(len(missing))}}}})
	return err == nil, err
}

// dutyOf is the row of a duty: what happens at its last moment is in time.
func dutyOf(task calendar.Task, participant, state string) exchange.Deadline {
	return exchange.Deadline{Clause: task.Clause, Quarter: task.Quarter.String(), Participant: participant, At: task.Ends.Add(-time.Microsecond), State: state}
}

// remindOf reminds of a duty that is not done. Of steps that were slept over
// only the last one is told. Reminder and what it goes by are one transaction,
// so a crash neither loses nor doubles one.
func (g *Gateway) remindOf(ctx context.Context, w *World, task calendar.Task, d exchange.Duty, to *exchange.Participant, now time.Time) error {
	if d.Waived() {
		return nil
	}
	done, err := g.doneSince(ctx, w, d)
	if err != nil || !done.IsZero() {
		return err
	}
	pending := task.Pending(w.steps(task), time.Time{}, d.ToldAt, now)
	if len(pending) == 0 {
		return nil
	}
	step := pending[len(pending)-1]
	decision := exchange.Decision{At: now, Reminders: []exchange.Reminder{{Deadline: d.ID, Before: d.ToldAt, At: step.At}},
		Events: []exchange.Event{{At: now, Name: "duty-" + step.Name, Object: "duty:" + task.Clause + " " + d.Quarter, Actor: "gateway",
			Detail: map[string]string{"participant": to.ID, "step": step.At.UTC().Format(time.RFC3339)}}}}
	if to != w.Register.Self() {
		l, err := w.reminder(task, step, to, now)
		if err != nil {
			return fmt.Errorf("remind %s of clause %s for %s: %w", to.ID, task.Clause, d.Quarter, err)
		}
		decision.Letters = []exchange.Letter{l}
	}
	if to == w.Register.Self() {
		decision.Alarms = w.called([]exchange.Alarm{{Kind: exchange.AlarmQuarterly, Call: exchange.CallDuty, Clause: task.Clause, Due: d.At, At: now,
			Subject: d.Quarter, Key: fmt.Sprintf("duty:%d:%s", d.ID, step.At.UTC().Format(time.RFC3339))}})
	}
	if _, err = g.store.Commit(ctx, decision); errors.Is(err, queue.ErrForbidden) {
		return nil // another node was first
	}
	if err == nil {
		g.log.Warn("duty of a quarter", "clause", task.Clause, "quarter", d.Quarter, "participant", to.ID, "step", step.Name,
			"ends", d.At.In(w.Zone).Format(time.RFC3339))
		hint(g.outgoing)
	}
	return err
}

// doneSince is when a duty was done, zero while it is not: at the NCCIS when the
// report arrived, at a SOC when it was sent.
func (g *Gateway) doneSince(ctx context.Context, w *World, d exchange.Duty) (time.Time, error) {
	if d.Report == 0 || d.Participant != w.Register.Self().ID {
		return d.ReceivedAt, nil
	}
	letters, err := g.store.Letters(ctx, queue.LetterFilter{Report: d.Report})
	return doneAt(letters, d.Clause), err
}

// reminder is the sealed letter to a SOC, to its registered address, in its
// language.
func (w *World) reminder(task calendar.Task, step calendar.Step, to *exchange.Participant, now time.Time) (exchange.Letter, error) {
	r := receipt.Reminder{Clause: task.Clause, Quarter: task.Quarter.String(), Last: task.Undisputed.Add(-time.Microsecond),
		Overdue: !step.At.Before(task.Ends)}
	l, err := w.registerLetter(to, func(s receipt.Style) receipt.Wording { return receipt.Remind(r, s) }, task.Clause,
		fmt.Sprintf("remind-%s-%s-%s", task.Clause, task.Quarter, step.At.In(w.Zone).Format("20060102")), now)
	l.Kind = exchange.LetterReminder
	return l, err
}

// delivered notes which duty of a quarter an accepted report does. The time of
// arrival counts, whenever it is judged.
func (g *Gateway) delivered(w *World, d *exchange.Decision, a exchange.Arrival, o *Outcome) {
	if o.State != exchange.ArrivalAccepted {
		return
	}
	for _, r := range o.Parsed.Reports {
		done := dutyDone(w, r, o.Judgement.Participant.ID, a.ReceivedAt)
		d.Deadlines = append(d.Deadlines, done...)
		if r.Quarterly != nil && len(done) == 0 {
			g.log.Warn("quarterly report from before the end of its quarter: it does not count", "participant", d.Participant, "quarter", r.Quarterly.Quarter)
			g.note(d, "quarterly-too-early", map[string]string{"participant": d.Participant, "quarter": r.Quarterly.Quarter})
		}
	}
}

// dutyDone is the duty that a SOC's report, arrived here, does; none where it
// does none. Late is missed.
func dutyDone(w *World, r *exchange.Report, participant string, at time.Time) []exchange.Deadline {
	from := w.Register.ByID(participant)
	task, is := calendar.TaskOf(r, w.Zone)
	if !is || from == nil || !from.Is(exchange.KindSOC) || !task.Counts(at) {
		return nil
	}
	state := exchange.DeadlineMet
	if !at.Before(task.Ends) {
		state = exchange.DeadlineMissed
	}
	d := dutyOf(task, participant, state)
	d.ToldAt = task.Opens.Add(-time.Microsecond) // it was not taken up by the calendar
	return []exchange.Deadline{d}
}

// ownDuties are the deadlines that our own contact card or quarterly report to
// the NCCIS keeps: those of its quarter, and for changed contact data the one
// of "immediately" (clause 17).
func (g *Gateway) ownDuties(ctx context.Context, w *World, r *exchange.Report, to []*exchange.Participant, now time.Time) ([]exchange.Deadline, error) {
	self := w.Register.Self()
	if !self.Is(exchange.KindSOC) || !slices.ContainsFunc(to, func(p *exchange.Participant) bool { return p.Is(exchange.KindNCCIS) }) {
		return nil, nil
	}
	out, err := g.contactDue(ctx, r, now)
	if task, is := calendar.TaskOf(r, w.Zone); is && task.Counts(now) {
		d := dutyOf(task, self.ID, exchange.DeadlineOpen)
		d.ToldAt = task.Opens.Add(-time.Microsecond)
		out = append(out, d)
	}
	return out, err
}
