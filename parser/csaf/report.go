package csaf

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"net/url"
	"regexp"
	"strings"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/cvss"
	"almasu/parser/shape"
	"almasu/parser/tree"
)

// identity is who publishes under which id.
func (a *advisory) identity() *exchange.Report {
	r := &exchange.Report{Kind: exchange.Vulnerability, Format: exchange.CSAF, Revision: a.revision(), Reporters: a.reporters()}
	r.ID = shape.Text(a.document, "tracking", "id")
	if r.ID != "" && !exchange.ValidID(r.ID) {
		sum := sha256.Sum256([]byte(shape.Text(a.document, "publisher", "namespace") + "\x00" + r.ID))
		r.ID, r.OriginalID = "csaf-"+hex.EncodeToString(sum[:16]), r.ID
	}
	return r
}

// revision: a version X or X.Y.Z counts as X million, Y thousand and Z, from 1;
// so a later version is a greater number, and 0 comes before all.
func (a *advisory) revision() int {
	n := parseNumber(shape.Text(a.document, "tracking", "version"))
	count := int64(min(n.parts[0], 2147))*1_000_000 + int64(min(n.parts[1], 999))*1000 + int64(min(n.parts[2], 999))
	return int(min(max(1, count), math.MaxInt32))
}

var words = regexp.MustCompile(`[\s,;<>()]+`)

// reporters are the publisher's name, the host of its namespace, and the mail
// addresses it gives.
func (a *advisory) reporters() []string {
	p := shape.Get(a.document, "publisher")
	var names []string
	seen := map[string]bool{"": true}
	add := func(s string) {
		if !seen[s] {
			names = append(names, s)
		}
		seen[s] = true
	}
	add(shape.Text(p, "name"))
	if u, err := url.Parse(shape.Text(p, "namespace")); err == nil {
		add(u.Hostname())
		add(strings.TrimPrefix(u.Hostname(), "www."))
	}
	for _, w := range words.Split(shape.Text(p, "contact_details"), -1) {
		if w = strings.Trim(strings.TrimPrefix(w, "mailto:"), "."); shape.Email(w) {
			add(w)
		}
	}
	return names
}

// report tells the advisory as one vulnerability.
func (a *advisory) report() *exchange.Report {
	r, d := a.identity(), a.document
	r.GeneratedAt = shape.When(d, "tracking", "current_release_date")
	r.TLP = a.tlp()
	primary, _, _ := strings.Cut(strings.ToLower(shape.Text(d, "lang")), "-")
	switch l := exchange.Language(primary); l {
	case exchange.Kazakh, exchange.Russian, exchange.English:
		r.Language = l
	}
	x := &exchange.VulnerabilityBody{VulnerabilityID: r.ID, Title: card.FitLine(shape.Text(d, "title")), Description: a.description(),
		FoundAt: shape.When(d, "tracking", "initial_release_date"), Products: a.affected(), ExploitKnown: "unknown",
		Status: map[string]string{"draft": "new", "interim": "in-progress", "final": "resolved"}[shape.Text(d, "tracking", "status")]}
	r.Vulnerability = x
	var remedies []string
	seen := map[string]bool{}
	for _, v := range a.vulnerabilities {
		a.merge(x, v, seen)
		for _, m := range shape.Items(v, "remediations") {
			if text := shape.Text(m, "details"); !seen[text] {
				remedies = append(remedies, text)
				seen[text] = true
			}
			if u := shape.Text(m, "url"); x.Patch == "" && card.SoundForm("url", u) {
				x.Patch = u
			}
		}
	}
	x.Remediation = card.FitText(strings.Join(remedies, "\n\n"))
	return r
}

// tlp: the AMBER of TLP 1, in 2.0, was for the organisation alone.
func (a *advisory) tlp() exchange.TLP {
	label := shape.Text(a.document, "distribution", "tlp", "label")
	if a.version.name == "2.0" {
		return map[string]exchange.TLP{"WHITE": exchange.TLPClear, "GREEN": exchange.TLPGreen, "AMBER": exchange.TLPAmberStrict, "RED": exchange.TLPRed}[label]
	}
	if label == "" {
		return ""
	}
	return exchange.TLP("TLP:" + label)
}

