package tree

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"almasu/exchange"
	"almasu/internal/catalogue"
)

// known is a schema of one name, "known", at every level; "many" may repeat.
type known struct{}

func (known) Below(name string) (Names, bool, bool) {
	return known{}, name == "many", name == "known" || name == "many" || name == "a/b~c"
}

type faultCase struct {
	name, in     string
	code         exchange.ProblemCode
	key, path    string
	line, column int
}

func (c faultCase) check(t *testing.T, d *Document) {
	t.Helper()
	problems := d.Problems(d.Faults, known{})
	if len(problems) == 0 {
		t.Fatal("no problem")
	}
	p := problems[0]
	got := fmt.Sprint(p.Code, p.Key, p.Path, p.Line, p.Column)
	want := fmt.Sprint(c.code, c.key, c.path, c.line, c.column)
	if got != want {
		t.Errorf("%q:\ngot  %s\nwant %s", c.in, got, want)
	}
	if p.Text == "" || !catalogue.Has("problem."+p.Key) {
		t.Errorf("no text for %s", p.Key)
	}
}

func TestJSONFaults(t *testing.T) {
	deep := strings.Repeat("[", 40)
	const syntax, encoding, limit, duplicate = exchange.ProblemSyntax, exchange.ProblemEncoding, exchange.ProblemLimit, exchange.ProblemDuplicate
	for _, c := range []faultCase{
		{"empty", "", syntax, "empty-document", "", 1, 1},
		{"blank", " \n ", syntax, "empty-document", "", 1, 1},
		{"byte order mark", "\xef\xbb\xbf{}", encoding, "encoding-bom", "", 1, 1},
		{"not UTF-8", "{\"known\":\n \"ә\xff\"}", encoding, "encoding-utf8", "", 2, 4},
		{"UTF-16", "{\x00}\x00", syntax, "json-syntax", "", 1, 2},
		{"trailing word", "{} x", syntax, "json-trailing", "", 1, 4},
		{"trailing object", "{}\n{}", syntax, "json-trailing", "", 2, 1},
		{"trailing bracket", "{}}", syntax, "json-trailing", "", 1, 3},
		{"comma before the brace", `{"known":1,}`, syntax, "json-syntax", "", 1, 12},
		{"NaN", `{"known":NaN}`, syntax, "json-syntax", "/known", 1, 10},
		{"Infinity", `[-Infinity]`, syntax, "json-syntax", "", 1, 3},
		{"leading zero", `{"known":[01]}`, syntax, "json-syntax", "/known", 1, 12},
		{"single quotes", `{'known':1}`, syntax, "json-syntax", "", 1, 2},
		{"comment", "{ // x\n}", syntax, "json-syntax", "", 1, 3},
		{"raw line feed in a string", "{\"known\":\"a\nb\"}", syntax, "json-syntax", "/known", 1, 12},
		{"cut in a string", `{"known":{"known":"ab`, syntax, "json-end", "/known/known", 1, 22},
		{"cut after a colon", `{"known":`, syntax, "json-end", "/known", 1, 10},
		{"lone high surrogate", `{"known":"x\ud800y"}`, encoding, "encoding-surrogate", "/known", 1, 12},
		{"lone low surrogate", `{"known":"\uDC00"}`, encoding, "encoding-surrogate", "/known", 1, 11},
		{"NUL", `{"known":["a\u0000"]}`, encoding, "encoding-character", "/known/0", 1, 11},
		{"U+FFFF", `{"known":"\uFFFF"}`, encoding, "encoding-character", "/known", 1, 10},
		{"duplicate", "{\"known\":1,\n\"known\":2}", duplicate, "duplicate-field", "/known", 2, 1},
		{"duplicate written otherwise", `{"known":1,"\u006bnown":2}`, duplicate, "duplicate-field", "/known", 1, 12},
		{"duplicate of an unknown name", `{"x":1,"x":2}`, duplicate, "duplicate-field", "/*[2]", 1, 8},
		{"duplicate below an unknown name", `{"x":{"known":1,"known":2}}`, duplicate, "duplicate-field", "/*[1]/*[2]", 1, 17},
		{"escaped step", `{"a/b~c":{"known":1,"known":2}}`, duplicate, "duplicate-field", "/a~1b~0c/known", 1, 21},
		{"too deep", deep, limit, "limit-depth", strings.Repeat("/0", 32), 1, 33},
		{"long number", `{"known":` + strings.Repeat("1", 65) + `}`, limit, "limit-string", "/known", 1, 10},
		{"long string", `["` + strings.Repeat("x", 101) + `"]`, limit, "limit-string", "/0", 1, 2},
		{"many values", "[" + strings.Repeat("1,", 120) + "1]", limit, "limit-values", "/114", 1, 230},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := ReadJSON([]byte(c.in), Limits{StringBytes: 100, Values: 100})
			c.check(t, d)
			if d.TooDeep != (c.key == "limit-depth") || d.Broken() != (c.code == syntax || c.code == encoding) {
				t.Errorf("broken %v, too deep %v", d.Broken(), d.TooDeep)
			}
		})
	}
}

