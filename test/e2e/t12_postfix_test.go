package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"almasu/internal/testpeer"
)

// organisation is a SOC that keeps its mail flow: its Postfix hands mail to
// participants over to Almasu, and takes the sealed letters back beside.
type organisation struct {
	t        *testing.T
	h        *house
	postfix  *testpeer.Postfix
	soc      *node
	stranger string
}

const (
	officeAddress = "analyst@office.example"
	aliasAddress  = "nccis@office.example"

	keyless        = "soc-keyless" // a participant without a key
	keylessAddress = "exchange@keyless.example"
)

// newOrganisation starts a SOC as docs/CONNECT.md has it, and an NCCIS with a
// Postfix of its own.
func newOrganisation(t *testing.T) (*organisation, *node) {
	t.Helper()
	w := world(t)
	if !testpeer.CanStartPostfix() {
		testpeer.Need(t, "postfix")
		testpeer.LackingRoot(t, "Postfix can be started by root only")
	}
	h := newHouse(t, false, nil)
	o := &organisation{t: t, h: h, stranger: w.Person("stranger").Address()}
	sockets, err := os.MkdirTemp("/tmp", "al-sock")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(sockets) })
	if err := os.Chmod(sockets, 0o755); err != nil {
		t.Fatal(err)
	}
	filter, milter, lmtp := filepath.Join(sockets, "filter"), freePort(t), filepath.Join(sockets, "lmtp")
	dovecot := "lmtp:inet:" + h.dovecot.LMTP
	alfa := w.Person("soc-alfa").Address()
	routes := map[string]string{alfa: "almasu:unix:" + lmtp}
	for _, p := range w.People {
		for _, a := range p.Addresses {
			routes[a[strings.IndexByte(a, '@')+1:]] = dovecot
		}
	}
	routes["keyless.example"] = dovecot
	first := newNode(t, "soc-alfa", "")
	addKeyless(first)
	for line := range strings.Lines(first.must("participants", "list", "--transport", "almasu:unix:"+filter)) {
		address, transport, _ := strings.Cut(strings.TrimSpace(line), " ")
		routes[address] = transport
	}
	if routes[w.Person("nccis").Address()] == "" || routes[keylessAddress] == "" || routes[alfa] != "almasu:unix:"+lmtp {
		t.Fatalf("the transport map is %v", routes)
	}
	routes["office.example"] = dovecot
	o.postfix = testpeer.StartPostfixWith(t, testpeer.PostfixSetup{Routes: routes, Master: "almasu unix - - n - - lmtp\n",
		Main: "smtpd_milters = inet:" + milter + "\nmilter_default_action = tempfail\nmilter_content_timeout = 60s\n" +
			"virtual_alias_maps = inline:{ {" + aliasAddress + " = " + w.Person("nccis").Address() + "} }\n",
		Beside: "-o content_filter=" + dovecot + " -o smtpd_milters= -o receive_override_options=no_address_mappings"})
	nccisRoutes := map[string]string{"soc-alfa.example": "smtp:[127.0.0.1]:" + o.postfix.SMTP[strings.LastIndexByte(o.postfix.SMTP, ':')+1:]}
	for d, to := range routes {
		if !strings.Contains(d, "@") && nccisRoutes[d] == "" {
			nccisRoutes[d] = to
		}
	}
	outside := testpeer.StartPostfix(t, nccisRoutes)
	o.soc = newNode(t, "soc-alfa", fmt.Sprintf("listen: {filter: %s, milter: %q, lmtp: %s, relay_users: relay.users}\n", filter, milter, lmtp)+
		fmt.Sprintf("relays:\n  - {address: %q, tls: starttls, ca_file: %s, server_name: localhost}\n", o.postfix.Beside, o.postfix.CA.CAFile))
	nccis := newNode(t, "nccis", mailbox(t, h.dovecot, w.Person("nccis").Address())+
		fmt.Sprintf("relays:\n  - {address: %q, tls: starttls, ca_file: %s, server_name: localhost}\n", outside.SMTP, outside.CA.CAFile))
	line := o.soc.must("relay-user", "add", "postfix", "--unix", "postfix", "--senders", "@office.example")
	if err := os.WriteFile(filepath.Join(o.soc.dir, "relay.users"), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	addKeyless(o.soc)
	o.soc.start()
	nccis.start()
	return o, nccis
}

