package ber

import (
	"bytes"
	"fmt"
)

// Octets joins the segments of a string of octets (X.690 section 8.7); a string
// in one piece is not copied.
func (e Element) Octets() ([]byte, error) {
	if !e.Constructed {
		return e.Body, nil
	}
	out := make([]byte, 0, len(e.Body))
	err := e.segments(OctetString, 0, func(b []byte) error {
		out = append(out, b...)
		return nil
	})
	return out, err
}

// EachSegment calls yield with each piece of a string of octets, in order.
func (e Element) EachSegment(yield func([]byte) error) error {
	return e.segments(OctetString, 0, yield)
}

func (e Element) segments(tag Tag, depth int, yield func([]byte) error) error {
	if !e.Constructed {
		return yield(e.Body)
	}
	if depth >= MaxDepth {
		return ErrTooDeep
	}
	for rest := e.Body; len(rest) > 0; {
		segment, after, err := Parse(rest)
		if err != nil {
			return err
		}
		if segment.Tag != tag {
			return fmt.Errorf("%w: %v inside a string", ErrSyntax, segment.Tag)
		}
		if err := segment.segments(tag, depth+1, yield); err != nil {
			return err
		}
		rest = after
	}
	return nil
}

// DER encodes one value anew: definite and shortest lengths, strings in one
// piece. The order of the members of a SET is left alone, since the order that
// was signed deep inside a value is not ours to mend.
func DER(raw []byte) ([]byte, error) {
	e, rest, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, ErrTrailing
	}
	n, err := node(e, 0)
	if err != nil {
		return nil, err
	}
	return n.Bytes(), nil
}

// node is e with everything inside it as DER.
func node(e Element, depth int) (Node, error) {
	if depth >= MaxDepth {
		return Node{}, ErrTooDeep
	}
	switch {
	case e.Constructed && joined(e.Tag):
		body, err := e.join()
		return Node{tag: e.Tag, leaf: body, size: len(body)}, err
	case !e.Constructed && e.Tag == Boolean && len(e.Body) == 1 && e.Body[0] != 0:
		return Bool(true), nil
	case !e.Constructed:
		return Node{tag: e.Tag, leaf: e.Body, size: len(e.Body)}, nil
	}
	var kids []Node
	for rest := e.Body; len(rest) > 0; {
		kid, after, err := Parse(rest)
		if err != nil {
			return Node{}, err
		}
		n, err := node(kid, depth+1)
		if err != nil {
			return Node{}, err
		}
		kids, rest = append(kids, n), after
	}
	return branch(e.Tag, kids), nil
}

// joined are the string types, which DER writes in one piece.
func joined(t Tag) bool {
	return t == BitString || t == OctetString || t == UTF8String || t >= 18 && t <= 30
}

// join puts the segments of a string together; those of a BIT STRING each
// begin with the number of their unused bits, which only the last may have.
func (e Element) join() ([]byte, error) {
	var out []byte
	if e.Tag == BitString {
		out = append(out, 0)
	}
	tag := e.Tag
	if tag != BitString {
		tag = OctetString
	}
	inner := func(b []byte) error {
		if e.Tag != BitString {
			out = append(out, b...)
			return nil
		}
		if len(b) == 0 || out[0] != 0 || b[0] > 7 || b[0] > 0 && len(b) == 1 {
			return fmt.Errorf("%w: a bit string in wrong segments", ErrSyntax)
		}
		out[0] = b[0]
		out = append(out, b[1:]...)
		return nil
	}
	// X.690 section 8.21.3: the segments of other string types are OCTET STRINGs;
	// some encoders repeat the type itself.
	if first, _, err := Parse(e.Body); err == nil && first.Tag == e.Tag {
		tag = e.Tag
	}
	return out, e.segments(tag, 0, inner)
}

// IsDER says whether the value is written as DER would write it, as far as
// that can be told without knowing its type.
func IsDER(raw []byte) bool {
	der, err := DER(raw)
	return err == nil && bytes.Equal(der, raw)
}
