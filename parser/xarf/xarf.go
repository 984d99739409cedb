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
	return shape.New(table+contents+others, map[string]shape.Form{
		"version":  shape.Pattern(`^4\.[0-9]+\.[0-9]+$`),
		"tag":      shape.Pattern(`^[a-z0-9][a-z0-9_+\-]*:[a-z0-9][a-z0-9_+\-.]*$`),
		"hash":     shape.Pattern(`^(md5|sha1|sha256|sha512):[a-fA-F0-9]+$`),
		"md5":      shape.Pattern(`^[a-fA-F0-9]{32}$`),
		"sha1":     shape.Pattern(`^[a-fA-F0-9]{40}$`),
		"sha256":   shape.Pattern(`^[a-fA-F0-9]{64}$`),
		"magnet":   shape.Pattern(`^magnet:\?xt=urn:`),
		"currency": shape.Pattern(`^[A-Z]{3}$`),
		"anycve":   shape.Pattern(`^CVE-[0-9]{4}-[0-9]+$`),
		"vector":   shape.Pattern(`^CVSS:3\.[01]/.*`),
		"tongue":   shape.Pattern(`^[a-z]{2}(-[A-Z]{2})?$`),
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
	if x.object() == "infrastructure-compromised_server" && x.root.Child("compromise_type") == nil && x.root.Child("compromise_method") == nil {
		x.Missing(x.root, "compromise_type") // the prose of the specification says compromise_method
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
	for _, name := range []string{"timestamp", "first_seen", "last_seen"} {
		if t := shape.When(x.root, name); t.Sub(x.now) > card.Skew {
			x.Semantic(x.root, name, "semantic-future", "10")
		}
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
