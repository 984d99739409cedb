package parser

import (
	"archive/zip"
	"bytes"
	"slices"
	"strings"
	"testing"

	"almasu/exchange"
)

func zipOf(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, body := range files {
		out, err := w.Create(name)
		if err == nil {
			_, err = out.Write(body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A report may stand in an archive, one level deep, and what stands beside it
// is listed.
func TestArchives(t *testing.T) {
	card := example(t, exchange.Ping, exchange.CardJSON)
	files := func(f map[string][]byte) exchange.Document {
		return exchange.Document{MediaType: "application/zip", Name: "a.zip", Path: "1.2", Body: zipOf(t, f)}
	}
	plain := exchange.Document{MediaType: "application/json", Name: "r.json", Path: "1.1", Body: card}
	hostile := files(map[string][]byte{"../r.json": card})
	seven := exchange.Document{Name: "r.7z", Body: []byte("7z\xbc\xaf\x27\x1c\x00\x04")}
	sheet := exchange.Document{MediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Name: "indicators.xlsx",
		Body: zipOf(t, map[string][]byte{"[Content_Types].xml": []byte("<Types/>"), "xl/workbook.xml": []byte("<workbook/>")})}
	list := exchange.Document{MediaType: "text/csv", Name: "indicators.csv", Body: []byte("type;value\nip;192.0.2.1\n")}
	for _, c := range []struct {
		name     string
		docs     []exchange.Document
		code     exchange.Code
		key      string // of the first problem
		path     string // of the machine part
		beside   string // names of the attachments
		findings string
	}{
		{"a card alone in a zip", []exchange.Document{files(map[string][]byte{"r.json": card})}, "", "", "1.2", "a.zip", ""},
		{"a card among others in a zip", []exchange.Document{files(map[string][]byte{"f/r.json": card, "note.docx": nil})}, "", "", "1.2!r.json", "a.zip note.docx", ""},
		{"two cards in a zip", []exchange.Document{files(map[string][]byte{"r.json": card, "s.json": card})}, exchange.ManyReports, "", "", "a.zip r.json s.json", ""},
		{"a card, and one in a zip", []exchange.Document{plain, files(map[string][]byte{"r.json": card})}, exchange.ManyReports, "", "", "a.zip r.json r.json", ""},
		{"a zip in a zip", []exchange.Document{files(map[string][]byte{"b.zip": zipOf(t, map[string][]byte{"r.json": card})})}, exchange.NoReport, "", "", "a.zip b.zip", FindingNested},
		{"a zip in a zip without a name", []exchange.Document{files(map[string][]byte{"b": zipOf(t, map[string][]byte{"r.json": card})})}, exchange.NoReport, "", "", "a.zip b", FindingNested},
		{"a hostile zip alone", []exchange.Document{hostile}, exchange.Malformed, "archive-name", "1.2", "a.zip", FindingArchive},
		{"a hostile zip beside a card", []exchange.Document{plain, hostile}, "", "", "1.1", "a.zip", FindingArchive},
		{"7z alone", []exchange.Document{seven}, exchange.Malformed, "archive-kind", "", "r.7z", FindingArchive},
		{"7z beside a card", []exchange.Document{seven, plain}, "", "", "1.1", "r.7z", FindingArchive},
		{"sheet and list beside a card", []exchange.Document{sheet, plain, list}, "", "", "1.1", "indicators.csv indicators.xlsx", ""},
		{"sheet alone", []exchange.Document{sheet}, exchange.NoReport, "", "", "indicators.xlsx", ""},
		{"a card that calls itself a zip", []exchange.Document{{MediaType: "application/zip", Name: "r.json", Path: "1.1", Body: card}}, "", "", "1.1", "", FindingMediaType},
		{"half a card in a zip", []exchange.Document{files(map[string][]byte{"r.json": card[:len(card)/2]})}, exchange.Malformed, "json-end", "1.2", "a.zip", ""},
		{"a log in a zip", []exchange.Document{files(map[string][]byte{"log.json": []byte(`{"a":1}`)})}, exchange.FormatUnknown, "format-unknown", "1.2", "a.zip", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Parse(c.docs, Limits{}, now)
			var names []string
			for _, a := range p.Attachments {
				names = append(names, a.Name)
			}
			slices.Sort(names)
			if p.Refusal.Code != c.code || p.Document.Path != c.path || strings.Join(names, " ") != c.beside || strings.Join(p.Findings, " ") != c.findings {
				t.Errorf("%v, part %q, beside it %q, findings %q", p.Refusal, p.Document.Path, names, p.Findings)
			}
			if c.key != "" && (len(p.Problems) == 0 || p.Problems[0].Key != c.key || p.Problems[0].Text == "") {
				t.Errorf("%v", p.Problems)
			}
		})
	}
	// The limits on archives are those of the message, and the settings'.
	many := []exchange.Document{files(map[string][]byte{"a.csv": nil, "b.csv": nil}), files(map[string][]byte{"c.csv": nil, "r.json": card})}
	if p := Parse(many, Limits{ArchiveEntries: 3}, now); p.Refusal.Code != exchange.Invalid || p.Problems[0].Key != "archive-entries" {
		t.Errorf("%v %v", p.Refusal, p.Problems)
	}
	big := files(map[string][]byte{"r.json": bytes.Replace(card, []byte("{"), []byte("{"+strings.Repeat(" ", 3<<20)), 1)})
	if p := Parse([]exchange.Document{big}, Limits{}, now); p.Refusal.Code != exchange.Invalid || p.Problems[0].Key != "archive-ratio" {
		t.Errorf("%v %v", p.Refusal, p.Problems)
	}
	if p := Parse([]exchange.Document{big}, Limits{Document: 1 << 20, ArchiveRatio: 100_000}, now); p.Refusal.Code != exchange.Invalid || p.Problems[0].Key != "limit-document" {
		t.Errorf("%v %v", p.Refusal, p.Problems)
	}
	if p := Parse([]exchange.Document{big}, Limits{ArchiveBytes: 1 << 20}, now); p.Refusal.Code != exchange.Invalid || p.Problems[0].Key != "archive-size" {
		t.Errorf("%v %v", p.Refusal, p.Problems)
	}
}

// Kazakh text means the same whatever its charset (the machine part is XML, or
// JSON in a text part).
func TestKazakhCharsets(t *testing.T) {
	const text = "әғқңөұүһі ӘҒҚҢӨҰҮҺІ"
	octets := map[string]string{
		"kz-1048": "\xbc\xba\x9d\xbe\xb4\xa2\xbf\x9e\xb3 \xa3\xaa\x8d\xbd\xa5\xa1\xaf\x8e\xb2",
		"pt154":   "\xba\x83\x9d\x9c\xb5\xb1\x89\x9e\xb3 \xaa\x81\x8d\x8c\xa4\xa6\x87\x8e\xb2",
		"utf-8":   text,
	}
	card := string(example(t, exchange.Incident, exchange.CardJSON))
	was := Parse([]exchange.Document{{Body: []byte(card)}}, Limits{}, now).Reports[0].Incident.Summary
	ascii := func(s string) string { // the rest of the card in characters that every charset has
		return strings.Map(func(r rune) rune {
			if r > 0x7f {
				return 'x'
			}
			return r
		}, s)
	}
	card = ascii(strings.Replace(card, was, "SUMMARY", 1))
	xml := ascii(strings.Replace(string(example(t, exchange.Incident, exchange.CardXML)), was, "SUMMARY", 1))
	for charset, s := range octets {
		for _, doc := range []exchange.Document{
			{MediaType: "text/plain", Charset: charset, Body: []byte(strings.Replace(card, "SUMMARY", s, 1))},
			{MediaType: "application/json", Charset: charset, Body: []byte(strings.Replace(card, "SUMMARY", s, 1))},
			{MediaType: "application/xml", Charset: charset, Body: []byte(strings.Replace(xml, "SUMMARY", s, 1))},
			{MediaType: "application/xml", Body: []byte(strings.Replace(strings.Replace(xml, "UTF-8", charset, 1), "SUMMARY", s, 1))},
		} {
			p := Parse([]exchange.Document{doc}, Limits{}, now)
			if p.Refusal.Code != "" || p.Reports[0].Incident.Summary != text {
				t.Errorf("%s in %s: %v %v", doc.MediaType, charset, p.Refusal, p.Problems)
			}
		}
	}
}

// What declares no charset and is no UTF-8 is refused, and is not read as
// nonsense in some other charset.
func TestJSONThatIsNoUTF8(t *testing.T) {
	card := example(t, exchange.Incident, exchange.CardJSON)
	spoiled := bytes.Replace(card, []byte(`"summary": "`), []byte("\"summary\": \"\xcf\xf0\xe8 "), 1)
	damaged := bytes.Replace(card, []byte(`"summary": "`), []byte("\"summary\": \"\xff\xfe"), 1)
	for _, doc := range []exchange.Document{
		{Body: spoiled}, {MediaType: "application/json", Body: spoiled}, {MediaType: "text/json", Body: spoiled},
		{MediaType: "application/octet-stream", Name: "report.json", Body: spoiled},
		{MediaType: "application/json", Charset: "x-klingon", Body: spoiled}, {MediaType: "application/json", Charset: "utf-8", Body: spoiled},
		{Body: damaged}, {MediaType: "text/plain", Body: damaged},
	} {
		p := Parse([]exchange.Document{doc}, Limits{}, now)
		if p.Refusal.Code != exchange.Malformed || len(p.Problems) != 1 || p.Problems[0].Code != exchange.ProblemEncoding {
			t.Errorf("%q %q: %v %v %v", doc.MediaType, doc.Charset, p.Refusal, p.Problems, p.Findings)
		}
	}
}
