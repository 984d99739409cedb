package config

import (
	"strings"
	"testing"

	"almasu/exchange"
)

func TestTemplate(t *testing.T) {
	got, d := parseTemplate("bank.yaml", []byte(`
notice:
  kk: {opening: "Құрметті {to}, {date}"}
  ru: {subject: "Исх. {number}", closing: "С уважением, {from}"}
`))
	if len(d.mistakes) > 0 {
		t.Fatal(d.mistakes)
	}
	if w := got[exchange.TemplateNotice][exchange.Russian]; w.Subject != "Исх. {number}" || w.Closing != "С уважением, {from}" {
		t.Errorf("%+v", w)
	}
	if _, has := got[exchange.TemplateNotice][exchange.English]; has {
		t.Error("words nobody wrote")
	}
}

// A template is refused with its line and the nearest known name; nothing of a
// report has a name there.
func TestTemplateMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"notice:\n  kk: {opening: \"{nubmer}\"}":   `x.yaml:2: notice.kk.opening: {nubmer} stands for nothing, did you mean "number"?`,
		"notice:\n  ru: {opening: \"{summary}\"}":  `{summary} stands for nothing`,
		"notice:\n  ru: {opening: \"{incident}\"}": `{incident} stands for nothing`,
		"notice:\n  ru: {opening: \"a { b\"}":      `stands for nothing`,
		"notise:\n  ru: {opening: x}":              `x.yaml:1: unknown key "notise", did you mean "notice"?`,
		"notice:\n  kz: {opening: x}":              `unknown key "kz"`,
		"notice:\n  en: {text: x}":                 `unknown key "text"`,
	} {
		_, d := parseTemplate("x.yaml", []byte(text))
		if len(d.mistakes) != 1 || !strings.Contains(d.mistakes[0].Error(), want) {
			t.Errorf("%q: %v, want %s", text, d.mistakes, want)
		}
	}
}
