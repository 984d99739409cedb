package queue

import (
	"context"
	"fmt"
	"time"

	"almasu/exchange"
)

// Raise makes alarms durable, each once for its key, and says how many are new.
func (s *Store) Raise(ctx context.Context, alarms ...exchange.Alarm) (fresh int, err error) {
	err = s.write(ctx, "raise an alarm", func(t *tx) (err error) {
		fresh, err = t.raise(alarms)
		return err
	})
	return fresh, err
}

// raise adds the alarms whose key is not known yet, with the ways they are
// told by. An alarm that is known is not told again.
func (t *tx) raise(alarms []exchange.Alarm) (fresh int, err error) {
	for _, a := range alarms {
		if a.At.IsZero() {
			a.At = t.now
		}
		is, err := t.found(`INSERT INTO alarm (key, kind, call, clause, subject, due_at, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (key) DO NOTHING RETURNING id`,
			[]any{clean(a.Key), string(a.Kind), string(a.Call), a.Clause, clean(a.Subject), micro(a.Due), micro(a.At)}, &a.ID)
		if err != nil {
			return fresh, fmt.Errorf("raise the alarm %s: %w", a.Key, err)
		}
		if !is {
			continue
		}
		fresh++
		for _, way := range a.Ways {
			if _, err := t.exec(`INSERT INTO telling (alarm, way, ready_at) VALUES ($1, $2, $3)`, a.ID, clean(way), micro(t.now)); err != nil {
				return fresh, fmt.Errorf("raise the alarm %s: %w", a.Key, err)
			}
		}
		if err := t.note("alarm", alarmObject(a.ID), "kind", string(a.Kind), "clause", a.Clause, "subject", a.Subject, "call", string(a.Call)); err != nil {
			return fresh, err
		}
	}
	return fresh, nil
}

// alarmAndTell is what a decision does about alarms: it raises some, and its
// letters tell others.
func (t *tx) alarmAndTell(d exchange.Decision) error {
	if _, err := t.raise(d.Alarms); err != nil {
		return err
	}
	for _, one := range d.Told {
		if err := t.told(one); err != nil {
			return fmt.Errorf("telling %d: %w", one.ID, err)
		}
	}
	return nil
}

const tellingColumns = `t.id, t.way, t.attempts, t.ready_at, t.told_at, t.error, a.id, a.key, a.kind, a.call, a.clause, a.subject, a.due_at, a.at`

// NextTelling takes the next way of telling an alarm that is due, nil if none
// is, and keeps it from others for d. Its Attempts is the token for Told and
// TellLater.
func (s *Store) NextTelling(ctx context.Context, d time.Duration) (*exchange.Telling, error) {
	var out []exchange.Telling
	err := s.write(ctx, "take an alarm to be told", func(t *tx) error {
		var id int64
		found, err := t.found(`UPDATE telling SET ready_at = $1, attempts = attempts + 1
			WHERE id = (SELECT id FROM telling WHERE ready_at > 0 AND ready_at <= $2 ORDER BY ready_at, id LIMIT 1) RETURNING id`,
			[]any{micro(t.now.Add(d)), micro(t.now)}, &id)
		if err != nil || !found {
			return err
		}
		out, err = t.tellings(` WHERE t.id = $1`, id)
		return err
	})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return &out[0], nil
}

// TellingDue reports whether an alarm is to be told now; it costs no
// transaction.
func (s *Store) TellingDue(ctx context.Context, now time.Time) (bool, error) {
	var id int64
	found, err := s.look(ctx).found(`SELECT id FROM telling WHERE ready_at > 0 AND ready_at <= $1 LIMIT 1`, []any{micro(now)}, &id)
	return found, wrap("look for alarms to be told", err)
}

// Told ends a telling: the webhook or command took it.
func (s *Store) Told(ctx context.Context, one exchange.Telling) error {
	return s.write(ctx, fmt.Sprintf("telling %d done", one.ID), func(t *tx) error { return t.told(one) })
}

