package csaf

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

var now = time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)

func read(s string) ([]*exchange.Report, []exchange.Problem) {
	return Read(tree.ReadJSON([]byte(s), tree.Limits{}), now)
}

func TestReport(t *testing.T) {
	for _, s := range []string{base, base21()} {
		reports, problems := read(s)
		if len(problems) > 0 || len(reports) != 1 {
			t.Fatalf("%+v", problems)
		}
		r := reports[0]
		x := r.Vulnerability
		if r.Kind != exchange.Vulnerability || !strings.HasPrefix(r.ID, "csaf-") || r.OriginalID != "MSA-2026 001" || r.Revision != 2_000_000 ||
			r.TLP != exchange.TLPAmberStrict || r.Language != "ru" || !slices.Equal(r.Reporters, []string{"Mysal Soft", "psirt.mysal.example", "psirt@mysal.example"}) {
			t.Errorf("%+v", r)
		}
		if x.CVE[0] != "CVE-2026-12345" || x.CWE[0] != "CWE-79" || x.CVSS == nil || x.Products[0].Vendor != "Mysal" || x.Products[0].Version != "4.2.0" ||
			len(x.Products) != 1 || x.Description != "Кратко" || x.Remediation != "4.2.1" || x.Patch == "" || x.FoundAt.Year() != 2025 {
			t.Errorf("%+v", x)
		}
	}
}

// change is one replacement in the base.
type change struct{ old, new string }

