package mailin

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"
)

// Milter is the door of an MTA (the milter protocol of Sendmail 8, version 2,
// as Postfix speaks it): it judges mail to participants while the client that
// sends it is still connected. It changes nothing and sends nothing: what it
// lets in the MTA hands over to the filter, which seals it. Mail to nobody of
// the exchange it does not look at.
//
// A mail to participants and to others is refused at the recipient that mixes
// them, and as a whole if it comes all the same: one of the two would get it
// in clear, or not at all.
type Milter struct {
	Name       string        // for the log
	MaxMessage int64         // octets of a mail to participants, default 10 MiB
	MaxInHand  int           // mails held in memory at a time, default 4; others wait
	MaxConns   int           // default 50; one more is closed, which the MTA takes for a fault
	Idle       time.Duration // longest silence of the MTA, default 1 h: it keeps a connection for an SMTP session
	Grace      time.Duration // what is being judged may take when Serve ends, default 10 s
	Log        *slog.Logger  // default slog.Default()

	// Recipient reports whether the address is a participant's, and not ours.
	Recipient func(address string) bool
	// Judge says what would become of the mail: nil, *Refused, which the client
	// is told, or a temporary fault.
	Judge func(ctx context.Context, to []string, message []byte) error
}

// Commands of the MTA and answers of ours.
const (
	milterNegotiate = 'O'
	milterMacro     = 'D'
	milterMail      = 'M'
	milterRcpt      = 'R'
	milterHeader    = 'L'
	milterEndHeader = 'N'
	milterBody      = 'B'
	milterEndBody   = 'E'
	milterAbort     = 'A'
	milterQuit      = 'Q'

	milterContinue = 'c'
	milterAccept   = 'a'
	milterTempFail = 't'
	milterReply    = 'y'
)

// Numbers of the protocol.
const (
	milterVersion = 2
	milterSkip    = 0x1 | 0x2 // we are not told of connections and greetings
	milterFrame   = 1 << 20   // no frame of an MTA is larger: body chunks have 64 KiB, a header field less
)

// Serve answers MTAs on connections of ln until ctx ends, closes ln and waits
// for its connections.
func (m *Milter) Serve(ctx context.Context, ln net.Listener) error {
	m = m.withDefaults()
	open, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	var all sync.WaitGroup
	slots, places := make(chan struct{}, m.MaxInHand), make(chan struct{}, m.MaxConns)
	closing := context.AfterFunc(ctx, func() { ln.Close() })
	defer closing()
	for {
		conn, err := ln.Accept()
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			abort()
			all.Wait()
			return fmt.Errorf("milter %s: accept connections: %w", m.Name, err)
		}
		select {
		case places <- struct{}{}:
		default:
			m.Log.Warn("too many connections")
			conn.Close()
			continue
		}
		all.Go(func() {
			defer func() { <-places }()
			s := &milterSession{m: m, ctx: open, ended: ctx, conn: conn, in: bufio.NewReader(conn), slots: slots}
			s.run()
		})
	}
	grace := time.AfterFunc(m.Grace, abort)
	defer grace.Stop()
	all.Wait()
	return nil
}

