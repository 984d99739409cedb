package stix

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"regexp"
	"slices"
	"strings"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/shape"
	"almasu/parser/tree"
)

// subjects are the objects that are reports, and their kind. Where nothing but
// indicators and the like stands in the bundle, the bundle itself is one.
func (b *bundle) subjects() (exchange.ReportKind, []*tree.Node) {
	of := func(kinds ...string) []*tree.Node {
		var found []*tree.Node
		for _, o := range b.objects {
			if slices.Contains(kinds, shape.Text(o, "type")) && b.byID[shape.Text(o, "id")] == o && shape.Text(o, "revoked") != "true" {
				found = append(found, o)
			}
		}
		return found
	}
	if found := of("incident"); len(found) > 0 {
		return exchange.Incident, found
	}
	if found := of("report", "grouping"); len(found) > 0 {
		return exchange.Threat, found
	}
	threats := of("indicator", "malware", "campaign", "attack-pattern", "intrusion-set", "threat-actor", "tool",
		"infrastructure", "observed-data", "sighting", "malware-analysis", "event", "course-of-action")
	if found := of("vulnerability"); len(found) > 0 && len(threats) == 0 {
		return exchange.Vulnerability, found
	}
	if len(threats) > 0 {
		return exchange.Threat, []*tree.Node{b.Doc.Root}
	}
	return "", nil
}

// identity is who reports what under which id.
func (b *bundle) identity(kind exchange.ReportKind, o *tree.Node) *exchange.Report {
	r := &exchange.Report{Kind: kind, Format: exchange.STIX, Revision: b.revision(o), Reporters: b.reporters(o)}
	r.ID = shape.Text(o, "id")
	if r.ID != "" && !exchange.ValidID(r.ID) {
		sum := sha256.Sum256([]byte(r.ID))
		r.ID, r.OriginalID = "stix-"+hex.EncodeToString(sum[:16]), r.ID
	}
	id := func(name string) string {
		if s := shape.Text(o, Custom, name); exchange.ValidID(s) {
			return s
		}
		return ""
	}
	if own := id("report_id"); own != "" {
		r.ID = own
	}
	if n := shape.Int(o, Custom, "revision"); n > 0 && n <= math.MaxInt32 {
		r.Revision = n
	}
	r.Reporter, r.Addressee = id("reporter"), id("addressee")
	return r
}

// revision: a version of an object is known by its time alone, so revision
// counts the seconds from the first version, from 1.
func (b *bundle) revision(o *tree.Node) int {
	created, modified := shape.When(o, "created"), shape.When(o, "modified")
	if o == b.Doc.Root {
		for _, x := range b.objects {
			if c := shape.When(x, "created"); created.IsZero() || !c.IsZero() && c.Before(created) {
				created = c
			}
			if m := shape.When(x, "modified"); m.After(modified) {
				modified = m
			}
		}
	}
	if created.IsZero() || !modified.After(created) {
		return 1
	}
	return int(min(1+math.Ceil(modified.Sub(created).Seconds()), math.MaxInt32))
}

var separators = regexp.MustCompile(`[\s,;<>()]+`)

// reporters are the names and addresses of the identities that created the
// object, or for a bundle anything in it.
func (b *bundle) reporters(o *tree.Node) []string {
	var names []string
	seen := map[string]bool{"": true}
	add := func(list ...string) {
		for _, s := range list {
			if !seen[s] {
				names = append(names, s)
			}
			seen[s] = true
		}
	}
	authors := []*tree.Node{o}
	if o == b.Doc.Root {
		authors = b.objects
	}
	told := map[*tree.Node]bool{}
	for _, a := range authors {
		who := b.byID[shape.Text(a, "created_by_ref")]
		if who == nil || told[who] || shape.Text(who, "type") != "identity" {
			continue
		}
		told[who] = true
		add(shape.Text(who, "name"))
		add(separators.Split(strings.ReplaceAll(shape.Text(who, "contact_information"), "mailto:", ""), -1)...)
	}
	return names
}

// reports reads every subject.
func (b *bundle) reports() []*exchange.Report {
	kind, subjects := b.subjects()
	if b.Full() {
		return nil
	}
	var all []*exchange.Report
	for _, o := range subjects {
		r := b.identity(kind, o)
		if r.GeneratedAt = shape.When(o, "modified"); o == b.Doc.Root {
			r.GeneratedAt = b.latest("modified")
		}
		r.TLP = b.tlp(o)
		if o == b.Doc.Root {
			for _, x := range b.objects {
				r.TLP = strictest(r.TLP, b.tlp(x))
			}
		}
		r.Language = language(shape.Text(o, "lang"))
		switch kind {
		case exchange.Incident:
			b.incident(o, r, len(subjects) == 1)
		case exchange.Vulnerability:
			b.vulnerability(o, r)
		default:
			b.threat(o, r)
		}
		if own := shape.Get(o, Custom); own != nil {
			e, _ := card.ExtensionOf(kind)
			for _, f := range e.Read(b.Doc, own, r, b.now) {
				if !b.Full() {
					b.List = append(b.List, f)
				}
			}
		}
		if r.GeneratedAt.Sub(b.now) > card.Skew {
			b.Semantic(o, "modified", "semantic-future", "10")
		}
		all = append(all, r)
	}
	return all
}

// language is the language if it is one of ours.
func language(tag string) exchange.Language {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch l := exchange.Language(primary); l {
	case exchange.Kazakh, exchange.Russian, exchange.English:
		return l
	}
	return ""
}
