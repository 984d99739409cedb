package mailin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"almasu/exchange"
)

// Listener takes mail for one address over SMTP or LMTP. It relays nothing and
// authenticates nobody: an MTA in front of it hands over what it has taken.
type Listener struct {
	Name       string      // part of every Source
	LMTP       bool        // RFC 2033, otherwise SMTP
	Hostname   string      // in the greeting
	Address    string      // the one recipient
	TLS        *tls.Config // offers STARTTLS if set
	MaxMessage int64       // octets, default 50 MiB, announced as SIZE

	MaxConns int           // default 50; one more is told 421
	MaxLine  int           // octets of a line, default 64 KiB
	Idle     time.Duration // longest silence of a client, default 5 min (RFC 5321 4.5.3.2.7)
	Data     time.Duration // longest transfer of one message, default 30 min
	Grace    time.Duration // an open transaction may take when Serve ends, default 10 s
	Log      *slog.Logger  // default slog.Default()
}

// Serve takes mail from plain connections of ln (TCP or a unix socket) until
// ctx ends, and returns nil then; it closes ln. A transaction whose DATA has
// begun is brought to its reply within Grace, all other clients are told 421.
// When Serve has returned, accept is not called any more.
func (l *Listener) Serve(ctx context.Context, ln net.Listener, accept Accept) error {
	l = l.withDefaults()
	return l.serve(ctx, ln, false, func(open context.Context, data *sync.WaitGroup) smtp.Backend {
		return &backend{l: l, ctx: open, accept: accept, wg: data}
	})
}

// serve is Serve with any backend, which is told the context that ends when
// the grace is over, and counts its Data calls in data. implicit: clients
// speak TLS from the first octet (RFC 8314 3.3).
func (l *Listener) serve(ctx context.Context, ln net.Listener, implicit bool, backend func(open context.Context, data *sync.WaitGroup) smtp.Backend) error {
	open, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	var data sync.WaitGroup
	limited := &limitedListener{Listener: ln, max: l.MaxConns, idle: l.Idle, conns: map[*clientConn]bool{}}
	server := l.server(backend(open, &data))
	taking := net.Listener(limited)
	if implicit {
		taking = tls.NewListener(limited, l.TLS)
	}

	served := make(chan error, 1)
	go func() { served <- server.Serve(taking) }()
	var err error
	select {
	case err = <-served:
		err = fmt.Errorf("listener %s: accept connections: %w", l.Name, err)
	case <-ctx.Done():
		server.Shutdown(ended()) // closes ln; the connections see to themselves
		<-served
	}
	limited.finish()
	grace := time.AfterFunc(l.Grace, func() { abort(); limited.closeAll() })
	defer grace.Stop()
	limited.wg.Wait()
	data.Wait()
	return err
}

// ended is a context that has ended: Shutdown is not to wait.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func (l *Listener) withDefaults() *Listener {
	c := *l
	if c.MaxMessage <= 0 {
		c.MaxMessage = 50 << 20
	}
	if c.MaxConns <= 0 {
		c.MaxConns = 50
	}
	if c.MaxLine <= 0 {
		c.MaxLine = 64 << 10
	}
	if c.Idle <= 0 {
		c.Idle = 5 * time.Minute
	}
	if c.Data <= 0 {
		c.Data = 30 * time.Minute
	}
	if c.Grace <= 0 {
		c.Grace = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Log = c.Log.With("listener", c.Name)
	return &c
}

func (l *Listener) server(b smtp.Backend) *smtp.Server {
	s := smtp.NewServer(b)
	s.LMTP, s.Domain, s.TLSConfig = l.LMTP, l.Hostname, l.TLS
	s.MaxMessageBytes = l.MaxMessage + 1 // the library refuses a message of exactly its limit; ours is kept in Data
	s.MaxRecipients = 100                // RFC 5321 4.5.3.1.8; they can only be the same address again
	s.MaxLineLength = l.MaxLine
	s.EnableSMTPUTF8 = true
	s.AllowInsecureAuth = true // a session that takes passwords says itself where
	s.ErrorLog = smtpLog{l.Log}
	return s
}

