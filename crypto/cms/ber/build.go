package ber

import (
	"bytes"
	"crypto/x509"
	"math/big"
	"slices"
	"time"
)

// Node is a value to be written as DER. Nodes point at what they were made of:
// large contents are copied once, by Bytes.
type Node struct {
	tag  Tag
	raw  bool // leaf is a whole value already
	leaf []byte
	kids []Node
	size int // of the contents
}

func branch(tag Tag, kids []Node) Node {
	n := Node{tag: tag, kids: kids}
	if kids == nil {
		n.kids = []Node{}
	}
	for _, k := range kids {
		n.size += k.total()
	}
	return n
}

func leaf(tag Tag, b []byte) Node { return Node{tag: tag, leaf: b, size: len(b)} }

// Seq is a SEQUENCE; absent nodes (the zero Node) are left out everywhere.
func Seq(kids ...Node) Node { return branch(Sequence, kids) }

// Explicit is [n] around its members: an EXPLICIT tag, or an IMPLICIT one on a
// SEQUENCE of them.
func Explicit(n int, kids ...Node) Node { return branch(Context(n), kids) }

// SetOf is a SET OF, sorted as DER wants it (X.690 section 11.6).
func SetOf(kids ...Node) Node { return branch(Set, sorted(kids)) }

// ImplicitSetOf is a SET OF under the tag [n], sorted.
func ImplicitSetOf(n int, kids ...Node) Node { return branch(Context(n), sorted(kids)) }

func sorted(kids []Node) []Node {
	type encoded struct {
		node Node
		der  []byte
	}
	list := make([]encoded, len(kids))
	for i, k := range kids {
		list[i] = encoded{k, k.Bytes()}
	}
	slices.SortStableFunc(list, func(a, b encoded) int { return bytes.Compare(a.der, b.der) })
	out := make([]Node, len(kids))
	for i, e := range list {
		out[i] = e.node
	}
	return out
}

// Raw is a value that is encoded already; nil is an absent one.
func Raw(der []byte) Node { return Node{raw: true, leaf: der, size: len(der)} }

// Octets is an OCTET STRING.
func Octets(b []byte) Node { return leaf(OctetString, b) }

// Implicit is a primitive value under the tag [n].
func Implicit(n int, b []byte) Node { return leaf(Context(n), b) }

// Bits is a BIT STRING of whole bytes.
func Bits(b []byte) Node { return leaf(BitString, append([]byte{0}, b...)) }

// Int is an INTEGER.
func Int(n int) Node { return Big(big.NewInt(int64(n))) }

// Big is an INTEGER of any size.
func Big(n *big.Int) Node {
	if n.Sign() >= 0 {
		b := n.Bytes()
		if len(b) == 0 || b[0]&0x80 != 0 {
			b = append([]byte{0}, b...)
		}
		return leaf(Integer, b)
	}
	// Two's complement in as few bytes as hold it: -n-1, inverted.
	b := new(big.Int).Not(n).Bytes()
	if len(b) == 0 || b[0]&0x80 != 0 {
		b = append([]byte{0}, b...)
	}
	for i := range b {
		b[i] = ^b[i]
	}
	return leaf(Integer, b)
}

// ID is an OBJECT IDENTIFIER, given in dotted form. One that is malformed, which
// only a mistake in a program can cause, becomes an absent value.
func ID(dotted string) Node {
	id, err := x509.ParseOID(dotted)
	if err != nil {
		return Node{}
	}
	b, err := id.MarshalBinary()
	if err != nil {
		return Node{}
	}
	return leaf(OID, b)
}

// Nil is NULL.
func Nil() Node { return leaf(Null, []byte{}) }

// Bool is a BOOLEAN.
func Bool(v bool) Node {
	if v {
		return leaf(Boolean, []byte{0xff})
	}
	return leaf(Boolean, []byte{0})
}

// Time is a UTCTime, or a GeneralizedTime outside 1950 to 2049 (RFC 5652
// section 11.3).
func Time(t time.Time) Node {
	if t = t.UTC(); t.Year() >= 1950 && t.Year() < 2050 {
		return leaf(UTCTime, []byte(t.Format("060102150405Z")))
	}
	return leaf(GeneralizedTime, []byte(t.Format("20060102150405Z")))
}

// Bytes writes the value.
func (n Node) Bytes() []byte { return n.append(make([]byte, 0, n.total())) }

func (n Node) absent() bool { return n.leaf == nil && n.kids == nil && n.tag == 0 }

func (n Node) total() int {
	if n.raw || n.absent() {
		return n.size
	}
	return len(n.header(nil)) + n.size
}

func (n Node) header(dst []byte) []byte {
	first := byte(n.tag>>classShift) << 6
	if n.kids != nil {
		first |= 0x20
	}
	if number := n.tag & 0xffff; number < 0x1f {
		dst = append(dst, first|byte(number))
	} else {
		dst = append(dst, first|0x1f)
		if number >= 1<<14 {
			dst = append(dst, 0x80|byte(number>>14))
		}
		if number >= 1<<7 {
			dst = append(dst, 0x80|byte(number>>7&0x7f))
		}
		dst = append(dst, byte(number&0x7f))
	}
	if n.size < 0x80 {
		return append(dst, byte(n.size))
	}
	length := big.NewInt(int64(n.size)).Bytes()
	return append(append(dst, 0x80|byte(len(length))), length...)
}

func (n Node) append(dst []byte) []byte {
	if n.raw || n.absent() {
		return append(dst, n.leaf...)
	}
	dst = n.header(dst)
	for _, k := range n.kids {
		dst = k.append(dst)
	}
	return append(dst, n.leaf...)
}
