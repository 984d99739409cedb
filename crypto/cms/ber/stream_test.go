package ber

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestStream(t *testing.T) {
	for _, in := range []string{"3009 020105 0402 6162 0500", "3080 020105 2480 0401 61 2404 0402 6200 0400 0000 0500 0000"} {
		s := NewStream(iotest.OneByteReader(bytes.NewReader(unhex(t, in))))
		s.Enter(Sequence)
		if e := s.Whole(10); !bytes.Equal(e.Raw, []byte{2, 1, 5}) {
			t.Errorf("%x", e.Raw)
		}
		if got, err := io.ReadAll(s.Octets(OctetString)); err != nil || !strings.HasPrefix(string(got), "ab") {
			t.Errorf("%q %v", got, err)
		}
		if !s.Is(Null) || !s.More() {
			t.Error("a null is left")
		}
		s.Whole(10)
		if s.Leave(); s.More() || s.Close() != nil {
			t.Error(s.Err())
		}
	}
}

func TestStreamRefuses(t *testing.T) {
	octets := func(s *Stream) { _, _ = io.ReadAll(s.Octets(OctetString)) }
	cases := []struct {
		name, in string
		read     func(*Stream)
		want     error
	}{
		{"nothing", "", func(s *Stream) { s.Enter(Sequence) }, ErrSyntax},
		{"another tag", "3000", func(s *Stream) { s.Enter(Set) }, ErrSyntax},
		{"a primitive", "1000", func(s *Stream) { s.Enter(Sequence) }, ErrSyntax},
		{"a member beyond the end", "3003 0405 6162636465", func(s *Stream) { s.Enter(Sequence); s.Whole(99) }, ErrSyntax},
		{"a member beyond the end, two levels", "3005 3080 0405 6162636465 0000", func(s *Stream) { s.Enter(Sequence); s.Enter(Sequence); s.Whole(99) }, ErrSyntax},
		{"leaving too early", "3003 020105", func(s *Stream) { s.Enter(Sequence); s.Leave() }, ErrTrailing},
		{"cut off in a value", "0405 6162", func(s *Stream) { s.Whole(99) }, ErrSyntax},
		{"cut off in a string", "0405 6162", octets, ErrSyntax},
		{"cut off between segments", "2480 0401 61", octets, ErrSyntax},
		{"a number among the segments", "2480 020105 0000", octets, ErrSyntax},
		{"a string that is a number", "020105", octets, ErrSyntax},
		{"a value above the limit", "0405 6162636465", func(s *Stream) { s.Whole(4) }, ErrSyntax},
		{"an announced terabyte", "0486 010000000000", func(s *Stream) { s.Whole(1 << 20) }, ErrSyntax},
		{"an endless value", "3080" + strings.Repeat("0500", 100), func(s *Stream) { s.Whole(50) }, ErrSyntax},
		{"an end that ends nothing", "0000", func(s *Stream) { s.Whole(50) }, ErrSyntax},
		{"too deep", strings.Repeat("3080", 40), func(s *Stream) {
			for range 40 {
				s.Enter(Sequence)
			}
		}, ErrTooDeep},
		{"segments too deep", strings.Repeat("2480", 40), octets, ErrTooDeep},
		{"something behind", "0500 05", func(s *Stream) { s.Whole(9); _ = s.Close() }, ErrTrailing},
	}
	for _, c := range cases {
		s := NewStream(bytes.NewReader(unhex(t, c.in)))
		c.read(s)
		if !errors.Is(s.Err(), c.want) || s.More() {
			t.Errorf("%s: %v", c.name, s.Err())
		}
	}
}

// Reading whole values from a stream is the same as reading them from memory.
func FuzzStream(f *testing.F) {
	f.Add(unhex(f, "3080 020105 2480 0401 61 0000 0000"), uint(3))
	f.Add(unhex(f, "2480 0401 61 2403 0401 62 0000"), uint(1))
	f.Fuzz(func(t *testing.T, raw []byte, chunk uint) {
		e, rest, err := Parse(raw)
		s := NewStream(bytes.NewReader(raw))
		got := s.Whole(len(raw) + 1)
		if (err == nil) != (s.Err() == nil) || err == nil && !bytes.Equal(got.Raw, e.Raw) || err == nil && len(rest) > 0 != (s.Close() != nil) {
			t.Fatalf("%x: %v, %v", raw, err, s.Err())
		}
		if err != nil || e.Tag != OctetString {
			return
		}
		want, err := e.Octets()
		s = NewStream(iotest.HalfReader(bytes.NewReader(raw)))
		joined, streamErr := io.ReadAll(s.Octets(OctetString))
		if (err == nil) != (streamErr == nil) || err == nil && !bytes.Equal(want, joined) {
			t.Fatalf("%x: %x %v, %x %v", raw, want, err, joined, streamErr)
		}
	})
}
