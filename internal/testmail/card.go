package testmail

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// card is a card v1 written out field by field, in the words of the design and
// not of the parser.
type card struct {
	kind, id            string
	revision            int
	reporter, addressee string // addressee "" leaves the field out
	marking             string
	at                  time.Time // incident detected ten minutes before
	text                string    // free text, with the canary
	extra               []field   // written last
	without             string    // name of a field to leave out
}

// field is one name with a JSON value: string, number, or fields of its own.
type field struct {
	name  string
	value any
}

func (c card) fields() []field {
	stamp := func(ago time.Duration) string { return c.at.Add(-ago).Format(time.RFC3339) }
	f := []field{{"almasu", "card/1"}, {"kind", c.kind}, {"report_id", c.id}, {"revision", c.revision},
		{"reporter", c.reporter}, {"addressee", c.addressee}, {"generated_at", stamp(time.Minute)},
		{"tlp", "TLP:AMBER"}, {"language", "ru"}, {"marking", c.marking}}
	switch c.kind {
	case "incident":
		f = append(f, field{"incident_id", "INC-" + c.id},
			field{"contact", []field{{"email", "duty@soc-alfa.example"}, {"phone", "+77170000002"}}},
			field{"detected_at", stamp(10 * time.Minute)}, field{"confirmed_at", stamp(5 * time.Minute)},
			field{"class", []field{{"rsit", "malicious-code/infected-system"}}},
			field{"severity", "high"}, field{"summary", c.text}, field{"occasion", "10.1"})
	case "answer":
		f = append(f, field{"request_id", "Q-1"}, field{"verdict", "done"}, field{"text", c.text})
	case "notice":
		f = append(f, field{"clause", "12.2"}, field{"edition", "2026-01"}, field{"purpose", c.text}, field{"number", "SOC-2026-000001"})
	case "ping":
		f = append(f, field{"nonce", "0123456789abcdef"}, field{"text", c.text})
	}
	var kept []field
	for _, one := range append(f, c.extra...) {
		if one.value != "" && one.name != c.without {
			kept = append(kept, one)
		}
	}
	return kept
}

// json writes the card as JSON, names in the order given and even twice.
func (c card) json() []byte { return []byte(jsonObject(c.fields(), "") + "\n") }

func jsonObject(fields []field, indent string) string {
	var lines []string
	for _, f := range fields {
		lines = append(lines, fmt.Sprintf("%s  %q: %s", indent, f.name, jsonValue(f.value, indent+"  ")))
	}
	return "{\n" + strings.Join(lines, ",\n") + "\n" + indent + "}"
}

func jsonValue(v any, indent string) string {
	if inner, ok := v.([]field); ok {
		return jsonObject(inner, indent)
	}
	out, err := json.Marshal(v)
	if err != nil {
		panic("testmail: a card holds strings and numbers only: " + err.Error())
	}
	return string(out)
}

// xml writes the card as XML under the same names.
func (c card) xml() []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<card xmlns="urn:almasu:card:1">` + "\n")
	xmlElements(&b, c.fields(), "  ")
	b.WriteString("</card>\n")
	return []byte(b.String())
}

func xmlElements(b *strings.Builder, fields []field, indent string) {
	for _, f := range fields {
		if inner, ok := f.value.([]field); ok {
			fmt.Fprintf(b, "%s<%s>\n", indent, f.name)
			xmlElements(b, inner, indent+"  ")
			fmt.Fprintf(b, "%s</%s>\n", indent, f.name)
			continue
		}
		var text strings.Builder
		if err := xml.EscapeText(&text, []byte(fmt.Sprint(f.value))); err != nil {
			panic("testmail: " + err.Error()) // a strings.Builder does not fail
		}
		fmt.Fprintf(b, "%s<%s>%s</%s>\n", indent, f.name, text.String(), f.name)
	}
}
