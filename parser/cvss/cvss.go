// Package cvss reads CVSS vectors of the versions 2.0, 3.0, 3.1 and 4.0 and
// computes their scores (FIRST: the specification documents of each version).
//
// It owns the metrics and the arithmetic. It refuses to say what a score means
// for a report.
package cvss

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What is wrong with a vector.
var (
	ErrVersion = errors.New("the vector is of no known CVSS version")
	ErrMetric  = errors.New("the vector has a metric or value its version has not")
	ErrTwice   = errors.New("the vector has a metric twice")
	ErrOrder   = errors.New("the metrics of the vector are out of order")
	ErrBase    = errors.New("the vector lacks a base metric")
)

// Vector is a vector that was read; every base metric is there.
type Vector struct {
	Version string // "2.0", "3.0", "3.1", "4.0"
	values  map[string]string
}

// metric is one metric of a version; the first value of an optional one is
// "not defined".
type metric struct {
	name   string
	values []string
}

const (
	base2     = "AV:L,A,N AC:H,M,L Au:M,S,N C:N,P,C I:N,P,C A:N,P,C"
	optional2 = "E:ND,U,POC,F,H RL:ND,OF,TF,W,U RC:ND,UC,UR,C CDP:ND,N,L,LM,MH,H TD:ND,N,L,M,H CR:ND,L,M,H IR:ND,L,M,H AR:ND,L,M,H"
	base3     = "AV:N,A,L,P AC:L,H PR:N,L,H UI:N,R S:U,C C:N,L,H I:N,L,H A:N,L,H"
	optional3 = "E:X,U,P,F,H RL:X,O,T,W,U RC:X,U,R,C CR:X,L,M,H IR:X,L,M,H AR:X,L,M,H " +
		"MAV:X,N,A,L,P MAC:X,L,H MPR:X,N,L,H MUI:X,N,R MS:X,U,C MC:X,N,L,H MI:X,N,L,H MA:X,N,L,H"
	base4     = "AV:N,A,L,P AC:L,H AT:N,P PR:N,L,H UI:N,P,A VC:H,L,N VI:H,L,N VA:H,L,N SC:H,L,N SI:H,L,N SA:H,L,N"
	optional4 = "E:X,A,P,U CR:X,H,M,L IR:X,H,M,L AR:X,H,M,L MAV:X,N,A,L,P MAC:X,L,H MAT:X,N,P MPR:X,N,L,H MUI:X,N,P,A " +
		"MVC:X,H,L,N MVI:X,H,L,N MVA:X,H,L,N MSC:X,H,L,N MSI:X,S,H,L,N MSA:X,S,H,L,N " +
		"S:X,N,P AU:X,N,Y R:X,A,U,I V:X,D,C RE:X,L,M,H U:X,Clear,Green,Amber,Red"
)

// Parse reads a vector. One of version 2.0 has no mark of its version, and may
// stand in brackets. The order of the metrics is fixed in version 4.0 only.
func Parse(s string) (Vector, error) {
	version, base, optional := "2.0", base2, optional2
	switch {
	case strings.HasPrefix(s, "CVSS:3.0/"), strings.HasPrefix(s, "CVSS:3.1/"):
		version, base, optional = s[5:8], base3, optional3
		s = s[9:]
	case strings.HasPrefix(s, "CVSS:4.0/"):
		version, base, optional = s[5:8], base4, optional4
		s = s[9:]
	case strings.HasPrefix(s, "AV:"), strings.HasPrefix(s, "(AV:") && strings.HasSuffix(s, ")"):
		s = strings.Trim(s, "()")
	default:
		return Vector{}, ErrVersion
	}
	needed := metrics(base)
	v := Vector{Version: version, values: map[string]string{}}
	if err := v.read(s, append(slices.Clone(needed), metrics(optional)...)); err != nil {
		return Vector{}, err
	}
	for _, m := range needed {
		if v.values[m.name] == "" {
			return Vector{}, fmt.Errorf("%w: %s", ErrBase, m.name)
		}
	}
	return v, nil
}

func metrics(list string) []metric {
	var all []metric
	for _, m := range strings.Fields(list) {
		name, values, _ := strings.Cut(m, ":")
		all = append(all, metric{name, strings.Split(values, ",")})
	}
	return all
}

func (v Vector) read(s string, known []metric) error {
	last := -1
	for _, part := range strings.Split(s, "/") {
		name, value, _ := strings.Cut(part, ":")
		i := slices.IndexFunc(known, func(m metric) bool { return m.name == name })
		switch {
		case i < 0 || !slices.Contains(known[i].values, value):
			return ErrMetric
		case v.values[name] != "":
			return fmt.Errorf("%w: %s", ErrTwice, name)
		case v.Version == "4.0" && i < last:
			return fmt.Errorf("%w: %s", ErrOrder, name)
		}
		v.values[name], last = value, i
	}
	return nil
}

// Get is the value of a metric, "" if it is not given.
func (v Vector) Get(metric string) string { return v.values[metric] }

// Scores are the scores of a vector. Temporal and Environmental equal the
// score before them where no metric of their group is given. Version 4.0 has
// one score, which takes all metrics given into account; there Base is the
// score of the base metrics alone.
type Scores struct{ Base, Temporal, Environmental float64 }

// Scores computes the scores, each from 0.0 to 10.0 with one digit.
func (v Vector) Scores() Scores {
	switch v.Version {
	case "2.0":
		return v.scores2()
	case "4.0":
		all := v.score4()
		base := Vector{Version: "4.0", values: map[string]string{}}
		for _, m := range metrics(base4) {
			base.values[m.name] = v.values[m.name]
		}
		return Scores{base.score4(), all, all}
	}
	return v.scores3()
}

// Severity is the qualitative rating of a score (CVSS 3.1 section 5, CVSS 4.0
// section 6): NONE, LOW, MEDIUM, HIGH or CRITICAL.
func Severity(score float64) string {
	switch {
	case score <= 0:
		return "NONE"
	case score < 4:
		return "LOW"
	case score < 7:
		return "MEDIUM"
	case score < 9:
		return "HIGH"
	}
	return "CRITICAL"
}