// smtpLog puts the library's words into our log, quoted by it.
type smtpLog struct{ log *slog.Logger }

// Printf logs one event of the library.
func (s smtpLog) Printf(format string, v ...any) {
	s.log.Warn("smtp", "event", fmt.Sprintf(format, v...))
}

// Println logs one event of the library.
func (s smtpLog) Println(v ...any) { s.log.Warn("smtp", "event", fmt.Sprint(v...)) }

// backend makes a session for each client.
type backend struct {
	l      *Listener
	ctx    context.Context // ends when the grace of Serve is over
	accept Accept
	wg     *sync.WaitGroup // of Data calls: with BDAT they outlive the connection
}

// NewSession begins a client's session.
func (b *backend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &smtpSession{b: b, conn: clientOf(c)}, nil
}

// smtpSession is one client's session; it knows the envelope at hand.
type smtpSession struct {
	b    *backend
	conn *clientConn

	mu   sync.Mutex // a BDAT transfer runs beside the commands
	from string
}

func (s *smtpSession) sender(set *string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if set != nil {
		s.from = *set
	}
	return s.from
}

// Mail takes the sender of the envelope.
func (s *smtpSession) Mail(from string, opts *smtp.MailOptions) error {
	if opts != nil && opts.Size > s.b.l.MaxMessage {
		return reply(552, 5, 3, 4, "Message over the size limit")
	}
	s.sender(&from)
	return nil
}

// Rcpt takes our own address and no other: this is no relay.
func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !sameAddress(to, s.b.l.Address) {
		return reply(550, 5, 1, 1, "No such address here")
	}
	return nil
}

// sameAddress compares the local part exactly and the domain without regard
// to case (RFC 5321 2.4).
func sameAddress(a, b string) bool {
	i, j := strings.LastIndexByte(a, '@'), strings.LastIndexByte(b, '@')
	return i > 0 && j > 0 && a[:i] == b[:j] && strings.EqualFold(a[i:], b[j:])
}

// Data hands the message over; only nil becomes 250. Over LMTP all recipients
// are this one address, and each is told the same.
func (s *smtpSession) Data(r io.Reader) error {
	s.b.wg.Add(1)
	defer s.b.wg.Done()
	if s.conn != nil {
		s.conn.inData(s.b.l.Data) // until Reset: the library reads on to the end of the data
	}
	via, from := "smtp", s.sender(nil)
	if s.b.l.LMTP {
		via = "lmtp"
	}
	body := &limitedBody{r: r, left: s.b.l.MaxMessage}
	err := s.b.accept(s.b.ctx, Incoming{
		Source:     exchange.Source{Via: via, Mailbox: s.b.l.Name},
		ReceivedAt: time.Now().UTC(),
		Body:       withReturnPath(from, body),
	})
	if err == nil && !body.whole {
		err = body.rest() // an Accept that did not read to the end must not confirm a broken message
	}
	return s.verdict(err, body, from)
}

// verdict is the reply to DATA.
func (s *smtpSession) verdict(err error, body *limitedBody, from string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrTooLarge) || errors.Is(body.err, ErrTooLarge) || errors.Is(body.err, smtp.ErrDataTooLarge):
		s.b.l.Log.Warn("message refused: over the size limit", "from", from, "limit", s.b.l.MaxMessage)
		return reply(552, 5, 3, 4, "Message over the size limit")
	case errors.Is(body.err, smtp.ErrTooLongLine):
		return reply(500, 5, 6, 0, "Line too long")
	case errors.Is(err, ErrBusy):
		return reply(452, 4, 3, 1, "Too much in work, try again later")
	}
	s.b.l.Log.Warn("message not taken", "from", from, "err", err)
	return reply(451, 4, 3, 0, "Not taken, try again later")
}

// Reset forgets the envelope and ends the transfer.
func (s *smtpSession) Reset() {
	if s.conn != nil {
		s.conn.inData(0)
	}
	var none string
	s.sender(&none)
}

// Logout ends the session.
func (s *smtpSession) Logout() error { return nil }

func reply(code, a, b, c int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: text}
}
