package mailin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/textproto"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"almasu/exchange"
	"almasu/internal/testpeer"
)

// counter is a submission service under test.
type counter struct {
	t    *testing.T
	addr net.Addr
	ca   *testpeer.CA

	mu    sync.Mutex
	took  []Submission
	reply error
}

func openCounter(t *testing.T, ln net.Listener, s *SubmissionService) *counter {
	t.Helper()
	ca := testpeer.NewCA(t)
	c := &counter{t: t, addr: ln.Addr(), ca: ca}
	s.Listener.Name, s.Listener.Hostname, s.Listener.Log = "relay", "soc.example", slog.New(slog.DiscardHandler)
	s.Listener.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Server}}
	s.Login = func(name, password string) bool { return name == "siem" && password == "right" }
	s.Recipient = func(_, a string) (participant, allowed bool) {
		return strings.HasSuffix(a, "@nccis.example"), a != "secret@nccis.example"
	}
	s.Submit = func(_ context.Context, m Submission) (string, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.reply == nil {
			c.took = append(c.took, m)
		}
		return "report r-1 is committed", c.reply
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		must(t, <-done)
	})
	return c
}

func (c *counter) tls() *tls.Config { return &tls.Config{RootCAs: c.ca.Pool, ServerName: "127.0.0.1"} }

func tcp(t *testing.T) net.Listener {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	return ln
}

// hand sends one mail and returns the code of the first command refused.
func hand(c *smtp.Client, auth sasl.Client, to ...string) error {
	defer c.Close()
	if auth != nil {
		if err := c.Auth(auth); err != nil {
			return err
		}
	}
	if err := c.Mail("desk@soc.example", nil); err != nil {
		return err
	}
	for _, r := range to {
		if err := c.Rcpt(r, nil); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	io.WriteString(w, "Subject: x\r\n\r\n.body\r\n")
	return w.Close()
}

func code(err error) int {
	var e *smtp.SMTPError
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return -1
	}
	return 0
}

func TestWhoMaySubmit(t *testing.T) {
	good := sasl.NewPlainClient("", "siem", "right")
	to := "exchange@nccis.example"
	for _, test := range []struct {
		name     string
		service  SubmissionService
		starttls bool
		auth     sasl.Client
		to       []string
		code     int
		user     string
	}{
		{name: "password on loopback", auth: good, to: []string{to}, user: "siem"},
		{name: "LOGIN", auth: sasl.NewLoginClient("siem", "right"), to: []string{to}, user: "siem"},
		{name: "STARTTLS", starttls: true, auth: good, to: []string{to, "second@nccis.example"}, user: "siem"},
		{name: "implicit TLS", service: SubmissionService{ImplicitTLS: true}, auth: good, to: []string{to}, user: "siem"},
		{name: "nobody", to: []string{to}, code: 530},
		{name: "nobody over TLS", starttls: true, to: []string{to}, code: 530},
		{name: "wrong password", auth: sasl.NewPlainClient("", "siem", "wrong"), to: []string{to}, code: 535},
		{name: "wrong user", auth: sasl.NewLoginClient("soc", "right"), to: []string{to}, code: 535},
		{name: "for another user", auth: sasl.NewPlainClient("root", "siem", "right"), to: []string{to}, code: 535},
		{name: "insecure loopback", service: SubmissionService{InsecureLoopback: true}, to: []string{to}, user: "tcp:loopback"},
		{name: "no right to the participant", auth: good, to: []string{"secret@nccis.example"}, code: 550},
		{name: "no participant", auth: good, to: []string{"a@elsewhere.example"}, code: 550},
		{name: "one of two is no participant", auth: good, to: []string{to, "a@elsewhere.example"}, code: 550},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := openCounter(t, tcp(t), &test.service)
			var client *smtp.Client
			var err error
			switch {
			case test.service.ImplicitTLS:
				client, err = smtp.DialTLS(c.addr.String(), c.tls())
			case test.starttls:
				client, err = smtp.DialStartTLS(c.addr.String(), c.tls())
			default:
				client, err = smtp.Dial(c.addr.String())
			}
			must(t, err)
			if err := hand(client, test.auth, test.to...); code(err) != test.code {
				t.Fatalf("%v, want %d", err, test.code)
			}
			if test.code != 0 {
				if len(c.took) != 0 {
					t.Error("the mail was taken")
				}
				return
			}
			if len(c.took) != 1 || c.took[0].User != test.user || len(c.took[0].To) != len(test.to) || string(c.took[0].Message) != "Subject: x\r\n\r\n.body\r\n" {
				t.Errorf("took %+v", c.took)
			}
		})
	}
}

