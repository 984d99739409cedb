package exchange_test

import (
	"slices"
	"strings"
	"testing"

	. "almasu/exchange"
)

// DESIGN section 4, item 3: bound to us, and to nobody else.
func TestBoundToUs(t *testing.T) {
	protected := func(to, cc []string) func(*message) {
		return func(m *message) { m.Protected.To, m.Protected.Cc = to, cc }
	}
	only := func(binding func(*message)) func(*message) { return all(unbound, binding) }
	fingerprint := func(m *message) { m.Security.IntendedForUs = true }
	elsewhere := func(m *message) { m.Security.IntendedForUs, m.Security.IntendedForOthers = false, true }
	accept := func(m *message) { m.people["soc-alfa"].AcceptUnbound = true }
	us, beta := []string{ourAddress}, []string{betaAddress}

	run(t, []trick{
		{"bound to nobody", unbound, RecipientUnbound, "soc-alfa", "soc-alfa", only(fingerprint)},
		{"bound to nobody, the outer To names us", all(unbound, func(m *message) { m.Outer.To = us }), RecipientUnbound, "soc-alfa", "soc-alfa", only(protected(us, nil))},
		{"bound to nobody, the outer Cc names us", all(unbound, func(m *message) { m.Outer.Cc = us }), RecipientUnbound, "soc-alfa", "soc-alfa", only(protected(nil, us))},
		{"another participant's unbound is accepted", all(unbound, func(m *message) { m.people["soc-beta"].AcceptUnbound = true }), RecipientUnbound, "soc-alfa", "soc-alfa", all(unbound, accept)},
		{"unbound, and no report could be read", all(unbound, func(m *message) { m.reports = nil }), RecipientUnbound, "soc-alfa", "soc-alfa", only(addressed("nccis"))},
		{"an empty protected To", only(protected([]string{""}, nil)), WrongRecipient, "soc-alfa", "soc-alfa", only(protected([]string{"exchange@NCCIS.example"}, nil))},

		{"fingerprint of somebody else", only(elsewhere), WrongRecipient, "soc-alfa", "soc-alfa", only(fingerprint)},
		{"protected To of somebody else", only(protected(beta, nil)), WrongRecipient, "soc-alfa", "soc-alfa", only(protected(us, beta))},
		{"protected Cc of somebody else", only(protected(nil, beta)), WrongRecipient, "soc-alfa", "soc-alfa", only(protected(beta, us))},
		{"our address as a part of another", only(protected([]string{ourAddress + ".evil.example"}, nil)), WrongRecipient, "soc-alfa", "soc-alfa", only(protected(us, nil))},
		{"addressee of somebody else", only(addressed("soc-beta")), WrongRecipient, "soc-alfa", "soc-alfa", only(addressed("nccis"))},
		{"addressee in other letters", only(addressed("NCCIS")), WrongRecipient, "soc-alfa", "soc-alfa", only(addressed("nccis"))},
		{"unbound accepted does not take what is bound elsewhere", all(unbound, accept, elsewhere), WrongRecipient, "soc-alfa", "soc-alfa", all(unbound, accept)},
		{"unbound accepted does not take another addressee", all(unbound, accept, addressed("soc-beta")), WrongRecipient, "soc-alfa", "soc-alfa", all(unbound, accept)},

		{"fingerprint ours, To somebody else", all(asItIs, protected(beta, nil)), WrongRecipient, "soc-alfa", "soc-alfa", asItIs},
		{"fingerprint ours, addressee somebody else", all(asItIs, addressed("soc-beta")), WrongRecipient, "soc-alfa", "soc-alfa", asItIs},
		{"To ours, fingerprint of somebody else", elsewhere, WrongRecipient, "soc-alfa", "soc-alfa", asItIs},
		{"addressee ours, To somebody else", only(all(protected(beta, nil), addressed("nccis"))), WrongRecipient, "soc-alfa", "soc-alfa", only(addressed("nccis"))},
		{"fingerprints contradict each other", func(m *message) { m.Security.IntendedForOthers = true }, WrongRecipient, "soc-alfa", "soc-alfa", asItIs},
		{"one report of two is for somebody else", func(m *message) {
			other := *m.reports[0]
			other.ID, other.Addressee = "A-2", "soc-beta"
			m.reports = append(m.reports, &other)
		}, WrongRecipient, "soc-alfa", "soc-alfa", func(m *message) {
			other := *m.reports[0]
			other.ID, other.Addressee = "A-2", ""
			m.reports = append(m.reports, &other)
		}},
		{"unsigned header speaks for somebody else", all(outerAccepted, protected(beta, nil)), WrongRecipient, "soc-alfa", "soc-alfa", outerAccepted},
	})
}

