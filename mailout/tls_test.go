package mailout

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/exchange"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// server is go-smtp's own server, which checks what we say.
type server struct {
	mechanisms []string
	mu         sync.Mutex
	user       string
	mail       []smtp.MailOptions
	rcpt       []smtp.RcptOptions
	messages   [][]byte
}

func (b *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &visit{b}, nil }

type visit struct{ *server }

func (v *visit) AuthMechanisms() []string { return v.mechanisms }

func (v *visit) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.user = user; user != "soc" || password != "secret" {
			return smtp.ErrAuthFailed
		}
		return nil
	}
	if mechanism == sasl.Login {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// loginServer is AUTH LOGIN, for which go-sasl has the client only.
type loginServer struct {
	user  string
	step  int
	check func(user, password string) error
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	switch l.step++; {
	case l.step == 1 && len(response) == 0:
		return []byte("Username:"), false, nil
	case l.user == "":
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

func (v *visit) Reset()        {}
func (v *visit) Logout() error { return nil }
func (v *visit) Mail(_ string, o *smtp.MailOptions) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mail = append(v.mail, *o)
	return nil
}
func (v *visit) Rcpt(_ string, o *smtp.RcptOptions) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rcpt = append(v.rcpt, *o)
	return nil
}
func (v *visit) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.messages = append(v.messages, b)
	return err
}

// serve runs go-smtp's server; implicit TLS or STARTTLS by the mode.
func serve(t *testing.T, b *server, mode TLSMode, config *tls.Config, change func(*smtp.Server)) Relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	s := smtp.NewServer(b)
	s.Domain, s.EnableDSN, s.EnableREQUIRETLS, s.MaxMessageBytes = "relay.example", true, true, 1<<20
	s.ErrorLog = discard{}
	if mode == TLSImplicit {
		ln = tls.NewListener(ln, config)
	} else {
		s.TLSConfig = config
	}
	if change != nil {
		change(s)
	}
	var wg sync.WaitGroup
	wg.Go(func() { s.Serve(ln) })
	t.Cleanup(func() { s.Close(); wg.Wait() })
	return Relay{Address: address, TLS: mode, ServerName: "relay.example", LocalName: "soc.example", CommandTimeout: 2 * time.Second}
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

func TestSubmissionInsideTLS(t *testing.T) {
	config, pool := certificate(t, "relay.example", time.Now().Add(time.Hour))
	for _, mode := range []TLSMode{TLSImplicit, TLSStart} {
		for _, mechanism := range []string{sasl.Plain, sasl.Login} {
			b := &server{mechanisms: []string{mechanism}}
			r := serve(t, b, mode, config, nil)
			r.RootCAs, r.Username, r.Password, r.RequireTLS = pool, "soc", "secret", "require"
			got := send(t, letter(), r)
			if len(got) != 1 || got[0].Outcome != exchange.OutcomeSent || !strings.HasPrefix(got[0].TLS, "TLS1.3 TLS_") {
				t.Fatalf("%s %s: %+v", mode, mechanism, got)
			}
			if b.user != "soc" || len(b.messages) != 1 || string(b.messages[0]) != plainMessage {
				t.Errorf("%s %s: user %q, %q", mode, mechanism, b.user, b.messages)
			}
			if m := b.mail[0]; m.EnvelopeID != letter().EnvelopeID || m.Return != smtp.DSNReturnHeaders || !m.RequireTLS || m.Size != int64(len(plainMessage)) {
				t.Errorf("%+v", m)
			}
			if o := b.rcpt[0]; len(o.Notify) != 3 || o.OriginalRecipient != "in@nccis.example" {
				t.Errorf("%+v", o)
			}
		}
	}
}

func TestRelayThatCannotBeTrusted(t *testing.T) {
	good, pool := certificate(t, "relay.example", time.Now().Add(time.Hour))
	expired, expiredPool := certificate(t, "relay.example", time.Now().Add(-time.Hour))
	for _, mode := range []TLSMode{TLSImplicit, TLSStart} {
		for _, c := range []struct {
			name   string
			config *tls.Config
			change func(*Relay)
		}{
			{"unknown authority", good, func(r *Relay) {}},
			{"another name", good, func(r *Relay) { r.RootCAs, r.ServerName = pool, "other.example" }},
			{"name taken from the address", good, func(r *Relay) { r.RootCAs, r.ServerName = pool, "" }},
			{"expired", expired, func(r *Relay) { r.RootCAs = expiredPool }},
			{"wrong password", good, func(r *Relay) { r.RootCAs, r.Username, r.Password = pool, "soc", "wrong" }},
		} {
			b := &server{mechanisms: []string{sasl.Plain}}
			r := serve(t, b, mode, c.config, nil)
			r.RootCAs = x509.NewCertPool()
			c.change(&r)
			got := send(t, letter(), r)
			if len(got) != 1 || got[0].Outcome != exchange.OutcomeLater || !got[0].RelayFault || len(b.messages) > 0 {
				t.Errorf("%s %s: %+v", mode, c.name, got)
			}
			if strings.Contains(got[0].Text, "wrong\"") || strings.Contains(got[0].Text, "secret") {
				t.Errorf("a password in the words: %+v", got)
			}
		}
	}
}

