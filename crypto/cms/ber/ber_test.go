package ber

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDER(t *testing.T) {
	cases := []struct {
		name, ber, der string
		err            error
	}{
		{"already", "30 03 02 01 05", "3003020105", nil},
		{"indefinite", "30 80 02 01 05 00 00", "3003020105", nil},
		{"indefinite inside indefinite", "30 80 31 80 02 01 05 00 00 00 00", "30053103020105", nil},
		{"indefinite inside definite", "30 07 31 80 02 01 05 00 00", "30053103020105", nil},
		{"a length that is too long", "30 83 00 00 03 02 01 05", "3003020105", nil},
		{"a string in segments", "24 80 04 01 61 24 80 04 01 62 00 00 04 00 00 00", "04026162", nil},
		{"a string in segments, lengths given", "24 06 04 01 61 04 01 62", "04026162", nil},
		{"bits in segments", "23 80 03 02 00 ff 03 02 04 f0 00 00", "030304fff0", nil},
		{"bits with unused ones in the middle", "23 80 03 02 04 f0 03 02 00 ff 00 00", "", ErrSyntax},
		{"text in segments", "2c 80 04 01 61 04 01 62 00 00", "0c026162", nil},
		{"text in segments of text", "2c 80 0c 01 61 0c 01 62 00 00", "0c026162", nil},
		{"a number inside a string", "24 80 02 01 61 00 00", "", ErrSyntax},
		{"true", "01 01 01", "0101ff", nil},
		{"false", "01 01 00", "010100", nil},
		{"a high tag", "bf 81 00 03 02 01 05", "bf810003020105", nil},
		{"the order of a set stays", "31 06 02 01 05 02 01 01", "3106020105020101", nil},
		{"nothing", "", "", ErrSyntax},
		{"a tag alone", "30", "", ErrSyntax},
		{"a length alone", "30 82 01", "", ErrSyntax},
		{"longer than the input", "30 05 02 01 05", "", ErrSyntax},
		{"a length beyond all numbers", "30 88 ff ff ff ff ff ff ff ff 00", "", ErrSyntax},
		{"no end", "30 80 02 01 05", "", ErrSyntax},
		{"half an end", "30 80 02 01 05 00", "", ErrSyntax},
		{"an end that ends nothing", "00 00", "", ErrSyntax},
		{"an end inside what has a length", "30 02 00 00", "", ErrSyntax},
		{"a primitive without length", "04 80 61 00 00", "", ErrSyntax},
		{"the reserved tag", "00 81 00", "", ErrSyntax},
		{"something behind", "02 01 05 00", "", ErrTrailing},
		{"a tag that never ends", "1f ff ff ff ff ff ff 01 00", "", ErrSyntax},
		{"too deep, indefinite", strings.Repeat("3080", 40) + strings.Repeat("0000", 40), "", ErrTooDeep},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := DER(unhex(t, c.ber))
			if !errors.Is(err, c.err) || hex.EncodeToString(got) != c.der {
				t.Errorf("%x, %v", got, err)
			}
		})
	}
	deep := []byte{2, 1, 5}
	for range 40 {
		deep = Seq(Raw(deep)).Bytes()
	}
	if _, err := DER(deep); !errors.Is(err, ErrTooDeep) {
		t.Error(err)
	}
}