func TestXMLFaults(t *testing.T) {
	const syntax, encoding, limit, duplicate = exchange.ProblemSyntax, exchange.ProblemEncoding, exchange.ProblemLimit, exchange.ProblemDuplicate
	for _, c := range []faultCase{
		{"empty", "\n", syntax, "empty-document", "/", 1, 1},
		{"text alone", "hello", syntax, "xml-text-outside", "/", 1, 1},
		{"DOCTYPE", "<!DOCTYPE known SYSTEM \"http://x.example/\">\n<known/>", syntax, "xml-doctype", "/", 1, 1},
		{"entities declared", `<!DOCTYPE k [<!ENTITY a "b">]><known>&a;</known>`, syntax, "xml-doctype", "/", 1, 1},
		{"entity", "<known>\n a &nbsp; b</known>", syntax, "xml-entity", "/known", 2, 4},
		{"instruction without a name", "<known><? php x?></known>", syntax, "xml-instruction", "/known", 1, 8},
		{"instruction with a colon", "<known><?a:b x?></known>", syntax, "xml-instruction", "/known", 1, 8},
		{"declaration in capitals", `<?XML version="1.0"?><known/>`, syntax, "xml-instruction", "/", 1, 1},
		{"second declaration", `<?xml version="1.0"?><known><?xml version="1.0"?></known>`, syntax, "xml-instruction", "/known", 1, 29},
		{"declaration not first", ` <?xml version="1.0"?><known/>`, syntax, "xml-instruction", "/", 1, 2},
		{"XML 1.1", `<?xml version="1.1"?><known/>`, syntax, "xml-declaration", "/", 1, 1},
		{"declaration without version", `<?xml encoding="utf-8"?><known/>`, syntax, "xml-declaration", "/", 1, 1},
		{"second root", "<known/>\n<known/>", syntax, "xml-second-root", "/", 2, 1},
		{"text after the root", "<known/>\nlate", syntax, "xml-text-outside", "/", 2, 1},
		{"not closed", "<known><many>", syntax, "xml-end", "/known/many[1]", 1, 14},
		{"closed as another", "<known><many></known></many>", syntax, "xml-mismatch", "/known/many[1]", 1, 14},
		{"closed by another prefix", `<known xmlns:a="u" xmlns:b="u"><a:many></b:many></known>`, syntax, "xml-mismatch", "/known/*[1]", 1, 40},
		{"closed once more", "<known/></known>", syntax, "xml-mismatch", "/", 1, 9},
		{"name that begins with a digit", "<known><1/></known>", syntax, "xml-name", "/known", 1, 8},
		{"bare less-than", "<known>a < b</known>", syntax, "xml-name", "/known", 1, 10},
		{"bare ampersand", "<known>a & b</known>", syntax, "xml-entity", "/known", 1, 10},
		{"two colons", "<known><a:b:c/></known>", syntax, "xml-name", "/known", 1, 8},
		{"attribute without a value", "<known a/>", syntax, "xml-attribute", "/", 1, 8},
		{"attribute without quotes", "<known a=1/>", syntax, "xml-attribute", "/", 1, 8},
		{"attributes without a blank", "<known a='1'b='2'/>", syntax, "xml-attribute", "/", 1, 13},
		{"less-than in an attribute", "<known a='1<2'/>", syntax, "xml-less", "/", 1, 12},
		{"end of CDATA in text", "<known>a]]>b</known>", syntax, "xml-cdata-end", "/known", 1, 9},
		{"CDATA outside", "<known/><![CDATA[ ]]>", syntax, "xml-text-outside", "/", 1, 9},
		{"hyphens in a comment", "<known><!-- a -- b --></known>", syntax, "xml-comment", "/known", 1, 15},
		{"comment with three hyphens at its end", "<known><!-- a ---></known>", syntax, "xml-comment", "/known", 1, 15},
		{"prefix nobody declared", "<known><a:many/></known>", syntax, "xml-namespace", "/known", 1, 8},
		{"prefix that is not in force any more", "<known><x xmlns:a='u'/><a:many/></known>", syntax, "xml-namespace", "/known", 1, 24},
		{"prefix of an attribute nobody declared", "<known a:b='1'/>", syntax, "xml-namespace", "/known", 1, 8},
		{"xml declared as another", "<known xmlns:xml='u'/>", syntax, "xml-namespace-use", "/", 1, 8},
		{"xmlns declared", "<known xmlns:xmlns='u'/>", syntax, "xml-namespace-use", "/", 1, 8},
		{"another as xml", "<known xmlns:a='http://www.w3.org/XML/1998/namespace'/>", syntax, "xml-namespace-use", "/", 1, 8},
		{"xml as the default", "<known xmlns='http://www.w3.org/XML/1998/namespace'/>", syntax, "xml-namespace-use", "/", 1, 8},
		{"prefix taken back", "<known xmlns:a=''/>", syntax, "xml-namespace-use", "/", 1, 8},
		{"xmlns as a prefix of an element", "<xmlns:known/>", syntax, "xml-namespace", "/", 1, 1},
		{"reference to half a surrogate", "<known>&#xD800;</known>", encoding, "encoding-character", "/known", 1, 8},
		{"reference beyond Unicode", "<known>&#x110000;</known>", encoding, "encoding-character", "/known", 1, 8},
		{"reference to nothing", "<known>&#;</known>", encoding, "encoding-character", "/known", 1, 8},
		{"noncharacter", "<known>\uffff</known>", encoding, "encoding-character", "/", 1, 8},
		{"control character", "<known>a\x01</known>", encoding, "encoding-character", "/", 1, 9},
		{"control character as reference", "<known>a&#1;</known>", encoding, "encoding-character", "/known", 1, 9},
		{"NUL", "<known>\x00</known>", encoding, "encoding-character", "/", 1, 8},
		{"not UTF-8", "<known>\xe2\x28</known>", encoding, "encoding-utf8", "/", 1, 8},
		{"declared as what it is not", `<?xml version="1.0" encoding="UTF-16"?><known/>`, encoding, "encoding-charset", "/", 1, 1},
		{"unknown charset", `<?xml version="1.0" encoding="x-klingon"?><known/>`, encoding, "encoding-charset", "/", 1, 1},
		{"mark against declaration", "\xef\xbb\xbf" + `<?xml version="1.0" encoding="koi8-r"?><known/>`, encoding, "encoding-declared", "/", 1, 1},
		{"attribute twice", "<known>\n<many a='1' a='2'/></known>", duplicate, "duplicate-attribute", "/known/many[1]/@*[2]", 2, 13},
		{"attribute twice by prefix", `<known xmlns:p="u" xmlns:q="u" p:a="1" q:a="2"/>`, duplicate, "duplicate-attribute", "/known/@*[2]", 1, 40},
		{"too deep", strings.Repeat("<many>", 40), limit, "limit-depth", "/many" + strings.Repeat("/many[1]", 32), 1, 193},
		{"long text", "<known>" + strings.Repeat("x", 101) + "</known>", limit, "limit-string", "/known", 1, 1},
		{"many elements", "<known>" + strings.Repeat("<x/>", 150) + "</known>", limit, "limit-values", "/known/*[138]", 1, 556},
		{"long attribute", "<known a='" + strings.Repeat("x", 101) + "'/>", limit, "limit-string", "/known/@*[1]", 1, 8},
		{"attributes without end", "<known " + strings.Repeat("a='>' ", 2000) + "/>", limit, "limit-values", "/", 1, 5108},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := ReadXML([]byte(c.in), "", Limits{StringBytes: 100, Values: 100})
			c.check(t, d)
		})
	}
}

