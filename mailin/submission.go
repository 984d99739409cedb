package mailin

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"unicode"

	"github.com/emersion/go-smtp"
)

// Submission is a mail that a system or a person handed in to be sent. Its
// content is for others to judge.
type Submission struct {
	User    string   // who handed it in: a relay user, "uid:0" over a socket, "tcp:loopback"; only the first has no colon
	From    string   // envelope; nothing depends on it
	To      []string // envelope, each one an address that Recipient knows
	Message []byte   // as it came, dot-stuffing undone
}

// Refused is what Submit returns for a mail that is wrong in itself. Text may
// have several lines and must not hold the mail's own words; what is not
// printable ASCII in it is replaced.
type Refused struct {
	Code     int    // 5xx
	Enhanced [3]int // RFC 3463
	Text     string
}

// Error is the reply as one line.
func (r *Refused) Error() string {
	return fmt.Sprintf("%d %d.%d.%d %s", r.Code, r.Enhanced[0], r.Enhanced[1], r.Enhanced[2], strings.ReplaceAll(r.Text, "\n", "; "))
}

// SubmissionService is the SMTP relay of a SOC (RFC 6409): systems and people
// hand in ordinary mail, and nothing else becomes of it than what Submit does.
// It hands nothing on itself, so that no plaintext can leave through it.
//
// A client is known by SASL PLAIN or LOGIN over TLS or from loopback, by its
// client certificate, by its user on the other end of a unix socket (root, our
// own, or one that Peer knows), or, with InsecureLoopback, by coming from
// loopback.
type SubmissionService struct {
	Listener         Listener // Address is not used; MaxMessage is the limit; LMTP for an MTA that hands over what it has taken
	ImplicitTLS      bool     // TLS from the first octet, otherwise STARTTLS is offered
	InsecureLoopback bool     // clients on loopback need no password
	MaxInHand        int      // mails held in memory at a time, default 4; others wait

	// Login reports whether the password is the user's.
	Login func(name, password string) bool
	// Certificate and Peer name the user of a certificate that the client has
	// proven to hold, and of a login on this machine; "" for nobody. They may be
	// nil.
	Certificate func(*x509.Certificate) string
	Peer        func(uid int) string
	// Sender reports whether the user may use the envelope sender; nil: any.
	Sender func(user, address string) bool
	// Recipient reports whether the address is a participant's, and not ours,
	// and whether the user may submit to it.
	Recipient func(user, address string) (participant, allowed bool)
	// Submit takes one mail; the text goes into the 250 reply. *Refused is told
	// to the client, any other error is a temporary fault.
	Submit func(ctx context.Context, s Submission) (string, error)
}

// Serve takes mail from connections of ln until ctx ends, like Listener.Serve.
func (s *SubmissionService) Serve(ctx context.Context, ln net.Listener) error {
	l := s.Listener.withDefaults()
	inHand := s.MaxInHand
	if inHand <= 0 {
		inHand = 4
	}
	if l.TLS != nil && s.Certificate != nil {
		l.TLS = l.TLS.Clone()
		l.TLS.ClientAuth = tls.RequestClientCert // whose it is the users say, not a chain
	}
	return l.serve(ctx, ln, s.ImplicitTLS, func(open context.Context, data *sync.WaitGroup) smtp.Backend {
		return &submitBackend{s: s, l: l, ctx: open, data: data, slots: make(chan struct{}, inHand)}
	})
}

// submitBackend makes a session for each client.
type submitBackend struct {
	s     *SubmissionService
	l     *Listener // with its defaults
	ctx   context.Context
	data  *sync.WaitGroup
	slots chan struct{} // one for each mail in memory
}

// NewSession begins a client's session, anew after STARTTLS.
func (b *submitBackend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s := &submitSession{b: b, conn: clientOf(c)}
	state, secure := c.TLSConnectionState()
	s.secure = secure
	if s.conn == nil {
		return s, nil
	}
	switch peer := s.conn.RemoteAddr().(type) {
	case *net.UnixAddr:
		s.secure = true
		if uid, known := peerUID(s.conn.Conn); known {
			s.user = b.peer(uid)
		}
	case *net.TCPAddr:
		if peer.IP.IsLoopback() {
			s.secure = true
			if b.s.InsecureLoopback {
				s.user = "tcp:loopback"
			}
		}
	}
	if len(state.PeerCertificates) > 0 && b.s.Certificate != nil {
		if name := b.s.Certificate(state.PeerCertificates[0]); name != "" {
			s.user, s.certified = name, name
		}
	}
	return s, nil
}

// peer names the user of a login on this machine, "" for one that may not
// submit.
func (b *submitBackend) peer(uid int) string {
	if b.s.Peer != nil {
		if name := b.s.Peer(uid); name != "" {
			return name
		}
	}
	if uid == 0 || uid == os.Getuid() {
		return fmt.Sprintf("uid:%d", uid)
	}
	return ""
}

