package pgpmime

import (
	"bufio"
	"bytes"
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// Bounds on what a message may make us try.
const (
	maxRecipients = 256      // session key packets read
	maxTried      = 32       // of them tried: those that name our keys, or no key at all
	maxKeyPacket  = 16 << 10 // octets of one session key packet
	peekSize      = 32 << 10
)

// OpenMessage opens the first OpenPGP message in data, armored (with whatever
// text around it) or binary. limit bounds the plaintext, decompressed. The
// facts come back along with an error as far as they are known; the text of
// the error may be shown.
func (r *Ring) OpenMessage(data []byte, limit int64, at time.Time) (Message, error) {
	for _, b := range findBlocks(data) {
		if b.kind == blockMessage {
			return r.open(b.reader(), b.size(), limit, at)
		}
	}
	if len(data) == 0 || data[0]&0x80 == 0 {
		return Message{}, errNotMessage
	}
	return r.open(bytes.NewReader(data), len(data), limit, at)
}

func (r *Ring) open(in io.Reader, size int, limit int64, at time.Time) (Message, error) {
	br := bufio.NewReaderSize(in, peekSize)
	var m Message
	keys, err := r.readKeyPackets(br, &m)
	if err != nil {
		return m, err
	}
	head, _ := br.Peek(16)
	if len(head) == 0 {
		return m, errMalformed
	}
	var plain []byte
	switch tagOf(head[0]) {
	case tagUnprotected:
		m.Encrypted, m.Withheld = true, true
		m.Cipher = r.cipherOf(keys) + "-cfb"
		return m, nil
	case tagProtected, tagAEAD:
		m.Encrypted, m.Integrity = true, true
		if plain, err = r.decrypt(br, keys, &m, size, limit); err != nil || m.Withheld {
			return m, err
		}
	default:
		if m.Encrypted {
			return m, errMalformed // session keys without anything encrypted
		}
		if plain, err = readAll(br, size, limit); err != nil {
			return m, err
		}
	}
	c, err := readContent(plain, limit, 0)
	if err != nil {
		return m, err
	}
	m.Content = c.content
	m.Signatures = r.verifyAll(c, at)
	return m, nil
}

// readKeyPackets reads the session key packets before the encrypted one
// (RFC 9580 sections 5.1 and 5.3) and keeps those that may be meant for us.
// Unsupported ones are passed over.
func (r *Ring) readKeyPackets(br *bufio.Reader, m *Message) ([]*packet.EncryptedKey, error) {
	var keys []*packet.EncryptedKey
	total := 0
	for {
		head, _ := br.Peek(6)
		if len(head) < 2 || head[0]&0x80 == 0 {
			return nil, errMalformed
		}
		tag := tagOf(head[0])
		if tag != tagEncryptedKey && tag != tagPassphraseKey && !ignorable(tag) {
			return keys, nil
		}
		size, ok := wholeSize(head)
		if !ok || size > maxKeyPacket {
			return nil, errMalformed
		}
		raw, err := br.Peek(size)
		if err != nil {
			return nil, unreadable(err)
		}
		if total++; total > maxRecipients {
			return nil, errManyRecipient
		}
		if tag == tagEncryptedKey {
			if p, err := packet.Read(bytes.NewReader(raw)); err == nil {
				if k, ok := p.(*packet.EncryptedKey); ok {
					m.Recipients = append(m.Recipients, recipient(k.KeyId))
					if k.KeyId == 0 || r.ownID(k.KeyId) {
						keys = append(keys, k)
					}
				}
			}
		}
		m.Encrypted = m.Encrypted || tag == tagEncryptedKey || tag == tagPassphraseKey
		if len(keys) > maxTried {
			return nil, errManyRecipient
		}
		if _, err := br.Discard(size); err != nil {
			return nil, unreadable(err)
		}
	}
}

func recipient(id uint64) string {
	if id == 0 {
		return "hidden"
	}
	return keyID(id)
}

// wholeSize is the size of a packet of definite length, header included.
func wholeSize(head []byte) (int, bool) {
	if head[0]&0x40 != 0 {
		n, used, partial := newLength(head[1:])
		return 1 + used + n, used > 0 && !partial
	}
	size := 1 << (head[0] & 3)
	if size == 8 || len(head) < 1+size {
		return 0, false
	}
	n := 0
	for _, c := range head[1 : 1+size] {
		n = n<<8 | int(c)
	}
	return 1 + size + n, true
}
