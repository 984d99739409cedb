package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/smtp"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser"
	"almasu/queue"
)

// relaySite is a SOC whose gateway runs, with a relay on loopback.
type relaySite struct {
	*site
	node               *node
	addr, user, passwd string
}

// newRunningSOC starts a SOC that knows the NCCIS, with a user of these kinds.
func newRunningSOC(t *testing.T, more string, kinds ...string) *relaySite {
	t.Helper()
	now := time.Now()
	soc, nccis := newSite(t, "soc", "soc-alfa", nil, now), newSite(t, "nccis", "nccis", nil, now)
	soc.must(t, newParticipantsCommand, "add", nccis.card())
	soc.g.JSON = true
	args := []string{"add", "siem"}
	if kinds != nil {
		args = append(args, "--kinds", strings.Join(kinds, ","))
	}
	var made relayUserView
	if err := json.Unmarshal([]byte(soc.must(t, newRelayUserCommand, args...)), &made); err != nil {
		t.Fatal(err)
	}
	soc.g.JSON = false
	put(t, soc.path("keys", "relay.users"), made.Line+"\n")
	soc.add(t, "\nlisten: {relay: \"127.0.0.1:0\", relay_users: keys/relay.users}\n"+more)
	c, err := soc.g.load()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n, err := newNode(ctx, soc.g, c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- n.run(ctx, func(context.Context) {}) }()
	t.Cleanup(func() {
		cancel()
		<-done
		n.close()
	})
	return &relaySite{soc, n, n.counters[0].socket.Addr().String(), "siem", made.Password}
}

// cardMail is an ordinary mail with a card attached.
func cardMail(t *testing.T, kind exchange.ReportKind, id string, change func(string) string) []byte {
	t.Helper()
	body, err := parser.Example(kind, exchange.CardJSON, "soc-alfa", "nccis", id, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	text := string(body)
	if change != nil {
		text = change(text)
	}
	return fmt.Appendf(nil, "From: siem@soc-alfa.example\r\nTo: exchange@nccis.example\r\nSubject: incident\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nsee attachment\r\n--x\r\n"+
		"Content-Type: application/json; name=card.json\r\nContent-Disposition: attachment; filename=card.json\r\n"+
		"Content-Transfer-Encoding: base64\r\n\r\n%s\r\n--x--\r\n", base64.StdEncoding.EncodeToString([]byte(text)))
}

// committed are the ids and actors of what was submitted.
func (s *relaySite) committed(t *testing.T) (ids []string) {
	t.Helper()
	reports, err := s.node.store.Reports(t.Context(), queue.ReportFilter{Outgoing: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		ids = append(ids, r.Key.ID)
	}
	return ids
}

func (s *relaySite) send(to string, mail []byte) error {
	return smtp.SendMail(s.addr, smtp.PlainAuth("", s.user, s.passwd, "127.0.0.1"), "siem@soc-alfa.example", []string{to}, mail)
}

func TestRelayFromMailToLetter(t *testing.T) {
	s := newRunningSOC(t, "", "incident")
	const to = "exchange@nccis.example"
	good := cardMail(t, exchange.Incident, "r-1", nil)
	for _, test := range []struct {
		name, to string
		mail     []byte
		want     []string // in the refusal
	}{
		{"a report", to, good, nil},
		{"the reply was lost", to, good, nil},
		{"a wrong severity", to, cardMail(t, exchange.Incident, "r-2", func(s string) string { return strings.Replace(s, `"high"`, `"terrible"`, 1) }),
			[]string{"554", "5.6.0", "invalid: ", "/severity"}},
		{"another reporter", to, cardMail(t, exchange.Incident, "r-3", func(s string) string { return strings.Replace(s, `"soc-alfa"`, `"soc-beta"`, 1) }),
			[]string{"550", "5.7.1", "reporter-mismatch"}},
		{"a kind the user has no right to", to, cardMail(t, exchange.Contact, "r-4", nil), []string{"550", "5.7.1", "kind-forbidden"}},
		{"no report", to, []byte("Subject: hello\r\n\r\nthe server was hacked\r\n"), []string{"554", "5.6.0", "no-report"}},
		{"not a participant", "boss@elsewhere.example", good, []string{"550", "5.1.1"}},
		{"ourselves", "exchange@soc-alfa.example", good, []string{"550", "5.1.1"}},
	} {
		err := s.send(test.to, test.mail)
		if (err != nil) != (test.want != nil) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: no %q in %q", test.name, want, err)
			}
		}
		if err != nil && (strings.Contains(err.Error(), "hacked") || strings.Contains(err.Error(), "terrible")) {
			t.Errorf("%s: the reply repeats the document: %v", test.name, err)
		}
	}
	if ids := s.committed(t); len(ids) != 1 || ids[0] != "r-1" {
		t.Errorf("committed %v", ids)
	}
	put(t, s.path("keys", "relay.users"), "")
	c, err := s.g.load()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.node.counters[0].readUsers(c); err != nil {
		t.Fatal(err)
	}
	if err := s.send(to, good); err == nil || !strings.Contains(err.Error(), "535") {
		t.Errorf("a user that was removed: %v", err)
	}
}

