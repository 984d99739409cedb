package plain

import (
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"almasu/exchange"
	"almasu/internal/catalogue"
	"almasu/parser/card"
)

// put sets the field of an entry in the card. A value that is not of its form
// is set as it stands, so that room card says what is wrong with it.
func (r *reader) put(e entry) {
	path := strings.ReplaceAll(e.name.place(r.kind), "@", string(r.language))
	n := e.rows[0].n
	switch e.name.form {
	case list:
		r.list(e, path)
		return
	case indicators:
		r.indicators(e)
		return
	case actions:
		r.actions(e)
		return
	}
	value := e.value()
	if value == "" {
		return // an empty field of a form that was not filled in
	}
	path = r.objectAt(e.name.field, path)
	if r.get(path) != nil {
		r.problem(n, "/"+path, exchange.ProblemDuplicate, "plain-twice", Names(e.name.key, e.name.language)[0])
		return
	}
	r.lines["/"+path] = n
	switch e.name.form {
	case moment:
		r.moment(n, path, value)
	case word:
		r.set(path, orAsWritten(wordOf(e.name.words, value), value))
	case truth:
		r.set(path, truthOf(value))
	case number:
		if _, err := strconv.ParseInt(value, 10, 64); err == nil && value[0] != '+' {
			r.set(path, json.Number(value))
		} else {
			r.set(path, value)
		}
	case class:
		r.class(path, value)
	case vector:
		r.set(path+"/vector", value)
		version, _, _ := strings.Cut(strings.TrimPrefix(value, "CVSS:"), "/")
		r.set(path+"/version", version)
	case text:
		r.set(path, value)
	default:
		r.set(path, strings.Join(strings.Fields(value), " "))
	}
}

// objectAt puts the object at hand in for "#": a field of the name of an
// object, where that has one already, begins the next.
func (r *reader) objectAt(f field, path string) string {
	of, rest, ok := strings.Cut(path, "/#/")
	if !ok {
		return path
	}
	if rest == "name" && r.get(of+"/"+strconv.Itoa(r.group[of])+"/name") != nil {
		r.group[of]++
	}
	return of + "/" + strconv.Itoa(r.group[of]) + "/" + rest
}

func (r *reader) moment(n int, path, value string) {
	t, ok := momentOf(value, r.defaults.Zone)
	if !ok {
		r.problem(n, "/"+path, exchange.ProblemPattern, "plain-time")
		return
	}
	if t.After(r.latest) && !t.After(r.defaults.Now) {
		r.latest = t
	}
	r.set(path, t.Format(time.RFC3339))
}

// momentOf reads a time: RFC 3339, or the common ways to write one by hand; a
// time without a zone is one of ours.
func momentOf(s string, zone *time.Location) (time.Time, bool) {
	s = strings.Join(strings.Fields(s), " ")
	if t, err := time.Parse(time.RFC3339, strings.ToUpper(strings.Replace(s, " ", "T", 1))); err == nil {
		return t, true
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05",
		"02.01.2006 15:04", "02.01.2006 15:04:05", "2006-01-02 15:04 -07:00", "2006-01-02 15:04:05 -07:00", "2006-01-02 15:04Z07:00", "2006-01-02T15:04Z07:00"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// wordOf is the word of a list that a person wrote in any language, "" if it
// is none of them.
func wordOf(list, written string) string {
	written = plainKey(written)
	if list == "tlp" {
		label := strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(written, "tlp:"), " ", ""))
		return "TLP:" + strings.Replace(label, "AMBERSTRICT", "AMBER+STRICT", 1)
	}
	return theWords()[list][written]
}

// theWords are the words of every list in all languages, with their values.
var theWords = sync.OnceValue(func() map[string]map[string]string {
	lists := map[string]map[string]string{}
	for _, key := range catalogue.Keys() {
		word, ok := strings.CutPrefix(key, "word.")
		if !ok {
			continue
		}
		list, value, _ := strings.Cut(word, "-")
		if lists[list] == nil {
			lists[list] = map[string]string{}
		}
		lists[list][plainKey(value)] = value
		for _, l := range languages() {
			for w := range strings.SplitSeq(catalogue.Text(string(l), key), "|") {
				if other, there := lists[list][plainKey(w)]; there && other != value {
					panic("plain: the word " + w + " means " + other + " and " + value)
				}
				lists[list][plainKey(w)] = value
			}
		}
	}
	return lists
})

func orAsWritten(word, written string) string {
	if word == "" {
		return written
	}
	return word
}

func truthOf(written string) any {
	switch wordOf("truth", written) {
	case "yes":
		return true
	case "no":
		return false
	}
	return written
}

// class takes a class of the reference taxonomy, whole or its last word, or a
// national word (DOMAIN 2.3), which is kept beside it.
func (r *reader) class(path, value string) {
	r.lines["/"+path+"/rsit"] = r.lines["/"+path]
	classes := card.Classes()
	if slices.Contains(classes, strings.ToLower(value)) {
		r.set(path+"/rsit", strings.ToLower(value))
		return
	}
	if found := wordOf("class", value); found != "" {
		r.set(path+"/rsit", found)
		r.set(path+"/national", strings.Join(strings.Fields(value), " "))
		return
	}
	for _, c := range classes {
		if _, last, _ := strings.Cut(c, "/"); plainKey(last) == plainKey(value) {
			value = c
			break
		}
	}
	r.set(path+"/rsit", value)
}

