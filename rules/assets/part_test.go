package assets

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"almasu/exchange"
)

func people() (alfa, beta *exchange.Participant, x *Index) {
	alfa = soc("soc-alfa", exchange.Assets{BINs: []string{"150540000027"}, CIDRs: []string{"192.0.2.0/24"}, Domains: []string{"alfa.example"}})
	beta = soc("soc-beta", exchange.Assets{BINs: []string{"180340000015"}, CIDRs: []string{"198.51.100.0/24"}, Domains: []string{"beta.example"},
		URLs: []string{"https://portal.example/beta"}, ASNs: []int{9198}})
	alfa.Name, beta.Name = exchange.Names{KK: "Альфа банк"}, exchange.Names{KK: "Бета банк", RU: "Банк «Бета»"}
	return alfa, beta, NewIndex([]*exchange.Participant{alfa, beta})
}

func TestPartOfAnObject(t *testing.T) {
	alfa, _, x := people()
	cases := []struct {
		name      string
		in        exchange.Object
		want      *exchange.Object // nil: nothing of it
		untouched bool
	}{
		{"its own in whole", exchange.Object{Name: "Портал", Type: "information-system", Owner: "150540000027", IP: []string{"192.0.2.1"}, Software: []string{"nginx"}},
			&exchange.Object{Name: "Портал", Type: "information-system", Owner: "150540000027", IP: []string{"192.0.2.1"}, Software: []string{"nginx"}}, true},
		{"its own by BIN, at an address nobody has", exchange.Object{Owner: "150540000027", IP: []string{"203.0.113.1"}},
			&exchange.Object{Owner: "150540000027", IP: []string{"203.0.113.1"}}, true},
		{"its own by BIN, at another's address", exchange.Object{Name: "Портал", Owner: "150540000027", IP: []string{"198.51.100.1"}},
			&exchange.Object{Owner: "150540000027"}, false},
		{"another's by BIN, at its address", exchange.Object{Name: "Портал", Owner: "180340000015", IP: []string{"192.0.2.1"}},
			&exchange.Object{IP: []string{"192.0.2.1"}}, false},
		{"a stranger's by BIN, at its address", exchange.Object{Owner: "990340000015", IP: []string{"192.0.2.1"}, FQDN: []string{"x.example"}},
			&exchange.Object{IP: []string{"192.0.2.1"}}, false},
		{"both addresses", exchange.Object{IP: []string{"192.0.2.1", "198.51.100.1"}, FQDN: []string{"a.alfa.example", "b.beta.example"}},
			&exchange.Object{IP: []string{"192.0.2.1"}, FQDN: []string{"a.alfa.example"}}, false},
		{"a network around its network", exchange.Object{IP: []string{"192.0.0.0/16"}}, nil, false},
		{"a network in its network", exchange.Object{IP: []string{"192.0.2.64/26"}}, &exchange.Object{IP: []string{"192.0.2.64/26"}}, true},
		{"another's", exchange.Object{Name: "Портал", IP: []string{"198.51.100.1"}}, nil, false},
		{"nobody's", exchange.Object{Name: "Портал", IP: []string{"203.0.113.1"}}, nil, false},
		{"a name that tells of another", exchange.Object{Name: "Бета банкінің порталы", Owner: "150540000027", Software: []string{"proxy to b.beta.example"}},
			&exchange.Object{Owner: "150540000027"}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := x.Part(object(c.in), alfa, true)
			switch {
			case c.want == nil && len(got.Objects) != 0:
				t.Errorf("it gets %+v", got.Objects)
			case c.want != nil && (len(got.Objects) != 1 || !reflect.DeepEqual(got.Objects[0], *c.want)):
				t.Errorf("it gets %+v, want %+v", got.Objects, *c.want)
			case (got.Withheld == nil) != c.untouched:
				t.Errorf("withheld %+v", got.Withheld)
			}
		})
	}
}

