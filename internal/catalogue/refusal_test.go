package catalogue_test

import (
	"strings"
	"testing"
	"unicode"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// DESIGN section 6: every refusal code has a text in kk, ru and en.
func TestEveryRefusalCodeHasAText(t *testing.T) {
	codes := map[string]bool{}
	for _, c := range exchange.Codes() {
		codes["refusal."+string(c)] = true
		if !catalogue.Has("refusal." + string(c)) {
			t.Errorf("refusal.%s: no text in all three languages", c)
		}
		for _, l := range exchange.Languages() {
			text := catalogue.Text(string(l), "refusal."+string(c))
			if !strings.HasSuffix(text, ".") || strings.Count(text, ". ")+strings.Count(text, ": ") == 0 {
				t.Errorf("refusal.%s in %s says what is wrong but not what to do: %q", c, l, text)
			}
			if cyrillic := strings.ContainsFunc(text, isCyrillic); cyrillic != (l != exchange.English) {
				t.Errorf("refusal.%s in %s is written in another alphabet: %q", c, l, text)
			}
		}
	}
	for _, k := range catalogue.Keys() {
		if strings.HasPrefix(k, "refusal.") && !codes[strings.TrimSuffix(k, ".hint")] {
			t.Errorf("%s: a text for a code that does not exist", k)
		}
	}
}

func isCyrillic(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }
