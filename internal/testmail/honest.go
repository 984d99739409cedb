package testmail

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"almasu/exchange"
)

// Honest lists mail as partners' programs write it and networks leave it:
// accepted, or held for the right reason. The world must be certified.
func Honest() []*Case {
	all := slices.Concat(clients(), damaged(), notOurs(), leftovers())
	for _, c := range all {
		c.complete()
	}
	return all
}

// fine is a mail by SOC Alfa that must be accepted, under either scheme.
func fine(name, comment string, make func(m *maker, s scheme) []byte) []*Case {
	var out []*Case
	for _, s := range schemes() {
		out = append(out, fineUnder(s, name, comment, make))
	}
	return out
}

func fineUnder(s scheme, name, comment string, make func(m *maker, s scheme) []byte) *Case {
	return &Case{Name: "honest-" + name + "-" + string(s.encryption()), Comment: comment, Outcome: Accepted, Covers: exchange.CoversAll,
		Encryption: s.encryption(), build: func(m *maker) []byte { return make(m, s) }}
}

// usual is the usual sealed report of SOC Alfa, the content of a mail.
func (m *maker) usual(s scheme) string {
	return s.signed(m, m.entity(m.report("soc-alfa")), "soc-alfa/current")
}

// clients are mails in the manner of the programs partners use.
func clients() []*Case {
	return slices.Concat(written(), doubtful(), ignored())
}

// ignored are genuine mails in which somebody else's words or report stand where
// nothing is signed: they are accepted as if those were not there.
func ignored() []*Case {
	alfa := "soc-alfa/current"
	evil := func(m *maker) part {
		c := m.card()
		c.id = "R-of-nobody"
		return jsonPart(c.json())
	}
	text := func(p part) string { return p.header + "\n\n" + p.body }
	return slices.Concat(
		fine("clear-report-beside", "a report in clear beside the sealed one", func(m *maker, s scheme) []byte {
			return m.mail(string(mixed("mixed", evil(m), s.attach("report.json", s.file(m, m.card().json(), alfa)))))
		}),
		fine("clear-report-beside-mail", "a report in clear beside the whole sealed mail", func(m *maker, s scheme) []byte {
			return m.mail(string(mixed("mixed", evil(m), asPart(crlf(m.usual(s))), evil(m))))
		}),
		fine("preamble", "a report before the first boundary of multipart/signed", func(m *maker, s scheme) []byte {
			signed := string(s.clear(m, m.entity(m.report("soc-alfa")), alfa))
			return m.mail(s.mail(m, []byte(strings.Replace(signed, "\r\n\r\n", "\r\n\r\n"+string(crlf(text(evil(m)))), 1))))
		}),
		fine("epilogue", "a report behind the last boundary of multipart/signed", func(m *maker, s scheme) []byte {
			return m.mail(s.mail(m, append(s.clear(m, m.entity(m.report("soc-alfa")), alfa), crlf("--signed\n"+text(evil(m))+"\n--signed--\n")...)))
		}),
		fine("header-outside-signature", "fields on the unsigned header of multipart/signed", func(m *maker, s scheme) []byte {
			signed := s.clear(m, m.entity(m.report("soc-alfa")), alfa)
			return m.mail(s.mail(m, append(crlf("From: "+betaAddress+"\nTo: "+betaAddress+"\nAuto-Submitted: auto-replied\nMessage-ID: <x@y.example>\n"), signed...)))
		}),
		fine("outer-header", "To, Cc and Subject outside say something else", func(m *maker, s scheme) []byte {
			return m.mailFrom(alfaAddress+"\nCc: "+betaAddress+"\nX-Almasu-Report: R-of-nobody\nAuto-Submitted: auto-replied", m.usual(s))
		}),
		[]*Case{
			fineUnder(openPGP{}, "report-in-third-part", "a report as a third part of multipart/encrypted", func(m *maker, s scheme) []byte {
				return m.mail(strings.Replace(m.usual(s), "--outer--", "--outer\n"+text(evil(m))+"\n--outer--", 1))
			}),
			fineUnder(openPGP{}, "report-before-armour", "a report before the armour of an inline message", func(m *maker, s scheme) []byte {
				return m.mail("Content-Type: text/plain\n\n{\"almasu\":\"card/1\",\"report_id\":\"R-of-nobody\"}\n" + string(m.armour(s.file(m, m.card().json(), alfa))))
			}),
		},
	)
}

