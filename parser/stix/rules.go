package stix

import (
	"regexp"
	"slices"
	"strings"

	"almasu/exchange"
	"almasu/parser/shape"
	"almasu/parser/tree"
)

// judge validates the bundle: the table first, then what only the text of the
// standard says.
func (b *bundle) judge() {
	root := b.Doc.Root
	theTable().Judge(b.Faults, root, "bundle")
	if v := root.Child("spec_version"); v != nil { // a bundle of version 2.0
		b.Add(v, exchange.ProblemEnum, "enum", "2.1")
		return
	}
	versions := map[string]bool{}
	for _, o := range b.objects {
		if b.Full() {
			return
		}
		b.object(o)
		if key := shape.Text(o, "id") + " " + shape.Text(o, "modified"); shape.Text(o, "id") != "" {
			if versions[key] {
				b.Semantic(o, "id", "semantic-stix-twice")
			}
			versions[key] = true
		}
	}
	if _, subjects := b.subjects(); len(subjects) == 0 && root.Kind == tree.Object && len(b.List) == 0 {
		b.Semantic(root, "objects", "semantic-stix-nothing")
	}
}

func (b *bundle) object(o *tree.Node) {
	kind := shape.Text(o, "type")
	name := kind
	switch {
	case kind == "bundle" || !slices.Contains(objectTypes(), kind):
		name = "Custom"
		if t := o.Child("type"); t != nil && (kind == "bundle" || !typeName(kind)) {
			b.Add(t, exchange.ProblemPattern, "pattern-stix-type")
		}
	}
	before := len(b.List)
	theTable().Judge(b.Faults, o, name)
	b.extensions(o)
	if id := shape.Text(o, "id"); id != "" && kind != "" && !strings.HasPrefix(id, kind+"--") {
		b.Semantic(o, "id", "semantic-stix-id")
	}
	if len(b.List) > before {
		return // what follows takes the types for granted
	}
	b.order(o)
	b.references(o)
	b.together(o, kind)
	b.markings(o)
}

// extensions: those with a definition say of what type they are (section 7.3).
func (b *bundle) extensions(o *tree.Node) {
	list := shape.Get(o, "extensions")
	if list == nil || list.Kind != tree.Object {
		return
	}
	for e := list.First; e != nil; e = e.Next {
		if of := extends(e.Name); of != "" && shape.Text(o, "type") != of {
			b.Semantic(e, "", "semantic-stix-extends", of)
		}
		if impactExtension(e.Name) && shape.Text(o, "type") != "impact" {
			b.Add(e, exchange.ProblemPattern, "pattern-stix-extension")
		}
		if strings.HasPrefix(e.Name, "extension-definition--") && e.Name != IncidentCore && e.Kind == tree.Object && e.Child("extension_type") == nil {
			b.Missing(e, "extension_type")
		}
	}
}

// impactExtension: the Incident Core extension gives its own object impact
// extensions that are named by neither rule of section 7.3.
func impactExtension(name string) bool {
	return slices.Contains([]string{"availability", "confidentiality", "external", "integrity", "monetary", "physical", "traceability"}, name)
}

// order: pairs of times, the later not before the earlier.
func (b *bundle) order(o *tree.Node) {
	for _, pair := range [][2]string{{"created", "modified"}, {"first_seen", "last_seen"}, {"first_observed", "last_observed"},
		{"start_time", "stop_time"}, {"start_time", "end_time"}, {"start", "end"}, {"analysis_started", "analysis_ended"},
		{"validity_not_before", "validity_not_after"}} {
		early, late := shape.When(o, pair[0]), shape.When(o, pair[1])
		if !early.IsZero() && !late.IsZero() && late.Before(early) {
			b.Semantic(o, pair[1], "semantic-before", pair[1], pair[0])
		}
	}
	from, until := shape.When(o, "valid_from"), shape.When(o, "valid_until")
	if !from.IsZero() && !until.IsZero() && !until.After(from) {
		b.Semantic(o, "valid_until", "semantic-before", "valid_until", "valid_from")
	}
}

