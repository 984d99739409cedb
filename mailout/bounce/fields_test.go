package bounce

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"almasu/internal/mimepart"
)

// ours knows our letters by their Message-ID: 32 hexadecimal digits under our
// domain.
func ours() Ours {
	return Ours{Address: "exchange@nccis.example", ID: regexp.MustCompile(`^<[0-9a-f]{32}@nccis\.example>$`).MatchString}
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

const postfixBounce = `Return-Path: <>
From: MAILER-DAEMON@relay.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: exchange@nccis.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="4FhK2.1669200000/relay.example"

This is a MIME-encapsulated message.

--4FhK2.1669200000/relay.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host relay.example.

--4FhK2.1669200000/relay.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Original-Envelope-Id: 0123456789abcdef0123456789abcdef
Reporting-MTA: dns; relay.example
X-Postfix-Queue-ID: 4FhK2
X-Postfix-Sender: rfc822; exchange@nccis.example
Arrival-Date: Mon, 23 Nov 2026 14:05:33 +0500 (+05)

Final-Recipient: rfc822; in@soc-alfa.example
Original-Recipient: rfc822;in@soc-alfa.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.soc-alfa.example
Diagnostic-Code: smtp; 550 5.1.1 <in@soc-alfa.example>: Recipient address
    rejected: User unknown

--4FhK2.1669200000/relay.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <exchange@nccis.example>
From: exchange@nccis.example
Message-ID: <00112233445566778899aabbccddeeff@nccis.example>
Subject: [...]

--4FhK2.1669200000/relay.example--
`

const exchangeBounce = `From: Microsoft Exchange <postmaster@x.example>
Subject: Undeliverable: [...]
Content-Type: multipart/report; report-type=delivery-status; boundary="_b_"

--_b_
Content-Type: multipart/alternative; boundary="_c_"

--_c_
Content-Type: text/plain

Delivery has failed
--_c_--

--_b_
Content-Type: message/delivery-status

Reporting-MTA: dns;x.example

Final-recipient: RFC822;in@soc-alfa.example
Action: Failed (bounce)
Diagnostic-Code: smtp;550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized
X-Display-Name: Somebody

--_b_
Content-Type: message/rfc822

Message-ID: <00112233445566778899aabbccddeeff@nccis.example>
Subject: [...]
Content-Type: multipart/encrypted; boundary=z

--z--

--_b_--
`

const eximBounce = `X-Failed-Recipients: in@soc-alfa.example,
  two@soc-alfa.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@relay.example>
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

  in@soc-alfa.example
    Unrouteable address

------ This is a copy of the message, including all the headers. ------

Return-path: <exchange@nccis.example>
Message-Id: <00112233445566778899aabbccddeeff@nccis.example>
Subject: [...]

Subject: not this one
`

const ourID = "<00112233445566778899aabbccddeeff@nccis.example>"

func read(t testing.TB, message string) (Report, bool) {
	t.Helper()
	root, err := mimepart.Parse([]byte(crlf(message)), mimepart.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return Parse(root, ours())
}

func TestParseFields(t *testing.T) {
	for _, c := range []struct {
		name, message string
		want          Report
	}{
		{"Postfix", postfixBounce, Report{Dialect: "postfix", EnvelopeID: "0123456789abcdef0123456789abcdef", MessageID: ourID, ReportingMTA: "relay.example", Recipients: []Recipient{{
			"in@soc-alfa.example", "failed", "5.1.1",
			"smtp; 550 5.1.1 <in@soc-alfa.example>: Recipient address rejected: User unknown", "mx.soc-alfa.example"}}}},
		{"Exchange", exchangeBounce, Report{Dialect: "exchange", MessageID: ourID, ReportingMTA: "x.example", Recipients: []Recipient{{
			"in@soc-alfa.example", "failed", "5.7.1", "smtp;550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized", ""}}}},
		{"Exim as text", eximBounce, Report{Dialect: "exim", MessageID: ourID, Recipients: []Recipient{
			{Address: "in@soc-alfa.example", Action: "failed"}, {Address: "two@soc-alfa.example", Action: "failed"}}}},
		{"no third part, no report-type, delivered", "Content-Type: multipart/report; boundary=b\n\n--b\n\nx\n--b\n" +
			"Content-Type: message/delivery-status\n\nReporting-MTA: dns; r\n\n\nOriginal-Recipient: rfc822;in@s.example\nAction: delivered\nStatus: 2.0.0\n--b--\n",
			Report{Dialect: "rfc3464", ReportingMTA: "r", Recipients: []Recipient{{Address: "in@s.example", Action: "delivered", Status: "2.0.0"}}}},
		{"no blank line between the groups, action missing", "Content-Type: multipart/mixed; boundary=b\n\n--b\n" +
			"Content-Type: message/delivery-status\n\nReporting-MTA: dns; r\nFinal-Recipient: rfc822;a@s.example\nStatus: 4.4.1 (timeout)\n" +
			"Final-Recipient: rfc822;b@s.example\nAction: relayed\n--b--\n",
			Report{Dialect: "rfc3464", ReportingMTA: "r", Recipients: []Recipient{{Address: "a@s.example", Action: "delayed", Status: "4.4.1"},
				{Address: "b@s.example", Action: "relayed"}}}},
		{"per-recipient fields only, base64, no closing boundary", "Content-Type: multipart/report; boundary=b\n\n--b\n" +
			"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\nRmluYWwtUmVjaXBpZW50OiByZmM4MjI7YUBzLmV4YW1wbGUNCkFjdGlvbjogZXhwYW5kZWQNCg==\n",
			Report{Dialect: "rfc3464", Recipients: []Recipient{{Address: "a@s.example", Action: "expanded"}}}},
		{"nothing inside", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n--b--\n",
			Report{Dialect: "rfc3464"}},
		{"an action nobody knows", "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n" +
			"Final-Recipient: rfc822;a@s.example\nAction: eaten\n--b--\n",
			Report{Dialect: "rfc3464", Recipients: []Recipient{{Address: "a@s.example"}}}},
	} {
		got, ok := read(t, c.message)
		if !ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v\nhave %+v\nwant %+v", c.name, ok, got, c.want)
		}
	}
}

func TestWhatIsNoReport(t *testing.T) {
	for name, message := range map[string]string{
		"ordinary mail":        "Subject: x\n\nFinal-Recipient: rfc822;a@b\nAction: failed\n",
		"an MDN":               "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\nContent-Type: message/disposition-notification\n\nDisposition: x\n--b--\n",
		"a forwarded bounce":   "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee below\n--b\nContent-Type: message/rfc822\n\n" + postfixBounce + "\n--b--\n",
		"encrypted mail":       "Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b--\n",
		"a failed header only": "Content-Type: multipart/mixed; boundary=b\nX-Failed-Recipients: a@b.example\n\n--b\n\nx\n--b--\n",
	} {
		if got, ok := read(t, message); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, ok := Parse(nil, ours()); ok {
		t.Error("nil is a report")
	}
}

// Whatever comes, the answer is bounded and its words are single lines.
func FuzzParse(f *testing.F) {
	for _, s := range []string{postfixBounce, exchangeBounce, eximBounce, "", "X-Failed-Recipients: a@b\n\nMessage-ID: <x@y>\n",
		"Content-Type: message/delivery-status\n\n :x\n y\nFinal-Recipient\n:\nAction: failed\n"} {
		f.Add([]byte(crlf(s)))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		root, err := mimepart.Parse(raw, mimepart.Limits{})
		if err != nil {
			return
		}
		r, ok := Parse(root, ours())
		if !ok && !reflect.DeepEqual(r, Report{}) {
			t.Errorf("no report, but %+v", r)
		}
		words := []string{r.EnvelopeID, r.MessageID, r.ReportingMTA}
		for _, p := range r.Recipients {
			words = append(words, p.Address, p.Action, p.Status, p.Diagnostic, p.RemoteMTA)
			if p.Action != "" && action(p.Action) != p.Action {
				t.Errorf("action %q", p.Action)
			}
		}
		for _, w := range words {
			if len(w) > 600 || strings.ContainsAny(w, "\r\n\x00\x1b") {
				t.Errorf("%q", w)
			}
		}
		if len(r.Recipients) > maxRecipients {
			t.Errorf("%d recipients", len(r.Recipients))
		}
	})
}