func TestFreeText(t *testing.T) {
	alfa, _, x := people()
	cases := []struct {
		text string
		free bool
		goes bool
	}{
		{"Шабуыл 192.0.2.1 мекенжайына жасалды", true, true},
		{"Шабуыл 192.0.2.1 мекенжайына жасалды", false, false},
		{"attacked 198.51.100.7 as well", true, false},
		{"attacked 198.51.100[.]7 as well", true, false},
		{"attacked 198.51.100.7:443", true, false},
		{"the network 198.51.0.0/16", true, false},
		{"hxxps://portal[.]example/beta/login", true, false},
		{"https://portal.example/gamma", true, true},
		{"see www.beta.example.", true, false},
		{"mail from x@beta.example", true, false},
		{"БСН 180340000015", true, false},
		{"BIN180340000015", true, false},
		{"через AS9198", true, false},
		{"через as 9198", true, false},
		{"Бета банкінің порталы", true, false},
		{"жертва банк Бета", true, false},
		{"диабета нет", true, true},
		{"as told by soc-beta", true, false},
		{"the reporter soc-reporter, r-1", true, false},
		{"ТОО Гамма", true, false}, // the victim that was removed
		{"Альфа банк порталы", true, true},
		{"16 байт :: 12:30, 1.5 ГБ", true, true},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			r := incident(func(in *exchange.IncidentBody) {
				in.Summary, in.Victim = c.text, &exchange.Organisation{Name: exchange.Names{RU: "ТОО «Гамма»"}}
			})
			got := x.Part(r, alfa, c.free)
			if goes := len(got.Texts) == 1; goes != c.goes || got.Withheld.Victims != 1 || (got.Withheld.Texts == 1) == c.goes {
				t.Errorf("goes %t, withheld %+v", goes, got.Withheld)
			}
		})
	}
}

func TestPartOfSourcesIndicatorsAndProducts(t *testing.T) {
	alfa, beta, x := people()
	r := incident(func(in *exchange.IncidentBody) {
		in.Objects = []exchange.Object{{IP: []string{"203.0.113.50"}}} // an unregistered victim
		in.Sources = []exchange.AttackSource{{IP: "203.0.113.1"}, {IP: "198.51.100.9"}, {IP: "203.0.113.50"}, {ASN: 9198}, {Email: "x@beta.example"}}
		in.Indicators = []exchange.Indicator{{Type: "sha256", Value: strings.Repeat("a", 64)}, {Type: "fqdn", Value: "c2.evil.example"},
			{Type: "ip", Value: "198.51.100.3"}, {Type: "yara", Value: `$a = "beta.example"`}, {Type: "md5", Value: "00", Note: "found at Бета банк"}}
	})
	got := x.Part(r, alfa, true)
	if len(got.Sources) != 1 || len(got.Indicators) != 3 || got.Indicators[2].Note != "" ||
		*got.Withheld != (exchange.Withheld{Objects: 1, Sources: 4, Indicators: 2, Texts: 1}) {
		t.Errorf("alfa: %+v, withheld %+v", got, got.Withheld)
	}
	if got := x.Part(r, beta, true); len(got.Sources) != 4 || len(got.Indicators) != 5 {
		t.Errorf("beta: %+v, withheld %+v", got, got.Withheld)
	}
	beta.Assets.Products = []string{"cpe:2.3:a:acme:door"}
	x = NewIndex([]*exchange.Participant{alfa, beta})
	v := &exchange.Report{Kind: exchange.Vulnerability, Vulnerability: &exchange.VulnerabilityBody{Title: "t", CVE: []string{"CVE-2026-1"},
		Products: []exchange.Product{{Name: "door", CPE: "cpe:2.3:a:acme:door:1"}, {Name: "window"}}, Owner: &exchange.Organisation{BIN: "180340000015"}}}
	if got := x.Part(v, alfa, true); len(got.Products) != 1 || got.Withheld.Products != 1 || got.Withheld.Victims != 1 || len(got.CVE) != 1 {
		t.Errorf("alfa: %+v, withheld %+v", got, got.Withheld)
	}
	if got := x.Part(v, beta, true); len(got.Products) != 2 || got.Victim == nil || got.Withheld != nil {
		t.Errorf("beta: %+v, withheld %+v", got, got.Withheld)
	}
}

// A part of a part is the part: forwarding a notice under clause 5 gives no
// more than the NCCIS gave.
func TestPartOfANotice(t *testing.T) {
	alfa, _, x := people()
	r := object(exchange.Object{Name: "Портал", Owner: "150540000027", IP: []string{"192.0.2.1"}})
	r.Incident.Victim = &exchange.Organisation{BIN: "150540000027", Name: exchange.Names{KK: "Альфа банк"}}
	first := x.Part(r, alfa, true)
	again := x.Part(&exchange.Report{Kind: exchange.Notice, Notice: &exchange.NoticeBody{Part: &first}}, alfa, true)
	if !reflect.DeepEqual(first, again) || first.Victim == nil {
		t.Errorf("%+v\n%+v", first, again)
	}
}

