package mailin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"time"

	"almasu/exchange"
)

// TLSMode says how a connection to the mailbox is protected.
type TLSMode string

// The TLS modes of the configuration (DESIGN section 8).
const (
	TLSImplicit TLSMode = "implicit"
	TLSStart    TLSMode = "starttls"
	TLSNone     TLSMode = "none" // only on loopback, or with InsecurePlaintext
)

// Mailbox is one IMAP mailbox to be emptied. The zero value of a setting means
// its default. It must not be copied while Run runs.
type Mailbox struct {
	Name              string // the configured name, part of every Source
	Address           string // host:port
	TLS               TLSMode
	ServerName        string         // name in the certificate; default the host of Address
	RootCAs           *x509.CertPool // default the system's
	InsecurePlaintext bool           // allow TLSNone beyond loopback
	Username          string
	Password          string // never logged, never part of an error

	Folder string // taken from, default INBOX
	Done   string // decided messages go here, default Done; "/" separates levels
	Held   string // held messages go here, default Held

	MaxMessage int64 // octets, default 50 MiB; above it only the header is fetched
	Parallel   int   // small messages handed to Accept at the same time, default 32
	Timing     Timing
	Log        *slog.Logger // default slog.Default()
	Trace      Trace
	// Dial opens the TCP connection; default a net.Dialer with keep-alive.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Timing holds the clocks of a mailbox; zero means the default.
type Timing struct {
	Poll       time.Duration // the whole folder is looked through, default 60 s
	Idle       time.Duration // IDLE is renewed and the connection proven by NOOP, default 5 min
	Command    time.Duration // limit of one command, also of connect and login, default 30 s
	Silence    time.Duration // longest wait for the next octets of a body, default 60 s
	Body       time.Duration // limit of one FETCH of bodies, default 15 min
	BackoffMin time.Duration // first wait before connecting again, default 1 s
	BackoffMax time.Duration // longest wait, default 5 min
	BusyPause  time.Duration // pause after ErrBusy, default 250 ms
	BusyHold   time.Duration // how long one message waits so before the pass ends, default 10 s
	Gather     time.Duration // decisions collected before a move, default 50 ms
	Eager      time.Duration // between looks while mail keeps coming, default 100 ms; below 0 = leave it to IDLE
}

// Trace is called at the events of a mailbox, each field where it is set. The
// calls come from the poller's goroutines and must return at once.
type Trace struct {
	Connected    func(capabilities []string)
	Taken        func(source exchange.Source, size int64) // Accept returned nil
	Skipped      func(source exchange.Source, err error)  // left for the next poll
	Busy         func(source exchange.Source)             // Accept returned ErrBusy
	Moved        func(uids []uint32, folder string)       // entries left the folder
	Waiting      func(idle bool)                          // nothing left to do, waits for a hint
	Disconnected func(err error, wait time.Duration)      // and when the next try is due
}

func (m *Mailbox) withDefaults() *Mailbox {
	c := *m
	text := func(v *string, d string) {
		if *v == "" {
			*v = d
		}
	}
	text(&c.Folder, "INBOX")
	text(&c.Done, "Done")
	text(&c.Held, "Held")
	if c.MaxMessage <= 0 {
		c.MaxMessage = 50 << 20
	}
	if c.Parallel <= 0 {
		c.Parallel = 32
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Log = c.Log.With("mailbox", c.Name)
	if c.Dial == nil {
		c.Dial = (&net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second,
			Interval: 15 * time.Second, Count: 4}}).DialContext
	}
	c.Timing = m.Timing.withDefaults()
	return &c
}

func (t Timing) withDefaults() Timing {
	set := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&t.Poll, time.Minute)
	set(&t.Idle, 5*time.Minute)
	set(&t.Command, 30*time.Second)
	set(&t.Silence, time.Minute)
	set(&t.Body, 15*time.Minute)
	set(&t.BackoffMin, time.Second)
	set(&t.BackoffMax, 5*time.Minute)
	set(&t.BusyPause, 250*time.Millisecond)
	set(&t.BusyHold, 10*time.Second)
	set(&t.Gather, 50*time.Millisecond)
	if t.Eager == 0 {
		t.Eager = 100 * time.Millisecond
	}
	return t
}

// mode is the TLS mode with its default: implicit on port 993, STARTTLS elsewhere.
func (m *Mailbox) mode() TLSMode {
	if m.TLS != "" {
		return m.TLS
	}
	if _, port, err := net.SplitHostPort(m.Address); err == nil && port == "993" {
		return TLSImplicit
	}
	return TLSStart
}

// validate finds settings no server can help with, before any connection.
func (m *Mailbox) validate() error {
	host, _, err := net.SplitHostPort(m.Address)
	if err != nil {
		return fmt.Errorf("address %q: %w", m.Address, err)
	}
	switch m.mode() {
	case TLSImplicit, TLSStart:
	case TLSNone:
		if !m.InsecurePlaintext && !loopback(host) {
			return fmt.Errorf("tls none for %s, which is not loopback: %w", host, errPlaintext)
		}
	default:
		return fmt.Errorf("tls mode %q is not implicit, starttls or none: %w", m.TLS, errSetting)
	}
	if m.Done == m.Folder || m.Held == m.Folder {
		return fmt.Errorf("done or held is the folder itself, %q: %w", m.Folder, errSetting)
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (m *Mailbox) tlsConfig() *tls.Config {
	name := m.ServerName
	if name == "" {
		name, _, _ = net.SplitHostPort(m.Address) // validate has seen it
	}
	return &tls.Config{ServerName: name, RootCAs: m.RootCAs, MinVersion: tls.VersionTLS12}
}
