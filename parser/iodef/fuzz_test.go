package iodef

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

// What is read without a problem can be rendered, unless it holds more than a
// report of ours may, and reads back as the same; what has problems has a text
// and a place for each. Nothing panics or repeats a word of the document.
func fuzz(f *testing.F, format exchange.Format) {
	f.Add([]byte(rich))
	f.Add([]byte(plainJSON))
	for _, kind := range []*exchange.Report{
		{Kind: exchange.Threat, ID: "r", Revision: 1, Reporter: "soc-alfa", GeneratedAt: now(), TLP: exchange.TLPAmber,
			Threat: &exchange.ThreatBody{ThreatID: "t", Title: "t", Description: "d", ObservedAt: now(), Class: &exchange.Class{RSIT: "test/test"},
				Indicators: []exchange.Indicator{{Type: "md5", Value: "00112233445566778899aabbccddeeff"}, {Type: "yara", Value: "rule x"}}}},
		{Kind: exchange.Vulnerability, ID: "v", Revision: 2, Reporter: "soc-alfa", GeneratedAt: now(),
			Vulnerability: &exchange.VulnerabilityBody{VulnerabilityID: "v", Title: "t", Description: "d", CVE: []string{"CVE-2026-1234"}, CWE: []string{"CWE-1"},
				FoundAt: now(), FixBy: now(), CVSS: &exchange.CVSS{Version: "3.1", Vector: "CVSS:3.1/AV:N", Score: 9.8}, Products: []exchange.Product{{Name: "p"}}}},
	} {
		body, err := Render(kind, format)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		reports, problems := read(format, in)
		for _, p := range problems {
			if p.Text == "" || p.Key == "" || !slices.Contains(exchange.ProblemCodes(), p.Code) {
				t.Errorf("%+v", p)
			}
			if bytes.Contains(in, []byte("qqq")) && bytes.Contains([]byte(p.Path+p.Text), []byte("qqq")) {
				t.Errorf("a word of the document is repeated: %+v", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		for _, r := range reports {
			if r.Key().Revision < 1 || !exchange.ValidID(r.ID) {
				t.Errorf("no identity: %+v", r)
			}
			body, err := Render(r, format)
			if err != nil {
				continue
			}
			again, problems := read(format, body)
			if len(problems) > 0 || len(again) != 1 || again[0].Key() != r.Key() || again[0].Kind != r.Kind {
				t.Errorf("%v\n%s", problems, body)
			}
		}
	})
}

func FuzzXML(f *testing.F)  { fuzz(f, exchange.IODEFXML) }
func FuzzJSON(f *testing.F) { fuzz(f, exchange.IODEFJSON) }

// Hostile documents end soon, with problems that are bounded.
func TestHostile(t *testing.T) {
	repeat := func(n int, s string) []byte { return bytes.Repeat([]byte(s), n) }
	head, tail := []byte(rich[:bytes.Index([]byte(rich), []byte("<Description>"))]), []byte(rich[bytes.Index([]byte(rich), []byte("<Assessment>")):])
	for name, doc := range map[string][]byte{
		"many unknown":    slices.Concat(head, repeat(20000, "<q/>"), tail),
		"many sound":      slices.Concat(head, repeat(100000, "<Description>x</Description>"), tail),
		"deep extension":  slices.Concat(head, repeat(5000, "<EventData>"), tail),
		"many problems":   slices.Concat(head, repeat(50000, "<DetectTime>x</DetectTime>"), tail),
		"attributes":      bytes.Replace([]byte(rich), []byte("<Method>"), slices.Concat([]byte("<Method"), repeat(3000, ` a="1"`), []byte(">")), 1),
		"many systems":    bytes.Replace([]byte(rich), []byte("<Flow>"), slices.Concat([]byte("<Flow>"), repeat(30000, `<System category="source"><Node><Address>::1</Address></Node></System>`)), 1),
		"long bulk list":  bytes.Replace([]byte(rich), []byte("a.example"), repeat(60000, "a.example "), 1),
		"nested in JSON":  slices.Concat([]byte(`{"version":"2.0","Incident":[`), repeat(4000, `{"EventData":[`)),
		"wide in JSON":    slices.Concat([]byte(`{"version":"2.0","Incident":[{"q":1`), repeat(60000, `,"q":1`), []byte("}]}")),
		"many incidents":  slices.Concat([]byte(`{"version":"2.0","Incident":[{}`), repeat(100000, `,{}`), []byte("]}")),
		"many of nothing": slices.Concat([]byte(`{"version":"2.0","Incident":[1`), repeat(100000, `,1`), []byte("]}")),
	} {
		t.Run(name, func(t *testing.T) {
			d := tree.ReadXML(doc, "", tree.Limits{})
			if doc[0] == '{' {
				d = tree.ReadJSON(doc, tree.Limits{})
			}
			begin := time.Now()
			_, problems := Read(d, now())
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if len(problems) > 101 {
				t.Errorf("%d problems", len(problems))
			}
		})
	}
}
