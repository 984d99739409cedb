package cms

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"almasu/crypto/cms/algid"
	"almasu/crypto/cms/ber"
)

// maxRecipientBytes bounds the RecipientInfos of a stream, maxField any other
// field that is held in memory.
const (
	maxRecipientBytes = 4 << 20
	maxField          = maxAttributeBytes
)

// Reader is a message that was opened from a stream: what is known about it, and
// its content to be read.
type Reader struct {
	Opened // without Content
	r      io.Reader
}

// Read gives the content.
func (r *Reader) Read(p []byte) (int, error) { return r.r.Read(p) }

// OpenReader is Open for a message that is read as it is needed. AES-GCM content
// is held back until its tag is verified and the message is at its end; it takes
// one buffer of the size of the content. So is CBC content, unless
// ReleaseUnauthenticated asks for it as it comes: then nothing but the last Read,
// which returns an error instead of io.EOF, says that the message was damaged,
// and the key is the first one of ours that the message names and that unwraps.
func OpenReader(source io.Reader, keys []Key, o OpenOptions) (*Reader, error) {
	l := o.Limits.orDefaults()
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	s := ber.NewStream(source)
	e, body, err := headOf(s, l)
	if err != nil {
		return nil, err
	}
	if e.authenticated || !o.ReleaseUnauthenticated {
		return e.openBuffered(s, body, keys, o, l)
	}
	out, c, err := e.describe(o)
	if err != nil {
		return nil, err
	}
	r := &Reader{Opened: out}
	err = e.eachKey(keys, c.keySize, l.Attempts, o.Rand, func(cek []byte, k encryptedKey, own int) error {
		block, err := c.block(cek)
		if err != nil || len(cek) != c.keySize {
			return ErrDecrypt
		}
		r.Key, r.Recipient, r.KeyManagement = own, k.recipient, k.algorithm.ID
		r.r = &cbcReader{body: io.LimitReader(body, l.Content+1), mode: cipher.NewCBCDecrypter(block, c.iv), left: l.Content,
			finish: func() error { return e.tail(s, l) }}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// headOf reads up to the encrypted content.
func headOf(s *ber.Stream, l Limits) (*envelope, io.Reader, error) {
	field := func() *ber.Reader { return ber.NewReader(s.Whole(maxField).Raw) }
	s.Enter(ber.Sequence)
	kind := ContentType(field().OID())
	if s.Err() == nil && kind != EnvelopedData && kind != AuthEnvelopedData {
		return nil, nil, fmt.Errorf("%w: %s", ErrWrongType, kind)
	}
	e := envelope{authenticated: kind == AuthEnvelopedData}
	s.Enter(ber.Context(0))
	s.Enter(ber.Sequence)
	field().Int()
	if s.Is(ber.Context(0)) {
		s.Whole(maxRecipientBytes) // originatorInfo
	}
	set := ber.NewReader(s.Whole(maxRecipientBytes).Raw)
	if s.Err() == nil {
		if err := e.readRecipients(set.Enter(ber.Set), l); err != nil {
			return nil, nil, err
		}
	}
	s.Enter(ber.Sequence)
	id, algorithm := field(), field()
	e.contentType, e.algorithm = ContentType(id.OID()), algid.Read(algorithm, ber.Sequence)
	body := s.Octets(ber.Context(0))
	for _, err := range []error{s.Err(), id.Err(), algorithm.Err()} {
		if err != nil {
			return nil, nil, malformed("EnvelopedData", err)
		}
	}
	return &e, body, nil
}

// tail reads what follows the encrypted content, to the end of the source.
func (e *envelope) tail(s *ber.Stream, l Limits) error {
	s.Leave()
	var rest []byte
	for s.More() {
		rest = append(rest, s.Whole(maxField).Raw...)
		if len(rest) > maxField {
			return tooMany("bytes of attributes", maxField)
		}
	}
	for range 3 {
		s.Leave()
	}
	if err := s.Err(); err != nil {
		return malformed("EnvelopedData", err)
	}
	if err := s.Close(); errors.Is(err, ber.ErrTrailing) {
		return ErrTrailingData
	} else if err != nil {
		return err
	}
	in := ber.NewReader(rest)
	if e.authenticated {
		if err := e.readAuthentication(in, l); err != nil {
			return err
		}
	} else if in.Is(ber.Context(1)) {
		in.Any()
	}
	in.End()
	return malformed("EnvelopedData", in.Err())
}

// openBuffered reads all of the message before it gives out any of it.
func (e *envelope) openBuffered(s *ber.Stream, body io.Reader, keys []Key, o OpenOptions, l Limits) (*Reader, error) {
	all, err := io.ReadAll(io.LimitReader(body, l.Content+tagSize+1))
	if err != nil {
		return nil, malformed("EncryptedContentInfo", err)
	}
	if int64(len(all)) > l.Content+tagSize {
		return nil, fmt.Errorf("%w: an encrypted content of more than %d bytes", ErrTooLarge, l.Content)
	}
	if err := e.tail(s, l); err != nil {
		return nil, err
	}
	e.ciphertext, e.size = ber.Element{Tag: ber.Context(0), Body: all}, int64(len(all))
	out, err := e.open(keys, o, l)
	if err != nil {
		return nil, err
	}
	r := &Reader{Opened: out, r: bytes.NewReader(out.Content)}
	r.Content = nil
	return r, nil
}

// cbcReader decrypts as it is read. The last block is held back, since it ends
// in padding.
type cbcReader struct {
	body   io.Reader
	mode   cipher.BlockMode
	left   int64 // bytes of content that the limit allows
	finish func() error
	held   []byte // the last block that was decrypted
	ready  []byte // to be given out
	err    error
}

func (c *cbcReader) Read(p []byte) (int, error) {
	for len(c.ready) == 0 && c.err == nil {
		c.fill()
	}
	if len(c.ready) == 0 {
		return 0, c.err
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

func (c *cbcReader) fill() {
	buf := make([]byte, 32<<10)
	n, err := io.ReadFull(c.body, buf)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		c.err = malformed("EncryptedContentInfo", err)
		return
	}
	size := c.mode.BlockSize()
	if c.left -= int64(n); c.left < 0 {
		c.err = fmt.Errorf("%w: an encrypted content above the limit", ErrTooLarge)
		return
	}
	if n%size != 0 {
		c.err = ErrDecrypt
		return
	}
	c.mode.CryptBlocks(buf[:n], buf[:n])
	c.ready = append(c.held, buf[:n]...)
	if err == nil {
		c.held = bytes.Clone(c.ready[len(c.ready)-size:])
		c.ready = c.ready[:len(c.ready)-size]
		return
	}
	if len(c.ready) < size {
		c.err = ErrDecrypt
		return
	}
	padding, ok := unpad(c.ready[len(c.ready)-size:])
	if !ok {
		c.ready, c.err = nil, ErrDecrypt
		return
	}
	c.ready = c.ready[:len(c.ready)-padding]
	if c.err = c.finish(); c.err == nil {
		c.err = io.EOF
	} else {
		c.ready = nil
	}
}
