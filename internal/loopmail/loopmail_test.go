package loopmail

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"
)

func open(t *testing.T) (*House, *x509.CertPool) {
	t.Helper()
	h, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(h.CA) {
		t.Fatal("the CA is no certificate")
	}
	if err := h.AddMailbox("a@a.example", "secret"); err != nil {
		t.Fatal(err)
	}
	return h, pool
}

func TestMailComesOutOfTheMailboxAsItWentIn(t *testing.T) {
	h, pool := open(t)
	var seen []Mail
	h.Watch(func(m Mail) { seen = append(seen, m) })
	c, err := smtp.DialStartTLS(h.SMTPAddress, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const text = "From: b@b.example\r\n\r\n.dot\r\n"
	if err := c.SendMail("b@b.example", []string{"a@a.example"}, strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || string(seen[0].Raw) != text || seen[0].From != "b@b.example" {
		t.Errorf("watched: %q", seen)
	}
	if n := h.Count("a@a.example", "INBOX"); n != 1 {
		t.Errorf("INBOX has %d messages", n)
	}
	r, err := imapclient.DialTLS(h.IMAPAddress, &imapclient.Options{TLSConfig: &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Login("a@a.example", "secret").Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	got, err := r.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}}).Collect()
	if err != nil || len(got) != 1 {
		t.Fatal(err, got)
	}
	if body := string(got[0].BodySection[0].Bytes); body != "Return-Path: <b@b.example>\r\n"+text {
		t.Errorf("body %q", body)
	}
	if _, err := r.Move(imap.SeqSetNum(1), "Done").Wait(); err == nil {
		t.Error("moved to a folder that is not there")
	}
}

func TestRefusals(t *testing.T) {
	h, pool := open(t)
	c, err := smtp.DialStartTLS(h.SMTPAddress, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendMail("b@b.example", []string{"nobody@a.example"}, strings.NewReader("x")); err == nil {
		t.Error("mail to nobody was taken")
	}
	r, err := imapclient.DialTLS(h.IMAPAddress, &imapclient.Options{TLSConfig: &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Login("a@a.example", "wrong").Wait(); err == nil {
		t.Error("logged in with a wrong password")
	}
	if h.Count("nobody", "INBOX") != 0 || h.Count("a@a.example", "no such") != 0 {
		t.Error("counted what is not there")
	}
}

func TestCloseEndsTheServers(t *testing.T) {
	h, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := tls.Dial("tcp", h.IMAPAddress, &tls.Config{InsecureSkipVerify: true}); err == nil {
		t.Error("still answering")
	}
}