func TestNoPasswordInClear(t *testing.T) {
	ln := newPipeListener() // neither loopback nor a socket: somewhere in the network
	openCounter(t, ln, &SubmissionService{InsecureLoopback: true})
	client, server := net.Pipe()
	must(t, ln.give(t.Context(), server))
	c := smtp.NewClient(client)
	if offered, _ := c.Extension("AUTH"); offered {
		t.Error("AUTH is on offer in clear")
	}
	if err := c.Auth(sasl.NewPlainClient("", "siem", "right")); code(err) != 538 {
		t.Errorf("AUTH: %v", err)
	}
	if err := hand(c, nil, "exchange@nccis.example"); code(err) != 530 {
		t.Errorf("MAIL: %v", err)
	}
}

func TestSubmitOverASocket(t *testing.T) {
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	must(t, err)
	c := openCounter(t, ln, &SubmissionService{})
	conn, err := net.Dial("unix", ln.Addr().String())
	must(t, err)
	if err := hand(smtp.NewClient(conn), nil, "exchange@nccis.example"); err != nil {
		t.Skipf("peer credentials: %v", err) // only Linux has them
	}
	if !strings.HasPrefix(c.took[0].User, "uid:") {
		t.Errorf("user %q", c.took[0].User)
	}
}

func TestTooManyPasswords(t *testing.T) {
	c := openCounter(t, tcp(t), &SubmissionService{})
	client, err := smtp.Dial(c.addr.String())
	must(t, err)
	defer client.Close()
	for range mostPasswords {
		if err := client.Auth(sasl.NewPlainClient("", "siem", "guess")); code(err) != 535 {
			t.Fatalf("AUTH: %v", err)
		}
	}
	if err := client.Auth(sasl.NewPlainClient("", "siem", "right")); err == nil || code(err) == 535 {
		t.Errorf("after too many: %v", err)
	}
}

func TestReplies(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		code int
		text string
	}{
		{"refused", &Refused{554, [3]int{5, 6, 0}, "invalid\n/incident: ұ\x00" + strings.Repeat("y", 900)}, 554, "invalid\n/incident: ?yyy"},
		{"fault", errors.New("disk full at /var/lib"), 451, "Not taken"},
	} {
		c := openCounter(t, tcp(t), &SubmissionService{})
		c.reply = test.err
		client, err := smtp.Dial(c.addr.String())
		must(t, err)
		err = hand(client, sasl.NewPlainClient("", "siem", "right"), "exchange@nccis.example")
		if code(err) != test.code || !strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "/var/lib") {
			t.Errorf("%s: %.300v", test.name, err)
		}
	}
	c := openCounter(t, tcp(t), &SubmissionService{Listener: Listener{MaxMessage: 10}})
	client, err := smtp.Dial(c.addr.String())
	must(t, err)
	if err := hand(client, sasl.NewPlainClient("", "siem", "right"), "exchange@nccis.example"); code(err) != 552 || len(c.took) != 0 {
		t.Errorf("over the limit: %v", err)
	}
}

