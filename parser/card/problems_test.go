package card

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

// The smallest incident card, one field a line, and its twin in XML.
const (
	incidentJSON = `{
"almasu": "card/1",
"kind": "incident",
"report_id": "INC-1",
"revision": 1,
"reporter": "soc-alfa",
"generated_at": "2026-11-23T18:00:00+05:00",
"incident_id": "INC-1",
"contact": {"email": "duty@soc-alfa.example", "phone": "+77172000000"},
"detected_at": "2026-11-23T17:40:00+05:00",
"confirmed_at": "2026-11-23T17:50:00+05:00",
"class": {"rsit": "fraud/phishing"},
"severity": "high",
"summary": "Фишинг",
"occasion": "10.1"
}`
	incidentXML = `<card xmlns="urn:almasu:card:1">
<almasu>card/1</almasu>
<kind>incident</kind>
<report_id>INC-1</report_id>
<revision>1</revision>
<reporter>soc-alfa</reporter>
<generated_at>2026-11-23T18:00:00+05:00</generated_at>
<incident_id>INC-1</incident_id>
<contact><email>duty@soc-alfa.example</email><phone>+77172000000</phone></contact>
<detected_at>2026-11-23T17:40:00+05:00</detected_at>
<confirmed_at>2026-11-23T17:50:00+05:00</confirmed_at>
<class><rsit>fraud/phishing</rsit></class>
<severity>high</severity>
<summary>Фишинг</summary>
<occasion>10.1</occasion>
</card>`
)

func readAt(t *testing.T, f exchange.Format, data string) (*exchange.Report, []exchange.Problem) {
	t.Helper()
	now := time.Date(2026, 11, 23, 18, 1, 0, 0, time.FixedZone("", 5*3600))
	return Read(treeOf(f, []byte(data)), now)
}

// change is one mistake: old in the smallest card becomes new. want is
// "code key path line:column" of each problem.
type change struct {
	name, old, new string
	want           []string
}

func (c change) check(t *testing.T, f exchange.Format, whole string) {
	t.Helper()
	if !strings.Contains(whole, c.old) {
		t.Fatalf("%q is not in the card", c.old)
	}
	r, problems := readAt(t, f, strings.Replace(whole, c.old, c.new, 1))
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%s %s %s %d:%d", p.Code, p.Key, p.Path, p.Line, p.Column))
	}
	if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
	}
	if len(c.want) == 0 && (r == nil || r.Incident == nil) {
		t.Error("no problem, but no report either")
	}
}

