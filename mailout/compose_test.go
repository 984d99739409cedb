package mailout

import (
	"bytes"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"almasu/internal/mimepart"
	"pgregory.net/rapid"
)

func envelope() Envelope {
	return Envelope{From: "exchange@nccis.example", To: "in@soc-alfa.example", ToName: `"Альфа" АҚЖО`,
		MessageID: "<00112233445566778899aabbccddeeff@nccis.example>", Date: time.Date(2026, 11, 23, 14, 5, 33, 0, time.FixedZone("", 5*3600)),
		Subject: "Қабылдау туралы хабарлама NCCIS-2026-000123: қабылданды", InReplyTo: "<abc@soc-alfa.example>",
		References: []string{"<first@soc-alfa.example>", "<abc@soc-alfa.example>"}, AutoSubmitted: "auto-replied", AskReceipt: true}
}

const entity = "Content-Type: multipart/mixed;\r\n boundary=\"=_x\"\r\nContent-Language: kk\r\n\r\n--=_x\r\n\r\nhello\r\n--=_x--\r\n"

const wantOuter = "From: exchange@nccis.example\r\n" +
	"To: in@soc-alfa.example\r\n" +
	"Date: Mon, 23 Nov 2026 14:05:33 +0500\r\n" +
	"Message-ID: <00112233445566778899aabbccddeeff@nccis.example>\r\n" +
	"Subject: [...]\r\n" +
	"In-Reply-To: <abc@soc-alfa.example>\r\n" +
	"References: <first@soc-alfa.example> <abc@soc-alfa.example>\r\n" +
	"Auto-Submitted: auto-replied\r\n" +
	"Disposition-Notification-To: exchange@nccis.example\r\n" +
	"Disposition-Notification-Options: signed-receipt-protocol=optional,\r\n" +
	" pgp-signature; signed-receipt-micalg=optional, sha-256, sha-512\r\n"

func TestProtectGolden(t *testing.T) {
	got, err := Protect(envelope(), []byte(entity))
	if err != nil {
		t.Fatal(err)
	}
	if want := "MIME-Version: 1.0\r\nFrom: exchange@nccis.example\r\nTo: =?utf-8?B?"; !strings.HasPrefix(string(got), want) {
		t.Errorf("want the beginning %q, have\n%s", want, got)
	}
	for _, line := range []string{
		"Subject: =?utf-8?B?", "HP-Outer: Subject: [...]\r\n", "HP-Outer: To: in@soc-alfa.example\r\n",
		"HP-Outer: From: exchange@nccis.example\r\n", "HP-Outer: Date: Mon, 23 Nov 2026 14:05:33 +0500\r\n",
		"\r\nDisposition-Notification-To: exchange@nccis.example\r\n", "\r\nAuto-Submitted: auto-replied\r\n",
		"Content-Language: kk\r\nContent-Type: multipart/mixed; boundary=\"=_x\"; hp=\"cipher\"\r\n\r\n--=_x\r\n",
	} {
		if !strings.Contains(string(got), line) {
			t.Errorf("no %q in\n%s", line, got)
		}
	}
}

