package rules

import (
	"testing"

	"almasu/exchange"
)

// The bodies of clause 12.2 of the town, who are told of every incident.
func bodies122() []string {
	return []string{"knb 12.2 whole national-security-body", "both 12.2 whole national-security-body"}
}

// Clause 12.1: SOCs, in the part of the information that concerns them, in
// case of an incident that may affect the operability of something.
func TestClause12Item1(t *testing.T) {
	cases := []struct {
		name   string
		change func(*exchange.IncidentBody)
		want   []string // besides the two national security bodies
	}{
		{"concerns nobody", nil, nil},
		{"named", func(in *exchange.IncidentBody) { in.Concerns = []string{"soc-gamma"} }, []string{"soc-gamma 12.1 concerning named-in-concerns"}},
		{"victim by BIN", func(in *exchange.IncidentBody) { in.Victim = &exchange.Organisation{BIN: "222222222222"} },
			[]string{"soc-beta 12.1 concerning victim-bin-matches"}},
		{"owner by BIN", func(in *exchange.IncidentBody) { in.Objects = []exchange.Object{{Owner: "222222222222"}} },
			[]string{"soc-beta 12.1 concerning object-owner-bin-matches"}},
		{"domain under a SOC's name", func(in *exchange.IncidentBody) { in.Objects = []exchange.Object{{FQDN: []string{"WWW.Beta.example."}}} },
			[]string{"soc-beta 12.1 concerning object-domain-name-matches"}},
		{"look-alike domain", func(in *exchange.IncidentBody) {
			in.Objects = []exchange.Object{{FQDN: []string{"notbeta.example", "beta.example.org"}}}
		}, nil},
		{"two of them", func(in *exchange.IncidentBody) { in.Concerns = []string{"soc-gamma", "soc-beta"} },
			[]string{"soc-beta 12.1 concerning named-in-concerns", "soc-gamma 12.1 concerning named-in-concerns"}},
		{"the reporter itself", func(in *exchange.IncidentBody) { in.Concerns = []string{"soc-alfa"} }, nil},
		{"an empty BIN matches nothing", func(in *exchange.IncidentBody) { in.Victim = &exchange.Organisation{} }, nil},
		{"a body of another kind", func(in *exchange.IncidentBody) { in.Concerns = []string{"police"} }, nil},
		{"a SOC that is a body is told once, of the whole", func(in *exchange.IncidentBody) { in.Concerns = []string{"both"} }, nil},
		{"it affected nothing", func(in *exchange.IncidentBody) {
			in.Concerns, in.Impact = []string{"soc-beta"}, &exchange.Impact{Confidentiality: "none", Integrity: "none", Availability: "none"}
		}, nil},
		{"what it affected is unknown", func(in *exchange.IncidentBody) {
			in.Concerns, in.Impact = []string{"soc-beta"}, &exchange.Impact{Availability: "unknown"}
		}, []string{"soc-beta 12.1 concerning named-in-concerns"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			reg, people := town(t, exchange.KindNCCIS)
			d := Decide([]*exchange.Report{incident(exchange.TLPAmber, c.change)}, people["soc-alfa"], reg)
			same(t, "told", told(d), append(c.want, bodies122()...))
			same(t, "proposed", proposed(d), nil)
		})
	}
}

// Clause 12.2: national security bodies, in case of any incident. The marking
// goes with the notice and does not stop it.
func TestClause12Item2(t *testing.T) {
	reg, people := town(t, exchange.KindNCCIS)
	for _, label := range []exchange.TLP{"", exchange.TLPRed, exchange.TLPAmberStrict, exchange.TLPAmber, exchange.TLPGreen, exchange.TLPClear} {
		d := Decide([]*exchange.Report{incident(label, nil)}, people["soc-alfa"], reg)
		same(t, "told under "+string(label), told(d), bodies122())
		if d.Edition != "2026-01" && d.Edition != Edition {
			t.Errorf("edition %q", d.Edition)
		}
	}
	for _, kind := range []exchange.ReportKind{exchange.Vulnerability, exchange.Threat, exchange.Ping, exchange.Contact} {
		if d := Decide([]*exchange.Report{{Kind: kind}}, people["soc-alfa"], reg); len(d.Notices)+len(d.Proposals)+len(d.Due) != 0 {
			t.Errorf("%s: %v", kind, told(d))
		}
	}
}

