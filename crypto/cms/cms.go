// Package cms owns the Cryptographic Message Syntax (RFC 5652, 5083, 5084, 3274,
// 5753, 8418, 8419, 4056): it opens and makes EnvelopedData and
// AuthEnvelopedData, verifies and makes SignedData, and reads CompressedData,
// BER or DER, on the standard library alone and within limits.
//
// It gives facts and no decisions. A signer of Verify whose Err is nil is
// mathematically right over the whole content and keeps the rules of the
// standard; whether its certificate is trusted is for crypto/pki and the
// caller. It refuses what is ambiguous instead of picking a reading: content
// both inside and outside, attributes twice, data behind the end.
//
// What is encrypted with AES-GCM leaves Open only after its tag is verified.
// Content in CBC is not authenticated by anything (Opened.Authenticated is
// false): who uses it before a signature inside it was verified hands an
// attacker the plaintext (EFAIL). A wrong content-encryption key and a damaged
// content are one and the same error.
package cms

import (
	"errors"
	"fmt"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// The errors of reading; wrapped with what was found.
var (
	ErrMalformed    = errors.New("malformed CMS")
	ErrTrailingData = errors.New("data after the end of the CMS object")
	ErrTooLarge     = errors.New("a limit is exceeded")
	ErrWrongType    = errors.New("another content type than expected")
	ErrUnsupported  = algid.ErrUnsupported
	ErrParameters   = algid.ErrParameters
)

// ContentType is an object identifier in dotted form.
type ContentType string

// The content types (RFC 5652, 5083, 3274).
const (
	Data              ContentType = "1.2.840.113549.1.7.1"
	SignedData        ContentType = "1.2.840.113549.1.7.2"
	EnvelopedData     ContentType = "1.2.840.113549.1.7.3"
	CompressedData    ContentType = "1.2.840.113549.1.9.16.1.9"
	AuthEnvelopedData ContentType = "1.2.840.113549.1.9.16.1.23"
)

// Limits bound what a message may cost. A zero field is the default.
type Limits struct {
	Content      int64 // bytes of content, also when decompressed: 256 MiB
	Recipients   int   // RecipientInfos and encrypted keys: 1024
	Attempts     int   // keys of ours tried on one message: 8
	Signers      int   // SignerInfos: 32
	Certificates int   // certificates and CRLs carried along: 64
	Attributes   int   // per signer and kind: 64, together at most 1 MiB
}

const maxAttributeBytes = 1 << 20

func (l Limits) orDefaults() Limits {
	if l.Content <= 0 {
		l.Content = 256 << 20
	}
	for _, f := range []struct {
		field    *int
		standard int
	}{{&l.Recipients, 1024}, {&l.Attempts, 8}, {&l.Signers, 32}, {&l.Certificates, 64}, {&l.Attributes, 64}} {
		if *f.field <= 0 {
			*f.field = f.standard
		}
	}
	return l
}

// Detect says what a CMS object is by its outermost content type.
func Detect(raw []byte) (ContentType, error) {
	t, _, err := contentInfo(raw)
	return t, err
}

// contentInfo opens the outermost ContentInfo and returns a reader for the one
// value that [0] holds (RFC 5652 section 3).
func contentInfo(raw []byte) (ContentType, *ber.Reader, error) {
	r := ber.NewReader(raw)
	in := r.Enter(ber.Sequence)
	t := ContentType(in.OID())
	content := in.Enter(ber.Context(0))
	in.End()
	if r.Err() == nil && r.More() {
		return "", nil, fmt.Errorf("%w: %d bytes", ErrTrailingData, len(r.Rest()))
	}
	if err := malformed("ContentInfo", r.Err()); err != nil {
		return "", nil, err
	}
	return t, content, nil
}

// open enters an object of one of the wanted types.
func open(raw []byte, wanted ...ContentType) (ContentType, *ber.Reader, error) {
	t, content, err := contentInfo(raw)
	if err != nil {
		return "", nil, err
	}
	for _, w := range wanted {
		if t == w {
			in := content.Enter(ber.Sequence)
			content.End()
			return t, in, malformed("content", content.Err())
		}
	}
	return "", nil, fmt.Errorf("%w: %s", ErrWrongType, t)
}

// malformed says where a structure is broken; an error that has a name of its
// own keeps it.
func malformed(where string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s: %w", ErrMalformed, where, err)
}

func tooMany(what string, limit int) error {
	return fmt.Errorf("%w: more than %d %s", ErrTooLarge, limit, what)
}

// wrapped is a ContentInfo around content, ready to be written.
func wrapped(t ContentType, content ber.Node) []byte {
	return ber.Seq(ber.ID(string(t)), ber.Explicit(0, content)).Bytes()
}
