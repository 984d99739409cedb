package pgpmime

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestArmorRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "data")
		text := armor(blockMessage, data)
		blocks := findBlocks(append([]byte("words\r\n"), text...))
		if len(blocks) != 1 || blocks[0].kind != blockMessage {
			t.Fatalf("%d blocks", len(blocks))
		}
		got, err := io.ReadAll(blocks[0].reader())
		if err != nil || !bytes.Equal(got, data) || len(text) > armoredSize(len(data)) || blocks[0].size() < len(data) {
			t.Fatalf("%v %x, want %x", err, got, data)
		}
	})
}

// TestCRC24 is the check value of the algorithm ("123456789").
func TestCRC24(t *testing.T) {
	if got := crc24([]byte("123456789")); got != 0x21cf02 {
		t.Errorf("%06x", got)
	}
}

func TestFindBlocks(t *testing.T) {
	const msg = "-----BEGIN PGP MESSAGE-----\n\naGVsbG8=\n-----END PGP MESSAGE-----\n"
	for _, tc := range []struct {
		name, text string
		kinds      string
		around     bool
		messages   int
	}{
		{"one", msg, "PGP MESSAGE", false, 1},
		{"two", msg + msg, "PGP MESSAGE,PGP MESSAGE", false, 2},
		{"words around", "hi\n" + msg + "bye", "PGP MESSAGE", true, 1},
		{"blank lines around", "\r\n \r\n" + msg + "\n\n", "PGP MESSAGE", false, 1},
		{"quoted in a reply", "> " + strings.ReplaceAll(msg, "\n", "\n> "), "PGP MESSAGE", true, 1},
		{"quoted under another", msg + "> " + strings.ReplaceAll(msg, "\n", "\n> "), "PGP MESSAGE", true, 1},
		{"a quoted key", "> -----BEGIN PGP PUBLIC KEY BLOCK-----\n> \n> AA==\n> -----END PGP PUBLIC KEY BLOCK-----\n", "", true, 0},
		{"no end", strings.Split(msg, "-----END")[0], "PGP MESSAGE", false, 1},
		{"not at the start of a line", "x" + msg, "", true, 0},
		{"begin mark cut off", "-----BEGIN PGP MESSAGE\n", "", true, 0},
		{"key block before", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAA==\n-----END PGP PUBLIC KEY BLOCK-----\n" + msg, "PGP PUBLIC KEY BLOCK,PGP MESSAGE", true, 1},
		{"cleartext-signed is one", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhi\n-----BEGIN PGP SIGNATURE-----\n\nAA==\n-----END PGP SIGNATURE-----\n", "PGP SIGNED MESSAGE", false, 1},
		{"nothing", "", "", false, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var kinds []string
			for _, b := range findBlocks([]byte(tc.text)) {
				kinds = append(kinds, b.kind)
			}
			around, messages := Outside([]byte(tc.text))
			if strings.Join(kinds, ",") != tc.kinds || around != tc.around || messages != tc.messages {
				t.Errorf("%q %v %d", kinds, around, messages)
			}
		})
	}
}

func TestPayload(t *testing.T) {
	for name, inside := range map[string]string{
		"plain":              "\naGVsbG8=\n=abcd\n",
		"no checksum":        "\naGVsbG8=\n",
		"headers":            "Version: 1\nComment: x: y\n\naGVsbG8=\n=abcd\n",
		"no empty line":      "aGVsbG8=\n=abcd\n",
		"headers, no empty":  "Version: 1\naGVsbG8=\n=abcd\n",
		"CRLF":               "\r\naGVs\r\nbG8=\r\n=abcd\r\n",
		"blanks at the ends": " \naGVs \nbG8=\t\n=abcd \n",
		"stuffed lines":      "\n aGVs\n bG8=\n =abcd\n",
		"blank lines after":  "\naGVsbG8=\n=abcd\n\n\n",
	} {
		got, err := io.ReadAll(block{inside: []byte(inside)}.reader())
		if err != nil || string(got) != "hello" {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

func TestSniff(t *testing.T) {
	enc := func(b string) string { return string(armor(blockMessage, []byte(b))) }
	for name, tc := range map[string]struct {
		in   string
		want Looks
	}{
		"session key":           {"\xc1\x0c\x03abcdefgh", LooksEncrypted},
		"session key, old form": {"\x85\x01\x0c\x03abcdefgh", LooksEncrypted},
		"passphrase":            {"\xc3\x04\x04\x09\x00\x08", LooksEncrypted},
		"protected data":        {"\xd2\xff\x00\x00\x00\x01\x01", LooksEncrypted},
		"one-pass signature":    {"\x90\x0d\x03abc", LooksSigned},
		"compressed":            {"\xa3\x01abc", LooksSigned},
		"armored, encrypted":    {enc("\xc1\x0c\x03abcdefgh"), LooksEncrypted},
		"armored, signed":       {enc("\x90\x0d\x03abcdefgh"), LooksSigned},
		"armored, marker first": {enc("\xca\x03PGP"), LooksEncrypted},
		"armored in text":       {"hi\n" + enc("\xc1\x0c\x03abc"), LooksEncrypted},
		"cleartext-signed":      {"-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n", LooksClear},
		"JSON":                  {`{"a":1}`, LooksPlain},
		"Cyrillic in UTF-8":     {"Қазақ", LooksPlain},
		"Cyrillic in cp1251":    {"\xca\xe0\xe7\xe0\xf5", LooksPlain},
		"PNG":                   {"\x89PNG\r\n\x1a\n", LooksPlain},
		"JPEG":                  {"\xff\xd8\xff\xe0", LooksPlain},
		"zip":                   {"PK\x03\x04", LooksPlain},
		"UTF-8 mark":            {"\xef\xbb\xbf{}", LooksPlain},
		"a public key":          {"\x98\x33\x04abc", LooksPlain},
		"nothing":               {"", LooksPlain},
		"one octet":             {"\xc1", LooksPlain},
	} {
		if got := Sniff([]byte(tc.in)); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
}

func TestCutClear(t *testing.T) {
	const end = "\n-----BEGIN PGP SIGNATURE-----\n\nAA==\n"
	for name, tc := range map[string]struct{ in, want string }{
		"plain":                   {"Hash: SHA256\n\nhi\nyou" + end, "hi\r\nyou"},
		"no hash header":          {"\nhi" + end, "hi"},
		"two hash headers":        {"Hash: SHA256\nHash: SHA1\n\nhi" + end, "hi"},
		"dashes":                  {"\n- - a\n- -----BEGIN" + end, "- a\r\n-----BEGIN"},
		"blanks at the ends":      {"\nhi \t\nyou " + end, "hi\r\nyou"},
		"CRLF":                    {"\r\nhi\r\nyou\r" + end, "hi\r\nyou"},
		"empty lines":             {"\n\nhi\n" + end, "\r\nhi\r\n"},
		"empty":                   {"\n" + end[1:], ""},
		"another header":          {"Hash: SHA256\nReport: x\n\nhi" + end, "malformed"},
		"a dash not escaped":      {"\n-hi" + end, "malformed"},
		"no signature":            {"\nhi\n", "malformed"},
		"signature mark escaped":  {"\nhi\n- -----BEGIN PGP SIGNATURE-----\n", "malformed"},
		"nothing after the start": {"", "malformed"},
	} {
		content, _, err := cutClear([]byte(tc.in))
		if (err != nil) != (tc.want == "malformed") || err == nil && string(content) != tc.want {
			t.Errorf("%s: %q %v", name, content, err)
		}
	}
}

// TestFindBlocksIsLinear: a megabyte of begin marks on one line, in margins, or
// without an end takes no longer than reading it.
func TestFindBlocksIsLinear(t *testing.T) {
	for _, unit := range []string{"-----BEGIN ", "> -----BEGIN PGP MESSAGE-----", "\n> -----BEGIN PGP MESSAGE-----", "\n-----BEGIN PGP MESSAGE-----\nx: y", ">>>>>>>>", "\r-----BEGIN "} {
		text := []byte(strings.Repeat(unit, 8<<20/len(unit)))
		start := time.Now()
		for _, b := range findBlocks(text) {
			_, _ = io.Copy(io.Discard, b.reader())
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q: %v", unit, took)
		}
	}
}

// TestRadix64 decodes the same octets however the lines are cut and whatever
// stands between them.
func TestRadix64(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Byte(), 0, 10000).Draw(t, "octets")
		digits := base64.StdEncoding.EncodeToString(want)
		if rapid.Bool().Draw(t, "unpadded") {
			digits = strings.TrimRight(digits, "=")
		}
		width := rapid.IntRange(1, 6000).Draw(t, "width")
		end := rapid.SampledFrom([]string{"\n", "\r\n", " \n", "\n> ", "\n\n", "\u00a0\r\n"}).Draw(t, "end of lines")
		var text strings.Builder
		for rest := digits; len(rest) > 0; {
			n := min(width, len(rest))
			text.WriteString(rest[:n] + end)
			rest = rest[n:]
		}
		sum := rapid.SampledFrom([]string{"", "=abcd\n", "=3Dabcd\n"}).Draw(t, "checksum")
		got, err := io.ReadAll(block{inside: []byte("\n" + text.String() + sum)}.reader())
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%v: %d octets, want %d", err, len(got), len(want))
		}
	})
}
