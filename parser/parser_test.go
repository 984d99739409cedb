package parser

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"almasu/exchange"
)

var now = time.Date(2026, 11, 23, 18, 0, 0, 0, time.FixedZone("", 5*3600))

func example(t *testing.T, kind exchange.ReportKind, f exchange.Format) []byte {
	t.Helper()
	body, err := Example(kind, f, "soc-alfa", "nccis", "R-1", now)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// The one machine part is found among what a mail may hold (DESIGN section 5).
func TestChoose(t *testing.T) {
	json, xml := example(t, exchange.Ping, exchange.CardJSON), example(t, exchange.Ping, exchange.CardXML)
	doc := func(mediaType, name string, body []byte) exchange.Document {
		return exchange.Document{MediaType: mediaType, Name: name, Body: body}
	}
	words := doc("text/plain", "", []byte("Сәлеметсіз бе! <қосымшада>"))
	logs := doc("application/json", "logs.json", []byte(`{"events":[]}`))
	half := func(b []byte) []byte { return b[:len(b)/2] }
	stix := []byte(`{"type":"bundle","id":"bundle--1","objects":[]}`)
	for _, c := range []struct {
		name        string
		docs        []exchange.Document
		code        exchange.Code
		format      exchange.Format
		attachments int
		reports     int
	}{
		{"nothing", nil, exchange.NoReport, "", 0, 0},
		{"words only", []exchange.Document{words}, exchange.NoReport, "", 0, 0},
		{"words that begin like JSON", []exchange.Document{doc("text/plain", "", []byte("{see below}"))}, exchange.NoReport, "", 0, 0},
		{"an empty text", []exchange.Document{doc("text/plain", "", nil)}, exchange.NoReport, "", 0, 0},
		{"a picture and a PDF", []exchange.Document{doc("image/svg+xml", "a.svg", []byte("<svg/>")), doc("application/pdf", "a.pdf", nil)}, exchange.NoReport, "", 2, 0},
		{"card as JSON", []exchange.Document{words, doc("application/json", "", json)}, "", exchange.CardJSON, 0, 1},
		{"card as XML", []exchange.Document{words, doc("application/xml", "r.xml", xml)}, "", exchange.CardXML, 0, 1},
		{"card by its file name", []exchange.Document{doc("application/x-download", "R.JSON", json)}, "", exchange.CardJSON, 0, 1},
		{"card as the text itself", []exchange.Document{doc("text/plain", "", append([]byte("\r\n "), json...))}, "", exchange.CardJSON, 0, 1},
		{"card without a type", []exchange.Document{doc("", "", xml)}, "", exchange.CardXML, 0, 1},
		{"card with a log beside it", []exchange.Document{logs, words, doc("text/xml", "", xml)}, "", exchange.CardXML, 1, 1},
		{"card with a broken log beside it", []exchange.Document{doc("application/json", "l.json", []byte("{")), doc("application/json", "", json)}, "", exchange.CardJSON, 1, 1},
		{"the same report in both notations", []exchange.Document{doc("application/json", "", json), doc("application/xml", "", xml)}, exchange.ManyReports, "", 2, 2},
		{"card and STIX", []exchange.Document{doc("application/json", "", json), doc("application/json", "", stix)}, exchange.ManyReports, "", 2, 1},
		{"card and half a card", []exchange.Document{doc("application/json", "", json), doc("text/plain", "", half(json))}, exchange.ManyReports, "", 1, 2},
		{"a log alone", []exchange.Document{words, logs}, exchange.FormatUnknown, "", 0, 0},
		{"two logs", []exchange.Document{logs, logs}, exchange.FormatUnknown, "", 2, 0},
		{"half a card as JSON", []exchange.Document{doc("application/json", "", half(json))}, exchange.Malformed, exchange.CardJSON, 0, 1},
		{"half a card as the text itself", []exchange.Document{doc("text/plain", "", half(xml))}, exchange.Malformed, exchange.CardXML, 0, 1},
		{"a marker in what cannot be read", []exchange.Document{doc("text/plain", "", []byte(`{ here: "almasu"`))}, exchange.Malformed, exchange.CardJSON, 0, 0},
		{"half a log", []exchange.Document{doc("application/json", "", half(logs.Body))}, exchange.Malformed, "", 0, 0},
		{"an empty JSON part", []exchange.Document{doc("application/json", "", nil)}, exchange.Malformed, "", 0, 0},
		{"deep JSON", []exchange.Document{doc("application/json", "", bytes.Repeat([]byte("["), 3000))}, exchange.TooDeep, "", 0, 0},
		{"a deep card", []exchange.Document{doc("application/json", "", []byte(`{"almasu":"card/1","report_id":"R","x":`+strings.Repeat("[", 3000)))}, exchange.TooDeep, exchange.CardJSON, 0, 1},
		{"an invalid card", []exchange.Document{doc("application/json", "", []byte(`{"almasu":"card/1","reporter":"soc-alfa"}`))}, exchange.Invalid, exchange.CardJSON, 0, 1},
		{"a card of the future", []exchange.Document{doc("application/xml", "", []byte(`<c:card xmlns:c="urn:almasu:card:2"/>`))}, exchange.Invalid, exchange.CardXML, 0, 0},
		{"a card without its namespace", []exchange.Document{doc("application/xml", "", bytes.Replace(xml, []byte("urn:almasu:card:1"), nil, 1))}, exchange.Invalid, exchange.CardXML, 0, 1},
		{"JSON declared as XML", []exchange.Document{doc("application/xml", "", json)}, "", exchange.CardJSON, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Parse(c.docs, Limits{}, now)
			if p.Refusal.Code != c.code || p.Format != c.format || len(p.Attachments) != c.attachments || len(p.Reports) != c.reports {
				t.Errorf("code %q format %q, %d attachments, %d reports, problems %v", p.Refusal.Code, p.Format, len(p.Attachments), len(p.Reports), p.Problems)
			}
			if (p.Refusal.Code == "") != (p.Refusal.Reason == "") {
				t.Errorf("reason %q", p.Refusal.Reason)
			}
			told := slices.Contains([]exchange.Code{exchange.Malformed, exchange.TooDeep, exchange.Invalid}, c.code)
			if told && len(p.Problems) == 0 || c.code == "" && len(p.Problems) > 0 {
				t.Errorf("problems %v", p.Problems)
			}
		})
	}
}