func TestRelayWithSwaks(t *testing.T) {
	swaks, err := exec.LookPath("swaks")
	if err != nil {
		t.Skip("swaks is not installed")
	}
	s := newRunningSOC(t, "")
	put(t, s.path("mail"), string(cardMail(t, exchange.Incident, "r-swaks", nil)))
	args := []string{"--server", s.addr, "--from", "siem@soc-alfa.example", "--to", "exchange@nccis.example", "--data", "@" + s.path("mail")}
	out, err := exec.Command(swaks, append(args, "--auth", "LOGIN", "--auth-user", s.user, "--auth-password", s.passwd)...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "250 2.0.0 report r-swaks revision 1 is committed") {
		t.Errorf("%v\n%s", err, out)
	}
	put(t, s.path("report.json"), s.must(t, newExampleCommand, "incident", "--reporter", "soc-alfa"))
	out, err = exec.Command(swaks, "--server", s.addr, "--auth", "PLAIN", "--auth-user", s.user, "--auth-password", s.passwd, "--to", "exchange@nccis.example",
		"--attach-type", "application/json", "--attach", "@"+s.path("report.json")).CombinedOutput() // as docs/CONNECT.md has it
	if err != nil || !strings.Contains(string(out), "is committed") {
		t.Errorf("as an attachment: %v\n%s", err, out)
	}
	if out, err := exec.Command(swaks, args...).CombinedOutput(); err == nil || !strings.Contains(string(out), "530 5.7.0") {
		t.Errorf("without a password: %v\n%s", err, out)
	}
}

func TestRelayWithSmtplib(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	s := newRunningSOC(t, "")
	card, err := parser.Example(exchange.Incident, exchange.CardJSON, "soc-alfa", "nccis", "r-python", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	const script = `
import smtplib, sys
from email.message import EmailMessage
host, port = sys.argv[1].rsplit(":", 1)
def mail(data):
    m = EmailMessage()
    m["From"], m["To"], m["Subject"] = "siem@soc-alfa.example", "exchange@nccis.example", "Инцидент"
    m.set_content("Смотрите вложение")
    m.add_attachment(data, maintype="application", subtype="json", filename="карточка.json")
    return m
with smtplib.SMTP(host, int(port)) as c:
    c.login(sys.argv[2], sys.argv[3])
    data = open(sys.argv[4], "rb").read()
    c.send_message(mail(data))
    try:
        c.send_message(mail(data.replace(b'"high"', b'"terrible"').replace(b"r-python", b"r-other")))
    except smtplib.SMTPDataError as e:
        print(e.smtp_code, e.smtp_error.decode())
`
	put(t, s.path("card.json"), string(card))
	out, err := exec.Command(python, "-c", script, s.addr, s.user, s.passwd, s.path("card.json")).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "554 ") || !strings.Contains(string(out), "/severity") {
		t.Errorf("%v\n%s", err, out)
	}
	if ids := s.committed(t); len(ids) != 1 || ids[0] != "r-python" {
		t.Errorf("committed %v", ids)
	}
}

// textCard is a report as a person writes it into a file.
func textCard() string {
	at := time.Now().UTC().Truncate(time.Hour)
	return fmt.Sprintf("Түрі: оқыс оқиға\nАнықталды: %s\nРасталды: %s\nСанаты: фишинг\nМаңыздылығы: жоғары\nНегіздеме: 10.1\nБайланыс телефоны: +77172000000\nМазмұны: хат\n",
		at.Add(-10*time.Minute).Format(time.RFC3339), at.Add(-5*time.Minute).Format(time.RFC3339))
}

