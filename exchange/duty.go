package exchange

import "time"

// Duty is a deadline of a quarter (clauses 17 and 18) with what was delivered.
type Duty struct {
	Deadline
	// Of the report that did it; zero where none did. At the NCCIS ReceivedAt is
	// when it arrived, at the SOC when it was handed in.
	ReceivedAt time.Time
	Number     string // registration number
	Key        Key
}

// Waived: a person decided that the duty is not owed.
func (d Duty) Waived() bool { return d.State == DeadlineMet && d.Report == 0 }

// Reminder says that somebody was reminded of a duty; of two nodes that remind
// at the same moment one wins, by the time told before.
type Reminder struct {
	Deadline int64
	Before   time.Time
	At       time.Time
}

// Measure is what a person adds to an incident for the quarterly report of
// clause 18, where the incident's own report does not say it. Empty fields add
// nothing.
type Measure struct {
	Incident string    `json:"-"`
	At       time.Time `json:"-"`
	Actor    string    `json:"-"`
	Cause    string    `json:"cause,omitempty"`
	Measures string    `json:"measures,omitempty"`
	Status   string    `json:"status,omitempty"`   // as in IncidentBody
	Severity Severity  `json:"severity,omitempty"` // where the report has none
	RSIT     string    `json:"rsit,omitempty"`     // class, where the report has none
}
