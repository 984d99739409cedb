package parser

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"almasu/exchange"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Every example is valid to the reader and to the published schema, at any
// time of the year and in any zone, and reads back as the same in both formats.
func TestExamples(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile(filepath.Join("..", "docs", "card.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	times := []time.Time{now, now.UTC(), time.Date(2026, 1, 1, 0, 0, 0, 5, now.Location()), time.Date(2028, 2, 29, 23, 59, 59, 0, time.UTC)}
	for _, kind := range exchange.ReportKinds() {
		for _, at := range times {
			var both []*exchange.Report
			for _, format := range []exchange.Format{exchange.CardJSON, exchange.CardXML} {
				body, err := Example(kind, format, "soc-alfa", "", "", at)
				if err != nil {
					t.Fatal(err)
				}
				p := ParseFile(exchange.Document{Body: body}, Limits{}, at)
				if p.Refusal.Code != "" || len(p.Reports) != 1 || p.Reports[0].Kind != kind || p.Format != format {
					t.Fatalf("%s %s: %v %v", kind, format, p.Refusal, p.Problems)
				}
				p.Reports[0].Format = ""
				both = append(both, p.Reports[0])
				if format == exchange.CardJSON {
					v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
					if err != nil {
						t.Fatal(err)
					}
					if err := schema.Validate(v); err != nil {
						t.Errorf("%s: %v", kind, err)
					}
				}
			}
			if !reflect.DeepEqual(both[0], both[1]) {
				t.Errorf("%s: JSON and XML are not the same report", kind)
			}
		}
	}
}

func TestExamplesAgainstXSD(t *testing.T) {
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint (libxml2-utils) is not installed")
	}
	dir := t.TempDir()
	args := []string{"--nonet", "--noout", "--schema", filepath.Join("..", "docs", "card.xsd")}
	for _, kind := range exchange.ReportKinds() {
		name := filepath.Join(dir, string(kind)+".xml")
		if err := os.WriteFile(name, example(t, kind, exchange.CardXML), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	if out, err := exec.Command(xmllint, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The examples in IODEF say the same as those in cards, but for the names that
// IODEF calls the reporter by.
func TestExamplesInIODEF(t *testing.T) {
	for _, kind := range []exchange.ReportKind{exchange.Incident, exchange.Vulnerability, exchange.Threat} {
		want := ParseFile(exchange.Document{Body: example(t, kind, exchange.CardJSON)}, Limits{}, now).Reports[0]
		for _, format := range []exchange.Format{exchange.IODEFXML, exchange.IODEFJSON} {
			p := ParseFile(exchange.Document{Body: example(t, kind, format)}, Limits{}, now)
			if p.Refusal.Code != "" || len(p.Reports) != 1 || p.Format != format || p.Reports[0].Format != format {
				t.Fatalf("%s %s: %v %v", kind, format, p.Refusal, p.Problems)
			}
			got := p.Reports[0]
			if !slices.Contains(got.Reporters, got.Reporter) {
				t.Errorf("%s %s: reporter %q, names %q", kind, format, got.Reporter, got.Reporters)
			}
			got.Format, got.Reporters = want.Format, nil
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s %s:\n%+v\n%+v\n%+v\n%+v", kind, format, got, want, got.Incident, want.Incident)
			}
		}
	}
}

// The kinds that other formats can tell have examples in them too.
func TestExamplesInOtherFormats(t *testing.T) {
	for _, kind := range []exchange.ReportKind{exchange.Incident, exchange.Vulnerability, exchange.Threat} {
		for _, format := range []exchange.Format{exchange.STIX, exchange.MISP} {
			p := ParseFile(exchange.Document{Body: example(t, kind, format)}, Limits{}, now)
			if p.Refusal.Code != "" || len(p.Reports) != 1 || p.Format != format {
				t.Fatalf("%s %s: %v %v", kind, format, p.Refusal, p.Problems)
			}
			if r := p.Reports[0]; r.Kind != kind || r.ID != "R-1" || r.Reporter != "soc-alfa" || r.Addressee != "nccis" {
				t.Errorf("%s %s: %+v", kind, format, r)
			}
		}
	}
}

func TestExampleRefuses(t *testing.T) {
	if _, err := Example("accident", exchange.CardJSON, "soc-alfa", "", "", now); err == nil {
		t.Error("an unknown kind")
	}
	if _, err := Example(exchange.Ping, exchange.STIX, "soc-alfa", "", "", now); err == nil {
		t.Error("a format that is not written")
	}
	if _, err := Example(exchange.Ping, exchange.CardJSON, "SOC Alfa", "", "", now); err == nil {
		t.Error("a reporter that is no id")
	}
	long := "a-participant-with-a-name-so-long-that-nothing-fits-beside-it.kz"
	if _, err := Example(exchange.Incident, exchange.CardXML, long, "", "", now); err != nil {
		t.Error(err)
	}
}

func TestRenderNamesTheFile(t *testing.T) {
	r := &exchange.Report{Kind: exchange.Ping, ID: "urn:x:1", Revision: 2, Reporter: "soc-alfa", GeneratedAt: now, Ping: &exchange.PingBody{Nonce: "1"}}
	for f, want := range map[exchange.Format][2]string{
		exchange.CardJSON: {"ping-urn_x_1-r2.json", "application/json"},
		exchange.CardXML:  {"ping-urn_x_1-r2.xml", "application/xml"},
	} {
		doc, err := Render(r, f)
		if err != nil || doc.Name != want[0] || doc.MediaType != want[1] {
			t.Errorf("%s: %q %q %v", f, doc.Name, doc.MediaType, err)
		}
	}
	if _, err := Render(&exchange.Report{Kind: exchange.Ping}, exchange.CardJSON); err == nil {
		t.Error("a report without a body")
	}
}
