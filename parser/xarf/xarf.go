// Package xarf is XARF version 4 (xarf.org): it reads abuse reports strictly
// into reports of the exchange.
//
// It owns the table of the format and how its categories are told in the words
// of the exchange: vulnerability is a vulnerability, reputation and copyright
// are threats, all else tells of something that happened and is an incident.
// Fields the format does not name are legal. It refuses to read version 3,
// to write reports, and to repeat in a problem what the document says.
package xarf

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/shape"
	"almasu/parser/tree"
)

var theTable = sync.OnceValue(func() *shape.Table {
	return shape.New(table, map[string]shape.Form{
		"version": shape.Pattern(`^4\.[0-9]+\.[0-9]+$`),
		"tag":     shape.Pattern(`^[a-z0-9][a-z0-9_+\-]*:[a-z0-9][a-z0-9_+\-.]*$`),
		"hash":    shape.Pattern(`^(md5|sha1|sha256|sha512):[a-fA-F0-9]+$`),
		"anycve":  shape.Pattern(`^CVE-[0-9]{4}-[0-9]+$`),
		"vector":  shape.Pattern(`^CVSS:3\.[01]/.*`),
		"tongue":  shape.Pattern(`^[a-z]{2}(-[A-Z]{2})?$`),
	})
})

// Read validates a document that was read to its end and returns its report.
// With problems the report is what Identify says.
func Read(d *tree.Document, now time.Time) ([]*exchange.Report, []exchange.Problem) {
	x := &reader{Faults: shape.NewFaults(d), now: now, root: d.Root}
	var reports []*exchange.Report
	if d.Whole && d.Root != nil {
		x.judge()
		if len(x.List) == 0 {
			reports = []*exchange.Report{x.report()}
		}
	}
	if problems := d.Problems(x.List, theTable().Names(x.object())); len(problems) > 0 {
		return Identify(d), problems
	}
	return reports, nil
}

// Identify returns the report with as much of its identity as is beyond doubt,
// also of a document that is invalid or broken.
func Identify(d *tree.Document) []*exchange.Report {
	x := &reader{Faults: shape.NewFaults(d), root: d.Root}
	if d.Root == nil || d.Root.Kind != tree.Object {
		return nil
	}
	if r := x.identity(); r.ID != "" {
		return []*exchange.Report{r}
	}
	return nil
}

type reader struct {
	*shape.Faults
	now  time.Time
	root *tree.Node
}

func (x *reader) text(path ...string) string { return shape.Text(x.root, path...) }

// object is the table's name of the document's category and type, or of what
// all reports have in common.
func (x *reader) object() string {
	name := x.text("category") + "-" + x.text("type")
	if x.root != nil && theTable().Has(name) {
		return name
	}
	return "Report"
}

func (x *reader) judge() {
	if x.root.Child("ReporterInfo") != nil && x.root.Child("xarf_version") == nil { // version 3 and before
		x.Missing(x.root, "xarf_version")
		return
	}
	theTable().Judge(x.Faults, x.root, x.object())
	if x.root.Kind != tree.Object {
		return
	}
	if kind, types := x.text("type"), typesOf(x.text("category")); kind != "" && types != nil && !slices.Contains(types, kind) {
		x.Add(x.root.Child("type"), exchange.ProblemEnum, "enum", strings.Join(types, ", "))
	}
	x.together()
}

// together is what fields say together.
func (x *reader) together() {
	needs := func(name string) {
		if x.root.Child(name) == nil {
			x.Missing(x.root, name)
		}
	}
	if x.text("category") == "messaging" && x.text("protocol") == "smtp" {
		needs("smtp_from")
		needs("source_port")
	}
	if x.text("category") == "copyright" {
		switch info := x.root.Child("swarm_info"); {
		case x.text("type") == "p2p" && info == nil:
			needs("swarm_info")
		case x.text("type") == "p2p" && info.Child("info_hash") == nil && info.Child("magnet_uri") == nil:
			x.Semantic(info, "", "semantic-stix-some", "info_hash, magnet_uri")
		case x.text("type") == "usenet":
			needs("message_info")
		}
	}
	if x.root.Child("_internal") != nil { // never transmitted
		x.Semantic(x.root, "_internal", "semantic-xarf-internal")
	}
	if t := shape.When(x.root, "timestamp"); t.Sub(x.now) > card.Skew {
		x.Semantic(x.root, "timestamp", "semantic-future", "10")
	}
	first, last := shape.When(x.root, "first_seen"), shape.When(x.root, "last_seen")
	if !first.IsZero() && !last.IsZero() && last.Before(first) {
		x.Semantic(x.root, "last_seen", "semantic-before", "last_seen", "first_seen")
	}
	x.scored()
	for _, e := range shape.Items(x.root, "evidence") {
		kind, value, ok := strings.Cut(shape.Text(e, "hash"), ":")
		if ok && !card.SoundIndicator(kind, value) {
			x.Semantic(e, "hash", "semantic-indicator", kind)
		}
	}
}

