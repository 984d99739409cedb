package queue_test

import (
	"bytes"
	"os"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

func dutyCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"a duty is taken up once":                           dutyOnce,
		"the first delivery counts":                         dutyFirstCounts,
		"what is late stays late":                           dutyLate,
		"a report that was not sent is replaced":            dutyReplaced,
		"what was refused is owed again":                    dutyRefused,
		"somebody is reminded once, whoever comes first":    dutyReminded,
		"a duty is waived by a person, and a met one never": dutyWaived,
		"measures are kept sealed, field by field":          measuresSealed,
		"a store knows when it began":                       began,
		"a revision of our own is handed in once":           handedInOnce,
	}
}

func (r *rig) ends() time.Time { return r.clock.now().Add(24 * time.Hour) }

func (r *rig) takeUp(participants ...string) {
	r.Helper()
	d := exchange.Decision{}
	for _, p := range participants {
		d.Deadlines = append(d.Deadlines, exchange.Deadline{Clause: "18", Quarter: "2026-Q1", Participant: p, At: r.ends()})
	}
	_, err := r.store.Commit(r.ctx, d)
	r.must(err)
}

// deliver commits a quarterly report of the participant and says what became of
// the duty by it.
func (r *rig) deliver(participant, id, state string, letters ...exchange.Letter) int64 {
	r.Helper()
	positions, err := r.store.Commit(r.ctx, exchange.Decision{
		Reports: []exchange.StoredReport{{Participant: participant, Outgoing: true, Kind: exchange.Quarterly, Key: exchange.Key{ID: id, Revision: 1},
			ReceivedAt: r.clock.now(), Document: []byte("{}")}}, Letters: letters,
		Deadlines: []exchange.Deadline{{Clause: "18", Quarter: "2026-Q1", Participant: participant, At: r.ends(), State: state}}})
	r.must(err)
	return positions[0]
}

func (r *rig) duty(participant string) exchange.Duty {
	r.Helper()
	list, err := r.store.Duties(r.ctx, queue.DutyFilter{Clause: "18", Quarter: "2026-Q1", Participant: participant})
	r.must(err)
	if len(list) != 1 {
		r.Fatalf("%d duties of %s: %+v", len(list), participant, list)
	}
	return list[0]
}

func (r *rig) dutyIs(participant, state string, report int64) {
	r.Helper()
	if d := r.duty(participant); d.State != state || d.Report != report || report != 0 && d.ReceivedAt.IsZero() {
		r.Fatalf("%+v, want %s by report %d", d, state, report)
	}
}

func dutyOnce(r *rig) {
	r.takeUp("soc-a", "soc-b")
	told := r.clock.now()
	r.clock.pass(time.Hour)
	r.takeUp("soc-a", "soc-b", "soc-c")
	all, err := r.store.Duties(r.ctx, queue.DutyFilter{Quarter: "2026-Q1"})
	r.must(err)
	if len(all) != 3 || !all[0].ToldAt.Equal(told) || all[2].Participant != "soc-c" || all[2].ToldAt.Equal(told) {
		r.Errorf("%+v", all)
	}
	if open, err := r.store.OpenDeadlines(r.ctx, r.ends()); err != nil || len(open) != 3 || open[0].Quarter != "2026-Q1" {
		r.Errorf("open %+v %v", open, err)
	}
}

func dutyFirstCounts(r *rig) {
	r.takeUp("soc-a")
	first := r.deliver("soc-a", "q", exchange.DeadlineMet)
	r.clock.pass(time.Minute)
	r.deliver("soc-a", "q2", exchange.DeadlineMissed)
	r.dutyIs("soc-a", exchange.DeadlineMet, first)
	early := r.deliver("soc-b", "q", exchange.DeadlineMet) // before it was taken up
	r.takeUp("soc-b")
	r.dutyIs("soc-b", exchange.DeadlineMet, early)
}

func dutyLate(r *rig) {
	r.takeUp("soc-a")
	r.must(r.store.SetDeadline(r.ctx, r.duty("soc-a").ID, exchange.DeadlineMissed))
	late := r.deliver("soc-a", "q", exchange.DeadlineMissed)
	r.deliver("soc-a", "q2", exchange.DeadlineMissed)
	r.dutyIs("soc-a", exchange.DeadlineMissed, late)
	r.takeUp("soc-b") // it arrived in time and was judged after the end
	r.must(r.store.SetDeadline(r.ctx, r.duty("soc-b").ID, exchange.DeadlineMissed))
	r.dutyIs("soc-b", exchange.DeadlineMissed, 0)
	r.dutyIs("soc-b", exchange.DeadlineMissed, 0)
	intime := r.deliver("soc-b", "q", exchange.DeadlineMet)
	r.dutyIs("soc-b", exchange.DeadlineMet, intime)
}

