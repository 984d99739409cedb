//go:build !race

package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"almasu/exchange"
)

// slow works the year out again from the words of the order: loops, strings
// and the wall clock, and nothing of the engine or the calendar.
func (y *year) slow() []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, h := range y.reports {
		sent := walk(h.composed, y.outages[h.soc])
		y.slowClause9(say, h, sent)
		y.slowClause12(say, h, sent)
	}
	for _, c := range y.changes {
		y.slowChange(say, c)
	}
	y.slowDuties(say)
	return out
}

// slowChange: told immediately, which is within 15 minutes; the duty officer
// hears after 5 minutes, people at 15.
func (y *year) slowChange(say func(string, ...any), c change) {
	sent := walk(c.entered, y.outages[c.soc])
	for minute, whom := range map[int64]string{5: "false [duty]", 15: "true [people]"} {
		if at := c.changed.Unix() + minute*60; sent.Unix() > at {
			say("alarm 17 %s %s %s", c.id, time.Unix(at, 0).UTC(), whom)
		}
	}
	if sent.Unix() > c.changed.Unix()+900 {
		say("state 17 %s late", c.id)
	} else {
		say("state 17 %s met", c.id)
	}
}

// walk goes on second by second until nothing is in the way.
func walk(at time.Time, spans []span) time.Time {
	for {
		blocked := false
		for _, s := range spans {
			if at.Unix() >= s.from.Unix() && at.Unix() < s.to.Unix() {
				blocked = true
			}
		}
		if !blocked {
			return at
		}
		at = at.Add(time.Second)
	}
}

func (y *year) slowClause9(say func(string, ...any), h happening, sent time.Time) {
	confirmed := h.report.Incident.ConfirmedAt
	for second := 0; second <= 15*60; second++ {
		now := confirmed.Add(time.Duration(second) * time.Second)
		if now.Unix() >= sent.Unix() {
			break
		}
		switch second {
		case 5 * 60:
			say("alarm 9 %s %s false [relay]", h.report.ID, now.UTC())
		case 10 * 60:
			say("alarm 9 %s %s false [relay duty]", h.report.ID, now.UTC())
		case 13 * 60:
			say("alarm 9 %s %s false [relay people]", h.report.ID, now.UTC())
		case 15 * 60:
			say("alarm 9 %s %s true [people]", h.report.ID, now.UTC())
		}
	}
	if sent.Unix()-confirmed.Unix() <= 900 {
		say("state 9 %s met", h.report.ID)
	} else {
		say("state 9 %s late", h.report.ID)
	}
}

// orgNamed reports whether an organisation is named by an object.
func orgNamed(o exchange.Object, org int) bool {
	if o.Owner == orgBIN(org) {
		return true
	}
	for _, ip := range o.IP {
		if strings.HasPrefix(ip, orgNet(org)) {
			return true
		}
	}
	for _, name := range o.FQDN {
		if strings.HasSuffix(name, "."+orgDomain(org)) {
			return true
		}
	}
	return false
}

func (y *year) slowClause12(say func(string, ...any), h happening, sent time.Time) {
	in, id := h.report.Incident, h.report.ID
	say("notice 12.2 %s knb whole %s", id, walk(sent, y.noKey["knb"]).UTC())
	for _, v := range in.Violations {
		switch v.Field {
		case "information-security":
			say("proposal 12.3 %s body-is rule-asks-for-a-person", id)
		case "informatisation":
			say("proposal 12.4 %s body-inf rule-asks-for-a-person", id)
		case "prosecution":
			say("proposal 12.5 %s prosecutor rule-asks-for-a-person", id)
		case "internal-affairs":
			say("proposal 12.6 %s police rule-asks-for-a-person", id)
		}
	}
	if i := in.Impact; i != nil && i.Confidentiality == "none" && i.Integrity == "none" && i.Availability == "none" {
		return
	}
	for soc := range yearSOCs {
		if soc == h.soc {
			continue
		}
		var concerned []int // its organisations
		for org := range yearOrgs {
			if org%yearSOCs == soc && slices.ContainsFunc(in.Objects, func(o exchange.Object) bool { return orgNamed(o, org) }) {
				concerned = append(concerned, org)
			}
		}
		if len(concerned) == 0 {
			continue
		}
		switch h.report.TLP {
		case "", "TLP:RED", "TLP:AMBER+STRICT":
			say("proposal 12.1 %s %s marking-stops-it", id, socID(soc))
		default:
			at := walk(sent, y.noKey[socID(soc)])
			say("notice 12.1 %s %s concerning %s", id, socID(soc), at.UTC())
			y.slowClause5(say, id, soc, concerned, at)
		}
	}
}

