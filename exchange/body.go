package exchange

import "time"

// The bodies of card v1. A field's JSON name is its name on the wire, in JSON
// and in XML, and the order of the fields is the order of the XML elements. The
// `card` tag carries the rules that reader, renderer, JSON Schema and XSD are
// built from (room parser/card):
//
//   - required: must stand in the document. An optional field with Go's zero
//     value is left out, so an absent false, 0 or empty list means the same.
//   - one form for a string: line (one line, 500 characters), text (20,000
//     characters), id, bin, phone, email, ip (address or network), fqdn, url,
//     cve, cwe, sha (SHA-256, hex), quarter, base64.
//   - a closed list: enum=a|b|c, or kind, rsit, country, refusal, problem, whose
//     words stand with their subject.
//   - min= and max= for integers; digits= for decimals, the digits after the
//     point.
//   - item= on a list: in XML the list is an element that holds elements of
//     this name; a list without it is its own element repeated. The other
//     rules of a list's tag are those of one item.
//
// Times need no rule: RFC 3339 with seconds and zone.

// Organisation names a legal entity.
type Organisation struct {
	Name   Names  `json:"name" card:"required"`
	BIN    string `json:"bin" card:"bin"`
	Sector string `json:"sector" card:"line"`
	// Critical marks a critically important object of information and
	// communication infrastructure (КВОИКИ, АКИИК).
	Critical bool `json:"critical"`
}

// ContactPoint is where the reporter is reached, 24/7 (clause 17).
type ContactPoint struct {
	Name  string `json:"name" card:"line"`
	Email string `json:"email" card:"required,email"`
	Phone string `json:"phone" card:"required,phone"`
}

// Class is the class of an incident: the national word as sent, and the RSIT
// class "predicate/value" derived from or beside it (DOMAIN 2.3).
type Class struct {
	National string `json:"national" card:"line"`
	RSIT     string `json:"rsit" card:"required,rsit"`
}

// Object is an informatisation object that the report concerns.
type Object struct {
	Name     string   `json:"name" card:"line"`
	Type     string   `json:"type" card:"enum=electronic-information-resource|information-system|telecommunication-network|other"`
	Owner    string   `json:"owner_bin" card:"bin"`
	IP       []string `json:"ip" card:"ip"`
	FQDN     []string `json:"fqdn" card:"fqdn"`
	URL      []string `json:"url" card:"url"`
	ASN      []int    `json:"asn" card:"min=1,max=4294967295"`
	Software []string `json:"software" card:"line"`
}

// AttackSource is where an attack came from.
type AttackSource struct {
	IP      string `json:"ip" card:"ip"`
	ASN     int    `json:"asn" card:"min=1,max=4294967295"`
	FQDN    string `json:"fqdn" card:"fqdn"`
	URL     string `json:"url" card:"url"`
	Email   string `json:"email" card:"email"`
	Country string `json:"country" card:"country"`
}

// Indicator is one indicator of compromise.
type Indicator struct {
	Type  string `json:"type" card:"required,enum=md5|sha1|sha256|sha512|ip|fqdn|url|email|file-name|yara|other"`
	Value string `json:"value" card:"required,text"`
	Note  string `json:"note" card:"text"`
}

// Impact is what an incident did to confidentiality, integrity and
// availability.
type Impact struct {
	Confidentiality string `json:"confidentiality" card:"enum=none|low|high|unknown"`
	Integrity       string `json:"integrity" card:"enum=none|low|high|unknown"`
	Availability    string `json:"availability" card:"enum=none|low|high|unknown"`
	PersonalData    bool   `json:"personal_data"`
	UsersAffected   int    `json:"users_affected" card:"min=0"`
	DowntimeMinutes int    `json:"downtime_minutes" card:"min=0"`
}

// Action is one step taken, with time and actor.
type Action struct {
	At    time.Time `json:"at" card:"required"`
	Actor string    `json:"actor" card:"line"`
	Text  string    `json:"text" card:"required,text"`
}

// Violation is a suspected violation of legislation; it drives clause 12 items
// 3 to 6, where a person decides.
type Violation struct {
	Field string `json:"field" card:"required,enum=information-security|informatisation|prosecution|internal-affairs|other"`
	Note  string `json:"note" card:"text"`
}