// TestNoAssetOfOneOrganisationEverReachesAnother: whatever a report mixes, in
// fields and in free text, the part of an organisation holds nothing that is
// registered to another one.
func TestNoAssetOfOneOrganisationEverReachesAnother(t *testing.T) {
	var orgs []*exchange.Participant
	for i := range 6 {
		p := soc(fmt.Sprintf("org-%c", 'a'+i), exchange.Assets{BINs: []string{fmt.Sprintf("15054000%04d", i)}, CIDRs: []string{fmt.Sprintf("10.%d.0.0/16", i)},
			ASNs: []int{64500 + i}, Domains: []string{fmt.Sprintf("org%d.example", i)}, URLs: []string{fmt.Sprintf("https://portal.example/tenant%d", i)}})
		p.Name = exchange.Names{KK: fmt.Sprintf("Ұйым №%d аты", i)}
		orgs = append(orgs, p)
	}
	x := NewIndex(orgs)
	rapid.Check(t, func(t *rapid.T) {
		r := drawReport(t)
		for i, to := range orgs {
			b, err := json.Marshal(x.Part(r, to, rapid.Bool().Draw(t, "free")))
			if err != nil {
				t.Fatal(err)
			}
			for j := range orgs {
				for _, secret := range secretsOf(j) {
					if i != j && strings.Contains(strings.ToLower(string(b)), strings.ToLower(secret)) {
						t.Fatalf("%q of org %d reaches org %d: %s", secret, j, i, b)
					}
				}
			}
		}
	})
}

// secretsOf are forms in which assets of an organisation stand in a report.
func secretsOf(i int) []string {
	return []string{fmt.Sprintf("15054000%04d", i), fmt.Sprintf("10.%d.7.", i), fmt.Sprintf("org%d.example", i),
		fmt.Sprintf("/tenant%d/", i), fmt.Sprintf("Ұйым №%d аты", i), fmt.Sprintf("org-%c", 'a'+i), fmt.Sprint(64500 + i)}
}

func drawReport(t *rapid.T) *exchange.Report {
	org := rapid.IntRange(0, 7) // 6 and 7 are registered nowhere
	ip := func() string {
		return fmt.Sprintf("10.%d.7.%d", org.Draw(t, "org"), rapid.IntRange(1, 9).Draw(t, "host"))
	}
	name := func() string { return fmt.Sprintf("www.Org%d.example", org.Draw(t, "org")) }
	web := func() string { return fmt.Sprintf("https://portal.example/tenant%d/x", org.Draw(t, "org")) }
	bin := func() string { return fmt.Sprintf("15054000%04d", org.Draw(t, "org")) }
	title := func() string { return fmt.Sprintf("«Ұйым №%d аты»", org.Draw(t, "org")) }
	text := func() string {
		switch rapid.IntRange(0, 7).Draw(t, "text") {
		case 0:
			return "кейін " + ip() + ", " + name()
		case 1:
			return web() + " бұзылды (" + bin() + ")"
		case 2:
			return fmt.Sprintf("AS%d арқылы", 64500+org.Draw(t, "org"))
		case 3:
			return title() + "ның жүйесі"
		case 4:
			return fmt.Sprintf("told by org-%c", 'a'+org.Draw(t, "org"))
		case 5:
			return strings.ReplaceAll(ip(), ".", "[.]")
		}
		return ""
	}
	r := &exchange.Report{Kind: exchange.Incident, ID: "r-9", Reporter: fmt.Sprintf("org-%c", 'a'+org.Draw(t, "reporter")), Incident: &exchange.IncidentBody{}}
	in := r.Incident
	in.Summary, in.Cause, in.Measures = text(), text(), text()
	in.Victim = &exchange.Organisation{Name: exchange.Names{KK: title()}, BIN: bin()}
	for range rapid.IntRange(0, 3).Draw(t, "objects") {
		o := exchange.Object{Name: text(), Software: []string{text()}, IP: []string{ip(), ip()}, FQDN: []string{name()}, URL: []string{web()},
			ASN: []int{64500 + org.Draw(t, "asn")}}
		if rapid.Bool().Draw(t, "owned") {
			o.Owner = bin()
		}
		in.Objects = append(in.Objects, o)
	}
	for range rapid.IntRange(0, 3).Draw(t, "sources") {
		in.Sources = append(in.Sources, exchange.AttackSource{IP: ip(), FQDN: name(), URL: web(), Email: "x@" + name()})
	}
	for range rapid.IntRange(0, 4).Draw(t, "indicators") {
		kind := rapid.SampledFrom([]string{"ip", "fqdn", "url", "email", "other", "yara"}).Draw(t, "type")
		value := map[string]func() string{"ip": ip, "fqdn": name, "url": web, "email": func() string { return "a@" + name() }, "other": text, "yara": text}[kind]()
		in.Indicators = append(in.Indicators, exchange.Indicator{Type: kind, Value: value, Note: text()})
	}
	return r
}
