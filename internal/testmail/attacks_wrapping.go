package testmail

import (
	"slices"
	"strings"
)

// wrapping are messages in which what is signed is not what is read: an
// attacker has a text signed by SOC Alfa and wants a report of its own read
// under that signature.
func wrapping() []*Attack {
	// around is a multipart of the signed text (S), the forged report (R) and
	// words (T), in an order.
	around := func(kind, order string, opaque bool) shape {
		return func(m *maker, s scheme, honest bool) []byte {
			var parts []part
			for _, c := range order {
				switch c {
				case 'S':
					signed := s.clear(m, note(), "soc-alfa/current")
					if opaque {
						signed = s.opaque(m, note(), "soc-alfa/current")
					}
					parts = append(parts, asPart(signed))
				case 'R':
					parts = append(parts, m.report("soc-alfa"))
				case 'T':
					parts = append(parts, textPart("Инцидент бойынша / по инциденту "+m.c.Canary))
				case 'M':
					parts = append(parts, part{"Content-Type: message/rfc822", string(s.clear(m, note(), "soc-alfa/current"))})
				}
			}
			return m.sealedBy(s, honest, mixed(kind, parts...))
		}
	}
	return slices.Concat(
		both(Wrapping, "signed-first", "a signed text, then an unsigned report", partly, around("mixed", "SR", false)),
		both(Wrapping, "signed-last", "an unsigned report, then a signed text", partly, around("mixed", "RS", false)),
		both(Wrapping, "signed-between", "unsigned text, signed text, unsigned report", partly, around("mixed", "TSR", false)),
		both(Wrapping, "signed-alternative", "the signed text is the alternative nobody shows", partly, around("alternative", "SR", false)),
		both(Wrapping, "signed-related", "the signed text is a resource of the report", partly, around("related", "RS", false)),
		both(Wrapping, "opaque-first", "an opaque signed text, then an unsigned report", partly, around("mixed", "SR", true)),
		both(Wrapping, "opaque-last", "an unsigned report, then an opaque signed text", partly, around("mixed", "RS", true)),
		both(Wrapping, "forwarded", "the signed text in message/rfc822 beside the report", nobody, around("mixed", "MR", false)),
		both(Wrapping, "signed-hidden", "the signed text in a part nobody is shown", partly, hiddenSigned),
		both(Wrapping, "signed-deep", "the signed text two multiparts down, the report beside", partly, deepSigned),
		both(Wrapping, "third-part", "a third part in multipart/signed", partly, thirdPart),
		both(Wrapping, "text-around", "unsigned words around a signed report", partly, textAround),
		both(Wrapping, "exchanged", "the signed part exchanged for another", broken, exchanged),
		both(Wrapping, "word-changed", "one word of the signed report changed", broken, wordChanged),
		both(Wrapping, "two-boundaries", "two boundary parameters: each cuts out another first part", broken, twoBoundaries),
		both(Wrapping, "continued-boundary", "the boundary in pieces of RFC 2231, and plain", broken, continuedBoundary),
		both(Wrapping, "two-content-types", "two Content-Type fields, the second multipart/signed", nobody, twoContentTypes),
		both(Wrapping, "folded-content-type", "multipart/signed in a comment of the Content-Type", nobody, commentedType),
		both(Wrapping, "external-body", "the report stands elsewhere, the pointer to it is beside the signed text", partly, externalBody),
		both(Wrapping, "partial-message", "a signed text beside message/partial", partly, partialMessage),
		both(Wrapping, "signed-outside", "signed outside the encryption by another participant", want{code: "signature-partial", signature: "valid",
			covers: "part", signer: "soc-beta/current", participant: "soc-beta", claimed: "soc-beta"}, signedOutsideByAnother),
		[]*Attack{
			under(openPGP{}, Wrapping, "inline-before", "words before a cleartext signature", partly, clearText("{}\n", "")),
			under(openPGP{}, Wrapping, "inline-after", "words after a cleartext signature", partly, clearText("", "{}\n")),
			under(openPGP{}, Wrapping, "inline-header", "words between the Hash header and the text", nobody, clearTextHeader),
			under(openPGP{}, Wrapping, "inline-two", "a cleartext signature, then the report in a second part", partly, clearTextBeside),
		},
	)
}

