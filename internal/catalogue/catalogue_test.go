package catalogue

import (
	"regexp"
	"slices"
	"testing"
)

func TestEveryTextInThreeLanguages(t *testing.T) {
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	argument := regexp.MustCompile(`\{\d\}`)
	for key, texts := range all {
		if !Has(key) || len(texts) != 3 {
			t.Errorf("%s: want kk, ru and en, have %v", key, texts)
		}
		want := argument.FindAllString(texts["en"], -1)
		slices.Sort(want)
		for _, l := range []string{"kk", "ru"} {
			got := argument.FindAllString(texts[l], -1)
			slices.Sort(got)
			if !slices.Equal(slices.Compact(got), slices.Compact(slices.Clone(want))) {
				t.Errorf("%s: arguments %v in %s, %v in en", key, got, l, want)
			}
		}
	}
}

func TestText(t *testing.T) {
	if got := Text("xx", "no.such", "a"); got != "no.such a" {
		t.Errorf("unknown key: %q", got)
	}
	for _, l := range []string{"kk", "ru", "en"} {
		if got := Text(l, "refusal.stale"); got == "refusal.stale" || got == "" {
			t.Errorf("refusal.stale in %s: %q", l, got)
		}
	}
}