// Clause 12.3 to 12.6: a violation of legislation is a legal judgement. The
// engine proposes; nothing goes before a person confirms.
func TestClause12Items3To6(t *testing.T) {
	cases := []struct{ field, want string }{
		{"information-security", "body-is 12.3 whole rule-asks-for-a-person"},
		{"informatisation", "body-inf 12.4 whole rule-asks-for-a-person"},
		{"prosecution", "prosecutor 12.5 whole rule-asks-for-a-person"},
		{"internal-affairs", "police 12.6 whole rule-asks-for-a-person"},
	}
	reg, people := town(t, exchange.KindNCCIS)
	for _, c := range cases {
		for _, label := range []exchange.TLP{exchange.TLPRed, exchange.TLPClear} {
			r := incident(label, func(in *exchange.IncidentBody) { in.Violations = []exchange.Violation{{Field: c.field}} })
			d := Decide([]*exchange.Report{r}, people["soc-alfa"], reg)
			same(t, c.field+" proposed", proposed(d), []string{c.want})
			same(t, c.field+" told", told(d), bodies122())
		}
	}
	r := incident("", func(in *exchange.IncidentBody) {
		in.Violations = []exchange.Violation{{Field: "other"}, {Field: "prosecution"}, {Field: "prosecution"}, {Field: "internal-affairs"}}
	})
	same(t, "several", proposed(Decide([]*exchange.Report{r}, people["soc-alfa"], reg)), []string{cases[2].want, cases[3].want})
}

// two authorised bodies, often one ministry: two duties, even at one
// participant.
func TestClause12OneBodyWithTwoDuties(t *testing.T) {
	ministry := &exchange.Participant{ID: "ministry", Kinds: []exchange.ParticipantKind{exchange.KindAuthorisedBodyIS, exchange.KindAuthorisedBodyInform}}
	reg, err := exchange.NewRegister(&exchange.Participant{ID: "nccis", Kinds: []exchange.ParticipantKind{exchange.KindNCCIS}}, []*exchange.Participant{ministry})
	if err != nil {
		t.Fatal(err)
	}
	r := incident("", func(in *exchange.IncidentBody) {
		in.Violations = []exchange.Violation{{Field: "informatisation"}, {Field: "information-security"}}
	})
	same(t, "proposed", proposed(Decide([]*exchange.Report{r}, nil, reg)),
		[]string{"ministry 12.3 whole rule-asks-for-a-person", "ministry 12.4 whole rule-asks-for-a-person"})
}

// "In the part that concerns them" under each label (TLP 2.0).
func TestClause12Item1UnderItsMarking(t *testing.T) {
	reg, people := town(t, exchange.KindNCCIS)
	for label, stopped := range map[exchange.TLP]bool{"": true, exchange.TLPRed: true, exchange.TLPAmberStrict: true, "TLP:PURPLE": true,
		exchange.TLPAmber: false, exchange.TLPGreen: false, exchange.TLPClear: false} {
		r := incident(label, func(in *exchange.IncidentBody) { in.Concerns = []string{"soc-beta"} })
		d := Decide([]*exchange.Report{r}, people["soc-alfa"], reg)
		wantTold, wantProposed := append([]string{"soc-beta 12.1 concerning named-in-concerns"}, bodies122()...), []string(nil)
		if stopped {
			wantTold, wantProposed = bodies122(), []string{"soc-beta 12.1 concerning marking-stops-it"}
		}
		same(t, string(label)+" told", told(d), wantTold)
		same(t, string(label)+" proposed", proposed(d), wantProposed)
		for _, n := range d.Notices { // one SOC is not another's client: AMBER keeps the text
			if n.Clause == "12.1" && n.Free != (label == exchange.TLPGreen || label == exchange.TLPClear) {
				t.Errorf("%s: free text goes: %t", label, n.Free)
			}
		}
		for _, p := range d.Proposals {
			if p.Free || p.Persons != 1 {
				t.Errorf("%s: %+v", label, p)
			}
		}
	}
}

// A SOC owes no notices under clause 12.
func TestClause12IsTheNCCISsAlone(t *testing.T) {
	reg, people := town(t, exchange.KindSOC)
	r := incident(exchange.TLPClear, func(in *exchange.IncidentBody) {
		in.Concerns, in.Violations = []string{"soc-beta"}, []exchange.Violation{{Field: "prosecution"}}
	})
	d := Decide([]*exchange.Report{r}, people["soc-alfa"], reg)
	same(t, "told", told(d), nil)
	same(t, "proposed", proposed(d), nil)
}