func dutyReplaced(r *rig) {
	r.takeUp("soc-a")
	r.deliver("soc-a", "q", exchange.DeadlineOpen)
	second := r.deliver("soc-a", "q2", exchange.DeadlineOpen)
	r.dutyIs("soc-a", exchange.DeadlineOpen, second)
	r.must(r.store.SetDeadline(r.ctx, r.duty("soc-a").ID, exchange.DeadlineMet))
	r.deliver("soc-a", "q3", exchange.DeadlineOpen)
	r.dutyIs("soc-a", exchange.DeadlineMet, second)
}

func dutyRefused(r *rig) {
	r.takeUp("soc-a")
	first := r.deliver("soc-a", "q", exchange.DeadlineOpen, letter("<1@x>"))
	r.must(r.store.SetDeadline(r.ctx, r.duty("soc-a").ID, exchange.DeadlineMet))
	r.dutyIs("soc-a", exchange.DeadlineMet, first)
	r.must(r.closeLetter(1, exchange.VerdictRefused))
	r.dutyIs("soc-a", exchange.DeadlineOpen, 0)
	second := r.deliver("soc-a", "q2", exchange.DeadlineOpen, letter("<2@x>"))
	r.must(r.closeLetter(2, exchange.VerdictAccepted))
	r.dutyIs("soc-a", exchange.DeadlineOpen, second)
}

func dutyReminded(r *rig) {
	r.takeUp("soc-a")
	d := r.duty("soc-a")
	r.clock.pass(time.Hour)
	remind := func(l exchange.Letter) error {
		_, err := r.store.Commit(r.ctx, exchange.Decision{Letters: []exchange.Letter{l},
			Reminders: []exchange.Reminder{{Deadline: d.ID, Before: d.ToldAt, At: r.clock.now()}}})
		return err
	}
	r.must(remind(letter("<1@x>")))
	r.is(remind(letter("<2@x>")), queue.ErrForbidden)
	if list, err := r.store.Letters(r.ctx, queue.LetterFilter{}); err != nil || len(list) != 1 {
		r.Errorf("%d letters: %v", len(list), err)
	}
	if got := r.duty("soc-a").ToldAt; !got.Equal(r.clock.now()) {
		r.Errorf("told at %s", got)
	}
}

func dutyWaived(r *rig) {
	r.takeUp("soc-a", "soc-b")
	r.must(r.store.Waive(r.ctx, r.duty("soc-a").ID, "dana", "new in the register"))
	if d := r.duty("soc-a"); !d.Waived() {
		r.Errorf("%+v", d)
	}
	events, err := r.store.EventsOf(r.ctx, "deadline:1")
	r.must(err)
	if last := events[len(events)-1]; last.Actor != "dana" || last.Detail["reason"] == "" {
		r.Errorf("%+v", last)
	}
	r.deliver("soc-b", "q", exchange.DeadlineMet)
	r.is(r.store.Waive(r.ctx, r.duty("soc-b").ID, "dana", "x"), queue.ErrForbidden)
	r.is(r.store.Waive(r.ctx, 99, "dana", "x"), queue.ErrForbidden)
}

func measuresSealed(r *rig) {
	secret := "kestrel-over-the-steppe"
	r.must(r.store.SetMeasure(r.ctx, exchange.Measure{Incident: "INC-1", Actor: "dana", Cause: "c", Measures: "old"}))
	r.must(r.store.SetMeasure(r.ctx, exchange.Measure{Incident: "INC-1", Actor: "aset", Measures: secret, Status: "resolved"}))
	r.reopen()
	all, err := r.store.Measures(r.ctx)
	r.must(err)
	m := all["INC-1"]
	if len(all) != 1 || m.Cause != "c" || m.Measures != secret || m.Status != "resolved" || m.Actor != "aset" || !m.At.Equal(r.clock.now()) {
		r.Errorf("%+v", all)
	}
	if file, ok := strings.CutPrefix(r.dsn, "sqlite:"); ok {
		for _, name := range []string{file, file + "-wal"} {
			if raw, err := os.ReadFile(name); err == nil && bytes.Contains(raw, []byte(secret)) {
				r.Errorf("%s holds the measures in clear", name)
			}
		}
	}
}

func began(r *rig) {
	at, err := r.store.Began(r.ctx)
	r.must(err)
	if !at.IsZero() {
		r.Errorf("a new store began at %s", at)
	}
	first := r.clock.now()
	r.takeUp("soc-a")
	r.clock.pass(time.Hour)
	r.takeUp("soc-b")
	if at, err = r.store.Began(r.ctx); err != nil || !at.Equal(first) {
		r.Errorf("began at %s: %v", at, err)
	}
}

func handedInOnce(r *rig) {
	mine := func(id string, revision int) error {
		_, err := r.store.Commit(r.ctx, exchange.Decision{Reports: []exchange.StoredReport{{Participant: "soc-a", Outgoing: true, Kind: exchange.Quarterly,
			Key: exchange.Key{ID: id, Revision: revision}, Document: []byte("{}")}}})
		return err
	}
	r.must(mine("q", 1))
	r.is(mine("q", 1), queue.ErrConflict)
	r.must(mine("q", 2))
	r.must(mine("q2", 1))
}
