// Package ber owns the encoding of ASN.1: it reads BER as mail programs write
// it (indefinite lengths, strings in segments, lengths that are too long) and
// writes DER. It refuses to know what the values mean, to recurse without
// limit, and to copy what it can point at: a value it returns is a part of the
// bytes it was given, unless a string had to be joined from segments.
package ber

import (
	"errors"
	"fmt"
)

// The errors of reading; they are wrapped with the place.
var (
	ErrSyntax   = errors.New("not valid BER")
	ErrTooDeep  = errors.New("nested too deeply")
	ErrTrailing = errors.New("data after the end of the value")
)

// MaxDepth is how deep values may be nested.
const MaxDepth = 32

// Tag is the class and number of a value: the universal ones below, or Context(n).
type Tag uint32

// The universal tags in use (X.680).
const (
	Boolean         Tag = 1
	Integer         Tag = 2
	BitString       Tag = 3
	OctetString     Tag = 4
	Null            Tag = 5
	OID             Tag = 6
	Enumerated      Tag = 10
	UTF8String      Tag = 12
	Sequence        Tag = 16
	Set             Tag = 17
	UTCTime         Tag = 23
	GeneralizedTime Tag = 24

	classShift = 16
	context    = 2
)

// Context is the context-specific tag [n].
func Context(n int) Tag { return context<<classShift | Tag(n) }

func (t Tag) String() string {
	if t>>classShift == context {
		return fmt.Sprintf("[%d]", t&0xffff)
	}
	if t>>classShift == 0 {
		return fmt.Sprintf("universal %d", t)
	}
	return fmt.Sprintf("class %d tag %d", t>>classShift, t&0xffff)
}

// Element is one value as it stands in the input.
type Element struct {
	Tag         Tag
	Constructed bool
	Raw         []byte // header, contents, and end-of-contents if there is one
	Body        []byte // contents alone
}

// header is the tag and length in front of a value.
type header struct {
	tag         Tag
	constructed bool
	size        int // of the header itself
	length      int // of the contents; -1: indefinite
}

func (h header) isEnd() bool { return h.tag == 0 && !h.constructed && h.length == 0 && h.size == 2 }

// readHeader reads the header of the first value in b. The contents, if their
// length is known, lie within b.
func readHeader(b []byte) (header, error) {
	h, err := parseHeader(b)
	if err == nil && h.length > len(b)-h.size {
		err = fmt.Errorf("%w: a value of %d bytes where %d are left", ErrSyntax, h.length, len(b)-h.size)
	}
	return h, err
}

// maxLength is above every length that can be; twice it is still an int.
const maxLength = 1 << 55

// parseHeader reads a header, wherever its contents may be.
func parseHeader(b []byte) (h header, err error) {
	if len(b) < 2 {
		return h, fmt.Errorf("%w: a value is cut off", ErrSyntax)
	}
	h.tag, h.constructed, h.size = Tag(b[0]>>6)<<classShift|Tag(b[0]&0x1f), b[0]&0x20 != 0, 1
	if b[0]&0x1f == 0x1f {
		n := 0
		for more := true; more; h.size++ {
			if h.size >= len(b) || n > 0xffff>>7 {
				return h, fmt.Errorf("%w: a tag number that is too high or cut off", ErrSyntax)
			}
			n, more = n<<7|int(b[h.size]&0x7f), b[h.size]&0x80 != 0
		}
		h.tag = Tag(b[0]>>6)<<classShift | Tag(n)
	}
	if h.size >= len(b) {
		return h, fmt.Errorf("%w: a length is missing", ErrSyntax)
	}
	first := b[h.size]
	h.size++
	switch {
	case first < 0x80:
		h.length = int(first)
	case first == 0x80:
		if h.length = -1; !h.constructed {
			return h, fmt.Errorf("%w: a primitive value without a length", ErrSyntax)
		}
		return h, nil
	default:
		for range int(first & 0x7f) {
			if h.size >= len(b) || h.length > maxLength>>8 {
				return h, fmt.Errorf("%w: a length beyond the end", ErrSyntax)
			}
			h.length = h.length<<8 | int(b[h.size])
			h.size++
		}
	}
	return h, nil
}

// Parse reads the first value of b and returns what follows it.
func Parse(b []byte) (Element, []byte, error) {
	h, err := readHeader(b)
	if err != nil {
		return Element{}, nil, err
	}
	if h.tag == 0 { // reserved for the end of contents
		return Element{}, nil, fmt.Errorf("%w: an end-of-contents that ends nothing", ErrSyntax)
	}
	e := Element{Tag: h.tag, Constructed: h.constructed}
	if h.length >= 0 {
		end := h.size + h.length
		e.Raw, e.Body = b[:end:end], b[h.size:end:end]
		return e, b[end:], nil
	}
	end, err := endOfContents(b, h.size)
	if err != nil {
		return Element{}, nil, err
	}
	e.Raw, e.Body = b[:end:end], b[h.size:end-2:end-2]
	return e, b[end:], nil
}

// endOfContents finds where a value of indefinite length ends whose contents
// begin at `at`: behind the end-of-contents that belongs to it. It does not
// recurse; values of known length inside are stepped over.
func endOfContents(b []byte, at int) (int, error) {
	for open := 1; ; {
		h, err := readHeader(b[at:])
		if err != nil {
			return 0, err
		}
		at += h.size
		switch {
		case h.isEnd():
			if open--; open == 0 {
				return at, nil
			}
		case h.length < 0:
			if open++; open > MaxDepth {
				return 0, ErrTooDeep
			}
		default:
			at += h.length
		}
	}
}
