package receipt_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"almasu/exchange"
	"almasu/receipt"
)

// Whatever a template says, the letter has the lines it has without one, and
// nothing of the report that they do not show: a headline stays a headline.
func TestTemplateAddsWordsAndNoContent(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	r := &exchange.Report{Kind: exchange.Notice, ID: "secret-id", Revision: 1, TLP: exchange.TLPAmber, GeneratedAt: at, Notice: &exchange.NoticeBody{
		Clause: "12.1", Edition: "2023-03-31", Number: "NCCIS-2026-000123", Severity: exchange.High, DetectedAt: at}}
	style := receipt.Style{Languages: []exchange.Language{exchange.Russian}, From: exchange.Names{RU: "НКЦИБ"}, To: exchange.Names{RU: "Банк"}}
	plain := receipt.For(r, style)
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string {
			return rapid.StringMatching(`([a-zа-я ]|\{(number|clause|date|to|from|report_id|summary)\}|\{|\}|\n){0,40}`).Draw(t, name)
		}
		style.Template = exchange.Template{exchange.TemplateNotice: {exchange.Russian: {Subject: text("subject"), Opening: text("opening"), Closing: text("closing")}}}
		got := receipt.For(r, style)
		lines := strings.Split(got.Text, "\n")
		for line := range strings.SplitSeq(plain.Text, "\n") {
			if !slices.Contains(lines, line) {
				t.Fatalf("%q is missing in\n%s", line, got.Text)
			}
		}
		if strings.Contains(got.Text+got.Subject, "secret-id") || !strings.HasPrefix(got.Subject, "TLP:AMBER ") {
			t.Fatalf("subject %q\n%s", got.Subject, got.Text)
		}
	})
}

func TestTemplateFillsItsPlaces(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	r := &exchange.Report{Kind: exchange.Notice, GeneratedAt: at, Notice: &exchange.NoticeBody{Clause: "12.1", Number: "NCCIS-2026-000123"}}
	style := receipt.Style{Languages: []exchange.Language{exchange.Russian}, From: exchange.Names{RU: "НКЦИБ"}, To: exchange.Names{RU: "Банк"},
		Template: exchange.Template{exchange.TemplateNotice: {exchange.Russian: {Subject: "Исх. {number}", Opening: "{to}! {date}, {clause}", Closing: "{from}"}}}}
	got := receipt.For(r, style)
	if got.Subject != "Исх. NCCIS-2026-000123" || !strings.Contains(got.Text, "\nБанк! 23 ноября 2026 года, 12.1\n") {
		t.Errorf("%s\n%s", got.Subject, got.Text)
	}
}
