package pgpmime

import (
	"bytes"
	"encoding/binary"
	"io"
)

// The packet types this room handles itself (RFC 9580 section 5).
const (
	tagEncryptedKey  = 1
	tagSignature     = 2
	tagPassphraseKey = 3
	tagOnePass       = 4
	tagCompressed    = 8
	tagUnprotected   = 9
	tagMarker        = 10
	tagLiteral       = 11
	tagProtected     = 18
	tagAEAD          = 20
	tagPadding       = 21
	firstNonCritical = 40
)

// ignorable packets mean nothing to anybody, or not to us: marker, padding, and
// the unknown ones that are not critical (RFC 9580 sections 4.3.1, 5.8, 5.14).
func ignorable(tag int) bool {
	return tag == tagMarker || tag == tagPadding || tag >= firstNonCritical
}

// nextPacket takes one packet off b (RFC 9580 section 4.2). Partial lengths
// are joined in place, so b must be our own buffer.
func nextPacket(b []byte) (tag int, body, rest []byte, err error) {
	if len(b) < 2 || b[0]&0x80 == 0 {
		return 0, nil, nil, errMalformed
	}
	if b[0]&0x40 == 0 {
		return oldPacket(b)
	}
	tag, b = int(b[0]&0x3f), b[1:]
	var kept []byte
	for {
		n, used, partial := newLength(b)
		if used == 0 || n > len(b)-used {
			return 0, nil, nil, errMalformed
		}
		chunk := b[used : used+n]
		b = b[used+n:]
		if kept == nil {
			kept = chunk
		} else {
			kept = append(kept, chunk...) // moves left inside the same buffer
		}
		if !partial {
			return tag, kept, b, nil
		}
		if !isData(tag) || len(b) == 0 {
			return 0, nil, nil, errMalformed
		}
	}
}

// newLength reads a new-format length header; used is 0 if it is cut off.
func newLength(b []byte) (n, used int, partial bool) {
	switch {
	case len(b) == 0:
		return 0, 0, false
	case b[0] < 192:
		return int(b[0]), 1, false
	case b[0] < 224:
		if len(b) < 2 {
			return 0, 0, false
		}
		return int(b[0]-192)<<8 + int(b[1]) + 192, 2, false
	case b[0] < 255:
		return 1 << (b[0] & 0x1f), 1, true
	}
	if len(b) < 5 {
		return 0, 0, false
	}
	return int(binary.BigEndian.Uint32(b[1:])), 5, false
}

func oldPacket(b []byte) (tag int, body, rest []byte, err error) {
	tag = int(b[0]&0x3f) >> 2
	size := 1 << (b[0] & 3)
	if size == 8 { // indeterminate length: to the end
		if !isData(tag) {
			return 0, nil, nil, errMalformed
		}
		return tag, b[1:], nil, nil
	}
	if len(b) < 1+size {
		return 0, nil, nil, errMalformed
	}
	n := 0
	for _, c := range b[1 : 1+size] {
		n = n<<8 | int(c)
	}
	if n > len(b)-1-size {
		return 0, nil, nil, errMalformed
	}
	return tag, b[1+size : 1+size+n], b[1+size+n:], nil
}

func isData(tag int) bool {
	switch tag {
	case tagCompressed, tagUnprotected, tagLiteral, tagProtected, tagAEAD:
		return true
	}
	return false
}

// whole puts a new-format header before a packet body, for the packet parser
// of the library.
func whole(tag int, body []byte) io.Reader {
	h := []byte{0xc0 | byte(tag), 0xff, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(h[2:], uint32(len(body)))
	return io.MultiReader(bytes.NewReader(h), bytes.NewReader(body))
}

const (
	maxCompression = 4 // layers of compression
	maxSignatures  = 4 // signatures verified of one message
	maxSkipped     = 64
)

// signedContent is what a message without (or after) encryption holds: the
// octets of the one literal packet, and the bodies of its signature packets.
type signedContent struct {
	content    []byte
	signatures [][]byte
	onePass    int // one-pass headers; fewer signatures than these is damage
}

// readContent reads a signed, compressed or plain message from its packets
// (grammar: RFC 9580 section 10.3). The order is strict: exactly one literal,
// compressed or not, signatures only around it, nothing but padding besides.
// budget is what
// decompression may still yield.
func readContent(b []byte, budget int64, layer int) (signedContent, error) {
	var out signedContent
	literal := false
	skipped := 0
	for len(b) > 0 {
		tag, body, rest, err := nextPacket(b)
		if err != nil {
			return out, err
		}
		b = rest
		switch {
		case ignorable(tag):
			if skipped++; skipped > maxSkipped {
				return out, errMalformed
			}
		case tag == tagOnePass && !literal:
			out.onePass++
		case tag == tagSignature:
			out.signatures = append(out.signatures, body)
		case tag == tagLiteral && !literal:
			literal = true
			if out.content, err = literalContent(body); err != nil {
				return out, err
			}
		case tag == tagCompressed && !literal:
			inner, err := compressedContent(body, budget, layer)
			if err != nil {
				return out, err
			}
			if out.onePass == 0 && len(out.signatures) == 0 {
				if !onlyIgnorable(b) {
					return out, errMalformed
				}
				return inner, nil
			}
			if inner.onePass > 0 || len(inner.signatures) > 0 { // what the outer one would cover is not agreed on
				return out, errMalformed
			}
			literal, out.content = true, inner.content
		default:
			return out, errMalformed
		}
		if out.onePass > maxSkipped || len(out.signatures) > maxSkipped {
			return out, errMalformed
		}
	}
	if !literal {
		return out, errMalformed
	}
	return out, nil
}

// compressedContent reads the message in a compressed packet.
func compressedContent(body []byte, budget int64, layer int) (signedContent, error) {
	if layer >= maxCompression {
		return signedContent{}, errTooLarge
	}
	body, err := decompress(body, budget)
	if err != nil {
		return signedContent{}, err
	}
	return readContent(body, budget-int64(len(body)), layer+1)
}

// onlyIgnorable: nothing but ignorable packets, and few of them.
func onlyIgnorable(b []byte) bool {
	for n := 0; len(b) > 0; n++ {
		tag, _, rest, err := nextPacket(b)
		if err != nil || !ignorable(tag) || n >= maxSkipped {
			return false
		}
		b = rest
	}
	return true
}

// literalContent cuts the header off a literal packet (RFC 9580 section 5.9).
// Format, file name and date are not covered by a signature and are dropped.
func literalContent(body []byte) ([]byte, error) {
	if len(body) < 2 || len(body) < 2+int(body[1])+4 {
		return nil, errMalformed
	}
	return body[2+int(body[1])+4:], nil
}
