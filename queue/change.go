package queue

import (
	"context"
	"fmt"

	"almasu/exchange"
)

const changeColumns = `id, participant, kind, old, new, fingerprint, valid_from, arrival, number, report, state, actor, proposed_at,
	settled_at, ping, ping_at, opened_at, signed_at`

// addChanges keeps the changes a decision proposes. One that is open already
// with the same content is only noted.
func (t *tx) addChanges(d exchange.Decision) error {
	for _, c := range d.Changes {
		if c.Arrival == 0 {
			c.Arrival = d.Arrival
		}
		open, err := t.changes(`WHERE participant = $1 AND kind = $2 AND state = 'proposed' ORDER BY id`, c.Participant, string(c.Kind))
		if err != nil {
			return fmt.Errorf("look for open changes: %w", err)
		}
		known := int64(0)
		for _, o := range open {
			if o.New == clean(c.New) {
				known = o.ID
			}
		}
		if known != 0 {
			err = t.note("change-asked-again", changeObject(known), "number", c.Number)
		} else {
			err = t.addChange(c)
		}
		if err != nil {
			return fmt.Errorf("propose a change of the register: %w", err)
		}
	}
	return nil
}

func (t *tx) addChange(c exchange.Change) error {
	err := t.one(`INSERT INTO change (participant, kind, old, new, fingerprint, valid_from, arrival, number, report, state, proposed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'proposed', $10) RETURNING id`,
		[]any{c.Participant, string(c.Kind), clean(c.Old), clean(c.New), clean(c.Fingerprint), micro(c.ValidFrom), c.Arrival, c.Number,
			clean(c.Report), micro(t.now)}, &c.ID)
	if err != nil {
		return err
	}
	return t.note("change-proposed", changeObject(c.ID), "participant", c.Participant, "kind", string(c.Kind),
		"fingerprint", c.Fingerprint, "number", c.Number, "arrival", orBlank(c.Arrival))
}

// proveChanges writes down how far the proof of new keys has come. What is
// proven stays so; a ping counts from now, and of two nodes that ping one wins.
func (t *tx) proveChanges(d exchange.Decision) error {
	for _, p := range d.Proofs {
		at := micro(d.At)
		err := t.must(ErrForbidden, `UPDATE change SET
				ping = CASE WHEN $1 <> '' THEN $1 ELSE ping END, ping_at = CASE WHEN $1 <> '' THEN $2 ELSE ping_at END,
				opened_at = CASE WHEN $3 = 1 AND opened_at = 0 THEN $2 ELSE opened_at END,
				signed_at = CASE WHEN $4 = 1 AND signed_at = 0 THEN $2 ELSE signed_at END
			WHERE id = $5 AND state = 'approved' AND kind = 'key' AND ($1 = '' OR ping = $6)`,
			p.Ping, at, asInt(p.Opened), asInt(p.Signed), p.Change, p.Before)
		if err != nil {
			return fmt.Errorf("prove the key of change %d: %w", p.Change, err)
		}
		for _, step := range []struct {
			name string
			is   bool
		}{{"key-pinged", p.Ping != ""}, {"key-opened", p.Opened}, {"key-signed", p.Signed}} {
			if !step.is {
				continue
			}
			if err := t.note(step.name, changeObject(p.Change), "ping", p.Ping, "arrival", orBlank(d.Arrival)); err != nil {
				return err
			}
		}
	}
	return nil
}

// SettleChange carries out what a person decided on a proposed change: to is
// approved or declined. proven says that its key was in use before, so that it
// needs no ping.
func (s *Store) SettleChange(ctx context.Context, id int64, to exchange.ChangeState, actor string, proven bool) error {
	op := fmt.Sprintf("settle change %d as %s", id, to)
	if to != exchange.ChangeApproved && to != exchange.ChangeDeclined {
		return fmt.Errorf("%s: use approved or declined: %w", op, ErrForbidden)
	}
	return s.write(ctx, op, func(t *tx) error {
		at, proof := micro(t.now), int64(0)
		if proven && to == exchange.ChangeApproved {
			proof = at
		}
		err := t.must(ErrForbidden, `UPDATE change SET state = $1, actor = $2, settled_at = $3, opened_at = $4, signed_at = $4
			WHERE id = $5 AND state = 'proposed'`, string(to), clean(actor), at, proof, id)
		if err != nil {
			return err
		}
		t.wakes = true
		return t.noteBy(actor, "change-"+string(to), changeObject(id))
	})
}

