package rules

import (
	_ "embed"
	"sync"
	"time"

	"almasu/exchange"
)

// Set is a rules file: the editions of the order, the rules, and cases that
// show what the rules are meant to do.
type Set struct {
	Editions []EditionOf `yaml:"editions" json:"editions"`
	Rules    []Rule      `yaml:"rules" json:"rules"`
	Cases    []Example   `yaml:"cases" json:"cases,omitempty"`
	// Own: the file has rules of its own and does not borrow the built-in ones.
	Own bool `yaml:"-" json:"-"`
}

// EditionOf is one edition of the order.
type EditionOf struct {
	ID  string `yaml:"id" json:"id"`   // the day of the act
	Act string `yaml:"act" json:"act"` // that made it
	// InForce is the day from which it applies, "2023-03-31"; "" for one that
	// is prepared only.
	InForce string `yaml:"in_force" json:"in_force"`
}

// Rule is one rule: a clause, a condition, and what follows from it.
type Rule struct {
	ID     string `yaml:"id" json:"id"`
	Clause string `yaml:"clause" json:"clause"` // "12.3"
	// Role is whose rule it is, "" both; Since and Until are the first and the
	// last edition it belongs to.
	Role  string `yaml:"role" json:"role,omitempty"`
	Since string `yaml:"since" json:"since,omitempty"`
	Until string `yaml:"until" json:"until,omitempty"`
	// Kinds are the kinds of reports it is about.
	Kinds []exchange.ReportKind `yaml:"kinds" json:"kinds"`
	// When is the condition (docs/RULES.md has its words).
	When string `yaml:"when" json:"when"`
	// Tell are the addressees: kinds of participants, or ids.
	Tell []string `yaml:"tell" json:"tell"`
	Part Part     `yaml:"part" json:"part"`
	// Due is the period, "15m"; Clock is where it begins, confirmed or received.
	Due   string `yaml:"due" json:"due"`
	Clock string `yaml:"clock" json:"clock,omitempty"`
	// Confirm: a person must confirm before anything goes; Persons is how many.
	Confirm bool `yaml:"confirm" json:"confirm"`
	Persons int  `yaml:"persons" json:"persons,omitempty"`
	// Urgent notices are never gathered into a digest.
	Urgent   bool   `yaml:"urgent" json:"urgent,omitempty"`
	Template string `yaml:"template" json:"template"`
	Purpose  string `yaml:"purpose" json:"purpose,omitempty"`
}

// The clocks of a rule.
const (
	ClockConfirmed = "confirmed" // the incident's confirmation (clause 9)
	ClockReceived  = "received"  // arrival here
)

// period is the length of the rule's period, 0 where it has none. The loader
// has made sure that it can be read.
func (r *Rule) period() time.Duration {
	d, _ := time.ParseDuration(r.Due)
	return d
}

//go:embed builtin.yaml
var builtin []byte

// BuiltinFile is the built-in reading as a file, to start one's own from.
func BuiltinFile() []byte { return append([]byte(nil), builtin...) }

var builtinSet = sync.OnceValues(func() (*Set, error) { return load("builtin.yaml", builtin, &Set{}) })

// Builtin is the built-in reading of the order.
func Builtin() *Set {
	s, err := builtinSet()
	if err != nil {
		panic("rules: " + err.Error())
	}
	return s
}

// bodies are the addressees of clause 12 items 2 to 6: they get the whole of a
// report, with its marking, as a legal duty.
var bodies = map[string]exchange.ParticipantKind{
	"12.2": exchange.KindNationalSecurity, "12.3": exchange.KindAuthorisedBodyIS, "12.4": exchange.KindAuthorisedBodyInform,
	"12.5": exchange.KindProsecution, "12.6": exchange.KindInternalAffairs,
}

// inForce finds the edition in force at a time, by its place. Days begin at
// midnight in Kazakhstan, UTC+5. A time before the first edition, and no time
// at all, have none and the newest one.
func (s *Set) inForce(at time.Time) int {
	found := -1
	for i, e := range s.Editions {
		from, err := time.ParseInLocation(time.DateOnly, e.InForce, time.FixedZone("", 5*3600))
		if err == nil && (at.IsZero() || !at.Before(from)) {
			found = i
		}
	}
	return found
}

func (s *Set) edition(id string) int {
	for i, e := range s.Editions {
		if e.ID == id {
			return i
		}
	}
	return -1
}