// list appends the values of a field that may stand several times.
func (r *reader) list(e entry, path string) {
	for _, row := range e.rows {
		for _, v := range itemsOf(e.name.key, row.text) {
			at := r.objectAt(e.name.field, path)
			if of, rest, ok := strings.Cut(at, "/*/"); ok {
				at = of + "/" + strconv.Itoa(r.length(of)) + "/" + rest
			} else {
				at += "/" + strconv.Itoa(r.length(at))
			}
			r.set(at, v)
			r.lines["/"+at] = row.n
		}
	}
}

func (r *reader) length(path string) int {
	items, _ := r.get(path).([]any)
	return len(items)
}

// itemsOf cuts one line of a list. Names of software may hold blanks, and
// addresses of pages commas.
func itemsOf(key, s string) []string {
	between := func(c rune) bool { return unicode.IsSpace(c) || c == ';' || c == ',' }
	switch key {
	case "object_software":
		between = func(c rune) bool { return c == ';' || c == ',' }
	case "object_url", "source_url":
		between = func(c rune) bool { return unicode.IsSpace(c) || c == ';' }
	case "fingerprints": // written in groups of four
		between = func(c rune) bool { return c == ';' || c == ',' }
		s = strings.ReplaceAll(s, " ", "")
	}
	var items []string
	for _, item := range strings.FieldsFunc(bullet(s), between) {
		if item = strings.Trim(refang(item), " ,<>"); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// bullet takes the mark of a list away.
func bullet(s string) string {
	s = strings.TrimSpace(s)
	for _, mark := range []string{"- ", "* ", "• ", "– "} {
		s = strings.TrimPrefix(s, mark)
	}
	return strings.TrimSpace(s)
}

// refang undoes the ways to keep an address from being followed.
func refang(s string) string {
	s = strings.NewReplacer("[.]", ".", "(.)", ".", "[:]", ":", "[@]", "@").Replace(s)
	if rest, ok := strings.CutPrefix(s, "hxxp"); ok {
		s = "http" + rest
	}
	return s
}

// indicators takes one of each line, or several values with commas between.
func (r *reader) indicators(e entry) {
	add := func(line int, kind, value string) {
		at := "indicators/" + strconv.Itoa(r.length("indicators"))
		r.set(at, map[string]any{"type": kind, "value": refang(value)})
		r.lines["/"+at] = line
	}
	for _, row := range e.rows {
		s := bullet(row.text)
		kind, value, two := strings.Cut(s, " ")
		if known := strings.ToLower(strings.TrimSuffix(kind, ":")); two && slices.Contains(indicatorTypes(), known) {
			add(row.n, known, strings.TrimSpace(value))
			continue
		}
		for _, v := range itemsOf("indicators", s) {
			add(row.n, typeOf(v), v)
		}
	}
}

func indicatorTypes() []string {
	return []string{"md5", "sha1", "sha256", "sha512", "ip", "fqdn", "url", "email", "file-name", "yara", "other"}
}

// typeOf tells the type of an indicator by its look.
func typeOf(v string) string {
	if _, err := hex.DecodeString(v); err == nil {
		if t := map[int]string{32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}[len(v)]; t != "" {
			return t
		}
	}
	_, notIP := netip.ParseAddr(v)
	_, notNetwork := netip.ParsePrefix(v)
	switch {
	case notIP == nil || notNetwork == nil:
		return "ip"
	case strings.Contains(v, "://"):
		return "url"
	case strings.Contains(v, "@"):
		return "email"
	case strings.Contains(v, ".") && !strings.ContainsAny(v, `/\`):
		return "fqdn"
	}
	return "other"
}

// actions takes one of each line that begins with a time; other lines go on
// with it.
func (r *reader) actions(e entry) {
	var words []string // of the last one
	finish := func() {
		if n := r.length("actions_taken"); n > 0 && words != nil {
			r.set("actions_taken/"+strconv.Itoa(n-1)+"/text", strings.TrimSpace(strings.Join(words, "\n")))
		}
	}
	defer finish()
	for _, row := range e.rows {
		s := bullet(row.text)
		if s == "" {
			continue
		}
		n := r.length("actions_taken")
		at, rest, ok := leadingMoment(s, r.defaults.Zone)
		switch {
		case ok:
			finish()
			path := "actions_taken/" + strconv.Itoa(n)
			r.set(path+"/at", at.Format(time.RFC3339))
			r.lines["/"+path] = row.n
			words = []string{strings.TrimLeft(rest, " ,;:–-")}
		case words != nil:
			words = append(words, s)
		default:
			r.problem(row.n, "/actions_taken", exchange.ProblemPattern, "plain-action")
		}
	}
}

// leadingMoment cuts the time at the beginning of a line.
func leadingMoment(s string, zone *time.Location) (at time.Time, rest string, ok bool) {
	words := strings.SplitN(s, " ", 3)
	for n := min(2, len(words)); n > 0; n-- {
		if at, ok := momentOf(strings.TrimRight(strings.Join(words[:n], " "), ",;:"), zone); ok {
			return at, strings.Join(words[n:], " "), true
		}
	}
	return at, "", false
}
