package mailin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"almasu/internal/testpeer"
)

// startTLSServer serves one user on loopback and returns the address.
func startTLSServer(t *testing.T, ca *testpeer.CA, implicit bool, folders ...string) string {
	t.Helper()
	u := imapmemserver.NewUser(user, password)
	for _, f := range folders {
		must(t, u.Create(f, nil))
	}
	config := &tls.Config{Certificates: []tls.Certificate{ca.Server}}
	server := imapserver.New(&imapserver.Options{TLSConfig: config, Logger: log.New(io.Discard, "", 0),
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapMove: {}},
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &hookedSession{UserSession: imapmemserver.NewUserSession(u), h: &house{}}, nil, nil
		}})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := ln.Addr().String()
	if implicit {
		ln = tls.NewListener(ln, config)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(ln) }()
	t.Cleanup(func() { server.Close(); <-done })
	return address
}

func TestProbeSaysWhatFailsAtWhichStep(t *testing.T) {
	ca, stranger := testpeer.NewCA(t), testpeer.NewCA(t)
	implicit := startTLSServer(t, ca, true, "INBOX", "Done")
	start := startTLSServer(t, ca, false, "INBOX", "Done", "Held")
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	nobody := dead.Addr().String()
	dead.Close()
	for _, c := range []struct {
		name string
		edit func(m *Mailbox)
		step Step // "" = all good
		hint string
	}{
		{"good", func(m *Mailbox) {}, "", ""},
		{"good, starttls", func(m *Mailbox) { m.Address, m.TLS = start, TLSStart }, "", ""},
		{"nobody there", func(m *Mailbox) { m.Address = nobody }, StepConnect, "check the address"},
		{"unknown authority", func(m *Mailbox) { m.RootCAs = stranger.Pool }, StepTLS, "ca_file"},
		{"unknown authority, starttls", func(m *Mailbox) { m.Address, m.TLS, m.RootCAs = start, TLSStart, stranger.Pool }, StepTLS, "ca_file"},
		{"certificate for another name", func(m *Mailbox) { m.ServerName = "imap.example" }, StepTLS, "server_name"},
		{"implicit on a starttls port", func(m *Mailbox) { m.Address = start }, StepTLS, "starttls on 143"},
		{"wrong password", func(m *Mailbox) { m.Password = "wrong-pass" }, StepLogin, "password_file"},
		{"wrong folder", func(m *Mailbox) { m.Folder = "Nowhere" }, StepSelect, "check folder"},
		{"plaintext over the net", func(m *Mailbox) { m.Address, m.TLS = "192.0.2.1:143", TLSNone }, StepSettings, ""},
		{"no port", func(m *Mailbox) { m.Address = "imap.example" }, StepSettings, ""},
		{"unknown mode", func(m *Mailbox) { m.TLS = "ssl3" }, StepSettings, ""},
		{"done is the folder itself", func(m *Mailbox) { m.Done = "INBOX" }, StepSettings, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &Mailbox{Name: "main", Address: implicit, TLS: TLSImplicit, RootCAs: ca.Pool, Username: user, Password: password,
				Log: slog.New(slog.DiscardHandler)}
			c.edit(m)
			p := m.Probe(context.Background())
			failed := p.Failed()
			if c.step == "" {
				if failed != nil || !p.Move || !p.Idle || p.UIDPlus || !p.DoneThere || p.HeldThere != (m.TLS == TLSStart) || p.UIDValidity != 1 {
					t.Errorf("%+v, failed %v", p, failed)
				}
				return
			}
			if failed == nil || failed.Step != c.step || !strings.Contains(failed.Hint, c.hint) {
				t.Fatalf("failed %v, want step %s, hint %q", failed, c.step, c.hint)
			}
			if strings.Contains(failed.Error(), m.Password) {
				t.Errorf("the password is in the error: %v", failed)
			}
			if c.step == StepSettings {
				if err := m.Run(context.Background(), nil, nil, nil); !errors.As(err, &failed) {
					t.Errorf("Run goes on with settings that cannot work: %v", err)
				}
			}
		})
	}
}

func TestPasswordThatTheServerRepeatsIsNotInTheError(t *testing.T) {
	m := &Mailbox{Name: "main", Password: "geheim"}
	err := m.fault(StepLogin, &imap.Error{Type: imap.StatusResponseTypeBad, Text: "what is LOGIN me geheim?"})
	if strings.Contains(err.Error(), "geheim") {
		t.Error(err)
	}
}

func TestDefaultTLSMode(t *testing.T) {
	for address, want := range map[string]TLSMode{"imap.example:993": TLSImplicit, "imap.example:143": TLSStart, "127.0.0.1:1143": TLSStart} {
		if got := (&Mailbox{Address: address}).mode(); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	if c := (&Mailbox{Address: "imap.example:993"}).tlsConfig(); c.ServerName != "imap.example" || c.RootCAs != nil || c.MinVersion != tls.VersionTLS12 {
		t.Errorf("%+v", c)
	}
	if c := (&Mailbox{Address: "imap.example:993", RootCAs: x509.NewCertPool(), ServerName: "other"}).tlsConfig(); c.ServerName != "other" || c.RootCAs == nil {
		t.Errorf("%+v", c)
	}
}

func TestFolderNamesFollowTheServer(t *testing.T) {
	for _, c := range []struct {
		folder, prefix string
		delim          rune
		want           string
	}{
		{"Done", "", '/', "Done INBOX/Done"},
		{"Almasu/Done", "", '.', "Almasu.Done INBOX.Almasu.Done"},
		{"Done", "INBOX.", '.', "INBOX.Done Done"},
		{"INBOX/Done", "INBOX.", '.', "INBOX.Done"},
		{"INBOX/Done", "", '/', "INBOX/Done"},
	} {
		s := &session{delim: c.delim, prefix: c.prefix}
		if got := strings.Join(s.candidates(c.folder), " "); got != c.want {
			t.Errorf("%q with %q%q: %s, want %s", c.folder, c.prefix, c.delim, got, c.want)
		}
	}
}
