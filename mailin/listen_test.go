package mailin

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/textproto"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-smtp"

	"almasu/internal/testpeer"
)

// port is a listener under test, reached over net.Pipe.
type port struct {
	t      *testing.T
	ln     *pipeListener
	cancel context.CancelFunc
	done   chan error

	mu     sync.Mutex
	took   []Incoming
	bodies []string
	answer func(in Incoming) error // after the body was read
}

func listen(t *testing.T, l *Listener) *port {
	ctx, cancel := context.WithCancel(context.Background())
	p := &port{t: t, ln: newPipeListener(), cancel: cancel, done: make(chan error, 1)}
	if l.Address == "" {
		l.Address = "exchange@nccis.example"
	}
	l.Name, l.Hostname, l.Log = "port", "mx.nccis.example", slog.New(slog.DiscardHandler)
	go func() { p.done <- l.Serve(ctx, p.ln, p.accept) }()
	return p
}

func (p *port) accept(ctx context.Context, in Incoming) error {
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if p.answer != nil {
		if err := p.answer(in); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.took = append(p.took, in)
	p.bodies = append(p.bodies, string(body))
	return ctx.Err()
}

func (p *port) stop() {
	p.cancel()
	if err := <-p.done; err != nil {
		p.t.Errorf("Serve: %v", err)
	}
}

func (p *port) conn() net.Conn {
	client, server := net.Pipe()
	must(p.t, p.ln.give(context.Background(), server))
	return client
}

// talk is a client that says lines and compares the beginning of each reply.
func (p *port) talk(lines ...string) *textproto.Conn {
	p.t.Helper()
	c := textproto.NewConn(p.conn())
	p.say(c, append([]string{"", "220"}, lines...)...)
	return c
}

func (p *port) say(c *textproto.Conn, lines ...string) {
	p.t.Helper()
	for i := 0; i+1 < len(lines); i += 2 {
		sent := make(chan error, 1)
		go func() {
			if lines[i] == "" {
				sent <- nil
				return
			}
			_, err := c.W.WriteString(lines[i] + "\r\n")
			sent <- errors.Join(err, c.W.Flush())
		}()
		code, text, err := c.ReadResponse(0)
		got := fmt.Sprint(code, " ", text)
		if err != nil && code == 0 {
			p.t.Fatalf("after %q: %v", lines[i], err)
		}
		<-sent
		if !strings.HasPrefix(got, lines[i+1]) {
			p.t.Errorf("%.60q: %q, want %q", lines[i], got, lines[i+1])
		}
	}
}

const envelope = "MAIL FROM:<soc@alfa.example>"

func TestListenerAnswers(t *testing.T) {
	big := "Subject: big\r\n\r\n" + strings.Repeat(strings.Repeat("x", 98)+"\r\n", 50)
	exact := "Subject: exact\r\n\r\n" + strings.Repeat("x", 2000-len("Subject: exact\r\n\r\n")-2)
	for _, c := range []struct {
		name   string
		lmtp   bool
		answer error
		lines  []string
		want   []string // bodies taken
	}{
		{"one message", false, nil, []string{"EHLO a", "250 Hello a", envelope, "250", "RCPT TO:<exchange@NCCIS.example>", "250", "DATA", "354",
			"Subject: x\r\n\r\n..dot\r\n.", "250 2.0.0"}, []string{"Return-Path: <soc@alfa.example>\r\nSubject: x\r\n\r\n.dot\r\n"}},
		{"null sender", false, nil, []string{"EHLO a", "250", "MAIL FROM:<>", "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354",
			"A: b\r\n\r\n.", "250"}, []string{"Return-Path: <>\r\nA: b\r\n\r\n"}},
		{"somebody else", false, nil, []string{"EHLO a", "250", envelope, "250", "RCPT TO:<other@nccis.example>", "550 5.1.1",
			"RCPT TO:<Exchange@nccis.example>", "550 5.1.1", "RCPT TO:<exchange@other.example>", "550 5.1.1", "DATA", "502"}, nil},
		{"no relay by source route or percent", false, nil, []string{"EHLO a", "250", envelope, "250", "RCPT TO:<exchange%nccis.example@other.example>", "550 5.1.1"}, nil},
		{"announced too large", false, nil, []string{"EHLO a", "250", envelope + " SIZE=2001", "552 5.3.4", envelope + " SIZE=2002", "552 5.3.4", envelope + " SIZE=2000", "250"}, nil},
		{"too large", false, nil, []string{"EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354", big + ".", "552 5.3.4",
			envelope, "250"}, nil},
		{"exactly the limit", false, nil, []string{"EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354", exact + "\r\n.", "250"},
			[]string{"Return-Path: <soc@alfa.example>\r\n" + exact + "\r\n"}},
		{"one octet over", false, nil, []string{"EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354", exact + "x\r\n.", "552 5.3.4"}, nil},
		{"busy", false, fmt.Errorf("budget: %w", ErrBusy), []string{"EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354", "A: b\r\n\r\n.", "452 4.3.1"}, nil},
		{"store fails", false, errors.New("secret path /x"), []string{"EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354", "A: b\r\n\r\n.", "451 4.3.0 Not taken"}, nil},
		{"store finds it too large", false, ErrTooLarge, []string{"EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354", "A: b\r\n\r\n.", "552 5.3.4"}, nil},
		{"in chunks", false, nil, []string{"EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "BDAT 6\r\nA: b", "250", "BDAT 6 LAST\r\n\r\nxx", "250"},
			[]string{"Return-Path: <soc@alfa.example>\r\nA: b\r\n\r\nxx\r\n"}},
		{"chunks broken off", false, nil, []string{"EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "BDAT 6\r\nA: b", "250", "RSET", "250", "NOOP", "250"}, nil},
		{"smuggled end of data", false, nil, []string{"EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354",
			"A: b\r\n\r\nx\n.\nMAIL FROM:<evil@x>\r\n.", "250"}, []string{"Return-Path: <soc@alfa.example>\r\nA: b\r\n\r\nx\n.\nMAIL FROM:<evil@x>\r\n"}},
		{"no authentication here", false, nil, []string{"EHLO a", "250", "AUTH PLAIN AGEAYg==", "5"}, nil},
		{"smtp on lmtp", true, nil, []string{"EHLO a", "500", "LHLO a", "250"}, nil},
		{"lmtp", true, nil, []string{"LHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354", "A: b\r\n\r\n.", "250 2.0.0 <exchange@nccis.example>"},
			[]string{"Return-Path: <soc@alfa.example>\r\nA: b\r\n\r\n"}},
		{"lmtp, the address twice", true, ErrBusy, []string{"LHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "RCPT TO:<exchange@NCCIS.EXAMPLE>", "250",
			"RCPT TO:<x@y>", "550 5.1.1", "DATA", "354", "A: b\r\n\r\n.", "452 4.3.1 <exchange@nccis.example>", "", "452 4.3.1 <exchange@NCCIS.EXAMPLE>"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := listen(t, &Listener{LMTP: c.lmtp, MaxMessage: 2000})
				if c.answer != nil {
					p.answer = func(Incoming) error { return c.answer }
				}
				p.talk(c.lines...).Close()
				p.stop()
				if fmt.Sprintf("%q", p.bodies) != fmt.Sprintf("%q", c.want) {
					t.Errorf("taken %q, want %q", p.bodies, c.want)
				}
				via := map[bool]string{false: "smtp", true: "lmtp"}[c.lmtp]
				for _, in := range p.took {
					if in.Source.Via != via || in.Source.Mailbox != "port" || in.ReceivedAt.IsZero() {
						t.Errorf("%+v", in)
					}
				}
			})
		})
	}
}

func TestListenerAcceptThatDoesNotReadToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l := &Listener{Name: "port", Address: "a@b", MaxMessage: 100, Log: slog.New(slog.DiscardHandler)}
		p := &port{t: t, ln: newPipeListener(), done: make(chan error, 1), cancel: cancel}
		go func() { p.done <- l.Serve(ctx, p.ln, func(context.Context, Incoming) error { return nil }) }()
		p.talk("EHLO a", "250", envelope, "250", "RCPT TO:<a@b>", "250", "DATA", "354", strings.Repeat("x", 200)+"\r\n.", "552").Close()
		p.stop()
	})
}

