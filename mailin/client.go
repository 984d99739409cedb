package mailin

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// limitedBody is a message of a client: it ends with ErrTooLarge above the
// limit, and remembers why it ended.
type limitedBody struct {
	r     io.Reader
	left  int64
	whole bool
	err   error
}

// Read reads the message as far as it is allowed to go.
func (b *limitedBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		n, err = 0, ErrTooLarge
	}
	b.err, b.whole = err, errors.Is(err, io.EOF)
	return n, err
}

// rest reads to the end and reports whether it is there.
func (b *limitedBody) rest() error {
	_, err := io.Copy(io.Discard, b)
	return err
}

// limitedListener counts connections and can end them gently.
type limitedListener struct {
	net.Listener
	max  int
	idle time.Duration
	wg   sync.WaitGroup // of connections

	mu    sync.Mutex
	conns map[*clientConn]bool
	over  bool // Serve is ending
}

// Accept takes the next connection there is room for; others are told 421.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		client := &clientConn{Conn: c, l: l}
		l.mu.Lock()
		room := len(l.conns) < l.max && !l.over
		if room {
			l.conns[client] = true
			l.wg.Add(1)
		}
		l.mu.Unlock()
		if room {
			return client, nil
		}
		c.SetWriteDeadline(time.Now().Add(time.Second)) // fits into the socket's buffer or is not worth waiting for
		io.WriteString(c, "421 4.3.2 Too many connections, try again later\r\n")
		c.Close()
	}
}

// finish lets every client go at its next command.
func (l *limitedListener) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	for c := range l.conns {
		c.over()
	}
}

func (l *limitedListener) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Conn.Close()
	}
}

// clientConn is a client's connection with deadlines of our own: the library
// sets one for a whole message, we bound the silence and the whole apart.
type clientConn struct {
	net.Conn
	l      *limitedListener
	closed sync.Once

	mu     sync.Mutex
	data   time.Time // end of the transfer under way, zero outside of one
	ending bool
}

// inData begins a transfer that may take d, or ends it (0).
func (c *clientConn) inData(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.data = (time.Time{}); d > 0 {
		c.data = time.Now().Add(d)
	}
}

// over makes a client that waits outside of a transfer see a timeout, which
// the library turns into 421.
func (c *clientConn) over() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = true
	if c.data.IsZero() {
		c.Conn.SetReadDeadline(time.Unix(1, 0)) // fails only if closed
	}
}

// Read reads under the deadline in force.
func (c *clientConn) Read(b []byte) (int, error) {
	c.mu.Lock()
	at := time.Now().Add(c.l.idle)
	if !c.data.IsZero() && c.data.Before(at) {
		at = c.data
	}
	ending := c.ending && c.data.IsZero()
	c.Conn.SetReadDeadline(at) // fails only if closed, which Read says as well
	c.mu.Unlock()
	if ending {
		return 0, os.ErrDeadlineExceeded
	}
	return c.Conn.Read(b)
}

// Write writes under the silence limit.
func (c *clientConn) Write(b []byte) (int, error) {
	c.Conn.SetWriteDeadline(time.Now().Add(c.l.idle)) // fails only if closed
	return c.Conn.Write(b)
}

// SetDeadline, SetReadDeadline and SetWriteDeadline leave that to us.
func (c *clientConn) SetDeadline(time.Time) error      { return nil }
func (c *clientConn) SetReadDeadline(time.Time) error  { return nil }
func (c *clientConn) SetWriteDeadline(time.Time) error { return nil }

// Close closes the connection and gives its place free.
func (c *clientConn) Close() error {
	err := c.Conn.Close()
	c.closed.Do(func() {
		c.l.mu.Lock()
		delete(c.l.conns, c)
		c.l.mu.Unlock()
		c.l.wg.Done()
	})
	return err
}

// clientOf is our connection below the library's, and below TLS.
func clientOf(c *smtp.Conn) *clientConn {
	conn := c.Conn()
	if t, is := conn.(*tls.Conn); is {
		conn = t.NetConn()
	}
	client, _ := conn.(*clientConn)
	return client
}
