package parser

import (
	"time"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/csaf"
	"almasu/parser/iodef"
	"almasu/parser/misp"
	"almasu/parser/stix"
	"almasu/parser/tree"
	"almasu/parser/xarf"
)

// room is what the room of a format offers.
type room struct {
	read     func(*tree.Document, time.Time) ([]*exchange.Report, []exchange.Problem)
	identify func(*tree.Document) []*exchange.Report
	render   func(*exchange.Report) ([]byte, error) // nil where the format is only read
}

// roomOf is the room of a format, the zero room for one that is not read.
func roomOf(f exchange.Format) room {
	switch f {
	case exchange.CardJSON, exchange.CardXML:
		return room{readCard, identifyCard, func(r *exchange.Report) ([]byte, error) { return card.Render(r, f) }}
	case exchange.IODEFXML, exchange.IODEFJSON:
		return room{iodef.Read, iodef.Identify, func(r *exchange.Report) ([]byte, error) { return iodef.Render(r, f) }}
	case exchange.STIX:
		return room{stix.Read, stix.Identify, stix.Render}
	case exchange.MISP:
		return room{misp.Read, misp.Identify, misp.Render}
	case exchange.CSAF:
		return room{csaf.Read, csaf.Identify, nil}
	case exchange.XARF:
		return room{xarf.Read, xarf.Identify, nil}
	}
	return room{}
}

func readCard(d *tree.Document, now time.Time) ([]*exchange.Report, []exchange.Problem) {
	r, problems := card.Read(d, now)
	return listed(r), problems
}

func identifyCard(d *tree.Document) []*exchange.Report { return listed(card.Identify(d)) }

func listed(r *exchange.Report) []*exchange.Report {
	if r == nil {
		return nil
	}
	return []*exchange.Report{r}
}

// isRead reports whether reports in the document's format are read.
func (c *candidate) isRead() bool { return roomOf(c.format).read != nil }

// parse has the document read by the room of its format.
func (c *candidate) parse(now time.Time) ([]*exchange.Report, []exchange.Problem) {
	if !c.isRead() {
		return nil, nil
	}
	return roomOf(c.format).read(c.tree, now)
}

// identify says what is beyond doubt about the reports of the document.
func (c *candidate) identify() []*exchange.Report {
	if !c.isRead() {
		return nil
	}
	return roomOf(c.format).identify(c.tree)
}
