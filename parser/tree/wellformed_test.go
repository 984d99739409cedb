package tree

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// hostileXML draws documents that are XML or nearly so: pieces of markup, most
// of them sound, then a few spoilt octets.
type hostileXML struct{ *rand.Rand }

func (h hostileXML) pick(list ...string) string { return list[h.IntN(len(list))] }

func (h hostileXML) document() string {
	head := h.pick("", "", "", "", "", "", "", "", `<?xml version="1.0"?>`, `<?xml version='1.0' encoding="UTF-8" standalone='yes' ?>`+"\n", " ", "<!-- c -->", "<?p i?>",
		`<?xml version="1.0" encoding="UTF-8"?`, `<?xml version="1.0"encoding="utf-8"?>`, `<?xml encoding="utf-8"?>`, ` <?xml version="1.0"?>`, "\ufeff")
	tail := h.pick("", "", "", "", "", "", "", "", "\n", "\n", "<!-- end -->", "<?p?>", "x", "<b/>", "</a>", "&amp;", "&#32;", "<![CDATA[]]>", "<")
	doc := head + h.element(0) + tail
	for range h.pick("", "", "", "1", "22") {
		doc = h.spoil(doc)
	}
	return doc
}

func (h hostileXML) element(depth int) string {
	name := h.name()
	tag := "<" + name
	for h.IntN(3) == 0 {
		tag += h.pick(" ", "\n", "\t ", " ", " ", " ", " ", " ", " ", " ", "") + h.attribute()
	}
	tag += h.pick("", "", " ", "\r\n")
	if h.IntN(4) == 0 || depth > 4 {
		return tag + h.pick("/>", "/>", "/>", "/>", "/>", "/>", "/>", "/>", "/>", "/>", "/>", "/ >", ">")
	}
	tag += ">"
	for h.IntN(3) > 0 {
		tag += h.content(depth)
	}
	if h.IntN(40) == 0 {
		name = h.name()
	}
	return tag + "</" + name + h.pick("", "", " ", "\n") + ">"
}

func (h hostileXML) name() string {
	if h.IntN(40) > 0 {
		return h.pick("a", "b", "a-b.c1", "_x", "ә", "xml:q")
	}
	return h.pick("1a", "-a", ".a", "p:", ":a", "p:1", "a:b:c", "q:a", "xmlns:a", "a\u00b7", "\u00b7a", "a\u0300", "\u0300a", "×", "a÷", "xml", "XmL", "\u037e", "\u2040a",
		"a\u2040", "\U00010000", "\U000F0000", "a b", "a@", "é", "a:é", "\u200c", "\u2070", "a\u0387", "\u3001", "\ufdd0", "p:p", "")
}

func (h hostileXML) attribute() string {
	name := h.pick("a", "b", "c", "d", "e", "f", "g", "xml:lang", "xml:id2", "xmlns:p", "xmlns:q", "xmlns")
	value := h.pick("u", "u", "v", "urn:x")
	if !strings.HasPrefix(name, "xmlns") {
		value = h.pick("", "1", "x>y", "&lt;&#10;", "a\nb\r\nc\t", "&amp;&quot;&apos;&gt;", "'", "]]>", "é")
	}
	switch h.IntN(24) {
	case 0:
		name = h.name()
	case 1:
		value = h.text()
	case 2:
		return h.pick("a", "a=", "a=1", "=", `a="`, `a='1`, "a = '1'", `a="1'`, "a:b", `a=""a=""`, `"a"="1"`)
	case 3:
		return h.pick(`xmlns:xml="u"`, `xmlns:xmlns="u"`, `xmlns:p=""`, `xmlns=""`, `xmlns="`+xmlSpace+`"`, `xmlns:p="`+xmlSpace+`"`, `xmlns:xml="`+xmlSpace+`"`,
			`xmlns:p="`+xmlnsSpace+`"`, `xmlns="`+xmlnsSpace+`"`, `xmlns:="u"`, `xmlns:p:q="u"`, `xmlns:p="u" xmlns:q="u" p:a="" q:a=""`, `xmlns:p="u" p:a="" a=""`, `p:a=""`,
			`xmlns:p="u" p:a="1"`, `xmlns:r="u" xmlns:s="v" r:a="" s:a=""`)
	}
	quote := h.pick(`"`, `"`, `'`)
	return name + "=" + quote + strings.ReplaceAll(value, quote, "") + quote
}

