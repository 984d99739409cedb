package card

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

// What the fields of the kinds other than incident and quarterly say together.
func TestMeaning(t *testing.T) {
	const indicators = `"indicators":[{"type":"%s","value":"%s"}]`
	threat := func(more string) string {
		return `"threat_id":"T","title":"x","description":"x","observed_at":"2026-11-23T12:00:00Z",` + more
	}
	vulnerability := func(more string) string {
		return `"vulnerability_id":"V","title":"x","description":"x","found_at":"2026-11-23T12:00:00Z",` + more
	}
	notice := `"clause":"12.2","edition":"1","purpose":"x","number":"N",`
	nested := strings.ReplaceAll(incidentJSON[strings.Index(incidentJSON, `"incident_id"`):], "17:50:00", "17:30:00")
	for _, c := range []struct {
		name string
		kind exchange.ReportKind
		body string
		want string
	}{
		{"a threat", exchange.Threat, threat(`"advice":"x"`), ""},
		{"observed tomorrow", exchange.Threat, strings.Replace(threat(`"advice":"x"`), "11-23", "11-24", 1), "semantic-future /observed_at"},
		{"SHA-1", exchange.Threat, threat(fmt.Sprintf(indicators, "sha1", strings.Repeat("aB", 20))), ""},
		{"SHA-1 that is an MD5", exchange.Threat, threat(fmt.Sprintf(indicators, "sha1", strings.Repeat("ab", 16))), "semantic-digest /indicators/0/value"},
		{"SHA-256 that is not hex", exchange.Threat, threat(fmt.Sprintf(indicators, "sha256", strings.Repeat("xy", 32))), "semantic-digest /indicators/0/value"},
		{"SHA-512", exchange.Threat, threat(fmt.Sprintf(indicators, "sha512", strings.Repeat("ab", 64))), ""},
		{"domain that is an address", exchange.Threat, threat(fmt.Sprintf(indicators, "fqdn", "https://x.example/")), "pattern-fqdn /indicators/0/value"},
		{"a network", exchange.Threat, threat(fmt.Sprintf(indicators, "ip", "2001:db8::/32")), ""},
		{"an international domain that is none", exchange.Threat, threat(fmt.Sprintf(indicators, "fqdn", "xn--a.example")), "pattern-fqdn /indicators/0/value"},
		{"an endless domain", exchange.Threat, threat(fmt.Sprintf(indicators, "fqdn", strings.Repeat("a.", 5000)+"kz")), "pattern-fqdn /indicators/0/value"},
		{"an address with a bad escape", exchange.Threat, threat(fmt.Sprintf(indicators, "url", "https://x.example/%zz")), "pattern-url /indicators/0/value"},
		{"a mailbox", exchange.Threat, threat(fmt.Sprintf(indicators, "email", "a@b.example")), ""},
		{"a rule, whatever it says", exchange.Threat, threat(fmt.Sprintf(indicators, "yara", "rule x { condition: true }")), ""},
		{"a vulnerability", exchange.Vulnerability, vulnerability(`"cvss":{"version":"3.1","vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","score":9.8}`), ""},
		{"a vulnerability without a score", exchange.Vulnerability, vulnerability(`"cvss":{"version":"4.0","vector":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}`), ""},
		{"another score than the vector gives", exchange.Vulnerability, vulnerability(`"cvss":{"version":"3.1","vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","score":9.9}`), "semantic-cvss-score /cvss/score"},
		{"a product whose CPE is none", exchange.Vulnerability, vulnerability(`"products":[{"name":"x","cpe":"cpe:/x"}]`), "pattern-cpe /products/0/cpe"},
		{"a product with a CPE", exchange.Vulnerability, vulnerability(`"products":[{"name":"x","cpe":"cpe:/a:mysal:portal:4.2"}]`), ""},
		{"half a vector", exchange.Vulnerability, vulnerability(`"cvss":{"version":"3.1","vector":"CVSS:3.1/AV:N","score":10}`), "semantic-cvss-vector /cvss/vector"},
		{"vector of another version", exchange.Vulnerability, vulnerability(`"cvss":{"version":"4.0","vector":"CVSS:3.1/AV:N"}`), "semantic-cvss /cvss/vector"},
		{"score with two digits", exchange.Vulnerability, vulnerability(`"cvss":{"version":"4.0","vector":"CVSS:4.0/AV:N","score":7.55}`), "range-digits /cvss/score"},
		{"score written long", exchange.Vulnerability, vulnerability(`"cvss":{"version":"4.0","vector":"CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N","score":7.70}`), ""},
		{"score over ten", exchange.Vulnerability, vulnerability(`"cvss":{"version":"4.0","vector":"CVSS:4.0/AV:N","score":10.1}`), "range-max /cvss/score"},
		{"to be mended in the future", exchange.Vulnerability, vulnerability(`"fix_by":"2027-01-01T00:00:00Z"`), ""},
		{"answer wanted before the question", exchange.Request, `"clause":"10.4","subject":"x","text":"x","answer_by":"2026-11-23T12:59:59Z"`, "semantic-before /answer_by"},
		{"a notice with its incident", exchange.Notice, notice + `"incident":{` + strings.Replace(nested, "17:30:00", "17:50:00", 1), ""},
		{"an incident inside a notice", exchange.Notice, notice + `"incident":{` + nested, "semantic-before /incident/confirmed_at"},
		{"Base64 cut off", exchange.Receipt, `"number":"N","received_at":"2026-11-23T12:00:00Z","decided_at":"2026-11-23T12:00:00Z","verdict":"held",` +
			`"digest":{"alg":"sha256","value":"QUJDR","over":"entity"}`, "pattern-base64 /digest/value"},
		{"a refusal code nobody has", exchange.Receipt, `"number":"N","received_at":"2026-11-23T12:00:00Z","decided_at":"2026-11-23T12:00:00Z","verdict":"refused",` +
			`"code":"boring","problems":[{"path":"/x","code":"ugly","text":"x"}]`, "enum-refusal /code enum-problem /problems/0/code"},
	} {
		t.Run(c.name, func(t *testing.T) {
			head := fmt.Sprintf(`{"almasu":"card/1","kind":"%s","report_id":"R","revision":1,"reporter":"a","generated_at":"2026-11-23T13:00:00Z",`, c.kind)
			data := head + c.body + "}"
			data = data[:len(data)-strings.Count(c.body, "\n}")] // the nested card has brought its own brace
			if c.kind == exchange.Notice {
				data += "}"
			}
			_, problems := readAt(t, exchange.CardJSON, data)
			var got []string
			for _, p := range problems {
				got = append(got, p.Key+" "+p.Path)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// The bounds of a quarter hold in every zone and for both ways to write an end.
func TestQuarterBounds(t *testing.T) {
	for _, c := range []struct {
		from, to string
		sound    bool
	}{
		{"2026-10-01T00:00:00+05:00", "2027-01-01T00:00:00+05:00", true},
		{"2026-09-30T19:00:00Z", "2026-12-31T18:59:59Z", true},
		{"2026-10-01T00:00:00Z", "2026-12-31T23:59:59Z", true},
		{"2026-10-03T00:00:00Z", "2026-12-31T23:59:59Z", false},
		{"2026-07-01T00:00:00Z", "2026-09-30T23:59:59Z", false},
	} {
		from, _ := moment(c.from)
		to, _ := moment(c.to)
		r := &reader{doc: &tree.Document{}}
		r.bounds(&tree.Node{}, &exchange.QuarterlyBody{Quarter: "2026-Q4", From: from, To: to})
		if (len(r.faults) == 0) != c.sound {
			t.Errorf("%s to %s: %v", c.from, c.to, r.faults)
		}
	}
}

// A time keeps the offset it was written with, whatever zone the machine is in.
func TestMoment(t *testing.T) {
	for s, offset := range map[string]int{"2026-11-23T18:00:00+05:00": 18000, "2026-11-23T18:00:00.123456789-00:30": -1800, "2026-11-23T18:00:00Z": 0, "2026-11-23T18:00:00+00:00": 0} {
		m, fl := moment(s)
		if _, got := m.Zone(); fl.code != "" || got != offset || m.Location() == time.Local {
			t.Errorf("%s: %v %v", s, m, fl)
		}
	}
	for _, s := range []string{"", "2026-11-23", "2026-11-23 18:00:00Z", "2026-11-23T18:00:00", "2026-11-23T18:00Z", "2026-13-01T00:00:00Z", "2026-11-31T00:00:00Z",
		"0001-01-01T00:00:00Z", "2026-11-23T18:00:00+24:00", "2026-11-23T18:00:00,5Z", "2026-11-23T18:00:00.Z", "2026-11-23T18:00:00z", "20261-11-23T18:00:00Z"} {
		if m, fl := moment(s); fl.code == "" {
			t.Errorf("%q is read as %v", s, m)
		}
	}
}

// The published schemas are themselves documents without a fault, and name
// every field.
func TestSchemasAreSound(t *testing.T) {
	for _, d := range []*tree.Document{tree.ReadJSON(JSONSchema(), tree.Limits{}), tree.ReadXML(XSD(), "", tree.Limits{})} {
		for _, f := range d.Faults {
			if f.Key != "encoding-character" { // the patterns name what they bar
				t.Errorf("%s: %+v", d.Syntax, f)
			}
		}
		if !d.Whole {
			t.Errorf("%s is not whole", d.Syntax)
		}
		for _, o := range theTable().kinds {
			for _, f := range o.fields {
				if !strings.Contains(string(d.Text), `"`+f.name+`"`) {
					t.Errorf("%s: no field %s", d.Syntax, f.name)
				}
			}
		}
	}
}

// Problems of a card are bounded, and the last says that there are more.
func TestProblemsAreBounded(t *testing.T) {
	var objects strings.Builder
	for range 500 {
		objects.WriteString("<object><x/></object>")
	}
	_, problems := readAt(t, exchange.CardXML, strings.Replace(incidentXML, "</card>", "<objects>"+objects.String()+"</objects></card>", 1))
	if len(problems) != 101 || problems[100].Key != "limit-problems" || problems[99].Path != "/card/objects/object[100]/*[1]" {
		t.Errorf("%d problems, the last %+v", len(problems), problems[len(problems)-1])
	}
}

func TestRecognise(t *testing.T) {
	for in, want := range map[string]bool{
		`{"almasu":"card/9"}`: true, `{"almasu":null}`: true, `{"Almasu":"card/1"}`: false, `{"x":{"almasu":"card/1"}}`: false, `["almasu"]`: false, `"almasu"`: false, `{"almasu":"card/1"`: true,
	} {
		if got := Recognise(tree.ReadJSON([]byte(in), tree.Limits{})); got != want {
			t.Errorf("%s: %v", in, got)
		}
	}
	for in, want := range map[string]bool{
		`<card xmlns="urn:almasu:card:1"/>`: true, `<x:note xmlns:x="urn:almasu:card:7"/>`: true, `<card><almasu/></card>`: true, `<card/>`: false,
		`<a xmlns:x="urn:almasu:card:1"/>`: false, `<a><card xmlns="urn:almasu:card:1"/></a>`: false, ``: false,
	} {
		if got := Recognise(tree.ReadXML([]byte(in), "", tree.Limits{})); got != want {
			t.Errorf("%s: %v", in, got)
		}
	}
}
