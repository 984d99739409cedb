package cms

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

const zlibCompress = "1.2.840.113549.1.9.16.3.8"

// Decompress reads CompressedData (RFC 3274): the type of the content and the
// content, of which at most Limits.Content bytes are ever made (ErrTooLarge).
func Decompress(raw []byte, l Limits) (ContentType, []byte, error) {
	l = l.orDefaults()
	_, in, err := open(raw, CompressedData)
	if err != nil {
		return "", nil, err
	}
	in.Int()
	how := algid.Read(in, ber.Sequence)
	var s signedData // EncapsulatedContentInfo is the same there
	s.readContent(in.Enter(ber.Sequence))
	in.End()
	if err := malformed("CompressedData", in.Err()); err != nil {
		return "", nil, err
	}
	if how.ID != zlibCompress || !how.NoParams() {
		return "", nil, fmt.Errorf("%w: compression %s", ErrUnsupported, how.ID)
	}
	z, err := zlib.NewReader(bytes.NewReader(s.content))
	if err != nil {
		return "", nil, fmt.Errorf("%w: compressed content: %w", ErrMalformed, err)
	}
	content, err := io.ReadAll(io.LimitReader(z, l.Content+1))
	if err != nil {
		return "", nil, fmt.Errorf("%w: compressed content: %w", ErrMalformed, err)
	}
	if int64(len(content)) > l.Content {
		return "", nil, fmt.Errorf("%w: more than %d bytes when decompressed", ErrTooLarge, l.Content)
	}
	return s.contentType, content, nil
}
