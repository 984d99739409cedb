package crypto_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"almasu/crypto"
	"almasu/exchange"
)

// nestedMultiparts is a multipart in a multipart, n deep.
func nestedMultiparts(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	b.WriteString("Content-Type: text/plain\r\n\r\nhi\r\n")
	return b.String()
}

func TestNestingIsBounded(t *testing.T) {
	c := people()
	start := time.Now()
	deep := nestedMultiparts(3000)
	o := open(t, mail(deep))
	if o.Refusal.Code != exchange.TooDeep || o.Payload != nil || len(o.Outer.From) != 1 {
		t.Errorf("in clear: %+v %+v", o.Refusal, o.Outer)
	}
	o = open(t, mail(pgpMIME(toUs(by(c.alfa).message(deep)))))
	if o.Refusal.Code != exchange.TooDeep || o.Payload != nil || o.Security.Signature != exchange.SignatureValid || o.Security.Owner != "soc-alfa" {
		t.Errorf("inside: %+v %+v", o.Refusal, o.Security)
	}
	if o := open(t, mail(pgpMIME(toUs(by(c.alfa).message(nestedMultiparts(20)))))); o.Refusal.Code != "" || len(o.Payload) != 1 {
		t.Errorf("twenty are fine: %+v", o.Refusal)
	}
	many := "Content-Type: multipart/mixed; boundary=m\r\n\r\n" + strings.Repeat("--m\r\n\r\nx\r\n", 5000) + "--m--\r\n"
	if o := open(t, mail(pgpMIME(toUs(by(c.alfa).message(many))))); o.Refusal.Code != exchange.TooDeep {
		t.Errorf("many parts: %+v", o.Refusal)
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestBombsAreBounded(t *testing.T) {
	c := people()
	for name, packets := range map[string][]byte{
		"one layer":     zipped(literal(strings.Repeat("0", 40<<20))),
		"two layers":    zipped(zipped(literal(strings.Repeat("0", 40<<20)))),
		"endless tower": zipped(zipped(zipped(zipped(zipped(zipped(literal("x"))))))),
	} {
		o, err := crypto.Open(mail(pgpMIME(toUs(packets))), c.ring, crypto.Limits{Decompressed: 8 << 20}, now)
		if err != nil || !strings.Contains(o.Security.DecryptError, "limits.decompressed") || o.Payload != nil {
			t.Errorf("%s: %v %+v", name, err, o.Security)
		}
	}
	o, err := crypto.Open(mail(pgpMIME(toUs(zipped(by(c.alfa).message(strings.Repeat("0", 4<<20)))))), c.ring, crypto.Limits{Decompressed: 8 << 20}, now)
	if err != nil || o.Security.DecryptError != "" || o.Security.Signature != exchange.SignatureValid {
		t.Errorf("below the limit: %+v", o.Security)
	}
	o, err = crypto.Open(mail(pgpMIME(toUs(literal(strings.Repeat("0", 9<<20))))), c.ring, crypto.Limits{Decompressed: 8 << 20}, now)
	if err != nil || !strings.Contains(o.Security.DecryptError, "limits.decompressed") {
		t.Errorf("not compressed: %+v", o.Security)
	}
}

func TestMessageThatIsNone(t *testing.T) {
	for name, tc := range map[string]struct {
		raw  string
		want exchange.Code
	}{
		"empty":          {"", exchange.Malformed},
		"only body":      {"\r\nhello", exchange.Malformed},
		"no header":      {"hello\r\nworld\r\n", exchange.Malformed},
		"header only":    {"From: a@b\r\n", ""},
		"header, no end": {"From: a@b\r\nSubject: x", ""},
		"huge header":    {"From: a@b\r\nX: " + strings.Repeat("x", 2<<20) + "\r\n\r\n", exchange.Malformed},
	} {
		o := open(t, []byte(tc.raw))
		if o.Refusal.Code != tc.want || o.Payload != nil || o.Security.Encrypted {
			t.Errorf("%s: %+v %+v", name, o.Refusal, o.Security)
		}
	}
	o, err := crypto.Open(mail("\r\n"+strings.Repeat("x", 2000)), people().ring, crypto.Limits{Message: 1000}, now)
	if err != nil || o.Refusal.Code != exchange.TooLarge {
		t.Errorf("%+v", o.Refusal)
	}
}

// TestManyRecipients: what a message may make us try is bounded, and an honest
// long list of recipients is not hit by it.
func TestManyRecipients(t *testing.T) {
	c := people()
	var others []*openpgp.Entity
	for range 100 {
		others = append(others, c.beta)
	}
	m := by(c.alfa).message(entity())
	checkFacts(t, open(t, mail(pgpMIME(encryptedTo(m, append(others, c.self)...)))), goodFacts)
	var ours []*openpgp.Entity
	for range 100 {
		ours = append(ours, c.self)
	}
	checkFacts(t, open(t, mail(pgpMIME(encryptedTo(m, ours...)))), undecrypted)
	checkFacts(t, open(t, mail(pgpMIME(append(bytes.Repeat(pkt(3, []byte{4, 9, 0, 8}), 300), toUs(m)...)))), undecrypted)
}

// TestManySignatures: what a message may make us verify is bounded; what is
// beyond counts as invalid, never as absent.
func TestManySignatures(t *testing.T) {
	c := people()
	small := "Content-Type: text/plain\r\n\r\nx"
	signed := signedMIME(small, by(c.alfa).packet(small))
	many := "Content-Type: multipart/mixed; boundary=many\r\n\r\n" + strings.Repeat("--many\r\n"+signed+"\r\n", 40) + "--many--\r\n"
	o := open(t, mail(pgpMIME(toUs(literal(many)))))
	invalid, valid := 0, 0
	for _, f := range o.Security.Findings {
		if strings.HasPrefix(f, "other-signature: invalid") {
			invalid++
		}
		if strings.HasPrefix(f, "other-signature: valid") {
			valid++
		}
	}
	if invalid != 24 || valid != 15 || o.Security.Signature != exchange.SignatureIsPartial {
		t.Errorf("%d invalid, %d valid, %+v", invalid, valid, o.Security.Signature)
	}
	deep := small
	for i := range 8 {
		b := fmt.Sprint("sig", i)
		deep = strings.NewReplacer("boundary=sig\r", "boundary="+b+"\r", "--sig\r", "--"+b+"\r", "--sig--", "--"+b+"--").Replace(signedMIME(deep, by(c.alfa).packet(deep)))
	}
	if o := open(t, mail(pgpMIME(toUs(literal(deep))))); o.Security.Covers == exchange.CoversNone || len(o.Security.Findings) > 12 {
		t.Errorf("%+v", o.Security)
	}
	packets := literal(entity())
	for range 10 {
		packets = append(packets, by(c.stranger).packet(entity())...)
	}
	o = open(t, mail(pgpMIME(toUs(append(packets, by(c.alfa).packet(entity())...)))))
	checkFacts(t, o, wanted{true, true, exchange.SignatureUnknownSigner, exchange.CoversAll, "", true})
}
