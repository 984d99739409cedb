package iodef

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"almasu/exchange"
	"almasu/parser/tree"
)

// Documents are made from the model, as wide as it is, and then spoilt: most of
// them in one or two places, some not at all.

// pools are values of each simple type, sound and not.
func pools() map[string][]string {
	return map[string][]string{
		"string":   {"x", "", " a b ", "әріп", "1 < 2 & \"3\"", "\n"},
		"language": {"en", "kk-KZ", "ru", " en ", "", "e n", "en_US", "abcdefghi", "x-1", "x-abcdefghi", "1", "en-1"},
		"integer": {"1", "0", "-1", "+7", "007", " 7 ", "", "1.0", "1e3", "x", "--1", "- 1", "123456789012345678901234",
			"1234567890123456789012345", "0000000000000000000000000000001"},
		"float": {"1", "0.5", "-1.5", "1e5", "1E-5", ".5", "5.", "INF", "-INF", "NaN", "+INF", "", "x", "1e", "e1", ".", "+1", " 2 ", "0", "-0", "1,5", "1e+5",
			"1e400", "0x1p3", "1e+", "1e-", "1E", "1.e1", "1..2", "+", "-", "1 2", "+.5", "-.", " INF ", "1e5.5", "1e 5", "1e-400", "-5",
			"+NaN", "infinity", "1f", "Inf", "1_0"},
		"dateTime": {"2015-07-18T09:00:00-05:00", "2015-07-18T09:00:00Z", "2015-07-18T09:00:00", "2015-07-18T09:00:00.123456789Z", "2015-07-18T24:00:00Z",
			"2015-07-18T24:00:01Z", "2015-07-18", "2015-02-29T00:00:00Z", "2016-02-29T00:00:00Z", "2015-13-01T00:00:00Z", "2015-07-32T00:00:00Z",
			"2015-07-18T25:00:00Z", "2015-07-18T09:60:00Z", "2015-07-18T09:00:60Z", "2015-07-18T09:00Z", "2015-07-18 09:00:00Z", "2015-07-18t09:00:00z",
			"2015-07-18T09:00:00+14:00", "2015-07-18T09:00:00+14:01", "2015-07-18T09:00:00+05", "2015-07-18T09:00:00+0500", " 2015-07-18T09:00:00Z ",
			"12015-07-18T09:00:00Z", "02015-07-18T09:00:00Z", "-0001-07-18T09:00:00Z", "0000-07-18T09:00:00Z", "+2015-07-18T09:00:00Z", "15-07-18T09:00:00Z",
			"2015-7-18T09:00:00Z", "2015-07-18T09:00:00.Z", "1900-02-29T00:00:00Z", "2015-04-31T00:00:00Z", "", "now", "2015-07-18T09:00:00-14:00",
			"2015-07-18T09:00:00+13:60", "2015-07-18T09:00:00,5Z", "2015-00-10T00:00:00Z", "2015-01-00T00:00:00Z", "2015-07-18T24:00:00.0Z",
			"2015-07-18T24:00:00.1Z", "2015-07-18T09:00:00-00:00"},
		"anyURI": {"http://x.example/", "https://x.example:8080/a?b=c#d", "", "a b", "a", "http://[::1]/", "http://x y/", "%zz", "%41", "http://ә.example/", "::", "1:a",
			"a:b", "//h", "/p//q", "?q", "#f", "#f#g", "http://a@b@c/", "http://x:port/", "mailto:a@b.c", "http://x/<a>", "http://[x/", "a[b]", "#a[b]", "?a[b]",
			"urn:x:y", "///", "http:", "http://x/%", " http://x/ ", "\\\\server", "http://x:/", "http:///p", "a:/b//c", "./a:b", "a/b:c", ":a",
			"a\tb", "http://x\ny/", "http:// /", "a%20b", "http://x:99999999999/", "http://x:65536/", "http://[::1", "http://[::1]x/", "http://[::1]:80/", "http://u:p@h/",
			"//a:b", "a://b?c#d?e", "x:", "http://x:-1/", "a#", "a?", "?#", "#", "?", "/", "//", "http://?q", "http://h?q[", "http://h#[]", "a//b", "a:b:c", "@", "http://@/",
			"http://:80/", "%C3%A9", "%c", "http://%41/", "http://h/%zz", "http://h:8a/", "é:a", "1", "-a:b", "a+b.c-d:e", "a_b:c"},
		"IDREF":        {"i1", "i2", "_x", "әі", "1i", "", "a b", "a:b", " i1 ", "-a", "a-b.c"},
		"PortlistType": {"80", "80,443", "1-2,3", "1-", ",", "", " 80", "80 ", "٣", "80,,443", "a"},
		"TimezoneType": {"Z", "+05:00", "-14:59", "+15:00", "z", "", "+5:00", " Z", "+05:60"},
	}
}