// IncidentBody is the card of an information security incident (DOMAIN 2.4).
type IncidentBody struct {
	IncidentID      string         `json:"incident_id" card:"required,id"`
	Organisation    *Organisation  `json:"organisation"`
	Contact         ContactPoint   `json:"contact" card:"required"`
	DetectedAt      time.Time      `json:"detected_at" card:"required"`
	ConfirmedAt     time.Time      `json:"confirmed_at" card:"required"` // the clock of clause 9 starts here
	StartedAt       time.Time      `json:"started_at"`
	EndedAt         time.Time      `json:"ended_at"`
	RecoveredAt     time.Time      `json:"recovered_at"`
	ReportedAt      time.Time      `json:"reported_at"`
	Class           Class          `json:"class" card:"required"`
	Severity        Severity       `json:"severity" card:"required,enum=low|medium|high"`
	Status          string         `json:"status" card:"enum=new|in-progress|forwarded|resolved"`
	Summary         string         `json:"summary" card:"required,text"`
	Occasion        string         `json:"occasion" card:"required,enum=10.1|10.2|10.3|10.4|10.5"`
	Victim          *Organisation  `json:"victim"`
	Objects         []Object       `json:"objects" card:"item=object"`
	Sources         []AttackSource `json:"sources" card:"item=source"`
	Indicators      []Indicator    `json:"indicators" card:"item=indicator"`
	DetectionSource string         `json:"detection_source" card:"line"`
	Impact          *Impact        `json:"impact"`
	Actions         []Action       `json:"actions_taken" card:"item=action"`
	Cause           string         `json:"cause" card:"text"`
	Measures        string         `json:"measures" card:"text"`
	HelpRequested   string         `json:"help_requested" card:"text"`
	Violations      []Violation    `json:"law_violations" card:"item=violation"`
	// Concerns lists participants the reporter says the incident concerns.
	Concerns []string `json:"concerns" card:"id,item=participant"`
}

// CVSS is a CVSS vector with its score.
type CVSS struct {
	Version string  `json:"version" card:"required,enum=3.1|4.0"`
	Vector  string  `json:"vector" card:"required,line"`
	Score   float64 `json:"score" card:"min=0,max=10,digits=1"`
}

// Product is an affected product.
type Product struct {
	Vendor  string `json:"vendor" card:"line"`
	Name    string `json:"name" card:"required,line"`
	Version string `json:"version" card:"line"`
	CPE     string `json:"cpe" card:"line"`
}

// VulnerabilityBody is the card of data on vulnerabilities (DOMAIN 2.5).
type VulnerabilityBody struct {
	VulnerabilityID string        `json:"vulnerability_id" card:"required,id"`
	Title           string        `json:"title" card:"required,line"`
	Description     string        `json:"description" card:"required,text"`
	CVE             []string      `json:"cve" card:"cve"`
	CWE             []string      `json:"cwe" card:"cwe"`
	CVSS            *CVSS         `json:"cvss"`
	Products        []Product     `json:"products" card:"item=product"`
	Owner           *Organisation `json:"owner"`
	Objects         []Object      `json:"objects" card:"item=object"`
	Contact         *ContactPoint `json:"contact"`
	FoundBy         string        `json:"found_by" card:"line"`
	FoundHow        string        `json:"found_how" card:"text"`
	FoundAt         time.Time     `json:"found_at" card:"required"`
	ExploitKnown    string        `json:"exploit_known" card:"enum=yes|no|unknown"`
	ExploitedHere   string        `json:"exploited_here" card:"enum=yes|no|unknown"`
	Remediation     string        `json:"remediation" card:"text"`
	FixBy           time.Time     `json:"fix_by"`
	Patch           string        `json:"patch" card:"url"`
	Status          string        `json:"status" card:"enum=new|in-progress|resolved"`
}

