// Package iodef is IODEF version 2 (RFC 7970, with errata 5544 and 5583) as XML
// and as JSON (RFC 8727): it reads documents strictly into reports of the
// exchange, and writes reports of the kinds incident, vulnerability and threat
// as documents.
//
// It owns the two models, model_xml.txt and model_json.txt, which a test makes
// from the XSD and from the JSON schema; every rule of the schemas is judged by
// them and by nothing else. What the RFC asks for beside the schema is in
// meaning.go, what maps where in map_*.go and docs/FORMATS.md. It refuses to
// choose among documents (room parser), to fetch anything a document names, and
// to repeat in a problem what the document says.
package iodef

import (
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

// What names IODEF and the extensions of ours in it.
const (
	Namespace = "urn:ietf:params:xml:ns:iodef-2.0"
	Root      = "IODEF-Document" // the XML root element
	// FormatID marks an AdditionalData as a field of card v1 that IODEF has not;
	// its attribute name is the name of the field there.
	FormatID = "urn:almasu:card:1"
)

// Skew is how far a time of the past may lie ahead of the reader's clock.
const Skew = 10 * time.Minute

// Recognise reports whether a document means to be IODEF: an XML root of that
// name or in a namespace of IODEF, or a JSON object with a list of Incidents.
func Recognise(d *tree.Document) bool {
	switch {
	case d.Root == nil:
		return false
	case d.Syntax == tree.XML:
		return d.Root.Name == Root || isIODEFSpace(d.Space)
	}
	c := d.Root.Child("Incident")
	return d.Root.Kind == tree.Object && c != nil && c.Kind == tree.List
}

// Format is the format of an IODEF document in the syntax.
func Format(s tree.Syntax) exchange.Format {
	if s == tree.XML {
		return exchange.IODEFXML
	}
	return exchange.IODEFJSON
}

// Read validates a document that was read to its end and returns one report
// for each Incident in it with every problem found (up to 100; a last one says
// so). now bounds the times that must lie in the past. With problems the
// reports are what Identify says.
func Read(d *tree.Document, now time.Time) ([]*exchange.Report, []exchange.Problem) {
	f := &faults{doc: d, list: append([]tree.Fault{}, d.Faults...)}
	var reports []*exchange.Report
	if d.Whole {
		if judge(f) {
			m := &mapper{faults: f, now: now}
			m.document()
			m.meaning()
			reports = m.reports
		}
	}
	problems := d.Problems(f.list, rootNames(d))
	if len(problems) > 0 {
		return Identify(d), problems
	}
	return reports, nil
}

// Identify returns one report for each Incident with as much of its identity
// as is beyond doubt, also of a document that is invalid or broken.
func Identify(d *tree.Document) []*exchange.Report {
	if d.Root == nil || rootNames(d) == nil {
		return nil
	}
	m := &mapper{faults: &faults{doc: d}}
	var known []*exchange.Report
	for _, incident := range m.top().all("Incident") {
		if r := m.identity(incident); r.ID != "" || len(r.Reporters) > 0 {
			known = append(known, r)
		}
	}
	return known
}

// judge validates the document against the schema; false if it is not IODEF
// version 2 at all, so that nothing in it can be judged.
func judge(f *faults) bool {
	root := f.doc.Root
	if f.doc.Syntax == tree.XML {
		if root.Name != Root || f.doc.Space != Namespace {
			f.add(root, root.At, exchange.ProblemEnum, "iodef-root", Root, Namespace)
			return false
		}
		(&xmlJudge{faults: f, model: theXML(), ids: map[string]bool{}}).element(root, theXML().classes[Root])
		return true
	}
	j := &jsonJudge{faults: f, model: theJSON()}
	j.value(root, jsonType{name: Root})
	return root.Kind == tree.Object
}

// faults gathers the mistakes of one document.
type faults struct {
	doc  *tree.Document
	list []tree.Fault
}

func (f *faults) add(n *tree.Node, at uint32, code exchange.ProblemCode, key string, args ...string) {
	if !f.full() {
		f.list = append(f.list, tree.Fault{Code: code, Key: key, Args: args, Node: n, At: int(at)})
	}
}

// missing tells that the node lacks a child or, with "@", an attribute.
func (f *faults) missing(n *tree.Node, name, told string) {
	if !f.full() {
		f.list = append(f.list, tree.Fault{Code: exchange.ProblemRequired, Key: "required", Args: []string{told},
			Node: n, Missing: name, At: int(n.At)})
	}
}

func (f *faults) full() bool { return tree.Full(f.list) }