func TestUsers(t *testing.T) {
	salt := []byte("0123456789abcdef")
	proof, err := PasswordProof("secret", salt)
	must(t, err)
	line, err := UserLine("siem", proof, Rights{Kinds: []exchange.ReportKind{exchange.Incident, exchange.Contact}})
	must(t, err)
	other, err := PasswordProof("other", salt)
	must(t, err)
	all, err := UserLine("desk", other, Rights{})
	must(t, err)
	users, err := ParseUsers([]byte("# users\n\n" + line + "\r\n" + all + ":\n"))
	must(t, err)
	if !users.Login("siem", "secret") || !users.Login("desk", "other") || users.Login("siem", "other") || users.Login("nobody", "") || users.Login("siem", "") {
		t.Error("the wrong passwords fit")
	}
	for name, want := range map[string]struct {
		kinds int
		known bool
	}{"siem": {2, true}, "desk": {0, true}, "gone": {0, false}} {
		if rights, known := users.Rights(name); len(rights.Kinds) != want.kinds || known != want.known {
			t.Errorf("%s: %+v, known %v", name, rights, known)
		}
	}
	for name, text := range map[string]string{
		"plain password": "siem:secret", "no name": strings.TrimPrefix(line, "siem"), "unknown kind": line + ",love", "twice": line + "\n" + line,
		"few iterations": strings.Replace(line, "100000", "1", 1), "short hash": "a:pbkdf2-sha256$100000$AAAAAAAAAAAAAAAA$AAAA",
		"short salt": "a:pbkdf2-sha256$100000$AAAA$" + strings.Repeat("A", 43), "empty kind": line + ",", "bcrypt": "a:$2y$10$abc", "no such login": "a:unix$no-such-login-here", "short fingerprint": "a:x509-sha256$abcd",
		"bad participant": line + ":nc cis!", "bad sender": line + "::nobody", "too many columns": line + "::::x",
	} {
		if _, err := ParseUsers([]byte(text)); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := UserLine("a b", proof, Rights{}); err == nil {
		t.Error("a name with a space")
	}
}

func FuzzParseUsers(f *testing.F) {
	f.Add("# x\nsiem:pbkdf2-sha256$100000$AAAAAAAAAAAAAAAA$" + strings.Repeat("A", 43) + ":incident,contact\n")
	f.Fuzz(func(t *testing.T, text string) {
		users, err := ParseUsers([]byte(text))
		for name := range users {
			if err != nil || !exchange.ValidID(name) {
				t.Errorf("%q: %v", name, err)
			}
		}
	})
}

func TestSubmitInChunks(t *testing.T) {
	c := openCounter(t, tcp(t), &SubmissionService{InsecureLoopback: true})
	conn, err := textproto.Dial("tcp", c.addr.String())
	must(t, err)
	defer conn.Close()
	for _, line := range []struct{ say, want string }{
		{"", "220"}, {"EHLO x", "250"}, {"MAIL FROM:<a@soc.example>", "250"}, {"RCPT TO:<exchange@nccis.example>", "250"},
		{"BDAT 5\r\nA: b\r", "250"}, {"BDAT 8 LAST\r\n\n\r\nhello", "250 report r-1"}, {"MAIL FROM:<a@soc.example>", "250"},
		{"DATA", "502"}, // no recipient of its own
	} {
		if line.say != "" {
			_, err := conn.W.WriteString(line.say)
			if !strings.HasPrefix(line.say, "BDAT") {
				_, err = conn.W.WriteString("\r\n")
			}
			must(t, errors.Join(err, conn.W.Flush()))
		}
		code, text, err := conn.ReadResponse(0)
		if code == 0 || !strings.HasPrefix(fmt.Sprint(code, " ", strings.TrimPrefix(text, "2.0.0 ")), line.want) {
			t.Fatalf("%q: %d %s %v", line.say, code, text, err)
		}
	}
	if len(c.took) != 1 || string(c.took[0].Message) != "A: b\r\n\r\nhello" {
		t.Errorf("took %+v", c.took)
	}
}

func TestRights(t *testing.T) {
	users, err := ParseUsers([]byte("mta:unix$0:incident:nccis,soc-beta:@soc.example,boss@elsewhere.example\ncron:unix$4711\n"))
	must(t, err)
	if users.Peer(0) != "mta" || users.Peer(4711) != "cron" || users.Peer(1) != "" || users.Peer(-1) != "" || users.Login("mta", "") {
		t.Error("the wrong logins are known")
	}
	rights, _ := users.Rights("mta")
	if len(rights.Kinds) != 1 || len(rights.To) != 2 {
		t.Errorf("%+v", rights)
	}
	for address, want := range map[string]bool{"a@soc.example": true, "a@SOC.example": true, "boss@elsewhere.example": true, "a@elsewhere.example": false,
		"@soc.example": false, "": false, "a@evil-soc.example": false, "a@soc.example.evil.example": false} {
		if rights.From(address) != want {
			t.Errorf("from %q: %v", address, !want)
		}
	}
	if all, _ := users.Rights("cron"); !all.From("") || !all.From("x@y.example") {
		t.Error("no column, and not every sender")
	}
}

// TestClientCertificate: a client is known by the certificate it proves to hold,
// by that one alone, and only while it is valid.
func TestClientCertificate(t *testing.T) {
	known, stranger := testpeer.NewCA(t).Server, testpeer.NewCA(t).Server
	line, err := UserLine("siem", CertificateProof(known.Leaf), Rights{})
	must(t, err)
	users, err := ParseUsers([]byte(line))
	must(t, err)
	for _, test := range []struct {
		name string
		cert tls.Certificate
		auth sasl.Client
		now  time.Time
		code int
	}{
		{"known", known, nil, time.Now(), 0},
		{"EXTERNAL", known, sasl.NewExternalClient(""), time.Now(), 0},
		{"EXTERNAL as another", known, sasl.NewExternalClient("root"), time.Now(), 535},
		{"stranger", stranger, nil, time.Now(), 530},
		{"stranger with EXTERNAL", stranger, sasl.NewExternalClient("siem"), time.Now(), 504},
		{"out of date", known, nil, known.Leaf.NotAfter.Add(time.Second), 530},
		{"none", tls.Certificate{}, nil, time.Now(), 530},
	} {
		for _, implicit := range []bool{false, true} {
			service := &SubmissionService{ImplicitTLS: implicit, Certificate: func(c *x509.Certificate) string { return users.Certificate(c, test.now) }}
			c := openCounter(t, tcp(t), service)
			config := c.tls()
			config.Certificates = []tls.Certificate{test.cert}
			dial := smtp.DialStartTLS
			if implicit {
				dial = smtp.DialTLS
			}
			client, err := dial(c.addr.String(), config)
			must(t, err)
			if err := hand(client, test.auth, "exchange@nccis.example"); code(err) != test.code {
				t.Errorf("%s, implicit %v: %v, want %d", test.name, implicit, err, test.code)
			}
			if test.code == 0 && (len(c.took) != 1 || c.took[0].User != "siem") {
				t.Errorf("%s: took %+v", test.name, c.took)
			}
		}
	}
}

// TestNoWayOut: whatever recipients a client tries, in whatever order, nothing
// is handed on but to those that Recipient knows, and a mail without one is not
// taken. What the header of the mail says changes nothing.
func TestNoWayOut(t *testing.T) {
	ln, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	must(t, err)
	c := openCounter(t, ln, &SubmissionService{})
	pool := []string{"exchange@nccis.example", "second@nccis.example", "boss@soc.example", "press@elsewhere.example", "EXCHANGE@NCCIS.EXAMPLE",
		"exchange@nccis.example.evil.example", "exchange%nccis.example@evil.example", "@nccis.example:a@evil.example", "secret@nccis.example"}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		conn, err := net.Dial("unix", ln.Addr().String())
		must(t, err)
		client := smtp.NewClient(conn)
		must(t, client.Mail("desk@soc.example", nil))
		var accepted []string
		for range 1 + random.IntN(5) {
			to := pool[random.IntN(len(pool))]
			if err := client.Rcpt(to, nil); err == nil {
				accepted = append(accepted, to)
			} else if code(err)/100 != 5 {
				t.Fatalf("RCPT %s: %v", to, err)
			}
		}
		before := len(c.took)
		if w, err := client.Data(); err == nil {
			io.WriteString(w, "To: press@elsewhere.example\r\nBcc: boss@soc.example\r\nResent-To: x@elsewhere.example\r\n\r\nx\r\n")
			must(t, w.Close())
		}
		client.Close()
		switch {
		case len(accepted) == 0 && len(c.took) != before:
			t.Fatalf("round %d: a mail without a recipient was taken", round)
		case len(accepted) > 0 && !slices.Equal(c.took[len(c.took)-1].To, accepted):
			t.Fatalf("round %d: %v was handed on, %v was accepted", round, c.took[len(c.took)-1].To, accepted)
		}
		for _, a := range accepted {
			if !strings.HasSuffix(a, "@nccis.example") || a == "secret@nccis.example" {
				t.Fatalf("round %d: %s was accepted", round, a)
			}
		}
	}
}

// TestRepliesInOtherLetters: a client that reads UTF-8 gets it, others one mark
// for each word they cannot read.
func TestRepliesInOtherLetters(t *testing.T) {
	const text = "the nearest name is: критичность (severity)"
	for utf8, want := range map[bool]string{true: text, false: "the nearest name is: ? (severity)"} {
		c := openCounter(t, tcp(t), &SubmissionService{InsecureLoopback: true})
		c.reply = &Refused{554, [3]int{5, 6, 0}, text + "\n" + strings.Repeat("ұ", 300)}
		client, err := smtp.Dial(c.addr.String())
		must(t, err)
		defer client.Close()
		must(t, client.Mail("desk@soc.example", &smtp.MailOptions{UTF8: utf8}))
		must(t, client.Rcpt("exchange@nccis.example", nil))
		w, err := client.Data()
		must(t, err)
		io.WriteString(w, "x\r\n")
		if err = w.Close(); code(err) != 554 || !strings.Contains(err.Error(), want) || len(err.Error()) > 600 {
			t.Errorf("UTF-8 %v: %v", utf8, err)
		}
	}
}
