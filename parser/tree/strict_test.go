package tree

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// The cases every strict reader is asked about (RFC 8259), sound and not.
func TestJSONStrict(t *testing.T) {
	for _, in := range []string{
		`{}`, `[]`, "\t[ \r\n1 ]\n", `[1E22]`, `[0e+1]`, `[-0]`, `[123.456e78]`, `["\u0060\u012a\u12AB"]`, `["\"\\\/\b\f\n\r\t"]`, `["\uD801\udc37"]`,
		`["\ud83d\ude39\ud83d\udc8d"]`, `["` + "\u2028\u2029" + `"]`, `["\uDBFF\uDFFD"]`, `{"":0}`, `{"a":{"a":1},"b":{"a":1}}`, `[{"a":1},{"a":1}]`, `["\u0022"]`, `[null,true,false]`,
		`{"a":[]}`, `"x"`, `1`, `null`, `["` + "\x7f" + `"]`, `[100000000000000000000000000000]`, `[1e9999]`, `{"é":1,"e` + "\u0301" + `":2}`,
	} {
		// \b and \f are JSON, but may stand in no report.
		if d := ReadJSON([]byte(in), Limits{}); (len(d.Faults) > 0 || !d.Whole) && !strings.Contains(in, `\f`) {
			t.Errorf("%s: %v", in, d.Faults)
		}
	}
	for _, in := range []string{
		`[1,]`, `[,1]`, `[1,,2]`, `[1 2]`, `[`, `]`, `[1}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,"a":1}`, `{"a":1,,"b":2}`, `{a:1}`, `{'a':1}`, `{1:1}`, `{"a":1 "b":2}`, `{"a"::1}`, `{"a":1}}`, `{}{}`, `{}#`,
		`{"a":/*c*/1}`, `// c` + "\n1", `[01]`, `[1.]`, `[.5]`, `[+1]`, `[-]`, `[--1]`, `[1e]`, `[1e+]`, `[1.e1]`, `[0x1]`, `[1_0]`, `[NaN]`, `[nan]`, `[Infinity]`, `[-Infinity]`, `[1e1.5]`, `[-01]`, `[2.e3]`,
		`[True]`, `[nul]`, `[truee]`, `[undefined]`, `["\x41"]`, `["\u00A"]`, `["\u{41}"]`, `["\U0041"]`, `["\a"]`, `["\"]`, `["a`, `["` + "\n" + `"]`, `["` + "\t" + `"]`, `["` + "\x00" + `"]`, `['a']`,
		"\ufeff{}", `["\ud800"]`, `["\udc00"]`, `["\ud800\u0041"]`, `["\udc00\ud800"]`, `["\ud800\ud800"]`, `["\uD834` + "\xed\xb4\x9e" + `"]`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"\/":1,"/":2}`,
		`{"a":1,"b":{"c":1,"c":2}}`, `["\u0000"]`, `["\u001f"]`, `["\uffff"]`, "[\"\xff\"]", "[\"\xc0\xaf\"]", "[\"\xed\xa0\x80\"]", "[\"\xf4\x90\x80\x80\"]", "[\u00a01]", "[\u20281]", "[1]\x00", "\x0c[1]",
		"", " ", `"`, `[` + strings.Repeat(`[`, 5000), `[` + strings.Repeat("9", 65) + `]`, "{\x00\"a\":1}", `{"a":1}` + "\x1a", "\xff\xfe{\x00}\x00", "\x00{\x00}", "*", `<a/>`,
	} {
		if d := ReadJSON([]byte(in), Limits{}); len(d.Faults) == 0 {
			t.Errorf("%.100q passes", in)
		}
	}
}

// soundJSON judges by encoding/json, and what it lets pass by hand: names that
// are equal once unescaped, halves of surrogates, characters of no report.
func soundJSON(in []byte) bool {
	if !json.Valid(in) || !utf8.Valid(in) || bytes.ContainsRune(in, utf8.RuneError) {
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(in))
	dec.UseNumber()
	var open []map[string]bool // nil for a list
	name := false              // the next token may be one
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return true
		}
		if err != nil {
			return false
		}
		if s, ok := token.(string); ok && (strings.ContainsRune(s, utf8.RuneError) || illegal(s) >= 0) {
			return false
		}
		inside := len(open) > 0 && open[len(open)-1] != nil
		switch token {
		case json.Delim('{'):
			open, name = append(open, map[string]bool{}), true
			continue
		case json.Delim('['):
			open, name = append(open, nil), false
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		default:
			if inside && name {
				seen := open[len(open)-1]
				if seen[token.(string)] {
					return false
				}
				seen[token.(string)], name = true, false
				continue
			}
		}
		name = len(open) > 0 && open[len(open)-1] != nil
	}
}

// Documents of sound and unsound pieces get the verdict of the reference.
func TestJSONAgreesWithReference(t *testing.T) {
	r := rand.New(rand.NewPCG(2018, 48))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	scalar := func() string {
		if r.IntN(12) > 0 {
			return pick(`"x"`, `""`, `1`, `-0.5e+3`, `true`, `false`, `null`, `"қазақ"`, `"\u00e9\n\/"`, `"\ud83d\ude39"`, `123456789012345678901234567890`, `1e400`)
		}
		return pick(`"\ud800"`, `"\udc00x"`, `"\ud800\u0041"`, `"\u0000"`, `"\b"`, `NaN`, `-Infinity`, `01`, `1.`, `.5`, `+1`, `1e`, `"\x"`, `"\u12"`, "\"\n\"", "\"\x00\"", `'a'`, `tru`, `nullx`, `"a`, `--1`,
			"\"\xff\"", "\"\xed\xa0\x80\"", "\"\ufffe\"", `/* */1`, ``, `1,`, `"\ufffe"`, `"`+"\x7f"+`"`)
	}
	var value func(depth int) string
	value = func(depth int) string {
		var parts []string
		switch n := r.IntN(5); {
		case depth > 4 || n < 2:
			return scalar()
		case n == 2:
			for range r.IntN(4) {
				parts = append(parts, value(depth+1))
			}
			return "[" + strings.Join(parts, pick(",", ", ", "\n,")) + "]"
		}
		for range r.IntN(30) / (depth + 1) {
			name := pick("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "") + pick("", "1", "2", "3", "4", "5", "6", "7", "8", "9")
			if r.IntN(30) == 0 {
				name = pick(`\u0061`, `\u0061`+"1", `\ud800`, `é`, `\u00e9`, "a\x01")
			}
			parts = append(parts, pick(" ", "", "\t")+`"`+name+`":`+value(depth+1))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	sound := 0
	for range 20_000 {
		in := value(0)
		for range r.IntN(8) / 7 {
			at := r.IntN(len(in) + 1)
			in = in[:at] + pick(",", ":", "{", "}", "[", "]", `"`, " ", "\\", "0", "\ufeff", "x", "\x00", "#") + in[at:]
		}
		want := soundJSON([]byte(in))
		if want {
			sound++
		}
		if d := ReadJSON([]byte(in), Limits{}); (len(d.Faults) == 0 && d.Whole) != want {
			t.Errorf("the reference %v, we %v\n%q", want, d.Faults, in)
		}
	}
	if sound < 4000 || sound > 16_000 {
		t.Errorf("%d documents are sound: the set says little", sound)
	}
}
