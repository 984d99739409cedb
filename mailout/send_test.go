package mailout

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"almasu/exchange"
)

const plainMessage = "From: a@soc.example\r\nSubject: [...]\r\n\r\n.\r\n..two\r\nFrom here\r\n.end\r\n"

func letter() exchange.Letter {
	return exchange.Letter{ID: 7, Address: "in@nccis.example", Sender: "a@soc.example", EnvelopeID: "0123456789abcdef",
		MessageID: "<x@soc.example>", WantsReceipt: true, Message: []byte(plainMessage)}
}

func send(t *testing.T, l exchange.Letter, relays ...Relay) []exchange.Attempt {
	t.Helper()
	s := &Sender{Relays: relays}
	defer s.Close()
	return s.Send(t.Context(), l)
}

// unstuffed undoes the dot stuffing of RFC 5321 section 4.5.2.
func unstuffed(s string) string {
	return strings.TrimPrefix(strings.ReplaceAll("\r\n"+s, "\r\n.", "\r\n"), "\r\n")
}

func TestEveryPhaseThatFails(t *testing.T) {
	const later, never = exchange.OutcomeLater, exchange.OutcomeNever
	for _, c := range []struct {
		name  string
		pairs []string
		want  exchange.SendOutcome
		fault bool
		code  int
		words string
	}{
		{"greeting 554", []string{"greeting", "554 5.3.2 no service"}, later, true, 554, "greeting: no service"},
		{"greeting dropped", []string{"greeting", drop}, later, false, 0, "greeting: "},
		{"greeting silent", []string{"greeting", silent}, later, false, 0, "greeting: "},
		{"EHLO 550", []string{"EHLO", "550 5.7.1 not you"}, later, true, 550, "EHLO: not you"},
		{"EHLO and HELO 502", []string{"EHLO", "502 5.5.1 what", "HELO", "502 5.5.1 what"}, later, true, 502, "EHLO: what"},
		{"EHLO 421", []string{"EHLO", "421 4.3.2 later"}, later, false, 421, "EHLO: later"},
		{"MAIL 550", []string{"MAIL", "550 5.7.1 sender refused"}, later, true, 550, "MAIL FROM: sender refused"},
		{"MAIL 451", []string{"MAIL", "451 4.3.0 later"}, later, false, 451, "MAIL FROM: later"},
		{"MAIL silent", []string{"MAIL", silent}, later, false, 0, "MAIL FROM: "},
		{"RCPT 550", []string{"RCPT", "550 5.1.1 no such user"}, never, false, 550, "RCPT TO: no such user"},
		{"RCPT 450", []string{"RCPT", "450 4.2.1 greylisted"}, later, false, 450, "RCPT TO: greylisted"},
		{"RCPT dropped", []string{"RCPT", drop}, later, false, 0, "RCPT TO: "},
		{"DATA 554", []string{"DATA", "554 5.7.1 no"}, never, false, 554, "DATA: no"},
		{"DATA 451", []string{"DATA", "451 4.3.0 disk full"}, later, false, 451, "DATA: disk full"},
		{"final 552", []string{".", "552 5.3.4 too big"}, never, false, 552, "final reply: too big"},
		{"final 452", []string{".", "452 4.3.1 disk full"}, later, false, 452, "final reply: disk full"},
		{"final dropped", []string{".", drop}, later, false, 0, "final reply: "},
		{"final silent", []string{".", silent}, later, false, 0, "final reply: "},
		{"reply over two lines", []string{"RCPT", "550-5.1.1 no\n550 5.1.1 such user"}, never, false, 550, "RCPT TO: no such user"},
		{"reply that forges a line", []string{"RCPT", "550 5.1.1 no\x0b\x1b[2Jlevel=INFO \xff"}, never, false, 550, "RCPT TO: no [2Jlevel=INFO ?"},
		{"reply that is none", []string{"RCPT", "hello"}, later, false, 0, "RCPT TO: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, c.pairs...)
			r := p.relay()
			r.CommandTimeout, r.SubmissionTimeout = 200*time.Millisecond, 200*time.Millisecond
			got := send(t, letter(), r)
			if len(got) != 1 {
				t.Fatalf("%d attempts: %+v", len(got), got)
			}
			a := got[0]
			if a.Outcome != c.want || a.RelayFault != c.fault || a.Code != c.code || !strings.HasPrefix(a.Text, c.words) {
				t.Errorf("%+v", a)
			}
			if a.Relay != r.Address || a.At.IsZero() || strings.ContainsAny(a.Text, "\r\n\x1b") || len(a.Text) > maxWords+3 {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestSentWithTheReply(t *testing.T) {
	p := start(t, "EHLO", "250-peer\n250-DSN\n250-SIZE 1000000\n250 8BITMIME")
	r := p.relay()
	r.Outside = true
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s := &Sender{Relays: []Relay{r}, Clock: func() time.Time { return at }}
	defer s.Close()
	got := s.Send(t.Context(), letter())
	want := exchange.Attempt{Outcome: exchange.OutcomeSent, At: at, Relay: r.Address, Outside: true, Code: 250,
		Enhanced: "2.0.0", Text: "queued as 4711"}
	if len(got) != 1 || got[0] != want {
		t.Errorf("%+v", got)
	}
	if c := p.heard("MAIL"); len(c) != 1 || c[0] != "MAIL FROM:<a@soc.example> BODY=8BITMIME SIZE=66 RET=HDRS ENVID=0123456789abcdef" {
		t.Errorf("%q", c)
	}
	if c := p.heard("RCPT"); len(c) != 1 || c[0] != "RCPT TO:<in@nccis.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=RFC822;in@nccis.example" {
		t.Errorf("%q", c)
	}
	if c := p.heard("EHLO"); len(c) != 1 || c[0] != "EHLO soc.example" {
		t.Errorf("%q", c)
	}
}

// A letter with the null reverse-path asks for no delivery report, and a relay
// without DSN is told nothing of it.
func TestNullSenderAndNoDSN(t *testing.T) {
	dsn, old := start(t, "EHLO", "250-peer\n250 DSN"), start(t, "EHLO", "502 what is that")
	l := letter()
	l.Sender = ""
	send(t, l, dsn.relay())
	if c := dsn.heard("MAIL")[0] + " " + dsn.heard("RCPT")[0]; c != "MAIL FROM:<> RCPT TO:<in@nccis.example> NOTIFY=NEVER" {
		t.Errorf("%q", c)
	}
	if got := send(t, letter(), old.relay()); got[0].Outcome != exchange.OutcomeSent {
		t.Errorf("HELO server: %+v", got)
	}
	if c := old.heard("MAIL")[0] + " " + old.heard("RCPT")[0]; c != "MAIL FROM:<a@soc.example> RCPT TO:<in@nccis.example>" {
		t.Errorf("%q", c)
	}
}

func TestRelaysInOrder(t *testing.T) {
	const sent, later, never = exchange.OutcomeSent, exchange.OutcomeLater, exchange.OutcomeNever
	for _, c := range []struct {
		name          string
		first, second []string
		want          []exchange.SendOutcome
	}{
		{"the first takes it", nil, nil, []exchange.SendOutcome{sent}},
		{"the first is misconfigured", []string{"MAIL", "530 5.7.0 authenticate"}, nil, []exchange.SendOutcome{later, sent}},
		{"the first is full", []string{"DATA", "452 4.3.1 full"}, nil, []exchange.SendOutcome{later, sent}},
		{"the first says never", []string{"RCPT", "550 5.1.1 no"}, nil, []exchange.SendOutcome{never, sent}},
		{"both say never", []string{"RCPT", "550 5.1.1 no"}, []string{".", "554 5.6.0 no"}, []exchange.SendOutcome{never, never}},
		{"never, then full", []string{"RCPT", "550 5.1.1 no"}, []string{"DATA", "452 full"}, []exchange.SendOutcome{never, later}},
		{"full, then never", []string{"DATA", "452 full"}, []string{"RCPT", "550 5.1.1 no"}, []exchange.SendOutcome{later, later}},
		{"the reply is lost", []string{".", drop}, nil, []exchange.SendOutcome{later}},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, two := start(t, c.first...), start(t, c.second...)
			got := send(t, letter(), one.relay(), two.relay())
			var outcomes []exchange.SendOutcome
			for _, a := range got {
				outcomes = append(outcomes, a.Outcome)
			}
			if len(outcomes) != len(c.want) {
				t.Fatalf("%+v", got)
			}
			for i := range outcomes {
				if outcomes[i] != c.want[i] {
					t.Errorf("%+v, want %v", got, c.want)
				}
			}
		})
	}
}

func TestNoConnectionIsLaterAndTheNextRelayTakesIt(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	r := Relay{Address: gone.Addr().String(), TLS: TLSNone}
	if got := send(t, letter(), r); got[0].Outcome != exchange.OutcomeLater || got[0].RelayFault || !strings.HasPrefix(got[0].Text, "connect: ") {
		t.Errorf("%+v", got)
	}
	if got := send(t, letter(), r, start(t).relay()); len(got) != 2 || got[1].Outcome != exchange.OutcomeSent {
		t.Errorf("%+v", got)
	}
	if got := send(t, letter()); got[0].Outcome != exchange.OutcomeLater || !got[0].RelayFault {
		t.Errorf("no relay at all: %+v", got)
	}
}

// The reply to the final dot is lost: the retry carries the same octets, and a
// relay that keeps losing it does not keep the letter from the other one.
func TestLostReplyIsRetriedWithTheSameOctets(t *testing.T) {
	one, two := start(t, ".", drop), start(t)
	s := &Sender{Relays: []Relay{one.relay(), two.relay()}}
	defer s.Close()
	if got := s.Send(t.Context(), letter()); len(got) != 1 || got[0].Outcome != exchange.OutcomeLater || got[0].Code != 0 {
		t.Fatalf("%+v", got)
	}
	if got := s.Send(t.Context(), letter()); len(got) != 1 || got[0].Outcome != exchange.OutcomeSent || got[0].Relay != two.relay().Address {
		t.Fatalf("%+v", got)
	}
	if a, b := one.received(), two.received(); len(a) != 1 || len(b) != 1 || a[0] != b[0] || unstuffed(a[0]) != plainMessage {
		t.Errorf("%q %q", a, b)
	}
}

func TestLostReplyIsForgottenAfterAWhile(t *testing.T) {
	now := time.Now()
	s := &Sender{Relays: []Relay{{Address: "a"}, {Address: "b"}}, Clock: func() time.Time { return now }}
	s.noteLost(s.Relays[0])
	if o := s.order(exchange.Letter{}, now); o[0].Address != "b" || o[1].Address != "a" {
		t.Errorf("%v", o)
	}
	if o := s.order(exchange.Letter{}, now.Add(lostMemory)); o[0].Address != "a" {
		t.Errorf("%v", o)
	}
}

// A delivery report said failed: the letter moves to the next relay.
func TestFailedDeliveryMovesToTheNextRelay(t *testing.T) {
	s := &Sender{Relays: []Relay{{Address: "a"}, {Address: "b"}, {Address: "c"}}}
	for took, want := range map[string]string{"a": "bca", "b": "cab", "c": "abc", "gone": "abc"} {
		var got string
		for _, r := range s.order(exchange.Letter{Delivery: "failed", Relay: took}, time.Now()) {
			got += r.Address
		}
		if got != want {
			t.Errorf("after %s: %s, want %s", took, got, want)
		}
	}
}

func TestOneConnectionForManyLetters(t *testing.T) {
	p := start(t)
	s := &Sender{Relays: []Relay{p.relay()}}
	defer s.Close()
	for range 5 {
		if got := s.Send(t.Context(), letter()); got[0].Outcome != exchange.OutcomeSent {
			t.Fatalf("%+v", got)
		}
	}
	p.set("RCPT", "550 5.1.1 no")
	s.Send(t.Context(), letter())
	p.set("RCPT", "250 ok")
	if got := s.Send(t.Context(), letter()); got[0].Outcome != exchange.OutcomeSent {
		t.Fatalf("after a refusal: %+v", got)
	}
	if len(p.heard("RSET")) != 1 || p.connections != 1 || len(p.received()) != 6 {
		t.Errorf("%d connections, %d RSET, %d messages", p.connections, len(p.heard("RSET")), len(p.received()))
	}
}

// The relay closed the idle connection, or says so with 421: a fresh one is
// made, and that is no failed attempt.
func TestDeadIdleConnectionIsReplaced(t *testing.T) {
	for _, reply := range []string{drop, "421 4.4.2 idle too long"} {
		p := start(t)
		s := &Sender{Relays: []Relay{p.relay()}}
		s.Send(t.Context(), letter())
		p.answerOnce("MAIL", reply)
		if got := s.Send(t.Context(), letter()); len(got) != 1 || got[0].Outcome != exchange.OutcomeSent {
			t.Errorf("%s: %+v", reply, got)
		}
		if p.connections != 2 || len(p.received()) != 2 {
			t.Errorf("%s: %d connections, %d messages", reply, p.connections, len(p.received()))
		}
		s.Close()
	}
}

// A connection is given up after waiting too long or after many letters.
func TestConnectionsDoNotLiveForEver(t *testing.T) {
	p := start(t)
	s := &Sender{Relays: []Relay{p.relay()}}
	defer s.Close()
	for range maxUses + 1 {
		s.Send(t.Context(), letter())
	}
	if p.connections != 2 || len(p.heard("QUIT")) != 1 {
		t.Errorf("%d connections, %d QUIT", p.connections, len(p.heard("QUIT")))
	}
	waiting := s.idle[s.Relays[0]][0]
	s.expire(waiting)
	if got := s.Send(t.Context(), letter()); got[0].Outcome != exchange.OutcomeSent || p.connections != 3 {
		t.Errorf("%+v over %d connections", got, p.connections)
	}
}

func TestContextCutsAHangingRelay(t *testing.T) {
	for _, verb := range []string{"greeting", "EHLO", "MAIL", "DATA", "."} {
		p, unused := start(t, verb, silent), start(t)
		r := p.relay()
		r.CommandTimeout, r.SubmissionTimeout = time.Minute, time.Minute
		s := &Sender{Relays: []Relay{r, unused.relay()}}
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		begin := time.Now()
		got := s.Send(ctx, letter())
		cancel()
		if len(got) != 1 || got[0].Outcome != exchange.OutcomeLater || got[0].RelayFault || time.Since(begin) > 10*time.Second {
			t.Errorf("silent at %s: %+v", verb, got)
		}
		s.Close()
	}
}

func TestManySendersShareThePool(t *testing.T) {
	p := start(t)
	s := &Sender{Relays: []Relay{p.relay()}}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if got := s.Send(t.Context(), letter()); got[0].Outcome != exchange.OutcomeSent {
					t.Errorf("%+v", got)
				}
			}
		})
	}
	wg.Wait()
	s.Close()
	if n := len(p.received()); n != 80 {
		t.Errorf("%d messages", n)
	}
	if got := s.Send(t.Context(), letter()); got[0].Outcome != exchange.OutcomeSent {
		t.Errorf("after Close: %+v", got)
	}
}

