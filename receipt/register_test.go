package receipt

import (
	"strings"
	"testing"
	"time"

	"almasu/exchange"
)

func TestChangesAskedNamesEveryChangeInEveryLanguage(t *testing.T) {
	at := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	w := ChangesAsked("NCCIS-2026-000007", at, []exchange.Change{
		{Kind: exchange.ChangeKey, Fingerprint: "NEWKEY", Old: "OLDKEY", New: "-----BEGIN PGP"},
		{Kind: exchange.ChangeAddress, Old: "old@alfa.example", New: "new@alfa.example\r\nBcc: x"},
		{Kind: exchange.ChangePhone, New: "+77010000001"},
		{Kind: exchange.ChangeContact, Old: "en: A", New: "en: B"},
	}, Style{Languages: exchange.Languages()})
	if !strings.Contains(w.Subject, "NCCIS-2026-000007") || strings.Contains(w.Text, "BEGIN PGP") || strings.Contains(w.Text, "\r") || strings.Contains(w.Text, "\nBcc") {
		t.Errorf("%s\n%s", w.Subject, w.Text)
	}
	for _, want := range []string{"NEWKEY", "OLDKEY", "new@alfa.example", "old@alfa.example", "+77010000001; ", "en: B"} {
		if strings.Count(w.Text, want) != 3 {
			t.Errorf("%q not in three languages:\n%s", want, w.Text)
		}
	}
	if strings.Contains(w.Text, "register.") {
		t.Errorf("a text is missing:\n%s", w.Text)
	}
}

func TestKeyEndsNamesKeyAndDay(t *testing.T) {
	n := exchange.KeyNotice{Owner: "soc-alfa", Fingerprint: "0123ABCD", Expires: time.Date(2026, 4, 9, 9, 0, 0, 0, time.UTC), Days: 30}
	w := KeyEnds(n, Style{Languages: exchange.Languages()})
	if strings.Count(w.Text, "0123ABCD") != 3 || strings.Count(w.Text, "30") < 3 || strings.Contains(w.Text+w.Subject, "register.") || !strings.Contains(w.Text, "2026") {
		t.Errorf("%s\n%s", w.Subject, w.Text)
	}
}
