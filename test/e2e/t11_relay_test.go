package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"almasu/internal/testpeer"
)

// desk is a SOC with its relay open and the files its clients need.
type desk struct {
	t        *testing.T
	soc      *node
	relay    string // address
	ca       *testpeer.CA
	client   *testpeer.CA // its "server" certificate is a client's
	password string
}

// openDesk starts a SOC whose relay takes a password over TLS, a client
// certificate, and nothing else.
func openDesk(t *testing.T, h *house) *desk {
	t.Helper()
	d := &desk{t: t, relay: freePort(t), ca: testpeer.NewCA(t), client: testpeer.NewCA(t)}
	d.soc = newNode(t, "soc-alfa", h.yaml(world(t).Person("soc-alfa").Address())+
		fmt.Sprintf("listen: {relay: %q, relay_users: relay.users, tls_cert: %s, tls_key: %s}\n", d.relay, d.ca.CertFile, d.ca.KeyFile))
	line, said, status := d.soc.almasu("relay-user", "add", "desk", "--kinds", "incident")
	if status != 0 {
		t.Fatal(said)
	}
	said = strings.TrimSpace(said)
	d.password = said[strings.LastIndexByte(said, '\n')+1:]
	line += d.soc.must("relay-user", "add", "siem", "--certificate", d.client.CertFile, "--to", "nccis")
	if err := os.WriteFile(filepath.Join(d.soc.dir, "relay.users"), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	d.soc.start()
	return d
}

func (d *desk) file(name string, content []byte) string {
	d.t.Helper()
	path := filepath.Join(d.t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// run runs a client and returns what it said.
func (d *desk) run(stdin string, program string, args ...string) (string, error) {
	d.t.Helper()
	cmd := exec.CommandContext(d.t.Context(), program, args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "HOME="+d.t.TempDir(), "LANG=C.UTF-8", "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestT11RealClientsHandInAndTheReceiptComes: a ticket system (swaks), a script
// (Python's smtplib) and a person (mutt) each reach the NCCIS through the relay
// and learn at once when a report is wrong.
func TestT11RealClientsHandInAndTheReceiptComes(t *testing.T) {
	testpeer.Need(t, "swaks", "python3", "mutt")
	w := world(t)
	h := newHouse(t, true, nil)
	nccis := newNode(t, "nccis", h.yaml(w.Person("nccis").Address()))
	nccis.start()
	d := openDesk(t, h)

	secrets := []string{d.swaks(), d.smtplib(), "Письмо от имени налоговой"}
	typed := d.mutt()
	for _, id := range []string{"ALFA-1", "ALFA-2", typed} {
		if s := accepted(t, d.soc, id); s.Letters[0].Number != status(t, nccis, id).Number {
			t.Errorf("%s: %+v", id, s)
		}
	}
	toldWithoutPlaintext(t, h, d.soc, secrets)
	if n := nccis.count("SELECT count(*) FROM report"); n != 3 {
		t.Errorf("%d reports are registered, want 3", n)
	}
	d.soc.close()
	nccis.close()
}

// swaks hands in XML with a password on loopback, and something wrong.
func (d *desk) swaks() (secret string) {
	document, secret := world(d.t).Document("soc-alfa", "nccis", "ALFA-1", true)
	args := []string{"--server", d.relay, "--auth", "PLAIN", "--auth-user", "desk", "--auth-password", d.password,
		"--from", "tickets@soc-alfa.example", "--attach-type", "application/xml"}
	to := []string{"--to", "exchange@nccis.example"}
	if out, err := d.run("", "swaks", append(append(args, to...), "--attach", "@"+d.file("r.xml", document))...); err != nil || !strings.Contains(out, "250 2.0.0 report ALFA-1 revision 1 is committed") {
		d.t.Fatalf("swaks: %v\n%s", err, out)
	}
	wrong := strings.Replace(string(document), ">high<", ">terrible<", 1)
	out, err := d.run("", "swaks", append(append(args, to...), "--attach", "@"+d.file("r.xml", []byte(wrong)))...)
	if err == nil || !strings.Contains(out, "554-5.6.0 invalid") || !strings.Contains(out, "/card/severity") {
		d.t.Errorf("swaks with a wrong report: %v\n%s", err, out)
	}
	out, err = d.run("", "swaks", append(args, "--to", "exchange@nccis.example,press@elsewhere.example", "--attach", "@"+d.file("r.xml", document))...)
	if !strings.Contains(out, "550 5.1.1") {
		d.t.Errorf("swaks to a stranger: %v\n%s", err, out)
	}
	return secret
}

// smtplib hands in JSON with a client certificate.
func (d *desk) smtplib() (secret string) {
	document, secret := world(d.t).Document("soc-alfa", "nccis", "ALFA-2", false)
	const script = `
import smtplib, ssl, sys
from email.message import EmailMessage
host, port = sys.argv[1].rsplit(":", 1)
m = EmailMessage()
m["From"], m["To"], m["Subject"] = "siem@soc-alfa.example", "exchange@nccis.example", "Инцидент"
m.set_content("Смотрите вложение")
m.add_attachment(open(sys.argv[2], "rb").read(), maintype="application", subtype="json", filename="карточка.json")
tls = ssl.create_default_context(cafile=sys.argv[3])
tls.load_cert_chain(sys.argv[4], sys.argv[5])
with smtplib.SMTP(host, int(port)) as c:
    c.starttls(context=tls)
    c.send_message(m)
    try:
        c.send_message(m, to_addrs=["exchange@soc-beta.example"])
    except smtplib.SMTPRecipientsRefused as e:
        print(list(e.recipients.values())[0])
`
	out, err := d.run("", "python3", "-c", script, d.relay, d.file("r.json", document), d.ca.CAFile, d.client.CertFile, d.client.KeyFile)
	if err != nil || !strings.Contains(out, "550") || !strings.Contains(out, "5.7.1") {
		d.t.Fatalf("smtplib: %v\n%s", err, out)
	}
	return secret
}

// mutt hands in a card typed as the text of a mail, and is told of a mistake.
func (d *desk) mutt() (id string) {
	host, port, _ := strings.Cut(d.relay, ":")
	settings := d.file("muttrc", fmt.Appendf(nil, "set smtp_url=\"smtp://desk@%s:%s/\"\nset smtp_pass=%q\nset ssl_starttls=yes\nset ssl_force_tls=yes\n"+
		"set certificate_file=%q\nset ssl_ca_certificates_file=%q\nset from=\"aigerim@soc-alfa.example\"\nset realname=\"Айгерім\"\nset charset=utf-8\n"+
		"set send_charset=\"us-ascii:koi8-r:utf-8\"\nset text_flowed=yes\nset copy=no\nset record=\"\"\nset user_agent=yes\nset hostname=soc-alfa.example\n",
		host, port, d.password, d.ca.CertFile, d.ca.CAFile))
	now := time.Now().UTC()
	card := fmt.Sprintf("Здравствуйте!\n\nВид: инцидент\nОбнаружено: %s\nПодтверждено: %s\nКласс: фишинг\nКритичность: высокая\nОснование: 10.1\n"+
		"Контактный телефон: +77172000000\nСуть: Письмо от имени налоговой со ссылкой на поддельный кабинет; \nего получили трое.\nIP источника: 198.51.100[.]7\n-- \nАйгерім\n",
		now.Add(-10*time.Minute).Format(time.RFC3339), now.Add(-5*time.Minute).Format(time.RFC3339))
	send := func(text string) (string, error) {
		return d.run(text, "mutt", "-n", "-F", settings, "-s", "Инцидент", "--", "exchange@nccis.example")
	}
	if out, err := send(strings.Replace(card, "высокая", "ужасная", 1)); err == nil || !strings.Contains(out, "severity") && !strings.Contains(out, "554") {
		d.t.Errorf("mutt with a wrong card: %v\n%s", err, out)
	}
	if out, err := send(card); err != nil {
		d.t.Fatalf("mutt: %v\n%s", err, out)
	}
	found := regexp.MustCompile(`user=desk recipients=1 reply="report (soc-alfa-incident-\S+) revision 1 is committed`).FindStringSubmatch(d.soc.said.String())
	if found == nil {
		d.t.Fatalf("the relay does not say what mutt handed in:\n%s", d.soc.said.String())
	}
	return found[1]
}