// DESIGN section 4, item 4: the report's own word for who reports.
func TestReporter(t *testing.T) {
	card := func(f Format, reporter string) func(*message) {
		return func(m *message) { m.reports[0].Format, m.reports[0].Reporter = f, reporter }
	}
	named := func(f Format, reporter string) func(*message) {
		return all(format(f), func(m *message) { m.reports[0].Reporter = reporter })
	}
	mismatch := func(name string, forged, control func(*message)) trick {
		return trick{name, forged, ReporterMismatch, "soc-alfa", "soc-alfa", control}
	}
	tricks := []trick{
		mismatch("card of beta", card(CardJSON, "soc-beta"), card(CardJSON, "soc-alfa")),
		mismatch("XML card of beta", card(CardXML, "soc-beta"), card(CardXML, "soc-alfa")),
		mismatch("card without a reporter", card(CardJSON, ""), asItIs),
		mismatch("card in our own name", card(CardJSON, "nccis"), asItIs),
		mismatch("card with alfa's domain for its id", card(CardJSON, "alfa.example"), asItIs),
		mismatch("card whose reporters field says alfa", all(card(CardJSON, "soc-beta"), func(m *message) { m.reports[0].Reporters = []string{"soc-alfa"} }), asItIs),
		mismatch("IODEF of beta", format(IODEFXML, "beta.example", betaAddress), format(IODEFXML, "alfa.example")),
		mismatch("IODEF of nobody", format(IODEFJSON), format(IODEFJSON, "ALFA.example")),
		mismatch("IODEF of an empty name", format(IODEFJSON, ""), format(IODEFJSON, "111111111111")),
		mismatch("IODEF of a subdomain", format(IODEFXML, "evil.alfa.example"), format(IODEFXML, "someone.example", alfaAddress)),
		mismatch("IODEF with alfa only in the field of cards", named(IODEFXML, "soc-alfa"), format(IODEFXML, "soc-alfa")),
		mismatch("a format nobody knows", format("csv", "soc-alfa"), asItIs),
		mismatch("no format", format("", "soc-alfa"), asItIs),
		mismatch("the second of two reports", func(m *message) {
			other := *m.reports[0]
			other.ID, other.Reporter = "A-2", "soc-beta"
			m.reports = append(m.reports, &other)
		}, asItIs),
	}
	for _, f := range []Format{STIX, MISP, CSAF, XARF} {
		tricks = append(tricks,
			mismatch(string(f)+" of beta by name", format(f, "vendor.example", "BETA.example"), format(f)),
			mismatch(string(f)+" of beta by BIN", format(f, "222222222222"), format(f, "vendor.example")),
			mismatch(string(f)+" of beta by address", format(f, betaAddress), format(f, alfaAddress)),
			mismatch(string(f)+" of beta in the field of cards", named(f, "soc-beta"), named(f, "soc-alfa")),
			mismatch(string(f)+" in our own name", format(f, "nccis"), format(f, "nccis-vendor")))
	}
	run(t, tricks)
}

func TestSharedNameIsOnesOwnName(t *testing.T) {
	m := genuine()
	m.people["soc-beta"].BIN = m.people["soc-alfa"].BIN // two SOCs of one legal entity
	format(STIX, m.people["soc-alfa"].BIN)(m)
	if j := m.judge(t); j.Refusal.Code != "" {
		t.Errorf("%s: a name that is the signer's own does not name another", j.Refusal.Code)
	}
}

// whoMaySend restates DESIGN section 5 in the page's own words.
const whoMaySend = `
soc: incident vulnerability threat contact quarterly request answer ping receipt
nccis: notice request answer vulnerability threat ping receipt
national-security authorised-body-is authorised-body-informatisation prosecution internal-affairs: request answer receipt
served-organisation own-unit: answer receipt
`

func TestWhoMaySendWhat(t *testing.T) {
	may := map[ParticipantKind][]string{}
	for line := range strings.Lines(strings.TrimSpace(whoMaySend)) {
		kinds, sends, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for _, k := range strings.Fields(kinds) {
			may[ParticipantKind(k)] = strings.Fields(sends)
		}
	}
	if len(may) != len(ParticipantKinds()) {
		t.Fatalf("%d kinds of participants in the matrix, %d in the domain", len(may), len(ParticipantKinds()))
	}
	for _, k := range append(ParticipantKinds(), "", "stranger") {
		for _, r := range append(ReportKinds(), "", "gossip") {
			m := genuine()
			m.people["soc-alfa"].Kinds = []ParticipantKind{k}
			m.reports[0].Kind = r
			want := KindForbidden
			if slices.Contains(may[k], string(r)) {
				want = ""
			}
			if j := m.judge(t); j.Refusal.Code != want || id(j.Participant) != "soc-alfa" {
				t.Errorf("%q sends %q: %q of %q, want %q", k, r, j.Refusal.Code, id(j.Participant), want)
			}
		}
	}
}

