package iodef

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/internal/catalogue"
	"almasu/parser/tree"
)

func now() time.Time { return time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC) }

// rich is a document with something of everything that rules speak of.
const rich = `<?xml version="1.0" encoding="UTF-8"?>
<IODEF-Document xmlns="urn:ietf:params:xml:ns:iodef-2.0" version="2.00" xml:lang="ru" private-enum-name="csirt.example.com">
 <Incident purpose="reporting" status="new" restriction="green">
  <IncidentID name="csirt.example.com">189493</IncidentID>
  <DetectTime>2026-11-23T17:00:00Z</DetectTime><StartTime>2026-11-23T15:00:00Z</StartTime><EndTime>2026-11-23T16:00:00Z</EndTime>
  <RecoveryTime>2026-11-23T16:00:00Z</RecoveryTime><ReportTime>2026-11-23T17:30:00Z</ReportTime><GenerationTime>2026-11-23T17:45:00Z</GenerationTime>
  <Description>d</Description>
  <Assessment><SystemImpact type="breach-privacy" severity="low"/><SystemImpact type="unknown" severity="high"/><TimeImpact metric="downtime">2</TimeImpact></Assessment>
  <Method><Description>m</Description></Method>
  <Contact role="creator" type="organization"><ContactName>CSIRT</ContactName><RegistryHandle registry="ext-value" ext-registry="kz-bin">180340000015</RegistryHandle>
   <Email><EmailTo>duty@csirt.example.com</EmailTo></Email><Telephone><TelephoneNumber>+7 (717) 200-00-00</TelephoneNumber></Telephone></Contact>
  <EventData><Flow><System category="source"><Node><Address category="ipv4-addr">192.0.2.1</Address><Address category="ipv4-addr">192.0.2.2</Address></Node></System></Flow>
   <Expectation action="investigate"><Description>help</Description></Expectation></EventData>
  <IndicatorData><Indicator><IndicatorID name="csirt.example.com" version="1">i1</IndicatorID><Observable><BulkObservable type="domain-name"><BulkObservableList>
   a.example
   b.example</BulkObservableList></BulkObservable></Observable></Indicator>
   <Indicator><IndicatorID name="csirt.example.com" version="1">i2</IndicatorID><ObservableReference uid-ref="i1"/></Indicator></IndicatorData>
  <History><HistoryItem action="contact-sender"><DateTime>2026-11-23T17:10:00Z</DateTime></HistoryItem></History>
  <AdditionalData dtype="date-time" name="confirmed_at" formatid="urn:almasu:card:1">2026-11-23T17:20:00Z</AdditionalData>
  <AdditionalData dtype="xml"><x:a xmlns:x="urn:x" x:b="1">unknown but legal</x:a></AdditionalData>
 </Incident>
</IODEF-Document>`

