package receipt

import (
	"strings"
	"time"

	"almasu/exchange"
)

// words are the addressee's own for a sort of letter, with their places filled.
// Nothing of a report can stand in them (exchange.TemplatePlaces).
func (b *block) words(sort, number, clause string, at time.Time) exchange.Words {
	w := b.style.Template[sort][b.language]
	if w == (exchange.Words{}) {
		return w
	}
	day := ""
	if !at.IsZero() {
		day = Date(b.language, at.In(b.style.zone()))
	}
	fill := strings.NewReplacer("{number}", clean(number, 64), "{clause}", clean(clause, 20), "{date}", day,
		"{to}", clean(b.style.To.In(b.language), 300), "{from}", clean(b.style.From.In(b.language), 300))
	return exchange.Words{Subject: clean(fill.Replace(w.Subject), 300), Opening: clean(fill.Replace(w.Opening), 3000), Closing: clean(fill.Replace(w.Closing), 3000)}
}

// said is a paragraph, where there is one.
func (b *block) said(text string) {
	if text != "" {
		b.gap()
		b.paragraph(text)
	}
}
