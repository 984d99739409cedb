// Package nearest finds the known name that somebody who wrote an unknown one
// may have meant. It refuses to act on the guess.
package nearest

import "strings"

// longest is the longest name compared, in characters.
const longest = 64

// Name is the known name closest to what was written, "" if none is close
// enough to have been meant.
func Name(written string, known []string) string {
	best, bestAt := "", len([]rune(written))/3+2
	for _, k := range known {
		if at := distance(strings.ToLower(written), k); at < bestAt {
			best, bestAt = k, at
		}
	}
	return best
}

// distance counts the letters to change, add or leave out (Levenshtein).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > longest {
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
