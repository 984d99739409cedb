// Package stix is STIX 2.1 (OASIS standard of 10 June 2021): it reads bundles
// strictly into reports of the exchange, and writes reports of the kinds
// incident, vulnerability and threat as bundles. Incidents carry the Incident
// Core extension, version 2.
//
// It owns the table of objects and the rules of the standard that no table can
// say. Custom objects, properties and extensions are legal and left alone, but
// for x_almasu, which holds the fields of card v1 that STIX has not. It refuses
// to resolve a reference out of the bundle, to fetch anything, and to repeat in
// a problem what the document says.
package stix

import (
	"maps"
	"slices"
	"sync"
	"time"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/shape"
	"almasu/parser/tree"
)

// The names of what is ours and of the extension of incidents.
const (
	Custom       = "x_almasu" // property with the fields of card v1
	IncidentCore = "extension-definition--ef765651-680c-498d-9894-99799f2fa126"
)

// theTable is made once and only read afterwards.
var theTable = sync.OnceValue(func() *shape.Table { return shape.New(common+domain+observables+predefined, forms()) })

// objectTypes are the types whose properties the standard lists.
var objectTypes = sync.OnceValue(func() []string {
	all := map[string]bool{}
	for _, text := range []string{domain, observables} {
		for _, m := range typeLine.FindAllStringSubmatch(text, -1) {
			all[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
})

// Read validates a document that was read to its end and returns its reports:
// one for each incident; failing that for each report or grouping; failing
// that for each vulnerability; failing that one for all the indicators. now
// bounds the times that must lie in the past. With problems the reports are
// what Identify says.
func Read(d *tree.Document, now time.Time) ([]*exchange.Report, []exchange.Problem) {
	b := newBundle(d, now)
	var reports []*exchange.Report
	if d.Whole && d.Root != nil {
		b.judge()
		reports = b.reports()
	}
	if problems := d.Problems(b.List, b.names()); len(problems) > 0 {
		return Identify(d), problems
	}
	return reports, nil
}

// Identify returns the reports with as much of their identity as is beyond
// doubt, also of a document that is invalid or broken.
func Identify(d *tree.Document) []*exchange.Report {
	if d.Root == nil || d.Root.Kind != tree.Object {
		return nil
	}
	b := newBundle(d, time.Time{})
	var known []*exchange.Report
	kind, subjects := b.subjects()
	for _, s := range subjects {
		if r := b.identity(kind, s); r.ID != "" {
			known = append(known, r)
		}
	}
	return known
}

// bundle is one document being read.
type bundle struct {
	*shape.Faults
	now     time.Time
	objects []*tree.Node
	byID    map[string]*tree.Node // the latest version of each
	links   map[string][]link     // relationships, by both ends
}

// link is one end of a relationship.
type link struct {
	other, kind string
	back        bool // other is the source
}

func newBundle(d *tree.Document, now time.Time) *bundle {
	b := &bundle{Faults: shape.NewFaults(d), now: now, byID: map[string]*tree.Node{}, links: map[string][]link{}}
	if d.Root == nil {
		return b
	}
	for _, o := range shape.Items(d.Root, "objects") {
		if o.Kind != tree.Object {
			continue
		}
		b.objects = append(b.objects, o)
		id := shape.Text(o, "id")
		if old := b.byID[id]; old == nil || shape.When(old, "modified").Before(shape.When(o, "modified")) {
			b.byID[id] = o
		}
		if source, target := shape.Text(o, "source_ref"), shape.Text(o, "target_ref"); source != "" && target != "" {
			kind := shape.Text(o, "relationship_type")
			b.links[source] = append(b.links[source], link{target, kind, false})
			b.links[target] = append(b.links[target], link{source, kind, true})
		}
	}
	return b
}

// names is what is known at the root (tree.Names).
func (b *bundle) names() tree.Names {
	kind, _ := b.subjects()
	return rootNames{Names: theTable().Names("bundle"), kind: kind}
}

// rootNames leads from the bundle to its objects, and from these to the fields
// of ours.
type rootNames struct {
	tree.Names
	kind   exchange.ReportKind
	inside bool // at an object of the bundle
}

// Below implements tree.Names.
func (n rootNames) Below(name string) (tree.Names, bool, bool) {
	switch {
	case !n.inside && name == "objects":
		return rootNames{Names: theTable().Names(objectTypes()...), kind: n.kind, inside: true}, false, true
	case n.inside && name == Custom:
		if e, ok := card.ExtensionOf(n.kind); ok {
			return e.Names(), false, true
		}
		return nil, false, true
	}
	return n.Names.Below(name)
}