// The mandatory tests of section 6.1: the base passes each, and fails it when
// changed so.
func TestMandatory(t *testing.T) {
	for _, c := range []struct {
		test, key, path string
		changes         []change
	}{
		{"6.1.1", "1", "/vulnerabilities/0/remediations/0/product_ids/1", []change{{`"product_ids":["P1"],"url"`, `"product_ids":["P1","P9"],"url"`}}},
		{"6.1.2", "2", "/product_tree/full_product_names/1/product_id", []change{{`"name":"BSD","product_id":"P5"`, `"name":"BSD","product_id":"P3"`}, {`"fixed":["P5"]`, `"first_fixed":["P3"]`}}},
		{"6.1.3", "3", "/product_tree/relationships/0/full_product_name/product_id", []change{{`"product_reference":"P1"`, `"product_reference":"P4"`}}},
		{"6.1.4", "4", "/vulnerabilities/0/flags/0/group_ids/1", []change{{`"group_ids":["G1"]`, `"group_ids":["G1","G2"]`}}},
		{"6.1.5", "5", "/product_tree/product_groups/1/group_id", []change{{`"product_groups":[`, `"product_groups":[{"group_id":"G1","product_ids":["P2","P3"]},`}}},
		{"6.1.6", "6", "/vulnerabilities/0/product_status/fixed/0", []change{{`"fixed":["P5"]`, `"fixed":["P1"]`}}},
		{"6.1.7", "7", "/vulnerabilities/0/scores/1/cvss_v3", []change{{`"scores":[`, `"scores":[{"products":["P1"],"cvss_v3":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H","baseScore":9.1,"baseSeverity":"CRITICAL"}},`}}},
		{"6.1.8", "8", "/vulnerabilities/0/scores/0/cvss_v3/vectorString", []change{{`/I:H/A:H`, `/I:H`}}},
		{"6.1.9 score", "9", "/vulnerabilities/0/scores/0/cvss_v3/baseScore", []change{{`9.8`, `9.9`}}},
		{"6.1.9 severity", "9", "/vulnerabilities/0/scores/0/cvss_v3/baseSeverity", []change{{`"CRITICAL"`, `"HIGH"`}}},
		{"6.1.9 version 2", "9", "/vulnerabilities/0/scores/1/cvss_v2/baseScore", []change{{`"baseScore":7.5`, `"baseScore":7.6`}}},
		{"6.1.10", "10", "/vulnerabilities/0/scores/0/cvss_v3/attackVector", []change{{`"NETWORK"`, `"LOCAL"`}}},
		{"6.1.10 scope", "10", "/vulnerabilities/0/scores/0/cvss_v3/scope", []change{{`"UNCHANGED"`, `"CHANGED"`}}},
		{"6.1.11", "11", "/vulnerabilities/0/cwe/name", []change{{`Improper Neutralization of Input`, `Bad Input`}}},
		{"6.1.12", "12", "/document/lang", []change{{`"lang":"ru"`, `"lang":"qq"`}}},
		{"6.1.13", "13", "/product_tree/branches/0/branches/0/branches/0/product/product_identification_helper/purl", []change{{`pkg:deb/mysal/portal@4.2.0`, `pkg:maven/@4.2.0`}}},
		{"6.1.14", "14", "/document/tracking/revision_history/0/number", []change{{`{"date":"2026-01-01T10:00:00Z","number":"1"`, `{"date":"2026-04-01T10:00:00Z","number":"1"`}, {`"version":"2"`, `"version":"1"`}}},
		{"6.1.15", "15", "/document", []change{{`"category":"vendor","name":"Mysal Soft"`, `"category":"translator","name":"Mysal Soft"`}, {`"source_lang":"en",`, ``}}},
		{"6.1.16", "16", "/document/tracking/version", []change{{`"status":"final","version":"2"`, `"status":"final","version":"1"`}}},
		{"6.1.17", "17", "/document/tracking/version", []change{{`"status":"final","version":"2"`, `"status":"interim","version":"0"`}}},
		{"6.1.18", "18", "/document/tracking/revision_history/0/number", []change{{`"number":"1"`, `"number":"0"`}, {`"number":"2"`, `"number":"1"`}, {`"version":"2"`, `"version":"1"`}}},
		{"6.1.19", "19", "/document/tracking/revision_history/0/number", []change{{`"number":"1"`, `"number":"1.0.0-rc1"`}, {`"number":"2"`, `"number":"1.0.0"`}, {`"version":"2"`, `"version":"1.0.0"`}}},
		{"6.1.20", "20", "/document/tracking/version", []change{{`"number":"1"`, `"number":"1.0.0"`}, {`"number":"2"`, `"number":"1.0.1"`}, {`"version":"2"`, `"version":"1.0.1-rc"`}}},
		{"6.1.21", "21", "/document/tracking/revision_history/1/number", []change{{`"number":"2"`, `"number":"3"`}, {`"version":"2"`, `"version":"3"`}}},
		{"6.1.21 from 2", "21", "/document/tracking/revision_history/0/number", []change{{`"number":"2"`, `"number":"3"`}, {`"number":"1"`, `"number":"2"`}, {`"version":"2"`, `"version":"3"`}}},
		{"6.1.22", "22", "/document/tracking/revision_history/1/number", []change{{`"number":"1"`, `"number":"2"`}, {`"number":"2","summary":"First"`, `"number":"1","summary":"First"`}, {`"number":"2","summary":"Second"`, `"number":"1","summary":"Second"`}, {`"version":"2"`, `"version":"1"`}}},
		{"6.1.23", "23", "/vulnerabilities/1/cve", []change{{`"baseScore":7.5}}]}]}`, `"baseScore":7.5}}]},{"cve":"CVE-2026-12345","notes":[{"category":"description","text":"x"}],"product_status":{"fixed":["P5"]}}]}`}}},
		{"6.1.24", "24", "/vulnerabilities/0/involvements/1/party", []change{{`"date":"2026-01-02T10:00:00Z"`, `"date":"2026-01-01T10:00:00Z"`}}},
		{"6.1.25", "25", "/product_tree/branches/0/branches/0/branches/0/product/product_identification_helper/hashes/0/file_hashes/1/algorithm", []change{{`"algorithm":"sha1"`, `"algorithm":"sha256"`}}},
		{"6.1.26", "26", "/document/category", []change{{`"csaf_vex"`, `"Security Advisory"`}}},
		{"6.1.26 prefix", "26", "/document/category", []change{{`"csaf_vex"`, `"csaf_own"`}}},
		{"6.1.27.1", "27-1", "/document/notes", []change{{`"csaf_vex"`, `"csaf_security_incident_response"`}, {`"category":"summary","text"`, `"category":"faq","text"`}}},
		{"6.1.27.2", "27-2", "/document/references", []change{{`"csaf_vex"`, `"csaf_security_incident_response"`}, {`"category":"external"`, `"category":"self"`}}},
		{"6.1.27.3", "27-3", "/vulnerabilities", []change{{`"csaf_vex"`, `"csaf_informational_advisory"`}}},
		{"6.1.27.5", "27-5", "/vulnerabilities/0", []change{{`"notes":[{"category":"description","text":"Подробно"}],"discovery`, `"discovery`}}},
		{"6.1.27.6", "27-6", "/vulnerabilities/0", []change{{`"csaf_vex"`, `"csaf_security_advisory"`}, {`"product_status":{"known_affected":["P1"],"known_not_affected":["P2","P4"],"fixed":["P5"]},`, ``}}},
		{"6.1.27.7", "27-7", "/vulnerabilities/0/product_status", []change{{`"known_affected":["P1"],"known_not_affected":["P2","P4"],"fixed":["P5"]`, `"recommended":["P5"]`}}},
		{"6.1.27.8", "27-8", "/vulnerabilities/0", []change{{`"cve":"CVE-2026-12345",`, ``}}},
		{"6.1.27.9", "27-9", "/vulnerabilities/0/product_status/known_not_affected/1", []change{{`"category":"impact"`, `"category":"exploit_status"`}}},
		{"6.1.27.10", "27-10", "/vulnerabilities/0/product_status/known_affected/0", []change{{`"details":"4.2.1","product_ids":["P1"]`, `"details":"4.2.1","product_ids":["P5"]`}}},
		{"6.1.28", "28", "/document/source_lang", []change{{`"source_lang":"en"`, `"source_lang":"ru"`}}},
		{"6.1.29", "29", "/vulnerabilities/0/remediations/1", []change{{`"remediations":[`, `"remediations":[{"category":"vendor_fix","details":"x","product_ids":["P1"]},{"category":"mitigation","details":"x"},`}}},
		{"6.1.30", "30", "/document/tracking/version", []change{{`"number":"1"`, `"number":"1.0.0"`}}},
		{"6.1.31", "31", "/product_tree/branches/0/branches/0/branches/0/name", []change{{`"name":"4.2.0"`, `"name":"prior to 4.2.0"`}}},
		{"6.1.32", "32", "/vulnerabilities/0/flags/1", []change{{`"flags":[`, `"flags":[{"label":"vulnerable_code_not_present","product_ids":["P5"]},{"label":"component_not_present"},`}}},
		{"6.1.33", "33", "/vulnerabilities/0/flags/1/label", []change{{`"flags":[`, `"flags":[{"label":"vulnerable_code_not_present","product_ids":["P2"]},`}}},
	} {
		t.Run(c.test, func(t *testing.T) {
			changed := base
			for _, ch := range c.changes {
				if !strings.Contains(changed, ch.old) {
					t.Fatalf("nothing to change: %s", ch.old)
				}
				changed = strings.Replace(changed, ch.old, ch.new, 1)
			}
			_, problems := read(changed)
			i := slices.IndexFunc(problems, func(p exchange.Problem) bool { return p.Key == "semantic-csaf-"+c.key })
			if i < 0 || problems[i].Path != c.path || problems[i].Code != exchange.ProblemSemantic {
				t.Errorf("%+v", problems)
			}
		})
	}
}

