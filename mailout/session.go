package mailout

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is one open, greeted, protected and authenticated connection.
type session struct {
	relay   Relay
	raw     net.Conn // below TLS: closing it ends whatever hangs
	tls     *tls.Conn
	client  *smtp.Client
	refused bool // the last transaction was refused: RSET before the next
	uses    int
	idle    *time.Timer // closes it while it waits in the pool
}

// open connects, protects and authenticates. On failure it says at which stage.
// ctx cuts the connection at any point.
func (r Relay) open(ctx context.Context) (s *session, at stage, err error) {
	dialer := net.Dialer{Timeout: r.connectTimeout()}
	raw, err := dialer.DialContext(ctx, "tcp", r.Address)
	if err != nil {
		return nil, stageConnect, fmt.Errorf("connect: %w", err)
	}
	s = &session{relay: r, raw: raw}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	if at, err = s.protect(ctx); err == nil {
		at, err = s.greet()
	}
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		raw.Close()
		return nil, at, because(ctx, err)
	}
	return s, stageAuth, nil
}

// because names the end of the context as the cause where it was.
func because(ctx context.Context, err error) error {
	var reply *smtp.SMTPError
	if cause := ctx.Err(); err != nil && cause != nil && !errors.As(err, &reply) {
		return &stopped{fmt.Errorf("%w (%w)", err, cause)}
	}
	return err
}

// protect brings up TLS as the relay's entry wants it and makes the client.
func (s *session) protect(ctx context.Context) (stage, error) {
	w := &wire{Conn: s.raw, timeout: s.relay.commandTimeout()}
	switch s.relay.TLS {
	case TLSImplicit:
		if err := s.handshake(ctx); err != nil {
			return stageTLS, err
		}
		w.Conn = s.tls
	case TLSStart:
		greeting, at, err := s.startTLS(ctx)
		if err != nil {
			return at, err
		}
		w.Conn, w.again = s.tls, greeting
	case TLSNone:
		if !s.loopback() && !s.relay.InsecurePlaintext {
			return stageTLS, &unfit{"tls: none is allowed on loopback only: use implicit or starttls, or say insecure_plaintext: true"}
		}
	default:
		return stageTLS, &unfit{fmt.Sprintf("unknown TLS mode %q: use implicit, starttls or none", s.relay.TLS)}
	}
	s.client = smtp.NewClient(w)
	s.client.CommandTimeout = s.relay.commandTimeout()
	s.client.SubmissionTimeout = s.relay.submissionTimeout()
	return stageTLS, nil
}

// handshake verifies the relay's certificate; what is wrong with it is a fault
// of the relay, a broken connection is not.
func (s *session) handshake(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.relay.connectTimeout())
	defer cancel()
	s.tls = tls.Client(s.raw, s.relay.tlsConfig())
	err := s.tls.HandshakeContext(ctx)
	var network net.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.As(err, &network) && !isAlert(err), ctx.Err() != nil:
		return fmt.Errorf("TLS handshake: %w", err)
	}
	return &unfit{"TLS handshake: " + err.Error() + ": check server_name and ca_file of the relay"}
}

func isAlert(err error) bool {
	var alert tls.AlertError
	return errors.As(err, &alert)
}

// startTLS speaks the part of the dialogue that stands before TLS: greeting,
// EHLO, STARTTLS, handshake. go-smtp's own would introduce us as localhost and
// hide at which stage it failed. The greeting is handed back, because a client
// reads it first. Text that arrived together with the reply to STARTTLS is an
// injection and ends the connection.
func (s *session) startTLS(ctx context.Context) (greeting []byte, at stage, err error) {
	w := &wire{Conn: s.raw, timeout: s.relay.commandTimeout()}
	text := textproto.NewConn(w)
	if err := s.raw.SetDeadline(time.Now().Add(s.relay.commandTimeout())); err != nil {
		return nil, stageConnect, err
	}
	code, line, err := text.ReadResponse(220)
	if err != nil {
		return nil, stageGreeting, smtpError(err)
	}
	greeting = fmt.Appendf(nil, "%d %s\r\n", code, oneLine(line))
	extensions, err := command(text, 250, "EHLO "+s.relay.localName())
	if err != nil {
		return nil, stageEHLO, err
	}
	if !offers(extensions, "STARTTLS") {
		return nil, stageStartTLS, &unfit{"the relay does not offer STARTTLS: set tls: implicit, or repair the relay"}
	}
	if _, err := command(text, 220, "STARTTLS"); err != nil {
		return nil, stageStartTLS, err
	}
	if text.R.Buffered() > 0 {
		return nil, stageStartTLS, &unfit{"the relay sent text after its reply to STARTTLS: possible injection"}
	}
	if err := s.raw.SetDeadline(time.Time{}); err != nil {
		return nil, stageTLS, err
	}
	return greeting, stageTLS, s.handshake(ctx)
}

func command(text *textproto.Conn, want int, line string) (string, error) {
	if err := text.PrintfLine("%s", line); err != nil {
		return "", err
	}
	_, reply, err := text.ReadResponse(want)
	return reply, smtpError(err)
}

// smtpError makes the reply an error of the kind go-smtp returns.
func smtpError(err error) error {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return &smtp.SMTPError{Code: reply.Code, EnhancedCode: smtp.NoEnhancedCode, Message: reply.Msg}
	}
	return err
}

func offers(extensions, name string) bool {
	for line := range strings.SplitSeq(extensions, "\n") {
		if word, _, _ := strings.Cut(line, " "); strings.EqualFold(strings.TrimSpace(word), name) {
			return true
		}
	}
	return false
}

// greet reads the greeting, says EHLO and authenticates.
func (s *session) greet() (stage, error) {
	greeted := &greetingWatch{}
	s.client.DebugWriter = greeted
	err := s.client.Hello(s.relay.localName())
	s.client.DebugWriter = nil
	if err != nil && !greeted.done {
		return stageGreeting, err
	}
	if err != nil {
		return stageEHLO, err
	}
	return stageAuth, s.authenticate()
}

// greetingWatch notes whether the dialogue got past the greeting: go-smtp's
// Hello reads it and says EHLO in one call.
type greetingWatch struct{ done bool }

func (g *greetingWatch) Write(b []byte) (int, error) {
	g.done = g.done || bytes.HasPrefix(b, []byte("EHLO "))
	return len(b), nil
}

func (s *session) authenticate() error {
	if s.relay.Username == "" {
		return nil
	}
	if s.tls == nil && !s.loopback() {
		return &unfit{"a password is sent inside TLS only: set tls: implicit or starttls"}
	}
	switch {
	case s.client.SupportsAuth(sasl.Plain):
		return s.client.Auth(sasl.NewPlainClient("", s.relay.Username, s.relay.Password))
	case s.client.SupportsAuth(sasl.Login):
		return s.client.Auth(sasl.NewLoginClient(s.relay.Username, s.relay.Password))
	}
	return &unfit{"the relay offers neither AUTH PLAIN nor LOGIN: remove username, or use its submission port"}
}

func (s *session) loopback() bool {
	a, ok := s.raw.RemoteAddr().(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}

// tlsWords describes the protection for the evidence: "TLS1.3 TLS_AES_128_GCM_SHA256".
func (s *session) tlsWords() string {
	if s == nil || s.tls == nil {
		return ""
	}
	state := s.tls.ConnectionState()
	return strings.ReplaceAll(tls.VersionName(state.Version), " ", "") + " " + tls.CipherSuiteName(state.CipherSuite)
}
