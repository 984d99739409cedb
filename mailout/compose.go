package mailout

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"strings"
)

// Protect puts the real header inside the entity that is going to be sealed
// (RFC 9788 section 4): every field of the envelope, one HP-Outer line for each
// field that stands outside, as it stands there, and hp="cipher" on the
// Content-Type. entity is a MIME entity in CRLF form.
func Protect(e Envelope, entity []byte) ([]byte, error) {
	inner, err := e.fields()
	if err != nil {
		return nil, err
	}
	outer, err := e.outer()
	if err != nil {
		return nil, err
	}
	header, body, err := split(entity)
	if err != nil {
		return nil, fmt.Errorf("protect header of %s: %w", e.MessageID, err)
	}
	var b strings.Builder
	b.WriteString("MIME-Version: 1.0\r\n")
	for _, f := range inner {
		writeField(&b, f)
	}
	for _, f := range outer {
		writeField(&b, field{"HP-Outer", f.name + ": " + f.value})
	}
	contentType := field{"Content-Type", "text/plain; charset=us-ascii"}
	var rest []field
	for _, f := range header {
		switch {
		case strings.EqualFold(f.name, "Content-Type"):
			contentType.value = f.value
		case strings.EqualFold(f.name, "MIME-Version"):
		case len(f.name) > 8 && strings.EqualFold(f.name[:8], "Content-"):
			rest = append(rest, f)
		default:
			return nil, fmt.Errorf("protect header of %s: the entity already has a field %q: only MIME fields may stand there", e.MessageID, f.name)
		}
	}
	if contentType.value, err = markCipher(contentType.value); err != nil {
		return nil, fmt.Errorf("protect header of %s: %w", e.MessageID, err)
	}
	for _, f := range append(rest, contentType) {
		writeField(&b, f)
	}
	return append([]byte(b.String()+"\r\n"), body...), nil
}

// markCipher adds hp="cipher" (RFC 9788 section 2.1.1) to a Content-Type.
func markCipher(value string) (string, error) {
	_, params, err := mime.ParseMediaType(value)
	if err != nil {
		return "", fmt.Errorf("the entity's Content-Type cannot be read: %w", err)
	}
	if _, twice := params["hp"]; twice {
		return "", errors.New("the entity's Content-Type already has a parameter hp")
	}
	return strings.TrimRight(value, "; \t") + `; hp="cipher"`, nil
}

// split cuts an entity into its unfolded header fields and its body.
func split(entity []byte) ([]field, []byte, error) {
	head, body, found := bytes.Cut(entity, []byte("\r\n\r\n"))
	if bytes.HasPrefix(entity, []byte("\r\n")) {
		head, body, found = nil, entity[2:], true
	}
	if !found {
		return nil, nil, errors.New("no blank line ends the header of the entity")
	}
	fields, err := parseFields(string(head))
	return fields, body, err
}

// parseFields reads header lines that we or room crypto made: strict.
func parseFields(head string) ([]field, error) {
	var out []field
	if head == "" {
		return nil, nil
	}
	for line := range strings.SplitSeq(head, "\r\n") {
		if line == "" || hasControl(strings.ReplaceAll(line, "\t", "")) || len(line) > lineLimit {
			return nil, errors.New("a header line is empty, too long or contains a control character")
		}
		if isBlank(line[0]) {
			if len(out) == 0 {
				return nil, errors.New("the header begins with a continuation line")
			}
			out[len(out)-1].value += line
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || !isToken(name) {
			return nil, errors.New("a header line is not of the form name: value")
		}
		out = append(out, field{name, strings.TrimLeft(value, " \t")})
	}
	return out, nil
}

// Compose returns the final octets of a letter: the outer header of the
// envelope, then header and body of the sealed content as room crypto returned
// them (header: MIME fields in CRLF lines, without the blank line). The result
// is in CRLF form throughout and ends with CRLF, so that the octets a relay
// gets are these octets.
func Compose(e Envelope, header, body []byte) ([]byte, error) {
	outer, err := e.outer()
	if err != nil {
		return nil, err
	}
	sealed, err := parseFields(strings.TrimSuffix(string(header), "\r\n"))
	if err != nil {
		return nil, fmt.Errorf("compose letter %s: sealed header: %w", e.MessageID, err)
	}
	var b strings.Builder
	for _, f := range outer {
		writeField(&b, f)
	}
	hasVersion := false
	for _, f := range sealed {
		if hasVersion = hasVersion || strings.EqualFold(f.name, "MIME-Version"); !strings.EqualFold(f.name, "MIME-Version") &&
			!(len(f.name) > 8 && strings.EqualFold(f.name[:8], "Content-")) {
			return nil, fmt.Errorf("compose letter %s: the sealed header has a field %q: only MIME fields may stand there", e.MessageID, f.name)
		}
	}
	if !hasVersion {
		b.WriteString("MIME-Version: 1.0\r\n")
	}
	message := make([]byte, 0, b.Len()+len(header)+len(body)+8)
	message = append(message, b.String()...)
	message = append(message, header...)
	if !bytes.HasSuffix(message, []byte("\r\n")) {
		message = append(message, "\r\n"...)
	}
	message = append(append(message, "\r\n"...), body...)
	if !bytes.HasSuffix(message, []byte("\r\n")) {
		message = append(message, "\r\n"...)
	}
	if err := canonical(message); err != nil {
		return nil, fmt.Errorf("compose letter %s: %w", e.MessageID, err)
	}
	return message, nil
}

// canonical makes sure that what SMTP carries is what we composed: CRLF line
// ends only (a bare CR or LF is how one message is smuggled inside another),
// no NUL, seven bits, and lines within the limit of RFC 5321 section 4.5.3.1.6.
func canonical(message []byte) error {
	start := 0
	for i, c := range message {
		switch {
		case c == '\n' && (i == 0 || message[i-1] != '\r'), c == '\r' && (i+1 == len(message) || message[i+1] != '\n'):
			return errors.New("the message has a bare CR or LF")
		case c == 0 || c > 0x7e:
			return errors.New("the message has an octet outside 7 bit text: it needs a transfer encoding")
		case c == '\n':
			start = i + 1
		case c != '\r' && i-start >= lineLimit:
			return fmt.Errorf("the message has a line longer than %d octets", lineLimit)
		}
	}
	if !bytes.HasSuffix(message, []byte("\r\n")) {
		return errors.New("the message does not end with CRLF")
	}
	return nil
}
