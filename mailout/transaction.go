package mailout

import (
	"context"
	"fmt"
	"time"

	"almasu/exchange"
	"github.com/emersion/go-smtp"
)

// send is one mail transaction: MAIL, RCPT, DATA, the octets, the final reply.
// It says at which stage it ended; the text is the relay's reply to the final
// dot. When ctx ends the connection is cut.
func (s *session) send(ctx context.Context, l exchange.Letter) (text string, at stage, err error) {
	stop := context.AfterFunc(ctx, func() { s.raw.Close() })
	defer stop()
	s.uses++
	text, at, err = s.transact(l)
	return text, at, because(ctx, err)
}

func (s *session) transact(l exchange.Letter) (string, stage, error) {
	if s.refused {
		if err := s.client.Reset(); err != nil {
			return "", stageMail, fmt.Errorf("RSET: %w", err)
		}
		s.refused = false
	}
	options, err := s.mailOptions(l)
	if err != nil {
		return "", stageMail, err
	}
	if err := s.client.Mail(l.Sender, options); err != nil {
		return "", stageMail, err
	}
	if err := s.client.Rcpt(l.Address, rcptOptions(l)); err != nil {
		return "", stageRcpt, err
	}
	data, err := s.client.Data()
	if err != nil {
		return "", stageData, err
	}
	if _, err := data.Write(l.Message); err != nil {
		return "", stageBody, err
	}
	reply, err := data.CloseWithResponse()
	if err != nil {
		return "", stageFinal, err
	}
	return reply.StatusText, stageFinal, nil
}

// mailOptions are the parameters of MAIL FROM; go-smtp sends SIZE, RET and
// ENVID only where the relay offers them.
func (s *session) mailOptions(l exchange.Letter) (*smtp.MailOptions, error) {
	o := &smtp.MailOptions{Size: int64(len(l.Message))}
	if s.relay.RequireTLS != "" {
		// RFC 8689 section 4.2: only inside TLS with a verified certificate.
		offered, _ := s.client.Extension("REQUIRETLS")
		o.RequireTLS = offered && s.tls != nil
		if !o.RequireTLS && s.relay.RequireTLS == "require" {
			return nil, &unfit{"the relay does not offer REQUIRETLS: set requiretls: prefer, or use another relay"}
		}
	}
	if l.Sender != "" {
		o.Return = smtp.DSNReturnHeaders
		o.EnvelopeID = l.EnvelopeID
	}
	return o, nil
}

// rcptOptions asks for delivery reports (RFC 3461): of success only for what is
// tracked until its receipt is in. A letter with the null reverse-path (an MDN)
// has nowhere to send one.
func rcptOptions(l exchange.Letter) *smtp.RcptOptions {
	if l.Sender == "" {
		return &smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifyNever}}
	}
	notify := []smtp.DSNNotify{smtp.DSNNotifyFailure, smtp.DSNNotifyDelayed}
	if l.WantsReceipt {
		notify = append([]smtp.DSNNotify{smtp.DSNNotifySuccess}, notify...)
	}
	return &smtp.RcptOptions{
		Notify:                notify,
		OriginalRecipientType: smtp.DSNAddressTypeRFC822,
		OriginalRecipient:     l.Address,
	}
}

// close cuts the connection. A nil session is no connection.
func (s *session) close() {
	if s == nil {
		return
	}
	if s.idle != nil {
		s.idle.Stop()
	}
	s.raw.Close()
}

// quit says goodbye, briefly, and closes.
func (s *session) quit() {
	s.client.CommandTimeout = min(s.relay.commandTimeout(), 2*time.Second)
	if err := s.client.Quit(); err != nil {
		s.raw.Close() // a relay that does not answer QUIT loses nothing
	}
}

const (
	idlePerRelay = 16               // open connections kept to one relay
	idleLife     = 20 * time.Second // how long one may wait for the next letter
	maxUses      = 100              // letters over one connection
)

// take returns an open connection to the relay from the pool, nil if none.
func (s *Sender) take(r Relay) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.idle[r]
	for len(list) > 0 {
		c := list[len(list)-1]
		list = list[:len(list)-1]
		s.idle[r] = list
		if c.idle.Stop() { // otherwise it is being closed at this moment
			return c
		}
	}
	return nil
}

// keep puts a connection into the pool for a while.
func (s *Sender) keep(c *session, refused bool) {
	c.refused = refused
	s.mu.Lock()
	full := s.closed || len(s.idle[c.relay]) >= idlePerRelay || c.uses >= maxUses
	if !full {
		if s.idle == nil {
			s.idle = map[Relay][]*session{}
		}
		c.idle = time.AfterFunc(idleLife, func() { s.expire(c) })
		s.idle[c.relay] = append(s.idle[c.relay], c)
	}
	s.mu.Unlock()
	if full {
		c.quit()
	}
}

// expire closes a connection that waited too long.
func (s *Sender) expire(c *session) {
	s.mu.Lock()
	list := s.idle[c.relay]
	for i, other := range list {
		if other == c {
			s.idle[c.relay] = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	s.mu.Unlock()
	c.quit()
}

// Close ends the open connections. Letters being sent are not waited for:
// their caller's context is what ends them. Send works on after it, without a
// pool.
func (s *Sender) Close() {
	s.mu.Lock()
	s.closed = true
	var open []*session
	for _, list := range s.idle {
		open = append(open, list...)
	}
	s.idle = nil
	s.mu.Unlock()
	for _, c := range open {
		if c.idle.Stop() {
			c.quit()
		}
	}
}