func TestComposeGolden(t *testing.T) {
	got, err := Compose(envelope(), []byte("MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; boundary=b\r\n"), []byte("--b--\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := wantOuter + "MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; boundary=b\r\n\r\n--b--\r\n"; string(got) != want {
		t.Errorf("have\n%s\nwant\n%s", got, want)
	}
	for _, secret := range []string{"NCCIS", "Альфа", "0LvRjNGE"} {
		if strings.Contains(string(got), secret) {
			t.Errorf("%q stands outside the encryption", secret)
		}
	}
}

// RFC 9788: every HP-Outer line is a field that stands outside, as it stands
// there, and there is none else; the reader finds the real ones inside.
func TestHeaderProtectionAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := envelope()
		e.Subject = rapid.StringMatching(`[A-Za-zА-я0-9 =?_.,:"\\ұқ]{0,200}`).Draw(t, "subject")
		e.ToName = rapid.StringMatching(`[A-Za-zА-я0-9 =?"\\ұқ]{0,80}`).Draw(t, "name")
		e.AskReceipt = rapid.Bool().Draw(t, "ask")
		if rapid.Bool().Draw(t, "typed") {
			e.AutoSubmitted, e.InReplyTo, e.References = "", "", nil
		}
		inside, err := Protect(e, []byte(entity))
		if err != nil {
			t.Fatal(err)
		}
		outside, err := Compose(e, []byte("Content-Type: text/plain\r\n"), []byte("x\r\n"))
		if err != nil {
			t.Fatal(err)
		}
		checkLines(t, inside)
		in, out := parse(t, inside), parse(t, outside)
		told := in.Values("HP-Outer")
		var sent []string
		for _, f := range out.Fields {
			if f.Name != "MIME-Version" && !strings.HasPrefix(f.Name, "Content-") {
				sent = append(sent, f.Name+": "+f.Value)
			}
			if f.Name != "Subject" && f.Name != "To" && !strings.HasPrefix(f.Name, "Content-") && in.Get(f.Name) != f.Value {
				t.Fatalf("%s: %q inside, %q outside", f.Name, in.Get(f.Name), f.Value)
			}
		}
		if strings.Join(told, "\n") != strings.Join(sent, "\n") {
			t.Fatalf("HP-Outer\n%s\nbut sent\n%s", strings.Join(told, "\n"), strings.Join(sent, "\n"))
		}
		if in.Params["hp"] != "cipher" || in.Params["boundary"] != "=_x" {
			t.Fatalf("%v", in.Params)
		}
		if got := mimepart.DecodeHeader(in.Get("Subject")); got != strings.TrimSpace(e.Subject) {
			t.Fatalf("subject %q read as %q", e.Subject, got)
		}
		to, err := (&mail.AddressParser{WordDecoder: &mime.WordDecoder{}}).Parse(in.Get("To"))
		if err != nil || to.Address != e.To || strings.TrimSpace(to.Name) != strings.TrimSpace(e.ToName) {
			t.Fatalf("To %q read as %v: %v", e.ToName, to, err)
		}
	})
}

func parse(t *rapid.T, b []byte) *mimepart.Part {
	p, err := mimepart.Parse(b, mimepart.Limits{})
	if err != nil || len(p.Defects) > 0 {
		t.Fatalf("%v %v in\n%s", err, p.Defects, b)
	}
	return p
}

// checkLines: no header line over 78 octets, no blank continuation, encoded
// words of at most 75 octets that hold whole runes.
func checkLines(t *rapid.T, message []byte) {
	head, _, _ := bytes.Cut(message, []byte("\r\n\r\n"))
	for line := range strings.SplitSeq(string(head), "\r\n") {
		if len(line) > 78 || strings.TrimSpace(line) == "" {
			t.Fatalf("line of %d octets: %q", len(line), line)
		}
		for _, w := range strings.Fields(line) {
			if strings.HasPrefix(w, "=?utf-8?B?") {
				text, err := (&mime.WordDecoder{}).Decode(w)
				if len(w) > 75 || err != nil || !utf8.ValidString(text) || strings.ContainsRune(text, utf8.RuneError) {
					t.Fatalf("encoded word %q: %q %v", w, text, err)
				}
			}
		}
	}
}

func TestNothingBreaksOutOfAHeader(t *testing.T) {
	for _, bad := range []string{"x\r\nBcc: all@example", "x\nBcc: all@example", "x\rBcc: y", "x\x00", "x\x1b[2J", "x\u0085y", "x\u2028y", "x\x7f"} {
		for name, change := range map[string]func(*Envelope){
			"From":           func(e *Envelope) { e.From = "a@b.example" + bad },
			"To":             func(e *Envelope) { e.To = "a@b.example" + bad },
			"ToName":         func(e *Envelope) { e.ToName = bad },
			"MessageID":      func(e *Envelope) { e.MessageID = "<a" + bad + "@b.example>" },
			"Subject":        func(e *Envelope) { e.Subject = bad },
			"InReplyTo":      func(e *Envelope) { e.InReplyTo = "<" + bad + "@b.example>" },
			"References":     func(e *Envelope) { e.References = []string{"<a@b>", "<" + bad + ">"} },
			"AutoSubmitted":  func(e *Envelope) { e.AutoSubmitted = bad },
			"receipt option": func(e *Envelope) { e.ReceiptHashes = []string{bad} },
		} {
			e := envelope()
			change(&e)
			if out, err := Protect(e, []byte(entity)); err == nil {
				t.Errorf("Protect took %s %q:\n%s", name, bad, out)
			}
			out, err := Compose(e, []byte("Content-Type: text/plain\r\n"), nil)
			if err == nil {
				t.Errorf("Compose took %s %q:\n%s", name, bad, out)
			} else if strings.Contains(err.Error(), "Bcc") || strings.ContainsAny(err.Error(), "\r\n\x1b") {
				t.Errorf("the error repeats the value: %v", err)
			}
		}
	}
}

