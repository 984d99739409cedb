package mimepart

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// The upper halves of the two Kazakh code pages no library carries: KZ-1048
// (STRK1048-2002, RK1048) and PT154 (Paratype, Asian Cyrillic).
const (
	kz1048 = "ЂЃ‚ѓ„…†‡€‰Љ‹ЊҚҺЏђ‘’“”•–—\ufffd™љ›њқһџ\u00a0ҰұӘ¤Ө¦§Ё©Ғ«¬\u00ad®Ү°±Ііөµ¶·ё№ғ»әҢңү" +
		"АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя"
	pt154 = "ҖҒӮғ„…ҶҮҲүҠӢҢҚҺҸҗ‘’“”•–—ҳҷҡӣңқһҹ\u00a0ЎўЈӨҘҰ§Ё©Ә«¬ӯ®Ҝ°ұІіҙө¶·ё№ә»јҪҫҝ" +
		"АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя"
)

// DecodeText turns a body in its declared charset into a string. It obeys the
// declaration; "" means UTF-8. Octets that are not of the charset, and a
// charset nobody knows, are errors.
func DecodeText(body []byte, charset string) (string, error) {
	switch name := strings.ToLower(strings.TrimSpace(charset)); name {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		if !utf8.Valid(body) {
			return "", fmt.Errorf("decode text: the octets are not %s as declared", orUTF8(name))
		}
		return string(body), nil
	case "kz-1048", "kz1048", "rk1048", "rk-1048", "strk1048-2002", "cskz1048":
		return decodeHalf(body, kz1048)
	case "pt154", "ptcp154", "csptcp154", "cp154", "cyrillic-asian":
		return decodeHalf(body, pt154)
	case "utf-16", "utf16":
		return decodeWith(unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder().Bytes(body))
	default:
		enc, err := htmlindex.Get(name)
		if err != nil {
			return "", fmt.Errorf("decode text: unknown charset %.40q", charset)
		}
		return decodeWith(enc.NewDecoder().Bytes(body))
	}
}

func orUTF8(name string) string {
	if name == "" {
		return "utf-8"
	}
	return name
}

func decodeWith(b []byte, err error) (string, error) {
	if err != nil {
		return "", fmt.Errorf("decode text: %w", err)
	}
	return string(b), nil
}

func decodeHalf(body []byte, upper string) (string, error) {
	table := []rune(upper)
	var b strings.Builder
	for _, c := range body {
		if c < 0x80 {
			b.WriteByte(c)
			continue
		}
		if table[c-0x80] == utf8.RuneError {
			return "", fmt.Errorf("decode text: octet %#x is not in the charset", c)
		}
		b.WriteRune(table[c-0x80])
	}
	return b.String(), nil
}

// lenientReader decodes an encoded word; in a charset nobody knows its octets
// become replacement characters, so that the field around it can still be read.
func lenientReader(charset string, in io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	s, err := DecodeText(b, charset)
	if err != nil {
		return bytes.NewReader(bytes.ToValidUTF8(b, []byte("\uFFFD"))), nil
	}
	return strings.NewReader(s), nil
}
