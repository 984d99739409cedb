package mailin

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// drainOctets is how much of an unwanted body is read to its end to keep the
// connection; with more to come it is cheaper to connect anew.
const drainOctets = 4 << 20

var errVanished = errors.New("the entry is not in the folder any more")

// takeLarge hands over a message while it streams from the connection. The
// FETCH is given at the first Read: where Accept is busy, or knows the message
// already, nothing is fetched at all.
func (p *poller) takeLarge(s *session, e entry) error {
	in := p.incoming(e)
	body := &literalBody{s: s, uid: e.uid, limit: p.m.MaxMessage}
	in.Body = body
	err := p.offer(in, func() bool { return body.command == nil })
	fetchErr := body.finish()
	if body.fault != nil && (err == nil || errors.Is(body.fault, ErrTooLarge)) {
		err = body.fault // also where Accept overlooked it
	}
	switch {
	case p.ctx.Err() != nil:
		return p.ctx.Err()
	case body.fault != nil && errors.Is(body.fault, errVanished):
		return nil
	case !s.alive() || fetchErr != nil && !refused(fetchErr):
		return p.brokeIn(s, e, err, fetchErr, body)
	case fetchErr != nil && refused(fetchErr):
		err = fetchErr
	}
	return p.result(s, e, err)
}

// brokeIn ends the session after a body that could not be read to its end: by
// the connection's fault, or because we closed it on a body nobody wanted.
func (p *poller) brokeIn(s *session, e entry, err, fetchErr error, body *literalBody) error {
	if body.fault == nil || errors.Is(body.fault, ErrTooLarge) {
		if err := p.result(s, e, err); err != nil {
			return err
		}
		return fmt.Errorf("rest of UID %d left unread: %w", e.uid, errAbandoned)
	}
	if fetchErr == nil {
		fetchErr = body.fault
	}
	p.broke(e, fetchErr)
	return p.m.fault(StepFetch, fetchErr)
}

// errAbandoned ends a session that we broke off ourselves.
var errAbandoned = errors.New("connection closed by us")

// literalBody is a message that is fetched when it is first read.
type literalBody struct {
	s     *session
	uid   uint32
	limit int64

	command  *imapclient.FetchCommand
	watchdog *time.Timer
	literal  imap.LiteralReader
	left     int64
	fault    error // why Read failed, except for a clean end
	broken   bool  // the literal itself failed
}

// Read returns io.EOF only after the whole literal. The library's reader ends
// with io.EOF as well when the connection is closed in the middle of it.
func (b *literalBody) Read(buf []byte) (int, error) {
	if b.command == nil {
		b.begin()
	}
	if b.fault != nil {
		return 0, b.fault
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	if int64(len(buf)) > b.left {
		buf = buf[:b.left]
	}
	n, err := b.literal.Read(buf)
	b.left -= int64(n)
	switch {
	case b.left == 0:
		err = nil
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		b.fault, b.broken = fmt.Errorf("read UID %d: %w", b.uid, err), true
	}
	return n, b.fault
}

// begin gives the FETCH and goes as far as the literal.
func (b *literalBody) begin() {
	t := b.s.m.Timing
	b.s.conn.expect(t.Silence)
	b.watchdog = time.AfterFunc(t.Body, func() { b.s.conn.Close() })
	b.command = b.s.client.Fetch(imap.UIDSetNum(imap.UID(b.uid)), wholeBody())
	for msg := b.command.Next(); msg != nil; msg = b.command.Next() {
		if uid, literal := bodyOf(msg); uid == b.uid && literal != nil && literal.Size() > 0 {
			b.literal = literal
			break
		}
	}
	switch {
	case b.literal == nil:
		b.fault = errVanished
	case b.literal.Size() > b.limit:
		b.fault = fmt.Errorf("UID %d has %d octets, limit %d: %w", b.uid, b.literal.Size(), b.limit, ErrTooLarge)
		b.left = b.literal.Size()
	default:
		b.left = b.literal.Size()
	}
}

// finish ends the command; the connection does not outlive a long rest.
func (b *literalBody) finish() error {
	if b.command == nil {
		return nil
	}
	if b.left > drainOctets {
		b.s.conn.Close()
	}
	var err error
	if b.broken {
		err = b.s.abandon(b.command)
	} else {
		err = b.command.Close()
	}
	b.s.conn.expect(0)
	if !b.watchdog.Stop() && err != nil {
		err = fmt.Errorf("%w (%v)", errSilent, err)
	}
	if err != nil && errors.Is(b.fault, errVanished) {
		b.fault = fmt.Errorf("fetch UID %d: %w", b.uid, err)
	}
	return err
}

// abandon ends a FETCH after a failed Read of its literal, and the connection
// with it. The library's decoder goes on by itself then; only when it has ended
// may the command be drained, which reads the literal once more.
func (s *session) abandon(cmd *imapclient.FetchCommand) error {
	s.conn.Close()
	<-s.client.Closed()
	return cmd.Close()
}