// doubtful are accepted with a finding.
func doubtful() []*Case {
	alfa := "soc-alfa/current"
	found := func(finding string, cases ...*Case) []*Case {
		for _, c := range cases {
			c.Finding = finding
		}
		return cases
	}
	pgp, smime := openPGP{}, sMIME{}
	return slices.Concat(
		found("signature-outside", fine("outside-by-stranger", "a gateway nobody knows signed outside", func(m *maker, s scheme) []byte {
			return m.mail(string(s.clear(m, crlf(m.usual(s)), "stranger/current")))
		})...),
		found("header-mismatch", fine("list-from", "a mailing list put its own address into From; the signed one counts", func(m *maker, s scheme) []byte {
			entity := m.entityWith(m.protected("soc-alfa", SelfID), m.report("soc-alfa"))
			return m.mailFrom("\"SOC Alfa via list\" <list@lists.example>", s.signed(m, entity, alfa))
		})...),
		found("nested-encryption", fine("nested-inside", "an encrypted file travels along, inside", func(m *maker, s scheme) []byte {
			return m.mail(s.signed(m, m.entity(m.report("soc-alfa"), s.attach("log.txt", s.file(m, []byte("журнал\n"), alfa))), alfa))
		})...),
		found("bad-transfer-encoding", fine("bad-base64-inside", "broken base64 of a picture inside", func(m *maker, s scheme) []byte {
			return m.mail(s.signed(m, m.entity(m.report("soc-alfa"), part{"Content-Type: image/png; name=x.png\nContent-Transfer-Encoding: base64", "iVBO****Rw0KGgo"}), alfa))
		})...),
		found("structure: missing-closing-boundary", fine("unclosed-inside", "the closing boundary is missing inside", func(m *maker, s scheme) []byte {
			entity := bytes.TrimSuffix(m.entity(m.report("soc-alfa")), []byte("--inner--\r\n"))
			return m.mail(s.signed(m, entity, alfa))
		})...),
		found("structure: junk-header-line", fine("junk-inside", "a line that is no field inside", func(m *maker, s scheme) []byte {
			return m.mail(s.signed(m, append([]byte("no field\r\n"), m.entity(m.report("soc-alfa"))...), alfa))
		})...),
		found("structure: duplicate-content-type", fine("duplicate-type", "Content-Type twice, the same", func(m *maker, s scheme) []byte {
			content := m.usual(s)
			line, _, _ := strings.Cut(content, "\r\n")
			if s.encryption() == exchange.EncryptionOpenPGP {
				line, _, _ = strings.Cut(content, "\n")
			}
			return m.mail(line + "\n" + content)
		})...),
		found("structure: missing-boundary-parameter", fine("no-boundary-inside", "the boundary parameter is missing inside", func(m *maker, s scheme) []byte {
			return m.mail(s.signed(m, bytes.Replace(m.entity(m.report("soc-alfa")), []byte("; boundary=\"inner\""), nil, 1), alfa))
		})...),
		found("structure: bad-content-type", fine("bad-type-inside", "a Content-Type nobody can read inside", func(m *maker, s scheme) []byte {
			return m.mail(s.signed(m, m.entity(part{"Content-Type: text", "x"}, m.report("soc-alfa")), alfa))
		})...),
		found("several-encrypted-parts", fine("two-files", "a report and a log, each a sealed file", func(m *maker, s scheme) []byte {
			return m.mail(string(mixed("mixed", textPart("Отчёт"), s.attach("report.json", s.file(m, m.card().json(), alfa)), s.attach("log.txt", s.file(m, []byte("журнал\n"), alfa)))))
		})...),
		found("text-around-armor", fineUnder(pgp, "words-around", "words around the armour", func(m *maker, s scheme) []byte {
			return m.mail("Content-Type: text/plain\n\nHello,\n\n" + string(m.armour(s.file(m, m.card().json(), alfa))) + "\nBye\n")
		})),
		found("parts-beside-encryption", fineUnder(pgp, "third-part", "a gateway put a third part into multipart/encrypted", func(m *maker, s scheme) []byte {
			return m.mail(strings.Replace(m.usual(s), "--outer--", "--outer\nContent-Type: text/plain\n\nscanned\n--outer--", 1))
		})),
		found("other-signature", fineUnder(smime, "second-signer", "countersigned by a colleague nobody knows", func(m *maker, s scheme) []byte {
			return m.mail(s.signed(m, m.entity(m.report("soc-alfa")), alfa, "stranger/current"))
		})),
		found("other-signature", fineUnder(pgp, "second-signer", "signed by a colleague nobody knows as well", func(m *maker, s scheme) []byte {
			return m.mail(s.signed(m, m.entity(m.report("soc-alfa")), alfa, "stranger/current"))
		})),
		found("charset-detected", fine("charset-missing", "windows-1251 in a text part, and nothing says so", func(m *maker, s scheme) []byte {
			c := m.card()
			c.text = "Обнаружено заражение рабочих станций вредоносной программой, меры приняты. " + m.c.Canary
			body := m.keep(charmap.Windows1251.NewEncoder().Bytes(c.json()))
			return m.mail(s.signed(m, m.entity(part{"Content-Type: text/plain\nContent-Transfer-Encoding: base64", wrapped(body)}), alfa))
		})...),
		found("digest-not-listed", fineUnder(smime, "digest-not-listed", "the digest of the signature is not announced", func(m *maker, s scheme) []byte {
			d := signedData{content: m.entity(m.report("soc-alfa")), signers: m.signers(alfa), noDigests: true}
			return m.mail(s.mail(m, pkcs7("signed-data", m.cms(d))))
		})),
		found("other-signature", fine("second-participant", "signed by another participant as well, whose signature comes first", func(m *maker, s scheme) []byte {
			return m.mail(s.signed(m, m.entity(m.report("soc-alfa")), "soc-beta/current", alfa))
		})...),
		found("other-signature", fine("second-participant-protected", "the same, and the signed From says whose it is", func(m *maker, s scheme) []byte {
			entity := m.entityWith(m.protected("soc-alfa", SelfID), m.report("soc-alfa"))
			return m.mailFrom(betaAddress, s.signed(m, entity, "soc-beta/current", alfa))
		})...),
		found("other-signature", fineUnder(pgp, "signed-file-inside", "a file signed by gpg --sign, inside a signed mail", func(m *maker, s scheme) []byte {
			file := documentPart("application/octet-stream", "report.json.gpg", m.message(m.card().json(), alfa))
			return m.mail(s.signed(m, m.entity(file), alfa))
		})),
		found("compressed-data", fineUnder(smime, "bad-compressed", "compressed data nobody can read travels along", func(m *maker, s scheme) []byte {
			return m.mail(s.signed(m, m.entity(m.report("soc-alfa"), asPart(pkcs7("compressed-data", seq(objectID("1.2.840.113549.1.9.16.1.9"))))), alfa))
		})),
	)
}

