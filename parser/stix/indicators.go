package stix

import (
	"strings"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/shape"
	"almasu/parser/tree"
)

// other is the path of indicators that STIX has no object for.
const other = "x-almasu-indicator:value"

// indicatorPaths are the object paths of the types of indicators; the first of
// a type is the one that is written.
func indicatorPaths() [][2]string {
	return [][2]string{
		{"md5", "file:hashes.MD5"}, {"sha1", "file:hashes.SHA-1"}, {"sha256", "file:hashes.SHA-256"}, {"sha512", "file:hashes.SHA-512"},
		{"ip", "ipv4-addr:value"}, {"ip", "ipv6-addr:value"}, {"fqdn", "domain-name:value"}, {"url", "url:value"},
		{"email", "email-addr:value"}, {"email", "email-message:from_ref.value"}, {"file-name", "file:name"}, {"other", other},
	}
}

// indicators reads the indicators among the objects.
func (b *bundle) indicators(among []*tree.Node) []exchange.Indicator {
	var all []exchange.Indicator
	for _, o := range among {
		if shape.Text(o, "type") != "indicator" || b.byID[shape.Text(o, "id")] != o {
			continue
		}
		note := shape.Text(o, "description")
		if shape.Get(o, Custom) == nil && note == "" {
			note = shape.Text(o, "name")
		}
		for _, i := range readPattern(shape.Text(o, "pattern_type"), shape.Text(o, "pattern")) {
			i.Note = card.FitText(note)
			all = append(all, i)
		}
	}
	return all
}

// readPattern tells a pattern in our words: each comparison where each means
// something by itself, else the pattern as a whole.
func readPattern(kind, text string) []exchange.Indicator {
	whole := []exchange.Indicator{{Type: "other", Value: card.FitText(text)}}
	if kind == "yara" {
		whole[0].Type = "yara"
	}
	if kind != "stix" {
		return whole
	}
	p, ok := parsePattern(text)
	if !ok || !p.plain {
		return whole
	}
	var all []exchange.Indicator
	for _, c := range p.comparisons {
		i := readComparison(c)
		if i.Type == "" {
			return whole
		}
		all = append(all, i)
	}
	return all
}

func readComparison(c comparison) exchange.Indicator {
	if c.negated || c.operator != "=" && c.operator != "==" && c.operator != "IN" && (c.operator != "ISSUBSET" || !strings.HasSuffix(c.path, "-addr:value")) {
		return exchange.Indicator{}
	}
	for _, p := range indicatorPaths() {
		if p[1] != c.path {
			continue
		}
		if card.SoundIndicator(p[0], c.value) && card.FitText(c.value) == c.value && c.value != "" {
			return exchange.Indicator{Type: p[0], Value: c.value}
		}
	}
	return exchange.Indicator{}
}

// writePattern is the pattern of an indicator and its type.
func writePattern(i exchange.Indicator) (kind, text string) {
	if i.Type == "yara" {
		return "yara", i.Value
	}
	path := other
	for _, p := range indicatorPaths() {
		if p[0] == i.Type {
			path = p[1]
			break
		}
	}
	if i.Type == "ip" && strings.Contains(i.Value, ":") {
		path = "ipv6-addr:value"
	}
	if algorithm, ok := strings.CutPrefix(path, "file:hashes."); ok && algorithm != "MD5" {
		path = "file:hashes." + quote(algorithm)
	}
	return "stix", "[" + path + " = " + quote(i.Value) + "]"
}
