package testpeer

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// Relayed is one message that a Relay answered with 250.
type Relayed struct {
	From string
	To   []string
	Data []byte
}

// Relay is an SMTP server in the test's own process that hands each message to
// Dovecot before it answers 250, and remembers it: the stand-in for Postfix
// where the test is not root, and the one to count with.
type Relay struct {
	SMTP   string // address
	to     *Dovecot
	server *smtp.Server
	mu     sync.Mutex
	got    []Relayed
}

// StartRelay starts a relay before a Dovecot, whose users it delivers to. It
// speaks without TLS, offers DSN, and is stopped and waited for by the test's
// cleanup.
func StartRelay(tb testing.TB, to *Dovecot) *Relay {
	tb.Helper()
	socket, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("listen for the relay: %v", err)
	}
	r := &Relay{SMTP: socket.Addr().String(), to: to}
	r.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &relaying{relay: r}, nil }))
	r.server.Domain, r.server.EnableDSN, r.server.MaxMessageBytes = "relay.example", true, 128<<20
	r.server.ErrorLog = log.New(io.Discard, "", 0)
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := r.server.Serve(socket); err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			tb.Errorf("serve the relay: %v", err)
		}
	}()
	tb.Cleanup(func() {
		_ = socket.Close() // Close of the server does it again
		_ = r.server.Close()
		<-served
	})
	return r
}

// Relayed lists what was answered with 250 so far, in order.
func (r *Relay) Relayed() []Relayed {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Relayed(nil), r.got...)
}

// relaying is one connection.
type relaying struct {
	relay *Relay
	from  string
	to    []string
}

// Reset implements smtp.Session.
func (s *relaying) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *relaying) Logout() error { return nil }

// Mail implements smtp.Session.
func (s *relaying) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (s *relaying) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session: delivered, remembered, and only then 250.
func (s *relaying) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := deliverLMTP(s.relay.to.LMTP, s.from, s.to, bytes.NewReader(data)); err != nil {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "not delivered, try again"}
	}
	s.relay.mu.Lock()
	defer s.relay.mu.Unlock()
	s.relay.got = append(s.relay.got, Relayed{s.from, s.to, data})
	return nil
}
