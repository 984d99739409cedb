package mailout

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"time"
)

// TLSMode is how the connection to a relay is protected.
type TLSMode string

// The modes (DESIGN section 8). TLSNone is taken on loopback only, or where
// the relay's entry says insecure_plaintext.
const (
	TLSImplicit TLSMode = "implicit"
	TLSStart    TLSMode = "starttls"
	TLSNone     TLSMode = "none"
)

// Relay is one configured submission server.
type Relay struct {
	Address           string // host:port
	TLS               TLSMode
	InsecurePlaintext bool           // allows TLSNone beyond loopback
	ServerName        string         // name in the certificate; the host of Address if empty
	RootCAs           *x509.CertPool // nil: the system's
	Username          string         // AUTH PLAIN or LOGIN, only inside TLS or on loopback; "" for none
	Password          string
	Outside           bool   // a 250 there stops the clock of clause 9
	RequireTLS        string // REQUIRETLS (RFC 8689): "require", "prefer" or ""
	LocalName         string // EHLO name; the machine's name if empty

	ConnectTimeout time.Duration // TCP and TLS; 10 s if zero
	CommandTimeout time.Duration // one command, one write; 30 s if zero
	// SubmissionTimeout bounds the wait for the reply to the final dot; 3
	// minutes if zero. RFC 5321 asks for ten, the 15 minutes of clause 9 do
	// not leave them.
	SubmissionTimeout time.Duration
}

func (r Relay) host() string {
	if h, _, err := net.SplitHostPort(r.Address); err == nil {
		return h
	}
	return r.Address
}

func (r Relay) tlsConfig() *tls.Config {
	name := r.ServerName
	if name == "" {
		name = r.host()
	}
	return &tls.Config{ServerName: name, RootCAs: r.RootCAs, MinVersion: tls.VersionTLS12}
}

func (r Relay) localName() string {
	if r.LocalName != "" {
		return r.LocalName
	}
	if name, err := os.Hostname(); err == nil && name != "" && !hasControl(name) {
		return name
	}
	return "localhost"
}

func (r Relay) connectTimeout() time.Duration { return orDefault(r.ConnectTimeout, 10*time.Second) }
func (r Relay) commandTimeout() time.Duration { return orDefault(r.CommandTimeout, 30*time.Second) }
func (r Relay) submissionTimeout() time.Duration {
	return orDefault(r.SubmissionTimeout, 3*time.Minute)
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// wire is the connection below go-smtp: it hands out a greeting that was read
// before TLS once more, bounds the octets of one reply, and gives each write a
// deadline, which go-smtp does not while it sends a message.
type wire struct {
	net.Conn
	again   []byte
	timeout time.Duration
	reply   int
}

const maxReply = 64 << 10

var errReplyTooLong = errors.New("the relay's reply does not end")

func (w *wire) Read(p []byte) (int, error) {
	if len(w.again) > 0 {
		n := copy(p, w.again)
		w.again = w.again[n:]
		return n, nil
	}
	if w.reply > maxReply {
		return 0, errReplyTooLong
	}
	n, err := w.Conn.Read(p)
	w.reply += n
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	w.reply = 0
	if err := w.Conn.SetWriteDeadline(time.Now().Add(w.timeout)); err != nil {
		return 0, err
	}
	return w.Conn.Write(p)
}
