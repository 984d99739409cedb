package exchange

//go:generate go run ../internal/arch/states -source state.go -out ../docs/STATES.md

// ArrivalState is where an incoming message stands.
type ArrivalState string

// The states of an arrival. Every transition is made by a named call of room
// queue in one transaction; a crash in between leaves the state as it was.
const (
	// ArrivalStored: raw bytes are durable, nothing is decided. Entered by
	// queue.Arrive and by a release of a held message. A worker leases it for
	// seconds; an expired lease simply puts it back to work.
	ArrivalStored ArrivalState = "stored"
	// ArrivalAccepted: report, receipt and notices stand in the store. Final.
	ArrivalAccepted ArrivalState = "accepted"
	// ArrivalRefused: the authenticated sender was answered with the problems. Final.
	ArrivalRefused ArrivalState = "refused"
	// ArrivalDuplicate: answered with the first number, digest and verdict. Final.
	ArrivalDuplicate ArrivalState = "duplicate"
	// ArrivalReceipt: a receipt or MDN, matched to its letter or noted as a
	// stray. Final; never answered.
	ArrivalReceipt ArrivalState = "receipt"
	// ArrivalDeliveryReport: a delivery report, taken as a hint. Final.
	ArrivalDeliveryReport ArrivalState = "delivery-report"
	// ArrivalHeld: waits for a person: not authenticated, poison, or a rule
	// asks for one. Left by release (back to stored), enter or refuse.
	ArrivalHeld ArrivalState = "held"
	// ArrivalDeclined: a person refused a held message. Final.
	ArrivalDeclined ArrivalState = "declined"
	// ArrivalEntered: a person entered a held message that could not be
	// authenticated; its report is marked so. Final.
	ArrivalEntered ArrivalState = "entered"
)

// LetterState is where an outgoing letter stands.
type LetterState string

// The states of a letter. A letter is composed and sealed before it is
// committed; each retry sends identical bytes under the same Message-ID.
const (
	// LetterWaiting: committed, not yet accepted by a relay; next_at says when
	// the next attempt is due. Entered by Commit; kept by `later`.
	LetterWaiting LetterState = "waiting"
	// LetterSent: a relay answered 250. Final for letters that ask for no
	// receipt; the others wait for it.
	LetterSent LetterState = "sent"
	// LetterClosed: an authenticated receipt from the addressee names it. Final.
	LetterClosed LetterState = "closed"
	// LetterNever: every relay refused it for good, or its life ended. An
	// alarm; `letters retry` puts it back to waiting.
	LetterNever LetterState = "never"
	// LetterBlocked: the addressee has no usable key; nothing is sent in
	// clear. Left when a key arrives.
	LetterBlocked LetterState = "blocked"
	// LetterGathered: the addressee wants a digest; the notice waits for it,
	// sealed to ourselves, until next_at at the latest.
	LetterGathered LetterState = "gathered"
	// LetterReplaced: sealed anew under another Message-ID because its
	// signature was growing stale. Final.
	LetterReplaced LetterState = "replaced"
)

// Transition is one allowed change of state and what makes it.
type Transition struct {
	From, To string // "" in From: the beginning
	By       string // the queue call or the event that makes it
}

// ArrivalTransitions lists every allowed change of an arrival's state.
func ArrivalTransitions() []Transition {
	s := func(a ArrivalState) string { return string(a) }
	t := []Transition{{"", s(ArrivalStored), "Arrive"}}
	for _, to := range []ArrivalState{ArrivalAccepted, ArrivalRefused, ArrivalDuplicate, ArrivalReceipt,
		ArrivalDeliveryReport, ArrivalHeld} {
		t = append(t, Transition{s(ArrivalStored), s(to), "Commit"})
	}
	return append(t,
		Transition{"", s(ArrivalHeld), "Arrive, over the size limit"},
		Transition{s(ArrivalHeld), s(ArrivalStored), "Release"},
		Transition{s(ArrivalHeld), s(ArrivalDeclined), "Settle, held refuse"},
		Transition{s(ArrivalHeld), s(ArrivalEntered), "Settle, held enter"})
}

// LetterTransitions lists every allowed change of a letter's state.
func LetterTransitions() []Transition {
	s := func(a LetterState) string { return string(a) }
	return []Transition{
		{"", s(LetterWaiting), "Commit"},
		{"", s(LetterBlocked), "Commit, no usable key"},
		{"", s(LetterGathered), "Commit, the addressee wants a digest"},
		{s(LetterGathered), s(LetterReplaced), "Commit, the digest"},
		{s(LetterBlocked), s(LetterReplaced), "Commit, a key arrived"},
		{s(LetterWaiting), s(LetterWaiting), "Later"},
		{s(LetterWaiting), s(LetterSent), "Sent"},
		{s(LetterWaiting), s(LetterNever), "Never"},
		{s(LetterWaiting), s(LetterClosed), "Commit, receipt (the 250 was lost)"},
		{s(LetterWaiting), s(LetterReplaced), "Commit, sealed anew"},
		{s(LetterSent), s(LetterClosed), "Commit, receipt"},
		{s(LetterSent), s(LetterWaiting), "Retry, delivery failed; Again, no receipt came; Hurry, by the next relay"},
		{s(LetterNever), s(LetterWaiting), "Retry"},
		{s(LetterNever), s(LetterClosed), "Commit, receipt"},
	}
}

// MayMove reports whether the table has a change from one state to another.
func MayMove(table []Transition, from, to string) bool {
	for _, t := range table {
		if t.From == from && t.To == to {
			return true
		}
	}
	return false
}
