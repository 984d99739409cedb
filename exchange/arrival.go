package exchange

import "time"

// Source says where an incoming message came from. For a mailbox entry it is
// the entry's identity: the same Source is the same arrival.
type Source struct {
	Via         string // "imap", "lmtp", "smtp", "import"
	Mailbox     string // configured mailbox name, or the listener's, or the imported file's base name
	UIDValidity uint32 // imap only
	UID         uint32 // imap only
	// EntryDate is the mailbox's own date of the entry (IMAP INTERNALDATE); it
	// recognises an entry again after a UIDVALIDITY change.
	EntryDate time.Time
}

// Arrival is one incoming message in the store.
type Arrival struct {
	ID         int64
	Source     Source
	ReceivedAt time.Time
	Size       int64 // octets of the message, also when only its header was kept
	Oversize   bool  // over limits.message: only the header is stored
	SHA256     [32]byte
	State      ArrivalState
	Attempts   int    // leases that did not end in a commit
	Failures   int    // of these, the ones the process saw fail itself: a panic, the budget
	Number     string // bound by queue.Number, "" until then

	// Set by Commit.
	Code        Code
	Reason      string
	Participant string
	MessageID   string
	From        string
	DecidedAt   time.Time
}

// Known is what the store remembers of content accepted before.
type Known struct {
	Arrival     int64
	Number      string
	Participant string
	From        string  // outer From it was accepted under
	Form        Form    // shape it came in: an encrypted attachment of it later is a replay
	Verdict     Verdict // first verdict
	Code        Code
	Digest      Digest // as told in the first receipt
	ReceivedAt  time.Time
	Reports     []Key
	// ContentDigest is SHA-256 of the signed content, hex; ReportDigest that of
	// the document.
	ContentDigest string
	ReportDigest  string
}

// StoredReport is a report in the store, with the octets it came in.
type StoredReport struct {
	Position    int64 // order of commit, from 1
	Arrival     int64 // 0 for our own submissions
	Number      string
	Participant string // whose report it is (ours for submissions)
	Outgoing    bool   // submitted here
	Entered     bool   // entered by a person, not authenticated
	Kind        ReportKind
	Key         Key
	Format      Format
	MediaType   string
	Document    []byte // sealed at rest
	Digest      string // SHA-256 of Document, hex
	ReceivedAt  time.Time
	ConfirmedAt time.Time // clause 9, zero where the kind has none
}

// Moved is a mailbox entry whose message is decided and which may leave the
// folder it arrived in.
type Moved struct {
	UID  uint32
	Held bool // to the folder of held messages, otherwise to the one of done messages
}
