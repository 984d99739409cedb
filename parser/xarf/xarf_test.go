package xarf

import (
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser/card"
	"almasu/parser/tree"
)

var now = time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)

const core = `"xarf_version":"4.2.0","report_id":"789a0123-b456-48c9-8012-345678901234","timestamp":"2026-01-15T16:55:42Z",
"reporter":{"org":"SOC Alfa","contact":"duty@soc-alfa.example","domain":"soc-alfa.example"},
"sender":{"org":"SOC Alfa","contact":"duty@soc-alfa.example","domain":"soc-alfa.example"},"source_identifier":"192.0.2.155",`

const ddos = `{` + core + `
"category":"connection","type":"ddos","destination_ip":"203.0.113.100","destination_port":80,"protocol":"tcp","first_seen":"2026-01-15T16:00:00Z",
"evidence_source":"flow_analysis","service_impact":"degraded","tags":["attack:syn_flood"],"x_own":{"a":[1]},
"evidence":[{"content_type":"text/plain","payload":"QQ==","hash":"md5:d41d8cd98f00b204e9800998ecf8427e"}],"confidence":0.92}`

const cve = `{` + core + `
"category":"vulnerability","type":"cve","service":"Apache HTTP Server","service_version":"2.4.41","service_port":80,"cve_id":"CVE-2021-41773",
"cvss_score":7.5,"cvss_vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}`

const spam = `{` + core + `
"category":"messaging","type":"spam","protocol":"smtp","smtp_from":"fake@example.com","source_port":25}`

func read(s string) ([]*exchange.Report, []exchange.Problem) {
	return Read(tree.ReadJSON([]byte(s), tree.Limits{}), now)
}

func TestKinds(t *testing.T) {
	reports, problems := read(ddos)
	if len(problems) > 0 || len(reports) != 1 {
		t.Fatal(problems)
	}
	r := reports[0]
	if r.Kind != exchange.Incident || r.ID != "789a0123-b456-48c9-8012-345678901234" || r.Revision != 1 || !slices.Contains(r.Reporters, "soc-alfa.example") ||
		r.Incident.Class.RSIT != "availability/ddos" || r.Incident.Sources[0].IP != "192.0.2.155" || r.Incident.Objects[0].IP[0] != "203.0.113.100" {
		t.Errorf("%+v %+v", r, r.Incident)
	}
	reports, problems = read(cve)
	if len(problems) > 0 || reports[0].Kind != exchange.Vulnerability || reports[0].Vulnerability.CVSS.Score != 7.5 || reports[0].Vulnerability.CVE[0] != "CVE-2021-41773" {
		t.Errorf("%+v %v", reports, problems)
	}
	reports, problems = read(`{` + core + `"category":"reputation","type":"blocklist","threat_type":"spam_source"}`)
	if len(problems) > 0 || reports[0].Kind != exchange.Threat || len(reports[0].Threat.Indicators) != 1 {
		t.Errorf("%+v %v", reports, problems)
	}
	if _, problems = read(spam); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestTheTableIsWhole(t *testing.T) {
	for _, category := range []string{"messaging", "connection", "content", "copyright", "vulnerability", "infrastructure", "reputation"} {
		for _, kind := range typesOf(category) {
			if !theTable().Has(category + "-" + kind) {
				t.Errorf("no table of %s %s", category, kind)
			}
		}
	}
	for name, class := range classes() {
		if !theTable().Has(name) || !card.SoundClass(class) {
			t.Errorf("%s: %s", name, class)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		name, base, old, new string
		code                 exchange.ProblemCode
		path                 string
	}{
		{"version 5", ddos, `"4.2.0"`, `"5.0.0"`, "pattern", "/xarf_version"},
		{"an id that is none", ddos, `"789a0123-b`, `"789a0123_b`, "pattern", "/report_id"},
		{"no sender", ddos, `"sender":`, `"sent_by":`, "required", "/sender"},
		{"a contact with a telephone", ddos, `{"org":"SOC Alfa",`, `{"org":"SOC Alfa","phone":"1",`, "unknown", "/reporter/*[2]"},
		{"a mail address that is none", ddos, `"duty@soc-alfa.example"`, `"duty"`, "pattern", "/reporter/contact"},
		{"a category that is none", ddos, `"connection"`, `"attack"`, "enum", "/category"},
		{"a type of another category", ddos, `"type":"ddos"`, `"type":"phishing"`, "enum", "/type"},
		{"a protocol that is none", ddos, `"tcp"`, `"telepathy"`, "enum", "/protocol"},
		{"never seen", ddos, `"first_seen"`, `"first"`, "required", "/first_seen"},
		{"a port of zero", ddos, `"destination_port":80`, `"destination_port":0`, "range", "/destination_port"},
		{"confidence in percent", ddos, `0.92`, `92`, "range", "/confidence"},
		{"evidence that is no base64", ddos, `"QQ=="`, `"Q Q="`, "pattern", "/evidence/0/payload"},
		{"a hash that is short", ddos, `d41d8cd98f`, `d41d8cd9`, "semantic", "/evidence/0/hash"},
		{"a tag without namespace", ddos, `"attack:syn_flood"`, `"syn_flood"`, "pattern", "/tags/0"},
		{"internal notes", ddos, `"x_own"`, `"_internal"`, "semantic", "/_internal"},
		{"seen in the future", ddos, `"first_seen":"2026-01-15T16:00:00Z"`, `"first_seen":"2099-01-15T16:00:00Z"`, "semantic", "/first_seen"},
		{"from the future", ddos, `2026-01-15T16:55`, `2027-01-15T16:55`, "semantic", "/timestamp"},
		{"another score", cve, `7.5`, `9.8`, "semantic", "/cvss_score"},
		{"a vector that is none", cve, `/I:N/A:N`, `/I:N`, "semantic", "/cvss_vector"},
		{"a mail without its sender", spam, `"smtp_from":"fake@example.com",`, ``, "required", "/smtp_from"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := strings.Replace(c.base, c.old, c.new, 1)
			if changed == c.base {
				t.Fatal("nothing was changed")
			}
			_, problems := read(changed)
			if len(problems) != 1 || problems[0].Code != c.code || problems[0].Path != c.path {
				t.Errorf("%+v", problems)
			}
		})
	}
	for _, s := range []string{`{}`, `[]`, `{"Version":"3","ReporterInfo":{},"Report":{}}`} {
		if reports, problems := read(s); len(problems) == 0 {
			t.Errorf("%s: %v", s, reports)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(ddos))
	f.Add([]byte(cve))
	f.Add([]byte(spam))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := tree.ReadJSON(data, tree.Limits{})
		if reports, problems := Read(d, now); d.Whole && d.Root != nil && len(problems) == 0 && len(reports) != 1 {
			t.Fatal("neither a report nor a problem")
		}
	})
}
