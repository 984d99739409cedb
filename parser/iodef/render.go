package iodef

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

// Render writes a report of the kind incident, vulnerability or threat as a
// document with one Incident. The same report gives the same octets. What the
// reader would refuse is an error that names the place and never the value;
// Format, Reporters (but for a domain name among them) and OriginalID are not
// looked at.
func Render(r *exchange.Report, f exchange.Format) ([]byte, error) {
	w := &renderer{r: r}
	root, err := w.document()
	if err != nil {
		return nil, fmt.Errorf("render iodef %s: %w", r.ID, err)
	}
	var body []byte
	var d *tree.Document
	switch f {
	case exchange.IODEFXML:
		body = writeXML(root)
		d = tree.ReadXML(body, "", tree.Limits{})
	case exchange.IODEFJSON:
		if body, err = writeJSON(root); err != nil {
			return nil, fmt.Errorf("render iodef %s: %w", r.ID, err)
		}
		d = tree.ReadJSON(body, tree.Limits{})
	default:
		return nil, fmt.Errorf("render iodef %s: %s is not a format of IODEF", r.ID, f)
	}
	// Far ahead: a report may be written down before its time has come.
	if _, problems := Read(d, w.latest()); len(problems) > 0 {
		p := problems[0]
		return nil, fmt.Errorf("render iodef %s: a value cannot stand at %s: %s", r.ID, p.Path, p.Text)
	}
	return body, nil
}

func (w *renderer) latest() time.Time { return w.r.GeneratedAt.AddDate(1000, 0, 0) }

// node is an element to be written, as XML has it; JSON is made from the same.
type node struct {
	name  string // with the prefix of the model
	attrs [][2]string
	text  string
	kids  []*node
}

func el(name string, kids ...*node) *node {
	n := &node{name: name}
	return n.with(kids...)
}

// with hangs in the kids that are there.
func (n *node) with(kids ...*node) *node {
	for _, k := range kids {
		if k != nil {
			n.kids = append(n.kids, k)
		}
	}
	return n
}

// attr sets an attribute that is not empty.
func (n *node) attr(name, value string) *node {
	if value != "" {
		n.attrs = append(n.attrs, [2]string{name, value})
	}
	return n
}

// leaf is an element with text, nil if there is none.
func leaf(name, text string) *node {
	if text == "" {
		return nil
	}
	return &node{name: name, text: text}
}

// moment is an element with a time, nil for none.
func moment(name string, t time.Time) *node {
	if t.IsZero() {
		return nil
	}
	return leaf(name, t.Format(time.RFC3339Nano))
}

// field is a field of card v1 that IODEF has not, nil if it is empty.
func field(name, dtype, value string) *node {
	n := leaf("AdditionalData", value)
	if n != nil {
		n.attr("name", name).attr("dtype", dtype).attr("meaning", name+" of card v1").attr("formatid", FormatID)
	}
	return n
}

func momentField(name string, t time.Time) *node {
	if t.IsZero() {
		return nil
	}
	return field(name, "date-time", t.Format(time.RFC3339Nano))
}

func truthField(name string, v bool) *node {
	if !v {
		return nil
	}
	return field(name, "boolean", "true")
}

// hollow drops an element that would hold nothing.
func hollow(n *node) *node {
	if len(n.kids) == 0 {
		return nil
	}
	return n
}

// renderer writes one report.
type renderer struct {
	r    *exchange.Report
	name string // domain name of the reporter
}

func (w *renderer) document() (*node, error) {
	r := w.r
	if r.Reporter == "" && len(r.Reporters) == 0 {
		return nil, fmt.Errorf("the report names no reporter")
	}
	var incident *node
	switch {
	case r.Kind == exchange.Incident && r.Incident != nil:
		w.name = w.domain(r.Incident.Contact.Email)
		incident = w.incident(r.Incident)
	case r.Kind == exchange.Vulnerability && r.Vulnerability != nil:
		email := ""
		if c := r.Vulnerability.Contact; c != nil {
			email = c.Email
		}
		w.name = w.domain(email)
		incident = w.vulnerability(r.Vulnerability)
	case r.Kind == exchange.Threat && r.Threat != nil:
		w.name = w.domain("")
		incident = w.threat(r.Threat)
	default:
		return nil, fmt.Errorf("IODEF holds incidents, vulnerabilities and threats, not a report of kind %q without one of these", r.Kind)
	}
	if id := incident.kids[0].text; !exchange.ValidID(r.ID) || !exchange.ValidID(id) {
		return nil, fmt.Errorf("the report, or what it is about, has no id of the form A-Za-z0-9._:-")
	}
	w.marked(incident)
	incident.with(w.common()...)
	return el(Root, incident).attr("version", "2.00").attr("xml:lang", string(r.Language)).attr("private-enum-name", w.name), nil
}