// written are mails in the manner of the programs partners use.
func written() []*Case {
	pgp, smime := openPGP{}, sMIME{}
	alfa := "soc-alfa/current"
	inside := func(m *maker, header string) []byte {
		return crlf("Content-Type: multipart/mixed; boundary=\"------------in\"; protected-headers=\"v1\"\n" + header + "\n--------------in\n" +
			"Content-Type: multipart/mixed; boundary=\"------------deep\"\n\n--------------deep\nContent-Type: text/plain; charset=UTF-8; format=flowed\n" +
			"Content-Transfer-Encoding: base64\n\n0J7RgtGH0ZHRgg==\n\n--------------deep\n" + m.report("soc-alfa").header + "\n\n" + m.report("soc-alfa").body +
			"\n--------------deep--\n\n--------------in--\n")
	}
	return slices.Concat(
		fine("protected-legacy", "RFC 9788 with a legacy display part and HP-Outer", func(m *maker, s scheme) []byte {
			header := m.protected("soc-alfa", SelfID) + "HP-Outer: From: <" + alfaAddress + ">\nHP-Outer: Subject: [...]\n"
			legacy := part{"Content-Type: text/plain; charset=utf-8; hp-legacy-display=\"1\"", "Subject: Incident\n\nОтчёт во вложении\n"}
			entity := crlf(header + "Content-Type: multipart/mixed; boundary=\"inner\"; hp=\"cipher\"\n\n" + join("inner", legacy, m.report("soc-alfa")))
			return m.mail(s.signed(m, entity, alfa))
		}),
		fine("html-alternative", "text and HTML as alternatives, the report beside them", func(m *maker, s scheme) []byte {
			words := asPart(mixed("alternative", textPart("Отчёт"), part{"Content-Type: text/html; charset=utf-8", "<html><body><p>Отчёт</p></body></html>"}))
			words = asPart([]byte(strings.ReplaceAll(strings.ReplaceAll(words.header+"\n\n"+words.body, "mixed\"", "alt\""), "--mixed", "--alt")))
			return m.mail(s.signed(m, mixed("mixed", words, m.report("soc-alfa")), alfa))
		}),
		fine("tnef", "Outlook's winmail.dat beside the report", func(m *maker, s scheme) []byte {
			tnef := part{"Content-Type: application/ms-tnef; name=\"winmail.dat\"\nContent-Transfer-Encoding: base64", wrapped([]byte("\x78\x9f\x3e\x22\x01\x00\x01\x06\x90\x08\x00"))}
			return m.mail(s.signed(m, mixed("mixed", textPart("Отчёт"), tnef, m.report("soc-alfa")), alfa))
		}),
		fine("twice-signed", "multipart/signed around multipart/signed, by the same", func(m *maker, s scheme) []byte {
			return m.mail(s.signed(m, s.clear(m, m.entity(m.report("soc-alfa")), alfa), alfa))
		}),
		fine("triple", "signed, sealed, signed outside", func(m *maker, s scheme) []byte {
			return m.mail(string(s.clear(m, crlf(m.usual(s)), alfa)))
		}),
		fine("single-part", "the report alone, without a multipart", func(m *maker, s scheme) []byte {
			p := m.report("soc-alfa")
			return m.mail(s.signed(m, crlf(p.header+"\n\n"+p.body), alfa))
		}),
		fine("octet-stream", "the report as application/octet-stream by a script", func(m *maker, s scheme) []byte {
			return m.mail(s.signed(m, m.entity(documentPart("application/octet-stream", "report.json", m.card().json())), alfa))
		}),
		fine("text-report", "the report as text/plain, quoted-printable", func(m *maker, s scheme) []byte {
			return m.mail(s.signed(m, crlf("Content-Type: text/plain; charset=utf-8; name=report.json\nContent-Transfer-Encoding: quoted-printable\n\n"+quoted(m.card().json())), alfa))
		}),
		fine("bare-file", "a bare file sealed as the mail itself", func(m *maker, s scheme) []byte {
			return m.mail(s.signed(m, m.card().xml(), alfa))
		}),
		fine("clear-bare-file", "a bare file signed as a script signs it, without a header of its own", func(m *maker, s scheme) []byte {
			return m.mail(s.mail(m, s.clear(m, crlf(string(m.card().json())), alfa)))
		}),
		fine("clear-bare-line", "the same, in one line", func(m *maker, s scheme) []byte {
			var line bytes.Buffer
			m.keep(nil, json.Compact(&line, m.card().json()))
			return m.mail(s.mail(m, s.clear(m, line.Bytes(), alfa)))
		}),
		fine("list-footer", "a mailing list put a footer under it", func(m *maker, s scheme) []byte {
			return m.mail(string(mixed("mixed", asPart(crlf(m.usual(s))), part{"Content-Type: text/plain; charset=us-ascii\nContent-Disposition: inline", "_____\nsoc mailing list\n"})))
		}),
		fine("antivirus-banner", "a scanner put a banner before it", func(m *maker, s scheme) []byte {
			return m.mail(string(mixed("mixed", part{"Content-Type: text/html", "<p>ВНИМАНИЕ: внешнее письмо</p>"}, asPart(crlf(m.usual(s))))))
		}),
		fine("koi8-header", "the header in KOI8-R, encoded and raw", func(m *maker, s scheme) []byte {
			return m.mailFrom("=?koi8-r?B?79TexdQ=?= <"+alfaAddress+">\nSubject: \xef\xd4\xde\xc5\xd4\nX-Mailer: The Bat! (v3.0)", m.usual(s))
		}),
		fine("cp1251-header", "a raw display name in windows-1251", func(m *maker, s scheme) []byte {
			return m.mailFrom("\"\xce\xf2\xe4\xe5\xeb \xc8\xc1\" <"+alfaAddress+">", m.usual(s))
		}),
		fine("utf8-header", "a raw display name in UTF-8, not quoted", func(m *maker, s scheme) []byte {
			return m.mailFrom("ТОО «Альфа», дежурный <"+alfaAddress+">", m.usual(s))
		}),
		fine("address-as-name", "the address as its own display name, not quoted", func(m *maker, s scheme) []byte {
			return m.mailFrom(alfaAddress+" <"+alfaAddress+">", m.usual(s))
		}),
		fine("quotes-in-name", "a name half in quotes, with a comma", func(m *maker, s scheme) []byte {
			return m.mailFrom("ТОО \"Альфа\", дежурный <"+alfaAddress+">", m.usual(s))
		}),
		fine("resent", "traces of a long way", func(m *maker, s scheme) []byte {
			trace := strings.Repeat("\nReceived: from a.example (a.example [192.0.2.1])\n\tby b.example (8.14/8.14) with ESMTP id x;\n\tFri, 27 Nov 2026 09:00:00 +0500", 40)
			return m.mailFrom(alfaAddress+trace+"\nResent-From: list@lists.example\nSender: list@lists.example\nList-Id: <soc.lists.example>\nPrecedence: list", m.usual(s))
		}),
		fine("capitals", "names and types in capitals", func(m *maker, s scheme) []byte {
			content := strings.NewReplacer("Content-Type", "CONTENT-TYPE", "multipart/encrypted", "MULTIPART/Encrypted", "protocol=", "PROTOCOL=", "boundary=", "Boundary=",
				"application/pkcs7-mime", "Application/X-PKCS7-MIME", "base64", "BASE64").Replace(m.usual(s))
			return m.mail(content)
		}),
		fine("no-mime-version", "MIME-Version is missing", func(m *maker, s scheme) []byte {
			return bytes.Replace(m.mail(m.usual(s)), []byte("MIME-Version: 1.0\r\n"), nil, 1)
		}),
		fine("long-header", "a References of 100 KB, folded", func(m *maker, s scheme) []byte {
			return m.mailFrom(alfaAddress+"\nReferences: "+strings.Repeat("<0123456789@soc-alfa.example>\n ", 3000)+"<x@y.example>", m.usual(s))
		}),
		crossed(),
		[]*Case{
			fineUnder(pgp, "thunderbird", "Thunderbird: memory-hole headers, an epilogue, its key attached", func(m *maker, s scheme) []byte {
				entity := inside(m, "From: SOC Alfa <"+alfaAddress+">\nTo: "+m.w.Person(SelfID).Address()+"\nMessage-ID: <tb@soc-alfa.example>\nSubject: =?UTF-8?B?0J7RgtGH0ZHRgg==?=\n")
				sealed := string(m.armour(m.encrypt(m.message(entity, alfa), SelfID, "soc-alfa")))
				return m.mail("User-Agent: Mozilla Thunderbird\nContent-Language: ru\nContent-Type: multipart/encrypted;\n protocol=\"application/pgp-encrypted\";\n boundary=\"------------x\"\n\n" +
					"This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\n--------------x\nContent-Type: application/pgp-encrypted\nContent-Description: PGP/MIME version identification\n\nVersion: 1\n\n" +
					"--------------x\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\nContent-Description: OpenPGP encrypted message\nContent-Disposition: inline; filename=\"encrypted.asc\"\n\n" +
					sealed + "\n--------------x--\n")
			}),
			fineUnder(pgp, "mutt", "Mutt: traditional armour headers, quoted-printable inside", func(m *maker, s scheme) []byte {
				sealed := strings.Replace(string(m.armour(m.encrypt(m.message(m.entity(m.report("soc-alfa")), alfa), SelfID))), "-----\n", "-----\nVersion: GnuPG v1\nComment: Отчёт\n", 1)
				return m.mail("Content-Disposition: inline\nUser-Agent: Mutt/2.2\n" + pgpMIME([]byte(sealed)))
			}),
			fineUnder(pgp, "k9-inline", "K-9: inline PGP, format=flowed", func(m *maker, s scheme) []byte {
				sealed := string(m.armour(m.encrypt(m.message(m.card().json(), alfa), SelfID)))
				return m.mail("Content-Type: text/plain;\n charset=utf-8; format=flowed; delsp=yes\nContent-Transfer-Encoding: 7bit\n\n" + strings.ReplaceAll(sealed, "\n-----END", "\n-----END"))
			}),
			fineUnder(pgp, "mailvelope", "a web mailer: inline PGP as text and as HTML", func(m *maker, s scheme) []byte {
				sealed := string(m.armour(m.encrypt(m.message(m.card().json(), alfa), SelfID)))
				return m.mail(string(mixed("alternative", part{"Content-Type: text/plain; charset=\"UTF-8\"\nContent-Transfer-Encoding: quoted-printable", strings.ReplaceAll(sealed, "=", "=3D")},
					part{"Content-Type: text/html; charset=\"UTF-8\"", "<div>" + strings.ReplaceAll(sealed, "\n", "<br>\n") + "</div>"})))
			}),
			fineUnder(pgp, "html-only", "inline PGP that a mailer made HTML of", func(m *maker, s scheme) []byte {
				sealed := string(m.armour(m.encrypt(m.message(m.card().json(), alfa), SelfID)))
				return m.mail("Content-Type: text/html; charset=utf-8\n\n<html><head><title>x</title></head><body><p>Отчёт:</p>\n<div>" +
					strings.ReplaceAll(strings.ReplaceAll(sealed, "+", "&#43;"), "\n", "<br>\n") + "</div></body></html>\n")
			}),
			fineUnder(pgp, "kleopatra-file", "Kleopatra: a sealed file with a name of RFC 2231", func(m *maker, s scheme) []byte {
				file := documentPart("application/octet-stream", "x", s.file(m, m.card().json(), alfa))
				file.header = "Content-Type: application/octet-stream\nContent-Disposition: attachment;\n filename*0*=koi8-r''%EF%D4%DE;\n filename*1*=%C5%D4.json.gpg\nContent-Transfer-Encoding: base64"
				return m.mail(string(mixed("mixed", textPart("Отчёт"), file)))
			}),
			fineUnder(pgp, "armoured-file", "an armoured file under a text label", func(m *maker, s scheme) []byte {
				return m.mail(string(mixed("mixed", textPart("Отчёт"), part{"Content-Type: text/plain; name=\"report.json.asc\"\nContent-Disposition: attachment; filename=\"report.json.asc\"", string(m.armour(s.file(m, m.card().json(), alfa)))})))
			}),
			fineUnder(smime, "outlook", "Outlook: x-pkcs7-mime without smime-type", func(m *maker, s scheme) []byte {
				content := strings.Replace(m.usual(s), "application/pkcs7-mime; smime-type=authEnveloped-data;", "application/x-pkcs7-mime;", 1)
				return m.mail("X-Mailer: Microsoft Outlook 16.0\nThread-Index: AQHa\nContent-Language: ru\nX-MS-Has-Attach: yes\n" + content)
			}),
			fineUnder(smime, "gateway-label", "a gateway's label: application/octet-stream; name=smime.p7m", func(m *maker, s scheme) []byte {
				return m.mail(strings.Replace(m.usual(s), "application/pkcs7-mime; smime-type=authEnveloped-data;", "application/octet-stream;", 1))
			}),
			fineUnder(smime, "outlook-cbc", "Outlook: clear signed, sealed with AES-CBC", func(m *maker, s scheme) []byte {
				return m.mail(string(pkcs7("enveloped-data", m.envelope(s.clear(m, m.entity(m.report("soc-alfa")), alfa), envelope{}))))
			}),
			fineUnder(smime, "cbc-opaque", "opaque signed, sealed with AES-CBC to two", func(m *maker, s scheme) []byte {
				e := envelope{to: []*Certificate{m.certificate("soc-gamma/current"), m.certificate(SelfID + "/current")}}
				return m.mail(string(pkcs7("enveloped-data", m.envelope(s.opaque(m, m.entity(m.report("soc-alfa")), alfa), e))))
			}),
			fineUnder(smime, "x-signature", "the old x- labels inside", func(m *maker, s scheme) []byte {
				signed := strings.ReplaceAll(string(s.clear(m, m.entity(m.report("soc-alfa")), alfa)), "application/pkcs7-signature", "application/x-pkcs7-signature")
				return m.mail(s.mail(m, []byte(signed)))
			}),
			fineUnder(smime, "openssl-lf", "openssl: line ends of the file, signed in canonical form", func(m *maker, s scheme) []byte {
				signed := strings.ReplaceAll(string(s.clear(m, m.entity(m.report("soc-alfa")), alfa)), "\r\n", "\n")
				return m.mail(s.mail(m, []byte(signed)))
			}),
			fineUnder(smime, "no-certificates", "no certificates along: the register has them", func(m *maker, s scheme) []byte {
				d := signedData{content: m.entity(m.report("soc-alfa")), signers: m.signers(alfa), noCerts: true}
				return m.mail(s.mail(m, pkcs7("signed-data", m.cms(d))))
			}),
			fineUnder(smime, "opaque-nested", "an opaque signature one multipart down, alone in it", func(m *maker, s scheme) []byte {
				return m.mail(s.mail(m, mixed("mixed", asPart(s.opaque(m, m.entity(m.report("soc-alfa")), alfa)))))
			}),
		},
	)
}

