package exchange_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	. "almasu/exchange"
)

// message is everything the trust decision sees of one mail: the evidence, the
// reports read from it, and the register of the day.
type message struct {
	Evidence
	reports []*Report
	self    *Participant
	people  map[string]*Participant
	limits  TrustLimits
}

var (
	arrived = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	limits  = TrustLimits{SigningAge: 14 * 24 * time.Hour, SigningSkew: 10 * time.Minute}
)

const (
	ourAddress  = "exchange@nccis.example"
	alfaAddress = "duty@alfa.example"
	betaAddress = "duty@beta.example"
)

// genuine is a mail that soc-alfa made as it should: signed, sealed, bound to
// us three times over. Every test starts from it.
func genuine() *message {
	m := &message{limits: limits}
	m.self = &Participant{ID: "nccis", Kinds: []ParticipantKind{KindNCCIS}, Addresses: []string{ourAddress}, FQDNs: []string{"nccis.example"}}
	soc := func(name, bin string) *Participant {
		return &Participant{ID: "soc-" + name, Kinds: []ParticipantKind{KindSOC}, BIN: bin, FQDNs: []string{name + ".example"},
			Addresses: []string{"duty@" + name + ".example", "second@" + name + ".example"}}
	}
	m.people = map[string]*Participant{"soc-alfa": soc("alfa", "111111111111"), "soc-beta": soc("beta", "222222222222")}
	m.Security = Security{Encrypted: true, Encryption: EncryptionOpenPGP, Form: FormMIME, Cipher: "aes256-cfb-mdc", Integrity: true,
		Signed: true, Signature: SignatureValid, Covers: CoversAll, Signer: "ALFA", Owner: "soc-alfa",
		SignedAt: arrived.Add(-time.Minute), Hash: "sha512", IntendedForUs: true}
	m.Outer = Headers{Present: true, From: []string{alfaAddress}, To: []string{ourAddress}}
	m.Protected = Headers{Present: true, From: []string{alfaAddress}, To: []string{ourAddress}}
	m.ReceivedAt = arrived
	m.reports = []*Report{{Kind: Incident, ID: "A-1", Revision: 1, Reporter: "soc-alfa", Addressee: "nccis", Format: CardJSON}}
	return m
}

func (m *message) register(t interface {
	Helper()
	Fatalf(string, ...any)
}) *Register {
	t.Helper()
	var others []*Participant
	for _, id := range []string{"soc-alfa", "soc-beta"} {
		if p := m.people[id]; p != nil {
			others = append(others, p)
		}
	}
	reg, err := NewRegister(m.self, others)
	if err != nil {
		t.Fatalf("register: %v", err)
	}
	return reg
}

// judge walks the message down the whole decision.
func (m *message) judge(t interface {
	Helper()
	Fatalf(string, ...any)
}) Judgement {
	t.Helper()
	reg := m.register(t)
	return JudgeReports(Trust(m.Evidence, reg, m.limits), m.Evidence, reg, m.reports)
}

// unbound takes every mark away that names a recipient.
func unbound(m *message) {
	m.Security.IntendedForUs = false
	m.Protected.To, m.Protected.Cc = nil, nil
	for _, r := range m.reports {
		r.Addressee = ""
	}
}

// gpg22 is what `gpg` 2.2 and an ordinary mail program write: no protected
// header, no intended recipient.
func gpg22(m *message) {
	m.Security.IntendedForUs = false
	m.Protected = Headers{}
}

// attachment is a plain mail with one encrypted attachment.
func attachment(m *message) {
	gpg22(m)
	m.Security.Form = FormAttachment
}

// outer is a mail signed outside the encryption.
func outer(m *message) {
	m.Security.Outer, m.Security.Covers = true, CoversPart
	m.Security.IntendedForUs = false
}

// outerAccepted: and the participant's file says `outer_signature: accept`.
func outerAccepted(m *message) {
	outer(m)
	m.people["soc-alfa"].AcceptOuterSignature = true
}

func format(f Format, reporters ...string) func(*message) {
	return func(m *message) {
		m.reports[0].Format, m.reports[0].Reporter, m.reports[0].Reporters = f, "", reporters
	}
}

func all(changes ...func(*message)) func(*message) {
	return func(m *message) {
		for _, change := range changes {
			change(m)
		}
	}
}

func asItIs(*message) {}

// trick is one way to get a message accepted that must not be, and beside it
// its nearest neighbour that must be.
type trick struct {
	name    string
	forged  func(*message)
	code    Code
	who     string // participant established all the same
	claimed string // participant a neutral notice may go to, "" none
	control func(*message)
}

