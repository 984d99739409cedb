package mailout

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is an SMTP server that answers each command as it is told to, so that
// every phase can fail in every way.
type peer struct {
	t        *testing.T
	listener net.Listener
	tls      *tls.Config
	implicit bool
	greeting string
	replies  map[string]string // by verb ("." for the final dot); the defaults accept
	once     map[string]string // before them, and once

	mu          sync.Mutex
	commands    []string
	messages    []string // octets between DATA and the final dot, as they came
	connections int
	open        map[net.Conn]bool
	wg          sync.WaitGroup
}

// Besides a reply, a verb can be answered by one of these.
const (
	drop   = "DROP"   // close without a reply
	silent = "SILENT" // never answer
)

// start makes a peer on loopback. Replies come in pairs verb, reply.
func start(t *testing.T, pairs ...string) *peer {
	t.Helper()
	p := &peer{t: t, greeting: "220 peer.example ESMTP", replies: map[string]string{}, once: map[string]string{}, open: map[net.Conn]bool{}}
	p.set(pairs...)
	var err error
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	p.wg.Go(p.serve)
	t.Cleanup(p.stop)
	return p
}

func (p *peer) set(pairs ...string) *peer {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == "greeting" {
			p.greeting = pairs[i+1]
		} else {
			p.replies[pairs[i]] = pairs[i+1]
		}
	}
	return p
}

func (p *peer) answerOnce(verb, reply string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.once[verb] = reply
}

func (p *peer) stop() {
	p.listener.Close()
	p.mu.Lock()
	for c := range p.open {
		c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

func (p *peer) relay() Relay {
	return Relay{Address: p.listener.Addr().String(), TLS: TLSNone, LocalName: "soc.example",
		ConnectTimeout: 2 * time.Second, CommandTimeout: 2 * time.Second, SubmissionTimeout: 2 * time.Second}
}

func (p *peer) received() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.messages...)
}

func (p *peer) heard(prefix string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, c := range p.commands {
		if strings.HasPrefix(c, prefix) {
			out = append(out, c)
		}
	}
	return out
}

func (p *peer) serve() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.connections++
		p.open[c] = true
		p.mu.Unlock()
		p.wg.Go(func() {
			p.talk(c)
			c.Close()
			p.mu.Lock()
			delete(p.open, c)
			p.mu.Unlock()
		})
	}
}

func (p *peer) reply(verb string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r, ok := p.once[verb]; ok {
		delete(p.once, verb)
		return r
	}
	if r, ok := p.replies[verb]; ok {
		return r
	}
	return map[string]string{"EHLO": "250-peer.example\n250 8BITMIME", "HELO": "250 peer.example", "MAIL": "250 2.1.0 ok",
		"RCPT": "250 2.1.5 ok", "DATA": "354 go on", ".": "250 2.0.0 queued as 4711", "RSET": "250 ok", "QUIT": "221 bye",
		"STARTTLS": "220 go on", "AUTH": "235 2.7.0 welcome", "*": "501 ended"}[verb]
}

// say sends a reply and reports whether the dialogue goes on.
func (p *peer) say(c net.Conn, in *bufio.Reader, reply string) bool {
	switch reply {
	case drop:
		return false
	case silent:
		for { // until the client gives up
			if _, err := in.ReadByte(); err != nil {
				return false
			}
		}
	}
	_, err := c.Write([]byte(strings.ReplaceAll(reply, "\n", "\r\n") + "\r\n"))
	return err == nil
}

func (p *peer) talk(c net.Conn) {
	if p.implicit {
		c = tls.Server(c, p.tls)
	}
	in := bufio.NewReader(c)
	p.mu.Lock()
	greeting := p.greeting
	p.mu.Unlock()
	if !p.say(c, in, greeting) {
		return
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		p.mu.Lock()
		p.commands = append(p.commands, line)
		p.mu.Unlock()
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		reply := p.reply(verb)
		if !p.say(c, in, reply) || verb == "QUIT" {
			return
		}
		switch {
		case verb == "STARTTLS" && strings.HasPrefix(reply, "220"):
			c = tls.Server(c, p.tls)
			in = bufio.NewReader(c)
		case verb == "DATA" && strings.HasPrefix(reply, "354"):
			var message strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				message.WriteString(line)
			}
			p.mu.Lock()
			p.messages = append(p.messages, message.String())
			p.mu.Unlock()
			if !p.say(c, in, p.reply(".")) {
				return
			}
		}
	}
}

// certificate makes a server certificate for a name and the pool that trusts it.
func certificate(t *testing.T, name string, until time.Time) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}
