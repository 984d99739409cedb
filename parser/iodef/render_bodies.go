package iodef

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"almasu/exchange"
)

func (w *renderer) incident(b *exchange.IncidentBody) *node {
	n := el("Incident", w.id(b.IncidentID), moment("DetectTime", b.DetectedAt), moment("StartTime", b.StartedAt), moment("EndTime", b.EndedAt),
		moment("RecoveryTime", b.RecoveredAt), moment("ReportTime", b.ReportedAt), moment("GenerationTime", w.r.GeneratedAt),
		leaf("Description", b.Summary), discovery(b.DetectionSource), assessment(b), w.organisation("creator", b.Organisation, &b.Contact),
		w.victim(b.Victim), event(b.Objects, b.Sources, expectation("other", b.HelpRequested)), w.indicators(b.Indicators), history(b.Actions))
	n.attr("purpose", "reporting").attr("status", b.Status)
	n.with(momentField("confirmed_at", b.ConfirmedAt), field("occasion", "string", b.Occasion), field("measures", "string", b.Measures))
	for i := range b.Violations {
		n.with(jsonField("law_violations", &b.Violations[i]))
	}
	for _, id := range b.Concerns {
		n.with(field("concerns", "string", id))
	}
	return n
}

func (w *renderer) vulnerability(b *exchange.VulnerabilityBody) *node {
	var how *node
	if b.FoundBy != "" || b.FoundHow != "" {
		how = el("Discovery", leaf("Description", b.FoundHow))
		if b.FoundBy != "" {
			how.with(el("Contact", leaf("ContactName", b.FoundBy)).attr("role", "reporter").attr("type", "person"))
		}
		how.attr("source", "unknown")
	}
	fix := expectation("remediate-other", b.Remediation)
	if !b.FixBy.IsZero() {
		if fix == nil {
			fix = el("Expectation").attr("action", "remediate-other")
		}
		fix.with(moment("EndTime", b.FixBy))
	}
	method := el("Method")
	for _, id := range b.CVE {
		method.with(el("Reference", el("enum:ReferenceName", leaf("enum:SpecIndex", "1"), leaf("enum:ID", id))))
	}
	for _, id := range b.CWE {
		method.with(el("Reference", leaf("Description", id)))
	}
	n := el("Incident", w.id(b.VulnerabilityID), moment("DetectTime", b.FoundAt), moment("GenerationTime", w.r.GeneratedAt),
		leaf("Description", b.Description), how, hollow(method), w.organisation("creator", nil, b.Contact), w.victim(b.Owner),
		event(b.Objects, nil, fix))
	n.attr("purpose", "reporting").attr("status", b.Status)
	n.with(field("title", "string", b.Title), field("exploit_known", "string", b.ExploitKnown),
		field("exploited_here", "string", b.ExploitedHere), field("patch", "url", b.Patch))
	if b.CVSS != nil {
		n.with(jsonField("cvss", b.CVSS))
	}
	for i := range b.Products {
		n.with(jsonField("products", &b.Products[i]))
	}
	return n
}

func (w *renderer) threat(b *exchange.ThreatBody) *node {
	var assessed *node
	if b.Class != nil || b.Severity != "" {
		var class exchange.Class
		if b.Class != nil {
			class = *b.Class
		}
		assessed = el("Assessment").with(categories(class)...).with(el("SystemImpact").attr("severity", string(b.Severity)).attr("type", "unknown"))
		assessed.attr("occurrence", "potential")
	}
	n := el("Incident", w.id(b.ThreatID), moment("DetectTime", b.ObservedAt), moment("GenerationTime", w.r.GeneratedAt),
		leaf("Description", b.Description), assessed, w.organisation("creator", nil, nil),
		event(b.Objects, b.Sources, expectation("other", b.Advice)), w.indicators(b.Indicators))
	return n.attr("purpose", "watch").with(field("title", "string", b.Title))
}

// jsonField is a field that is a struct of card v1.
func jsonField(name string, v any) *node {
	text, err := json.Marshal(v)
	if err != nil { // structs of texts and finite numbers
		return nil
	}
	return field(name, "json", string(text))
}

// categories writes a class: RSIT as a machine tag, then the national word.
func categories(c exchange.Class) []*node {
	tag := c.RSIT
	if predicate, value, ok := strings.Cut(c.RSIT, "/"); ok {
		tag = fmt.Sprintf("rsit:%s=%q", predicate, value)
	}
	return []*node{leaf("IncidentCategory", tag), leaf("IncidentCategory", c.National)}
}

