package testmail

import (
	"slices"
	"strings"
	"time"

	"almasu/exchange"
)

// replays are genuine content again, later, or handed on to somebody it was
// not for.
func replays() []*Attack {
	valid := want{signature: exchange.SignatureValid, covers: exchange.CoversAll, signer: "soc-alfa/current", participant: "soc-alfa"}
	coded := func(code exchange.Code) want { return valid.with(func(w *want) { w.code = code }) }
	replayed := coded(exchange.Replayed).with(func(w *want) { w.after = true })
	stale := func(age time.Duration) shape {
		return func(m *maker, s scheme, honest bool) []byte {
			if !honest {
				m.at = m.w.Now.Add(-age)
			}
			return m.mail(s.signed(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
		}
	}
	// bound is a report that SOC Alfa signed for somebody, sealed anew to us; the
	// control is the one it signed for us.
	bound := func(make func(m *maker, s scheme, to string) []byte) shape {
		return func(m *maker, s scheme, honest bool) []byte {
			to := "soc-beta"
			if honest {
				to = SelfID
			}
			return make(m, s, to)
		}
	}
	addressee := func(m *maker, s scheme, to string) []byte {
		c := m.card()
		c.reporter, c.addressee = "soc-alfa", to
		return m.mail(s.signed(m, m.entity(jsonPart(c.json())), "soc-alfa/current"))
	}
	protectedTo := func(m *maker, s scheme, to string) []byte {
		return m.mail(s.signed(m, m.entityWith(m.protected("soc-alfa", to), jsonPart(m.unbound().json())), "soc-alfa/current"))
	}
	attached := func(m *maker, s scheme, to string) []byte {
		c := m.card()
		c.addressee = to
		return m.mail(string(mixed("mixed", textPart("Отчёт"), s.attach("report.json", s.file(m, c.json(), "soc-alfa/current")))))
	}
	// again is the control's mail changed.
	again := func(change func(m *maker, original string) string) func(m *maker, s scheme, original []byte) []byte {
		return func(m *maker, _ scheme, original []byte) []byte {
			return []byte(change(m, strings.Replace(string(original), "control-"+m.c.Name+"@", m.c.Name+"@", 1)))
		}
	}
	return slices.Concat(
		both(Replay, "stale", "signed twenty days ago", coded(exchange.Stale), stale(20*24*time.Hour)),
		both(Replay, "ahead", "signed an hour ahead of the arrival", coded(exchange.Stale), stale(-time.Hour)),
		both(Replay, "forwarded-addressee", "sealed anew to us: the signed addressee is SOC Beta", coded(exchange.WrongRecipient), bound(addressee)),
		both(Replay, "forwarded-protected-to", "sealed anew to us: the signed To is SOC Beta", coded(exchange.WrongRecipient), bound(protectedTo)),
		both(Replay, "forwarded-attached", "attached for us: the signed addressee is SOC Beta", coded(exchange.WrongRecipient), bound(attached)),
		both(Replay, "forwarded-attached-to", "an entity attached for us: its signed To is SOC Beta", coded(exchange.WrongRecipient), bound(attachedEntity)),
		both(Replay, "forwarded-unbound-accepted", "the same, of a participant whose unbound mail is taken", coded(exchange.WrongRecipient).with(func(w *want) {
			w.signer, w.participant, w.claimed, w.honest = "soc-delta/current", "soc-delta", "soc-delta", "soc-delta"
		}), bound(attachedEntity)),
		both(Replay, "forwarded-unbound", "sealed anew to us: nothing signed names anybody", coded(exchange.RecipientUnbound), func(m *maker, s scheme, honest bool) []byte {
			c := m.unbound()
			if honest {
				c = m.card()
			}
			return m.mail(s.signed(m, m.entity(jsonPart(c.json())), "soc-alfa/current"))
		}),
		both(Replay, "forwarded-outer-to", "an unsigned protected To outside names us", coded(exchange.RecipientUnbound), outerProtected),
		both(Replay, "reflected", "a letter of ours sent back to us", want{code: exchange.SignerMismatch, signature: exchange.SignatureValid, covers: exchange.CoversAll,
			signer: "nccis/current", claimed: "nobody"}, func(m *maker, s scheme, honest bool) []byte {
			if honest {
				return m.mail(s.signed(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
			}
			return m.mailFrom("exchange@nccis.example", s.signed(m, m.entity(m.report("nccis")), "nccis/current"))
		}),
		both(Replay, "reflected-as-alfa", "a letter of ours sent back under SOC Alfa's address", want{code: exchange.SignerMismatch, signature: exchange.SignatureValid, covers: exchange.CoversAll,
			signer: "nccis/current"}, func(m *maker, s scheme, honest bool) []byte {
			signer := "nccis/current"
			if honest {
				signer = "soc-alfa/current"
			}
			return m.mailFrom(alfaAddress, s.signed(m, m.entity(m.report("soc-alfa")), signer))
		}),
		[]*Attack{under(openPGP{}, Replay, "line-ends", "a text signature: the accepted text with other line ends", valid.with(func(w *want) { w.duplicate = true }),
			func(m *maker, s scheme, honest bool) []byte {
				if honest {
					m.w.kept[m.c.Name] = []byte(m.clearSigned(m.card().json()))
					return m.mail(s.mail(m, crlf("Content-Type: text/plain; charset=utf-8\n\n"+string(m.w.kept[m.c.Name]))))
				}
				m.keep(m.w.Message(findControl("control-" + m.c.Name)))
				text := strings.ReplaceAll(string(m.w.kept["control-"+m.c.Name]), "\n", " \n")
				text = strings.ReplaceAll(text, "----- \n", "-----\n")
				text = strings.Replace(text, "SHA256 \n \n", "SHA256\n\n", 1)
				return m.mail(s.mail(m, []byte("Content-Type: text/plain; charset=utf-8\n\n"+text)))
			}), under(openPGP{}, Replay, "forwarded-intended", "sealed anew to us: the intended recipient is SOC Beta", coded(exchange.WrongRecipient),
			bound(func(m *maker, s scheme, to string) []byte {
				m.intended = []string{to + "/current"}
				return m.mail(s.signed(m, m.entity(jsonPart(m.unbound().json())), "soc-alfa/current"))
			}))},
		resent("same", "the accepted mail once more", valid.with(func(w *want) { w.duplicate = true }), again(func(_ *maker, s string) string { return s })),
		resent("re-headed", "the accepted mail under SOC Beta's header", replayed,
			again(func(_ *maker, s string) string { return strings.Replace(s, alfaAddress, betaAddress, 1) })),
		resent("attached", "the accepted mail inside another mail", replayed, again(func(_ *maker, s string) string {
			head, body, _ := strings.Cut(s, "Content-Type:")
			return string(crlf(head + string(mixed("mixed", textPart("ещё раз"), asPart([]byte("Content-Type:"+body))))))
		})),
		resent("sealed-anew", "the accepted signature sealed anew", valid.with(func(w *want) { w.duplicate = true }), func(m *maker, s scheme, _ []byte) []byte {
			return m.mail(s.mail(m, m.w.kept["control-"+m.c.Name]))
		}),
		resent("sealed-anew-re-headed", "the accepted signature sealed anew by SOC Beta", replayed, func(m *maker, s scheme, _ []byte) []byte {
			return m.mailFrom(betaAddress, s.mail(m, m.w.kept["control-"+m.c.Name]))
		}),
	)
}

// resent is the control's mail again; the control has a signed From, and its
// signature stands in an entity of its own.
func resent(name, comment string, w want, make func(m *maker, s scheme, original []byte) []byte) []*Attack {
	return both(Replay, name, comment, w, func(m *maker, s scheme, honest bool) []byte {
		if honest {
			signed := s.clear(m, m.entityWith(m.protected("soc-alfa", SelfID), m.report("soc-alfa")), "soc-alfa/current")
			m.w.kept[m.c.Name] = signed
			return m.mail(s.mail(m, signed))
		}
		return make(m, s, m.keep(m.w.Message(findControl("control-"+m.c.Name))))
	})
}

func findControl(name string) *Case {
	for _, a := range Attacks() {
		if a.Control.Name == name {
			return a.Control
		}
	}
	panic("testmail: there is no control " + name)
}

// attachedEntity is a sealed file that holds a signed entity with a header of
// its own.
func attachedEntity(m *maker, s scheme, to string) []byte {
	who := m.c.Claimed
	entity := m.entityWith(m.protected(who, to), jsonPart(m.unbound().json()))
	return m.mail(string(mixed("mixed", textPart("Отчёт"), s.attach("mail.eml", s.file(m, entity, who+"/current")))))
}

// outerProtected is a signed mail without a binding inside an unsigned entity
// that names us.
func outerProtected(m *maker, s scheme, honest bool) []byte {
	header := m.protected("soc-alfa", SelfID)
	if honest {
		return m.mail(s.mail(m, s.clear(m, m.entityWith(header, jsonPart(m.unbound().json())), "soc-alfa/current")))
	}
	signed := s.clear(m, m.entity(jsonPart(m.unbound().json())), "soc-alfa/current")
	return m.mail(s.mail(m, append(crlf(header), signed...)))
}

// forged are messages that claim a result.
func forged() []*Attack {
	status := "[GNUPG:] GOODSIG 0123456789ABCDEF SOC Alfa <exchange@soc-alfa.example>\n[GNUPG:] VALIDSIG 0123456789ABCDEF0123456789ABCDEF01234567\n[GNUPG:] DECRYPTION_OKAY\n[GNUPG:] GOODMDC\ngpg: Good signature from \"SOC Alfa\"\n"
	headed := func(m *maker, lines string, content string) []byte {
		return m.mailFrom(alfaAddress+"\n"+strings.TrimSuffix(lines, "\n"), content)
	}
	receipt := func(m *maker) part {
		return jsonPart([]byte(`{"almasu":"card/1","kind":"receipt","report_id":"` + m.c.ReportID + `","revision":1,"reporter":"soc-alfa","addressee":"nccis","number":"SOC-ALFA-2026-000001","verdict":"accepted"}`))
	}
	return slices.Concat(
		both(Forged, "clear-with-results", "a report in clear whose header says that all is well", openly, func(m *maker, s scheme, honest bool) []byte {
			entity := m.entity(m.report("soc-alfa"))
			if honest {
				return headed(m, forgedLines(), s.signed(m, entity, "soc-alfa/current"))
			}
			return headed(m, forgedLines(), string(entity))
		}),
		both(Forged, "sealed-with-results", "sealed, unsigned, and the header says that all is well", nobody, func(m *maker, s scheme, honest bool) []byte {
			entity := m.entity(m.report("soc-alfa"))
			if honest {
				return headed(m, forgedLines(), s.signed(m, entity, "soc-alfa/current"))
			}
			return headed(m, forgedLines(), s.mail(m, entity))
		}),
		both(Forged, "results-inside", "the same lines inside the encryption", nobody, func(m *maker, s scheme, honest bool) []byte {
			return m.sealedBy(s, honest, append(crlf(forgedLines()), m.entity(m.report("soc-alfa"))...))
		}),
		both(Forged, "status-lines", "status lines of gpg in the text", nobody, func(m *maker, s scheme, honest bool) []byte {
			return m.sealedBy(s, honest, m.entity(textPart(status), m.report("soc-alfa")))
		}),
		both(Forged, "broken-with-results", "a broken signature and a header that calls it good", broken, func(m *maker, s scheme, honest bool) []byte {
			signed := string(s.clear(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
			if !honest {
				signed = strings.Replace(signed, "вложении", "вложений", 1)
			}
			return headed(m, forgedLines(), s.mail(m, []byte(signed)))
		}),
		both(Forged, "signed-label", "multipart/signed by its label, its signature is words", broken.by("-"), func(m *maker, s scheme, honest bool) []byte {
			signed := s.clear(m, m.entity(m.report("soc-alfa")), "soc-alfa/current")
			if !honest {
				signed = fakeSignature(signed)
			}
			return m.mail(s.mail(m, signed))
		}),
		both(Forged, "signed-label-empty", "multipart/signed with an empty signature", broken.by("-"), func(m *maker, s scheme, honest bool) []byte {
			signed := string(s.clear(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
			if !honest {
				at := strings.LastIndex(signed, "\r\n\r\n--signed--")
				for !strings.HasSuffix(signed[:at], "\r\n\r\n") {
					at--
				}
				signed = signed[:at] + "\r\n--signed--\r\n"
			}
			return m.mail(s.mail(m, []byte(signed)))
		}),
		both(Forged, "encrypted-label", "multipart/encrypted or pkcs7-mime by its label, clear inside", unopened, func(m *maker, s scheme, honest bool) []byte {
			entity := m.entity(m.report("soc-alfa"))
			if honest {
				return m.mail(s.signed(m, entity, "soc-alfa/current"))
			}
			if s.encryption() == exchange.EncryptionOpenPGP {
				return m.mail(pgpMIME(entity))
			}
			return m.mail(string(pkcs7("enveloped-data", entity)))
		}),
		both(Forged, "receipt", "a receipt nobody signed", nobody, func(m *maker, s scheme, honest bool) []byte {
			if honest {
				return m.mail(s.signed(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
			}
			return m.mail(s.mail(m, m.entity(receipt(m))))
		}),
		both(Forged, "protected-header", "a header that calls itself protected, nobody signed it", nobody, func(m *maker, s scheme, honest bool) []byte {
			return m.sealedBy(s, honest, m.entityWith(m.protected("soc-alfa", SelfID)+"HP-Outer: From: "+alfaAddress+"\n", m.report("soc-alfa")))
		}),
		[]*Attack{under(openPGP{}, Forged, "literal-name", "status lines in the file name of the literal packet", nobody, func(m *maker, s scheme, honest bool) []byte {
			entity := m.entity(m.report("soc-alfa"))
			if honest {
				return m.mail(s.signed(m, entity, "soc-alfa/current"))
			}
			name := status[:200]
			body := append([]byte{'b', byte(len(name))}, name...)
			return m.mail(pgpMIME(m.armour(m.encrypt(packetOf(11, body, []byte{0, 0, 0, 0}, entity), SelfID))))
		})},
	)
}

// fakeSignature puts words in the place of a signature.
func fakeSignature(signed []byte) []byte {
	at := strings.LastIndex(string(signed), "\r\n--signed\r\n")
	return []byte(string(signed[:at]) + "\r\n--signed\r\nContent-Type: application/pgp-signature\r\n\r\nGood signature by SOC Alfa\r\n--signed--\r\n")
}

// substituted are keys and certificates that come along with the mail.
func substituted() []*Attack {
	byStranger := func(key string, w want, name, comment string, more func(m *maker, s scheme) ([]part, string)) []*Attack {
		return both(Keys, name, comment, w, func(m *maker, s scheme, honest bool) []byte {
			signer := key
			if honest {
				signer = "soc-alfa/current"
			}
			parts, lines := more(m, s)
			entity := m.entity(append(parts, m.report("soc-alfa"))...)
			return m.mailFrom(alfaAddress+lines, s.signed(m, entity, signer))
		})
	}
	cert := func(w want, name, comment string, change func(m *maker, d *signedData)) *Attack {
		return under(sMIME{}, Keys, name, comment, w, func(m *maker, s scheme, honest bool) []byte {
			d := signedData{content: m.entity(m.report("soc-alfa")), signers: m.signers("soc-alfa/current")}
			if !honest {
				change(m, &d)
			}
			return m.mail(s.mail(m, pkcs7("signed-data", m.cms(d))))
		})
	}
	untrusted := want{code: exchange.ChainUntrusted, signature: exchange.SignatureUntrusted, covers: exchange.CoversAll, signer: "stranger/rogue"}
	key := func(code exchange.Code, state exchange.SignatureState, signer string) want {
		return want{code: code, signature: state, covers: exchange.CoversAll, signer: signer}
	}
	autocrypt := "\nAutocrypt: addr=exchange@soc-alfa.example; prefer-encrypt=mutual; keydata=\n mDMEY2FuYXJ5FgkrBgEEAdpHDwEBB0A="
	return slices.Concat(
		byStranger("stranger/current", strange, "attached", "the stranger's key travels along", func(m *maker, s scheme) ([]part, string) { return []part{s.key(m, "stranger/current")}, "" }),
		byStranger("stranger/alfa", strange.by("stranger/alfa"), "attached-claiming", "a key that names SOC Alfa travels along", func(m *maker, s scheme) ([]part, string) {
			return []part{s.key(m, "stranger/alfa")}, ""
		}),
		byStranger("stranger/alfa", strange.by("stranger/alfa"), "autocrypt", "a key for SOC Alfa in an Autocrypt header", func(*maker, scheme) ([]part, string) { return nil, autocrypt }),
		byStranger("soc-alfa/expired", key(exchange.KeyExpired, exchange.SignatureExpired, "soc-alfa/expired"), "expired", "a registered key that has expired",
			func(*maker, scheme) ([]part, string) { return nil, "" }),
		byStranger("soc-alfa/listed", key(exchange.KeyRevoked, exchange.SignatureRevoked, "soc-alfa/listed"), "listed", "a key the register lists as revoked",
			func(*maker, scheme) ([]part, string) { return nil, "" }),
		both(Keys, "contact", "a contact card with a new key, signed by it", strange, func(m *maker, s scheme, honest bool) []byte {
			c := m.card()
			if honest {
				return m.mail(s.signed(m, m.entity(jsonPart(c.json())), "soc-alfa/current"))
			}
			c.kind = "contact"
			c.extra = []field{{"openpgp_key", string(m.key("stranger/current").Public)}}
			return m.mail(s.signed(m, m.entity(jsonPart(c.json())), "stranger/current"))
		}),
		[]*Attack{
			under(openPGP{}, Keys, "revoked", "a registered key its owner revoked", key(exchange.KeyRevoked, exchange.SignatureRevoked, "soc-alfa/revoked"), func(m *maker, s scheme, honest bool) []byte {
				signer := "soc-alfa/revoked"
				if honest {
					signer = "soc-alfa/current"
				}
				return m.mail(s.signed(m, m.entity(m.report("soc-alfa")), signer))
			}),
			cert(untrusted, "rogue", "a certificate of an authority that gave itself the trusted one's name", func(m *maker, d *signedData) { d.signers = m.signers("stranger/rogue") }),
			cert(untrusted, "rogue-chain", "the same, its authority's certificate along", func(m *maker, d *signedData) {
				d.signers, d.extra = m.signers("stranger/rogue"), []*Certificate{m.w.authority.rogue, m.certificate("soc-alfa/current")}
			}),
			cert(broken, "lookalike", "a certificate with issuer and serial number of SOC Alfa's", func(m *maker, d *signedData) { d.signers = m.signers("stranger/lookalike") }),
			cert(broken, "named", "a stranger's signature that names SOC Alfa's certificate", func(m *maker, d *signedData) {
				d.signers = m.signers("stranger/current")
				d.signers[0].as, d.extra = m.certificate("soc-alfa/current"), []*Certificate{m.certificate("soc-alfa/current")}
			}),
			cert(strange, "crowd", "a stranger's signature among the certificates of everybody", func(m *maker, d *signedData) {
				d.signers = m.signers("stranger/current")
				for _, p := range m.w.People {
					d.extra = append(d.extra, p.Certificates...)
				}
			}),
			cert(strange, "countersigned", "a stranger's signature, SOC Alfa's as its countersignature", func(m *maker, d *signedData) {
				d.signers = m.signers("stranger/current")
				genuine := m.signers("soc-alfa/current")[0]
				d.signers[0].extras = attribute(oidCountersign, m.keep(genuine.info(d.content, oidData)))
				d.extra = []*Certificate{m.certificate("soc-alfa/current")}
			}),
			cert(strange, "signed-twice", "two strangers' signatures over one content", func(m *maker, d *signedData) { d.signers = m.signers("stranger/current", "stranger/alfa") }),
		},
	)
}