func TestRichDocument(t *testing.T) {
	reports, problems := Read(tree.ReadXML([]byte(rich), "", tree.Limits{}), now())
	if len(problems) > 0 || len(reports) != 1 {
		t.Fatal(problems)
	}
	r := reports[0]
	b := r.Incident
	got, err := json.Marshal([]any{r.Kind, r.ID, r.Revision, r.TLP, r.Language, r.Reporters, b.IncidentID, b.Organisation.Name.RU, b.Organisation.BIN, b.Contact.Phone,
		b.Severity, b.Impact.PersonalData, b.Impact.DowntimeMinutes, b.HelpRequested, b.Sources, b.Indicators, b.Actions[0].Text, b.Status, b.ConfirmedAt})
	if err != nil {
		t.Fatal(err)
	}
	want := `["incident","189493",1,"TLP:GREEN","ru",["csirt.example.com","180340000015","duty@csirt.example.com"],"189493","CSIRT","180340000015","+77172000000",` +
		`"high",true,120,"help",[{"ip":"192.0.2.1","asn":0,"fqdn":"","url":"","email":"","country":""},{"ip":"192.0.2.2","asn":0,"fqdn":"","url":"","email":"","country":""}],` +
		`[{"type":"fqdn","value":"a.example","note":""},{"type":"fqdn","value":"b.example","note":""}],"contact-sender","new","2026-11-23T17:20:00Z"]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// One mistake at a time in the rich document: what is told, and where.
func TestMistakes(t *testing.T) {
	const incident = "/IODEF-Document/Incident[1]"
	for _, c := range []struct{ name, old, new, key, path string }{
		{"version forgotten", ` version="2.00"`, ``, "iodef-version", "/IODEF-Document"},
		{"another version", `version="2.00"`, `version="1.00"`, "enum", "/IODEF-Document/@version"},
		{"namespace of version 1", `iodef-2.0"`, `iodef-1.0"`, "iodef-root", "/*[1]"},
		{"another root", `IODEF-Document`, `Document`, "iodef-root", "/*[1]"},
		{"no purpose", `purpose="reporting" `, ``, "required", incident + "/@purpose"},
		{"a purpose that is none", `purpose="reporting"`, `purpose="gossip"`, "enum", incident + "/@purpose"},
		{"extension without its value", `purpose="reporting"`, `purpose="ext-value"`, "iodef-ext-missing", incident + "/@purpose"},
		{"a value of extension alone", `purpose="reporting"`, `purpose="reporting" ext-purpose="x"`, "iodef-ext-alone", incident + "/@ext-purpose"},
		{"extension of nobody", ` private-enum-name="csirt.example.com"`, ``, "iodef-private-enum", incident + "/Contact[1]/RegistryHandle[1]/@registry"},
		{"private-enum-id alone", `private-enum-name="csirt.example.com"`, `private-enum-id="1"`, "iodef-private-enum", "/IODEF-Document/@private-enum-id"},
		{"private-enum-name is no domain", `private-enum-name="csirt.example.com"`, `private-enum-name="us"`, "iodef-fqdn", "/IODEF-Document/@private-enum-name"},
		{"IncidentID of no domain", `<IncidentID name="csirt.example.com">`, `<IncidentID name="us">`, "iodef-fqdn", incident + "/IncidentID/@name"},
		{"IncidentID is empty", `>189493<`, `> <`, "semantic-blank", incident + "/IncidentID"},
		{"no GenerationTime", `<GenerationTime>2026-11-23T17:45:00Z</GenerationTime>`, ``, "required", incident + "/GenerationTime"},
		{"Contact closed as another", `Contact role="creator"`, `Kontakt role="creator"`, "xml-mismatch", ""},
		{"Contact without anything", `<Method>`, `<Contact role="tech" type="person"/><Method>`, "iodef-hollow", incident + "/Contact[1]"},
		{"Method after Contact", `<Method>`, `<Contact role="tech" type="person"><Description>x</Description></Contact><Method>`, "order", incident + "/Method[1]"},
		{"generated tomorrow", `2026-11-23T17:45:00Z`, `2026-11-24T17:45:00Z`, "semantic-future", incident + "/GenerationTime"},
		{"confirmed tomorrow", `2026-11-23T17:20:00Z`, `2026-11-24T17:20:00Z`, "semantic-before", incident + "/ReportTime"},
		{"done tomorrow", `2026-11-23T17:10:00Z`, `2026-11-24T17:10:00Z`, "semantic-future", incident + "/History/HistoryItem[1]/DateTime"},
		{"no zone", `2026-11-23T17:00:00Z`, `2026-11-23T17:00:00`, "iodef-zone", incident + "/DetectTime"},
		{"ends before it begins", `<EndTime>2026-11-23T16`, `<EndTime>2026-11-23T14`, "semantic-before", incident + "/EndTime"},
		{"confirmed before detected", `2026-11-23T17:20:00Z`, `2026-11-23T16:20:00Z`, "semantic-before", incident + "/AdditionalData[1]"},
		{"reported before confirmed", `2026-11-23T17:20:00Z`, `2026-11-23T17:40:00Z`, "semantic-before", incident + "/ReportTime"},
		{"no time at all", `2026-11-23T17:20:00Z`, `soon`, "iodef-extension", incident + "/AdditionalData[1]"},
		{"a field of ours twice", `<AdditionalData dtype="xml">`, `<AdditionalData dtype="date-time" name="confirmed_at" formatid="urn:almasu:card:1">2026-11-23T17:20:00Z</AdditionalData><AdditionalData dtype="xml">`, "iodef-extension-twice", incident + "/AdditionalData[2]"},
		{"revision 0", `<AdditionalData dtype="xml">`, `<AdditionalData dtype="integer" name="revision" formatid="urn:almasu:card:1">0</AdditionalData><AdditionalData dtype="xml">`, "iodef-extension", incident + "/AdditionalData[2]"},
		{"marking against restriction", `<AdditionalData dtype="xml">`, `<AdditionalData dtype="string" name="tlp2" formatid="urn:almasu:card:1">TLP:CLEAR</AdditionalData><AdditionalData dtype="xml">`, "iodef-tlp", incident + "/AdditionalData[2]"},
		{"impact forgotten", `<SystemImpact type="breach-privacy" severity="low"/><SystemImpact type="unknown" severity="high"/><TimeImpact metric="downtime">2</TimeImpact>`, ``, "required", incident + "/Assessment[1]/SystemImpact"},
		{"impact of nothing", `>2</TimeImpact>`, `>0</TimeImpact>`, "iodef-positive", incident + "/Assessment[1]/TimeImpact[1]"},
		{"Method of nothing", `<Description>m</Description>`, ``, "iodef-hollow", incident + "/Method[1]"},
		{"a phone of nowhere", `+7 (717) 200-00-00`, `200-00-00`, "pattern-phone", incident + "/Contact[1]/Telephone[1]/TelephoneNumber"},
		{"no address", `duty@csirt.example.com`, `duty at csirt`, "pattern-email", incident + "/Contact[1]/Email[1]/EmailTo"},
		{"check digit", `180340000015`, `180340000016`, "semantic-bin", incident + "/Contact[1]/RegistryHandle[1]"},
		{"no BIN", `180340000015`, `18034`, "pattern-bin", incident + "/Contact[1]/RegistryHandle[1]"},
		{"IPv6 called IPv4", `192.0.2.2`, `2001:db8::2`, "iodef-address", incident + "/EventData[1]/Flow[1]/System[1]/Node/Address[2]"},
		{"a defined course that is not", `action="investigate"`, `action="defined-coa"`, "iodef-coa", incident + "/EventData[1]/Expectation[1]"},
		{"a reference to nothing", `uid-ref="i1"`, `uid-ref="i9"`, "iodef-reference", incident + "/IndicatorData/Indicator[2]/ObservableReference/@uid-ref"},
		{"twice the same Incident", `</Incident>`, "</Incident>" + rich[strings.Index(rich, "<Incident "):strings.Index(rich, "</Incident>")] + "</Incident>", "iodef-incident-twice", "/IODEF-Document/Incident[2]/IncidentID"},
		{"order", `<Description>d</Description>`, `<Description>d</Description><DetectTime>2026-11-23T17:00:00Z</DetectTime>`, "iodef-once", incident + "/DetectTime[2]"},
		{"text between elements", `<Method>`, `word<Method>`, "type-elements", incident},
		{"an element that is none", `<Method>`, `<Secret-Name/><Method>`, "unknown-element", incident + "/*[10]"},
		{"an attribute that is none", `<Method>`, `<Method secret="x">`, "unknown-attribute", incident + "/Method[1]/@*[1]"},
		{"id twice", `<Method>`, `<Method><Reference observable-id="q"><URL>a</URL></Reference><Reference observable-id="q"><URL>a</URL></Reference>`, "iodef-id-twice", incident + "/Method[1]/Reference[2]/@observable-id"},
		{"not xsi:type", `<Method>`, `<Method xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Method">`, "unknown-attribute", incident + "/Method[1]/@*[1]"},
		{"prefix of nothing", `<x:a xmlns:x="urn:x" x:b="1">unknown but legal</x:a>`, `<x:a/>`, "xml-namespace", incident + "/AdditionalData[2]"},
		{"DOCTYPE", `<IODEF-Document`, `<!DOCTYPE IODEF-Document SYSTEM "http://x.example/i.dtd"><IODEF-Document`, "xml-doctype", "/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(rich, c.old) {
				t.Fatal("the document has no such place")
			}
			doc := strings.Replace(rich, c.old, c.new, 1)
			if c.old == "IODEF-Document" {
				doc = strings.ReplaceAll(rich, c.old, c.new)
			}
			_, problems := Read(tree.ReadXML([]byte(doc), "", tree.Limits{}), now())
			if len(problems) == 0 {
				t.Fatal("no problem")
			}
			p := problems[0]
			if p.Key != c.key || c.path != "" && p.Path != c.path || p.Text == "" || !catalogue.Has("problem."+p.Key) {
				t.Errorf("%s at %s %d:%d (%s), %d in all", p.Key, p.Path, p.Line, p.Column, p.Text, len(problems))
			}
			for _, p := range problems {
				if strings.Contains(p.Path+p.Text, "ecret") {
					t.Errorf("a word of the document is repeated: %v", p)
				}
			}
		})
	}
}

