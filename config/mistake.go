package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing that is wrong in a file of settings. It never holds a
// secret: where a value might be one, only its name is told.
type Mistake struct {
	File   string
	Line   int // from 1
	What   string
	Remedy string
}

// Error is "file:line: what, remedy".
func (m *Mistake) Error() string {
	if m.Remedy == "" {
		return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.What)
	}
	return fmt.Sprintf("%s:%d: %s, %s", m.File, m.Line, m.What, m.Remedy)
}

// wrong notes a mistake at a line.
func (d *decoder) wrong(line int, what, remedy string) {
	d.mistakes = append(d.mistakes, &Mistake{File: d.file, Line: max(line, 1), What: what, Remedy: remedy})
}

// sorted lists the mistakes by line; those of one line stay as they were found.
func (d *decoder) sorted() []error {
	slices.SortStableFunc(d.mistakes, func(a, b *Mistake) int { return cmp.Compare(a.Line, b.Line) })
	out := make([]error, len(d.mistakes))
	for i, m := range d.mistakes {
		out[i] = m
	}
	return out
}

// nearest is the known name that is closest to what was written, "" if none
// is close enough to have been meant.
func nearest(written string, known []string) string {
	best, bestAt := "", len(written)/3+2
	for _, k := range known {
		if strings.HasPrefix(k, written+"_") {
			return k // password for password_file
		}
		if at := distance(strings.ToLower(written), k); at < bestAt {
			best, bestAt = k, at
		}
	}
	return best
}

// distance counts the letters to change, add, leave out or swap with their
// neighbour (optimal string alignment).
func distance(a, b string) int {
	const tooLong = 64
	if len(a) > tooLong {
		return len(a)
	}
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}

// didYouMean is the remedy for a name nobody knows.
func didYouMean(written string, known []string) string {
	if n := nearest(written, known); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return "known here: " + strings.Join(known, ", ")
}
