package misp

import (
	"math"
	"slices"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/shape"
	"almasu/parser/tree"
)

// event judges what no table can say of an event.
func (m *reader) event(e *tree.Node) {
	seen := map[string]bool{}
	for _, a := range attributes(e) {
		if m.Full() {
			return
		}
		m.attribute(a)
		if id := strings.ToLower(shape.Text(a, "uuid")); id != "" {
			if seen[id] {
				m.Semantic(a, "uuid", "semantic-misp-twice")
			}
			seen[id] = true
		}
	}
	if at := moment(e, "timestamp"); at.Sub(m.now) > card.Skew {
		m.Semantic(e, "timestamp", "semantic-future", "10")
	}
	if shape.Text(e, "published") == "true" && shape.Text(e, "publish_timestamp") == "0" {
		m.Semantic(e, "publish_timestamp", "semantic-misp-published")
	}
	if d := shape.Text(e, "distribution"); d != "" && d != "4" && shape.Int(e, "sharing_group_id") != 0 {
		m.Semantic(e, "sharing_group_id", "semantic-misp-group")
	}
}

func (m *reader) attribute(a *tree.Node) {
	kind, category, value := shape.Text(a, "type"), shape.Text(a, "category"), shape.Text(a, "value")
	types := categories()[category]
	switch {
	case kind == "" || category == "" || value == "":
		return // told already
	case types == nil:
		m.Add(a.Child("category"), exchange.ProblemEnum, "enum", strings.Join(categoryNames(), ", "))
	case !knownType(kind):
		m.Add(a.Child("type"), exchange.ProblemEnum, "enum-misp-type")
	case !slices.Contains(types, kind):
		m.Semantic(a, "type", "semantic-misp-category")
	case !sound(kind, value) && shape.Text(a, "deleted") != "true":
		key, args := expected(kind)
		m.Semantic(a, "value", key, args...)
	}
	first, last := m.seen(a, "first_seen"), m.seen(a, "last_seen")
	if !first.IsZero() && !last.IsZero() && last.Before(first) {
		m.Semantic(a, "last_seen", "semantic-before", "last_seen", "first_seen")
	}
}

// seen reads a time that may be null.
func (m *reader) seen(a *tree.Node, name string) time.Time {
	n := a.Child(name)
	if n == nil || n.Kind == tree.Null || n.Spoilt {
		return time.Time{}
	}
	t, ok := shape.Time(n.Value)
	if n.Kind != tree.Text || !ok {
		m.Add(n, exchange.ProblemPattern, "pattern-time")
	}
	return t
}

// attributes are those of the event and of its objects, without the deleted.
func attributes(e *tree.Node) []*tree.Node {
	all := shape.Items(e, "Attribute")
	for _, o := range shape.Items(e, "Object") {
		all = append(all, shape.Items(o, "Attribute")...)
	}
	return slices.DeleteFunc(slices.Clone(all), func(a *tree.Node) bool { return a.Kind != tree.Object })
}

