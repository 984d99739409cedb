package mimepart_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"almasu/internal/mimepart"
)

const simple = "From: a@b\r\nContent-Type: multipart/mixed; boundary=\"x y\"\r\n\r\npreamble\r\n" +
	"--x y\r\nContent-Type: text/plain\r\n\r\none\r\n" +
	"--x y  \r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\n\r\ntwo\r\n--in\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{}\r\n--in--\r\n\r\n" +
	"--x y--\r\nepilogue\r\n"

// outline prints a tree as path, type and body of its leaves.
func outline(p *mimepart.Part) []string {
	var out []string
	for _, l := range p.Leaves() {
		out = append(out, fmt.Sprintf("%s %s %q", l.Path, l.MediaType, l.Body))
	}
	return out
}

func TestTree(t *testing.T) {
	for _, tc := range []struct {
		name, raw string
		want      []string
		defects   []string // of the root
	}{
		{"well-formed", simple, []string{`1.1 text/plain "one"`, `1.2.1 text/plain "two"`, `1.2.2 application/json "{}"`}, nil},
		{"bare LF", strings.ReplaceAll(simple, "\r\n", "\n"), []string{`1.1 text/plain "one"`, `1.2.1 text/plain "two"`, `1.2.2 application/json "{}"`}, nil},
		{"missing closing boundary", strings.Split(simple, "\r\n\r\n--x y--")[0], []string{`1.1 text/plain "one"`, `1.2.1 text/plain "two"`, `1.2.2 application/json "{}"`}, []string{"missing-closing-boundary"}},
		{"missing boundary parameter", strings.Replace(simple, "; boundary=\"x y\"", "", 1), []string{`1.1 text/plain "one"`, `1.2.1 text/plain "two"`, `1.2.2 application/json "{}"`}, []string{"missing-boundary-parameter"}},
		{"missing boundary parameter, a boundary of many dashes", "Content-Type: multipart/mixed\r\n\r\n-----BEGIN X-----\r\n------=_Part_1\r\n\r\n1\r\n------=_Part_1--\r\n", []string{`1.1 text/plain "1"`}, []string{"missing-boundary-parameter"}},
		{"unquoted boundary with a blank", strings.Replace(simple, `"x y"`, "x y", 1), []string{`1.1 text/plain "one"`, `1.2.1 text/plain "two"`, `1.2.2 application/json "{}"`}, nil},
		{"junk header line", "this is junk\r\n" + simple, []string{`1.1 text/plain "one"`, `1.2.1 text/plain "two"`, `1.2.2 application/json "{}"`}, []string{"junk-header-line"}},
		{"mbox From line", "From a@b Mon Nov 23 10:00:00 2026\n" + simple, []string{`1.1 text/plain "one"`, `1.2.1 text/plain "two"`, `1.2.2 application/json "{}"`}, []string{"junk-header-line"}},
		{"two content types", "Content-Type: text/html\r\n" + simple, nil, []string{"duplicate-content-type"}},
		{"duplicate parameter", strings.Replace(simple, `"x y"`, `"x y"; boundary=other`, 1), []string{`1.1 text/plain "one"`, `1.2.1 text/plain "two"`, `1.2.2 application/json "{}"`}, []string{"bad-content-type"}},
		{"content type without a slash", "Content-Type: text\r\n\r\nhi", []string{`1 text/plain "hi"`}, []string{"bad-content-type"}},
		{"no content type", "Subject: x\r\n\r\nhi", []string{`1 text/plain "hi"`}, nil},
		{"multipart without any delimiter", "Content-Type: multipart/mixed; boundary=q\r\n\r\nhi", []string{`1 multipart/mixed "hi"`}, []string{"missing-closing-boundary"}},
		{"boundary that is the beginning of another", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=ab\r\n\r\n--ab\r\n\r\n1\r\n--ab--\r\n--a\r\n\r\n2\r\n--a--\r\n",
			[]string{`1.1.1 text/plain "1"`, `1.2 text/plain "2"`}, nil},
		{"delimiter not at the start of a line", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx --a\r\ny\r\n--a--", []string{`1.1 text/plain "x --a\r\ny"`}, nil},
		{"inner part not closed", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n1\r\n--a\r\n\r\n2\r\n--a--\r\n",
			[]string{`1.1.1 text/plain "1"`, `1.2 text/plain "2"`}, nil},
		{"an empty part", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n--a\r\n\r\n2\r\n--a--\r\n", []string{`1.1 text/plain ""`, `1.2 text/plain "2"`}, nil},
		{"digest", "Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\nSubject: y\r\n\r\nz\r\n--a--\r\n", []string{`1.1 message/rfc822 "Subject: y\r\n\r\nz"`}, nil},
		{"a forwarded message is one leaf", "Content-Type: message/rfc822\r\n\r\n" + simple, []string{fmt.Sprintf("1 message/rfc822 %q", simple)}, nil},
		{"nothing at all", "", []string{`1 text/plain ""`}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := mimepart.Parse([]byte(tc.raw), mimepart.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := outline(p); tc.want != nil && !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
			if !slices.Equal(p.Defects, tc.defects) {
				t.Errorf("defects %q, want %q", p.Defects, tc.defects)
			}
		})
	}
}

func TestFields(t *testing.T) {
	p, err := mimepart.Parse([]byte("Subject: one\r\n two\r\n\tthree\r\nX-A : 1\r\nx-a:2\r\njunk\r\n more junk\r\nEmpty:\r\n\r\nbody"), mimepart.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Get("subject") != "one two\tthree" || !slices.Equal(p.Values("X-A"), []string{"1", "2"}) || p.Get("empty") != "" || len(p.Fields) != 4 || p.Get("none") != "" {
		t.Errorf("%+v", p.Fields)
	}
	if string(p.Body) != "body" || p.Disposition != "" {
		t.Errorf("%+v", p)
	}
}

// TestSignedBytes: the first part of a multipart/signed is handed out exactly
// as it stands, without the line end that belongs to the delimiter.
func TestSignedBytes(t *testing.T) {
	for _, part := range []string{"Content-Type: text/plain\r\n\r\nhi", "a: b\r\n\r\nhi\r\n", "X:  1 \r\n\tfolded\r\n\r\n\r\n\r\n", "\r\n", "a: b\n\nlf\n"} {
		raw := "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n" + part + "\r\n--s\r\n\r\nsig\r\n--s--\r\n"
		p, err := mimepart.Parse([]byte(raw), mimepart.Limits{})
		if err != nil || len(p.Children) != 2 || string(p.Children[0].Raw) != part {
			t.Errorf("%q came out as %q", part, p.Children[0].Raw)
		}
	}
}

func TestLimits(t *testing.T) {
	deep := ""
	for i := range 3000 {
		deep += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	many := "Subject: s\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n" + strings.Repeat("--m\r\n\r\nx\r\n", 100000)
	for name, tc := range map[string]struct {
		raw  string
		l    mimepart.Limits
		want error
	}{
		"3000 deep":           {"Subject: s\r\n" + deep, mimepart.Limits{}, mimepart.ErrTooDeep},
		"one too deep":        {simple, mimepart.Limits{Depth: 1}, mimepart.ErrTooDeep},
		"deep enough":         {simple, mimepart.Limits{Depth: 3}, nil},
		"100000 parts":        {many, mimepart.Limits{}, mimepart.ErrTooManyParts},
		"one part too many":   {simple, mimepart.Limits{Parts: 4}, mimepart.ErrTooManyParts},
		"parts enough":        {simple, mimepart.Limits{Parts: 5}, nil},
		"header without end":  {"Subject: s\r\nX: " + strings.Repeat("y", 2<<20), mimepart.Limits{}, mimepart.ErrHeaderTooLarge},
		"header of many rows": {strings.Repeat("Subject: s\r\n", 1<<17), mimepart.Limits{}, mimepart.ErrHeaderTooLarge},
		"header just fits":    {"Subject: s\r\n\r\n" + strings.Repeat("y", 100), mimepart.Limits{HeaderBytes: 14}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			p, err := mimepart.Parse([]byte(tc.raw), tc.l)
			if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Fatalf("%v, want %v", err, tc.want)
			}
			if p == nil || tc.want != nil && name != "header without end" && !strings.Contains(tc.raw, "From: a@b") && p.Get("Subject") != "s" {
				t.Error("the header of the root is gone")
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{"": "", "a": "a", "a\n": "a\r\n", "a\r\n": "a\r\n", "\n\n": "\r\n\r\n", "a\rb\n": "a\rb\r\n", "a\r\r\n": "a\r\r\n"} {
		if got := string(mimepart.Canonical([]byte(in))); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"\r\n", "\n", "a", "\ra"})).Draw(t, "b"), ""))
		once := mimepart.Canonical(b)
		if again := mimepart.Canonical(once); !bytes.Equal(once, again) {
			t.Fatalf("%q, again %q", once, again)
		}
		if lf := bytes.ReplaceAll(once, []byte("\r\n"), []byte("\n")); !bytes.Equal(mimepart.Canonical(lf), once) {
			t.Fatalf("%q is not the form of %q", once, lf)
		}
	})
}

