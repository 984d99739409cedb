package gateway

import (
	"strings"
	"testing"

	"almasu/exchange"
	"almasu/queue"
)

// Every letter of ours can be read again by us, and every sort has a sample in
// the addressee's words.
func TestPreview(t *testing.T) {
	c := newClock()
	n := open(t, "nccis", c, func(w *World) {
		cast := people()
		cast["soc-beta"].Template = exchange.Template{}
		for _, sort := range exchange.TemplateSorts() {
			cast["soc-beta"].Template[sort] = map[exchange.Language]exchange.Words{exchange.Kazakh: {Opening: "own words of " + sort}}
		}
		w.Register = world(t, "nccis", cast).Register
	})
	n.want(n.take(mail{from: "soc-alfa", to: "nccis"}.seal(t, c.now(), incident("r-1", c.now())), address("soc-alfa")), exchange.ArrivalAccepted, "")
	for _, l := range n.letters(queue.LetterFilter{}) {
		if words, err := n.g.Preview(t.Context(), l.ID); err != nil || words.Subject == "" || words.Text == "" {
			t.Errorf("%s to %s: %+v (%v)", l.Kind, l.To, words, err)
		}
	}
	for _, sort := range exchange.TemplateSorts() {
		words, err := n.g.Sample(sort, "soc-beta")
		if err != nil || words.Subject == "" || !strings.Contains(words.Text, "own words of "+sort) {
			t.Errorf("sample %s: %v\n%s", sort, err, words.Text)
		}
	}
	if _, err := n.g.Sample("letter", "soc-beta"); err == nil {
		t.Error("an unknown sort has a sample")
	}
	if _, err := n.g.Sample("notice", "nobody"); err == nil {
		t.Error("a sample for nobody")
	}
}
