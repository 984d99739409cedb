package gateway

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"mime/quotedprintable"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"almasu/exchange"
	"almasu/queue"
)

// words is a report card as a person types it.
func words(at time.Time) string {
	at = at.UTC()
	return fmt.Sprintf("Здравствуйте!\n\nВид: инцидент\nОбнаружено: %s\nПодтверждено: %s\nКласс: фишинг\nКритичность: высокая\nОснование: 10.1\n"+
		"Контактный телефон: +77172000000\nСуть: Письмо от имени налоговой,\n  получили трое.\n-- \nИван\n",
		at.Add(-10*time.Minute).Format("2006-01-02 15:04"), at.Add(-5*time.Minute).Format("02.01.2006 15:04"))
}

func quoted(s string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	fmt.Fprint(w, s)
	w.Close()
	return b.String()
}

// typed is a mail whose text has this header and body.
func typed(at time.Time, header, body string) []byte {
	return []byte("From: i@soc-alfa.example\r\nDate: " + at.Format(time.RFC1123Z) + "\r\nUser-Agent: x\r\nMIME-Version: 1.0\r\n" + header + "\r\n\r\n" +
		strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\n", "\r\n"))
}

func TestMailWithACardAsItsText(t *testing.T) {
	c := newClock()
	text := words(c.now())
	inKOI8, err := charmap.KOI8R.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	in1251, err := charmap.Windows1251.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	base64Of := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	const utf8 = "Content-Type: text/plain; charset=utf-8"
	html := "<p>" + text + "</p>"
	for name, test := range map[string]struct {
		header, body string
		code         exchange.Code
		reason       string
	}{
		"8bit":             {utf8 + "\r\nContent-Transfer-Encoding: 8bit", text, "", ""},
		"quoted-printable": {utf8 + "\r\nContent-Transfer-Encoding: quoted-printable", quoted(text), "", ""},
		"base64":           {utf8 + "\r\nContent-Transfer-Encoding: base64", base64Of(text), "", ""},
		"koi8-r":           {"Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64", base64Of(inKOI8), "", ""},
		"windows-1251":     {"Content-Type: text/plain; charset=\"windows-1251\"\r\nContent-Transfer-Encoding: quoted-printable", quoted(in1251), "", ""},
		"flowed":           {utf8 + "; format=flowed\r\nContent-Transfer-Encoding: 8bit", strings.Replace(text, "налоговой,\n  получили", "налоговой, \nполучили", 1), "", ""},
		"text and HTML": {"Content-Type: multipart/alternative; boundary=x", "--x\n" + utf8 + "\n\n" + text + "\n--x\nContent-Type: text/html; charset=utf-8\n\n" +
			html + "\n--x--\n", "", ""},
		"HTML alone":        {"Content-Type: text/html; charset=utf-8", html, exchange.NoReport, "plain text"},
		"a wrong charset":   {"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64", base64Of(in1251), exchange.Malformed, "charset"},
		"a problem":         {utf8, strings.Replace(text, "высокая", "ужасная", 1), exchange.Invalid, "severity"},
		"words of no card":  {utf8, "the server was hacked", exchange.NoReport, ""},
		"a picture with it": {"Content-Type: multipart/mixed; boundary=x", "--x\n" + utf8 + "\n\n" + text + "\n--x\nContent-Type: image/png\nContent-Disposition: attachment; filename=a.png\n\npng\n--x--\n", exchange.ManyReports, "attach"},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "soc-alfa", c)
			s, err := n.g.SubmitMail(t.Context(), HandedIn{Message: typed(c.now(), test.header, test.body), To: []string{address("nccis")}, Actor: "relay:i"})
			n.must(err)
			if s.Refusal.Code != test.code || !strings.Contains(s.Refusal.Reason, test.reason) {
				t.Fatalf("%+v %+v", s.Refusal, s.Problems)
			}
			if test.code != "" {
				return
			}
			i := s.Report.Incident
			if s.Report.Addressee != "nccis" || s.Report.Language != exchange.Russian || i.Class.National != "фишинг" || i.Contact.Email != address("soc-alfa") ||
				!strings.HasPrefix(i.Summary, "Письмо от имени налоговой,") || !strings.HasSuffix(i.Summary, "получили трое.") {
				t.Errorf("%+v %+v", s.Report, i)
			}
			again, err := n.g.SubmitMail(t.Context(), HandedIn{Message: typed(c.now(), test.header, test.body), To: []string{address("nccis")}, Actor: "relay:i"})
			n.must(err)
			if again.Again != s.Position {
				t.Errorf("the same mail again: %+v", again)
			}
			if letters := n.letters(queue.LetterFilter{}); len(letters) != 1 {
				t.Errorf("%d letters", len(letters))
			}
		})
	}
}

