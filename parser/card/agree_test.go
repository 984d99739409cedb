package card

import (
	"bytes"
	"encoding/json"
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

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

// deeper reports a fault that lies beyond what a pattern can say.
func deeper(f tree.Fault) bool {
	name, ok := strings.CutPrefix(f.Key, "pattern-")
	return ok && f.Node != nil && (name == "time" || forms()[name].deep != nil) &&
		forms()[name].re != nil && forms()[name].re.MatchString(collapse(f.Node.Value))
}

// verdict is what a schema should say of a card: the reader's view without
// what no schema can say. A day that the month has not is for both to refuse.
func verdict(d *tree.Document) (sound bool, first string) {
	_, faults := structure(d, time.Unix(5e9, 0))
	for _, f := range faults {
		if !deeper(f) || f.Key == "pattern-time" {
			return false, fmt.Sprintf("%s at %s", f.Key, d.Path(f.Node, (&reader{doc: d}).names(), f.Missing))
		}
	}
	return true, ""
}

// cards draws reports of every kind, the same in each run.
func cards(n int) []*exchange.Report {
	var all []*exchange.Report
	for _, kind := range exchange.ReportKinds() {
		for i := range n {
			all = append(all, rapid.Custom(func(t *rapid.T) *exchange.Report { return anyReport(t, kind) }).Example(i))
		}
	}
	return all
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("card.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("card.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// values are what a mutation puts in the place of a value.
var values = []string{`null`, `true`, `false`, `0`, `-1`, `1`, `1.5`, `2.0`, `1e2`, `9007199254740993`, `10.1`, `[]`, `{}`, `""`, `" "`, `"x"`,
	`"\n"`, `"2026-02-30T00:00:00Z"`, `"2026-02-28T00:00:00Z"`, `"2026-02-28T24:00:00Z"`, `"2026-12-31T23:59:60Z"`, `"2026-02-28t00:00:00z"`, `"2026-02-28T00:00:00+14:30"`, `"KZ"`, `"other"`,
	`"192.0.2.1"`, `"2026-Q5"`, `"new"`, `"low"`, `["x"]`, `[null]`, `[{}]`, `[1]`, `{"kk":"x"}`, `"+77000000000"`, `"a@b.example"`,
	`"\u0085"`, `"\u2028"`, `"ә"`, `"999999999999"`}

// mutateJSON changes one place of a decoded document.
func mutateJSON(rnd *rand.Rand, v any) any {
	var other any
	if err := json.Unmarshal([]byte(values[rnd.IntN(len(values))]), &other); err != nil {
		panic(err)
	}
	switch x := v.(type) {
	case map[string]any:
		names := slices.Sorted(func(yield func(string) bool) {
			for k := range x {
				if !yield(k) {
					return
				}
			}
		})
		if len(names) == 0 || rnd.IntN(20) == 0 {
			x[[]string{"x", "kind", "name", "ip", "nil", "kk"}[rnd.IntN(6)]] = other
			return x
		}
		name := names[rnd.IntN(len(names))]
		switch rnd.IntN(6) {
		case 0:
			delete(x, name)
		case 1:
			x[name] = other
		default:
			x[name] = mutateJSON(rnd, x[name])
		}
		return x
	case []any:
		if len(x) == 0 || rnd.IntN(8) == 0 {
			return append(x, other)
		}
		i := rnd.IntN(len(x))
		x[i] = mutateJSON(rnd, x[i])
		return x
	case string:
		if runes := []rune(x); len(runes) > 0 && rnd.IntN(3) > 0 {
			i := rnd.IntN(len(runes))
			switch rnd.IntN(4) {
			case 0:
				return string(slices.Delete(runes, i, i+1))
			case 1:
				return string(slices.Insert(runes, i, []rune("0aZ -.\n\u0085")[rnd.IntN(8)]))
			case 2:
				return strings.Repeat(x, 1+25_000/len(runes))
			}
			runes[i] = []rune("9 b:@")[rnd.IntN(5)]
			return string(runes)
		}
	}
	return other
}

func TestAgreesWithJSONSchema(t *testing.T) {
	schema := compileSchema(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	good, bad := 0, 0
	for _, r := range cards(20) {
		whole, err := Render(r, exchange.CardJSON)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			data := whole
			if i > 0 {
				var v any
				dec := json.NewDecoder(bytes.NewReader(whole))
				dec.UseNumber()
				if err := dec.Decode(&v); err != nil {
					t.Fatal(err)
				}
				data, _ = json.Marshal(mutateJSON(rnd, v))
			}
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			says := schema.Validate(doc)
			sound, first := verdict(tree.ReadJSON(data, tree.Limits{}))
			if sound != (says == nil) {
				t.Fatalf("reader: %v %s\nschema: %v\n%s", sound, first, says, data)
			}
			if sound {
				good++
			} else {
				bad++
			}
		}
	}
	t.Logf("%d sound, %d not", good, bad)
	if good < 1000 || bad < 1000 {
		t.Errorf("only %d sound and %d other documents: the comparison says little", good, bad)
	}
}

// mutateXML changes one element of a rendered card. The marker and the kind
// are left alone: XSD cannot tie the body to the kind.
func mutateXML(rnd *rand.Rand, whole []byte) []byte {
	lines := strings.Split(strings.TrimSuffix(string(whole), "\n"), "\n")
	first, last := 4, len(lines)-2 // after the kind, before the end tag
	i := first + rnd.IntN(last-first+1)
	open, rest, _ := strings.Cut(lines[i], ">")
	text, end, leaf := strings.Cut(rest, "</")
	switch rnd.IntN(9) {
	case 0:
		if leaf {
			lines = slices.Delete(lines, i, i+1)
		}
	case 1:
		if leaf {
			lines = slices.Insert(lines, i, lines[i])
		}
	case 2:
		if j := first + rnd.IntN(last-first+1); leaf && strings.Contains(lines[j], "</") {
			lines[i], lines[j] = lines[j], lines[i]
		}
	case 3:
		lines[i] = open + ` x="1">` + rest
		if strings.Contains(open, "/") {
			lines[i] = open + ">" + rest
		}
	case 4:
		if leaf {
			lines[i] = open + "><x/>" + text + "</" + end
		}
	case 5:
		lines[i] = "x" + lines[i]
	default:
		other := strings.Trim(values[rnd.IntN(len(values))], `"`)
		if leaf && !strings.ContainsAny(other, `\{["`) {
			lines[i] = open + ">" + []string{other, text + other, " " + text + "\n"}[rnd.IntN(3)] + "</" + end
		}
	}
	return []byte(strings.Join(lines, "\n"))
}

func TestAgreesWithXSD(t *testing.T) {
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint (libxml2-utils) is not installed")
	}
	dir := t.TempDir()
	schema := filepath.Join(dir, "card.xsd")
	if err := os.WriteFile(schema, XSD(), 0o600); err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	args := []string{"--nonet", "--noout", "--schema", schema}
	var docs [][]byte
	for _, r := range cards(15) {
		whole, err := Render(r, exchange.CardXML)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			data := whole
			if i > 0 {
				data = mutateXML(rnd, whole)
			}
			name := filepath.Join(dir, fmt.Sprintf("%d.xml", len(docs)))
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
			docs, args = append(docs, data), append(args, name)
		}
	}
	out, _ := exec.Command(xmllint, args...).CombinedOutput() // its status counts the invalid ones
	if !bytes.Contains(out, []byte("validates")) || bytes.Contains(out, []byte("Schemas parser error")) {
		t.Fatalf("%.2000s", out)
	}
	good := 0
	for i, data := range docs {
		says := bytes.Contains(out, []byte(filepath.Join(dir, fmt.Sprintf("%d.xml", i))+" validates"))
		sound, first := verdict(tree.ReadXML(data, "", tree.Limits{}))
		if sound != says && !(says && first == "enum at /card/status") {
			t.Fatalf("reader: %v %s\nXSD: %v\n%s", sound, first, says, data)
		}
		if sound {
			good++
		}
	}
	t.Logf("%d of %d sound", good, len(docs))
	if good < len(docs)/5 || good > len(docs)*4/5 {
		t.Errorf("%d of %d sound: the comparison says little", good, len(docs))
	}
}

// What XSD 1.0 cannot say, the reader does: a body of another kind.
func TestBodyOfAnotherKind(t *testing.T) {
	for f, whole := range map[exchange.Format]string{exchange.CardJSON: incidentJSON, exchange.CardXML: incidentXML} {
		_, problems := readAt(t, f, strings.Replace(whole, "incident", "ping", 1))
		if len(problems) == 0 {
			t.Error(f)
		}
	}
}
