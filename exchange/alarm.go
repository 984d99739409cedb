package exchange

import (
	"fmt"
	"time"
)

// AlarmKind names what people are called for.
type AlarmKind string

// The kinds of alarms.
const (
	AlarmDeadlineNear    AlarmKind = "deadline-near"
	AlarmDeadlineMissed  AlarmKind = "deadline-missed"
	AlarmRelayFault      AlarmKind = "relay-fault"
	AlarmLetterNever     AlarmKind = "letter-given-up"
	AlarmLetterBlocked   AlarmKind = "letter-blocked"
	AlarmDeliveryFailed  AlarmKind = "delivery-failed"
	AlarmNoReceipt       AlarmKind = "no-receipt"
	AlarmReceiptMismatch AlarmKind = "receipt-mismatch"
	AlarmAnswersFuse     AlarmKind = "answers-fuse"
	AlarmPoison          AlarmKind = "message-not-judged"
	AlarmChangeAsked     AlarmKind = "change-asked"
	AlarmKeyNotUsable    AlarmKind = "key-not-usable"
	AlarmKeyEnds         AlarmKind = "key-ends"
	AlarmDecisionWanted  AlarmKind = "decision-wanted"
	AlarmRequest         AlarmKind = "request-received"
	AlarmRevocation      AlarmKind = "revocation-unknown"
	AlarmQuarterly       AlarmKind = "quarterly-duty"
	AlarmRefused         AlarmKind = "report-refused" // by its addressee: the duty is not done
	AlarmTest            AlarmKind = "test"
)

// AlarmKinds lists every kind of alarm.
func AlarmKinds() []AlarmKind {
	return []AlarmKind{AlarmDeadlineNear, AlarmDeadlineMissed, AlarmRelayFault, AlarmLetterNever, AlarmLetterBlocked, AlarmDeliveryFailed,
		AlarmNoReceipt, AlarmReceiptMismatch, AlarmAnswersFuse, AlarmPoison, AlarmChangeAsked, AlarmKeyNotUsable, AlarmKeyEnds,
		AlarmDecisionWanted, AlarmRequest, AlarmRevocation, AlarmQuarterly, AlarmRefused, AlarmTest}
}

// Call is who hears of an alarm.
type Call string

// Whom an alarm calls, in the order of escalation.
const (
	CallNobody Call = "log"    // log and journal alone
	CallDuty   Call = "duty"   // mail to the duty addresses as well
	CallPeople Call = "people" // mail, webhook and command hook
)

// Alarm is something people must hear of. It holds handles of our own making
// alone (numbers, positions, ids of the register), never a word of a message.
type Alarm struct {
	ID     int64 // "A-17" to people
	Kind   AlarmKind
	Call   Call
	Clause string // of the order, "" for none
	// Key is what makes two alarms the same one: it is raised once, also across
	// restarts and nodes.
	Key     string
	Subject string    // "report 12", "letter 7 to soc-alfa"
	Due     time.Time // the deadline it is about, zero for none
	At      time.Time // when it was raised
	Ways    []string  // "mail:ADDRESS", "webhook", "command"
}

// Name is how people speak of the alarm: A-17.
func (a Alarm) Name() string { return fmt.Sprintf("A-%d", a.ID) }

// Telling is one way by which one alarm is told.
type Telling struct {
	ID       int64
	Alarm    Alarm
	Way      string
	Attempts int       // begun
	NextAt   time.Time // not before
	ToldAt   time.Time // zero: not yet
	GaveUp   bool
	Error    string // of the last attempt
}
