package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"strings"
	"testing"

	"almasu/internal/testmail"
	"almasu/internal/testpeer"
)

// house is the mail system around the gateways: a Dovecot with a mailbox for
// every address of the cast, and a relay before it.
type house struct {
	t       *testing.T
	dovecot *testpeer.Dovecot
	postfix *testpeer.Postfix // nil where it cannot be started
	relay   *testpeer.Relay   // nil where Postfix relays
}

// newHouse starts the mail system. postfix asks for Postfix as the relay,
// where the test may start it; routes are its exceptions to delivery into
// Dovecot, domain to transport.
func newHouse(t *testing.T, postfix bool, routes map[string]string) *house {
	t.Helper()
	users := map[string]string{}
	domains := map[string]string{}
	for _, p := range world(t).People {
		for _, a := range p.Addresses {
			users[a] = password
			domains[a[strings.IndexByte(a, '@')+1:]] = ""
		}
	}
	h := &house{t: t, dovecot: testpeer.StartDovecot(t, users)}
	if !postfix || !testpeer.CanStartPostfix() {
		h.relay = testpeer.StartRelay(t, h.dovecot)
		return h
	}
	for d := range domains {
		domains[d] = "lmtp:inet:" + h.dovecot.LMTP
	}
	for d, to := range routes {
		domains[d] = to
	}
	h.postfix = testpeer.StartPostfix(t, domains)
	return h
}

// yaml is the part of a node's configuration that names this mail system.
func (h *house) yaml(user string) string {
	return mailbox(h.t, h.dovecot, user) + h.relays()
}

func (h *house) relays() string {
	if h.postfix != nil {
		return fmt.Sprintf("relays:\n  - {address: %q, tls: starttls, ca_file: %s, server_name: localhost}\n", h.postfix.SMTP, h.postfix.CA.CAFile)
	}
	return fmt.Sprintf("relays:\n  - {address: %q, tls: none}\n", h.relay.SMTP)
}

// send puts a message into a mailbox as a mail server does.
func (h *house) send(message []byte, to string) {
	h.t.Helper()
	h.dovecot.Deliver(h.t, message, to)
}

// letters opens every mail in a participant's mailboxes that a gateway sent;
// the delivery reports of the relay between are none.
func (h *house) letters(p *testmail.Person, sender string) []*letter {
	h.t.Helper()
	var all []*letter
	for _, address := range p.Addresses {
		for _, folder := range []string{"INBOX", "Done", "Held"} {
			for _, raw := range h.dovecot.Messages(h.t, address, folder) {
				if !bytes.Contains(raw, []byte("report-type=delivery-status")) {
					all = append(all, open(h.t, raw, sender))
				}
			}
		}
	}
	return all
}

// await waits until a mailbox of a participant holds so many mails.
func (h *house) await(p *testmail.Person, folder string, n int) {
	h.t.Helper()
	testpeer.Until(h.t, storyWait, fmt.Sprintf("%d mails in %s of %s", n, folder, p.ID), func(context.Context) bool {
		return len(h.dovecot.Messages(h.t, p.Address(), folder)) >= n
	})
}

// outerIsMute checks that the outer header of a mail of ours tells nothing
// about its content (DESIGN section 5).
func outerIsMute(t *testing.T, l *letter, from *testmail.Person) {
	t.Helper()
	if s := l.outer.Get("Subject"); s != "[...]" && s != "..." {
		t.Errorf("the outer subject is %q", s)
	}
	if a, err := mail.ParseAddress(l.outer.Get("From")); err != nil || a.Address != from.Address() {
		t.Errorf("the outer From is %q", l.outer.Get("From"))
	}
	domain := from.Address()[strings.IndexByte(from.Address(), '@'):]
	if id := l.outer.Get("Message-ID"); !strings.HasSuffix(id, domain+">") {
		t.Errorf("the Message-ID %q is not under our domain", id)
	}
}