func run(t *testing.T, tricks []trick) {
	t.Helper()
	for _, c := range tricks {
		t.Run(c.name, func(t *testing.T) {
			m := genuine()
			c.forged(m)
			j := m.judge(t)
			if j.Refusal.Code != c.code || id(j.Participant) != c.who || id(j.Claimed) != c.claimed {
				t.Errorf("forged: %q of %q, claimed %q (%s); want %q of %q, claimed %q",
					j.Refusal.Code, id(j.Participant), id(j.Claimed), j.Refusal.Reason, c.code, c.who, c.claimed)
			}
			if j.Refusal.Reason == "" {
				t.Error("a refusal without a reason")
			}
			m = genuine()
			c.control(m)
			if j := m.judge(t); j.Refusal.Code != "" || id(j.Participant) != "soc-alfa" || id(j.Claimed) != "soc-alfa" {
				t.Errorf("control: %q (%s) of %q, claimed %q; want it accepted of soc-alfa", j.Refusal.Code, j.Refusal.Reason, id(j.Participant), id(j.Claimed))
			}
		})
	}
}

func id(p *Participant) string {
	if p == nil {
		return ""
	}
	return p.ID
}

// DESIGN section 4, item 1: sealed to us with integrity, signed as a whole.
func TestSealedAndSigned(t *testing.T) {
	sign := func(s SignatureState) func(*message) { return func(m *message) { m.Security.Signature = s } }
	run(t, []trick{
		{"sealed to somebody else", func(m *message) {
			m.Security = Security{Encrypted: true, Encryption: EncryptionOpenPGP, Form: FormMIME, DecryptError: "no key of ours is named"}
			m.Protected, m.reports = Headers{}, nil
		}, CannotDecrypt, "", "soc-alfa", asItIs},
		{"damaged ciphertext with everything else in order", func(m *message) { m.Security.DecryptError = "integrity check failed" }, CannotDecrypt, "", "soc-alfa", asItIs},
		{"signed but in clear", func(m *message) {
			m.Security.Encrypted, m.Security.Encryption, m.Security.Form, m.Security.Integrity = false, EncryptionNone, FormClear, false
		}, NotEncrypted, "", "soc-alfa", asItIs},
		{"neither sealed nor signed", func(m *message) { m.Security = Security{Encryption: EncryptionNone, Form: FormClear} }, NotEncrypted, "", "soc-alfa", asItIs},
		{"no integrity protection", func(m *message) { m.Security.Integrity = false }, WeakEncryption, "", "soc-alfa", asItIs},
		{"no integrity protection, and so not opened", func(m *message) {
			m.Security = Security{Encrypted: true, Encryption: EncryptionOpenPGP, Form: FormMIME}
			m.Protected, m.reports = Headers{}, nil
		}, WeakEncryption, "", "soc-alfa", asItIs},
		{"3DES with MDC", func(m *message) { m.Security.WeakCipher, m.Security.Cipher = true, "3des-cfb-mdc" }, WeakEncryption, "", "soc-alfa", asItIs},
		{"no signature", func(m *message) { m.Security.Signed, m.Security.Signature = false, SignatureNone }, Unsigned, "", "soc-alfa", asItIs},
		{"not signed, but said to be valid", func(m *message) { m.Security.Signed = false }, Unsigned, "", "soc-alfa", asItIs},
		{"damaged signature", sign(SignatureIsInvalid), SignatureInvalid, "", "soc-alfa", asItIs},
		{"signed, state unknown", sign(""), SignatureInvalid, "", "soc-alfa", asItIs},
		{"signed, state none", sign(SignatureNone), SignatureInvalid, "", "soc-alfa", asItIs},
		{"signed part plus unsigned attachment", func(m *message) { m.Security.Covers = CoversPart }, SignaturePartial, "", "soc-alfa", asItIs},
		{"signature over nothing that is parsed", func(m *message) { m.Security.Covers = CoversNone }, SignaturePartial, "", "soc-alfa", asItIs},
		{"coverage unknown", func(m *message) { m.Security.Covers = "" }, SignaturePartial, "", "soc-alfa", asItIs},
		{"signature state partial", sign(SignatureIsPartial), SignaturePartial, "", "soc-alfa", asItIs},
		{"SHA-1 signature", sign(SignatureWeak), WeakSignature, "", "soc-alfa", asItIs},
		{"revoked key", sign(SignatureRevoked), KeyRevoked, "", "soc-alfa", asItIs},
		{"expired key", sign(SignatureExpired), KeyExpired, "", "soc-alfa", asItIs},
		{"certificate of a strange CA", sign(SignatureUntrusted), ChainUntrusted, "", "soc-alfa", asItIs},
	})
}

