package plain

import (
	"strings"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// IsTime reports whether a field's value is a time.
func IsTime(key string) bool { return fieldOf(key).form == moment }

// HasLines reports whether a field's value may have several lines.
func HasLines(key string) bool {
	f := fieldOf(key).form
	return f == text || f == indicators || f == actions
}

// Choices are the words a field's value is one of, in a language: the first of
// each; nil where it is none of a list.
func Choices(key string, l exchange.Language) []string {
	list := listOf(key)
	if list == "" {
		return nil
	}
	var words []string
	for _, value := range valuesOf(list) {
		words = append(words, InWords(key, value, l))
	}
	return words
}

// valuesOf are the values of a list that have a word: as a person would count
// them up, or by the alphabet.
func valuesOf(list string) []string {
	if counted := map[string]string{"severity": "low medium high", "status": "new in-progress forwarded resolved", "known": "yes no unknown",
		"impact": "none low high unknown", "truth": "yes no", "verdict": "done partly declined"}[list]; counted != "" {
		return strings.Fields(counted)
	}
	var values []string
	for _, k := range catalogue.Keys() {
		if value, ok := strings.CutPrefix(k, "word."+list+"-"); ok {
			values = append(values, value)
		}
	}
	return values
}

// Word is the word of the card that a person wrote in any language as the value
// of a field, and as itself where it is none.
func Word(key, written string) string {
	return orAsWritten(wordOf(fieldOf(key).words, written), written)
}

// InWords is Word's inverse: how a value of the card is called in a language.
func InWords(key, value string, l exchange.Language) string {
	text := "word." + listOf(key) + "-" + value
	if !catalogue.Has(text) {
		return value
	}
	word, _, _ := strings.Cut(catalogue.Text(string(l), text), "|")
	return word
}

// listOf is the list of words of a field in the catalogue, "" for none.
func listOf(key string) string {
	switch f := fieldOf(key); f.form {
	case class:
		return "class"
	case truth:
		return "truth"
	default:
		return f.words
	}
}

// IsYes reports whether a person said yes in any language.
func IsYes(written string) bool { return wordOf("truth", written) == "yes" }

// Path is where a field stands in a card of the kind, as a JSON Pointer; of a
// list, the list. language is that of the card's names.
func Path(key string, kind exchange.ReportKind, language exchange.Language) string {
	path := fieldOf(key).place(kind)
	for _, sign := range []string{"/#", "/*"} {
		path, _, _ = strings.Cut(path, sign)
	}
	return "/" + strings.ReplaceAll(path, "@", string(language))
}

func fieldOf(key string) field {
	for _, f := range fields() {
		if f.key == key {
			return f
		}
	}
	return field{}
}
