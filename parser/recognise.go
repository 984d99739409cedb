package parser

import (
	"strings"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/iodef"
	"almasu/parser/tree"
)

// recognise tells the report format of a document by what stands at its top,
// and failing that by a media type that names one. A document that was read in
// part only is recognised by what was read.
func recognise(doc exchange.Document, d *tree.Document) exchange.Format {
	switch {
	case card.Recognise(d):
		return card.Format(d.Syntax)
	case d.Root == nil:
	case d.Syntax == tree.XML:
		if iodef.Recognise(d) {
			return exchange.IODEFXML
		}
	case d.Root.Kind == tree.Object:
		if f := recogniseJSON(d.Root); f != "" {
			return f
		}
	}
	return map[string]exchange.Format{
		"application/iodef+json": exchange.IODEFJSON,
		"application/iodef+xml":  exchange.IODEFXML,
		"application/stix+json":  exchange.STIX,
		"application/csaf+json":  exchange.CSAF,
	}[doc.MediaType]
}

// recogniseJSON looks for the members that the other formats cannot be without.
func recogniseJSON(root *tree.Node) exchange.Format {
	has := func(n *tree.Node, name string, kind tree.Kind) bool {
		c := n.Child(name)
		return c != nil && c.Kind == kind
	}
	text := func(name string) string {
		if c := root.Child(name); c != nil && c.Kind == tree.Text {
			return c.Value
		}
		return ""
	}
	id := text("id")
	switch {
	case has(root, "Incident", tree.List): // RFC 8727, as iodef.Recognise has it
		return exchange.IODEFJSON
	case text("type") == "bundle" && strings.HasPrefix(id, "bundle--"),
		text("spec_version") != "" && strings.HasPrefix(id, text("type")+"--"): // STIX 2.1 sections 2.9 and 8
		return exchange.STIX
	case has(root, "document", tree.Object) && root.Child("document").Child("csaf_version") != nil: // CSAF 2.0 section 3.2.1
		return exchange.CSAF
	case has(root, "Event", tree.Object) && has(root.Child("Event"), "info", tree.Text): // MISP core format
		return exchange.MISP
	case has(root, "response", tree.List) && has(root.Child("response").First, "Event", tree.Object):
		return exchange.MISP
	case text("xarf_version") != "", has(root, "ReporterInfo", tree.Object) && has(root, "Report", tree.Object):
		return exchange.XARF
	}
	return ""
}