// DESIGN section 4, item 2: whose it is.
func TestWhoseItIs(t *testing.T) {
	from := func(outer, protected []string) func(*message) {
		return func(m *message) { m.Outer.From, m.Protected.From = outer, protected }
	}
	alfa, beta, stranger := []string{alfaAddress}, []string{betaAddress}, []string{"x@stranger.example"}
	run(t, []trick{
		{"stranger's key", func(m *message) { m.Security.Signature, m.Security.Owner = SignatureUnknownSigner, "" }, SignerUnknown, "", "soc-alfa", asItIs},
		{"valid signature of a key nobody registered", func(m *message) { m.Security.Owner = "" }, SignerUnknown, "", "soc-alfa", asItIs},
		{"key registered, participant no longer", func(m *message) { delete(m.people, "soc-alfa") }, SignerMismatch, "", "", asItIs},
		{"beta signs as alfa", func(m *message) { m.Security.Owner = "soc-beta" }, SignerMismatch, "", "soc-alfa", asItIs},
		{"alfa's sealed mail under beta's protected From", from(alfa, beta), SignerMismatch, "", "soc-beta", asItIs},
		{"no From at all", from(nil, nil), SignerMismatch, "", "", from(nil, alfa)},
		{"two protected From", from(alfa, []string{alfaAddress, betaAddress}), SignerMismatch, "", "", asItIs},
		{"two protected From, both alfa's", from(alfa, []string{alfaAddress, "second@alfa.example"}), SignerMismatch, "", "", from(alfa, []string{"second@alfa.example"})},
		{"two outer From without a protected one", from([]string{alfaAddress, betaAddress}, nil), SignerMismatch, "", "", from(alfa, nil)},
		{"outer From of a stranger without a protected one", from(stranger, nil), SignerMismatch, "", "", from(alfa, nil)},
		{"From in another case of the local part", from(alfa, []string{"DUTY@alfa.example"}), SignerMismatch, "", "", from(alfa, []string{"duty@ALFA.Example"})},
		{"From with alfa's address only as a display name", from(alfa, []string{`"duty@alfa.example"@stranger.example`}), SignerMismatch, "", "", asItIs},
		{"outer From of a stranger around an unsigned protected header", all(outerAccepted, from(stranger, alfa)), SignerMismatch, "", "", outerAccepted},
		{"protected From of beta under an outer signature", all(outerAccepted, from(alfa, beta)), SignerMismatch, "", "soc-alfa", outerAccepted},
	})
}

// Mail signed by our own key is held, never answered.
func TestOurOwnKeyReflected(t *testing.T) {
	reflected := func(owner string, outer, protected []string) func(*message) {
		return func(m *message) {
			m.Security.Owner, m.Outer.From, m.Protected.From = owner, outer, protected
			m.reports[0].Reporter = "nccis"
		}
	}
	us, alfa := []string{ourAddress}, []string{alfaAddress}
	run(t, []trick{
		{"our letter as it was", reflected(SelfSigner, us, us), SignerMismatch, "", "", asItIs},
		{"our letter, key known under our id", reflected("nccis", us, us), SignerMismatch, "", "", asItIs},
		{"our letter under alfa's outer From", reflected(SelfSigner, alfa, nil), SignerMismatch, "", "", asItIs},
		{"our letter posted by alfa as an attachment", all(attachment, reflected(SelfSigner, alfa, nil)), SignerMismatch, "", "", attachment},
	})
}

// An encrypted attachment proves nothing about the mail around it.
func TestEncryptedAttachment(t *testing.T) {
	from := func(addr ...string) func(*message) { return func(m *message) { m.Outer.From = addr } }
	captured := func(m *message) { m.Security.Form = FormAttachment } // a whole protected mail of alfa's inside
	run(t, []trick{
		{"captured ciphertext in beta's multipart", all(attachment, from(betaAddress)), SignerMismatch, "", "soc-beta", attachment},
		{"captured mail with its protected header in beta's multipart", all(captured, from(betaAddress)), SignerMismatch, "", "soc-beta", captured},
		{"captured mail in a stranger's multipart", all(captured, from("x@stranger.example")), SignerMismatch, "", "", captured},
		{"attachment under two From", all(attachment, from(alfaAddress, betaAddress)), SignerMismatch, "", "", attachment},
		{"attachment under no From", all(attachment, from()), SignerMismatch, "", "", attachment},
		{"attachment that carries another From inside", all(captured, func(m *message) { m.Protected.From = []string{betaAddress} }), SignerMismatch, "", "soc-alfa", captured},
		{"attachment signed only outside", all(attachment, outer), SignaturePartial, "", "soc-alfa", attachment},
		{"attachment signed only outside, outer signatures accepted", all(attachment, outerAccepted), SignaturePartial, "", "soc-alfa", outerAccepted},
		{"attachment beside other signed parts", all(attachment, func(m *message) { m.Security.Covers = CoversPart }), SignaturePartial, "", "soc-alfa", attachment},
	})
}

