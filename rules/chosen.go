package rules

import (
	"fmt"
	"maps"
	"slices"

	"almasu/exchange"
)

// ReasonChosen: a person added the addressee.
const ReasonChosen Reason = "chosen-by-a-person"

// Chosen makes the notices to a participant that a person adds to those
// proposed: a body of clause 12 is told of the whole under its own item, anyone
// else of the part that concerns it, if it concerns it at all.
func (e *Engine) Chosen(d Decision, to *exchange.Participant) ([]Notice, error) {
	var out []Notice
	for _, r := range d.of.Reports {
		n := Notice{Report: r, To: to, Edition: d.Edition, Reason: ReasonChosen, Free: e.free(r.TLP, to)}
		for _, clause := range slices.Sorted(maps.Keys(bodies)) {
			if to.Is(bodies[clause]) && e.role == exchange.KindNCCIS && r.Kind == exchange.Incident {
				n.Clause, n.Part = clause, Whole
				out = append(out, n)
				break
			}
		}
		if n.Clause != "" {
			continue
		}
		for _, c := range e.index.Concerns(r) {
			if c.To == to {
				n.Clause, n.Part = "12.1", Concerning
				if e.role != exchange.KindNCCIS {
					n.Clause = "5"
				}
				out = append(out, n)
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s is no body of clause 12, and the report names nothing of its own: it has no part that concerns it", to.ID)
	}
	return out, nil
}
