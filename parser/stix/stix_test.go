package stix

import (
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

var now = time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)

const head = `{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[`

const author = `{"type":"identity","spec_version":"2.1","id":"identity--311b2d2d-f010-4473-83ec-1edf84858f4c","created":"2026-01-01T00:00:00.000Z",
"modified":"2026-01-01T00:00:00.000Z","name":"SOC Alfa","identity_class":"organization","contact_information":"mailto:duty@soc-alfa.example, +7 717 2000000"}`

const indicator = `{"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
"created_by_ref":"identity--311b2d2d-f010-4473-83ec-1edf84858f4c","created":"2026-04-06T20:03:48.000Z","modified":"2026-04-06T20:04:48.000Z",
"indicator_types":["malicious-activity"],"name":"Poison Ivy Malware","description":"This file is part of Poison Ivy","object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"],
"pattern":"[file:hashes.'SHA-256' = '4bac27393bdd9777ce02453256c5577cd02275510b2227f473d03f533924f877' OR domain-name:value = 'a.example']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}`

const incident = `{"type":"incident","spec_version":"2.1","id":"incident--1a0a9e7d-7f10-4b7f-9f0e-0f27f3a5d111","created_by_ref":"identity--311b2d2d-f010-4473-83ec-1edf84858f4c",
"created":"2026-11-20T10:00:00.000Z","modified":"2026-11-20T10:00:00.000Z","lang":"ru","name":"INC-77","description":"Шифровальщик","labels":["rsit:malicious-code=\"infected-system\""],
"extensions":{"extension-definition--ef765651-680c-498d-9894-99799f2fa126":{"extension_type":"property-extension","determination":"confirmed","investigation_status":"closed","criticality":75,"detection_methods":["human-review"]}}}`

const event = `{"type":"event","spec_version":"2.1","id":"event--1a0a9e7d-7f10-4b7f-9f0e-0f27f3a5d112","created":"2026-11-20T10:00:00.000Z","modified":"2026-11-20T10:00:00.000Z",
"status":"occurred","start_time":"2026-11-19T22:00:00Z","extensions":{"extension-definition--4ca6de00-5b0d-45ef-a1dc-ea7279ea910e":{"extension_type":"new-sdo"}}}`

const task = `{"type":"task","spec_version":"2.1","id":"task--1a0a9e7d-7f10-4b7f-9f0e-0f27f3a5d113","created":"2026-11-20T10:00:00.000Z","modified":"2026-11-20T10:00:00.000Z",
"outcome":"successful","task_types":["detected"],"description":"Обнаружено дежурным","start_time":"2026-11-20T08:00:00Z","extensions":{"extension-definition--2074a052-8be4-4932-849e-f5e7798e0030":{"extension_type":"new-sdo"}}}`

const vulnerability = `{"type":"vulnerability","spec_version":"2.1","id":"vulnerability--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0061","created":"2026-05-12T08:17:27.000Z","modified":"2026-05-12T08:17:37.500Z",
"name":"CVE-2026-1234","external_references":[{"source_name":"cve","external_id":"CVE-2026-1234"}]}`

func bundleOf(objects ...string) []byte { return []byte(head + strings.Join(objects, ",\n") + "]}") }

func read(data []byte) ([]*exchange.Report, []exchange.Problem) {
	return Read(tree.ReadJSON(data, tree.Limits{}), now)
}

func TestIncident(t *testing.T) {
	reports, problems := read(bundleOf(author, incident, indicator, event, task))
	if len(problems) > 0 || len(reports) != 1 {
		t.Fatal(problems)
	}
	r := reports[0]
	x := r.Incident
	if r.Kind != exchange.Incident || r.ID != "incident--1a0a9e7d-7f10-4b7f-9f0e-0f27f3a5d111" || r.Revision != 1 || r.Language != "ru" ||
		!slices.Contains(r.Reporters, "SOC Alfa") || !slices.Contains(r.Reporters, "duty@soc-alfa.example") {
		t.Errorf("%+v", r)
	}
	if x.IncidentID != "INC-77" || x.Summary != "Шифровальщик" || x.Severity != exchange.High || x.Status != "resolved" ||
		x.Class.RSIT != "malicious-code/infected-system" || x.DetectionSource != "human-review" || len(x.Indicators) != 2 || len(x.Actions) != 1 ||
		x.StartedAt.Hour() != 22 || x.DetectedAt.Hour() != 8 || !x.ConfirmedAt.IsZero() {
		t.Errorf("%+v", x)
	}
}