func TestListenerClientThatGoesAway(t *testing.T) {
	for _, last := range []string{"DATA", "BDAT 1000"} {
		synctest.Test(t, func(t *testing.T) {
			p := listen(t, &Listener{})
			c := p.talk("EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250")
			fmt.Fprintf(c.W, "%s\r\nSubject: half", last)
			go c.W.Flush()
			if last == "DATA" {
				c.ReadLine()
			}
			synctest.Wait()
			c.Close()
			synctest.Wait()
			if len(p.took) != 0 {
				t.Errorf("half a message taken: %q", p.bodies)
			}
			p.stop()
		})
	}
}

func TestListenerTimes(t *testing.T) {
	t.Run("silent client", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := listen(t, &Listener{Idle: time.Minute})
			begun := time.Now()
			c := p.talk("EHLO a", "250", "", "421 4.4.2")
			if d := time.Since(begun); d != time.Minute {
				t.Errorf("after %v", d)
			}
			c.Close()
			p.stop()
		})
	})
	t.Run("drip feed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := listen(t, &Listener{Idle: time.Minute, Data: 10 * time.Minute})
			c := p.talk("EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354")
			begun := time.Now()
			stop := make(chan struct{})
			var wg sync.WaitGroup
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(30 * time.Second):
						c.W.WriteString("x")
						c.W.Flush()
					}
				}
			})
			p.say(c, "", "451 4.3.0")
			if d := time.Since(begun); d != 10*time.Minute {
				t.Errorf("after %v", d)
			}
			close(stop)
			c.Close()
			wg.Wait()
			p.stop()
		})
	})
	t.Run("slow but steady", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := listen(t, &Listener{Idle: time.Minute})
			c := p.talk("EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354")
			for range 30 {
				<-time.After(50 * time.Second)
				c.W.WriteString("Subject: x\r\n")
				c.W.Flush()
			}
			p.say(c, ".", "250")
			c.Close()
			p.stop()
		})
	})
}

func TestListenerTooManyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := listen(t, &Listener{MaxConns: 2})
		a, b := p.talk(), p.talk()
		third := textproto.NewConn(p.conn())
		p.say(third, "", "421 4.3.2")
		a.Close()
		synctest.Wait()
		p.talk("EHLO a", "250").Close()
		b.Close()
		third.Close()
		p.stop()
	})
}

func TestListenerStopsGently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := listen(t, &Listener{Grace: 10 * time.Second})
		idle := p.talk("EHLO a", "250")
		open := p.talk("EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354")
		open.W.WriteString("Subject: x\r\n\r\n")
		open.W.Flush()
		synctest.Wait()
		p.cancel()
		p.say(idle, "", "421 4.4.2")
		<-time.After(5 * time.Second)
		p.say(open, "end\r\n.", "250", "", "421 4.4.2")
		if err := <-p.done; err != nil || len(p.took) != 1 {
			t.Errorf("Serve %v, taken %d", err, len(p.took))
		}
		idle.Close()
		open.Close()
	})
}

func TestListenerStopsAfterItsGrace(t *testing.T) {
	for _, last := range []string{"DATA", "BDAT 1000"} {
		synctest.Test(t, func(t *testing.T) {
			p := listen(t, &Listener{Grace: 10 * time.Second})
			c := p.talk("EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250")
			c.W.WriteString(last + "\r\nSubject: x\r\n")
			go c.W.Flush()
			if last == "DATA" {
				c.ReadLine()
			}
			synctest.Wait()
			begun := time.Now()
			go io.Copy(io.Discard, c.R)
			p.stop()
			if d := time.Since(begun); d != 10*time.Second || len(p.took) != 0 {
				t.Errorf("after %v, taken %d", d, len(p.took))
			}
			c.Close()
		})
	}
}

func TestListenerLongLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := listen(t, &Listener{MaxLine: 5000})
		c := p.talk("EHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354",
			"A: b\r\n\r\n"+strings.Repeat("x", 4900)+"\r\n.", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354")
		go func() {
			c.W.WriteString("A: " + strings.Repeat("x", 6000) + "\r\n.\r\n")
			c.W.Flush()
		}()
		p.say(c, "", "500 5.6.0")
		c.Close()
		p.stop()
		if len(p.took) != 1 {
			t.Errorf("taken %d", len(p.took))
		}
	})
}