func TestXMLTree(t *testing.T) {
	in := "\xef\xbb\xbf<?xml version='1.0' encoding='UTF-8' standalone=\"yes\" ?>\r\n<!-- c --><p:r xmlns:p='u' xmlns:o='v'\n id='1'>" +
		"<p:a>x<!-- y --><![CDATA[<&>]]>&amp;\r\n&#xD;</p:a> <o:b/><?do nothing?><p:c><p:d/></p:c>\n</p:r>\n<!-- end --><?xml-stylesheet href='x'?>"
	d := ReadXML([]byte(in), "", Limits{})
	if len(d.Faults) > 0 || !d.Whole {
		t.Fatal(d.Faults)
	}
	root := d.Root
	if root.Name != "r" || d.Space != "u" || root.First.Kind != Attribute || root.First.Name != "id" {
		t.Errorf("root %+v in %q", root, d.Space)
	}
	if a := root.Child("a"); a.Value != "x<&>&\n\r" {
		t.Errorf("text %q", a.Value)
	}
	if root.Child("b") != nil || !root.HasElements() || root.Value != "" {
		t.Error("the element of another namespace counts as ours, or blanks as text")
	}
	if got := d.Path(root.Child("c").First, known{}, ""); got != "/r/*[3]/*[1]" {
		t.Error(got)
	}
}