// inside: sub is a sub-slice of whole (the same memory), or empty.
func inside(whole, sub []byte) bool {
	if len(sub) == 0 {
		return true
	}
	i := len(whole) - cap(whole[:len(whole):len(whole)])
	for ; i+len(sub) <= len(whole); i++ {
		if &whole[i] == &sub[0] {
			return true
		}
	}
	return false
}

func checkTree(t testing.TB, p *mimepart.Part, l mimepart.Limits, depth int, parts *int) {
	if *parts++; *parts > l.Parts {
		t.Fatalf("more than %d parts", l.Parts)
	}
	if depth > l.Depth {
		t.Fatalf("deeper than %d", l.Depth)
	}
	if !bytes.HasSuffix(p.Raw, p.Body) {
		t.Fatalf("the body is not the end of the entity %s", p.Path)
	}
	at := 0
	for _, c := range p.Children {
		if !inside(p.Body, c.Raw) {
			t.Fatalf("part %s is a copy", c.Path)
		}
		i := bytes.Index(p.Body[at:], c.Raw)
		if i < 0 {
			t.Fatalf("part %s does not stand in its parent, in order", c.Path)
		}
		at += i + len(c.Raw)
		checkTree(t, c, l, depth+1, parts)
	}
}

// FuzzParse: parts are slices of the message in order, the limits hold, a part
// read by itself is the part read in its place, what is canonical stays as it
// is, and nothing panics.
func FuzzParse(f *testing.F) {
	f.Add([]byte(simple))
	f.Add([]byte("Content-Type: multipart/mixed\n\n--a\n\nx\n--a--"))
	f.Add([]byte("Content-Type: multipart/signed; boundary*0=a; boundary*1=b\r\n\r\n--ab\r\nA: b\r\n\r\nx\r\n--ab\r\nContent-Disposition: x; filename*=utf-8''%d0%b0\r\n\r\ny\r\n--ab--"))
	f.Add([]byte("From: =?koi8-r?q?=C1?= <a@b>, g: c@d;\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=41=\r\n=4"))
	limits := mimepart.Limits{Depth: 4, Parts: 12, HeaderBytes: 4096}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if once := mimepart.Canonical(raw); !bytes.Equal(mimepart.Canonical(once), once) || len(once) > 2*len(raw) {
			t.Fatalf("%q is not canonical", once)
		}
		if begun := mimepart.Begin(raw); len(begun) > 3*len(raw)+3 {
			t.Fatalf("%d octets began with %d", len(begun), len(raw))
		}
		p, err := mimepart.Parse(raw, limits)
		if p == nil {
			t.Fatal("no root")
		}
		if err != nil {
			return
		}
		parts := 0
		checkTree(t, p, limits, 1, &parts)
		for _, leaf := range p.Leaves() {
			if b, _ := leaf.Decode(0); len(b) > len(leaf.Body) {
				t.Fatal("decoding made it longer")
			}
			leaf.FileName()
		}
		for _, c := range p.Children {
			again, err := mimepart.Parse(c.Raw, limits)
			if err != nil || p.MediaType != "multipart/digest" && len(again.Leaves()) != len(c.Leaves()) {
				t.Fatalf("part %s read by itself: %v", c.Path, err)
			}
		}
		for _, name := range []string{"From", "To", "Cc"} {
			_, _ = mimepart.Addresses(p.Values(name))
		}
		mimepart.DecodeHeader(p.Get("Subject"))
	})
}