func TestOtherKinds(t *testing.T) {
	reports, problems := read(bundleOf(author, vulnerability))
	if len(problems) > 0 || len(reports) != 1 || reports[0].Kind != exchange.Vulnerability || reports[0].Revision != 12 ||
		!slices.Equal(reports[0].Vulnerability.CVE, []string{"CVE-2026-1234"}) {
		t.Errorf("%+v %v", reports, problems)
	}
	reports, problems = read(bundleOf(author, indicator))
	if len(problems) > 0 || len(reports) != 1 || reports[0].Kind != exchange.Threat || reports[0].TLP != exchange.TLPGreen ||
		!strings.HasPrefix(reports[0].ID, "bundle--") || reports[0].Threat.Title != "Poison Ivy Malware" || len(reports[0].Threat.Indicators) != 2 {
		t.Errorf("%+v %v", reports, problems)
	}
	reports, problems = read(bundleOf(incident, strings.ReplaceAll(incident, "111", "222")))
	if len(problems) > 0 || len(reports) != 2 {
		t.Errorf("%+v %v", reports, problems)
	}
	// A later version of the same object takes the place of the earlier.
	reports, problems = read(bundleOf(incident, strings.Replace(incident, `"modified":"2026-11-20T10:00:00.000Z"`, `"modified":"2026-11-21T10:00:00.000Z"`, 1)))
	if len(problems) > 0 || len(reports) != 1 || reports[0].Revision != 86401 {
		t.Errorf("%+v %v", reports, problems)
	}
}

func TestCustomContentIsLegal(t *testing.T) {
	custom := `{"type":"x-weather","id":"x-weather--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","rain":{"today":[1,null]}}`
	own := strings.Replace(indicator, `"pattern_type"`, `"x_acme_score":5,"extensions":{"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f":{"extension_type":"property-extension","rank":1}},"pattern_type"`, 1)
	impact := `{"type":"impact","spec_version":"2.1","id":"impact--0c9511ac-e14b-4f48-9d49-54bfc93c9b34","created":"2026-11-20T10:00:00.000Z","modified":"2026-11-20T10:00:00.000Z",` +
		`"impact_category":"monetary","extensions":{"extension-definition--7cc33dd6-f6a1-489b-98ea-522d351d71b9":{"extension_type":"new-sdo"},"monetary":{"variety":"ransom-demand"}}}`
	if _, problems := read(bundleOf(author, custom, own, impact)); len(problems) > 0 {
		t.Error(problems)
	}
}

// withExtension is an observable with an extension, and the indicator after it.
func withExtension(kind, properties, extension string) string {
	return `{"type":"` + kind + `","id":"` + kind + `--57b56a43-b8b0-4cba-9deb-34e3e1faed9e",` + properties + `,"extensions":{` + extension + `}},` + indicator
}

