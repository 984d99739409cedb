package rules

import (
	"testing"
	"time"

	"almasu/exchange"
)

// notice is what the NCCIS tells a SOC: one object of the bank, one of the mill.
func notice(tlp exchange.TLP) *exchange.Report {
	return &exchange.Report{Kind: exchange.Notice, ID: "n-1", Reporter: "nccis", TLP: tlp, Notice: &exchange.NoticeBody{Clause: "12.1",
		Part: &exchange.NoticePart{Kind: exchange.Incident, Texts: []string{"check your gateways"}, Objects: []exchange.Object{
			{FQDN: []string{"www.bank.example"}}, {FQDN: []string{"mail.mill.example"}}}}}}
}

// Clause 5: what is received from the NCCIS goes to the served organisations
// and own units, in the part that concerns them; target 60 minutes.
func TestClause5(t *testing.T) {
	reg, people := town(t, exchange.KindSOC)
	e, received := Default(reg), moment()
	decide := func(r *exchange.Report, from string) Decision {
		return e.Decide(Case{Reports: []*exchange.Report{r}, From: people[from], At: received})
	}
	both := []string{"bank 5 concerning object-domain-name-matches", "mill 5 concerning object-domain-name-matches"}

	t.Run("each gets its own and nothing of the other", func(t *testing.T) {
		d := decide(notice(exchange.TLPAmber), "nccis")
		same(t, "told", told(d), both)
		for _, n := range d.Notices {
			p := e.Part(n)
			if len(p.Objects) != 1 || p.Withheld.Objects != 1 || len(p.Texts) != 1 || p.Objects[0].FQDN[0][len(p.Objects[0].FQDN[0])-12:] != n.To.FQDNs[0][len(n.To.FQDNs[0])-12:] {
				t.Errorf("%s gets %+v", n.To.ID, p)
			}
			if !n.Due.Equal(received.Add(time.Hour)) {
				t.Errorf("%s: due %s", n.To.ID, n.Due)
			}
		}
		if len(d.Due) != 1 || d.Due[0].Clause != "5" || d.Due[0].Reason != "60-minutes-from-arrival" || !d.Due[0].At.Equal(received.Add(time.Hour)) {
			t.Errorf("due %+v", d.Due)
		}
	})
	t.Run("RED and AMBER+STRICT wait for a person", func(t *testing.T) {
		for _, label := range []exchange.TLP{exchange.TLPRed, exchange.TLPAmberStrict, ""} {
			d := decide(notice(label), "nccis")
			same(t, "told", told(d), nil)
			same(t, "proposed", proposed(d), []string{"bank 5 concerning marking-stops-it", "mill 5 concerning marking-stops-it"})
			if p := e.Part(d.Proposals[0].Notice); len(p.Texts) != 0 || p.Withheld.Texts != 1 {
				t.Errorf("%s: free text goes: %+v", label, p)
			}
		}
	})
	t.Run("what concerns nobody sets no deadline", func(t *testing.T) {
		r := notice(exchange.TLPGreen)
		r.Notice.Part.Objects = nil
		if d := decide(r, "nccis"); len(d.Notices)+len(d.Proposals)+len(d.Due) != 0 {
			t.Errorf("%v %v", told(d), d.Due)
		}
	})
	t.Run("only what the NCCIS sends is forwarded", func(t *testing.T) {
		if d := decide(notice(exchange.TLPGreen), "soc-beta"); len(d.Notices) != 0 {
			t.Errorf("%v", told(d))
		}
	})
	t.Run("a SOC is no client", func(t *testing.T) {
		r := notice(exchange.TLPGreen)
		r.Notice.Part.Objects = []exchange.Object{{FQDN: []string{"www.beta.example"}}}
		if d := decide(r, "nccis"); len(d.Notices)+len(d.Proposals) != 0 {
			t.Errorf("%v", told(d))
		}
	})
	t.Run("vulnerabilities and threats as well", func(t *testing.T) {
		people["bank"].Assets.Products = []string{"cpe:2.3:a:nginx:nginx:*"}
		e = Default(reg)
		same(t, "vulnerability", told(decide(&exchange.Report{Kind: exchange.Vulnerability, TLP: exchange.TLPClear, Vulnerability: &exchange.VulnerabilityBody{
			Products: []exchange.Product{{CPE: "cpe:2.3:a:nginx:nginx:1.25"}}}}, "nccis")), []string{"bank 5 concerning affected-product-matches"})
		same(t, "threat", told(decide(&exchange.Report{Kind: exchange.Threat, TLP: exchange.TLPClear, Threat: &exchange.ThreatBody{
			Sources: []exchange.AttackSource{{FQDN: "x.dc.example"}}}}, "nccis")), []string{"datacentre 5 concerning source-domain-name-matches"})
	})
	t.Run("the NCCIS itself owes nothing under clause 5", func(t *testing.T) {
		reg, people := town(t, exchange.KindNCCIS)
		if d := Default(reg).Decide(Case{Reports: []*exchange.Report{notice(exchange.TLPClear)}, From: people["nccis"], At: received}); len(d.Notices) != 0 {
			t.Errorf("%v", told(d))
		}
	})
}

// AMBER under a rule of one's own that tells more than whom it concerns.
func TestClause5AmberReachesClientsOnly(t *testing.T) {
	reg, people := town(t, exchange.KindSOC)
	e := engine(t, reg, `rules: [{id: all, clause: "5", kinds: [notice], when: "true", tell: [served-organisation, soc], part: headline}]`)
	d := func(label exchange.TLP) Decision {
		r := notice(label)
		r.Notice.Part.Objects = r.Notice.Part.Objects[:1]
		return e.Decide(Case{Reports: []*exchange.Report{r}, From: people["nccis"], At: moment()})
	}
	same(t, "AMBER", told(d(exchange.TLPAmber)), []string{"bank 5 headline of-kind-served-organisation"})
	if n := len(d(exchange.TLPGreen).Notices); n != 6 {
		t.Errorf("GREEN reaches %d of the community, want 6: %v", n, told(d(exchange.TLPGreen)))
	}
	if red := d(exchange.TLPRed); len(red.Notices) != 0 || len(red.Proposals) != 6 {
		t.Errorf("RED: %v, %v", told(red), proposed(red))
	}
}