// submitSession is one client's session; it knows who it is and the envelope
// at hand.
type submitSession struct {
	b      *submitBackend
	conn   *clientConn
	secure bool // a password may be asked for
	failed int  // passwords that were wrong

	certified string // the user whose certificate the client has, "" for none

	mu   sync.Mutex // a BDAT transfer runs beside the commands
	user string     // "" until the client is known
	utf8 bool       // the client reads UTF-8 in replies (RFC 6531 section 3.7.4.1)
	from string
	to   []string
}

// Mail takes the sender of the envelope of a client that is known.
func (s *submitSession) Mail(from string, opts *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.user == "" && !s.secure:
		return reply(530, 5, 7, 0, "Must issue a STARTTLS command and authenticate first")
	case s.user == "":
		return reply(530, 5, 7, 0, "Authentication required")
	case opts != nil && opts.Size > s.b.l.MaxMessage:
		return reply(552, 5, 3, 4, "Message over the size limit")
	case s.b.s.Sender != nil && !s.b.s.Sender(s.user, from):
		return reply(550, 5, 7, 1, "This user may not send from this address")
	}
	s.from, s.to, s.utf8 = from, nil, opts != nil && opts.UTF8
	return nil
}

// Rcpt takes addresses of participants and no others.
func (s *submitSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch participant, allowed := s.b.s.Recipient(s.user, to); {
	case !participant:
		return reply(550, 5, 1, 1, "Not the address of a participant of the exchange: this relay sends to no other")
	case !allowed:
		return reply(550, 5, 7, 1, "This user may not submit to this participant")
	}
	s.to = append(s.to, to)
	return nil
}

// Data hands the mail over; only nil becomes 250.
func (s *submitSession) Data(r io.Reader) error {
	s.b.data.Add(1)
	defer s.b.data.Done()
	s.mu.Lock()
	mail := Submission{User: s.user, From: s.from, To: append([]string(nil), s.to...)}
	utf8 := s.utf8
	s.mu.Unlock()
	if s.conn != nil {
		s.conn.inData(s.b.l.Data) // until Reset
	}
	select {
	case s.b.slots <- struct{}{}:
		defer func() { <-s.b.slots }()
	case <-s.b.ctx.Done():
		return reply(421, 4, 3, 2, "Closing down, try again later")
	}
	var message bytes.Buffer
	body := &limitedBody{r: r, left: s.b.l.MaxMessage}
	_, err := message.ReadFrom(body)
	done := ""
	if err == nil {
		mail.Message = message.Bytes()
		done, err = s.b.s.Submit(s.b.ctx, mail)
	}
	return s.verdict(mail, done, err, utf8)
}

// verdict is the reply to DATA.
func (s *submitSession) verdict(mail Submission, done string, err error, utf8 bool) error {
	log := s.b.l.Log.With("user", mail.User, "recipients", len(mail.To))
	var refused *Refused
	switch {
	case err == nil:
		log.Info("submitted", "reply", done)
		return &smtp.SMTPError{Code: 250, EnhancedCode: smtp.EnhancedCode{2, 0, 0}, Message: replyText(done, "2.0.0", utf8)}
	case errors.As(err, &refused):
		log.Warn("submission refused", "reply", refused.Error())
		e := refused.Enhanced
		return reply(refused.Code, e[0], e[1], e[2], replyText(refused.Text, fmt.Sprintf("%d.%d.%d", e[0], e[1], e[2]), utf8))
	case errors.Is(err, ErrTooLarge) || errors.Is(err, smtp.ErrDataTooLarge):
		log.Warn("submission refused: over the size limit", "limit", s.b.l.MaxMessage)
		return reply(552, 5, 3, 4, "Message over the size limit")
	case errors.Is(err, smtp.ErrTooLongLine):
		return reply(500, 5, 6, 0, "Line too long")
	}
	log.Error("submission not taken", "error", err)
	return reply(451, 4, 3, 0, "Not taken, try again later")
}

// Bounds of a reply: RFC 5321 4.5.3.1.5 allows 512 octets a line.
const (
	replyLines = 12
	replyWidth = 400 // octets
)

// replyText makes a text fit for a reply: printable ASCII (or UTF-8 for a client
// that reads it), short lines, the enhanced code on each but the last, where
// the library writes it. Words in other letters become one question mark.
func replyText(text, enhanced string, utf8 bool) string {
	lines := strings.Split(text, "\n")
	if len(lines) > replyLines {
		lines = lines[:replyLines]
	}
	for i, line := range lines {
		line = printable(line, utf8)
		line = strings.ToValidUTF8(line[:min(len(line), replyWidth)], "")
		if i < len(lines)-1 {
			line = enhanced + " " + line
		}
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}

// printable replaces what a reply cannot hold.
func printable(line string, utf8 bool) string {
	var b strings.Builder
	gap := false
	for _, r := range line {
		fits := r >= ' ' && r < 0x7f || utf8 && r > 0x7f && unicode.IsPrint(r)
		if !fits && !gap {
			b.WriteByte('?')
		}
		if gap = !fits; fits {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Reset forgets the envelope and ends the transfer; the client stays known.
func (s *submitSession) Reset() {
	if s.conn != nil {
		s.conn.inData(0)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from, s.to = "", nil
}

// Logout ends the session.
func (s *submitSession) Logout() error { return nil }