// ThreatBody tells of a threat (clauses 10 and 12.1).
type ThreatBody struct {
	ThreatID    string         `json:"threat_id" card:"required,id"`
	Title       string         `json:"title" card:"required,line"`
	Description string         `json:"description" card:"required,text"`
	ObservedAt  time.Time      `json:"observed_at" card:"required"`
	Class       *Class         `json:"class"`
	Severity    Severity       `json:"severity" card:"enum=low|medium|high"`
	Objects     []Object       `json:"objects" card:"item=object"`
	Sources     []AttackSource `json:"sources" card:"item=source"`
	Indicators  []Indicator    `json:"indicators" card:"item=indicator"`
	Advice      string         `json:"advice" card:"text"`
}

// ContactBody is the contact data of clause 17.
type ContactBody struct {
	Organisation Organisation `json:"organisation" card:"required"`
	Email        string       `json:"email" card:"required,email"`
	Phone        string       `json:"phone" card:"required,phone"` // 24/7/365
	Duty         string       `json:"duty" card:"line"`
	Deputy       string       `json:"deputy" card:"line"`
	Fingerprints []string     `json:"key_fingerprints" card:"line,item=fingerprint"`
	OpenPGP      string       `json:"openpgp_key" card:"text"` // armoured public key
	ValidFrom    time.Time    `json:"valid_from" card:"required"`
	Quarter      string       `json:"confirmation_of_quarter" card:"quarter"` // 2026-Q4
	ChangeReason string       `json:"change_reason" card:"text"`
	PreviousHash string       `json:"previous_hash" card:"sha"`
}

// QuarterlyIncident is one line of the quarterly report (clause 18).
type QuarterlyIncident struct {
	IncidentID   string    `json:"incident_id" card:"required,id"`
	RegisteredAt time.Time `json:"registered_at" card:"required"`
	ConfirmedAt  time.Time `json:"confirmed_at" card:"required"`
	ReportedAt   time.Time `json:"reported_at"`
	Class        Class     `json:"class" card:"required"`
	Severity     Severity  `json:"severity" card:"required,enum=low|medium|high"`
	OwnerBIN     string    `json:"owner_bin" card:"bin"`
	Cause        string    `json:"cause" card:"text"`
	Measures     string    `json:"measures" card:"required,text"`
	Status       string    `json:"status" card:"enum=new|in-progress|forwarded|resolved"`
}

// ClassTotal counts incidents of one RSIT class.
type ClassTotal struct {
	RSIT  string `json:"rsit" card:"required,rsit"`
	Count int    `json:"count" card:"required,min=0"`
}

// QuarterlyBody is the quarterly report of clause 18; Nil states that nothing
// was registered.
type QuarterlyBody struct {
	Quarter   string              `json:"quarter" card:"required,quarter"`
	From      time.Time           `json:"from" card:"required"`
	To        time.Time           `json:"to" card:"required"`
	Nil       bool                `json:"nil"`
	Incidents []QuarterlyIncident `json:"incidents" card:"item=incident"`
	Totals    []ClassTotal        `json:"totals" card:"item=total"`
	Late      int                 `json:"late" card:"min=0"` // reported later than 15 minutes
	Approver  string              `json:"approver" card:"required,line"`
}

// RequestBody asks a participant for something (clauses 10.4 and 11).
type RequestBody struct {
	Clause    string    `json:"clause" card:"required,line"`
	Subject   string    `json:"subject" card:"required,line"`
	Text      string    `json:"text" card:"required,text"`
	Authority string    `json:"authority" card:"line"`
	AnswerBy  time.Time `json:"answer_by"`
}

// AnswerBody answers a request.
type AnswerBody struct {
	Request string `json:"request_id" card:"required,id"` // report_id of the request
	Verdict string `json:"verdict" card:"required,enum=done|partly|declined"`
	Text    string `json:"text" card:"required,text"`
}

// NoticeBody tells a stakeholder of an incident (clause 12). Incident is
// present only where the addressee gets that part.
type NoticeBody struct {
	Clause      string        `json:"clause" card:"required,line"`  // "12.2"
	Edition     string        `json:"edition" card:"required,line"` // of the order
	Purpose     string        `json:"purpose" card:"required,text"` // the line of clause 15
	Number      string        `json:"number" card:"required,id"`    // registration number at the NCCIS
	Class       *Class        `json:"class"`
	Severity    Severity      `json:"severity" card:"enum=low|medium|high"`
	DetectedAt  time.Time     `json:"detected_at"`
	ConfirmedAt time.Time     `json:"confirmed_at"`
	Incident    *IncidentBody `json:"incident"`
	Part        *NoticePart   `json:"part"`
	Items       []NoticeItem  `json:"items" card:"item=notice"` // of a digest
}

