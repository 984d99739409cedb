package testmail

import (
	"strings"

	"almasu/exchange"
)

// Attack is one message an attacker sends: what must become of it, and beside
// it the same construction done honestly, which must be accepted.
type Attack struct {
	Case
	Family  string `json:"family"`
	Control *Case  `json:"control"`
}

// The families of attacks (docs/THREATS.md).
const (
	Wrapping  = "wrapping"  // what is signed and what is read are not the same
	Identity  = "identity"  // who seems to write is not who signed
	Malformed = "malformed" // CMS and OpenPGP that no honest program writes
	Lifted    = "lifted"    // somebody's ciphertext in another's mail
	Gadgets   = "gadgets"   // ciphertext changed, its integrity code stripped
	Replay    = "replay"    // genuine content again, or to somebody it was not for
	Forged    = "forged"    // headers and lines that claim a result
	Keys      = "keys"      // keys and certificates brought along
)

// Families lists them all.
func Families() []string {
	return []string{Wrapping, Identity, Malformed, Lifted, Gadgets, Replay, Forged, Keys}
}

// Attacks lists every attack, with a control each. The world must be certified.
func Attacks() []*Attack {
	var all []*Attack
	for _, group := range [][]*Attack{wrapping(), identity(), cmsMalformed(), pgpMalformed(), lifted(), gadgets(), replays(), forged(), substituted()} {
		all = append(all, group...)
	}
	return all
}

// want is what must come of an attack; the outcome is held unless the code says
// refused.
type want struct {
	code        exchange.Code
	signature   exchange.SignatureState
	covers      exchange.Coverage
	signer      string // "participant/role"
	participant string
	claimed     string // "" is soc-alfa
	honest      string // who writes the control; "" is soc-alfa
	clear       bool   // the attack is not encrypted, or does not seem to be
	after       bool   // the control must have been accepted before
	duplicate   bool
}

// Sets of facts that many attacks end in.
var (
	partly     = want{code: exchange.SignaturePartial, signature: exchange.SignatureIsPartial, covers: exchange.CoversPart, signer: "soc-alfa/current"}
	nobody     = want{code: exchange.Unsigned, signature: exchange.SignatureNone, covers: exchange.CoversNone}
	broken     = want{code: exchange.SignatureInvalid, signature: exchange.SignatureIsInvalid, covers: exchange.CoversAll, signer: "soc-alfa/current"}
	unopened   = want{code: exchange.CannotDecrypt, signature: exchange.SignatureNone, covers: exchange.CoversNone}
	strange    = want{code: exchange.SignerUnknown, signature: exchange.SignatureUnknownSigner, covers: exchange.CoversAll, signer: "stranger/current"}
	openly     = want{code: exchange.NotEncrypted, signature: exchange.SignatureNone, covers: exchange.CoversNone, clear: true}
	byBeta     = want{code: exchange.SignerMismatch, signature: exchange.SignatureValid, covers: exchange.CoversAll, signer: "soc-beta/current", honest: "soc-beta"}
	inOwnName  = want{code: exchange.ReporterMismatch, signature: exchange.SignatureValid, covers: exchange.CoversAll, signer: "soc-beta/current", participant: "soc-beta", claimed: "soc-beta", honest: "soc-beta"}
	asAnother  = want{code: exchange.SignerMismatch, signature: exchange.SignatureValid, covers: exchange.CoversAll, signer: "soc-alfa/current", claimed: "soc-beta"}
	weakCipher = want{code: exchange.WeakEncryption, signature: exchange.SignatureNone, covers: exchange.CoversNone}
)

// with changes one fact of a set.
func (w want) with(change func(*want)) want { change(&w); return w }

func (w want) by(signer string) want { w.signer = signer; return w }

// shape makes a message under one scheme: the attack, or the honest control.
type shape func(m *maker, s scheme, honest bool) []byte

// under makes an attack of a shape.
func under(s scheme, family, name, comment string, w want, make shape) *Attack {
	full := family + "-" + name + "-" + string(s.encryption())
	claimed, honest := nonEmpty(w.claimed, "soc-alfa"), nonEmpty(w.honest, "soc-alfa")
	control := &Case{scheme: s.encryption(), Name: "control-" + full, Comment: comment + ": the honest one", Outcome: Accepted, Claimed: honest,
		Covers: exchange.CoversAll, Encryption: s.encryption(), build: func(m *maker) []byte { return make(m, s, true) }}
	a := &Attack{Family: family, Control: control, Case: Case{Name: full, Comment: comment, Outcome: Held, Code: w.code, Claimed: claimed,
		Participant: w.participant, Signature: w.signature, Signer: w.signer, Covers: w.covers, Encryption: s.encryption(), scheme: s.encryption(),
		build: func(m *maker) []byte { return make(m, s, false) }}}
	if w.code.Fate() == exchange.FateRefused {
		a.Outcome = Refused
	}
	if w.clear {
		a.Encryption = exchange.EncryptionNone
	}
	if w.duplicate {
		a.Outcome = Duplicate
	}
	if w.after || w.duplicate {
		a.After, a.ReportID = []string{control.Name}, "R-"+control.Name
	}
	control.complete()
	if a.Signature == "" {
		a.Signature = exchange.SignatureNone
	}
	a.complete()
	return a
}

// both makes an attack under either scheme.
func both(family, name, comment string, w want, make shape) []*Attack {
	var out []*Attack
	for _, s := range schemes() {
		out = append(out, under(s, family, name, comment, w, make))
	}
	return out
}

// The pieces of attacks.

// report is the JSON card of a participant under the case's id.
func (m *maker) report(of string) part {
	c := m.card()
	c.reporter = of
	return jsonPart(c.json())
}

// note is a signed text without a report, what an attacker may have from an
// ordinary signed mail.
func note() []byte {
	return crlf("Content-Type: text/plain; charset=utf-8\n\nКүн тәртібі / повестка дня\n")
}

// asPart makes a part of an entity.
func asPart(entity []byte) part {
	header, body, _ := strings.Cut(strings.ReplaceAll(string(entity), "\r\n", "\n"), "\n\n")
	return part{header, body}
}

// mixed is an entity of parts.
func mixed(kind string, parts ...part) []byte {
	return crlf("Content-Type: multipart/" + kind + "; boundary=\"mixed\"\n\n" + join("mixed", parts...))
}

// sealedBy seals an entity, signed by somebody if it is honest, and without a
// signature of its own if it is not.
func (m *maker) sealedBy(s scheme, honest bool, entity []byte) []byte {
	if honest {
		return m.mail(s.signed(m, entity, m.c.Claimed+"/current"))
	}
	return m.mail(s.mail(m, entity))
}
