package mailin

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// session is one connection to the mailbox, from connect to close. All its
// commands are given by one goroutine.
type session struct {
	m      *Mailbox
	ctx    context.Context
	conn   *watchedConn
	client *imapclient.Client
	unhook func() bool   // takes the context's hand off the connection
	hint   chan struct{} // the server said that the folder changed

	caps     imap.CapSet
	validity uint32 // of the selected folder
	idle     bool   // IDLE is offered and was not refused
	delim    rune   // between levels of folder names, 0 = flat
	prefix   string // of our own namespace
	known    map[string]string
}

// errSilent is the watchdog's: no answer within the limit of the command.
var errSilent = fmt.Errorf("no answer in time: %w", os.ErrDeadlineExceeded)

// openSession connects, logs in and selects the folder.
func openSession(ctx context.Context, m *Mailbox) (*session, error) {
	s, err := connect(ctx, m)
	if err != nil {
		return nil, err
	}
	if err = s.login(); err == nil {
		_, err = s.selectFolder()
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// connect opens the connection as far as the greeting, TLS included.
func connect(ctx context.Context, m *Mailbox) (*session, error) {
	if err := m.validate(); err != nil {
		return nil, m.fault(StepSettings, err)
	}
	limited, cancel := context.WithTimeout(ctx, m.Timing.Command)
	defer cancel()
	raw, err := m.Dial(limited, "tcp", m.Address)
	if err != nil {
		return nil, m.fault(StepConnect, err)
	}
	s := &session{m: m, ctx: ctx, conn: &watchedConn{Conn: raw}, hint: make(chan struct{}, 1), known: map[string]string{}}
	s.unhook = context.AfterFunc(ctx, func() { s.conn.Close() })
	if err := s.handshake(limited); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// handshake brings up TLS in the mode set and takes the greeting.
func (s *session) handshake(ctx context.Context) error {
	options := &imapclient.Options{TLSConfig: s.m.tlsConfig(), UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				signal(s.hint)
			}
		}}}
	switch s.m.mode() {
	case TLSImplicit:
		c := tls.Client(s.conn, s.m.tlsConfig())
		if err := c.HandshakeContext(ctx); err != nil {
			return s.m.fault(StepTLS, err)
		}
		s.client = imapclient.New(c, options)
	case TLSStart:
		err := s.do(StepTLS, func() (err error) {
			s.client, err = imapclient.NewStartTLS(s.conn, options)
			return err
		})
		if err != nil {
			return err
		}
	default:
		s.client = imapclient.New(s.conn, options)
	}
	return s.do(StepGreeting, s.client.WaitGreeting)
}

// login authenticates with PLAIN where it is offered and with LOGIN otherwise.
func (s *session) login() error {
	if s.client.State() == imap.ConnStateAuthenticated { // PREAUTH
		return s.capabilities()
	}
	err := s.do(StepLogin, func() error {
		caps := s.client.Caps()
		switch {
		case caps.Has(imap.AuthCap(sasl.Plain)):
			return s.client.Authenticate(sasl.NewPlainClient("", s.m.Username, s.m.Password))
		case caps.Has(imap.CapLoginDisabled):
			return errNoLogin
		}
		return s.client.Login(s.m.Username, s.m.Password).Wait()
	})
	if err != nil {
		return err
	}
	return s.capabilities()
}

// capabilities asks for what the server can do after login. The library's own
// copy may still be the one from before: it is renewed behind our back.
func (s *session) capabilities() error {
	return s.do(StepLogin, func() (err error) {
		if s.caps, err = s.client.Capability().Wait(); err != nil {
			return err
		}
		s.idle = s.caps.Has(imap.CapIdle)
		return nil
	})
}

// selectFolder selects the folder that is taken from.
func (s *session) selectFolder() (*imap.SelectData, error) {
	var data *imap.SelectData
	err := s.do(StepSelect, func() (err error) {
		data, err = s.client.Select(s.m.Folder, nil).Wait()
		return err
	})
	if err != nil {
		return nil, err
	}
	s.validity = data.UIDValidity
	return data, nil
}

// do runs one command under the command limit.
func (s *session) do(step Step, f func() error) error {
	return s.within(step, s.m.Timing.Command, s.m.Timing.Command, f)
}

// within runs f; a read that stays silent for longer than quiet, or a total
// above limit, closes the connection, which ends every command under way.
func (s *session) within(step Step, quiet, limit time.Duration, f func() error) error {
	s.conn.expect(quiet)
	watchdog := time.AfterFunc(limit, func() { s.conn.Close() })
	begun := time.Now()
	err := f()
	s.conn.expect(0)
	barked := !watchdog.Stop()
	switch {
	case err == nil:
		return nil
	case s.ctx.Err() != nil:
		return s.ctx.Err()
	case !refused(err) && (barked || time.Since(begun) >= quiet):
		err = fmt.Errorf("%w (%v)", errSilent, err)
	}
	return s.m.fault(step, err)
}

// alive reports whether the connection can still be used.
func (s *session) alive() bool {
	select {
	case <-s.client.Closed():
		return false
	default:
		return true
	}
}

// close ends the connection at once and waits for its reader. Commands under
// way must have been drained.
func (s *session) close() {
	s.unhook()
	s.conn.Close()
	if s.client != nil {
		s.client.Close() // its error only repeats why the connection ended
	}
}

// signal leaves a hint in a channel of one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
