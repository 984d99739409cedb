package mimepart

import (
	"bytes"
	"fmt"
	"mime"
	"net/mail"
	"strings"
	"unicode/utf8"
)

// readHeader reads the fields up to the empty line. A line that is no field
// and continues none is skipped and noted (the mbox "From " line is one).
func (p *Part) readHeader(limit int) error {
	raw := p.Raw
	pos := 0
	open := false // a continuation line belongs to the last field
	var value strings.Builder
	flush := func() {
		if open {
			p.Fields[len(p.Fields)-1].Value = strings.Trim(value.String(), " \t")
		}
		value.Reset()
		open = false
	}
	for pos < len(raw) {
		line := raw[pos:]
		next := len(raw)
		if eol := bytes.IndexByte(line, '\n'); eol >= 0 {
			line, next = line[:eol], pos+eol+1
		}
		if next > limit && pos+len(line) > limit {
			flush()
			return fmt.Errorf("read part %s: %w (limit %d octets)", p.Path, ErrHeaderTooLarge, limit)
		}
		line = bytes.TrimRight(line, "\r") // some gateways write CR CR LF
		pos = next
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if open {
				value.Write(line)
			}
			continue
		}
		flush()
		name, rest, ok := cutField(line)
		if !ok {
			p.Defects = append(p.Defects, "junk-header-line")
			continue
		}
		p.Fields = append(p.Fields, Field{Name: name})
		value.Write(rest)
		open = true
	}
	flush()
	p.Body = raw[pos:]
	return nil
}

// cutField splits a header line at its colon; the name is printable ASCII
// without space (RFC 5322 section 2.2; white space before the colon is the
// obsolete form of section 4.5).
func cutField(line []byte) (string, []byte, bool) {
	name, rest, ok := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	if !ok || len(name) == 0 {
		return "", nil, false
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return "", nil, false
		}
	}
	return string(name), rest, true
}

// DecodeHeader undoes the encoded words of a field value (RFC 2047); what
// cannot be decoded stays as it is, control characters become spaces.
func DecodeHeader(value string) string {
	out, err := wordDecoder().DecodeHeader(value)
	if err != nil {
		out = value
	}
	out = strings.ToValidUTF8(out, "\uFFFD")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, out))
}

func wordDecoder() *mime.WordDecoder { return &mime.WordDecoder{CharsetReader: lenientReader} }

// Addresses returns the addr-specs of address fields (From, To, Cc): display
// names, comments and groups are dropped, an empty group names nobody. A
// display name may stand there without the quotes it needs, as many programs
// write it, where no reader can take the field for another address. Any other
// value that cannot be read is an error: no part of it is guessed at, because
// From decides whose message this is.
func Addresses(values []string) ([]string, error) {
	parser := mail.AddressParser{WordDecoder: wordDecoder()}
	var out []string
	for _, v := range values {
		if strings.TrimSpace(v) == "" || emptyGroup(v) {
			continue
		}
		if len(v) > maxAddressField {
			return nil, fmt.Errorf("read address field: longer than %d octets", maxAddressField)
		}
		if !utf8.ValidString(v) { // raw 8-bit display name
			v = strings.ToValidUTF8(v, "?")
		}
		list, err := parser.ParseList(v)
		if one := bareName(v); err != nil && one != "" {
			list, err = parser.ParseList(one)
		}
		if err != nil {
			return nil, fmt.Errorf("read address field: %w", err)
		}
		for _, a := range list {
			out = append(out, a.Address)
		}
	}
	return out, nil
}

const maxAddressField = 256 << 10

func emptyGroup(v string) bool {
	name, rest, ok := strings.Cut(v, ":")
	return ok && strings.TrimSpace(rest) == ";" && !strings.ContainsAny(name, `"<>@,`)
}

// bareName is the one angle address, in its brackets, at the end of a field
// whose display name is not quoted as it should be (RFC 5322 section 3.2.5); ""
// where a reader somewhere takes the field for another address: an address in
// the name, decoded or not, a quote or a comment that is not closed.
func bareName(v string) string {
	v = strings.TrimSpace(stripComments(v))
	name, address, ok := strings.Cut(v, "<")
	address, closed := strings.CutSuffix(address, ">")
	if !ok || !closed || strings.ContainsAny(address, "<>") || strings.ContainsAny(name, `>\()`) || strings.Count(name, `"`)%2 != 0 ||
		strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return ""
	}
	if shown := strings.Trim(DecodeHeader(name), ` "`); strings.Contains(shown, "@") && shown != address {
		return ""
	}
	return "<" + address + ">"
}
