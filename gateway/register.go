package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/queue"
	"almasu/receipt"
	"almasu/rules"
)

// Base is what the files say: the settings, the participants and the keys. With
// makes a world of it and of the approved changes.
type Base struct {
	Settings     World // all but Register, Keys, Rules, Changes and Unapplied
	Self         *exchange.Participant
	Participants []*exchange.Participant
	Keys         crypto.KeySet
	Rules        *rules.Set // nil: the built-in reading of the order
}

// With is the world as the files and the approved changes of the register make
// it (DESIGN section 3). The files win: what does not fit to them is left out
// and listed, and a key listed under revoked stays revoked.
func (b Base) With(changes []exchange.Change) (World, error) {
	w := b.Settings
	w.Changes = slices.DeleteFunc(slices.Clone(changes), func(c exchange.Change) bool { return c.State != exchange.ChangeApproved })
	var participants []*exchange.Participant
	participants, w.Unapplied = exchange.ApplyChanges(b.Self, b.Participants, w.Changes)
	var err error
	if w.Register, err = exchange.NewRegister(b.Self, participants); err != nil {
		return w, fmt.Errorf("participants register: %w", err)
	}
	set := b.Keys
	set.OpenPGP = slices.Clone(set.OpenPGP)
	for _, c := range w.Changes {
		if c.Kind == exchange.ChangeKey && w.Register.ByID(c.Participant) != nil {
			set.OpenPGP = append(set.OpenPGP, crypto.KeyFile{Owner: c.Participant, File: fmt.Sprintf("change %d", c.ID), Data: []byte(c.New),
				Unproven: !c.Proven(), Spare: true})
		}
	}
	register := w.Register
	set.OwnerOf = func(address string) string {
		if p := register.ByAddress(address); p != nil {
			return p.ID
		}
		return ""
	}
	if w.Keys, err = crypto.NewKeyring(set); err != nil {
		return w, err
	}
	w.keysLeftOut()
	if b.Rules != nil {
		if w.Rules, err = rules.NewEngine(b.Rules, w.Register); err != nil {
			return w, fmt.Errorf("rules: %w", err)
		}
	}
	return w, nil
}

// keysLeftOut lists the keys of changes that the ring does without.
func (w *World) keysLeftOut() {
	keys := w.Keys.Keys()
	for _, c := range w.Changes {
		if c.Kind != exchange.ChangeKey {
			continue
		}
		switch i := slices.IndexFunc(keys, func(k crypto.KeyInfo) bool { return k.Owner == c.Participant && k.Fingerprint == c.Fingerprint }); {
		case i < 0:
			var reasons []string
			for _, err := range w.Keys.LeftOut() {
				reasons = append(reasons, err.Error())
			}
			w.Unapplied = append(w.Unapplied, exchange.Unapplied{Change: c, Reason: "its key does not fit to the files: " + strings.Join(reasons, "; ")})
		case keys[i].Revoked:
			w.Unapplied = append(w.Unapplied, exchange.Unapplied{Change: c, Reason: "its key is revoked"})
		}
	}
}

// followed is the base a running gateway makes its worlds of, and the revision
// of the changes that the last one was made with.
type followed struct {
	sync.Mutex
	base     *Base
	revision int64
}

// Follow puts the world of the base and the approved changes in place, and
// from then on lets the running gateway put a new one in place whenever a
// change is approved or a key is proven. On an error all stays as it was.
func (g *Gateway) Follow(ctx context.Context, b Base) error {
	g.register.Lock()
	defer g.register.Unlock()
	before, revision := g.register.base, g.register.revision
	g.register.base, g.register.revision = &b, -1
	err := g.renewWorld(ctx)
	if err != nil {
		g.register.base, g.register.revision = before, revision
	}
	return err
}

// followRegister is the scan for it: another process approves.
func (g *Gateway) followRegister(ctx context.Context, _ string) (bool, error) {
	g.register.Lock()
	defer g.register.Unlock()
	if g.register.base == nil {
		return false, nil
	}
	return false, g.renewWorld(ctx)
}

// renewWorld makes the world anew if the changes are not those it was made
// with.
func (g *Gateway) renewWorld(ctx context.Context) error {
	revision, err := g.store.ChangesRevision(ctx)
	if err != nil || revision == g.register.revision {
		return err
	}
	changes, err := g.store.Changes(ctx, queue.ChangeFilter{State: exchange.ChangeApproved})
	if err != nil {
		return err
	}
	w, err := g.register.base.With(changes)
	if err != nil {
		return err
	}
	for _, u := range w.Unapplied {
		g.log.Warn("approved change without effect", "change", u.Change.ID, "participant", u.Change.Participant, "reason", u.Reason)
	}
	g.Reload(w)
	g.register.revision = revision
	return nil
}

