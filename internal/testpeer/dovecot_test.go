package testpeer_test

import (
	"bytes"
	"crypto/tls"
	"net/textproto"
	"strings"
	"testing"

	"almasu/internal/testpeer"
)

func TestDovecotTakesMailByLMTPAndGivesItByIMAPS(t *testing.T) {
	d := testpeer.StartDovecot(t, map[string]string{"a@nccis.example": "one", "b@nccis.example": "two"})
	d.Deliver(t, []byte("Subject: first\n\nhello\n.leading dot\n"), "a@nccis.example", "b@nccis.example")
	d.Deliver(t, []byte("Subject: second\n\nhello\n"), "a@nccis.example")

	if n := len(d.Messages(t, "b@nccis.example", "INBOX")); n != 1 {
		t.Errorf("b has %d messages, want 1", n)
	}
	got := d.Messages(t, "a@nccis.example", "INBOX")
	if len(got) != 2 || !bytes.Contains(got[0], []byte(".leading dot")) || !bytes.Contains(got[1], []byte("second")) {
		t.Errorf("a has %q", got)
	}
	if n := len(d.Messages(t, "a@nccis.example", "Held")); n != 0 {
		t.Errorf("a folder that does not exist has %d messages", n)
	}

	conn, err := tls.Dial("tcp", d.IMAPS, &tls.Config{RootCAs: d.CA.Pool, ServerName: "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	c := textproto.NewConn(conn)
	defer c.Close()
	for _, step := range []struct{ say, want string }{
		{"", "* OK"},
		{"a LOGIN a@nccis.example one", "a OK"},
		{"b CREATE Held", "b OK"},
		{"c SELECT INBOX", "c OK"},
		{"d MOVE 1 Held", "d OK"},
		{"e LOGOUT", "e OK"},
	} {
		if step.say != "" {
			if err := c.PrintfLine("%s", step.say); err != nil {
				t.Fatal(err)
			}
		}
		for line := ""; !strings.HasPrefix(line, step.want); {
			if line, err = c.ReadLine(); err != nil {
				t.Fatalf("after %q: %v", step.say, err)
			}
			if strings.HasPrefix(line, step.want[:1]+" NO") || strings.HasPrefix(line, step.want[:1]+" BAD") {
				t.Fatalf("after %q: %s", step.say, line)
			}
		}
	}
	if held := d.Messages(t, "a@nccis.example", "Held"); len(held) != 1 || !bytes.Contains(held[0], []byte("first")) {
		t.Errorf("Held has %q", held)
	}
	if out := d.Doveadm(t, "mailbox", "status", "-u", "a@nccis.example", "messages", "INBOX"); !strings.Contains(out, "messages=1") {
		t.Errorf("doveadm says %q", out)
	}
}