// marked sets the marking; plain TLP:AMBER has no word in IODEF (DOMAIN 4.12).
func (w *renderer) marked(incident *node) {
	words := map[exchange.TLP]string{exchange.TLPClear: "white", exchange.TLPGreen: "green", exchange.TLPAmber: extValue,
		exchange.TLPAmberStrict: "amber", exchange.TLPRed: "red"}
	incident.attr("restriction", words[w.r.TLP])
	if w.r.TLP == exchange.TLPAmber {
		incident.attr("ext-restriction", string(exchange.TLPAmber))
	}
}

// common are the fields of every report that IODEF has not.
func (w *renderer) common() []*node {
	r := w.r
	return []*node{field("report_id", "string", r.ID), field("revision", "integer", fmt.Sprint(r.Revision)), field("kind", "string", string(r.Kind)),
		field("addressee", "string", r.Addressee), field("tlp2", "string", string(r.TLP)), field("marking", "string", r.Marking)}
}

var domain = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$`)

// domain is the name that the reporter goes by in IODEF: the first domain name
// it is known under, that of its address, or one that cannot exist.
func (w *renderer) domain(email string) string {
	for _, n := range w.r.Reporters {
		if domain.MatchString(n) && fqdn.MatchString(n) {
			return n
		}
	}
	if _, host, ok := strings.Cut(email, "@"); ok && fqdn.MatchString(host) {
		return host
	}
	label := strings.Trim(strings.NewReplacer("_", "-", ":", "-", ".", "-").Replace(w.r.Reporter), "-")
	if label == "" {
		label = "reporter"
	}
	return strings.TrimRight(label[:min(len(label), 63)], "-") + ".invalid" // RFC 2606
}

// id is the IncidentID: what the report is about, and whose number that is.
func (w *renderer) id(id string) *node {
	n := &node{name: "IncidentID", text: id}
	return n.attr("name", w.name)
}

// organisation writes a legal entity and how it is reached as a Contact.
func (w *renderer) organisation(role string, o *exchange.Organisation, p *exchange.ContactPoint) *node {
	c := el("Contact").attr("role", role).attr("type", "organization")
	if o != nil {
		for _, n := range []struct{ text, lang string }{{o.Name.KK, "kk"}, {o.Name.RU, "ru"}, {o.Name.EN, "en"}} {
			if name := leaf("ContactName", n.text); name != nil {
				c.with(name.attr("xml:lang", n.lang))
			}
		}
	}
	if role == "creator" {
		c.with(handle(participantRegistry, w.r.Reporter))
	}
	if o != nil {
		c.with(handle(binRegistry, o.BIN))
	}
	if p != nil {
		if p.Email != "" {
			c.with(el("Email", leaf("EmailTo", p.Email)))
		}
		if p.Phone != "" {
			c.with(el("Telephone", leaf("TelephoneNumber", p.Phone)))
		}
		if p.Name != "" {
			c.with(el("Contact", leaf("ContactName", p.Name)).attr("role", "irt").attr("type", "person"))
		}
	}
	if o != nil {
		c.with(field("sector", "string", o.Sector), truthField("critical", o.Critical))
	}
	if role == "creator" && len(c.kids) == 0 && len(w.r.Reporters) > 0 { // read from a format that has names only
		c.with(leaf("ContactName", w.r.Reporters[0]))
	}
	return c
}

func handle(registry, id string) *node {
	n := leaf("RegistryHandle", id)
	if n != nil {
		n.attr("registry", extValue).attr("ext-registry", registry)
	}
	return n
}

func (w *renderer) victim(o *exchange.Organisation) *node {
	if o == nil {
		return nil
	}
	return w.organisation("victim", o, nil)
}
