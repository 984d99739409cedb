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
		if len(line) == 0 && started || !onlyRadix(line) {
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
		case first, len(line) > 60 && onlyRadix(line):
			return last
		}
		at = next
	}
	return last
}

func isRadix(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '='
}

func onlyRadix(line []byte) bool {
	for _, c := range line {
		if !isRadix(c) {
			return false
		}
	}
	return true
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
	digits  []byte // fewer than four, of the octets to come
	decoded [3 << 10]byte
}

// Read implements io.Reader.
func (r *radix64) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.out) == 0 {
		if r.fill(); len(r.out) == 0 {
			return 0, io.EOF
		}
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// fill decodes the next octets: line by line where a line holds nothing else,
// digit by digit where it does.
func (r *radix64) fill() {
	n := 0
	for n+3 <= len(r.decoded) && len(r.rest) > 0 {
		room := (len(r.decoded) - n) / 3 * 4
		line, next := lineAt(r.rest[:min(len(r.rest), room)], 0)
		line = bytes.TrimSuffix(line, []byte("\r"))
		r.rest = r.rest[next:]
		if len(r.digits) == 0 && len(line)%4 == 0 {
			if used, err := base64.RawStdEncoding.Decode(r.decoded[n:], line); err == nil {
				n += used
				continue
			}
		}
		n += r.slowly(r.decoded[n:], line)
	}
	if len(r.rest) == 0 && len(r.digits) > 1 && n+3 <= len(r.decoded) { // a single one is six bits of an octet whose others are lost
		used, _ := base64.RawStdEncoding.Decode(r.decoded[n:], r.digits) // two or three digits of the alphabet
		n, r.digits = n+used, nil
	}
	r.out = r.decoded[:n]
}

// slowly decodes what stands between other octets, up to padding, and says how
// many octets it made.
func (r *radix64) slowly(into, line []byte) int {
	n := 0
	for _, c := range line {
		if c == '=' {
			r.rest = nil
			break
		}
		if !isRadix(c) {
			continue
		}
		if r.digits = append(r.digits, c); len(r.digits) == 4 {
			used, _ := base64.RawStdEncoding.Decode(into[n:], r.digits) // four digits of the alphabet
			n, r.digits = n+used, r.digits[:0]
		}
	}
	return n
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