const plainJSON = `{"version":"2.0","lang":"en","Incident":[{"purpose":"reporting","restriction":"private",
 "IncidentID":{"id":"492382","name":"csirt.example.com"},"GenerationTime":"2015-07-18T09:00:00-05:00",
 "Contact":[{"type":"organization","role":"creator","Email":[{"EmailTo":"contact@csirt.example.com"}]}]}]}`

func TestMistakesInJSON(t *testing.T) {
	if _, problems := Read(tree.ReadJSON([]byte(plainJSON), tree.Limits{}), now()); len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range []struct{ name, old, new, key, path string }{
		{"another version", `"2.0"`, `"1.0"`, "iodef-version", "/version"},
		{"id is a number", `"492382"`, `492382`, "type-text", "/Incident/0/IncidentID/id"},
		{"time without a zone", `09:00:00-05:00`, `09:00:00`, "pattern-time", "/Incident/0/GenerationTime"},
		{"no list", `[{"purpose"`, `{"purpose"`, "json-syntax", ""},
		{"a contact that is no list", `[{"EmailTo":"contact@csirt.example.com"}]`, `{}`, "type-list", "/Incident/0/Contact/0/Email"},
		{"an empty list", `[{"EmailTo":"contact@csirt.example.com"}]`, `[]`, "iodef-list-empty", "/Incident/0/Contact/0/Email"},
		{"no address", `contact@csirt.example.com`, `contact`, "pattern-email", "/Incident/0/Contact/0/Email/0/EmailTo"},
		{"a member that is none", `"purpose":`, `"secret":1,"purpose":`, "unknown-field", "/Incident/0/*[1]"},
		{"twice", `"purpose":`, `"purpose":"watch","purpose":`, "duplicate-field", "/Incident/0/purpose"},
		{"Contact of nothing", `,"Email":[{"EmailTo":"contact@csirt.example.com"}]`, ``, "iodef-hollow", "/Incident/0/Contact/0"},
		{"extension of nobody", `"private"`, `"ext-value","ext-restriction":"x"`, "iodef-private-enum", "/Incident/0/restriction"},
		{"Node of nothing", `"Contact":`, `"EventData":[{"System":[{"Node":{}}]}],"Contact":`, "required", "/Incident/0/EventData/0/System/0/Node/DomainData"},
		{"two observables", `"Contact":`, `"Indicator":[{"IndicatorID":{"id":"i","name":"a.b","version":"1"},"uid-ref":"i","Observable":{"AdditionalData":[{"value":"1","dtype":"string"}]}}],"Contact":`, "iodef-one-of", "/Incident/0/Indicator/0"},
		{"no object where the schema forgets", `"Contact":`, `"RelatedActivity":["x"],"Contact":`, "type-object", "/Incident/0/RelatedActivity/0"},
		{"a reference to nothing", `"Contact":`, `"Indicator":[{"IndicatorID":{"id":"i","name":"a.bc","version":"1"},"uid-ref":"j"}],"Contact":`, "iodef-reference", "/Incident/0/Indicator/0/uid-ref"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := strings.Replace(plainJSON, c.old, c.new, 1)
			_, problems := Read(tree.ReadJSON([]byte(doc), tree.Limits{}), now())
			if doc == plainJSON || len(problems) == 0 {
				t.Fatal("no problem")
			}
			if p := problems[0]; p.Key != c.key || c.path != "" && p.Path != c.path || p.Text == "" {
				t.Errorf("%s at %s (%s), %d in all", p.Key, p.Path, p.Text, len(problems))
			}
		})
	}
}