// ChangeFilter chooses changes; a zero field chooses all.
type ChangeFilter struct {
	State       exchange.ChangeState
	Participant string
	Number      string // of the card that asked
}

// Changes lists changes of the register, in the order in which they were
// settled, then asked for.
func (s *Store) Changes(ctx context.Context, f ChangeFilter) ([]exchange.Change, error) {
	var w where
	w.text("state", string(f.State))
	w.text("participant", f.Participant)
	w.text("number", f.Number)
	list, err := s.look(ctx).changes(w.query("settled_at, id", false, 0), w.args...)
	return list, wrap("list changes of the register", err)
}

// Change finds a change by its id.
func (s *Store) Change(ctx context.Context, id int64) (exchange.Change, error) {
	return s.oneChange(ctx, fmt.Sprintf("change %d", id), `WHERE id = $1`, id)
}

// ChangeByPing finds the change of a key that a ping was sealed to, by the
// ping's Message-ID.
func (s *Store) ChangeByPing(ctx context.Context, messageID string) (exchange.Change, error) {
	return s.oneChange(ctx, "change of the ping "+messageID, `WHERE ping = $1 AND ping <> ''`, clean(messageID))
}

func (s *Store) oneChange(ctx context.Context, op, where string, arg any) (exchange.Change, error) {
	list, err := s.look(ctx).changes(where, arg)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return exchange.Change{}, fmt.Errorf("%s: %w", op, err)
	}
	return list[0], nil
}

// ChangesRevision counts what came into force: approved changes, and the steps
// in which their keys were proven. As long as it stays the same, so does the
// register.
func (s *Store) ChangesRevision(ctx context.Context) (int64, error) {
	var n int64
	err := s.look(ctx).one(`SELECT CAST(COALESCE(SUM(1 + CASE WHEN opened_at <> 0 THEN 1 ELSE 0 END + CASE WHEN signed_at <> 0 THEN 1 ELSE 0 END), 0) AS BIGINT)
		FROM change WHERE state = 'approved'`, nil, &n)
	return n, wrap("count changes of the register", err)
}

func (v view) changes(query string, args ...any) ([]exchange.Change, error) {
	var out []exchange.Change
	err := v.each(`SELECT `+changeColumns+` FROM change `+query, args, func(scan func(...any) error) error {
		var c exchange.Change
		var from, proposed, settled, ping, opened, signed int64
		err := scan(&c.ID, &c.Participant, &c.Kind, &c.Old, &c.New, &c.Fingerprint, &from, &c.Arrival, &c.Number, &c.Report, &c.State,
			&c.Actor, &proposed, &settled, &c.Ping, &ping, &opened, &signed)
		c.ValidFrom, c.ProposedAt, c.SettledAt = fromMicro(from), fromMicro(proposed), fromMicro(settled)
		c.PingAt, c.OpenedAt, c.SignedAt = fromMicro(ping), fromMicro(opened), fromMicro(signed)
		out = append(out, c)
		return err
	})
	return out, err
}

func changeRules() []rule {
	return []rule{
		{"a change of the register is proposed, or a person settled it", `SELECT 'change ' || id FROM change
			WHERE state NOT IN ('proposed', 'approved', 'declined') OR (state = 'proposed') <> (settled_at = 0) OR (state = 'proposed') <> (actor = '')
			OR (state <> 'approved' AND (ping <> '' OR opened_at <> 0 OR signed_at <> 0))`},
		{"a change was asked for by an accepted arrival", `SELECT 'change ' || c.id FROM change c
			WHERE NOT EXISTS (SELECT 1 FROM arrival a WHERE a.id = c.arrival AND a.state = 'accepted')`},
		{"what became of a change is in the journal", `SELECT 'change ' || c.id FROM change c
			WHERE NOT EXISTS (SELECT 1 FROM journal j WHERE j.object = 'change:' || c.id AND j.name = 'change-proposed')
			OR (c.state <> 'proposed' AND NOT EXISTS (SELECT 1 FROM journal j WHERE j.object = 'change:' || c.id AND j.name = 'change-' || c.state))`},
	}
}

func changeObject(id int64) string { return fmt.Sprintf("change:%d", id) }