func TestJSONProblems(t *testing.T) {
	add := func(fields string) string { return `"summary": "Фишинг",` + "\n" + fields + "," }
	const summary = `"summary": "Фишинг",`
	for _, c := range []change{
		{"nothing wrong", "10.1", "10.1", nil},
		{"members in another order", "\"almasu\": \"card/1\",\n\"kind\": \"incident\",", "\"kind\": \"incident\",\n\"almasu\": \"card/1\",", nil},
		{"no summary", summary, "", []string{"required required /summary 1:1"}},
		{"nothing of the contact", `{"email": "duty@soc-alfa.example", "phone": "+77172000000"}`, `{}`,
			[]string{"required required /contact/email 9:12", "required required /contact/phone 9:12"}},
		{"misspelt", `"severity"`, `"severty"`, []string{"required required /severity 1:1", "unknown unknown-field /*[12] 13:1"}},
		{"unknown below unknown", summary, add(`"x": {"kind": {"y": 1}}`), []string{"unknown unknown-field /*[14] 15:1"}},
		{"twice", summary, add(`"severity": "low"`), []string{"duplicate duplicate-field /severity 15:1"}},
		{"null", `"high"`, `null`, []string{"type type-text /severity 13:13"}},
		{"number for a string", `"report_id": "INC-1"`, `"report_id": 1`, []string{"type type-text /report_id 4:14"}},
		{"string for a number", `"revision": 1`, `"revision": "1"`, []string{"type type-integer /revision 5:13"}},
		{"fraction of a revision", `"revision": 1`, `"revision": 1.5`, []string{"type type-integer /revision 5:13"}},
		{"whole number written as a fraction", `"revision": 1`, `"revision": 10.0e-1`, nil},
		{"huge exponent", `"revision": 1`, `"revision": 1e999999999`, []string{"type type-integer /revision 5:13"}},
		{"string for an object", `{"rsit": "fraud/phishing"}`, `"fraud/phishing"`, []string{"type type-object /class 12:10"}},
		{"object for a list", summary, add(`"objects": {}`), []string{"type type-list /objects 15:12"}},
		{"list for a string", `"high"`, `["high"]`, []string{"type type-text /severity 13:13"}},
		{"word for a truth value", summary, add(`"impact": {"personal_data": "yes"}`), []string{"type type-boolean /impact/personal_data 15:29"}},
		{"item of a wrong type", summary, add(`"objects": [{"ip": ["192.0.2.1", 7]}]`), []string{"type type-text /objects/0/ip/1 15:34"}},
		{"another version", "card/1", "card/2", []string{"enum enum-version /almasu 2:11"}},
		{"unknown kind", `"incident",`, `"accident",`, []string{"enum enum-kind /kind 3:9"}},
		{"kind twice", `"kind": "incident",`, `"kind": "incident", "kind": "threat",`, []string{"duplicate duplicate-field /kind 3:21"}},
		{"unknown class", "fraud/phishing", "fishing", []string{"enum enum-rsit /class/rsit 12:19"}},
		{"unknown severity", `"high"`, `"critical"`, []string{"enum enum /severity 13:13"}},
		{"country in small letters", summary, add(`"sources": [{"country": "kz"}]`), []string{"enum enum-country /sources/0/country 15:25"}},
		{"id with a space", `"report_id": "INC-1"`, `"report_id": "INC 1"`, []string{"pattern pattern-id /report_id 4:14"}},
		{"time without zone", "17:40:00+05:00", "17:40:00", []string{"pattern pattern-time /detected_at 10:16"}},
		{"time without seconds", "17:40:00+05:00", "17:40+05:00", []string{"pattern pattern-time /detected_at 10:16"}},
		{"a day that is not", "2026-11-23T17:40", "2026-02-30T17:40", []string{"pattern pattern-time /detected_at 10:16"}},
		{"phone without plus", "+77172000000", "87172000000", []string{"pattern pattern-phone /contact/phone 9:56"}},
		{"Kazakh phone too short", "+77172000000", "+7717200000", []string{"pattern pattern-phone /contact/phone 9:56"}},
		{"mail address without domain", "duty@soc-alfa.example", "duty@localhost", []string{"pattern pattern-email /contact/email 9:22"}},
		{"mail address with two dots", "duty@soc", "du..ty@soc", []string{"pattern pattern-email /contact/email 9:22"}},
		{"no such IP", summary, add(`"objects": [{"ip": ["192.0.2.300", "192.0.2.0/33"]}]`),
			[]string{"pattern pattern-ip /objects/0/ip/0 15:21", "pattern pattern-ip /objects/0/ip/1 15:36"}},
		{"URL of another scheme", summary, add(`"objects": [{"url": ["ftp://x.example/", "https://", "https://[::1/"]}]`),
			[]string{"pattern pattern-url /objects/0/url/0 15:22", "pattern pattern-url /objects/0/url/1 15:42", "pattern pattern-url /objects/0/url/2 15:54"}},
		{"FQDN of one label", summary, add(`"objects": [{"fqdn": ["localhost", "-a.kz", "x.xn--80ao21a"]}]`),
			[]string{"pattern pattern-fqdn /objects/0/fqdn/0 15:23", "pattern pattern-fqdn /objects/0/fqdn/1 15:36"}},
		{"two lines in one", summary, add(`"marking": "a\nb"`), []string{"pattern pattern-line /marking 15:12"}},
		{"BIN of eleven digits", summary, add(`"victim": {"name": {"ru": "x"}, "bin": "15054000002"}`), []string{"pattern pattern-bin /victim/bin 15:40"}},
		{"wrong check digit", summary, add(`"victim": {"name": {"ru": "x"}, "bin": "150540000020"}`), []string{"semantic semantic-bin /victim/bin 15:40"}},
		{"nameless", summary, add(`"victim": {"name": {}}`), []string{"semantic semantic-name /victim/name 15:20"}},
		{"empty", `"Фишинг"`, `""`, []string{"range range-empty /summary 14:12"}},
		{"blank", `"Фишинг"`, `" \n "`, []string{"semantic semantic-blank /summary 14:12"}},
		{"too long", `"Фишинг"`, `"` + strings.Repeat("ә", 20_001) + `"`, []string{"range range-length /summary 14:12"}},
		{"just not too long", `"Фишинг"`, `"` + strings.Repeat("ә", 20_000) + `"`, nil},
		{"revision nought", `"revision": 1`, `"revision": 0`, []string{"range range-min /revision 5:13"}},
		{"revision beyond 31 bits", `"revision": 1`, `"revision": 2147483648`, []string{"range range-max /revision 5:13"}},
		{"too many items", summary, add(`"concerns": [` + strings.Repeat(`"a",`, 10_001) + `"a"]`), []string{"cardinality cardinality /concerns/10000 15:40014"}},
		{"confirmed before detected", "17:50:00", "17:39:59", []string{"semantic semantic-before /confirmed_at 11:17"}},
		{"detected in another zone", "17:40:00+05:00", "12:40:00Z", nil},
		{"ended before started", summary, add(`"started_at": "2026-11-23T10:00:00Z", "ended_at": "2026-11-23T09:00:00Z"`), []string{"semantic semantic-before /ended_at 15:51"}},
		{"generated in the future", "18:00:00", "18:11:01", []string{"semantic semantic-future /generated_at 7:17"}},
		{"generated by a clock that is fast", "18:00:00", "18:11:00", nil},
		{"hash of another length", summary, add(`"indicators": [{"type": "md5", "value": "abc"}]`), []string{"semantic semantic-digest /indicators/0/value 15:41"}},
		{"NUL", `"Фишинг"`, `"\u0000"`, []string{"encoding encoding-character /summary 14:12"}},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, exchange.CardJSON, incidentJSON) })
	}
}

