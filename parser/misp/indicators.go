package misp

import (
	"strings"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/shape"
	"almasu/parser/tree"
)

// kinds are our types of indicators and the attributes that carry them; the
// first of a type is the one that is written.
func kinds() []struct{ ours, theirs, category string } {
	return []struct{ ours, theirs, category string }{
		{"md5", "md5", "Payload delivery"}, {"sha1", "sha1", "Payload delivery"}, {"sha256", "sha256", "Payload delivery"},
		{"sha512", "sha512", "Payload delivery"}, {"ip", "ip-dst", "Network activity"}, {"ip", "ip-src", "Network activity"}, {"ip", "ip", "Network activity"},
		{"fqdn", "domain", "Network activity"}, {"fqdn", "hostname", "Network activity"}, {"url", "url", "Network activity"},
		{"url", "uri", "Network activity"}, {"email", "email", "Payload delivery"}, {"email", "email-src", "Payload delivery"},
		{"email", "email-dst", "Payload delivery"}, {"email", "email-reply-to", "Payload delivery"},
		{"file-name", "filename", "Payload delivery"}, {"yara", "yara", "Payload delivery"}, {"other", "other", "Other"},
	}
}

// indicators reads the attributes that are indicators: those of our types, and
// every other that is meant for detection.
func indicators(e *tree.Node) []exchange.Indicator {
	listed := attributes(e)
	all := make([]exchange.Indicator, 0, len(listed))
	for _, a := range listed {
		if shape.Text(a, "comment") == ownComment || shape.Text(a, "deleted") == "true" {
			continue
		}
		all = append(all, read(shape.Text(a, "type"), shape.Text(a, "value"), card.FitText(shape.Text(a, "comment")), shape.Text(a, "to_ids") == "true")...)
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

func read(kind, value, note string, detects bool) []exchange.Indicator {
	if first, second, ok := strings.Cut(kind, "|"); ok {
		i := strings.LastIndex(value, "|")
		if i < 0 {
			return nil
		}
		return append(read(first, value[:i], note, detects), read(second, value[i+1:], note, false)...)
	}
	for _, k := range kinds() {
		if k.theirs == kind && card.SoundIndicator(k.ours, value) && card.FitText(value) == value && value != "" {
			return []exchange.Indicator{{Type: k.ours, Value: value, Note: note}}
		}
	}
	if text := card.FitText(value); detects && text != "" {
		return []exchange.Indicator{{Type: "other", Value: text, Note: card.FitText(strings.TrimSpace(kind + " " + note))}}
	}
	return nil
}