// assessment: there is always one, for an Assessment must hold an impact.
func assessment(b *exchange.IncidentBody) *node {
	n := el("Assessment").attr("occurrence", "actual").with(categories(b.Class)...)
	n.with(el("SystemImpact").attr("severity", string(b.Severity)).attr("type", "unknown"))
	if i := b.Impact; i != nil {
		for _, business := range [][2]string{{lossOfConfidentiality, i.Confidentiality}, {lossOfIntegrity, i.Integrity},
			{lossOfAvailability, i.Availability}, {lossOfPrivacy, map[bool]string{true: "unknown"}[i.PersonalData]}} {
			if business[1] != "" {
				n.with(el("BusinessImpact").attr("severity", business[1]).attr("type", business[0]))
			}
		}
		if i.DowntimeMinutes > 0 {
			n.with(leaf("TimeImpact", fmt.Sprint(i.DowntimeMinutes)).attr("metric", "downtime").attr("duration", "minute"))
		}
		if i.UsersAffected > 0 {
			n.with(leaf("Counter", fmt.Sprint(i.UsersAffected)).attr("type", "count").attr("unit", extValue).attr("ext-unit", unitUser))
		}
	}
	return n.with(leaf("Cause", b.Cause))
}

// discovery keeps the reporter's words where they are not one of IODEF's.
func discovery(source string) *node {
	if source == "" {
		return nil
	}
	n, word := el("Discovery"), strings.ToLower(source)
	if !slices.Contains(theXML().simple["discovery-source-type"].words, word) || word == extValue {
		word = "unknown"
	}
	n.attr("source", word)
	if word != source || word == "unknown" {
		n.with(leaf("Description", source))
	}
	return n
}

func expectation(action, text string) *node {
	if text == "" {
		return nil
	}
	return el("Expectation", leaf("Description", text)).attr("action", action)
}

func history(list []exchange.Action) *node {
	n := el("History")
	for _, a := range list {
		item := el("HistoryItem", moment("DateTime", a.At))
		if a.Actor != "" {
			item.with(el("Contact", leaf("ContactName", a.Actor)).attr("role", "irt").attr("type", "person"))
		}
		n.with(item.with(leaf("Description", a.Text)).attr("action", "other"))
	}
	return hollow(n)
}

// event holds the systems and what is asked of the recipient.
func event(objects []exchange.Object, sources []exchange.AttackSource, wanted *node) *node {
	flow := el("Flow")
	for _, o := range objects {
		node := el("Node")
		for _, name := range o.FQDN {
			node.with(domainData(name))
		}
		for _, ip := range o.IP {
			node.with(address(ipCategory(ip), ip))
		}
		for _, url := range o.URL {
			node.with(address("site-uri", url))
		}
		for _, n := range o.ASN {
			node.with(address("asn", fmt.Sprint(n)))
		}
		s := el("System", filledNode(node))
		for _, name := range o.Software {
			s.with(el("Service", el("Application", leaf("Description", name))))
		}
		s.with(leaf("Description", o.Name), field("type", "string", o.Type), field("owner_bin", "string", o.Owner))
		flow.with(s.attr("category", "target"))
	}
	for _, a := range sources {
		node := el("Node", domainData(a.FQDN), address(ipCategory(a.IP), a.IP), address("site-uri", a.URL), address("e-mail", a.Email))
		if a.ASN != 0 {
			node.with(address("asn", fmt.Sprint(a.ASN)))
		}
		flow.with(el("System", filledNode(node).with(leaf("Location", a.Country))).attr("category", "source"))
	}
	return hollow(el("EventData", hollow(flow), wanted))
}

// filledNode: a Node must hold a name or an address, and for what has neither
// there is one of no category at all.
func filledNode(n *node) *node {
	if len(n.kids) > 0 {
		return n
	}
	return n.with(address(extValue, "-").attr("ext-category", "none"))
}

func address(category, value string) *node {
	n := leaf("Address", value)
	if n != nil {
		n.attr("category", category)
	}
	return n
}

func ipCategory(s string) string {
	category := "ipv4"
	if strings.Contains(s, ":") {
		category = "ipv6"
	}
	if strings.Contains(s, "/") {
		return category + "-net"
	}
	return category + "-addr"
}

func domainData(name string) *node {
	if name == "" {
		return nil
	}
	return el("DomainData", leaf("Name", name)).attr("system-status", "unknown").attr("domain-status", "unknown")
}