func TestPredefinedExtensions(t *testing.T) {
	for _, o := range []string{
		withExtension("file", `"name":"a"`, `"ntfs-ext":{"alternate_data_streams":[{"name":"s","size":1}]},"pdf-ext":{"version":"1.7","document_info_dict":{"Title":"t"}},"archive-ext":{"contains_refs":["file--fb0419a8-f09c-57f8-be64-71a80417591c"]}`),
		withExtension("file", `"name":"a"`, `"windows-pebinary-ext":{"pe_type":"exe","machine_hex":"014c","time_date_stamp":"2016-01-22T12:31:12Z","optional_header":{"magic_hex":"010b","size_of_code":1},"sections":[{"name":"CODE","entropy":0.061}]},"raster-image-ext":{"exif_tags":{"Make":"Nikon","XResolution":4928}}`),
		withExtension("network-traffic", `"protocols":["tcp"],"src_ref":"ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd"`, `"http-request-ext":{"request_method":"get","request_value":"/","request_header":{"Host":["a"]}},"tcp-ext":{"src_flags_hex":"00000002"},"icmp-ext":{"icmp_type_hex":"08","icmp_code_hex":"00"},"socket-ext":{"address_family":"AF_INET","is_listening":true}`),
		withExtension("process", `"pid":1`, `"windows-process-ext":{"aslr_enabled":true,"startup_info":{"a":"b"}},"windows-service-ext":{"service_name":"s","start_type":"SERVICE_AUTO_START"}`),
		withExtension("user-account", `"user_id":"1"`, `"unix-account-ext":{"gid":1001,"groups":["wheel"]}`),
	} {
		if _, problems := read(bundleOf(author, o)); len(problems) > 0 {
			t.Errorf("%s: %v", o, problems)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		name, base, old, new string
		code                 exchange.ProblemCode
		path                 string
	}{
		{"another version", indicator, `"spec_version":"2.1"`, `"spec_version":"2.0"`, "enum", "/objects/1/spec_version"},
		{"no modified", indicator, `"modified":"2026-04-06T20:04:48.000Z",`, ``, "required", "/objects/1/modified"},
		{"modified before created", indicator, `"modified":"2026-04-06T20:04`, `"modified":"2026-04-06T19:04`, "semantic", "/objects/1/modified"},
		{"a time with an offset", indicator, `20:04:48.000Z`, `20:04:48.000+05:00`, "pattern", "/objects/1/modified"},
		{"an id of another type", indicator, `indicator--8e`, `malware--8e`, "semantic", "/objects/1/id"},
		{"an id of no RFC 4122 variant", indicator, `indicator--8e2e2d2b-17d4-4cbf-938f`, `indicator--8e2e2d2b-17d4-4cbf-038f`, "pattern", "/objects/1/id"},
		{"an id that is none", indicator, `indicator--8e2e2d2b`, `indicator--8e`, "pattern", "/objects/1/id"},
		{"a creator that is no identity", indicator, `"identity--311b`, `"tool--311b`, "pattern", "/objects/1/created_by_ref"},
		{"a broken pattern", indicator, `OR domain`, `ORR domain`, "semantic", "/objects/1/pattern"},
		{"a list that is empty", indicator, `["malicious-activity"]`, `[]`, "cardinality", "/objects/1/indicator_types"},
		{"a property with capitals", indicator, `"pattern_type"`, `"X-Custom":1,"pattern_type"`, "pattern", "/objects/1/*[12]"},
		{"a confidence out of range", indicator, `"pattern_type"`, `"confidence":101,"pattern_type"`, "range", "/objects/1/confidence"},
		{"a name that is a number", indicator, `"name":"Poison Ivy Malware"`, `"name":7`, "type", "/objects/1/name"},
		{"a reference without content", vulnerability, `,"external_id":"CVE-2026-1234"`, ``, "semantic", "/objects/1/external_references/0"},
		{"a CVE that is none", vulnerability, `"external_id":"CVE-2026-1234"`, `"external_id":"CVE-26-1"`, "semantic", "/objects/1/external_references/0/external_id"},
		{"a determination that is none", incident, `"confirmed"`, `"maybe"`, "enum", "/objects/1/extensions/" + IncidentCore + "/determination"},
		{"an incident extension without status", incident, `"investigation_status":"closed",`, ``, "required", "/objects/1/extensions/" + IncidentCore + "/investigation_status"},
		{"an extension of impacts on another object", incident, `"extensions":{`, `"extensions":{"monetary":{"variety":"x"},`, "pattern", "/objects/1/extensions/*[1]"},
		{"a PE file without its type", indicator, indicator, withExtension("file", `"name":"a.exe"`, `"windows-pebinary-ext":{"sections":[{"name":".text"}]}`), "required", "/objects/1/extensions/windows-pebinary-ext/pe_type"},
		{"a PE file with an odd number of digits", indicator, indicator, withExtension("file", `"name":"a.exe"`, `"windows-pebinary-ext":{"pe_type":"exe","machine_hex":"14c"}`), "pattern", "/objects/1/extensions/windows-pebinary-ext/machine_hex"},
		{"a socket of no family", indicator, indicator, withExtension("network-traffic", `"protocols":["tcp"],"src_ref":"ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd"`, `"socket-ext":{"address_family":"AF_X"}`), "enum", "/objects/1/extensions/socket-ext/address_family"},
		{"an extension of files on a process", indicator, indicator, withExtension("process", `"pid":1`, `"pdf-ext":{"version":"1.7"}`), "semantic", "/objects/1/extensions/pdf-ext"},
		{"a null", incident, `"lang":"ru"`, `"lang":null`, "type", "/objects/1/lang"},
		{"a time of ours without zone", incident, `"lang":"ru"`, `"x_almasu":{"confirmed_at":"2026-11-20T10:00:00"}`, "pattern", "/objects/1/x_almasu/confirmed_at"},
		{"a field of ours that is none", incident, `"lang":"ru"`, `"x_almasu":{"colour":1}`, "unknown", "/objects/1/x_almasu/*[1]"},
		{"confirmed before detected", incident, `"lang":"ru"`, `"x_almasu":{"confirmed_at":"2026-11-20T10:00:00Z","detected_at":"2026-11-20T11:00:00Z"}`, "semantic", "/objects/1/x_almasu/confirmed_at"},
		{"from the future", incident, `"modified":"2026`, `"modified":"2036`, "semantic", "/objects/1/modified"},
		{"a selector of nothing", indicator, `"pattern_type"`, `"granular_markings":[{"lang":"kk","selectors":["labels.[0]"]}],"pattern_type"`, "semantic", "/objects/1/granular_markings/0/selectors/0"},
		{"a relationship between relationships", indicator, indicator, `{"type":"relationship","spec_version":"2.1","id":"relationship--57b56a43-b8b0-4cba-9deb-34e3e1faed9e","created":"2026-05-12T08:17:27.000Z","modified":"2026-05-12T08:17:27.000Z","relationship_type":"uses","source_ref":"relationship--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0061","target_ref":"tool--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0061"},` + indicator, "semantic", "/objects/1/source_ref"},
		{"a file without name and hash", indicator, indicator, `{"type":"file","id":"file--57b56a43-b8b0-4cba-9deb-34e3e1faed9e","size":5},` + indicator, "semantic", "/objects/1"},
		{"an address that is none", indicator, indicator, `{"type":"ipv4-addr","id":"ipv4-addr--57b56a43-b8b0-4cba-9deb-34e3e1faed9e","value":"300.1.1.1"},` + indicator, "pattern", "/objects/1/value"},
		{"the same version twice", indicator, indicator, indicator + "," + indicator, "semantic", "/objects/2/id"},
		{"nothing that is a report", indicator, indicator, `{"type":"url","id":"url--57b56a43-b8b0-4cba-9deb-34e3e1faed9e","value":"https://a.example/"}`, "semantic", "/objects"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := strings.Replace(c.base, c.old, c.new, 1)
			if changed == c.base {
				t.Fatal("nothing was changed")
			}
			_, problems := read(bundleOf(author, changed))
			if len(problems) != 1 || problems[0].Code != c.code || problems[0].Path != c.path || problems[0].Line < 1 {
				t.Errorf("%+v", problems)
			}
		})
	}
}

