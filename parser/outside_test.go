package parser

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"almasu/exchange"
	"almasu/internal/testreport"

	"pgregory.net/rapid"
)

// outsiders are small documents as others write them, in the formats that are
// only read; for the rest the examples serve.
func outsiders(t *testing.T) map[exchange.Format][]byte {
	t.Helper()
	docs := map[exchange.Format][]byte{
		exchange.CSAF: []byte(`{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","lang":"en","title":"t","distribution":{"tlp":{"label":"WHITE"}},"notes":[{"category":"summary","text":"s"}],
"publisher":{"category":"vendor","name":"n","namespace":"https://psirt.a.example"},"references":[{"category":"external","summary":"s","url":"https://a.example/"}],
"tracking":{"current_release_date":"2026-03-01T10:00:00Z","id":"A-1","initial_release_date":"2026-01-01T10:00:00Z","revision_history":[{"date":"2026-03-01T10:00:00Z","number":"1","summary":"s"}],"status":"final","version":"1"}},
"product_tree":{"branches":[{"category":"vendor","name":"V","branches":[{"category":"product_name","name":"P","branches":[{"category":"product_version","name":"1","product":{"name":"V P 1","product_id":"P1","product_identification_helper":{"cpe":"cpe:2.3:a:v:p:1:*:*:*:*:*:*:*"}}}]}]}]},
"vulnerabilities":[{"cve":"CVE-2026-1234","notes":[{"category":"description","text":"d"}],"product_status":{"known_affected":["P1"]},"remediations":[{"category":"vendor_fix","details":"d","product_ids":["P1"],"url":"https://a.example/fix"}],
"scores":[{"products":["P1"],"cvss_v3":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","baseScore":9.8,"baseSeverity":"CRITICAL"}}]}]}`),
		exchange.XARF: []byte(`{"xarf_version":"4.0.0","report_id":"9ac39cd1-85f3-4c31-ae87-a0a95f3ebc83","timestamp":"2026-01-11T09:21:23Z","reporter":{"org":"O","contact":"a@a.example","domain":"a.example"},
"sender":{"org":"O","contact":"a@a.example","domain":"a.example"},"source_identifier":"192.0.2.155","source_port":1,"category":"connection","type":"ddos","evidence_source":"flow_analysis","destination_ip":"203.0.113.100",
"destination_port":80,"protocol":"tcp","attack_vector":"syn_flood","peak_pps":250000,"first_seen":"2026-01-11T08:45:00Z","evidence":[{"content_type":"text/plain","description":"d","payload":"REVG"}],"tags":["attack:syn_flood"]}`),
	}
	for _, f := range []exchange.Format{exchange.CardJSON, exchange.IODEFJSON, exchange.STIX, exchange.MISP} {
		docs[f] = example(t, exchange.Incident, f)
	}
	return docs
}

// spoilt changes some values of a JSON document, at random.
func spoilt(r *rand.Rand, doc []byte) []byte {
	var root any
	if json.Unmarshal(doc, &root) != nil {
		panic("the document is no JSON")
	}
	odd := []any{nil, true, false, "", "x", " ", -1.0, 0.0, 1e300, 4.5, []any{}, []any{nil}, map[string]any{}, map[string]any{"x": 1.0}, strings.Repeat("ә", 3000), "2026-13-01T00:00:00Z", "2099-01-01T00:00:00Z",
		"0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "\u202e<script>", "a\nb", "https://a.example/%zz", "CVE-2026-1", "192.0.2.1/33", "--", "|", "a|b|c", "1", "18446744073709551616"}
	var nodes []func(any)
	var walk func(v any, set func(any))
	walk = func(v any, set func(any)) {
		nodes = append(nodes, set)
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(v[name], func(x any) { v[name] = x })
				nodes = append(nodes, func(any) { delete(v, name) })
			}
		case []any:
			for i := range v {
				walk(v[i], func(x any) { v[i] = x })
			}
		}
	}
	walk(root, func(any) {})
	for range 1 + r.IntN(3) {
		nodes[r.IntN(len(nodes))](odd[r.IntN(len(odd))])
	}
	out, err := json.Marshal(root)
	if err != nil {
		panic(err)
	}
	return out
}