func hiddenSigned(m *maker, s scheme, honest bool) []byte {
	hidden := asPart(s.clear(m, note(), "soc-alfa/current"))
	hidden.header += "\nContent-Disposition: inline; filename=\" \"\nContent-ID: <hidden@soc-alfa.example>"
	html := part{"Content-Type: text/html", "<div style=\"display:none\"><img src=\"cid:hidden@soc-alfa.example\"></div>\n"}
	return m.sealedBy(s, honest, mixed("mixed", html, hidden, m.report("soc-alfa")))
}

func deepSigned(m *maker, s scheme, honest bool) []byte {
	deep := mixed("mixed", asPart(s.clear(m, note(), "soc-alfa/current")))
	deep = []byte(strings.ReplaceAll(string(deep), "mixed\"", "deep\""))
	deep = []byte(strings.ReplaceAll(string(deep), "--mixed", "--deep"))
	return m.sealedBy(s, honest, mixed("mixed", asPart(deep), m.report("soc-alfa")))
}

func thirdPart(m *maker, s scheme, honest bool) []byte {
	signed := string(s.clear(m, note(), "soc-alfa/current"))
	more := m.report("soc-alfa")
	third := "--signed\r\n" + string(crlf(more.header+"\n\n"+more.body)) + "\r\n--signed--"
	return m.sealedBy(s, honest, []byte(strings.Replace(signed, "--signed--", third, 1)))
}

func textAround(m *maker, s scheme, honest bool) []byte {
	signed := s.clear(m, m.entity(m.report("soc-alfa")), "soc-alfa/current")
	return m.sealedBy(s, honest, mixed("mixed", textPart("Прежний отчёт отменяется. "+m.c.Canary), asPart(signed)))
}

func exchanged(m *maker, s scheme, honest bool) []byte {
	entity := m.entity(m.report("soc-alfa"))
	signed := string(s.clear(m, note(), "soc-alfa/current"))
	if honest {
		return m.mail(s.mail(m, s.clear(m, entity, "soc-alfa/current")))
	}
	return m.mail(s.mail(m, []byte(strings.Replace(signed, string(note()), string(entity), 1))))
}

