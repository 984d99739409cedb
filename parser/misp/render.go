package misp

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/shape"
)

// Render writes a report of the kinds incident, vulnerability and threat as an
// event. The fields of the card that an event has not stand as JSON in one
// attribute of type text. The same report gives the same octets.
func Render(r *exchange.Report) ([]byte, error) {
	w := &writer{report: r, at: strconv.FormatInt(r.GeneratedAt.Unix(), 10), id: r.ID}
	if r.GeneratedAt.Unix() <= 0 {
		return nil, fmt.Errorf("render misp %s: the report has no generated_at", r.ID)
	}
	if !shape.UUID(r.ID) {
		w.id = shape.NameUUID(r.Reporter + "/" + string(r.Kind) + "/" + r.ID)
	}
	event := new(shape.Object).Put("uuid", w.id)
	switch {
	case r.Kind == exchange.Incident && r.Incident != nil:
		x := r.Incident
		w.begin(event, x.Summary, x.Severity, x.DetectedAt, x.Class.RSIT)
		w.indicators(x.Indicators)
	case r.Kind == exchange.Vulnerability && r.Vulnerability != nil:
		x := r.Vulnerability
		w.begin(event, x.Title, "", x.FoundAt, "")
		for _, id := range x.CVE {
			w.attribute("vulnerability", "External analysis", id, "", false)
		}
		for _, id := range x.CWE {
			w.attribute("weakness", "External analysis", id, "", false)
		}
	case r.Kind == exchange.Threat && r.Threat != nil:
		x := r.Threat
		class := ""
		if x.Class != nil {
			class = x.Class.RSIT
		}
		w.begin(event, x.Title, x.Severity, x.ObservedAt, class)
		w.indicators(x.Indicators)
	default:
		return nil, fmt.Errorf("render misp: a report of kind %s is not written as MISP", r.Kind)
	}
	e, _ := card.ExtensionOf(r.Kind, "kind", "tlp", "indicators")
	own, err := e.Write(r)
	if err != nil {
		return nil, fmt.Errorf("render misp %s: %w", r.ID, err)
	}
	w.attribute("text", "Other", string(own), ownComment, false)
	event.Put("attribute_count", strconv.Itoa(len(w.attributes))).Put("Attribute", w.attributes).
		Put("ShadowAttribute", []int{}).Put("RelatedEvent", []int{}).Put("Object", []int{}).Put("Tag", w.tags)
	return shape.Write(new(shape.Object).Put("Event", event))
}

type writer struct {
	report     *exchange.Report
	id         string // of the event
	at         string // seconds
	attributes []*shape.Object
	tags       []*shape.Object
}

// begin writes what is of the event as a whole.
func (w *writer) begin(event *shape.Object, info string, severity exchange.Severity, day time.Time, class string) {
	if day.IsZero() {
		day = w.report.GeneratedAt
	}
	if info = card.FitLine(info); info == "" {
		info = w.report.ID
	}
	level := map[exchange.Severity]string{exchange.High: "1", exchange.Medium: "2", exchange.Low: "3"}[severity]
	if level == "" {
		level = "4"
	}
	name := w.report.Reporter
	if name == "" {
		name = "unknown"
	}
	org := new(shape.Object).Put("id", "0").Put("name", name).Put("uuid", shape.NameUUID("reporter "+w.report.Reporter))
	event.Put("id", "0").Put("orgc_id", "0").Put("org_id", "0").Put("date", day.Format(time.DateOnly)).
		Put("threat_level_id", level).Put("info", info).Put("published", false).Put("analysis", "1").
		Put("timestamp", w.at).Put("distribution", "0").Put("proposal_email_lock", false).Put("locked", false).
		Put("publish_timestamp", "0").Put("sharing_group_id", "0").Put("Org", org).Put("Orgc", org)
	w.tag(`almasu:kind="` + string(w.report.Kind) + `"`)
	for word, label := range labels() {
		if label == w.report.TLP && word != "white" {
			w.tag("tlp:" + word)
		}
	}
	if predicate, value, ok := strings.Cut(class, "/"); ok {
		w.tag("rsit:" + predicate + `="` + value + `"`)
	}
}

func (w *writer) tag(name string) {
	w.tags = append(w.tags, new(shape.Object).Put("name", name).Put("colour", "#ffffff").Put("exportable", true))
}

func (w *writer) indicators(list []exchange.Indicator) {
	for _, i := range list {
		for _, k := range kinds() {
			if k.ours == i.Type {
				w.attribute(k.theirs, k.category, i.Value, i.Note, i.Type != "other")
				break
			}
		}
	}
}

func (w *writer) attribute(kind, category, value, comment string, detects bool) {
	id := shape.NameUUID(w.id + " attribute " + strconv.Itoa(len(w.attributes)))
	w.attributes = append(w.attributes, new(shape.Object).Put("id", "0").Put("type", kind).Put("category", category).
		Put("to_ids", detects).Put("uuid", id).Put("event_id", "0").Put("distribution", "5").Put("timestamp", w.at).
		Put("comment", comment).Put("sharing_group_id", "0").Put("deleted", false).Put("disable_correlation", false).
		Put("value", value).Put("SharingGroup", []int{}).Put("ShadowAttribute", []int{}))
}
