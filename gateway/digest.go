package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/parser"
	"almasu/queue"
	"almasu/receipt"
	"almasu/rules"
)

// A digest is one sealed letter with one card of kind notice that holds several
// (Items). What is gathered for it stands in the store as letters of state
// gathered, sealed to ourselves; the digest replaces them in one transaction,
// so a crash neither loses nor doubles a notice.

// mostItems bounds one digest; more become another one.
const mostItems = 50

// gathersAt is when a notice leaves with the next digest; zero: at once. What
// the rule calls urgent is never gathered, nor anything under clause 9.
func (w *World) gathersAt(n rules.Notice, now time.Time) time.Time {
	if n.Rule == nil || n.Rule.Urgent || n.Clause == "9" {
		return time.Time{}
	}
	return n.To.Digest.Next(now, w.Zone)
}

// sendDigests makes the digests whose time has come.
func (g *Gateway) sendDigests(ctx context.Context, _ string) (bool, error) {
	gathered, err := g.store.Letters(ctx, queue.LetterFilter{State: exchange.LetterGathered})
	if err != nil || len(gathered) == 0 {
		return false, err
	}
	now := g.clock()
	byAddressee := map[string][]exchange.Letter{}
	due := map[string]bool{}
	for _, l := range gathered {
		byAddressee[l.To] = append(byAddressee[l.To], l)
		due[l.To] = due[l.To] || !now.Before(l.NextAt)
	}
	for to, letters := range byAddressee {
		if due[to] {
			for len(letters) > 0 {
				part := letters[:min(len(letters), mostItems)]
				err, letters = errors.Join(err, g.digest(ctx, to, part, now)), letters[len(part):]
			}
		}
	}
	return false, err
}

// digest seals one digest of letters that were gathered for a participant.
func (g *Gateway) digest(ctx context.Context, id string, letters []exchange.Letter, now time.Time) error {
	w := g.world.Load()
	to := w.Register.ByID(id)
	if to == nil {
		return fmt.Errorf("digest for %s: it is no longer in the register: put it back, or settle its letters by hand", id)
	}
	d := exchange.Decision{At: now}
	body := exchange.NoticeBody{Purpose: receipt.Purpose(to.Language), Number: clipID(fmt.Sprintf("digest-%s-%d", id, now.UnixMicro()))}
	var label exchange.TLP
	var numbers []string
	for _, l := range letters {
		r, err := g.gathered(ctx, w, l, now)
		if err != nil {
			return err
		}
		n := r.Notice
		body.Items = append(body.Items, exchange.NoticeItem{Report: r.ID, TLP: r.TLP, Clause: n.Clause, Edition: n.Edition, Number: n.Number, Class: n.Class,
			Severity: n.Severity, DetectedAt: n.DetectedAt, ConfirmedAt: n.ConfirmedAt, Incident: n.Incident, Part: n.Part})
		label = exchange.Stricter(label, r.TLP)
		numbers = append(numbers, n.Number)
		d.Replaces = append(d.Replaces, exchange.Replace{Letter: l.ID})
	}
	body.Clause, body.Edition = body.Items[0].Clause, body.Items[0].Edition
	report := exchange.Report{Kind: exchange.Notice, TLP: label, Notice: &body}
	doc, err := w.render(to, &report, body.Number, now)
	if err != nil {
		return err
	}
	l := draft{kind: exchange.LetterNotice, to: to, auto: "auto-generated", ask: true, clause: body.Clause}
	l.say(receipt.For(&report, w.style(to)), &doc)
	sealed, err := w.seal(l, now)
	if err != nil {
		return err
	}
	d.Letters = []exchange.Letter{sealed}
	d.Events = []exchange.Event{{At: now, Name: "digest", Object: "digest:" + body.Number, Actor: "gateway",
		Detail: map[string]string{"to": id, "numbers": strings.Join(numbers, " "), "message_id": sealed.MessageID}}}
	d.Alarms = w.called(g.tellBlocked(w, d.Letters, now))
	if _, err = g.store.Commit(ctx, d); errors.Is(err, queue.ErrLeaseLost) {
		return nil // another node was first
	}
	hint(g.outgoing)
	return err
}

// gathered opens a notice that waits for its digest: it is sealed to ourselves.
func (g *Gateway) gathered(ctx context.Context, w *World, l exchange.Letter, now time.Time) (*exchange.Report, error) {
	whole, err := g.store.Letter(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	opened, err := crypto.Open(whole.Message, w.Keys, w.Crypto, now)
	if err != nil {
		return nil, err
	}
	parsed := parser.Parse(opened.Payload, w.Parser, now)
	if len(parsed.Reports) != 1 || parsed.Reports[0].Notice == nil {
		return nil, fmt.Errorf("letter %d: cannot be opened with our own keys for its digest: keep the old key among our keys", l.ID)
	}
	return parsed.Reports[0], nil
}
