package receipt

import (
	"strconv"
	"strings"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// notice is the official letter of clause 12: whom and by whom, number and
// date, the clause it rests on, the facts that are the addressee's due, the
// line of clause 15, and what the Rules are.
func (b *block) notice(r *exchange.Report) {
	n := r.Notice
	number := clean(n.Number, 64)
	b.subject = b.marked(r.TLP, b.say("notice.subject", number))
	b.marking(r.TLP)
	b.line("to", clean(b.style.To.In(b.language), 300))
	b.line("from", clean(b.style.From.In(b.language), 300))
	b.gap()
	b.paragraph(b.say("notice.heading", number))
	if !r.GeneratedAt.IsZero() {
		b.line("date", Date(b.language, r.GeneratedAt.In(b.style.zone())))
		b.gap()
	}
	sort := exchange.TemplateNotice
	if len(n.Items) > 0 {
		sort = exchange.TemplateDigest
	}
	own := b.words(sort, number, n.Clause, r.GeneratedAt)
	b.said(own.Opening)
	if len(n.Items) > 0 {
		b.items(r)
	} else {
		b.paragraph(b.byClause(n.Clause))
		b.noticed(exchange.NoticeItem{Number: n.Number, Class: n.Class, Severity: n.Severity, DetectedAt: n.DetectedAt, ConfirmedAt: n.ConfirmedAt,
			Incident: n.Incident, Part: n.Part})
	}
	b.gap()
	b.paragraph(b.say("purpose"))
	b.paragraph(b.say("rules"))
	b.line("basis", b.clause(n.Clause))
	b.line("edition", clean(n.Edition, 200))
	b.said(own.Closing)
	if own.Subject != "" {
		b.subject = b.marked(r.TLP, own.Subject)
	}
	b.signature()
	b.ending(r.TLP)
}

// noticed are the facts of one notice.
func (b *block) noticed(n exchange.NoticeItem) {
	b.line("number", clean(n.Number, 64))
	if n.Class != nil {
		b.line("class", b.class(*n.Class))
	}
	b.line("severity", b.severity(n.Severity))
	b.at("detected-at", n.DetectedAt)
	b.at("confirmed-at", n.ConfirmedAt)
	if in := n.Incident; in != nil {
		b.line("incident-id", clean(in.IncidentID, 64))
		b.incidentFacts(in)
	}
	if n.Part != nil {
		b.part(n.Part)
	}
}

// items are the notices of a digest, each under its own clause and marking.
func (b *block) items(r *exchange.Report) {
	count := counted(b.language, "digest.", len(r.Notice.Items))
	b.subject = b.marked(r.TLP, count)
	b.paragraph(count)
	for i, n := range r.Notice.Items {
		b.text.WriteString(strings.TrimSpace(strconv.Itoa(i+1)+". "+clean(string(n.TLP), 20)) + "\n")
		b.text.WriteString(b.byClause(n.Clause) + "\n")
		b.noticed(n)
		b.gap()
	}
}

// byClause says under which clause, or item of a clause, we write.
func (b *block) byClause(clause string) string {
	number, item, ok := strings.Cut(clean(clause, 20), ".")
	if !ok {
		return b.say("notice.by-clause", number)
	}
	return b.say("notice.by-item", number, item)
}

func (b *block) clause(clause string) string {
	number, item, ok := strings.Cut(clean(clause, 20), ".")
	if !ok {
		return b.say("clause", number)
	}
	return b.say("item", number, item)
}

// report words what a participant sends of its own accord, by kind.
func (b *block) report(r *exchange.Report) {
	kind := b.say("kind." + string(r.Kind))
	b.subject = b.marked(r.TLP, b.say("report.subject", kind, clean(r.ID, 64)))
	b.marking(r.TLP)
	b.paragraph(kind)
	b.line("to", clean(b.style.To.In(b.language), 300))
	b.line("from", clean(b.style.From.In(b.language), 300))
	b.line("report", clean(r.ID, 64)+", "+b.revision(r.Revision))
	if !r.GeneratedAt.IsZero() {
		b.line("date", Date(b.language, r.GeneratedAt.In(b.style.zone())))
	}
	if clause := clauseOf(r); clause != "" {
		b.line("basis", b.clause(clause))
	}
	b.gap()
	own := b.words(exchange.TemplateReport, r.ID, clauseOf(r), r.GeneratedAt)
	b.said(own.Opening)
	b.facts(r)
	b.said(own.Closing)
	if own.Subject != "" {
		b.subject = b.marked(r.TLP, own.Subject)
	}
	b.gap()
	if r.Kind != exchange.Ping {
		b.paragraph(b.say("purpose"))
		b.paragraph(b.say("rules"))
	}
	b.signature()
	b.ending(r.TLP)
}

// clauseOf is the clause of the order that a kind of report serves.
func clauseOf(r *exchange.Report) string {
	switch {
	case r.Request != nil:
		return clean(r.Request.Clause, 20)
	case r.Kind == exchange.Incident:
		return "9"
	case r.Kind == exchange.Contact:
		return "17"
	case r.Kind == exchange.Quarterly:
		return "18"
	}
	return ""
}

// facts are the few fields a reader needs before opening the machine part.
func (b *block) facts(r *exchange.Report) {
	switch {
	case r.Incident != nil:
		in := r.Incident
		b.line("incident-id", clean(in.IncidentID, 64))
		b.line("class", b.class(in.Class))
		b.line("severity", b.severity(in.Severity))
		b.at("detected-at", in.DetectedAt)
		b.at("confirmed-at", in.ConfirmedAt)
		b.incidentFacts(in)
	case r.Vulnerability != nil:
		b.line("title", clean(r.Vulnerability.Title, 500))
		b.at("detected-at", r.Vulnerability.FoundAt)
	case r.Threat != nil:
		b.line("title", clean(r.Threat.Title, 500))
		b.line("severity", b.severity(r.Threat.Severity))
		b.at("detected-at", r.Threat.ObservedAt)
	case r.Contact != nil:
		b.line("organisation", clean(r.Contact.Organisation.Name.In(b.language), 300))
		b.line("contact", clean(r.Contact.Email, 254)+", "+clean(r.Contact.Phone, 30))
		b.line("quarter", Quarter(b.language, r.Contact.Quarter))
	case r.Quarterly != nil:
		b.line("quarter", Quarter(b.language, r.Quarterly.Quarter))
		b.line("incidents", strconv.Itoa(len(r.Quarterly.Incidents)))
	case r.Request != nil:
		b.line("title", clean(r.Request.Subject, 500))
		b.line("summary", clean(r.Request.Text, 2000))
		b.at("answer-by", r.Request.AnswerBy)
	case r.Answer != nil:
		b.line("request", clean(r.Answer.Request, 64))
		b.line("summary", clean(r.Answer.Text, 2000))
	case r.Ping != nil:
		b.paragraph(b.say("ping.text"))
	}
}

// incidentFacts are whose the incident is, who can be asked, and the summary.
func (b *block) incidentFacts(in *exchange.IncidentBody) {
	for _, o := range []*exchange.Organisation{in.Organisation, in.Victim} {
		if o != nil {
			b.line("organisation", clean(o.Name.In(b.language), 300))
		}
	}
	if in.Contact.Email != "" {
		b.line("contact", clean(in.Contact.Email, 254)+", "+clean(in.Contact.Phone, 30))
	}
	b.line("summary", clean(in.Summary, 2000))
}

// class is the word of the RSIT class with the class itself, which is never
// translated.
func (b *block) class(c exchange.Class) string {
	rsit := clean(c.RSIT, 80)
	predicate, _, _ := strings.Cut(rsit, "/")
	key := "class." + predicate
	if !catalogue.Has("letter." + key) {
		return rsit
	}
	return b.say(key) + " (" + rsit + ")"
}

func (b *block) severity(s exchange.Severity) string {
	if key := "severity." + string(s); catalogue.Has("letter." + key) {
		return b.say(key)
	}
	return clean(string(s), 20)
}

// marked and marking put the TLP label into the subject and directly before
// the text (DOMAIN 4.12). Labels are never translated.
func (b *block) marked(label exchange.TLP, subject string) string {
	return strings.TrimSpace(clean(string(label), 20) + " " + subject)
}

func (b *block) marking(label exchange.TLP) {
	if label != "" {
		b.paragraph(clean(string(label), 20))
	}
}

func (b *block) ending(label exchange.TLP) {
	if label != "" {
		b.gap()
		b.text.WriteString(clean(string(label), 20) + "\n")
	}
}