// xmlMaker writes documents by the model.
type xmlMaker struct {
	*rand.Rand
	m     *xmlModel
	pools map[string][]string
	ids   int
}

// sound draws a value of the type, sound where that is wanted.
func (k *xmlMaker) value(typ string, sound bool) string {
	if s := k.m.simple[typ]; s != nil && s.words != nil {
		if !sound {
			return pick(k.Rand, []string{"", "nonsense", " " + s.words[0] + "\n", strings.ToUpper(s.words[0]), extValue, s.words[0] + " "})
		}
		return pick(k.Rand, s.words)
	} else if s != nil && s.above {
		typ = "float"
	}
	if typ == "ID" {
		if sound {
			k.ids++
			return fmt.Sprintf("i%d", k.ids)
		}
		return pick(k.Rand, k.pools["IDREF"])
	}
	if sound {
		return k.pools[typ][0]
	}
	return pick(k.Rand, k.pools[typ])
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func (k *xmlMaker) element(name, typ string, depth int) *node {
	n := &node{name: name}
	c := k.m.classes[typ]
	switch {
	case typ == "anyType":
		n.text = pick(k.Rand, []string{"", "x"})
		return n
	case c == nil:
		n.text = k.value(typ, true)
		return n
	}
	for _, a := range c.attrs {
		if a.fixed != "" {
			n.attr(a.name, a.fixed)
		} else if a.required || k.IntN(8) == 0 {
			n.attrs = append(n.attrs, [2]string{a.name, k.value(a.typ, true)})
		}
	}
	switch {
	case c.name == "IndicatorReference":
		n.attrs = [][2]string{{pick(k.Rand, []string{"uid-ref", "euid-ref"}), "i1"}}
		if k.IntN(4) == 0 {
			n.attr("version", "1")
		}
	case c.simple != "":
		n.text = k.value(c.simple, true)
	case c.mixed:
		n.text = pick(k.Rand, []string{"", "text"})
		if k.IntN(4) == 0 {
			n.with(k.wild(depth + 1))
		}
	case c.content != nil:
		k.fill(n, c.content, depth)
	}
	return n
}

// wild is an element for an extension, one of IODEF's among them.
func (k *xmlMaker) wild(depth int) *node {
	if k.IntN(2) == 0 && depth < 8 {
		name := pick(k.Rand, []string{"Flow", "Description", "Contact", "URL", "DateTime", "BulkObservableList", "IndicatorReference", "ds:Signature"})
		return k.element(name, k.m.elements[name], depth)
	}
	n := &node{name: pick(k.Rand, []string{"x:thing", "Unheard", "AssetID"}), text: "t"}
	if k.IntN(3) == 0 {
		n.attrs = append(n.attrs, [2]string{"xml:lang", k.value("language", k.IntN(2) == 0)})
	}
	if k.IntN(3) == 0 {
		n.with(k.wild(depth + 1))
	}
	return n
}

// fill walks the automaton, at random but towards its end when it is deep.
func (k *xmlMaker) fill(n *node, c *content, depth int) {
	state := start
	for range 12 {
		stop := c.done(state) && (depth > 7 || k.IntN(3) == 0)
		next := c.after(state)
		if stop || len(next) == 0 {
			return
		}
		state = pick(k.Rand, next)
		if depth > 5 && !c.done(state) || depth > 7 {
			state = next[len(next)-1]
		}
		p := c.places[state]
		switch {
		case p.name == "any":
			n.with(k.wild(depth + 1))
		case p.typ != "":
			n.with(k.element(p.name, p.typ, depth+1))
		default:
			n.with(k.element(p.name, k.m.elements[p.name], depth+1))
		}
	}
	for !c.done(state) {
		state, _ = c.needed(state)
		p := c.places[state]
		n.with(k.element(p.name, or(p.typ, k.m.elements[p.name]), depth+1))
	}
}

// document draws one whole document.
func (k *xmlMaker) document() *node {
	k.ids = 0
	n := k.element(Root, Root, 0)
	n.attrs = append(n.attrs, [2]string{"xmlns:x", "urn:x"}, [2]string{"xmlns:sci", "urn:ietf:params:xml:ns:iodef-sci-1.0"})
	return n
}

// spoil changes one thing somewhere.
func (k *xmlMaker) spoil(root *node) {
	var all []*node
	var walk func(*node)
	walk = func(n *node) {
		all = append(all, n)
		for _, c := range n.kids {
			walk(c)
		}
	}
	walk(root)
	n := pick(k.Rand, all)
	typ := k.m.elements[n.name]
	names := func() string {
		return pick(k.Rand, []string{"Contact", "Description", "Nonsense", "AdditionalData", "Incident", "Assessment", "x:y", "ds:Signature", "URL", "Node"})
	}
	switch i := k.IntN(max(1, len(n.kids))); k.IntN(18) {
	case 0: // one gone
		if len(n.kids) > 0 {
			n.kids = slices.Delete(n.kids, i, i+1)
		}
	case 1: // one twice
		if len(n.kids) > 0 {
			n.kids = slices.Insert(n.kids, i, n.kids[i])
		}
	case 2, 3: // order
		if len(n.kids) > 1 {
			j := k.IntN(len(n.kids))
			n.kids[i], n.kids[j] = n.kids[j], n.kids[i]
		}
	case 4:
		n.kids = slices.Insert(n.kids, min(i, len(n.kids)), &node{name: names()})
	case 5:
		name := names()
		n.kids = append(n.kids, k.element(name, or(k.m.elements[name], "anyType"), 6))
	case 6: // a name
		if n != root {
			n.name = names()
		}
	case 7: // an attribute gone
		if len(n.attrs) > 0 && n != root {
			i := k.IntN(len(n.attrs))
			n.attrs = slices.Delete(slices.Clone(n.attrs), i, i+1)
		}
	case 8: // an attribute's value
		k.spoilAttribute(n, typ)
	case 9: // one more attribute
		name := pick(k.Rand, []string{"nonsense", "restriction", "ext-restriction", "observable-id", "xml:lang", "xsi:schemaLocation", "x:a", "xml:space", "severity"})
		if !slices.ContainsFunc(n.attrs, func(a [2]string) bool { return a[0] == name }) && name != "xsi:schemaLocation" {
			n.attrs = append(slices.Clone(n.attrs), [2]string{name, pick(k.Rand, []string{"private", "en", "i1", "high"})})
		}
	case 10:
		n.text = pick(k.Rand, []string{"stray", " ", "", "\n\t "})
	case 11: // under another parent
		if to := pick(k.Rand, all); len(n.kids) > 0 {
			at := k.IntN(len(to.kids) + 1)
			to.kids = slices.Insert(slices.Clone(to.kids), at, copyOf(n.kids[i]))
		}
	case 12: // whole branches change places
		other := pick(k.Rand, all)
		if n != root && other != root && !within(n, other) && !within(other, n) {
			*n, *other = *other, *n
		}
	case 13: // an attribute under another name
		if len(n.attrs) > 0 && n != root {
			attrs := slices.Clone(n.attrs)
			a := &attrs[k.IntN(len(attrs))]
			a[0] = pick(k.Rand, []string{strings.ToUpper(a[0][strings.IndexByte(a[0], ':')+1:]), "x:" + strings.TrimPrefix(a[0], "xml:"), "ext-" + strings.TrimPrefix(a[0], "xml:"), strings.TrimPrefix(a[0], "ext-")})
			n.attrs = attrs
		}
	case 14: // all the other way round, or of another namespace
		if k.IntN(2) == 0 {
			n.kids = slices.Clone(n.kids)
			slices.Reverse(n.kids)
		} else if n != root {
			n.name = "x:" + n.name[strings.IndexByte(n.name, ':')+1:]
		}
	default: // the value, where there is one
		if c := k.m.classes[typ]; c != nil && c.simple != "" {
			typ = c.simple
		}
		if k.m.classes[typ] == nil && typ != "anyType" && typ != "" {
			n.text = k.value(typ, false)
		}
	}
}

// within reports whether x stands in n.
func within(n, x *node) bool {
	return n == x || slices.ContainsFunc(n.kids, func(c *node) bool { return within(c, x) })
}

func copyOf(n *node) *node {
	c := *n
	c.kids = nil
	for _, k := range n.kids {
		c.kids = append(c.kids, copyOf(k))
	}
	return &c
}

// dress changes how the document is written: between its tags, and inside of
// its texts.
func (k *xmlMaker) dress(doc []byte) []byte {
	for range k.IntN(3) {
		at := k.IntN(len(doc))
		tag := bytes.IndexByte(doc[at:], '>') + 1
		if tag == 0 || bytes.HasPrefix(doc[at:], []byte("?>")) {
			continue
		}
		at += tag
		put := pick(k.Rand, []string{"<!-- c -->", "<?p i?>", "<![CDATA[]]>", "<![CDATA[ ]]>", "&#32;", "&#x9;", "\r\n", "<!---->", "x", "<x:y/>"})
		if end := bytes.IndexByte(doc[at:], '<'); end > 0 && k.IntN(2) == 0 {
			at += k.IntN(end + 1) // inside of the text
		}
		doc = slices.Concat(doc[:at], []byte(put), doc[at:])
	}
	return doc
}

func (k *xmlMaker) spoilAttribute(n *node, typ string) {
	c := k.m.classes[typ]
	if c == nil || len(c.attrs) == 0 {
		return
	}
	a := pick(k.Rand, c.attrs)
	value := k.value(a.typ, k.IntN(3) == 0)
	if a.fixed != "" {
		value = pick(k.Rand, []string{"2.00", "1.00", "", "2", " 2.00", "2.0 "})
	}
	attrs := slices.Clone(n.attrs)
	for i := range attrs {
		if attrs[i][0] == a.name {
			attrs[i][1] = value
			n.attrs = attrs
			return
		}
	}
	n.attrs = append(attrs, [2]string{a.name, value})
}

// schemaSays judges documents by xmllint, many files a call.
func schemaSays(t *testing.T, docs [][]byte) []bool {
	t.Helper()
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not installed (package libxml2-utils)")
	}
	schema := filepath.Join(shared(t), "iodef-2.0.xsd")
	dir := t.TempDir()
	verdicts := make([]bool, len(docs))
	for from := 0; from < len(docs); from += 1000 {
		args := []string{"--nonet", "--noout", "--schema", schema}
		for i := from; i < min(from+1000, len(docs)); i++ {
			name := fmt.Sprint(i)
			if err := os.WriteFile(filepath.Join(dir, name), docs[i], 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, name)
		}
		cmd := exec.Command("xmllint", args...)
		cmd.Dir = dir
		out, _ := cmd.CombinedOutput() // fails as soon as one document does
		told := 0
		for line := range strings.Lines(string(out)) {
			for ending, verdict := range map[string]bool{" validates\n": true, " fails to validate\n": false} {
				var i int
				if name, ok := strings.CutSuffix(line, ending); ok {
					if _, err := fmt.Sscan(name, &i); err == nil {
						verdicts[i] = verdict
						told++
					}
				}
			}
		}
		if told < min(1000, len(docs)-from)*9/10 { // of what is not well-formed nothing is told
			t.Fatalf("xmllint judged %d of %d documents: %.2000s", told, min(1000, len(docs)-from), out)
		}
	}
	return verdicts
}

