package exchange

import (
	"fmt"
	"slices"
	"strings"
)

// ParticipantKind is the duty a participant has in the exchange (clauses 3, 5
// and 12 of the order).
type ParticipantKind string

// The kinds of participants. One body with two duties is one participant with
// two kinds.
const (
	KindSOC                  ParticipantKind = "soc"
	KindServedOrganisation   ParticipantKind = "served-organisation"
	KindOwnUnit              ParticipantKind = "own-unit"
	KindNCCIS                ParticipantKind = "nccis"
	KindNationalSecurity     ParticipantKind = "national-security"
	KindAuthorisedBodyIS     ParticipantKind = "authorised-body-is"
	KindAuthorisedBodyInform ParticipantKind = "authorised-body-informatisation"
	KindProsecution          ParticipantKind = "prosecution"
	KindInternalAffairs      ParticipantKind = "internal-affairs"
)

// ParticipantKinds lists every kind in the order of the design.
func ParticipantKinds() []ParticipantKind {
	return []ParticipantKind{KindSOC, KindServedOrganisation, KindOwnUnit, KindNCCIS, KindNationalSecurity,
		KindAuthorisedBodyIS, KindAuthorisedBodyInform, KindProsecution, KindInternalAffairs}
}

// Names is one name in the three languages of the exchange.
type Names struct {
	KK string `json:"kk,omitempty" card:"line"`
	RU string `json:"ru,omitempty" card:"line"`
	EN string `json:"en,omitempty" card:"line"`
}

// In returns the name in the language, or the first one there is.
func (n Names) In(l Language) string {
	byLanguage := map[Language]string{Kazakh: n.KK, Russian: n.RU, English: n.EN}
	if s := byLanguage[l]; s != "" {
		return s
	}
	for _, s := range []string{n.KK, n.RU, n.EN} {
		if s != "" {
			return s
		}
	}
	return ""
}

// Language is one of the three languages every person-facing text exists in.
type Language string

// The languages of the exchange: Kazakh first, as the Law on Languages has it.
const (
	Kazakh  Language = "kk"
	Russian Language = "ru"
	English Language = "en"
)

// Languages lists the languages of the exchange.
func Languages() []Language { return []Language{Kazakh, Russian, English} }

// Participant is one entry of the register: whoever may send to us or be told
// something by us. Keys are kept in the key ring of room crypto under the
// same ID.
type Participant struct {
	ID        string
	Kinds     []ParticipantKind
	Name      Names
	FQDNs     []string // names that stand in IODEF IncidentID@name
	BIN       string
	Addresses []string // lower-case domain; the first is where letters go
	Phone     string   // E.164
	Language  Language
	Format    string       // preferred report format, "" for card-json
	Sends     []ReportKind // nil: all that its kinds may send
	Assets    Assets       // what it owns or uses
	Digest    Gathering    // how it wants notices gathered
	Template  Template     // its own words around the facts of letters to it
	// AcceptUnbound is `unbound: accept`: mail bound to nobody is taken with a
	// finding (DESIGN section 4, item 3).
	AcceptUnbound bool
	// AcceptOuterSignature is `outer_signature: accept`: a signature outside
	// the encryption is taken, for card and IODEF only.
	AcceptOuterSignature bool
}

// Is reports whether the participant has the kind.
func (p *Participant) Is(k ParticipantKind) bool { return slices.Contains(p.Kinds, k) }

// Address is where letters to the participant go, "" if none is registered.
func (p *Participant) Address() string {
	if len(p.Addresses) == 0 {
		return ""
	}
	return p.Addresses[0]
}

// HasAddress reports whether addr is one of the registered addresses. The
// local part is compared as it is, the domain without case (RFC 5321 2.4).
func (p *Participant) HasAddress(addr string) bool {
	return slices.ContainsFunc(p.Addresses, func(a string) bool { return SameAddress(a, addr) })
}

