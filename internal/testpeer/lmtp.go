package testpeer

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"time"
)

const deliveryLimit = 2 * time.Minute // for one whole delivery

// deliverLMTP hands a message over by LMTP (RFC 2033). address is host:port or
// the path of a socket.
func deliverLMTP(address, from string, to []string, message io.Reader) error {
	return deliver("LHLO", address, from, to, message)
}

// deliver speaks LMTP or SMTP, as the greeting word (LHLO, EHLO) says.
func deliver(greeting, address, from string, to []string, message io.Reader) (err error) {
	network := "tcp"
	if address[0] == '/' {
		network = "unix"
	}
	conn, err := net.DialTimeout(network, address, deliveryLimit)
	if err != nil {
		return err
	}
	c := textproto.NewConn(conn)
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := conn.SetDeadline(time.Now().Add(deliveryLimit)); err != nil {
		return err
	}
	if _, _, err := c.ReadResponse(220); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	say := func(want int, format string, args ...any) error {
		if err := c.PrintfLine(format, args...); err != nil {
			return err
		}
		if _, _, err := c.ReadResponse(want); err != nil {
			return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
		}
		return nil
	}
	if err := say(250, "%s test.example", greeting); err != nil {
		return err
	}
	if err := say(250, "MAIL FROM:<%s>", from); err != nil {
		return err
	}
	for _, rcpt := range to {
		if err := say(250, "RCPT TO:<%s>", rcpt); err != nil {
			return err
		}
	}
	if err := say(354, "DATA"); err != nil {
		return err
	}
	w := c.DotWriter()
	if _, err := io.Copy(w, message); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if greeting == "EHLO" {
		to = to[:1] // SMTP answers once; LMTP once for each recipient
	}
	for _, rcpt := range to {
		if _, _, err := c.ReadResponse(250); err != nil {
			return fmt.Errorf("delivery to <%s>: %w", rcpt, err)
		}
	}
	return say(221, "QUIT")
}