// crossed are mails signed under one scheme and sealed under the other.
func crossed() []*Case {
	var out []*Case
	for i, s := range schemes() {
		other := schemes()[1-i]
		c := fineUnder(s, "other-scheme-signature", "signed under the other scheme inside", func(m *maker, s scheme) []byte {
			return m.mail(s.mail(m, other.clear(m, m.entity(m.report("soc-alfa")), "soc-alfa/current")))
		})
		c.scheme = other.encryption()
		out = append(out, c)
	}
	return out
}

// quoted is quoted-printable of every octet that is no letter or digit.
func quoted(b []byte) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i, c := range b {
		if i%24 == 23 {
			out.WriteString("=\n")
		}
		out.WriteString(string([]byte{'=', hex[c>>4], hex[c&15]}))
	}
	return out.String() + "\n"
}

// damaged are honest mails that something on the way did not leave alone, and
// that can be read all the same.
func damaged() []*Case {
	changed := func(name, comment string, change func(mail []byte) []byte) []*Case {
		return fine(name, comment, func(m *maker, s scheme) []byte {
			mail := m.mail(m.usual(s))
			if m.err != nil {
				return nil
			}
			return change(mail)
		})
	}
	replace := func(old, by string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(old), []byte(by)) }
	}
	before := func(s string) func([]byte) []byte { return func(b []byte) []byte { return append([]byte(s), b...) } }
	after := func(s string) func([]byte) []byte { return func(b []byte) []byte { return append(b, s...) } }
	wide := func(order string) func([]byte) []byte {
		return func(b []byte) []byte {
			out := []byte(map[string]string{"le": "\xff\xfe", "be": "\xfe\xff"}[order])
			for _, u := range utf16.Encode([]rune(string(b))) {
				if order == "le" {
					out = append(out, byte(u), byte(u>>8))
				} else {
					out = append(out, byte(u>>8), byte(u))
				}
			}
			return out
		}
	}
	return slices.Concat(
		changed("lf", "LF line ends", replace("\r\n", "\n")),
		changed("cr", "CR line ends", replace("\r\n", "\r")),
		changed("cr-cr-lf", "every line end written twice over", replace("\r\n", "\r\r\n")),
		changed("mbox-from", "the From line of an mbox first", before("From alfa Fri Nov 27 09:00:00 2026\r\n")),
		changed("escaped-from", "an escaped From line first", before(">From alfa Fri Nov 27 09:00:00 2026\r\n")),
		changed("blank-first", "blank lines first", before("\r\n\r\n  \r\n")),
		changed("bom", "a byte order mark first", before("\xef\xbb\xbf")),
		changed("utf16le", "saved as UTF-16", wide("le")),
		changed("utf16be", "saved as UTF-16, big end first", wide("be")),
		changed("dos-end", "the end mark of DOS behind it", after("\x1a")),
		changed("nul-end", "zeros behind it", after(strings.Repeat("\x00", 512))),
		changed("signature-end", "words behind the end of the mail", after("\r\n-- \r\nScanned by nobody in particular\r\n")),
		changed("junk-line", "a line that is no field in the header", replace("Subject:", "???\r\nSubject:")),
		changed("bad-header-octets", "octets of no charset in a header", replace("Subject: ...", "Subject: \xff\xfe\x80")),
		changed("duplicate-fields", "To, Subject and Date twice", before("To: somebody@else.example\r\nSubject: first\r\nDate: not a date\r\n")),
		changed("space-before-colon", "a blank before the colon", replace("Content-Type:", "Content-Type :")),
		changed("trailing-blanks", "blanks at the end of every line", func(b []byte) []byte {
			return regexp.MustCompile(`([^\r\n])\r\n`).ReplaceAll(b, []byte("$1 \r\n"))
		}),
		changed("base64-blanks", "more line breaks in the base64", func(b []byte) []byte {
			at := len(b) * 2 / 3
			for b[at-1] == '\n' || b[at] == '\r' || b[at] == '\n' {
				at++
			}
			return append(append(bytes.Clone(b[:at]), "\r\n"...), b[at:]...)
		}),
	)
}

