package exchange_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	. "almasu/exchange"
)

// usually draws the good value four times out of five, so that a whole message
// is often in order and otherwise wrong in few places.
func usually[T any](t *rapid.T, name string, good T, others ...T) T {
	if rapid.IntRange(0, 4*len(others)+len(others)-1).Draw(t, name+" chosen") < 4*len(others) {
		return good
	}
	return rapid.SampledFrom(others).Draw(t, name)
}

// anyMessage draws a message, a register and what the participants' files say.
func anyMessage(t *rapid.T) *message {
	m := genuine()
	s := &m.Security
	s.Encrypted = usually(t, "encrypted", true, false)
	s.Form = usually(t, "form", FormMIME, FormInline, FormAttachment, FormClear, "")
	s.Integrity = usually(t, "integrity", true, false)
	s.WeakCipher = usually(t, "weak cipher", false, true)
	s.DecryptError = usually(t, "decrypt error", "", "no key")
	s.Signed = usually(t, "signed", true, false)
	s.Signature = usually(t, "signature", SignatureValid, SignatureIsInvalid, SignatureUnknownSigner, SignatureUntrusted,
		SignatureExpired, SignatureRevoked, SignatureWeak, SignatureIsPartial, SignatureNone, "", "new-state")
	s.Covers = usually(t, "covers", CoversAll, CoversPart, CoversPart, CoversNone, "")
	s.Outer = usually(t, "outer", false, true)
	s.Owner = usually(t, "owner", "soc-alfa", "soc-beta", SelfSigner, "nccis", "", "soc-gone")
	s.SignedAt = usually(t, "signed at", arrived, time.Time{}, arrived.Add(-limits.SigningAge), arrived.Add(-limits.SigningAge-1),
		arrived.Add(limits.SigningSkew), arrived.Add(limits.SigningSkew+1))
	s.IntendedForUs = rapid.Bool().Draw(t, "for us")
	s.IntendedForOthers = usually(t, "for others", false, true)
	m.Outer.From = usually(t, "outer From", []string{alfaAddress}, addressLists...)
	m.Protected.Present = usually(t, "protected", true, false)
	m.Protected.From = usually(t, "protected From", []string{alfaAddress}, addressLists...)
	m.Protected.To = usually(t, "protected To", []string{ourAddress}, addressLists...)
	m.Protected.Cc = usually(t, "protected Cc", nil, addressLists...)
	for _, p := range m.people {
		p.AcceptUnbound = rapid.Bool().Draw(t, "unbound accepted")
		p.AcceptOuterSignature = rapid.Bool().Draw(t, "outer signature accepted")
		p.Kinds = usually(t, "duties", p.Kinds, []ParticipantKind{KindOwnUnit}, nil)
		p.Sends = usually(t, "sends", nil, []ReportKind{}, []ReportKind{Incident})
	}
	m.reports = nil
	for range usually(t, "reports", 1, 0, 2) {
		m.reports = append(m.reports, anyReport(t))
	}
	return m
}

var addressLists = [][]string{nil, {alfaAddress}, {"second@alfa.example"}, {betaAddress}, {ourAddress}, {"x@stranger.example"},
	{alfaAddress, betaAddress}, {ourAddress, betaAddress}, {"DUTY@alfa.example"}, {"duty@ALFA.EXAMPLE"}}

func anyReport(t *rapid.T) *Report {
	return &Report{ID: "A-1", Revision: 1,
		Kind:        usually(t, "kind", Incident, Receipt, Notice, Answer, ""),
		Format:      usually(t, "format", CardJSON, CardXML, IODEFXML, IODEFJSON, STIX, MISP, CSAF, XARF, "", "csv"),
		GeneratedAt: usually(t, "generated", arrived, time.Time{}, arrived.Add(-limits.SigningAge-1), arrived.Add(limits.SigningSkew+1)),
		Reporter:    usually(t, "reporter", "soc-alfa", "soc-beta", "nccis", ""),
		Addressee:   usually(t, "addressee", "nccis", "soc-beta", "soc-alfa", ""),
		Reporters: usually(t, "reporters", []string{"alfa.example"}, nil, []string{"beta.example"}, []string{"vendor.example"},
			[]string{"beta.example", "alfa.example"}, []string{"nccis.example"}),
		Marking: usually(t, "marking", "", "Құпия", "Для служебного пользования")}
}

