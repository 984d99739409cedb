package gateway

import (
	"strings"
	"testing"

	"almasu/crypto"
	"almasu/exchange"
	"almasu/internal/catalogue"
	"almasu/parser"
	"almasu/queue"
)

// Clause 15: "information obtained in the course of the exchange is used only
// for the purpose of coordinating the response to information security
// incidents". Every letter that hands information on says so, to people in each
// of its languages and to programs in the field `purpose`.
func TestClause15EveryNoticeSaysThePurpose(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c, func(w *World) { w.Languages = exchange.Languages() })
	doc := incident("r-1", c.now(), func(r *exchange.Report) {
		r.Incident.Violations = nil
		r.Incident.Concerns = []string{"soc-beta"}
		r.TLP = exchange.TLPGreen
	})
	n.want(n.take(mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now(), doc), address("soc-alfa")), exchange.ArrivalAccepted, "")
	notices := n.letters(queue.LetterFilter{Kind: exchange.LetterNotice})
	if len(notices) < 2 {
		t.Fatalf("%d notices, want one to knb and one to soc-beta", len(notices))
	}
	for _, l := range notices {
		whole, err := n.store.Letter(t.Context(), l.ID)
		n.must(err)
		opened, err := crypto.Open(whole.Message, ring(t, l.To), crypto.Limits{}, c.now())
		n.must(err)
		decoded, err := opened.ProtectedPart.Leaves()[0].Decode(1 << 20)
		n.must(err)
		text := strings.ReplaceAll(string(decoded), "\r\n", "\n")
		for _, language := range []string{"kk", "ru", "en"} {
			if line := catalogue.Text(language, "letter.purpose"); !strings.Contains(text, line) {
				t.Errorf("to %s: the purpose does not stand there in %s:\n%s", l.To, language, text)
			}
		}
		report := parser.Parse(opened.Payload, parser.Limits{}, c.now()).Reports[0]
		if want := catalogue.Text(string(report.Language), "letter.purpose"); report.Notice.Purpose != want {
			t.Errorf("to %s: field purpose %q, want %q", l.To, report.Notice.Purpose, want)
		}
	}
}
