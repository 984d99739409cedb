package mimepart_test

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"almasu/internal/mimepart"
)

func part(t *testing.T, header string) *mimepart.Part {
	t.Helper()
	p, err := mimepart.Parse([]byte(header+"\r\n\r\n"), mimepart.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFileName(t *testing.T) {
	const kk = "есеп-қазақ.json"
	for header, want := range map[string]string{
		`Content-Disposition: attachment; filename="report.json"`:                                                        "report.json",
		`Content-Disposition: attachment; filename=report 1.json; x=y`:                                                   "report 1.json",
		`Content-Type: application/json; name=r.json`:                                                                    "r.json",
		`Content-Disposition: attachment; filename*=utf-8''%D0%B5%D1%81%D0%B5%D0%BF-%D2%9B%D0%B0%D0%B7%D0%B0%D2%9B.json`: kk,
		`Content-Disposition: attachment; filename*0*=utf-8'kk'%D0%B5%D1%81%D0%B5%D0%BF; filename*1="-қазақ.json"`:       kk,
		`Content-Disposition: attachment; filename*1=b.json; filename*0=a`:                                               "ab.json",
		`Content-Disposition: attachment; filename="=?utf-8?B?0LXRgdC10L8t0pvQsNC30LDSmy5qc29u?="`:                       kk,
		`Content-Disposition: attachment; filename*=koi8-r''%C1%C2.xml`:                                                  "аб.xml",
		`Content-Disposition: attachment; filename="../../etc/passwd"`:                                                   "passwd",
		`Content-Disposition: attachment; filename="C:\\x\\report.json"`:                                                 "report.json",
		"Content-Disposition: attachment; filename=\"a\x01\u202egnp.exe\"":                                               "a gnp.exe",
		`Content-Disposition: attachment; filename=".."`:                                                                 "",
		`Content-Disposition: attachment; filename="/"`:                                                                  "",
		`Content-Disposition: attachment; filename=a.json; filename=b.json`:                                              "a.json",
		`Content-Disposition: attachment; filename=plain.json; filename*=utf-8''%D0%B0.json`:                             "а.json",
		`Content-Disposition: attachment; filename="half`:                                                                "half",
		`Content-Disposition: attachment (filename=no); filename=yes`:                                                    "yes",
		`Content-Disposition: attachment; filename*=utf-8''..%2F..%2Fetc%2Fpasswd`:                                       "passwd",
		`Content-Disposition: attachment; filename*=utf-8''..%5C..%5Cboot.ini`:                                           "boot.ini",
		`Content-Disposition: attachment; filename*=utf-8''a%00b%0D%0Ac.json`:                                            "a b  c.json",
		`Content-Disposition: attachment; filename*=utf-8''%E0%A4.json`:                                                  "?.json",
		`Content-Disposition: attachment; filename*=koi8-r'ru'%CF%D4%DE%A3%D4.json`:                                      "отчёт.json",
		`Content-Disposition: attachment; filename*=pt154''%9Da%EB.xml`:                                                  "қaл.xml",
		`Content-Disposition: attachment; filename*=utf-8''half%`:                                                        "half%",
		`Content-Disposition: attachment; filename="=?koi8-r?Q?=CF=D4=DE=A3=D4?=.json"`:                                  "отчёт.json",
		`Content-Disposition: attachment; filename="=?windows-1251?B?7vL35fI=?= =?windows-1251?B?Lmpzb24=?="`:            "отчет.json",
		"Content-Disposition: attachment; filename=\"\xee\xf2\xf7\xe5\xf2.json\"":                                        "отчет.json",
		"Content-Disposition: attachment; filename=\"\xcf\xd4\xde\xc5\xd4.json\"":                                        "отчет.json",
		`Content-Disposition: inline`:                                                                                    "",
		"Content-Disposition: attachment;\r\n filename*0=\"folded-\";\r\n filename*1=\"name.json\"":                      "folded-name.json",
		`Content-Disposition: attachment; filename*=nowhere''%ff.json`:                                                   "?.json",
		`Content-Disposition: attachment; filename="` + strings.Repeat("я", 200) + `.json"`:                              strings.Repeat("я", 125) + ".json",
		`Content-Type: multipart/mixed; boundary=x; name="a;b\"c"`:                                                       `a;b"c`,
	} {
		if got := part(t, header).FileName(); got != want {
			t.Errorf("%s\n got %q, want %q", header, got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, tc := range []struct {
		name, encoding, body, want string
		err                        error
	}{
		{"none", "", "a=41\r\n", "a=41\r\n", nil},
		{"8bit", "8BIT", "ә", "ә", nil},
		{"base64", "base64", "aGVs\r\nbG8=\r\n", "hello", nil},
		{"base64 with a comment", "base64 (x)", "aGVsbG8=", "hello", nil},
		{"base64 without padding", "base64", "aGVsbG8", "hello", nil},
		{"base64 with blanks", "base64", " aGVs bG8=", "hello", nil},
		{"base64, foreign characters", "base64", "aGV!sbG8=", "hello", mimepart.ErrEncoding},
		{"base64, words after the padding", "base64", "aGVsbG8=\r\nfooter", "hello", mimepart.ErrEncoding},
		{"base64, one character left over", "base64", "aGVsbG8hx", "hello!", mimepart.ErrEncoding},
		{"base64, empty", "base64", "", "", nil},
		{"quoted-printable", "quoted-printable", "a=3Db=\r\nc  \r\nd=\n=D3=99", "a=bc\r\ndә", nil},
		{"quoted-printable, lower case", "Quoted-Printable", "=d3=99", "ә", nil},
		{"quoted-printable, broken", "quoted-printable", "a=zz b=4", "a=zz b=4", mimepart.ErrEncoding},
		{"unknown", "x-uuencode", "begin", "begin", mimepart.ErrEncoding},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := mimepart.Parse([]byte("Content-Transfer-Encoding: "+tc.encoding+"\r\n\r\n"+tc.body), mimepart.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Decode(0)
			if string(got) != tc.want || !errors.Is(err, tc.err) || tc.err == nil && err != nil {
				t.Errorf("%q %v", got, err)
			}
			if n := int64(len(tc.want)); n > 1 {
				if _, err := p.Decode(n - 1); !errors.Is(err, mimepart.ErrTooLarge) {
					t.Errorf("beyond the limit: %v", err)
				}
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	for _, tc := range []struct {
		in   []string
		want []string // nil: an error
	}{
		{[]string{"a@b.example"}, []string{"a@b.example"}},
		{[]string{"SOC Alfa <a@b.example>"}, []string{"a@b.example"}},
		{[]string{`"Evil <victim@b.example>" <a@b.example>`}, []string{"a@b.example"}},
		{[]string{"a@b.example (comment), c@d.example"}, []string{"a@b.example", "c@d.example"}},
		{[]string{"Group: a@b.example, c@d.example;"}, []string{"a@b.example", "c@d.example"}},
		{[]string{"undisclosed-recipients:;"}, []string{}},
		{[]string{""}, []string{}},
		{nil, []string{}},
		{[]string{"=?koi8-r?B?6dfBzs/X?= <a@b.example>"}, []string{"a@b.example"}},
		{[]string{"=?nowhere?Q?x?= <a@b.example>"}, []string{"a@b.example"}},
		{[]string{"\xc9\xd7 <a@b.example>"}, []string{"a@b.example"}},
		{[]string{"Дежурный <a@b.example>"}, []string{"a@b.example"}},
		{[]string{"a@b.example", "c@d.example"}, []string{"a@b.example", "c@d.example"}},
		{[]string{"a@b.example c@d.example"}, nil},
		{[]string{"no address"}, nil},
		{[]string{"<a@b.example"}, nil},
		{[]string{strings.Repeat("a@b.example, ", 30000) + "a@b.example"}, nil},
	} {
		got, err := mimepart.Addresses(tc.in)
		if (err != nil) != (tc.want == nil) || !slices.Equal(got, tc.want) && len(got)+len(tc.want) > 0 {
			t.Errorf("%.60q: %q %v", tc.in, got, err)
		}
	}
}

func TestDecodeText(t *testing.T) {
	for _, tc := range []struct{ body, charset, want string }{
		{"қазақ", "", "қазақ"},
		{"қазақ", "UTF-8", "қазақ"},
		{"abc", "us-ascii", "abc"},
		{"\xc1\xc2", "koi8-r", "аб"},
		{"\xe0\xe1", "windows-1251", "аб"},
		{"\xe0\xe1", "CP1251", "аб"},
		{"\xff\xfea\x00", "utf-16", "a"},
		{"\xfe\xff\x04\xd9", "utf-16", "ә"},
		{"\xbc\x9d\xb3\xb4", "kz-1048", "әқіө"},
		{"\xbc", "RK1048", "ә"},
		{"\xba", "pt154", "ә"},
		{"\xe0\x80", "ptcp154", "аҖ"},
		{"\xbc\xba\x9d\xbe\xb4\xa2\xbf\x9e\xb3\xa3\xaa\x8d\xbd\xa5\xa1\xaf\x8e\xb2", "RK1048", "әғқңөұүһіӘҒҚҢӨҰҮҺІ"},
		{"\xba\x83\x9d\x9c\xb5\xb1\x89\x9e\xb3\xaa\x81\x8d\x8c\xa4\xa6\x87\x8e\xb2", "PT154", "әғқңөұүһіӘҒҚҢӨҰҮҺІ"},
		{"\xd9\x04\x93\x04", "utf-16le", "әғ"},
		{"\x04\xd9\x04\x93", "utf-16be", "әғ"},
		{"\x04\xd9", "utf-16", "ә"}, // RFC 2781 section 4.3: without a mark, the most significant octet first
		{"\x98", "kz1048", ""},
		{"\xff", "utf-8", ""},
		{"x", "no-such-charset", ""},
	} {
		got, err := mimepart.DecodeText([]byte(tc.body), tc.charset)
		if got != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("%q in %s: %q %v", tc.body, tc.charset, got, err)
		}
	}
}

func TestDecodeHeader(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                             "plain",
		"=?utf-8?q?=D3=99?= x":              "ә x",
		"=?koi8-r?B?wcI=?=":                 "аб",
		"=?nowhere?Q?x?=":                   "x",
		"a\x00b\x1b[31m":                    "a b [31m",
		"=?utf-8?q?a=0D=0AX:_y?=":           "a  X: y",
		"\xff":                              "\uFFFD",
		"=?utf-8?q?broken":                  "=?utf-8?q?broken",
		"=?utf-8?b?0Y8=?= =?utf-8?b?0Y8=?=": "яя",
	} {
		if got := mimepart.DecodeHeader(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestDetectCharset(t *testing.T) {
	const ru, kk = "Обнаружена фишинговая рассылка, приняты меры.", "Қызметкерлерге фишинг хаттар келді; оқыс оқиға тіркелді, әкімші ескертілді, ұйымда өңделуде."
	for _, tc := range []struct{ body, want string }{
		{"\xff\xfea\x00", "utf-16"}, {"\xfe\xff\x00a", "utf-16"}, {"{\x00}\x00", "utf-16le"}, {"\x00{\x00}", "utf-16be"},
		{"plain", "utf-8"}, {kk, "utf-8"}, {"", "utf-8"},
		{encoded(t, ru, "windows-1251"), "windows-1251"}, {encoded(t, ru, "koi8-r"), "koi8-r"}, {encoded(t, ru, "ibm866"), "ibm866"},
		{encoded(t, kk, "kz-1048"), "kz-1048"}, {encoded(t, kk, "pt154"), "pt154"},
		{"\xff\xfe"[:1] + ru, ""}, {kk + "\xd2", ""}, // UTF-8, damaged
	} {
		if got := mimepart.DetectCharset([]byte(tc.body)); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.body, got, tc.want)
		}
	}
	for charset, want := range map[string]bool{"": false, "utf-8": true, "KOI8-R": true, "rk1048": true, "utf-16": true, "x-klingon": false} {
		if mimepart.KnownCharset(charset) != want {
			t.Errorf("%q", charset)
		}
	}
}

// encoded writes a text in a charset of one octet a character.
func encoded(t *testing.T, text, charset string) string {
	t.Helper()
	octets := map[rune]byte{}
	for c := range 256 {
		if s, err := mimepart.DecodeText([]byte{byte(c)}, charset); err == nil {
			octets[[]rune(s)[0]] = byte(c)
		}
	}
	var out []byte
	for _, r := range text {
		c, ok := octets[r]
		if !ok {
			t.Fatalf("%s has no %q", charset, r)
		}
		out = append(out, c)
	}
	return string(out)
}

// TestFooterBelowBase64: words that were put below base64 are none of it.
func TestFooterBelowBase64(t *testing.T) {
	for _, data := range []string{"0123456789", "0123456789ab", "0123456789abc"} {
		for _, end := range []string{"\r\n", "\n"} {
			text := base64.StdEncoding.EncodeToString([]byte(data))
			body := text[:8] + end + text[8:] + end + end + "-- " + end + "Scanned by nobody" + end
			p, err := mimepart.Parse([]byte("Content-Transfer-Encoding: base64\r\n\r\n"+body), mimepart.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := p.Decode(0); string(got) != data || !errors.Is(err, mimepart.ErrEncoding) {
				t.Errorf("%q: %q, %v", body, got, err)
			}
		}
	}
}
