package plain

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
)

func defaults() Defaults {
	zone := time.FixedZone("", 5*3600)
	at := time.Date(2026, 11, 27, 14, 20, 0, 0, zone)
	return Defaults{Reporter: "soc-alfa", Zone: zone, Language: exchange.English, At: at, Now: at, Seed: "0123456789abcdef"}
}

// readOf is the card of a text as a tree; problems fail the test.
func readOf(t *testing.T, text Text) map[string]any {
	t.Helper()
	c := Read(text, defaults())
	if len(c.Problems) > 0 {
		t.Errorf("%q: %+v", text.Body, c.Problems)
	}
	var tree map[string]any
	if err := json.Unmarshal(c.JSON, &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func at(tree any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := tree.(map[string]any)
			tree = m[s]
		case int:
			l, _ := tree.([]any)
			if s >= len(l) {
				return nil
			}
			tree = l[s]
		}
	}
	return tree
}

func TestWhatMailProgramsDo(t *testing.T) {
	const want = "one two\nthree"
	for name, text := range map[string]Text{
		"plain":                 {Body: "Hello,\n\nkind: incident\nsummary: one two\nthree\n-- \nIvan\nseverity: low\n"},
		"CRLF and a BOM":        {Body: "\ufeffkind: incident\r\nsummary: one two\r\nthree\r\n--\r\nIvan\r\n"},
		"format=flowed":         {Body: "kind: incident\nsummary: one \ntwo\nthree\n-- \nIvan", Flowed: true},
		"blanks left behind":    {Body: "kind: incident \nsummary: one two\nthree\n", Flowed: true},
		"delsp":                 {Body: "kind: incident\nsummary: one  \ntwo\nthree\n", Flowed: true, DelSp: true},
		"space-stuffed":         {Body: " kind: incident\nsummary: one two\n three\n", Flowed: true},
		"a quote":               {Body: "kind: incident\nsummary: one two\nthree\n\nOn Fri, 27 Nov 2026 at 14:05 Ivan <i@x.example> wrote:\n> severity: low\n> cause: x\n"},
		"an announced quote":    {Body: "kind: incident\nsummary: one two\nthree\n\n27.11.2026 14:05, Иван пишет:\n> severity: low\n"},
		"the mail answered":     {Body: "kind: incident\nsummary: one two\nthree\n\n-----Original Message-----\nFrom: x\nseverity: low\n"},
		"bold words":            {Body: "*Kind:* incident\n*Summary:* one two\nthree\n"},
		"non-breaking space":    {Body: "report\u00a0kind:\u00a0incident\nsummary: one two\nthree\n"},
		"an indented lookalike": {Body: "kind: incident\nsummary: one two\n  three\n"},
	} {
		tree := readOf(t, text)
		if at(tree, "summary") != want || at(tree, "severity") != nil || at(tree, "kind") != "incident" {
			t.Errorf("%s: %q %v", name, at(tree, "summary"), tree)
		}
	}
	tree := readOf(t, Text{Body: "kind: incident\nsummary: log says\n  note: restarted\n  https://x.example/a: b\n\nsecond paragraph\n"})
	if got := at(tree, "summary"); got != "log says\nnote: restarted\nhttps://x.example/a: b\n\nsecond paragraph" {
		t.Errorf("indented lines: %q", got)
	}
}

func TestListsAndObjects(t *testing.T) {
	tree := readOf(t, Text{Body: `kind: incident
object: mail server
object ip: 192.0.2.1, 192.0.2.2
object ip: 2001:db8::1
object type: information system
object: portal
object url: hxxps://portal[.]x.example/a,b
object software: Debian 12, PostgreSQL 15
source ip: 198.51.100[.]7
 198.51.100.8
source country: NL
indicators:
 - sha256 ` + strings.Repeat("9f86d081", 8) + `
 - 198.51.100.7, zerger.example
 - file-name: invoice 7.exe
 - https://zerger.example/x
actions: 2026-11-27 14:10 cut off
 and told the owner
 27.11.2026 14:15, blocked
victim: ТОО «Үлгі»
victim critical: да
users affected: 12
concerns: own-a own-b
`})
	for _, test := range []struct {
		want any
		path []any
	}{
		{"mail server", []any{"objects", 0, "name"}}, {"192.0.2.2", []any{"objects", 0, "ip", 1}}, {"2001:db8::1", []any{"objects", 0, "ip", 2}},
		{"information-system", []any{"objects", 0, "type"}}, {"portal", []any{"objects", 1, "name"}},
		{"https://portal.x.example/a,b", []any{"objects", 1, "url", 0}}, {"PostgreSQL 15", []any{"objects", 1, "software", 1}},
		{"198.51.100.7", []any{"sources", 0, "ip"}}, {"198.51.100.8", []any{"sources", 1, "ip"}}, {"NL", []any{"sources", 2, "country"}},
		{"sha256", []any{"indicators", 0, "type"}}, {"ip", []any{"indicators", 1, "type"}}, {"fqdn", []any{"indicators", 2, "type"}},
		{"invoice 7.exe", []any{"indicators", 3, "value"}}, {"url", []any{"indicators", 4, "type"}},
		{"2026-11-27T14:10:00+05:00", []any{"actions_taken", 0, "at"}}, {"cut off\nand told the owner", []any{"actions_taken", 0, "text"}},
		{"blocked", []any{"actions_taken", 1, "text"}}, {"ТОО «Үлгі»", []any{"victim", "name", "en"}}, {true, []any{"victim", "critical"}},
		{float64(12), []any{"impact", "users_affected"}}, {"own-b", []any{"concerns", 1}},
	} {
		if got := at(tree, test.path...); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%v = %v, want %v", test.path, got, test.want)
		}
	}
}

