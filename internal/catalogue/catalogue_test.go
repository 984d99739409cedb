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

func TestFill(t *testing.T) {
	cases := []struct {
		name, text, want string
		args             []string
	}{
		{"none to put in", "a {0} b", "a {0} b", nil},
		{"in their order", "{0}, {1}", "x, y", []string{"x", "y"}},
		{"out of order and twice", "{1} {0} {1}", "y x y", []string{"x", "y"}},
		{"one too many in the text", "{0} {1}", "x {1}", []string{"x"}},
		{"an argument that looks like a place", "{0} {1}", "{1} y", []string{"{1}", "y"}},
		{"an empty argument", "{0}", "", []string{""}},
		{"braces that are no place", "{ {a} {00} {0", "{ {a} {00} {0", []string{"x"}},
		{"a brace before a place", "{{0}}", "{x}", []string{"x"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := fill(c.text, c.args); got != c.want {
				t.Errorf("fill(%q, %q) = %q, want %q", c.text, c.args, got, c.want)
			}
		})
	}
}