// identity is who reports what under which id. A report of XARF has no
// revisions.
func (x *reader) identity() *exchange.Report {
	r := &exchange.Report{Kind: x.kind(), Format: exchange.XARF, Revision: 1, ID: x.text("report_id")}
	if !shape.UUID(r.ID) {
		r.ID = ""
	}
	for _, who := range []string{"reporter", "sender"} {
		for _, name := range []string{"domain", "org", "contact"} {
			if s := x.text(who, name); s != "" && !slices.Contains(r.Reporters, s) {
				r.Reporters = append(r.Reporters, s)
			}
		}
	}
	return r
}

func (x *reader) kind() exchange.ReportKind {
	switch x.text("category") {
	case "vulnerability":
		return exchange.Vulnerability
	case "reputation", "copyright":
		return exchange.Threat
	}
	return exchange.Incident
}

// source is where the abuse comes from.
func (x *reader) source() []exchange.AttackSource {
	s := exchange.AttackSource{ASN: shape.Int(x.root, "asn")}
	id, host := x.text("source_identifier"), x.text("domain")
	if _, err := netip.ParseAddr(id); err == nil {
		s.IP = id
	} else if card.SoundForm("fqdn", id) {
		s.FQDN = id
	}
	if s.FQDN == "" && card.SoundForm("fqdn", host) {
		s.FQDN = host
	}
	if u := x.text("url"); card.SoundForm("url", u) {
		s.URL = u
	}
	if m := x.text("smtp_from"); card.SoundForm("email", m) {
		s.Email = m
	}
	return []exchange.AttackSource{s}
}

// indicators are the source again, and what else is named for detection.
func (x *reader) indicators() []exchange.Indicator {
	var all []exchange.Indicator
	add := func(kind, value string) {
		i := exchange.Indicator{Type: kind, Value: value}
		if value != "" && card.SoundIndicator(kind, value) && !slices.Contains(all, i) {
			all = append(all, i)
		}
	}
	for _, name := range []string{"source_identifier", "c2_server", "domain"} {
		if s := x.text(name); s != "" {
			add("ip", s)
			add("fqdn", s)
		}
	}
	for _, name := range []string{"url", "submission_url", "infringing_url"} {
		add("url", x.text(name))
	}
	add("email", x.text("smtp_from"))
	for _, list := range []string{"file_hashes", "hash_values"} {
		for _, kind := range []string{"md5", "sha1", "sha256", "sha512"} {
			add(kind, x.text(list, kind))
		}
	}
	return all
}

func (x *reader) report() *exchange.Report {
	r := x.identity()
	r.GeneratedAt = shape.When(x.root, "timestamp")
	title := x.text("category") + "/" + x.text("type") + ": " + x.text("source_identifier")
	text := card.FitText(x.text("description"))
	if text == "" {
		text = card.FitText(title)
	}
	seen := shape.When(x.root, "first_seen")
	if seen.IsZero() {
		seen = r.GeneratedAt
	}
	class := exchange.Class{RSIT: classes()[x.text("category")+"-"+x.text("type")]}
	switch r.Kind {
	case exchange.Vulnerability:
		r.Vulnerability = x.vulnerability(r.ID, card.FitLine(title), text)
	case exchange.Threat:
		r.Threat = &exchange.ThreatBody{ThreatID: r.ID, Title: card.FitLine(title), Description: text, ObservedAt: seen,
			Sources: x.source(), Indicators: x.indicators()}
		if class.RSIT != "" {
			r.Threat.Class = &class
		}
	default:
		r.Incident = &exchange.IncidentBody{IncidentID: r.ID, StartedAt: shape.When(x.root, "first_seen"), EndedAt: shape.When(x.root, "last_seen"),
			DetectedAt: r.GeneratedAt, Class: class, Summary: text, Sources: x.source(), Indicators: x.indicators(), DetectionSource: card.FitLine(x.text("evidence_source"))}
		if ip := x.text("destination_ip"); ip != "" {
			r.Incident.Objects = []exchange.Object{{IP: []string{ip}}}
		}
	}
	return r
}

func (x *reader) vulnerability(id, title, text string) *exchange.VulnerabilityBody {
	v := &exchange.VulnerabilityBody{VulnerabilityID: id, Title: title, Description: text, FoundAt: shape.When(x.root, "timestamp"),
		Products: []exchange.Product{{Name: card.FitLine(x.text("service")), Version: card.FitLine(x.text("service_version"))}}}
	for _, cve := range append([]string{x.text("cve_id")}, shape.Texts(x.root, "cve_ids")...) {
		if card.SoundForm("cve", cve) && !slices.Contains(v.CVE, cve) {
			v.CVE = append(v.CVE, cve)
		}
	}
	if s := x.text("source_identifier"); card.SoundForm("ip", s) {
		v.Objects = []exchange.Object{{IP: []string{s}}}
	} else if card.SoundForm("fqdn", s) {
		v.Objects = []exchange.Object{{FQDN: []string{s}}}
	}
	if u := x.text("patch_url"); card.SoundForm("url", u) {
		v.Patch = u
	}
	v.ExploitKnown = map[string]string{"theoretical": "no", "poc_available": "yes", "functional": "yes", "weaponized": "yes"}[x.text("exploitability")]
	x.score(v)
	return v
}
