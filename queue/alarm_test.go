package queue_test

import (
	"errors"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

func alarmCases() map[string]func(*rig) {
	return map[string]func(*rig){
		"an alarm that is told once by each way":        alarmIsToldOnceByEachWay,
		"a process that dies while it tells an alarm":   tellingComesBack,
		"a missed deadline and its alarm":               missedDeadlineRaisesItsAlarm,
		"a letter that a deadline waits for is hurried": hurriedLetter,
	}
}

func (r *rig) raise(alarms ...exchange.Alarm) int {
	r.Helper()
	n, err := r.store.Raise(r.ctx, alarms...)
	r.must(err)
	return n
}

func (r *rig) nextTelling() *exchange.Telling {
	r.Helper()
	one, err := r.store.NextTelling(r.ctx, time.Minute)
	r.must(err)
	return one
}

// An alarm is raised once for its key, and told once by each way, whatever
// happens in between.
func alarmIsToldOnceByEachWay(r *rig) {
	a := exchange.Alarm{Key: "deadline:1:missed", Kind: exchange.AlarmDeadlineMissed, Call: exchange.CallPeople, Clause: "9", Subject: "report 1",
		Due: r.clock.now(), Ways: []string{"mail:duty@soc.example", "webhook"}}
	if n := r.raise(a, a) + r.raise(a); n != 1 {
		r.Fatalf("raised %d times", n)
	}
	r.reopen()
	mail, hook := r.nextTelling(), r.nextTelling()
	if mail == nil || hook == nil || mail.Way != "mail:duty@soc.example" || hook.Way != "webhook" || mail.Alarm.Subject != "report 1" || !mail.Alarm.Due.Equal(a.Due) {
		r.Fatalf("told by %+v and %+v", mail, hook)
	}
	if third := r.nextTelling(); third != nil {
		r.Fatalf("two ways, and a third telling %+v", third)
	}
	r.must(r.store.Told(r.ctx, *mail))
	r.must(r.store.TellLater(r.ctx, *hook, r.clock.now().Add(time.Hour), "it answered 500"))
	r.clock.pass(2 * time.Minute)
	if r.nextTelling() != nil {
		r.Fatal("told again before its time")
	}
	r.clock.pass(time.Hour)
	again := r.nextTelling()
	if again == nil || again.ID != hook.ID || again.Attempts != 2 || again.Error != "it answered 500" {
		r.Fatalf("second attempt %+v", again)
	}
	if err := r.store.Told(r.ctx, *hook); !errors.Is(err, queue.ErrLeaseLost) {
		r.Errorf("the first attempt ends the second: %v", err)
	}
	r.must(r.store.TellLater(r.ctx, *again, time.Time{}, "enough"))
	r.clock.pass(24 * time.Hour)
	if r.nextTelling() != nil {
		r.Error("told after it was given up")
	}
}

// A process that dies while it tells loses nothing: another takes over.
func tellingComesBack(r *rig) {
	r.raise(exchange.Alarm{Key: "k", Kind: exchange.AlarmTest, Ways: []string{"command"}})
	first := r.nextTelling()
	r.reopen()
	r.clock.pass(61 * time.Second)
	if second := r.nextTelling(); first == nil || second == nil || second.ID != first.ID {
		r.Errorf("first %+v, after the crash %+v", first, second)
	}
}

// The deadline and its alarm are one transaction.
func missedDeadlineRaisesItsAlarm(r *rig) {
	r.accept(imap(1), "INC-1", 1)
	_, err := r.store.Commit(r.ctx, exchange.Decision{Deadlines: []exchange.Deadline{{Clause: "9", Report: 1, At: r.clock.now()}}})
	r.must(err)
	open, err := r.store.OpenDeadlines(r.ctx, r.clock.now())
	r.must(err)
	a := exchange.Alarm{Key: "missed", Kind: exchange.AlarmDeadlineMissed}
	r.must(r.store.SetDeadline(r.ctx, open[0].ID, exchange.DeadlineMissed, a))
	if err := r.store.SetDeadline(r.ctx, open[0].ID, exchange.DeadlineMissed, exchange.Alarm{Key: "again"}); !errors.Is(err, queue.ErrForbidden) {
		r.Errorf("missed twice: %v", err)
	}
	alarms, err := r.store.Alarms(r.ctx, queue.AlarmFilter{})
	r.must(err)
	if len(alarms) != 1 || alarms[0].Key != "missed" {
		r.Errorf("alarms %+v", alarms)
	}
}

// A letter that waits, or that only a relay of our own has, goes at once; one
// that is on its way or outside does not.
func hurriedLetter(r *rig) {
	r.post(letter("<1@x>"))
	l, lease := r.leaseLetter()
	r.is(r.store.Hurry(r.ctx, l.ID), queue.ErrForbidden)
	r.must(r.store.Later(r.ctx, l.ID, lease, r.clock.now().Add(time.Hour), exchange.Attempt{Outcome: exchange.OutcomeLater}))
	r.must(r.store.Hurry(r.ctx, l.ID))
	inside := ok250()
	inside.Outside = false
	_, lease = r.leaseLetter()
	r.must(r.store.Sent(r.ctx, l.ID, lease, inside))
	r.must(r.store.Hurry(r.ctx, l.ID))
	outside := ok250()
	outside.Outside = true
	_, lease = r.leaseLetter()
	r.must(r.store.Sent(r.ctx, l.ID, lease, outside))
	r.is(r.store.Hurry(r.ctx, l.ID), queue.ErrForbidden)
}