func TestCardAsATextFile(t *testing.T) {
	c := newClock()
	n := open(t, "soc-alfa", c)
	s, err := n.g.Submit(t.Context(), Order{Document: exchange.Document{Name: "report.txt", Body: []byte(words(c.now()))}})
	n.must(err)
	if s.Position == 0 || len(s.Letters) != 1 || s.Letters[0].To != "nccis" {
		t.Fatalf("%+v %+v", s.Refusal, s.Problems)
	}
	stored, err := n.store.Reports(t.Context(), queue.ReportFilter{ID: s.Report.ID})
	n.must(err)
	if len(stored) != 1 || stored[0].Format != exchange.CardJSON || stored[0].MediaType != "application/json" {
		t.Errorf("what is kept: %+v", stored)
	}
}

// TestJudgedAndNotKept: a mail that is judged leaves nothing, and is told what
// it would be told.
func TestJudgedAndNotKept(t *testing.T) {
	c := newClock()
	n := open(t, "soc-alfa", c)
	mail := HandedIn{Message: typed(c.now(), "Content-Type: text/plain; charset=utf-8", words(c.now())), To: []string{address("nccis")}, Judge: true}
	for range 2 {
		s, err := n.g.SubmitMail(t.Context(), mail)
		n.must(err)
		if s.Refusal.Code != "" || s.Position != 0 || len(s.Due) == 0 || len(s.To) != 1 || s.To[0] != "nccis" {
			t.Fatalf("%+v", s)
		}
	}
	reports, err := n.store.Reports(t.Context(), queue.ReportFilter{})
	n.must(err)
	if letters := n.letters(queue.LetterFilter{}); len(letters) != 0 || len(reports) != 0 {
		t.Errorf("kept: %d letters, %d reports", len(letters), len(reports))
	}
	mail.Judge = false
	s, err := n.g.SubmitMail(t.Context(), mail)
	n.must(err)
	if s.Position == 0 {
		t.Errorf("%+v", s.Refusal)
	}
	mail.Judge = true // as Postfix asks again for a mail it tries once more
	if s, err = n.g.SubmitMail(t.Context(), mail); err != nil || s.Again == 0 {
		t.Errorf("%+v %v", s, err)
	}
}

// TestNothingGoesOutInClearWhateverTheRecipients: for any recipients of a mail
// either nothing is kept, or there is one sealed letter for each participant
// named and none for anybody else.
func TestNothingGoesOutInClearWhateverTheRecipients(t *testing.T) {
	c := newClock()
	n := open(t, "soc-alfa", c)
	pool := []string{address("nccis"), address("soc-beta"), address("soc-gamma"), address("knb"), address("soc-alfa"), "boss@soc-alfa.example",
		"press@elsewhere.example", "EXCHANGE@NCCIS.EXAMPLE", ""}
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 80 {
		var to []string
		participants, strangers := map[string]bool{}, false
		for range random.IntN(4) {
			a := pool[random.IntN(len(pool))]
			to = append(to, a)
			if p := n.g.Addressee(a); p != nil {
				participants[p.ID] = true
			} else {
				strangers = true
			}
		}
		id := fmt.Sprintf("r-%d", round)
		doc := named(incident(id, c.now(), func(r *exchange.Report) { r.Addressee = "" }), id+".json")
		before := len(n.letters(queue.LetterFilter{}))
		s, err := n.g.SubmitMail(t.Context(), HandedIn{Message: mailOf("To: press@elsewhere.example\r\nBcc: boss@soc-alfa.example\r\n", doc), To: to, Actor: "relay:x"})
		letters := n.letters(queue.LetterFilter{})[before:]
		if strangers || len(to) == 0 {
			if err == nil || len(letters) != 0 {
				t.Fatalf("%v: %v, %d letters", to, err, len(letters))
			}
			continue
		}
		if err != nil || s.Refusal.Code != "" || len(letters) != len(participants) {
			t.Fatalf("%v: %v %+v, %d letters", to, err, s.Refusal, len(letters))
		}
		for _, l := range letters {
			whole, err := n.store.Letter(t.Context(), l.ID)
			n.must(err)
			if !participants[l.To] || l.Address != address(l.To) || bytes.Contains(whole.Message, []byte(canary)) || !bytes.Contains(whole.Message, []byte("BEGIN PGP MESSAGE")) {
				t.Fatalf("%v: a letter to %s at %s", to, l.To, l.Address)
			}
			delete(participants, l.To)
		}
	}
}
