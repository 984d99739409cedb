package iodef

import (
	"math"
	"regexp"
	"strings"

	"almasu/exchange"
)

func (m *mapper) incident(x thing, ext extension) *exchange.IncidentBody {
	creator := x.party("creator")
	if !creator.here() {
		creator = x.party("reporter")
	}
	b := &exchange.IncidentBody{
		IncidentID: subject(x), Organisation: m.organisation(creator), Contact: m.contact(creator),
		DetectedAt: x.one("DetectTime").moment(), ConfirmedAt: ext.moment("confirmed_at"),
		StartedAt: x.one("StartTime").moment(), EndedAt: x.one("EndTime").moment(),
		RecoveredAt: x.one("RecoveryTime").moment(), ReportedAt: x.one("ReportTime").moment(),
		Class: m.class(x), Severity: m.severity(x), Status: status(x, "new", "in-progress", "forwarded", "resolved"),
		Summary: x.description(), Occasion: ext.enum("occasion", "10.1", "10.2", "10.3", "10.4", "10.5"),
		Victim: m.organisation(x.party("victim")), Objects: m.objects(x), Sources: m.sources(x), Indicators: m.indicators(x),
		DetectionSource: detection(x), Impact: m.impact(x), Actions: m.actions(x), Cause: x.one("Assessment", "Cause").text(),
		Measures: ext.text("measures"), HelpRequested: help(x), Concerns: ext.ids("concerns"),
	}
	for _, x := range ext.by["law_violations"] {
		var v exchange.Violation
		if ext.object(x, "law_violations", &v) {
			b.Violations = append(b.Violations, v)
		}
	}
	return b
}

func (m *mapper) vulnerability(x thing, ext extension) *exchange.VulnerabilityBody {
	b := &exchange.VulnerabilityBody{
		VulnerabilityID: subject(x), Title: ext.text("title"), Description: x.description(),
		Owner: m.organisation(x.party("victim")), Objects: m.objects(x),
		FoundBy: x.one("Discovery", "Contact", "ContactName").text(), FoundHow: x.one("Discovery").description(),
		FoundAt: x.one("DetectTime").moment(), ExploitKnown: ext.enum("exploit_known", "yes", "no", "unknown"),
		ExploitedHere: ext.enum("exploited_here", "yes", "no", "unknown"), Remediation: help(x), Patch: ext.text("patch"),
		Status: status(x, "new", "in-progress", "resolved"),
	}
	for _, e := range x.events() {
		if t := e.one("Expectation", "EndTime").moment(); b.FixBy.IsZero() {
			b.FixBy = t
		}
	}
	if c := m.contact(x.party("creator")); c != (exchange.ContactPoint{}) {
		b.Contact = &c
	}
	for _, ref := range x.all("Method", "Reference") {
		if id := reference(ref); cve.MatchString(id) {
			b.CVE = append(b.CVE, id)
		} else if cwe.MatchString(id) {
			b.CWE = append(b.CWE, id)
		}
	}
	var score exchange.CVSS
	if ext.object(ext.one("cvss"), "cvss", &score) {
		b.CVSS = &score
	}
	for _, x := range ext.by["products"] {
		var p exchange.Product
		if ext.object(x, "products", &p) {
			b.Products = append(b.Products, p)
		}
	}
	return b
}

func (m *mapper) threat(x thing, ext extension) *exchange.ThreatBody {
	b := &exchange.ThreatBody{ThreatID: subject(x), Title: ext.text("title"), Description: x.description(),
		ObservedAt: x.one("DetectTime").moment(), Severity: m.severity(x), Objects: m.objects(x), Sources: m.sources(x),
		Indicators: m.indicators(x), Advice: help(x)}
	if c := m.class(x); c != (exchange.Class{}) {
		b.Class = &c
	}
	return b
}

var (
	cve     = regexp.MustCompile(`^CVE-(19|20)[0-9]{2}-[0-9]{4,19}$`)
	cwe     = regexp.MustCompile(`^CWE-[1-9][0-9]{0,5}$`)
	rsitTag = regexp.MustCompile(`^rsit:([a-z-]+)="([a-z0-9-]+)"$`)
	rsit    = regexp.MustCompile(`^[a-z]+(-[a-z]+)*/[a-z0-9]+(-[a-z0-9]+)*$`)
)

// reference is the id that a Reference speaks of: that of its ReferenceName
// (RFC 7495), or its description where that is nothing else.
func reference(ref thing) string {
	name := ref.one("enum:ReferenceName")
	if !ref.xml() {
		name = ref.one("ReferenceName")
	}
	for _, path := range []string{"enum:ID", "ID"} {
		if id := name.one(path).word(); id != "" {
			return id
		}
	}
	return strings.TrimSpace(ref.description())
}

