package misp

import (
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

var now = time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)

// feed is an event as feeds write it.
const feed = `{"Event":{
"analysis":"2","date":"2026-10-20","extends_uuid":"","info":"OSINT - Phishing against banks","publish_timestamp":"1760950000","published":true,
"threat_level_id":"2","timestamp":"1792500000","uuid":"5f8f0b1e-5d2c-4d7a-9f1a-6a1c950d210f",
"Orgc":{"name":"CIRCL","uuid":"55f6ea5e-2c60-40e5-964f-47a8950d210f"},
"Tag":[{"colour":"#ffffff","name":"tlp:white"},{"colour":"#0088cc","name":"misp-galaxy:threat-actor=\"X\""}],
"Attribute":[
{"category":"Network activity","comment":"C2","deleted":false,"disable_correlation":false,"timestamp":"1760950001","to_ids":true,"type":"domain|ip","uuid":"5f8f0b1e-0001-4d7a-9f1a-6a1c950d210f","value":"bad.example|192.0.2.7"},
{"category":"External analysis","comment":"","to_ids":false,"type":"link","uuid":"5f8f0b1e-0002-4d7a-9f1a-6a1c950d210f","value":"https://blog.example/a"},
{"category":"Payload delivery","comment":"","to_ids":true,"type":"filename|md5","uuid":"5f8f0b1e-0003-4d7a-9f1a-6a1c950d210f","value":"a|b.exe|d41d8cd98f00b204e9800998ecf8427e"},
{"category":"Artifacts dropped","comment":"","to_ids":true,"type":"regkey","uuid":"5f8f0b1e-0004-4d7a-9f1a-6a1c950d210f","value":"HKLM\\Run"}],
"Object":[{"name":"file","meta-category":"file","template_uuid":"688c46fb-5edb-40a3-8273-1af7923e2215","template_version":"24","uuid":"5f8f0b1e-0005-4d7a-9f1a-6a1c950d210f","timestamp":1760950001,
"ObjectReference":[],"Attribute":[{"object_relation":"sha1","category":"Payload delivery","to_ids":true,"type":"sha1","uuid":"5f8f0b1e-0006-4d7a-9f1a-6a1c950d210f","value":"da39a3ee5e6b4b0d3255bfef95601890afd80709","first_seen":"2026-06-02T22:14:28.711954+00:00","last_seen":null}]}]
}}`

func parse(s string) ([]*exchange.Report, []exchange.Problem) {
	return Read(tree.ReadJSON([]byte(s), tree.Limits{}), now)
}