// holds restates DESIGN section 4 (and `stale` and the marking of section 6)
// item by item and says which one does not hold, "" if all do. It shares
// nothing with the code it checks but the facts.
func holds(m *message) string {
	s := m.Security
	p := m.people[s.Owner]
	any := func(list []string, of *Participant) bool {
		return slices.ContainsFunc(list, func(a string) bool {
			local, domain, _ := strings.Cut(a, "@")
			return slices.Contains(of.Addresses, local+"@"+strings.ToLower(domain))
		})
	}
	switch {
	case !s.Encrypted || s.DecryptError != "" || !s.Integrity || s.WeakCipher:
		return "1: encrypted to us with integrity protection"
	case !s.Signed || s.Signature != SignatureValid:
		return "1: a valid signature"
	case p == nil:
		return "2: the key belongs to a participant"
	case !s.Outer && s.Covers != CoversAll:
		return "1: the signature covers the whole payload"
	case s.Outer && !(p.AcceptOuterSignature && s.Form != FormAttachment && (s.Covers == CoversAll || s.Covers == CoversPart)):
		return "a signature outside the encryption"
	}
	from := m.Outer.From
	signedHeader := m.Protected.Present && s.Covers == CoversAll && !s.Outer
	if signedHeader && s.Form != FormAttachment && len(m.Protected.From) > 0 {
		from = m.Protected.From
	}
	if len(from) != 1 || !any(from, p) {
		return "2: From is one address of the participant"
	}
	for _, a := range m.Protected.From {
		if m.Protected.Present && !any([]string{a}, p) {
			return "2: a From inside is somebody else's"
		}
	}
	if r := bindingHolds(m, p, signedHeader, any); r != "" {
		return r
	}
	times := []time.Time{s.SignedAt}
	if s.SignedAt.IsZero() && len(m.reports) > 0 {
		times = nil
		for _, r := range m.reports {
			times = append(times, r.GeneratedAt)
		}
	}
	for _, at := range times {
		if age := m.ReceivedAt.Sub(at); at.IsZero() || age > limits.SigningAge || age < -limits.SigningSkew {
			return "stale"
		}
	}
	return reportsHold(m, p)
}

func bindingHolds(m *message, p *Participant, signedHeader bool, any func([]string, *Participant) bool) string {
	marks := 0
	if m.Security.IntendedForUs {
		marks++
	}
	if m.Security.IntendedForOthers {
		return "3: bound to another key"
	}
	if to := append(slices.Clone(m.Protected.To), m.Protected.Cc...); m.Protected.Present && len(to) > 0 {
		if !any(to, m.self) {
			return "3: bound to another address"
		}
		if signedHeader {
			marks++
		}
	}
	for _, r := range m.reports {
		switch r.Addressee {
		case "":
		case "nccis":
			marks++
		default:
			return "3: bound to another addressee"
		}
	}
	// A header that is not signed and names us is no mark, but does no harm.
	if marks == 0 && !p.AcceptUnbound {
		return "3: bound to nobody"
	}
	return ""
}

func reportsHold(m *message, p *Participant) string {
	own := map[string]string{"soc-alfa": "alfa.example", "soc-beta": "beta.example"}[p.ID]
	for _, r := range m.reports {
		card, iodef := r.Format == CardJSON || r.Format == CardXML, r.Format == IODEFXML || r.Format == IODEFJSON
		advisory := r.Format == STIX || r.Format == MISP || r.Format == CSAF || r.Format == XARF
		names := append([]string{r.Reporter}, r.Reporters...)
		another := slices.ContainsFunc(names, func(n string) bool {
			return n != own && n != p.ID && (strings.HasPrefix(n, "soc-") || strings.HasPrefix(n, "nccis") || n == "alfa.example" || n == "beta.example")
		})
		switch {
		case card && r.Reporter != p.ID, iodef && !slices.Contains(r.Reporters, own), advisory && another, !card && !iodef && !advisory:
			return "4: the reporter"
		case advisory && m.Security.Outer:
			return "an outer signature around an advisory"
		case p.Kinds == nil || p.Kinds[0] == KindSOC && !slices.Contains([]ReportKind{Incident, Receipt, Answer}, r.Kind) ||
			p.Kinds[0] == KindOwnUnit && !slices.Contains([]ReportKind{Receipt, Answer}, r.Kind):
			return "4: the kind may send it"
		case p.Sends != nil && r.Kind != Receipt && !slices.Contains(p.Sends, r.Kind):
			return "4: sends"
		case r.Marking == "Құпия":
			return "marking"
		}
	}
	if m.Security.Outer && len(m.reports) == 0 {
		return "an outer signature around nothing"
	}
	return ""
}

// A message is accepted if, and only if, every item of section 4 holds.
func TestAcceptedMeansSection4Holds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMessage(t)
		j := m.judge(t)
		why := holds(m)
		if accepted := j.Refusal.Code == ""; accepted != (why == "") {
			t.Fatalf("judged %q (%s), but restated: %q", j.Refusal.Code, j.Refusal.Reason, why)
		}
		if j.Refusal.Code == "" && id(j.Participant) != m.Security.Owner {
			t.Fatalf("accepted as %q, signed by %q", id(j.Participant), m.Security.Owner)
		}
	})
}