// references: an external reference says something beside its source, and a
// CVE is one (section 2.5).
func (b *bundle) references(o *tree.Node) {
	for _, r := range shape.Items(o, "external_references") {
		if shape.Text(r, "description") == "" && shape.Text(r, "url") == "" && shape.Text(r, "external_id") == "" {
			b.Semantic(r, "", "semantic-stix-reference")
		}
		if id := r.Child("external_id"); id != nil && shape.Text(r, "source_name") == "cve" && !cve.MatchString(shape.Text(r, "external_id")) {
			b.Semantic(r, "external_id", "pattern-cve")
		}
	}
}

var cve = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,19}$`)

// markings: a granular marking has one of its two words, and its selectors
// point at something (section 7.2.3).
func (b *bundle) markings(o *tree.Node) {
	for _, m := range shape.Items(o, "granular_markings") {
		if (m.Child("lang") == nil) == (m.Child("marking_ref") == nil) {
			b.Semantic(m, "", "semantic-stix-one", "lang", "marking_ref")
		}
		for _, s := range shape.Items(m, "selectors") {
			if !selects(o, s.Value) {
				b.Add(s, exchange.ProblemSemantic, "semantic-stix-selector")
			}
		}
	}
}

func selects(n *tree.Node, selector string) bool {
	for _, step := range strings.Split(selector, ".") {
		if index, ok := strings.CutPrefix(step, "["); ok && n.Kind == tree.List {
			at := number(strings.TrimSuffix(index, "]"))
			c := n.First
			for ; c != nil && at > 0; at-- {
				c = c.Next
			}
			n = c
		} else {
			n = n.Child(step)
		}
		if n == nil {
			return false
		}
	}
	return true
}

func number(s string) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

// together: what the properties of one object say together.
func (b *bundle) together(o *tree.Node, kind string) {
	p := presence{b, o}
	switch kind {
	case "indicator":
		if shape.Text(o, "pattern_type") == "stix" {
			if _, ok := parsePattern(shape.Text(o, "pattern")); !ok {
				b.Semantic(o, "pattern", "semantic-stix-pattern")
			}
		}
	case "location":
		p.needs("latitude", "longitude")
		p.needs("longitude", "latitude")
		p.needs("precision", "latitude")
		p.anyOf("region", "country", "latitude")
	case "malware":
		if shape.Text(o, "is_family") == "true" && !p.has("name") {
			b.Missing(o, "name")
		}
	case "malware-analysis":
		p.anyOf("result", "analysis_sco_refs")
	case "observed-data":
		p.oneOf("object_refs", "objects")
	case "relationship":
		b.ends(o)
	case "marking-definition":
		b.marking(o)
	case "event", "task":
		for _, c := range shape.Items(o, "changed_objects") {
			if c.Child("initial_ref") == nil && c.Child("result_ref") == nil {
				b.Semantic(c, "", "semantic-stix-some", "initial_ref, result_ref")
			}
		}
	case "impact":
		p.needs("superseded_by_ref", "end_time")
	default:
		b.observable(o, kind)
	}
}

// ends: a relationship joins neither relationships nor sightings, nor what is
// no object of the domain (section 5.1).
func (b *bundle) ends(o *tree.Node) {
	for _, name := range []string{"source_ref", "target_ref"} {
		kind, _, _ := strings.Cut(shape.Text(o, name), "--")
		if slices.Contains([]string{"relationship", "sighting", "bundle", "marking-definition", "language-content", "extension-definition"}, kind) {
			b.Semantic(o, name, "semantic-stix-end")
		}
	}
}

// marking: a marking definition defines one (section 7.2.1); those of TLP 1
// and TLP 2.0 are fixed.
func (b *bundle) marking(o *tree.Node) {
	definition := o.Child("definition_type") != nil || o.Child("definition") != nil
	if definition && (o.Child("definition_type") == nil || o.Child("definition") == nil) {
		b.Semantic(o, "definition_type", "semantic-stix-some", "definition_type, definition")
	}
	if !definition && o.Child("extensions") == nil {
		b.Semantic(o, "", "semantic-stix-some", "definition, extensions")
	}
	word := shape.Text(o, "definition", "tlp")
	for _, m := range tlpMarkings() {
		if m.word == word && word != "" && shape.Text(o, "definition_type") == "tlp" && shape.Text(o, "id") != m.id {
			b.Semantic(o, "id", "semantic-stix-tlp")
		}
	}
}