// A signature outside the encryption proves who posted the mail.
func TestOuterSignature(t *testing.T) {
	iodef := format(IODEFXML, "alfa.example")
	run(t, []trick{
		{"not accepted by the participant's file", outer, SignaturePartial, "", "soc-alfa", outerAccepted},
		{"accepted by another participant's file", all(outer, func(m *message) { m.people["soc-beta"].AcceptOuterSignature = true }), SignaturePartial, "", "soc-alfa", outerAccepted},
		{"accepted, but it does not cover the ciphertext", all(outerAccepted, func(m *message) { m.Security.Covers = CoversNone }), SignaturePartial, "", "soc-alfa", outerAccepted},
		{"accepted, coverage unknown", all(outerAccepted, func(m *message) { m.Security.Covers = "" }), SignaturePartial, "", "soc-alfa", outerAccepted},
		{"accepted says nothing about a partial inner signature", func(m *message) {
			m.people["soc-alfa"].AcceptOuterSignature, m.Security.Covers = true, CoversPart
		}, SignaturePartial, "", "soc-alfa", outerAccepted},
		{"accepted, around CSAF", all(outerAccepted, format(CSAF)), SignaturePartial, "", "soc-alfa", format(CSAF)},
		{"accepted, around STIX", all(outerAccepted, format(STIX)), SignaturePartial, "", "soc-alfa", format(STIX)},
		{"accepted, around MISP", all(outerAccepted, format(MISP)), SignaturePartial, "", "soc-alfa", format(MISP)},
		{"accepted, around XARF", all(outerAccepted, format(XARF)), SignaturePartial, "", "soc-alfa", format(XARF)},
		{"accepted, around something that is no report", all(outerAccepted, func(m *message) { m.reports = nil }), SignaturePartial, "", "soc-alfa", all(outerAccepted, format(CardXML), func(m *message) { m.reports[0].Reporter = "soc-alfa" })},
		{"alfa signs around beta's ciphertext", all(outerAccepted, func(m *message) { m.reports[0].Reporter = "soc-beta" }), SignaturePartial, "", "soc-alfa", outerAccepted},
		{"alfa signs around beta's IODEF", all(outerAccepted, format(IODEFXML, "beta.example"), addressed("nccis")), SignaturePartial, "", "soc-alfa", all(outerAccepted, iodef, addressed("nccis"))},
		{"bound only by a header nobody signed", all(outerAccepted, addressed("")), RecipientUnbound, "soc-alfa", "soc-alfa", outerAccepted},
	})
}

func addressed(to string) func(*message) { return func(m *message) { m.reports[0].Addressee = to } }

// Signing time against arrival, at the exact bounds (DESIGN section 6, stale).
func TestStale(t *testing.T) {
	signed := func(at time.Time) func(*message) { return func(m *message) { m.Security.SignedAt = at } }
	generated := func(at time.Time) func(*message) { // by a signature without a time
		return func(m *message) { m.Security.SignedAt, m.reports[0].GeneratedAt = time.Time{}, at }
	}
	second := func(at time.Time) func(*message) {
		return func(m *message) {
			generated(arrived)(m)
			another := *m.reports[0]
			another.ID, another.GeneratedAt = "A-2", at
			m.reports = append(m.reports, &another)
		}
	}
	oldest, latest := arrived.Add(-limits.SigningAge), arrived.Add(limits.SigningSkew)
	run(t, []trick{
		{"a nanosecond too old", signed(oldest.Add(-1)), Stale, "soc-alfa", "soc-alfa", signed(oldest)},
		{"a nanosecond too far ahead", signed(latest.Add(1)), Stale, "soc-alfa", "soc-alfa", signed(latest)},
		{"no signing time and none in the report", generated(time.Time{}), Stale, "soc-alfa", "soc-alfa", generated(arrived)},
		{"no signing time, the report too old", generated(oldest.Add(-1)), Stale, "soc-alfa", "soc-alfa", generated(oldest)},
		{"no signing time, the report too far ahead", generated(latest.Add(1)), Stale, "soc-alfa", "soc-alfa", generated(latest)},
		{"no signing time, one report of two too old", second(oldest.Add(-1)), Stale, "soc-alfa", "soc-alfa", second(oldest)},
		{"from the first year", signed(time.Time{}.Add(time.Hour)), Stale, "soc-alfa", "soc-alfa", asItIs},
		{"from the year 9000", signed(time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)), Stale, "soc-alfa", "soc-alfa", asItIs},
		{"limits forgotten", func(m *message) { m.limits = TrustLimits{} }, Stale, "soc-alfa", "soc-alfa", asItIs},
		{"arrival without a time", func(m *message) { m.ReceivedAt = time.Time{} }, Stale, "soc-alfa", "soc-alfa", asItIs},
	})
}

