package stix

import (
	"slices"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/shape"
	"almasu/parser/tree"
)

// incident reads an incident and what the bundle says of it. alone: it is the
// only one, so that everything in the bundle belongs to it.
func (b *bundle) incident(o *tree.Node, r *exchange.Report, alone bool) {
	x := &exchange.IncidentBody{IncidentID: r.ID, Summary: card.FitText(shape.Text(o, "description"))}
	r.Incident = x
	if name := shape.Text(o, "name"); exchange.ValidID(name) {
		x.IncidentID = name
	} else if x.Summary == "" {
		x.Summary = card.FitText(name)
	}
	around := b.objects
	if !alone {
		around = b.joined(shape.Text(o, "id"))
	}
	x.Indicators = b.indicators(around)
	if shape.Get(o, Custom) != nil {
		return // all else stands there
	}
	b.core(shape.Get(o, "extensions", IncidentCore), shape.Texts(o, "labels"), x)
	for _, l := range b.links[shape.Text(o, "id")] {
		v := b.byID[l.other]
		if v != nil && x.Victim == nil && !l.back && shape.Text(v, "type") == "identity" && (l.kind == "targets" || l.kind == "impacts") {
			x.Victim = &exchange.Organisation{Name: exchange.Names{EN: card.FitLine(shape.Text(v, "name"))}}
		}
	}
	if alone {
		b.course(x)
	}
}

// core reads the Incident Core extension.
func (b *bundle) core(core *tree.Node, labels []string, x *exchange.IncidentBody) {
	if c := shape.Get(core, "criticality"); c != nil {
		x.Severity = severity(shape.Int(core, "criticality"))
	}
	x.Status = map[string]string{"new": "new", "open": "in-progress", "closed": "resolved"}[shape.Text(core, "investigation_status")]
	x.DetectionSource = card.FitLine(strings.Join(shape.Texts(core, "detection_methods"), ", "))
	for _, label := range append(labels, shape.Texts(core, "incident_types")...) {
		if class := rsit(label); class != "" && x.Class.RSIT == "" {
			x.Class.RSIT = class
		}
	}
}

// course takes the times of an incident from its events and tasks.
func (b *bundle) course(x *exchange.IncidentBody) {
	first := func(into *time.Time, t time.Time) {
		if !t.IsZero() && (into.IsZero() || t.Before(*into)) {
			*into = t
		}
	}
	for _, o := range b.objects {
		at := shape.When(o, "start_time")
		switch shape.Text(o, "type") {
		case "event":
			first(&x.StartedAt, at)
		case "task":
			kinds := shape.Texts(o, "task_types")
			for word, into := range map[string]*time.Time{"detected": &x.DetectedAt, "declared": &x.ConfirmedAt, "reported": &x.ReportedAt} {
				if slices.Contains(kinds, word) {
					first(into, at)
				}
			}
			if text := card.FitText(shape.Text(o, "description")); text != "" && !at.IsZero() {
				x.Actions = append(x.Actions, exchange.Action{At: at, Text: text})
			}
		}
	}
}

// severity: criticality counts from 0 to 100.
func severity(criticality int) exchange.Severity {
	switch {
	case criticality < 40:
		return exchange.Low
	case criticality < 70:
		return exchange.Medium
	}
	return exchange.High
}

// rsit reads a class from a machine tag rsit:predicate="value".
func rsit(label string) string {
	rest, ok := strings.CutPrefix(label, "rsit:")
	if !ok {
		return ""
	}
	if class := strings.ReplaceAll(strings.ReplaceAll(rest, `"`, ""), "=", "/"); card.SoundClass(class) {
		return class
	}
	return ""
}

// joined are the objects that a relationship of any type, in any direction,
// joins with the one of the id.
func (b *bundle) joined(id string) []*tree.Node {
	var all []*tree.Node
	seen := map[*tree.Node]bool{}
	for _, l := range b.links[id] {
		if o := b.byID[l.other]; o != nil && !seen[o] {
			seen[o] = true
			all = append(all, o)
		}
	}
	return all
}

// vulnerability reads a vulnerability.
func (b *bundle) vulnerability(o *tree.Node, r *exchange.Report) {
	name := shape.Text(o, "name")
	x := &exchange.VulnerabilityBody{VulnerabilityID: r.ID, Title: card.FitLine(name), Description: card.FitText(shape.Text(o, "description"))}
	r.Vulnerability = x
	for _, ref := range shape.Items(o, "external_references") {
		if id := shape.Text(ref, "external_id"); shape.Text(ref, "source_name") == "cve" && card.SoundForm("cve", id) {
			x.CVE = append(x.CVE, id)
		}
	}
	if shape.Get(o, Custom) != nil {
		return
	}
	if card.SoundForm("cve", name) && !slices.Contains(x.CVE, name) {
		x.CVE = append(x.CVE, name)
	}
	x.FoundAt = shape.When(o, "created")
}

// threat reads a report, a grouping, or a bundle of indicators.
func (b *bundle) threat(o *tree.Node, r *exchange.Report) {
	x := &exchange.ThreatBody{ThreatID: r.ID, Title: card.FitLine(shape.Text(o, "name")), Description: card.FitText(shape.Text(o, "description"))}
	r.Threat = x
	around := b.objects
	if o != b.Doc.Root {
		around = nil
		for _, id := range shape.Texts(o, "object_refs") {
			if i := b.byID[id]; i != nil {
				around = append(around, i)
			}
		}
	}
	x.Indicators = b.indicators(around)
	if shape.Get(o, Custom) != nil {
		return
	}
	x.ObservedAt = shape.When(o, "published")
	for _, i := range around {
		if at := shape.When(i, "valid_from"); !at.IsZero() && (x.ObservedAt.IsZero() || at.Before(x.ObservedAt)) {
			x.ObservedAt = at
		}
		if x.Title == "" && shape.Text(i, "type") != "identity" {
			x.Title = card.FitLine(shape.Text(i, "name"))
		}
		if x.Description == "" && shape.Text(i, "type") != "identity" {
			x.Description = card.FitText(shape.Text(i, "description"))
		}
	}
	if x.ObservedAt.IsZero() {
		x.ObservedAt = b.latest("created")
	}
}

// latest is the latest of a time in the bundle.
func (b *bundle) latest(name string) (t time.Time) {
	for _, o := range b.objects {
		if at := shape.When(o, name); at.After(t) {
			t = at
		}
	}
	return t
}
