package ber

import (
	"crypto/x509"
	"fmt"
	"math/big"
	"time"
)

// Reader walks through the values of one contents, outside in. The first
// mistake is remembered and shared with the readers entered from it; from then
// on every call returns nothing, so that the code of a structure reads like the
// structure. The caller asks for Err at the end.
type Reader struct {
	rest []byte
	err  *error
}

// NewReader reads the values in b.
func NewReader(b []byte) *Reader { return &Reader{rest: b, err: new(error)} }

// Err is the first mistake, nil if there was none.
func (r *Reader) Err() error { return *r.err }

// Fail remembers a mistake that the caller found, unless there is one already.
func (r *Reader) Fail(err error) {
	if *r.err == nil {
		*r.err = err
	}
	r.rest = nil
}

// More says whether values are left; false after a mistake.
func (r *Reader) More() bool { return *r.err == nil && len(r.rest) > 0 }

// Rest is what was not read yet.
func (r *Reader) Rest() []byte { return r.rest }

// End fails if anything is left.
func (r *Reader) End() {
	if r.More() {
		r.Fail(fmt.Errorf("%w: %d bytes", ErrTrailing, len(r.rest)))
	}
}

// Is says whether the next value has the tag.
func (r *Reader) Is(tag Tag) bool {
	if !r.More() {
		return false
	}
	h, err := readHeader(r.rest)
	return err == nil && h.tag == tag && !h.isEnd()
}

// Any reads the next value, whatever it is.
func (r *Reader) Any() Element {
	if *r.err != nil {
		return Element{}
	}
	e, rest, err := Parse(r.rest)
	if err != nil {
		r.Fail(err)
		return Element{}
	}
	r.rest = rest
	return e
}

// Element reads the next value, which must have the tag.
func (r *Reader) Element(tag Tag) Element {
	e := r.Any()
	if *r.err == nil && e.Tag != tag {
		r.Fail(fmt.Errorf("%w: %v where %v is expected", ErrSyntax, e.Tag, tag))
		return Element{}
	}
	return e
}

// Enter reads the next value, which must be constructed and have the tag, and
// returns a reader for its contents. The reader is never nil.
func (r *Reader) Enter(tag Tag) *Reader {
	e := r.Element(tag)
	if *r.err == nil && !e.Constructed {
		r.Fail(fmt.Errorf("%w: %v is not constructed", ErrSyntax, tag))
	}
	return &Reader{rest: e.Body, err: r.err}
}

// Sub is a reader for the contents of e that shares the mistakes of r.
func (r *Reader) Sub(e Element) *Reader { return &Reader{rest: e.Body, err: r.err} }

// Primitive reads the next value, which must have the tag and no parts.
func (r *Reader) Primitive(tag Tag) []byte {
	e := r.Element(tag)
	if *r.err == nil && e.Constructed {
		r.Fail(fmt.Errorf("%w: %v is constructed", ErrSyntax, tag))
		return nil
	}
	return e.Body
}

// Octets reads an OCTET STRING, whole or in segments.
func (r *Reader) Octets() []byte { return r.OctetsAs(OctetString) }

// OctetsAs reads an OCTET STRING under an implicit tag.
func (r *Reader) OctetsAs(tag Tag) []byte {
	e := r.Element(tag)
	if *r.err != nil {
		return nil
	}
	b, err := e.Octets()
	if err != nil {
		r.Fail(err)
	}
	return b
}

// Bits reads a BIT STRING of whole bytes.
func (r *Reader) Bits() []byte { return r.BitsAs(BitString) }

// BitsAs reads a BIT STRING of whole bytes under an implicit tag.
func (r *Reader) BitsAs(tag Tag) []byte {
	b := r.Primitive(tag)
	if *r.err == nil && (len(b) == 0 || b[0] != 0) {
		r.Fail(fmt.Errorf("%w: a bit string that is not whole bytes", ErrSyntax))
	}
	if *r.err != nil {
		return nil
	}
	return b[1:]
}

// OID reads an OBJECT IDENTIFIER in dotted form.
func (r *Reader) OID() string {
	b := r.Primitive(OID)
	if *r.err != nil {
		return ""
	}
	var id x509.OID
	if len(b) > 128 || id.UnmarshalBinary(b) != nil {
		r.Fail(fmt.Errorf("%w: an object identifier", ErrSyntax))
		return ""
	}
	return id.String()
}

// Int reads a small INTEGER, such as a version.
func (r *Reader) Int() int { return r.IntAs(Integer) }

// IntAs reads a small INTEGER under an implicit tag.
func (r *Reader) IntAs(tag Tag) int {
	n := r.bigAs(tag)
	if *r.err == nil && (!n.IsInt64() || int64(int(n.Int64())) != n.Int64()) {
		r.Fail(fmt.Errorf("%w: a number that is too large", ErrSyntax))
	}
	if *r.err != nil {
		return 0
	}
	return int(n.Int64())
}

// Big reads an INTEGER of any size; never nil.
func (r *Reader) Big() *big.Int { return r.bigAs(Integer) }

func (r *Reader) bigAs(tag Tag) *big.Int {
	b := r.Primitive(tag)
	if *r.err == nil && len(b) == 0 {
		r.Fail(fmt.Errorf("%w: an empty number", ErrSyntax))
	}
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n
}

// Bool reads a BOOLEAN.
func (r *Reader) Bool() bool {
	b := r.Primitive(Boolean)
	if *r.err == nil && len(b) != 1 {
		r.Fail(fmt.Errorf("%w: a boolean of %d bytes", ErrSyntax, len(b)))
	}
	return len(b) == 1 && b[0] != 0
}

// Time reads a UTCTime or a GeneralizedTime, with seconds and in UTC.
func (r *Reader) Time() time.Time {
	e := r.Any()
	if *r.err != nil {
		return time.Time{}
	}
	var t time.Time
	err := fmt.Errorf("%v is no time", e.Tag)
	switch {
	case e.Constructed:
	case e.Tag == UTCTime:
		if t, err = time.Parse("060102150405Z", string(e.Body)); err == nil && t.Year() >= 2050 {
			t = t.AddDate(-100, 0, 0) // RFC 5280 section 4.1.2.5.1
		}
	case e.Tag == GeneralizedTime:
		t, err = time.Parse("20060102150405Z", string(e.Body))
	}
	if err != nil {
		r.Fail(fmt.Errorf("%w: a time", ErrSyntax))
		return time.Time{}
	}
	return t
}
