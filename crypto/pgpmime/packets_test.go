package pgpmime

import (
	"bytes"
	"compress/flate"
	"errors"
	"strings"
	"testing"
)

func newPacket(tag byte, body string) string {
	return string([]byte{0xc0 | tag, 0xff, byte(len(body) >> 24), byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}) + body
}

const header = "b\x00\x00\x00\x00\x00" // of a literal packet

func literalPacket(s string) string { return newPacket(tagLiteral, header+s) }

func TestNextPacket(t *testing.T) {
	for _, tc := range []struct {
		name, in   string
		tag        int
		body, rest string
		err        bool
	}{
		{"new, one octet", "\xcb\x03abcX", 11, "abc", "X", false},
		{"new, two octets", "\xcb\xc0\x00" + strings.Repeat("a", 192) + "X", 11, strings.Repeat("a", 192), "X", false},
		{"new, five octets", "\xcb\xff\x00\x00\x00\x03abcX", 11, "abc", "X", false},
		{"new, partial", "\xcb\xe1ab\xe0c\x02deX", 11, "abcde", "X", false},
		{"new, partial ending empty", "\xcb\xe1ab\x00X", 11, "ab", "X", false},
		{"new, partial without end", "\xcb\xe1ab", 0, "", "", true},
		{"new, partial signature", "\xc2\xe1ab\x00", 0, "", "", true},
		{"new, cut off", "\xcb\x05abc", 0, "", "", true},
		{"new, length cut off", "\xcb\xff\x00", 0, "", "", true},
		{"new, length of four gigabytes", "\xcb\xff\xff\xff\xff\xff", 0, "", "", true},
		{"old, one octet", "\xac\x03abcX", 11, "abc", "X", false},
		{"old, two octets", "\xad\x00\x03abcX", 11, "abc", "X", false},
		{"old, four octets", "\xae\x00\x00\x00\x03abcX", 11, "abc", "X", false},
		{"old, to the end", "\xafabcX", 11, "abcX", "", false},
		{"old, signature to the end", "\x8babc", 0, "", "", true},
		{"old, cut off", "\xac\x05abc", 0, "", "", true},
		{"old, length cut off", "\xae\x00", 0, "", "", true},
		{"no packet", "abc", 0, "", "", true},
		{"nothing", "", 0, "", "", true},
		{"one octet", "\xcb", 0, "", "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tag, body, rest, err := nextPacket([]byte(tc.in))
			if (err != nil) != tc.err || err == nil && (tag != tc.tag || string(body) != tc.body || string(rest) != tc.rest) {
				t.Errorf("%d %q %q %v", tag, body, rest, err)
			}
		})
	}
}

func deflated(s string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return newPacket(tagCompressed, "\x01"+b.String())
}