// propose adds to a decision the changes of the register that accepted contact
// cards ask for, and the letter that announces them to the address of before.
// Nothing of it is in force until a person approves it.
func (g *Gateway) propose(w *World, d *exchange.Decision, a exchange.Arrival, o *Outcome, number string) error {
	if o.State != exchange.ArrivalAccepted || o.Opened.Security.Outer {
		return nil
	}
	p := o.Judgement.Participant
	for _, r := range o.Parsed.Reports {
		if r.Kind != exchange.Contact || r.Contact == nil {
			continue
		}
		changes, wrong := w.asked(r.Contact, p, d.At)
		for _, reason := range wrong {
			d.Alarms = append(d.Alarms, g.alarm(exchange.Alarm{Kind: exchange.AlarmKeyNotUsable, Call: exchange.CallDuty, Clause: "17",
				Key: "key-not-usable:" + number, Subject: number + " of " + p.ID},
				"key in a contact card is not usable", "participant", p.ID, "number", number, "reason", reason))
			g.note(d, "key-not-usable", map[string]string{"participant": p.ID, "number": number, "reason": reason})
		}
		for i := range changes {
			changes[i].Participant, changes[i].Arrival, changes[i].Number, changes[i].Report = p.ID, a.ID, number, r.ID
			d.Alarms = append(d.Alarms, g.alarm(exchange.Alarm{Kind: exchange.AlarmChangeAsked, Call: exchange.CallDuty, Clause: "17",
				Key: "change-asked:" + number, Subject: number + " of " + p.ID},
				"change of the register asked for", "participant", p.ID, "kind", changes[i].Kind, "number", number,
				"fingerprint", changes[i].Fingerprint, "hint", "compare by telephone, then: almasu participants keys approve "+number))
		}
		if len(changes) == 0 {
			continue
		}
		d.Changes = append(d.Changes, changes...)
		style := func(s receipt.Style) receipt.Wording { return receipt.ChangesAsked(number, a.ReceivedAt, changes, s) }
		l, err := w.registerLetter(p, style, "17", number+"-register", d.At)
		if err != nil {
			return err
		}
		l.Arrival = a.ID
		d.Letters = append(d.Letters, l)
	}
	return nil
}

// registerLetter is a letter about the participant's own entry in the register:
// the words in all languages, and a card of kind request in its own.
func (w *World) registerLetter(to *exchange.Participant, say func(receipt.Style) receipt.Wording, clause, id string, now time.Time) (exchange.Letter, error) {
	style := w.style(to)
	own := style
	own.Languages = style.Languages[:1]
	words := say(own)
	doc, err := w.render(to, &exchange.Report{Kind: exchange.Request,
		Request: &exchange.RequestBody{Clause: clause, Subject: words.Subject, Text: words.Text}}, id, now)
	if err != nil {
		return exchange.Letter{}, err
	}
	l := draft{kind: exchange.LetterRegister, to: to, auto: "auto-generated", ask: true}
	l.say(say(style), &doc)
	return w.seal(l, now)
}

// asked compares a contact card with the register: what it would change, and
// why a key in it cannot be taken.
func (w *World) asked(c *exchange.ContactBody, p *exchange.Participant, now time.Time) (changes []exchange.Change, wrong []string) {
	add := func(kind exchange.ChangeKind, old, new, fingerprint string) {
		changes = append(changes, exchange.Change{Kind: kind, Old: old, New: new, Fingerprint: fingerprint, ValidFrom: c.ValidFrom})
	}
	if c.OpenPGP != "" {
		fingerprint, known, err := w.newKey(c.OpenPGP, p.ID)
		if err != nil {
			wrong = append(wrong, err.Error())
		} else if !known {
			add(exchange.ChangeKey, strings.Join(w.keysInUse(p.ID, now), " "), c.OpenPGP, fingerprint)
		}
	}
	if c.Email != "" && !p.HasAddress(c.Email) {
		add(exchange.ChangeAddress, p.Address(), c.Email, "")
	}
	if c.Phone != "" && c.Phone != p.Phone {
		add(exchange.ChangePhone, p.Phone, c.Phone, "")
	}
	if name := c.Organisation.Name.Over(p.Name); name.Line() != p.Name.Line() {
		add(exchange.ChangeContact, p.Name.Line(), name.Line(), "")
	}
	return changes, wrong
}

// newKey reads the key of a card. known: the participant has it already, valid
// as long.
func (w *World) newKey(armored, participant string) (fingerprint string, known bool, err error) {
	key, err := crypto.ReadPublic([]byte(armored))
	if err != nil {
		return "", false, err
	}
	for _, k := range w.Keys.Keys() {
		switch {
		case k.Fingerprint != key.Fingerprint:
		case k.Owner != participant:
			return "", false, fmt.Errorf("key %s is that of another participant", key.Fingerprint)
		case k.Revoked:
			return "", false, fmt.Errorf("key %s is revoked", key.Fingerprint)
		case k.Expires.Equal(key.Expires) && !key.Revoked:
			known = true
		}
	}
	return key.Fingerprint, known, nil
}

// keysInUse are the fingerprints of the participant's keys that are good now.
func (w *World) keysInUse(participant string, now time.Time) []string {
	var out []string
	for _, k := range w.Keys.Keys() {
		if k.Owner == participant && !k.Revoked && (k.Expires.IsZero() || now.Before(k.Expires)) {
			out = append(out, k.Fingerprint)
		}
	}
	return out
}
