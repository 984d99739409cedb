package plain

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"almasu/exchange"
	"almasu/internal/nearest"
)

// row is one line of the text, or several that format=flowed puts together.
type row struct {
	n    int // from 1
	text string
	deep bool // begins with blanks: it belongs to the value above
}

// rowsOf are the lines that the writer of the mail wrote: without quotes, the
// words that announce them, and what follows a signature mark or an earlier
// mail.
func rowsOf(t Text) []row {
	var rows []row
	var parts []string // of the last row
	finish := func() {
		if len(rows) > 0 {
			rows[len(rows)-1].text = strings.TrimRightFunc(strings.Join(parts, ""), unicode.IsSpace)
		}
	}
	flowing := false
	for n, raw := range strings.Split(strings.TrimPrefix(t.Body, "\ufeff"), "\n") {
		raw = strings.TrimSuffix(raw, "\r")
		if strings.HasPrefix(raw, ">") {
			finish()
			rows = withoutAnnouncement(rows)
			parts, flowing = nil, false
			if len(rows) > 0 {
				parts = []string{rows[len(rows)-1].text}
			}
			continue
		}
		if raw == "--" || raw == "-- " || earlierMail(raw) {
			break
		}
		stuffed := raw
		if t.Flowed {
			stuffed = strings.TrimPrefix(raw, " ") // RFC 3676 section 4.4
		}
		flows := t.Flowed && strings.HasSuffix(stuffed, " ")
		if flows && t.DelSp {
			stuffed = strings.TrimSuffix(stuffed, " ")
		}
		if !flowing || beginsField(stuffed) { // a blank left behind a value joins no field to it
			finish()
			rows, parts = append(rows, row{n: n + 1, deep: startsBlank(stuffed)}), nil
		}
		parts = append(parts, stuffed)
		flowing = flows
	}
	finish()
	return rows
}

func beginsField(s string) bool {
	key, _, ok := keyOf(row{text: s})
	return ok && isKnown(key)
}

func startsBlank(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && unicode.IsSpace(r) && strings.TrimSpace(s) != ""
}

// withoutAnnouncement drops "On ..., N wrote:" and its like before a quote.
func withoutAnnouncement(rows []row) []row {
	last := len(rows) - 1
	for last >= 0 && strings.TrimSpace(rows[last].text) == "" {
		last--
	}
	if last >= 0 && strings.HasSuffix(strings.TrimSpace(rows[last].text), ":") {
		if key, _, ok := keyOf(rows[last]); !ok || theIndex()[plainKey(key)].key == "" {
			return rows[:last]
		}
	}
	return rows
}

// earlierMail reports the line that programs write above the mail answered:
// "-----Original Message-----", "________________________________".
func earlierMail(s string) bool {
	s = strings.TrimSpace(s)
	return len(s) > 20 && strings.Trim(s, "_") == "" || strings.HasPrefix(s, "-----") && strings.HasSuffix(s, "-----") && len(s) > 10
}

// keyOf cuts a line that begins a field: a few words, a colon, and a blank or
// the end of the line after it.
func keyOf(r row) (key, value string, ok bool) {
	if r.deep {
		return "", "", false
	}
	key, value, ok = strings.Cut(strings.TrimLeft(r.text, "*"), ":")
	value = strings.TrimPrefix(value, "*") // *Key:* value, as some programs mark bold words
	first, _ := utf8.DecodeRuneInString(value)
	if !ok || key == "" || utf8.RuneCountInString(key) > longestKey || value != "" && !unicode.IsSpace(first) && !isKnown(key) {
		return "", "", false
	}
	for i, c := range key {
		if !unicode.IsLetter(c) && (i == 0 || !unicode.IsDigit(c) && !strings.ContainsRune(" _-.*\u00a0", c)) {
			return "", "", false
		}
	}
	return key, strings.TrimSpace(value), true
}

func isKnown(key string) bool {
	_, ok := theIndex()[plainKey(key)]
	return ok
}

// entry is one field as the text has it.
type entry struct {
	name name
	rows []row // of its value; the first is the rest of the key's own line
}

// value is the value in one piece, without what surrounds it.
func (e entry) value() string {
	var parts []string
	for _, r := range e.rows {
		parts = append(parts, strings.TrimSpace(r.text))
	}
	return strings.TrimSpace(strings.Join(parts, "\n"))
}

// entries cuts the rows into fields. Words before the first field are a
// greeting, unless they look like a field whose name is misspelt.
func (r *reader) entries(rows []row) []entry {
	var entries []entry
	for _, row := range rows {
		key, value, ok := keyOf(row)
		name, isField := theIndex()[plainKey(key)]
		switch {
		case ok && isField:
			entries = append(entries, entry{name, rowAt(row.n, value)})
		case ok && len(r.problems) >= mostProblems:
		case ok && (len(entries) > 0 || r.misspelt(plainKey(key))):
			r.unknown(row.n, plainKey(key))
		case len(entries) > 0:
			last := &entries[len(entries)-1]
			last.rows = append(last.rows, row)
		}
	}
	return entries
}

// misspelt reports whether words before the first field look like one; only
// so many are looked at.
func (r *reader) misspelt(key string) bool {
	r.greeting++
	return r.greeting <= mostProblems && nearest.Name(key, known()) != ""
}

// unknown tells which name may have been meant: those that go on where the
// written one ends, or the nearest.
func (r *reader) unknown(line int, written string) {
	var begins []string
	for _, k := range known() {
		if strings.HasPrefix(k, written+" ") {
			begins = append(begins, k)
		}
	}
	meant := nearest.Name(written, known())
	switch {
	case len(begins) > 1:
		for i := range begins {
			begins[i] = withKey(begins[i])
		}
		r.problem(line, "", exchange.ProblemUnknown, "plain-ambiguous", strings.Join(begins, ", "))
	case len(begins) == 1:
		r.problem(line, "", exchange.ProblemUnknown, "plain-unknown-near", withKey(begins[0]))
	case meant != "":
		r.problem(line, "", exchange.ProblemUnknown, "plain-unknown-near", withKey(meant))
	default:
		r.problem(line, "", exchange.ProblemUnknown, "plain-unknown")
	}
}

// withKey puts the field's own name beside one in other letters: a mail server
// can repeat that alone.
func withKey(written string) string {
	if key := theIndex()[written].key; plainKey(key) != written {
		return written + " (" + key + ")"
	}
	return written
}

func rowAt(n int, text string) []row { return []row{{n: n, text: text}} }