func TestSendsRestrictsAndTwoDutiesAdd(t *testing.T) {
	sends := func(kinds ...ReportKind) func(*message) {
		return func(m *message) { m.people["soc-alfa"].Sends = append([]ReportKind{}, kinds...) }
	}
	kind := func(k ReportKind) func(*message) { return func(m *message) { m.reports[0].Kind = k } }
	duties := func(kinds ...ParticipantKind) func(*message) {
		return func(m *message) { m.people["soc-alfa"].Kinds = kinds }
	}
	forbidden := func(name string, forged, control func(*message)) trick {
		return trick{name, forged, KindForbidden, "soc-alfa", "soc-alfa", control}
	}
	run(t, []trick{
		forbidden("sends does not name it", sends(Ping), sends(Ping, Incident)),
		forbidden("sends is empty", sends(), func(m *message) { m.people["soc-alfa"].Sends = nil }),
		forbidden("sends cannot widen the kind", all(sends(Notice), kind(Notice)), all(sends(Answer), kind(Answer))),
		forbidden("sends is empty, a receipt is always allowed", all(sends(), kind(Answer)), all(sends(), kind(Receipt))),
		forbidden("no duty at all, not even a receipt", all(duties(), kind(Receipt)), all(duties(KindOwnUnit), kind(Receipt))),
		forbidden("two duties, neither may", all(duties(KindProsecution, KindInternalAffairs)), all(duties(KindProsecution, KindSOC))),
		forbidden("one report of two", func(m *message) {
			other := *m.reports[0]
			other.Kind = Notice
			m.reports = append(m.reports, &other)
		}, asItIs),
	})
}

// State secret material must not pass through the gateway.
func TestStateSecretMarking(t *testing.T) {
	mark := func(s string) func(*message) { return func(m *message) { m.reports[0].Marking = s } }
	var tricks []trick
	for _, s := range []string{"Секретно", "СОВЕРШЕННО СЕКРЕТНО", "Особой важности", "особои\u0306 важности", "  совершенно\n секретно ", "«Секретно»",
		"Секретно, экз. № 1", "Құпия", "ҚҰПИЯ.", "Құпия, 1-дана", "Өте құпия", "Аса маңызды", "Secret", "TOP-SECRET", "Of special importance"} {
		tricks = append(tricks, trick{s, mark(s), MarkingForbidden, "soc-alfa", "soc-alfa", mark("")})
	}
	run(t, tricks)
	for _, s := range []string{"", " ", "Для служебного пользования", "Қызмет бабында пайдалану үшін", "несекретно", "Не секретно",
		"құпия электрондық ақпараттық деректер", "TLP:AMBER", "secretariat", "конфиденциально"} {
		if StateSecret(s) {
			t.Errorf("%q is not a degree of state secrecy", s)
		}
	}
}

// A judgement that Trust did not make is no acceptance.
func TestJudgeReportsAcceptsNobodyUnestablished(t *testing.T) {
	m := genuine()
	if j := JudgeReports(Judgement{}, m.Evidence, m.register(t), m.reports); j.Refusal.Code != SignerMismatch || j.Participant != nil {
		t.Errorf("%q of %q", j.Refusal.Code, id(j.Participant))
	}
	m.Security.IntendedForOthers = true
	if j := JudgeReports(Judgement{Participant: m.people["soc-alfa"]}, m.Evidence, m.register(t), m.reports); j.Refusal.Code != WrongRecipient {
		t.Errorf("the binding is judged by the evidence, whatever came before: %q", j.Refusal.Code)
	}
	m.Security.IntendedForOthers = false
	if j := m.judge(t); j.Refusal.Code != "" {
		t.Errorf("control: %q", j.Refusal.Code)
	}
}

// What JudgeReports refuses before stale is not answered in the sender's name,
// and a judgement handed in stays as it was.
func TestJudgeReportsChangesNothingItWasGiven(t *testing.T) {
	m := genuine()
	outerAccepted(m)
	format(CSAF)(m)
	m.Security.SignedAt = arrived.Add(-limits.SigningAge - 1)
	reg := m.register(t)
	given := Trust(m.Evidence, reg, m.limits)
	given.Findings = append(make([]string, 0, 8), "one")
	room := given.Findings[:cap(given.Findings)]
	j := JudgeReports(given, m.Evidence, reg, m.reports)
	if j.Refusal.Code != SignaturePartial || j.Participant != nil || !slices.Contains(j.Findings, string(Stale)) {
		t.Errorf("%q of %q, findings %q", j.Refusal.Code, id(j.Participant), j.Findings)
	}
	if given.Refusal.Code != Stale || id(given.Participant) != "soc-alfa" || room[1] != "" {
		t.Errorf("the judgement handed in was changed: %+v, %q", given, room)
	}
}