func wordChanged(m *maker, s scheme, honest bool) []byte {
	signed := string(s.clear(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
	if !honest {
		signed = strings.Replace(signed, "вложении", "вложений", 1)
	}
	return m.mail(s.mail(m, []byte(signed)))
}

// split is multipart/signed with two first parts, each under a boundary of its
// own: which one is read hangs on the header alone.
func split(m *maker, s scheme, honest bool, parameter string) []byte {
	signed := string(s.clear(m, note(), "soc-alfa/current"))
	evil := m.report("soc-alfa")
	_, signature, _ := strings.Cut(signed[strings.LastIndex(signed, "\r\n--signed\r\n")+2:], "\r\n")
	signature = strings.Replace(signature, "--signed--", "--evil--", 1)
	if honest {
		signed = string(s.clear(m, m.entity(evil), "soc-alfa/current"))
		return m.mail(s.mail(m, []byte(signed)))
	}
	head := strings.Replace(signed[:strings.Index(signed, "\r\n\r\n")+4], `boundary="signed"`, parameter, 1)
	body := string(crlf("--evil\n" + evil.header + "\n\n" + evil.body + "\n--evil\n"))
	return m.mail(s.mail(m, []byte(head+body+signature+signed[strings.Index(signed, "\r\n\r\n")+4:])))
}

func twoBoundaries(m *maker, s scheme, honest bool) []byte {
	return split(m, s, honest, `boundary="evil"; boundary="signed"`)
}

func continuedBoundary(m *maker, s scheme, honest bool) []byte {
	return split(m, s, honest, `boundary="signed"; boundary*0="ev"; boundary*1="il"`)
}

func twoContentTypes(m *maker, s scheme, honest bool) []byte {
	if honest {
		return m.mail(s.mail(m, s.clear(m, m.entity(m.report("soc-alfa")), "soc-alfa/current")))
	}
	signed := string(s.clear(m, note(), "soc-alfa/current"))
	evil := m.report("soc-alfa")
	body := "--evil\r\n" + string(crlf(evil.header+"\n\n"+evil.body)) + "\r\n--evil--\r\n"
	return m.mail(s.mail(m, []byte("Content-Type: multipart/mixed; boundary=evil\r\n"+strings.Replace(signed, "\r\n\r\n", "\r\n\r\n"+body, 1))))
}

func commentedType(m *maker, s scheme, honest bool) []byte {
	if honest {
		signed := string(s.clear(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
		return m.mail(s.mail(m, []byte(strings.Replace(signed, "multipart/signed;", "Multipart/SIGNED (multipart/mixed; boundary=evil)\r\n\t;", 1))))
	}
	signed := string(s.clear(m, note(), "soc-alfa/current"))
	evil := m.report("soc-alfa")
	body := "--evil\r\n" + string(crlf(evil.header+"\n\n"+evil.body)) + "\r\n--evil--\r\n"
	signed = strings.Replace(signed, "multipart/signed;", "multipart/mixed (multipart/signed);\r\n boundary=evil;", 1)
	return m.mail(s.mail(m, []byte(strings.Replace(signed, "\r\n\r\n", "\r\n\r\n"+body, 1))))
}

func externalBody(m *maker, s scheme, honest bool) []byte {
	away := part{"Content-Type: message/external-body; access-type=URL; URL=\"http://elsewhere.example/report.json\"", "Content-Type: application/json\n"}
	parts := []part{asPart(s.clear(m, note(), "soc-alfa/current")), away}
	if honest {
		parts = append(parts, m.report("soc-alfa"))
	}
	return m.sealedBy(s, honest, mixed("mixed", parts...))
}

func partialMessage(m *maker, s scheme, honest bool) []byte {
	more := m.report("soc-alfa")
	fragment := part{"Content-Type: message/partial; id=\"1@soc-alfa.example\"; number=1; total=2", more.header + "\n\n" + more.body}
	parts := []part{asPart(s.clear(m, note(), "soc-alfa/current")), fragment}
	if honest {
		parts = append(parts, more)
	}
	return m.sealedBy(s, honest, mixed("mixed", parts...))
}

func signedOutsideByAnother(m *maker, s scheme, honest bool) []byte {
	if honest { // a second signature outside of one's own mail does no harm
		inside := crlf(s.signed(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
		return m.mail(string(s.clear(m, inside, "soc-alfa/current")))
	}
	return m.mail(string(s.clear(m, crlf(s.mail(m, m.entity(m.report("soc-alfa")))), "soc-beta/current")))
}

// clearSigned is a cleartext-signed text by SOC Alfa (RFC 9580 7).
func (m *maker) clearSigned(text []byte) string {
	if m.err != nil {
		return ""
	}
	return string(m.keep(m.w.gpg.WithTime(m.minuteAgo()).Run(text, Passphrase, "--clearsign", "--digest-algo", "SHA256",
		"--local-user", m.key("soc-alfa/current").Fingerprint+"!")))
}

func clearText(before, after string) shape {
	return func(m *maker, s scheme, honest bool) []byte {
		text := m.clearSigned(m.card().json())
		if !honest {
			text = before + text + after
		}
		return m.mail(s.mail(m, crlf("Content-Type: text/plain; charset=utf-8\n\n"+text)))
	}
}

func clearTextHeader(m *maker, s scheme, honest bool) []byte {
	text := m.clearSigned(m.card().json())
	if !honest {
		text = strings.Replace(text, "\n\n", "\nReport: {}\n\n", 1)
	}
	return m.mail(s.mail(m, crlf("Content-Type: text/plain; charset=utf-8\n\n"+text)))
}

func clearTextBeside(m *maker, s scheme, honest bool) []byte {
	text := part{"Content-Type: text/plain; charset=utf-8", m.clearSigned([]byte("повестка дня\n"))}
	return m.sealedBy(s, honest, mixed("mixed", text, m.report("soc-alfa")))
}
