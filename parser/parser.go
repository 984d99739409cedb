// Package parser turns the opened parts of a message into reports: it chooses
// the one machine part (DESIGN section 5), has it read by the room of its
// format, and says with path, line and column what is wrong with it.
//
// It is pure: no disk, no network, no clock. It refuses to judge trust or
// permission (room exchange), to guess at documents in formats it does not
// know, and to repeat anything a document says in a problem or a reason.
package parser

import (
	"fmt"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/internal/catalogue"
	"almasu/parser/tree"
)

// Limits bound what is read; a zero value means the default.
type Limits struct {
	Document    int64 // octets of the machine part (limits.document): 4 MiB
	Depth       int   // nesting (limits.depth): 32
	Items       int   // values in a document, besides one for every 16 octets of it: 10,000
	StringBytes int   // octets of one string: 1 MiB

	ArchiveEntries int   // files in the archives of a message (limits.archive_entries): 100
	ArchiveBytes   int64 // octets of an archive unpacked (limits.archive_size): 64 MiB
	ArchiveRatio   int   // unpacked to packed (limits.archive_ratio): 100
}

const defaultDocument = 4 << 20

func (l Limits) document() int64 {
	if l.Document <= 0 || l.Document > 1<<30 {
		return defaultDocument
	}
	return l.Document
}

func (l Limits) tree() tree.Limits {
	return tree.Limits{Depth: l.Depth, Values: l.Items, StringBytes: l.StringBytes}
}

// FindingMediaType: the declared media type and the content of the machine
// part are of different syntax; the content was believed.
const FindingMediaType = "media-type-differs"

// Parsed is what a message's payload holds.
type Parsed struct {
	// Reports are the reports of the machine part, accepted as a whole. Where
	// Refusal is set they are only identified as far as that is beyond doubt.
	Reports     []*exchange.Report
	Format      exchange.Format     // "" if not known
	Document    exchange.Document   // the machine part
	Attachments []exchange.Document // listed, not interpreted
	Problems    []exchange.Problem
	Refusal     exchange.Refusal // no-report, many-reports, format-unknown, malformed, too-deep, invalid
	Findings    []string
}

// Parse chooses the one machine part among the documents and reads it. now is
// the time of arrival. Text meant for people (an unnamed text part that holds
// no report) is not listed among the attachments.
//
// A document over Limits.Document is not read: its problem is limit, its code
// invalid.
//
// Archives (zip, gzip, tar) are opened, one level deep, and what is in them
// stands in the message beside them. One that was not opened is a finding, and
// the refusal where there is no report elsewhere.
func Parse(docs []exchange.Document, l Limits, now time.Time) Parsed {
	opened := unpack(docs, l)
	docs = opened.documents
	var seen []*candidate
	for i := range docs {
		if c := look(docs[i], l); c != nil {
			c.index = i
			seen = append(seen, c)
		}
	}
	chosen, refusal := choose(seen)
	p := Parsed{Refusal: refusal, Findings: opened.findings}
	for i, d := range docs {
		switch {
		case chosen != nil && chosen.index == i:
			p.Document = d
		case d.Name != "" || !strings.HasPrefix(d.MediaType, "text/"):
			p.Attachments = append(p.Attachments, d)
		}
	}
	switch {
	case chosen != nil:
		p.read(chosen, l, now)
	case refusal.Code == exchange.ManyReports:
		p.Reports = identities(seen)
	case refusal.Code == exchange.NoReport && opened.fault != nil:
		p.Document = opened.closed
		p.refuseArchive(opened.fault)
	}
	return p
}

// identities are the reports in several report documents, as far as they can
// be identified.
func identities(seen []*candidate) []*exchange.Report {
	var all []*exchange.Report
	for _, c := range seen {
		all = append(all, c.identify()...)
	}
	return all
}

// ParseFile reads one document that is meant to be a report, for `almasu
// validate`: like Parse, but a document in no known notation is format-unknown.
func ParseFile(doc exchange.Document, l Limits, now time.Time) Parsed {
	p := Parse([]exchange.Document{doc}, l, now)
	if p.Refusal.Code == exchange.NoReport {
		p.Document, p.Attachments = doc, nil
		p.unknown(nil)
	}
	return p
}

