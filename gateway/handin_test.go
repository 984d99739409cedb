package gateway

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"almasu/exchange"
	"almasu/queue"
)

// mailOf is a mail with a text and these attachments.
func mailOf(header string, docs ...exchange.Document) []byte {
	var b strings.Builder
	b.WriteString("From: desk@soc-alfa.example\r\nSubject: " + canary + "\r\n" + header +
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nplease send\r\n")
	for _, d := range docs {
		b.WriteString("--x\r\nContent-Type: " + d.MediaType + "\r\nContent-Disposition: attachment; filename=" + d.Name +
			"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(d.Body) + "\r\n")
	}
	b.WriteString("--x--\r\n")
	return []byte(b.String())
}

func named(d exchange.Document, name string) exchange.Document {
	d.MediaType, d.Name = "application/json", name
	return d
}

func TestMailHandedIn(t *testing.T) {
	c := newClock()
	card := named(incident("r-1", c.now()), "r-1.json")
	other := named(incident("r-2", c.now()), "r-2.json")
	beta := named(incident("r-1", c.now(), func(r *exchange.Report) { r.Addressee = "soc-beta" }), "r-1.json")
	picture := exchange.Document{MediaType: "image/png", Name: "screen.png", Body: []byte("png")}
	visit := exchange.Document{MediaType: "text/vcard", Name: "me.vcf", Body: []byte("BEGIN:VCARD")}
	to := []string{address("nccis")}
	for name, test := range map[string]struct {
		mail  []byte
		to    []string
		kinds []exchange.ReportKind
		code  exchange.Code
		err   error
	}{
		"a report":                 {mail: mailOf("", card), to: to},
		"a report and a card":      {mail: mailOf("", card, visit), to: to},
		"the same recipient twice": {mail: mailOf("", card), to: append(to, to...)},
		"no report":                {mail: mailOf(""), to: to, code: exchange.NoReport},
		"two reports":              {mail: mailOf("", card, other), to: to, code: exchange.ManyReports},
		"a picture left behind":    {mail: mailOf("", card, picture), to: to, code: exchange.ManyReports},
		"a kind without the right": {mail: mailOf("", card), to: to, kinds: []exchange.ReportKind{exchange.Contact}, code: exchange.KindForbidden},
		"broken base64":            {mail: []byte(strings.Replace(string(mailOf("", card)), "base64\r\n\r\n", "base64\r\n\r\n!!", 1)), to: to, code: exchange.Malformed},
		"not a participant":        {mail: mailOf("", card), to: []string{"a@elsewhere.example"}, err: ErrAddressee},
		"ourselves":                {mail: mailOf("", card), to: []string{address("soc-alfa")}, err: ErrAddressee},
		"nobody":                   {mail: mailOf("", card), err: ErrAddressee},
		"the report names another": {mail: mailOf("", beta), to: to, err: ErrAddressee},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "soc-alfa", c)
			s, err := n.g.SubmitMail(t.Context(), HandedIn{Message: test.mail, To: test.to, Actor: "relay:siem", Kinds: test.kinds})
			if !errors.Is(err, test.err) || s.Refusal.Code != test.code {
				t.Fatalf("%+v, %v", s.Refusal, err)
			}
			letters := n.letters(queue.LetterFilter{})
			if good := test.code == "" && test.err == nil; good != (len(letters) == 1) || good != (s.Position != 0) {
				t.Fatalf("letters %s, position %d", kinds(letters), s.Position)
			}
			for _, l := range letters {
				whole, err := n.store.Letter(t.Context(), l.ID)
				n.must(err)
				if strings.Contains(string(whole.Message), canary) || strings.Contains(string(whole.Message), "please send") {
					t.Error("the mail's own words went out")
				}
			}
		})
	}
}

func TestMailHandedInTwice(t *testing.T) {
	c := newClock()
	n := open(t, "soc-alfa", c)
	hand := func(doc exchange.Document, to ...string) Submission {
		s, err := n.g.SubmitMail(t.Context(), HandedIn{Message: mailOf("", doc), To: to, Actor: "relay:siem"})
		n.must(err)
		return s
	}
	free := func(severity exchange.Severity) exchange.Document {
		return named(incident("r-1", newClock().now(), func(r *exchange.Report) { r.Addressee, r.Incident.Severity = "", severity }), "r.json")
	}
	first := hand(free(exchange.High), address("nccis"))
	for name, test := range map[string]struct {
		again Submission
		same  int64
	}{
		"the same":             {hand(free(exchange.High), address("nccis")), first.Position},
		"other content":        {hand(free(exchange.Low), address("nccis")), 0},
		"one addressee more":   {hand(free(exchange.High), address("nccis"), address("soc-beta")), 0},
		"to another addressee": {hand(free(exchange.High), address("soc-beta")), 0},
	} {
		if test.again.Refusal.Code != exchange.Conflict || test.again.Again != test.same || test.again.Position != 0 {
			t.Errorf("%s: %+v", name, test.again)
		}
	}
}

func TestWhoTypedAMail(t *testing.T) {
	c := newClock()
	for header, want := range map[string]string{
		"":                                    "auto-generated",
		"User-Agent: Mozilla Thunderbird\r\n": "",
		"X-Mailer: Microsoft Outlook 16.0\r\nAuto-Submitted: no\r\n": "",
		"X-Mailer: Jira\r\nPrecedence: bulk\r\n":                     "auto-generated",
		"User-Agent: x\r\nAuto-Submitted: auto-generated\r\n":        "auto-generated",
	} {
		n := open(t, "soc-alfa", c)
		_, err := n.g.SubmitMail(t.Context(), HandedIn{Message: mailOf(header, named(incident("r-1", c.now()), "r.json")), To: []string{address("nccis")}})
		n.must(err)
		l, err := n.store.Letter(t.Context(), n.letters(queue.LetterFilter{})[0].ID)
		n.must(err)
		if got := strings.Contains(string(l.Message), "Auto-Submitted: auto-generated"); got != (want != "") {
			t.Errorf("%q: Auto-Submitted %v", header, got)
		}
	}
}
