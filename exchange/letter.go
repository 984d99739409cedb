package exchange

import "time"

// LetterKind is the purpose of an outgoing letter.
type LetterKind string

// The kinds of letters.
const (
	LetterReport  LetterKind = "report"
	LetterReceipt LetterKind = "receipt"
	LetterNotice  LetterKind = "notice"
	LetterMDN     LetterKind = "mdn"
	LetterNeutral LetterKind = "neutral"
	// LetterRegister speaks of a participant's entry in the register: a change
	// that was asked for, a key that ends, a ping to a new key.
	LetterRegister LetterKind = "register"
	// LetterReminder reminds a SOC of a duty of a quarter (clauses 17 and 18).
	LetterReminder LetterKind = "reminder"
	// LetterDuty calls a duty officer to an alarm.
	LetterDuty LetterKind = "duty"
)

// Letter is one composed, sealed message to one participant.
type Letter struct {
	ID         int64
	Kind       LetterKind
	State      LetterState
	To         string // participant id
	Address    string // RCPT TO
	Sender     string // MAIL FROM, "" for the null reverse-path
	MessageID  string // with angle brackets; 128 random bits
	EnvelopeID string // DSN ENVID
	Message    []byte // final bytes, CRLF; nil where blocked
	Clause     string // "9", "12.2", "" for receipts
	// Arrival answered, or 0; Report position carried, or 0.
	Arrival int64
	Report  int64
	Digest  Digest // of the sealed entity, to compare with the receipt's
	// WantsReceipt: the letter is open until an authenticated receipt closes it.
	WantsReceipt bool
	// Patience is how long the receipt is waited for before the same octets are
	// sent again; each further wait is three times the one before. 0: for ever.
	Patience time.Duration
	AgainAt  time.Time // when a letter that was sent goes again, zero for never

	// OncePer is how long after a letter of this kind to the same participant no
	// other one may follow: Commit leaves this letter out then. 0: no bound.
	OncePer time.Duration

	CreatedAt time.Time
	NextAt    time.Time // not before; a fuse sets it into the future
	Expires   time.Time // limits.retry_life
	Attempts  int

	SentAt         time.Time
	Outside        bool // the relay that accepted it is outside our control
	Relay          string
	Reply          string // last reply, quoted
	ClosedAt       time.Time
	Verdict        Verdict // of the receipt that closed it; of a receipt we send, what it says
	Number         string  // registration number the receipt told
	Delivery       string  // last hint of a delivery report: delivered, delayed, failed, relayed, expanded
	ReceiptArrival int64
	// PeerReceivedAt and PeerDecidedAt are the addressee's own times, as its
	// receipt tells them.
	PeerReceivedAt time.Time
	PeerDecidedAt  time.Time
}

// SendOutcome is the judgement on one attempt to send.
type SendOutcome string

// The outcomes of an attempt (DESIGN section 5).
const (
	OutcomeSent  SendOutcome = "sent"
	OutcomeLater SendOutcome = "later"
	OutcomeNever SendOutcome = "never"
)

// Attempt is what one attempt to send a letter came to.
type Attempt struct {
	Outcome    SendOutcome
	At         time.Time
	Relay      string
	Outside    bool
	Code       int    // SMTP reply code, 0 where the connection failed
	Enhanced   string // "5.7.1"
	Text       string // the reply or the error, one line
	TLS        string // "TLS1.3 TLS_AES_128_GCM_SHA256", "" without
	RelayFault bool   // the relay itself is at fault: alarm, next relay
}

// Deadline is a moment by which something must have happened.
type Deadline struct {
	ID     int64
	Clause string // "9"
	Report int64  // position of the report it is about
	At     time.Time
	State  string // open, met, missed

	// Participant and Quarter ("2026-Q3") make it a duty of a quarter (clauses
	// 17 and 18): there is one for each clause, quarter and participant, and
	// Report is 0 until it was delivered. Committing one that is there already
	// with a report says that it was delivered; the first delivery counts.
	Participant string
	Quarter     string
	ToldAt      time.Time // the last reminder's moment, or when the duty was taken up
}

// Event is one row of the journal.
type Event struct {
	ID     int64
	At     time.Time
	Name   string            // "arrived", "accepted", "held", "letter-sent", ...
	Object string            // "arrival:12", "letter:7", "report:NCCIS-2026-000123"
	Actor  string            // "gateway" or the operating system user
	Detail map[string]string // never decrypted text, never secrets
	Prev   string            // hash of the row before, hex
	Hash   string            // SHA-256 over the row and Prev, hex
}

// Decision is everything one message or one submission changes, committed in
// one transaction.
// Letters and deadlines of a decision that carries reports belong to the first of
// them: Commit fills their Report with its position.
type Decision struct {
	At time.Time
	// Arrival decided, 0 for a submission; Lease is the token it was leased
	// under: a late worker's commit fails.
	Arrival     int64
	Lease       string
	State       ArrivalState
	Code        Code
	Reason      string
	Participant string
	MessageID   string
	From        string

	Known     *Known
	Reports   []StoredReport
	Letters   []Letter
	Deadlines []Deadline
	Closes    []Close
	Waits     []Wait
	Hints     []Hint
	Replaces  []Replace
	Changes   []Change // of the register, proposed by this message
	Proofs    []Proof  // of new keys
	Alarms    []Alarm
	Requests  []Inquiry
	Answered  []Answered
	Told      []Telling // by the letters of this decision
	Handed    *Handed   // by which token the submission came, nil without one
	Reminders []Reminder
	Events    []Event
}

// Close closes a letter by an authenticated receipt of its addressee.
type Close struct {
	Letter  int64
	Arrival int64
	Verdict Verdict
	Number  string
	At      time.Time
	// As the receipt tells them.
	PeerReceivedAt time.Time
	PeerDecidedAt  time.Time
}

// Wait notes that the addressee of a letter has it and will answer later: it is
// not sent again before Until.
type Wait struct {
	Letter int64
	Until  time.Time
}

// Hint notes what a delivery report says of a letter.
type Hint struct {
	Letter  int64
	Action  string // RFC 3464: failed, delayed, delivered, relayed, expanded
	Status  string // x.y.z
	Text    string
	Class   string // hard, soft, "" where nothing went wrong
	Dialect string // of the server that reports
	Address string // the recipient it reports on, "" if not told
	Requeue bool   // failed: back to waiting, next relay
}

// The states of a deadline.
const (
	DeadlineOpen   = "open"
	DeadlineMet    = "met"
	DeadlineMissed = "missed"
)

// Replace retires a letter because Letters has the same thing sealed anew:
// blocked or waiting to replaced. Lease is the token it is leased under, ""
// where it is not.
type Replace struct {
	Letter int64
	Lease  string
}
