package pgpmime

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// decrypt opens the encrypted packet with whichever of our keys fits, reads it
// to its end and has its integrity code checked. Only then anything comes back.
func (r *Ring) decrypt(br *bufio.Reader, keys []*packet.EncryptedKey, m *Message, size int, limit int64) ([]byte, error) {
	head, _ := br.Peek(16)
	mode := integrityMode(head)
	p, err := packet.Read(br)
	if err != nil {
		return nil, unreadable(err)
	}
	data, ok := p.(packet.EncryptedDataPacket)
	if !ok {
		return nil, errMalformed
	}
	for _, k := range keys {
		if (k.Version == 6) != isVersion2(data) {
			continue // RFC 9580 section 10.3.2.1: the versions must fit
		}
		if !r.sessionKey(k) {
			if name := cipherName(byte(k.CipherFunc)); weakCipher(name) && mode == "cfb-mdc" && k.Version < 6 {
				m.Cipher, m.Weak, m.Withheld = name+"-"+mode, true, true
			} else if k.CipherFunc != 0 && !k.CipherFunc.IsSupported() {
				m.Cipher = name
				err = ErrCipher
			}
			continue
		}
		cipher := k.CipherFunc
		if mode != "cfb-mdc" {
			cipher = aeadCipher(head)
		}
		m.Cipher, m.Withheld = cipherName(byte(cipher))+"-"+mode, false
		m.Weak = weakCipher(cipherName(byte(cipher)))
		plain, err := data.Decrypt(k.CipherFunc, k.Key)
		clear(k.Key)
		if err != nil {
			return nil, errDamaged
		}
		return authenticated(plain, br, size, limit)
	}
	if m.Withheld {
		return nil, nil
	}
	if err == nil {
		err = ErrNoKey
	}
	return nil, err
}

func isVersion2(data packet.EncryptedDataPacket) bool {
	se, ok := data.(*packet.SymmetricallyEncrypted)
	return ok && se.Version == 2
}

// authenticated reads the plaintext packets whole, checks the integrity code,
// and that nothing but what is ignored anyway follows the encrypted packet.
func authenticated(plain io.ReadCloser, rest *bufio.Reader, size int, limit int64) ([]byte, error) {
	out, err := readAll(plain, size, limit)
	if errors.Is(err, errTooLarge) {
		return nil, err
	}
	closeErr := plain.Close()
	if err != nil || closeErr != nil {
		return nil, errDamaged
	}
	tail, err := io.ReadAll(io.LimitReader(rest, peekSize))
	if err != nil || len(bytes.TrimSpace(tail)) > 0 && !onlyIgnorable(tail) {
		return nil, errMalformed
	}
	return out, nil
}

// readAll reads to the end into one buffer sized by what is expected, and
// never more than limit.
func readAll(r io.Reader, size int, limit int64) ([]byte, error) {
	want := int64(size) + 1
	if want > limit+1 {
		want = limit + 1
	}
	buf := make([]byte, 0, want)
	for {
		if len(buf) == cap(buf) {
			if int64(len(buf)) > limit {
				return nil, errTooLarge
			}
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			return nil, errTooLarge
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, unreadable(err)
		}
	}
}

// unreadable hides what the library says: its text may quote the input.
func unreadable(err error) error {
	if err == nil {
		return nil
	}
	return errMalformed
}

// sessionKey tries every own key the packet may be meant for.
func (r *Ring) sessionKey(k *packet.EncryptedKey) bool {
	for _, e := range r.entries {
		if e.owner != r.self {
			continue
		}
		for _, priv := range privateKeys(e.entity) {
			if priv.Encrypted || (k.KeyId != 0 && k.KeyId != priv.KeyId) || k.Algo != priv.PubKeyAlgo {
				continue
			}
			if k.Decrypt(priv, libraryConfig(time.Time{})) == nil {
				return true
			}
		}
	}
	return false
}

// cipherOf tells the cipher of a message that is not going to be decrypted.
func (r *Ring) cipherOf(keys []*packet.EncryptedKey) string {
	for _, k := range keys {
		if r.sessionKey(k) {
			clear(k.Key)
			return cipherName(byte(k.CipherFunc))
		}
	}
	return "unknown"
}

// cipherName names a cipher of RFC 9580 section 9.3.
func cipherName(id byte) string {
	names := [...]string{1: "idea", 2: "3des", 3: "cast5", 4: "blowfish", 7: "aes128", 8: "aes192", 9: "aes256",
		10: "twofish", 11: "camellia128", 12: "camellia192", 13: "camellia256"}
	if int(id) < len(names) && names[id] != "" {
		return names[id]
	}
	return "unknown"
}

func weakCipher(name string) bool {
	switch name {
	case "idea", "3des", "cast5", "blowfish":
		return true
	}
	return false
}

// integrityMode names how the encrypted packet that begins with head is
// authenticated: MDC, or the AEAD mode.
func integrityMode(head []byte) string {
	body, tag := dataHead(head)
	if len(body) < 3 || (tag == tagProtected && body[0] == 1) {
		return "cfb-mdc"
	}
	modes := [...]string{1: "eax", 2: "ocb", 3: "gcm"}
	if m := body[2]; int(m) < len(modes) && modes[m] != "" {
		return modes[m]
	}
	return "aead"
}

func aeadCipher(head []byte) packet.CipherFunction {
	if body, _ := dataHead(head); len(body) > 1 {
		return packet.CipherFunction(body[1])
	}
	return 0
}

// dataHead skips the packet header in front of version, cipher and mode.
func dataHead(head []byte) ([]byte, int) {
	at := 1
	if head[0]&0x40 != 0 {
		_, used, _ := newLength(head[1:])
		at += used
	} else if size := 1 << (head[0] & 3); size < 8 {
		at += size
	}
	if at >= len(head) {
		return nil, tagOf(head[0])
	}
	return head[at:], tagOf(head[0])
}
