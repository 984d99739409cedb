package csaf

import "strings"

// base is a valid advisory of version 2.0 with one of nearly everything.
const base = `{"document":{"category":"csaf_vex","csaf_version":"2.0","lang":"ru","source_lang":"en","title":"Обход аутентификации",
"distribution":{"tlp":{"label":"AMBER"}},"notes":[{"category":"summary","text":"Кратко"}],
"publisher":{"category":"vendor","name":"Mysal Soft","namespace":"https://psirt.mysal.example","contact_details":"psirt@mysal.example."},
"references":[{"category":"external","summary":"s","url":"https://mysal.example/a"}],
"tracking":{"current_release_date":"2026-03-01T10:00:00Z","id":"MSA-2026 001","initial_release_date":"2026-01-01T10:00:00Z","status":"final","version":"2",
"revision_history":[{"date":"2026-01-01T10:00:00Z","number":"1","summary":"First"},{"date":"2026-03-01T10:00:00Z","number":"2","summary":"Second"}]}},
"product_tree":{"branches":[{"category":"vendor","name":"Mysal","branches":[{"category":"product_name","name":"Portal","branches":[
{"category":"product_version","name":"4.2.0","product":{"name":"Portal 4.2.0","product_id":"P1","product_identification_helper":{"cpe":"cpe:2.3:a:mysal:portal:4.2.0:*:*:*:*:*:*:*","purl":"pkg:deb/mysal/portal@4.2.0",
"hashes":[{"filename":"a","file_hashes":[{"algorithm":"sha256","value":"4bac27393bdd9777ce02453256c5577cd02275510b2227f473d03f533924f877"},{"algorithm":"sha1","value":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}]}]}}},
{"category":"product_version_range","name":"<4.0","product":{"name":"Portal before 4.0","product_id":"P2"}}]}]}],
"full_product_names":[{"name":"Linux","product_id":"P3"},{"name":"BSD","product_id":"P5"}],
"product_groups":[{"group_id":"G1","product_ids":["P2","P3"]}],
"relationships":[{"category":"installed_on","full_product_name":{"name":"Portal on Linux","product_id":"P4"},"product_reference":"P1","relates_to_product_reference":"P3"}]},
"vulnerabilities":[{"cve":"CVE-2026-12345","cwe":{"id":"CWE-79","name":"Improper Neutralization of Input During Web Page Generation ('Cross-site Scripting')"},
"notes":[{"category":"description","text":"Подробно"}],"discovery_date":"2025-12-01T10:00:00Z",
"product_status":{"known_affected":["P1"],"known_not_affected":["P2","P4"],"fixed":["P5"]},
"flags":[{"label":"component_not_present","group_ids":["G1"]}],"threats":[{"category":"impact","details":"None","product_ids":["P4"]}],
"involvements":[{"party":"vendor","status":"completed","date":"2026-01-01T10:00:00Z"},{"party":"vendor","status":"open","date":"2026-01-02T10:00:00Z"}],
"remediations":[{"category":"vendor_fix","details":"4.2.1","product_ids":["P1"],"url":"https://mysal.example/4.2.1"}],
"scores":[{"products":["P1"],"cvss_v3":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":9.8,"baseSeverity":"CRITICAL","attackVector":"NETWORK","scope":"UNCHANGED"}},
{"products":["P1"],"cvss_v2":{"version":"2.0","vectorString":"AV:N/AC:L/Au:N/C:P/I:P/A:P","baseScore":7.5}}]}]}`

// base21 is the same in version 2.1.
func base21() string {
	return strings.NewReplacer(
		`{"document":{`, `{"$schema":"https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json","document":{`,
		`"csaf_version":"2.0"`, `"csaf_version":"2.1"`,
		`"label":"AMBER"`, `"label":"AMBER+STRICT"`,
		`"purl":"pkg:deb/mysal/portal@4.2.0"`, `"purls":["pkg:deb/mysal/portal@4.2.0"]`,
		`"cwe":{`, `"cwes":[{`, `('Cross-site Scripting')"}`, `('Cross-site Scripting')","version":"4.13"}]`,
		`"scores":[{"products":["P1"],"cvss_v3":`, `"metrics":[{"products":["P1"],"content":{"cvss_v3":`,
		`"scope":"UNCHANGED"}}`, `"scope":"UNCHANGED"}}}`,
		`{"products":["P1"],"cvss_v2":`, `{"products":["P1"],"content":{"cvss_v4":{"version":"4.0","vectorString":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N","baseScore":9.3,"baseSeverity":"CRITICAL"},"cvss_v2":`,
		`"baseScore":7.5}}`, `"baseScore":7.5}}}`,
	).Replace(base)
}
