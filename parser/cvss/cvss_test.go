package cvss

import (
	"errors"
	"testing"
)

func TestScores(t *testing.T) {
	for vector, want := range map[string]Scores{
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H":                            {9.8, 9.8, 9.8},
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H":                            {10, 10, 10},
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N":                            {6.1, 6.1, 6.1},
		"CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N":                            {6.4, 6.4, 6.4},
		"CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N":                            {0, 0, 0},
		"CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N":                            {3.1, 3.1, 3.1},
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U":              {9.8, 7.8, 7.8},
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/CR:L/IR:L/AR:L":             {9.8, 9.8, 8},
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/MC:N/MI:N/MA:N":             {9.8, 9.8, 0},
		"AV:N/AC:L/Au:N/C:N/I:N/A:C":                                              {7.8, 7.8, 7.8},
		"AV:N/AC:L/Au:N/C:C/I:C/A:C":                                              {10, 10, 10},
		"(AV:L/AC:H/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:M)": {6.2, 4.9, 7.5},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N":         {9.3, 9.3, 9.3},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H":         {10, 10, 10},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N":         {0, 0, 0},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N":         {5.1, 5.1, 5.1},
		"CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N":         {7.7, 7.7, 7.7},
		"CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N":         {7.3, 7.3, 7.3},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:P":     {9.3, 8.9, 8.9},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N":         {5.1, 5.1, 5.1},
		"CVSS:4.0/AV:P/AC:L/AT:N/PR:N/UI:N/VC:N/VI:H/VA:N/SC:N/SI:L/SA:N":         {5.1, 5.1, 5.1},
	} {
		v, err := Parse(vector)
		if err != nil {
			t.Errorf("%s: %v", vector, err)
			continue
		}
		if got := v.Scores(); got != want {
			t.Errorf("%s: %v, want %v", vector, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const ok3, ok4 = "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
	for vector, want := range map[string]error{
		"":                                 ErrVersion,
		"CVSS:3.2/" + ok3:                  ErrVersion,
		"CVSS:3.1/" + ok3 + "/":            ErrMetric,
		"CVSS:3.1/" + ok3[:31]:             ErrBase,
		"CVSS:3.1/" + ok3 + "/A:H":         ErrTwice,
		"CVSS:3.1/" + ok3 + "/E:ND":        ErrMetric,
		"CVSS:3.1/" + ok4:                  ErrMetric,
		"CVSS:4.0/" + ok3:                  ErrMetric,
		"CVSS:4.0/" + ok4 + "/CR:H/E:A":    ErrOrder,
		"CVSS:4.0/" + ok4 + "/SI:S":        ErrMetric,
		"AV:N/AC:L/Au:N/C:N/I:N":           ErrBase,
		"(AV:N/AC:L/Au:N/C:N/I:N/A:C/E:X)": ErrMetric,
	} {
		if _, err := Parse(vector); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", vector, err, want)
		}
	}
}

// Every vector of base metrics of version 4.0 has a score, and it never rises
// when a metric gets harmless.
func TestFourIsMonotone(t *testing.T) {
	all := metrics(base4)
	var walk func(i int, v Vector)
	seen := 0
	walk = func(i int, v Vector) {
		if i < len(all) {
			for _, x := range all[i].values {
				v.values[all[i].name] = x
				walk(i+1, v)
			}
			return
		}
		if seen++; seen%37 != 0 {
			return
		}
		s := v.score4()
		if s < 0 || s > 10 {
			t.Fatalf("%v: %v", v.values, s)
		}
		old := v.values["VC"]
		v.values["VC"] = "N"
		if less := v.score4(); less > s {
			t.Fatalf("%v: %v rises to %v", v.values, s, less)
		}
		v.values["VC"] = old
	}
	walk(0, Vector{Version: "4.0", values: map[string]string{}})
}

func TestSeverity(t *testing.T) {
	for score, want := range map[float64]string{0: "NONE", 0.1: "LOW", 3.9: "LOW", 4: "MEDIUM", 7: "HIGH", 9: "CRITICAL", 10: "CRITICAL"} {
		if got := Severity(score); got != want {
			t.Errorf("%v: %s", score, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
	f.Add("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:P/MSI:S")
	f.Add("AV:N/AC:L/Au:N/C:N/I:N/A:C")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err != nil {
			return
		}
		got := v.Scores()
		for _, x := range []float64{got.Base, got.Temporal, got.Environmental} {
			if x < 0 || x > 10 {
				t.Fatalf("%s: %v", s, got)
			}
		}
	})
}
