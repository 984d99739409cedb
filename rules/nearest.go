package rules

import (
	"fmt"
	"reflect"
	"strings"

	"almasu/internal/nearest"
)

// keysOf are the keys of a struct of the rules file, by its Go name.
func keysOf(name string) []string {
	for _, t := range []reflect.Type{reflect.TypeFor[Set](), reflect.TypeFor[EditionOf](), reflect.TypeFor[Rule](), reflect.TypeFor[Example](), reflect.TypeFor[Told]()} {
		if t.Name() != name {
			continue
		}
		var out []string
		for _, f := range reflect.VisibleFields(t) {
			if key, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); key != "" && key != "-" {
				out = append(out, key)
			}
		}
		return out
	}
	return nil
}

// didYouMean is the remedy for a name that nobody knows: the nearest known
// one, or all of them.
func didYouMean(written string, known []string) string {
	if best := nearest.Name(written, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "known here: " + strings.Join(known, ", ")
}