func (t *tx) told(one exchange.Telling) error {
	err := t.must(ErrLeaseLost, `UPDATE telling SET ready_at = 0, told_at = $1, error = '' WHERE id = $2 AND attempts = $3 AND ready_at > 0`,
		micro(t.now), one.ID, one.Attempts)
	if err != nil {
		return err
	}
	return t.note("alarm-told", alarmObject(one.Alarm.ID), "way", one.Way)
}

// TellLater notes a failed attempt; next is when the next one is due, zero to
// give up.
func (s *Store) TellLater(ctx context.Context, one exchange.Telling, next time.Time, reason string) error {
	return s.write(ctx, fmt.Sprintf("telling %d later", one.ID), func(t *tx) error {
		err := t.must(ErrLeaseLost, `UPDATE telling SET ready_at = $1, error = $2 WHERE id = $3 AND attempts = $4 AND ready_at > 0`,
			micro(next), clean(reason), one.ID, one.Attempts)
		if err != nil || !next.IsZero() {
			return err
		}
		return t.note("alarm-not-told", alarmObject(one.Alarm.ID), "way", one.Way, "reason", reason)
	})
}

// AlarmFilter chooses alarms; a zero field chooses all.
type AlarmFilter struct {
	ID    int64
	Since time.Time
	Limit int // 0 for all
}

// Alarms lists alarms, newest first.
func (s *Store) Alarms(ctx context.Context, f AlarmFilter) ([]exchange.Alarm, error) {
	var w where
	if f.ID != 0 {
		w.add("id =", f.ID)
	}
	if !f.Since.IsZero() {
		w.add("at >=", micro(f.Since))
	}
	var out []exchange.Alarm
	err := s.look(ctx).each(`SELECT id, key, kind, call, clause, subject, due_at, at FROM alarm`+w.query("id", true, f.Limit), w.args,
		func(scan func(...any) error) error {
			var a exchange.Alarm
			var due, at int64
			err := scan(&a.ID, &a.Key, &a.Kind, &a.Call, &a.Clause, &a.Subject, &due, &at)
			a.Due, a.At = fromMicro(due), fromMicro(at)
			out = append(out, a)
			return err
		})
	return out, wrap("list alarms", err)
}

// Tellings lists the ways by which an alarm is told.
func (s *Store) Tellings(ctx context.Context, alarm int64) ([]exchange.Telling, error) {
	list, err := s.look(ctx).tellings(` WHERE a.id = $1 ORDER BY t.id`, alarm)
	return list, wrap(fmt.Sprintf("how alarm %d is told", alarm), err)
}

func (v view) tellings(query string, args ...any) ([]exchange.Telling, error) {
	var out []exchange.Telling
	err := v.each(`SELECT `+tellingColumns+` FROM telling t JOIN alarm a ON a.id = t.alarm`+query, args, func(scan func(...any) error) error {
		var o exchange.Telling
		var ready, told, due, at int64
		err := scan(&o.ID, &o.Way, &o.Attempts, &ready, &told, &o.Error, &o.Alarm.ID, &o.Alarm.Key, &o.Alarm.Kind, &o.Alarm.Call, &o.Alarm.Clause,
			&o.Alarm.Subject, &due, &at)
		o.NextAt, o.ToldAt, o.GaveUp = fromMicro(ready), fromMicro(told), ready == 0 && told == 0
		o.Alarm.Due, o.Alarm.At = fromMicro(due), fromMicro(at)
		out = append(out, o)
		return err
	})
	return out, err
}

func alarmRules() []rule {
	return []rule{
		{"a telling is of an alarm", `SELECT 'telling ' || t.id FROM telling t WHERE NOT EXISTS (SELECT 1 FROM alarm a WHERE a.id = t.alarm)`},
		{"an alarm that was told is not told again", `SELECT 'telling ' || id FROM telling WHERE told_at <> 0 AND ready_at <> 0`},
		{"every alarm is in the journal", `SELECT 'alarm ' || a.id FROM alarm a
			WHERE NOT EXISTS (SELECT 1 FROM journal j WHERE j.object = 'alarm:' || a.id AND j.name = 'alarm')`},
	}
}

func alarmObject(id int64) string { return fmt.Sprintf("alarm:%d", id) }
