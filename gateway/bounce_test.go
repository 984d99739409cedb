package gateway

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"testing"

	"almasu/exchange"
	"almasu/internal/testmail/bounces"
	"almasu/queue"
)

// another submits one more report and sends it.
func (n *node) another(id string) exchange.Letter {
	n.Helper()
	s, err := n.g.Submit(n.Context(), Order{Document: incident(id, n.clock.now()), Actor: "test"})
	n.must(err)
	n.send()
	return n.letters(queue.LetterFilter{Report: s.Position})[0]
}

// TestEveryBounceFindsItsLetter sends every dialect in and looks at the letter
// it is about, and that nothing is answered and nothing closed.
func TestEveryBounceFindsItsLetter(t *testing.T) {
	c := newClock()
	n := open(t, "soc-alfa", c)
	for i, b := range bounces.All() {
		l := n.another(fmt.Sprintf("r-%d", i))
		raw, returnPath := b.Message(bounces.About{MessageID: l.MessageID, EnvelopeID: l.EnvelopeID, Sender: address("soc-alfa"), Recipient: address("nccis")}), ""
		if bytes.Contains(raw, []byte("From: Dana")) {
			returnPath = address("nccis")
		}
		a := n.take(raw, returnPath)
		got, err := n.store.Letter(t.Context(), l.ID)
		n.must(err)
		want, state := b.Action, exchange.LetterSent
		if b.Action == "failed" {
			state = exchange.LetterWaiting
		}
		if got.State != state || got.Delivery != want {
			t.Errorf("%s: the letter is %s, delivery %q, want %s %q", b.Name, got.State, got.Delivery, state, want)
		}
		wantArrival := exchange.ArrivalDeliveryReport
		if b.Kind == "none" {
			wantArrival = exchange.ArrivalHeld
		}
		if a.State != wantArrival || a.Code != "" && b.Kind != "none" {
			t.Errorf("%s: the mail is %s %s (%s)", b.Name, a.State, a.Code, a.Reason)
		}
		for _, answer := range n.answers(a) {
			if b.Kind != "none" || answer.Kind != exchange.LetterNeutral || returnPath == "" {
				t.Errorf("%s is answered with a %s", b.Name, answer.Kind)
			}
		}
		n.tellsOf(b, l)
	}
	if failed := len(n.events("letter-closed")); failed != 0 {
		t.Errorf("%d letters were closed by what nobody vouches for", failed)
	}
}

// tellsOf looks at what the journal says of the letter of a bounce.
func (n *node) tellsOf(b *bounces.Bounce, l exchange.Letter) {
	n.Helper()
	events, err := n.store.EventsOf(n.Context(), fmt.Sprintf("letter:%d", l.ID))
	n.must(err)
	var class, recipient string
	for _, e := range events {
		if e.Detail["action"] != "" {
			class, recipient = e.Detail["class"], e.Detail["address"]
		}
	}
	if class != b.Class || b.Kind == "report" && !strings.EqualFold(recipient, address("nccis")) {
		n.Errorf("%s: the journal says class %q of %q, want %q", b.Name, class, recipient, b.Class)
	}
}

// A bounce of a report under clause 9 calls people at once, whatever its
// dialect; one of anything less urgent calls the duty officer.
func TestABounceUnderClause9CallsPeopleAtOnce(t *testing.T) {
	c := newClock()
	n := open(t, "soc-alfa", c)
	text := func(l exchange.Letter) []byte {
		return []byte("From: MAILER-DAEMON@mx.example\r\n\r\n<exchange@nccis.example>: 550 5.1.1 unknown\r\nMessage-ID: " + l.MessageID + "\r\n")
	}
	urgent := n.another("r-1")
	s, err := n.g.Submit(t.Context(), Order{Document: rendered(&exchange.Report{Kind: exchange.Ping, ID: "p-1", Revision: 1, Reporter: "soc-alfa", Addressee: "nccis", GeneratedAt: c.now(),
		Ping: &exchange.PingBody{Nonce: "n"}}), Actor: "test"})
	n.must(err)
	n.send()
	calm := n.letters(queue.LetterFilter{Report: s.Position})[0]
	n.take(text(urgent), "")
	n.take(text(calm), "")
	alarms, err := n.store.Alarms(t.Context(), queue.AlarmFilter{})
	n.must(err)
	calls := map[string]exchange.Call{}
	for _, a := range alarms {
		if a.Kind == exchange.AlarmDeliveryFailed {
			calls[a.Subject] = a.Call
		}
	}
	want := map[string]exchange.Call{fmt.Sprintf("letter %d to nccis", urgent.ID): exchange.CallPeople, fmt.Sprintf("letter %d to nccis", calm.ID): exchange.CallDuty}
	if !maps.Equal(calls, want) {
		t.Errorf("alarms %v, want %v", calls, want)
	}
}

// Some servers put the letter they return into their text: our own sealed
// octets must not make the report look like a sealed message.
func TestBounceThatReturnsTheLetterInItsText(t *testing.T) {
	c := newClock()
	for name, head := range map[string]string{
		"qmail": "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\n\r\nHi. This is the qmail-send program at mx.example.\r\n\r\n<exchange@nccis.example>:\r\n" +
			"Sorry, no mailbox here by that name. (#5.1.1)\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n",
		"exim": "X-Failed-Recipients: exchange@nccis.example\r\nFrom: Mailer-Daemon@mx.example\r\nAuto-Submitted: auto-replied\r\n\r\n" +
			"This message was created automatically by mail delivery software.\r\n\r\n------ This is a copy of the message, including all the headers. ------\r\n\r\n",
		"a flat multipart": "From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n<exchange@nccis.example>: 550 5.1.1 unknown\r\n--x\r\n" +
			"Content-Type: application/octet-stream; name=returned.txt\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			n, l := submitted(t, c)
			raw := head + string(l.Message)
			if strings.Contains(head, "boundary=x") {
				raw = strings.Replace(head, "550 5.1.1 unknown", "550 5.1.1 unknown "+l.MessageID, 1) + string(l.Message) + "\r\n--x--\r\n"
			}
			n.want(n.take([]byte(raw), ""), exchange.ArrivalDeliveryReport, "")
			if got, err := n.store.Letter(t.Context(), l.ID); err != nil || got.State != exchange.LetterWaiting || got.Delivery != "failed" {
				t.Errorf("the letter is %s, delivery %q, %v", got.State, got.Delivery, err)
			}
		})
	}
}

// A sealed report is a report, whatever its subject and its marks say.
func TestSealedReportThatLooksLikeABounce(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c)
	raw := mail{from: "soc-alfa", to: "nccis", auto: "auto-generated"}.seal(t, c.now(), incident("r-1", c.now()))
	raw = bytes.Replace(raw, []byte("Subject: [...]"), []byte("Subject: Undeliverable: returned mail\r\nX-Failed-Recipients: exchange@nccis.example\r\nReturn-Path: <>"), 1)
	n.want(n.take(raw, ""), exchange.ArrivalAccepted, "")
}
