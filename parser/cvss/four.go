package cvss

import (
	"math"
	"strings"
)

// effective is the value of a metric that counts: the modified one where it is
// given, the worst where a threat or requirement metric is not.
func (v Vector) effective(metric string) string {
	if m := v.values["M"+metric]; m != "" && m != "X" {
		return m
	}
	x := v.values[metric]
	if x != "" && x != "X" {
		return x
	}
	if metric == "E" {
		return "A"
	}
	return "H" // CR, IR, AR
}

// macro is the MacroVector: the levels of EQ1 to EQ6 (CVSS 4.0 section 8.2).
func (v Vector) macro() (eq [6]int) {
	is := func(pairs ...string) (all, some bool) {
		all = true
		for _, p := range pairs {
			name, value, _ := strings.Cut(p, ":")
			hit := v.effective(name) == value
			all, some = all && hit, some || hit
		}
		return all, some
	}
	all, some := is("AV:N", "PR:N", "UI:N")
	switch {
	case all:
	case some && v.effective("AV") != "P":
		eq[0] = 1
	default:
		eq[0] = 2
	}
	if all, _ := is("AC:L", "AT:N"); !all {
		eq[1] = 1
	}
	both, _ := is("VC:H", "VI:H")
	_, any := is("VC:H", "VI:H", "VA:H")
	switch {
	case both:
	case any:
		eq[2] = 1
	default:
		eq[2] = 2
	}
	_, safety := is("SI:S", "SA:S")
	_, high := is("SC:H", "SI:H", "SA:H")
	switch {
	case safety:
	case high:
		eq[3] = 1
	default:
		eq[3] = 2
	}
	eq[4] = strings.Index("APU", v.effective("E"))
	c, _ := is("CR:H", "VC:H")
	i, _ := is("IR:H", "VI:H")
	a, _ := is("AR:H", "VA:H")
	if !c && !i && !a {
		eq[5] = 1
	}
	return eq
}

// severities are the values of each metric from the worst.
const severities = "AV:NALP PR:NLH UI:NPA AC:LH AT:NP VC:HLN VI:HLN VA:HLN SC:SHLN SI:SHLN SA:SHLN CR:HML IR:HML AR:HML "

// steps is how far a value lies below another of the same metric.
func steps(metric, from, to string) int {
	_, rest, _ := strings.Cut(severities, metric+":")
	order, _, _ := strings.Cut(rest, " ")
	return strings.Index(order, to) - strings.Index(order, from)
}

// distance is how many steps the vector lies below a highest one, ok is false
// where it lies above it in some metric.
func (v Vector) distance(top string) (n int, ok bool) {
	for _, part := range strings.Split(top, "/") {
		name, value, _ := strings.Cut(part, ":")
		d := steps(name, value, v.effective(name))
		if d < 0 {
			return 0, false
		}
		n += d
	}
	return n, true
}

// score4: the score of the MacroVector, less the mean of how far the vector
// lies towards the next lower MacroVector in each direction (section 8.3).
func (v Vector) score4() float64 {
	harmless := true
	for _, m := range []string{"VC", "VI", "VA", "SC", "SI", "SA"} {
		harmless = harmless && v.effective(m) == "N"
	}
	if harmless {
		return 0
	}
	eq := v.macro()
	score, _ := lookup(eq)
	lower := [4][]float64{v.below(eq, 0), v.below(eq, 1), belowThree(eq), v.below(eq, 3)}
	tops, depth := highest(eq), depths(eq)
	sum, directions := 0.0, 0
	for d := range lower {
		if len(lower[d]) == 0 {
			continue
		}
		next := lower[d][0]
		for _, l := range lower[d] {
			next = math.Max(next, l)
		}
		directions++
		for _, top := range tops[d] {
			if n, ok := v.distance(top); ok {
				sum += (score - next) * float64(n) / depth[d]
				break
			}
		}
	}
	if len(v.below(eq, 4)) > 0 {
		directions++ // EQ5 has one metric: no distance within a level
	}
	if directions > 0 {
		score -= sum / float64(directions)
	}
	return math.Floor(math.Max(0, math.Min(10, score))*10+0.5+1e-9) / 10
}

// below is the score one level lower in one equivalence set, none if it is
// the lowest.
func (Vector) below(eq [6]int, set int) []float64 {
	eq[set]++
	if set == 1 && eq[1] > 1 || eq[set] > 2 {
		return nil
	}
	if s, ok := lookup(eq); ok {
		return []float64{s}
	}
	return nil
}

// belowThree: EQ3 and EQ6 count as one.
func belowThree(eq [6]int) []float64 {
	var found []float64
	try := func(three, six int) {
		next := eq
		next[2], next[5] = three, six
		if s, ok := lookup(next); ok && three <= 2 {
			found = append(found, s)
		}
	}
	switch three, six := eq[2], eq[5]; {
	case three == 0 && six == 0:
		try(0, 1)
		try(1, 0)
	case three == 1 && six == 0:
		try(1, 1)
	case six == 1 && three < 2:
		try(three+1, 1)
	}
	return found
}
