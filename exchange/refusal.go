package exchange

import "slices"

// Code is a refusal code: why a message was not accepted. The list is closed
// (DESIGN section 6); "" means nothing stands against the message.
type Code string

// The refusal codes in order of precedence: where several apply, the first is
// the code and the others are findings.
const (
	TooLarge          Code = "too-large"
	CannotDecrypt     Code = "cannot-decrypt"
	NotEncrypted      Code = "not-encrypted"
	WeakEncryption    Code = "weak-encryption"
	Unsigned          Code = "unsigned"
	SignatureInvalid  Code = "signature-invalid"
	SignaturePartial  Code = "signature-partial"
	SignerUnknown     Code = "signer-unknown"
	WeakSignature     Code = "weak-signature"
	KeyRevoked        Code = "key-revoked"
	KeyExpired        Code = "key-expired"
	ChainUntrusted    Code = "chain-untrusted"
	SignerMismatch    Code = "signer-mismatch"
	Replayed          Code = "replayed"
	RecipientUnbound  Code = "recipient-unbound"
	WrongRecipient    Code = "wrong-recipient"
	Stale             Code = "stale"
	NoReport          Code = "no-report"
	ManyReports       Code = "many-reports"
	FormatUnknown     Code = "format-unknown"
	Malformed         Code = "malformed"
	TooDeep           Code = "too-deep"
	Invalid           Code = "invalid"
	ReporterMismatch  Code = "reporter-mismatch"
	KindForbidden     Code = "kind-forbidden"
	MarkingForbidden  Code = "marking-forbidden"
	Conflict          Code = "conflict"
	Superseded        Code = "superseded"
	Internal          Code = "internal"
	NeedsPerson       Code = "needs-person"
	codeAfterTheOrder Code = ""
)

// Codes lists all refusal codes in order of precedence.
func Codes() []Code {
	return []Code{TooLarge, CannotDecrypt, NotEncrypted, WeakEncryption, Unsigned, SignatureInvalid, SignaturePartial,
		SignerUnknown, WeakSignature, KeyRevoked, KeyExpired, ChainUntrusted, SignerMismatch, Replayed, RecipientUnbound,
		WrongRecipient, Stale, NoReport, ManyReports, FormatUnknown, Malformed, TooDeep, Invalid, ReporterMismatch,
		KindForbidden, MarkingForbidden, Conflict, Superseded, Internal, NeedsPerson}
}

// Fate is what a refusal code does to the message.
type Fate string

// The fates: held waits for a person, refused is answered and final.
const (
	FateHeld    Fate = "held"
	FateRefused Fate = "refused"
)

// Fate says whether a message with the code is held or refused. The codes
// before stale are always held: the sender is not authenticated. Internal and
// needs-person are held too, with a receipt that says so; and so is what is not
// on the list.
func (c Code) Fate() Fate {
	if c == Internal || c == NeedsPerson || c.before(Stale) || !slices.Contains(Codes(), c) {
		return FateHeld
	}
	return FateRefused
}

// Remedy tells the sender what to do about a refusal.
type Remedy string

// The remedies: retry the same message later, final (correct it and send a
// new one), or hold (a person at the receiver decides).
const (
	RemedyRetry Remedy = "retry"
	RemedyFinal Remedy = "final"
	RemedyHold  Remedy = "hold"
)

// Remedy says what the sender can do about the code.
func (c Code) Remedy() Remedy {
	switch {
	case c == Stale:
		return RemedyRetry // seal and send anew: the report itself is fine
	case c.Fate() == FateHeld:
		return RemedyHold
	}
	return RemedyFinal
}

func (c Code) rank() int {
	for i, k := range Codes() {
		if k == c {
			return i
		}
	}
	return len(Codes())
}

func (c Code) before(d Code) bool { return c.rank() < d.rank() }

// First returns the code that takes precedence among those given ("" if none)
// and the others, in order, as findings.
func First(codes ...Code) (Code, []Code) {
	first := codeAfterTheOrder
	seen := map[Code]bool{}
	for _, c := range codes {
		if c != "" && (first == "" || c.before(first)) {
			first = c
		}
		seen[c] = true
	}
	var others []Code
	for _, c := range Codes() {
		if seen[c] && c != first {
			others = append(others, c)
		}
	}
	return first, others
}

// Refusal is a reason why a message is not accepted, as a value on the same
// road an accepted message takes.
type Refusal struct {
	Code   Code
	Reason string // for the operator; never contains decrypted text
}
