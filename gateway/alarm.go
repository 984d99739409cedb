package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/mailout"
	"almasu/queue"
	"almasu/receipt"
)

// Alarms says who hears of alarms beside log and journal.
type Alarms struct {
	Duty     []string          // addresses of duty officers
	Ways     map[string]Teller // by name: "webhook", "command"
	Attempts int               // of one way, default 8
}

// Teller tells one alarm by one way. It is called again after an error, so it
// may tell the same alarm twice.
type Teller interface {
	Tell(ctx context.Context, a exchange.Alarm) error
}

// mailWay begins the name of the way that is mail to an address.
const mailWay = "mail:"

// The life of a telling.
const (
	tellLease    = time.Minute // longer than any way may take
	tellFirst    = 5 * time.Second
	tellMost     = 5 * time.Minute
	tellAttempts = 8
	dutyLife     = 24 * time.Hour // of a letter to a duty officer: old alarms help nobody
)

// Called is called for who raises one alarm beside the gateway.
func (w *World) Called(alarms ...exchange.Alarm) []exchange.Alarm { return w.called(alarms) }

// called gives alarms the ways by which they are told.
func (w *World) called(alarms []exchange.Alarm) []exchange.Alarm {
	for i := range alarms {
		a := &alarms[i]
		if a.Ways = nil; a.Call == exchange.CallNobody {
			continue
		}
		for _, address := range w.Alarms.Duty {
			a.Ways = append(a.Ways, mailWay+address)
		}
		for _, way := range []string{"webhook", "command"} {
			if w.Alarms.Ways[way] != nil && a.Call == exchange.CallPeople {
				a.Ways = append(a.Ways, way)
			}
		}
	}
	return alarms
}

// alarm is the one road of every alarm: a line of the log, and a row that
// outlives the process and is told once (Decision.Alarms, or raise).
func (g *Gateway) alarm(a exchange.Alarm, event string, more ...any) exchange.Alarm {
	a.At = g.clock()
	more = append(more, "alarm", a.Kind)
	if a.Call == exchange.CallPeople {
		g.log.Error(event, more...)
	} else {
		g.log.Warn(event, more...)
	}
	return a
}

// raise makes alarms durable that go with no other change of the store. Where
// they announce a change, they are raised before it: the change after a crash
// raises the same ones again, and they are known.
func (g *Gateway) raise(ctx context.Context, alarms ...exchange.Alarm) error {
	if len(alarms) == 0 {
		return nil
	}
	_, err := g.store.Raise(ctx, g.world.Load().called(alarms)...)
	return err
}

// tellAlarms tells the next alarm that is due by the next way.
func (g *Gateway) tellAlarms(ctx context.Context, _ string) (bool, error) {
	if due, err := g.store.TellingDue(ctx, g.clock()); err != nil || !due {
		return false, err
	}
	one, err := g.store.NextTelling(ctx, tellLease)
	if err != nil || one == nil {
		return false, err
	}
	w := g.world.Load()
	if address, mail := strings.CutPrefix(one.Way, mailWay); mail {
		err = g.mailAlarm(ctx, w, *one, address)
	} else if teller := w.Alarms.Ways[one.Way]; teller == nil {
		err = g.store.TellLater(ctx, *one, time.Time{}, "the way is not configured any more")
	} else {
		err = g.tellBy(ctx, w, *one, teller)
	}
	if errors.Is(err, queue.ErrLeaseLost) { // it took longer than its lease: another told it
		err = nil
	}
	return true, err
}

func (g *Gateway) tellBy(ctx context.Context, w *World, one exchange.Telling, teller Teller) error {
	err := teller.Tell(ctx, one.Alarm)
	ctx = context.WithoutCancel(ctx)
	if err == nil {
		return g.store.Told(ctx, one)
	}
	most := w.Alarms.Attempts
	if most <= 0 {
		most = tellAttempts
	}
	var next time.Time
	if one.Attempts < most {
		next = g.clock().Add(min(tellFirst<<min(one.Attempts-1, 10), tellMost))
	}
	g.log.Error("alarm not told", "name", one.Alarm.Name(), "way", one.Way, "attempt", one.Attempts, "error", err, "given up", next.IsZero())
	return g.store.TellLater(ctx, one, next, err.Error())
}

// mailAlarm makes the letter to one duty address; letter and telling are one
// transaction. A participant with a usable key is told sealed what the alarm is
// about; anyone else gets a fixed text with our own number and the deadline
// (clause 8: nothing of a report leaves in clear, nor what a sender chose).
func (g *Gateway) mailAlarm(ctx context.Context, w *World, one exchange.Telling, address string) error {
	now := g.clock()
	var l exchange.Letter
	var err error
	if to := w.Register.ByAddress(address); to != nil && to != w.Register.Self() && to.Address() == address && w.Keys.CanSeal(to.ID, now) == nil {
		d := draft{kind: exchange.LetterDuty, to: to, auto: "auto-generated"}
		d.say(receipt.AlarmCall(one.Alarm, true, now, w.style(to)), nil)
		l, err = w.seal(d, now)
	} else {
		l, err = w.plainCall(one.Alarm, address, now)
	}
	if err != nil {
		return err
	}
	l.Expires = now.Add(dutyLife)
	_, err = g.store.Commit(ctx, exchange.Decision{At: now, Letters: []exchange.Letter{l}, Told: []exchange.Telling{one},
		Events: []exchange.Event{{At: now, Name: "duty-called", Object: fmt.Sprintf("alarm:%d", one.Alarm.ID), Actor: "gateway"}}})
	hint(g.outgoing)
	return err
}

// dutyOfficer stands for the addressee of a letter to who is no participant.
const dutyOfficer = "duty"

// plainCall is the only letter that goes out without being sealed.
func (w *World) plainCall(a exchange.Alarm, address string, now time.Time) (exchange.Letter, error) {
	self := w.Register.Self()
	words := receipt.AlarmCall(a, false, now, w.style(&exchange.Participant{}))
	e := mailout.Envelope{From: self.Address(), To: address, MessageID: mailout.NewMessageID(w.domain(), nil), EnvelopeID: mailout.NewEnvelopeID(nil),
		Date: now.In(w.Zone), Subject: words.Subject, AutoSubmitted: "auto-generated", Open: true}
	l := exchange.Letter{Kind: exchange.LetterDuty, State: exchange.LetterWaiting, To: dutyOfficer, Address: address, Sender: self.Address(),
		MessageID: e.MessageID, EnvelopeID: e.EnvelopeID, CreatedAt: now, NextAt: now}
	header, body, _ := bytes.Cut(receipt.Entity(words, nil), []byte("\r\n\r\n"))
	var err error
	if l.Message, err = mailout.Compose(e, append(header, "\r\n"...), body); err != nil {
		return l, fmt.Errorf("call %s: %w", address, err)
	}
	return l, nil
}

// aboutLetter is an alarm about a letter. One about a letter that carries an
// alarm itself calls nobody: it would call for ever.
func aboutLetter(kind exchange.AlarmKind, l exchange.Letter, key string) exchange.Alarm {
	a := exchange.Alarm{Kind: kind, Call: exchange.CallDuty, Clause: l.Clause, Key: fmt.Sprintf("%s:%d:%s", kind, l.ID, key),
		Subject: fmt.Sprintf("letter %d to %s", l.ID, l.To)}
	switch {
	case l.Kind == exchange.LetterDuty:
		a.Call = exchange.CallNobody
	case l.Clause == "9" || strings.HasPrefix(l.Clause, "12."):
		a.Call = exchange.CallPeople
	}
	return a
}