func TestIODEFIsKnown(t *testing.T) {
	for _, c := range []struct {
		format          exchange.Format
		mediaType, body string
	}{
		{exchange.IODEFXML, "application/xml", `<IODEF-Document version="2.00" xmlns="urn:ietf:params:xml:ns:iodef-2.0"><Incident/></IODEF-Document>`},
		{exchange.IODEFXML, "", `<Incident xmlns="urn:ietf:params:xml:ns:iodef-1.0"><a/></Incident>`},
		{exchange.IODEFXML, "application/iodef+xml", `<x/>`},
		{exchange.IODEFJSON, "", `{"version":"2.0","lang":"en","Incident":[{"purpose":"reporting"}]}`},
		{exchange.IODEFJSON, "application/iodef+json", `{}`},
	} {
		p := ParseFile(exchange.Document{MediaType: c.mediaType, Name: "x", Body: []byte(c.body)}, Limits{}, now)
		if p.Format != c.format || p.Refusal.Code != exchange.Invalid || len(p.Problems) == 0 {
			t.Errorf("%s: format %q, %v", c.body, p.Format, p.Refusal)
		}
		half := []byte(c.body[:len(c.body)-1])
		if p := ParseFile(exchange.Document{MediaType: c.mediaType, Name: "x", Body: half}, Limits{}, now); p.Format != c.format || p.Refusal.Code != exchange.Malformed {
			t.Errorf("%s: format %q, %v", half, p.Format, p.Refusal)
		}
	}
}

func TestKnownFormats(t *testing.T) {
	for _, c := range []struct {
		format          exchange.Format
		mediaType, body string
	}{
		{exchange.STIX, "", `{"type":"bundle","id":"bundle--5d0092c5","objects":[]}`},
		{exchange.STIX, "", `{"type":"incident","spec_version":"2.1","id":"incident--5d0092c5"}`},
		{exchange.MISP, "", `{"Event":{"info":"x","Attribute":[]}}`},
		{exchange.MISP, "", `{"response":[{"Event":{"info":"x"}}]}`},
		{exchange.CSAF, "", `{"document":{"category":"csaf_security_advisory","csaf_version":"2.0"}}`},
		{exchange.XARF, "", `{"xarf_version":"4.0.0","report_id":"x"}`},
		{exchange.XARF, "", `{"Version":"3","ReporterInfo":{},"Report":{}}`},
		{"", "", `{"type":"bundle","Event":"info","document":[],"response":[]}`},
	} {
		p := ParseFile(exchange.Document{MediaType: c.mediaType, Name: "x", Body: []byte(c.body)}, Limits{}, now)
		want := exchange.Invalid
		if c.format == "" {
			want = exchange.FormatUnknown
		}
		if p.Format != c.format || p.Refusal.Code != want || len(p.Problems) == 0 {
			t.Errorf("%s: format %q, %v", c.body, p.Format, p.Refusal)
		}
		half := []byte(c.body[:len(c.body)-1])
		if p := ParseFile(exchange.Document{MediaType: c.mediaType, Name: "x", Body: half}, Limits{}, now); c.format != "" && (p.Format != c.format || p.Refusal.Code != exchange.Malformed) {
			t.Errorf("%s: format %q, %v", half, p.Format, p.Refusal)
		}
	}
}

