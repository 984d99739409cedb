package testpeer_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"almasu/internal/testpeer"
)

func TestPostfixRelaysToDovecotByLMTP(t *testing.T) {
	d := testpeer.StartDovecot(t, map[string]string{"box@nccis.example": "one"})
	f := testpeer.StartPostfix(t, map[string]string{
		"nccis.example": "lmtp:inet:" + d.LMTP, "soc.example": "lmtp:unix:" + d.LMTPSocket})
	f.Deliver(t, []byte("Subject: through the relay\n\nhello\n"), "a@soc.example", "box@nccis.example")
	testpeer.Until(t, 30*time.Second, "the message in the mailbox", func(context.Context) bool {
		got := d.Messages(t, "box@nccis.example", "INBOX")
		return len(got) == 1 && bytes.Contains(got[0], []byte("through the relay"))
	})
}