func TestXMLCharset(t *testing.T) {
	// "мән" in windows-1251 has no ә; KZ-1048 has.
	kz := []byte("<?xml version=\"1.0\" encoding=\"KZ-1048\"?><r>\xec\xe5\xed</r>")
	utf16 := []byte{0xff, 0xfe}
	for _, c := range `<?xml version="1.0" encoding="UTF-16"?><r>ә</r>` {
		utf16 = append(utf16, byte(c), byte(c>>8))
	}
	for _, c := range []struct {
		name, mime, text string
		in               []byte
		finding          bool
	}{
		{"declared in the document", "", "мен", kz, false},
		{"declared in both", "kz-1048", "мен", kz, false},
		{"MIME says what nobody knows", "x-klingon", "мен", kz, true},
		{"UTF-16 by its zeros", "", "ә", utf16[2:], false},
		{"MIME wins", "koi8-r", "ЛЕМ", kz, true}, // the same octets in KOI8-R
		{"UTF-16 by its mark", "", "ә", utf16, false},
		{"the mark wins over MIME", "koi8-r", "ә", utf16, true},
		{"US-ASCII is UTF-8", "us-ascii", "ә", []byte("<r>ә</r>"), false},
		{"MIME says UTF-8", "utf-8", "ә", []byte(`<?xml version="1.0" encoding="koi8-r"?><r>ә</r>`), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := ReadXML(c.in, c.mime, Limits{})
			if len(d.Faults) > 0 || !d.Whole {
				t.Fatal(d.Faults)
			}
			if slices.Contains(d.Findings, FindingCharset) != c.finding {
				t.Error("findings", d.Findings)
			}
			if !strings.EqualFold(d.Root.Value, c.text) && c.name != "MIME wins" || !utf8.ValidString(d.Root.Value) {
				t.Errorf("%q", d.Root.Value)
			}
		})
	}
}

func TestFaultsAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"x":0`)
	for range 300 {
		b.WriteString(`,"x":0`)
	}
	d := ReadJSON([]byte(b.String()+"}"), Limits{})
	problems := d.Problems(d.Faults, known{})
	if len(problems) != 101 || problems[100].Key != "limit-problems" || problems[100].Code != exchange.ProblemLimit {
		t.Errorf("%d problems", len(problems))
	}
}

// What the reader takes for JSON is what encoding/json takes for JSON, but for
// encoding and limits.
func FuzzJSONAgainstStandard(f *testing.F) {
	for _, s := range []string{`{"a":[1,-0.5e+3,true,null,"\u00e9\n"]}`, `[1,]`, `{"a":1 "b":2}`, `"\ud834\udd1e"`, `-`, `[[]`, `1 2`, "\ufeff1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		d := ReadJSON(in, Limits{Depth: 9000, Values: 1 << 20})
		if !utf8.Valid(in) || slices.ContainsFunc(d.Faults, func(f Fault) bool { return f.Code == exchange.ProblemEncoding || f.Code == exchange.ProblemLimit }) {
			return
		}
		if d.Broken() == json.Valid(in) {
			t.Errorf("%q: broken %v", in, d.Broken())
		}
		if d.Whole && d.Root == nil {
			t.Error("whole, but no root")
		}
	})
}

func FuzzXML(f *testing.F) {
	for _, s := range []string{"<a b='1'>x<c/></a>", "<?xml version='1.0'?><a/>", "<a>&#x41;&lt;</a>", "<a><![CDATA[x]]></a>", "<a b=1 b=2>", "<!DOCTYPE a><a/>"} {
		f.Add([]byte(s), "")
	}
	f.Fuzz(func(t *testing.T, in []byte, charset string) {
		d := ReadXML(in, charset, Limits{})
		if d.Whole && d.Root == nil || !d.Whole && len(d.Faults) == 0 {
			t.Error("neither read nor refused")
		}
		for _, p := range d.Problems(d.Faults, nil) {
			if p.Line < 0 || p.Text == "" || p.Path == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
