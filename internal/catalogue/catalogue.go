// Package catalogue holds every person-facing text of Almasu in Kazakh,
// Russian and English, one file per subject under texts/. It owns the words
// and refuses everything else: no layout, no dates, no decisions.
//
// A text is found by its key, "subject.name", where the subject is the file's
// name. Arguments stand in it as {0}, {1}, ...
package catalogue

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"
	"sync"
)

//go:embed texts/*.json
var files embed.FS

// load reads the embedded texts once: map key -> language -> text.
var load = sync.OnceValues(func() (map[string]map[string]string, error) { return read(files) })

func read(from fs.FS) (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	names, err := fs.Glob(from, "texts/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		var texts map[string]map[string]string
		if err := json.Unmarshal(data, &texts); err != nil {
			return nil, fmt.Errorf("catalogue %s: %w", name, err)
		}
		subject := strings.TrimSuffix(path.Base(name), ".json")
		for key, byLanguage := range texts {
			all[subject+"."+key] = byLanguage
		}
	}
	return all, nil
}

// Text returns the text of a key in the language ("kk", "ru" or "en"; another
// one counts as "en") with its arguments put in. A key nobody wrote a text for
// comes back as itself, so that nothing a person needs to see is swallowed;
// the tests fail on one.
func Text(language, key string, args ...string) string {
	all, err := load()
	if err != nil {
		return key
	}
	text, ok := all[key][language]
	if !ok {
		text, ok = all[key]["en"]
	}
	if !ok {
		return strings.Join(append([]string{key}, args...), " ")
	}
	return fill(text, args)
}

// fill puts the arguments in for {0}, {1}, ... An argument is not looked into.
func fill(text string, args []string) string {
	var b strings.Builder
	for {
		open := strings.IndexByte(text, '{')
		if open < 0 || len(args) == 0 {
			break
		}
		number, rest, closed := strings.Cut(text[open+1:], "}")
		n, err := strconv.Atoi(number)
		if !closed || err != nil || n < 0 || n >= len(args) || number != strconv.Itoa(n) {
			b.WriteString(text[:open+1])
			text = text[open+1:]
			continue
		}
		b.WriteString(text[:open])
		b.WriteString(args[n])
		text = rest
	}
	if b.Len() == 0 {
		return text
	}
	b.WriteString(text)
	return b.String()
}

// Has reports whether the key has a text in all three languages.
func Has(key string) bool {
	all, err := load()
	t := all[key]
	return err == nil && t["kk"] != "" && t["ru"] != "" && t["en"] != ""
}

// Keys lists every key, sorted.
func Keys() []string {
	all, _ := load()
	keys := make([]string, 0, len(all))
	for k := range all {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