func TestLimits(t *testing.T) {
	body := example(t, exchange.Incident, exchange.CardJSON)
	for _, c := range []struct {
		name string
		l    Limits
		code exchange.Code
		key  string
	}{
		{"none", Limits{}, "", ""},
		{"document", Limits{Document: int64(len(body)) - 1}, exchange.Invalid, "limit-document"},
		{"just the document", Limits{Document: int64(len(body))}, "", ""},
		{"depth", Limits{Depth: 2}, exchange.TooDeep, "limit-depth"},
		{"string", Limits{StringBytes: 200}, exchange.Invalid, "limit-string"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Parse([]exchange.Document{{MediaType: "application/json", Body: body}}, c.l, now)
			if p.Refusal.Code != c.code || c.key != "" && (len(p.Problems) == 0 || p.Problems[0].Key != c.key || p.Problems[0].Code != exchange.ProblemLimit) {
				t.Errorf("%v %v", p.Refusal, p.Problems)
			}
			if len(p.Reports) != 1 || p.Reports[0].ID != "R-1" {
				t.Errorf("not identified: %v", p.Reports)
			}
		})
	}
	// Far over the limit: known by its beginning, cut inside a letter or not.
	for pad := range 4 {
		large := append([]byte(strings.Repeat(" ", pad)), bytes.Replace(body, []byte(`"summary": "`), []byte(`"summary": "`+strings.Repeat("ә", 100_000)), 1)...)
		p := Parse([]exchange.Document{{MediaType: "text/plain", Body: large}}, Limits{Document: 1000}, now)
		if p.Refusal.Code != exchange.Invalid || p.Format != exchange.CardJSON || len(p.Problems) != 1 {
			t.Errorf("%v %v", p.Refusal, p.Problems)
		}
	}
}

func TestCharsets(t *testing.T) {
	xml := []byte(strings.Replace(string(example(t, exchange.Ping, exchange.CardXML)), "UTF-8", "UTF-16", 1))
	wide := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(string(xml))) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	cyrillic := []byte("{\"almasu\":\"card/1\",\"kind\":\"ping\",\"report_id\":\"R\",\"revision\":1,\"reporter\":\"a\"," +
		"\"generated_at\":\"2026-11-23T18:00:00+05:00\",\"nonce\":\"1\",\"text\":\"\xd1\xe5\xeb\xee\"}")
	for _, c := range []struct {
		name string
		doc  exchange.Document
		code exchange.Code
	}{
		{"XML in UTF-16", exchange.Document{MediaType: "application/xml", Body: wide}, ""},
		{"the same undeclared", exchange.Document{Body: wide}, ""},
		{"JSON in a text part in windows-1251", exchange.Document{MediaType: "text/plain", Charset: "windows-1251", Body: cyrillic}, ""},
		{"JSON proper in windows-1251", exchange.Document{MediaType: "application/json", Charset: "windows-1251", Body: cyrillic}, ""},
		{"the same undeclared", exchange.Document{MediaType: "application/json", Body: cyrillic}, exchange.Malformed},
	} {
		if p := Parse([]exchange.Document{c.doc}, Limits{}, now); p.Refusal.Code != c.code {
			t.Errorf("%s: %v %v", c.name, p.Refusal, p.Problems)
		}
	}
	p := Parse([]exchange.Document{{MediaType: "application/xml", Body: example(t, exchange.Ping, exchange.CardJSON)}}, Limits{}, now)
	if !slices.Contains(p.Findings, FindingMediaType) {
		t.Error("no finding for JSON declared as XML")
	}
}

func TestParseFileThatIsNoDocument(t *testing.T) {
	for _, body := range []string{"", "hello", "\x00\x01"} {
		p := ParseFile(exchange.Document{Name: "x.txt", Body: []byte(body)}, Limits{}, now)
		if p.Refusal.Code != exchange.FormatUnknown || len(p.Problems) != 1 || p.Document.Name != "x.txt" || len(p.Attachments) > 0 {
			t.Errorf("%q: %+v", body, p)
		}
	}
}

// No reason and no problem repeats what the document says.
func FuzzParse(f *testing.F) {
	const secret = "ZQXplanted"
	for _, s := range []string{`{"almasu":"` + secret + `"}`, `<` + secret + `/>`, `{"` + secret + `":1}`, secret, `{"almasu":"card/1","kind":"` + secret + `","x":{"` + secret + `":[]}}`} {
		f.Add("application/json", "", []byte(s), int64(0))
		f.Add("text/plain", "utf-16", []byte(s), int64(20))
	}
	f.Fuzz(func(t *testing.T, mediaType, charset string, body []byte, limit int64) {
		doc := exchange.Document{MediaType: mediaType, Charset: charset, Body: body}
		p := Parse([]exchange.Document{doc, doc}, Limits{Document: limit}, now)
		if p.Refusal.Code == "" {
			t.Error("two documents, and no refusal")
		}
		p = Parse([]exchange.Document{doc}, Limits{Document: limit}, now)
		if (p.Refusal.Code == "") != (len(p.Reports) > 0 && len(p.Problems) == 0) {
			t.Errorf("%v with %d reports and %v", p.Refusal, len(p.Reports), p.Problems)
		}
		for _, problem := range p.Problems {
			if bytes.Contains(body, []byte("ZQX")) && strings.Contains(problem.Path+problem.Text+p.Refusal.Reason, "ZQX") {
				t.Errorf("%+v", problem)
			}
		}
	})
}
