package gateway

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"almasu/exchange"
	"almasu/queue"
	"almasu/receipt"
)

// A new key is pinged again after pingEvery without an answer, for pingFor
// after its approval; then a person has to look.
const (
	pingEvery = 24 * time.Hour
	pingFor   = 7 * 24 * time.Hour
)

// calendarEvery is how often the calendar of keys is looked at.
const calendarEvery = time.Hour

// watchKeys pings new keys, and speaks of those that end soon.
func (g *Gateway) watchKeys(ctx context.Context, _ string) (bool, error) {
	w, now := g.world.Load(), g.clock()
	err := g.pingKeys(ctx, w, now)
	if now.Sub(g.calendar).Abs() >= calendarEvery {
		noticed := g.noticeKeys(ctx, w, now)
		if noticed == nil {
			g.calendar = now
		}
		err = errors.Join(err, noticed)
	}
	return false, err
}

// pingKeys seals a ping to every approved key that is not proven yet (DESIGN
// section 3): letters go to it once its owner has answered.
func (g *Gateway) pingKeys(ctx context.Context, w *World, now time.Time) error {
	var all error
	for _, c := range w.Changes {
		if c.Kind != exchange.ChangeKey || c.Proven() || !w.unproven(c.Participant, c.Fingerprint) {
			continue
		}
		c, err := g.store.Change(ctx, c.ID) // the world may be a second behind
		if err == nil && c.OpenedAt.IsZero() && (c.Ping == "" || now.Sub(c.PingAt) >= pingEvery && now.Sub(c.SettledAt) < pingFor) {
			err = g.ping(ctx, w, c, now)
		}
		all = errors.Join(all, err)
	}
	return all
}

func (w *World) unproven(owner, fingerprint string) bool {
	for _, k := range w.Keys.Keys() {
		if k.Owner == owner && k.Fingerprint == fingerprint {
			return k.Unproven && !k.Revoked
		}
	}
	return false
}

// ping seals a card of kind ping to the key of a change. Its receipt tells the
// digest of what only the key could open, nonce included.
func (g *Gateway) ping(ctx context.Context, w *World, c exchange.Change, now time.Time) error {
	to := w.Register.ByID(c.Participant)
	nonce := make([]byte, 16)
	rand.Read(nonce)
	report := exchange.Report{Kind: exchange.Ping, Ping: &exchange.PingBody{Nonce: hex.EncodeToString(nonce)}}
	doc, err := w.render(to, &report, fmt.Sprintf("ping-%d-%d", c.ID, now.Unix()), now)
	if err != nil {
		return err
	}
	l := draft{kind: exchange.LetterRegister, to: to, auto: "auto-generated", ask: true, key: c.Fingerprint}
	l.say(receipt.For(&report, w.style(to)), &doc)
	letter, err := w.seal(l, now)
	if err != nil {
		return fmt.Errorf("ping the new key of %s: %w", c.Participant, err)
	}
	_, err = g.store.Commit(ctx, exchange.Decision{At: now, Letters: []exchange.Letter{letter},
		Proofs: []exchange.Proof{{Change: c.ID, Ping: letter.MessageID, Before: c.Ping}},
		Events: []exchange.Event{{At: now, Name: "ping", Object: "key:" + c.Fingerprint, Actor: "gateway", Detail: map[string]string{"participant": c.Participant}}}})
	if errors.Is(err, queue.ErrForbidden) {
		return nil // another node was first
	}
	hint(g.outgoing)
	return err
}

// proveOpened notes that the receipt of a ping came back: the new key opened it.
func (g *Gateway) proveOpened(ctx context.Context, d *exchange.Decision, ping string) error {
	c, err := g.store.ChangeByPing(ctx, ping)
	if errors.Is(err, queue.ErrNotFound) {
		return nil
	}
	if err == nil && c.OpenedAt.IsZero() {
		g.log.Info("new key opened the ping", "participant", c.Participant, "fingerprint", c.Fingerprint)
		d.Proofs = append(d.Proofs, exchange.Proof{Change: c.ID, Opened: true})
	}
	return err
}

