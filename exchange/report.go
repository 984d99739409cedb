package exchange

import (
	"regexp"
	"time"
)

// ReportKind is the kind of a report (DESIGN section 5, card v1).
type ReportKind string

// The kinds of reports.
const (
	Incident      ReportKind = "incident"
	Vulnerability ReportKind = "vulnerability"
	Threat        ReportKind = "threat"
	Contact       ReportKind = "contact"
	Quarterly     ReportKind = "quarterly"
	Request       ReportKind = "request"
	Answer        ReportKind = "answer"
	Notice        ReportKind = "notice"
	Receipt       ReportKind = "receipt"
	Ping          ReportKind = "ping"
)

// ReportKinds lists every kind of report.
func ReportKinds() []ReportKind {
	return []ReportKind{Incident, Vulnerability, Threat, Contact, Quarterly, Request, Answer, Notice, Receipt, Ping}
}

// Format is the language a report is written in (DESIGN section 7).
type Format string

// The formats.
const (
	CardJSON  Format = "card-json"
	CardXML   Format = "card-xml"
	IODEFXML  Format = "iodef-xml"
	IODEFJSON Format = "iodef-json"
	STIX      Format = "stix"
	MISP      Format = "misp"
	CSAF      Format = "csaf"
	XARF      Format = "xarf"
)

var idPattern = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

// ValidID reports whether s can be an id: [A-Za-z0-9._:-]{1,64}.
func ValidID(s string) bool { return idPattern.MatchString(s) }

// Severity of an incident (DOMAIN 2.4; IODEF SystemImpact@severity).
type Severity string

// The severities.
const (
	Low    Severity = "low"
	Medium Severity = "medium"
	High   Severity = "high"
)

// TLP is a Traffic Light Protocol 2.0 label; labels are never translated.
type TLP string

// The labels. A report without one counts as TLPAmberStrict.
const (
	TLPClear       TLP = "TLP:CLEAR"
	TLPGreen       TLP = "TLP:GREEN"
	TLPAmber       TLP = "TLP:AMBER"
	TLPAmberStrict TLP = "TLP:AMBER+STRICT"
	TLPRed         TLP = "TLP:RED"
)

// Report is one report in the domain's own words, whatever format it came in.
// Exactly one of the body pointers is set, the one Kind names. Times carry
// their zone. The JSON names are those of card v1.
type Report struct {
	Kind     ReportKind `json:"kind" card:"required,kind"`
	ID       string     `json:"report_id" card:"required,id"`
	Revision int        `json:"revision" card:"required,min=1,max=2147483647"` // from 1
	Reporter string     `json:"reporter" card:"required,id"`                   // participant id
	// Addressee is the participant id the report is for; signed, it binds the
	// message to its recipient (DESIGN section 4, item 3).
	Addressee   string    `json:"addressee" card:"id"`
	GeneratedAt time.Time `json:"generated_at" card:"required"`
	TLP         TLP       `json:"tlp" card:"enum=TLP:CLEAR|TLP:GREEN|TLP:AMBER|TLP:AMBER+STRICT|TLP:RED"`
	Language    Language  `json:"language" card:"enum=kk|ru|en"`
	// Marking is a national secrecy marking; a state-secret one is refused.
	Marking string `json:"marking" card:"line"`

	Incident      *IncidentBody
	Vulnerability *VulnerabilityBody
	Threat        *ThreatBody
	Contact       *ContactBody
	Quarterly     *QuarterlyBody
	Request       *RequestBody
	Answer        *AnswerBody
	Notice        *NoticeBody
	Receipt       *ReceiptBody
	Ping          *PingBody

	Format Format `json:"-"`
	// Reporters are the names the document gives its reporter where the format
	// has no participant id (IODEF); empty for cards.
	Reporters []string `json:"-"`
	// OriginalID is the id as the document has it, where that cannot be an id
	// here and ID was made from it (IODEF); "" otherwise.
	OriginalID string `json:"-"`
}

// Key identifies a report at its reporter: same key and same content is the
// same report (DESIGN section 4, "seen before").
type Key struct {
	ID       string `json:"id" card:"required,id"`
	Revision int    `json:"revision" card:"required,min=1,max=2147483647"`
}

// Key returns the id and revision of the report.
func (r *Report) Key() Key { return Key{r.ID, r.Revision} }
