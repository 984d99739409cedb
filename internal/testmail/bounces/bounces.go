// Package bounces makes what mail servers and mailboxes send back by
// themselves, in the dialects that are out there, for tests.
//
// It owns the table of what must be made of each, and like all of testmail it
// imports nothing of the rooms it judges.
package bounces

import (
	"encoding/base64"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// About is the letter that a bounce speaks of.
type About struct {
	MessageID  string // with angle brackets
	EnvelopeID string
	Sender     string // our address
	Recipient  string
}

// Bounce is what a mail server or a mailbox sends back by itself, and what
// must be made of it. The structure is that of the programs, the wording our
// own.
type Bounce struct {
	Name    string
	Comment string
	// Kind is "report" for a delivery report, "reply" for an automatic reply,
	// and "none" for what is neither and must be held like any other mail.
	Kind string
	// Action and Class are what a report says of the recipient: failed, delayed
	// or delivered; hard, soft or "". Status is x.y.z, "" where none is told.
	Action, Class, Status string
	// Nameless reports do not say which recipient they are about.
	Nameless bool

	text string
}

// Message is the bounce as it comes in.
func (b *Bounce) Message(a About) []byte {
	id := strings.Trim(a.MessageID, "<>")
	head := strings.Join([]string{"Return-Path: <" + a.Sender + ">", "Received: from gw." + domainOf(a.Sender) + " by mx.far.example with ESMTPS; Tue, 10 Mar 2026 14:00:00 +0500",
		"From: " + a.Sender, "To: " + a.Recipient, "Subject: [...]", "Date: Tue, 10 Mar 2026 14:00:00 +0500", "Message-ID: " + a.MessageID, "MIME-Version: 1.0",
		`Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="almasu"`}, "\n") + "\n"
	letter := head + "\n--almasu\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n--almasu\nContent-Type: application/octet-stream\n\n" +
		"-----BEGIN PGP MESSAGE-----\n\nwcBMA1111111111111\n=abcd\n-----END PGP MESSAGE-----\n\n--almasu--\n"
	text := strings.NewReplacer("{id}", a.MessageID, "{bareid}", id, "{envid}", a.EnvelopeID, "{from}", a.Sender, "{to}", a.Recipient, "{local}", localOf(a.Recipient),
		"{domain}", domainOf(a.Recipient), "{head}", head, "{letter}", letter).Replace(strings.TrimPrefix(b.text, "\n"))
	return []byte(strings.ReplaceAll(encodedBlocks(text), "\n", "\r\n"))
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

func localOf(address string) string { return address[:strings.LastIndexByte(address, '@')] }

// encodedBlocks replaces {{charset ... }} by the base64 of its text in that
// charset, as servers send it.
func encodedBlocks(text string) string {
	for {
		before, rest, ok := strings.Cut(text, "{{")
		if !ok {
			return text
		}
		block, after, _ := strings.Cut(rest, "}}")
		name, body, _ := strings.Cut(block, "\n")
		encoded := []byte(body)
		if m := map[string]*charmap.Charmap{"windows-1251": charmap.Windows1251, "koi8-r": charmap.KOI8R}[name]; m != nil {
			b, err := m.NewEncoder().Bytes(encoded)
			if err != nil {
				panic("bounces: " + err.Error())
			}
			encoded = b
		}
		var lines strings.Builder
		for s := base64.StdEncoding.EncodeToString(encoded); s != ""; {
			n := min(76, len(s))
			lines.WriteString(s[:n] + "\n")
			s = s[n:]
		}
		text = before + lines.String() + after
	}
}

// All lists every dialect, replies and what only looks like one.
func All() []*Bounce {
	var all []*Bounce
	for _, group := range [][]*Bounce{bounceFields(), bounceFieldsBroken(), bounceTexts(), bounceTextsForeign(), replies(), notBounces()} {
		all = append(all, group...)
	}
	return all
}