// Whatever an outside document is, it is accepted or refused with a problem,
// and what is accepted can be written in every format that holds its kind, and
// then is valid there, or is refused for a field.
func TestOutsideDocuments(t *testing.T) {
	count := 600
	if testing.Short() {
		count = 100
	}
	r := rand.New(rand.NewPCG(48, 5))
	for format, doc := range outsiders(t) {
		accepted := 0
		for i := range count {
			body := doc
			if i > 0 {
				body = spoilt(r, doc)
			}
			p := ParseFile(exchange.Document{Name: "x.json", Body: body}, Limits{}, now)
			if (p.Refusal.Code == "") != (len(p.Reports) > 0 && len(p.Problems) == 0) || p.Refusal.Code != "" && len(p.Problems) == 0 {
				t.Fatalf("%s: %v, %d reports, %v\n%s", format, p.Refusal, len(p.Reports), p.Problems, body)
			}
			if p.Refusal.Code != "" {
				continue
			}
			accepted++
			for _, report := range p.Reports {
				convert(t, report, body)
			}
		}
		if accepted == 0 {
			t.Errorf("%s: nothing was accepted, not even the document itself", format)
		}
		t.Logf("%s: %d of %d accepted", format, accepted, count)
	}
}

// convert writes the report in every format; what is written is valid.
func convert(t *testing.T, report *exchange.Report, body []byte) {
	t.Helper()
	for _, to := range []exchange.Format{exchange.CardJSON, exchange.CardXML, exchange.IODEFJSON, exchange.IODEFXML, exchange.STIX, exchange.MISP} {
		out, err := Render(report, to)
		if err != nil {
			continue
		}
		p := Parse([]exchange.Document{out}, Limits{Document: 8 << 20}, now)
		if p.Refusal.Code != "" || len(p.Reports) != 1 || p.Format != to {
			t.Fatalf("as %s: %v %v\nfrom %.2000s\nto %.2000s", to, p.Refusal, p.Problems, body, out.Body)
		}
		if got := p.Reports[0]; got.Kind != report.Kind || got.ID != report.ID || got.Revision != report.Revision {
			t.Fatalf("as %s it is %s %s/%d, it was %s %s/%d", to, got.Kind, got.ID, got.Revision, report.Kind, report.ID, report.Revision)
		}
	}
}

// A report that goes through all formats one after another comes out as it went
// in, as far as a card says it.
func TestRoundThroughAll(t *testing.T) {
	for _, kind := range []exchange.ReportKind{exchange.Incident, exchange.Vulnerability, exchange.Threat} {
		t.Run(string(kind), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				r := testreport.Any(t, kind)
				first, err := Render(r, exchange.STIX)
				if err != nil {
					t.Fatal(err)
				}
				for _, to := range []exchange.Format{exchange.MISP, exchange.STIX, exchange.MISP} {
					p := Parse([]exchange.Document{first}, Limits{}, now.AddDate(500, 0, 0))
					if p.Refusal.Code != "" {
						t.Fatalf("%v %v\n%s", p.Refusal, p.Problems, first.Body)
					}
					if first, err = Render(p.Reports[0], to); err != nil {
						t.Fatal(err)
					}
				}
				back := Parse([]exchange.Document{first}, Limits{}, now.AddDate(500, 0, 0))
				again, err := Render(back.Reports[0], exchange.STIX)
				straight, err2 := Render(r, exchange.STIX)
				if err != nil || err2 != nil || !bytes.Equal(sorted(again.Body), sorted(straight.Body)) {
					t.Fatalf("%v %v\n%s\n%s", err, err2, again.Body, straight.Body)
				}
			})
		})
	}
}

// sorted is a JSON document with its members in order.
func sorted(doc []byte) []byte {
	var v any
	if json.Unmarshal(doc, &v) != nil {
		return doc
	}
	out, _ := json.Marshal(v)
	return out
}