// heldUnder is an honest mail that must be held.
func heldUnder(s scheme, name, comment string, code exchange.Code, w want, make func(m *maker, s scheme) []byte) *Case {
	c := &Case{Name: "honest-" + name + "-" + string(s.encryption()), Comment: comment, Outcome: Held, Code: code, Signature: w.signature,
		Covers: w.covers, Signer: w.signer, Participant: w.participant, Claimed: nonEmpty(w.claimed, "soc-alfa"), Encryption: s.encryption(),
		scheme: s.encryption(), build: func(m *maker) []byte { return make(m, s) }}
	if w.clear {
		c.Encryption = exchange.EncryptionNone
	}
	return c
}

// notOurs are honest mails that must be held, with everything that can be told
// of them told.
func notOurs() []*Case {
	held := func(name, comment string, code exchange.Code, w want, make func(m *maker, s scheme) []byte) []*Case {
		var out []*Case
		for _, s := range schemes() {
			out = append(out, heldUnder(s, name, comment, code, w, make))
		}
		return out
	}
	pgpHeld := func(name, comment string, code exchange.Code, w want, make func(m *maker, s scheme) []byte) *Case {
		return heldUnder(openPGP{}, name, comment, code, w, make)
	}
	alfa := "soc-alfa/current"
	openSigned := want{clear: true, signature: exchange.SignatureValid, covers: exchange.CoversAll, signer: alfa, participant: "soc-alfa"}
	openPart := want{clear: true, signature: exchange.SignatureIsPartial, covers: exchange.CoversPart, signer: alfa}
	return slices.Concat(
		held("signed-only", "signed, not encrypted", exchange.NotEncrypted, openSigned, func(m *maker, s scheme) []byte {
			return m.mail(string(s.clear(m, m.entity(m.report("soc-alfa")), alfa)))
		}),
		held("signed-only-opaque", "signed in one part, not encrypted", exchange.NotEncrypted, openSigned, func(m *maker, s scheme) []byte {
			return m.mail(string(s.opaque(m, m.entity(m.report("soc-alfa")), alfa)))
		}),
		held("signed-only-lf", "signed, not encrypted, with LF", exchange.NotEncrypted, openSigned, func(m *maker, s scheme) []byte {
			return bytes.ReplaceAll(m.mail(string(s.clear(m, m.entity(m.report("soc-alfa")), alfa))), []byte("\r\n"), []byte("\n"))
		}),
		held("signed-only-bare", "a bare file signed as a script signs it, not encrypted", exchange.NotEncrypted, openSigned, func(m *maker, s scheme) []byte {
			return m.mail(string(s.clear(m, crlf(string(m.card().json())), alfa)))
		}),
		held("signed-only-footer", "signed, not encrypted, a list's footer below", exchange.NotEncrypted, openPart, func(m *maker, s scheme) []byte {
			return m.mail(string(mixed("mixed", asPart(s.clear(m, m.entity(m.report("soc-alfa")), alfa)), part{"Content-Type: text/plain", "list\n"})))
		}),
		held("signed-only-unclosed", "signed, not encrypted, the closing boundary is lost", exchange.NotEncrypted, openSigned, func(m *maker, s scheme) []byte {
			return []byte(strings.Replace(string(m.mail(string(s.clear(m, m.entity(m.report("soc-alfa")), alfa)))), "--signed--", "", 1))
		}),
		held("signed-only-changed", "signed, not encrypted, changed on the way", exchange.NotEncrypted,
			want{clear: true, signature: exchange.SignatureIsInvalid, covers: exchange.CoversAll, signer: alfa}, func(m *maker, s scheme) []byte {
				return []byte(strings.Replace(string(m.mail(string(s.clear(m, m.entity(m.report("soc-alfa")), alfa)))), "вложении", "вложений", 1))
			}),
		held("signed-only-stranger", "signed by a stranger, not encrypted", exchange.NotEncrypted,
			want{clear: true, signature: exchange.SignatureUnknownSigner, covers: exchange.CoversAll, signer: "stranger/current", claimed: "nobody"}, func(m *maker, s scheme) []byte {
				return m.mail(string(s.clear(m, m.entity(m.report("soc-alfa")), "stranger/current")))
			}),
		held("sealed-only", "sealed, nobody signed it", exchange.Unsigned, want{signature: exchange.SignatureNone, covers: exchange.CoversNone}, func(m *maker, s scheme) []byte {
			return m.mail(s.mail(m, m.entity(m.report("soc-alfa"))))
		}),
		held("sealed-file-only", "a sealed file, nobody signed it", exchange.Unsigned, want{signature: exchange.SignatureNone, covers: exchange.CoversNone}, func(m *maker, s scheme) []byte {
			return m.mail(string(mixed("mixed", textPart("Отчёт"), s.attach("report.json", s.file(m, m.card().json(), "")))))
		}),
		held("to-another", "sealed to somebody else", exchange.CannotDecrypt, want{signature: exchange.SignatureNone, covers: exchange.CoversNone}, func(m *maker, s scheme) []byte {
			return m.mail(s.sealed(m, m.entity(m.report("soc-alfa")), "soc-gamma", alfa))
		}),
		held("to-another-signed-outside", "sealed to somebody else, signed outside", exchange.CannotDecrypt,
			want{signature: exchange.SignatureValid, covers: exchange.CoversPart, signer: alfa, participant: "soc-alfa"}, func(m *maker, s scheme) []byte {
				return m.mail(string(s.clear(m, crlf(s.sealed(m, m.entity(m.report("soc-alfa")), "soc-gamma", alfa)), alfa)))
			}),
		held("unbound", "sealed and signed, bound to nobody", exchange.RecipientUnbound,
			want{signature: exchange.SignatureValid, covers: exchange.CoversAll, signer: alfa, participant: "soc-alfa"}, func(m *maker, s scheme) []byte {
				return m.mail(s.signed(m, m.entity(jsonPart(m.unbound().json())), alfa))
			}),
		[]*Case{pgpHeld("signed-file", "a file signed by gpg --sign beside words, not encrypted", exchange.NotEncrypted, openPart, func(m *maker, s scheme) []byte {
			return m.mail(m.attached("application/octet-stream", "report.json.gpg", m.message(m.card().json(), alfa)))
		}), pgpHeld("signed-file-only", "the whole mail is a file signed by gpg --sign", exchange.NotEncrypted, openSigned, func(m *maker, s scheme) []byte {
			file := documentPart("application/octet-stream", "report.json.gpg", m.message(m.card().json(), alfa))
			return m.mail(file.header + "\n\n" + file.body)
		}), pgpHeld("clear-signed-file", "a cleartext-signed file beside words, not encrypted", exchange.NotEncrypted, openPart, func(m *maker, s scheme) []byte {
			return m.mail(m.attached("application/octet-stream", "report.json.asc", []byte(m.clearSigned(m.card().json()))))
		}), pgpHeld("sealed-signed-file", "sealed; of what is inside only a file is signed", exchange.SignaturePartial,
			want{signature: exchange.SignatureIsPartial, covers: exchange.CoversPart, signer: alfa}, func(m *maker, s scheme) []byte {
				return m.mail(s.mail(m, m.entity(documentPart("application/octet-stream", "report.json.gpg", m.message(m.card().json(), alfa)))))
			})},
		held("forwarded", "a sealed mail forwarded as a whole", exchange.NotEncrypted, want{clear: true, signature: exchange.SignatureNone, covers: exchange.CoversNone}, func(m *maker, s scheme) []byte {
			return m.mail(string(mixed("mixed", textPart("см."), part{"Content-Type: message/rfc822", string(m.mail(m.usual(s)))})))
		}),
	)
}

