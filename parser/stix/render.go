package stix

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/shape"
)

// Render writes a report of the kinds incident, vulnerability and threat as a
// bundle. What STIX has no place for stands in x_almasu. The same report gives
// the same octets.
func Render(r *exchange.Report) ([]byte, error) {
	w := &writer{report: r, at: r.GeneratedAt.UTC().Format("2006-01-02T15:04:05.000Z"), seed: r.Reporter + "/" + string(r.Kind) + "/" + r.ID}
	if r.GeneratedAt.IsZero() {
		return nil, fmt.Errorf("render stix %s: the report has no generated_at", r.ID)
	}
	if id, definition := definitionOf(r.TLP); id != "" {
		w.marking = id
		w.objects = append(w.objects, definition)
	}
	w.author()
	var err error
	switch {
	case r.Kind == exchange.Incident && r.Incident != nil:
		err = w.incident(r.Incident)
	case r.Kind == exchange.Vulnerability && r.Vulnerability != nil:
		err = w.vulnerability(r.Vulnerability)
	case r.Kind == exchange.Threat && r.Threat != nil:
		err = w.threat(r.Threat)
	default:
		return nil, fmt.Errorf("render stix: a report of kind %s is not written as STIX", r.Kind)
	}
	if err != nil {
		return nil, fmt.Errorf("render stix %s: %w", r.ID, err)
	}
	return shape.Write(new(shape.Object).Set("type", "bundle").
		Set("id", "bundle--"+w.uuid("bundle "+strconv.Itoa(r.Revision))).Set("objects", w.objects))
}

// writer gathers the objects of one bundle.
type writer struct {
	report  *exchange.Report
	at      string // created and modified
	seed    string // of the ids
	marking string // "" if there is none
	creator string // the identity
	objects []*shape.Object
}

func (w *writer) uuid(role string) string { return shape.NameUUID(w.seed + " " + role) }

// begin is a domain object with its common properties, not in the bundle yet.
func (w *writer) begin(kind, id string) *shape.Object {
	o := new(shape.Object).Set("type", kind).Set("spec_version", "2.1").Set("id", id)
	if kind != "identity" {
		o.Set("created_by_ref", w.creator)
	}
	o.Set("created", w.at).Set("modified", w.at)
	if w.report.Language != "" && kind != "identity" {
		o.Set("lang", string(w.report.Language))
	}
	if w.marking != "" {
		o.Set("object_marking_refs", []string{w.marking})
	}
	return o
}

// subject is the id of the report's own object: the report's id if it is one
// of the type.
func (w *writer) subject(kind string) string {
	if identifier(w.report.ID, kind) {
		return w.report.ID
	}
	return kind + "--" + w.uuid("subject")
}

// author is the identity of the reporter.
func (w *writer) author() {
	w.creator = "identity--" + shape.NameUUID("reporter "+w.report.Reporter)
	name, contact := w.report.Reporter, ""
	if x := w.report.Incident; x != nil {
		contact = strings.TrimSpace(x.Contact.Email + " " + x.Contact.Phone)
	}
	if name == "" && len(w.report.Reporters) > 0 {
		name = w.report.Reporters[0]
	}
	if name == "" {
		name = "unknown"
	}
	w.objects = append(w.objects, w.begin("identity", w.creator).Set("name", name).
		Set("identity_class", "organization").Set("contact_information", contact))
}

// own are the fields of the card that stand nowhere else.
func (w *writer) own(o *shape.Object, native ...string) error {
	e, _ := card.ExtensionOf(w.report.Kind, append(native, "kind", "tlp", "language")...)
	data, err := e.Write(w.report)
	if err != nil {
		return err
	}
	o.Put(Custom, raw(data))
	return nil
}

// raw is JSON as it stands.
type raw []byte

// MarshalJSON implements json.Marshaler.
func (r raw) MarshalJSON() ([]byte, error) { return r, nil }

// named is a name that STIX asks for where the report may have none.
func (w *writer) named(name string) string {
	if name == "" {
		return w.report.ID
	}
	return name
}