// The examples of the RFCs: the first of RFC 8727 is sound; the second is not
// by its own schema (a list of texts where the schema wants one).
func TestExamplesOfRFC8727(t *testing.T) {
	for name, want := range map[string]bool{"rfc8727-example-7-1.txt": true, "rfc8727-example-7-2.txt": false} {
		data, err := os.ReadFile(filepath.Join(shared(t), name))
		if err != nil {
			t.Fatal(err)
		}
		if got, problems := valid(tree.ReadJSON(bytes.TrimSpace(data), tree.Limits{})); got != want {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestIdentity(t *testing.T) {
	read := func(old, new string) *exchange.Report {
		t.Helper()
		doc := strings.ReplaceAll(rich, old, new)
		reports, problems := Read(tree.ReadXML([]byte(doc), "", tree.Limits{}), now())
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return reports[0]
	}
	r := read(`>189493<`, `> Вх. № 189493/26 <`)
	if !exchange.ValidID(r.ID) || r.OriginalID != "Вх. № 189493/26" || r.Incident.IncidentID != r.ID {
		t.Errorf("%q made from %q", r.ID, r.OriginalID)
	}
	if again := read(`>189493<`, `>Вх. № 189493/26<`); again.ID != r.ID {
		t.Error("not the same id again")
	}
	if other := read(`>189493<`, `>Вх. № 189494/26<`); other.ID == r.ID {
		t.Error("the same id for another")
	}
	if r := read(`purpose="reporting"`, `purpose="watch"`); r.Kind != exchange.Threat || r.Threat == nil {
		t.Error("what is to be watched for is a", r.Kind)
	}
	for restriction, want := range map[string]exchange.TLP{` restriction="green"`: exchange.TLPGreen, ``: "", ` restriction="default"`: "", ` restriction="private"`: exchange.TLPRed,
		` restriction="ext-value" ext-restriction="TLP:AMBER"`: exchange.TLPAmber, ` restriction="need-to-know"`: exchange.TLPAmberStrict} {
		if r := read(` restriction="green"`, restriction); r.TLP != want {
			t.Errorf("%s is %q", restriction, r.TLP)
		}
	}
}

// A document of three Incidents is three reports; one that is wrong refuses
// them all, but they are still told apart.
func TestThreeIncidents(t *testing.T) {
	one := rich[strings.Index(rich, " <Incident "):strings.Index(rich, "</IODEF-Document>")]
	again := func(n string) string {
		return strings.NewReplacer("189493", n, ">i1<", ">i1-"+n+"<", ">i2<", ">i2-"+n+"<", `"i1"`, `"i1-`+n+`"`).Replace(one)
	}
	doc := strings.Replace(rich, one, one+again("2")+again("3"), 1)
	reports, problems := Read(tree.ReadXML([]byte(doc), "", tree.Limits{}), now())
	if len(problems) > 0 || len(reports) != 3 || reports[2].ID != "3" {
		t.Fatal(len(reports), problems)
	}
	doc = strings.Replace(doc, `<Description>d</Description>`, `<Description/><Nonsense/>`, 1)
	reports, problems = Read(tree.ReadXML([]byte(doc), "", tree.Limits{}), now())
	if len(problems) == 0 || len(reports) != 3 || reports[1].ID != "2" || reports[1].Incident != nil || len(reports[1].Reporters) == 0 {
		t.Error(len(reports), problems)
	}
	broken := tree.ReadXML([]byte(doc[:len(doc)-40]), "", tree.Limits{})
	if reports, problems := Read(broken, now()); len(problems) == 0 || len(reports) != 3 {
		t.Error(len(reports), problems)
	}
}