func TestXMLProblems(t *testing.T) {
	const summary = "<summary>Фишинг</summary>"
	after := func(more string) string { return summary + "\n<occasion>10.1</occasion>\n" + more }
	const tail = summary + "\n<occasion>10.1</occasion>"
	for _, c := range []change{
		{"nothing wrong", "10.1", "10.1", nil},
		{"white space around values", "<revision>1</revision>", "<revision>\n 1\t</revision>", nil},
		{"prefixes", `<card xmlns="urn:almasu:card:1">`, `<card xmlns="urn:almasu:card:1" xmlns:x="urn:almasu:card:1">`, nil},
		{"schema location", `<card xmlns="urn:almasu:card:1">`,
			`<card xmlns="urn:almasu:card:1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:almasu:card:1 card.xsd">`, nil},
		{"CDATA and comments", "Фишинг", "Фи<!-- x --><![CDATA[ши]]>нг", nil},
		{"no summary", summary, "", []string{"required required /card/summary 1:1"}},
		{"no namespace", ` xmlns="urn:almasu:card:1"`, "", []string{"enum enum-namespace /card 1:1"}},
		{"namespace of another version", "card:1", "card:2", []string{"enum enum-namespace /card 1:1"}},
		{"element of another namespace", "<severity>", `<severity xmlns="urn:x">`, []string{"required required /card/severity 1:1", "unknown unknown-element /card/*[12] 13:1"}},
		{"unknown element", tail, after("<x><kind/></x>"), []string{"unknown unknown-element /card/*[15] 16:1"}},
		{"out of order", tail, "<occasion>10.1</occasion>\n" + summary, []string{"order order /card/summary 15:1"}},
		{"first element last", "<almasu>card/1</almasu>\n<kind>incident</kind>", "<kind>incident</kind>\n<almasu>card/1</almasu>", []string{"order order /card/almasu 3:1"}},
		{"twice", tail, after("<occasion>10.2</occasion>"), []string{"duplicate duplicate-element /card/occasion[2] 16:1"}},
		{"attribute", "<severity>", `<severity id="1">`, []string{"unknown unknown-attribute /card/severity/@*[1] 13:11"}},
		{"nil", "<severity>", `<severity xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="false">`, []string{"unknown unknown-attribute /card/severity/@*[1] 13:65"}},
		{"xml:lang", "<summary>", `<summary xml:lang="kk">`, []string{"unknown unknown-attribute /card/summary/@*[1] 14:10"}},
		{"text between elements", "<contact>", "<contact>x", []string{"type type-elements /card/contact 9:1"}},
		{"text in the root", "<severity>", "x<severity>", []string{"type type-elements /card 1:1"}},
		{"element in a text", "Фишинг", "<b>Фишинг</b>", []string{"type type-plain /card/summary 14:1"}},
		{"exponent", "<revision>1<", "<revision>1e0<", []string{"type type-integer /card/revision 5:1"}},
		{"leading nought", "<revision>1<", "<revision>01<", []string{"type type-integer /card/revision 5:1"}},
		{"empty", "Фишинг", "", []string{"range range-empty /card/summary 14:1"}},
		{"second object's first address", tail, after("<objects><object/><object><ip>x</ip><ip>::1</ip></object></objects>"),
			[]string{"pattern pattern-ip /card/objects/object[2]/ip[1] 16:27"}},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, exchange.CardXML, incidentXML) })
	}
	lists := strings.Replace(incidentXML, "</card>", "<concerns>x<x/><participant>a b</participant><participant><y/></participant></concerns>\n</card>", 1)
	change{"lists", "10.1", "10.1", []string{"type type-elements /card/concerns 16:1", "unknown unknown-element /card/concerns/*[1] 16:12",
		"pattern pattern-id /card/concerns/participant[1] 16:16", "type type-plain /card/concerns/participant[2] 16:46"}}.check(t, exchange.CardXML, lists)
}