func TestFeed(t *testing.T) {
	reports, problems := parse(feed)
	if len(problems) > 0 || len(reports) != 1 {
		t.Fatal(problems)
	}
	r := reports[0]
	if r.Kind != exchange.Threat || r.ID != "5f8f0b1e-5d2c-4d7a-9f1a-6a1c950d210f" || r.TLP != exchange.TLPClear || r.Reporters[0] != "CIRCL" ||
		r.Revision != 1792500000-epoch || r.Threat.Severity != exchange.Medium || len(r.Threat.Indicators) != 6 || r.Threat.Title != "OSINT - Phishing against banks" {
		t.Errorf("%+v %+v", r, r.Threat)
	}
	reports, problems = parse(strings.Replace(feed, "tlp:white", `rsit:fraud=\"phishing\"`, 1))
	if len(problems) > 0 || reports[0].Kind != exchange.Incident || reports[0].Incident.Class.RSIT != "fraud/phishing" || !reports[0].Incident.ConfirmedAt.IsZero() {
		t.Errorf("%+v %v", reports, problems)
	}
	second := strings.Replace(feed[1:len(feed)-1], "5f8f0b1e-5d2c", "6f8f0b1e-5d2c", 1)
	if reports, problems = parse(`{"response":[{` + feed[1:len(feed)-1] + `},{` + second + `}]}`); len(problems) > 0 || len(reports) != 2 {
		t.Errorf("%+v %v", reports, problems)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		code           exchange.ProblemCode
		path           string
	}{
		{"no info", `"info":"OSINT - Phishing against banks",`, ``, "required", "/Event/info"},
		{"no uuid", `"timestamp":"1792500000","uuid":"5f8f0b1e-5d2c-4d7a-9f1a-6a1c950d210f",`, `"timestamp":"1792500000",`, "required", "/Event/uuid"},
		{"a uuid that is none", `5f8f0b1e-0001-`, `5f8f0b1e-001-`, "pattern", "/Event/Attribute/0/uuid"},
		{"a day that is none", `2026-10-20`, `2026-13-20`, "pattern", "/Event/date"},
		{"a threat level of five", `"threat_level_id":"2"`, `"threat_level_id":"5"`, "range", "/Event/threat_level_id"},
		{"a time in words", `"1792500000"`, `"today"`, "type", "/Event/timestamp"},
		{"from the future", `"1792500000"`, `"1992500000"`, "semantic", "/Event/timestamp"},
		{"a category that is none", `"Network activity"`, `"Networking"`, "enum", "/Event/Attribute/0/category"},
		{"a type that is none", `"regkey"`, `"registry"`, "enum", "/Event/Attribute/3/type"},
		{"a type of another category", `"Network activity"`, `"Person"`, "semantic", "/Event/Attribute/0/type"},
		{"a hash that is short", `d41d8cd9`, `d41d8`, "semantic", "/Event/Attribute/2/value"},
		{"half of a pair", `bad.example|192.0.2.7`, `bad.example`, "semantic", "/Event/Attribute/0/value"},
		{"no value", `,"value":"https://blog.example/a"`, ``, "required", "/Event/Attribute/1/value"},
		{"to_ids as a number", `"to_ids":true,"type":"regkey"`, `"to_ids":1,"type":"regkey"`, "type", "/Event/Attribute/3/to_ids"},
		{"the same attribute twice", `5f8f0b1e-0002`, `5f8f0b1e-0001`, "semantic", "/Event/Attribute/1/uuid"},
		{"seen last before first", `"last_seen":null`, `"last_seen":"2026-06-01T00:00:00Z"`, "semantic", "/Event/Object/0/Attribute/0/last_seen"},
		{"published never", `"publish_timestamp":"1760950000"`, `"publish_timestamp":"0"`, "semantic", "/Event/publish_timestamp"},
		{"a colour in words", `"#0088cc"`, `"blue"`, "pattern", "/Event/Tag/1/colour"},
		{"attributes in an object", `"Object":[{`, `"ShadowAttribute":{},"Object":[{`, "type", "/Event/ShadowAttribute"},
		{"fields of ours that are none", `"comment":"","to_ids":false,"type":"link"`, `"comment":"almasu card/1","to_ids":false,"type":"text"`, "syntax", "/Event/Attribute/1/value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := strings.Replace(feed, c.old, c.new, 1)
			if changed == feed {
				t.Fatal("nothing was changed")
			}
			_, problems := parse(changed)
			if len(problems) != 1 || problems[0].Code != c.code || problems[0].Path != c.path {
				t.Errorf("%+v", problems)
			}
		})
	}
	for _, s := range []string{`{}`, `{"Event":[]}`, `[]`, `{"response":[]}`, `{"response":[{}]}`} {
		if reports, problems := parse(s); len(problems) == 0 {
			t.Errorf("%s: %v", s, reports)
		}
	}
}

// An attribute of ours without a value is a problem like any other.
func TestOwnFieldsWithoutValue(t *testing.T) {
	doc := `{"Event":{"uuid":"8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","info":"i","date":"2026-01-01","timestamp":"1","Attribute":[{"type":"text","category":"Other","comment":"` + ownComment + `"}]}}`
	if _, problems := Read(tree.ReadJSON([]byte(doc), tree.Limits{}), now); len(problems) == 0 || problems[0].Path != "/Event/Attribute/0/value" {
		t.Errorf("%+v", problems)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(feed))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := tree.ReadJSON(data, tree.Limits{})
		reports, problems := Read(d, now)
		if d.Whole && d.Root != nil && len(problems) == 0 && len(reports) == 0 {
			t.Fatal("neither a report nor a problem")
		}
		for _, r := range reports {
			if len(problems) > 0 {
				break
			}
			if again, err := Render(r); err == nil {
				if _, problems := Read(tree.ReadJSON(again, tree.Limits{}), now); len(problems) > 0 {
					t.Fatalf("%v\n%s", problems, again)
				}
			}
		}
	})
}