// What a relay would not get as the octets that were sealed is not sent.
func TestNothingUnfitIsSent(t *testing.T) {
	p := start(t)
	for name, change := range map[string]func(*exchange.Letter){
		"blocked":        func(l *exchange.Letter) { l.Message = nil },
		"smuggled":       func(l *exchange.Letter) { l.Message = []byte("a: b\r\n\r\nx\n.\nMAIL FROM:<>\r\n") },
		"bare CR":        func(l *exchange.Letter) { l.Message = []byte("a: b\r\n\r\nx\r.\r\n") },
		"CR at the end":  func(l *exchange.Letter) { l.Message = []byte("a: b\r\n\r\nx\r") },
		"no line end":    func(l *exchange.Letter) { l.Message = []byte("a: b\r\n\r\nx") },
		"8 bit":          func(l *exchange.Letter) { l.Message = []byte("a: b\r\n\r\né\r\n") },
		"NUL":            func(l *exchange.Letter) { l.Message = []byte("a: b\r\n\r\n\x00\r\n") },
		"a line of 2000": func(l *exchange.Letter) { l.Message = []byte("a: b\r\n\r\n" + strings.Repeat("x", 2000) + "\r\n") },
		"two addresses":  func(l *exchange.Letter) { l.Address = "a@b.example>\r\nRCPT TO:<c@d.example" },
		"odd sender":     func(l *exchange.Letter) { l.Sender = "a b@c.example" },
	} {
		l := letter()
		change(&l)
		if got := send(t, l, p.relay()); len(got) != 1 || got[0].Outcome != exchange.OutcomeNever || got[0].Relay != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if p.connections != 0 {
		t.Errorf("%d connections", p.connections)
	}
}

// A reply without end must not fill the memory.
func TestEndlessReply(t *testing.T) {
	p := start(t, "EHLO", strings.Repeat("250-x\n", 50000)+"250 y")
	if got := send(t, letter(), p.relay()); got[0].Outcome != exchange.OutcomeLater {
		t.Errorf("%+v", got)
	}
}

func TestDeliveryReportsOfSuccessOnlyWhereTheReceiptIsTracked(t *testing.T) {
	p := start(t, "EHLO", "250-peer\n250 DSN")
	l := letter()
	l.WantsReceipt = false
	send(t, l, p.relay())
	if c := p.heard("RCPT"); len(c) != 1 || c[0] != "RCPT TO:<in@nccis.example> NOTIFY=FAILURE,DELAY ORCPT=RFC822;in@nccis.example" {
		t.Errorf("%q", c)
	}
}