func (y *year) slowClause5(say func(string, ...any), id string, soc int, concerned []int, at time.Time) {
	last := at
	for _, org := range concerned {
		sent := walk(at, y.noKey[orgID(org)])
		say("notice 5 %s %s concerning %s by %s", id, orgID(org), sent.UTC(), at.Add(time.Hour).UTC())
		if sent.Unix() > last.Unix() {
			last = sent
		}
	}
	about := id + " " + socID(soc)
	if last.Unix() > at.Unix()+45*60 {
		say("alarm 5 %s %s false [duty]", about, at.Add(45*time.Minute).UTC())
	}
	if last.Unix() > at.Unix()+60*60 {
		say("alarm 5 %s %s true [people]", about, at.Add(60*time.Minute).UTC())
		say("state 5 %s late", about)
	} else {
		say("state 5 %s met", about)
	}
}

// slowDuties goes through the year hour by hour and looks at the wall clock.
func (y *year) slowDuties(say func(string, ...any)) {
	for month := time.January; month <= time.October; month += 3 {
		for soc := range yearSOCs {
			quarter := int(month)/3 + 1
			y.slowDuty(say, "17", fmt.Sprintf("2026-Q%d", quarter), socID(soc), month)
			y.slowDuty(say, "18", map[int]string{1: "2025-Q4", 2: "2026-Q1", 3: "2026-Q2", 4: "2026-Q3"}[quarter], socID(soc), month)
		}
	}
}

func (y *year) slowDuty(say func(string, ...any), clause, quarter, soc string, month time.Month) {
	about := clause + " " + quarter + " " + soc
	done, delivered := y.delivered[about]
	first := time.Date(2026, month, 1, 0, 0, 0, 0, y.zone)
	if clause == "18" && delivered && done.Unix() < first.Unix() { // its quarter still ran
		delivered = false
	}
	for now := first; now.Year() == 2026 && now.Month() < month+3; now = now.Add(time.Hour) {
		if delivered && now.Unix() >= done.Unix() {
			break
		}
		y.slowHour(say, clause, about, month, now)
	}
	state := "overdue"
	if delivered {
		here := done.In(y.zone)
		day := here.YearDay() - first.YearDay() + 1
		switch {
		case here.Year() < 2026 || clause == "17" && day <= 10 || clause == "18" && day <= 9:
			state = "met"
		case day == 10:
			state = "disputable"
		default:
			state = "late"
		}
	}
	say("duty %s %s", about, state)
}

func (y *year) slowHour(say func(string, ...any), clause, about string, month time.Month, now time.Time) {
	day := now.YearDay() - time.Date(2026, month, 1, 0, 0, 0, 0, y.zone).YearDay() + 1
	if now.Hour() == 0 && day == 11 {
		say("step %s %s overdue", about, now.UTC())
	}
	if now.Hour() != 9 {
		return
	}
	name := map[string]map[int]string{
		"17": {1: "prepare", 5: "remind", 8: "remind", 10: "last-day"},
		"18": {1: "prepare", 5: "remind", 8: "remind", 9: "last-day", 10: "disputable"},
	}[clause][day]
	if name != "" {
		say("step %s %s %s", about, now.UTC(), name)
	}
	if day == 8 {
		say("follow %s %s remind", about, now.UTC())
	}
	if day >= 11 && (day-11)%7 == 0 {
		say("follow %s %s follow-up", about, now.UTC())
	}
}