func TestFolderFromFileToLetter(t *testing.T) {
	s := newRunningSOC(t, "folder: {inbox: desk/inbox, poll: 1s}\n")
	card, err := parser.Example(exchange.Incident, exchange.CardJSON, "soc-alfa", "nccis", "r-file", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	submit := submitFile(s.node.gateway, exchange.Russian)
	for _, test := range []struct{ name, body, want string }{
		{"a report", string(card), ""},
		{"again, as after a crash", string(card), ""},
		{"lines of text", textCard(), ""},
		{"lines of text again, as after a crash", textCard(), ""},
		{"changed under the same revision", strings.Replace(string(card), `"high"`, `"low"`, 1), "conflict"},
		{"wrong", strings.Replace(strings.Replace(string(card), `"high"`, `"terrible"`, 1), "r-file", "r-x", 1), "/severity"},
		{"for nobody", strings.Replace(strings.Replace(string(card), `"nccis"`, `"soc-beta"`, 1), "r-file", "r-y", 1), "soc-beta"},
	} {
		wrong, err := submit(t.Context(), map[bool]string{true: "x.json", false: "x.txt"}[test.body[0] == '{'], []byte(test.body))
		if err != nil || (test.want == "") != (wrong == nil) || !strings.Contains(strings.Join(wrong, "\n"), test.want) {
			t.Errorf("%s: %q %v", test.name, wrong, err)
		}
	}
	if ids := s.committed(t); len(ids) != 2 || ids[0] != "r-file" || !strings.HasPrefix(ids[1], "soc-alfa-incident-") {
		t.Errorf("committed %v", ids)
	}
	if s.node.folder == nil || s.node.folder.Sent != s.path("desk", "sent") {
		t.Errorf("folder %+v", s.node.folder)
	}
}

func TestCheckNamesTheRelayUsers(t *testing.T) {
	s := newSite(t, "soc", "soc-alfa", nil, time.Now())
	put(t, s.path("relay.users"), s.must(t, newRelayUserCommand, "add", "siem"))
	s.add(t, "\nlisten: {relay: \"127.0.0.1:2587\", relay_users: relay.users}\n")
	if lines, _ := s.checks(t); find(lines, levelOK, "may submit: siem") == nil {
		t.Errorf("check %+v", lines)
	}
	put(t, s.path("relay.users"), "siem:secret\n")
	if lines, _ := s.checks(t); find(lines, levelFail, "line 1") == nil {
		t.Errorf("check %+v", lines)
	}
	if err := s.do(newRelayUserCommand, "add", "a:b"); err == nil {
		t.Error("a name with a colon")
	}
}

func TestRightsOfRelayUsers(t *testing.T) {
	s := newRunningSOC(t, "")
	const to = "exchange@nccis.example"
	line := func(args ...string) string {
		return s.must(t, newRelayUserCommand, append([]string{"add", "siem"}, args...)...)
	}
	mail := cardMail(t, exchange.Incident, "r-1", nil)
	old := secretOf(t, s.path("keys", "relay.users"))
	for _, test := range []struct{ columns, want string }{
		{":contact", "kind-forbidden"}, {"::soc-beta", "5.7.1"}, {":::@elsewhere.example", "5.7.1"}, {":incident:nccis:siem@soc-alfa.example", ""},
	} {
		put(t, s.path("keys", "relay.users"), strings.TrimSpace(old)+test.columns+"\n")
		c, err := s.g.load()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.node.counters[0].readUsers(c); err != nil {
			t.Fatal(err)
		}
		if err := s.send(to, mail); (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.columns, err)
		}
	}
	if got := line("--unix", "root", "--to", "nccis", "--senders", "@soc.example", "--kinds", "incident"); got != "siem:unix$root:incident:nccis:@soc.example\n" {
		t.Errorf("a login: %q", got)
	}
	for _, wrong := range [][]string{{"--unix", "no-such-login"}, {"--certificate", s.path("nothing.pem")}, {"--unix", "root", "--certificate", "x"}, {"--senders", "x"}} {
		if err := s.do(newRelayUserCommand, append([]string{"add", "siem"}, wrong...)...); err == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
}

func secretOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestValidateACardAsText: with a configuration and without one.
func TestValidateACardAsText(t *testing.T) {
	s := newSite(t, "soc", "soc-alfa", nil, time.Now())
	put(t, s.path("good.txt"), textCard())
	put(t, s.path("bad.txt"), strings.Replace(textCard(), "жоғары", "ауыр", 1))
	put(t, s.path("other.txt"), "the server was hacked")
	for _, config := range []string{s.g.ConfigPath, ""} {
		s.g.ConfigPath = config
		if out := s.must(t, newValidateCommand, s.path("good.txt")); !strings.Contains(out, "valid card-json incident") {
			t.Errorf("%s", out)
		}
		for name, want := range map[string]string{"bad.txt": "/severity line 5 ", "other.txt": "unknown"} {
			if err := s.do(newValidateCommand, s.path(name)); err == nil || !strings.Contains(s.out.String(), want) {
				t.Errorf("%s: %v %s", name, err, s.out.String())
			}
		}
	}
}
