package testpeer_test

import (
	"net/smtp"
	"testing"

	"almasu/internal/testpeer"
)

func TestRelayDeliversBeforeItAnswers(t *testing.T) {
	d := testpeer.StartDovecot(t, map[string]string{"box@nccis.example": "one"})
	r := testpeer.StartRelay(t, d)
	if err := smtp.SendMail(r.SMTP, nil, "a@soc.example", []string{"box@nccis.example"}, []byte("Subject: x\r\n\r\nhello\r\n")); err != nil {
		t.Fatal(err)
	}
	if n := len(d.Messages(t, "box@nccis.example", "INBOX")); n != 1 {
		t.Errorf("%d messages were delivered, want 1", n)
	}
	if got := r.Relayed(); len(got) != 1 || got[0].From != "a@soc.example" || got[0].To[0] != "box@nccis.example" {
		t.Errorf("the relay remembers %v", got)
	}
	if err := smtp.SendMail(r.SMTP, nil, "a@soc.example", []string{"nobody@nccis.example"}, []byte("Subject: x\r\n\r\nhello\r\n")); err == nil {
		t.Error("a message for nobody was answered 250")
	}
}
