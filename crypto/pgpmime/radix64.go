package pgpmime

import (
	"bytes"
	"encoding/base64"
	"io"
)

// payload is the radix-64 part of a block and what follows it: armor headers
// are cut off. Where the end mark is lost it reaches to the first line that
// cannot be radix-64.
func (b block) payload() []byte {
	rest := b.inside[b.headers():]
	if !b.cut {
		return rest
	}
	started := false
	for at := 0; at < len(rest); {
		line, next := lineAt(rest, at)
		line = bytes.Trim(line, margin+"\r")
		if len(line) == 0 && started || len(bytes.TrimFunc(line, isRadix)) > 0 {
			return rest[:at]
		}
		started = started || len(line) > 0
		at = next
	}
	return rest
}

// headers is how many octets the armor headers take. The empty line after them
// may be lost, and a relay may have folded a header into two lines.
func (b block) headers() int {
	last, first := 0, true // after the last line with a colon
	for at := 0; at < len(b.inside); {
		line, next := lineAt(b.inside, at)
		line = bytes.Trim(line, margin+"\r")
		switch {
		case len(line) == 0 && !first:
			return next
		case len(line) == 0:
		case bytes.IndexByte(line, ':') > 0:
			last, first = next, false
		case first, len(line) > 60 && len(bytes.TrimFunc(line, isRadix)) == 0:
			return last
		}
		at = next
	}
	return last
}

func isRadix(r rune) bool {
	return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '+' || r == '/' || r == '='
}

// reader decodes the block while it is read, so that a large message is not
// held decoded as a whole. What is not in the alphabet is passed over (RFC 2045
// section 6.8): margins, blanks, line ends. The first padding ends the data,
// and so does the checksum, which is not verified (RFC 9580 section 6.1 forbids
// to rely on it): what it would detect the integrity protection detects.
func (b block) reader() io.Reader { return &radix64{rest: b.payload()} }

type radix64 struct {
	rest    []byte
	out     []byte // decoded, not read yet
	decoded [3 << 10]byte
}

// Read implements io.Reader.
func (r *radix64) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.out) == 0 {
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// fill decodes the next octets.
func (r *radix64) fill() error {
	var digits [4 << 10]byte
	n, at := 0, 0
	for ; at < len(r.rest) && n < len(digits); at++ {
		c := r.rest[at]
		if c == '=' {
			at = len(r.rest)
			break
		}
		if !isRadix(rune(c)) {
			continue
		}
		digits[n] = c
		n++
	}
	r.rest = r.rest[at:]
	if n%4 == 1 {
		n-- // six bits of an octet whose others are lost
	}
	if n == 0 {
		return io.EOF
	}
	used, err := base64.RawStdEncoding.Decode(r.decoded[:], digits[:n])
	if err != nil {
		return err
	}
	r.out = r.decoded[:used]
	return nil
}

// size is an upper bound of the decoded length.
func (b block) size() int { return base64.StdEncoding.DecodedLen(len(b.inside)) }

const armorLine = 64

// armor returns data as an armored block with CRLF line ends and the checksum
// that gpg 2.2 still looks for.
func armor(kind string, data []byte) []byte {
	var out bytes.Buffer
	out.Grow(armoredSize(len(data)))
	writeArmor(&out, kind, data)
	return out.Bytes()
}

// armoredSize is an upper bound of the length of an armored block.
func armoredSize(n int) int {
	encoded := base64.StdEncoding.EncodedLen(n)
	return encoded + encoded/armorLine*2 + 160
}

func writeArmor(out *bytes.Buffer, kind string, data []byte) {
	out.WriteString(beginMark + kind + dashes + "\r\n\r\n")
	var line [armorLine + 2]byte
	for rest := data; len(rest) > 0; {
		n := min(len(rest), armorLine/4*3)
		end := base64.StdEncoding.EncodedLen(n)
		base64.StdEncoding.Encode(line[:], rest[:n])
		line[end], line[end+1] = '\r', '\n'
		out.Write(line[:end+2])
		rest = rest[n:]
	}
	sum := crc24(data)
	out.WriteByte('=')
	out.WriteString(base64.StdEncoding.EncodeToString([]byte{byte(sum >> 16), byte(sum >> 8), byte(sum)}))
	out.WriteString("\r\n" + endMark + kind + dashes + "\r\n")
}

// crc24 is the armor checksum (RFC 9580 section 6.1.1).
func crc24(data []byte) uint32 {
	var table [256]uint32
	for i := range table {
		crc := uint32(i) << 16
		for range 8 {
			if crc <<= 1; crc&0x1000000 != 0 {
				crc ^= 0x864cfb
			}
		}
		table[i] = crc & 0xffffff
	}
	crc := uint32(0xb704ce)
	for _, b := range data {
		crc = (crc<<8 ^ table[byte(crc>>16)^b]) & 0xffffff
	}
	return crc
}
