package testmail

import "strings"

// good are messages that must be accepted: each a shape that some partner
// sends.
func good() []*Case {
	return []*Case{
		{Name: "good-pgp-mime", Comment: "PGP/MIME, signed and encrypted by gpg in one operation", Outcome: Accepted,
			build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{})))
			}},
		{Name: "good-card-xml", Comment: "the card as XML", Outcome: Accepted, build: func(m *maker) []byte {
			return m.mail(pgpMIME(m.seal(m.entity(xmlPart(m.card().xml())), sealing{})))
		}},
		{Name: "good-go-crypto", Comment: "key and message made by go-crypto, intended recipients named", Outcome: Accepted,
			Claimed: "soc-beta", build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.goCrypto(m.entity(jsonPart(m.card().json())), "soc-beta/current", "nccis/current", "soc-beta/current")))
			}},
		{Name: "good-intended-recipient", Comment: "bound by the intended-recipient fingerprint alone", Outcome: Accepted,
			Claimed: "soc-beta", build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.goCrypto(m.entity(jsonPart(m.unbound().json())), "soc-beta/current", "nccis/current")))
			}},
		{Name: "good-protected-to", Comment: "bound by the protected To alone", Outcome: Accepted, build: func(m *maker) []byte {
			return m.mail(pgpMIME(m.seal(m.entityWith(m.protected("soc-alfa", SelfID), jsonPart(m.unbound().json())), sealing{})))
		}},
		{Name: "good-unbound-accepted", Comment: "bound to nobody, and the participant's file says unbound: accept", Outcome: Accepted,
			Claimed: "soc-delta", build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.unbound().json())), sealing{signer: "soc-delta/current"})))
			}},
		{Name: "good-inline", Comment: "inline PGP in a text body", Outcome: Accepted, build: func(m *maker) []byte {
			return m.mail("Content-Type: text/plain; charset=us-ascii\n\n" + string(m.seal(m.card().json(), sealing{})))
		}},
		{Name: "good-inline-base64", Comment: "inline PGP under a transfer encoding, words around it", Outcome: Accepted,
			build: func(m *maker) []byte {
				body := "See below.\n\n" + string(m.seal(m.card().xml(), sealing{})) + "\n-- \nduty officer\n"
				return m.mail("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + wrapped([]byte(body)))
			}},
		{Name: "good-attachment-pgp", Comment: "plain mail with report.json.pgp, binary", Outcome: Accepted, build: func(m *maker) []byte {
			return m.mail(m.attached("application/octet-stream", "report.json.pgp", m.seal(m.card().json(), sealing{unarmour: true})))
		}},
		{Name: "good-attachment-asc", Comment: "plain mail with report.json.asc, armoured", Outcome: Accepted, build: func(m *maker) []byte {
			return m.mail(m.attached("application/pgp-encrypted", "report.json.asc", m.seal(m.card().json(), sealing{})))
		}},
		{Name: "good-attachment-gpg", Comment: "plain mail with report.xml.gpg, binary", Outcome: Accepted, build: func(m *maker) []byte {
			return m.mail(m.attached("application/octet-stream", "report.xml.gpg", m.seal(m.card().xml(), sealing{unarmour: true})))
		}},
		{Name: "good-nested", Comment: "multipart/signed inside multipart/encrypted (RFC 3156 6.1)", Outcome: Accepted,
			build: func(m *maker) []byte {
				entity := m.entity(jsonPart(m.card().json()))
				signed := crlf(signedMIME(entity, m.detached(entity, "")))
				return m.mail(pgpMIME(m.seal(signed, sealing{signer: "-"})))
			}},
		{Name: "good-hidden-recipient", Comment: "the recipient's key id is hidden", Outcome: Accepted, build: func(m *maker) []byte {
			return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{hidden: true})))
		}},
		{Name: "good-several-recipients", Comment: "sealed to another SOC and to the sender too", Outcome: Accepted,
			build: func(m *maker) []byte {
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())),
					sealing{to: []string{"soc-beta/current", "nccis/current", "soc-alfa/current"}})))
			}},
		{Name: "good-rsa", Comment: "an RSA-3072 key", Outcome: Accepted, Claimed: "soc-gamma", build: func(m *maker) []byte {
			return m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{signer: "soc-gamma/current"})))
		}},
		{Name: "good-outer-signature", Comment: "signed outside the encryption, and the participant's file says outer_signature: accept",
			Outcome: Accepted, Claimed: "soc-delta", build: func(m *maker) []byte {
				return m.mail(m.signedOutside("soc-delta/current"))
			}},
		{Name: "good-second-address", Comment: "from the second registered address of the signer", Outcome: Accepted,
			build: func(m *maker) []byte {
				return m.mailFrom("Duty officer <duty@SOC-Alfa.example>", pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{})))
			}},
		{Name: "good-junk-header-line", Comment: "a line that is no header field stands in the outer header", Outcome: Accepted,
			build: func(m *maker) []byte {
				return m.mail("this line is no header field\n" + pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{})))
			}},
		{Name: "good-no-closing-boundary", Comment: "the closing boundary was cut off, the ciphertext is whole", Outcome: Accepted,
			build: func(m *maker) []byte {
				return m.mail(strings.TrimSuffix(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{})), "--outer--\n"))
			}},
		{Name: "good-no-boundary", Comment: "the parameter boundary is missing: what is sealed stands in the text all the same", Outcome: Accepted,
			build: func(m *maker) []byte {
				return m.mail(strings.Replace(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{})), "; boundary=\"outer\"", "", 1))
			}},
		{Name: "good-bare-line-feeds", Comment: "a file with LF line ends, as mail programs save it", Outcome: Accepted,
			build: func(m *maker) []byte {
				mail := m.mail(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{})))
				return []byte(strings.ReplaceAll(string(mail), "\r\n", "\n"))
			}},
		{Name: "good-answer", Comment: "an answer of the prosecution body, which may send answers", Outcome: Accepted,
			Claimed: "prosecutor", build: func(m *maker) []byte {
				c := m.card()
				c.kind = "answer"
				return m.mail(pgpMIME(m.seal(m.entity(jsonPart(c.json())), sealing{signer: "prosecutor/current"})))
			}},
	}
}

