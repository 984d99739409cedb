package receipt

import (
	"strings"
	"testing"
	"time"

	"almasu/exchange"
)

// What concerns the addressee stands in the letter for people too, in each
// language, and how much was removed.
func TestNoticeTellsThePartThatConcerns(t *testing.T) {
	r := &exchange.Report{Kind: exchange.Notice, TLP: exchange.TLPGreen, Notice: &exchange.NoticeBody{Clause: "12.1", Number: "NCCIS-2026-000001",
		Part: &exchange.NoticePart{Kind: exchange.Incident, Victim: &exchange.Organisation{BIN: "150540000027", Name: exchange.Names{EN: "Bank"}},
			Objects:    []exchange.Object{{Name: "Portal", IP: []string{"192.0.2.1"}}},
			Products:   []exchange.Product{{Vendor: "Acme", Name: "Door"}},
			CVE:        []string{"CVE-2026-0001"},
			Indicators: make([]exchange.Indicator, 3), Texts: []string{"check the gateway\r\nBcc: x"},
			Withheld: &exchange.Withheld{Victims: 2, Objects: 5}}}}
	for language, want := range map[exchange.Language][]string{
		exchange.English: {"Organisation: Bank 150540000027\n", "Object: Portal, 192.0.2.1\n", "Product: Acme Door\n", "CVE: CVE-2026-0001\n", "Indicators: 3\n", "Removed because it concerns others: 7\n"},
		exchange.Russian: {"Объект: Portal, 192.0.2.1\n", "Число индикаторов: 3\n", "Исключено, так как касается других: 7\n"},
		exchange.Kazakh:  {"Объект: Portal, 192.0.2.1\n", "Индикаторлар саны: 3\n", "Басқаларға қатысты болғандықтан алып тасталды: 7\n"},
	} {
		text := For(r, Style{Languages: []exchange.Language{language}, Zone: time.UTC}).Text
		for _, line := range want {
			if !strings.Contains(text, line) {
				t.Errorf("%s has no %q:\n%s", language, line, text)
			}
		}
		if strings.Contains(text, "\nBcc:") {
			t.Error("free text makes a line of its own")
		}
	}
}