func (h hostileXML) content(depth int) string {
	if h.IntN(8) > 0 {
		return h.pick(h.element(depth+1), h.text(), "<!-- c -->", "<!---->", "<!-- <a> & - -->", "<![CDATA[]]>", "<![CDATA[<&]]]]>", "<?p i?>", "<?p?>")
	}
	switch h.IntN(8) {
	case 0, 1, 2:
		return h.element(depth + 1)
	case 3:
		return h.pick("<!-- c -->", "<!---->", "<!-- a - b -->", "<!-- -- -->", "<!--->", "<!-->", "<!-- a --->", "<!-- <a> & -->", "<!- a -->", "<!--a--", "<!-- \x01 -->")
	case 4:
		return h.pick("<![CDATA[x]]>", "<![CDATA[]]>", "<![CDATA[<&]]]]>", "<![CDATA[]]]>", "<![cdata[x]]>", "<![CDATA[x]>", "<![CDATA [x]]>", "<![CDATA[&a;]]>")
	case 5:
		return h.pick("<?p?>", "<?p i?>", "<?p i??>", "<?xml-x y?>", "<?xml?>", "<?XML x?>", "<? p?>", "<?p:q?>", "<?1?>", "<?p i>", "<?p?i?>", "<?p\ni?>", "<??>", "<?ә ә?>")
	}
	return h.text()
}

func (h hostileXML) text() string {
	if h.IntN(16) > 0 {
		return h.pick("x", " ", "\r\n", "қазақ", "a > b", "&lt;", "&#x41;", "]]", "]>", "&#9;", "\u0085", "\U0001F600")
	}
	return h.pick("&", "&a", "&a;", "&amp", "&AMP;", "&#;", "&#x;", "&#xG;", "&#0;", "&#1;", "&#x1F;", "&#xFFFE;", "&#xD800;", "&#x10FFFF;", "&#x110000;", "&#X41;", "&#-1;", "&#+65;",
		"&# 65;", "&#65 ;", "&#00000000000000000000065;", "&#x0000000000000041;", "& amp;", "&nbsp;", "]]>", "<", "< a/>", "\x01", "\x7f", "\ufffe", "\uffff", "\ufffd", "\xff", "\xc0\x80", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\x0c", "\x00", "&#99999999999999999999;", "&lt", "&lt;;", "&#6_5;", "&gt;&", "%a;", "<!x>", "<!ELEMENT a ANY>")
}

// spoil removes, doubles or inserts something at any place.
func (h hostileXML) spoil(doc string) string {
	if doc == "" {
		return doc
	}
	at := h.IntN(len(doc))
	to := min(len(doc), at+1+h.IntN(4))
	switch h.IntN(4) {
	case 0:
		return doc[:at] + doc[to:]
	case 1:
		return doc[:to] + doc[at:]
	case 2:
		return doc[:at] + h.text() + doc[at:]
	}
	return doc[:at] + h.pick("<", ">", "&", "'", `"`, "=", "/", "!", "?", "-", "]", ":", " ", "\n", "x", ";", "<a", "<!--", "-->", "<?", "?>") + doc[at:]
}

// lintSays asks xmllint which of the documents are well-formed.
func lintSays(t *testing.T, docs []string) []bool {
	t.Helper()
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not installed (package libxml2-utils)")
	}
	dir := t.TempDir()
	verdicts := make([]bool, len(docs))
	for from := 0; from < len(docs); from += 2000 {
		to := min(from+2000, len(docs))
		args := []string{"--nonet", "--noout"}
		for i := from; i < to; i++ {
			name := fmt.Sprintf("d%d", i)
			if err := os.WriteFile(filepath.Join(dir, name), []byte(docs[i]), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, name)
			verdicts[i] = true
		}
		cmd := exec.Command("xmllint", args...)
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput() // fails as soon as one document does
		for line := range strings.Lines(string(out)) {
			var i int
			// That the name of a namespace is a URI is not judged here.
			if n, _ := fmt.Sscanf(line, "d%d:", &i); n == 1 && strings.Contains(line, " error : ") && !strings.Contains(line, "is not a valid URI") {
				verdicts[i] = false
			}
		}
	}
	return verdicts
}

// What is XML for us is what is XML for libxml2, namespaces included.
func TestXMLAgreesWithXMLLint(t *testing.T) {
	count := 12_000
	if testing.Short() {
		count = 3000
	}
	h := hostileXML{rand.New(rand.NewPCG(2018, 48))}
	var docs []string
	for len(docs) < count {
		if doc := h.document(); !strings.Contains(doc, "<!DOCTYPE") {
			docs = append(docs, doc)
		}
	}
	sound, wrong := 0, 0
	for i, want := range lintSays(t, docs) {
		d := ReadXML([]byte(docs[i]), "", Limits{Depth: 200})
		got := len(d.Faults) == 0
		if want {
			sound++
		}
		if got != want {
			if wrong++; wrong <= 12 {
				t.Errorf("xmllint %v, we %v %v\n%q", want, got, d.Faults, docs[i])
			}
		}
		if d.Broken() == d.Whole && !slices.ContainsFunc(d.Faults, func(f Fault) bool { return strings.HasPrefix(f.Key, "xml-namespace") || f.Key == "xml-text-outside" }) {
			t.Errorf("whole %v with %v: %q", d.Whole, d.Faults, docs[i])
		}
	}
	t.Logf("%d documents, %d well-formed, %d disagreements", count, sound, wrong)
	if sound < count/10 || sound > count*9/10 {
		t.Errorf("%d of %d documents are well-formed: the set says little", sound, count)
	}
}
