// Package rules decides who is told of a report, under which clause, in which
// part and by when. It owns the order as rules: editions, conditions,
// addressees, and the limits that no rules file can widen. It is pure: no disk,
// no network, no clock; every decision carries a named reason. It refuses to
// build letters or to judge whether a report may be accepted.
//
// Without a rules file it carries the built-in reading of Order No 48/НҚ
// (builtin.yaml), which is read by the same loader.
package rules

import (
	"time"

	"almasu/exchange"
)

// Edition is the edition of the order that the built-in reading follows:
// 31 March 2023, No 120/НҚ.
const Edition = "2023-03-31"

// NotifyWithin is the period of clause 9: 15 minutes from the moment of
// confirmation.
const NotifyWithin = 15 * time.Minute

// Part is how much of a report an addressee gets.
type Part string

// The parts. Whole is for the bodies of clause 12 items 2 to 6 alone.
// Concerning is the addressee's own assets and the indicators, and goes only to
// whom the report concerns (clauses 5 and 12.1, "in the part that concerns
// them"). Headline is number, class, severity and times alone.
const (
	Whole      Part = "whole"
	Concerning Part = "concerning"
	Headline   Part = "headline"
)

// Reason names why an addressee is told.
type Reason string

// Some of the reasons. Those of an asset are made of the place, the sort and
// "matches": object-address-matches, victim-sector-matches, ...
const (
	ReasonNationalSecurity Reason = "national-security-body"       // clause 12.2
	ReasonNamed            Reason = "named-in-concerns"            // clause 12.1: the reporter names it
	ReasonVictim           Reason = "victim-bin-matches"           // clause 12.1
	ReasonOwner            Reason = "object-owner-bin-matches"     // clause 12.1
	ReasonName             Reason = "object-domain-name-matches"   // clause 12.1
	ReasonConfirmation     Reason = "15-minutes-from-confirmation" // clause 9
	ReasonQuarter          Reason = "contact-or-quarterly-duty"    // clauses 17, 18: room calendar works it out
)

// Notice is the decision to tell one participant of one report.
type Notice struct {
	Rule   *Rule
	Report *exchange.Report
	To     *exchange.Participant
	Clause string // "12.1", "12.2"
	// Edition is the edition of the order it rests on.
	Edition string
	Reason  Reason
	Part    Part
	Due     time.Time // by when it must be sent, zero: no period
	// Free says that the marking lets free text go to the addressee.
	Free bool
}

// Halt is why a notice waits for a person.
type Halt string

// The halts: the rule asks for a person (clause 12 items 3 to 6 rest on a
// legal judgement), or the marking stops what the rule would send.
const (
	HaltRule    Halt = "rule-asks-for-a-person"
	HaltMarking Halt = "marking-stops-it"
)

// Proposal is a notice that a person must confirm first; nothing goes before.
type Proposal struct {
	Notice
	Halt    Halt
	Persons int // how many must confirm, different ones: 1 or 2
}

// Due is a deadline that a report sets.
type Due struct {
	Clause string // "9"
	Reason Reason
	At     time.Time
}

// Case is what is decided: reports of one message that was accepted from (at
// the NCCIS) or is submitted by (at a SOC) the participant From.
type Case struct {
	Reports []*exchange.Report
	From    *exchange.Participant
	At      time.Time // arrival or submission; zero: the newest edition is in force
}

// Decision is everything that follows from the reports of one message.
type Decision struct {
	Edition   string // in force at the time
	Notices   []Notice
	Proposals []Proposal
	Due       []Due

	engine *Engine
	of     Case
}

// Decide is Engine.Decide under the built-in reading, for a single decision.
// Whoever decides often makes an engine.
func Decide(reports []*exchange.Report, from *exchange.Participant, reg *exchange.Register) Decision {
	return Default(reg).Decide(Case{Reports: reports, From: from})
}

// Default is the built-in reading for a register.
func Default(reg *exchange.Register) *Engine {
	e, err := NewEngine(Builtin(), reg)
	if err != nil { // it names no participant, so that a register cannot break it
		panic("rules: the built-in reading: " + err.Error())
	}
	return e
}