func TestListenerSTARTTLSAndUnixSocket(t *testing.T) {
	ca := testpeer.NewCA(t)
	socket := filepath.Join(t.TempDir(), "lmtp.sock")
	ln, err := net.Listen("unix", socket)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done, took := make(chan error, 1), make(chan string, 1)
	l := &Listener{Name: "lmtp", LMTP: true, Address: "exchange@nccis.example", TLS: &tls.Config{Certificates: []tls.Certificate{ca.Server}},
		Log: slog.New(slog.DiscardHandler)}
	go func() {
		done <- l.Serve(ctx, ln, func(_ context.Context, in Incoming) error {
			b, err := io.ReadAll(in.Body)
			took <- string(b)
			return err
		})
	}()
	conn, err := net.Dial("unix", socket)
	must(t, err)
	c := smtp.NewClientLMTP(conn)
	must(t, c.Hello("mta"))
	if ok, _ := c.Extension("STARTTLS"); !ok {
		t.Fatal("no STARTTLS")
	}
	c.Close()
	plain, err := net.Dial("unix", socket)
	must(t, err)
	text := textproto.NewConn(plain)
	(&port{t: t}).say(text, "", "220", "LHLO a", "250", "STARTTLS", "220")
	secure := tls.Client(plain, &tls.Config{RootCAs: ca.Pool, ServerName: "localhost"})
	(&port{t: t}).say(textproto.NewConn(secure), "LHLO a", "250", envelope, "250", "RCPT TO:<exchange@nccis.example>", "250", "DATA", "354", "A: b\r\n\r\n.", "250")
	if got := <-took; got != "Return-Path: <soc@alfa.example>\r\nA: b\r\n\r\n" {
		t.Errorf("%q", got)
	}
	secure.Close()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestReturnPathOfTheSenderIsNotBelieved(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"none":               {"A: b\r\n\r\nx", "A: b\r\n\r\nx"},
		"one":                {"Return-Path: <evil@x>\r\nA: b\r\n\r\nx", "A: b\r\n\r\nx"},
		"folded, any case":   {"A: b\r\nreturn-PATH :\r\n <evil@x>\r\n\t(comment)\r\nC: d\r\n\r\nx", "A: b\r\nC: d\r\n\r\nx"},
		"two, bare LF":       {"Return-Path: <a@x>\nA: b\nReturn-Path: <b@x>\n\nx", "A: b\n\nx"},
		"in the body":        {"A: b\r\n\r\nReturn-Path: <evil@x>\r\n", "A: b\r\n\r\nReturn-Path: <evil@x>\r\n"},
		"other fields":       {"Return-Paths: x\r\nX-Return-Path: y\r\n\r\n", "Return-Paths: x\r\nX-Return-Path: y\r\n\r\n"},
		"header only":        {"Return-Path: <evil@x>\r\nA: b", "A: b"},
		"last line":          {"A: b\r\nReturn-Path: <evil@x>", "A: b\r\n"},
		"empty":              {"", ""},
		"very long field":    {"Return-Path: <" + strings.Repeat("x", 100_000) + ">\r\nA: " + strings.Repeat("y", 100_000) + "\r\n\r\nz", "A: " + strings.Repeat("y", 100_000) + "\r\n\r\nz"},
		"folded other field": {"A: b\r\n Return-Path: <evil@x>\r\n\r\n", "A: b\r\n Return-Path: <evil@x>\r\n\r\n"},
	} {
		for _, piece := range []int{1, 7, 1 << 20} {
			got, err := io.ReadAll(withReturnPath("a@b", &pieces{strings.NewReader(c.in), piece}))
			if err != nil || string(got) != "Return-Path: <a@b>\r\n"+c.want {
				t.Errorf("%s in pieces of %d: %.200q %v", name, piece, got, err)
			}
		}
	}
	broken := io.MultiReader(strings.NewReader("A: b\r\nC"), &brokenReader{})
	if _, err := io.ReadAll(withReturnPath("a@b", broken)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a broken header ends with %v", err)
	}
}

type pieces struct {
	r io.Reader
	n int
}

func (p *pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), p.n)]) }

type brokenReader struct{}

func (*brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func FuzzReturnPathFilterKeepsTheRest(f *testing.F) {
	f.Add([]byte("Return-Path: <x>\r\nA: b\r\n\r\nbody"))
	f.Add([]byte("A: b\n\nReturn-Path: x\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := io.ReadAll(withReturnPath("a@b", bytes.NewReader(in)))
		if err != nil {
			t.Fatal(err)
		}
		got = bytes.TrimPrefix(got, []byte("Return-Path: <a@b>\r\n"))
		if !bytes.Contains(bytes.ToLower(in), []byte("return-path")) && !bytes.Equal(got, in) {
			t.Errorf("%q became %q", in, got)
		}
		header, _, _ := bytes.Cut(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
		if bytes.HasPrefix(bytes.ToLower(header), []byte("return-path:")) {
			t.Errorf("%q kept its Return-Path", in)
		}
	})
}