// addKeyless registers the participant without a key.
func addKeyless(n *node) {
	n.t.Helper()
	file := "id: " + keyless + "\nkind: soc\nname: {kk: x, ru: x, en: x}\naddresses: [" + keylessAddress + "]\n"
	if err := os.WriteFile(filepath.Join(n.dir, "participants", keyless+".yaml"), []byte(file), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// send hands a mail to the organisation's Postfix as a mail client does.
func (o *organisation) send(message []byte, to ...string) error {
	c, err := smtp.Dial(o.postfix.SMTP)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Mail(officeAddress); err != nil {
		return err
	}
	for _, r := range to {
		if err := c.Rcpt(r); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(message); err != nil {
		return err
	}
	return w.Close()
}

// attached is an ordinary mail with a document.
func attached(document []byte) []byte {
	return fmt.Appendf(nil, "From: %s\r\nTo: exchange@nccis.example\r\nDate: %s\r\nSubject: report\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nattached\r\n--x\r\n"+
		"Content-Type: application/json\r\nContent-Disposition: attachment; filename=report.json\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--x--\r\n",
		officeAddress, time.Now().Format(time.RFC1123Z), wrapped(document))
}

func wrapped(document []byte) string {
	var lines []string
	text := base64.StdEncoding.EncodeToString(document)
	for ; len(text) > 76; text = text[76:] {
		lines = append(lines, text[:76])
	}
	return strings.Join(append(lines, text), "\r\n")
}

// TestT12PostfixSealsWhatGoesToParticipantsAndHandsInWhatComesBack: a SOC's
// Postfix with the door (milter) and the filter, both ways, and all the ways
// in which a report could leave in clear.
func TestT12PostfixSealsWhatGoesToParticipantsAndHandsInWhatComesBack(t *testing.T) {
	o, nccis := newOrganisation(t)
	w := world(t)
	centre := w.Person("nccis").Address()
	document, secret := w.Document("soc-alfa", "nccis", "ALFA-1", false)
	aliased, aliasedSecret := w.Document("soc-alfa", "nccis", "ALFA-2", true)
	if err := o.send(attached(document), centre); err != nil {
		t.Fatal(err)
	}
	if err := o.send(bytes.Replace(attached(aliased), []byte("application/json"), []byte("application/xml"), 1), aliasAddress); err != nil {
		t.Fatal(err)
	}
	ordinary := []byte("From: " + officeAddress + "\r\nSubject: lunch\r\n\r\nAt one o'clock?\r\n")
	if err := o.send(ordinary, o.stranger); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"ALFA-1", "ALFA-2"} {
		if s := accepted(t, o.soc, id); s.Letters[0].Number != status(t, nccis, id).Number {
			t.Errorf("%s: %+v", id, s)
		}
	}

	lost, lostSecret := w.Document("soc-alfa", "nccis", "ALFA-3", false)
	for _, test := range []struct {
		name    string
		message []byte
		to      []string
		want    []string
	}{
		{"a wrong report", attached(bytes.Replace(lost, []byte(`"high"`), []byte(`"terrible"`), 1)), []string{centre}, []string{"554", "5.6.0", "/severity"}},
		{"no report", ordinary, []string{centre}, []string{"554", "5.6.0", "no-report"}},
		{"a participant, then somebody else", attached(lost), []string{centre, o.stranger}, []string{"550", "5.7.1", "separately"}},
		{"somebody else, then a participant", attached(lost), []string{o.stranger, centre}, []string{"550", "5.7.1", "separately"}},
		{"for a participant it does not name", attached(lost), []string{w.Person("soc-beta").Address()}, []string{"550", "5.7.1"}},
	} {
		err := o.send(test.message, test.to...)
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "terrible") {
				t.Errorf("%s: %v, want %s", test.name, err, want)
			}
		}
	}
	o.mixedByAnAlias()

	// The alias was not seen at the door: the filter refuses, and Postfix tells
	// the sender.
	bad := attached(bytes.Replace(lost, []byte(`"high"`), []byte(`"terrible"`), 1))
	if err := o.send(bad, aliasAddress); err != nil {
		t.Fatal(err)
	}
	testpeer.Until(t, storyWait, "Postfix to bounce it", func(context.Context) bool {
		return strings.Contains(o.postfix.Log(t), "status=bounced") && strings.Contains(o.postfix.Log(t), "/severity")
	})
	o.whileAlmasuIsDown(lost, centre)
	o.noLoop(centre)
	keylessSecret := o.withoutAKey()

	o.noneInClear(secret, aliasedSecret, lostSecret, keylessSecret)
	if got := o.h.dovecot.Messages(t, o.stranger, "INBOX"); len(got) != 1 || !bytes.Contains(got[0], []byte("At one o'clock?")) {
		t.Errorf("the ordinary mail: %d messages", len(got))
	}
	if n := nccis.count("SELECT count(*) FROM report"); n != 3 {
		t.Errorf("%d reports are registered, want ALFA-1 to 3", n)
	}
	o.soc.close()
	nccis.close()
}

