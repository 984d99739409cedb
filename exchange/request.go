package exchange

import "time"

// Inquiry is one request of clause 10.4 or 11 between us and one participant,
// open until a card of kind answer names it.
type Inquiry struct {
	ID          int64
	Report      int64  // position of the request
	RequestID   string // its report id, which the answer names
	Number      string // our registration number, "" for one of our own
	Participant string // who asked us, or whom we asked
	Outgoing    bool   // we asked
	Clause      string // "10.4", "11"
	AskedAt     time.Time
	AnswerBy    time.Time
	Answer      int64 // position of the answer, 0: open
	AnsweredAt  time.Time
	Verdict     string // done, partly, declined
}

// Answered closes the open request that an answer names.
type Answered struct {
	RequestID   string
	Participant string
	Outgoing    bool // the request is one of our own
	Verdict     string
}

// Asks reports whether a request wants an answer with a card: those under
// clauses 13.1, 17 and 18 speak of the register and of duties that have ways of
// their own.
func (r *RequestBody) Asks() bool {
	return r.Clause != "13.1" && r.Clause != "17" && r.Clause != "18"
}
