package card

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"almasu/exchange"
)

// XSD is the XML Schema (1.0) of card v1, built from the table: docs/card.xsd.
// XSD 1.0 cannot tie the body to the element kind, nor give one element name
// two types in one place; there the schema takes any kind's body, and the
// values of all kinds. The reader does not.
func XSD() []byte {
	x := &xsd{types: map[string]string{}, merged: mergedWords()}
	var kinds []*object
	for _, kind := range exchange.ReportKinds() {
		kinds = append(kinds, theTable().kinds[kind])
	}
	common := theTable().common.fields
	var card strings.Builder
	for i := range common {
		card.WriteString(x.element(&common[i], true))
	}
	bodies := make([][]field, len(kinds))
	for i, o := range kinds {
		bodies[i] = o.fields[len(common):]
	}
	card.WriteString(x.bodies(bodies))
	var out strings.Builder
	fmt.Fprintf(&out, `<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:c="%[1]s" targetNamespace="%[1]s" elementFormDefault="qualified">
<xs:annotation><xs:documentation>Almasu card v1. Generated from the Go types by "go generate ./parser/card"; do not edit.
The elements stand in this order. XSD 1.0 cannot tie the body to the element kind: here any kind's body may follow,
and elements that several kinds share take the values of all of them; card.schema.json and the reader are exact.
No attribute is allowed but namespace declarations and, on the root, xsi:schemaLocation.</xs:documentation></xs:annotation>
<xs:element name="card">
<xs:complexType>
%[2]s</xs:complexType>
</xs:element>
`, Namespace, sequence(card.String()))
	for _, name := range slices.Sorted(maps.Keys(x.types)) {
		out.WriteString(x.types[name])
	}
	out.WriteString("</xs:schema>\n")
	return indented(out.String())
}

// indented sets the lines in by the elements that are open around them.
func indented(text string) []byte {
	var out []byte
	depth := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "</") {
			depth--
		}
		if strings.HasPrefix(line, "<xs:") || strings.HasPrefix(line, "</xs:") {
			out = append(out, strings.Repeat("  ", depth)...)
		}
		out = append(out, line...)
		if strings.HasPrefix(line, "<xs:") && !strings.Contains(line, "/>") && !strings.HasPrefix(line, "<xs:annotation") {
			depth++
		}
	}
	return out
}

// xsd gathers the named types as elements ask for them.
type xsd struct {
	types  map[string]string
	merged map[string][]string // fields at the top whose closed lists differ by kind
}

// mergedWords finds closed lists that differ between kinds under one name.
func mergedWords() map[string][]string {
	lists := map[string][]string{}
	differ := map[string]bool{}
	for _, kind := range exchange.ReportKinds() {
		for _, f := range theTable().kinds[kind].fields {
			if f.enum == nil || f.enumName != "" {
				continue
			}
			known, ok := lists[f.name]
			differ[f.name] = differ[f.name] || ok && !slices.Equal(known, f.enum)
			for _, word := range f.enum {
				if !slices.Contains(lists[f.name], word) {
					lists[f.name] = append(lists[f.name], word)
				}
			}
		}
	}
	maps.DeleteFunc(lists, func(name string, _ []string) bool { return !differ[name] })
	return lists
}

// bodies is the content model of one of several bodies. XSD wants it to be
// clear at each element which body it belongs to, so bodies that begin alike
// share their beginning.
func (x *xsd) bodies(bodies [][]field) string {
	if len(bodies) == 1 {
		var out strings.Builder
		for i := range bodies[0] {
			out.WriteString(x.element(&bodies[0][i], true))
		}
		return sequence(out.String())
	}
	var names []string
	groups := map[string][][]field{}
	for _, b := range bodies {
		first := b[0].name
		if !b[0].required {
			panic("card: XSD needs the first distinguishing field to be required: " + first)
		}
		if groups[first] == nil {
			names = append(names, first)
		}
		groups[first] = append(groups[first], b)
	}
	var out strings.Builder
	for _, name := range names {
		group := groups[name]
		if len(group) == 1 {
			out.WriteString(x.bodies(group))
			continue
		}
		first := x.element(&group[0][0], true)
		rest := make([][]field, len(group))
		for i, b := range group {
			rest[i] = b[1:]
		}
		out.WriteString(sequence(first + x.bodies(rest)))
	}
	return "<xs:choice>\n" + out.String() + "</xs:choice>\n"
}

func sequence(content string) string { return "<xs:sequence>\n" + content + "</xs:sequence>\n" }

