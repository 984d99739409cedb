package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/queue"
)

// Clause 17: the SOC sends the NCCIS its contact data, confirms them every
// quarter not later than the 10th of its first month, and tells of a change
// immediately.

// set moves the clock to a moment in Kazakhstan.
func (c *clock) set(s string) {
	at, err := time.ParseInLocation("2006-01-02 15:04:05", s, time.FixedZone("Asia/Almaty", 5*3600))
	if err != nil {
		panic(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at.UTC()
}

// born makes the store one that was in use before the quarter began.
func (n *node) born() {
	n.Helper()
	n.must(n.store.Journal(n.Context(), exchange.Event{Name: "started", Object: "test"}))
}

// look lets the calendar and the deadlines be looked at.
func (n *node) look() {
	n.Helper()
	_, err := n.g.watchDuties(n.Context(), "test")
	n.must(err)
	_, err = n.g.watchDeadlines(n.Context(), "test")
	n.must(err)
}

// days lets time pass hour by hour up to a moment, with mail carried at once.
func (p *pair) days(c *clock, until string) {
	p.Helper()
	end := &clock{}
	for end.set(until); c.now().Before(end.now()); c.pass(time.Hour) {
		p.hour()
	}
	c.set(until)
	p.hour()
}

func (p *pair) hour() {
	p.Helper()
	for _, id := range []string{"soc-alfa", "nccis", "soc-alfa", "nccis"} {
		n := p.nodes[id]
		n.judge()
		n.look()
		n.send()
	}
}

func (n *node) duty(clause, quarter, participant string) exchange.Duty {
	n.Helper()
	list, err := n.store.Duties(n.Context(), queue.DutyFilter{Clause: clause, Quarter: quarter, Participant: participant})
	n.must(err)
	if len(list) != 1 {
		n.Fatalf("%d duties of %s under clause %s for %s", len(list), participant, clause, quarter)
	}
	return list[0]
}

// reminders are the moments and steps at which this node reminded of a duty,
// from its journal.
func (n *node) reminders(clause, quarter, participant string) []string {
	n.Helper()
	events, err := n.store.EventsOf(n.Context(), "duty:"+clause+" "+quarter)
	n.must(err)
	var out []string
	for _, e := range events {
		if e.Detail["participant"] == participant {
			out = append(out, e.At.In(n.world.Zone).Format("01-02 15:04 ")+strings.TrimPrefix(e.Name, "duty-"))
		}
	}
	return out
}

func (n *node) confirmContact(id, quarter string, change func(*exchange.ContactBody)) Submission {
	n.Helper()
	data, err := n.g.ContactData(n.Context())
	n.must(err)
	data.Card.Quarter, data.Card.ValidFrom, data.Card.Phone = quarter, time.Time{}, "+77010000000"
	if change != nil {
		change(data.Card)
	}
	s, err := n.g.SendContact(n.Context(), data.Card, id, "dana")
	n.must(err)
	if s.Refusal.Code != "" {
		n.Fatalf("%+v %+v", s.Refusal, s.Problems)
	}
	return s
}

func TestClause17ConfirmedInTheQuarter(t *testing.T) {
	c := newClock()
	p := facing(t, c, nil)
	soc, centre := p.nodes["soc-alfa"], p.nodes["nccis"]
	soc.born()
	centre.born()
	c.set("2026-03-31 20:00:00")
	p.days(c, "2026-04-09 10:00:00")
	soc.confirmContact("contact-1", "2026-Q2", nil)
	p.days(c, "2026-05-20 00:00:00")
	if got, want := soc.reminders("17", "2026-Q2", "soc-alfa"), []string{"04-01 09:00 prepare", "04-05 09:00 remind", "04-08 09:00 remind"}; !slices.Equal(got, want) {
		t.Errorf("the SOC's people were reminded at %v, want %v", got, want)
	}
	if got, want := centre.reminders("17", "2026-Q2", "soc-alfa"), []string{"04-08 09:00 remind"}; !slices.Equal(got, want) {
		t.Errorf("the SOC was reminded at %v, want %v", got, want)
	}
	for _, n := range p.nodes {
		if d := n.duty("17", "2026-Q2", "soc-alfa"); d.State != exchange.DeadlineMet || d.Report == 0 {
			t.Errorf("%s: %+v", n.id, d)
		}
	}
	// Who does not deliver is reminded after the day too, once a week, until the quarter ends.
	if got := centre.reminders("17", "2026-Q2", "soc-beta"); len(got) < 6 || got[0] != "04-08 09:00 remind" || got[1] != "04-11 09:00 follow-up" || got[2] != "04-18 09:00 follow-up" {
		t.Errorf("soc-beta was reminded at %v", got)
	}
	if d := centre.duty("17", "2026-Q2", "soc-beta"); d.State != exchange.DeadlineMissed || d.Report != 0 {
		t.Errorf("%+v", d)
	}
	l, err := soc.store.Letters(t.Context(), queue.LetterFilter{Kind: exchange.LetterReport})
	soc.must(err)
	if len(l) != 1 || l[0].Clause != "17" || l[0].State != exchange.LetterClosed || l[0].Verdict != exchange.VerdictAccepted {
		t.Errorf("the card: %+v", l)
	}
	if events, err := soc.store.EventsOf(t.Context(), "report:contact-1"); err != nil || events[0].Actor != "dana" {
		t.Errorf("%v %v", events, err)
	}
}

func TestClause17TheTenthIsInTime(t *testing.T) {
	for at, want := range map[string]string{
		"2026-04-10 23:59:59": exchange.DeadlineMet, "2026-04-11 00:00:00": exchange.DeadlineMissed,
		"2026-03-20 12:00:00": exchange.DeadlineMet, // early: nothing forbids it
	} {
		t.Run(at, func(t *testing.T) {
			c := newClock()
			p := facing(t, c, nil)
			for _, n := range p.nodes {
				n.born()
			}
			if at > "2026-04" {
				c.set("2026-03-31 20:00:00")
			}
			p.days(c, at)
			p.nodes["soc-alfa"].confirmContact("contact-1", "2026-Q2", nil)
			p.hour()
			if at < "2026-04" {
				c.set("2026-04-11 20:00:00")
			}
			p.days(c, "2026-04-12 12:00:00")
			for _, n := range p.nodes {
				if d := n.duty("17", "2026-Q2", "soc-alfa"); d.State != want || d.Report == 0 {
					t.Errorf("%s: %+v, want %s", n.id, d, want)
				}
			}
		})
	}
}

// A reminder goes to the registered address alone, sealed, in the SOC's language.
func TestClause17ReminderIsSealedInTheLanguageOfTheSOC(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	n.born()
	for day := 1; day <= 11; day++ {
		c.set(fmt.Sprintf("2026-04-%02d 09:00:00", day))
		n.look()
	}
	n.send()
	for soc, want := range map[string][]string{
		"soc-alfa":  {"не позднее 10 апреля 2026 года", "II квартал 2026 года"},
		"soc-beta":  {"2026 жылғы 10 сәуірден кешіктірмей", "2026 жылғы 2-тоқсан"},
		"soc-gamma": {"not later than 10 April 2026", "Q2 2026"},
	} {
		letters, err := n.store.Letters(t.Context(), queue.LetterFilter{To: soc, Kind: exchange.LetterReminder})
		n.must(err)
		if len(letters) != 4 { // clauses 17 and 18, the 8th and the 11th
			t.Fatalf("%d reminders to %s", len(letters), soc)
		}
		text := ""
		for _, l := range letters {
			if l.Address != address(soc) || l.State != exchange.LetterSent {
				t.Errorf("%+v", l)
			}
			whole, err := n.store.Letter(t.Context(), l.ID)
			n.must(err)
			opened, err := crypto.Open(whole.Message, ring(t, soc), crypto.Limits{}, c.now())
			n.must(err)
			text += opened.Protected.Subject + "\n"
			for _, d := range opened.Payload {
				text += string(d.Body)
			}
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q is not in\n%s", soc, w, text)
			}
		}
	}
}

// A gateway that starts again, or a second one, reminds of nothing twice and
// forgets nothing; what was slept over is told once.
func TestClause17ACrashNeitherLosesNorDoublesAReminder(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	n.born()
	count := func() int {
		letters, err := n.store.Letters(t.Context(), queue.LetterFilter{To: "soc-alfa", Kind: exchange.LetterReminder})
		n.must(err)
		return len(letters)
	}
	again := func() *Gateway { return New(n.store, n.relay, n.world, Limits{}, c.now, n.g.log) }
	c.set("2026-04-08 09:00:00")
	for range 2 {
		for _, g := range []*Gateway{n.g, again(), again()} {
			_, err := g.watchDuties(t.Context(), "test")
			n.must(err)
		}
	}
	if count() != 2 {
		t.Fatalf("%d reminders on the 8th, want one for each clause", count())
	}
	c.set("2026-04-30 12:00:00") // the 11th, 18th and 25th passed
	_, err := again().watchDuties(t.Context(), "test")
	n.must(err)
	if count() != 4 {
		t.Fatalf("%d reminders in all, want one more for each clause", count())
	}
	c.set("2026-05-02 09:00:00")
	_, err = again().watchDuties(t.Context(), "test")
	n.must(err)
	if count() != 6 {
		t.Errorf("%d reminders in all", count())
	}
}

// What is not known here is not claimed: a store that began after the day has
// no overdue duty, and neither has a SOC that came into the register since.
func TestClause17WhatWasBeforeUsIsNotClaimed(t *testing.T) {
	c := newClock()
	c.set("2026-04-20 12:00:00")
	n := open(t, "nccis", c, func(w *World) {})
	n.look()
	n.born()
	n.g.duties.next = time.Time{}
	n.look()
	if all, err := n.store.Duties(t.Context(), queue.DutyFilter{}); err != nil || len(all) != 0 {
		t.Errorf("%+v %v", all, err)
	}
	c.set("2026-07-02 12:00:00")
	n.look()
	if all, err := n.store.Duties(t.Context(), queue.DutyFilter{Quarter: "2026-Q3"}); err != nil || len(all) != 3 {
		t.Errorf("%+v %v", all, err)
	}
}

func TestClause17ChangeIsToldImmediately(t *testing.T) {
	for name, test := range map[string]struct {
		changed, sent time.Duration // before now, and after
		want          string
		warned        bool
	}{
		"at once":                           {want: exchange.DeadlineMet, sent: time.Minute},
		"the relay is down":                 {want: exchange.DeadlineMissed, sent: 16 * time.Minute, warned: true},
		"it changed an hour ago":            {changed: time.Hour, want: exchange.DeadlineMissed, sent: time.Minute},
		"it changed five minutes ago":       {changed: 6 * time.Minute, want: exchange.DeadlineMet, sent: 8 * time.Minute},
		"it changed and the rest is yet up": {changed: 6 * time.Minute, want: exchange.DeadlineMissed, sent: 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			n := open(t, "soc-alfa", c)
			n.confirmContact("contact-1", "2026-Q1", nil)
			n.send()
			c.pass(24 * time.Hour)
			s := n.confirmContact("contact-2", "", func(b *exchange.ContactBody) {
				b.Phone, b.ChangeReason, b.ValidFrom = "+77019999999", "moved", c.now().Add(-test.changed)
			})
			for at := time.Duration(0); at <= 20*time.Minute; at += 30 * time.Second {
				n.look()
				if at == test.sent {
					n.send()
				}
				c.pass(30 * time.Second)
			}
			d, err := n.store.Deadlines(t.Context(), s.Position)
			n.must(err)
			if len(d) != 1 || d[0].Clause != "17" || d[0].State != test.want {
				t.Errorf("%+v, want %s", d, test.want)
			}
			if warned := strings.Contains(n.log.String(), "deadline near"); warned != test.warned {
				t.Errorf("warned: %t\n%s", warned, n.log)
			}
		})
	}
}

// A confirmation that changes nothing has its quarter alone; one that does has
// both periods.
func TestClause17AConfirmationThatChangesNothingIsNoChange(t *testing.T) {
	c := newClock()
	n := open(t, "soc-alfa", c)
	n.confirmContact("contact-1", "2026-Q1", nil)
	n.send()
	c.set("2026-04-02 10:00:00")
	same := n.confirmContact("contact-2", "2026-Q2", nil)
	n.send()
	other := n.confirmContact("contact-3", "2026-Q2", func(b *exchange.ContactBody) { b.Deputy = "A. B." })
	if len(same.Due) != 1 || len(other.Due) != 2 {
		t.Errorf("due %v and %v", same.Due, other.Due)
	}
}