// Tests 6.1.27.4 and 6.1.27.11 take a document without what they ask for.
func TestProfileParts(t *testing.T) {
	for part, key := range map[string]string{"product_tree": "semantic-csaf-27-4", "vulnerabilities": "semantic-csaf-27-11"} {
		var doc map[string]any
		if err := json.Unmarshal([]byte(base), &doc); err != nil {
			t.Fatal(err)
		}
		delete(doc, part)
		data, _ := json.Marshal(doc)
		_, problems := read(string(data))
		if !slices.ContainsFunc(problems, func(p exchange.Problem) bool { return p.Key == key }) {
			t.Errorf("%s: %+v", part, problems)
		}
	}
}

func TestSchema(t *testing.T) {
	for _, c := range []struct {
		name, base, old, new string
		code                 exchange.ProblemCode
		path                 string
	}{
		{"no title", base, `"title":"Обход аутентификации",`, ``, "required", "/document/title"},
		{"another version", base, `"2.0","lang"`, `"1.2","lang"`, "enum", "/document/csaf_version"},
		{"TLP 2.0 in 2.0", base, `"AMBER"`, `"AMBER+STRICT"`, "enum", "/document/distribution/tlp/label"},
		{"TLP 1 in 2.1", base21(), `"AMBER+STRICT"`, `"WHITE"`, "enum", "/document/distribution/tlp/label"},
		{"a time without zone", base, `"current_release_date":"2026-03-01T10:00:00Z"`, `"current_release_date":"2026-03-01T10:00:00"`, "pattern", "/document/tracking/current_release_date"},
		{"an empty list", base, `"notes":[{"category":"summary","text":"Кратко"}]`, `"notes":[]`, "cardinality", "/document/notes"},
		{"the same product twice", base, `"fixed":["P5"]`, `"fixed":["P5","P5"]`, "duplicate", "/vulnerabilities/0/product_status/fixed/1"},
		{"a CVE that is none", base, `CVE-2026-12345`, `CVE-26-1`, "pattern", "/vulnerabilities/0/cve"},
		{"a CPE that is none", base, `cpe:2.3:a:mysal`, `cpe:2.3:x:mysal`, "pattern", "/product_tree/branches/0/branches/0/branches/0/product/product_identification_helper/cpe"},
		{"a branch of four", base, `{"category":"vendor","name":"Mysal","branches"`, `{"category":"vendor","x":1,"name":"Mysal","branches"`, "cardinality", "/product_tree/branches/0"},
		{"a version that is none", base, `"version":"2"`, `"version":"2.0"`, "pattern", "/document/tracking/version"},
		{"a score as a text", base, `"baseScore":9.8`, `"baseScore":"9.8"`, "type", "/vulnerabilities/0/scores/0/cvss_v3/baseScore"},
		{"a member of nobody in 2.1", base21(), `"title":`, `"x_own":1,"title":`, "unknown", "/document/*[5]"},
		{"a leap second in 2.1", base21(), `"current_release_date":"2026-03-01T10:00:00Z"`, `"current_release_date":"2026-03-01T10:00:60Z"`, "pattern", "/document/tracking/current_release_date"},
		{"a small z in 2.1", base21(), `"current_release_date":"2026-03-01T10:00:00Z"`, `"current_release_date":"2026-03-01T10:00:00z"`, "pattern", "/document/tracking/current_release_date"},
		{"found in the future", base, `"discovery_date":"2025`, `"discovery_date":"2035`, "semantic", "/vulnerabilities/0/discovery_date"},
		{"first released in the future", base, `"initial_release_date":"2026`, `"initial_release_date":"2036`, "semantic", "/document/tracking/initial_release_date"},
		{"from the future", base, `"current_release_date":"2026`, `"current_release_date":"2036`, "semantic", "/document/tracking/current_release_date"},
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
	if _, problems := read(strings.Replace(base, `"title":`, `"x_own":1,"title":`, 1)); len(problems) > 0 {
		t.Error("the schema of 2.0 lets members of one's own stand:", problems)
	}
	for _, s := range []string{`{}`, `[]`, `{"document":[]}`, `{"document":{"csaf_version":2}}`} {
		if reports, problems := read(s); len(problems) == 0 {
			t.Errorf("%s: %v", s, reports)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(base))
	f.Add([]byte(base21()))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := tree.ReadJSON(data, tree.Limits{})
		if reports, problems := Read(d, now); d.Whole && d.Root != nil && len(problems) == 0 && (len(reports) != 1 || !exchange.ValidID(reports[0].ID)) {
			t.Fatal("neither a report nor a problem")
		}
	})
}
