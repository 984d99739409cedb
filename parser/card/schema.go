package card

import (
	"bytes"
	"encoding/json"

	"almasu/exchange"
)

//go:generate go test . -run TestPublishedSchemas -update

// JSONSchema is the JSON Schema (draft 2020-12) of card v1, built from the
// table: docs/card.schema.json. It says all that the reader asks for except
// what lies between fields, check digits, and the last word on addresses.
func JSONSchema() []byte {
	var defs ordered
	done := map[string]bool{}
	for _, name := range formNames() {
		defs = append(defs, member{name, formSchema(forms()[name])})
	}
	for _, name := range wordListNames() {
		defs = append(defs, member{name, ordered{{"enum", wordLists()[name]}}})
	}
	var kinds []any
	for _, kind := range exchange.ReportKinds() {
		o := theTable().kinds[kind]
		defs = append(defs, objectSchemas(o, done)...)
		kinds = append(kinds, ordered{
			{"if", ordered{{"properties", ordered{{"kind", ordered{{"const", kind}}}}}, {"required", []string{"kind"}}}},
			{"then", reference(o.name)}})
	}
	out, err := json.MarshalIndent(ordered{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", Namespace + ":schema"},
		{"title", "Almasu card v1"},
		{"description", "Generated from the Go types by `go generate ./parser/card`; do not edit. " +
			"An empty list, false and 0 mean the same as an absent field. A JSON text that repeats a name is refused " +
			"although no schema can say so."},
		{"type", "object"},
		{"required", []string{Marker, "kind"}},
		{"properties", ordered{{Marker, ordered{{"const", Version}}}, {"kind", reference("kind")}}},
		{"allOf", kinds},
		{"$defs", defs},
	}, "", "  ")
	if err != nil {
		panic("card: " + err.Error()) // the table holds nothing that JSON cannot
	}
	return append(out, '\n')
}

// objectSchemas are the definitions of an object and of those below it.
func objectSchemas(o *object, done map[string]bool) ordered {
	if done[o.name] {
		return nil
	}
	done[o.name] = true
	var below, properties ordered
	required := []string{}
	for i := range o.fields {
		f := &o.fields[i]
		if f.object != nil {
			below = append(below, objectSchemas(f.object, done)...)
		}
		if f.required {
			required = append(required, f.name)
		}
		properties = append(properties, member{f.name, fieldSchema(f)})
	}
	return append(ordered{{o.name, ordered{
		{"type", "object"}, {"additionalProperties", false}, {"required", required}, {"properties", properties}}}}, below...)
}

func fieldSchema(f *field) any {
	value := valueSchema(f)
	if f.list {
		return ordered{{"type", "array"}, {"maxItems", mostItems}, {"items", value}}
	}
	return value
}

func valueSchema(f *field) any {
	switch f.shape {
	case anObject:
		return reference(f.object.name)
	case aTime:
		return reference("time")
	case aTruth:
		return ordered{{"type", "boolean"}}
	case anInteger:
		return ordered{{"type", "integer"}, {"minimum", f.min}, {"maximum", f.max}}
	case aDecimal:
		return ordered{{"type", "number"}, {"minimum", f.min}, {"maximum", f.max}, {"multipleOf", json.Number(f.step())}}
	}
	switch {
	case f.enumName != "":
		return reference(f.enumName)
	case f.enum != nil:
		return ordered{{"enum", f.enum}}
	}
	return reference(f.form.name)
}

func formSchema(f *form) any {
	s := ordered{{"type", "string"}, {"minLength", 1}, {"maxLength", f.longest}, {"pattern", "^(" + f.pattern + ")$"}}
	if f.name == "time" {
		s = append(s, member{"format", "date-time"})
	}
	return s
}

func reference(name string) any { return ordered{{"$ref", "#/$defs/" + name}} }

// ordered is a JSON object whose members keep their order.
type ordered []member

type member struct {
	name  string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o ordered) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := enc.Encode(m.name); err != nil {
			return nil, err
		}
		out.WriteByte(':')
		if err := enc.Encode(m.value); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}
