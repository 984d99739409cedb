package crypto_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"almasu/crypto"
	"almasu/exchange"
)

// sealedReport is the report signed by SOC Alfa and sealed to us.
func sealedReport() []byte { return toUs(by(people().alfa).message(report)) }

func sealedEntity(headers ...string) []byte {
	return toUs(by(people().alfa).message(entity(headers...)))
}

// TestFormsThatOpen holds every form of DESIGN section 5 against the facts it
// must yield: opened, signed by SOC Alfa, all covered, the report in the payload.
func TestFormsThatOpen(t *testing.T) {
	c := people()
	inline := armored("PGP MESSAGE", sealedReport())
	nested := signedMIME(entity(), by(c.alfa).packet(entity()))
	clear := clearSigned(report, signing{by: c.alfa, text: true})
	for _, tc := range []struct {
		name string
		mail string
		form exchange.Form
		over string
	}{
		{"PGP/MIME, one operation", pgpMIME(sealedEntity()), exchange.FormMIME, "entity"},
		{"PGP/MIME without protocol parameter", strings.Replace(pgpMIME(sealedEntity()), ` protocol="application/pgp-encrypted";`, "", 1), exchange.FormMIME, "entity"},
		{"PGP/MIME whose delimiters are lost", strings.ReplaceAll(strings.Replace(pgpMIME(sealedEntity()), "; boundary=enc", "", 1), "--enc", "**enc"), exchange.FormMIME, "entity"},
		{"PGP/MIME rewritten by Exchange", exchangeRewrite(sealedEntity()), exchange.FormMIME, "entity"},
		{"PGP/MIME with a bare file inside", pgpMIME(sealedReport()), exchange.FormMIME, "file"},
		{"multipart/signed inside", pgpMIME(toUs(literal(nested))), exchange.FormMIME, "entity"},
		{"multipart/signed with LF inside", pgpMIME(toUs(literal(strings.ReplaceAll(nested, "\r\n", "\n")))), exchange.FormMIME, "entity"},
		{"old-style signature before the literal", pgpMIME(toUs(append(by(c.alfa).packet(entity()), literal(entity())...))), exchange.FormMIME, "entity"},
		{"text signature", pgpMIME(toUs(signing{by: c.alfa, text: true}.message(strings.ReplaceAll(entity(), "\r\n", "\n")))), exchange.FormMIME, "entity"},
		{"compressed", pgpMIME(toUs(zipped(by(c.alfa).message(entity())))), exchange.FormMIME, "entity"},
		{"signed around what is compressed", pgpMIME(toUs(bytes.Join([][]byte{onePass(c.alfa, packet.SigTypeBinary), zipped(literal(entity())), by(c.alfa).packet(entity())}, nil))), exchange.FormMIME, "entity"},
		{"inline", "Content-Type: text/plain\r\n\r\n" + inline, exchange.FormInline, "file"},
		{"inline with CRLF", "Content-Type: text/plain\r\n\r\n" + strings.ReplaceAll(inline, "\n", "\r\n"), exchange.FormInline, "file"},
		{"inline without any Content-Type", "\r\n" + inline, exchange.FormInline, "file"},
		{"inline, words around it", "Content-Type: text/plain\r\n\r\nGood day,\r\n\r\n" + inline + "\r\n-- \r\nduty officer\r\n", exchange.FormInline, "file"},
		{"inline, quoted-printable", "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
			strings.ReplaceAll(inline, "=", "=3D"), exchange.FormInline, "file"},
		{"inline, base64", "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			base64.StdEncoding.EncodeToString([]byte(inline)), exchange.FormInline, "file"},
		{"inline, format=flowed with blanks", "Content-Type: text/plain; format=flowed\r\n\r\n" + strings.ReplaceAll(inline, "\n", " \r\n"), exchange.FormInline, "file"},
		{"inline, armor headers", "Content-Type: text/plain\r\n\r\n" + strings.Replace(inline, "-----\n", "-----\nVersion: X 1\nComment: a: b\n", 1), exchange.FormInline, "file"},
		{"inline, no checksum", "Content-Type: text/plain\r\n\r\n" + withoutChecksum(inline), exchange.FormInline, "file"},
		{"attachment, binary", attachment("report.json.pgp", sealedReport()), exchange.FormAttachment, "file"},
		{"attachment, armored", attachment("report.json.asc", []byte(inline)), exchange.FormAttachment, "file"},
		{"attachment with an entity inside", attachment("mail.gpg", sealedEntity()), exchange.FormAttachment, "entity"},
		{"the whole mail is one file", "Content-Type: application/octet-stream; name=report.json.gpg\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
			base64.StdEncoding.EncodeToString(sealedReport()), exchange.FormAttachment, "file"},
		{"multipart/encrypted below a mailing list footer", "Content-Type: multipart/mixed; boundary=list\r\n\r\n--list\r\n" + pgpMIME(sealedEntity()) +
			"\r\n--list\r\n\r\nfooter\r\n--list--\r\n", exchange.FormAttachment, "entity"},
		{"signed first, then encrypted", attachment("report.json.gpg.gpg", toUs(literal(string(by(c.alfa).message(report))))), exchange.FormAttachment, "file"},
		{"signed and armored, then encrypted", "Content-Type: text/plain\r\n\r\n" +
			armored("PGP MESSAGE", toUs(literal(armored("PGP MESSAGE", by(c.alfa).message(report))))), exchange.FormInline, "file"},
		{"cleartext-signed, then encrypted", "Content-Type: text/plain\r\n\r\n" + armored("PGP MESSAGE", toUs(literal(clear))), exchange.FormInline, "file"},
		{"cleartext-signed body inside PGP/MIME", pgpMIME(toUs(literal("Content-Type: text/plain\r\n\r\n" + clear))), exchange.FormMIME, "file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := open(t, mail(tc.mail))
			s := o.Security
			if !s.Encrypted || !s.Integrity || s.DecryptError != "" || s.Form != tc.form || s.Cipher != "aes256-cfb-mdc" {
				t.Fatalf("%+v", s)
			}
			if s.Signature != exchange.SignatureValid || s.Covers != exchange.CoversAll || s.Outer || s.Owner != "soc-alfa" || s.Hash != "sha256" {
				t.Fatalf("%+v", s)
			}
			if !holds(o, report) {
				t.Errorf("payload %s", describePayload(o))
			}
			if o.Digest.Over != tc.over && tc.name != "cleartext-signed body inside PGP/MIME" {
				t.Errorf("digest over %s", o.Digest.Over)
			}
			if o.Protected.Present {
				t.Error("a protected header that nobody wrote")
			}
		})
	}
}