func TestComposeRefuses(t *testing.T) {
	good := "Content-Type: text/plain\r\n"
	for name, c := range map[string]struct {
		change       func(*Envelope)
		header, body string
	}{
		"no date":                  {func(e *Envelope) { e.Date = time.Time{} }, good, ""},
		"no addressee":             {func(e *Envelope) { e.To = "" }, good, ""},
		"two addressees":           {func(e *Envelope) { e.To = "a@b.example, c@d.example" }, good, ""},
		"a name in the address":    {func(e *Envelope) { e.From = "A <a@b.example>" }, good, ""},
		"a non-ASCII address":      {func(e *Envelope) { e.To = "а@b.example" }, good, ""},
		"a bare message id":        {func(e *Envelope) { e.MessageID = "a@b" }, good, ""},
		"an endless subject":       {func(e *Envelope) { e.Subject = strings.Repeat("x", maxText+1) }, good, ""},
		"a field in the sealed":    {func(*Envelope) {}, "Bcc: all@example\r\n", ""},
		"blank line in sealed":     {func(*Envelope) {}, "Content-Type: text/plain\r\n\r\nBcc: x\r\n", ""},
		"bare LF in the header":    {func(*Envelope) {}, "Content-Type: text/plain\nBcc: x\r\n", ""},
		"bare LF in the body":      {func(*Envelope) {}, good, "a\n.\nb\r\n"},
		"bare CR in the body":      {func(*Envelope) {}, good, "a\rb\r\n"},
		"8 bit in the body":        {func(*Envelope) {}, good, "é\r\n"},
		"endless line":             {func(*Envelope) {}, good, strings.Repeat("x", 999)},
		"continuation comes first": {func(*Envelope) {}, " x\r\n", ""},
	} {
		e := envelope()
		c.change(&e)
		if out, err := Compose(e, []byte(c.header), []byte(c.body)); err == nil {
			t.Errorf("%s:\n%s", name, out)
		}
	}
	for name, bad := range map[string]string{
		"a header field of its own": "Subject: x\r\n\r\nx",
		"no blank line":             "Content-Type: text/plain",
		"hp already there":          "Content-Type: text/plain; hp=\"clear\"\r\n\r\nx",
		"unreadable type":           "Content-Type: ;;;\r\n\r\nx",
	} {
		if out, err := Protect(envelope(), []byte(bad)); err == nil {
			t.Errorf("%s:\n%s", name, out)
		}
	}
	if out, err := Protect(envelope(), []byte("\r\nplain")); err != nil || !strings.Contains(string(out), "Content-Type: text/plain; charset=us-ascii; hp=\"cipher\"\r\n\r\nplain") {
		t.Errorf("an entity without a header: %v\n%s", err, out)
	}
}

// A peer's ill-formed ids are left out: they must not keep us from answering.
func TestPeersIDs(t *testing.T) {
	e := envelope()
	e.InReplyTo = "not an id"
	e.References = []string{"<a b@c>", "", "<ok@x>", "<" + strings.Repeat("x", 600) + ">", "<й@x>"}
	got, err := Compose(e, []byte("Content-Type: text/plain\r\n"), nil)
	if err != nil || strings.Contains(string(got), "In-Reply-To") || !strings.Contains(string(got), "References: <ok@x>\r\n") {
		t.Errorf("%v\n%s", err, got)
	}
	var many []string
	for i := range 50 {
		many = append(many, "<"+string(rune('A'+i%26))+strings.Repeat("x", i)+"@x>")
	}
	if got := strings.Fields(references(many)); len(got) != maxReferences || got[0] != many[0] || got[len(got)-1] != many[49] {
		t.Errorf("%v", got)
	}
}

func TestIDs(t *testing.T) {
	if got := NewMessageID("nccis.example", bytes.NewReader(bytes.Repeat([]byte{0xab}, 16))); got != "<"+strings.Repeat("ab", 16)+"@nccis.example>" {
		t.Error(got)
	}
	if a, b := NewEnvelopeID(nil), NewEnvelopeID(nil); a == b || len(a) != 32 {
		t.Error(a, b)
	}
	defer func() {
		if recover() == nil {
			t.Error("a random source that fails went unnoticed")
		}
	}()
	NewMessageID("x", bytes.NewReader(nil))
}
