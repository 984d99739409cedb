package pgpmime

import (
	"bytes"
	"encoding/base64"
	"io"
)

// The types of armored blocks that stand in mail (RFC 9580 section 6.2).
const (
	blockMessage   = "PGP MESSAGE"
	blockSigned    = "PGP SIGNED MESSAGE"
	blockSignature = "PGP SIGNATURE"
	blockPublic    = "PGP PUBLIC KEY BLOCK"
	blockPrivate   = "PGP PRIVATE KEY BLOCK"
)

const (
	beginMark = "-----BEGIN "
	endMark   = "-----END "
	dashes    = "-----"
)

// block is one armored block inside a text. A cleartext-signed block reaches
// from its first line to the end of its signature.
type block struct {
	kind       string
	start, end int    // its extent in the text, both marks included
	inside     []byte // between the two mark lines
}

// findBlocks lists the armored blocks of a text in order. A block whose end
// mark is missing reaches to the end of the text.
func findBlocks(text []byte) []block {
	var out []block
	for pos := 0; pos < len(text); {
		b, ok := nextBlock(text, pos)
		if !ok {
			break
		}
		out = append(out, b)
		pos = max(b.end, b.start+1)
	}
	return out
}

func nextBlock(text []byte, pos int) (block, bool) {
	for {
		i := indexLine(text, pos, beginMark)
		if i < 0 {
			return block{}, false
		}
		line, after := lineAt(text, i)
		pos = after
		kind, ok := bytes.CutSuffix(bytes.TrimRight(line[len(beginMark):], " \t\r"), []byte(dashes))
		if !ok {
			continue
		}
		b := block{kind: string(kind), start: i, end: len(text), inside: text[after:]}
		end := endMark + b.kind + dashes
		if b.kind == blockSigned {
			end = endMark + blockSignature + dashes
		}
		if j := indexLine(text, after, end); j >= 0 {
			_, b.end = lineAt(text, j)
			b.inside = text[after:j]
		}
		return b, true
	}
}

// indexLine finds the next line at or after from that starts with prefix.
func indexLine(text []byte, from int, prefix string) int {
	for from <= len(text) {
		i := bytes.Index(text[from:], []byte(prefix))
		if i < 0 {
			return -1
		}
		at := from + i
		if at == 0 || text[at-1] == '\n' {
			return at
		}
		from = at + 1
	}
	return -1
}

// lineAt returns the line starting at i without its LF, and where the next one
// starts.
func lineAt(text []byte, i int) ([]byte, int) {
	if eol := bytes.IndexByte(text[i:], '\n'); eol >= 0 {
		return text[i : i+eol], i + eol + 1
	}
	return text[i:], len(text)
}

// payload is the radix-64 part of a block: armor headers and checksum are cut
// off. The checksum is not verified (RFC 9580 section 6.1 forbids to rely on
// it); what it would detect the integrity protection detects.
func (b block) payload() []byte {
	rest := b.inside
	for len(rest) > 0 {
		line, next := lineAt(rest, 0)
		trimmed := bytes.TrimSpace(line)
		if len(trimmed) > 0 && !bytes.Contains(trimmed, []byte(":")) {
			break // no armor header: the data itself
		}
		rest = rest[next:]
		if len(trimmed) == 0 {
			break
		}
	}
	rest = bytes.TrimSpace(rest)
	i := bytes.LastIndexByte(rest, '\n')
	if last := bytes.TrimSpace(rest[i+1:]); len(last) == 5 && last[0] == '=' {
		rest = rest[:max(i, 0)]
	}
	return rest
}

// reader decodes the block while it is read, so that a large message is not
// held decoded as a whole. Blanks at line ends and the stuffing of
// format=flowed are taken out first.
func (b block) reader() io.Reader {
	p := b.payload()
	if bytes.ContainsAny(p, " \t") {
		p = bytes.Map(func(r rune) rune {
			if r == ' ' || r == '\t' {
				return -1
			}
			return r
		}, p)
	}
	return base64.NewDecoder(base64.StdEncoding, bytes.NewReader(p))
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
