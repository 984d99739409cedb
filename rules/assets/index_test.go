package assets

import (
	"testing"

	"almasu/exchange"
)

func soc(id string, a exchange.Assets) *exchange.Participant {
	return &exchange.Participant{ID: id, Kinds: []exchange.ParticipantKind{exchange.KindSOC}, Assets: a}
}

func incident(change func(*exchange.IncidentBody)) *exchange.Report {
	in := &exchange.IncidentBody{}
	change(in)
	return &exchange.Report{Kind: exchange.Incident, ID: "r-1", Reporter: "soc-reporter", Incident: in}
}

func object(o exchange.Object) *exchange.Report {
	return incident(func(in *exchange.IncidentBody) { in.Objects = []exchange.Object{o} })
}

// Each case: what the one participant owns, what the report names, and by what
// it is concerned ("" for not at all).
func TestConcerns(t *testing.T) {
	cases := []struct {
		name   string
		owns   exchange.Assets
		report *exchange.Report
		want   string
	}{
		{"named", exchange.Assets{}, incident(func(in *exchange.IncidentBody) { in.Concerns = []string{"soc-one"} }), "named id"},
		{"victim by BIN", exchange.Assets{BINs: []string{"150540000027"}},
			incident(func(in *exchange.IncidentBody) { in.Victim = &exchange.Organisation{BIN: "150540000027"} }), "victim bin"},
		{"an empty BIN", exchange.Assets{BINs: []string{""}}, incident(func(in *exchange.IncidentBody) { in.Victim = &exchange.Organisation{} }), ""},
		{"victim by sector in another case", exchange.Assets{Sectors: []string{"Energy "}},
			incident(func(in *exchange.IncidentBody) { in.Victim = &exchange.Organisation{Sector: "energy"} }), "victim sector"},
		{"owner by BIN", exchange.Assets{BINs: []string{"150540000027"}}, object(exchange.Object{Owner: "150540000027"}), "object-owner bin"},
		{"address in its network", exchange.Assets{CIDRs: []string{"192.0.2.0/24"}}, object(exchange.Object{IP: []string{"192.0.2.255"}}), "object address"},
		{"address beside its network", exchange.Assets{CIDRs: []string{"192.0.2.0/25"}}, object(exchange.Object{IP: []string{"192.0.2.128"}}), ""},
		{"IPv4 written as IPv6", exchange.Assets{CIDRs: []string{"192.0.2.0/24"}}, object(exchange.Object{IP: []string{"::ffff:192.0.2.1"}}), "object address"},
		{"network around its network", exchange.Assets{CIDRs: []string{"192.0.2.64/26"}}, object(exchange.Object{IP: []string{"192.0.2.0/24"}}), "object address"},
		{"network beside its network", exchange.Assets{CIDRs: []string{"192.0.3.0/24"}}, object(exchange.Object{IP: []string{"192.0.2.0/24"}}), ""},
		{"IPv6 of the same length as an IPv4 network", exchange.Assets{CIDRs: []string{"2001:db8::/24"}}, object(exchange.Object{IP: []string{"32.1.13.9"}}), ""},
		{"IPv6", exchange.Assets{CIDRs: []string{"2001:db8::/32"}}, object(exchange.Object{IP: []string{"2001:DB8::1"}}), "object address"},
		{"autonomous system", exchange.Assets{ASNs: []int{9198}}, object(exchange.Object{ASN: []int{9198}}), "object asn"},
		{"name under its domain", exchange.Assets{Domains: []string{"Bank.example."}}, object(exchange.Object{FQDN: []string{"www.bank.EXAMPLE"}}), "object domain-name"},
		{"look-alike name", exchange.Assets{Domains: []string{"bank.example"}}, object(exchange.Object{FQDN: []string{"notbank.example", "bank.example.org"}}), ""},
		{"the domain above its name", exchange.Assets{Domains: []string{"www.bank.example"}}, object(exchange.Object{FQDN: []string{"bank.example"}}), ""},
		{"web address under its path", exchange.Assets{URLs: []string{"https://portal.example/bank"}}, object(exchange.Object{URL: []string{"http://portal.example:8080/bank/login?x=1"}}), "object url"},
		{"web address beside its path", exchange.Assets{URLs: []string{"https://portal.example/bank"}}, object(exchange.Object{URL: []string{"https://portal.example/bankrupt"}}), ""},
		{"web address at its domain", exchange.Assets{Domains: []string{"bank.example"}}, object(exchange.Object{URL: []string{"https://a.bank.example/"}}), "object url"},
		{"web address at its network", exchange.Assets{CIDRs: []string{"192.0.2.0/24"}}, object(exchange.Object{URL: []string{"https://192.0.2.9/"}}), "object url"},
		{"web address at its IPv6 network", exchange.Assets{CIDRs: []string{"2001:db8::/32"}}, object(exchange.Object{URL: []string{"https://[2001:db8::1]/"}}), "object url"},
		{"product of any version", exchange.Assets{Products: []string{"cpe:2.3:a:nginx:nginx:*"}},
			object(exchange.Object{Software: []string{"cpe:2.3:a:Nginx:nginx:1.25.1:*:*:*:*:*:*:*"}}), "object product"},
		{"product of another version", exchange.Assets{Products: []string{"cpe:2.3:a:nginx:nginx:1.24"}},
			object(exchange.Object{Software: []string{"cpe:2.3:a:nginx:nginx:1.25"}}), ""},
		{"product in the older form", exchange.Assets{Products: []string{"cpe:/a:nginx:nginx"}},
			object(exchange.Object{Software: []string{"cpe:2.3:a:nginx:nginx:1.25"}}), "object product"},
		{"product of any vendor", exchange.Assets{Products: []string{"cpe:2.3:o:*:linux_kernel"}},
			object(exchange.Object{Software: []string{"cpe:2.3:o:linux:linux_kernel:6.1"}}), "object product"},
		{"an escaped colon", exchange.Assets{Products: []string{`cpe:2.3:a:foo\:bar:x`}},
			object(exchange.Object{Software: []string{`cpe:2.3:a:foo:bar:x`}}), ""},
		{"it is where the attack came from", exchange.Assets{CIDRs: []string{"192.0.2.0/24"}},
			incident(func(in *exchange.IncidentBody) { in.Sources = []exchange.AttackSource{{IP: "192.0.2.1"}} }), "source address"},
		{"its mailbox is an indicator", exchange.Assets{Domains: []string{"bank.example"}},
			incident(func(in *exchange.IncidentBody) {
				in.Indicators = []exchange.Indicator{{Type: "email", Value: "a@bank.example"}}
			}), "indicator domain-name"},
		{"a hash that looks like a BIN", exchange.Assets{BINs: []string{"150540000027"}},
			incident(func(in *exchange.IncidentBody) {
				in.Indicators = []exchange.Indicator{{Type: "md5", Value: "150540000027"}}
			}), ""},
		{"a vulnerable product", exchange.Assets{Products: []string{"cpe:2.3:a:nginx:nginx"}},
			&exchange.Report{Kind: exchange.Vulnerability, Vulnerability: &exchange.VulnerabilityBody{Products: []exchange.Product{{CPE: "cpe:2.3:a:nginx:nginx:1"}}}}, "affected product"},
		{"a threat to its network", exchange.Assets{CIDRs: []string{"192.0.2.0/24"}},
			&exchange.Report{Kind: exchange.Threat, Threat: &exchange.ThreatBody{Objects: []exchange.Object{{IP: []string{"192.0.2.1"}}}}}, "object address"},
		{"the part of a notice", exchange.Assets{CIDRs: []string{"192.0.2.0/24"}},
			&exchange.Report{Kind: exchange.Notice, Notice: &exchange.NoticeBody{Part: &exchange.NoticePart{Objects: []exchange.Object{{IP: []string{"192.0.2.1"}}}}}}, "object address"},
		{"nonsense", exchange.Assets{CIDRs: []string{"x"}, URLs: []string{"::"}, Products: []string{"y"}},
			object(exchange.Object{IP: []string{"x"}, URL: []string{"::"}, Software: []string{"y"}, FQDN: []string{"...", ""}}), ""},
		{"a report without assets", exchange.Assets{BINs: []string{"150540000027"}}, &exchange.Report{Kind: exchange.Ping, Ping: &exchange.PingBody{}}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			x := NewIndex([]*exchange.Participant{soc("soc-other", exchange.Assets{}), soc("soc-one", c.owns)})
			got := ""
			for _, hit := range x.Concerns(c.report) {
				if hit.To.ID != "soc-one" || got != "" {
					t.Errorf("also %s by %v", hit.To.ID, hit.By)
				}
				got = string(hit.By.Place) + " " + string(hit.By.What)
			}
			if got != c.want {
				t.Errorf("concerned by %q, want %q", got, c.want)
			}
		})
	}
}

func TestConcernsByNameAndFQDN(t *testing.T) {
	p := soc("soc-one", exchange.Assets{})
	p.Name, p.FQDNs, p.BIN = exchange.Names{RU: "ТОО «Үлгі Банк»"}, []string{"ulgi.example"}, "150540000027"
	x := NewIndex([]*exchange.Participant{p})
	for name, r := range map[string]*exchange.Report{
		"the name without quotation marks": incident(func(in *exchange.IncidentBody) {
			in.Victim = &exchange.Organisation{Name: exchange.Names{KK: "тоо  Үлгі банк"}}
		}),
		"its own FQDN": object(exchange.Object{FQDN: []string{"docs.ulgi.example"}}),
		"its own BIN":  object(exchange.Object{Owner: "150540000027"}),
	} {
		if len(x.Concerns(r)) != 1 {
			t.Errorf("%s: not concerned", name)
		}
	}
}