// read judges the chosen document.
func (p *Parsed) read(c *candidate, l Limits, now time.Time) {
	p.Format = c.format
	p.Findings = append(p.Findings, c.tree.Findings...)
	if c.mislabelled {
		p.Findings = append(p.Findings, FindingMediaType)
	}
	if c.oversize {
		p.Reports = c.identify()
	} else {
		p.Reports, p.Problems = c.parse(now)
		p.Reports = unfold(p.Reports)
	}
	switch {
	case c.oversize:
		p.problem(exchange.ProblemLimit, "limit-document", fmt.Sprint(l.document()))
		p.refuse(exchange.Invalid)
	case c.broken:
		if !c.isRead() {
			p.Problems = c.tree.Problems(c.tree.Faults, nil)
		}
		p.refuse(brokenCode(c.tree))
	case !c.isRead():
		p.unknown(c)
	case len(p.Problems) > 0:
		p.refuse(exchange.Invalid)
	}
}

// brokenCode is the code of a document that could not be read to its end, or
// is not well-formed.
func brokenCode(d *tree.Document) exchange.Code {
	switch {
	case d.Broken():
		return exchange.Malformed
	case d.TooDeep:
		return exchange.TooDeep
	}
	return exchange.Invalid
}

// unknown refuses a document in a format that is not read.
func (p *Parsed) unknown(c *candidate) {
	if c != nil && c.format != "" {
		p.problem(exchange.ProblemUnknown, "format-unsupported", string(c.format))
	} else {
		p.problem(exchange.ProblemUnknown, "format-unknown")
	}
	p.refuse(exchange.FormatUnknown)
}

// problem notes a problem of the document as a whole.
func (p *Parsed) problem(code exchange.ProblemCode, key string, args ...string) {
	p.Problems = append(p.Problems, exchange.Problem{Code: code, Key: key, Args: args,
		Text: catalogue.Text(string(exchange.English), "problem."+key, args...)})
}

// refuse sets the code with the first problem as its reason; a reason never
// holds what the document says.
func (p *Parsed) refuse(code exchange.Code) {
	first := p.Problems[0]
	reason := fmt.Sprintf("%d problems, the first: %s", len(p.Problems), first.Code)
	if first.Path != "" {
		reason += " at " + first.Path
	}
	p.Refusal = exchange.Refusal{Code: code, Reason: reason}
}

// Render writes a report in the format, ready to be a message's machine part:
// with media type and an ASCII file name such as "incident-ID-r1.json". A
// report that lacks what the format asks for, or that holds what its reader
// would refuse, is an error.
func Render(r *exchange.Report, f exchange.Format) (exchange.Document, error) {
	doc := exchange.Document{MediaType: mediaTypes[f]}
	render := roomOf(f).render
	if render == nil {
		return exchange.Document{}, fmt.Errorf("render: reports are not written in the format %q", f)
	}
	var err error
	if doc.Body, err = render(r); err != nil {
		return exchange.Document{}, err
	}
	if err := readable(r, f, doc); err != nil {
		return exchange.Document{}, err
	}
	extension := ".json"
	if f == exchange.CardXML || f == exchange.IODEFXML {
		doc.Charset, extension = "utf-8", ".xml"
	}
	// A colon may stand in an id but not in a file name everywhere.
	doc.Name = strings.ReplaceAll(fmt.Sprintf("%s-%s-r%d", r.Kind, r.ID, r.Revision), ":", "_") + extension
	return doc, nil
}

// readable has a report that may have come from outside, in another format, read
// back: what one format lets be absent another asks for.
func readable(r *exchange.Report, f exchange.Format, doc exchange.Document) error {
	if r.Kind != exchange.Incident && r.Kind != exchange.Vulnerability && r.Kind != exchange.Threat {
		return nil
	}
	never := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) // nothing lies after it
	p := Parse([]exchange.Document{doc}, Limits{Document: 1 << 30}, never)
	switch {
	case len(p.Problems) > 0:
		return fmt.Errorf("render: as %s the report would not be valid: %s: %s", f, p.Problems[0].Path, p.Problems[0].Text)
	case p.Refusal.Code != "":
		return fmt.Errorf("render: as %s the report would not be valid: %s", f, p.Refusal.Reason)
	}
	return nil
}

// mediaTypes are those of the formats that are rendered (DESIGN section 5).
var mediaTypes = map[exchange.Format]string{exchange.CardJSON: "application/json", exchange.CardXML: "application/xml",
	exchange.IODEFJSON: "application/iodef+json", exchange.IODEFXML: "application/iodef+xml",
	exchange.STIX: "application/stix+json", exchange.MISP: "application/json"}
