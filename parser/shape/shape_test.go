package shape

import (
	"strings"
	"testing"
	"time"

	"almasu/parser/tree"
)

const notation = `
Top
  name! text(5)
  kind enum(a|b)
  count int(0,9)
  ratio number(0,1)
  flag bool
  serial digits(1,99)
  any any
  list [text]
  loose [text]*
  two [Inner](1,2)
  once [int]u
  when @time
  map Words
  inner Inner
Base open
  base! text
Inner: Base min 2 max 3
  more text
Words min 1
  * @short int
`

func judge(t *testing.T, text string) string {
	t.Helper()
	table := New(notation, map[string]Form{"short": {Key: "pattern-short", Judge: func(s, _ string) bool { return len(s) < 4 }}})
	d := tree.ReadJSON([]byte(text), tree.Limits{})
	f := NewFaults(d)
	table.Judge(f, d.Root, "Top")
	var all []string
	for _, fault := range f.List {
		all = append(all, fault.Key+" "+d.Path(fault.Node, table.Names("Top"), fault.Missing))
	}
	return strings.Join(all, "; ")
}

func TestJudge(t *testing.T) {
	for text, want := range map[string]string{
		`{"name":"abcde","kind":"a","count":9,"ratio":0.5,"flag":true,"serial":"7","any":null,"list":["x"],"loose":[],"two":[{"base":"x","own":1}],"once":[1,2],"when":"2026-01-01T00:00:00Z","map":{"abc":1},"inner":{"base":"x","more":"y","own":{}}}`: "",
		`[]`:                                 "type-object ",
		`{}`:                                 "required /name",
		`{"name":"abcdef"}`:                  "range-length /name",
		`{"name":""}`:                        "range-empty /name",
		`{"name":null}`:                      "type-text /name",
		`{"name":"a","kind":"c"}`:            "enum /kind",
		`{"name":"a","count":10}`:            "range-max /count",
		`{"name":"a","count":1e0}`:           "",
		`{"name":"a","count":1.5}`:           "type-integer /count",
		`{"name":"a","count":1e9999}`:        "type-integer /count",
		`{"name":"a","ratio":-0.1}`:          "range-min /ratio",
		`{"name":"a","flag":"true"}`:         "type-boolean /flag",
		`{"name":"a","serial":7}`:            "",
		`{"name":"a","serial":"0"}`:          "range-min /serial",
		`{"name":"a","serial":"-7"}`:         "type-digits /serial",
		`{"name":"a","serial":""}`:           "type-digits /serial",
		`{"name":"a","list":[]}`:             "cardinality-few /list",
		`{"name":"a","list":["x",""]}`:       "range-empty /list/1",
		`{"name":"a","list":"x"}`:            "type-list /list",
		`{"name":"a","once":[1,1.0]}`:        "duplicate-item /once/1",
		`{"name":"a","when":"2026-01-01"}`:   "pattern-time /when",
		`{"name":"a","map":{}}`:              "cardinality-members /map",
		`{"name":"a","map":{"abcd":1}}`:      "pattern-short /map/*[1]",
		`{"name":"a","map":{"a":"b"}}`:       "type-integer /map/*[1]",
		`{"name":"a","other":1}`:             "unknown-field /*[2]",
		`{"name":"a","inner":{"base":"x"}}`:  "cardinality-members /inner",
		`{"name":"a","inner":{"a":1,"b":2}}`: "required /inner/base",
		`{"name":"a","two":[{"base":"x","a":1},{"base":"x","a":1},{"base":"x","a":1}]}`: "cardinality /two",
		`{"name":"a","inner":{"base":"x","a":1,"b":1,"c":1}}`:                           "cardinality-many-members /inner",
	} {
		if got := judge(t, text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, table := range map[string]string{"no object": "A\n  b C", "no form": "A\n  b @none", "no number": "A min x\n  b text"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is taken", name)
				}
			}()
			New(table, nil)
		}()
	}
}