// element declares a field; top tells whether it stands directly in card.
func (x *xsd) element(f *field, top bool) string {
	occurs := ""
	if !f.required {
		occurs = ` minOccurs="0"`
	}
	typ := x.typeOf(f, top)
	switch {
	case f.repeated():
		occurs += fmt.Sprintf(` maxOccurs="%d"`, mostItems)
	case f.list:
		item := fmt.Sprintf(`<xs:element name="%s" type="c:%s" minOccurs="0" maxOccurs="%d"/>`+"\n", f.item, typ, mostItems)
		typ = "list-of-" + f.item
		x.declare(typ, fmt.Sprintf("<xs:complexType name=\"%s\">\n%s</xs:complexType>\n", typ, sequence(item)))
	}
	return fmt.Sprintf(`<xs:element name="%s" type="c:%s"%s/>`+"\n", f.name, typ, occurs)
}

// typeOf names the type of one value, and declares it.
func (x *xsd) typeOf(f *field, top bool) string {
	switch f.shape {
	case anObject:
		return x.complex(f.object)
	case aTime:
		return x.simple("time", "xs:dateTime", pattern(patternTime))
	case aTruth:
		return x.simple("boolean", "xs:boolean", pattern("true|false"))
	case anInteger:
		return x.simple(fmt.Sprintf("integer-%d-to-%d", f.min, f.max), "xs:integer", pattern(trimmed(xmlInteger))+f.bounds())
	case aDecimal:
		return x.simple(fmt.Sprintf("decimal-%d-to-%d-by-%s", f.min, f.max, f.step()), "xs:decimal",
			pattern(trimmed(xmlDecimal))+f.bounds()+facet("fractionDigits", itoa(int64(f.digits))))
	}
	if f.enum != nil {
		return x.words(f, top)
	}
	base, facets := "xs:token", pattern(f.form.pattern)
	if f.form.free {
		base, facets = "xs:string", ""
		if f.form.name == "line" {
			facets = pattern("[^\\t\\n\\r\x7f-\u009f\u2028\u2029]*")
		}
	}
	return x.simple(f.form.name, base, facets+facet("minLength", "1")+facet("maxLength", itoa(int64(f.form.longest))))
}

func (x *xsd) words(f *field, top bool) string {
	words, name := f.enum, f.enumName
	if m := x.merged[f.name]; top && m != nil {
		words = m
	}
	if name == "" {
		name = "one-of-" + regexp.MustCompile(`[^A-Za-z0-9.]+`).ReplaceAllString(strings.Join(words, "-"), "-")
	}
	var facets strings.Builder
	for _, w := range words {
		facets.WriteString(facet("enumeration", w))
	}
	return x.simple(name, "xs:token", facets.String())
}

func (x *xsd) complex(o *object) string {
	if _, ok := x.types[o.name]; ok {
		return o.name
	}
	x.types[o.name] = "" // taken
	var content strings.Builder
	for i := range o.fields {
		content.WriteString(x.element(&o.fields[i], false))
	}
	delete(x.types, o.name)
	x.declare(o.name, fmt.Sprintf("<xs:complexType name=\"%s\">\n%s</xs:complexType>\n", o.name, sequence(content.String())))
	return o.name
}

func (x *xsd) simple(name, base, facets string) string {
	x.declare(name, fmt.Sprintf("<xs:simpleType name=\"%s\">\n<xs:restriction base=\"%s\">\n%s</xs:restriction>\n</xs:simpleType>\n",
		name, base, facets))
	return name
}

func (x *xsd) declare(name, text string) {
	if known, ok := x.types[name]; ok && known != text {
		panic("card: two XSD types named " + name)
	}
	x.types[name] = text
}

func (f *field) bounds() string {
	return facet("minInclusive", itoa(f.min)) + facet("maxInclusive", itoa(f.max))
}

// step is the smallest difference between two values of a decimal.
func (f *field) step() string {
	if f.digits == 0 {
		return "1"
	}
	return "0." + strings.Repeat("0", f.digits-1) + "1"
}

func trimmed(re *regexp.Regexp) string {
	return strings.TrimSuffix(strings.TrimPrefix(re.String(), "^("), ")$")
}

func pattern(p string) string { return facet("pattern", p) }

func facet(name, value string) string {
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\x7f", "&#x7F;", "\u009f", "&#x9F;",
		"\u2028", "&#x2028;", "\u2029", "&#x2029;").Replace(value)
	return fmt.Sprintf("<xs:%s value=\"%s\"/>\n", name, escaped)
}
