package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"almasu/config"
	"almasu/exchange"
	"almasu/gateway"
	"almasu/internal/catalogue"
	"almasu/mailin"
)

// counter is the SMTP relay, or the filter of an MTA: the service, its socket,
// and who may use it.
type counter struct {
	service *mailin.SubmissionService
	socket  net.Listener
	users   atomic.Pointer[mailin.Users] // SIGHUP reads them anew
}

// relayTransfer bounds one mail on its way to us: the clients are near, and a
// slow one keeps others waiting.
const relayTransfer = 5 * time.Minute

// newCounters opens the relay and the filter of the configuration.
func newCounters(c *config.Config, log *slog.Logger) (open []*counter, err error) {
	for _, l := range []struct {
		name, where string
		lmtp        bool
	}{{"relay", c.Listen.Relay, false}, {"filter", c.Listen.Filter, true}} {
		if l.where == "" {
			continue
		}
		r, err := newCounter(c, l.name, l.where, l.lmtp, log)
		if err != nil {
			return open, err
		}
		open = append(open, r)
	}
	return open, nil
}

// newCounter opens one of them. Its mails are bounded by the document they
// carry, not by limits.message.
func newCounter(c *config.Config, name, where string, lmtp bool, log *slog.Logger) (*counter, error) {
	r := &counter{}
	if err := r.readUsers(c); err != nil {
		return nil, err
	}
	listener, err := newListener(c, lmtp, log)
	if err != nil {
		return nil, err
	}
	listener.Name, listener.MaxMessage = name, counterLimit(c.Limits)
	listener.Data = relayTransfer
	r.service = &mailin.SubmissionService{Listener: *listener, ImplicitTLS: c.Listen.RelayTLS == "implicit" && !lmtp,
		InsecureLoopback: c.Listen.InsecureLoopbackSubmit,
		Login:            func(name, password string) bool { return r.users.Load().Login(name, password) },
		Certificate:      func(c *x509.Certificate) string { return r.users.Load().Certificate(c, time.Now()) },
		Peer:             func(uid int) string { return r.users.Load().Peer(uid) },
		Sender: func(user, address string) bool {
			rights, _ := r.users.Load().Rights(user)
			return rights.From(address)
		}}
	r.socket, err = listenOn(where)
	return r, err
}

// counterLimit bounds a mail by the document it carries.
func counterLimit(l config.Limits) int64 { return min(l.Message, 2*l.Document+1<<20) }

func (r *counter) readUsers(c *config.Config) error {
	text, err := config.Secret(c.Listen.RelayUsers)
	if err != nil {
		return fmt.Errorf("listen.relay_users: %w", err)
	}
	users, err := mailin.ParseUsers(text)
	if err != nil {
		return fmt.Errorf("listen.relay_users: %w", err)
	}
	r.users.Store(&users)
	return nil
}

// serve takes mail for the gateway until ctx ends.
func (r *counter) serve(ctx context.Context, g *gateway.Gateway) error {
	r.service.Recipient = func(user, address string) (participant, allowed bool) {
		p := g.Addressee(address)
		rights, _ := r.users.Load().Rights(user)
		return p != nil, p != nil && (len(rights.To) == 0 || slices.Contains(rights.To, p.ID))
	}
	r.service.Submit = func(ctx context.Context, m mailin.Submission) (string, error) {
		rights, known := r.users.Load().Rights(m.User)
		if !known && !strings.Contains(m.User, ":") { // removed since it logged in
			return "", &mailin.Refused{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: "the user may not submit any more"}
		}
		s, err := g.SubmitMail(ctx, gateway.HandedIn{Message: m.Message, To: m.To, Actor: r.service.Listener.Name + ":" + m.User, Kinds: rights.Kinds})
		return relayReply(s, err)
	}
	return r.service.Serve(ctx, r.socket)
}

// mostProblems is how many problems of a document stand in a reply.
const mostProblems = 5

// relayReply tells the client what became of its mail. Replies are English:
// they are ASCII, and the first to read them is a program.
func relayReply(s gateway.Submission, err error) (string, error) {
	switch {
	case errors.Is(err, gateway.ErrAddressee):
		return "", &mailin.Refused{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: err.Error()}
	case err != nil:
		return "", err
	case s.Again != 0:
		return fmt.Sprintf("report %s revision %d was committed before as %d; almasu status %s", s.Report.ID, s.Report.Revision, s.Again, s.Report.ID), nil
	case s.Position == 0:
		return "", refusedReply(s)
	}
	text := fmt.Sprintf("report %s revision %d is committed as %d", s.Report.ID, s.Report.Revision, s.Position)
	for _, l := range s.Letters {
		if l.State == exchange.LetterBlocked {
			text += "; it waits for a usable key of " + l.To
		}
	}
	return text + "; almasu status " + s.Report.ID, nil
}

// refusedReply is the code of the refusal and the first problems.
func refusedReply(s gateway.Submission) *mailin.Refused {
	r := &mailin.Refused{Code: 554, Enhanced: [3]int{5, 6, 0}}
	switch s.Refusal.Code {
	case exchange.KindForbidden, exchange.ReporterMismatch, exchange.MarkingForbidden:
		r.Code, r.Enhanced = 550, [3]int{5, 7, 1}
	}
	r.Text = strings.Join(refusalLines(string(exchange.English), s, mostProblems), "\n")
	return r
}

// refusalLines tell a refusal in a language: the code with its reason, then
// the problems, at most so many.
func refusalLines(language string, s gateway.Submission, most int) []string {
	first := string(s.Refusal.Code) + ": " + catalogue.Text(language, "refusal."+string(s.Refusal.Code))
	if s.Refusal.Reason != "" && len(s.Problems) == 0 {
		first += " (" + s.Refusal.Reason + ")"
	}
	lines := []string{first}
	for i, p := range s.Problems {
		if i == most {
			lines = append(lines, fmt.Sprintf("+%d", len(s.Problems)-most))
			break
		}
		place := p.Path
		if p.Line > 0 {
			place += fmt.Sprintf(" %d:%d", p.Line, p.Column)
		}
		lines = append(lines, place+": "+problemIn(language, p))
	}
	return lines
}
