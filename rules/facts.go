package rules

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"almasu/exchange"
)

// facts are what a condition may look at, under the names of docs/RULES.md.
// What a kind of report does not say is empty, 0 or false.
type facts struct {
	Kind            string   `expr:"kind"`           // of the report
	About           string   `expr:"about"`          // of the report a notice is about, otherwise kind
	Role            string   `expr:"role"`           // ours: nccis or soc
	Sender          string   `expr:"sender"`         // participant id
	SenderKinds     []string `expr:"sender_kinds"`   // its kinds
	Concerned       int      `expr:"concerned"`      // participants whose assets it names
	TLP             string   `expr:"tlp"`            // TLP:AMBER+STRICT where it has none
	Marked          bool     `expr:"marked"`         // it has a TLP label
	Language        string   `expr:"language"`       // kk, ru, en
	Class           string   `expr:"class"`          // RSIT, "fraud/phishing"
	ClassGroup      string   `expr:"class_group"`    // "fraud"
	NationalClass   string   `expr:"national_class"` // as sent
	Severity        string   `expr:"severity"`       // low, medium, high
	Status          string   `expr:"status"`         // new, in-progress, forwarded, resolved
	Occasion        string   `expr:"occasion"`       // 10.1 to 10.5
	Clause          string   `expr:"clause"`         // that a notice or a request names
	Operability     bool     `expr:"may_affect_operability"`
	Critical        bool     `expr:"critical"`      // a critically important object
	PersonalData    bool     `expr:"personal_data"` // affected
	UsersAffected   int      `expr:"users_affected"`
	DowntimeMinutes int      `expr:"downtime_minutes"`
	HelpRequested   bool     `expr:"help_requested"`
	Violations      []string `expr:"violations"` // fields of law_violations
	Sectors         []string `expr:"sectors"`    // of victim or owner
	BINs            []string `expr:"bins"`       // of victim and owners
	CVE             []string `expr:"cve"`
	CVSS            float64  `expr:"cvss"`          // score
	ExploitKnown    string   `expr:"exploit_known"` // yes, no, unknown
	ExploitedHere   string   `expr:"exploited_here"`
	MinutesSince    int      `expr:"minutes_since_confirmation"` // at arrival here
}

// effective is the marking that counts: a report without one is
// TLP:AMBER+STRICT.
func effective(label exchange.TLP) exchange.TLP {
	switch label {
	case exchange.TLPClear, exchange.TLPGreen, exchange.TLPAmber, exchange.TLPRed:
		return label
	}
	return exchange.TLPAmberStrict
}

func factsOf(r *exchange.Report, from *exchange.Participant, role exchange.ParticipantKind, at time.Time) *facts {
	f := &facts{Kind: string(r.Kind), About: string(r.Kind), Role: string(role), TLP: string(effective(r.TLP)), Marked: r.TLP != "",
		Language: string(r.Language)}
	if from != nil {
		f.Sender, f.SenderKinds = from.ID, plain(from.Kinds)
	}
	switch {
	case r.Incident != nil:
		f.incident(r.Incident, at)
	case r.Vulnerability != nil:
		v := r.Vulnerability
		f.CVE, f.ExploitKnown, f.ExploitedHere, f.Status = v.CVE, v.ExploitKnown, v.ExploitedHere, v.Status
		if v.CVSS != nil {
			f.CVSS = v.CVSS.Score
		}
		f.organisation(v.Owner)
		f.owners(v.Objects)
	case r.Threat != nil:
		if c := r.Threat.Class; c != nil {
			f.class(*c)
		}
		f.Severity = string(r.Threat.Severity)
		f.owners(r.Threat.Objects)
	case r.Request != nil:
		f.Clause = r.Request.Clause
	case r.Notice != nil:
		f.notice(r.Notice, at)
	}
	return f
}

func (f *facts) notice(n *exchange.NoticeBody, at time.Time) {
	f.About, f.Clause = string(exchange.Incident), n.Clause
	if n.Incident != nil {
		f.incident(n.Incident, at)
	}
	if p := n.Part; p != nil {
		f.CVE = p.CVE
		if p.Kind != "" {
			f.About = string(p.Kind)
		}
		f.organisation(p.Victim)
		f.owners(p.Objects)
	}
	if n.Class != nil {
		f.class(*n.Class)
	}
	f.Severity = string(n.Severity)
}

func (f *facts) incident(in *exchange.IncidentBody, at time.Time) {
	f.class(in.Class)
	f.Severity, f.Status, f.Occasion, f.HelpRequested = string(in.Severity), in.Status, in.Occasion, in.HelpRequested != ""
	f.Operability = true // "may affect": unless the report says that it did not
	if i := in.Impact; i != nil {
		f.Operability = i.Confidentiality != "none" || i.Integrity != "none" || i.Availability != "none"
		f.PersonalData, f.UsersAffected, f.DowntimeMinutes = i.PersonalData, i.UsersAffected, i.DowntimeMinutes
	}
	for _, v := range in.Violations {
		f.Violations = append(f.Violations, v.Field)
	}
	f.organisation(in.Victim)
	f.owners(in.Objects)
	if !at.IsZero() && !in.ConfirmedAt.IsZero() {
		f.MinutesSince = int(at.Sub(in.ConfirmedAt) / time.Minute)
	}
}

func (f *facts) class(c exchange.Class) {
	f.Class, f.NationalClass = c.RSIT, c.National
	f.ClassGroup, _, _ = strings.Cut(c.RSIT, "/")
}

func (f *facts) organisation(o *exchange.Organisation) {
	if o == nil {
		return
	}
	f.Critical = o.Critical
	if o.Sector != "" {
		f.Sectors = append(f.Sectors, o.Sector)
	}
	if o.BIN != "" {
		f.BINs = append(f.BINs, o.BIN)
	}
}

func (f *facts) owners(objects []exchange.Object) {
	for _, o := range objects {
		if o.Owner != "" {
			f.BINs = append(f.BINs, o.Owner)
		}
	}
}

// show words the facts of the names, "severity = high, violations = []".
func (f *facts) show(names []string) string {
	v := reflect.ValueOf(*f)
	var out []string
	for _, field := range reflect.VisibleFields(v.Type()) {
		for _, name := range names {
			if field.Tag.Get("expr") != name {
				continue
			}
			value := v.FieldByIndex(field.Index)
			if value.Kind() == reflect.String {
				out = append(out, fmt.Sprintf("%s is %q", name, value.String()))
			} else {
				out = append(out, fmt.Sprintf("%s is %v", name, value.Interface()))
			}
		}
	}
	return strings.Join(out, ", ")
}
