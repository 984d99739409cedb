// Package pgpmime holds OpenPGP as it stands in mail: the key ring, opening
// and verifying, signing and sealing (RFC 9580, RFC 3156).
//
// It reports facts about one message or one signature and decides nothing: the
// policy is room crypto's. Decryption runs to the end and its integrity code is
// checked before a single decrypted packet is looked at, so no unauthenticated
// plaintext is decompressed, parsed or handed out. It refuses to decrypt what
// carries no integrity code, to import keys from mail, and to put anything
// decrypted into an error. The ring is read-only once built: any number of
// goroutines may use it.
package pgpmime

import (
	"bytes"
	"errors"
	"time"
)

// Why a message could not be opened. The texts are fit for an operator and
// hold nothing of the message.
var (
	// ErrNoKey and ErrCipher are for errors.Is: Message says more about them.
	ErrNoKey  = errors.New("none of our private keys can open it")
	ErrCipher = errors.New("its cipher is not supported")

	errDamaged       = errors.New("the ciphertext is damaged or was modified: its integrity check fails")
	errMalformed     = errors.New("the OpenPGP packets are malformed")
	errTooLarge      = errors.New("it is larger than limits.decompressed once decompressed")
	errManyRecipient = errors.New("it names more recipients than are tried")
	errNotMessage    = errors.New("there is no OpenPGP message in it")
)

// Message is an OpenPGP message that was opened, or the facts about one that
// could not be.
type Message struct {
	Encrypted bool
	Integrity bool   // the encrypted packet carries MDC or AEAD
	Cipher    string // "aes256-cfb-mdc", "" unknown
	Weak      bool   // the cipher is 3DES, CAST5, IDEA or Blowfish
	// Withheld: it was not decrypted at all because it carries no integrity
	// code, or because its cipher is weak and not supported.
	Withheld   bool
	Recipients []string // key IDs it is encrypted to, "hidden" for none given
	Content    []byte
	Signatures []Signature
}

// Signature is what is known of one signature over one content.
type Signature struct {
	KeyID       string // upper-case hex, of the key or subkey that signed
	Fingerprint string // upper-case hex, of the primary key, "" if unknown
	Owner       string // whose key it is, "" if nobody's
	Hash        string // "sha256"
	Made        time.Time
	Intended    []string // fingerprints of intended recipients, upper-case hex
	// Covered are the octets the signature was computed over.
	Covered []byte

	Known    bool // the key is in the ring
	Verified bool // the signature is right for key and content
	WeakHash bool // MD5, SHA-1, RIPEMD-160
	WeakKey  bool // DSA, RSA below 2048 bits, secp256k1
	Revoked  bool // the key is revoked or listed as revoked
	Expired  bool // key or signature had expired when it was made or at arrival
	Reason   string
}

// Looks says what OpenPGP a part seems to hold, by its first octets.
type Looks int

// What a part may hold.
const (
	LooksPlain     Looks = iota
	LooksEncrypted       // an encrypted message, armored or binary
	LooksSigned          // a message that is signed, not encrypted
	LooksClear           // a cleartext-signed text
)

// sniffed is how much of an armored block is looked at for its first octet.
const sniffed = 2 << 10

// Sniff looks at the octets of a part (its beginning is enough). Armor may
// stand anywhere in text; binary packets must begin the part.
func Sniff(b []byte) Looks {
	for _, blk := range findBlocks(b) {
		switch blk.kind {
		case blockSigned:
			return LooksClear
		case blockMessage:
			var first [1]byte
			blk.inside = blk.inside[:min(len(blk.inside), sniffed)]
			if n, _ := blk.reader().Read(first[:]); n == 1 && !isEncryptedTag(first[0]) && isSignedTag(first[0]) {
				return LooksSigned
			}
			return LooksEncrypted
		}
	}
	if b = afterIgnorable(b); len(b) > 1 {
		switch {
		case isEncryptedTag(b[0]) && plausible(b):
			return LooksEncrypted
		case isSignedTag(b[0]) && plausible(b):
			return LooksSigned
		}
	}
	return LooksPlain
}

// afterIgnorable skips a marker, padding and such at the beginning of binary
// packets.
func afterIgnorable(b []byte) []byte {
	for n := 0; len(b) > 1 && ignorable(tagOf(b[0])) && n < maxSkipped; n++ {
		_, _, rest, err := nextPacket(b)
		if err != nil {
			break
		}
		b = rest
	}
	return b
}

func tagOf(first byte) int {
	switch {
	case first&0xc0 == 0xc0:
		return int(first & 0x3f)
	case first&0x80 != 0:
		return int(first&0x3f) >> 2
	}
	return -1
}

func isEncryptedTag(first byte) bool {
	switch tagOf(first) {
	case tagEncryptedKey, tagPassphraseKey, tagUnprotected, tagProtected, tagAEAD:
		return true
	}
	return false
}

func isSignedTag(first byte) bool {
	switch tagOf(first) {
	case tagSignature, tagOnePass, tagCompressed:
		return true
	}
	return false
}

// plausible tells binary packets from text in some 8-bit charset: the version
// or algorithm octet after the header must be one that exists.
func plausible(b []byte) bool {
	at := 2
	if b[0]&0x40 == 0 {
		if b[0]&3 == 3 {
			at = 1
		} else {
			at = 1 + 1<<(b[0]&3)
		}
	} else if _, used, _ := newLength(b[1:]); used > 0 {
		at = 1 + used
	}
	if at >= len(b) {
		return false
	}
	switch v := b[at]; tagOf(b[0]) {
	case tagEncryptedKey:
		return v == 2 || v == 3 || v == 6
	case tagPassphraseKey:
		return v >= 4 && v <= 6
	case tagProtected:
		return v == 1 || v == 2
	case tagAEAD:
		return v == 1
	case tagSignature:
		return v >= 3 && v <= 6
	case tagOnePass:
		return v == 3 || v == 6
	case tagCompressed:
		return v <= 3
	}
	return false
}

// Outside reports whether anything but white space stands around the armored
// blocks of a text, and how many messages it holds.
func Outside(text []byte) (around bool, messages int) {
	pos := 0
	for _, b := range findBlocks(text) {
		if b.kind != blockMessage && b.kind != blockSigned {
			continue
		}
		around = around || len(bytes.TrimSpace(text[pos:b.start])) > 0
		pos = b.end
		messages++
	}
	return around || len(bytes.TrimSpace(text[pos:])) > 0, messages
}
