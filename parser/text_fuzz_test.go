package parser

import (
	"strings"
	"testing"

	"almasu/exchange"
	"almasu/parser/plain"
)

// FuzzText: whatever a text says, it is refused with problems in it, or what is
// sent for it is a card that its reader takes.
func FuzzText(f *testing.F) {
	for _, body := range []string{inEnglish, inRussian, inKazakh, "kind: contact\nemail: a@b.example\n", "kind: request\nanswer by: 2026-12-01 10:00\n",
		inEnglish + "object: x\nobject: y\nactions: 2026-11-27 14:10 x\nindicators: 1.1.1.1\ncvss: CVSS:3.1/AV:N\n"} {
		f.Add(body, false)
	}
	f.Fuzz(func(t *testing.T, body string, flowed bool) {
		d := textDefaults()
		p := ParseText(plain.Text{Body: body, Flowed: flowed}, d, Limits{})
		if p.Refusal.Code != "" {
			for _, q := range p.Problems {
				if q.Line > strings.Count(body, "\n")+1 {
					t.Fatalf("a problem behind the end: %+v", q)
				}
			}
			return
		}
		if again := ParseFile(p.Document, Limits{}, d.Now); again.Refusal.Code != "" || again.Format != exchange.CardJSON {
			t.Fatalf("sent what is refused: %+v\n%s", again.Problems, p.Document.Body)
		}
	})
}
