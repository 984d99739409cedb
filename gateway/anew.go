package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/internal/mimepart"
	"almasu/queue"
)

// sealAnew replaces a letter whose signature is growing stale, or that was
// blocked for want of a key, by a new letter with the same content (DESIGN
// section 6, stale). We can open our own letters: each is sealed to ourselves
// as well.
func (g *Gateway) sealAnew(ctx context.Context, w *World, l exchange.Letter, lease string, now time.Time) error {
	to := w.Register.ByID(l.To)
	if to == nil {
		return fmt.Errorf("letter %d: its addressee %s is no longer in the register: put it back, or settle the letter by hand", l.ID, l.To)
	}
	opened, err := crypto.Open(l.Message, w.Keys, w.Crypto, now)
	if err != nil {
		return err
	}
	inner := opened.ProtectedPart
	if inner == nil {
		return fmt.Errorf("letter %d: cannot be opened with our own keys, so it cannot be sealed anew: keep the old key among keys.openpgp", l.ID)
	}
	d := draft{kind: l.Kind, to: to, entity: content(inner), subject: opened.Protected.Subject, inReplyTo: inner.Get("In-Reply-To"),
		auto: strings.TrimSpace(inner.Get("Auto-Submitted")), ask: l.WantsReceipt, nullSender: l.Sender == "", clause: l.Clause}
	anew, err := w.seal(d, now)
	if err != nil {
		return err
	}
	anew.Arrival, anew.Report = l.Arrival, l.Report
	if l.State == exchange.LetterWaiting { // the life of a blocked one begins with the key
		anew.Expires = l.Expires
	}
	_, err = g.store.Commit(ctx, exchange.Decision{At: now, Letters: []exchange.Letter{anew},
		Replaces: []exchange.Replace{{Letter: l.ID, Lease: lease}}})
	return err
}

// unblock seals the blocked letters anew whose addressee has a usable key by
// now. What fails for one letter keeps none of the others waiting.
func (g *Gateway) unblock(ctx context.Context, _ string) (bool, error) {
	blocked, err := g.store.Letters(ctx, queue.LetterFilter{State: exchange.LetterBlocked})
	w, now := g.world.Load(), g.clock()
	for _, l := range blocked {
		if p := w.Register.ByID(l.To); p == nil || p.Address() == "" || w.Keys.CanSeal(l.To, now) != nil {
			continue
		}
		whole, readErr := g.store.Letter(ctx, l.ID)
		if readErr == nil {
			readErr = g.sealAnew(ctx, w, whole, "", now)
		}
		err = errors.Join(err, readErr)
		hint(g.outgoing)
	}
	return false, err
}

// content is an entity without the header fields that a letter's envelope
// brings: what is left are its Content fields, without the mark of header
// protection, and its body.
func content(p *mimepart.Part) []byte {
	var b bytes.Buffer
	for _, f := range p.Fields {
		if !strings.HasPrefix(strings.ToLower(f.Name), "content-") {
			continue
		}
		value := strings.TrimSpace(f.Value)
		if strings.EqualFold(f.Name, "Content-Type") {
			value = withoutProtection(value)
		}
		fmt.Fprintf(&b, "%s: %s\r\n", f.Name, value)
	}
	b.WriteString("\r\n")
	b.Write(p.Body)
	return b.Bytes()
}

// withoutProtection drops the parameter hp of RFC 9788.
func withoutProtection(contentType string) string {
	var kept []string
	for param := range strings.SplitSeq(contentType, ";") {
		if name, _, _ := strings.Cut(strings.TrimSpace(param), "="); !strings.EqualFold(name, "hp") {
			kept = append(kept, strings.TrimSpace(param))
		}
	}
	return strings.Join(kept, ";\r\n ")
}