// description is the first note that describes, of the document or of a
// vulnerability, else the title.
func (a *advisory) description() string {
	for _, word := range []string{"summary", "description", "details", "general"} {
		for _, n := range append([]*tree.Node{a.document}, a.vulnerabilities...) {
			for _, note := range shape.Items(n, "notes") {
				if text := card.FitText(shape.Text(note, "text")); shape.Text(note, "category") == word && text != "" {
					return text
				}
			}
		}
	}
	return card.FitText(shape.Text(a.document, "title"))
}

// merge takes what one vulnerability says: its numbers that were not seen yet,
// and the worst score.
func (a *advisory) merge(x *exchange.VulnerabilityBody, v *tree.Node, seen map[string]bool) {
	if id := shape.Text(v, "cve"); card.SoundForm("cve", id) && !seen[id] {
		seen[id] = true
		x.CVE = append(x.CVE, id)
	}
	for _, c := range append(shape.Items(v, "cwes"), present(shape.Get(v, "cwe"))...) {
		if id := shape.Text(c, "id"); card.SoundForm("cwe", id) && !seen[id] {
			seen[id] = true
			x.CWE = append(x.CWE, id)
		}
	}
	for _, m := range metrics(v) {
		for _, name := range []string{"cvss_v4", "cvss_v3"} {
			text := shape.Text(m.at, name, "vectorString")
			vector, err := cvss.Parse(text)
			if err != nil || vector.Version != "3.1" && vector.Version != "4.0" {
				continue
			}
			if s := vector.Scores().Base; x.CVSS == nil || s > x.CVSS.Score {
				x.CVSS = &exchange.CVSS{Version: vector.Version, Vector: text, Score: s}
			}
		}
	}
	if v.Child("first_known_exploitation_dates") != nil {
		x.ExploitKnown = "yes"
	}
	if at := shape.When(v, "discovery_date"); !at.IsZero() && at.Before(x.FoundAt) {
		x.FoundAt = at
	}
}

// affected are the products of the tree that a vulnerability names as affected,
// or all where none says so.
func (a *advisory) affected() []exchange.Product {
	named := map[string]bool{}
	for _, v := range a.vulnerabilities {
		for _, list := range []string{"known_affected", "first_affected", "last_affected"} {
			for _, p := range shape.Texts(v, "product_status", list) {
				named[p] = true
			}
		}
	}
	var all []exchange.Product
	var walk func(n *tree.Node, vendor, version string)
	add := func(p *tree.Node, vendor, version string) {
		name := card.FitLine(shape.Text(p, "name"))
		if p == nil || name == "" || len(named) > 0 && !named[shape.Text(p, "product_id")] || len(all) >= mostProducts {
			return
		}
		all = append(all, exchange.Product{Vendor: card.FitLine(vendor), Name: name, Version: card.FitLine(version),
			CPE: card.FitLine(shape.Text(p, "product_identification_helper", "cpe"))})
	}
	walk = func(n *tree.Node, vendor, version string) {
		for _, b := range shape.Items(n, "branches") {
			v, r := vendor, version
			switch name := shape.Text(b, "name"); shape.Text(b, "category") {
			case "vendor":
				v = name
			case "product_version", "product_version_range":
				r = name
			}
			add(shape.Get(b, "product"), v, r)
			walk(b, v, r)
		}
	}
	root := shape.Get(a.Doc.Root, "product_tree")
	walk(root, "", "")
	for _, p := range shape.Items(root, "full_product_names") {
		add(p, "", "")
	}
	for _, r := range shape.Items(root, "relationships") {
		add(shape.Get(r, "full_product_name"), "", "")
	}
	return all
}

const mostProducts = 10_000 // as many as a card can hold
