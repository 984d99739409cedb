package parser

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"almasu/exchange"
	"almasu/parser/plain"
)

// ParseText reads a report card written as lines of text, "key: value" (room
// plain), and makes the document of it that is sent: card v1 in JSON. The
// problems have the lines of the text and the paths of the card. A text that
// means to be no card is no-report.
func ParseText(t plain.Text, d plain.Defaults, l Limits) Parsed {
	if len(t.Body) > plain.Longest {
		return Parsed{Refusal: exchange.Refusal{Code: exchange.NoReport, Reason: "the text is too long for a report card"}}
	}
	if !plain.Recognise(t) {
		return Parsed{Refusal: exchange.Refusal{Code: exchange.NoReport, Reason: "no report document in the message"}}
	}
	sum := sha256.Sum256([]byte(t.Body + "\x00" + d.At.UTC().String()))
	d.Seed = hex.EncodeToString(sum[:])
	text := plain.Read(t, d)
	p := Parse([]exchange.Document{{MediaType: mediaTypes[exchange.CardJSON], Body: text.JSON}}, l, d.Now)
	text.Place(p.Problems)
	p.Problems = slices.DeleteFunc(p.Problems, func(q exchange.Problem) bool { // what was told of the text itself is not told again
		return slices.ContainsFunc(text.Problems, func(t exchange.Problem) bool { return t.Path == q.Path })
	})
	p.Problems = append(text.Problems, p.Problems...)
	if len(p.Problems) > 0 {
		slices.SortStableFunc(p.Problems, func(a, b exchange.Problem) int { return a.Line - b.Line })
		p.refuse(exchange.Invalid)
		return p
	}
	var err error
	if p.Document, err = Render(p.Reports[0], exchange.CardJSON); err != nil {
		p.Refusal = exchange.Refusal{Code: exchange.Malformed, Reason: "the card cannot be written as JSON"}
	}
	return p
}