func TestRelayThatLacksWhatIsAsked(t *testing.T) {
	config, pool := certificate(t, "relay.example", time.Now().Add(time.Hour))
	for _, c := range []struct {
		name   string
		pairs  []string
		change func(*Relay)
		words  string
	}{
		{"no STARTTLS offered", nil, func(r *Relay) { r.TLS = TLSStart }, "STARTTLS: the relay does not offer STARTTLS"},
		{"STARTTLS refused", []string{"EHLO", "250-x\n250 STARTTLS", "STARTTLS", "502 no"}, func(r *Relay) { r.TLS = TLSStart }, "STARTTLS: no"},
		{"greeting refused before TLS", []string{"greeting", "554 no"}, func(r *Relay) { r.TLS = TLSStart }, "greeting: no"},
		{"EHLO refused before TLS", []string{"EHLO", "550 no"}, func(r *Relay) { r.TLS = TLSStart }, "EHLO: no"},
		{"text injected behind STARTTLS", []string{"EHLO", "250-x\n250 STARTTLS", "STARTTLS", "220 go\n250 injected"},
			func(r *Relay) { r.TLS = TLSStart }, "STARTTLS: the relay sent text after"},
		{"plaintext server on the TLS port", nil, func(r *Relay) { r.TLS = TLSImplicit }, "TLS: TLS handshake: "},
		{"no AUTH offered", nil, func(r *Relay) { r.Username = "soc" }, "AUTH: the relay offers neither"},
		{"no REQUIRETLS offered", nil, func(r *Relay) { r.RequireTLS = "require" }, "MAIL FROM: the relay does not offer REQUIRETLS"},
		{"mode nobody knows", nil, func(r *Relay) { r.TLS = "ssl" }, "TLS: unknown TLS mode"},
	} {
		p := start(t, c.pairs...)
		p.tls = config
		r := p.relay()
		r.RootCAs, r.ServerName = pool, "relay.example"
		c.change(&r)
		got := send(t, letter(), r)
		if len(got) != 1 || got[0].Outcome != exchange.OutcomeLater || !got[0].RelayFault || !strings.HasPrefix(got[0].Text, c.words) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// Silence in the handshake is no fault of the relay, and the next one is tried.
func TestSilentHandshake(t *testing.T) {
	p, next := start(t, "EHLO", "250-x\n250 STARTTLS", "STARTTLS", "220 go"), start(t)
	p.tls = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		<-p.t.Context().Done()
		return nil, errors.New("too late")
	}}
	r := p.relay()
	r.TLS, r.ConnectTimeout = TLSStart, 100*time.Millisecond
	got := send(t, letter(), r, next.relay())
	if len(got) != 2 || got[0].RelayFault || got[1].Outcome != exchange.OutcomeSent {
		t.Errorf("%+v", got)
	}
}

func TestRequireTLSPreferred(t *testing.T) {
	p := start(t)
	r := p.relay()
	r.RequireTLS = "prefer"
	if got := send(t, letter(), r); got[0].Outcome != exchange.OutcomeSent {
		t.Errorf("%+v", got)
	}
}

// Neither mail nor a password goes out in clear beyond loopback.
func TestPlaintextBeyondLoopback(t *testing.T) {
	far := func(r Relay) *session { return &session{relay: r, raw: farConn{}} }
	var bad *unfit
	if at, err := far(Relay{TLS: TLSNone}).protect(context.Background()); at != stageTLS || !errors.As(err, &bad) {
		t.Errorf("plaintext: %v", err)
	}
	if _, err := far(Relay{TLS: TLSNone, InsecurePlaintext: true}).protect(context.Background()); err != nil {
		t.Errorf("insecure_plaintext: %v", err)
	}
	if err := far(Relay{Username: "u", InsecurePlaintext: true}).authenticate(); !errors.As(err, &bad) {
		t.Errorf("password in clear: %v", err)
	}
}

type farConn struct{ net.Conn }

func (farConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }

func TestProbe(t *testing.T) {
	config, pool := certificate(t, "relay.example", time.Now().Add(time.Hour))
	r := serve(t, &server{mechanisms: []string{sasl.Plain}}, TLSStart, config, nil)
	r.RootCAs, r.Username, r.Password = pool, "soc", "secret"
	got, err := Probe(t.Context(), r)
	if err != nil || !got.Authenticated || got.MaxSize != 1<<20 || !strings.HasPrefix(got.TLS, "TLS1.3") ||
		!strings.Contains(strings.Join(got.Extensions, " "), "DSN") {
		t.Errorf("%+v %v", got, err)
	}
	r.Password = "wrong"
	var reply *smtp.SMTPError
	if _, err := Probe(t.Context(), r); !errors.As(err, &reply) || reply.Code != 535 || !strings.Contains(err.Error(), "password_file") {
		t.Errorf("%v", err)
	}
	plain := start(t).relay()
	plain.RequireTLS = "require"
	if _, err := Probe(t.Context(), plain); err == nil || !strings.Contains(err.Error(), "requiretls: prefer") {
		t.Errorf("%v", err)
	}
	plain.Address = "127.0.0.1:1"
	if _, err := Probe(t.Context(), plain); err == nil || !strings.Contains(err.Error(), "check address and firewall") {
		t.Errorf("%v", err)
	}
}

// Octet for octet, whatever stands at the beginning of a line.
func TestOctetsArriveExactly(t *testing.T) {
	b := &server{}
	r := serve(t, b, TLSNone, nil, nil)
	body := strings.Repeat(".\r\n..\r\n...x\r\n\r\n.QUIT\r\n-\r\n", 2000) + "\r\n\r\n"
	l := letter()
	l.Message = []byte("Subject: x\r\n\r\n" + body)
	if got := send(t, l, r); got[0].Outcome != exchange.OutcomeSent {
		t.Fatalf("%+v", got)
	}
	if len(b.messages) != 1 || !bytes.Equal(b.messages[0], l.Message) {
		t.Errorf("%d messages, changed on the way", len(b.messages))
	}
}