// mixedByAnAlias: an alias hides the participant from the door; the filter gets
// its part, sealed or not at all, and nothing of it goes to the participant in
// clear.
func (o *organisation) mixedByAnAlias() {
	o.t.Helper()
	if err := o.send([]byte("From: "+officeAddress+"\r\nSubject: x\r\n\r\nwords-for-both\r\n"), aliasAddress, officeAddress); err != nil {
		o.t.Fatal(err)
	}
	testpeer.Until(o.t, storyWait, "Postfix to bounce what the filter refuses", func(context.Context) bool {
		return strings.Contains(o.postfix.Log(o.t), "no-report")
	})
	o.noneInClear("words-for-both")
}

// whileAlmasuIsDown: nothing leaves, and nothing is lost.
func (o *organisation) whileAlmasuIsDown(report []byte, to string) {
	o.t.Helper()
	o.soc.stop()
	if err := o.send(attached(report), to); err == nil || !strings.HasPrefix(err.Error(), "4") {
		o.t.Errorf("with the door closed: %v", err)
	}
	o.soc.start()
	if err := o.send(attached(report), to); err != nil {
		o.t.Errorf("with the door open again: %v", err)
	}
	accepted(o.t, o.soc, "ALFA-3")
}

// noLoop: a sealed letter that comes to the front door again is refused, and
// where the door does not see it, by the filter.
func (o *organisation) noLoop(centre string) {
	o.t.Helper()
	sealed := o.h.dovecot.Messages(o.t, centre, "Done")
	if len(sealed) == 0 {
		o.t.Fatal("the NCCIS has no letter")
	}
	if err := o.send(sealed[0], centre); err == nil || !strings.Contains(err.Error(), "5.6.0") {
		o.t.Errorf("a sealed letter at the door: %v", err)
	}
	before := strings.Count(o.postfix.Log(o.t), "status=bounced")
	if err := o.send(sealed[0], aliasAddress); err != nil {
		o.t.Fatal(err)
	}
	testpeer.Until(o.t, storyWait, "Postfix to bounce a letter that came round", func(context.Context) bool {
		return strings.Count(o.postfix.Log(o.t), "status=bounced") > before
	})
}

// withoutAKey: a report to a participant that nothing can be sealed to is held.
func (o *organisation) withoutAKey() (secret string) {
	o.t.Helper()
	document, secret := world(o.t).Document("soc-alfa", keyless, "ALFA-4", false)
	if err := o.send(attached(document), keylessAddress); err != nil {
		o.t.Fatal(err)
	}
	testpeer.Until(o.t, storyWait, "the report to be held", func(context.Context) bool {
		return o.soc.count("SELECT count(*) FROM letter WHERE state = 'blocked'") == 1
	})
	for line := range strings.Lines(o.postfix.Log(o.t)) {
		if strings.Contains(line, "to=<"+keylessAddress+">") && !strings.Contains(line, "report ALFA-4 revision 1 is committed") {
			o.t.Errorf("Postfix did something else with it: %s", line)
		}
	}
	return secret
}

// noneInClear looks for words in every mailbox outside the organisation.
func (o *organisation) noneInClear(words ...string) {
	o.t.Helper()
	for _, p := range world(o.t).People {
		for _, a := range p.Addresses {
			for _, folder := range []string{"INBOX", "Done", "Held"} {
				for _, m := range o.h.dovecot.Messages(o.t, a, folder) {
					for _, word := range words {
						if bytes.Contains(m, []byte(word)) || bytes.Contains(m, []byte(base64.StdEncoding.EncodeToString([]byte(word)))) {
							o.t.Errorf("%s got %s in clear", a, word)
						}
					}
				}
			}
		}
	}
}
