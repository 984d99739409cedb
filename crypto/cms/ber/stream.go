package ber

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Stream walks through BER as it comes, for values that are too large to be held
// in memory. Like Reader it remembers the first mistake.
type Stream struct {
	r    *bufio.Reader
	pos  int64
	ends []int64 // where the values that were entered end; -1: by an end-of-contents
	err  error
}

const maxHeader = 16 // bytes; longer ones are no sane encoding

// NewStream reads from r.
func NewStream(r io.Reader) *Stream { return &Stream{r: bufio.NewReaderSize(r, 64<<10)} }

// Err is the first mistake, or the error of the source.
func (s *Stream) Err() error { return s.err }

// Fail remembers a mistake of the caller's finding.
func (s *Stream) Fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// peek is the header of the next value, which must end within what was entered.
func (s *Stream) peek() header {
	if s.err != nil {
		return header{}
	}
	b, err := s.r.Peek(maxHeader)
	if err != nil && !errors.Is(err, io.EOF) {
		s.Fail(err)
		return header{}
	}
	h, err := parseHeader(b)
	if err != nil {
		s.Fail(err)
		return header{}
	}
	if end := s.end(); end >= 0 && s.pos+int64(h.size)+int64(max(h.length, 0)) > end {
		s.Fail(fmt.Errorf("%w: a value beyond the end of the one around it", ErrSyntax))
	}
	return h
}

// end is where the innermost value that has a known length ends; -1 if none has.
func (s *Stream) end() int64 {
	for i := len(s.ends) - 1; i >= 0; i-- {
		if s.ends[i] >= 0 {
			return s.ends[i]
		}
	}
	return -1
}

// More says whether the value that was entered has more members.
func (s *Stream) More() bool {
	if s.err != nil || len(s.ends) == 0 {
		return false
	}
	if end := s.ends[len(s.ends)-1]; end >= 0 {
		return s.pos < end
	}
	h := s.peek()
	return s.err == nil && !h.isEnd()
}

// Is says whether the next value has the tag.
func (s *Stream) Is(tag Tag) bool {
	return s.More() && s.peek().tag == tag && s.err == nil
}

// Enter goes into the next value, which must be constructed and have the tag.
func (s *Stream) Enter(tag Tag) {
	h := s.peek()
	switch {
	case s.err != nil:
	case h.tag != tag || !h.constructed:
		s.Fail(fmt.Errorf("%w: %v where %v is expected", ErrSyntax, h.tag, tag))
	case len(s.ends) >= MaxDepth:
		s.Fail(ErrTooDeep)
	default:
		s.skip(h.size)
		s.push(h)
	}
}

func (s *Stream) push(h header) {
	end := int64(-1)
	if h.length >= 0 {
		end = s.pos + int64(h.length)
	}
	s.ends = append(s.ends, end)
}

// Leave comes out of the value that was entered, which must be at its end.
func (s *Stream) Leave() {
	if s.More() {
		s.Fail(ErrTrailing)
	}
	if s.err != nil || len(s.ends) == 0 {
		return
	}
	end := s.ends[len(s.ends)-1]
	s.ends = s.ends[:len(s.ends)-1]
	if end < 0 {
		s.skip(2)
	}
}

func (s *Stream) skip(n int) {
	if s.err == nil {
		m, err := s.r.Discard(n)
		s.pos += int64(m)
		if err != nil {
			s.Fail(short(err))
		}
	}
}

func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: cut off", ErrSyntax)
	}
	return err
}

// Whole reads the next value into memory, at most limit bytes of it.
func (s *Stream) Whole(limit int) Element {
	var raw []byte
	for open := 0; ; {
		h := s.peek()
		n := h.size + max(h.length, 0)
		if s.err == nil && open == 0 && h.isEnd() {
			s.Fail(fmt.Errorf("%w: an end-of-contents that ends nothing", ErrSyntax))
		}
		if s.err == nil && (n > limit || len(raw)+n > limit) {
			s.Fail(fmt.Errorf("%w: a value of more than %d bytes", ErrSyntax, limit))
		}
		if s.err != nil {
			return Element{}
		}
		at := len(raw)
		raw = append(raw, make([]byte, n)...)
		m, err := io.ReadFull(s.r, raw[at:])
		if s.pos += int64(m); err != nil {
			s.Fail(short(err))
			return Element{}
		}
		if h.length < 0 {
			open++
		} else if h.isEnd() {
			open--
		}
		if open == 0 {
			break
		}
	}
	e, _, err := Parse(raw)
	if err != nil {
		s.Fail(err)
	}
	return e
}

// Octets is a reader for the OCTET STRING that comes next, under the tag, whole
// or in segments. It must be read to its end before the stream goes on.
func (s *Stream) Octets(tag Tag) io.Reader {
	h := s.peek()
	if s.err == nil && h.tag != tag {
		s.Fail(fmt.Errorf("%w: %v where %v is expected", ErrSyntax, h.tag, tag))
	}
	s.skip(h.size)
	o := &octets{s: s, depth: len(s.ends)}
	if h.constructed {
		s.push(h)
	} else {
		o.left = int64(h.length)
	}
	return o
}

// octets reads the segments of a string.
type octets struct {
	s     *Stream
	depth int   // of the stream around the string
	left  int64 // of the segment
}

func (o *octets) Read(p []byte) (int, error) {
	for o.left == 0 {
		if o.s.err != nil {
			return 0, o.s.err
		}
		if len(o.s.ends) == o.depth {
			return 0, io.EOF
		}
		o.next()
	}
	n, err := o.s.r.Read(p[:min(int64(len(p)), o.left)])
	o.left -= int64(n)
	o.s.pos += int64(n)
	if err != nil {
		o.s.Fail(short(err))
		return n, o.s.err
	}
	return n, nil
}

// next goes to the next segment, into or out of a segment of segments.
func (o *octets) next() {
	if !o.s.More() {
		o.s.Leave()
		return
	}
	h := o.s.peek()
	switch {
	case o.s.err != nil:
	case h.tag != OctetString:
		o.s.Fail(fmt.Errorf("%w: %v inside a string", ErrSyntax, h.tag))
	case h.constructed:
		o.s.Enter(OctetString)
	default:
		o.s.skip(h.size)
		o.left = int64(h.length)
	}
}

// Close fails if the source goes on behind the value.
func (s *Stream) Close() error {
	if s.err == nil {
		if _, err := s.r.Peek(1); err == nil {
			s.Fail(ErrTrailing)
		} else if !errors.Is(err, io.EOF) {
			s.Fail(err)
		}
	}
	return s.err
}
