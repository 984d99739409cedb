package iodef

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

// The bounds of a report: beyond them a list is refused, names are not looked
// at.
const (
	mostItems = 10_000 // as of a card
	mostNames = 100
)

// tooMany reports, and tells once, that a list of a report would be too long.
func (m *mapper) tooMany(have int, n *tree.Node) bool {
	if have < mostItems {
		return false
	}
	m.add(n, n.At, exchange.ProblemCardinality, "cardinality", strconv.Itoa(mostItems))
	return true
}

// mapper turns a document into reports.
type mapper struct {
	*faults
	now     time.Time
	reports []*exchange.Report
}

func (m *mapper) top() thing { return thing{m.doc, m.doc.Root} }

// document reads every Incident. One without an id of its own is not told
// apart here: the schema asks for it.
func (m *mapper) document() {
	for _, x := range m.top().all("Incident") {
		r := m.identity(x)
		ext := m.extension(x)
		r.GeneratedAt = x.one("GenerationTime").moment()
		r.Language = m.language(x)
		r.TLP = m.tlp(x, ext)
		r.Marking = ext.text("marking")
		switch r.Kind {
		case exchange.Vulnerability:
			r.Vulnerability = m.vulnerability(x, ext)
		case exchange.Threat:
			r.Threat = m.threat(x, ext)
		default:
			r.Incident = m.incident(x, ext)
		}
		m.reports = append(m.reports, r)
	}
}

// identity is who reports what under which id.
func (m *mapper) identity(x thing) *exchange.Report {
	ext := m.extension(x)
	id := x.one("IncidentID")
	r := &exchange.Report{Format: Format(m.doc.Syntax), Kind: m.kind(x, ext), Revision: ext.integer("revision", 1, 1),
		Addressee: ext.id("addressee"), Reporters: m.reporters(x)}
	r.ID = subject(x)
	if word := id.word(); r.ID != word {
		r.OriginalID = word
	}
	if own := ext.id("report_id"); own != "" {
		r.ID = own
	}
	for _, h := range x.creators("RegistryHandle") {
		if h.attr("ext-registry") == participantRegistry && r.Reporter == "" && exchange.ValidID(h.word()) {
			r.Reporter = h.word()
		}
	}
	return r
}

// The registries of ours (RegistryHandle@ext-registry).
const (
	participantRegistry = "almasu" // participant ids of the exchange
	binRegistry         = "kz-bin" // business identification numbers
)

// creators are things inside the contacts of the document's creator.
func (x thing) creators(path ...string) []thing {
	var found []thing
	for _, c := range x.all("Contact") {
		if c.attr("role") == "creator" {
			found = append(found, c.all(path...)...)
		}
	}
	return found
}

// reporters are the names the Incident gives its reporter (DESIGN section 4,
// item 4): IncidentID@name, and of every creator its handles and addresses.
func (m *mapper) reporters(x thing) []string {
	var names []string
	add := func(s string) {
		if s != "" && len(names) < mostNames && !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	add(x.one("IncidentID").attr("name"))
	for _, h := range x.creators("RegistryHandle") {
		add(h.word())
	}
	for _, e := range x.creators("Email", "EmailTo") {
		add(e.word())
	}
	return names
}

// subject is the id of what the Incident is about: the text of IncidentID, or
// where that can be no id here one made from it, the same every time.
func subject(x thing) string {
	id := x.one("IncidentID")
	word := id.word()
	if word == "" || exchange.ValidID(word) {
		return word
	}
	sum := sha256.Sum256([]byte(strings.ToLower(id.attr("name")) + "\x00" + word))
	return "iodef-" + hex.EncodeToString(sum[:16])
}

// kind: said by ourselves; failing that what only asks to be watched for is a
// threat, all else an incident.
func (m *mapper) kind(x thing, ext extension) exchange.ReportKind {
	kinds := []string{string(exchange.Incident), string(exchange.Vulnerability), string(exchange.Threat)}
	if k := ext.enum("kind", kinds...); k != "" {
		return exchange.ReportKind(k)
	}
	if x.attr("purpose") == "watch" {
		return exchange.Threat
	}
	return exchange.Incident
}

// language is that of the Incident or of the document, if it is one of ours.
func (m *mapper) language(x thing) exchange.Language {
	said := x.lang()
	if said == "" {
		said = m.top().lang()
	}
	primary, _, _ := strings.Cut(strings.ToLower(said), "-")
	switch l := exchange.Language(primary); l {
	case exchange.Kazakh, exchange.Russian, exchange.English:
		return l
	}
	return ""
}

// restrictions are the labels of TLP 2.0 that the words of IODEF stand for
// (RFC 7970 section 3.3.1, DOMAIN 4.12).
var restrictions = map[string]exchange.TLP{
	"public": exchange.TLPClear, "white": exchange.TLPClear,
	"partner": exchange.TLPGreen, "green": exchange.TLPGreen,
	"need-to-know": exchange.TLPAmberStrict, "amber": exchange.TLPAmberStrict,
	"private": exchange.TLPRed, "red": exchange.TLPRed,
}

// tlp is the marking of the Incident. The field tlp2 says it exactly; where it
// and restriction contradict each other the document is refused. Without both
// there is none, which counts as TLP:AMBER+STRICT (exchange.TLP).
func (m *mapper) tlp(x thing, ext extension) exchange.TLP {
	labels := []string{string(exchange.TLPClear), string(exchange.TLPGreen), string(exchange.TLPAmber), string(exchange.TLPAmberStrict), string(exchange.TLPRed)}
	said, exact := restrictions[x.attr("restriction")], exchange.TLP(ext.enum("tlp2", labels...))
	if word := strings.ToUpper(x.attr("ext-restriction")); x.attr("restriction") == extValue && slices.Contains(labels, word) {
		said = exchange.TLP(word)
	}
	switch {
	case exact == "":
		return said
	case said != "" && said != exact:
		m.semantic(ext.one("tlp2").n, "iodef-tlp")
	}
	return exact
}

// description is the first Description, as it stands.
func (x thing) description() string { return x.one("Description").text() }
