package rules

import (
	"fmt"
	"slices"
	"time"

	"almasu/exchange"
	"almasu/rules/assets"
)

// Decide says what follows from the reports of one message: notices that go by
// themselves, notices that wait for a person, and deadlines.
func (e *Engine) Decide(c Case) Decision {
	d := Decision{engine: e, of: c}
	edition := e.set.inForce(c.At)
	if edition >= 0 {
		d.Edition = e.set.Editions[edition].ID
	}
	for _, r := range c.Reports {
		s := e.sift(r, c)
		s.edition = d.Edition
		for _, rule := range e.byKind[r.Kind] {
			if rule.inForce(edition) && s.holds(e, rule.condition) {
				s.apply(rule)
			}
		}
		s.conclude(&d)
	}
	return d
}

func (r *ready) inForce(edition int) bool {
	return r.since <= edition && edition <= r.until && edition >= 0
}

// sifting is the deciding about one report.
type sifting struct {
	verdicts
	engine    *Engine
	report    *exchange.Report
	of        Case
	edition   string
	concerns  []assets.Concern
	reasons   []Reason    // of concerns, by their place
	told      map[int]int // place in the register -> in notices
	proposed  map[proposing]bool
	notices   []Notice
	proposals []Proposal
	due       []Due
}

func (e *Engine) sift(r *exchange.Report, c Case) *sifting {
	s := &sifting{engine: e, report: r, of: c, concerns: e.index.Concerns(r), told: map[int]int{}, proposed: map[proposing]bool{}}
	s.facts, s.known = factsOf(r, c.From, e.role, c.At), make([]int8, len(e.conditions))
	s.facts.Concerned = len(s.concerns)
	for _, c := range s.concerns {
		s.reasons = append(s.reasons, matched(c.By))
	}
	return s
}

// apply does what a rule says whose condition is true: it tells, and it sets a
// deadline. A period that is about telling begins only if somebody is told.
func (s *sifting) apply(r *ready) (told, proposed, stopped int) {
	by := s.deadline(r)
	for a := range s.addressees(r) {
		switch reached := s.reach(r, a); {
		case reached == never:
			stopped++
		case reached == asks || r.Confirm:
			proposed++
			s.propose(r, a, by)
		default:
			told++
			s.tell(r, a, by)
		}
	}
	if !by.IsZero() && (len(r.Tell) == 0 || told+proposed > 0) {
		s.due = append(s.due, Due{Clause: r.Clause, Reason: dueReason(r.Rule), At: by})
	}
	return told, proposed, stopped
}

func (s *sifting) notice(r *ready, a addressee, by time.Time) Notice {
	return Notice{Rule: r.Rule, Report: s.report, To: a.Participant, Clause: r.Clause, Edition: s.edition, Reason: a.reason, Part: r.Part,
		Due: by, Free: s.engine.free(s.report.TLP, a.Participant)}
}

// tell adds a notice. Whoever is told under two rules is told once, in the
// fuller part.
func (s *sifting) tell(r *ready, a addressee, by time.Time) {
	i, twice := s.told[a.nth]
	switch {
	case !twice:
		s.told[a.nth] = len(s.notices)
		s.notices = append(s.notices, s.notice(r, a, by))
	case fullness(r.Part) > fullness(s.notices[i].Part):
		s.notices[i] = s.notice(r, a, by)
	}
}

// proposing is what makes two proposals the same one.
type proposing struct {
	nth, clause int // places: in the register, among the clauses of the rules
	person      bool
}

func (s *sifting) propose(r *ready, a addressee, by time.Time) {
	key := proposing{a.nth, r.clause, r.Confirm}
	if s.proposed[key] {
		return
	}
	s.proposed[key] = true
	halt := HaltMarking
	if r.Confirm {
		halt = HaltRule
	}
	s.proposals = append(s.proposals, Proposal{Notice: s.notice(r, a, by), Halt: halt, Persons: max(r.Persons, 1)})
}

// deadline is when the rule's period ends, zero where it has none.
func (s *sifting) deadline(r *ready) time.Time {
	from := s.of.At
	if r.Clock == ClockConfirmed {
		if s.report.Incident == nil {
			return time.Time{}
		}
		from = s.report.Incident.ConfirmedAt
	}
	if r.Due == "" || from.IsZero() {
		return time.Time{}
	}
	return from.Add(r.period())
}

func dueReason(r *Rule) Reason {
	from := map[string]string{ClockConfirmed: "confirmation", ClockReceived: "arrival"}[r.Clock]
	if p := r.period(); p%time.Minute == 0 {
		return Reason(fmt.Sprintf("%d-minutes-from-%s", p/time.Minute, from))
	}
	return Reason(r.Due + "-from-" + from)
}

// addressees are whom the rule tells of this report: for the part that
// concerns them, only whom it concerns. Neither who sent the report nor who
// wrote it is told of it.
func (s *sifting) addressees(r *ready) func(func(addressee) bool) {
	return func(yield func(addressee) bool) {
		if r.Part == Concerning {
			for i, c := range s.concerns {
				if r.members[c.Nth] && s.other(c.To) && !yield(addressee{c.To, c.Nth, s.reasons[i]}) {
					return
				}
			}
			return
		}
		for _, a := range r.list {
			if s.other(a.Participant) && !yield(a) {
				return
			}
		}
	}
}

func (s *sifting) other(p *exchange.Participant) bool {
	return p != s.of.From && p.ID != s.report.Reporter
}

// matched names what of a report is the addressee's.
func matched(m assets.Mention) Reason {
	if m.Place == assets.Named {
		return ReasonNamed
	}
	return Reason(string(m.Place) + "-" + string(m.What) + "-matches")
}

// conclude adds what follows from one report to the decision. A proposal falls
// away where as much goes to the same addressee by itself, unless it is a duty
// of its own.
func (s *sifting) conclude(d *Decision) {
	first := len(d.Notices)
	d.Notices = append(d.Notices, s.notices...)
	from := len(d.Proposals)
	for _, p := range s.proposals {
		if i, told := s.told[s.engine.places[p.To]]; told && p.Halt == HaltMarking && fullness(p.Part) <= fullness(s.notices[i].Part) {
			continue
		}
		same := func(o Proposal) bool { return o.To == p.To && o.Clause == p.Clause }
		if !slices.ContainsFunc(d.Proposals[from:], same) {
			d.Proposals = append(d.Proposals, p)
		}
	}
	slices.SortStableFunc(d.Notices[first:], func(a, b Notice) int { return s.engine.places[a.To] - s.engine.places[b.To] })
	d.Due = append(d.Due, s.due...)
}

// fullness orders the parts.
func fullness(p Part) int {
	switch p {
	case Whole:
		return 2
	case Concerning:
		return 1
	}
	return 0
}
