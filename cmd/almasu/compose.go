package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"almasu/config"
	"almasu/exchange"
	"almasu/parser"
	"almasu/parser/plain"
)

// asked is one field that a person is asked for, by its key in room
// parser/plain.
type asked struct {
	key      string
	required bool
}

// askedOf are the fields of the minimum card of a kind (DOMAIN 2.4 to 2.6),
// and those that an update usually adds; nil for a kind that programs make.
func askedOf(kind exchange.ReportKind, update bool) []asked {
	must := func(keys ...string) (out []asked) {
		for _, k := range keys {
			out = append(out, asked{k, true})
		}
		return out
	}
	may := func(keys ...string) (out []asked) {
		for _, k := range keys {
			out = append(out, asked{k, false})
		}
		return out
	}
	switch kind {
	case exchange.Incident:
		list := append(must("detected_at", "confirmed_at", "class", "severity", "occasion", "summary"), may("victim", "source_ip", "indicators")...)
		if update {
			list = append(list, may("status", "actions", "cause", "measures")...)
		}
		return list
	case exchange.Vulnerability:
		return append(must("title", "description", "found_at"), may("cve", "product", "owner", "remediation", "status")...)
	case exchange.Threat:
		return append(must("title", "description", "observed_at"), may("severity", "indicators", "advice")...)
	case exchange.Request:
		return append(must("clause", "subject", "text"), may("answer_by")...)
	case exchange.Answer:
		return must("request_id", "verdict", "text")
	}
	return nil
}

// cardDraft is a card while a person answers: the answers as lines of text, over
// what was sent before.
type cardDraft struct {
	kind     exchange.ReportKind
	language exchange.Language // of the card
	defaults plain.Defaults
	limits   parser.Limits
	fixed    []string // lines that nobody is asked for
	order    []string // keys answered
	answers  map[string]string
	before   map[string]any // the card that is updated, nil for a new one
}

// ownDefaults are what the configuration says of us for a card as text.
func ownDefaults(c *config.Config, at time.Time) plain.Defaults {
	return plain.Defaults{Reporter: c.Identity.ID, Email: c.Identity.Address, Phone: c.Identity.Phone, Language: c.Language, Zone: c.Zone, At: at, Now: at}
}

// text is the card as lines, and on which of them each answer begins.
func (d *cardDraft) text() (body string, begins map[string]int) {
	var b strings.Builder
	n := 1
	write := func(line string) {
		b.WriteString(line + "\n")
		n += strings.Count(line, "\n") + 1
	}
	write("kind: " + string(d.kind))
	write("language: " + string(d.language))
	for _, line := range d.fixed {
		write(line)
	}
	begins = map[string]int{}
	for _, key := range d.order {
		begins[key] = n
		write(key + ": " + strings.ReplaceAll(d.answers[key], "\n", "\n  "))
	}
	return b.String(), begins
}

// answer takes an answer and says what is wrong with it, nothing if it is
// right; a wrong one is not kept.
func (d *cardDraft) answer(key, value string) []exchange.Problem {
	kept, had := d.answers[key]
	if !had {
		d.order = append(d.order, key)
	}
	d.answers[key] = value
	body, begins := d.text()
	var wrong []exchange.Problem
	for _, p := range parser.ParseText(plain.Text{Body: body}, d.defaults, d.limits).Problems {
		if p.Line >= begins[key] && p.Line <= begins[key]+strings.Count(value, "\n") {
			wrong = append(wrong, p)
		}
	}
	switch {
	case len(wrong) > 0 && had:
		d.answers[key] = kept
	case len(wrong) > 0:
		d.order = d.order[:len(d.order)-1]
		delete(d.answers, key)
	}
	return wrong
}

// document is the card to be sent.
func (d *cardDraft) document() (exchange.Document, error) {
	body, _ := d.text()
	if d.before == nil {
		return exchange.Document{Name: "card.txt", MediaType: "text/plain", Body: []byte(body)}, nil
	}
	var now map[string]any
	if err := json.Unmarshal(plain.Read(plain.Text{Body: body}, d.defaults).JSON, &now); err != nil {
		return exchange.Document{}, fmt.Errorf("update: %w", err)
	}
	merged, err := json.Marshal(over(d.before, now))
	return exchange.Document{Name: "card.json", MediaType: "application/json", Body: merged}, err
}

// over puts what is new over what stands: fields of objects one by one, lists
// as a whole.
func over(before, now map[string]any) map[string]any {
	out := maps.Clone(before)
	for name, value := range now {
		a, isObject := out[name].(map[string]any)
		if b, ok := value.(map[string]any); ok && isObject {
			value = over(a, b)
		}
		out[name] = value
	}
	return out
}

// current is the value of a field as it stands, in the words of a language, the
// number of items for a list; "" if it has none.
func (d *cardDraft) current(key string, l exchange.Language) string {
	if value, ok := d.answers[key]; ok {
		return value
	}
	var at any = d.before
	for step := range strings.SplitSeq(plain.Path(key, d.kind, d.language)[1:], "/") {
		object, _ := at.(map[string]any)
		at = object[step]
	}
	switch value := at.(type) {
	case string:
		if t, err := time.Parse(time.RFC3339, value); err == nil && plain.IsTime(key) {
			return t.In(d.defaults.Zone).Format("2006-01-02 15:04:05")
		}
		return plain.InWords(key, value, l)
	case map[string]any: // of a class
		for _, name := range []string{"national", "rsit"} {
			if word, ok := value[name].(string); ok {
				return word
			}
		}
	case []any:
		return fmt.Sprintf("(%d)", len(value))
	}
	return ""
}

// updates makes the draft one of what was sent before.
func (d *cardDraft) updates(last exchange.StoredReport, now time.Time) error {
	parsed := parser.ParseFile(exchange.Document{Body: last.Document, MediaType: last.MediaType}, d.limits, now)
	if parsed.Refusal.Code != "" || len(parsed.Reports) != 1 {
		return fmt.Errorf("update %s: what was sent is not one report that can be read again: %s", last.Key.ID, parsed.Refusal.Code)
	}
	r := *parsed.Reports[0]
	card, err := parser.Render(&r, exchange.CardJSON)
	if err != nil {
		return fmt.Errorf("update %s: %w", last.Key.ID, err)
	}
	if err := json.Unmarshal(card.Body, &d.before); err != nil {
		return fmt.Errorf("update %s: %w", last.Key.ID, err)
	}
	d.kind, d.fixed = r.Kind, []string{"report_id: " + r.ID, fmt.Sprintf("revision: %d", r.Revision+1)}
	switch {
	case r.Incident != nil:
		d.fixed = append(d.fixed, "incident_id: "+r.Incident.IncidentID)
	case r.Vulnerability != nil:
		d.fixed = append(d.fixed, "vulnerability_id: "+r.Vulnerability.VulnerabilityID)
	case r.Threat != nil:
		d.fixed = append(d.fixed, "threat_id: "+r.Threat.ThreatID)
	}
	if r.Language != "" {
		d.language = r.Language
	}
	d.defaults.Email, d.defaults.Phone = "", "" // those of the first card stay
	d.defaults.Addressee = r.Addressee
	return nil
}

// keyOf is the key of the field that a problem of the card is about, "" if
// nobody is asked for it.
func (d *cardDraft) keyOf(p exchange.Problem) string {
	keys := plain.Keys()
	slices.Reverse(keys) // the more particular ones stand later
	for _, key := range keys {
		path := plain.Path(key, d.kind, d.language)
		if p.Path == path || strings.HasPrefix(p.Path, path+"/") {
			return key
		}
	}
	return ""
}