func TestQuarterlyProblems(t *testing.T) {
	const head = `{"almasu":"card/1","kind":"quarterly","report_id":"Q","revision":1,"reporter":"a","generated_at":"2026-10-05T00:00:00Z","approver":"x","quarter":"2026-Q3",`
	const bounds = `"from":"2026-07-01T00:00:00+05:00","to":"2026-10-01T00:00:00+05:00",`
	line := `{"incident_id":"I","registered_at":"2026-08-01T00:00:00Z","confirmed_at":"2026-08-01T00:01:00Z","class":{"rsit":"test/test"},"severity":"low","measures":"x"}`
	for _, c := range []struct{ name, rest, want string }{
		{"nil", bounds + `"nil":true}`, ""},
		{"with an incident", bounds + `"incidents":[` + line + `],"late":1,"totals":[{"rsit":"test/test","count":1}]}`, ""},
		{"nil with incidents", bounds + `"nil":true,"incidents":[` + line + `]}`, "semantic-nil /nil"},
		{"neither nil nor incidents", bounds + `"late":0}`, "semantic-not-nil "},
		{"false and an empty list", bounds + `"nil":false,"incidents":[]}`, "semantic-not-nil /nil"},
		{"more late than listed", bounds + `"late":2,"incidents":[` + line + `]}`, "semantic-late /late"},
		{"totals that do not add up", bounds + `"incidents":[` + line + `],"totals":[{"rsit":"test/test","count":2}]}`, "semantic-totals /totals"},
		{"bounds of another quarter", `"from":"2026-04-01T00:00:00Z","to":"2026-06-30T23:59:59Z","nil":true}`, "semantic-quarter /from semantic-quarter /to"},
		{"from after to", `"to":"2026-07-01T00:00:00Z","from":"2026-10-01T00:00:00Z","nil":true}`, "semantic-before /to semantic-quarter /to semantic-quarter /from"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := readAt(t, exchange.CardJSON, head+c.rest)
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

func TestIdentify(t *testing.T) {
	r, problems := readAt(t, exchange.CardJSON, strings.Replace(incidentJSON, `"high"`, "7", 1))
	if len(problems) == 0 || r.ID != "INC-1" || r.Revision != 1 || r.Reporter != "soc-alfa" || r.Kind != exchange.Incident || r.Incident != nil {
		t.Errorf("%+v", r)
	}
	cut := tree.ReadXML([]byte(incidentXML[:150]), "", tree.Limits{})
	if r := Identify(cut); r.ID != "INC-1" || r.Reporter != "" {
		t.Errorf("of a card cut off: %+v", r)
	}
	for name, broken := range map[string]string{
		"byte order mark":      "\xef\xbb\xbf" + incidentJSON,
		"not UTF-8 at the end": strings.Replace(incidentJSON, "Фишинг", "\xd4\xe8", 1),
		"cut off":              incidentJSON[:200],
	} {
		r, problems := readAt(t, exchange.CardJSON, broken)
		if len(problems) != 1 || r == nil || r.ID != "INC-1" || r.Reporter != "soc-alfa" {
			t.Errorf("%s: %+v %v", name, r, problems)
		}
	}
	r, problems = readAt(t, exchange.CardXML, strings.Replace(incidentXML, "Фишинг", "a\x02b\xff", 1))
	if len(problems) != 1 || problems[0].Key != "encoding-character" || r == nil || r.Reporter != "soc-alfa" {
		t.Errorf("%+v %v", r, problems)
	}
	for _, bad := range []string{`{"almasu":"card/1"}`, `{"report_id":"a b"}`, `{"report_id":"a","report_id":"b"}`, `[]`, `{"report_id":{"report_id":"a"}}`, `{"report_id":null}`} {
		if r := Identify(tree.ReadJSON([]byte(bad), tree.Limits{})); r != nil {
			t.Errorf("%s is identified as %+v", bad, r)
		}
	}
}

// BINs of well-known companies, those of our examples, and their neighbours.
func TestCheckDigit(t *testing.T) {
	for _, bin := range []string{"000740000728", "940140000385", "971240001315", "180340000015", "150540000027"} {
		if fl := binDigit(bin); fl.code != "" {
			t.Errorf("%s: %s", bin, fl.key)
		}
		for d := byte('0'); d <= '9'; d++ {
			other := bin[:11] + string(d)
			if (binDigit(other).code == "") != (other == bin) {
				t.Errorf("%s", other)
			}
		}
	}
	second, none := 0, 0
	for n := range 1000 {
		s := fmt.Sprintf("1803400%04d", n)
		d, ok := checkDigit(s)
		if !ok {
			none++
			continue
		}
		second++
		if d < '0' || d > '9' {
			t.Errorf("%s: digit %c", s, d)
		}
	}
	if none == 0 || second == 0 {
		t.Error("the second row of weights was never needed")
	}
}