// No participant is established, by either half of the decision, unless the
// signature is valid, its owner registered and not ourselves, and the From
// that counts the owner's address. Nobody is answered before the binding holds.
func TestEstablishedMeansSignerAndFrom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMessage(t)
		reg := m.register(t)
		first := Trust(m.Evidence, reg, m.limits)
		second := JudgeReports(first, m.Evidence, reg, m.reports)
		if first.Participant == nil && first.Refusal.Code == "" {
			t.Fatal("nobody is established, and Trust has nothing against it")
		}
		for _, j := range []Judgement{first, second} {
			if j.Claimed == reg.Self() || m.Security.Owner == SelfSigner && j.Claimed != nil {
				t.Fatalf("claimed %q of a letter of our own", id(j.Claimed))
			}
			p := j.Participant
			if p == nil {
				continue
			}
			s := m.Security
			if !s.Signed || s.Signature != SignatureValid || p.ID != s.Owner || p == reg.Self() || reg.ByID(p.ID) != p {
				t.Fatalf("established %q on %+v", p.ID, s)
			}
			ofHeader := m.Protected.Present && len(m.Protected.From) == 1 && p.HasAddress(m.Protected.From[0])
			ofMail := len(m.Outer.From) == 1 && p.HasAddress(m.Outer.From[0])
			if !ofMail && (!ofHeader || s.Form == FormAttachment || s.Outer) {
				t.Fatalf("established %q under From %q, protected %q", p.ID, m.Outer.From, m.Protected.From)
			}
		}
		if second.Refusal.Code.Fate() == FateRefused && (second.Participant == nil || bindingFails(m)) {
			t.Fatalf("%q would be answered to %q", second.Refusal.Code, id(second.Participant))
		}
	})
}

func bindingFails(m *message) bool {
	s := m.Security
	return s.IntendedForOthers || slices.ContainsFunc(m.reports, func(r *Report) bool { return r.Addressee != "" && r.Addressee != "nccis" })
}

// The decision is a function: the same twice, nothing given is changed, the
// code is no finding of its own and no finding stands twice.
func TestTheDecisionIsAFunction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMessage(t)
		one, two := m.judge(t), m.judge(t)
		if one.Refusal != two.Refusal || !slices.Equal(one.Findings, two.Findings) || id(one.Participant) != id(two.Participant) {
			t.Fatalf("%+v, then %+v", one, two)
		}
		if one.Refusal.Code != "" && slices.Contains(one.Findings, string(one.Refusal.Code)) {
			t.Fatalf("%q is its own finding in %q", one.Refusal.Code, one.Findings)
		}
		if unique := slices.Compact(slices.Sorted(slices.Values(one.Findings))); len(unique) != len(one.Findings) {
			t.Fatalf("a finding stands twice in %q", one.Findings)
		}
	})
}

// sin is one thing wrong with a message, the fact it spoils, and its code.
type sin struct {
	code  Code
	fact  string // two sins on one fact cannot be committed together
	spoil func(*message)
}

func sins() []sin {
	state := func(c Code, s SignatureState) sin {
		return sin{c, "signature", func(m *message) { m.Security.Signature = s }}
	}
	return []sin{
		{CannotDecrypt, "opening", func(m *message) { m.Security.DecryptError = "no key" }},
		{NotEncrypted, "encrypted", func(m *message) { m.Security.Encrypted = false }},
		{WeakEncryption, "cipher", func(m *message) { m.Security.WeakCipher = true }},
		{Unsigned, "signature", func(m *message) { m.Security.Signed = false }},
		state(SignatureInvalid, SignatureIsInvalid), state(SignerUnknown, SignatureUnknownSigner), state(WeakSignature, SignatureWeak),
		state(KeyRevoked, SignatureRevoked), state(KeyExpired, SignatureExpired), state(ChainUntrusted, SignatureUntrusted),
		{SignaturePartial, "covers", func(m *message) { m.Security.Covers = CoversPart }},
		{SignerMismatch, "owner", func(m *message) { m.Protected.From, m.Outer.From = []string{betaAddress}, []string{betaAddress} }},
		{RecipientUnbound, "binding", unbound},
		{WrongRecipient, "binding", func(m *message) { m.Security.IntendedForOthers = true }},
		{Stale, "time", func(m *message) { m.Security.SignedAt = time.Time{} }},
		{ReporterMismatch, "reporter", func(m *message) { m.reports[0].Reporter = "soc-beta" }},
		{KindForbidden, "kind", func(m *message) { m.reports[0].Kind = Notice }},
		{MarkingForbidden, "marking", func(m *message) { m.reports[0].Marking = "Секретно" }},
	}
}

// For every pair of codes that two faults of one message can earn, the first
// of the list is the code.
func TestOfTwoFaultsTheFirstOfTheListWins(t *testing.T) {
	for _, a := range sins() {
		m := genuine()
		a.spoil(m)
		if j := m.judge(t); j.Refusal.Code != a.code {
			t.Errorf("%s alone: %q", a.code, j.Refusal.Code)
		}
		for _, b := range sins() {
			if a.fact == b.fact {
				continue
			}
			m := genuine()
			a.spoil(m)
			b.spoil(m)
			want, _ := First(a.code, b.code)
			if j := m.judge(t); j.Refusal.Code != want {
				t.Errorf("%s and %s: %q, want %q", a.code, b.code, j.Refusal.Code, want)
			}
		}
	}
}