// What is built is what the standard library builds, and reads back.
func TestBuild(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 127, 128, -128, -129, 255, 256, 1 << 40, -(1 << 40)} {
		want, _ := asn1.Marshal(n)
		if got := Big(big.NewInt(n)).Bytes(); !bytes.Equal(got, want) {
			t.Errorf("%d: %x, want %x", n, got, want)
		}
		if got := NewReader(want).Big(); got.Int64() != n {
			t.Errorf("%d: %v", n, got)
		}
	}
	for _, id := range []string{"1.2.840.113549.1.7.2", "2.5.4.3", "2.25.329800735698586629295641978511506172918"} {
		r := NewReader(ID(id).Bytes())
		if got := r.OID(); got != id || r.Err() != nil {
			t.Errorf("%s: %s %v", id, got, r.Err())
		}
	}
	for _, at := range []time.Time{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1949, 1, 1, 0, 0, 0, 0, time.UTC)} {
		want, _ := asn1.Marshal(at)
		got := Time(at).Bytes()
		if !bytes.Equal(got, want) || !NewReader(got).Time().Equal(at) {
			t.Errorf("%v: %x, want %x", at, got, want)
		}
	}
	for _, n := range []int{0, 1, 127, 128, 255, 256, 70000} {
		b := make([]byte, n)
		want, _ := asn1.Marshal(b)
		if got := Octets(b).Bytes(); !bytes.Equal(got, want) {
			t.Errorf("%d bytes", n)
		}
	}
	if got := hex.EncodeToString(SetOf(Int(5), Node{}, Int(1), Octets(nil)).Bytes()); got != "3108020101020105"+"0400" {
		t.Errorf("a set: %s", got)
	}
	if got := hex.EncodeToString(Seq(Explicit(300, Bool(true)), Raw(nil), Seq(), Nil(), Bits([]byte{1}), Bool(false)).Bytes()); got != "3012bf822c030101ff3000050003020001010100" {
		t.Errorf("a sequence: %s", got)
	}
	if got := ID("no").Bytes(); len(got) != 0 {
		t.Errorf("%x", got)
	}
}

// Every method of the reader on what it does not expect.
func TestReaderRefuses(t *testing.T) {
	cases := map[string]struct {
		in   string
		read func(*Reader)
	}{
		"another tag":             {"0401ff", func(r *Reader) { r.Int() }},
		"a primitive sequence":    {"1000", func(r *Reader) { r.Enter(Sequence) }},
		"a constructed number":    {"2203020105", func(r *Reader) { r.Int() }},
		"an empty number":         {"0200", func(r *Reader) { r.Int() }},
		"a number that is large":  {"020900ffffffffffffffff", func(r *Reader) { r.Int() }},
		"bits that are not bytes": {"030204f0", func(r *Reader) { r.Bits() }},
		"bits of nothing":         {"0300", func(r *Reader) { r.Bits() }},
		"an identifier cut off":   {"060180", func(r *Reader) { r.OID() }},
		"an empty identifier":     {"0600", func(r *Reader) { r.OID() }},
		"a boolean of two bytes":  {"0102ffff", func(r *Reader) { r.Bool() }},
		"a time of nonsense":      {"170d3939393939393939393939395a", func(r *Reader) { r.Time() }},
		"a time that is a number": {"020105", func(r *Reader) { r.Time() }},
		"a time without zone":     {"170c323630313032303330343035", func(r *Reader) { r.Time() }},
		"a number in a string":    {"2403020105", func(r *Reader) { r.Octets() }},
		"something left":          {"020105", func(r *Reader) { r.End() }},
		"left inside":             {"30060201050201 06", func(r *Reader) { in := r.Enter(Sequence); in.Int(); in.End() }},
	}
	for name, c := range cases {
		r := NewReader(unhex(t, c.in))
		c.read(r)
		if r.Err() == nil || r.More() || r.Is(Integer) {
			t.Errorf("%s: %v", name, r.Err())
		}
		first := r.Err()
		r.Any()
		r.Octets()
		r.Fail(errors.New("later"))
		if r.Err() != first {
			t.Errorf("%s: the first mistake is lost", name)
		}
	}
}

func TestSegmentsAreBounded(t *testing.T) {
	deep := []byte{4, 1, 'a'}
	for range 40 {
		deep = append([]byte{0x24, byte(len(deep))}, deep...)
	}
	e, _, err := Parse(deep)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Octets(); !errors.Is(err, ErrTooDeep) {
		t.Error(err)
	}
}

// DER of DER is the same, lies within the bytes, and never panics.
func FuzzDER(f *testing.F) {
	for _, s := range []string{"3003020105", "308002010500 00", "2480040161040162 0000", "23800302 00ff030204f00000", "bf810003020105", "30800401610000", "0101aa"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := NewReader(raw)
		r.Enter(Sequence).Enter(Set).OID()
		NewReader(raw).Time()
		NewReader(raw).Octets()
		der, err := DER(raw)
		if err != nil {
			return
		}
		if len(der) > len(raw)+8 {
			t.Fatalf("%d bytes out of %d", len(der), len(raw))
		}
		again, err := DER(der)
		if err != nil || !bytes.Equal(again, der) || !IsDER(der) {
			t.Fatalf("%x: %x, %v", der, again, err)
		}
	})
}