func TestMoments(t *testing.T) {
	zone := time.FixedZone("", 5*3600)
	want := time.Date(2026, 11, 27, 9, 5, 0, 0, time.UTC)
	for _, s := range []string{"2026-11-27 14:05", "2026-11-27 14:05:00", "27.11.2026 14:05", "2026-11-27T14:05", "2026-11-27T14:05:00+05:00",
		"2026-11-27T09:05:00Z", "2026-11-27 09:05:00Z", "2026-11-27 10:05 +01:00", " 2026-11-27  14:05 ", "2026-11-27t09:05:00z"} {
		if got, ok := momentOf(s, zone); !ok || !got.Equal(want) {
			t.Errorf("%q is %v %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "14:05", "2026-11-27", "11/27/2026 14:05", "2026-13-01 10:00", "tomorrow", "2026-11-27 24:01"} {
		if got, ok := momentOf(s, zone); ok {
			t.Errorf("%q is %v", s, got)
		}
	}
}

// TestDocumented: docs/CONNECT.md names every field in all three languages.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/CONNECT.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range Keys() {
		row := "| `" + key + "` |"
		for _, l := range languages() {
			row += " " + strings.Join(Names(key, l), ", ") + " |"
		}
		if !strings.Contains(string(page), row+"\n") {
			t.Errorf("docs/CONNECT.md has no line\n%s", row)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("kind: incident\nseverity: high\nactions: 2026-11-27 14:10 x\n", true, false)
	f.Add("> x\nobject: a\nobject: b\n\nvictim: c\n--\n", false, true)
	f.Add("*kind:* *x*\ncvss: CVSS:3.1/AV:N\nclass: a/b\nsummary", true, true)
	f.Fuzz(func(t *testing.T, body string, flowed, delsp bool) {
		text := Text{Body: body, Flowed: flowed, DelSp: delsp}
		Recognise(text)
		c := Read(text, defaults())
		if !json.Valid(c.JSON) {
			t.Fatalf("no JSON: %q", c.JSON)
		}
		for _, p := range c.Problems {
			if p.Line < 1 || p.Line > strings.Count(body, "\n")+1 {
				t.Fatalf("problem outside the text: %+v", p)
			}
		}
	})
}

func TestWordsOfForms(t *testing.T) {
	for _, key := range Keys() {
		for _, l := range languages() {
			for _, written := range Choices(key, l) {
				value := Word(key, written)
				if fieldOf(key).form == word && InWords(key, value, l) != written {
					t.Errorf("%s in %s: %q is %q, which is %q", key, l, written, value, InWords(key, value, l))
				}
			}
		}
		if p := Path(key, exchange.Incident, exchange.Kazakh); strings.ContainsAny(p, "#*@") || p[0] != '/' {
			t.Errorf("the path of %s is %q", key, p)
		}
	}
	if got := Choices("severity", exchange.Russian); !reflect.DeepEqual(got, []string{"низкая", "средняя", "высокая"}) {
		t.Errorf("severities %v", got)
	}
	if !IsYes("иә") || !IsYes("Да") || IsYes("no") || IsYes("") {
		t.Error("who said yes")
	}
	if !IsTime("detected_at") || IsTime("summary") || !HasLines("summary") || HasLines("severity") || Choices("summary", exchange.English) != nil {
		t.Error("the forms of fields")
	}
}
