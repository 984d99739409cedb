package pgpmime

import (
	"bytes"
	"io"
	"time"
)

// OpenClear reads the first cleartext-signed block of a text (RFC 9580 section
// 7). Content is the text as signed: dashes unescaped, white space at line
// ends removed, CRLF. Only the Hash header is allowed before it: anything else
// there would be text that is shown but not signed.
func (r *Ring) OpenClear(text []byte, at time.Time) (Message, error) {
	for _, b := range findBlocks(text) {
		if b.kind != blockSigned {
			continue
		}
		content, signature, err := cutClear(b.inside)
		if err != nil {
			return Message{}, err
		}
		m := Message{Content: content}
		c := signedContent{content: content, signatures: signaturePackets(signature)}
		if len(c.signatures) == 0 {
			c.onePass = 1 // announced, not there
		}
		m.Signatures = r.verifyAll(c, at)
		return m, nil
	}
	return Message{}, errNotMessage
}

// cutClear splits the inside of a cleartext-signed block.
func cutClear(inside []byte) (content, signature []byte, err error) {
	for {
		line, next := lineAt(inside, 0)
		inside = inside[next:]
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		if !bytes.HasPrefix(line, []byte("Hash:")) || len(inside) == 0 {
			return nil, nil, errMalformed
		}
	}
	var out bytes.Buffer
	out.Grow(len(inside))
	for first := true; len(inside) > 0; first = false {
		line, next := lineAt(inside, 0)
		if bytes.HasPrefix(line, []byte(beginMark+blockSignature+dashes)) {
			return out.Bytes(), inside, nil
		}
		inside = inside[next:]
		if rest, escaped := bytes.CutPrefix(line, []byte("- ")); escaped {
			line = rest
		} else if bytes.HasPrefix(line, []byte("-")) {
			return nil, nil, errMalformed
		}
		if !first {
			out.WriteString("\r\n")
		}
		out.Write(bytes.TrimRight(line, " \t\r"))
	}
	return nil, nil, errMalformed
}

// unarmored decodes the first block of one of the kinds; without any the data
// is taken for binary packets.
func unarmored(data []byte, kinds ...string) []byte {
	for _, b := range findBlocks(data) {
		for _, k := range kinds {
			if b.kind != k {
				continue
			}
			out, err := io.ReadAll(b.reader())
			if err != nil {
				return nil
			}
			return out
		}
	}
	return bytes.Clone(data)
}
