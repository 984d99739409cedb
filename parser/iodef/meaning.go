package iodef

import (
	"net/mail"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
)

// extValue is the word that says: the value stands in the attribute ext-.
const extValue = "ext-value"

var (
	fqdn  = regexp.MustCompile(`^([\p{L}\p{N}_]([\p{L}\p{M}\p{N}_-]{0,61}[\p{L}\p{M}\p{N}])?\.)+[\p{L}\p{N}]([\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])$`)
	e164  = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	zoned = regexp.MustCompile(`(Z|[+-][0-9]{2}:[0-9]{2})$`)
	bin12 = regexp.MustCompile(`^[0-9]{12}$`)
)

// meaning judges what RFC 7970 and the order ask for and the schema cannot say.
func (m *mapper) meaning() {
	top := m.top()
	switch v := top.attr("version"); {
	case v == "" && top.xml():
		m.semantic(top.n, "iodef-version") // the XSD forgets to require it (RFC 7970 section 3.1)
	case v != "2.00" && v != otherVersion && !top.xml():
		m.semantic(top.attribute("version"), "iodef-version")
	}
	if name := top.attribute("private-enum-name"); name != nil && !fqdn.MatchString(collapse(name.Value)) {
		m.semantic(name, "iodef-fqdn")
	}
	if id := top.attribute("private-enum-id"); id != nil && top.attribute("private-enum-name") == nil {
		m.semantic(id, "iodef-private-enum") // section 3.1
	}
	w := &walk{mapper: m, ids: map[string]bool{}, good: map[string]bool{}}
	w.thing(top, Root)
	w.end()
	seen := map[[2]string]bool{}
	for i, x := range top.all("Incident") {
		id := x.one("IncidentID")
		key := [2]string{strings.ToLower(id.attr("name")), id.word()}
		if seen[key] && id.here() {
			m.semantic(id.n, "iodef-incident-twice") // section 3.4
		}
		seen[key] = true
		if i < len(m.reports) {
			m.times(x, m.reports[i])
		}
	}
}

// times judges the times of one Incident: those of the past do not lie ahead
// of the clock, and none lies before what it must follow.
func (m *mapper) times(x thing, r *exchange.Report) {
	ext := m.extension(x)
	at := func(name string) (thing, time.Time) { t := x.one(name); return t, t.moment() }
	past := func(n thing, t time.Time) {
		if t.Sub(m.now) > Skew {
			m.semantic(n.n, "semantic-future", strconv.Itoa(int(Skew/time.Minute)))
		}
	}
	for _, name := range []string{"DetectTime", "StartTime", "ReportTime", "GenerationTime"} {
		past(at(name))
	}
	confirmed := ext.one("confirmed_at")
	past(confirmed, confirmed.moment())
	for _, h := range x.all("History", "HistoryItem", "DateTime") {
		past(h, h.moment())
	}
	before := func(later thing, l time.Time, name string, earlier string, e time.Time) {
		if !l.IsZero() && !e.IsZero() && l.Before(e) {
			m.semantic(later.n, "semantic-before", name, earlier)
		}
	}
	detect, detected := at("DetectTime")
	_, started := at("StartTime")
	for _, name := range []string{"EndTime", "RecoveryTime"} {
		t, when := at(name)
		before(t, when, name, "StartTime", started)
	}
	before(confirmed, confirmed.moment(), "confirmed_at", "DetectTime", detected)
	report, reported := at("ReportTime")
	before(report, reported, "ReportTime", "DetectTime", detected)
	before(report, reported, "ReportTime", "confirmed_at", confirmed.moment())
	if detect.here() && detected.IsZero() && zoned.MatchString(detect.word()) { // a year that no clock of ours shows
		m.semantic(detect.n, "pattern-time")
	}
	if r.GeneratedAt.IsZero() && zoned.MatchString(x.one("GenerationTime").word()) {
		m.semantic(x.one("GenerationTime").n, "pattern-time")
	}
}

// rules are the rules of single classes, by the name of their element.
var rules = map[string]func(*walk, thing){
	"IncidentID":  (*walk).id,
	"IndicatorID": (*walk).id,
	"Address":     (*walk).address,
	"TelephoneNumber": func(w *walk, x thing) {
		w.unless(e164.MatchString(phone(x.word())), x, "pattern-phone") // section 2.11
	},
	"Email": func(w *walk, x thing) {
		to := x.one("EmailTo")
		w.unless(!to.here() || isMail(to.word()), to, "pattern-email") // section 2.12
	},
	"HistoryItem": (*walk).action,
	"Expectation": (*walk).action,
	"DetectionPattern": func(w *walk, x thing) {
		w.unless(x.one("Description").here() || x.one("DetectionConfiguration").here(), x, "iodef-hollow") // section 3.10.1
	},
	"SoftwareReference": func(w *walk, x thing) {
		w.unless(x.attr("spec-name") != "custom" || x.attr("dtype") != "", x, "iodef-custom") // section 2.15.1
	},
	"RegistryHandle": func(w *walk, x thing) {
		if x.attr("ext-registry") == binRegistry {
			w.unless(bin12.MatchString(x.word()), x, "pattern-bin")
			w.unless(!bin12.MatchString(x.word()) || exchange.ValidBIN(x.word()), x, "semantic-bin")
		}
	},
}

func (w *walk) unless(ok bool, x thing, key string) {
	if !ok {
		w.semantic(x.n, key)
	}
}

// id: the name is the fully qualified domain name of the CSIRT (sections 3.4.1
// and 3.29.1), and there is an id.
func (w *walk) id(x thing) {
	if name := x.attribute("name"); name != nil && !name.Spoilt {
		if !w.good[name.Value] {
			w.good[name.Value] = fqdn.MatchString(collapse(name.Value))
		}
		w.unless(w.good[name.Value], thing{x.doc, name}, "iodef-fqdn")
	}
	w.unless(x.textNode() == nil || x.word() != "", x, "semantic-blank")
}

// action: a defined course of action is named (sections 3.13.1 and 3.15).
func (w *walk) action(x thing) {
	w.unless(x.attr("action") != "defined-coa" || x.one("DefinedCOA").here(), x, "iodef-coa")
}

// address: the value is one of the category (section 3.18.1).
func (w *walk) address(x thing) {
	if !x.here() || x.textNode() == nil {
		return
	}
	value := x.word()
	addr, errAddr := netip.ParseAddr(value)
	prefix, errPrefix := netip.ParsePrefix(value)
	ok := true
	switch category := x.attr("category"); category {
	case "ipv4-addr", "ipv6-addr":
		ok = errAddr == nil && addr.Is4() == (category == "ipv4-addr")
	case "": // ipv6-addr by default, and often forgotten
		ok = errAddr == nil
	case "ipv4-net", "ipv6-net":
		ok = errPrefix == nil && prefix.Addr().Is4() == (category == "ipv4-net")
	case "asn":
		n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(value), "AS"), 10, 32)
		ok = err == nil && n > 0
	case "e-mail":
		ok = isMail(value)
	}
	w.unless(ok, x, "iodef-address")
}

// isMail judges an addr-spec (RFC 5322 section 3.4.1, RFC 6531 section 3.3).
func isMail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && !strings.ContainsAny(s, "<>") && len(s) <= 254
}