func TestBeginTakesAwayWhatStandsBeforeTheHeader(t *testing.T) {
	utf16 := func(s string, big bool) string {
		out := map[bool]string{false: "\xff\xfe", true: "\xfe\xff"}[big]
		for _, c := range []byte(s) {
			if big {
				out += "\x00" + string(c)
			} else {
				out += string(c) + "\x00"
			}
		}
		return out
	}
	const mail = "From: a@b.example\r\n\r\nx\r\n"
	for name, raw := range map[string]string{"as it is": mail, "blank lines": "\r\n \r\n\n" + mail, "byte order mark": "\xef\xbb\xbf" + mail,
		"mark and blank line": "\xef\xbb\xbf\n" + mail, "UTF-16LE": utf16(mail, false), "UTF-16BE": utf16(mail, true)} {
		if got := string(mimepart.Begin([]byte(raw))); got != mail {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := string(mimepart.Begin([]byte(strings.ReplaceAll(mail, "\r\n", "\r")))); got != strings.ReplaceAll(mail, "\r\n", "\n") {
		t.Errorf("CR: %q", got)
	}
	for _, raw := range []string{"", " ", "\r\n", "\xff\xfe", "x"} {
		mimepart.Begin([]byte(raw))
	}
}

// TestBareDisplayNames: what any reader takes for one address is one; what
// could be two is none.
func TestBareDisplayNames(t *testing.T) {
	for field, want := range map[string]string{
		"SOC Beta, duty officer <b@beta.example>":                "b@beta.example",
		"b@beta.example <b@beta.example>":                        "b@beta.example",
		`ТОО "Бета", дежурный <b@beta.example>`:                  "b@beta.example",
		"a@alfa.example <b@beta.example>":                        "",
		`"a@alfa.example" [SOC] <b@beta.example>`:                "",
		"SOC, =?utf-8?q?a=40alfa.example?= <b@beta.example>":     "",
		`SOC, "duty <b@beta.example>`:                            "",
		`SOC, duty) <b@beta.example>`:                            "",
		`SOC, \ <b@beta.example>`:                                "",
		"[SOC] Beta: duty; night <b@beta.example>":               "b@beta.example",
		"(duty (night)) <b@beta.example>":                        "b@beta.example",
		`(\)<a@alfa.example>) <b@beta.example>`:                  "b@beta.example",
		"a@alfa.example, duty, <b@beta.example>":                 "",
		"a@alfa.example; <b@beta.example>":                       "",
		"SOC: a@alfa.example <b@beta.example>":                   "",
		"<a@alfa.example> <b@beta.example>":                      "",
		"a@alfa.example> <b@beta.example>":                       "",
		"SOC, <b@beta.example> duty":                             "",
		"SOC, <b@beta.example":                                   "",
		"SOC, <b@beta.example, c@gamma.example>":                 "",
		"b@beta.example\rFrom: a@alfa.example <c@gamma.example>": "",
		"SOC\x00, <b@beta.example>":                              "",
	} {
		got, err := mimepart.Addresses([]string{field})
		if want == "" && err == nil || want != "" && (len(got) != 1 || got[0] != want) {
			t.Errorf("%q: %v, %v", field, got, err)
		}
	}
}

// TestLongBoundariesAreCheap: a boundary that the body repeats at every octet is
// looked for once a line.
func TestLongBoundariesAreCheap(t *testing.T) {
	mark := strings.Repeat("-", 60000)
	raw := []byte("Content-Type: multipart/mixed; boundary=\"" + mark + "\"\r\n\r\nx" + strings.Repeat("-", 16<<20))
	start := time.Now()
	p, err := mimepart.Parse(raw, mimepart.Limits{})
	if err != nil || len(p.Children) != 0 {
		t.Errorf("%v, %d parts", err, len(p.Children))
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
}
