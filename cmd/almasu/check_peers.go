package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"almasu/config"
	"almasu/mailin"
	"almasu/mailout"
)

// probeTime bounds the talk with one server.
const probeTime = 20 * time.Second

// mailboxes logs in to each mailbox and looks at its folders, changing nothing.
func (k *checker) mailboxes(ctx context.Context, c *config.Config) {
	if len(c.Mailboxes) == 0 && c.Listen.SMTP == "" && c.Listen.LMTP == "" {
		k.fail("mailboxes", "mailbox-none")
	}
	for _, m := range c.Mailboxes {
		name := "mailbox " + m.Name
		if k.emptyPassword(name, m.PasswordFile) {
			continue
		}
		box, err := newMailbox(m, c.Limits, slog.New(slog.DiscardHandler))
		if err != nil {
			k.fail(name, "mailbox-failed", err.Error())
			continue
		}
		k.mailbox(ctx, name, box)
	}
}

func (k *checker) mailbox(ctx context.Context, name string, box *mailin.Mailbox) {
	ctx, stop := context.WithTimeout(ctx, probeTime)
	defer stop()
	probe := box.Probe(ctx)
	for _, s := range probe.Steps {
		if s.Err == nil {
			k.ok(name, "mailbox-step", string(s.Step), s.Detail)
			continue
		}
		key := "mailbox-" + string(s.Err.Step) + "-remedy"
		remedy := k.text("check." + key)
		if remedy == "check."+key {
			remedy = k.text("check.mailbox-failed-remedy")
		}
		if s.Err.Hint != "" {
			remedy += " (" + s.Err.Hint + ")"
		}
		k.add(checkLine{levelFail, name, fmt.Sprintf("%s: %v", s.Err.Step, s.Err.Err), remedy})
	}
	if probe.Failed() == nil && !probe.Idle {
		k.warn(name, "mailbox-no-idle")
	}
}

// emptyPassword reports a password file that nobody has filled in yet. One
// that cannot be read is reported by whoever needs it.
func (k *checker) emptyPassword(name, ref string) bool {
	password, err := config.Secret(ref)
	if ref == "" || err != nil || len(bytes.TrimSpace(password)) > 0 {
		return false
	}
	k.fail(name, "mailbox-password-empty", ref)
	return true
}

// relays greets each relay and logs in; no mail is sent.
func (k *checker) relays(ctx context.Context, c *config.Config) {
	if len(c.Relays) == 0 {
		k.fail("relays", "relay-none")
	}
	for _, r := range c.Relays {
		name := "relay " + r.Address
		if k.emptyPassword(name, r.PasswordFile) {
			continue
		}
		relay, err := newRelay(r, c.Identity.Address)
		if err != nil {
			k.fail(name, "relay-failed", err.Error())
			continue
		}
		k.relay(ctx, name, relay, c.Limits.Message)
	}
}

func (k *checker) relay(ctx context.Context, name string, relay mailout.Relay, message int64) {
	ctx, stop := context.WithTimeout(ctx, probeTime)
	defer stop()
	found, err := mailout.Probe(ctx, relay)
	if err != nil {
		k.fail(name, "relay-failed", err.Error())
		return
	}
	protection := found.TLS
	if protection == "" {
		protection = k.text("check.relay-in-clear")
	}
	k.ok(name, "relay-ok", protection, strings.Join(found.Extensions, " "))
	if found.MaxSize > 0 && found.MaxSize < message {
		k.warn(name, "relay-small", fmt.Sprint(found.MaxSize), fmt.Sprint(message))
	}
}

// listeners looks at the certificate the listeners show.
func (k *checker) listeners(c *config.Config, now time.Time) {
	var where []string
	for _, address := range []string{c.Listen.SMTP, c.Listen.LMTP, c.Listen.Relay} {
		if address != "" {
			where = append(where, address)
		}
	}
	if len(where) == 0 {
		return
	}
	k.relayUsers(c)
	if c.Listen.TLSCert == "" {
		k.ok("listen", "listen-ok", strings.Join(where, ", "))
		return
	}
	if k.certificate("listen", c.Listen.TLSCert, c.Listen.TLSKey, now) {
		k.ok("listen", "listen-ok", strings.Join(where, ", "))
	}
}

// certificate looks at the certificate of a listener; good: it is in force and
// stays so for a while.
func (k *checker) certificate(name, certificate, key string, now time.Time) (good bool) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		k.fail(name, "listen-certificate-broken", err.Error())
		return false
	}
	switch end := pair.Leaf.NotAfter; {
	case !now.Before(end):
		k.fail(name, "listen-certificate-expires", end.Format(time.DateOnly), "0")
	case end.Sub(now) < keyWarning:
		k.warn(name, "listen-certificate-expires", end.Format(time.DateOnly), fmt.Sprint(int(end.Sub(now)/(24*time.Hour))))
	default:
		return true
	}
	return false
}

// relayUsers reads the users of the relay and names them.
func (k *checker) relayUsers(c *config.Config) {
	if c.Listen.Relay == "" && c.Listen.Filter == "" || c.Listen.RelayUsers == "" {
		return
	}
	r := &counter{}
	if err := r.readUsers(c); err != nil {
		k.fail("listen.relay", "relay-users-broken", err.Error())
		return
	}
	k.ok("listen.relay", "relay-users-ok", strings.Join(slices.Sorted(maps.Keys(*r.users.Load())), ", "))
}
