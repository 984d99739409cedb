package queue_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

const year = 365 * 24 * time.Hour

func retentionCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"what has outlived its period is deleted, its rows stay": retentionDeletes,
		"what is unfinished is not deleted":                      retentionSparesTheUnfinished,
		"nothing is deleted within the memory of duplicates":     retentionHasALeast,
	}
}

func fiveYears() queue.Retention {
	return queue.Retention{Periods: map[exchange.ReportKind]time.Duration{exchange.Incident: 5 * year}, Other: year, Least: 14 * 24 * time.Hour}
}

func (r *rig) erase(p queue.Retention, reports, mails, letters int) {
	r.Helper()
	e, err := r.store.Erase(r.ctx, p, "dana")
	r.must(err)
	if e.Reports["incident"] != reports || e.Mails != mails || e.Letters != letters {
		r.Fatalf("deleted %+v, want %d reports, %d mails, %d letters", e, reports, mails, letters)
	}
}

// finish does what is left to do about the newest message.
func (r *rig) finish() {
	r.Helper()
	l, lease := r.leaseLetter()
	r.send(l.ID, lease)
	open, err := r.store.OpenDeadlines(r.ctx, r.clock.now().Add(20*year))
	r.must(err)
	for _, d := range open {
		r.must(r.store.SetDeadline(r.ctx, d.ID, exchange.DeadlineMet))
	}
	r.moved()
}

// moved moves every decided entry of the mailbox.
func (r *rig) moved() {
	r.Helper()
	ready, err := r.store.Settled(r.ctx, "main", 1)
	r.must(err)
	for _, m := range ready {
		r.must(r.store.MarkMoved(r.ctx, "main", 1, m.UID))
	}
}

func retentionDeletes(r *rig) {
	a, positions := r.accept(imap(1), "INC-1", 1)
	r.finish()
	r.clock.pass(5*year - time.Hour)
	young, _ := r.accept(imap(2), "INC-2", 1)
	r.finish()
	r.erase(fiveYears(), 0, 0, 0)
	r.clock.pass(2 * time.Hour)
	e, err := r.store.Expired(r.ctx, fiveYears())
	r.must(err)
	if e.Reports["incident"] != 1 {
		r.Errorf("preview %+v", e)
	}
	r.erase(fiveYears(), 1, 1, 1)
	r.erase(fiveYears(), 0, 0, 0)
	r.reopen()
	got, err := r.store.Report(r.ctx, positions[0])
	r.must(err)
	if len(got.Document) != 0 || got.Key.ID != "INC-1" || got.Digest == "" || got.Number != a.Number {
		r.Errorf("the row of the register %+v", got)
	}
	_, err = r.store.Raw(r.ctx, a.ID)
	r.is(err, queue.ErrErased)
	if raw, err := r.store.Raw(r.ctx, young.ID); err != nil || len(raw) == 0 {
		r.Errorf("the younger one: %v", err)
	}
	r.must(r.store.VerifyJournal(r.ctx))
	for _, object := range []string{"report:1", "arrival:1", "letter:1"} {
		events, err := r.store.EventsOf(r.ctx, object)
		r.must(err)
		if last := events[len(events)-1]; last.Name != "erased" || last.Actor != "dana" {
			r.Errorf("%s: the journal ends with %+v", object, last)
		}
	}
	if leased, err := r.store.Lease(r.ctx, "late", 5, time.Minute); err != nil || len(leased) != 1 || leased[0].Key.ID != "INC-2" {
		r.Errorf("a new consumer gets %+v (%v)", leased, err)
	}
	known, err := r.store.KnownReport(r.ctx, "soc-alfa", exchange.Key{ID: "INC-1", Revision: 1})
	if err != nil || known == nil {
		r.Errorf("it is not known as a duplicate any more: %v", err)
	}
}

// Each of these has something left to do, so each stays whole.
func retentionSparesTheUnfinished(r *rig) {
	r.accept(imap(1), "INC-1", 1) // its letter waits
	r.clock.pass(10 * year)
	r.erase(fiveYears(), 0, 0, 0)
	l, lease := r.leaseLetter()
	r.must(r.store.Never(r.ctx, l.ID, lease)) // may be retried
	r.erase(fiveYears(), 0, 0, 0)
	r.must(r.store.Retry(r.ctx, l.ID, "dana"))
	r.finish()
	r.gets("siem", 1, 1) // leased, not acknowledged
	r.erase(fiveYears(), 0, 0, 0)
	leased, err := r.store.Lease(r.ctx, "siem", 5, time.Minute)
	r.must(err)
	if len(leased) == 0 { // the lease of gets
		r.clock.pass(time.Hour)
		leased, err = r.store.Lease(r.ctx, "siem", 5, time.Minute)
		r.must(err)
	}
	r.must(r.store.Ack(r.ctx, "siem", 1, leased[0].Token))
	_, err = r.store.Commit(r.ctx, exchange.Decision{Deadlines: []exchange.Deadline{{Clause: "12.5 proposed", Report: 1, At: r.clock.now()}}})
	r.must(err)
	r.erase(fiveYears(), 0, 0, 0)
	open, err := r.store.Deadlines(r.ctx, 1)
	r.must(err)
	r.must(r.store.SetDeadline(r.ctx, open[len(open)-1].ID, exchange.DeadlineMet))
	r.hold(imap(2), exchange.Unsigned)
	r.arrive(imap(3), mail(3))
	r.clock.pass(10 * year)
	r.erase(fiveYears(), 1, 1, 1) // the held and the undecided one stay
}

func retentionHasALeast(r *rig) {
	r.accept(imap(1), "INC-1", 1)
	r.finish()
	hour := queue.Retention{Periods: map[exchange.ReportKind]time.Duration{exchange.Incident: time.Hour}, Other: time.Hour, Least: 14 * 24 * time.Hour}
	r.clock.pass(14*24*time.Hour - time.Minute)
	r.erase(hour, 0, 0, 0)
	r.clock.pass(2 * time.Minute)
	r.erase(hour, 1, 1, 1)
}

// The space of what was deleted goes back to the file system.
func TestSQLiteShrinks(t *testing.T) {
	r := newRig(t, sqliteDSN(t))
	for i := range 40 {
		r.accept(imap(uint32(i+1)), "INC-"+string(rune('A'+i)), 100_000)
		r.finish()
	}
	size := func() int64 {
		r.must(r.store.Close())
		info, err := os.Stat(strings.TrimPrefix(r.dsn, "sqlite:"))
		if errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		r.open()
		return info.Size()
	}
	before := size()
	r.clock.pass(6 * year)
	r.erase(fiveYears(), 40, 40, 40)
	if after := size(); after > before/2 {
		t.Errorf("%d octets before, %d after", before, after)
	}
}
