// Package misp is the MISP core format (draft-dulaunoy-misp-core-format-18): it
// reads events strictly into reports of the exchange, and writes reports of the
// kinds incident, vulnerability and threat as events.
//
// It owns the table of the format, its types and categories of attributes, and
// what their values look like. An event may stand alone, or several in a
// response as the API of MISP gives them. What is local to one instance of MISP
// (id, org_id, event_id, counts) may be absent, and numbers may stand as
// strings or as numbers: so exports, feeds and tools write them. Names the
// format does not know are legal, it is extended all the time. The package
// refuses to repeat in a problem what the document says.
package misp

import (
	"sync"
	"time"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/shape"
	"almasu/parser/tree"
)

// ownComment is the comment of the attribute that holds the fields of card v1
// that an event has not.
const ownComment = "almasu card/1"

var theTable = sync.OnceValue(func() *shape.Table {
	return shape.New(table, map[string]shape.Form{
		"tag":    shape.Pattern(`^\S(.*\S)?$`),
		"colour": shape.Pattern(`^#[0-9a-fA-F]{6}$`),
		"base64": {Key: "pattern-base64", Judge: func(s, _ string) bool { return soundBase64(s) }},
	})
})

const table = `
Document open
  Event Event
  response [Wrapped]*

Wrapped open
  Event! Event

Event open
  uuid! @uuid
  info! text
  date! @date
  timestamp! digits
  published bool
  publish_timestamp,first_publication,id,org_id,orgc_id,attribute_count,sharing_group_id digits
  threat_level_id digits(1,4)
  analysis digits(0,2)
  distribution digits(0,4)
  extends_uuid string
  Org,Orgc Org
  Attribute [Attribute]*
  ShadowAttribute [object]*
  Object [Object]*
  Tag [Tag]*
  Galaxy,RelatedEvent,EventReport [object]*

Org open
  uuid @uuid
  name! text
  id digits

Attribute open
  uuid @uuid
  type,category,value! text
  id,event_id,object_id,sharing_group_id,timestamp digits
  to_ids,deleted,disable_correlation bool
  distribution digits(0,5)
  comment string
  data @base64
  object_relation any
  first_seen,last_seen any
  Tag [Tag]*
  ShadowAttribute,RelatedAttribute,Galaxy,Sighting [object]*

Object open
  uuid @uuid
  name! text
  meta-category,description,comment string
  template_uuid @uuid
  template_version,id,event_id,sharing_group_id,timestamp digits
  distribution digits(0,5)
  deleted bool
  first_seen,last_seen any
  ObjectReference [Reference]*
  Attribute [Attribute]*

Reference open
  referenced_uuid @uuid
  relationship_type string

Tag open
  name! @tag
  id digits
  colour @colour
  exportable bool
`

// Read validates a document that was read to its end and returns one report
// for each event: an incident where a tag gives it a class of RSIT (other than
// of weaknesses) or says so, a vulnerability where ours says so, else a threat.
// With problems the reports are what Identify says.
func Read(d *tree.Document, now time.Time) ([]*exchange.Report, []exchange.Problem) {
	m := &reader{Faults: shape.NewFaults(d), now: now}
	var reports []*exchange.Report
	if d.Whole && d.Root != nil {
		theTable().Judge(m.Faults, d.Root, "Document")
		events := m.events()
		if len(events) == 0 && len(m.List) == 0 {
			m.Missing(d.Root, "Event")
		}
		for _, e := range events {
			m.event(e)
			reports = append(reports, m.report(e))
		}
	}
	if problems := d.Problems(m.List, m.names()); len(problems) > 0 {
		return Identify(d), problems
	}
	return reports, nil
}

// Identify returns the reports with as much of their identity as is beyond
// doubt, also of a document that is invalid or broken.
func Identify(d *tree.Document) []*exchange.Report {
	m := &reader{Faults: shape.NewFaults(d)}
	var known []*exchange.Report
	for _, e := range m.events() {
		if r := m.identity(e); r.ID != "" {
			known = append(known, r)
		}
	}
	return known
}

// reader reads one document.
type reader struct {
	*shape.Faults
	now time.Time
}

func (m *reader) events() []*tree.Node {
	if m.Doc.Root == nil || m.Doc.Root.Kind != tree.Object {
		return nil
	}
	var events []*tree.Node
	if e := shape.Get(m.Doc.Root, "Event"); e != nil && e.Kind == tree.Object {
		events = append(events, e)
	}
	for _, w := range shape.Items(m.Doc.Root, "response") {
		if e := shape.Get(w, "Event"); e != nil && e.Kind == tree.Object {
			events = append(events, e)
		}
	}
	return events
}

func (m *reader) names() tree.Names { return theTable().Names("Document") }

// own are the fields of card v1 in the attribute that holds them, read as a
// document of their own; nil if there are none.
func (m *reader) own(event *tree.Node) (at *tree.Node, fields *tree.Document) {
	for _, a := range shape.Items(event, "Attribute") {
		if shape.Text(a, "comment") == ownComment && shape.Text(a, "type") == "text" {
			if at = shape.Get(a, "value"); at == nil {
				at = a
			}
			return at, tree.ReadJSON([]byte(shape.Text(a, "value")), tree.Limits{})
		}
	}
	return nil, nil
}

// readOwn reads those fields into the report. What is wrong with them is told
// at the attribute, with the first reason: they are a text there.
func (m *reader) readOwn(event *tree.Node, r *exchange.Report) bool {
	at, fields := m.own(event)
	if fields == nil {
		return false
	}
	e, _ := card.ExtensionOf(r.Kind)
	faults := fields.Faults
	if len(faults) == 0 && fields.Whole {
		faults = e.Read(fields, fields.Root, r, m.now)
	}
	if len(faults) > 0 {
		m.Add(at, faults[0].Code, faults[0].Key, faults[0].Args...)
	}
	return true
}
