package web

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"almasu/exchange"
	"almasu/queue"
)

// Server is the HTTP API of one gateway.
type Server struct {
	// Hosts are the names, without port, that clients may use in Host and
	// Origin beside the address they connect to.
	Hosts    []string
	TLS      *tls.Config       // nil: in clear
	Role     string            // "soc" or "nccis", told by the health page
	Language exchange.Language // of problems, where the client asks for none
	Zone     *time.Location    // of times
	Limits   Limits
	Store    *queue.Store
	Submit   func(ctx context.Context, s Submission) (Submitted, error)
	Clock    func() time.Time
	Log      *slog.Logger
}

// Limits bound what clients can make us do; a zero field is its default.
type Limits struct {
	Connections int           // open ones; more wait to be taken. 64
	Requests    int           // in flight, without those that wait. 32
	Waiting     int           // requests that wait for news. 64
	PerToken    int           // requests of one token, in flight or waiting. 16
	PerMinute   int           // requests of one token; twenty more at once. 600
	Header      int           // octets of a request's header. 16 KiB
	Body        int64         // octets of a document. 4 MiB
	InWork      int64         // octets of documents in memory. 16 MiB
	BodyTime    time.Duration // from the first octet of a request to its last. 30 s
	ReplyTime   time.Duration // for the client to take an answer. 30 s
	Wait        time.Duration // longest wait for news. 60 s
	Grace       time.Duration // for requests in flight when Serve ends. 10 s
}

func (l Limits) withDefaults() Limits {
	standard(&l.Connections, 64)
	standard(&l.Requests, 32)
	standard(&l.Waiting, 64)
	standard(&l.PerToken, 16)
	standard(&l.PerMinute, 600)
	standard(&l.Header, 16<<10)
	standard(&l.Body, 4<<20)
	standard(&l.InWork, 16<<20)
	standard(&l.BodyTime, 30*time.Second)
	standard(&l.ReplyTime, 30*time.Second)
	standard(&l.Wait, time.Minute)
	standard(&l.Grace, 10*time.Second)
	return l
}

// standard sets a limit that is not set.
func standard[T int | int64 | time.Duration](limit *T, value T) {
	if *limit <= 0 {
		*limit = value
	}
}

// Serve answers on ln until ctx ends, and returns nil then; it closes ln.
// Clients that wait for news are answered at once, requests in flight within
// the grace.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	c := *s
	c.Limits = s.Limits.withDefaults()
	a := newAPI(&c, ctx.Done())
	server := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: min(10*time.Second, c.Limits.BodyTime),
		ReadTimeout:       c.Limits.BodyTime,
		WriteTimeout:      c.Limits.BodyTime + c.Limits.ReplyTime,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    c.Limits.Header,
		ErrorLog:          slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug),
		Protocols:         new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true) // one request at a time on a connection: the bounds stay simple
	taking := net.Listener(&limitedListener{Listener: ln, free: make(chan struct{}, c.Limits.Connections), closed: make(chan struct{})})
	if c.TLS != nil {
		taking = tls.NewListener(taking, c.TLS)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(taking) }()
	select {
	case err := <-served:
		return fmt.Errorf("HTTP API: accept connections: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Limits.Grace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		server.Close()
	}
	<-served
	a.requests.Wait()
	return nil
}

// limitedListener takes no more connections than it has room for.
type limitedListener struct {
	net.Listener
	free    chan struct{}
	closed  chan struct{}
	closing sync.Once
}

// Accept waits for room, then for a client.
func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.free <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &countedConn{Conn: c, gone: sync.OnceFunc(func() { <-l.free })}, nil
}

// Close ends Accept.
func (l *limitedListener) Close() error {
	l.closing.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// countedConn gives its place back when it is closed.
type countedConn struct {
	net.Conn
	gone func()
}

// Close implements net.Conn.
func (c *countedConn) Close() error {
	c.gone()
	return c.Conn.Close()
}