func TestForms(t *testing.T) {
	for form, values := range map[string][2][]string{
		"uri":      {{"https://a.example/?q=%20", "urn:x:1", "mailto:a@b.example"}, {"", "a", "https://a b", "https://пример.kz/", "http://[::1", "https://a/%zz"}},
		"time":     {{"2026-01-01T00:00:00Z", "2026-06-30t23:59:60.5+05:00"}, {"2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z", "2026-01-01 00:00:00Z", "26-01-01T00:00:00Z"}},
		"date":     {{"2028-02-29"}, {"2026-02-29", "2026-1-1"}},
		"uuid":     {{"5f8f0b1e-5d2c-4d7a-9f1a-6a1c950d210f"}, {"5f8f0b1e5d2c4d7a9f1a6a1c950d210f", "5f8f0b1e-5d2c-4d7a-9f1a-6a1c950d210g"}},
		"email":    {{"a@b.example"}, {"a", "a@", "A <a@b.example>", "a@b.example, c@d.example"}},
		"hostname": {{"a.example", "localhost", "xn--80ak6aa92e.com"}, {"", "a..b", "-a.example", "a b"}},
		"ip":       {{"192.0.2.1", "2001:db8::1"}, {"192.0.2.256", "192.0.2.0/24"}},
		"cve":      {{"CVE-2026-12345"}, {"CVE-26-1", "cve-2026-12345", "CVE-2026-123"}},
		"cwe":      {{"CWE-79"}, {"CWE-0", "79"}},
		"country":  {{"KZ"}, {"kz", "KAZ"}},
		"base64":   {{"QQ==", ""}, {"QQ", "Q Q=", "QQ==\n!"}},
		"hex":      {{"00ff"}, {"0", "zz"}},
		"lang":     {{"kk", "ru-KZ", "zh-Hant-TW", "x-own"}, {"", "k", "ru_KZ", "russian-"}},
		"cpe": {{"cpe:2.3:a:mysal:portal:4.2.0:*:*:*:*:*:*:*", `cpe:2.3:o:a\:b:c\!d:-:*:*:ru-ru:*:*:*:*`, "cpe:/a:vendor:product:1.0"},
			{"cpe:2.3:x:a:b:1:*:*:*:*:*:*:*", "cpe:2.3:a:b:c", "cpe:2.3:a:b b:c:1:*:*:*:*:*:*:*"}},
		"purl": {{"pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie", "pkg:npm/%40angular/animation@12.3.1", "pkg:golang/google.golang.org/genproto#googleapis/api", "pkg:pypi/django@1.11"},
			{"", "pkg:npm", "pkg:npm/", "pkg:maven/@1", "npm/foobar@1", "pkg:maven/junit@4", "pkg:npm/a?x", "pkg:npm/a?x=1&x=2", "pkg:n m/a", "pkg:pypi/x/django"}},
	} {
		for want, list := range map[bool][]string{true: values[0], false: values[1]} {
			for _, v := range list {
				if Forms()[form].Judge(v, "") != want {
					t.Errorf("%s %q: want %v", form, v, want)
				}
			}
		}
	}
}

func TestTimeKeepsItsZone(t *testing.T) {
	at, ok := Time("2026-11-23T18:00:00+05:00")
	if _, offset := at.Zone(); !ok || offset != 5*3600 || !at.Equal(time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)) {
		t.Error(at, ok)
	}
}

func TestWrite(t *testing.T) {
	o := new(Object).Set("b", "<&>").Set("empty", "").Set("none", []string{}).Put("zero", 0).Set("o", new(Object).Set("a", []int{1}))
	data, err := Write(o)
	if want := "{\n  \"b\": \"<&>\",\n  \"zero\": 0,\n  \"o\": {\n    \"a\": [\n      1\n    ]\n  }\n}\n"; err != nil || string(data) != want {
		t.Errorf("%s %v", data, err)
	}
	if id := NameUUID("a"); !UUID(id) || id[14] != '5' || id != NameUUID("a") || id == NameUUID("b") {
		t.Error(id)
	}
}

func TestView(t *testing.T) {
	d := tree.ReadJSON([]byte(`{"a":{"t":"x","n":5,"s":"7","l":["p",1,{"q":"r"}],"w":"2026-01-01T00:00:00Z"}}`), tree.Limits{})
	r := d.Root
	if Text(r, "a", "t") != "x" || Text(r, "a", "n") != "5" || Text(r, "a", "l") != "" || Text(r, "b", "c") != "" || Int(r, "a", "s") != 7 ||
		Int(r, "a", "t") != 0 || len(Items(r, "a", "l")) != 3 || len(Texts(r, "a", "l")) != 1 || When(r, "a", "w").Year() != 2026 || Get(nil, "a") != nil {
		t.Error("a view")
	}
	other := tree.ReadJSON([]byte(`{"a":{"w":"2026-01-01T00:00:00Z","l":["p",1.0,{"q":"r"}],"s":"7","n":5e0,"t":"x"}}`), tree.Limits{})
	if Canonical(r) != Canonical(other.Root) {
		t.Error("equal values are written equally")
	}
}

func TestIDN(t *testing.T) {
	for name, want := range map[string]bool{
		"example.com": true, "xn--80ao21a.kz": true, "XN--80AO21A.example": true, "xn--p1ai": true, "xn--bcher-kva.example": true, "xn--mgbh0fb.xn--kgbechtv": true,
		"xn--a.example": false, "xn--.example": false, "xn--abc-": false, "xn--99999999999.example": false, "xn--a_b.example": false, "x.xn--zzzzzzzzzzzzzzzzzzzzzzzzzz": false, "xn": true,
	} {
		if IDN(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestMoment(t *testing.T) {
	for s, want := range map[string]bool{
		"2026-11-23T18:30:00Z": true, "2026-11-23t18:30:00z": true, "2026-11-23T18:30:00.123456789+05:00": true, "2026-06-30T23:59:60Z": true, "2026-11-23T18:30:00-00:00": true,
		"2026-11-23T18:30:00": false, "2026-11-23T18:30Z": false, "2026-11-23 18:30:00Z": false, "2026-11-23T18:30:00.Z": false, "2026-11-23T18:30:00+0500": false,
		"2026-02-30T00:00:00Z": false, "2026-11-23T24:00:00Z": false, "26-11-23T18:30:00Z": false, "2026-11-23T18:30:00 Z": false, "": false, "2026-11-23T18:30:00\v05:00": false,
	} {
		if _, ok := Time(s); ok != want {
			t.Errorf("%s: %v", s, ok)
		}
	}
}