// SameAddress compares two addresses: the local part exactly, the domain
// without case (RFC 5321 2.4).
func SameAddress(a, b string) bool { return a != "" && foldDomain(a) == foldDomain(b) }

func foldDomain(addr string) string {
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return addr
	}
	return addr[:at] + strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' { // ASCII alone: the Kelvin sign is no k
			r += 'a' - 'A'
		}
		return r
	}, addr[at:])
}

// mayByKind is who may send what (DESIGN section 5).
func mayByKind(k ParticipantKind) []ReportKind {
	switch k {
	case KindSOC:
		return []ReportKind{Incident, Vulnerability, Threat, Contact, Quarterly, Request, Answer, Ping, Receipt}
	case KindNCCIS:
		return []ReportKind{Notice, Request, Answer, Vulnerability, Threat, Ping, Receipt}
	case KindNationalSecurity, KindAuthorisedBodyIS, KindAuthorisedBodyInform, KindProsecution, KindInternalAffairs:
		return []ReportKind{Request, Answer, Receipt}
	case KindServedOrganisation, KindOwnUnit:
		return []ReportKind{Answer, Receipt}
	}
	return nil
}

// MaySend reports whether the participant may send the kind of report: its
// kinds allow it, and its file's `sends`, if present, names it. A receipt is
// always allowed to whoever may send anything at all.
func (p *Participant) MaySend(k ReportKind) bool {
	if p.Sends != nil && k != Receipt && !slices.Contains(p.Sends, k) {
		return false
	}
	return slices.ContainsFunc(p.Kinds, func(pk ParticipantKind) bool { return slices.Contains(mayByKind(pk), k) })
}

// Register is the participants register, read-only once built.
type Register struct {
	self      *Participant
	all       []*Participant
	byID      map[string]*Participant
	byAddress map[string]*Participant
}

// NewRegister checks and indexes the participants. self is our own identity;
// it is not a participant of the list. An id or an address that stands twice
// is an error: the trust decision rests on their being unique.
func NewRegister(self *Participant, others []*Participant) (*Register, error) {
	r := &Register{self: self, byID: map[string]*Participant{}, byAddress: map[string]*Participant{}}
	for _, p := range append([]*Participant{self}, others...) {
		if !ValidID(p.ID) {
			return nil, fmt.Errorf("participant id %q: must match [A-Za-z0-9._:-]{1,64}", p.ID)
		}
		if p != self && p.ID == SelfSigner {
			return nil, fmt.Errorf("participant id %q means our own keys: choose another", p.ID)
		}
		if _, twice := r.byID[p.ID]; twice {
			return nil, fmt.Errorf("participant id %q stands in two files: give each participant one file", p.ID)
		}
		r.byID[p.ID] = p
		for _, a := range p.Addresses {
			if at := strings.LastIndexByte(a, '@'); at < 1 || at == len(a)-1 {
				return nil, fmt.Errorf("address %q of participant %s: must have the form local@domain", a, p.ID)
			}
			if other, twice := r.byAddress[foldDomain(a)]; twice {
				return nil, fmt.Errorf("address %q belongs to both %s and %s: an address must name one participant", a, other.ID, p.ID)
			}
			r.byAddress[foldDomain(a)] = p
		}
		if p != self {
			r.all = append(r.all, p)
		}
	}
	return r, nil
}

// Self is our own identity.
func (r *Register) Self() *Participant { return r.self }

// All lists the other participants in the order of the register.
func (r *Register) All() []*Participant { return r.all }

// ByID finds a participant (or ourselves) by id, nil if there is none.
func (r *Register) ByID(id string) *Participant { return r.byID[id] }

// ByAddress finds the participant (or ourselves) an address belongs to, nil
// if none.
func (r *Register) ByAddress(addr string) *Participant { return r.byAddress[foldDomain(addr)] }

// ByKind lists the other participants of a kind.
func (r *Register) ByKind(k ParticipantKind) []*Participant {
	var out []*Participant
	for _, p := range r.all {
		if p.Is(k) {
			out = append(out, p)
		}
	}
	return out
}
