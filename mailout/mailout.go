// Package mailout brings sealed letters to the outside: it composes the final
// octets with their protected and their outer header (RFC 9788), hands them to
// the configured relays by SMTP submission, judges each reply as sent, later
// or never (DESIGN section 5), and reads the delivery reports that come back
// (RFC 3464).
//
// It owns the connection to the relays and nothing durable. It refuses to
// encrypt or sign (room crypto), to decide when and to whom something is sent
// (gateway, rules), to change a letter once composed, so that each attempt
// sends identical octets, and to believe a delivery report: that is a hint.
package mailout

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
)

// Envelope is everything a letter says about itself in its header. Addresses
// are bare (local@domain, ASCII), message ids stand in angle brackets.
type Envelope struct {
	From      string // our registered address, also MAIL FROM (unless null)
	To        string // one registered address of the addressee
	ToName    string // display name, shown inside only
	MessageID string // from NewMessageID
	// EnvelopeID is the DSN ENVID of the letter; it is no header field.
	EnvelopeID string
	Date       time.Time
	Subject    string // the real one, shown inside only
	// Open: the subject stands outside as well. Only a notice without any
	// content, which is not sealed, has that.
	Open bool
	// InReplyTo and References name the message answered; an id that is not
	// well formed is left out, because a peer's own words must not keep us
	// from answering it.
	InReplyTo  string
	References []string
	// AutoSubmitted is auto-generated, auto-replied, or "" where a person
	// typed the message (RFC 3834 section 5).
	AutoSubmitted string
	// AskReceipt asks for a signed receipt to From (RFC 8098, RFC 3335).
	AskReceipt bool
	// ReceiptProtocol and ReceiptHashes are what a signed receipt may be made
	// with: "pgp-signature" (the default) or "pkcs7-signature", and sha-256
	// and sha-512 by default.
	ReceiptProtocol string
	ReceiptHashes   []string
}

// hiddenSubject is what stands in the outer Subject (RFC 9788 section 3.2.2).
const hiddenSubject = "[...]"

// NewMessageID returns a unique Message-ID with 128 random bits under our
// domain, in its angle brackets. random nil is the system's source; one that
// fails panics, as crypto/rand itself does: without it no letter may go out.
func NewMessageID(domain string, random io.Reader) string {
	return "<" + randomHex(random) + "@" + domain + ">"
}

// NewEnvelopeID returns a DSN envelope id (RFC 3461 section 4.4) with 128
// random bits. random is as in NewMessageID.
func NewEnvelopeID(random io.Reader) string { return randomHex(random) }

func randomHex(random io.Reader) string {
	if random == nil {
		random = rand.Reader
	}
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		panic("mailout: the random source failed: " + err.Error())
	}
	return hex.EncodeToString(b[:])
}

// field is one header field, unfolded.
type field struct{ name, value string }

// outer lists the header fields that stand outside the encryption, exactly as
// Compose writes them. They say who, to whom and when, and nothing about the
// content: the subject is hidden and the addressee's name left out.
func (e Envelope) outer() ([]field, error) {
	f, err := e.fields()
	for i := range f {
		switch {
		case f[i].name == "Subject" && !e.Open:
			f[i].value = hiddenSubject
		case f[i].name == "To":
			f[i].value = e.To
		}
	}
	return f, err
}

// fields lists the real header fields, which stand inside.
func (e Envelope) fields() ([]field, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	to := e.To
	if e.ToName != "" {
		to = phrase(e.ToName) + " <" + e.To + ">"
	}
	f := []field{
		{"From", e.From},
		{"To", to},
		{"Date", e.Date.Format("Mon, 2 Jan 2006 15:04:05 -0700")},
		{"Message-ID", e.MessageID},
		{"Subject", encodeText(e.Subject)},
	}
	if isMessageID(e.InReplyTo) {
		f = append(f, field{"In-Reply-To", e.InReplyTo})
	}
	if refs := references(e.References); refs != "" {
		f = append(f, field{"References", refs})
	}
	if e.AutoSubmitted != "" {
		f = append(f, field{"Auto-Submitted", e.AutoSubmitted})
	}
	if e.AskReceipt {
		f = append(f, field{"Disposition-Notification-To", e.From},
			field{"Disposition-Notification-Options", e.receiptOptions()})
	}
	return f, nil
}

// receiptOptions is the request for a signed receipt of RFC 3335 section 5.1.
func (e Envelope) receiptOptions() string {
	protocol, hashes := e.ReceiptProtocol, e.ReceiptHashes
	if protocol == "" {
		protocol = "pgp-signature"
	}
	if len(hashes) == 0 {
		hashes = []string{"sha-256", "sha-512"}
	}
	return "signed-receipt-protocol=optional, " + protocol +
		"; signed-receipt-micalg=optional, " + strings.Join(hashes, ", ")
}

// check refuses whatever could break out of a header field or is no value of
// its kind. The error names the field, never the value's text.
func (e Envelope) check() error {
	for _, f := range []field{{"From", e.From}, {"To", e.To}, {"To name", e.ToName}, {"Message-ID", e.MessageID},
		{"Subject", e.Subject}, {"In-Reply-To", e.InReplyTo}, {"References", strings.Join(e.References, "")},
		{"Auto-Submitted", e.AutoSubmitted}, {"receipt protocol", e.ReceiptProtocol},
		{"receipt hash", strings.Join(e.ReceiptHashes, "")}} {
		if hasControl(f.value) {
			return fmt.Errorf("compose letter: field %s contains a control character or a line break: it must be one line of text", f.name)
		}
	}
	switch {
	case !isAddress(e.From):
		return fmt.Errorf("compose letter: From is not one plain ASCII address: check identity.address")
	case !isAddress(e.To):
		return fmt.Errorf("compose letter: To is not one plain ASCII address: check the addresses of the participant")
	case !isMessageID(e.MessageID):
		return fmt.Errorf("compose letter: Message-ID is not of the form <id@domain>: make it with NewMessageID")
	case e.Date.IsZero():
		return fmt.Errorf("compose letter %s: Date is missing", e.MessageID)
	case len(e.Subject) > maxText || len(e.ToName) > maxText:
		return fmt.Errorf("compose letter %s: subject or name is longer than %d octets", e.MessageID, maxText)
	}
	for _, token := range append([]string{e.AutoSubmitted, e.ReceiptProtocol}, e.ReceiptHashes...) {
		if !isToken(token) {
			return fmt.Errorf("compose letter %s: Auto-Submitted or a receipt option is not a plain word", e.MessageID)
		}
	}
	return nil
}

// maxText bounds a subject or a name, in octets.
const maxText = 2000
