package mimepart

import (
	"bytes"

	"golang.org/x/text/encoding/unicode"
)

// Begin takes away what stands before the header of a whole mail where a
// program saved it carelessly: a byte order mark, blank lines. A mail saved as
// UTF-16 comes back as UTF-8, one with CR line ends with LF. Nothing of it is
// covered by a signature as it stands.
func Begin(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte{0xff, 0xfe}) || bytes.HasPrefix(raw, []byte{0xfe, 0xff}) {
		if text, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(raw); err == nil {
			raw = text
		}
	}
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(raw, '\n') < 0 { // the line ends of old Macintosh programs
		raw = bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))
	}
	for {
		line, rest, more := bytes.Cut(raw, []byte("\n"))
		if !more || len(bytes.TrimSpace(line)) > 0 {
			return raw
		}
		raw = rest
	}
}
