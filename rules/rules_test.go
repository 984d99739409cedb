package rules

import (
	"testing"
	"time"

	"almasu/exchange"
)

func register(t *testing.T, selfKind exchange.ParticipantKind) (*exchange.Register, map[string]*exchange.Participant) {
	t.Helper()
	mk := func(id, bin, fqdn string, kinds ...exchange.ParticipantKind) *exchange.Participant {
		return &exchange.Participant{ID: id, Kinds: kinds, BIN: bin, FQDNs: []string{fqdn}, Addresses: []string{id + "@" + id + ".example"}}
	}
	self := mk("self", "", "", selfKind)
	people := []*exchange.Participant{
		mk("soc-alfa", "111", "alfa.example", exchange.KindSOC),
		mk("soc-beta", "222", "beta.example", exchange.KindSOC),
		mk("soc-gamma", "", "", exchange.KindSOC),
		mk("knb", "", "", exchange.KindNationalSecurity),
		mk("both", "333", "", exchange.KindNationalSecurity, exchange.KindSOC),
		mk("police", "444", "", exchange.KindInternalAffairs),
	}
	reg, err := exchange.NewRegister(self, people)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]*exchange.Participant{}
	for _, p := range people {
		byID[p.ID] = p
	}
	return reg, byID
}

func incident(change func(*exchange.IncidentBody)) *exchange.Report {
	in := &exchange.IncidentBody{ConfirmedAt: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	change(in)
	return &exchange.Report{Kind: exchange.Incident, Incident: in}
}

func TestClause12(t *testing.T) {
	cases := []struct {
		name   string
		change func(*exchange.IncidentBody)
		want   map[string]Notice // besides the two national security bodies
	}{
		{"concerns nobody", func(*exchange.IncidentBody) {}, nil},
		{"named", func(in *exchange.IncidentBody) { in.Concerns = []string{"soc-gamma"} },
			map[string]Notice{"soc-gamma": {Reason: ReasonNamed}}},
		{"victim by BIN", func(in *exchange.IncidentBody) { in.Victim = &exchange.Organisation{BIN: "222"} },
			map[string]Notice{"soc-beta": {Reason: ReasonVictim}}},
		{"owner by BIN", func(in *exchange.IncidentBody) { in.Objects = []exchange.Object{{Owner: "222"}} },
			map[string]Notice{"soc-beta": {Reason: ReasonOwner}}},
		{"domain under a SOC's name", func(in *exchange.IncidentBody) {
			in.Objects = []exchange.Object{{FQDN: []string{"WWW.Beta.example."}}}
		}, map[string]Notice{"soc-beta": {Reason: ReasonName}}},
		{"look-alike domain", func(in *exchange.IncidentBody) {
			in.Objects = []exchange.Object{{FQDN: []string{"notbeta.example", "beta.example.org"}}}
		}, nil},
		{"the reporter itself", func(in *exchange.IncidentBody) { in.Concerns = []string{"soc-alfa"} }, nil},
		{"an empty BIN matches nothing", func(in *exchange.IncidentBody) { in.Victim = &exchange.Organisation{} }, nil},
		{"a body of another kind is not told by 12.1", func(in *exchange.IncidentBody) { in.Concerns = []string{"police"} }, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			reg, people := register(t, exchange.KindNCCIS)
			d := Decide([]*exchange.Report{incident(c.change)}, people["soc-alfa"], reg)
			got := map[string]Notice{}
			for _, n := range d.Notices {
				if _, twice := got[n.To.ID]; twice {
					t.Errorf("%s is told twice", n.To.ID)
				}
				got[n.To.ID] = n
			}
			for _, id := range []string{"knb", "both"} {
				if n := got[id]; n.Clause != "12.2" || n.Part != Whole {
					t.Errorf("%s: want 12.2 whole, have %s %s", id, n.Clause, n.Part)
				}
				delete(got, id)
			}
			if len(got) != len(c.want) {
				t.Errorf("told: %v, want %v", got, c.want)
			}
			for id, w := range c.want {
				if n := got[id]; n.Clause != "12.1" || n.Reason != w.Reason || n.Part != Headline {
					t.Errorf("%s: %+v, want 12.1 %s headline", id, n.Reason, w.Reason)
				}
			}
		})
	}
}

func TestClause9DueAndNoNoticesFromASOC(t *testing.T) {
	reg, people := register(t, exchange.KindSOC)
	r := incident(func(in *exchange.IncidentBody) { in.Concerns = []string{"soc-beta"} })
	d := Decide([]*exchange.Report{r, {Kind: exchange.Ping}}, people["soc-alfa"], reg)
	if len(d.Notices) != 0 {
		t.Errorf("a SOC owes no notices under clause 12: %v", d.Notices)
	}
	if len(d.Due) != 1 || d.Due[0].Clause != "9" || !d.Due[0].At.Equal(r.Incident.ConfirmedAt.Add(15*time.Minute)) {
		t.Errorf("due: %+v", d.Due)
	}
}
