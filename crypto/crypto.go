// Package crypto turns sealed octets into an opened payload with findings, and
// an entity into sealed octets. It is the room where OpenPGP and S/MIME meet
// the domain.
//
// It owns what stands in which part of a mail (detect.go), what a signature is
// worth and how much it covers (policy.go), and the key ring (keyring.go). It
// states facts and decides nothing: exchange.Trust does. It refuses to hand
// out plaintext before the whole message is authenticated, to take a word from
// outside of a signature for the sender's, to import keys from mail, and to
// put anything decrypted into an error or a finding. It reads no disk, no
// network and no clock; a Keyring may be shared by any number of goroutines.
package crypto

import (
	"errors"
	"time"

	"almasu/exchange"
	"almasu/internal/mimepart"
)

// ErrRevocation is transient: trust.revocation is require, and nothing is known
// yet about the revocation of a participant's certificate. Opened.Needs says
// where it can be had.
var ErrRevocation = errors.New("the revocation of the signer's certificate must be known and is not: fetch what is needed, or write its CRL into trust.crls")

// Limits bound what Open works on. A zero field takes its default.
type Limits struct {
	Depth        int   // nested multiparts of one entity; 32
	Parts        int   // parts of one entity; 200
	Message      int64 // octets of the message; 50 MiB
	Decompressed int64 // octets of a decrypted, decompressed message; 200 MiB
}

func (l Limits) orDefault() Limits {
	if l.Message == 0 {
		l.Message = 50 << 20
	}
	if l.Decompressed == 0 {
		l.Decompressed = 200 << 20
	}
	return l
}

func (l Limits) mime() mimepart.Limits { return mimepart.Limits{Depth: l.Depth, Parts: l.Parts} }

// Opened is everything that is known of a message without deciding anything.
type Opened struct {
	Outer     exchange.Headers
	Protected exchange.Headers // Present only if a verified signature inside the encryption covers it
	// OuterPart is the root entity, for Return-Path, Auto-Submitted and such.
	OuterPart *mimepart.Part
	// ProtectedPart is the root of the signed entity inside, nil where none was
	// opened or a file was sealed instead of an entity. Of encrypted attachments
	// it is the first entity, where one participant validly signed them all.
	ProtectedPart *mimepart.Part
	Security      exchange.Security
	// Payload are the decoded leaves that may be parsed: of a message that was
	// encrypted with integrity protection and opened whole; of an encrypted
	// attachment only where its own signature inside is valid. Nil otherwise.
	Payload []exchange.Document
	// Digest is the message integrity check for the receipt (RFC 3335): with
	// the hash of the signature, over the signed entity in canonical form, or
	// over the decrypted file.
	Digest exchange.Digest
	// ContentDigest is the hex SHA-256 of the octets the signature covers; the
	// same for the same signed content in another envelope. "" if unsigned.
	ContentDigest string
	// Needs is what could be fetched to know more about the certificate of the
	// signature; with it in a new snapshot the message may be opened again.
	Needs []Need
	// Refusal is structural (too-deep, malformed, too-large), "" otherwise.
	Refusal exchange.Refusal
}

// Open opens a message that arrived at a time. What is wrong with the message
// is in the result; an error is transient (a token that does not answer) and
// the same message may be tried again.
func Open(raw []byte, k *Keyring, l Limits, at time.Time) (Opened, error) {
	l = l.orDefault()
	o := opening{ring: k.ring, smime: k.smime, ownerOf: k.ownerOf, limits: l, at: at, left: l.Decompressed}
	o.out.Security = exchange.Security{Encryption: exchange.EncryptionNone, Form: exchange.FormClear,
		Signature: exchange.SignatureNone, Covers: exchange.CoversNone}
	root, err := mimepart.Parse(mimepart.Begin(raw), l.mime())
	o.out.OuterPart = root
	o.out.Security.Findings = defects(root, nil)
	o.out.Outer = headersOf(root)
	switch {
	case err != nil:
		o.out.Refusal = structural(err)
	case len(root.Fields) == 0:
		o.out.Refusal = exchange.Refusal{Code: exchange.Malformed, Reason: "it has no mail header at all"}
	case int64(len(raw)) > l.Message:
		o.out.Refusal = exchange.Refusal{Code: exchange.TooLarge, Reason: "it is larger than limits.message"}
	default:
		o.message(root)
	}
	return o.out, o.err
}

// structural maps an error of the MIME reader to the refusal it is.
func structural(err error) exchange.Refusal {
	switch {
	case errors.Is(err, mimepart.ErrTooDeep):
		return exchange.Refusal{Code: exchange.TooDeep, Reason: "its parts are nested deeper than limits.depth"}
	case errors.Is(err, mimepart.ErrTooManyParts):
		return exchange.Refusal{Code: exchange.TooDeep, Reason: "it has more parts than limits.parts"}
	}
	return exchange.Refusal{Code: exchange.Malformed, Reason: "its MIME structure cannot be read: a header is too large"}
}
