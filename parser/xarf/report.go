package xarf

import (
	"net/netip"
	"slices"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/shape"
)

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