// unbound is the card without its addressee.
func (m *maker) unbound() card {
	c := m.card()
	c.addressee = ""
	return c
}

// protected is the header inside the signature (RFC 9788).
func (m *maker) protected(from, to string) string {
	return "From: " + m.w.Person(from).Address() + "\nTo: " + m.w.Person(to).Address() +
		"\nSubject: Incident\nDate: " + m.minuteAgo().Format("Mon, 02 Jan 2006 15:04:05 -0700") + "\n"
}

// attached is a plain mail with one encrypted attachment.
func (m *maker) attached(mediaType, name string, sealed []byte) string {
	file := documentPart(mediaType, name, sealed)
	file.header = strings.Replace(file.header, "; charset=utf-8", "", 1)
	return "Content-Type: multipart/mixed; boundary=\"plain\"\n\n" + join("plain", textPart("Отчёт во вложении."), file)
}

// signedOutside is multipart/signed around multipart/encrypted without a
// signature inside.
func (m *maker) signedOutside(signer string) string {
	entity := crlf(pgpMIME(m.seal(m.entity(jsonPart(m.card().json())), sealing{signer: "-"})))
	return signedMIME(entity, m.detached(entity, signer))
}

// Another is one more good message under a name of its own, made by go-crypto
// in a millisecond: to stand between the bad ones, and for load.
func Another(name string) *Case {
	c := &Case{Name: name, Comment: "one more good message", Outcome: Accepted, Claimed: "soc-beta", build: func(m *maker) []byte {
		return m.mail(pgpMIME(m.goCrypto(m.entity(jsonPart(m.card().json())), "soc-beta/current", "nccis/current")))
	}}
	c.complete()
	return c
}

// Document is the card of an incident that a participant may submit, by its
// report id, with a canary in its free text.
func (w *World) Document(reporter, addressee, id string, asXML bool) (document []byte, secret string) {
	c := card{kind: "incident", id: id, revision: 1, reporter: reporter, addressee: addressee, at: w.Now,
		text: "Заражение рабочих станций. " + canary(id)}
	if asXML {
		return c.xml(), canary(id)
	}
	return c.json(), canary(id)
}
