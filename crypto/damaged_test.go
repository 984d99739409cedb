package crypto_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"almasu/exchange"
)

// exchanged is a multipart/mixed as Exchange makes of PGP/MIME.
func exchanged(parts ...string) string {
	return "Content-Type: multipart/mixed; boundary=ex\r\n\r\n--ex\r\n" + strings.Join(parts, "\r\n--ex\r\n") + "\r\n--ex--\r\n"
}

// TestDamagedOnTheWay holds what mail servers, relays and clients do to sealed
// mail against what must still come out of it.
func TestDamagedOnTheWay(t *testing.T) {
	block := armored("PGP MESSAGE", sealedReport())
	text := "Content-Type: text/plain; charset=us-ascii\r\n"
	lines := strings.Split(strings.TrimSpace(block), "\n")
	each := func(edit func(string) string) string {
		out := make([]string, len(lines))
		for i, l := range lines {
			out[i] = edit(l)
		}
		return strings.Join(out, "\r\n") + "\r\n"
	}
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	entityBlock := armored("PGP MESSAGE", sealedEntity())
	empty := "Content-Type: text/plain; charset=\"us-ascii\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
	version := "Content-Type: application/pgp-encrypted; name=\"PGPMIME version identification.dat\"\r\nContent-Disposition: attachment; filename=\"PGPMIME version identification.dat\"\r\n" +
		"Content-Description: PGP/MIME version identification\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64("Version: 1\r\n\r\n")
	cipher := func(mediaType, name string) string {
		return "Content-Type: " + mediaType + "; name=\"" + name + "\"\r\nContent-Disposition: attachment; filename=\"" + name + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64(entityBlock)
	}
	for _, tc := range []struct {
		name string
		mail string
		form exchange.Form
	}{
		{"CR alone ends lines", text + "\r\n" + strings.ReplaceAll(block, "\n", "\r"), exchange.FormInline},
		{"mixed line ends", text + "\r\n" + strings.Join(lines[:2], "\n") + "\n" + strings.Join(lines[2:4], "\r\n") + "\r\n" + strings.Join(lines[4:], "\n") + "\n", exchange.FormInline},
		{"blanks and tabs at line ends", text + "\r\n" + each(func(l string) string { return l + " \t" }), exchange.FormInline},
		{"indented by four blanks", text + "\r\n" + each(func(l string) string { return "    " + l }), exchange.FormInline},
		{"indented by a tab", text + "\r\nGood day\r\n\r\n" + each(func(l string) string { return "\t" + l }), exchange.FormInline},
		{"quoted", text + "\r\nOn Friday you wrote:\r\n" + each(func(l string) string { return "> " + l }), exchange.FormInline},
		{"quoted twice without blanks", text + "\r\n" + each(func(l string) string { return strings.TrimRight(">>"+l, " ") }), exchange.FormInline},
		{"quoted, empty lines bare", text + "\r\n" + each(func(l string) string { return strings.TrimRight("> "+l, " ") }), exchange.FormInline},
		{"no-break spaces at line ends", "Content-Type: text/plain; charset=utf-8\r\n\r\n" + each(func(l string) string { return l + "\u00a0" }), exchange.FormInline},
		{"byte order mark", "Content-Type: text/plain; charset=utf-8\r\n\r\n\ufeff" + block, exchange.FormInline},
		{"an empty line between all lines", text + "\r\n" + strings.Join(lines, "\r\n\r\n") + "\r\n", exchange.FormInline},
		{"no empty line after the first", text + "\r\n" + strings.Replace(block, "\n\n", "\n", 1), exchange.FormInline},
		{"armor header and no empty line", text + "\r\n" + strings.Replace(block, "\n\n", "\nVersion: GnuPG v1.4.2 (MingW32)\n", 1), exchange.FormInline},
		{"an empty line after the armor header twice", text + "\r\n" + strings.Replace(block, "\n\n", "\nComment: Using GnuPG with Outlook - https://x.example/\n \n\n", 1), exchange.FormInline},
		{"Hash and Charset headers", text + "\r\n" + strings.Replace(block, "\n\n", "\nCharset: koi8-r\nHash: SHA1\nMessageID: abc\n\n", 1), exchange.FormInline},
		{"wrong checksum", text + "\r\n" + strings.Replace(block, "\n=", "\n=AAAA\n-----END PGP MESSAGE-----\n#", 1), exchange.FormInline},
		{"checksum and end on one line", text + "\r\n" + joinLast(lines), exchange.FormInline},
		{"the end line is cut off", text + "\r\n" + strings.Join(lines[:len(lines)-1], "\r\n") + "\r\n", exchange.FormInline},
		{"the end line is cut off, a footer follows", text + "\r\n" + strings.Join(lines[:len(lines)-1], "\r\n") + "\r\n\r\n_______________\r\nThis message was scanned.\r\n", exchange.FormInline},
		{"footer of a scanner", text + "\r\n" + block + "\r\n-- \r\nThis e-mail and any files transmitted with it are confidential.\r\n", exchange.FormInline},
		{"banner before", text + "\r\n[EXTERNAL] Caution: this came from outside: do not click.\r\n\r\n" + block, exchange.FormInline},
		{"joined lines of 128", text + "\r\n" + rewrapped(lines, 128), exchange.FormInline},
		{"all on one line", text + "\r\n" + rewrapped(lines, 1<<20), exchange.FormInline},
		{"quoted-printable, soft breaks", text + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" +
			strings.ReplaceAll(strings.ReplaceAll(block, "=", "=3D"), "AA", "A=\r\nA"), exchange.FormInline},
		{"quoted-printable whose label is lost", text + "\r\n" + strings.ReplaceAll(strings.ReplaceAll(block, "=", "=3D"), "\n", "\r\n"), exchange.FormInline},
		{"quoted-printable, encoded dashes", text + "Content-Transfer-Encoding: Quoted-Printable\r\n\r\n" + strings.ReplaceAll(strings.ReplaceAll(block, "=", "=3D"), "-----", "=2D----"), exchange.FormInline},
		{"base64 in capitals", text + "Content-Transfer-Encoding: BASE64\r\n\r\n" + b64(block), exchange.FormInline},
		{"format=flowed, stuffed", "Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n" + each(func(l string) string { return " " + l }), exchange.FormInline},
		{"application/pgp, the old type", "Content-Type: application/pgp; format=text; x-action=encrypt\r\n\r\n" + block, exchange.FormInline},
		{"multipart/mixed with the text alone", exchanged(text + "\r\n" + block), exchange.FormAttachment},
		{"text and HTML of the same", strings.Replace(exchanged(text+"\r\n"+block, "Content-Type: text/html\r\n\r\n<pre>"+block+"</pre>"), "multipart/mixed", "multipart/alternative", 1), exchange.FormAttachment},

		{"HTML alone, preformatted", "Content-Type: text/html; charset=utf-8\r\n\r\n<html><head><title>x</title></head><body><p>Good day</p><pre>" + block + "</pre></body></html>", exchange.FormInline},
		{"HTML alone, line breaks", "Content-Type: text/html\r\n\r\n<HTML><BODY><DIV>" + each(func(l string) string { return l + "<BR>" }) + "</DIV></BODY></HTML>", exchange.FormInline},
		{"HTML alone, paragraphs as Outlook makes them", "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + strings.ReplaceAll("<html><head><style>p {x=y}</style></head><body><div class=\"WordSection1\">"+
			each(func(l string) string {
				return "<p class=\"MsoNormal\"><span lang=\"EN-US\">" + strings.ReplaceAll(l, "+", "&#43;") + "<o:p></o:p></span></p>"
			})+"<p class=\"MsoNormal\">&nbsp;</p></div></body></html>", "=", "=3D"), exchange.FormInline},

		{"Exchange: empty text, version, ciphertext", exchanged(empty, version, cipher("application/octet-stream", "encrypted.asc")), exchange.FormMIME},
		{"Exchange: without the empty text", exchanged(version, cipher("application/octet-stream", "encrypted.asc")), exchange.FormMIME},
		{"Exchange: version became application/octet-stream", exchanged(empty, strings.Replace(version, "application/pgp-encrypted", "application/octet-stream", 1),
			cipher("application/octet-stream", "encrypted.asc")), exchange.FormMIME},
		{"Exchange: version became text/plain", exchanged(empty, strings.Replace(version, "application/pgp-encrypted", "text/plain", 1),
			cipher("text/plain", "encrypted.asc")), exchange.FormMIME},
		{"Exchange: empty HTML instead of text", exchanged("Content-Type: text/html\r\n\r\n<html><head></head><body></body></html>", version, cipher("application/octet-stream", "encrypted.asc")), exchange.FormMIME},
		{"Exchange: empty text and empty HTML", exchanged(alternative(empty, "Content-Type: text/html\r\n\r\n<html><head>\r\n<meta name=3D\"x\" content=3D\"y\">\r\n<style>p {color: red}</style></head><body>\r\n<br>&nbsp;</body></html>"), version, cipher("application/octet-stream", "encrypted.asc")), exchange.FormMIME},
		{"Exchange: the order turned", exchanged(cipher("application/octet-stream", "encrypted.asc"), version, empty), exchange.FormMIME},
		{"Exchange: version is empty", exchanged(empty, strings.Replace(version, b64("Version: 1\r\n\r\n"), "", 1), cipher("application/octet-stream", "encrypted.asc")), exchange.FormMIME},
		{"Exchange: only the ciphertext is left", exchanged(empty, cipher("application/octet-stream", "encrypted.asc")), exchange.FormAttachment},
		{"ciphertext renamed by PGP Desktop", exchanged(empty, cipher("application/octet-stream", "PGPexch.htm.pgp")), exchange.FormAttachment},
		{"ciphertext renamed, unknown type", exchanged(empty, cipher("application/x-unknown", "PGPexch.htm.asc")), exchange.FormAttachment},
		{"ciphertext as application/pgp-encrypted", exchanged(empty, cipher("application/pgp-encrypted", "message.asc")), exchange.FormAttachment},
		{"the mail itself is application/pgp-encrypted", "Content-Type: application/pgp-encrypted\r\n\r\n" + entityBlock, exchange.FormAttachment},
		{"multipart/encrypted with blanks before the boundary's end", strings.Replace(pgpMIME(sealedEntity()), "boundary=enc", "boundary=\"enc\"; foo", 1), exchange.FormMIME},
		{"PGP/MIME, version says more", strings.Replace(pgpMIME(sealedEntity()), "Version: 1", "Version: 1\r\nComment: by a plugin", 1), exchange.FormMIME},
		{"PGP/MIME, preamble and epilogue", strings.Replace(pgpMIME(sealedEntity()), "--enc\r\n", "This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\r\n--enc\r\n", 1) + "footer of a relay\r\n", exchange.FormMIME},
		{"PGP/MIME, ciphertext in base64", strings.Replace(exchanged("Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1", cipher("application/octet-stream", "x")),
			"multipart/mixed", "multipart/encrypted", 1), exchange.FormMIME},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := open(t, mail(tc.mail))
			checkInvariants(t, o)
			s := o.Security
			if !s.Encrypted || !s.Integrity || s.DecryptError != "" || s.Form != tc.form {
				t.Fatalf("%+v", s)
			}
			if s.Signature != exchange.SignatureValid || s.Covers != exchange.CoversAll || s.Owner != "soc-alfa" || !holds(o, report) {
				t.Errorf("%+v\n%s", s, describePayload(o))
			}
		})
	}
}

func alternative(parts ...string) string {
	return "Content-Type: multipart/alternative; boundary=alt\r\n\r\n--alt\r\n" + strings.Join(parts, "\r\n--alt\r\n") + "\r\n--alt--\r\n"
}

// joinLast puts the checksum onto the last line of data.
func joinLast(lines []string) string {
	n := len(lines)
	return strings.Join(lines[:n-2], "\r\n") + lines[n-2] + "\r\n" + lines[n-1] + "\r\n"
}

// rewrapped folds the radix-64 lines to another width.
func rewrapped(lines []string, width int) string {
	n := len(lines)
	data := strings.Join(lines[2:n-2], "")
	out := []string{lines[0], ""}
	for len(data) > 0 {
		k := min(width, len(data))
		out, data = append(out, data[:k]), data[k:]
	}
	return strings.Join(append(out, lines[n-2], lines[n-1]), "\r\n") + "\r\n"
}
