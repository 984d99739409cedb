package crypto_test

import (
	"strings"
	"testing"

	"almasu/crypto"
	"almasu/exchange"
)

// TestBudgetIsOfTheWholeMessage: limits.decompressed bounds all parts of a
// message together, however many there are.
func TestBudgetIsOfTheWholeMessage(t *testing.T) {
	c := people()
	zeros := "Content-Type: text/plain\r\n\r\n" + strings.Repeat("0", 3<<20)
	packed := string(zipped(literal(zeros)))
	var armoredParts, cmsParts []string
	for range 20 {
		armoredParts = append(armoredParts, "Content-Type: text/plain\r\n\r\n"+armored("PGP MESSAGE", []byte(packed)))
		cmsParts = append(cmsParts, compressedEntity(zeros))
	}
	mixed := func(parts []string) string {
		return "Content-Type: multipart/mixed; boundary=w\r\n\r\n--w\r\n" + strings.Join(parts, "\r\n--w\r\n") + "\r\n--w--\r\n"
	}
	limits := crypto.Limits{Decompressed: 8 << 20}
	o, err := crypto.Open(mail(pgpMIME(toUs(by(c.alfa).message(mixed(cmsParts))))), c.ring, limits, now)
	if err != nil {
		t.Fatal(err)
	}
	over := 0
	for _, f := range o.Security.Findings {
		if strings.Contains(f, "compressed-data: ") {
			over++
		}
	}
	if over < 17 {
		t.Errorf("%d of 20 parts were refused: %q", over, o.Security.Findings)
	}
	sealed := func(n int) (parts []string) {
		for range n {
			parts = append(parts, "Content-Type: application/octet-stream; name=a.pgp\r\n\r\n"+armored("PGP MESSAGE", toUs(by(c.alfa).message(strings.Repeat("1", 3<<20)))))
		}
		return parts
	}
	for n, opens := range map[int]bool{2: true, 4: false} {
		o, err := crypto.Open(mail(mixed(sealed(n))), c.ring, limits, now)
		if err != nil || (o.Security.DecryptError == "") != opens {
			t.Errorf("%d attachments: %v %+v", n, err, o.Security)
		}
	}
	if o, err := crypto.Open(mail(pgpMIME(toUs(by(c.alfa).message(mixed(armoredParts))))), c.ring, limits, now); err != nil || o.Security.Covers != exchange.CoversAll {
		t.Errorf("%v %+v", err, o.Security)
	}
}

// TestLinesLikeHeaderFields: a line of a report that looks like a header field
// makes no mail of it.
func TestLinesLikeHeaderFields(t *testing.T) {
	c := people()
	const xml = "<?xml version=\"1.0\"?>\n<card xmlns=\"urn:almasu:card:1\"><summary>Subject: x\nContent-Type: text/html\nFrom: a@b.example\n</summary></card>\n"
	for name, content := range map[string]string{
		"XML": xml, "XML after a blank line": "\r\n" + xml, "XML with a mark": "\xef\xbb\xbf" + xml,
		"JSON": "{\n\"almasu\":\"card/1\",\nContent-Type: x\n}"} {
		for form, message := range map[string]string{"mime": pgpMIME(toUs(by(c.alfa).message(content))),
			"inline": "Content-Type: text/plain\r\n\r\n" + armored("PGP MESSAGE", toUs(by(c.alfa).message(content))),
			"file":   attachment("r.pgp", toUs(by(c.alfa).message(content)))} {
			o := open(t, mail(message))
			if len(o.Payload) != 1 || string(o.Payload[0].Body) != content || o.ProtectedPart != nil {
				t.Errorf("%s, %s: %+v %+v", name, form, o.Payload, o.Security)
			}
		}
	}
	words := "Good day, see\nContent-Type: text/plain\n\nwords"
	if o := open(t, mail("Content-Type: text/plain\r\n\r\n"+armored("PGP MESSAGE", toUs(by(c.alfa).message(words))))); o.ProtectedPart != nil {
		t.Error("words were taken for a header")
	}
}

// TestBoundElsewhereInAnAttachment: several sealed entities that name different
// recipients are no one message.
func TestBoundElsewhereInAnAttachment(t *testing.T) {
	c := people()
	file := func(to string) string {
		return "Content-Type: application/octet-stream; name=a.pgp\r\n\r\n" +
			armored("PGP MESSAGE", toUs(by(c.alfa).message(entity("From: alfa@alfa.example\r\nTo: "+to+"\r\n"))))
	}
	two := func(first, second string) exchange.Coverage {
		return open(t, mail("Content-Type: multipart/mixed; boundary=w\r\n\r\n--w\r\n"+file(first)+"\r\n--w\r\n"+file(second)+"\r\n--w--\r\n")).Security.Covers
	}
	if two("nccis@nccis.example", "nccis@nccis.example") != exchange.CoversAll || two("nccis@nccis.example", "beta@beta.example") != exchange.CoversPart ||
		two("beta@beta.example", "nccis@nccis.example") != exchange.CoversPart {
		t.Error("the recipients of one part speak for the others")
	}
}

// TestMessageIDs: what may stand in the header of an answer is one, and nothing
// else.
func TestMessageIDs(t *testing.T) {
	for field, want := range map[string]string{
		"<a@b.example>": "<a@b.example>", "  <a@b.example> (comment)": "<a@b.example>", "words <a@b.example>": "<a@b.example>",
		"a@b.example": "", "<a@b.example": "", "<a b@c.example>": "", "<a\rX-Evil: 1@b.example>": "", "<a\x00@b.example>": "", "<a\u0085@b.example>": "",
		"<" + strings.Repeat("a", 2000) + "@b.example>": "", "": "",
	} {
		o := open(t, []byte("From: alfa@alfa.example\r\nMessage-ID: "+field+"\r\n\r\nx\r\n"))
		if o.Outer.MessageID != want {
			t.Errorf("%.40q: %q, want %q", field, o.Outer.MessageID, want)
		}
	}
}
