package mimepart

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
)

// Decode undoes the transfer encoding (RFC 2045 section 6). limit is the most
// octets it may yield, 0 for none; beyond it the error is ErrTooLarge. Broken
// base64 or quoted-printable yields what could be decoded together with
// ErrEncoding. Where there is no encoding to undo the result is a sub-slice of
// the message.
func (p *Part) Decode(limit int64) ([]byte, error) {
	encoding, _, _ := parseParams(p.Get("Content-Transfer-Encoding"))
	out, err := p.Body, error(nil)
	switch encoding {
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit":
	case "base64":
		out, err = decodeBase64(p.Body)
	case "quoted-printable":
		out, err = decodeQuoted(p.Body)
	default:
		err = fmt.Errorf("decode part %s: %w: unknown encoding %.40q", p.Path, ErrEncoding, encoding)
	}
	if limit > 0 && int64(len(out)) > limit {
		return nil, fmt.Errorf("decode part %s: %w (limit %d octets)", p.Path, ErrTooLarge, limit)
	}
	if err != nil {
		return out, fmt.Errorf("decode part %s: %w", p.Path, err)
	}
	return out, nil
}

// decodeBase64 takes the fast path for well-formed input; anything else is
// filtered down to its alphabet first (RFC 2045 section 6.8: all other
// characters must be ignored), up to the padding, or up to an empty line that
// words follow: a scanner's or a list's footer.
func decodeBase64(b []byte) ([]byte, error) {
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(b))+3) // padded or not
	n, err := base64.StdEncoding.Decode(out, b)
	if err == nil {
		return out[:n], nil
	}
	kept := make([]byte, 0, len(b))
	bad := false
	last, empty := byte('\n'), -1 // the character before, and what was kept at the last empty line
	for i, c := range b {
		if c == '\n' && last == '\n' && len(kept) > 0 {
			empty = len(kept)
		}
		if c != '\r' {
			last = c
		}
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			kept = append(kept, c)
			continue
		case c == '\r', c == '\n', c == ' ', c == '\t':
			continue
		case c == '=':
			bad = bad || len(bytes.Trim(b[i:], "= \t\r\n")) > 0
		case empty >= 0:
			kept, bad = kept[:empty], true
		default:
			bad = true
			continue
		}
		break
	}
	if len(kept)%4 == 1 {
		kept, bad = kept[:len(kept)-1], true
	}
	n, err = base64.RawStdEncoding.Decode(out, kept)
	if bad || err != nil {
		return out[:n], ErrEncoding
	}
	return out[:n], nil
}

// decodeQuoted undoes quoted-printable (RFC 2045 section 6.7). White space at
// the end of a line was added in transport and is dropped; an equals sign that
// starts no code stays as it is and is reported.
func decodeQuoted(b []byte) ([]byte, error) {
	out := make([]byte, 0, len(b))
	var err error
	for len(b) > 0 {
		line, end := b, []byte(nil)
		if eol := bytes.IndexByte(b, '\n'); eol >= 0 {
			line, end, b = b[:eol], b[eol:eol+1], b[eol+1:]
			if bytes.HasSuffix(line, []byte("\r")) {
				line, end = line[:len(line)-1], []byte("\r\n")
			}
		} else {
			b = nil
		}
		line = bytes.TrimRight(line, " \t")
		if bytes.HasSuffix(line, []byte("=")) { // soft line break
			line, end = line[:len(line)-1], nil
		}
		for i := 0; i < len(line); i++ {
			if line[i] != '=' {
				out = append(out, line[i])
				continue
			}
			if i+2 < len(line) && isHex(line[i+1]) && isHex(line[i+2]) {
				out = append(out, unhex(line[i+1])<<4|unhex(line[i+2]))
				i += 2
				continue
			}
			out = append(out, '=')
			err = ErrEncoding
		}
		out = append(out, end...)
	}
	return out, err
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
