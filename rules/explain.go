package rules

import "fmt"

// Considered is one rule and one report: whether the rule matched, and why.
type Considered struct {
	Rule    Rule
	Report  string // report id
	Matched bool
	Why     string
}

// Considered lists every rule for every report of the decision, matched or
// not, with the reason in words.
func (d Decision) Considered() []Considered {
	if d.engine == nil {
		return nil
	}
	e, edition := d.engine, d.engine.set.inForce(d.of.At)
	var out []Considered
	for _, r := range d.of.Reports {
		s := e.sift(r, d.of)
		for _, rule := range e.ready {
			matched, why := s.why(rule, edition)
			out = append(out, Considered{*rule.Rule, r.ID, matched, why})
		}
	}
	return out
}

func (s *sifting) why(r *ready, edition int) (matched bool, why string) {
	switch {
	case !r.ours:
		return false, "it is a rule of role " + r.Role
	case !r.about(string(s.report.Kind)):
		return false, fmt.Sprintf("it is about %v, not %s", r.Kinds, s.report.Kind)
	case edition < 0:
		return false, "no edition of the order was in force"
	case !r.inForce(edition):
		return false, "it is not in the edition in force, " + s.engine.set.Editions[edition].ID
	}
	c := s.engine.conditions[r.condition]
	if !s.holds(s.engine, r.condition) {
		if s.known[r.condition] == -2 {
			return false, "its condition cannot be worked out for this report: " + c.text
		}
		return false, s.because(c)
	}
	told, proposed, stopped := s.apply(r)
	return told+proposed > 0 || len(r.Tell) == 0, s.because(c) + s.outcome(r, told, proposed, stopped)
}

func (r *ready) about(kind string) bool {
	for _, k := range r.Kinds {
		if string(k) == kind {
			return true
		}
	}
	return false
}

func (s *sifting) because(c *condition) string {
	if len(c.names) == 0 {
		return "always"
	}
	return s.facts.show(c.names)
}

func (s *sifting) outcome(r *ready, told, proposed, stopped int) string {
	text := ""
	if told > 0 {
		text += fmt.Sprintf("; %d told", told)
	}
	if proposed > 0 && r.Confirm {
		text += fmt.Sprintf("; %d proposed, a person must confirm", proposed)
	} else if proposed > 0 {
		text += fmt.Sprintf("; %d proposed, %s stops it until a person confirms", proposed, effective(s.report.TLP))
	}
	if stopped > 0 {
		text += fmt.Sprintf("; %d not told, %s does not reach them", stopped, effective(s.report.TLP))
	}
	if text == "" && len(r.Tell) > 0 {
		if r.Part == Concerning {
			return "; it concerns none of them"
		}
		return "; none of them is registered"
	}
	return text
}
