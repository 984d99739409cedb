package pgpmime

import (
	"bytes"
	"strings"
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

// margin are the octets that mail programs put in front of the lines of what
// is quoted or indented, a byte order mark and no-break spaces among them.
const margin = " \t>|\xa0\xc2\xef\xbb\xbf"

// block is one armored block inside a text. A cleartext-signed block reaches
// from its first line to the end of its signature.
type block struct {
	kind       string
	start, end int    // its extent in the text, both marks included
	inside     []byte // between the two mark lines
	cut        bool   // its end mark is lost
}

// findBlocks lists the armored blocks of a text in order. A block whose end
// mark is missing reaches to the end of the text. A block in a margin, quoted
// or indented, counts only where no message stands at the beginning of a line.
func findBlocks(text []byte) []block {
	if bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') >= 0 {
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	}
	out := blocksOf(text, "\xef\xbb\xbf")
	for _, b := range out {
		if b.kind == blockMessage || b.kind == blockSigned {
			return out
		}
	}
	for _, b := range blocksOf(text, margin) {
		if b.kind == blockMessage {
			return []block{b}
		}
	}
	return out
}

func blocksOf(text []byte, before string) []block {
	var out []block
	for pos := 0; pos < len(text); {
		b, ok := nextBlock(text, pos, before)
		if !ok {
			break
		}
		out = append(out, b)
		pos = max(b.end, b.start+1)
	}
	return out
}

func nextBlock(text []byte, pos int, before string) (block, bool) {
	for {
		i := indexLine(text, pos, beginMark, before)
		if i < 0 {
			return block{}, false
		}
		line, after := lineAt(text, i)
		pos = after
		kind, ok := bytes.CutSuffix(bytes.TrimRight(line[len(beginMark):], " \t\r\xc2\xa0"), []byte(dashes))
		if !ok {
			continue
		}
		b := block{kind: string(kind), start: i, end: len(text), inside: text[after:], cut: true}
		end := endMark + b.kind + dashes
		if b.kind == blockSigned {
			end = endMark + blockSignature + dashes
		}
		if j := indexLine(text, after, end, before); j >= 0 {
			_, b.end = lineAt(text, j)
			b.inside, b.cut = text[after:j], false
		}
		return b, true
	}
}

// indexLine finds the next line at or after from that starts with prefix, with
// nothing but the octets of before in front of it.
func indexLine(text []byte, from int, prefix, before string) int {
	for from <= len(text) {
		i := bytes.Index(text[from:], []byte(prefix))
		if i < 0 {
			return -1
		}
		at := from + i
		line := at
		for line > 0 && strings.IndexByte(before, text[line-1]) >= 0 {
			line--
		}
		if line == 0 || text[line-1] == '\n' {
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
