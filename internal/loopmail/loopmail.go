// Package loopmail is a mail house on loopback, in memory: an IMAP server over
// TLS and an SMTP server that puts what it takes into the mailboxes behind it.
// The demo lives in it, and so do tests and the benchmark.
//
// It owns nothing that outlives the process. It refuses to relay: mail to an
// address without a mailbox is answered 550, nothing ever leaves loopback.
package loopmail

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
)

// Mail is one message that passed the SMTP server.
type Mail struct {
	From, To string
	Raw      []byte
}

// House is a running pair of servers. Make it with Open, end it with Close.
type House struct {
	IMAPAddress string // host:port, implicit TLS
	SMTPAddress string // host:port, STARTTLS with the same certificate
	CA          []byte // PEM, the certificate to trust

	imap    *imapserver.Server
	smtp    *smtp.Server
	sockets []net.Listener
	serving sync.WaitGroup

	mu    sync.Mutex
	users map[string]*imapmemserver.User
	watch []func(Mail)
}

// Open starts the servers on free loopback ports.
func Open() (*House, error) {
	h := &House{users: map[string]*imapmemserver.User{}}
	config, ca, err := certificate()
	if err != nil {
		return nil, err
	}
	h.CA = ca
	imapSocket, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		return nil, err
	}
	smtpSocket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, imapSocket.Close())
	}
	h.sockets = []net.Listener{imapSocket, smtpSocket}
	h.IMAPAddress, h.SMTPAddress = imapSocket.Addr().String(), smtpSocket.Addr().String()
	quiet := log.New(io.Discard, "", 0)
	mem := imapmemserver.New()
	h.imap = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{Session: mem.NewSession(), house: h}, nil, nil
		},
		Caps:   imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		Logger: quiet,
	})
	h.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{house: h}, nil }))
	h.smtp.TLSConfig, h.smtp.Domain, h.smtp.ErrorLog = config, "localhost", quiet
	h.smtp.MaxMessageBytes, h.smtp.EnableSMTPUTF8, h.smtp.EnableDSN = 256<<20, true, true
	h.serving.Go(func() { _ = h.imap.Serve(imapSocket) }) // ends with Close
	h.serving.Go(func() { _ = h.smtp.Serve(smtpSocket) })
	return h, nil
}

// Close stops both servers and waits for them. The sockets are closed first: a
// server that has not begun to serve yet does not know its socket.
func (h *House) Close() error {
	for _, s := range h.sockets {
		s.Close() // a second Close by the server is an error of no meaning
	}
	h.imap.Close()
	h.smtp.Close()
	h.serving.Wait()
	return nil
}

// AddMailbox makes a mailbox; the address is the user name as well.
func (h *House) AddMailbox(address, password string) error {
	user := imapmemserver.NewUser(address, password)
	if err := user.Create("INBOX", nil); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users[address] = user
	return nil
}

// Watch calls f for every message the SMTP server takes, before it is
// delivered. f must return at once.
func (h *House) Watch(f func(Mail)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watch = append(h.watch, f)
}

// Deliver puts a message into a mailbox as the SMTP server would.
func (h *House) Deliver(m Mail) error {
	h.mu.Lock()
	user, watch := h.users[m.To], h.watch
	h.mu.Unlock()
	if user == nil {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	}
	for _, f := range watch {
		f(m)
	}
	raw := append([]byte("Return-Path: <"+m.From+">\r\n"), m.Raw...)
	_, err := user.Append("INBOX", literal{bytes.NewReader(raw)}, &imap.AppendOptions{Time: time.Now()})
	return err
}

// Count says how many messages stand in a folder of a mailbox.
func (h *House) Count(address, folder string) int {
	h.mu.Lock()
	user := h.users[address]
	h.mu.Unlock()
	if user == nil {
		return 0
	}
	status, err := user.Status(folder, &imap.StatusOptions{NumMessages: true})
	if err != nil || status.NumMessages == nil {
		return 0
	}
	return int(*status.NumMessages)
}

// literal is a message on its way into the memory server.
type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

// session looks the user up in the house, so that mailboxes can be added while
// the server runs.
type session struct {
	imapserver.Session
	house *House
}

func (s *session) Login(username, password string) error {
	s.house.mu.Lock()
	user := s.house.users[username]
	s.house.mu.Unlock()
	if user == nil || user.Login(username, password) != nil {
		return imapserver.ErrAuthFailed
	}
	s.Session = imapmemserver.NewUserSession(user)
	return nil
}

// Move and Namespace are what the memory server offers beyond the least.
func (s *session) Move(w *imapserver.MoveWriter, numSet imap.NumSet, dest string) error {
	return s.Session.(imapserver.SessionMove).Move(w, numSet, dest)
}

func (s *session) Namespace() (*imap.NamespaceData, error) {
	return s.Session.(imapserver.SessionNamespace).Namespace()
}

// delivery is one SMTP transaction.
type delivery struct {
	house *House
	from  string
	to    []string
}

func (d *delivery) Reset()        { d.from, d.to = "", nil }
func (d *delivery) Logout() error { return nil }

func (d *delivery) Mail(from string, _ *smtp.MailOptions) error {
	d.from = from
	return nil
}

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.house.mu.Lock()
	defer d.house.mu.Unlock()
	if d.house.users[to] == nil {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	}
	d.to = append(d.to, to)
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	for _, to := range d.to {
		if err := d.house.Deliver(Mail{From: d.from, To: to, Raw: raw}); err != nil {
			return err
		}
	}
	return nil
}

// certificate makes a key and a self-signed certificate for loopback.
func certificate() (*tls.Config, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "loopback"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate for loopback: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	return config, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
