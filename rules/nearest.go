package rules

import (
	"fmt"
	"reflect"
	"strings"
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
	best, bestAt := "", len(written)/3+2
	for _, k := range known {
		if at := distance(strings.ToLower(written), k); at < bestAt {
			best, bestAt = k, at
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "known here: " + strings.Join(known, ", ")
}

// distance counts the letters to change, add or leave out (Levenshtein).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 {
		return len(x)
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		above := row[0]
		row[0] = i + 1
		for j := range y {
			change := above
			if x[i] != y[j] {
				change++
			}
			above = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