func (m *Milter) withDefaults() *Milter {
	c := *m
	if c.MaxMessage <= 0 {
		c.MaxMessage = 10 << 20
	}
	if c.MaxInHand <= 0 {
		c.MaxInHand = 4
	}
	if c.MaxConns <= 0 {
		c.MaxConns = 50
	}
	if c.Idle <= 0 {
		c.Idle = time.Hour
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

// milterSession is one connection of an MTA: one SMTP session of one client,
// with one mail at a time.
type milterSession struct {
	m     *Milter
	ctx   context.Context // of what is being judged
	ended context.Context // nothing new is begun
	conn  net.Conn
	in    *bufio.Reader
	slots chan struct{}

	to      []string // participants
	others  bool     // a recipient that is none
	holding bool     // a slot
	large   bool
	message []byte
}

// run answers commands until the MTA goes or is not understood.
func (s *milterSession) run() {
	defer s.conn.Close()
	defer s.forget()
	idle := context.AfterFunc(s.ended, func() { _ = s.conn.SetReadDeadline(time.Now()) })
	defer idle()
	for {
		if err := s.conn.SetReadDeadline(time.Now().Add(s.m.Idle)); err != nil || s.ended.Err() != nil {
			return
		}
		command, data, err := s.read()
		if err != nil {
			if !errors.Is(err, io.EOF) && s.ended.Err() == nil {
				s.m.Log.Warn("milter connection ended", "error", err)
			}
			return
		}
		if command == milterQuit {
			return
		}
		answer := s.answer(command, data)
		if answer == nil {
			continue
		}
		if err := s.write(answer); err != nil {
			s.m.Log.Warn("milter connection ended", "error", err)
			return
		}
	}
}

func (s *milterSession) read() (command byte, data []byte, err error) {
	var length [4]byte
	if _, err := io.ReadFull(s.in, length[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n == 0 || n > milterFrame {
		return 0, nil, fmt.Errorf("a frame of %d octets", n)
	}
	data = make([]byte, n)
	_, err = io.ReadFull(s.in, data)
	return data[0], data[1:], err
}

func (s *milterSession) write(answer []byte) error {
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(answer)))
	if err := s.conn.SetWriteDeadline(time.Now().Add(s.m.Idle)); err != nil {
		return err
	}
	_, err := s.conn.Write(append(frame, answer...))
	return err
}

// answer is the answer to one command, nil for those that want none.
func (s *milterSession) answer(command byte, data []byte) []byte {
	switch command {
	case milterNegotiate:
		reply := []byte{milterNegotiate}
		for _, n := range []uint32{milterVersion, 0, milterSkip} {
			reply = binary.BigEndian.AppendUint32(reply, n)
		}
		return reply
	case milterMacro:
		return nil
	case milterAbort:
		s.forget()
		return nil
	case milterMail:
		s.forget()
	case milterRcpt:
		return s.recipient(data)
	case milterHeader, milterEndHeader, milterBody:
		return s.content(command, data)
	case milterEndBody:
		if answer := s.content(milterBody, data); answer[0] != milterContinue {
			return answer
		}
		return s.verdict()
	}
	return []byte{milterContinue}
}

// forget ends the mail at hand.
func (s *milterSession) forget() {
	s.to, s.others, s.large, s.message = nil, false, false, nil
	if s.holding {
		<-s.slots
		s.holding = false
	}
}

// recipient takes a recipient, or refuses the one that would mix them.
func (s *milterSession) recipient(data []byte) []byte {
	argument, _, _ := strings.Cut(string(data), "\x00")
	address := strings.TrimSuffix(strings.TrimPrefix(argument, "<"), ">")
	participant := s.m.Recipient(address)
	if participant {
		s.to = append(s.to, address)
	}
	s.others = s.others || !participant
	if s.mixed() {
		return s.refuse(mixedRecipients())
	}
	return []byte{milterContinue}
}

func (s *milterSession) mixed() bool { return s.others && len(s.to) > 0 }

func mixedRecipients() *Refused {
	return &Refused{550, [3]int{5, 7, 1}, "Mail to participants of the exchange is sealed and goes to no one else: send it to the others separately"}
}

// content keeps a mail to participants in memory; every other one is let
// through before its content is seen.
func (s *milterSession) content(command byte, data []byte) []byte {
	switch {
	case s.mixed():
		return s.refuse(mixedRecipients())
	case len(s.to) == 0:
		return []byte{milterAccept}
	}
	if !s.holding {
		select {
		case s.slots <- struct{}{}:
			s.holding = true
		case <-s.ctx.Done():
			return []byte{milterTempFail}
		}
	}
	switch command {
	case milterHeader:
		name, value, _ := strings.Cut(strings.TrimSuffix(string(data), "\x00"), "\x00")
		data = []byte(name + ": " + strings.ReplaceAll(strings.ReplaceAll(value, "\r\n", "\n"), "\n", "\r\n") + "\r\n")
	case milterEndHeader:
		data = []byte("\r\n")
	}
	if s.large = s.large || int64(len(s.message)+len(data)) > s.m.MaxMessage; !s.large {
		s.message = append(s.message, data...)
	}
	return []byte{milterContinue}
}

// verdict answers the end of the mail.
func (s *milterSession) verdict() []byte {
	defer s.forget()
	if s.large {
		return s.refuse(&Refused{552, [3]int{5, 3, 4}, "Message over the size limit"})
	}
	err := s.m.Judge(s.ctx, s.to, s.message)
	var refused *Refused
	switch {
	case err == nil:
		return []byte{milterAccept}
	case errors.As(err, &refused):
		s.m.Log.Warn("mail refused at the door", "reply", refused.Error())
		return s.refuse(refused)
	}
	s.m.Log.Error("mail not judged", "error", err)
	return []byte{milterTempFail}
}

// refuse is the reply that the MTA gives to its client.
func (s *milterSession) refuse(r *Refused) []byte {
	enhanced := fmt.Sprintf("%d.%d.%d", r.Enhanced[0], r.Enhanced[1], r.Enhanced[2])
	lines := strings.Split(replyText(r.Text, "", false), "\n")
	for i, line := range lines {
		separator := "-"
		if i == len(lines)-1 {
			separator = " "
		}
		lines[i] = fmt.Sprintf("%d%s%s %s", r.Code, separator, enhanced, strings.TrimSpace(line))
	}
	return append([]byte{milterReply}, strings.Join(lines, "\r\n")+"\x00"...)
}
