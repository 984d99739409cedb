package mailin

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// gate is a milter under test and what it was asked to judge.
type gate struct {
	t    *testing.T
	addr string
	stop func()

	mu     sync.Mutex
	judged []Submission
	reply  error
}

func openGate(t *testing.T, m *Milter) *gate {
	t.Helper()
	ln := tcp(t)
	g := &gate{t: t, addr: ln.Addr().String()}
	m.Name, m.Log = "milter", slog.New(slog.DiscardHandler)
	m.Recipient = func(a string) bool { return strings.HasSuffix(a, "@nccis.example") }
	m.Judge = func(_ context.Context, to []string, message []byte) error {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.judged = append(g.judged, Submission{To: to, Message: append([]byte(nil), message...)})
		return g.reply
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Serve(ctx, ln) }()
	g.stop = sync.OnceFunc(func() {
		cancel()
		must(t, <-done)
	})
	t.Cleanup(g.stop)
	return g
}

// mta is the other end of one connection.
type mta struct {
	t    *testing.T
	conn net.Conn
}

func (g *gate) dial() *mta {
	g.t.Helper()
	conn, err := net.Dial("tcp", g.addr)
	must(g.t, err)
	g.t.Cleanup(func() { conn.Close() })
	must(g.t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	m := &mta{g.t, conn}
	if got := m.say('O', "\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00\x00"); got[0] != 'O' || got[4] != milterVersion {
		g.t.Fatalf("negotiation: %q", got)
	}
	return m
}

func (m *mta) tell(command byte, data string) {
	m.t.Helper()
	frame := append(binary.BigEndian.AppendUint32(nil, uint32(len(data)+1)), command)
	_, err := m.conn.Write(append(frame, data...))
	must(m.t, err)
}

// say is a command and its answer.
func (m *mta) say(command byte, data string) string {
	m.t.Helper()
	m.tell(command, data)
	var length [4]byte
	_, err := io.ReadFull(m.conn, length[:])
	must(m.t, err)
	answer := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err = io.ReadFull(m.conn, answer)
	must(m.t, err)
	return string(answer)
}

// mail says a whole mail and returns the answers to its recipients and the
// last one.
func (m *mta) mail(body string, to ...string) (recipients []string, last string) {
	m.t.Helper()
	m.tell('D', "M_\x00x\x00")
	m.say('M', "<desk@soc.example>\x00SIZE=1\x00")
	for _, r := range to {
		recipients = append(recipients, m.say('R', "<"+r+">\x00"))
	}
	for _, step := range []struct {
		command byte
		data    string
	}{{'L', "Subject\x00folded\n over two\x00"}, {'N', ""}, {'B', body}, {'E', ""}} {
		if last = m.say(step.command, step.data); last != "c" {
			break
		}
	}
	return recipients, last
}

func TestTheDoorOfAnMTA(t *testing.T) {
	const centre, boss = "exchange@nccis.example", "boss@soc.example"
	refused := &Refused{554, [3]int{5, 6, 0}, "invalid: x\n/severity: y"}
	for _, test := range []struct {
		name       string
		to         []string
		body       string
		reply      error
		recipients string // first octets of the answers
		last       string // beginning
		judged     int
	}{
		{"ordinary mail is not looked at", []string{boss, "x@elsewhere.example"}, "x", nil, "cc", "a", 0},
		{"a report", []string{centre}, "x", nil, "c", "a", 1},
		{"to two participants", []string{centre, "second@nccis.example"}, "x", nil, "cc", "a", 1},
		{"a wrong report", []string{centre}, "x", refused, "c", "y554-5.6.0 invalid: x\r\n554 5.6.0 /severity: y\x00", 1},
		{"a fault of ours", []string{centre}, "x", errors.New("disk full"), "c", "t", 1},
		{"mixed, participant first", []string{centre, boss}, "x", nil, "cy", "y550 5.7.1 ", 0},
		{"mixed, participant last", []string{boss, centre}, "x", nil, "cy", "y550 5.7.1 ", 0},
		{"mixed and again", []string{boss, centre, boss, centre}, "x", nil, "cyyy", "y550 5.7.1 ", 0},
		{"too large", []string{centre}, strings.Repeat("x", 200), nil, "c", "y552 5.3.4 ", 0},
		{"ordinary mail of any size", []string{boss}, strings.Repeat("x", 200), nil, "c", "a", 0},
	} {
		g := openGate(t, &Milter{MaxMessage: 100})
		g.reply = test.reply
		m := g.dial()
		recipients, last := m.mail(test.body, test.to...)
		got := ""
		for _, r := range recipients {
			got += r[:1]
		}
		if got != test.recipients || !strings.HasPrefix(last, test.last) || len(g.judged) != test.judged {
			t.Errorf("%s: recipients %s, then %q, judged %d", test.name, got, last, len(g.judged))
		}
		if test.judged > 0 && string(g.judged[0].Message) != "Subject: folded\r\n over two\r\n\r\nx" {
			t.Errorf("%s: judged %q", test.name, g.judged[0].Message)
		}
		g.reply = nil
		if _, last := m.mail("x", centre); last != "a" { // the next mail on the connection knows nothing of the last
			t.Errorf("%s: the next mail: %q", test.name, last)
		}
	}
}

func TestTheDoorWithBrokenMTAs(t *testing.T) {
	g := openGate(t, &Milter{MaxInHand: 1, MaxConns: 3, Grace: time.Millisecond})
	for name, octets := range map[string]string{"an endless frame": "\xff\xff\xff\xffB", "an empty frame": "\x00\x00\x00\x00", "half a frame": "\x00\x00\x00\x09M<"} {
		m := g.dial()
		_, err := io.WriteString(m.conn, octets)
		must(t, err)
		must(t, m.conn.(*net.TCPConn).CloseWrite())
		if rest, _ := io.ReadAll(m.conn); len(rest) > 0 {
			t.Errorf("%s: answered %q", name, rest)
		}
	}
	first := g.dial()
	first.say('M', "<a>\x00")
	first.say('R', "<exchange@nccis.example>\x00")
	first.say('L', "A\x00b\x00") // holds the only place
	second := g.dial()
	second.say('M', "<a>\x00")
	second.say('R', "<exchange@nccis.example>\x00")
	second.tell('N', "")
	first.tell('A', "") // gives it back
	if got := second.say('B', "x"); got != "c" {
		t.Errorf("the answer to the waiting mail: %q", got)
	}
	g.stop() // with both connections open and one mail in hand
	if len(g.judged) != 0 {
		t.Error("an unfinished mail was judged")
	}
}