func TestWholeBundle(t *testing.T) {
	for name, data := range map[string]string{
		"no bundle":        indicator,
		"a list":           `[` + indicator + `]`,
		"bundle of 2.0":    strings.Replace(string(bundleOf(indicator)), `"objects"`, `"spec_version":"2.0","objects"`, 1),
		"no id":            `{"type":"bundle","objects":[` + indicator + `]}`,
		"empty":            head + `]}`,
		"objects of words": head + `"a"]}`,
	} {
		if reports, problems := read([]byte(data)); len(problems) == 0 {
			t.Errorf("%s: %v", name, reports)
		}
	}
	if got := Identify(tree.ReadJSON(bundleOf(author, strings.Replace(incident, `"name":"INC-77",`, ``, 1)), tree.Limits{})); len(got) != 1 || got[0].ID == "" {
		t.Error("an invalid incident is identified")
	}
}

func TestPatterns(t *testing.T) {
	for text, plain := range map[string]bool{
		`[ipv4-addr:value = '198.51.100.1']`:                                      true,
		`[ipv4-addr:value ISSUBSET '198.51.100.0/24' OR ipv6-addr:value = '::1']`: true,
		`[file:hashes.MD5 IN ('a','b')]`:                                          true,
		`[file:name = 'a\'b\\' AND file:size > 10]`:                               false,
		`([ipv4-addr:value = 'a'] AND [url:value LIKE '%x']) WITHIN 300 SECONDS`:  false,
		`[a-b:c.d[0].'e f' NOT MATCHES '^x']`:                                     true,
		`[process:pid = 5] REPEATS 5 TIMES WITHIN 1800.5 SECONDS`:                 false,
		`[x509-certificate:validity_not_after < t'2026-01-01T00:00:00Z'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'`: false,
		`[artifact:payload_bin = b'AAAA' OR artifact:payload_bin = h'00ff']`:                                                         true,
		`[EXISTS file:name] FOLLOWEDBY [(file:name = 'a' OR file:name = 'b') AND file:size = 1]`:                                     false,
	} {
		if p, ok := parsePattern(text); !ok || p.plain != plain {
			t.Errorf("%s: %v %v", text, p, ok)
		}
	}
	for _, text := range []string{``, `ipv4-addr:value = 'a'`, `[ipv4-addr:value = 'a'`, `[ipv4-addr:value 'a']`, `[ipv4-addr = 'a']`, `[ipv4-addr:value = "a"]`,
		`[ipv4-addr:value = 'a' AND]`, `[ipv4-addr:value = 'a'] WITHIN SECONDS`, `[a:b = t'x']`, `[a:b IN ()]`, `[ipv4-addr:value LIKE 5]`, `[ab:c = 'a'] x`,
		strings.Repeat("(", 1000) + "[aa:b = 1]" + strings.Repeat(")", 1000)} {
		if _, ok := parsePattern(text); ok {
			t.Errorf("%s is taken", text)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{author, indicator, incident, event, task, vulnerability} {
		f.Add(bundleOf(author, s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := tree.ReadJSON(data, tree.Limits{})
		reports, problems := Read(d, now)
		if d.Whole && d.Root != nil && len(problems) == 0 && len(reports) == 0 {
			t.Fatal("neither a report nor a problem")
		}
		for _, r := range reports {
			if !exchange.ValidID(r.ID) && len(problems) == 0 || r.Revision < 1 {
				t.Fatalf("%+v", r)
			}
			if len(problems) == 0 && r.Kind != "" {
				if again, err := Render(r); err == nil {
					if _, problems := Read(tree.ReadJSON(again, tree.Limits{}), now); len(problems) > 0 {
						t.Fatalf("%v\n%s", problems, again)
					}
				}
			}
		}
	})
}

func FuzzPattern(f *testing.F) {
	f.Add(`[ipv4-addr:value = '198.51.100.1' OR (file:size > 5 AND a-b:c[*].d IN ('x', 'y'))] REPEATS 5 TIMES`)
	f.Fuzz(func(_ *testing.T, s string) { parsePattern(s) })
}