// holds: exactly one document of the payload is the report.
func holds(o crypto.Opened, want string) bool {
	n := 0
	for _, d := range o.Payload {
		if strings.TrimSpace(string(d.Body)) == want && d.MediaType == "application/json" {
			n++
		}
	}
	return n == 1
}

func describePayload(o crypto.Opened) string {
	var out []string
	for _, d := range o.Payload {
		out = append(out, fmt.Sprintf("%s %s %q: %q", d.Path, d.MediaType, d.Name, d.Body))
	}
	return strings.Join(out, "\n")
}

func withoutChecksum(block string) string {
	lines := strings.Split(block, "\n")
	for i, l := range lines {
		if len(l) == 5 && l[0] == '=' {
			return strings.Join(append(lines[:i], lines[i+1:]...), "\n")
		}
	}
	panic("no checksum")
}

func exchangeRewrite(packets []byte) string {
	return "Content-Type: multipart/mixed; boundary=ex\r\n\r\n--ex\r\nContent-Type: text/plain\r\n\r\n\r\n" +
		"--ex\r\nContent-Type: application/pgp-encrypted; name=\"PGPMIME version identification\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString([]byte("Version: 1\r\n")) + "\r\n" +
		"--ex\r\nContent-Type: application/octet-stream; name=encrypted.asc\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		base64.StdEncoding.EncodeToString([]byte(armored("PGP MESSAGE", packets))) + "\r\n--ex--\r\n"
}

// clearSigned is a cleartext-signed text (RFC 9580 section 7).
func clearSigned(text string, s signing) string {
	var escaped []string
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "-") {
			line = "- " + line
		}
		escaped = append(escaped, line)
	}
	signed := strings.ReplaceAll(strings.ReplaceAll(text, " \n", "\n"), "\n", "\r\n") // blanks at line ends are not signed
	return "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + strings.Join(escaped, "\n") + "\n" + armored("PGP SIGNATURE", s.packet(signed))
}
