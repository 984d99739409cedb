// Package plain reads a report card that a person or a program wrote as lines
// of text, "key: value", in Kazakh, Russian or English, and makes card v1 of
// it: JSON, with the line that every value came from.
//
// It owns the names of the fields and the words of their values (in the
// catalogue, under field and word), what mail programs do to text
// (format=flowed, quotes, signatures), and how times and lists are written. It
// refuses to judge the card, which room parser/card does, to guess at a name
// it does not know, and to repeat in a problem what the text says.
package plain

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// Text is the text of a mail, decoded. Flowed and DelSp are the parameters
// format=flowed and delsp=yes of its Content-Type (RFC 3676 section 4).
type Text struct {
	Body          string
	Flowed, DelSp bool
}

// Defaults stand where a card does not say. They depend on nothing but the
// mail and the configuration: the same mail handed in twice is the same card.
type Defaults struct {
	Reporter, Addressee string // participant ids
	Email, Phone        string // where the reporter is reached
	Language            exchange.Language
	Zone                *time.Location // of times without one
	At                  time.Time      // when the mail was written, zero if it does not say
	Now                 time.Time
	Seed                string // what the id is made of: 8 or more hex digits
}

// Card is what a text says.
type Card struct {
	JSON     []byte             // card v1, to be judged
	Problems []exchange.Problem // of the text itself: names, times, fields that stand twice
	lines    map[string]int     // JSON Pointer -> line of the text
}

// Numbers of the reader.
const (
	// Longest is how many octets a card as text may have: a person wrote it.
	Longest      = 128 << 10
	mostProblems = 20
	longestKey   = 60 // characters before the colon
)

// Recognise reports whether a text means to be a card: it names its kind, or
// two fields.
func Recognise(t Text) bool {
	found := map[string]bool{}
	for _, r := range rowsOf(t) {
		if key, _, ok := keyOf(r); ok {
			if name, ok := theIndex()[plainKey(key)]; ok {
				found[name.key] = true
			}
		}
	}
	return found["kind"] || len(found) > 1
}

// Read reads the card that a text holds.
func Read(t Text, d Defaults) Card {
	r := &reader{defaults: d, root: map[string]any{"almasu": "card/1"}, lines: map[string]int{}, group: map[string]int{}}
	entries := r.entries(rowsOf(t))
	r.survey(entries)
	for _, e := range entries {
		r.put(e)
	}
	r.fillIn()
	body, err := json.Marshal(r.root)
	if err != nil {
		panic("plain: a card of texts and numbers is not JSON: " + err.Error())
	}
	return Card{JSON: body, Problems: r.problems, lines: r.lines}
}

// Place gives the problems of the JSON card the lines of the text; those of
// what is missing or was filled in have none.
func (c Card) Place(problems []exchange.Problem) {
	for i := range problems {
		p := &problems[i]
		p.Line, p.Column = 0, 0
		for path := p.Path; path != ""; path = path[:strings.LastIndexByte(path, '/')] {
			if line := c.lines[path]; line > 0 && (path == p.Path || p.Code != exchange.ProblemRequired) {
				p.Line, p.Column = line, 1
				break
			}
		}
	}
}

// reader makes one card.
type reader struct {
	defaults Defaults
	root     map[string]any
	lines    map[string]int
	group    map[string]int // list of objects -> the one being filled
	kind     exchange.ReportKind
	language exchange.Language // most of the keys are in it
	latest   time.Time         // of the times told that are past
	problems []exchange.Problem
	greeting int // lines before the first field that look like one
}

func (r *reader) problem(line int, path string, code exchange.ProblemCode, key string, args ...string) {
	if len(r.problems) < mostProblems {
		r.problems = append(r.problems, exchange.Problem{Path: path, Line: line, Column: 1, Code: code, Key: key, Args: args,
			Text: catalogue.Text(string(exchange.English), "problem."+key, args...)})
	}
}

// survey finds the kind and the language of the card, on which the places of
// other fields depend.
func (r *reader) survey(entries []entry) {
	votes := map[exchange.Language]int{}
	for _, e := range entries {
		if e.name.languages == 1 {
			votes[e.name.language]++
		}
		if e.name.key == "kind" {
			r.kind = exchange.ReportKind(orAsWritten(wordOf("kind", e.value()), e.value()))
		}
	}
	r.language = r.defaults.Language
	for _, l := range languages() {
		if votes[l] > votes[r.language] {
			r.language = l
		}
	}
	for _, e := range entries { // what the card says of itself counts most
		if l := exchange.Language(wordOf("language", e.value())); e.name.key == "language" && l != "" {
			r.language = l
		}
	}
	if !slices.Contains(exchange.ReportKinds(), r.kind) {
		r.kind = exchange.Incident // what people report most
	}
}

// fillIn puts in what the mail and the configuration know.
func (r *reader) fillIn() {
	d := r.defaults
	at := d.At
	if at.IsZero() || at.After(d.Now) {
		at = r.latest // not the clock: the same mail must give the same card
	}
	if at.IsZero() {
		at = d.Now
	}
	r.fill("kind", string(r.kind))
	r.fill("generated_at", at.In(d.Zone).Truncate(time.Second).Format(time.RFC3339))
	r.fill("report_id", tail(fmt.Sprintf("%s-%s-%s-%.8s", d.Reporter, r.kind, at.UTC().Format("20060102"), d.Seed), 64))
	r.fill("revision", json.Number("1"))
	r.fill("reporter", d.Reporter)
	r.fill("addressee", d.Addressee)
	r.fill("language", string(r.language))
	if own := map[exchange.ReportKind]string{exchange.Incident: "incident_id", exchange.Vulnerability: "vulnerability_id", exchange.Threat: "threat_id"}[r.kind]; own != "" {
		r.fill(own, r.root["report_id"])
	}
	switch r.kind {
	case exchange.Incident:
		r.fill("contact/email", d.Email)
		r.fill("contact/phone", d.Phone)
	case exchange.Contact:
		r.fill("valid_from", r.root["generated_at"])
	}
}

func (r *reader) fill(path string, value any) {
	if value != "" && value != nil && r.get(path) == nil {
		r.set(path, value)
	}
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// get and set walk a path such as "objects/0/ip"; a number is the place in a
// list, which grows by one at most.
func (r *reader) get(path string) any {
	var at any = r.root
	for step := range strings.SplitSeq(path, "/") {
		switch in := at.(type) {
		case map[string]any:
			at = in[step]
		case []any:
			n, _ := strconv.Atoi(step)
			if n >= len(in) {
				return nil
			}
			at = in[n]
		default:
			return nil
		}
	}
	return at
}

func (r *reader) set(path string, value any) {
	steps := strings.Split(path, "/")
	r.root = setIn(r.root, steps, value).(map[string]any)
}

func setIn(at any, steps []string, value any) any {
	if len(steps) == 0 {
		return value
	}
	if n, err := strconv.Atoi(steps[0]); err == nil {
		list, _ := at.([]any)
		if n >= len(list) {
			list = append(list, nil)
		}
		n = min(n, len(list)-1)
		list[n] = setIn(list[n], steps[1:], value)
		return list
	}
	object, _ := at.(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	object[steps[0]] = setIn(object[steps[0]], steps[1:], value)
	return object
}
