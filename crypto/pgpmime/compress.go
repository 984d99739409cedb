package pgpmime

import (
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"compress/zlib"
	"io"
)

// directDecompress is up to where decompression goes into a growing buffer;
// beyond it the size is counted first, so that a bomb is never held.
const directDecompress = 1 << 20

func decompress(body []byte, budget int64) ([]byte, error) {
	r, err := inflate(body)
	if err != nil {
		return nil, err
	}
	head, err := io.ReadAll(io.LimitReader(r, min(directDecompress, budget)+1))
	if err != nil {
		return nil, errMalformed
	}
	if int64(len(head)) > budget {
		return nil, errTooLarge
	}
	if len(head) <= directDecompress {
		return head, nil
	}
	n, err := io.Copy(io.Discard, io.LimitReader(r, budget-int64(len(head))+1))
	if err != nil {
		return nil, errMalformed
	}
	total := int64(len(head)) + n
	if total > budget {
		return nil, errTooLarge
	}
	if r, err = inflate(body); err != nil {
		return nil, err
	}
	out := make([]byte, total)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, errMalformed
	}
	return out, nil
}

// inflate opens a compressed packet (RFC 9580 section 5.6).
func inflate(body []byte) (io.Reader, error) {
	if len(body) == 0 {
		return nil, errMalformed
	}
	in := bytes.NewReader(body[1:])
	switch body[0] {
	case 0:
		return in, nil
	case 1:
		return flate.NewReader(in), nil
	case 2:
		r, err := zlib.NewReader(in)
		if err != nil {
			return nil, errMalformed
		}
		return r, nil
	case 3:
		return bzip2.NewReader(in), nil
	}
	return nil, errMalformed
}