// class: of the IncidentCategories the first in the words of RSIT, as a machine
// tag or as predicate/value, and the first other as the national word.
func (m *mapper) class(x thing) exchange.Class {
	var c exchange.Class
	for _, category := range x.all("Assessment", "IncidentCategory") {
		word := category.word()
		if t := rsitTag.FindStringSubmatch(word); t != nil {
			word = t[1] + "/" + t[2]
		}
		switch {
		case c.RSIT == "" && rsit.MatchString(word):
			c.RSIT = word
		case c.National == "":
			c.National = category.text()
		}
	}
	return c
}

// severity is the gravest of the impacts on systems, and failing those of the
// other impacts.
func (m *mapper) severity(x thing) exchange.Severity {
	for _, kind := range []string{"SystemImpact", "BusinessImpact", "IntendedImpact"} {
		for _, s := range []exchange.Severity{exchange.High, exchange.Medium, exchange.Low} {
			for _, a := range x.all("Assessment") {
				for _, i := range a.impacts(kind) {
					if i.attr("severity") == string(s) {
						return s
					}
				}
			}
		}
	}
	return ""
}

// The words of BusinessImpact@type for what an incident did.
const (
	lossOfConfidentiality = "breach-proprietary"
	lossOfIntegrity       = "loss-of-integrity"
	lossOfAvailability    = "loss-of-service"
	lossOfPrivacy         = "breach-privacy"
	unitUser              = "user" // Counter@ext-unit
)

func (m *mapper) impact(x thing) *exchange.Impact {
	var i exchange.Impact
	for _, a := range x.all("Assessment") {
		for _, b := range a.impacts("BusinessImpact") {
			grade := b.attr("severity")
			switch grade {
			case "none", "low", "high":
			case "medium":
				grade = "high"
			default:
				grade = "unknown"
			}
			switch b.attr("type") {
			case lossOfConfidentiality:
				i.Confidentiality = grade
			case lossOfIntegrity:
				i.Integrity = grade
			case lossOfAvailability:
				i.Availability = grade
			case lossOfPrivacy:
				i.PersonalData = grade != "none"
			}
		}
		for _, s := range a.impacts("SystemImpact") {
			i.PersonalData = i.PersonalData || s.attr("type") == lossOfPrivacy
		}
		for _, t := range a.impacts("TimeImpact") {
			if t.attr("metric") == "downtime" {
				i.DowntimeMinutes = minutes(t)
			}
		}
		for _, c := range a.all("Counter") {
			if n, ok := number(c.text()); ok && c.attr("ext-unit") == unitUser && n >= 0 && n <= math.MaxInt32 {
				i.UsersAffected = int(n)
			}
		}
	}
	if i == (exchange.Impact{}) {
		return nil
	}
	return &i
}

// minutes is the length of a TimeImpact; without a unit it is in hours.
func minutes(t thing) int {
	unit, ok := map[string]float64{"second": 1. / 60, "minute": 1, "": 60, "hour": 60, "day": 1440}[t.attr("duration")]
	n, sound := number(t.text())
	if !ok || !sound || n < 0 || n*unit > math.MaxInt32 {
		return 0
	}
	return int(math.Ceil(n * unit))
}

// status is that of the Incident, if the kind of report has it.
func status(x thing, words ...string) string {
	for _, w := range words {
		if x.attr("status") == w {
			return w
		}
	}
	return ""
}

// detection is what found the incident, in the words of the reporter or else
// of IODEF.
func detection(x thing) string {
	d := x.one("Discovery")
	if s := d.description(); s != "" {
		return s
	}
	switch s := d.attr("source"); s {
	case extValue:
		return d.attr("ext-source")
	case "unknown":
		return ""
	default:
		return s
	}
}

func (m *mapper) actions(x thing) []exchange.Action {
	var all []exchange.Action
	for _, h := range x.all("History", "HistoryItem") {
		if m.tooMany(len(all), h.n) {
			break
		}
		a := exchange.Action{At: h.one("DateTime").moment(), Actor: h.one("Contact", "ContactName").text(), Text: h.description()}
		if a.Text == "" {
			a.Text = h.attr("action")
		}
		all = append(all, a)
	}
	return all
}

// help is what is expected of the recipient.
func help(x thing) string {
	for _, e := range x.events() {
		if s := e.one("Expectation").description(); s != "" {
			return s
		}
	}
	return ""
}