// moment is a time in seconds since 1970, zero for 0.
func moment(n *tree.Node, name string) time.Time {
	seconds := shape.Int(n, name)
	if seconds <= 0 || seconds > math.MaxInt32*4 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// epoch is before the first MISP there was.
const epoch = 1262304000 // 2010-01-01

// revision: an event has no number of its version, only the time of its last
// change; the seconds since 2010 count it.
func revision(e *tree.Node) int {
	return int(min(max(1, int64(shape.Int(e, "timestamp"))-epoch), math.MaxInt32))
}

// identity is who reports what under which id.
func (m *reader) identity(e *tree.Node) *exchange.Report {
	r := &exchange.Report{Kind: kindOf(e), Format: exchange.MISP, Revision: revision(e), ID: shape.Text(e, "uuid")}
	if !exchange.ValidID(r.ID) {
		r.ID = ""
	}
	for _, name := range []string{shape.Text(e, "Orgc", "name"), shape.Text(e, "Orgc", "uuid")} {
		if name != "" {
			r.Reporters = append(r.Reporters, name)
		}
	}
	if _, own := m.own(e); own != nil && own.Root != nil && own.Root.Kind == tree.Object {
		for name, into := range map[string]*string{"report_id": &r.ID, "reporter": &r.Reporter, "addressee": &r.Addressee} {
			if s := shape.Text(own.Root, name); exchange.ValidID(s) {
				*into = s
			}
		}
		if n := shape.Int(own.Root, "revision"); n > 0 && n <= math.MaxInt32 {
			r.Revision = n
		}
	}
	return r
}

// tagged is what follows the beginning of a tag, without quotation marks.
func tagged(e *tree.Node, begins string) string {
	for _, t := range shape.Items(e, "Tag") {
		if rest, ok := strings.CutPrefix(strings.ToLower(shape.Text(t, "name")), begins); ok {
			return strings.ReplaceAll(rest, `"`, "")
		}
	}
	return ""
}

// kindOf: our own tag; failing that a class of incidents makes an incident.
func kindOf(e *tree.Node) exchange.ReportKind {
	switch k := exchange.ReportKind(tagged(e, "almasu:kind=")); k {
	case exchange.Incident, exchange.Vulnerability, exchange.Threat:
		return k
	}
	if class := classOf(e); class != "" && !strings.HasPrefix(class, "vulnerable/") && !strings.HasPrefix(class, "test/") {
		return exchange.Incident
	}
	for _, taxonomy := range []string{"circl:incident-classification", "europol-incident:", "ecsirt:", "csirt_case_classification:"} {
		if tagged(e, taxonomy) != "" {
			return exchange.Incident
		}
	}
	return exchange.Threat
}

func classOf(e *tree.Node) string {
	if class := strings.ReplaceAll(tagged(e, "rsit:"), "=", "/"); card.SoundClass(class) {
		return class
	}
	return ""
}

// labels are the tags of TLP 1 and 2.0; the AMBER of TLP 1 has no other word.
func labels() map[string]exchange.TLP {
	return map[string]exchange.TLP{"white": exchange.TLPClear, "clear": exchange.TLPClear, "green": exchange.TLPGreen,
		"amber": exchange.TLPAmber, "amber+strict": exchange.TLPAmberStrict, "red": exchange.TLPRed}
}

// report reads an event.
func (m *reader) report(e *tree.Node) *exchange.Report {
	r := m.identity(e)
	r.TLP, r.GeneratedAt = labels()[tagged(e, "tlp:")], moment(e, "timestamp")
	info := shape.Text(e, "info")
	day, _ := time.Parse(time.DateOnly, shape.Text(e, "date"))
	severity := map[int]exchange.Severity{1: exchange.High, 2: exchange.Medium, 3: exchange.Low}[shape.Int(e, "threat_level_id")]
	_, own := m.own(e)
	class := exchange.Class{RSIT: classOf(e)}
	switch r.Kind {
	case exchange.Incident:
		r.Incident = &exchange.IncidentBody{Indicators: indicators(e)}
		if x := r.Incident; own == nil {
			x.IncidentID, x.Summary, x.DetectedAt, x.Severity, x.Class = r.ID, card.FitText(info), day, severity, class
			x.Status = map[string]string{"0": "new", "1": "in-progress", "2": "resolved"}[shape.Text(e, "analysis")]
		}
	case exchange.Vulnerability:
		r.Vulnerability = &exchange.VulnerabilityBody{}
		if x := r.Vulnerability; own == nil {
			x.VulnerabilityID, x.Title, x.Description, x.FoundAt = r.ID, card.FitLine(info), card.FitText(info), day
			for _, a := range attributes(e) {
				if v := shape.Text(a, "value"); shape.Text(a, "type") == "vulnerability" && card.SoundForm("cve", v) {
					x.CVE = append(x.CVE, v)
				}
			}
		}
	default:
		r.Threat = &exchange.ThreatBody{Indicators: indicators(e)}
		if x := r.Threat; own == nil {
			x.ThreatID, x.Title, x.Description, x.ObservedAt, x.Severity = r.ID, card.FitLine(info), card.FitText(info), day, severity
			if class.RSIT != "" {
				x.Class = &class
			}
		}
	}
	m.readOwn(e, r)
	return r
}
