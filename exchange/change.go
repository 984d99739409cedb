package exchange

import (
	"slices"
	"strings"
	"time"
)

// ChangeKind is what of the register a change is about.
type ChangeKind string

// The kinds of changes a contact card (clause 17) can ask for.
const (
	ChangeKey     ChangeKind = "key"     // a public key beside the ones there are
	ChangeAddress ChangeKind = "address" // where letters go; the old one stays one of the participant's
	ChangePhone   ChangeKind = "phone"
	ChangeContact ChangeKind = "contact" // the name of the organisation
)

// ChangeState is where a change stands.
type ChangeState string

// The states of a change. Only a person moves it, in one transaction with its
// row in the journal.
const (
	// ChangeProposed: an accepted contact card asks for it. Without effect.
	ChangeProposed ChangeState = "proposed"
	// ChangeApproved: in force beside the files of the register. Final.
	ChangeApproved ChangeState = "approved"
	// ChangeDeclined: a person refused it. Final.
	ChangeDeclined ChangeState = "declined"
)

// Change is one change of the register that a participant asked for by mail
// (DESIGN section 3). No change is in force before a person approves it.
type Change struct {
	ID          int64
	Participant string
	Kind        ChangeKind
	// Old is what it replaces: the address, the phone, the name; for a key the
	// fingerprints in use, with spaces between them. The change has an effect
	// only while Old is what the register says, so a later hand in the file
	// wins. Keys are added whatever Old says.
	Old string
	// New is the address, the phone, the name, or the armoured public key.
	New         string
	Fingerprint string // of the new key
	ValidFrom   time.Time
	// Who asked: the arrival, its registration number and the card's id.
	Arrival int64
	Number  string
	Report  string

	State      ChangeState
	Actor      string // who approved or declined
	ProposedAt time.Time
	SettledAt  time.Time

	// The proof of a key both ways, before letters are sealed to it: Ping is
	// the Message-ID of the last ping sealed to it, OpenedAt when its receipt
	// showed that it was opened, SignedAt when a message signed with the new
	// key was taken.
	Ping     string
	PingAt   time.Time
	OpenedAt time.Time
	SignedAt time.Time
}

// Proven reports whether letters may be sealed to the key of the change.
func (c Change) Proven() bool { return !c.OpenedAt.IsZero() && !c.SignedAt.IsZero() }

// Proof is a step of the proof of a new key; the zero values change nothing.
type Proof struct {
	Change int64
	Ping   string // a ping was sealed to it
	Before string // the ping before that one
	Opened bool   // the ping was opened
	Signed bool   // a message signed with it was taken
}

// Unapplied is an approved change that has no effect, and why.
type Unapplied struct {
	Change Change
	Reason string
}

// ApplyChanges returns the participants as the approved changes of addresses,
// phones and names make them. The given ones stay as they are. A change that
// would give one address to two participants, or whose Old the register does
// not say any more, is left out.
func ApplyChanges(self *Participant, all []*Participant, changes []Change) ([]*Participant, []Unapplied) {
	out := slices.Clone(all)
	var without []Unapplied
	for _, c := range changes {
		if c.State != ChangeApproved || c.Kind == ChangeKey {
			continue
		}
		i := slices.IndexFunc(out, func(p *Participant) bool { return p.ID == c.Participant })
		if i < 0 {
			without = append(without, Unapplied{c, "participant " + c.Participant + " is not in the register any more"})
			continue
		}
		changed, reason := c.apply(out[i], append(slices.Clone(out), self))
		if reason != "" {
			without = append(without, Unapplied{c, reason})
			continue
		}
		out[i] = changed
	}
	return out, without
}

// apply makes a changed copy of the participant, or says why not.
func (c Change) apply(p *Participant, everybody []*Participant) (*Participant, string) {
	changed := *p
	switch c.Kind {
	case ChangeAddress:
		for _, other := range everybody {
			if other.ID != p.ID && other.HasAddress(c.New) {
				return nil, "the address belongs to " + other.ID
			}
		}
		if at := strings.LastIndexByte(c.New, '@'); at < 1 || at == len(c.New)-1 {
			return nil, "the address must have the form local@domain"
		}
		rest := slices.DeleteFunc(slices.Clone(p.Addresses), func(a string) bool { return SameAddress(a, c.New) })
		changed.Addresses = append([]string{c.New}, rest...)
		return &changed, stale(p.Address(), c)
	case ChangePhone:
		changed.Phone = c.New
		return &changed, stale(p.Phone, c)
	case ChangeContact:
		changed.Name = ParseNames(c.New)
		return &changed, stale(p.Name.Line(), c)
	}
	return nil, "there is no such kind of change"
}

func stale(now string, c Change) string {
	if now == c.Old || now == c.New {
		return ""
	}
	return "the register was changed by hand since"
}

// Line writes the names on one line, "kk: ...; ru: ...; en: ..."; ParseNames
// reads that.
func (n Names) Line() string {
	var parts []string
	for _, l := range Languages() {
		if s := map[Language]string{Kazakh: n.KK, Russian: n.RU, English: n.EN}[l]; s != "" {
			parts = append(parts, string(l)+": "+strings.ReplaceAll(s, "; ", ", "))
		}
	}
	return strings.Join(parts, "; ")
}

// ParseNames is the inverse of Names.Line.
func ParseNames(s string) Names {
	var n Names
	for part := range strings.SplitSeq(s, "; ") {
		l, name, _ := strings.Cut(part, ": ")
		switch Language(l) {
		case Kazakh:
			n.KK = name
		case Russian:
			n.RU = name
		case English:
			n.EN = name
		}
	}
	return n
}

// Over is n with the languages it lacks taken from other.
func (n Names) Over(other Names) Names {
	or := func(a, b string) string {
		if a == "" {
			return b
		}
		return a
	}
	return Names{KK: or(n.KK, other.KK), RU: or(n.RU, other.RU), EN: or(n.EN, other.EN)}
}
