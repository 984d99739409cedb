package testmail

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"io"
)

// maker builds one message; the first error sticks and everything after it
// does nothing.
type maker struct {
	w   *World
	c   *Case
	err error

	at       time.Time // of the signatures of a scheme; zero is a minute ago
	intended []string  // OpenPGP: intended recipients of these
}

// sealing is what gpg is asked to do; zero is: sign as SOC Alfa a minute ago,
// encrypt to the NCCIS.
type sealing struct {
	signer   string // "participant/role", "-" for none
	at       time.Time
	to       []string // "participant/role"
	hidden   bool
	args     []string
	unarmour bool
}

func (m *maker) keep(b []byte, err error) []byte {
	if m.err == nil {
		m.err = err
	}
	return b
}

func (m *maker) key(name string) *Key {
	if name == "" {
		name = "soc-alfa/current"
	}
	return m.w.key(name)
}

// minuteAgo is when an ordinary message was signed.
func (m *maker) minuteAgo() time.Time { return m.w.Now.Add(-time.Minute) }

// seal lets gpg sign and encrypt in one operation.
func (m *maker) seal(content []byte, s sealing) []byte {
	if m.err != nil {
		return nil
	}
	if s.at.IsZero() {
		s.at = m.minuteAgo()
	}
	if len(s.to) == 0 {
		s.to = []string{SelfID + "/current"}
	}
	args := append([]string{"--encrypt"}, s.args...)
	if !s.unarmour {
		args = append(args, "--armor")
	}
	if s.signer != "-" {
		args = append(args, "--sign", "--local-user", m.key(s.signer).Fingerprint+"!")
	}
	option := "--recipient"
	if s.hidden {
		option = "--hidden-recipient"
	}
	for _, name := range s.to {
		args = append(args, option, m.key(name).Fingerprint)
	}
	return m.keep(m.w.gpg.WithTime(s.at).Run(content, Passphrase, args...))
}

// detached lets gpg make an armoured detached signature.
func (m *maker) detached(content []byte, signer string) []byte {
	if m.err != nil {
		return nil
	}
	return m.keep(m.w.gpg.WithTime(m.minuteAgo()).Run(content, Passphrase, "--armor", "--detach-sign",
		"--digest-algo", "SHA256", "--local-user", m.key(signer).Fingerprint+"!"))
}

// craft makes an OpenPGP message packet by packet.
func (m *maker) craft(content []byte, h handmade) []byte {
	if m.err != nil {
		return nil
	}
	if h.at.IsZero() {
		h.at = m.minuteAgo()
	}
	if h.to == nil {
		h.to = []*Key{m.key(SelfID + "/current")}
	}
	raw := m.keep(h.message(content))
	return m.keep(armored("PGP MESSAGE", func(w io.Writer) error { _, err := w.Write(raw); return err }))
}

// goCrypto seals as a program on go-crypto does.
func (m *maker) goCrypto(content []byte, signer string, to ...string) []byte {
	if m.err != nil {
		return nil
	}
	var keys []*Key
	for _, name := range to {
		keys = append(keys, m.key(name))
	}
	raw := m.keep(goCrypto(content, m.key(signer), m.minuteAgo(), keys...))
	return m.keep(armored("PGP MESSAGE", func(w io.Writer) error { _, err := w.Write(raw); return err }))
}

// dearmour returns the packets inside an armour.
func (m *maker) dearmour(text []byte) []byte {
	if m.err != nil {
		return nil
	}
	block, err := armor.Decode(bytes.NewReader(text))
	if err != nil {
		return m.keep(nil, err)
	}
	return m.keep(io.ReadAll(block.Body))
}

// card is the ordinary incident of the case.
func (m *maker) card() card {
	return card{kind: "incident", id: m.c.ReportID, revision: 1, reporter: m.c.Claimed, addressee: SelfID,
		at: m.w.Now, text: "Обнаружено заражение, Қазақша: әғқңөұүһі. " + m.c.Canary}
}

// entity is a MIME entity for people and for machines: a text and the
// documents given.
func (m *maker) entity(documents ...part) []byte { return m.entityWith("", documents...) }

// entityWith is an entity with protected header fields before its own.
func (m *maker) entityWith(protected string, documents ...part) []byte {
	hp := ""
	if protected != "" {
		hp = `; hp="cipher"; protected-headers="v1"`
	}
	parts := append([]part{textPart("Отчёт во вложении. " + m.c.Canary)}, documents...)
	return crlf(protected + "Content-Type: multipart/mixed; boundary=\"inner\"" + hp + "\n\n" + join("inner", parts...))
}

// mail puts the outer header of the case before content (header lines, empty
// line, body).
func (m *maker) mail(content string) []byte {
	return m.mailFrom(m.w.Person(nonEmpty(m.c.Claimed, "stranger")).Address(), content)
}

func (m *maker) mailFrom(from, content string) []byte {
	id := ""
	if m.c.MessageID != "" {
		id = "Message-ID: " + m.c.MessageID + "\n"
	}
	return crlf(fmt.Sprintf("From: %s\nTo: <%s>\nSubject: ...\nDate: %s\n%sMIME-Version: 1.0\n", from,
		m.w.Person(SelfID).Address(), m.minuteAgo().Format(time.RFC1123Z), id) + content)
}

func nonEmpty(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// crlf gives a text the line ends of the wire.
func crlf(s string) []byte {
	return []byte(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n"))
}

// pgpMIME is RFC 3156 section 4.
func pgpMIME(sealed []byte) string {
	return "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=\"outer\"\n\n" +
		join("outer", part{header: "Content-Type: application/pgp-encrypted", body: "Version: 1\n"},
			part{header: "Content-Type: application/octet-stream; name=\"encrypted.asc\"", body: string(sealed)})
}

// signedMIME is RFC 3156 section 5 around an entity that ends without a line
// end.
func signedMIME(entity, signature []byte) string {
	return "Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; micalg=\"pgp-sha256\"; boundary=\"signed\"\n\n" +
		"--signed\n" + string(entity) + "\n" + "--signed\nContent-Type: application/pgp-signature; name=\"signature.asc\"\n\n" +
		string(signature) + "\n--signed--\n"
}

// part is one part of a multipart.
type part struct{ header, body string }

func textPart(text string) part {
	return part{"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit", text + "\n"}
}

func jsonPart(document []byte) part { return documentPart("application/json", "report.json", document) }

func xmlPart(document []byte) part { return documentPart("application/xml", "report.xml", document) }

func documentPart(mediaType, name string, document []byte) part {
	return part{fmt.Sprintf("Content-Type: %s; charset=utf-8; name=%q\nContent-Disposition: attachment; filename=%q\n"+
		"Content-Transfer-Encoding: base64", mediaType, name, name), wrapped(document)}
}

// join writes parts between boundaries (RFC 2046 5.1.1).
func join(boundary string, parts ...part) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\n%s\n\n%s\n", boundary, p.header, p.body)
	}
	fmt.Fprintf(&b, "--%s--\n", boundary)
	return b.String()
}

// wrapped is base64 in lines of 76.
func wrapped(data []byte) string {
	text := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + "\n")
		text = text[76:]
	}
	return b.String() + text + "\n"
}