// NoticeItem is one notice in a digest. The fields of the card around it are
// then those of the digest itself.
type NoticeItem struct {
	Report      string        `json:"report_id" card:"required,id"`
	TLP         TLP           `json:"tlp" card:"enum=TLP:CLEAR|TLP:GREEN|TLP:AMBER|TLP:AMBER+STRICT|TLP:RED"`
	Clause      string        `json:"clause" card:"required,line"`
	Edition     string        `json:"edition" card:"required,line"`
	Number      string        `json:"number" card:"required,id"`
	Class       *Class        `json:"class"`
	Severity    Severity      `json:"severity" card:"enum=low|medium|high"`
	DetectedAt  time.Time     `json:"detected_at"`
	ConfirmedAt time.Time     `json:"confirmed_at"`
	Incident    *IncidentBody `json:"incident"`
	Part        *NoticePart   `json:"part"`
}

// NoticePart is what of a report concerns the addressee (clauses 5 and 12.1):
// its own assets, the indicators, and free text where the marking allows it.
type NoticePart struct {
	Kind       ReportKind     `json:"about" card:"kind"` // of the report
	Victim     *Organisation  `json:"victim"`
	Texts      []string       `json:"texts" card:"text,item=paragraph"`
	Objects    []Object       `json:"objects" card:"item=object"`
	Sources    []AttackSource `json:"sources" card:"item=source"`
	Indicators []Indicator    `json:"indicators" card:"item=indicator"`
	Products   []Product      `json:"products" card:"item=product"`
	CVE        []string       `json:"cve" card:"cve"`
	Withheld   *Withheld      `json:"withheld"`
}

// Withheld counts what a part leaves out because it is somebody else's, or
// because the marking does not let it go.
type Withheld struct {
	Victims    int `json:"victims" card:"min=0"` // other organisations
	Objects    int `json:"objects" card:"min=0"` // whole or in part
	Sources    int `json:"sources" card:"min=0"`
	Indicators int `json:"indicators" card:"min=0"`
	Products   int `json:"products" card:"min=0"`
	Texts      int `json:"texts" card:"min=0"`
}

// Verdict is what a receipt says of a message.
type Verdict string

// The verdicts.
const (
	VerdictAccepted  Verdict = "accepted"
	VerdictRefused   Verdict = "refused"
	VerdictDuplicate Verdict = "duplicate"
	VerdictHeld      Verdict = "held"
)

// Digest is the message integrity check of what was received (RFC 3335): over
// "entity", the signed MIME entity in canonical CRLF form, or "file", the
// decrypted octets. Value is base64.
type Digest struct {
	Algorithm string `json:"alg" card:"required,enum=sha256|sha384|sha512|sha224|sha3-256|sha3-512"`
	Value     string `json:"value" card:"required,base64"`
	Over      string `json:"over" card:"required,enum=entity|file"`
}

// ReceiptBody is the receipt of DESIGN section 5.
type ReceiptBody struct {
	Number            string    `json:"number" card:"required,id"`
	OriginalMessageID string    `json:"original_message_id" card:"line"`
	Reports           []Key     `json:"reports" card:"item=report"`
	SentAt            time.Time `json:"sent_at"`
	ReceivedAt        time.Time `json:"received_at" card:"required"`
	DecidedAt         time.Time `json:"decided_at" card:"required"`
	Verdict           Verdict   `json:"verdict" card:"required,enum=accepted|refused|duplicate|held"`
	FirstVerdict      Verdict   `json:"first_verdict" card:"enum=accepted|refused|duplicate|held"`
	Code              Code      `json:"code" card:"refusal"`
	Problems          []Problem `json:"problems" card:"item=problem"`
	Digest            *Digest   `json:"digest"`
}

// PingBody proves a key both ways.
type PingBody struct {
	Nonce string `json:"nonce" card:"required,line"`
	Text  string `json:"text" card:"text"`
}
