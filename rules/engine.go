package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/vm"

	"almasu/exchange"
	"almasu/rules/assets"
)

// Engine is a set of rules made ready for one register: conditions compiled,
// rules indexed by the kind of report, assets by their value. It is only read
// once made, and may be used by many at the same time.
type Engine struct {
	set        *Set
	register   *exchange.Register
	role       exchange.ParticipantKind
	index      *assets.Index
	ready      []*ready
	byKind     map[exchange.ReportKind][]*ready
	conditions []*condition
	places     map[*exchange.Participant]int // in the register
}

// ready is a rule made ready.
type ready struct {
	*Rule
	ours         bool // it is for our role
	since, until int  // editions, by place
	condition    int  // in Engine.conditions
	clause       int  // the same for rules of one clause
	limited      bool // the marking limits it
	*audience
}

// audience is whom rules with the same `tell` may tell.
type audience struct {
	members []bool      // by place in the register
	list    []addressee // in the order of the register
}

type addressee struct {
	*exchange.Participant
	nth    int // in the register
	reason Reason
}

// NewEngine makes a set ready for a register. It fails where a rule names an
// id that the register does not have, or a condition that cannot be compiled.
func NewEngine(set *Set, register *exchange.Register) (*Engine, error) {
	e := &Engine{set: set, register: register, role: exchange.KindSOC, index: assets.NewIndex(register.All()), byKind: map[exchange.ReportKind][]*ready{},
		places: map[*exchange.Participant]int{}}
	if register.Self().Is(exchange.KindNCCIS) {
		e.role = exchange.KindNCCIS
	}
	kinds := map[string][]addressee{}
	for i, p := range register.All() {
		e.places[p] = i
		for _, k := range p.Kinds {
			kinds[string(k)] = append(kinds[string(k)], addressee{p, i, reasonOf(k)})
		}
	}
	known, clauses, audiences := map[string]int{}, map[string]int{}, map[string]*audience{}
	for i := range set.Rules {
		r := e.prepare(&set.Rules[i])
		var err error
		if r.condition, err = e.condition(r.When, known); err != nil {
			return nil, fmt.Errorf("rule %s: when: %w", r.ID, err)
		}
		if err := e.duty(r.Rule); err != nil {
			return nil, err
		}
		if _, named := clauses[r.Clause]; !named {
			clauses[r.Clause] = len(clauses)
		}
		r.clause = clauses[r.Clause]
		same := strings.Join(r.Tell, " ")
		if audiences[same] == nil {
			audiences[same] = e.audience(r.Tell, kinds)
		}
		r.audience = audiences[same]
		e.ready = append(e.ready, r)
		for _, k := range r.Kinds {
			if r.ours {
				e.byKind[k] = append(e.byKind[k], r)
			}
		}
	}
	return e, nil
}

func (e *Engine) prepare(rule *Rule) *ready {
	r := &ready{Rule: rule, until: len(e.set.Editions), ours: rule.Role == "" || rule.Role == string(e.role)}
	_, duty := bodies[rule.Clause]
	r.limited = !duty
	if r.Since != "" {
		r.since = e.set.edition(r.Since)
	}
	if r.Until != "" {
		r.until = e.set.edition(r.Until)
	}
	return r
}

// condition compiles a condition; rules that say the same share it.
func (e *Engine) condition(when string, known map[string]int) (int, error) {
	if at, ok := known[when]; ok {
		return at, nil
	}
	c, err := compile(when)
	if err != nil {
		return 0, err
	}
	known[when] = len(e.conditions)
	e.conditions = append(e.conditions, c)
	return known[when], nil
}

func reasonOf(k exchange.ParticipantKind) Reason {
	if k == exchange.KindNationalSecurity {
		return ReasonNationalSecurity
	}
	return Reason("of-kind-" + string(k))
}

// duty makes sure that the ids a rule names are there, and that under clause
// 12 items 2 to 6 they are the bodies the item is about.
func (e *Engine) duty(r *Rule) error {
	body, duty := bodies[r.Clause]
	for _, to := range r.Tell {
		if slices.Contains(plain(exchange.ParticipantKinds()), to) {
			continue
		}
		p := e.register.ByID(to)
		if p == nil || p == e.register.Self() {
			known := plain(exchange.ParticipantKinds())
			for _, p := range e.register.All() {
				known = append(known, p.ID)
			}
			return fmt.Errorf("rule %s: tell: %q is neither a kind of participant nor one of the register, %s", r.ID, to, didYouMean(to, known))
		}
		if duty && !p.Is(body) {
			return fmt.Errorf("rule %s: clause %s is about %s, and %s is none", r.ID, r.Clause, body, to)
		}
	}
	return nil
}

func (e *Engine) audience(tell []string, kinds map[string][]addressee) *audience {
	a := &audience{members: make([]bool, len(e.register.All()))}
	for _, to := range tell {
		list := kinds[to]
		if p := e.register.ByID(to); p != nil && !slices.Contains(plain(exchange.ParticipantKinds()), to) {
			list = []addressee{{p, e.places[p], "named-by-the-rule"}}
		}
		for _, one := range list {
			if !a.members[one.nth] {
				a.members[one.nth] = true
				a.list = append(a.list, one)
			}
		}
	}
	slices.SortFunc(a.list, func(a, b addressee) int { return a.nth - b.nth })
	return a
}

// Part makes what the addressee of a notice gets of its report.
func (e *Engine) Part(n Notice) exchange.NoticePart { return e.index.Part(n.Report, n.To, n.Free) }

// Rules are the rules of the engine, in the order of their file.
func (e *Engine) Rules() []Rule { return e.set.Rules }

// verdicts are the answers of the conditions for one report, each asked once.
type verdicts struct {
	machine vm.VM
	facts   *facts
	known   []int8 // 0 not asked, 1 true, -1 false, -2 it failed
}

// holds reports whether a condition is true of the report. One that fails is
// not: explain tells.
func (v *verdicts) holds(e *Engine, condition int) bool {
	if v.known[condition] == 0 {
		c := e.conditions[condition]
		v.known[condition] = 1
		if !c.always {
			out, err := v.machine.Run(c.program, v.facts)
			if yes, _ := out.(bool); err != nil {
				v.known[condition] = -2
			} else if !yes {
				v.known[condition] = -1
			}
		}
	}
	return v.known[condition] == 1
}