func (w *writer) incident(x *exchange.IncidentBody) error {
	id := w.subject("incident")
	core := new(shape.Object).Set("extension_type", "property-extension").Set("determination", "confirmed")
	status := map[string]string{"new": "new", "resolved": "closed"}[x.Status]
	if status == "" {
		status = "open"
	}
	core.Set("investigation_status", status)
	if c := map[exchange.Severity]int{exchange.Low: 20, exchange.Medium: 50, exchange.High: 80}[x.Severity]; c > 0 {
		core.Set("criticality", c)
	}
	if x.DetectionSource != "" {
		core.Set("detection_methods", []string{x.DetectionSource})
	}
	o := w.begin("incident", id).Set("name", w.named(x.IncidentID)).Set("description", x.Summary)
	if predicate, value, ok := strings.Cut(x.Class.RSIT, "/"); ok {
		o.Set("labels", []string{"rsit:" + predicate + `="` + value + `"`})
	}
	o.Set("extensions", new(shape.Object).Set(IncidentCore, core))
	if err := w.own(o, "summary", "indicators"); err != nil {
		return err
	}
	w.objects = append(w.objects, o)
	for i, ref := range w.indicators(x.Indicators, x.DetectedAt) {
		w.join(ref, "detected", id, i)
	}
	if x.Victim != nil {
		victim := "identity--" + w.uuid("victim")
		w.objects = append(w.objects, w.begin("identity", victim).Set("name", nameOf(x.Victim)).Set("identity_class", "organization"))
		w.join(id, "targets", victim, 0)
	}
	return nil
}

func nameOf(o *exchange.Organisation) string {
	for _, name := range []string{o.Name.In(exchange.Kazakh), o.BIN} {
		if name != "" {
			return name
		}
	}
	return "unknown"
}

func (w *writer) join(source, kind, target string, n int) {
	w.objects = append(w.objects, w.begin("relationship", "relationship--"+w.uuid(kind+" "+strconv.Itoa(n))).
		Set("relationship_type", kind).Set("source_ref", source).Set("target_ref", target))
}

// indicators writes indicators and returns their ids. They hold from the time
// given, failing that from the report's.
func (w *writer) indicators(list []exchange.Indicator, from time.Time) []string {
	since := w.at
	if !from.IsZero() {
		since = from.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	var ids []string
	for n, i := range list {
		id := "indicator--" + w.uuid("indicator "+strconv.Itoa(n))
		kind, text := writePattern(i)
		o := w.begin("indicator", id).Set("description", i.Note).Set("pattern", text).Set("pattern_type", kind)
		if kind == "stix" {
			o.Set("pattern_version", "2.1")
		}
		w.objects = append(w.objects, o.Set("valid_from", since))
		ids = append(ids, id)
	}
	return ids
}

func (w *writer) vulnerability(x *exchange.VulnerabilityBody) error {
	o := w.begin("vulnerability", w.subject("vulnerability")).Set("name", w.named(x.Title)).Set("description", x.Description)
	var refs []*shape.Object
	for _, id := range x.CVE {
		refs = append(refs, new(shape.Object).Set("source_name", "cve").Set("external_id", id))
	}
	for _, id := range x.CWE {
		refs = append(refs, new(shape.Object).Set("source_name", "cwe").Set("external_id", id))
	}
	o.Set("external_references", refs)
	if err := w.own(o, "title", "description", "cve"); err != nil {
		return err
	}
	w.objects = append(w.objects, o)
	return nil
}

func (w *writer) threat(x *exchange.ThreatBody) error {
	o := w.begin("report", w.subject("report")).Set("name", w.named(x.Title)).Set("description", x.Description).
		Set("report_types", []string{"threat-report"}).Set("published", w.at)
	refs := append([]string{w.creator}, w.indicators(x.Indicators, x.ObservedAt)...)
	o.Set("object_refs", refs)
	if err := w.own(o, "title", "description", "indicators"); err != nil {
		return err
	}
	w.objects = append(w.objects, o)
	return nil
}
