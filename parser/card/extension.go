package card

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"almasu/exchange"
	"almasu/parser/tree"
)

// Extension is the fields of a card of one kind as they stand in an extension
// of another format: those that format cannot hold, any of them, none required.
type Extension struct{ object *object }

// ExtensionOf is the extension for a kind of reports, without the fields named.
func ExtensionOf(kind exchange.ReportKind, without ...string) (Extension, bool) {
	top := theTable().kinds[kind]
	if top == nil {
		return Extension{}, false
	}
	var fields []field
	for _, f := range top.fields {
		if f.index != nil && !slices.Contains(without, f.name) {
			f.required = false
			fields = append(fields, f)
		}
	}
	return Extension{newObject(top.name, fields)}, true
}

// Names is what is known at the object that holds the fields.
func (e Extension) Names() tree.Names { return names{object: e.object} }

// Read reads the fields from an object into the report, whose other fields it
// leaves alone, and returns what is wrong with them.
func (e Extension) Read(d *tree.Document, n *tree.Node, r *exchange.Report, now time.Time) []tree.Fault {
	reader := &reader{doc: d, now: now, report: r}
	v := reflect.ValueOf(r).Elem()
	reader.object(n, e.object, v)
	if len(reader.faults) > 0 {
		return reader.faults
	}
	reader.notFuture(n, "generated_at", r.GeneratedAt)
	if body := reflect.Indirect(bodyOf(v, theTable().kinds[r.Kind])); body.IsValid() {
		reader.meaning(n, body.Addr().Interface())
	}
	return reader.faults
}

// Write writes the fields of a report that are set as a JSON object; one the
// reader would refuse is an error that names the field and never its value.
func (e Extension) Write(r *exchange.Report) ([]byte, error) {
	w := &jsonWriter{}
	w.begin()
	if err := render(w, e.object, reflect.ValueOf(r).Elem()); err != nil {
		return nil, fmt.Errorf("render fields of card %s: %w", r.ID, err)
	}
	return w.end(), nil
}

// SoundIndicator reports whether the value is one of the indicator's type.
func SoundIndicator(kind, value string) bool { return looksLike(kind, value) }

// SoundClass reports whether the word is a class of the RSIT taxonomy.
func SoundClass(word string) bool { return slices.Contains(wordLists()["rsit"], word) }

// SoundForm reports whether the value has the form of the name (see body.go of
// package exchange), so that a card can hold it.
func SoundForm(name, value string) bool {
	f := forms()[name]
	if f == nil || value == "" {
		return false
	}
	x := field{form: f, shape: aText}
	return x.text(value).code == ""
}

// FitLine makes one line of a text, so that a card can hold it: white space and
// control characters become blanks, and what is too long is cut.
func FitLine(s string) string {
	if SoundForm("line", s) {
		return s
	}
	line := strings.FieldsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || forms()["line"].barred(c) })
	return cut(strings.Join(line, " "), forms()["line"].longest)
}

// FitText makes a text a card can hold: what is too long is cut, and white
// space alone is no text.
func FitText(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return cut(s, forms()["text"].longest)
}

func cut(s string, longest int) string {
	if r := []rune(s); len(r) > longest {
		return string(r[:longest-1]) + "…"
	}
	return s
}
