// Package card is card v1, our own report format for every kind of report, as
// JSON and as XML (DESIGN section 5). Both have the same fields under the same
// names, flat at the top: the common fields, then those of the kind.
//
// It owns one table of fields, derived from the structs of package exchange;
// the reader, the renderers, the JSON Schema and the XSD are all built from
// it. It refuses to choose among documents (room parser), to judge whether a
// report may be sent (room exchange), and to repeat in a problem what the
// document says.
//
// What the two notations ask for beside the schema: in JSON the members stand
// in any order; in XML the elements stand in the order of the schema, and the
// first is <almasu>card/1</almasu>. No attribute is known except namespace
// declarations and xsi:schemaLocation on the root, which is not followed;
// xml:lang and xsi:nil are unknown. CDATA and comments are plain XML.
package card

import (
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

// The marks of card v1.
const (
	Version   = "card/1"            // value of the field almasu
	Namespace = "urn:almasu:card:1" // of the XML elements
	Root      = "card"              // the XML root element
	Marker    = "almasu"            // the field that tells a card
)

// Skew is how far a time of the past may lie ahead of the reader's clock.
const Skew = 10 * time.Minute

// Recognise reports whether a document means to be a card: a JSON object with
// the member almasu, or an XML root in a namespace of cards, or an element
// card whose namespace is forgotten but whose mark is there.
func Recognise(d *tree.Document) bool {
	if d.Root == nil {
		return false
	}
	if d.Syntax == tree.XML {
		return isCardSpace(d.Space) || d.Root.Name == Root && d.Root.Child(Marker) != nil
	}
	return d.Root.Kind == tree.Object && d.Root.Child(Marker) != nil
}

// Format is the format of a card in the syntax.
func Format(s tree.Syntax) exchange.Format {
	if s == tree.XML {
		return exchange.CardXML
	}
	return exchange.CardJSON
}

// Read validates a card that was read to its end and returns its report with
// every problem found (up to 100; a last one says so). now bounds the times
// that must lie in the past. With problems the report is what Identify says.
func Read(d *tree.Document, now time.Time) (*exchange.Report, []exchange.Problem) {
	r := &reader{doc: d, now: now, report: &exchange.Report{}, faults: append([]tree.Fault{}, d.Faults...)}
	if d.Whole {
		r.card()
	}
	problems := d.Problems(r.faults, r.names())
	if len(problems) > 0 {
		return Identify(d), problems
	}
	r.report.Format = Format(d.Syntax)
	return r.report, nil
}

// Identify returns as much of a card's identity as is beyond doubt, also of
// one that is invalid or broken: what stands once and has the form of an id.
func Identify(d *tree.Document) *exchange.Report {
	r := &exchange.Report{Format: Format(d.Syntax)}
	id := func(name string) string {
		if v := only(d, name); exchange.ValidID(v) {
			return v
		}
		return ""
	}
	r.ID, r.Reporter, r.Addressee = id("report_id"), id("reporter"), id("addressee")
	if k := exchange.ReportKind(only(d, "kind")); theTable().kinds[k] != nil {
		r.Kind = k
	}
	if n, ok := integer(only(d, "revision")); ok && n >= 1 && n <= 1<<31-1 {
		r.Revision = int(n)
	}
	if r.ID == "" && r.Kind == "" && r.Reporter == "" && r.Addressee == "" {
		return nil
	}
	return r
}

// only is the value of the field at the top that stands exactly once.
func only(d *tree.Document, name string) string {
	c := d.Root.Child(name)
	if c == nil || c.Spoilt || c.HasElements() {
		return ""
	}
	for o := c.Next; o != nil; o = o.Next {
		if o.Name == name && !o.Foreign {
			return ""
		}
	}
	switch c.Kind {
	case tree.Text, tree.Number:
		return c.Value
	case tree.Element:
		return collapse(c.Value)
	}
	return ""
}
