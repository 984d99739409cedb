package mailin

import (
	"net"
	"sync"
	"time"
)

// watchedConn decides itself how long a read may stay silent. The IMAP library
// has no deadline while it waits for an answer and a fixed one of five minutes
// for a whole literal, however slowly Accept takes it; its deadlines are
// therefore ignored. Time spent outside Read never counts.
type watchedConn struct {
	net.Conn
	mu    sync.Mutex
	quiet time.Duration // longest silence of one read, 0 = any (IDLE)
}

// expect sets the longest silence from now on, also for a read under way.
func (c *watchedConn) expect(quiet time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.quiet = quiet
	c.arm()
}

// arm puts the deadline on the connection; the caller holds mu. An error means
// that the connection is closed, which the read reports as well.
func (c *watchedConn) arm() {
	var at time.Time
	if c.quiet > 0 {
		at = time.Now().Add(c.quiet)
	}
	_ = c.Conn.SetReadDeadline(at)
}

// Read reads under the silence limit in force. A read that fails is the last:
// what drains an unwanted body must not wait for each piece of it anew.
func (c *watchedConn) Read(b []byte) (int, error) {
	c.mu.Lock()
	c.arm()
	c.mu.Unlock()
	n, err := c.Conn.Read(b)
	if err != nil {
		c.Conn.Close()
	}
	return n, err
}

// SetReadDeadline leaves the read deadline to expect.
func (c *watchedConn) SetReadDeadline(time.Time) error { return nil }

// SetDeadline sets the write deadline only.
func (c *watchedConn) SetDeadline(t time.Time) error { return c.Conn.SetWriteDeadline(t) }
