package cvss

import "math"

// weights are the numbers of metric values, by "metric:value".
func (v Vector) weight(metric string, weights map[string]float64) float64 {
	w, ok := weights[v.values[metric]]
	if !ok {
		return 1 // not defined
	}
	return w
}

// CVSS 2.0 section 3.2.
func (v Vector) scores2() Scores {
	cia := map[string]float64{"N": 0, "P": 0.275, "C": 0.660}
	c, i, a := v.weight("C", cia), v.weight("I", cia), v.weight("A", cia)
	exploitability := 20 * v.weight("AV", map[string]float64{"L": 0.395, "A": 0.646, "N": 1}) *
		v.weight("AC", map[string]float64{"H": 0.35, "M": 0.61, "L": 0.71}) *
		v.weight("Au", map[string]float64{"M": 0.45, "S": 0.56, "N": 0.704})
	base := func(impact float64) float64 {
		if impact == 0 {
			return 0
		}
		return tenth((0.6*impact + 0.4*exploitability - 1.5) * 1.176)
	}
	temporal := v.weight("E", map[string]float64{"U": 0.85, "POC": 0.9, "F": 0.95, "H": 1}) *
		v.weight("RL", map[string]float64{"OF": 0.87, "TF": 0.9, "W": 0.95, "U": 1}) *
		v.weight("RC", map[string]float64{"UC": 0.9, "UR": 0.95, "C": 1})
	requirement := map[string]float64{"L": 0.5, "M": 1, "H": 1.51}
	adjusted := math.Min(10, 10.41*(1-(1-c*v.weight("CR", requirement))*(1-i*v.weight("IR", requirement))*(1-a*v.weight("AR", requirement))))
	damage := 0.0
	if x := v.values["CDP"]; x != "" && x != "ND" {
		damage = map[string]float64{"N": 0, "L": 0.1, "LM": 0.3, "MH": 0.4, "H": 0.5}[x]
	}
	s := Scores{Base: base(10.41 * (1 - (1-c)*(1-i)*(1-a)))}
	s.Temporal = tenth(s.Base * temporal)
	again := tenth(base(adjusted) * temporal)
	s.Environmental = tenth((again + (10-again)*damage) * v.weight("TD", map[string]float64{"N": 0, "L": 0.25, "M": 0.75, "H": 1}))
	return s
}

func tenth(x float64) float64 { return math.Round(x*10+1e-9) / 10 }

// CVSS 3.1 section 7.1 to 7.3; 3.0 differs in the modified impact alone.
func (v Vector) scores3() Scores {
	temporal := v.weight("E", map[string]float64{"U": 0.91, "P": 0.94, "F": 0.97}) *
		v.weight("RL", map[string]float64{"O": 0.95, "T": 0.96, "W": 0.97}) *
		v.weight("RC", map[string]float64{"U": 0.92, "R": 0.96})
	var s Scores
	s.Base = v.part3("", 1, roundUp)
	s.Temporal = roundUp(s.Base * temporal)
	s.Environmental = s.Temporal
	for _, m := range metrics(optional3)[3:] {
		if x := v.values[m.name]; x != "" && x != "X" {
			s.Environmental = v.part3("M", temporal, roundUp)
		}
	}
	return s
}

// given is a modified metric, or the base metric where it is not defined.
func (v Vector) given(prefix, metric string) string {
	if x := v.values[prefix+metric]; prefix != "" && x != "" && x != "X" {
		return x
	}
	return v.values[metric]
}

func (v Vector) part3(prefix string, temporal float64, up func(float64) float64) float64 {
	changed := v.given(prefix, "S") == "C"
	cia := map[string]float64{"H": 0.56, "L": 0.22, "N": 0}
	requirement := func(metric string) float64 {
		if prefix == "" {
			return 1
		}
		return v.weight(metric, map[string]float64{"H": 1.5, "L": 0.5})
	}
	missing := 1.0
	for _, m := range []string{"C", "I", "A"} {
		missing *= 1 - requirement(m+"R")*cia[v.given(prefix, m)]
	}
	iss := 1 - missing
	if prefix != "" {
		iss = math.Min(iss, 0.915)
	}
	impact := 6.42 * iss
	switch {
	case changed && prefix != "" && v.Version == "3.1":
		impact = 7.52*(iss-0.029) - 3.25*math.Pow(iss*0.9731-0.02, 13)
	case changed:
		impact = 7.52*(iss-0.029) - 3.25*math.Pow(iss-0.02, 15)
	}
	if impact <= 0 {
		return 0
	}
	privileges := map[string]float64{"N": 0.85, "L": 0.62, "H": 0.27}
	if changed {
		privileges["L"], privileges["H"] = 0.68, 0.5
	}
	exploitability := 8.22 * map[string]float64{"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}[v.given(prefix, "AV")] *
		map[string]float64{"L": 0.77, "H": 0.44}[v.given(prefix, "AC")] * privileges[v.given(prefix, "PR")] *
		map[string]float64{"N": 0.85, "R": 0.62}[v.given(prefix, "UI")]
	sum := impact + exploitability
	if changed {
		sum *= 1.08
	}
	if prefix == "" {
		return up(math.Min(sum, 10))
	}
	return up(up(math.Min(sum, 10)) * temporal)
}

// roundUp is Roundup of CVSS 3.1, appendix A.
func roundUp(x float64) float64 {
	n := int(math.Round(x * 100_000))
	if n%10_000 == 0 {
		return float64(n) / 100_000
	}
	return float64(n/10_000+1) / 10
}
