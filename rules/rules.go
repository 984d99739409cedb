// Package rules decides who is told of a report, under which clause, in which
// part and by when. It is pure: no disk, no network, no clock; every decision
// carries a named reason. It refuses to build letters or to judge whether a
// report may be accepted.
//
// Without a rules file it carries the built-in reading of clause 12 items 1
// and 2 and clause 9 of Order No 48/НҚ.
package rules

import (
	"slices"
	"strings"
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

// The parts. Headline is number, class, severity and times alone: until assets
// are matched with what a SOC serves, no more of it may reach another SOC
// (clause 12.1, "in the part that concerns them").
const (
	Whole    Part = "whole"
	Headline Part = "headline"
)

// Reason names why an addressee is told.
type Reason string

// The reasons.
const (
	ReasonNationalSecurity Reason = "national-security-body"       // clause 12.2
	ReasonNamed            Reason = "named-in-concerns"            // clause 12.1: the reporter names it
	ReasonVictim           Reason = "victim-bin-matches"           // clause 12.1
	ReasonOwner            Reason = "object-owner-bin-matches"     // clause 12.1
	ReasonName             Reason = "object-domain-name-matches"   // clause 12.1
	ReasonConfirmation     Reason = "15-minutes-from-confirmation" // clause 9
)

// Notice is the decision to tell one participant of one report.
type Notice struct {
	Report *exchange.Report
	To     *exchange.Participant
	Clause string // "12.1", "12.2"
	Reason Reason
	Part   Part
}

// Due is a deadline that a report sets.
type Due struct {
	Clause string // "9"
	Reason Reason
	At     time.Time
}

// Decision is everything that follows from one report.
type Decision struct {
	Notices []Notice
	Due     []Due
}

// Decide says what follows from reports of one message that was accepted from
// (at the NCCIS) or is submitted by (at a SOC) the participant `from`.
// Stakeholders are told by the NCCIS alone: clause 12.
func Decide(reports []*exchange.Report, from *exchange.Participant, reg *exchange.Register) Decision {
	var d Decision
	for _, r := range reports {
		if r.Kind != exchange.Incident || r.Incident == nil {
			continue
		}
		d.Due = append(d.Due, Due{Clause: "9", Reason: ReasonConfirmation, At: r.Incident.ConfirmedAt.Add(NotifyWithin)})
		if reg.Self().Is(exchange.KindNCCIS) {
			d.Notices = append(d.Notices, stakeholders(r, from, reg)...)
		}
	}
	return d
}

// stakeholders is the built-in reading of clause 12 items 1 and 2. A body with
// both duties is told once, under 12.2, which carries more.
func stakeholders(r *exchange.Report, from *exchange.Participant, reg *exchange.Register) []Notice {
	var out []Notice
	for _, p := range reg.All() {
		if p == from {
			continue
		}
		if p.Is(exchange.KindNationalSecurity) {
			out = append(out, Notice{Report: r, To: p, Clause: "12.2", Reason: ReasonNationalSecurity, Part: Whole})
		} else if p.Is(exchange.KindSOC) {
			if reason, ok := concerns(r.Incident, p); ok {
				out = append(out, Notice{Report: r, To: p, Clause: "12.1", Reason: reason, Part: Headline})
			}
		}
	}
	return out
}

// concerns says whether an incident concerns a SOC by what the report itself
// names: the SOC, its BIN, or a domain it has registered.
func concerns(in *exchange.IncidentBody, soc *exchange.Participant) (Reason, bool) {
	if slices.Contains(in.Concerns, soc.ID) {
		return ReasonNamed, true
	}
	if soc.BIN != "" && in.Victim != nil && in.Victim.BIN == soc.BIN {
		return ReasonVictim, true
	}
	for _, o := range in.Objects {
		if soc.BIN != "" && o.Owner == soc.BIN {
			return ReasonOwner, true
		}
		for _, name := range o.FQDN {
			if slices.ContainsFunc(soc.FQDNs, func(f string) bool { return within(name, f) }) {
				return ReasonName, true
			}
		}
	}
	return "", false
}

// within reports whether name is the domain or lies under it.
func within(name, domain string) bool {
	name, domain = strings.ToLower(strings.TrimSuffix(name, ".")), strings.ToLower(strings.TrimSuffix(domain, "."))
	return domain != "" && (name == domain || strings.HasSuffix(name, "."+domain))
}
