package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
)

// moment is when the incidents of these tests are confirmed.
func moment() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }

// town is a register with one participant of every kind, and three SOCs.
func town(t testing.TB, self exchange.ParticipantKind) (*exchange.Register, map[string]*exchange.Participant) {
	t.Helper()
	mk := func(id, bin, fqdn string, kinds ...exchange.ParticipantKind) *exchange.Participant {
		return &exchange.Participant{ID: id, Kinds: kinds, BIN: bin, FQDNs: []string{fqdn}, Addresses: []string{id + "@" + id + ".example"}}
	}
	people := []*exchange.Participant{
		mk("soc-alfa", "111111111111", "alfa.example", exchange.KindSOC),
		mk("soc-beta", "222222222222", "beta.example", exchange.KindSOC),
		mk("soc-gamma", "", "", exchange.KindSOC),
		mk("knb", "", "", exchange.KindNationalSecurity),
		mk("both", "333333333333", "both.example", exchange.KindNationalSecurity, exchange.KindSOC),
		mk("body-is", "", "", exchange.KindAuthorisedBodyIS),
		mk("body-inf", "", "", exchange.KindAuthorisedBodyInform),
		mk("prosecutor", "", "", exchange.KindProsecution),
		mk("police", "444444444444", "", exchange.KindInternalAffairs),
		mk("nccis", "", "", exchange.KindNCCIS),
		mk("bank", "555555555555", "bank.example", exchange.KindServedOrganisation),
		mk("mill", "666666666666", "mill.example", exchange.KindServedOrganisation),
		mk("datacentre", "", "dc.example", exchange.KindOwnUnit),
	}
	reg, err := exchange.NewRegister(mk("self", "", "", self), people)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]*exchange.Participant{}
	for _, p := range people {
		byID[p.ID] = p
	}
	return reg, byID
}

// incident is a report of soc-alfa that names nobody's assets.
func incident(tlp exchange.TLP, change func(*exchange.IncidentBody)) *exchange.Report {
	in := &exchange.IncidentBody{ConfirmedAt: moment()}
	if change != nil {
		change(in)
	}
	return &exchange.Report{Kind: exchange.Incident, ID: "r-1", Reporter: "soc-alfa", TLP: tlp, Incident: in}
}

// told names what a decision tells: "soc-beta 12.1 concerning victim-bin-matches".
func told(d Decision) []string {
	var out []string
	for _, n := range d.Notices {
		out = append(out, fmt.Sprintf("%s %s %s %s", n.To.ID, n.Clause, n.Part, n.Reason))
	}
	return out
}

func proposed(d Decision) []string {
	var out []string
	for _, p := range d.Proposals {
		out = append(out, fmt.Sprintf("%s %s %s %s", p.To.ID, p.Clause, p.Part, p.Halt))
	}
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n  %s\nwant:\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// engine makes an engine of a rules file.
func engine(t testing.TB, reg *exchange.Register, file string) *Engine {
	t.Helper()
	s, err := Load("test.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEngine(s, reg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
