package parser

import (
	"fmt"
	"testing"

	"almasu/exchange"
)

// BenchmarkParse and BenchmarkRender work on an incident card of about 20 KB.
func BenchmarkParse(b *testing.B) {
	for _, f := range []exchange.Format{exchange.CardJSON, exchange.CardXML, exchange.IODEFJSON, exchange.IODEFXML, exchange.STIX, exchange.MISP} {
		doc := large(b, f)
		b.Run(string(f), func(b *testing.B) {
			b.SetBytes(int64(len(doc.Body)))
			b.ReportAllocs()
			for b.Loop() {
				if p := Parse([]exchange.Document{doc}, Limits{}, now); p.Refusal.Code != "" {
					b.Fatal(p.Problems)
				}
			}
		})
	}
}

func BenchmarkRender(b *testing.B) {
	r := Parse([]exchange.Document{large(b, exchange.CardJSON)}, Limits{}, now).Reports[0]
	for _, f := range []exchange.Format{exchange.CardJSON, exchange.CardXML, exchange.IODEFJSON, exchange.IODEFXML} {
		b.Run(string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Render(r, f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func large(b *testing.B, f exchange.Format) exchange.Document {
	b.Helper()
	body, err := Example(exchange.Incident, exchange.CardJSON, "soc-alfa", "nccis", "R-1", now)
	if err != nil {
		b.Fatal(err)
	}
	r := Parse([]exchange.Document{{Body: body}}, Limits{}, now).Reports[0]
	for i := range 150 {
		r.Incident.Indicators = append(r.Incident.Indicators, exchange.Indicator{Type: "fqdn", Value: fmt.Sprintf("h%d.zerger.example", i), Note: "Басқару сервері"})
	}
	doc, err := Render(r, f)
	if err != nil {
		b.Fatal(err)
	}
	return doc
}