func TestReadContent(t *testing.T) {
	sig, ops := newPacket(tagSignature, "s"), newPacket(tagOnePass, "o")
	for _, tc := range []struct {
		name, in      string
		content       string
		sigs, onePass int
		err           error
	}{
		{"literal", literalPacket("hi"), "hi", 0, 0, nil},
		{"signed", ops + literalPacket("hi") + sig, "hi", 1, 1, nil},
		{"signed twice", ops + ops + literalPacket("hi") + sig + sig, "hi", 2, 2, nil},
		{"old signature", sig + literalPacket("hi"), "hi", 1, 0, nil},
		{"compressed", deflated(ops + literalPacket("hi") + sig), "hi", 1, 1, nil},
		{"compressed twice", deflated(deflated(literalPacket("hi"))), "hi", 0, 0, nil},
		{"padding, marker, private", newPacket(tagMarker, "PGP") + literalPacket("hi") + newPacket(tagPadding, "xxx") + newPacket(61, "x"), "hi", 0, 0, nil},
		{"a file name", newPacket(tagLiteral, "u\x03abc\x00\x00\x00\x00hi"), "hi", 0, 0, nil},
		{"two literals", literalPacket("a") + literalPacket("b"), "", 0, 0, errMalformed},
		{"one-pass after the literal", literalPacket("a") + ops, "", 0, 0, errMalformed},
		{"no literal", ops + sig, "", 0, 0, errMalformed},
		{"nothing", "", "", 0, 0, errMalformed},
		{"literal header cut off", newPacket(tagLiteral, "b\x05ab"), "", 0, 0, errMalformed},
		{"one-pass around a compressed packet", ops + deflated(literalPacket("a")) + sig, "a", 1, 1, nil},
		{"old signature before a compressed packet", sig + deflated(literalPacket("a")), "a", 1, 0, nil},
		{"one-pass around a compressed signed message", ops + deflated(ops+literalPacket("a")+sig) + sig, "", 0, 0, errMalformed},
		{"one-pass around two compressed packets", ops + deflated(literalPacket("a")) + deflated(literalPacket("b")) + sig, "", 0, 0, errMalformed},
		{"every kind of literal", newPacket(tagLiteral, "t\x00\x00\x00\x00\x00hi"), "hi", 0, 0, nil},
		{"local literal of PGP 2", newPacket(tagLiteral, "1\x08_CONSOLE\x00\x00\x00\x00hi"), "hi", 0, 0, nil},
		{"packet after a compressed one", deflated(literalPacket("a")) + sig, "", 0, 0, errMalformed},
		{"MDC packet inside", literalPacket("a") + newPacket(19, strings.Repeat("x", 20)), "", 0, 0, errMalformed},
		{"encrypted inside", newPacket(tagProtected, "\x01xxxx"), "", 0, 0, errMalformed},
		{"user ID inside", literalPacket("a") + newPacket(13, "x"), "", 0, 0, errMalformed},
		{"unknown critical packet", literalPacket("a") + newPacket(39, "x"), "", 0, 0, errMalformed},
		{"a thousand signatures", literalPacket("a") + strings.Repeat(sig, 1000), "", 0, 0, errMalformed},
		{"a thousand markers", strings.Repeat(newPacket(tagMarker, "PGP"), 1000) + literalPacket("a"), "", 0, 0, errMalformed},
		{"unknown compression", newPacket(tagCompressed, "\x09xx"), "", 0, 0, errMalformed},
		{"broken compression", newPacket(tagCompressed, "\x02xx"), "", 0, 0, errMalformed},
		{"empty compression", newPacket(tagCompressed, ""), "", 0, 0, errMalformed},
		{"over the budget", deflated(literalPacket(strings.Repeat("a", 3<<20))), "", 0, 0, errTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := readContent([]byte(tc.in), 2<<20, 0)
			if !errors.Is(err, tc.err) || tc.err == nil && (err != nil || string(c.content) != tc.content || len(c.signatures) != tc.sigs || c.onePass != tc.onePass) {
				t.Errorf("%q %d %d %v", c.content, len(c.signatures), c.onePass, err)
			}
		})
	}
}

func TestDecompressInTwoPasses(t *testing.T) {
	want := strings.Repeat("0123456789abcdef", 200<<10) // 3.2 MB
	c, err := readContent([]byte(deflated(literalPacket(want))), 4<<20, 0)
	if err != nil || string(c.content) != want {
		t.Error(err)
	}
}

func TestSmallBudget(t *testing.T) {
	for _, n := range []int{900, 2000, 1 << 20, 2 << 20} {
		_, err := readContent([]byte(deflated(literalPacket(strings.Repeat("a", n)))), 1000, 0)
		if (err != nil) != (n > 1000) || err != nil && !errors.Is(err, errTooLarge) {
			t.Errorf("%d: %v", n, err)
		}
	}
}

// FuzzReadContent: whatever stands inside an encryption, reading it stays
// within its budget and does not panic.
func FuzzReadContent(f *testing.F) {
	f.Add([]byte(literalPacket("hi")))
	f.Add([]byte(deflated(literalPacket("hi"))))
	f.Add([]byte("\xcb\xe1ab\xe0c\x02de"))
	f.Fuzz(func(t *testing.T, in []byte) {
		const budget = 1 << 16
		c, err := readContent(bytes.Clone(in), budget, 0)
		if err == nil && len(c.content) > max(budget, len(in)) {
			t.Fatalf("%d octets", len(c.content))
		}
		for _, s := range c.signatures {
			_, _, _ = readSignature(s)
		}
	})
}