// proveSigner notes that a message signed with a new key was taken.
func (g *Gateway) proveSigner(d *exchange.Decision, w *World, o *Outcome) {
	p := o.Judgement.Participant
	if p == nil || o.Judgement.Refusal.Code != "" {
		return
	}
	for _, c := range w.Changes {
		if c.Kind == exchange.ChangeKey && c.Participant == p.ID && c.Fingerprint == o.Opened.Security.Signer && c.SignedAt.IsZero() &&
			w.unproven(p.ID, c.Fingerprint) {
			g.log.Info("new key has signed", "participant", p.ID, "fingerprint", c.Fingerprint)
			d.Proofs = append(d.Proofs, exchange.Proof{Change: c.ID, Signed: true})
		}
	}
}

// noticeKeys tells of keys that end soon: the operator by log and journal, the
// participant by a sealed letter. What stands in the journal is not told again,
// so a restart repeats nothing.
func (g *Gateway) noticeKeys(ctx context.Context, w *World, now time.Time) error {
	var lives []exchange.KeyLife
	for _, k := range w.Keys.Keys() {
		lives = append(lives, exchange.KeyLife{Owner: k.Owner, Fingerprint: k.Fingerprint, Created: k.Created, Expires: k.Expires,
			Certificate: k.SMIME, Unusable: k.Revoked || k.Unproven})
	}
	var all error
	for _, n := range exchange.ExpiringKeys(lives, now) {
		told, err := g.told(ctx, n)
		if err == nil && !told {
			err = g.noticeKey(ctx, w, n, now)
		}
		all = errors.Join(all, err)
	}
	return all
}

const keyEnds = "key-ends"

func (g *Gateway) told(ctx context.Context, n exchange.KeyNotice) (bool, error) {
	events, err := g.store.EventsOf(ctx, "key:"+n.Fingerprint)
	for _, e := range events {
		if e.Name == keyEnds && e.Detail["days"] == strconv.Itoa(n.Days) && e.Detail["until"] == n.Expires.UTC().Format(time.RFC3339) {
			return true, err
		}
	}
	return false, err
}

func (g *Gateway) noticeKey(ctx context.Context, w *World, n exchange.KeyNotice, now time.Time) error {
	until := n.Expires.UTC().Format(time.RFC3339)
	d := exchange.Decision{At: now, Events: []exchange.Event{{At: now, Name: keyEnds, Object: "key:" + n.Fingerprint, Actor: "gateway",
		Detail: map[string]string{"owner": n.Owner, "days": strconv.Itoa(n.Days), "until": until}}}}
	if to := w.Register.ByID(n.Owner); to != nil && to.Address() != "" {
		say := func(s receipt.Style) receipt.Wording { return receipt.KeyEnds(n, s) }
		l, err := w.registerLetter(to, say, "13.1", fmt.Sprintf("key-%.16s-%s-%d", n.Fingerprint, n.Expires.UTC().Format("20060102"), n.Days), now)
		if err != nil {
			return err
		}
		d.Letters = append(d.Letters, l)
	}
	d.Alarms = w.called([]exchange.Alarm{g.alarm(exchange.Alarm{Kind: exchange.AlarmKeyEnds, Call: exchange.CallDuty, Due: n.Expires,
		Subject: "key " + n.Fingerprint + " of " + n.Owner, Key: fmt.Sprintf("key-ends:%s:%s:%d", n.Fingerprint, until, n.Days)},
		"key ends soon", "owner", n.Owner, "fingerprint", n.Fingerprint, "until", until, "days", n.Days)})
	if _, err := g.store.Commit(ctx, d); err != nil {
		return err
	}
	hint(g.outgoing)
	return nil
}

// tellBlocked alarms for letters that wait for a key, once a day for each
// addressee and clause: held, neither lost nor sent in clear.
func (g *Gateway) tellBlocked(w *World, letters []exchange.Letter, now time.Time) (alarms []exchange.Alarm) {
	for _, l := range letters {
		if l.State != exchange.LetterBlocked {
			continue
		}
		reason := "no address is registered"
		if err := w.Keys.CanSeal(l.To, now); err != nil {
			reason = err.Error()
		}
		a := aboutLetter(exchange.AlarmLetterBlocked, l, "")
		a.Subject, a.Key = "letters to "+l.To, "letter-blocked:"+l.To+":"+l.Clause+":"+now.UTC().Format("2006-01-02")
		alarms = append(alarms, g.alarm(a, "letter blocked", "to", l.To, "kind", l.Kind, "clause", l.Clause, "reason", reason))
	}
	return alarms
}
