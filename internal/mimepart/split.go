package mimepart

import (
	"bytes"
	"fmt"
)

// split cuts the body of a multipart at its delimiter lines (RFC 2046 section
// 5.1.1). A piece never contains a delimiter of an outer multipart, because
// the outer one was cut first; one level costs one pass over its own octets.
func (p *parser) split(part *Part) ([][]byte, error) {
	boundary := part.Params["boundary"]
	if boundary == "" {
		boundary = guessBoundary(part.Body)
		part.Defects = append(part.Defects, "missing-boundary-parameter")
	}
	if boundary == "" {
		return nil, nil
	}
	var pieces [][]byte
	start := -1
	for pos := 0; ; {
		d, ok := nextDelimiter(part.Body, pos, boundary)
		if !ok {
			break
		}
		if start >= 0 {
			pieces = append(pieces, part.Body[start:max(start, d.contentEnd)])
		}
		if p.parts+len(pieces) > p.limits.Parts {
			return nil, fmt.Errorf("read part %s: %w (limit %d)", part.Path, ErrTooManyParts, p.limits.Parts)
		}
		if d.closing {
			return pieces, nil
		}
		start, pos = d.next, d.next
	}
	part.Defects = append(part.Defects, "missing-closing-boundary")
	if start >= 0 {
		pieces = append(pieces, part.Body[start:])
	}
	return pieces, nil
}

// delimiter is one delimiter line: the content before it ends at contentEnd
// (the line end before the delimiter belongs to the delimiter), what follows
// it starts at next.
type delimiter struct {
	contentEnd, next int
	closing          bool
}

func nextDelimiter(body []byte, from int, boundary string) (delimiter, bool) {
	mark := []byte("--" + boundary)
	for from < len(body) {
		i := bytes.Index(body[from:], mark)
		if i < 0 {
			break
		}
		at := from + i
		rest := body[at+len(mark):]
		line := rest
		next := len(body)
		if eol := bytes.IndexByte(rest, '\n'); eol >= 0 {
			line, next = rest[:eol], at+len(mark)+eol+1
		}
		from = max(next, at+1) // one look at each line, whatever it repeats
		if at > 0 && body[at-1] != '\n' {
			continue
		}
		line = bytes.TrimRight(line, " \t\r")
		closing := bytes.Equal(line, []byte("--"))
		if len(line) > 0 && !closing {
			continue
		}
		return delimiter{contentEnd: trimLineEnd(body, at), next: next, closing: closing}, true
	}
	return delimiter{}, false
}

// trimLineEnd steps back over the line end before position at.
func trimLineEnd(b []byte, at int) int {
	if at > 0 && b[at-1] == '\n' {
		at--
		if at > 0 && b[at-1] == '\r' {
			at--
		}
	}
	return at
}

// guessBoundary takes the first line that looks like a delimiter, for a
// multipart that lost its boundary parameter. The marks of PGP and PEM armor
// are none.
func guessBoundary(body []byte) string {
	for len(body) > 0 {
		line := body
		if eol := bytes.IndexByte(body, '\n'); eol >= 0 {
			line, body = body[:eol], body[eol+1:]
		} else {
			body = nil
		}
		line = bytes.TrimRight(line, " \t\r")
		if bytes.HasPrefix(line, []byte("--")) && !isArmor(line) && len(line) > 2 && len(line) <= 202 {
			return string(line[2:])
		}
	}
	return ""
}

func isArmor(line []byte) bool {
	return bytes.HasPrefix(line, []byte("-----BEGIN ")) || bytes.HasPrefix(line, []byte("-----END "))
}

// Canonical returns b with every line end as CRLF (RFC 2046 section 4.1.1); b
// itself if it is so already. A CR that no LF follows is left alone.
func Canonical(b []byte) []byte {
	bare := 0
	for i := 0; ; {
		j := bytes.IndexByte(b[i:], '\n')
		if j < 0 {
			break
		}
		i += j
		if i == 0 || b[i-1] != '\r' {
			bare++
		}
		i++
	}
	if bare == 0 {
		return b
	}
	out := make([]byte, 0, len(b)+bare)
	for i, c := range b {
		if c == '\n' && (i == 0 || b[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	return out
}