// valid reports whether we find nothing against the schema.
func valid(d *tree.Document) (bool, []exchange.Problem) {
	_, problems := Read(d, time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
	for _, p := range problems {
		if p.Code != exchange.ProblemSemantic && p.Key != "limit-problems" { // the schema is judged first
			return false, problems
		}
	}
	return true, problems
}

func told(problems []exchange.Problem) string {
	var b strings.Builder
	for _, p := range problems {
		if p.Code != exchange.ProblemSemantic {
			fmt.Fprintf(&b, "[%s %d:%d %s %s]", p.Path, p.Line, p.Column, p.Code, p.Key)
		}
	}
	return b.String()
}

func wide() tree.Limits { return tree.Limits{Depth: 200, Values: 1 << 20} }

func TestXMLAgreesWithXMLLint(t *testing.T) {
	shared(t)
	count := 9000
	if testing.Short() {
		count = 1000
	}
	drawn := map[string]bool{} // elements and attributes by their classes
	k := &xmlMaker{Rand: rand.New(rand.NewPCG(48, 2018)), m: theXML(), pools: pools()}
	var docs [][]byte
	for i := 0; i < count || !testing.Short() && i < 3*count && len(k.undrawn(drawn)) > 0; i++ {
		root := k.document()
		k.note(root, Root, drawn)
		for range []int{0, 1, 1, 1, 2}[i%5] {
			k.spoil(root)
		}
		doc := bytes.Replace(writeXML(root), []byte(" xmlns:ds="), []byte(` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:ds=`), 1)
		if i%3 == 0 {
			doc = k.dress(doc)
		}
		docs = append(docs, doc)
	}
	if !testing.Short() {
		for _, missing := range k.undrawn(drawn) {
			t.Error("no document has", missing)
		}
	}
	sound, wrong := 0, 0
	for i, want := range schemaSays(t, docs) {
		got, problems := valid(tree.ReadXML(docs[i], "", wide()))
		if want {
			sound++
		}
		if got != want {
			if wrong++; wrong <= 10 {
				t.Errorf("document %d: xmllint %v, we %v %s\n%.1500s", i, want, got, told(problems), docs[i])
			}
		}
	}
	t.Logf("%d documents, %d sound, %d disagreements", len(docs), sound, wrong)
	if sound < count/10 || sound > count*9/10 {
		t.Errorf("%d of %d documents are sound: the set says little", sound, count)
	}
}

// note gathers the elements and attributes of a document, and the words of
// their enumerations.
func (k *xmlMaker) note(n *node, typ string, drawn map[string]bool) {
	c := k.m.classes[typ]
	if c == nil {
		return
	}
	for _, a := range n.attrs {
		drawn[typ+"@"+a[0]] = true
		if i := slices.IndexFunc(c.attrs, func(x attr) bool { return x.name == a[0] }); i >= 0 {
			drawn[c.attrs[i].typ+"="+a[1]] = true
		}
	}
	for _, kid := range n.kids {
		drawn[typ+"/"+kid.name] = true
		of := k.m.elements[kid.name]
		if c.content != nil {
			for _, p := range c.content.places {
				if p.name == kid.name && p.typ != "" {
					of = p.typ
				}
			}
		}
		drawn[of+"="+kid.text] = true
		k.note(kid, of, drawn)
	}
}

// undrawn are the elements, attributes and words of the schema that no document
// of the set has.
func (k *xmlMaker) undrawn(drawn map[string]bool) []string {
	var missing []string
	lack := func(key string) {
		if !drawn[key] {
			missing = append(missing, key)
		}
	}
	for name, c := range k.m.classes {
		for _, a := range c.attrs {
			lack(name + "@" + a.name)
			if s := k.m.simple[a.typ]; s != nil {
				for _, w := range s.words {
					lack(a.typ + "=" + w)
				}
			}
		}
		if c.content == nil {
			continue
		}
		for _, p := range c.content.places {
			if p.name != "any" {
				lack(name + "/" + p.name)
			}
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

// Every value of every simple type stands in a document of its own.
func TestSimpleTypesAgreeWithXMLLint(t *testing.T) {
	shared(t)
	const doc = `<IODEF-Document xmlns="` + Namespace + `" version="2.00"%s><Incident purpose="watch"><IncidentID name="a.example">1</IncidentID>` +
		`<GenerationTime>%s</GenerationTime><Contact role="creator" type="person"/><EventData><Flow><System><Node><Address vlan-num="%s">a</Address></Node><Service>%s</Service></System></Flow>` +
		`</EventData>%s</Incident></IODEF-Document>`
	build := func(typ, v string) string {
		v = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;").Replace(v)
		time, number, lang, service, end := "2015-07-18T09:00:00Z", "1", "", "", ""
		switch typ {
		case "dateTime":
			time = v
		case "integer":
			number = v
		case "language":
			lang = ` xml:lang="` + v + `"`
		case "PortlistType":
			service = "<Portlist>" + v + "</Portlist>"
		case "anyURI":
			service = "<ServiceName><URL>" + v + "</URL></ServiceName>"
		case "float", "PositiveFloatType":
			end = `<IndicatorData><Indicator><IndicatorID name="a" version="1">i</IndicatorID><Confidence rating="low">` + v + `</Confidence><Observable/></Indicator></IndicatorData>`
			if typ != "float" {
				service = ""
				end = `<IndicatorData><Indicator><IndicatorID name="a" version="1">i</IndicatorID><Observable><Assessment><MonetaryImpact>` + v + `</MonetaryImpact></Assessment></Observable></Indicator></IndicatorData>`
			}
		case "IDREF":
			end = `<IndicatorData><Indicator><IndicatorID name="a" version="1">` + v + `</IndicatorID><Observable/></Indicator></IndicatorData>`
		}
		return fmt.Sprintf(doc, lang, time, number, service, end)
	}
	var docs [][]byte
	p := pools()
	p["PositiveFloatType"] = p["float"]
	for typ, values := range p {
		if typ == "TimezoneType" || typ == "string" {
			continue
		}
		for _, v := range values {
			docs = append(docs, []byte(build(typ, v)))
		}
	}
	for i, want := range schemaSays(t, docs) {
		if got, problems := valid(tree.ReadXML(docs[i], "", wide())); got != want {
			t.Errorf("xmllint %v, we %v %s\n%s", want, got, told(problems), docs[i])
		}
	}
}