// leftovers are what else lies in a mailbox.
func leftovers() []*Case {
	one := func(name, comment, claimed, id string, make func(m *maker) []byte) *Case {
		return &Case{Name: "honest-" + name, Comment: comment, Outcome: Held, Code: exchange.NotEncrypted, Claimed: claimed, MessageID: id,
			Signature: exchange.SignatureNone, Covers: exchange.CoversNone, Encryption: exchange.EncryptionNone, build: make}
	}
	plain := func(name, comment, content string) *Case {
		return one(name, comment, "", "", func(m *maker) []byte { return m.mail(content) })
	}
	raw := func(name, comment string, b []byte) *Case {
		return one(name, comment, "nobody", "none", func(*maker) []byte { return b })
	}
	junk := make([]byte, 4096)
	for i := range junk {
		junk[i] = byte(i*i>>3 ^ i*7)
	}
	return []*Case{
		plain("words", "a plain mail", "Content-Type: text/plain; charset=windows-1251\nContent-Transfer-Encoding: 8bit\n\n\xcf\xf0\xe8\xe2\xe5\xf2\n"),
		plain("html", "an HTML mail", "Content-Type: text/html; charset=koi8-r\n\n<html><body>\xf0\xd2\xc9\xd7\xc5\xd4</body></html>\n"),
		plain("vacation", "an automatic answer", "Auto-Submitted: auto-replied\nPrecedence: bulk\n\nI am away.\n"),
		plain("calendar", "an invitation", "Content-Type: multipart/alternative; boundary=c\n\n--c\n\nx\n--c\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n--c--\n"),
		plain("empty-multipart", "a multipart with nothing in it", "Content-Type: multipart/mixed; boundary=x\n\n--x--\n"),
		plain("boundary-lost", "a multipart whose boundary is not there", "Content-Type: multipart/mixed\n\nwords\n"),
		plain("key-only", "a public key alone", "Content-Type: application/pgp-keys\n\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n"),
		plain("certificates-only", "a file of certificates", "Content-Type: application/pkcs7-mime; smime-type=certs-only; name=smime.p7c\nContent-Transfer-Encoding: base64\n\n"+
			base64.StdEncoding.EncodeToString([]byte("\x30\x23\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x16\x30\x14\x02\x01\x01\x31\x00\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\x31\x00"))+"\n"),
		raw("nothing", "an empty file", nil),
		raw("one-octet", "one octet", []byte{0}),
		raw("blank-lines", "blank lines alone", []byte("\r\n\r\n\r\n")),
		raw("binary", "octets of no kind", junk),
		raw("words-only", "words without a header", []byte("Good day\r\n\r\nno header here\r\n")),
		raw("json-only", "a report as a file, not a mail", []byte("{\"almasu\":\"card/1\",\"kind\":\"incident\"}\n")),
		raw("utf16-half", "UTF-16 with half a letter at its end", []byte("\xff\xfeF\x00r")),
		raw("zip", "a ZIP file", append([]byte("PK\x03\x04"), junk[:200]...)),
	}
}