func TestFindings(t *testing.T) {
	cases := []struct {
		name   string
		change func(*message)
		want   []string
	}{
		{"nothing to say", asItIs, nil},
		{"what the cryptography found is passed on", func(m *message) { m.Security.Findings = []string{"old-packet-format"} }, []string{"old-packet-format"}},
		{"outer From is not the protected one", func(m *message) { m.Outer.From = []string{"list@forwarder.example"} }, []string{"header-mismatch"}},
		{"no outer From", func(m *message) { m.Outer.From = nil }, []string{"header-mismatch"}},
		{"two protected From are a mismatch of another sort", func(m *message) {
			m.Protected.From = []string{alfaAddress, "second@alfa.example"}
		}, nil},
		{"not encrypted and not signed", func(m *message) {
			m.Security = Security{Encryption: EncryptionNone, Form: FormClear}
		}, []string{string(Unsigned)}},
		{"not opened: nobody knows whether it is signed", func(m *message) {
			m.Security = Security{Encrypted: true, DecryptError: "no key"}
		}, nil},
		{"not opened for lack of integrity protection: nor here", func(m *message) { m.Security = Security{Encrypted: true} }, nil},
		{"unbound mail taken", all(unbound, func(m *message) { m.people["soc-alfa"].AcceptUnbound = true }), []string{string(RecipientUnbound)}},
		{"a lesser code", func(m *message) { m.Security.Covers, m.Security.WeakCipher = CoversPart, true }, []string{string(SignaturePartial)}},
		{"each code once", func(m *message) {
			m.Security.Owner, m.Protected.To, m.reports[0].Addressee = "soc-beta", []string{betaAddress}, "soc-beta"
		}, []string{string(WrongRecipient)}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := genuine()
			c.change(m)
			if j := m.judge(t); !slices.Equal(j.Findings, c.want) {
				t.Errorf("findings %q, want %q", j.Findings, c.want)
			}
		})
	}
}

// What a reason says goes to the operator: it must be the right one.
func TestReasons(t *testing.T) {
	cases := []struct {
		name   string
		change func(*message)
		want   string
	}{
		{"own key", func(m *message) { m.Security.Owner = SelfSigner }, "our own key"},
		{"owner gone", func(m *message) { delete(m.people, "soc-alfa") }, "not in the register"},
		{"no From", func(m *message) { m.Outer.From, m.Protected.From = nil, nil }, "no usable From"},
		{"two From", func(m *message) { m.Protected.From = []string{alfaAddress, betaAddress} }, "more than one From"},
		{"beta's From", func(m *message) { m.Protected.From = []string{betaAddress} }, "soc-alfa and the address in From"},
		{"no time at all", func(m *message) { m.Security.SignedAt = time.Time{} }, "nor the report carries a time"},
		{"no time and no report", func(m *message) { m.Security.SignedAt, m.reports = time.Time{}, nil }, "carries no time"},
		{"too old", func(m *message) { m.Security.SignedAt = arrived.Add(-limits.SigningAge - 1) }, "signing_age"},
		{"too far ahead", func(m *message) { m.Security.SignedAt = arrived.Add(limits.SigningSkew + 1) }, "signing_skew"},
		{"cannot be opened", func(m *message) { m.Security.DecryptError = "no key of ours is named" }, "no key of ours is named"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := genuine()
			c.change(m)
			if j := m.judge(t); !strings.Contains(j.Refusal.Reason, c.want) {
				t.Errorf("%s: %q, want %q", j.Refusal.Code, j.Refusal.Reason, c.want)
			}
		})
	}
}
